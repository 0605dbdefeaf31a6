# Licensed under a 3-clause BSD style license - see LICENSE
"""Distribution of the dark rates of typical pixels, from measured ones, by maximum likelihood."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr

from .rate_distribution import probability_of_bins
from .robust import robust_mean
from .typical_rates import TypicalRates

__all__ = ["fit_typical_rates"]

# Fraction of normal deviates below -1.
_BELOW = 0.15865525
# Pixels that are enough for a first quantile; fewest for a fit.
_FEW, _LEAST = 2**16, 200
# In scatters of the lower half: bins of rates, steps of true rates, how far these and the bins reach below the median,
# and up to where pixels take part, as hot pixels take over above.
_BIN, _STEP, _REACH, _UP_TO = 0.15, 0.075, 7.0, 3.0
# Least noise (scatters) that true rates are seen with: sharper edges would need finer grids and tell no more.
_SHARPEST = 0.03
# Classes of pixels of one noise each: width in octaves of the variance, fewest pixels as a fraction of all.
_OCTAVE, _SMALLEST = 0.25, 0.01
# The scatter of the logarithm is expected to be that of positive rates (at most the first), within the second.
_MOST_SKEW, _SKEW_ERROR = 0.5, 0.15
_LEAST_SKEW, _HIGHEST_SKEW = 1e-3, 1.5


def fit_typical_rates(rates, variance, exposure, backgrounds=None):
    """`TypicalRates` of the pixels of a sample, most of which are not hot.

    Parameters
    ----------
    rates : `numpy.ndarray`
        Measured rates (electron/s), finite, shape (pixels,).
    variance, exposure : `numpy.ndarray` or float
        Variance of a typical pixel's rate (electron^2/s^2) and total exposure (s), of each pixel or of all.
    backgrounds : `numpy.ndarray`, optional
        Rate of a typical pixel at each place, where it is not the same everywhere: what is above it is fitted.

    Notes
    -----
    A shifted lognormal distribution of true rates, with the exact law of their noise (Poisson and normal), is fitted to
    the numbers of pixels in bins of the rate up to 3 scatters above the median. Some of the pixels in these bins are
    hot: they are spread evenly above the median, and their fraction is fitted too. How skew the distribution is shows
    little where noise is wider than it: it is then that of rates none of which is below zero, a lognormal one.
    """
    excess = np.asarray(rates, dtype=float)
    if backgrounds is not None:
        excess = excess - backgrounds
    if excess.size == 0:
        return TypicalRates(0.0)
    few = excess[:: 1 + excess.size // _FEW]
    low, median = np.quantile(few, [_BELOW, 0.5])
    noise = np.sqrt(np.broadcast_to(variance, excess.shape))
    if excess.size < _LEAST or not median > low:
        return _of_few(excess, noise, backgrounds)
    classes = _classes(excess, median, median - low, variance, exposure, backgrounds)
    return _Likelihood(classes, median, median - low, backgrounds).best()


def _of_few(excess, noise, backgrounds):
    """`TypicalRates` of a few pixels: robust mean, and what the lower half scatters in excess of the noise."""
    low, median = np.quantile(excess, [_BELOW, 0.5])
    scatter = median - low
    rate = robust_mean(excess, np.maximum(noise, scatter)) if scatter > 0 else float(median)
    typical = float(np.median(noise))
    width = float(np.sqrt(max(scatter**2 - typical**2, 0.0)))
    level = rate + (0.0 if backgrounds is None else float(np.median(backgrounds)))
    error = np.sqrt(np.pi / 2 / excess.size) * max(scatter, typical)
    return TypicalRates(float(rate), width, _expected_skew(width, level), float(error))


def _expected_skew(width, level):
    """Scatter of the logarithm of lognormal rates with this width and median."""
    return min(width / level, _MOST_SKEW) if level > 0 else (_MOST_SKEW if width > 0 else 0.0)


@dataclass
class _NoiseClass:
    """Pixels of about the same noise: their numbers in bins, and the probability of a bin for each true rate."""

    numbers: np.ndarray
    probability: np.ndarray


def _classes(excess, median, scatter, variance, exposure, backgrounds):
    """Grid of true rates above the ``median``, and the `_NoiseClass` of all pixels."""
    edges = median + scatter * np.arange(-_REACH, _UP_TO + _BIN / 2, _BIN)
    grid = median + scatter * np.arange(-_REACH, _UP_TO + _REACH, _STEP)
    edges[0] = -np.inf
    kinds = [np.zeros(excess.size, dtype=int)]
    if np.ndim(variance):
        with np.errstate(divide="ignore"):
            octave = np.log2(variance / np.median(variance)) / _OCTAVE
        kinds = np.round(np.clip(octave, -100, 100)).astype(int)
    else:
        kinds = kinds[0]
    found = []
    for kind in np.unique(kinds):
        pixels = kinds == kind
        number = np.count_nonzero(pixels)
        if number < _SMALLEST * excess.size:
            continue
        of_class = [
            float(np.median(np.asarray(part)[pixels])) if np.ndim(part) else part
            for part in (variance, exposure, 0.0 if backgrounds is None else backgrounds)
        ]
        numbers = np.histogram(excess[pixels], np.r_[-1e300, edges[1:]])[0]
        found.append(_NoiseClass(numbers, _probability(edges, grid, scatter, median, *of_class)))
    return grid, found


def _probability(edges, grid, scatter, median, variance, exposure, background):
    """Probability of each bin for each true rate of the ``grid``, shape (bins, rates)."""
    level = background + median
    other = max(variance - (max(level, 0.0) / exposure if exposure > 0 else 0.0), (_SHARPEST * scatter) ** 2)
    steps = np.array([1 / exposure if exposure > 0 else 1e-6 * scatter])
    # Wide enough for all noise of the lowest and highest rate: what is outside would come in at the other end.
    reach = 6 * np.sqrt(other + np.maximum(grid[[0, -1]] + background, 0) * steps)
    outer = np.r_[min(grid[0], edges[1]) - reach[0], edges[1:], grid[-1] + reach[1]]
    return probability_of_bins(outer + background, grid + background, other, np.ones(1), steps)[:-1]


class _Likelihood:
    """Likelihood of median, width, skewness and fraction of hot pixels; rates in scatters about the median."""

    def __init__(self, found, median, scatter, backgrounds):
        grid, self._classes = found
        self._grid, self._median, self._scatter = (grid - median) / scatter, median, scatter
        self._level = median if backgrounds is None else float(np.median(backgrounds)) + median
        self._pixels = sum(one.numbers.sum() for one in self._classes)

    def best(self):
        """`TypicalRates` of the largest likelihood."""
        start = np.array([0.0, 0.5, 0.2, 0.01])
        found = minimize(
            self, start, method="Nelder-Mead",
            options={"xatol": 1e-4, "fatol": 1e-3, "maxfev": 1200, "initial_simplex": _simplex(start)},
        ).x
        rate, width, skew, _ = self._checked(found)
        error = self._error(found)
        return TypicalRates(
            float(self._median + rate * self._scatter), float(width * self._scatter), float(skew),
            float(error * self._scatter),
        )  # fmt: skip

    @staticmethod
    def _checked(parameters):
        rate, width, skew, hot = parameters
        return rate, abs(width), np.clip(skew, _LEAST_SKEW, _HIGHEST_SKEW), abs(hot)

    def __call__(self, parameters):
        """Minus the logarithm of the likelihood, with what is expected of the skewness."""
        rate, width, skew, hot = self._checked(parameters)
        share = _shares(self._grid, rate, max(width, 1e-3), skew) + hot * _evenly_above(self._grid, rate)
        total = 0.0
        for one in self._classes:
            expected = one.probability @ share
            total -= one.numbers @ np.log(np.maximum(expected / expected.sum(), 1e-300))
        expected = _expected_skew(width, (self._level / self._scatter) + rate)
        outside = np.abs(parameters[2] - skew)
        return total + ((skew - expected) / _SKEW_ERROR) ** 2 / 2 + 1e3 * outside + 1e3 * (abs(rate) > 3)

    def _error(self, best):
        """Standard error of the median rate (scatters), from the curvature of the likelihood."""
        step = np.array([1.0, 1.0, 1.0, 0.2]) * np.clip(3 / np.sqrt(self._pixels), 1e-3, 0.1)
        point = np.maximum(best, [-9, *step[1:]]) if best[1] >= 0 else best
        point = np.where(np.arange(4) > 0, np.maximum(np.abs(point), step), point)
        matrix = np.empty((4, 4))
        for i in range(4):
            for j in range(i, 4):
                a, b = np.eye(4)[i] * step, np.eye(4)[j] * step
                matrix[i, j] = matrix[j, i] = (
                    self(point + a + b) - self(point + a - b) - self(point - a + b) + self(point - a - b)
                ) / (4 * step[i] * step[j])
        fallback = np.sqrt(np.pi / 2 / self._pixels)
        try:
            variance = np.linalg.inv(matrix)[0, 0]
        except np.linalg.LinAlgError:
            return fallback
        # No median is better known than by a mean of so many pixels.
        return max(np.sqrt(variance), 1 / np.sqrt(self._pixels)) if variance > 0 else fallback


def _simplex(start):
    return np.vstack([start, *(start + np.eye(4) * [0.1, 0.3, 0.2, 0.02])])


def _shares(grid, rate, width, skew):
    """Share of each true rate of a ``grid``: of a shifted lognormal distribution, with its mean and its variance.

    Those between two rates are given to both, the nearer the more: the second difference of the expected excess.
    """
    scale, zero = width / skew, rate - width / skew
    above = np.maximum(grid - zero, 1e-300)
    deviate = np.log(above / scale) / skew
    # Mean of max(x - rate, 0) over the rates.
    below = above * ndtr(deviate) - scale * np.exp(skew**2 / 2) * ndtr(deviate - skew)
    share = np.zeros(grid.size)
    share[1:-1] = np.diff(below, 2) / (grid[1] - grid[0])
    return np.maximum(share, 0)


def _evenly_above(grid, rate):
    """Pixels spread evenly above a rate, as a share of each rate of a ``grid``: 1 for each scatter."""
    step = grid[1] - grid[0]
    return step * np.clip((grid - rate) / step + 0.5, 0, 1)
