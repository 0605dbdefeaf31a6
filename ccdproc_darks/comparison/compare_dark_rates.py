# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether the dark rate of every pixel is the same at every exposure time."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._compute.blocks import Block, BlockJob, Deferred
from .._compute.workers import Execution, fill_images
from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice
from .._interface.results import LogEntry, checked_log_entry, logged, result_image, safe_header
from .._interface.warnings import NoUsablePixelWarning, warn
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.pixel_noise import is_map
from ..rates.rate_images import RateImages
from .comparer import RateComparer
from .two_rates import QUICK_STATISTICS

__all__ = [
    "NULLS", "checked_map", "checked_offset", "compare_dark_rates", "compared_rates", "comparison_entries",
    "offset_and_width",
]  # fmt: skip

_UNITS = {
    "difference": ELECTRON_PER_SECOND,
    "significance": u.dimensionless_unscaled,
    "ratio": u.dimensionless_unscaled,
    "offset": u.electron,
}
_STATISTICS = tuple(_UNITS)
_OFFSETS = ("common", None, "pixel")
NULLS = ("theoretical", "empirical")


def compare_dark_rates(
    *rates: CCDData,
    statistic: Literal["difference", "significance", "ratio", "offset"] = "difference",
    offset: Literal["common", "pixel"] | None = "common",
    null: Literal["theoretical", "empirical"] = "theoretical",
    read_noise: CCDData | None = None,
    check_headers: bool = True,
    mem_limit: u.Quantity | float | None = None,
    executor: Executor | None = None,
    add_keyword: LogEntry = True,
) -> CCDData:
    """Compare the dark rates of every pixel at two exposure times or more.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, each of one exposure time, all different, in any order; shape (rows, columns).
    statistic : {"difference", "significance", "ratio", "offset"}
        ``"difference"``: rate at the shortest exposure minus rate at the longest (electron/s), with the uncertainty of
        a proportional pixel. ``"significance"``: departure of all rates from one proportional rate, as a signed
        :term:`equivalent normal deviate`; positive where shorter exposures read higher. ``"ratio"``: rate at the
        shortest exposure over rate at the longest. ``"offset"``: counts at zero exposure (electron) of a straight line
        through each pixel's counts, with their uncertainty. A significant one means a fixed offset; a curvature is
        found by ``"significance"`` with ``offset="pixel"``. A pixel saturated or masked in some rates is compared in
        the others.
    offset : {"common", None, "pixel"}
        ``"common"`` removes the :term:`common offset`: what one set of frames has more than the others in every pixel,
        as after a drift of the bias level. None removes nothing. ``"pixel"`` also lets every pixel have its own unknown
        offset, for frames without a bias: it needs three exposure times or more, and tests curvature. Difference and
        ratio are then of two slopes, between the two shortest exposures and between the two longest.
    null : {"theoretical", "empirical"}
        Noise that departures are compared with: of the noise model, or of the noise model scaled to the :term:`width`
        that most pixels show (DKWIDTH), as where the read noise is not well known.
    read_noise : `~astropy.nddata.CCDData`, optional
        Read noise of each pixel (electron), shape (rows, columns): a result of `read_noise_map`, or any map; one with
        an uncertainty is a measurement from as many frames as that tells, one without is exact. Departures are compared
        with it, and probabilities are averages over what a pixel's read noise may be. None: the read noise that the
        rates tell, which is that of each pixel where `dark_rate` was given a map (DKNOISE is 'map').
    check_headers : bool
        True: it is an error if headers tell that rates are not of one camera, binning and region of the sensor. False
        takes them as they are.
    mem_limit, executor
        See `dark_rate`.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKCOMPAR where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Shape (rows, columns). Masked, and NaN, where no comparison is possible: fewer than two usable exposures, or
        for the ratio a long exposure's rate that is not positive. Difference, ratio and offset carry a
        `~astropy.nddata.StdDevUncertainty`. ``meta`` has DKSTAT, DKOFFSET and DKNULL (the options), DKOFF1, DKOFF2...
        (common offset removed from each set, electron, the shortest exposure first), DKWIDTH (scatter of good pixels
        over their noise; 1 where the noise model is right), DKNCOMP (pixels compared) and DKNOISE ('map' where each
        pixel has its own read noise).

    Raises
    ------
    TypeError
        If a rate, or ``read_noise``, is not CCDData.
    astropy.units.UnitsError
        If a rate is not in electron/s, or ``read_noise`` not in electron.
    ValueError
        If there are fewer than two rates, two of equal exposure, different shapes, one without an uncertainty or not a
        result of `dark_rate`; if they, or ``read_noise``, are not of one sensor; or if ``statistic``, ``offset`` or
        ``null`` is unknown.

    Warns
    -----
    BiasWarning
        If the optical black that the camera subtracts was added to some rates only.
    NoUsablePixelWarning
        If no pixel can be compared.
    NoiseWarning
        If good pixels scatter more than 1.2 times their noise and ``null`` is theoretical. Where more than 4 % of all
        pixels are beyond 2.5 sigma, the noise is wrong: all tails are then taken for those of normal noise.
    TemperatureWarning
        If the rates were measured at different sensor temperatures.

    See Also
    --------
    dark_rate : The rates that are compared.
    hot_pixel_mask : Which pixels are not proportional, with a tolerance.
    repeatability : Compares two halves of equal frames, which must agree.

    Notes
    -----
    For two rates
    ``z = (d_1 - d_2) / sqrt(V_1 / (N_1 t_1^2) + V_2 / (N_2 t_2^2) + s_b^2 (1/t_1 - 1/t_2)^2)`` with the variances V at
    the *pooled* rate, that of generalised least squares: with each rate's own uncertainty, tail probabilities would be
    wrong by orders of magnitude. For more rates it is the chi-square of the residuals about the proportional fit, with
    their full covariance.

    Beyond about 2.5 sigma the tail is that of Poisson and Gaussian noise together, *given* the pooled rate, by the
    double saddlepoint (Skovgaard 1987; in several dimensions Skovgaard 2001). Where a pixel collects so few electrons
    that its own rate is hardly known, the rates of all pixels tell which it may have (an empirical-Bayes mixture:
    Kiefer and Wolfowitz 1956; Efron 2014, Statist. Sci. 29, 285). The probability of a false positive is right to ten
    per cent, from 1e-3 down to 1e-6, for rates above 0.001 electron/s and a read noise above half an electron (see
    *Validation* in the documentation). Without read noise two rates get the exact binomial test, which is conservative.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import compare_dark_rates, dark_rate, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron)
    >>> short = dark_rate([simulate_dark((50, 50), exposure=90 * u.s, bias=1000 * u.adu, rng=seed, **camera)
    ...                    for seed in range(10)], bias=1000 * u.adu)
    >>> long = dark_rate([simulate_dark((50, 50), exposure=1000 * u.s, bias=1000 * u.adu, rng=seed, **camera)
    ...                   for seed in range(10, 30)], bias=1000 * u.adu)
    >>> significance = compare_dark_rates(short, long, statistic="significance")
    >>> print(f"{significance.data.std():.1f}")
    1.0
    >>> difference = compare_dark_rates(short, long)
    >>> difference.unit
    Unit("electron / s")
    """
    execution = Execution(executor, mem_limit)
    checked_log_entry(add_keyword)
    checked_choice("statistic", statistic, _STATISTICS)
    checked_choice("null", null, NULLS)
    arguments = {
        "rates": rates, "statistic": statistic, "offset": offset, "null": null, "read_noise": read_noise,
        "check_headers": check_headers,
    }  # fmt: skip
    checked_map(read_noise)
    sections = amplifiers_of_rates(rates)
    if sections is not None:
        work = {"mem_limit": mem_limit, "executor": executor, "add_keyword": None}
        own = ("rates", "read_noise")
        options: dict[str, Any] = {name: value for name, value in arguments.items() if name not in own} | work

        result = sections.joined(
            lambda number: compare_dark_rates(
                *(sections.part(rate, number) for rate in rates),
                read_noise=sections.part(read_noise, number),
                **options,
            ),
            wcs=rates[0].wcs,
        )
        return logged(result, "DKCOMPAR", "compare_dark_rates", arguments, add_keyword)
    images = RateImages(rates, least=2, check_headers=check_headers, read_noise=read_noise)
    checked_offset(offset, images)
    if statistic == "offset" and offset == "pixel":
        raise ValueError("statistic='offset' is the offset of each pixel: offset must be 'common' or None, got 'pixel'")
    result = compared_rates(images, statistic, offset, null, execution)
    return logged(result, "DKCOMPAR", "compare_dark_rates", arguments, add_keyword)


def compared_rates(images, statistic, offset, null, execution, offsets=None):
    """Result of `compare_dark_rates` for `RateImages`, not logged; ``offsets`` are common offsets that are known."""
    comparer = RateComparer(images, offset, null, offsets)
    job = _ComparisonJob(comparer, statistic)
    data, mask = np.empty(images.shape, images.dtype), np.zeros(images.shape, dtype=bool)
    deviation = None if statistic == "significance" else np.empty(images.shape, images.dtype)
    outputs = [data, mask] if deviation is None else [data, mask, deviation]
    fill_images(job, outputs, execution)
    if mask.all():
        warn(f"no pixel can be compared, all are masked: {images.usable_pixels()}", NoUsablePixelWarning)
    by_map = {} if images.noise is None else {"DKNOISE": ("map", "where the noise is from")}
    header = safe_header(
        images.meta,
        {
            **by_map,
            **comparison_entries(images, offset, comparer.offsets, null, comparer.width),
            "DKSTAT": (statistic, "statistic of the comparison"),
            "DKNCOMP": (int(mask.size - np.count_nonzero(mask)), "pixels compared"),
        },
    )
    return result_image(data, _UNITS[statistic], header, mask=mask, deviation=deviation, wcs=images.wcs)


def offset_and_width(short, long):
    """Common offset (electron) of the shorter of two rates, and the width of their comparison, from a sample alone."""
    comparer = RateComparer(RateImages([short, long]), "common", "theoretical")
    return float(comparer.offsets[0]), comparer.width


@dataclass
class _ComparisonJob(BlockJob):
    """Makes one statistic, its mask, and its standard deviation (not of a significance)."""

    comparer: RateComparer
    statistic: str

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 100 if self._has_fast_pass else 500 * len(self.comparer.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        return replace(self, comparer=self.comparer.for_rows(rows))

    def block(self, rows, out=(None,)):
        """Fast pass, where there is one, right for pixels whose tail is normal; else the exact way."""
        if not self._has_fast_pass:
            return self._images(self.comparer.rows(rows))
        if self.statistic == "significance":
            quick = self.comparer.fast_block(rows, deviate=out[0])
        else:
            quick = self.comparer.fast_block(rows, departures=False)
        images, inexact = quick.statistic(self.statistic)
        return Block(_with_mask(images), Deferred(inexact))

    def exact(self, deferred):
        """The full fit and its exact tail."""
        return self._images(self.comparer.rows(slice(None), deferred.pixels))

    @property
    def _has_fast_pass(self):
        return self.comparer.fast is not None and self.statistic in QUICK_STATISTICS

    def _images(self, compared):
        found = [compared.significance] if self.statistic == "significance" else getattr(compared, self.statistic)()
        return Block(_with_mask(found))


def _with_mask(images):
    data, *deviations = images
    mask = np.isnan(data)
    for deviation in deviations:
        deviation[mask] = np.nan
    return data, mask, *deviations


def comparison_entries(images, offset, offsets, null, width):
    """Header entries that a comparison and a mask have in common, as ``{key: (value, comment)}``."""
    infos = images.infos
    return {
        "EXPTIME": (None, ""),
        "EXPOSURE": (None, ""),
        "DKLOST": (None, ""),
        "DKLEVERR": (None, ""),
        "DKEXPMIN": (infos[0].shortest, "[s] shortest exposure time"),
        "DKEXPMAX": (infos[-1].longest, "[s] longest exposure time"),
        "DKNEXP": (len(images) if len(images) > 1 else infos[0].exposures, "number of exposure times"),
        "DKTOTAL": (sum(info.total for info in infos), "[s] total exposure of all frames"),
        "NCOMBINE": (sum(info.frames for info in infos), "number of frames"),
        "DKOFFSET": (offset or "none", "offset removed: common, pixel or none"),
        "DKNULL": (null, "what good pixels are held against"),
        "DKWIDTH": (width, "departures of good pixels over their noise"),
        **{f"DKOFF{number}": (value, "[electron] offset of the set") for number, value in enumerate(offsets, 1)},
    }


def checked_map(read_noise):
    """The argument ``read_noise``, which is a map or None."""
    if read_noise is not None and not is_map(read_noise):
        raise TypeError(
            f"read_noise must be CCDData, a read noise of each pixel, got {type(read_noise).__name__}: one number for "
            "all pixels is an argument of dark_rate"
        )
    return read_noise


def checked_offset(offset, images):
    """``offset``, if it is an option and there are enough rates for it."""
    checked_choice("offset", offset, _OFFSETS)
    if offset == "pixel" and len(images) < 3:
        raise ValueError(f"offset='pixel' needs rates of three exposure times or more, got {len(images)}")
    return offset
