# Licensed under a 3-clause BSD style license - see LICENSE
"""Distribution of the dark rates of typical pixels, from measured ones, by maximum likelihood."""

from dataclasses import dataclass, replace

import numpy as np
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
# Median, variance, skewness and fraction of hot pixels (scatters about the median): the lowest and highest, those from
# which the fit starts, and steps of the numerical derivative.
_ENDS = np.array([[-3.0, 1e-4, 1e-3, 0.0], [3.0, 25.0, 1.5, 1.0]])
_START = np.array([0.0, 0.5, 0.2, 0.01])
_DERIVATIVE = np.array([1e-3, 1e-3, 1e-3, 1e-4])
# Most steps of the fit, change of the logarithm of the likelihood that is none, and where no step helps.
_ROUNDS, _SETTLED, _MOST_DAMPING = 100, 1e-7, 1e8
_HALVINGS = 40
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
    noise = np.sqrt(variance)
    typical_noise = float(np.median(noise))
    # Where the noise told is too large, rates scatter less.
    scatter = max(median - low, typical_noise)
    if excess.size < _LEAST or not median > low:
        return _of_few(excess, np.broadcast_to(noise, excess.shape), backgrounds)
    classes = _classes(excess, median, scatter, variance, exposure, backgrounds)
    likelihood = _Likelihood(classes, median, scatter, typical_noise, backgrounds)
    return likelihood.best(_in_bins(excess, classes[0]), excess.size)


def _of_few(excess, noise, backgrounds):
    """`TypicalRates` of a few pixels: robust mean, and what the lower half scatters in excess of the noise."""
    low, median = np.quantile(excess, [_BELOW, 0.5])
    scatter = median - low
    rate = robust_mean(excess, np.maximum(noise, scatter)) if scatter > 0 else float(median)
    typical = float(np.median(noise))
    width = float(np.sqrt(max(scatter**2 - typical**2, 0.0)))
    level = rate + (0.0 if backgrounds is None else float(np.median(backgrounds)))
    error = np.sqrt(np.pi / 2 / excess.size) * max(scatter, typical)
    return TypicalRates(float(rate), width, _expected_skew(width, level), error=float(error))


def _expected_skew(width, level):
    """Scatter of the logarithm of lognormal rates with this width and median."""
    return min(width / level, _MOST_SKEW) if level > 0 else (_MOST_SKEW if width > 0 else 0.0)


@dataclass
class _NoiseClass:
    """Pixels of about the same noise: how many, those in bins, and the probability of a bin for each true rate."""

    pixels: int
    numbers: np.ndarray
    probability: np.ndarray


def _classes(excess, median, scatter, variance, exposure, backgrounds):
    """Edges of the bins, grid of true rates, and the `_NoiseClass` of all pixels."""
    edges = median + scatter * np.arange(-_REACH, _UP_TO + _BIN / 2, _BIN)
    grid = median + scatter * np.arange(-_REACH, _UP_TO + _REACH, _STEP)
    edges[0] = -np.inf
    classes = [slice(None)]
    if np.ndim(variance):
        with np.errstate(divide="ignore"):
            octave = np.log2(variance / np.median(variance)) / _OCTAVE
        kinds = np.round(np.clip(octave, -100, 100)).astype(int)
        classes = [kinds == kind for kind in np.unique(kinds)]
    found = []
    for pixels in classes:
        of_these = excess[pixels]
        if of_these.size < _SMALLEST * excess.size:
            continue
        of_class = [
            float(np.median(np.asarray(part)[pixels])) if np.ndim(part) else part
            for part in (variance, exposure, 0.0 if backgrounds is None else backgrounds)
        ]
        numbers = _in_bins(of_these, edges)
        found.append(_NoiseClass(of_these.size, numbers, _probability(edges, grid, scatter, median, *of_class)))
    return edges, grid, found


def _in_bins(values, edges):
    """Number of values between each of the edges, the first of which is minus infinity and the others a step apart."""
    step = edges[2] - edges[1]
    # Bins may be wrong by one, by rounding.
    place = np.clip((values - edges[1]) / step + 1, 0, edges.size - 1).astype(np.intp)
    place -= values < edges[place]
    place += values >= np.append(edges[1:], np.inf)[place]
    numbers = np.bincount(place, minlength=edges.size)
    # The last edge belongs to the last bin, as in `numpy.histogram`.
    numbers[-2] += np.count_nonzero(values == edges[-1])
    return numbers[:-1]


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

    def __init__(self, found, median, scatter, noise, backgrounds):
        edges, grid, self._classes = found
        self._edges = (edges[1:] - median) / scatter
        self._grid, self._median, self._scatter = (grid - median) / scatter, median, scatter
        self._level = median if backgrounds is None else float(np.median(backgrounds)) + median
        self._noise = noise / scatter
        self._pixels = sum(one.numbers.sum() for one in self._classes)

    def best(self, numbers, pixels):
        """`TypicalRates` of the largest likelihood, from the ``numbers`` of all ``pixels`` in bins, small classes too.

        The median of the true rates is lower by what noise adds to that of skew rates. Where the skewness of the fit is
        not that of positive rates, the noise may not be what is told of it: half the difference that this makes is
        part of the error.
        """
        found = self._climbed(_START)
        covariance = np.linalg.pinv(self._slopes(found)[1], hermitian=True)
        step = np.maximum(np.sqrt(np.diag(covariance)) / 10, 1e-9)
        around = [[self._lowered(np.clip(found + way * one, *_ENDS)) for one in np.diag(step)] for way in (-1, 1)]
        gradient = (np.array(around[1]) - np.array(around[0])) / (2 * step)
        variance = np.pi / 2 / self._pixels + gradient @ covariance @ gradient
        lowered = self._lowered(found)
        as_expected = np.clip(found - [0, 0, self._surprise(found) * _SKEW_ERROR, 0], *_ENDS)
        variance += (self._lowered(as_expected) - lowered) ** 2 / 4
        # Pixels of small classes may have rates of one sign, as of a bias that lost samples.
        median = np.interp(pixels / 2, np.cumsum(numbers), self._edges) + lowered
        return replace(
            self._typical(found), median=float(self._median + median * self._scatter),
            error=float(np.sqrt(variance) * self._scatter), others=self._others(found, covariance),
        )  # fmt: skip

    def _median_of(self, numbers):
        """Median of rates (scatters) with these numbers of pixels in the bins of each class."""
        below = np.cumsum(sum(numbers))
        return np.interp(sum(one.pixels for one in self._classes) / 2, below, self._edges)

    def _lowered(self, parameters):
        """Median of the true rates of all pixels, hot ones too, minus that of the measured ones (scatters)."""
        rate, variance, skew, hot = parameters
        share = _shares(self._grid, rate, np.sqrt(variance), skew) + hot * _evenly_above(self._grid, rate)
        expected = [one.probability @ share for one in self._classes]
        good = [one.numbers.sum() / bins.sum() for one, bins in zip(self._classes, expected, strict=True)]
        measured = self._median_of([number * bins for number, bins in zip(good, expected, strict=True)])
        half = sum(one.pixels for one in self._classes) / 2 / sum(good)
        low, high = rate - 3 * np.sqrt(variance), rate + 3 * np.sqrt(variance)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = ndtr(_deviate(middle, rate, np.sqrt(variance), skew)) + hot * max(middle - rate, 0.0)
            low, high = (middle, high) if below < half else (low, middle)
        return high - measured

    def _climbed(self, parameters):
        """Parameters of the largest likelihood: Fisher's scoring, with the damping of Levenberg and Marquardt."""
        value, damping = self(parameters), 1e-3
        for _ in range(_ROUNDS):
            gradient, information = self._slopes(parameters)
            # A parameter at its end stays there where the likelihood grows beyond.
            free = (parameters > _ENDS[0]) | (gradient > 0)
            free &= (parameters < _ENDS[1]) | (gradient < 0)
            while damping < _MOST_DAMPING:
                matrix = information + damping * np.diag(information.diagonal() + 1e-9)
                step = np.zeros(4)
                step[free] = np.linalg.solve(matrix[np.ix_(free, free)], gradient[free])
                trial = np.clip(parameters + step, *_ENDS)
                found = self(trial)
                if found < value:
                    break
                damping *= 10
            else:
                return parameters
            gained, parameters, value, damping = value - found, trial, found, damping / 10
            if gained < _SETTLED:
                break
        return parameters

    def _typical(self, parameters):
        """`TypicalRates` of median, variance, skewness and fraction of hot pixels."""
        rate, variance, skew, _ = parameters
        return TypicalRates(
            float(self._median + rate * self._scatter), float(np.sqrt(max(variance, 0)) * self._scatter),
            float(np.clip(skew, *_ENDS[:, 2])),
        )  # fmt: skip

    def _others(self, best, covariance):
        """The two `TypicalRates` of Gauss and Hermite's rule, in the direction in which a high threshold is wrong."""
        step = np.maximum(np.sqrt(np.diag(covariance)) / 10, 1e-9)

        def far(parameters):
            typical = self._typical(parameters)
            return typical.rate / self._scatter + np.hypot(typical.quantile(_FAR) / self._scatter, _FAR * self._noise)

        gradient = np.array([(far(best + one) - far(best - one)) / 2 for one in np.diag(step)]) / step
        error = np.sqrt(gradient @ covariance @ gradient)
        if not (error * _FAR) ** 2 / 2 > _NEGLIGIBLE:
            return ()
        found = []
        for way in (-1, 1):
            point = np.clip(best + way * np.sqrt(3) * (covariance @ gradient) / error, *_ENDS)
            # No skewness is believed that is further from what is expected.
            expected = point[2] - self._surprise(point) * _SKEW_ERROR
            point[2] = np.clip(point[2], *(expected + np.array([-1, 1]) * np.sqrt(3) * _SKEW_ERROR))
            found.append(self._typical(point))
        return tuple(found)

    def __call__(self, parameters):
        """Minus the logarithm of the likelihood, with what is expected of the skewness."""
        total = self._surprise(parameters) ** 2 / 2
        for one, expected in zip(self._classes, self._expected(parameters), strict=True):
            total -= one.numbers @ np.log(expected)
        return total

    def _surprise(self, parameters):
        """How far, in its standard deviations, the skewness is from that of positive rates."""
        rate, variance, skew, _ = parameters
        expected = _expected_skew(np.sqrt(variance), self._level / self._scatter + rate)
        return (skew - expected) / _SKEW_ERROR

    def _expected(self, parameters):
        """Probability of each bin, for each class of pixels."""
        rate, variance, skew, hot = parameters
        share = _shares(self._grid, rate, np.sqrt(variance), skew) + hot * _evenly_above(self._grid, rate)
        for one in self._classes:
            expected = one.probability @ share
            yield np.maximum(expected / expected.sum(), 1e-300)

    def _slopes(self, parameters):
        """Gradient of the logarithm of the likelihood, and Fisher's information."""
        low, high = (np.clip(parameters + way * _DERIVATIVE, *_ENDS) for way in (-1, 1))
        sides = []
        for changed in (low, high):
            each = [np.where(one, changed, parameters) for one in np.eye(4, dtype=bool)]
            sides.append([np.append(np.concatenate(list(self._expected(at))), self._surprise(at)) for at in each])
        slope = (np.array(sides[1]) - np.array(sides[0])) / (high - low)[:, None]
        expected = list(self._expected(parameters))
        pixels = np.concatenate([np.full(one.numbers.size, one.numbers.sum()) for one in self._classes])
        expected, numbers = np.concatenate(expected), np.concatenate([one.numbers for one in self._classes])
        weight = np.append(pixels / np.maximum(expected, 1e-12), 1.0)
        residual = np.append(numbers / np.maximum(pixels * expected, 1e-9) - 1, 0.0)
        gradient = slope @ (weight * np.append(expected, 0.0) * residual) - slope[:, -1] * self._surprise(parameters)
        return gradient, (slope * weight) @ slope.T


def _deviate(value, rate, width, skew):
    """Normal deviate of a rate in a shifted lognormal distribution."""
    return np.log(np.maximum(1 + (value - rate) * skew / width, 1e-300)) / skew


def _shares(grid, rate, width, skew):
    """Share of each true rate of a ``grid``: of a shifted lognormal distribution, with its mean and its variance.

    Those between two rates are given to both, the nearer the more: the second difference of the expected excess.
    """
    scale = width / skew
    above, deviate = np.maximum(grid - rate + scale, 1e-300), _deviate(grid, rate, width, skew)
    # Mean of max(x - rate, 0) over the rates.
    below = above * ndtr(deviate) - scale * np.exp(skew**2 / 2) * ndtr(deviate - skew)
    share = np.zeros(grid.size)
    share[1:-1] = np.diff(below, 2) / (grid[1] - grid[0])
    return np.maximum(share, 0)


def _evenly_above(grid, rate):
    """Pixels spread evenly above a rate, as a share of each rate of a ``grid``: 1 for each scatter."""
    step = grid[1] - grid[0]
    return step * np.clip((grid - rate) / step + 0.5, 0, 1)
