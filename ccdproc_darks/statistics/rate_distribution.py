# Licensed under a 3-clause BSD style license - see LICENSE
"""Distribution of the true dark rates of a sensor's pixels; few electrons of one pixel hardly tell its own rate."""

from dataclasses import dataclass

import numpy as np

from .rate_fit import rate_estimator
from .robust import robust_mean, upper_median

__all__ = ["RateDistribution", "fit_rate_distribution", "probability_of_bins", "sensor_rate_distribution"]

# Step of the grid of true rates, and width of the bins of estimated ones (standard deviations of an estimate); most
# steps.
_RATE_STEP, _BIN_STEP, _MOST = 0.5, 1 / 6, 400
# Relative error of the variance of counts at which a pixel's own estimate of its rate is good enough.
_CERTAIN = 0.05
# Standard deviations of an estimate: by how much bins reach beyond the grid, near the median, far below zero.
_REACH, _NEAR, _BELOW = 8.0, 6.0, 5.0
_LEAST_PIXELS = 100
# One pixel in so many is enough for the median variance by read noise.
_FEW = 7
# Least smoothing (electron): without read noise, estimates are a comb of whole electrons.
_LEAST_SMOOTH = 0.3
_ITERATIONS = 1000
# Likelihood in place of zero; largest probability of a bin that counts as empty.
_IMPOSSIBLE, _NOTHING = 1e-200, 1e-12


@dataclass
class RateDistribution:
    """Distribution of the true dark rates of a sensor's pixels.

    Attributes
    ----------
    rates, probability : `numpy.ndarray`
        Grid of true rates (electron/s), rising, and the fraction of the pixels that have each; shape (rates,).
    estimates, means : `numpy.ndarray`
        Estimated rates, rising, and the mean true rate of the pixels with such an estimate (electron/s).
    """

    rates: np.ndarray
    probability: np.ndarray
    estimates: np.ndarray
    means: np.ndarray

    @property
    def log_probability(self):
        """Logarithm of ``probability``."""
        return np.log(self.probability)

    def posterior_mean(self, estimate):
        """Mean true rate of the pixels with an estimated rate (electron/s); above the grid, the estimate itself."""
        return np.where(estimate > self.estimates[-1], estimate, np.interp(estimate, self.estimates, self.means))


def fit_rate_distribution(estimates, estimator, seconds, frames, read_variance, shared):
    """Distribution of true rates that best explains the estimated rates of many pixels.

    Parameters
    ----------
    estimates : `numpy.ndarray`
        Estimated rates ``estimator . counts`` (electron/s), shape (pixels,).
    estimator, seconds, frames, read_variance : `numpy.ndarray`
        Coefficients (1/s), exposure times (s), numbers of frames, and variances of mean counts by read noise
        (electron^2), shape (exposures,); the same for all these pixels.
    shared : list
        Exposures that share a bias: see `ccdproc_darks.statistics.rate_fit.fit_rate`.

    Returns
    -------
    `RateDistribution` or None
        None for fewer than 100 pixels, and where each pixel's own estimate tells the variance of its counts to 5 %.

    Notes
    -----
    The nonparametric maximum-likelihood estimate of a mixing distribution (Kiefer and Wolfowitz 1956; Laird 1978, by
    the EM algorithm of Dempster, Laird and Rubin 1977) on a grid of rates half a standard deviation apart, with the
    exact law of an estimate. One more pixel is spread evenly over the grid, so that no rate has the probability zero.
    """
    constant = (estimator**2 * read_variance).sum() + sum(v * estimator[members].sum() ** 2 for members, v in shared)
    growth = (estimator**2 * seconds / frames).sum()
    scale = _StabilisedScale(constant, growth)
    certain = _certain_from(scale, constant, growth, seconds / frames, read_variance)
    if estimates.size < _LEAST_PIXELS or upper_median(estimates) >= scale.to_rate(certain):
        return None
    top = min(scale.from_rate(estimates.max()) + 1, certain)
    nodes = _nodes(scale, scale.from_rate(max(_typical(estimates, scale), 0.0)), max(top, scale.zero + 1))
    edges = np.arange(scale.zero - _REACH, nodes[-1] + _REACH, _BIN_STEP)
    # An estimate far below zero means a rate of zero, however far below it is.
    numbers, _ = np.histogram(np.maximum(scale.from_rate(estimates), scale.zero - _BELOW), edges)
    centres = (edges[:-1] + edges[1:]) / 2
    rates, values = scale.to_rate(nodes), scale.to_rate(centres)
    density = probability_of_bins(scale.to_rate(edges), rates, constant, estimator * seconds, estimator / frames)
    # Pixels above the grid take no part.
    seen = (numbers > 0) & (centres < nodes[-1] + 1)
    likelihood, numbers = density[seen] + _IMPOSSIBLE, numbers[seen]
    probability = np.full(nodes.size, 1 / nodes.size)
    for _ in range(_ITERATIONS):
        probability *= likelihood.T @ (numbers / (likelihood @ probability)) / numbers.sum()
    probability = (probability * estimates.size + 1 / nodes.size) / (estimates.size + 1)
    # Bins that none of these rates reaches have no mean: `posterior_mean` takes the nearest one.
    covered = density @ probability > _NOTHING
    means = (density @ (probability * rates))[covered] / (density @ probability)[covered]
    inside = centres[covered] <= nodes[-1]
    return RateDistribution(rates, probability, values[covered][inside], means[inside])


def _certain_from(scale, constant, growth, seconds, read_variance):
    """Scale value above which a pixel's own estimated rate tells the variance of all its counts well enough."""
    values = scale.zero + _RATE_STEP * np.arange(_MOST)
    rates = scale.to_rate(values)
    error = np.sqrt(max(constant, 1e-6 * growth**2) + growth * rates)
    share = seconds[:, None] * error / (seconds[:, None] * rates + np.maximum(read_variance[:, None], 1e-12))
    return values[np.argmax(share.max(axis=0) < _CERTAIN)]


def _typical(estimates, scale):
    """Typical rate (electron/s): mean of the estimates near the median, which itself is biased by their skewness."""
    median = upper_median(estimates)
    near = np.abs(scale.from_rate(estimates) - scale.from_rate(median)) < _NEAR
    return robust_mean(estimates[near], np.full(np.count_nonzero(near), scale.error(median)))


def _nodes(scale, typical, top):
    """Grid of true rates, as scale values: zero, the ``typical`` one, and equal steps down and up from it."""
    below = np.arange(typical, scale.zero, -_RATE_STEP)[::-1]
    nodes = np.concatenate([below, np.arange(typical + _RATE_STEP, max(top, typical + _RATE_STEP), _RATE_STEP)])
    return np.unique(np.concatenate([[scale.zero], nodes]))


class _StabilisedScale:
    """Scale of rates on which the standard deviation of an estimated rate is 1: ``2 sqrt(variance) / growth``."""

    def __init__(self, constant, growth):
        self._constant, self._growth = max(constant, 1e-6 * growth**2), growth
        self.zero = 2 * np.sqrt(self._constant) / growth

    def from_rate(self, rate):
        positive = 2 * np.sqrt(self._constant + self._growth * np.maximum(rate, 0)) / self._growth
        return positive + np.minimum(rate, 0) / np.sqrt(self._constant)

    def error(self, rate):
        """Standard deviation of the estimate of a rate (electron/s)."""
        return np.sqrt(self._constant + self._growth * max(rate, 0.0))

    def to_rate(self, value):
        positive = (np.square(np.maximum(value, self.zero) * self._growth / 2) - self._constant) / self._growth
        return np.maximum(positive, 0.0) + np.minimum(value - self.zero, 0) * np.sqrt(self._constant)


def probability_of_bins(edges, rates, constant, growth, steps):
    """Probability that a pixel of each of the ``rates`` is estimated between two ``edges``, shape (bins, rates).

    ``constant`` is the variance of the Gaussian part of an estimate (electron^2/s^2). ``growth`` is what each exposure
    adds to the estimate per electron/s of true rate, ``steps`` what one electron in it adds (1/s). The result is exact:
    the integral of an inverse Fourier transform, that of the characteristic function of an estimate,
    ``exp(d sum_k g_k / a_k (e^(i w a_k) - 1) - w^2 v / 2)`` with d the rate, v the constant, g the growth and a the
    steps.
    """
    variance = max(constant, (_LEAST_SMOOTH * np.abs(steps).max()) ** 2)
    margin = 4 * np.sqrt(variance)
    low, high = edges[0] - margin, edges[-1] + margin
    number = 2 ** int(np.ceil(np.log2((high - low) / np.sqrt(variance) * 3)))
    values = low + (high - low) / number * np.arange(number)
    frequency = 2 * np.pi / (high - low) * np.arange(number // 2 + 1)
    of_one = (growth / steps) @ np.expm1(1j * np.outer(steps, frequency))
    # A rate below zero, which a bias error makes, has the noise of a rate of zero.
    moved = 1j * growth.sum() * np.outer(np.minimum(rates, 0), frequency)
    transform = np.exp(np.maximum(rates, 0)[:, None] * of_one + moved - frequency**2 * variance / 2)
    density = np.fft.irfft(np.conj(transform) * np.exp(1j * frequency * low), number, axis=1)
    below = np.cumsum(np.maximum(density, 0), axis=1)
    ends = values + (values[1] - values[0]) / 2
    return np.diff([np.interp(edges, ends, one / one[-1]) for one in below], axis=1).T


def sensor_rate_distribution(samples, seconds, numbers, shared, offsets, free_offset):
    """`RateDistribution` of a sensor's pixels, from the `MeanCounts` of some of its rows; None where none is needed.

    There is one exposure time ``seconds``, one ``numbers`` of frames and one common offset (``offsets``, electron) for
    each exposure. For ``shared`` and ``free_offset`` see `ccdproc_darks.statistics.rate_fit.fit_rate`.
    """
    counts, variances = [], []
    for rows in samples:
        # Only pixels that lost no frame: their estimates all have the same law.
        complete = np.flatnonzero((rows.usable & (rows.frames == numbers[:, None, None])).all(axis=0))
        found, variance = (part.reshape(len(numbers), -1) for part in (rows.counts, rows.read_variance))
        counts.append(found if complete.size == found.shape[1] else found[:, complete])
        variances.append(variance[:, complete[::_FEW]])
    counts, variances = np.concatenate(counts, axis=1), np.concatenate(variances, axis=1)
    if counts.shape[1] < _LEAST_PIXELS:
        return None
    counts -= offsets[:, None]
    # A rate without weights by noise is good enough to find the typical one.
    if free_offset:
        rates = (counts[-1] - counts[0]) / (seconds[-1] - seconds[0])
    else:
        rates = _combined(numbers, counts) / (numbers * seconds).sum()
    variance, typical = np.median(variances, axis=1), max(float(upper_median(rates)), 0.0)
    estimator = rate_estimator(typical, seconds, numbers, variance, shared, free_offset)
    return fit_rate_distribution(_combined(estimator, counts), estimator, seconds, numbers, variance, shared)


def _combined(weights, counts):
    """Weighted sum over exposures. `numpy.matmul` would start threads, which slow down the others while they wait."""
    return sum(weight * count for weight, count in zip(weights, counts, strict=True))
