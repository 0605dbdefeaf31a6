# Licensed under a 3-clause BSD style license - see LICENSE
"""The flags of some rows of pixels, when it is settled from where on each of them is set."""

import copy
from dataclasses import dataclass

import numpy as np

from .blocks import shifted
from .departure import Comparer, stack_part
from .flags import DARK_FLAGS
from .hotness import Hotness
from .measurement import measure_one, measure_several, measure_whole
from .nonlinearity import could_be_seen, departures
from .rate_stack import RateStack
from .scatter import ScatterImages
from .scratch import empty

__all__ = ["COUNTED", "FlagCount", "FlagJob"]

COUNTED = ("HOT", "WARM", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "DO_NOT_USE")

# Rates (electron/s) among which those are sought from which on a flag is set, and how often more closely.
_RATES = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 400)])
_ROUNDS = 4
# How close to such a rate, as a fraction, single precision is no judge.
_CLOSE = 1e-4


@dataclass
class FlagJob:
    """
    Flags some rows.

    Attributes
    ----------
    stack : `ccdproc_darks.rate_stack.RateStack`
        The rates.
    comparer : `ccdproc_darks.departure.Comparer` or None
        Of several rates.
    hotness : `ccdproc_darks.hotness.Hotness`
        Tells hot pixels.
    telegraph : `ccdproc_darks.scatter.ScatterImages`
        Tells telegraph pixels.
    critical, planned, unlikely_scatter : float
        Deviates beyond which a pixel is not proportional, for which its power is reckoned, and beyond which it is a
        telegraph pixel.
    tolerance : float
        Smallest departure worth flagging, as a fraction of the rate.
    limit : float
        Rate (electron/s) above which all pixels are not proportional; infinite where there is none.
    """

    stack: RateStack
    comparer: Comparer | None
    hotness: Hotness
    telegraph: ScatterImages
    critical: float
    planned: float
    unlikely_scatter: float
    tolerance: float
    limit: float

    def __post_init__(self):
        self._edges = None
        if self.comparer is not None and self.comparer.pair is not None and self.hotness.by_noise_alone:
            edges = {"hot": _first(self._is_hot), "seen": _first(self._could_be_seen), "limit": self.limit}
            if None not in edges.values():
                self._edges = edges

    def _is_hot(self, rates):
        return self.hotness.flags(measure_whole(self.comparer, rates), None)[0][0]

    def _could_be_seen(self, rates):
        return could_be_seen(self.comparer.whole(rates), self.planned, self.tolerance)[0]

    def memory(self):
        """Bytes that a block takes while it is worked on, for each pixel."""
        return 100 if self._edges is not None else 500 * len(self.stack)

    def part(self, rows):
        """What it takes to do some rows; it can be sent to another process."""
        part = copy.copy(self)
        part.stack, part.comparer = stack_part(self.stack, self.comparer, rows)
        part.hotness, part.telegraph = self.hotness.part(rows), self.telegraph.part(rows)
        return part

    def rows(self, block):
        """The flags of some rows and the mask, and the pixels to `mend`."""
        if self._edges is None:
            return _with_mask(self._looked_at(block)), np.zeros(0, dtype=int)
        *images, special = self._at_a_glance(block)
        return [image.reshape(block.stop - block.start, -1) for image in images], special

    def mend(self, rows, pixels):
        """The same of some pixels of some rows."""
        return _with_mask(self._looked_at(rows, pixels))

    def _at_a_glance(self, block):
        """Flags and mask of whole pixels by their rate and deviate, and the pixels for which that is not enough."""
        paired = self.comparer.paired(block)
        rate, edges = paired.rate, self._edges
        with np.errstate(invalid="ignore"):
            special = ~paired.whole
            special |= paired.pair.needs_closer_look(rate, paired.deviate)
            hot, unseen, beyond = (_above(rate, edges[name], special) for name in ("hot", "seen", "limit"))
            np.logical_not(unseen, out=unseen)
            nonlinear = np.flatnonzero(beyond)
            if self.critical <= paired.pair.most:
                significant = self._significant(paired, special)
                nonlinear = np.union1d(nonlinear, significant) if nonlinear.size else significant
        unseen[nonlinear] = False
        flags = empty(rate.shape, np.uint32)
        np.copyto(flags, unseen)
        flags *= np.uint32(DARK_FLAGS.UNRELIABLE_DARK)
        mask = np.zeros(rate.shape, dtype=bool)
        flags[np.flatnonzero(hot)] |= np.uint32(DARK_FLAGS.HOT)
        found = [(DARK_FLAGS.NONLINEAR, nonlinear)]
        telegraph = self.telegraph.beyond(self.unlikely_scatter, block)
        if telegraph is not False:
            found.append((DARK_FLAGS.TELEGRAPH, np.flatnonzero(telegraph)))
        for flag, pixels in found:
            flags[pixels] |= np.uint32(flag | DARK_FLAGS.DO_NOT_USE)
            mask[pixels] = True
        return flags, mask, np.flatnonzero(special)

    def _significant(self, paired, special):
        """Pixels that depart by more than the critical deviate and the tolerance; marks those close to either."""
        size = np.abs(paired.deviate, out=empty(paired.deviate.shape, paired.deviate.dtype))
        near = np.flatnonzero(size >= size.dtype.type((1 - _CLOSE) * self.critical))
        size, departure, worth = size[near], np.abs(paired.contrast[near]), self.tolerance * paired.rate[near]
        special[near] |= (np.abs(size - self.critical) <= _CLOSE * self.critical) & (size > 0)
        special[near] |= np.abs(departure - worth) <= _CLOSE * departure
        return near[(size > self.critical) & (departure > worth)]

    def _looked_at(self, block, pixels=None):
        """Flags of some rows, or of some pixels of these."""
        if self.comparer is None:
            measured = measure_one(self.stack, block)
        else:
            measured = measure_several(self.comparer, block, pixels)
        hot, warm = self.hotness.flags(measured, block, pixels)
        telegraph = self.telegraph.beyond(self.unlikely_scatter, block)
        if pixels is not None and telegraph is not False:
            telegraph = telegraph.reshape(1, -1)[:, pixels]
        found = {"HOT": hot, "WARM": warm, "TELEGRAPH": telegraph}
        bad = telegraph | measured.unusable
        if self.comparer is None:
            return _bit_field(DO_NOT_USE=bad | hot, **found)
        comparison = measured.comparison
        with np.errstate(invalid="ignore"):
            nonlinear = departures(comparison, self.critical, self.tolerance) | (measured.rate > self.limit)
        found["NONLINEAR"] = nonlinear
        found["UNRELIABLE_DARK"] = ~could_be_seen(comparison, self.planned, self.tolerance) & ~nonlinear
        found["SATURATED"] = np.isfinite(measured.limit)
        return _bit_field(DO_NOT_USE=bad | nonlinear | (hot & ~(comparison.fit.degrees > 0)), **found)


@dataclass
class FlagCount:
    """Counts the pixels of some rows that have each flag."""

    flags: np.ndarray
    start: int = 0

    def memory(self):
        """Bytes that a block takes while it is worked on, for each pixel."""
        return 16

    def part(self, rows):
        """What it takes to do some rows; it can be sent to another process."""
        return FlagCount(self.flags[rows], rows.start)

    def summary(self, block):
        """Number of pixels of each flag, by its name."""
        flags = self.flags[shifted(block, self.start)].ravel()
        # Most pixels have none, or are only untestable: the others are counted one by one.
        unseen = flags == DARK_FLAGS.UNRELIABLE_DARK
        counts = dict.fromkeys(COUNTED, 0)
        counts["UNRELIABLE_DARK"] = np.count_nonzero(unseen)
        others = flags[np.flatnonzero(unseen != flags.astype(bool))]
        for name in COUNTED:
            counts[name] += np.count_nonzero(others & getattr(DARK_FLAGS, name))
        return counts


def _first(holds):
    """The rate (electron/s) from which on a whole pixel has a flag; infinite where none has, None where all have."""
    rates = _RATES
    for _ in range(_ROUNDS):
        flagged = holds(rates)
        if not flagged.any():
            return np.inf
        first = flagged.argmax()
        if first == 0:
            return None
        rates = np.linspace(rates[first - 1], rates[first], 101)
    return float(rates[first])


def _above(rate, edge, special):
    """Pixels above a rate; marks those too close to it for single precision as special."""
    if not 0 < edge < np.inf:
        return rate > edge
    low, high = (rate > rate.dtype.type(edge * factor) for factor in (1 - _CLOSE, 1 + _CLOSE))
    np.not_equal(low, high, out=low)
    np.logical_or(special, low, out=special)
    return high


def _with_mask(flags):
    return flags, np.bitwise_and(flags, np.uint32(DARK_FLAGS.DO_NOT_USE), dtype=np.uint32).astype(bool)


def _bit_field(**flags):
    """Bit field of some rows from boolean images; False is none."""
    field = None
    for name, where in flags.items():
        if where is False:
            continue
        bits = np.multiply(where, np.uint32(getattr(DARK_FLAGS, name)), dtype=np.uint32)
        field = bits if field is None else np.bitwise_or(field, bits, out=field)
    return field
