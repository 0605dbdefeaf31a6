# Licensed under a 3-clause BSD style license - see LICENSE
"""The mean of equal exposures, with the frames that a cosmic ray has hit left out."""

import math
from dataclasses import dataclass

import numpy as np

from ..statistics.noise import frame_variance, poisson_tilt
from .stack import are_equal

__all__ = [
    "MeanCounts",
    "RejectionBound",
    "deviate_of_share",
    "least_above_others",
    "least_excess",
    "may_lose_highest",
    "mean_counts",
    "reject",
]

# Of rounding to a whole electron: without a read noise, counts are as coarse as that.
_ROUNDING_VARIANCE = 1 / 12
_SMALL = 0.3
# How many times the normal deviate, of the variance at the mean of the others, that of a share may be: 1.04, and some.
_AT_MOST = 1.1


@dataclass
class MeanCounts:
    """
    Mean of some frames of one exposure time, of some rows of pixels.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples kept (electron); zero where none was.
    frames : `numpy.ndarray`
        Frames in that mean (a combined frame counts as many as went into it).
    own_variance : `numpy.ndarray` or None
        Variance of the mean from the frames' own uncertainties (electron^2), where those are used.
    """

    counts: np.ndarray
    frames: np.ndarray
    own_variance: np.ndarray | None


def mean_counts(samples, good, combined, *, read_noise=None, own_variance=None, levels=None, clip=None):
    """
    Mean of equal exposures.

    Parameters
    ----------
    samples : `numpy.ndarray`
        Bias-subtracted counts (electron), shape (frames, rows, columns).
    good : `numpy.ndarray` of bool
        Samples that may be used. Changed in place: the rejected ones become False.
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of, shape (frames,).
    read_noise : float, optional
        Of one exposure (electron). None: ``own_variance`` holds the noise.
    own_variance : `numpy.ndarray`, optional
        Variance of each sample (electron^2).
    levels : `numpy.ndarray`, optional
        How far each frame as a whole sits above the others (electron): not a cosmic ray's doing.
    clip : float, optional
        Reject what is as far above the others as a normal deviate of this many sigmas is unlikely. None keeps all.

    Returns
    -------
    `MeanCounts`

    Notes
    -----
    A sample x, the mean of n_x exposures, is compared with the mean m of the pixel's n_m others, from the highest down.
    The question is how unlikely so large a share of *all* their counts is, were there no cosmic ray: without read noise
    the share of one frame in a given number of electrons is binomial, whatever the rate. The answer as a normal deviate
    (`deviate_of_share`) must be above ``clip``. The others alone are no measure of what to expect: a single electron
    over nothing would be a cosmic ray; nor is the sample's own scatter, which clips the tail of the Poisson
    distribution. Only samples past ``x - m > clip / sqrt(2) * sqrt(V (1 / n_x + 1 / n_m))`` are asked, V being the
    model's variance at the mean of all: the deviate is never more than sqrt(2) times this normal one (of a binomial
    share, the Kullback-Leibler divergence is at most the chi-square), unless it is the others that lie too far down.

    With ``own_variance`` there is no model of the counts, and the rule is ``x - m > clip * sqrt(V_x + V_m)``, of
    normal noise.
    """
    if clip is not None:
        flat = good.reshape(len(samples), -1)
        own = None if own_variance is None else own_variance.reshape(flat.shape)
        reject(samples.reshape(flat.shape), flat, combined, read_noise=read_noise, own_variance=own, levels=levels,
               clip=clip)  # fmt: skip
        good[...] = flat.reshape(good.shape)
    weight = combined[:, None, None] * good
    total = weight.sum(axis=0)
    weighted = np.einsum("i...,i...->...", weight, samples)
    counts = np.divide(weighted, total, out=np.zeros_like(weighted), where=total > 0)
    variance = None
    if own_variance is not None:
        squares = np.where(good, combined[:, None, None] ** 2 * own_variance, 0.0).sum(axis=0)
        variance = np.divide(squares, total**2, out=np.zeros_like(squares), where=total > 0)
    return MeanCounts(counts, total, variance)


def reject(samples, good, combined, *, read_noise, own_variance, levels, clip):
    """
    Reject samples by the rule of `mean_counts`.

    Parameters
    ----------
    samples, good, own_variance : `numpy.ndarray`
        As of `mean_counts`, but of shape (frames, pixels). ``good`` is changed.
    combined, read_noise, levels, clip
        As of `mean_counts`.
    """
    if len(samples) < 2 or (read_noise is None and own_variance is None):
        return
    compared = samples if levels is None or not np.any(levels) else samples - levels[:, None]
    pixels = np.flatnonzero(good.sum(axis=0) > 1)
    kept = good[:, pixels]
    # All pixels are looked at once; only those that lost their highest sample are looked at again.
    while pixels.size:
        values = np.where(kept, compared[:, pixels], -np.inf)
        highest = values.argmax(axis=0)
        at = np.arange(pixels.size)
        value, own = values[highest, at], combined[highest]
        level_sum = _summed(combined, kept, compared[:, pixels])
        total = (combined[:, None] * kept).sum(axis=0)
        others = total - own
        mean_others = (level_sum - own * value) / others
        excess = value - mean_others
        if own_variance is None:
            hit = excess > least_excess(level_sum / total, own, others, read_noise, clip)
            hit[hit] = deviate_of_share(value[hit], mean_others[hit], own[hit], others[hit], read_noise) > clip
        else:
            # The largest of the others' variances stands in for their mean's: few frames, and the safe side.
            rest = np.where(kept, own_variance[:, pixels], 0.0)
            variance = rest[highest, at] + rest.max(axis=0)
            hit = excess > clip * np.sqrt(variance)
        pixels, kept = pixels[hit], kept[:, hit]
        kept[highest[hit], np.arange(pixels.size)] = False
        good[:, pixels] = kept
        several = kept.sum(axis=0) > 1
        pixels, kept = pixels[several], kept[:, several]


def least_excess(mean, own, others, read_noise, clip):
    """
    How far above the mean of the others a sample must be before it is asked how unlikely it is.

    Parameters
    ----------
    mean : `numpy.ndarray`
        Mean of all (electron).
    own, others : `numpy.ndarray` or float
        Exposures in the sample, and in the others.
    read_noise, clip : float
        As of `mean_counts`.
    """
    return clip * np.sqrt(frame_variance(mean, read_noise) * ((1 / own + 1 / others) / 2))


def least_above_others(others_mean, own, others, read_noise, clip):
    """
    The same, told by the mean of the others: what is not as far above that is no outlier either.

    The deviate is at most 1.04 times the normal one with the variance at the mean of the others, as they are the lower
    ones: the curvature of ``I`` (see `deviate_of_share`) is largest where the variance is smallest. Found on a grid.

    Parameters
    ----------
    others_mean : `numpy.ndarray`
        Mean of the others (electron).
    own, others, read_noise, clip
        As of `least_excess`.
    """
    return clip / _AT_MOST * np.sqrt(frame_variance(others_mean, read_noise) * (1 / own + 1 / others))


def _summed(combined, kept, samples):
    """Weighted sums over frames, added up in their order, whatever the number of pixels."""
    total = np.zeros(samples.shape[1])
    for number, keep, sample in zip(combined, kept, samples, strict=True):
        total += np.where(keep, number * sample, 0.0)
    return total


def deviate_of_share(value, others, own, rest, read_noise):
    """
    Equivalent normal deviate of a mean count above another one, given the sum of all counts.

    Parameters
    ----------
    value, others : `numpy.ndarray`
        Means of ``own`` exposures and of ``rest`` others (electron), value > others.
    own, rest : `numpy.ndarray`
        Numbers of exposures.
    read_noise : float
        Of one exposure (electron).

    Returns
    -------
    `numpy.ndarray`
        z with P(value larger, given the sum) = P(normal deviate > z); of whole numbers, with half the chance of an
        equal value.

    Notes
    -----
    Skovgaard (1987), the saddlepoint approximation of a conditional tail. One exposure with d expected electrons has
    the cumulant generating function ``K(s) = d (e^s - 1) + s^2 R^2 / 2``. With ``I(y) = s y - K(s)`` and
    ``K2(y) = K''(s)`` where ``K'(s) = y``, and t the mean of all n exposures,

        w^2 = 2 (n_x I(x) + n_m I(m) - n I(t))
        u = (s(x) - s(m)) sqrt(n_x K2(x) n_m K2(m) / (n K2(t)))
        z = w + log(u / w) / w

    Without read noise d cancels (the binomial distribution), and without electrons too: z is the plain normal deviate.
    In between it matters little, and is the mean of all. As there are no negative electrons, others that read noise has
    put below zero count as zero in it: else they would hide that the electrons seen in x have been collected at all.

    Examples
    --------
    Four electrons in one of ten frames and none in the others are one chance in 10 000, nearly 4 sigma. The normal
    deviate, ``4 / sqrt(0.4 (1 + 1 / 9)) = 6``, takes them for a cosmic ray.

    >>> print(f"{deviate_of_share(4.0, 0.0, 1.0, 9.0, read_noise=0.0):.1f}")
    3.9
    """
    noise = max(read_noise**2, _ROUNDING_VARIANCE)
    number = own + rest
    mean = (own * value + rest * others) / number
    expected = np.maximum(own * value + rest * np.maximum(others, 0), 0) / number
    tilt, rate, curvature = _tilted(value, expected, noise)
    tilt_others, rate_others, curvature_others = _tilted(others, expected, noise)
    _, rate_all, curvature_all = _tilted(mean, expected, noise)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.sqrt(2 * np.maximum(own * rate + rest * rate_others - number * rate_all, 0))
        u = (tilt - tilt_others) * np.sqrt(own * curvature * rest * curvature_others / (number * curvature_all))
        # Of small ones both are the same, and w is the root of a difference that rounding spoils.
        return np.where(u > _SMALL, w + np.log(u / w) / w, u)


def _tilted(y, expected, noise):
    """The s with ``K'(s) = y`` for one exposure, its ``s y - K(s)``, and ``K''(s)``."""
    s, electrons = poisson_tilt(y, expected, noise)
    return s, electrons * (s - 1) + expected + noise * s**2 / 2, electrons + noise


# Of a threshold: rounding must not keep a pixel from being looked at.
_MARGIN = 1 - 1e-9
# A share of the pixels that are sooner looked at with all others than picked.
_MANY = 1 / 4
# One of so many pixels, and the share of these below which counts are low.
_FEW, _LOW = 101, 0.01


def may_lose_highest(digest, rule):
    """
    Pixels of which the highest sample may be rejected.

    Parameters
    ----------
    digest : `ccdproc_darks.rates.stack.FrameSums`
        Of their samples.
    rule : `RejectionBound`
        What they are rejected by.

    Returns
    -------
    `numpy.ndarray` of int or slice
        Those pixels of which a few more must be asked, or all.
    `numpy.ndarray` of bool
        Whether they may.
    """
    counts, past = digest.counts, digest.past
    low = _low(counts, rule.read_noise)
    # What is least for low counts is so for all others; and a root for every pixel takes long.
    excess, times = rule.least_excess(low), 1
    if past.dtype.kind == "i":
        times = rule.frames
        excess = math.floor(max(min(excess * times, 2**30), -(2**30)))
    near = past > excess
    if low > 0:
        near |= counts < low
    pixels = slice(None) if np.count_nonzero(near) > _MANY * near.size else np.flatnonzero(near)
    return pixels, rule.may_be_past(counts[pixels], past[pixels] / times)


def _low(counts, read_noise):
    """Counts (electron) that few pixels are below, or zero where even those are lost in read noise."""
    few = counts[::_FEW]
    place = int(few.size * _LOW)
    low = float(np.partition(few, place)[place])
    return low if low > read_noise**2 else 0.0


class RejectionBound:
    """
    The rule of `ccdproc_darks.rates.rejection.mean_counts`, as if the highest sample stood out the most that it can.

    Parameters
    ----------
    combined, levels : `numpy.ndarray`
        Of the frames, as of `ccdproc_darks.rates.rejection.mean_counts`.
    scale : float
        Electrons per unit of the frames.
    read_noise, clip : float
        As of `ccdproc_darks.rates.rejection.mean_counts`.

    Attributes
    ----------
    frames : int
        How many there are.
    read_noise : float
        As above.
    """

    def __init__(self, combined, levels, scale, read_noise, clip):
        self.frames, total, self._own = len(combined), combined.sum(), combined.max()
        self._others, self._factor = total - combined.min(), _MARGIN * (total - self._own) / total
        # All as if it were of the frame whose level and weight make it stand out the most.
        self._middle = np.dot(combined, levels) / total
        self._shift = self._middle - np.min(levels)
        self._scale, self.read_noise, self._clip = scale, read_noise, clip
        self._rest = self.frames - 1 if are_equal(combined) else None

    def least_excess(self, counts):
        """How far, in the unit of the frames, the highest must be above the mean of so high counts, or of any at 0."""
        mean = counts - self._middle if counts > 0 else 0.0
        return (self._factor * self._least(mean) - self._shift) / self._scale

    def may_be_past(self, counts, excess):
        """Whether a pixel of such counts, whose highest is so far above the mean, may lose that."""
        mean, excess = counts - self._middle, excess * self._scale + self._shift
        may = excess > self._factor * self._least(mean)
        if self._rest is not None:
            least = self._least_above_others(mean - excess / self._rest)
            may &= excess * (self.frames / self._rest) > _MARGIN * least
        return may

    @property
    def numbers(self):
        """
        The same of equal exposures, for loops in C.

        Either threshold is the root of a variance, ``max(mean, 0) + R^2``, times a factor: its square is that factor's,
        which is the threshold of a variance of 1, times the variance.
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
