# Licensed under a 3-clause BSD style license - see LICENSE
"""Exact probability that counts of equal frames scatter so much, given their mean, from tables of one frame."""

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from .count_law import CountLaw
from .rate_distribution import RateDistribution
from .rate_fit import TINY_RATE
from .significance import deviate_of_chi_square, deviate_of_log_tail, log_chi_square_tail, needs_exact_tail

__all__ = ["EqualCountsTail", "EqualCountsTails"]

# Step of the tables (read noises), between which they are cubic; their reach beyond zero and the highest rate (standard
# deviations of a frame); most steps.
_STEP, _REACH, _MOST = 1 / 4, 10.0, 4096
# Points of the table of tails, and the root of a chi-square at its end; largest root of a pixel that takes it.
_POINTS, _LAST, _FURTHEST = 2**13, 60.0, 30.0
# Pixels that are computed together: their arrays fit into the processor's cache.
_AT_ONCE = 2**10
# Step of the logarithm of the variance by read noise between tables, and most steps from a typical one.
_VARIANCE_STEP, _VARIANCE_STEPS = 0.05, 30
# As in `ccdproc_darks.statistics.conditional_tail`.
_IMPROBABLE, _NEAR = 16.0, 0.3


@dataclass
class EqualCountsTail:
    """The law of `ccdproc_darks.statistics.conditional_tail.far_deviate` for frames that are all alike.

    Frames have one exposure time and one read noise. All frames of a pixel have the same law then: the tilt to their
    mean is that of one frame, and all sums over frames are of functions of one count, which are tabulated.

    Attributes
    ----------
    distribution : `ccdproc_darks.statistics.rate_distribution.RateDistribution`
        Distribution of the true rates of the sensor's pixels.
    seconds : float
        Exposure time (s).
    variance : float
        Variance of a count by read noise (electron^2).
    frames : int
        Number of frames.
    low, step : float
        First count of the tables, and their step (electron).
    tables : `numpy.ndarray`
        Of each count c, for each true rate: the exponent ``h = s c - K(s)`` of the density with the tilt s to c, s,
        ``s c``, and ``log K''(s)``; shape (counts, 4, rates).
    log_tails : `numpy.ndarray`
        Logarithm of the probability of a chi-square, at equal steps of its root.
    """

    distribution: RateDistribution
    seconds: float
    variance: float
    frames: int
    low: float
    step: float
    tables: np.ndarray
    log_tails: np.ndarray

    @classmethod
    def of(cls, distribution, seconds, variance, frames):
        """Tables for a distribution of rates."""
        electrons = distribution.rates * seconds
        low, step = -_REACH * np.sqrt(variance), _STEP * np.sqrt(variance)
        counts = low + step * np.arange(int(_number_of_steps(electrons[-1], variance)) + 2)
        one = np.ones((1, counts.size))
        tables = np.empty((counts.size, 4, electrons.size))
        for node, expected in enumerate(electrons):
            law = CountLaw(expected * one, one, variance * one, one > 0, [])
            tilt = law.tilt_to(counts[None])
            curvature = law.covariance(tilt).log_determinant()
            tables[:, :, node] = np.stack(
                [tilt[0] * counts - law.cumulant(tilt), tilt[0], tilt[0] * counts, curvature], 1
            )
        roots = np.linspace(0, _LAST, _POINTS)
        log_tails = log_chi_square_tail(roots**2, np.full(_POINTS, frames - 1))
        return cls(distribution, seconds, variance, frames, low, step, tables, log_tails)

    def deviate(self, counts, mean, squares):
        """Equivalent normal deviates, not negative, as `far_deviate` has them.

        Parameters
        ----------
        counts : `numpy.ndarray`
            Counts (electron), shape (frames, pixels).
        mean, squares : `numpy.ndarray`
            Their mean, and the sum of squares about it.

        Returns
        -------
        `numpy.ndarray`
            Normal deviate whose two-sided probability is that of a scatter as large or larger; NaN where a count is
            beyond the tables.
        """
        found = np.full(counts.shape[1], np.nan)
        lowest, highest = self.low + self.step, self.low + self.step * (len(self.tables) - 3)
        fits = (counts.min(axis=0) >= lowest) & (counts.max(axis=0) < highest)
        fits &= mean <= self.distribution.rates[-1] * self.seconds
        fits &= squares < _FURTHEST**2 * (np.maximum(mean, 0) + self.variance)
        # Pixels of nearly the same mean may have the same true rates.
        pixels = np.flatnonzero(fits)
        pixels = pixels[np.argsort(mean[pixels], kind="stable")]
        for start in range(0, pixels.size, _AT_ONCE):
            few = pixels[start : start + _AT_ONCE]
            found[few] = self._far(counts[:, few].T, mean[few], squares[few])
        return found

    def _far(self, counts, mean, squares):
        """Deviates by the exact law; ``counts`` have the shape (pixels, frames)."""
        number, degrees, rates = self.frames, self.frames - 1, self.distribution.rates
        error = (self.variance / self.seconds + rates) / (number * self.seconds)
        log_odds = self.distribution.log_probability - np.log(error) / 2
        log_odds = log_odds - np.square(mean[:, None] / self.seconds - rates) / error / 2
        likely = log_odds > log_odds.max(axis=1, keepdims=True) - _IMPROBABLE
        nodes = np.flatnonzero(likely.any(axis=0))
        nodes = slice(nodes[0], nodes[-1] + 1)
        likely, log_prior = likely[:, nodes], self.distribution.log_probability[nodes]
        place, place_0 = (counts - self.low) / self.step, (mean[:, None] - self.low) / self.step
        first, last = int(place.min()) - 1, int(place.max()) + 3
        tables = np.ascontiguousarray(self.tables[first:last, :, nodes])
        exponent, tilt, moment, curvature = _sums(tables, place, first)
        exponent_0, _, _, curvature_0 = _sums(tables, place_0, first)
        with np.errstate(divide="ignore", invalid="ignore"):
            w = 2 * (exponent - number * exponent_0)
            quadratic = squares[:, None] * np.exp(-curvature_0)
            slope = moment - mean[:, None] * tilt
            log_gamma = degrees * np.log(quadratic) - (degrees - 2) * np.log(w) - 2 * np.log(slope)
            log_gamma += number * curvature_0 - curvature
            log_gamma /= 2
            corrected = w * np.square(1 - log_gamma / w)
        corrected = np.where((w > _NEAR**2) & np.isfinite(corrected), corrected, np.maximum(quadratic, 0.0))
        log_tail = np.where(likely, self._log_tail(corrected), -np.inf)
        log_weight = np.where(likely, log_prior - number * exponent_0 - curvature_0 / 2, -np.inf)
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        top = log_tail.max(axis=1)
        # Added up one after the other: zeros of rates that only other pixels may have change nothing.
        tail = np.cumsum(weight * np.exp(log_tail - top[:, None]), axis=1)[:, -1]
        return deviate_of_log_tail(np.log(tail / np.cumsum(weight, axis=1)[:, -1]) + top - np.log(2))

    def _log_tail(self, chi_square):
        place = np.sqrt(chi_square)
        place *= (_POINTS - 1) / _LAST
        np.minimum(place, _POINTS - 1.001, out=place)
        cell = place.astype(np.intp)
        low = self.log_tails[cell]
        return low + (place - cell) * (self.log_tails[cell + 1] - low)


@dataclass
class EqualCountsTails:
    """Deviates of the scatter of equal frames, as `ccdproc_darks.comparison.comparer.compare_rows` has them.

    Pixels may differ in read noise: what the exact law adds to the deviate of a chi-square is linear between tables of
    some variances by read noise.

    Attributes
    ----------
    distribution, seconds, frames
        See `EqualCountsTail`.
    typical : float
        Variance of a count by read noise in a typical pixel (electron^2).
    """

    distribution: RateDistribution
    seconds: float
    frames: int
    typical: float
    _tails: dict = field(default_factory=dict, repr=False)

    def deviate(self, counts, variance):
        """Equivalent normal deviates, not negative; NaN where the tables do not tell.

        Parameters
        ----------
        counts : `numpy.ndarray`
            Counts (electron), shape (frames, pixels).
        variance : `numpy.ndarray`
            Variance of a count by read noise (electron^2), shape (pixels,).
        """
        mean = counts.mean(axis=0)
        away = counts - mean
        squares = np.square(away).sum(axis=0)
        electrons = np.maximum(self.distribution.posterior_mean(mean / self.seconds), TINY_RATE) * self.seconds
        total = electrons + variance
        size = self._of_chi_square(squares / total)
        with np.errstate(divide="ignore", invalid="ignore"):
            skewness = electrons * (away * away * away).sum(axis=0) / (squares * total) ** 1.5
            place = np.log(variance / self.typical) / _VARIANCE_STEP
        far = needs_exact_tail(size, skewness, electrons / total**2, False)
        told = np.abs(place) <= _VARIANCE_STEPS
        size[far & ~told] = np.nan
        far = np.flatnonzero(far & told)
        node = np.floor(place[far]).astype(int)
        part = place[far] - node
        shift = np.zeros(far.size)
        for number in np.unique(np.concatenate([node, node[part > 0] + 1])):
            share = np.where(node == number, 1 - part, np.where(node == number - 1, part, 0.0))
            few = np.flatnonzero(share)
            pixels, tail = far[few], self._tail(int(number))
            plain = self._of_chi_square(squares[pixels] / (electrons[pixels] + tail.variance))
            shift[few] += share[few] * (tail.deviate(counts[:, pixels], mean[pixels], squares[pixels]) - plain)
        size[far] += shift
        return size

    def _of_chi_square(self, chi_square):
        return deviate_of_chi_square(chi_square, np.full(chi_square.shape, self.frames - 1))

    def _tail(self, number):
        """`EqualCountsTail` of a node; two threads may make the same one."""
        if number not in self._tails:
            variance = self.typical * np.exp(number * _VARIANCE_STEP)
            self._tails[number] = EqualCountsTail.of(self.distribution, self.seconds, variance, self.frames)
        return self._tails[number]

    @classmethod
    def of(cls, distribution, seconds, frames, typical):
        """Tables; None without a distribution of rates, and where a low read noise would make them large."""
        if distribution is None or not typical > 0:
            return None
        found = cls(distribution, seconds, frames, typical)
        lowest = typical * np.exp(-(_VARIANCE_STEPS + 1) * _VARIANCE_STEP)
        return found if _number_of_steps(distribution.rates[-1] * seconds, lowest) <= _MOST else None


def _number_of_steps(electrons, variance):
    """Steps of tables up to the highest expected number of electrons."""
    reach = _REACH * (np.sqrt(variance) + np.sqrt(electrons + variance))
    return (electrons + reach) / (_STEP * np.sqrt(variance))


def _sums(tables, place, first):
    """Sums of tabulated functions over the counts of each pixel, cubic between the nodes (Lagrange).

    ``place`` are counts in steps, shape (pixels, counts); the tables begin at the step ``first``. The result has the
    shape (4, pixels, rates).
    """
    pixels, number = place.shape
    cell = place.astype(np.int32)
    t = place - cell
    columns = cell[:, :, None] + np.arange(-1 - first, 3 - first, dtype=np.int32)
    weights = np.empty(columns.shape)
    weights[..., 0] = -t * (t - 1) * (t - 2) / 6
    weights[..., 1] = (t * t - 1) * (t - 2) / 2
    weights[..., 2] = -t * (t + 1) * (t - 2) / 2
    weights[..., 3] = t * (t * t - 1) / 6
    ends = np.arange(pixels + 1, dtype=np.int32) * (4 * number)
    matrix = csr_array((weights.ravel(), columns.ravel(), ends), shape=(pixels, len(tables)))
    found = matrix @ tables.reshape(len(tables), -1)
    return np.moveaxis(found.reshape(pixels, 4, -1), 1, 0)
