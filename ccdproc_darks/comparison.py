# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether the dark rate of every pixel is the same at every exposure time."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .arguments import ELECTRON_PER_SECOND, checked_choice
from .blocks import row_blocks
from .fit import RateFit, fit_rate
from .offset import common_offsets
from .rate_stack import RateRows, RateStack
from .results import logged, result_image, safe_header, set_keys
from .significance import CANDIDATE, deviate_of_chi_square, saddlepoint_deviate

__all__ = ["Comparison", "checked_offset", "compare_dark_rates", "compare_rows", "core_width"]

_STATISTICS = ("difference", "significance", "ratio")
_OFFSETS = ("common", None, "pixel")


def compare_dark_rates(*rates, statistic="difference", offset="common", add_keyword=True):
    """
    Compare the dark rates of every pixel at two exposure times or more.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, each of one exposure time, all different, in any order; shape (rows, columns).
    statistic : {"difference", "significance", "ratio"}
        ``"difference"``: the rate at the shortest exposure minus that at the longest (electron/s), with the
        uncertainty that it has if the pixel is proportional. ``"significance"``: the departure of all rates from one
        proportional rate, as a signed equivalent normal deviate; positive where shorter exposures read higher.
        ``"ratio"``: shortest over longest. A pixel saturated or masked in some of the rates is compared in the others.
    offset : {"common", None, "pixel"}
        ``"common"`` removes what one set of frames has more than the others in every pixel, as after a drift of the
        bias level; None removes nothing; ``"pixel"`` also lets every pixel have its own unknown offset, for frames
        without a bias: it needs three exposure times or more, and tests curvature. Difference and ratio are then those
        of the slope between the two shortest exposures and the slope between the two longest.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        Entry for the result's meta. True logs the call as DKCOMPAR where ``ccdproc.conf.auto_logging`` is on; False or
        None logs nothing.

    Returns
    -------
    `~astropy.nddata.CCDData`
        Shape (rows, columns). Masked, and NaN, where no comparison is possible: fewer than two usable exposures, or
        for the ratio a long exposure's rate that is not positive. Difference and ratio carry a
        `~astropy.nddata.StdDevUncertainty`. ``meta`` has DKSTAT and DKOFFSET (as asked), DKOFF1, DKOFF2... (the offset
        of each set removed, electron, the shortest exposure first), DKWIDTH (robust width of the significance; 1 where
        the noise model is right) and DKNCOMP (pixels compared).

    Raises
    ------
    TypeError
        If a rate is not CCDData.
    astropy.units.UnitsError
        If a rate is not in electron/s.
    ValueError
        If there are fewer than two rates, two of equal exposure, different shapes, one without an uncertainty or not a
        result of `dark_rate`; or if ``statistic`` or ``offset`` is unknown.

    See Also
    --------
    dark_rate, hot_pixel_mask

    Notes
    -----
    The test of two rates is
    ``z = (d_1 - d_2) / sqrt(V_1 / (N_1 t_1^2) + V_2 / (N_2 t_2^2) + s_b^2 (1/t_1 - 1/t_2)^2)`` with the variances V at
    the *pooled* rate, the generalised-least-squares one: each rate's own uncertainty would make it wrong by orders of
    magnitude in the tails. Beyond 2.5 sigma the tail is that of Poisson and Gaussian noise together, by the
    saddlepoint formula of Lugannani and Rice (1980; Daniels 1987). More than two
    rates: chi-square of the residuals about the proportional fit, with its full covariance. Where a pixel collects few
    electrons, and the read noise is below about 1 electron, that has wider tails than a chi-square: up to twice as
    many good pixels are flagged as are asked for.

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
    checked_choice("statistic", statistic, _STATISTICS)
    stack = RateStack(rates, least=2)
    checked_offset(offset, stack)
    offsets = np.zeros(len(stack)) if offset is None else common_offsets(stack, offset == "pixel")
    data = np.empty(stack.shape, stack.dtype)
    deviation = None if statistic == "significance" else np.empty(stack.shape, stack.dtype)
    mask = np.empty(stack.shape, dtype=bool)
    deviates = []
    for block in row_blocks(stack.shape, len(stack)):
        compared = compare_rows(stack.rows(block), stack.seconds, stack.shared, offsets, offset == "pixel")
        deviates.append(compared.significance[np.isfinite(compared.significance)].astype(np.float32))
        if statistic == "significance":
            data[block] = compared.significance
        else:
            data[block], deviation[block] = getattr(compared, statistic)()
            deviation[block][np.isnan(data[block])] = np.nan
        mask[block] = np.isnan(data[block])
    deviates = np.concatenate(deviates)
    header = set_keys(
        safe_header(stack.meta),
        {
            **comparison_entries(stack, offset, offsets),
            "DKSTAT": (statistic, "statistic of the comparison"),
            "DKWIDTH": (core_width(deviates), "robust width of the significance"),
            "DKNCOMP": (deviates.size, "pixels compared"),
        },
    )
    unit = ELECTRON_PER_SECOND if statistic == "difference" else u.dimensionless_unscaled
    result = result_image(data, unit, header, mask=mask, deviation=deviation, wcs=stack.wcs)
    arguments = {"rates": rates, "statistic": statistic, "offset": offset}
    return logged(result, "DKCOMPAR", "compare_dark_rates", arguments, add_keyword)


@dataclass
class Comparison:
    """
    Comparison of some rows.

    Attributes
    ----------
    rows : `RateRows`
        Counts, without the common offsets.
    seconds : `numpy.ndarray`
        Exposure times (s).
    fit : `RateFit`
        The one rate that fits all of them.
    significance : `numpy.ndarray`
        Signed equivalent normal deviate; NaN where there is nothing to compare.
    free_offset : bool
        Whether pixels have offsets of their own.
    """

    rows: RateRows
    seconds: np.ndarray
    shared: list
    fit: RateFit
    significance: np.ndarray
    free_offset: bool

    def difference(self):
        """Shortest minus longest (electron/s), and its standard deviation for a proportional pixel."""
        short, long = self._extremes()
        return self._contrast(short - long), self._deviation(short - long)

    def ratio(self):
        """Shortest over longest, and its standard deviation for a proportional pixel."""
        short, long = self._extremes()
        below = self._contrast(long)
        below = np.where(below > 0, below, np.nan)
        return self._contrast(short) / below, self._deviation(short - long) / below

    def departure(self):
        """Departure (electron/s) of that exposure which is furthest, in sigmas, from what the others foretell."""
        deviation = np.abs(self.fit.deletion) * np.sqrt(self.fit.information)
        furthest = deviation.argmax(axis=0)
        rates = np.abs(self.fit.deletion) / self.seconds[:, None, None]
        return np.take_along_axis(rates, furthest[None], axis=0)[0]

    def _extremes(self):
        """Coefficients by which the counts make the short and the long rate, (exposures, rows, columns)."""
        usable, t = self.rows.usable, self.seconds
        first = usable.argmax(axis=0)[None]
        last = len(t) - 1 - usable[::-1].argmax(axis=0)[None]
        index = np.arange(len(t))[:, None, None]
        if not self.free_offset:
            return (index == first) / t[first], (index == last) / t[last]
        inner = usable & (index != first) & (index != last)
        second = inner.argmax(axis=0)[None]
        before = len(t) - 1 - inner[::-1].argmax(axis=0)[None]
        with np.errstate(divide="ignore", invalid="ignore"):
            short = ((index == second) * 1.0 - (index == first)) / (t[second] - t[first])
            long = ((index == last) * 1.0 - (index == before)) / (t[last] - t[before])
        return short, long

    def _contrast(self, coefficients):
        value = (coefficients * self.rows.counts).sum(axis=0)
        return np.where(self.fit.degrees > 0, value, np.nan)

    def _deviation(self, coefficients):
        rate = np.maximum(self.fit.rate, 0)
        poisson = rate * self.seconds[:, None, None] / self.rows.frames
        variance = (coefficients**2 * (poisson + self.rows.read_variance)).sum(axis=0)
        for members, bias_variance in self.shared:
            variance += bias_variance * coefficients[members].sum(axis=0) ** 2
        return np.sqrt(np.where(self.fit.degrees > 0, variance, np.nan))


def compare_rows(rows, seconds, shared, offsets, free_offset):
    """
    `Comparison` of some rows of a `RateStack`.

    Parameters
    ----------
    rows : `RateRows`
        The counts.
    seconds : `numpy.ndarray`
        Exposure times (s).
    shared : list
        Biases shared, as of `ccdproc_darks.fit.fit_rate`.
    offsets : `numpy.ndarray`
        To be taken from the counts of each exposure (electron).
    free_offset : bool
        Whether pixels have offsets of their own.
    """
    rows.counts -= np.where(rows.usable, offsets[:, None, None], 0.0)
    fit = fit_rate(
        rows.counts, seconds, rows.frames, rows.read_variance, rows.usable, shared=shared, free_offset=free_offset
    )
    size = deviate_of_chi_square(fit.chi_square, fit.degrees)
    # One degree of freedom is one linear combination of the counts, whose tail can be had exactly enough.
    far = (fit.degrees == 1) & (size > CANDIDATE)
    if far.any():
        size[far] = _saddlepoint(rows, seconds, shared, fit, far, size[far])
    return Comparison(rows, seconds, shared, fit, np.copysign(size, fit.excess), free_offset)


def _saddlepoint(rows, seconds, shared, fit, far, size):
    information = fit.information[:, far]
    # P of `fit_rate` has rank one here: P = p p^T, with p_k^2 its diagonal, and the residuals' signs those of p.
    coefficients = np.sqrt(information) * np.sign(fit.deletion[:, far])
    frames = rows.frames[:, far]
    electrons = np.maximum(fit.rate[far], 0) * seconds[:, None] * frames
    gaussian = (coefficients**2 * rows.read_variance[:, far]).sum(axis=0)
    for members, variance in shared:
        gaussian += variance * coefficients[members].sum(axis=0) ** 2
    return saddlepoint_deviate(size, coefficients / frames, electrons, gaussian)


def comparison_entries(stack, offset, offsets):
    """Header entries that comparison and mask have in common, as ``{key: (value, comment)}``."""
    infos = stack.infos
    return {
        "EXPTIME": (None, ""),
        "EXPOSURE": (None, ""),
        "DKEXPMIN": (infos[0].shortest, "[s] shortest exposure time"),
        "DKEXPMAX": (infos[-1].longest, "[s] longest exposure time"),
        "DKNEXP": (len(stack) if len(stack) > 1 else infos[0].exposures, "number of exposure times"),
        "DKTOTAL": (sum(info.total for info in infos), "[s] total exposure of all frames"),
        "NCOMBINE": (sum(info.frames for info in infos), "number of frames"),
        "DKOFFSET": (offset or "none", "offset removed: common, pixel or none"),
        **{f"DKOFF{number}": (value, "[electron] offset of the set") for number, value in enumerate(offsets, 1)},
    }


def checked_offset(offset, stack):
    """``offset`` where it can be had of ``stack``."""
    checked_choice("offset", offset, _OFFSETS)
    if offset == "pixel" and len(stack) < 3:
        raise ValueError(f"offset='pixel' needs rates of three exposure times or more, got {len(stack)}")
    return offset


def core_width(deviates):
    """Half the width of the middle 68.27 % of ``deviates``: 1 for normal ones; None where there are none."""
    if deviates.size == 0:
        return None
    low, high = np.percentile(deviates, [15.865525, 84.134475])
    return float(high - low) / 2
