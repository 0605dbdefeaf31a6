# Licensed under a 3-clause BSD style license - see LICENSE
"""Poisson numbers of electrons for the pixels of a frame."""

import numpy as np
from scipy.special import pdtr

__all__ = ["PoissonPixels"]

# Largest expectation whose distribution, with its tail, fits a table of bytes.
_TABLE = 60.0
# Expected electrons per pixel up to which it is faster to place electrons one by one.
_RAIN = 5.0
_CELLS = 2**16
_UNDECIDED = 255


class PoissonPixels:
    """Draws Poisson numbers of electrons for pixels most of which have about the same expectation.

    Parameters
    ----------
    low, high : float
        Limits of the expected electrons of most pixels. They decide how fast it is and which numbers a seed gives, but
        not the distribution.

    Notes
    -----
    The numbers are exactly Poisson, and are drawn several times as fast as by `numpy.random.Generator.poisson`.

    First every pixel gets a Poisson number of the expectation ``low``, by inversion: 16 random bits look up the number
    in a table; where these leave it open, 53 more bits decide (the guide table of Chen, H. C. and Asau, Y. 1974, AIIE
    Transactions 6, 163). Then electrons of the expectation ``high - low`` are placed on random pixels, and each is kept
    with the probability that brings its pixel to its own expectation. The rest of an expectation above ``high`` is
    drawn and added; the few pixels below ``low`` are drawn anew. (Superposition and thinning of Poisson processes:
    Kingman, J. F. C. 1993, Poisson Processes, sections 2.2 and 5.1.)
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
        """Electrons (float64) of ``size`` pixels of the expectations ``mean`` (1-D; None where all have ``low``)."""
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
        """Poisson numbers of the expectation ``low``."""
        # Little-endian on every machine, so that a seed gives the same numbers everywhere.
        words = rng.integers(0, 2**64, -(-size // 4), dtype=np.uint64).astype("<u8", copy=False)
        cells = words.view("<u2")[:size]
        electrons = self._table.take(cells)
        undecided = np.flatnonzero(electrons == _UNDECIDED)
        electrons = electrons.astype(float)
        exact = (cells[undecided] + rng.random(undecided.size)) / _CELLS
        electrons[undecided] = np.searchsorted(self._cumulative, exact, side="right")
        return electrons

    def _rest(self, rng, mean, size):
        """Electrons that bring pixels from the expectation ``low`` to their own, up to ``high``."""
        span = self._high - self._low
        kind = np.uint16 if size <= 2**16 else np.uint32
        where = rng.integers(0, size, rng.poisson(span * size), dtype=kind)
        chance = rng.random(where.size, dtype=np.float32)
        chance *= np.float32(span)
        where = where[chance < (mean - self._low).astype(np.float32).take(where)]
        return np.bincount(where, minlength=size)
