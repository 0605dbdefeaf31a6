# Licensed under a 3-clause BSD style license - see LICENSE
"""The mean of equal exposures, without the samples that a cosmic ray has hit."""

import math

import numpy as np

from ..statistics.noise import frame_variance, poisson_tilt
from .stack import are_equal

__all__ = [
    "RejectionBound",
    "deviate_of_share",
    "least_above_others",
    "least_excess",
    "may_lose_highest",
    "mean_of_kept",
    "reject",
]

# Variance of rounding to a whole electron (electron^2): counts without read noise are as coarse as that.
_ROUNDING_VARIANCE = 1 / 12
# Largest u of `deviate_of_share` that is taken for z as it is.
_SMALL = 0.3
# Largest ratio of `deviate_of_share` to the normal deviate with the variance at the others' mean: 1.04, with a margin.
_AT_MOST = 1.1
# Factor of a bound: rounding must not hide a pixel that may lose a sample.
_MARGIN = 1 - 1e-9
# Share of the pixels from which on it is quicker to test all of them than to select some.
_MANY = 1 / 4
# Counts are low if only this share (`_LOW`) of the pixels is below them; it is found from one pixel in `_FEW`.
_FEW, _LOW = 101, 0.01


def mean_of_kept(samples, good, combined, *, read_noise=None, own_variance=None, level_shifts=None, clip=None):
    """Mean of equal exposures.

    Parameters
    ----------
    samples : `numpy.ndarray`
        Bias-subtracted counts (electron), shape (frames, rows, columns).
    good : `numpy.ndarray` of bool
        Samples that may be used. Changed in place: the rejected ones become False.
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of, shape (frames,).
    read_noise : float, optional
        Read noise of one exposure (electron). None: ``own_variance`` holds the noise.
    own_variance : `numpy.ndarray`, optional
        Variance of each sample (electron^2).
    level_shifts : `numpy.ndarray`, optional
        Level of each frame above the others (electron), shape (frames,): subtracted before samples are compared.
    clip : float, optional
        Sigmas above which a sample is rejected: the normal deviate that is as unlikely as so high a sample. None keeps
        all.

    Returns
    -------
    counts : `numpy.ndarray`
        Mean of the samples kept (electron); zero where none was.
    frames : `numpy.ndarray`
        Frames in that mean; a combined frame counts as many as went into it.
    own_variance : `numpy.ndarray` or None
        Variance of the mean by ``own_variance`` (electron^2).

    Notes
    -----
    In each pixel, the highest sample x (the mean of n_x exposures) is compared with the mean m of the n_m others; if x
    is rejected, the next highest is compared. The test is how unlikely so large a share of *all* counts is without a
    cosmic ray: without read noise, the share of one frame in a given number of electrons is binomial, whatever the
    rate. x is rejected if this probability, as a normal deviate (`deviate_of_share`), is above ``clip``. Two simpler
    tests are wrong: with the noise expected from the others alone, a single electron over nothing would be a cosmic
    ray; with the scatter of the samples, the tail of the Poisson distribution is clipped.

    Only samples with ``x - m > clip / sqrt(2) * sqrt(V (1 / n_x + 1 / n_m))`` are tested, V being the model's variance
    at the mean of all. No other sample can be rejected: the deviate is at most sqrt(2) times this normal one (of a
    binomial share, the Kullback-Leibler divergence is at most the chi-square), unless the others lie too far down.

    With ``own_variance`` there is no model of the counts. Then x is rejected if ``x - m > clip * sqrt(V_x + V_m)``, by
    normal noise.
    """
    if clip is not None:
        flat = good.reshape(len(samples), -1)
        own = None if own_variance is None else own_variance.reshape(flat.shape)
        reject(samples.reshape(flat.shape), flat, combined, read_noise=read_noise, own_variance=own,
               level_shifts=level_shifts, clip=clip)  # fmt: skip
        good[...] = flat.reshape(good.shape)
    weight = combined[:, None, None] * good
    total = weight.sum(axis=0)
    weighted = np.einsum("i...,i...->...", weight, samples)
    counts = np.divide(weighted, total, out=np.zeros_like(weighted), where=total > 0)
    variance = None
    if own_variance is not None:
        squares = np.where(good, combined[:, None, None] ** 2 * own_variance, 0.0).sum(axis=0)
        variance = np.divide(squares, total**2, out=np.zeros_like(squares), where=total > 0)
    return counts, total, variance


def reject(samples, good, combined, *, read_noise, own_variance, level_shifts, clip):
    """Set ``good`` to False for samples that a cosmic ray has hit, by the rule in the notes of `mean_of_kept`.

    ``samples``, ``good`` and ``own_variance`` have the shape (frames, pixels); ``read_noise`` may have that of each
    pixel.
    """
    if len(samples) < 2 or (read_noise is None and own_variance is None):
        return
    compared = samples if level_shifts is None or not np.any(level_shifts) else samples - level_shifts[:, None]
    pixels = np.flatnonzero(good.sum(axis=0) > 1)
    kept, compared = good[:, pixels], compared[:, pixels]
    # Of the samples that are left: values, parts of the sum and variances, number of exposures and of samples. They are
    # changed where a sample is rejected, as there may be as many rounds as frames.
    values, parts = np.where(kept, compared, -np.inf), np.where(kept, combined[:, None] * compared, 0.0)
    variances = None if own_variance is None else np.where(kept, own_variance[:, pixels], 0.0)
    total, left = (combined[:, None] * kept).sum(axis=0), kept.sum(axis=0)
    noise = _at(read_noise, pixels)
    del kept, compared
    # First all pixels are tested; then, again and again, those whose highest sample was just rejected.
    while pixels.size:
        highest = values.argmax(axis=0)
        at = np.arange(pixels.size)
        value, own = values[highest, at], combined[highest]
        level_sum = _summed(parts)
        others = total - own
        mean_others = (level_sum - own * value) / others
        excess = value - mean_others
        if variances is None:
            hit = excess > least_excess(level_sum / total, own, others, noise, clip)
            hit[hit] = deviate_of_share(value[hit], mean_others[hit], own[hit], others[hit], _at(noise, hit)) > clip
        else:
            # The largest variance of the others is taken for that of their mean: it is on the safe side for few frames.
            hit = excess > clip * np.sqrt(variances[highest, at] + variances.max(axis=0))
        good[highest[hit], pixels[hit]] = False
        again = hit & (left > 2)
        if not again.all():
            values, parts = values[:, again], parts[:, again]
            variances = None if variances is None else variances[:, again]
        pixels, total, left, noise = pixels[again], others[again], left[again] - 1, _at(noise, again)
        rejected = highest[again], np.arange(pixels.size)
        values[rejected], parts[rejected] = -np.inf, 0.0
        if variances is not None:
            variances[rejected] = 0.0


def _at(noise, pixels):
    """Read noise of some pixels: of each its own, or one number."""
    return noise if noise is None or np.ndim(noise) == 0 else noise[pixels]


def least_excess(mean, own, others, read_noise, clip):
    """Excess (electron) over the mean of the others from which on `mean_of_kept` tests a sample.

    ``mean`` is that of all samples (electron); ``own`` is the number of exposures in the sample, ``others`` in the
    others.
    """
    return clip * np.sqrt(frame_variance(mean, read_noise) * ((1 / own + 1 / others) / 2))


def least_above_others(others_mean, own, others, read_noise, clip):
    """Excess (electron) over the mean of the others below which no sample is rejected, from that mean (electron).

    `deviate_of_share` is at most 1.04 times the normal deviate with the variance at the mean of the others, which are
    lower than the sample: the curvature of ``I`` is largest where the variance is smallest. Found on a grid.
    """
    return clip / _AT_MOST * np.sqrt(frame_variance(others_mean, read_noise) * (1 / own + 1 / others))


def _summed(parts):
    """Sums over frames, added in the order of the frames, whatever the number of pixels."""
    total = np.zeros(parts.shape[1])
    for part in parts:
        total += part
    return total


def deviate_of_share(value, others, own, rest, read_noise):
    """Equivalent normal deviate of a mean count that is above another one, given the sum of all counts.

    Parameters
    ----------
    value, others : `numpy.ndarray`
        Means of ``own`` exposures and of ``rest`` others (electron), value > others.
    own, rest : `numpy.ndarray`
        Numbers of exposures.
    read_noise : float or `numpy.ndarray`
        Read noise of one exposure (electron).

    Returns
    -------
    `numpy.ndarray`
        z with P(value larger, given the sum) = P(normal deviate > z); for whole numbers, with half the probability of
        an equal value.

    Notes
    -----
    Skovgaard (1987), the saddlepoint approximation of a conditional tail. One exposure with d expected electrons has
    the cumulant generating function ``K(s) = d (e^s - 1) + s^2 R^2 / 2``. With ``I(y) = s y - K(s)`` and
    ``K2(y) = K''(s)`` where ``K'(s) = y``, and t the mean of all n exposures,

        w^2 = 2 (n_x I(x) + n_m I(m) - n I(t))
        u = (s(x) - s(m)) sqrt(n_x K2(x) n_m K2(m) / (n K2(t)))
        z = w + log(u / w) / w

    Without read noise d cancels (the binomial distribution); without electrons it cancels too, and z is the plain
    normal deviate. In between d matters little, and the mean of all is taken. In that mean, others below zero count as
    zero, as there are no negative electrons: otherwise they would cancel the electrons collected in x.

    Examples
    --------
    Four electrons in one of ten frames and none in the others are one chance in 10 000, nearly 4 sigma. The normal
    deviate, ``4 / sqrt(0.4 (1 + 1 / 9)) = 6``, takes them for a cosmic ray.

    >>> print(f"{deviate_of_share(4.0, 0.0, 1.0, 9.0, read_noise=0.0):.1f}")
    3.9
    """
    noise = np.maximum(read_noise**2, _ROUNDING_VARIANCE)
    number = own + rest
    mean = (own * value + rest * others) / number
    expected = np.maximum(own * value + rest * np.maximum(others, 0), 0) / number
    tilt, rate, curvature = _tilted(value, expected, noise)
    tilt_others, rate_others, curvature_others = _tilted(others, expected, noise)
    _, rate_all, curvature_all = _tilted(mean, expected, noise)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.sqrt(2 * np.maximum(own * rate + rest * rate_others - number * rate_all, 0))
        u = (tilt - tilt_others) * np.sqrt(own * curvature * rest * curvature_others / (number * curvature_all))
        # Small u and w are equal, but w is the root of a difference, which rounding spoils.
        return np.where(u > _SMALL, w + np.log(u / w) / w, u)


def _tilted(y, expected, noise):
    """The s with ``K'(s) = y`` for one exposure, its ``s y - K(s)``, and ``K''(s)``."""
    s, electrons = poisson_tilt(y, expected, noise)
    return s, electrons * (s - 1) + expected + noise * s**2 / 2, electrons + noise


def may_lose_highest(sums, bound):
    """Pixels that may lose their highest sample, by their `FrameSums` and a `RejectionBound`.

    Returns the pixels that were tested (flat indices, or a slice of all), and whether each may lose its highest sample.
    """
    counts, past = sums.counts, sums.past
    low = _low(counts, bound.read_noise)
    # First with the bound for low counts, the lowest of all: the root in each pixel's own bound takes long.
    excess, times = bound.least_excess(low), 1
    if past.dtype.kind == "i":
        times = bound.frames
        excess = math.floor(max(min(excess * times, 2**30), -(2**30)))
    near = past > excess
    if low > 0:
        near |= counts < low
    pixels = slice(None) if np.count_nonzero(near) > _MANY * near.size else np.flatnonzero(near)
    return pixels, bound.may_be_past(counts[pixels], past[pixels] / times)


def _low(counts, read_noise):
    """Counts (electron) that few pixels are below; zero where read noise is larger than their Poisson noise."""
    few = counts[::_FEW]
    place = int(few.size * _LOW)
    low = float(np.partition(few, place)[place])
    return low if low > read_noise**2 else 0.0


class RejectionBound:
    """Excess over the mean of all samples up to which `mean_of_kept` does not reject the highest one.

    Any frame may have the highest sample: the bound is the lowest of all frames'. Parameters are as in `mean_of_kept`,
    with ``scale`` electrons per unit of the frames; ``frames`` is their number.
    """

    def __init__(self, combined, level_shifts, scale, read_noise, clip):
        self.frames, total, self._own = len(combined), combined.sum(), combined.max()
        self._others, self._factor = total - combined.min(), _MARGIN * (total - self._own) / total
        self._middle = np.dot(combined, level_shifts) / total
        self._shift = self._middle - np.min(level_shifts)
        self._scale, self.read_noise, self._clip = scale, read_noise, clip
        self._rest = self.frames - 1 if are_equal(combined) else None

    def least_excess(self, counts):
        """Bound (unit of the frames) for means of ``counts`` (electron) or more; for all means if ``counts`` is 0."""
        mean = counts - self._middle if counts > 0 else 0.0
        return (self._factor * self._least(mean) - self._shift) / self._scale

    def may_be_past(self, counts, excess):
        """Whether pixels of mean ``counts`` (electron) may lose a sample ``excess`` (unit of the frames) above it."""
        mean, excess = counts - self._middle, excess * self._scale + self._shift
        may = excess > self._factor * self._least(mean)
        if self._rest is not None:
            least = self._least_above_others(mean - excess / self._rest)
            may &= excess * (self.frames / self._rest) > _MARGIN * least
        return may

    @property
    def numbers(self):
        """The bound for equal exposures, as numbers for the compiled loops, which compare squares.

        Each of its two parts is a factor times the root of a variance, ``max(mean, 0) + R^2``. The square of the factor
        is found from a variance of 1.
        """
        one = {"own": self._own, "others": self._others, "read_noise": 1.0, "clip": self._clip}
        least = (self._factor * least_excess(0.0, **one)) ** 2
        least_of_others = (_MARGIN * self._rest / self.frames * least_above_others(0.0, **one)) ** 2
        return (
            self._scale / self.frames, self._shift, self._middle, self.read_noise**2, least, 1 / self._rest,
            least_of_others,
        )  # fmt: skip

    def _least(self, mean):
        return least_excess(mean, self._own, self._others, self.read_noise, self._clip)

    def _least_above_others(self, others_mean):
        return least_above_others(others_mean, self._own, self._others, self.read_noise, self._clip)
