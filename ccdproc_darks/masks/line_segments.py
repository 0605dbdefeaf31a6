# Licensed under a 3-clause BSD style license - see LICENSE
"""Parts of the lines (columns or rows) of an image that are tested: whole, and from or to each eighth."""

import numpy as np

__all__ = ["GAP", "LEAST", "SEGMENTS", "eighths", "sums_of_segments"]

# Fewest lines, and pixels of a line, with which lines are tested.
LEAST = 64
# Lines next to a line that are not compared with it, as they may be bad together.
GAP = 1
# First eighth of a segment, and the one after its last.
SEGMENTS = ((0, 8), *((first, 8) for first in range(1, 8)), *((0, last) for last in range(1, 8)))


def eighths(number):
    """Where each eighth of so many pieces begins, and where the last one ends."""
    return np.round(np.arange(9) * number / 8).astype(int)


def sums_of_segments(pieces):
    """Sums over the pieces of each segment, from an array of shape (pieces, lines) or (8, lines)."""
    totals = np.zeros((9, *pieces.shape[1:]))
    np.cumsum(np.add.reduceat(pieces, eighths(pieces.shape[0])[:-1], axis=0), axis=0, out=totals[1:])
    return np.array([totals[last] - totals[first] for first, last in SEGMENTS])
