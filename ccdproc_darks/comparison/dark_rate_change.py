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
from .epoch_scale import epoch_offsets
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
    """Compare the dark rates of every pixel at two epochs, such as last month and today.

    Parameters
    ----------
    before, after : `~astropy.nddata.CCDData`
        Results of `dark_rate` of the earlier and of the later epoch, shape (rows, columns), each of one exposure time;
        the two may be equal or not. A rate of several exposure times is refused, as its noise is not that of any one
        exposure: compare the rates of the single exposure times.
    statistic : {"significance", "difference", "ratio"}
        ``"significance"``: change as a signed :term:`equivalent normal deviate`. ``"difference"``: later rate minus
        earlier (electron/s), with the uncertainty of a pixel that did not change. ``"ratio"``: later rate over earlier.
        All are positive, or above 1, where the later rate is higher; the later rate is put on the scale of the earlier.
    scale : {"common", None}
        ``"common"`` takes out the factor that all pixels have in common, as after a change of temperature. The hot
        pixels tell it, 20 or more that stand out by 10 sigma. With fewer of them it is 1; or, where temperatures in the
        headers differ by more than 2 K or ``offset`` is None, the ratio of typical rates. None takes out nothing.
    offset : {"common", None}
        ``"common"`` takes out what typical pixels have more in one epoch, as after a drift of the bias level. Where
        the factor is not 1 (by 5 % and 5 of its errors), it is taken for dark current of typical pixels that does not
        follow the factor of the hot ones, and its Poisson noise is counted.
    null : {"theoretical", "empirical"}
        See `compare_dark_rates`. ``"empirical"`` is the better choice between temperatures that are far apart, as
        pixels of different activation energies do not follow one factor.
    read_noise, check_headers
        See `compare_dark_rates`.
    mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKCHANGE where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Shape (rows, columns). Masked, and NaN, where one epoch has no rate (no sample, all saturated, masked by the
        user), and for the ratio where the earlier rate is not positive. Difference and ratio carry a
        `~astropy.nddata.StdDevUncertainty`. ``meta`` is that of ``before`` with DKSTAT ('change significance'...),
        DKSCALE (common factor, later over earlier), DKSCLERR (its standard error), DKSCLSPR (relative spread of the hot
        pixels' own factors, beyond their noise), DKSCLPIX (pixels that it is from), DKSCLSRC ('hot pixels', 'typical
        pixels', 'too few pixels' or 'none'), DKOFF2 (common offset of the later frames, electron), DKWIDTH, DKNCOMP,
        DKOFFSET and DKNULL (see `compare_dark_rates`).

    Raises
    ------
    TypeError
        If a rate, or ``read_noise``, is not CCDData.
    astropy.units.UnitsError
        If a rate is not in electron/s, or ``read_noise`` not in electron.
    ValueError
        If a rate is no result of `dark_rate`, is of several exposure times or lacks an uncertainty; if shapes, sensors
        or amplifiers differ; if both are the same image; or if an option is unknown.

    Warns
    -----
    BiasWarning, NoiseWarning, NoUsablePixelWarning
        See `compare_dark_rates`.
    TemperatureWarning
        If temperatures differ, and no factor takes that out.

    See Also
    --------
    changed_pixels : Lists the pixels that changed.
    compare_dark_rates : Compares exposure times of one epoch.

    Notes
    -----
    Rates ``f d`` of an exposure time t have the counts, and so the law, of rates d of an exposure time ``f t``. With
    the factor f, the test is that of `compare_dark_rates`. Each epoch has its own bias, unless the checksum of both
    master biases (DKBIASID) is the same. Factor and offset are slope and intercept of a straight line through the
    rates of all pixels, with errors in both (Fuller, W. A. 1987, Measurement Error Models, section 1.3), by means
    without outliers: pixels that changed have no part in them.

    Examples
    --------
    A sensor that is 3 K warmer at the second epoch, and has one more hot pixel:

    >>> import numpy as np
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, dark_rate_change, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=5 * u.electron, bias=1000 * u.adu,
    ...               hot_fraction=0.02, hot_rate=5 * u.electron / u.s)
    >>> def darks(factor, seeds):
    ...     return [simulate_dark((100, 100), exposure=100 * factor * u.s, rng=seed, **camera) for seed in seeds]
    >>> before = dark_rate(darks(1, range(5)), bias=1000 * u.adu)
    >>> after = dark_rate(darks(1.4, range(5, 10)), bias=1000 * u.adu, exposure=100 * u.s)
    >>> change = dark_rate_change(before, after)
    >>> print(f"{change.meta['DKSCALE']:.1f} {change.meta['DKSCLSRC']}, width {change.data.std():.1f}")
    1.4 hot pixels, width 1.0
    """
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
            return dark_rate_change(**{name: sections.part(arguments[name], number) for name in images}, **options)

        result = sections.joined(changed, wcs=before.wcs)
        return logged(result, "DKCHANGE", "dark_rate_change", arguments, add_keyword)
    epochs = TwoEpochs.of(before, after, scale=scale, offset=offset, check_headers=check_headers, read_noise=read_noise)
    result = change_of_epochs(epochs, before, statistic, offset, null, execution)
    return logged(result, "DKCHANGE", "dark_rate_change", arguments, add_keyword)


def change_of_epochs(epochs, before, statistic, offset, null, execution):
    """Result of `dark_rate_change` for `TwoEpochs`, not logged; ``before`` is the earlier rate."""
    wanted = "significance" if statistic == "significance" else "difference"
    offsets = None if offset is None else epoch_offsets(epochs.images)
    found = compared_rates(epochs.images, wanted, offset, null, execution, offsets)
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
    known = scale.is_measured
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
