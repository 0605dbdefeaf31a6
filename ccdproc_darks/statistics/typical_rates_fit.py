# Licensed under a 3-clause BSD style license - see LICENSE
"""Distribution of the dark rates of typical pixels, from measured ones, by maximum likelihood."""

from dataclasses import dataclass, replace

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
# Deviate of a threshold that should be right, and relative error of a tail probability that does not matter.
_FAR, _NEGLIGIBLE = 4.0, 0.02


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
    # Where the noise told is too large, rates scatter less.
    scatter = max(median - low, float(np.median(noise)))
    if excess.size < _LEAST or not scatter > 0:
        return _of_few(excess, noise, backgrounds)
    classes = _classes(excess, median, scatter, variance, exposure, backgrounds)
    return _Likelihood(classes, median, scatter, backgrounds).best()


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
        ).x  # fmt: skip
        rate, width, skew, hot = self._checked(found)
        found = np.array([rate, width**2, skew, hot])
        covariance = self._covariance(found)
        typical = self._typical(found)
        # No median is better known than by a mean of so many pixels.
        least = 1 / np.sqrt(self._pixels)
        error = float(max(np.sqrt(covariance[0, 0]), least) * self._scatter)
        return replace(typical, error=error, others=self._others(found, covariance))

    def _typical(self, parameters):
        """`TypicalRates` of median, variance, skewness and fraction of hot pixels."""
        rate, variance, skew, _ = parameters
        return TypicalRates(
            float(self._median + rate * self._scatter), float(np.sqrt(max(variance, 0)) * self._scatter),
            float(np.clip(skew, 0, _HIGHEST_SKEW)),
        )  # fmt: skip

    def _others(self, best, covariance):
        """The two `TypicalRates` of Gauss and Hermite's rule, in the direction in which a high threshold is wrong."""
        step = np.maximum(np.sqrt(np.diag(covariance)) / 10, 1e-9)

        def far(parameters):
            typical = self._typical(parameters)
            return (typical.rate + typical.quantile(_FAR)) / self._scatter

        gradient = np.array([(far(best + one) - far(best - one)) / 2 for one in np.diag(step)]) / step
        error = np.sqrt(gradient @ covariance @ gradient)
        if not (error * _FAR) ** 2 / 2 > _NEGLIGIBLE:
            return ()
        direction = covariance @ gradient / error
        return tuple(self._typical(best + way * np.sqrt(3) * direction) for way in (-1, 1))

    @staticmethod
    def _checked(parameters):
        rate, width, skew, hot = parameters
        return rate, abs(width), np.clip(skew, _LEAST_SKEW, _HIGHEST_SKEW), abs(hot)

    def __call__(self, parameters):
        """Minus the logarithm of the likelihood, with what is expected of the skewness."""
        rate, width, skew, hot = self._checked(parameters)
        total = 0.0
        for one, expected in zip(self._classes, self._expected(rate, width, skew, hot), strict=True):
            total -= one.numbers @ np.log(expected)
        outside = np.abs(parameters[2] - skew)
        surprise = (skew - self._expected_skew(rate, width)) / _SKEW_ERROR
        return total + surprise**2 / 2 + 1e3 * outside + 1e3 * (abs(rate) > 3)

    def _expected(self, rate, width, skew, hot):
        """Probability of each bin, for each class of pixels."""
        share = _shares(self._grid, rate, max(width, 1e-3), skew) + hot * _evenly_above(self._grid, rate)
        for one in self._classes:
            expected = one.probability @ share
            yield np.maximum(expected / expected.sum(), 1e-300)

    def _expected_skew(self, rate, width):
        return _expected_skew(width, self._level / self._scatter + rate)

    def _covariance(self, best):
        """Covariance of median, variance, skewness and fraction of hot pixels: inverse of Fisher's information."""
        steps = np.diag([1e-3, 1e-3, 1e-3, 1e-4])
        # Away from the ends of the parameters, where the derivatives have a step.
        point = np.maximum(best, [-np.inf, 4e-3, 2e-3, 2e-4])
        sides = []
        for way in (1, -1):
            each = []
            for rate, variance, skew, hot in point + way * steps:
                width = np.sqrt(variance)
                bins = np.concatenate(list(self._expected(rate, width, skew, hot)))
                each.append(np.append(bins, (skew - self._expected_skew(rate, width)) / _SKEW_ERROR))
            sides.append(np.array(each))
        slope = (sides[0] - sides[1]) / (2 * steps.diagonal()[:, None])
        rate, variance, skew, hot = point
        weight = np.concatenate(
            [
                one.numbers.sum() / np.maximum(bins, 1e-12)
                for one, bins in zip(self._classes, self._expected(rate, np.sqrt(variance), skew, hot), strict=True)
            ]
        )
        return np.linalg.pinv((slope * np.append(weight, 1.0)) @ slope.T, hermitian=True)


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
