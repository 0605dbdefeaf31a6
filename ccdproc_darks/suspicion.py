# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels of which a sample may have to be rejected, by the sum and the maximum of their samples alone."""

import math

import numpy as np

from .rejection import least_above_others, least_excess
from .stack import are_equal

__all__ = ["Rule", "suspicious"]

# Of a threshold: rounding must not keep a pixel from being looked at.
_MARGIN = 1 - 1e-9
# A share of the pixels that are sooner looked at with all others than picked.
_MANY = 1 / 4
# One of so many pixels, and the share of these below which counts are low.
_FEW, _LOW = 101, 0.01


def suspicious(digest, rule):
    """
    Pixels of which the highest sample may be rejected.

    Parameters
    ----------
    digest : `ccdproc_darks.stack.Digest`
        Of their samples.
    rule : `Rule`
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


class Rule:
    """
    The rule of `ccdproc_darks.rejection.mean_counts`, as if the highest sample stood out the most that it can.

    Parameters
    ----------
    combined, levels : `numpy.ndarray`
        Of the frames, as of `ccdproc_darks.rejection.mean_counts`.
    scale : float
        Electrons per unit of the frames.
    read_noise, clip : float
        As of `ccdproc_darks.rejection.mean_counts`.

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
