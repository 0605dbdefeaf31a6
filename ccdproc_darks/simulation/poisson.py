# Licensed under a 3-clause BSD style license - see LICENSE
"""Poisson numbers for the pixels of a frame."""

import numpy as np
from scipy.special import pdtr

__all__ = ["PoissonPixels"]

# Largest expectation that a table of bytes holds, tail included.
_TABLE = 60.0
# Electrons per pixel up to which it is faster to let them fall one by one.
_RAIN = 5.0
_CELLS = 2**16
_UNDECIDED = 255


class PoissonPixels:
    """
    Poisson numbers of the pixels of a frame, most of which expect about the same.

    Parameters
    ----------
    low, high : float
        Expected electrons that most of the pixels lie between; they decide on the speed, and on which numbers are
        drawn, but not on their distribution.

    Notes
    -----
    Exact, and several times as fast as `numpy.random.Generator.poisson`. What all expect is drawn by inversion: 16
    random bits look up the electrons in a table, and where they do not decide it, 53 more bits do (the guide table of
    Chen, H. C. and Asau, Y. 1974, AIIE Transactions 6, 163). Of the difference between ``low`` and ``high``, electrons
    fall on pixels taken at random, and stay with the probability that gives a pixel its own expectation; what a pixel
    expects above ``high`` is added, and the few below ``low`` are drawn anew (superposition and thinning of Poisson
    processes; Kingman, J. F. C. 1993, Poisson Processes, sections 2.2 and 5.1).
    """

    def __init__(self, low, high):
        self._low, self._high = float(low), float(high)
        self._table = None
        if self._low <= _TABLE:
            self._cumulative = pdtr(np.arange(_UNDECIDED), self._low)
            edges = self._cumulative * _CELLS
            whole = np.searchsorted(edges, np.arange(_CELLS), side="right")
            self._table = np.where(whole == np.searchsorted(edges, np.arange(1, _CELLS + 1)), whole, _UNDECIDED)
            self._table = self._table.astype(np.uint8)

    def draw(self, rng, mean, size):
        """
        One number a pixel.

        Parameters
        ----------
        rng : `numpy.random.Generator`
            Source of the numbers.
        mean : `numpy.ndarray` or None
            Expected electrons (1-D); None where all expect ``low``.
        size : int
            Pixels.

        Returns
        -------
        `numpy.ndarray`
            Electrons (float64).
        """
        if mean is None:
            return self._same(rng, size) if self._table is not None else rng.poisson(self._low, size).astype(float)
        if self._table is None or self._high - self._low > _RAIN:
            return rng.poisson(mean).astype(float)
        electrons = self._same(rng, size)
        electrons += self._rest(rng, mean, size)
        above = np.flatnonzero(mean > self._high)
        electrons[above] += rng.poisson(mean[above] - self._high)
        below = np.flatnonzero(mean < self._low)
        electrons[below] = rng.poisson(mean[below])
        return electrons

    def _same(self, rng, size):
        # In the byte order of no machine, but of all.
        words = rng.integers(0, 2**64, -(-size // 4), dtype=np.uint64).astype("<u8", copy=False)
        cells = words.view("<u2")[:size]
        electrons = self._table.take(cells)
        undecided = np.flatnonzero(electrons == _UNDECIDED)
        electrons = electrons.astype(float)
        exact = (cells[undecided] + rng.random(undecided.size)) / _CELLS
        electrons[undecided] = np.searchsorted(self._cumulative, exact, side="right")
        return electrons

    def _rest(self, rng, mean, size):
        span = self._high - self._low
        kind = np.uint16 if size <= 2**16 else np.uint32
        where = rng.integers(0, size, rng.poisson(span * size), dtype=kind)
        chance = rng.random(where.size, dtype=np.float32)
        chance *= np.float32(span)
        where = where[chance < (mean - self._low).astype(np.float32).take(where)]
        return np.bincount(where, minlength=size)
