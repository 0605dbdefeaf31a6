# Licensed under a 3-clause BSD style license - see LICENSE
"""Bad columns and rows: more of their pixels are bad, or their pixels are higher or lower, than chance allows."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from .._interface.flags import DARK_FLAGS
from .line_counts import LineCounts
from .line_levels import line_levels
from .line_segments import LEAST, SEGMENTS
from .line_start import range_of_runs, range_of_scores

__all__ = ["BadLine", "bad_lines", "text_of_lines"]

# Flags whose pixels are counted, each for itself: many HOT pixels do not hide a few that are NONLINEAR.
_COUNTED = (int(DARK_FLAGS.HOT), int(DARK_FLAGS.NONLINEAR | DARK_FLAGS.SATURATED), int(DARK_FLAGS.TELEGRAPH))
# By how much a probability grows (Bonferroni): tests of a line are the numbers of three kinds of pixels, and a level
# above or below. Half of the false positives are for whole lines, the other half for all other segments together.
_OF_WHOLE, _OF_PART = (2 * (len(_COUNTED) + 2) * number for number in (1, len(SEGMENTS) - 1))
# Sigmas above the level of its line from which on a HOT pixel is counted: where the threshold is low, all pixels of a
# line whose level is a little high are near it.
_STANDS_OUT = 5.0
# Fraction of the pixels with a flag from which on their runs tell nothing.
_TOO_MANY = 0.25
# Times that numbers expected are computed anew, without the lines found.
_PASSES = 3
# Lines that are listed in a text.
_LISTED = 40


@dataclass(frozen=True)
class BadLine:
    """A bad column or row.

    Attributes
    ----------
    kind : {"column", "row"}
        Which of the two.
    number : int
        Number of the column or row, from 0.
    start, stop : int
        First pixel of the bad part along the line, and the one after its last.
    part : {"", "from", "to", "within"}
        Whether the whole line is bad, the part from ``start`` on, the part up to ``stop``, or one between both.
    """

    kind: Literal["column", "row"]
    number: int
    start: int
    stop: int
    part: Literal["", "from", "to", "within"] = ""

    @property
    def slices(self):
        """Its pixels, as an index of the image."""
        along = slice(self.start, self.stop)
        return (along, self.number) if self.kind == "column" else (self.number, along)

    def moved(self, rows, columns, shape):
        """The same line in an image of this shape, which begins so many rows and columns earlier."""
        along, across, length = (rows, columns, shape[0]) if self.kind == "column" else (columns, rows, shape[1])
        start, stop = self.start + along, self.stop + along
        part = ("within" if start > 0 else "to") if stop < length else "from" if start > 0 else ""
        return BadLine(self.kind, self.number + across, start, stop, part)


def bad_lines(flags, image, mask, control):
    """List of `BadLine` of an image, from the flags of its pixels and their rates.

    Parameters
    ----------
    flags : `numpy.ndarray` of uint32
        Flags of the pixels, by `DARK_FLAGS`.
    image, mask : `numpy.ndarray`
        Rate of each pixel, in any unit; where it is not to be used, or None.
    control : `ccdproc_darks.comparison.false_positives.FalsePositiveControl`
        How many good pixels may be flagged: a line of 1000 pixels counts 1000.

    Notes
    -----
    Each line has 75 tests: the number of HOT, of NONLINEAR or SATURATED, and of TELEGRAPH pixels, and its level above
    or below; of the whole line, and of the 14 parts that begin or end at an eighth of it. Its probability is the least
    of theirs, of which half is for the five tests of the whole line and half for all others (Bonferroni). That is too
    much, as tests are not independent: fewer good lines are flagged than may be.
    """
    found = []
    number = (2 * image.size, 1) if control.fdr is None else (sum(image.shape), 1)
    if min(image.shape) < LEAST:
        return found
    tests = [_LineTests("column", image), _LineTests("row", image.T)]
    for one, levels in zip(tests, line_levels(image, mask) or (None, None), strict=True):
        one.levels = levels
    _count(tests, flags, image)
    for passed in range(_PASSES):
        deviates = [one.deviates(again=passed > 0) for one in tests]
        critical = control.critical(*number, np.concatenate(deviates))
        if not any([one.leave_out(those > critical) for one, those in zip(tests, deviates, strict=True)]):
            break
    return [line for one in tests for line in one.lines(critical)]


class _LineTests:
    """All tests of the columns, or of the rows, of an image that is turned so that they are its columns."""

    def __init__(self, kind, image):
        self.kind, self.image = kind, image
        self.counts, self.levels = [], None
        self.found = np.zeros(image.shape[1], bool)

    def add_counts(self, lines, places, rates):
        """Count bad pixels; of HOT ones, with their ``rates``, those that stand out of the level of their own line."""
        if rates is not None and self.levels is not None:
            counted = ~(self.levels.excess(rates, places, lines) <= _STANDS_OUT)
            lines, places = lines[counted], places[counted]
        self.counts.append(LineCounts(lines, places, self.image.shape))

    def deviates(self, again):
        """Normal deviate of each line, that of all its tests together."""
        # In all passes but the first, lines that were found are no measure of others.
        left_out = self.found if again else None
        of_counts = [one.deviates(left_out) for one in self.counts]
        none = np.zeros((len(SEGMENTS), self.found.size))
        each = np.array([none if self.levels is None else np.abs(self.levels.deviates(left_out)), *of_counts])
        logarithms = log_ndtr(-each)
        logarithms[:, 0] += np.log(_OF_WHOLE)
        logarithms[:, 1:] += np.log(_OF_PART)
        self.each = -ndtri_exp(np.minimum(logarithms.min(axis=1), np.log(0.5)))
        return self.each.max(axis=0)

    def leave_out(self, found):
        """Keep which lines were found; whether these are others than before."""
        changed = bool((found != self.found).any())
        self.found = found
        return changed

    def lines(self, critical):
        """`BadLine` of each line that was found: what is bad of it by any of the tests that found it."""
        length = self.image.shape[0]
        for number in np.flatnonzero(self.found).tolist():
            parts = [self._part(test, number) for test in np.flatnonzero(self.each[:, number] > critical)]
            start, stop = min(first for first, _ in parts), max(last for _, last in parts)
            part = "from" if start > 0 else "to" if stop < length else ""
            yield BadLine(self.kind, number, start, stop, part)

    def _part(self, test, number):
        """First pixel of the bad part of a line by one of the tests of `each`, and the one after its last."""
        if test == 0:
            return range_of_scores(self.levels.scores(self.image[:, number], number))
        counts = self.counts[test - 1]
        return range_of_runs(counts.places_of(number), counts.length, counts.expected[0, number])


def _count(tests, flags, image):
    """Give the tests their `LineCounts`."""
    flagged = np.flatnonzero(flags != 0)
    values = flags.ravel()[flagged]
    for flag in _COUNTED:
        those = flagged[(values & np.uint32(flag)) > 0]
        if not 0 < those.size < _TOO_MANY * flags.size:
            continue
        row, column = np.divmod(those, flags.shape[1])
        rates = image[row, column].astype(float) if flag == DARK_FLAGS.HOT else None
        for one, lines, places in zip(tests, (column, row), (row, column), strict=True):
            one.add_counts(lines, places, rates)


def text_of_lines(lines):
    """Numbers of lines as a text: ``198, 201-203, 411 (from 300), 500 (to 120)``; the first 40 of them."""
    texts, numbers, part = [], [], None
    for line in [*sorted(lines, key=lambda one: (one.number, one.start)), None]:
        known = line and {
            "": "", "from": f" (from {line.start})", "to": f" (to {line.stop - 1})",
            "within": f" ({line.start} to {line.stop - 1})",
        }[line.part]  # fmt: skip
        if numbers and (line is None or line.number != numbers[-1] + 1 or known != part):
            texts.append(f"{numbers[0]}{f'-{numbers[-1]}' if len(numbers) > 1 else ''}{part}")
            numbers = []
        if line is not None:
            numbers.append(line.number)
            part = known
    more = [f"{len(texts) - _LISTED} more"] if len(texts) > _LISTED else []
    return ", ".join([*texts[:_LISTED], *more])
