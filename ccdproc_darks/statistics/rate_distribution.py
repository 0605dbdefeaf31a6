# Licensed under a 3-clause BSD style license - see LICENSE
"""Which rates the pixels of a sensor have: what a pixel of few electrons cannot tell of itself."""

from dataclasses import dataclass

import numpy as np

from .rate_fit import rate_estimator
from .robust import robust_mean, upper_median

__all__ = ["RateDistribution", "fit_rate_distribution", "sensor_rate_distribution"]

# In standard deviations of an estimate: how close possible rates are, and bins of estimates, and how many there are.
_RATE_STEP, _BIN_STEP, _MOST = 0.5, 1 / 6, 400
# How well the variance of every count must be known for an estimate of the rate to do by itself.
_CERTAIN = 0.05
_REACH, _NEAR, _BELOW = 8.0, 6.0, 5.0
_LEAST_PIXELS = 100
# One in so many pixels tells a variance that is the same for most.
_FEW = 7
# Without read noise estimates are as coarse as electrons; in electrons.
_LEAST_SMOOTH = 0.3
_ITERATIONS = 1000
_IMPOSSIBLE, _NOTHING = 1e-200, 1e-12


@dataclass
class RateDistribution:
    """
    Rates that pixels have.

    Attributes
    ----------
    rates : `numpy.ndarray`
        Possible rates (electron/s), rising, shape (rates,).
    probability : `numpy.ndarray`
        The share of the pixels that has each.
    estimates, means : `numpy.ndarray`
        Estimates of a rate, rising, and the mean rate of the pixels that show it.
    """

    rates: np.ndarray
    probability: np.ndarray
    estimates: np.ndarray
    means: np.ndarray

    @property
    def log_probability(self):
        """Logarithm of the probabilities."""
        return np.log(self.probability)

    def posterior_mean(self, estimate):
        """Mean rate of the pixels that show an estimate: what to weigh counts with. Beyond all, the estimate."""
        return np.where(estimate > self.estimates[-1], estimate, np.interp(estimate, self.estimates, self.means))


def fit_rate_distribution(estimates, estimator, seconds, frames, read_variance, shared):
    """
    The population of rates that makes estimates of them scatter as they do.

    Parameters
    ----------
    estimates : `numpy.ndarray`
        ``estimator . counts`` of many pixels (electron/s).
    estimator, seconds, frames, read_variance : `numpy.ndarray`
        One number for each exposure time, the same for all these pixels.
    shared : list
        Biases shared, as of `ccdproc_darks.statistics.rate_fit.fit_rate`.

    Returns
    -------
    `RateDistribution` or None
        None where there are fewer than 100 pixels, or where each pixel's own estimate is enough: where it tells the
        variance of all its counts to 5 %.

    Notes
    -----
    The nonparametric maximum-likelihood estimate of a mixing distribution (Kiefer and Wolfowitz 1956; Laird 1978, by
    the EM algorithm of Dempster, Laird and Rubin 1977) on a grid of rates half a standard deviation apart, with the
    exact law of an estimate. One pixel more is spread evenly over the grid, so that no rate
    is impossible.
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
    # What lies far below zero is no dark current at all, however far.
    numbers, _ = np.histogram(np.maximum(scale.from_rate(estimates), scale.zero - _BELOW), edges)
    centres = (edges[:-1] + edges[1:]) / 2
    rates, values = scale.to_rate(nodes), scale.to_rate(centres)
    density = _probability_of_bins(scale.to_rate(edges), rates, constant, estimator * seconds, estimator / frames)
    # Pixels of higher rates than those possible here have no say.
    seen = (numbers > 0) & (centres < nodes[-1] + 1)
    likelihood, numbers = density[seen] + _IMPOSSIBLE, numbers[seen]
    probability = np.full(nodes.size, 1 / nodes.size)
    for _ in range(_ITERATIONS):
        probability *= likelihood.T @ (numbers / (likelihood @ probability)) / numbers.sum()
    probability = (probability * estimates.size + 1 / nodes.size) / (estimates.size + 1)
    # Where no estimate was, nor can be of these rates, the mean is that of the nearest rate.
    covered = density @ probability > _NOTHING
    means = (density @ (probability * rates))[covered] / (density @ probability)[covered]
    inside = centres[covered] <= nodes[-1]
    return RateDistribution(rates, probability, values[covered][inside], means[inside])


def _certain_from(scale, constant, growth, seconds, read_variance):
    """Where on the scale a rate's own error no longer leaves the variance of any count uncertain."""
    values = scale.zero + _RATE_STEP * np.arange(_MOST)
    rates = scale.to_rate(values)
    error = np.sqrt(max(constant, 1e-6 * growth**2) + growth * rates)
    share = seconds[:, None] * error / (seconds[:, None] * rates + np.maximum(read_variance[:, None], 1e-12))
    return values[np.argmax(share.max(axis=0) < _CERTAIN)]


def _typical(estimates, scale):
    """Mean of the estimates that are not far off; a median is drawn aside by their skewness."""
    median = upper_median(estimates)
    near = np.abs(scale.from_rate(estimates) - scale.from_rate(median)) < _NEAR
    return robust_mean(estimates[near], np.full(np.count_nonzero(near), scale.error(median)))


def _nodes(scale, typical, top):
    """Possible rates on the scale: none, the typical one, and steps from that."""
    below = np.arange(typical, scale.zero, -_RATE_STEP)[::-1]
    nodes = np.concatenate([below, np.arange(typical + _RATE_STEP, max(top, typical + _RATE_STEP), _RATE_STEP)])
    return np.unique(np.concatenate([[scale.zero], nodes]))


class _StabilisedScale:
    """A scale of rates on which an estimate's standard deviation is 1: ``2 sqrt(variance) / growth``."""

    def __init__(self, constant, growth):
        self._constant, self._growth = max(constant, 1e-6 * growth**2), growth
        self.zero = 2 * np.sqrt(self._constant) / growth

    def from_rate(self, rate):
        positive = 2 * np.sqrt(self._constant + self._growth * np.maximum(rate, 0)) / self._growth
        return positive + np.minimum(rate, 0) / np.sqrt(self._constant)

    def error(self, rate):
        """Standard deviation of an estimate of a rate."""
        return np.sqrt(self._constant + self._growth * max(rate, 0.0))

    def to_rate(self, value):
        positive = (np.square(np.maximum(value, self.zero) * self._growth / 2) - self._constant) / self._growth
        return np.maximum(positive, 0.0) + np.minimum(value - self.zero, 0) * np.sqrt(self._constant)


def _probability_of_bins(edges, rates, constant, growth, steps):
    """
    Probability that an estimate falls between two ``edges``, for pixels of given rates, shape (bins, rates).

    Parameters
    ----------
    edges, rates : `numpy.ndarray`
        Estimates, and true rates (electron/s).
    constant : float
        Variance of the Gaussian part of an estimate.
    growth, steps : `numpy.ndarray`
        What the estimate gets from each exposure for a rate of 1, and from one electron there.

    Notes
    -----
    Of the inverse Fourier transform of the characteristic function of an estimate,
    ``exp(d sum_k g_k / a_k (e^(i w a_k) - 1) - w^2 v / 2)`` with g the growth and a the steps: exact.
    """
    variance = max(constant, (_LEAST_SMOOTH * np.abs(steps).max()) ** 2)
    margin = 4 * np.sqrt(variance)
    low, high = edges[0] - margin, edges[-1] + margin
    number = 2 ** int(np.ceil(np.log2((high - low) / np.sqrt(variance) * 3)))
    values = low + (high - low) / number * np.arange(number)
    frequency = 2 * np.pi / (high - low) * np.arange(number // 2 + 1)
    of_one = (growth / steps) @ np.expm1(1j * np.outer(steps, frequency))
    transform = np.exp(rates[:, None] * of_one - frequency**2 * variance / 2)
    density = np.fft.irfft(np.conj(transform) * np.exp(1j * frequency * low), number, axis=1)
    below = np.cumsum(np.maximum(density, 0), axis=1)
    ends = values + (values[1] - values[0]) / 2
    return np.diff([np.interp(edges, ends, one / one[-1]) for one in below], axis=1).T


def sensor_rate_distribution(samples, seconds, numbers, shared, offsets, free_offset):
    """
    `RateDistribution` of the pixels of a sensor, or None where none is needed.

    Parameters
    ----------
    samples : iterable of `ccdproc_darks.rates.rate_images.MeanCounts`
        Some of its rows; changed.
    seconds, numbers : `numpy.ndarray`
        Exposure times (s), and how many frames there are of each.
    shared : list
        Biases shared, as of `ccdproc_darks.statistics.rate_fit.fit_rate`.
    offsets : `numpy.ndarray`
        Common offsets of the exposures (electron).
    free_offset : bool
        Whether pixels have offsets of their own.
    """
    counts, variances = [], []
    for rows in samples:
        rows.counts -= np.where(rows.usable, offsets[:, None, None], 0.0)
        # Pixels that lost no frame: their estimates all have the same law.
        complete = (rows.usable & (rows.frames == numbers[:, None, None])).all(axis=0)
        complete = np.flatnonzero(complete)
        found, variance = (part.reshape(len(numbers), -1) for part in (rows.counts, rows.read_variance))
        counts.append(found if complete.size == found.shape[1] else found[:, complete])
        variances.append(variance[:, complete[::_FEW]])
    counts, variances = np.concatenate(counts, axis=1), np.concatenate(variances, axis=1)
    if counts.shape[1] < _LEAST_PIXELS:
        return None
    # A plain rate is good enough to tell which is typical.
    if free_offset:
        rates = (counts[-1] - counts[0]) / (seconds[-1] - seconds[0])
    else:
        rates = _combined(numbers, counts) / (numbers * seconds).sum()
    variance, typical = np.median(variances, axis=1), max(float(upper_median(rates)), 0.0)
    estimator = rate_estimator(typical, seconds, numbers, variance, shared, free_offset)
    return fit_rate_distribution(_combined(estimator, counts), estimator, seconds, numbers, variance, shared)


def _combined(weights, counts):
    """Weighted sum over exposures; `numpy.matmul` would start threads that wait for more at the cost of all others."""
    return sum(weight * count for weight, count in zip(weights, counts, strict=True))
