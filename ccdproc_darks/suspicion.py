# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels of which a sample may have to be rejected, by the sum and the maximum of their samples alone."""

import math

import numpy as np

from .rejection import least_above_others, least_excess
from .stack import are_equal

__all__ = ["suspicious"]

# Of a threshold: rounding must not keep a pixel from being looked at.
_MARGIN = 1 - 1e-9
# A share of the pixels that are sooner looked at with all others than picked.
_MANY = 1 / 4
# One of so many pixels, and the share of these below which counts are low.
_FEW, _LOW = 101, 0.01


def suspicious(digest, combined, levels, rules):
    """
    Pixels of which the highest sample may be rejected.

    Parameters
    ----------
    digest : `ccdproc_darks.stack.Digest`
        Of their samples.
    combined, levels, rules
        As of `ccdproc_darks.counts.glance`.

    Returns
    -------
    `numpy.ndarray` of int or slice
        Those pixels of which a few more must be asked, or all.
    `numpy.ndarray` of bool
        Whether they may.
    """
    rule, counts, past = _Rule(combined, levels, rules), digest.counts, digest.past
    low = _low(counts, rules.read_noise)
    # What is least for low counts is so for all others; and a root for every pixel takes long.
    excess, times = rule.least_excess(low), 1
    if past.dtype.kind == "i":
        times = len(combined)
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


class _Rule:
    """The rule of `ccdproc_darks.rejection.mean_counts`, as if the highest sample stood out the most that it can."""

    def __init__(self, combined, levels, rules):
        total, self._own = combined.sum(), combined.max()
        self._others, self._factor = total - combined.min(), _MARGIN * (total - self._own) / total
        # All as if it were of the frame whose level and weight make it stand out the most.
        self._middle = np.dot(combined, levels) / total
        self._shift = self._middle - np.min(levels)
        self._scale, self._noise, self._clip = rules.reader.scale, rules.read_noise, rules.clip
        self._number = len(combined) if are_equal(combined) else None

    def least_excess(self, counts):
        """How far, in the unit of the frames, the highest must be above the mean of so high counts, or of any at 0."""
        mean = counts - self._middle if counts > 0 else 0.0
        return (self._factor * self._least(mean) - self._shift) / self._scale

    def may_be_past(self, counts, excess):
        """Whether a pixel of such counts, whose highest is so far above the mean, may lose that."""
        mean, excess = counts - self._middle, excess * self._scale + self._shift
        may = excess > self._factor * self._least(mean)
        if self._number is not None:
            rest = self._number - 1
            least = least_above_others(mean - excess / rest, self._own, self._others, self._noise, self._clip)
            may &= excess * (self._number / rest) > _MARGIN * least
        return may

    def _least(self, mean):
        return least_excess(mean, self._own, self._others, self._noise, self._clip)
