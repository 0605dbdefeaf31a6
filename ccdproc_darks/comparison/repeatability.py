# Licensed under a 3-clause BSD style license - see LICENSE
"""Null test of the method: whether the rates of two halves of equal frames agree."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.workers import Execution
from .._interface.arguments import checked_choice, checked_flag
from .._interface.results import LogEntry, checked_log_entry, logged, set_keys
from ..frames.belonging import check_darks
from ..frames.duplicates import distinct_frames
from ..frames.headers import FrameSetting, check_one_exposure, equal_exposures, exposures
from ..frames.inputs import Frames, as_frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.dark_rate import dark_rate
from ..rates.pixel_noise import is_map
from ..rates.rate_images import RateImages
from .compare_dark_rates import compared_rates
from .false_positives import FalsePositiveControl

__all__ = ["repeatability"]


def repeatability(
    darks: Frames,
    *,
    false_positives: float = 1.0,
    offset: Literal["common"] | None = "common",
    exposure: FrameSetting = None,
    hdu: Hdu = None,
    unit: str | u.UnitBase | None = None,
    overscan: ImageSection = None,
    trim: ImageSection = None,
    check_headers: bool = True,
    add_keyword: LogEntry = True,
    **options: Any,
) -> CCDData:
    """Compare the rates of two halves of equal dark frames, which must agree.

    Each pixel is compared with itself. So pixels beyond the noise are telegraph pixels, whose rate changes by itself,
    or were hit by cosmic rays that were not rejected; or the noise model is wrong.

    Parameters
    ----------
    darks : sequence of `~astropy.nddata.CCDData` or paths, or `ccdproc.ImageFileCollection`
        Two dark frames or more of one exposure time, in adu or electron, shape (rows, columns). Every second one, in
        the order given, belongs to the same half, so that a slow drift is in both.
    false_positives : float
        Expected number of good pixels in the image beyond DKSIGMA (:term:`false positives`).
    offset : {"common", None}
        See `compare_dark_rates`.
    exposure : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        See `dark_rate`; a Quantity must be one number.
    hdu, unit, overscan, trim, check_headers
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKREPEAT where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.
    **options
        Other options of `dark_rate`, the same for both halves: ``gain``, ``read_noise``, ``bias``, ``saturation``,
        ``n_combined``, ``amplifiers``, ``clip``, ``dtype``.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Significance of the difference, as a signed normal deviate without unit, shape (rows, columns); masked, and NaN,
        where a half has no usable sample. ``meta`` is that of `compare_dark_rates`, with DKSIGMA (the deviate that
        ``false_positives`` good pixels exceed) and NBEYOND (the number of pixels that do). DKWIDTH is 1 where the noise
        model is right.

    Raises
    ------
    TypeError, astropy.units.UnitsError, OSError
        See `dark_rate`.
    ValueError
        If there are fewer than two frames, or frames of several exposure times; see also `dark_rate`.

    Warns
    -----
    BiasWarning, ClippingWarning, DuplicateFrameWarning, FrameLevelWarning, HeaderWarning, LightWarning,
    MissingInformationWarning, NoUsablePixelWarning, NoiseWarning, TemperatureWarning
        See `dark_rate`, which warns for each half, and `compare_dark_rates`.

    See Also
    --------
    dark_scatter : Which pixels scatter more than their noise among equal frames.

    Notes
    -----
    The test is that of `compare_dark_rates` with ``t_1 = t_2``; a bias that both halves share drops out of it.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import repeatability, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> darks = [simulate_dark((100, 100), exposure=300 * u.s, rng=seed, **camera) for seed in range(6)]
    >>> halves = repeatability(darks, bias=1000 * u.adu)
    >>> print(f"{halves.meta['DKWIDTH']:.1f}", halves.meta["NBEYOND"])
    1.0 1

    One good pixel in the image is beyond DKSIGMA, as ``false_positives=1`` says.
    """
    control = FalsePositiveControl(false_positives)
    checked_log_entry(add_keyword)
    execution = Execution(options.get("executor"), options.get("mem_limit"))
    checked_choice("offset", offset, ("common", None))
    frames = as_frames(darks, reading=checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim))
    control.check(frames[0].shape[0] * frames[0].shape[1])
    seconds = exposures(exposure, frames)
    if checked_flag("check_headers", check_headers):
        check_darks(frames)
    kept = distinct_frames(frames, seconds)
    frames, seconds = ([each[index] for index in kept] for each in (frames, seconds))
    if len(frames) < 2:
        raise ValueError(f"two equal frames or more are needed for two halves, got {len(frames)}")
    check_one_exposure([seconds[group[0]] for group in equal_exposures(seconds)])
    options |= {"hdu": hdu, "unit": unit, "overscan": overscan, "trim": trim, "check_headers": check_headers}
    halves = [dark_rate(frames[start::2], exposure=exposure, add_keyword=None, **options) for start in (0, 1)]
    read_noise = options.get("read_noise")
    result = _compared(halves, read_noise if is_map(read_noise) else None, offset, check_headers, execution)
    compared = result.data[~result.mask]
    critical = control.critical(compared.size, 2)
    set_keys(
        result.meta,
        {
            "DKSIGMA": (critical, "deviate beyond which halves differ"),
            "DKFALSE": (false_positives, "false positives expected in an image"),
            "NBEYOND": (int(np.count_nonzero(np.abs(compared) > critical)), "pixels beyond it"),
        },
    )
    arguments = {"darks": darks, "false_positives": false_positives, "offset": offset, "exposure": exposure, **options}
    return logged(result, "DKREPEAT", "repeatability", arguments, add_keyword)


def _compared(halves, read_noise, offset, check_headers, execution):
    """Significance of the difference of two rates, of each amplifier by itself."""
    sections = amplifiers_of_rates(halves)

    def compared(number=None):
        rates = halves if number is None else [sections.part(half, number) for half in halves]
        own = read_noise if number is None else sections.part(read_noise, number)
        images = RateImages(rates, least=2, repeated=True, check_headers=check_headers, read_noise=own)
        return compared_rates(images, "significance", offset, "theoretical", execution)

    return compared() if sections is None else sections.joined(compared, wcs=halves[0].wcs)
