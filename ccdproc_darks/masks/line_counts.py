# Licensed under a 3-clause BSD style license - see LICENSE
"""Numbers of bad pixels in lines (columns or rows), and how improbable they are next to those of the lines beside."""

import numpy as np
from scipy.special import betainc, ndtri

from .line_segments import GAP, SEGMENTS, sums_of_segments

__all__ = ["LineCounts"]

# Lines on each side that a line is compared with; of them the fewest, below which the gradient is continued.
_WINDOW, _FEW = 24, 4
# Pixels of a line that are one run: with one good pixel at most between them.
_NEAR = 2
# Weight of the typical line in the expected number, in runs.
_PRIOR = 1.0
# Fewest runs of a bad line, also as a fraction of its pixels, and as a multiple of the number expected. A hundred good
# pixels are not masked for one bad one; and columns whose bias level is not quite right have a few bad pixels more.
_LEAST, _LEAST_FRACTION, _LEAST_FACTOR = 4, 0.01, 2.0
# Fraction of lines left out of the first estimate of the overdispersion; excess, in sigmas, from which on tails are
# computed.
_TRIMMED, _LOOKED_AT = 0.02, 3.0
# Largest deviate: those beyond have a probability of zero.
_LARGEST = 37.0


class LineCounts:
    """Runs of bad pixels in lines.

    Bad pixels come in clusters (a hot pixel with its neighbours, a cosmic ray), so runs along the line are counted.
    Their number is compared with that of up to 24 lines on each side, and with the side that has more: a gradient, a
    glow at the edge, or a step between two amplifiers are no bad lines.

    Parameters
    ----------
    lines, places : `numpy.ndarray` of int
        Line, and place along it, of each bad pixel.
    shape : (int, int)
        Number of places along a line, and of lines.
    """

    def __init__(self, lines, places, shape):
        self.length, number = shape
        order = np.argsort(lines.astype(np.int64) * self.length + places, kind="stable")
        lines, places = lines[order], places[order]
        starts = np.ones(lines.size, bool)
        starts[1:] = (np.diff(lines) != 0) | (np.diff(places) > _NEAR)
        self.lines, self.places = lines[starts], places[starts]
        edges = np.round(np.arange(1, 8) * self.length / 8)
        pieces = np.bincount(
            np.searchsorted(edges, self.places, side="right") * number + self.lines, minlength=8 * number
        )
        self.counts = sums_of_segments(pieces.reshape(8, number))
        sizes = np.array([[(last - first) * self.length / 8] for first, last in SEGMENTS])
        self._least = np.maximum(_LEAST, _LEAST_FRACTION * sizes)
        self.expected = np.zeros(self.counts.shape)

    def deviates(self, left_out=None):
        """Normal deviate of the number of runs, shape (segments, lines); those ``left_out`` are nobody's measure.

        Notes
        -----
        The tail is that of a negative binomial distribution. Its variance has three parts: that of a Poisson number;
        the overdispersion of the lines of the image, whose numbers differ more than that; and the error of the number
        expected, which some lines tell, in all with S runs: its relative variance is 1/S.
        """
        counts = self.counts
        used = np.ones(counts.shape[1], bool) if left_out is None else ~left_out
        if not counts[0, used].any():
            return np.zeros(counts.shape)
        runs, number = _on_both_sides(counts * used), _on_both_sides(used[np.newaxis] * 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            typical = np.nanmedian(runs.sum(0) / number.sum(0), axis=1, keepdims=True)
        mean = counts[:, used].mean(axis=1, keepdims=True)
        typical = np.maximum(np.where(typical > 0, typical, mean), 1 / counts.shape[1])
        sides = (runs + _PRIOR) / (number + _PRIOR / typical)
        known = runs + _PRIOR
        _continue_gradient(sides, known, number, counts)
        more = np.argmax(sides, axis=0)[np.newaxis]
        self.expected = expected = np.take_along_axis(sides, more, 0)[0]
        known = np.take_along_axis(known, more, 0)[0]
        centre = (runs.sum(0) + _PRIOR) / (number.sum(0) + _PRIOR / typical)
        spread = _overdispersion(counts, centre, used, 0.0 if left_out is not None else _TRIMMED)
        excess = counts - expected
        looked_at = (
            (excess > _LOOKED_AT * np.sqrt(expected * spread + expected**2 / known))
            & (counts >= self._least)
            & (counts >= _LEAST_FACTOR * expected)
        )
        where = np.nonzero(looked_at)
        mean, size = (
            expected[where],
            1 / ((np.broadcast_to(spread, counts.shape)[where] - 1) / expected[where] + 1 / known[where]),
        )
        found = np.zeros(counts.shape)
        found[where] = np.minimum(-ndtri(betainc(counts[where], size, mean / (mean + size))), _LARGEST)
        return found

    def places_of(self, line):
        """Places of the runs of a line, in order."""
        first, last = np.searchsorted(self.lines, [line, line + 1])
        return self.places[first:last]


def _on_both_sides(values):
    """Sums over the lines on the left and on the right of each line."""
    number = values.shape[1]
    totals = np.zeros((values.shape[0], number + 1))
    np.cumsum(values, axis=1, out=totals[:, 1:])
    line = np.arange(number)
    return np.array(
        [
            totals[:, np.clip(stop, 0, number)] - totals[:, np.clip(start, 0, number)]
            for start, stop in ((line - GAP - _WINDOW, line - GAP), (line + 1 + GAP, line + 1 + GAP + _WINDOW))
        ]
    )


def _continue_gradient(sides, known, number, counts):
    """Where there are hardly any lines on one side, they have what the gradient of the other side leads to."""
    for side, edge in ((0, slice(0, 3)), (1, slice(-3, None))):
        few = np.flatnonzero(number[side, 0] < _FEW)
        at_edge = np.median(counts[:, edge], axis=1, keepdims=True)
        sides[side][:, few] = np.maximum(2 * at_edge - sides[1 - side][:, few], sides[1 - side][:, few])
        known[side][:, few] = np.minimum(known[1 - side][:, few], 3 * at_edge + _PRIOR)


def _overdispersion(counts, expected, used, trimmed):
    """Variance of the numbers of lines over that of Poisson numbers, at least 1; shape (segments, 1)."""
    squares, expected = ((counts - expected) ** 2)[:, used], expected[:, used]
    kept = np.ones(squares.shape, bool)
    if trimmed:
        relative = squares / expected
        kept = relative <= np.quantile(relative, 1 - trimmed, axis=1, keepdims=True)
    spread = (squares * kept).sum(axis=1, keepdims=True) / (expected * kept).sum(axis=1, keepdims=True)
    return np.maximum(spread, 1.0)
