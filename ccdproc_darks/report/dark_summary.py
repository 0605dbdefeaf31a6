# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark current of a sensor in numbers: a table with one row a quantity."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import MaskedColumn, QTable
from astropy.utils.masked import Masked
from ccdproc import ImageFileCollection

from .._interface.arguments import ELECTRON_PER_SECOND
from .._interface.flags import DARK_FLAGS, NONLINEAR_KINDS
from .._interface.pixel_mask import checked_mask, kind_of_result
from .._interface.warnings import collected
from ..comparison.proportionality_limit import ProportionalityLimit, proportionality_limit
from ..frames.headers import FrameSetting
from ..frames.inputs import Frames
from ..frames.reading import Hdu, ImageSection, checked_reading
from ..masks.hot_pixel_mask import hot_pixel_mask
from ..masks.nonlinear_kind import nonlinear_kind
from ..masks.sensor_rates import sensor_rates
from ..rates.typical_rate import disagreement, typical_rate
from ..rates.variance_rate import variance_rate
from .shown_table import ShownTable

__all__ = ["dark_summary"]

PERCENTILES, HOT_ABOVE = (50, 95, 99.9), (0.1, 1, 4, 10)
# Fewest exposure times of which kinds are told.
_OF_KINDS = 3
_KINDS = {
    NONLINEAR_KINDS.BENDS: "the rate falls as the pixel fills",
    NONLINEAR_KINDS.OFFSET: "a fixed number of electrons at every exposure",
    NONLINEAR_KINDS.CLIPS: "the counts stop at a level: the pixel is full early",
    NONLINEAR_KINDS.HIGH_FRAME: "one frame is high, as by a cosmic ray",
    NONLINEAR_KINDS.SWITCHES: "the dark current switches (telegraph)",
    NONLINEAR_KINDS.UNEXPLAINED: "none of these kinds",
    NONLINEAR_KINDS.UNTOLD: "more than one kind explains it",
}


def dark_summary(
    *rates: CCDData,
    mask: CCDData | None = None,
    kinds: CCDData | None = None,
    limit: ProportionalityLimit | None = None,
    frames: Frames | None = None,
    bias: CCDData | str | os.PathLike[str] | u.Quantity | Sequence | ImageFileCollection | None = None,
    exposure: FrameSetting = None,
    hdu: Hdu = None,
    unit: str | u.UnitBase | None = None,
    overscan: ImageSection = None,
    trim: ImageSection = None,
    check_headers: bool = True,
) -> QTable:
    """Dark current of a sensor in numbers, in the terms of astronomers and of EMVA 1288: one row a quantity.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate` (electron/s), shape (rows, columns): one, of all exposure times together or of a single
        one; or two and more of one exposure time each, all different. Of several, each pixel's best estimate is taken.
    mask : `~astropy.nddata.CCDData`, optional
        Result of `hot_pixel_mask`, whose flags are counted. None: that of the rates, with its defaults.
    kinds : `~astropy.nddata.CCDData`, optional
        Result of `nonlinear_kind`. None: that of the rates, where there are three or more.
    limit : `~ccdproc_darks.ProportionalityLimit`, optional
        Result of `proportionality_limit`. None: that of the rates, where there are two or more.
    frames : `~astropy.nddata.CCDData`, path, sequence of these, or `ccdproc.ImageFileCollection`, optional
        The dark frames (adu or electron), from whose variance the rate is measured once more: two equal ones or more of
        two exposure times, or of one exposure time and bias frames.
    bias : `~astropy.nddata.CCDData`, path, `~astropy.units.Quantity`, sequence or collection, optional
        Single bias frames, :term:`master bias` or bias level that belong to ``frames``.
    exposure, hdu, unit, overscan, trim
        How ``frames`` and ``bias`` are read; see `dark_rate`.
    check_headers : bool
        Whether the rates must be of one sensor, and ``frames`` be darks, by their headers.

    Returns
    -------
    `~astropy.table.QTable`
        A row for each quantity; a value that there is not is masked. Columns: ``quantity``, its name, by which rows are
        found (``summary.loc["DSNU"]["rate"]``); ``rate`` (electron/s), and ``error``, its standard error;
        ``meaning``, in plain words; ``pixels``, a number of pixels, and ``fraction`` (%), that of all pixels of
        the image; ``emva_1288``, the standard's symbol. Where a row has a rate and pixels, these are the pixels above
        it. ``meta`` has the number of ``pixels`` with a rate, ``exposures_s`` and ``frames`` of each rate, and the ends
        ``limit_interval_electron_per_s``.

        The rows are: typical rate (of each exposure time too), mean rate, rate from the variance, DSNU, DSNU of typical
        pixels, percentiles, pixels above 0.1, 1, 4 and 10 electron/s, hot (above the threshold), saturated, not
        proportional and of which kind, not testable, masked; proportionality limit; recommended cut. A table that was
        written to a file and read back finds its rows again after ``summary.add_index("quantity")``.

    Raises
    ------
    TypeError
        If a rate, ``mask`` or ``kinds`` is not CCDData, or ``limit`` not a result of `proportionality_limit`.
    astropy.units.UnitsError
        If a unit is wrong.
    ValueError
        If rates do not fit together (see `compare_dark_rates`), ``mask`` or ``kinds`` is another image or of another
        shape, ``frames`` have another shape than the rates, or ``bias`` is given without ``frames``.

    Warns
    -----
    BiasWarning, NoiseWarning, NoUsablePixelWarning, TemperatureWarning
        Without ``mask``: see `hot_pixel_mask`.

    See Also
    --------
    check_frames : Whether the frames can be trusted.

    Notes
    -----
    EMVA 1288 [1]_ measures the dark current twice (its section *Dark current*): by how the mean of dark frames grows
    with exposure time, mu_I.mean, and by how their temporal variance does, mu_I.var, as the electrons are Poisson
    distributed. The two differ where a camera subtracts its dark current, or where the gain is wrong. The mean is that
    of all pixels, hot ones too. The typical rate is the median of the pixels' true rates, with the noise taken off
    their distribution, and mu_I.var is here that of typical pixels: compare these two. Where the typical rates of the
    exposure times disagree by more than their errors, all of these errors are larger by the root of their reduced
    chi-square, as in a report.

    The standard's DSNU1288 is the standard deviation of the pixels of a dark image (electron), with the temporal noise
    taken off: ``s**2 = s_measured**2 - sigma**2 / L``, L being the number of frames averaged. Here it is that of the
    rates (electron/s): the mean variance by noise is taken off the variance of the measured rates. A few hot pixels
    make most of it. That of typical pixels is the standard deviation of a lognormal distribution fitted to the pixels
    that are not hot, with the noise taken off as well. Percentiles are of measured rates, noise included, by which the
    lower ones are wider.

    The recommended cut is the rate above which hot pixels are better masked than corrected by a scaled dark: the lower
    end of the interval of the proportionality limit, where it is known; where it is not, the threshold of hot pixels.

    References
    ----------
    .. [1] EMVA Standard 1288, release 4.0 Linear (2021), European Machine Vision Association.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, Sensor, dark_rate, dark_summary
    >>> from ccdproc_darks.simulation import HotPixels
    >>> rate = u.electron / u.s
    >>> sensor = Sensor(shape=(100, 100), rate=0.1 * rate, dsnu=0.02 * rate, gain=1.5 * u.electron / u.adu,
    ...                 read_noise=5 * u.electron, bias=1000 * u.adu, seed=1,
    ...                 defects=[HotPixels(fraction=0.01, above=1 * rate, maximum=50 * rate)])
    >>> darks = [list(DarkSequence(sensor, [(10, seconds * u.s)], rng=1)) for seconds in (90, 900)]
    >>> rates = [dark_rate(frames, bias=sensor.bias) for frames in darks]
    >>> summary = dark_summary(*rates, frames=[*darks[0], *darks[1]], bias=sensor.bias)
    >>> for name in ["typical rate", "rate from the variance", "DSNU of typical pixels"]:
    ...     print(f"{name}: {summary.loc[name]['rate']:.3f}")
    typical rate: 0.098 electron / s
    rate from the variance: 0.099 electron / s
    DSNU of typical pixels: 0.019 electron / s
    >>> int(summary.loc["above 1 electron/s"]["pixels"])
    100
    >>> print(summary["quantity", "rate", "pixels"][:3])
    quantity                rate     pixels
                        electron / s
    ------------------- ------------ ------
    typical rate             0.09819     --
    typical rate, 90 s        0.0984     --
    typical rate, 900 s      0.09814     --
    """
    reading = checked_reading(hdu=hdu, unit=unit, overscan=overscan, trim=trim)
    if limit is not None and not isinstance(limit, ProportionalityLimit):
        raise TypeError(f"limit must be a result of proportionality_limit, got {type(limit).__name__}")
    if bias is not None and frames is None:
        raise ValueError("bias is that of frames: pass frames=, the darks, as well, or leave it out")
    if mask is None:
        mask = hot_pixel_mask(*rates, add_keyword=None, check_headers=check_headers)
    mask = checked_mask(mask, only_flags=True)
    several = len(rates) > 1
    told = mask.meta.get("DKOFFSET", "common") if several else "common"
    offset: Any = None if told == "none" else told
    # What there is to warn of, the rates and the mask have warned of.
    with collected():
        measured = sensor_rates(rates, offset=offset, check_headers=check_headers)
        _check_image("mask", mask, rates[0].shape)
        if limit is None and several:
            limit = proportionality_limit(*rates, offset=offset, check_headers=check_headers)
        if kinds is None and len(rates) >= _OF_KINDS and offset != "pixel":
            kinds = nonlinear_kind(*rates, mask=mask, offset=offset, add_keyword=None, check_headers=check_headers)
    if kinds is not None:
        _check_kinds(kinds, rates[0].shape)
    by_variance = None, None, "pass frames=, the darks, to have it"
    if frames is not None:
        with collected():
            by_variance = variance_rate(
                frames, rates[0], bias=bias, exposure=exposure, reading=reading, check_headers=check_headers
            )
    rows = _Rows(mask.data.size)
    _add_rates(rows, measured, rates, mask, by_variance)
    _add_flags(rows, measured, mask, kinds)
    _add_limits(rows, measured, mask, limit)
    table = rows.table()
    table.meta = {
        "pixels": measured.number,
        "exposures_s": [_seconds(rate) for rate in rates],
        "frames": [int(rate.meta["NCOMBINE"]) for rate in rates],
    }
    if limit is not None:
        table.meta["limit_interval_electron_per_s"] = limit.interval.to_value(ELECTRON_PER_SECOND).tolist()
    return table


class _Rows:
    """Rows of the table; fractions are of so many ``pixels``."""

    def __init__(self, pixels):
        self._pixels, self._rows = pixels, []

    def add(self, quantity, meaning, rate=None, error=None, pixels=None, symbol=""):
        """Add a row; what is None or NaN is masked."""
        fraction = None if pixels is None or not self._pixels else 100 * pixels / self._pixels
        self._rows.append((quantity, rate, error, pixels, fraction, symbol, meaning))

    def table(self):
        """The `~astropy.table.QTable`, whose rows are found by their ``quantity``."""
        quantity, rate, error, pixels, fraction, symbol, meaning = zip(*self._rows, strict=True)
        table = ShownTable({
            "quantity": quantity,
            "rate": _quantities(rate, ELECTRON_PER_SECOND),
            "error": _quantities(error, ELECTRON_PER_SECOND),
            # The one that a narrow terminal leaves out: astropy begins in the middle.
            "meaning": meaning,
            "pixels": MaskedColumn([0 if number is None else number for number in pixels],
                                   mask=[number is None for number in pixels], dtype=np.int64),
            "fraction": _quantities(fraction, u.percent),
            "emva_1288": MaskedColumn(symbol, mask=[not one for one in symbol]),
        })  # fmt: skip
        for name, digits in (("rate", ".4g"), ("error", ".2g"), ("fraction", ".3g")):
            table[name].info.format = digits
        for name in ("quantity", "meaning"):
            table[name].info.format = "<"
        table.add_index("quantity")
        return table


def _quantities(values, unit):
    numbers = np.array([np.nan if value is None else value for value in values], dtype=float)
    return Masked(np.nan_to_num(numbers, posinf=np.inf), mask=np.isnan(numbers)) * unit


def _add_rates(rows, measured, rates, mask, by_variance):
    """Rows on the rates themselves."""
    typical, error = (mask.meta.get(key) for key in ("DKTYPIC", "DKTYPERR"))
    if typical is None or error is None:
        typical, error = measured.typical, measured.typical_error
    else:
        error /= mask.meta.get("DKTYPFAC", 1.0)
    in_order = sorted(rates, key=_seconds) if len(rates) > 1 else []
    several = [(f"{_seconds(rate):g} s", *typical_rate(rate)) for rate in in_order]
    factor = disagreement([one[1:] for one in several])
    meaning = "half of the pixels have a lower true rate (median, noise taken off)"
    rows.add("typical rate", meaning, typical, None if error is None else error * factor)
    for own, rate, alone in several:
        meaning = f"the same from the darks of {own} alone"
        rows.add(f"typical rate, {own}", meaning, rate, None if alone is None else alone * factor)
    rows.add("mean rate", "mean of all pixels with a rate, hot ones too", *measured.mean(), symbol="mu_I.mean")
    rate, error, reason = by_variance
    meaning = reason or "typical pixels, by the variance of equal frames: compare with the typical rate"
    rows.add("rate from the variance", meaning, rate, error, symbol="mu_I.var")
    rows.add(
        "DSNU", "standard deviation of the true rates of all pixels, hot ones too", *measured.nonuniformity(),
        symbol="DSNU1288",
    )  # fmt: skip
    rows.add("DSNU of typical pixels", "the same of the pixels that are not hot", measured.scatter)
    for percent, value in zip(PERCENTILES, measured.percentiles(PERCENTILES), strict=True):
        rows.add(f"{percent:g} % of pixels", "have this measured rate or less", value)
    for above in HOT_ABOVE:
        rows.add(
            f"above {above:g} electron/s",
            "pixels of a measured rate above this",
            above,
            pixels=measured.number_above(above),
        )


def _add_flags(rows, measured, mask, kinds):
    """Rows on the flags of the mask, and on kinds of pixels."""
    meta, flags = mask.meta, np.asarray(mask.data)

    def flagged(name):
        return int(np.count_nonzero(flags & DARK_FLAGS[name]))

    threshold = meta.get("DKTHRESH")
    rows.add("hot", "flag HOT: above this, the threshold of hot pixels", threshold,
             pixels=flagged("HOT"))  # fmt: skip
    # Only of several rates are the others tested.
    is_tested = "NNOTEST" in meta
    saturated = flagged("SATURATED") if is_tested else measured.lower_limit.size
    full = "of one exposure time at least" if is_tested else ""
    rows.add("saturated", f"full in every frame {full}".strip(), pixels=saturated)
    untested = "" if is_tested else " (not tested: that takes rates of two exposure times or more)"
    rows.add("not proportional", f"flag NONLINEAR: the rate depends on the exposure time{untested}",
             pixels=flagged("NONLINEAR") if is_tested else None)  # fmt: skip
    if kinds is not None:
        for kind, meaning in _KINDS.items():
            name = kind.name.lower().replace("_", " ")
            number = int(np.count_nonzero(kinds.data == kind))
            rows.add(f"kind: {name}", f"not proportional: {meaning}", pixels=number)
    rows.add("hot, not testable", f"flag UNRELIABLE_DARK: too faint to tell whether proportional{untested}",
             pixels=flagged("UNRELIABLE_DARK") if is_tested else None)  # fmt: skip
    rows.add("not hot, not testable", f"too faint to tell, and nothing to lose{untested}", pixels=meta.get("NNOTEST"))
    if "NTELEGR" in meta:
        rows.add("telegraph", "flag TELEGRAPH: equal frames differ, the dark current switches",
                 pixels=flagged("TELEGRAPH"))  # fmt: skip
    rows.add("masked", "flag DO_NOT_USE: the mask is True", pixels=flagged("DO_NOT_USE"))


def _add_limits(rows, measured, mask, limit):
    """Rows on the proportionality limit, and on the cut that follows from it."""
    low, rate, meaning = 0.0, None, "not measured: that takes rates of two exposure times or more"
    if limit is not None:
        low, high = limit.interval.to_value(ELECTRON_PER_SECOND)
        rate = float(limit.limit.to_value(ELECTRON_PER_SECOND))
        within, sure = (
            f"proportional within {100 * limit.tolerance:.3g} %",
            f"{100 * limit.confidence:.4g} % confidence",
        )
        meaning = f"{within} up to this; {low:.3g} to {high:.3g} with {sure}"
        if np.isnan(rate):
            meaning = "too few pixels are bright enough to tell"
        elif np.isinf(rate):
            meaning = f"{within} up to {low:.3g} at least ({sure}), no limit found"
    rows.add(
        "proportionality limit",
        meaning,
        rate,
        pixels=measured.number_above(rate) if rate is not None and np.isfinite(rate) else None,
    )
    threshold = mask.meta.get("DKTHRESH", 0.0)
    if np.isfinite(low) and low > threshold:
        cut, why = low, "mask pixels above this: up to here rates are proportional to exposure time"
    else:
        cut, why = threshold or None, "mask pixels above this, the hot ones: nothing shows that they are proportional"
    rows.add("recommended cut", why, cut, pixels=None if cut is None else measured.number_above(cut))


def _seconds(rate):
    """Longest exposure time of a rate (s)."""
    return float(rate.meta["DKEXPMAX"] if "DKEXPMAX" in rate.meta else rate.meta["DKEXPMIN"])


def _check_image(name, image, shape):
    if image.shape != shape:
        raise ValueError(f"{name} must have the shape of the rates, {shape}, got {image.shape}")


def _check_kinds(kinds, shape):
    if not isinstance(kinds, CCDData):
        raise TypeError(f"kinds must be CCDData, a result of nonlinear_kind, got {type(kinds).__name__}")
    if kind_of_result(kinds) != "a result of nonlinear_kind":
        raise ValueError(f"kinds must be a result of nonlinear_kind, got {kind_of_result(kinds) or 'another image'}")
    _check_image("kinds", kinds, shape)
