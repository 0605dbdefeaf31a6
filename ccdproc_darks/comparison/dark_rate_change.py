# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether the dark rate of every pixel is the same at two epochs, after what all pixels have in common."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.workers import Execution
from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from ..rates.amplifiers import amplifiers_of_rates
from .compare_dark_rates import NULLS, checked_map, compared_rates
from .two_epochs import TwoEpochs

__all__ = ["SCALES", "change_of_epochs", "dark_rate_change"]

_UNITS = {
    "significance": u.dimensionless_unscaled,
    "difference": ELECTRON_PER_SECOND,
    "ratio": u.dimensionless_unscaled,
}
SCALES = ("common", None)
_OFFSETS = ("common", None)


def dark_rate_change(
    before: CCDData,
    after: CCDData,
    *,
    statistic: Literal["significance", "difference", "ratio"] = "significance",
    scale: Literal["common"] | None = "common",
    offset: Literal["common"] | None = "common",
    null: Literal["theoretical", "empirical"] = "theoretical",
    read_noise: CCDData | None = None,
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Compare the dark rates of every pixel at two epochs, as of last month and of today."""
    execution = Execution(executor, mem_limit)
    checked_log_entry(add_keyword)
    checked_choice("statistic", statistic, tuple(_UNITS))
    checked_choice("scale", scale, SCALES)
    checked_choice("offset", offset, _OFFSETS)
    checked_choice("null", null, NULLS)
    checked_map(read_noise)
    arguments = {
        "before": before, "after": after, "statistic": statistic, "scale": scale, "offset": offset, "null": null,
        "read_noise": read_noise, "check_headers": check_headers,
    }  # fmt: skip
    sections = amplifiers_of_rates((before, after), ("before", "after"))
    if sections is not None:
        work = {"mem_limit": mem_limit, "executor": executor, "add_keyword": None}
        images = ("before", "after", "read_noise")
        options: dict[str, Any] = {name: value for name, value in arguments.items() if name not in images} | work

        def changed(number):
            parts = {
                name: None if arguments[name] is None else sections.part(arguments[name], number) for name in images
            }
            return dark_rate_change(**parts, **options)

        result = sections.joined(changed, wcs=before.wcs)
        return logged(result, "DKCHANGE", "dark_rate_change", arguments, add_keyword)
    epochs = TwoEpochs.of(before, after, scale=scale, offset=offset, check_headers=check_headers, read_noise=read_noise)
    result = change_of_epochs(epochs, before, statistic, offset, null, execution)
    return logged(result, "DKCHANGE", "dark_rate_change", arguments, add_keyword)


def change_of_epochs(epochs, before, statistic, offset, null, execution):
    """Result of `dark_rate_change` for `TwoEpochs`, not logged; ``before`` is the earlier rate."""
    wanted = "significance" if statistic == "significance" else "difference"
    found = compared_rates(epochs.images, wanted, offset, null, execution)
    data, mask, deviation = found.data, found.mask, found.uncertainty and found.uncertainty.array
    if epochs.later == 1:
        # Compared were the earlier rate minus the later one.
        np.negative(data, out=data)
    if statistic == "ratio":
        earlier = np.asarray(before.data) * before.unit.to(ELECTRON_PER_SECOND)
        with np.errstate(divide="ignore", invalid="ignore"):
            positive = np.where(earlier > 0, earlier, np.nan)
            data, deviation = (1 + data / positive).astype(data.dtype), (deviation / positive).astype(data.dtype)
        mask = np.isnan(data)
        deviation[mask] = np.nan
    offsets = [found.meta["DKOFF1"], found.meta["DKOFF2"]]
    header = safe_header(before.meta, _entries(found.meta, epochs, statistic, int(np.count_nonzero(~mask)), offsets))
    return result_image(data, _UNITS[statistic], header, mask=mask, deviation=deviation, wcs=before.wcs)


def _entries(meta, epochs, statistic, compared, offsets):
    kept = ("EXPTIME", "EXPOSURE", "DKLOST", "DKLEVERR", "DKNOISE", "DKOFFSET", "DKNULL", "DKWIDTH", "NCOMBINE")
    scale, infos = epochs.scale, epochs.infos
    seconds = [info.longest for info in infos]
    known = scale.source not in ("none", "too few pixels")
    return {
        **{key: (meta.get(key), meta.comments[key] if key in meta else "") for key in kept},
        "DKEXPMIN": (min(seconds), "[s] shortest exposure time"),
        "DKEXPMAX": (max(seconds), "[s] longest exposure time"),
        "DKNEXP": (1 if np.isclose(*seconds) else 2, "number of exposure times"),
        "DKTOTAL": (sum(info.total for info in infos), "[s] total exposure of all frames"),
        "DKSTAT": (f"change {statistic}", "statistic of two epochs, later minus earlier"),
        "DKNCOMP": (compared, "pixels compared"),
        "DKSCALE": (float(scale.factor), "common factor: later over earlier rates"),
        "DKSCLERR": (float(scale.error) if known else None, "standard error of DKSCALE"),
        "DKSCLSPR": (float(scale.spread) if known else None, "relative spread of pixels' own factors"),
        "DKSCLPIX": (scale.pixels if known else None, "pixels that DKSCALE is from"),
        "DKSCLSRC": (scale.source, "where DKSCALE is from"),
        "DKOFF1": (0.0, "[electron] offset of the earlier frames"),
        "DKOFF2": (epochs.offset(offsets), "[electron] offset of the later frames"),
    }
