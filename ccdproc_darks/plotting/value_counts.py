# Licensed under a 3-clause BSD style license - see LICENSE
"""How many pixels have which value: fast, and fine enough for every picture of rates."""

import numpy as np

__all__ = ["Cells", "ValueCounts"]

# Bits of a float32 that are left out: 10 of the 23 bits of its fraction remain, which tell values apart by 0.1 %.
_COARSE = 13
# Of cells, which may be linear and far from zero: 12 bits remain.
_FINE = 11
# Values that are worked on at a time: they stay in the processor's memory.
_BLOCK = 2**21


class ValueCounts:
    """Numbers of pixels in bins that are narrower than 0.1 % of the value, from an array of any shape.

    What is not finite is not counted; nor are pixels where the array ``mask`` is True.

    Attributes
    ----------
    edges : `~numpy.ndarray`
        Edges of the bins, from the lowest to the highest value.
    below : `~numpy.ndarray`
        Number of pixels below each edge.
    total, not_positive : int
        Number of all pixels, and of those at or below zero.

    Notes
    -----
    The bits of a float32, taken as an integer, grow with the logarithm of its size: their first half is the number of
    a bin, and no logarithm is computed.
    """

    def __init__(self, values, mask=None):
        counts = _counts(values)
        if mask is not None:
            counts -= _counts(values[mask])
        half = len(counts) // 2
        # Bins of values of 2**128 and more, and of NaN, are left out.
        finite = (0x7F800000 >> _COARSE) + 1
        sizes = (np.arange(finite, dtype=np.uint32) << _COARSE).view(np.float32).astype(float)
        positive, negative = counts[: finite - 1], counts[half : half + finite - 1]
        self.total = int(positive.sum() + negative.sum())
        self.not_positive = int(negative.sum() + positive[0])
        edges = np.concatenate([-sizes[:0:-1], sizes])
        counts = np.concatenate([negative[::-1], positive])
        (filled,) = np.nonzero(counts)
        first, last = (filled[0], filled[-1] + 1) if filled.size else (finite - 1, finite)
        self.edges = edges[first : last + 1]
        self.below = np.concatenate([[0], np.cumsum(counts[first:last])])

    def number_below(self, values, width=0.0):
        """Number of pixels below each of some values, if each pixel were spread evenly over a ``width`` around its own.

        A width of one step of an ADC takes the comb away that whole numbers of steps leave in a histogram.
        """
        values = np.asarray(values, dtype=float)
        if not width:
            return np.interp(values, self.edges, self.below)
        area = np.concatenate([[0], np.cumsum(np.diff(self.edges) * (self.below[1:] + self.below[:-1]) / 2)])
        ends = values[..., np.newaxis] + np.array([-0.5, 0.5]) * width
        # Above the last edge all pixels are below.
        areas = np.interp(ends, self.edges, area) + np.maximum(ends - self.edges[-1], 0) * self.total
        return np.diff(areas)[..., 0] / width

    def quantile(self, fraction):
        """Value below which a fraction of the pixels is; NaN where there are none."""
        return float(np.interp(fraction * self.total, self.below, self.edges)) if self.total else float("nan")


class Cells:
    """Numbers of bins between up to 254 ``edges``, of values that are as many as one likes.

    Notes
    -----
    The bits of a value are looked up in a table; a value closer to an edge than 0.02 % may be in the bin beside.
    """

    def __init__(self, edges):
        starts = (np.arange(2 ** (32 - _FINE), dtype=np.uint32) << _FINE).view(np.float32)
        with np.errstate(invalid="ignore"):
            self._table = np.searchsorted(edges, starts, side="right").astype(np.uint8)
        self._table[np.isnan(starts)] = 0

    def of(self, values):
        """Number of the bin of each value, flat, as uint8: from 1; 0 below the first edge or NaN, the last above."""
        return self._table[_bits(values) >> _FINE]


def _counts(values):
    bits = _bits(values)
    counts = np.zeros(2 ** (32 - _COARSE), dtype=np.int64)
    for start in range(0, bits.size, _BLOCK):
        counts += np.bincount(bits[start : start + _BLOCK] >> _COARSE, minlength=counts.size)
    return counts


def _bits(values):
    return np.ascontiguousarray(values, dtype=np.float32).ravel().view(np.uint32)
