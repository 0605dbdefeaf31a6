# Licensed under a 3-clause BSD style license - see LICENSE
"""The dark of any exposure time, from rates measured at one or several."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import GAIN_UNIT, checked_choice, checked_number, checked_quantity
from .._interface.flags import DARK_FLAGS
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import NoUsablePixelWarning, warn
from ..comparison.compare_dark_rates import checked_offset, comparison_entries
from ..comparison.predicted_counts import BAD, OWN, predicted_counts
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.rate_images import RateImages

__all__ = ["master_dark"]

_UNITS = {"adu": u.adu, "electron": u.electron}
# Flags that say nothing of a dark by themselves, or that the rates tell better for one exposure time.
_SETTLED_HERE = DARK_FLAGS.DO_NOT_USE | DARK_FLAGS.NONLINEAR | DARK_FLAGS.SATURATED
_HARMLESS = DARK_FLAGS.HOT | DARK_FLAGS.WARM | DARK_FLAGS.UNRELIABLE_DARK | DARK_FLAGS.UNRELIABLE_ERROR


def master_dark(
    *rates: CCDData,
    exposure: u.Quantity,
    unit: Literal["adu", "electron"] = "adu",
    gain: u.Quantity | None = None,
    temperature: u.Quantity | None = None,
    mask: CCDData | np.ndarray | None = None,
    tolerance: float = 0.1,
    offset: Literal["common", "pixel"] | None = "common",
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Dark of an exposure time, with its error and its mask, from dark rates measured at others.

    Returns
    -------
    `~astropy.nddata.CCDData`

    Examples
    --------
    >>> from astropy import units as u
    """
    execution = {"mem_limit": mem_limit, "executor": executor}
    checked_log_entry(add_keyword)
    checked_choice("unit", unit, tuple(_UNITS))
    at = checked_quantity("exposure", exposure, u.s)
    given = None if gain is None else checked_quantity("gain", gain, GAIN_UNIT)
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    arguments = {
        "rates": rates, "exposure": exposure, "unit": unit, "gain": gain, "temperature": temperature, "mask": mask,
        "tolerance": tolerance, "offset": offset, "check_headers": check_headers,
    }  # fmt: skip
    sections = amplifiers_of_rates(rates)
    if sections is not None:
        options: dict[str, Any] = {name: value for name, value in arguments.items() if name not in ("rates", "mask")}
        result = sections.joined(
            lambda number: master_dark(
                *(sections.part(rate, number) for rate in rates), add_keyword=None, **options, **execution,
                mask=None if mask is None else sections.part(mask, number),
            ),
            wcs=rates[0].wcs,
        )  # fmt: skip
        result.meta["NMASKED"] = int(np.count_nonzero(result.mask))
        return logged(result, "DKMASTER", "master_dark", arguments, add_keyword)
    images = RateImages(rates, check_headers=check_headers)
    if len(images) > 1:
        checked_offset(offset, images)
    known = _gain(images, given)
    if unit == "adu" and known is None:
        raise ValueError("gain is needed for a dark in adu (no rate has DKGAIN in its meta), or unit='electron'")
    found = predicted_counts(
        images, offset, **execution, at=at, tolerance=tolerance, per_electron=1 / known if unit == "adu" else 1.0,
        told=_told(mask, images.shape),
    )  # fmt: skip
    if found.mask.all():
        warn(f"no pixel has a dark, all are masked: {images.usable_pixels()}", NoUsablePixelWarning)
    entries = {
        **comparison_entries(images, offset, [], "", None),
        "DKNULL": (None, ""),
        **{f"DKOFF{number}": (value, "[electron] offset of the set") for number, value in enumerate(found.offsets, 1)},
        "DKWIDTH": (found.width, "departures of good pixels over their noise"),
        "DKSTAT": ("dark", "a dark, not a rate"),
        "EXPTIME": (at, "[s] exposure time"),
        "EXPOSURE": (at, "[s] exposure time"),
        "DKGAIN": (known, "[electron/adu] gain used"),
        "DKTOLER": (tolerance, "longest exposure may be exceeded by"),
        "NBYRATE": (found.by_rate, "pixels predicted by their rate"),
        "NBYOWN": (found.by_own_counts, "pixels predicted by their own counts"),
        "NMASKED": (found.masked, "pixels that must not be used"),
    }
    deviation = None if rates[0].uncertainty is None else found.deviation
    result = result_image(
        found.counts, _UNITS[unit], safe_header(images.meta, entries), mask=found.mask, deviation=deviation,
        wcs=images.wcs,
    )  # fmt: skip
    return logged(result, "DKMASTER", "master_dark", arguments, add_keyword)


def _gain(images, given):
    """Gain (electron/adu) that the user gave, or with which the rates were measured; None where neither tells."""
    told = {info.gain for info in images.infos if info.gain is not None}
    if given is None and len(told) > 1:
        raise ValueError(
            f"rates were measured with different gains (DKGAIN: {', '.join(f'{one:g}' for one in sorted(told))} "
            "electron/adu): pass gain=, that of the frames to be reduced"
        )
    return given if given is not None or not told else told.pop()


def _told(mask, shape):
    """What a mask tells of each pixel: see `ccdproc_darks.comparison.predicted_counts.PredictionJob`."""
    if mask is None:
        return None
    flags = np.asarray(mask.data if isinstance(mask, CCDData) else mask)
    if flags.shape != shape:
        raise ValueError(f"mask must have the shape of the rates, {shape}, got {flags.shape}")
    if flags.dtype == bool:
        return np.where(flags, np.uint8(BAD), np.uint8(0))
    if flags.dtype.kind not in "iu":
        raise TypeError(f"mask must be a result of hot_pixel_mask, or an array of bool, got one of {flags.dtype}")
    flags = flags.astype(np.int64)  # no negative number fits into the unsigned type of a mask
    told = np.where(flags & int(DARK_FLAGS.NONLINEAR), np.uint8(OWN), np.uint8(0))
    unusable = (flags & int(DARK_FLAGS.DO_NOT_USE)) > 0
    others = (flags & ~int(_SETTLED_HERE | _HARMLESS)) > 0
    none = (flags & int(_SETTLED_HERE & ~DARK_FLAGS.DO_NOT_USE)) == 0
    told[unusable & (others | none)] = BAD
    return told
