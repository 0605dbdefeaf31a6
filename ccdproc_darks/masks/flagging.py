# Licensed under a 3-clause BSD style license - see LICENSE
"""The flags of some rows of pixels, when it is settled from where on each of them is set."""

import copy
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtr

from .._compute.buffers import empty
from ..comparison.comparer import RateComparer, stack_part
from ..comparison.dark_scatter import ScatterImages
from ..flags import DARK_FLAGS
from ..rates.rate_images import RateImages
from .hot_pixels import HotPixelTest
from .pixel_rates import noiseless_pixel, pixel_rates_of_one, pixel_rates_of_several

__all__ = ["COUNTED", "FlagJob", "detectable", "not_proportional"]


def not_proportional(comparison, critical, tolerance):
    """
    Pixels that are not proportional: significantly, and by more than a tolerance.

    Parameters
    ----------
    comparison : `ccdproc_darks.comparison.comparer.Comparison`
        Some rows.
    critical : float
        Size of the significance needed.
    tolerance : float
        Departure needed, as a fraction of the rate.
    """
    with np.errstate(invalid="ignore"):
        worth = tolerance * np.maximum(comparison.fit.rate, 0)
        significant = np.abs(comparison.significance) > critical
        return significant & (comparison.largest_departure() > worth) & (comparison.fit.degrees > 0)


def detectable(comparison, critical, tolerance):
    """
    Pixels in which a departure as large as the tolerance would have been seen, more often than not.

    Parameters
    ----------
    comparison, critical, tolerance
        As of `not_proportional`.

    Notes
    -----
    The departure of one exposure, of those the one that shows it best, makes the chi-square a non-central one; its
    median is about the non-centrality plus the degrees of freedom, less 1.
    """
    fit = comparison.fit
    departure = tolerance * np.maximum(fit.rate, 0) * comparison.seconds[:, None, None]
    with np.errstate(invalid="ignore"):
        seen = (departure**2 * fit.information).max(axis=0)
        needed = _critical_chi_square(critical, fit.degrees) - fit.degrees + 1
        return (seen >= needed) & (fit.rate > 0)


def _critical_chi_square(critical, degrees):
    """Chi-square of the two-sided probability of a deviate, for each number of degrees of freedom."""
    probability = 2 * ndtr(-critical)
    table = np.array([np.inf, *(chdtri(k, probability) for k in range(1, max(int(degrees.max(initial=0)), 1) + 1))])
    return table[np.maximum(degrees, 0)]


COUNTED = ("HOT", "WARM", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "DO_NOT_USE")

# Rates (electron/s) among which those are sought from which on a flag is set, and how often more closely.
_RATES = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 400)])
_ROUNDS, _CLOSER = 3, 1001
# How close to such a rate, as a fraction, single precision is no judge.
_CLOSE = 1e-4


@dataclass
class FlagJob:
    """
    Flags some rows.

    Attributes
    ----------
    stack : `ccdproc_darks.rates.rate_images.RateImages`
        The rates.
    comparer : `ccdproc_darks.comparison.comparer.RateComparer` or None
        Of several rates.
    hotness : `ccdproc_darks.masks.hot_pixels.HotPixelTest`
        Tells hot pixels.
    telegraph : `ccdproc_darks.comparison.dark_scatter.ScatterImages`
        Tells telegraph pixels.
    critical, planned, unlikely_scatter : float
        Deviates beyond which a pixel is not proportional, for which its power is reckoned, and beyond which it is a
        telegraph pixel.
    tolerance : float
        Smallest departure worth flagging, as a fraction of the rate.
    limit : float
        Rate (electron/s) above which all pixels are not proportional; infinite where there is none.
    tally : `numpy.ndarray`
        Pixels so far that have each of the flags `COUNTED`.
    """

    stack: RateImages
    comparer: RateComparer | None
    hotness: HotPixelTest
    telegraph: ScatterImages
    critical: float
    planned: float
    unlikely_scatter: float
    tolerance: float
    limit: float

    def __post_init__(self):
        self.tally = np.zeros(len(COUNTED), dtype=int)
        self._edges = None
        if self.comparer is not None and self.comparer.pair is not None and self.hotness.by_noise_alone:
            hot = self.hotness.edge(noiseless_pixel(self.comparer, np.zeros(1)))
            edges = {"hot": hot, "seen": _first(self._could_be_seen), "limit": self.limit}
            if edges["seen"] is not None and min(edges.values()) > 0:
                self._edges = edges

    def _could_be_seen(self, rates):
        return detectable(self.comparer.complete(rates), self.planned, self.tolerance)[0]

    def memory(self):
        """Bytes that a block takes while it is worked on, for each pixel."""
        return 100 if self._edges is not None else 500 * len(self.stack)

    def for_rows(self, rows):
        """What it takes to do some rows; it can be sent to another process."""
        part = copy.copy(self)
        part.stack, part.comparer = stack_part(self.stack, self.comparer, rows)
        part.hotness, part.telegraph = self.hotness.for_rows(rows), self.telegraph.for_rows(rows)
        part.tally = np.zeros_like(self.tally)
        return part

    def rows(self, block, out=(None, None)):
        """The flags of some rows and the mask, and the pixels to `exact`."""
        if self._edges is None:
            return _with_mask(self._counted(self._looked_at(block))), np.zeros(0, dtype=int)
        flags, mask, special = self._at_a_glance(block, out[0])
        # They are counted when they are mended.
        flags[special] = 0
        self._counted(flags)
        return [image.reshape(block.stop - block.start, -1) for image in (flags, mask)], special

    def exact(self, rows, pixels):
        """The same of some pixels of some rows."""
        return _with_mask(self._counted(self._looked_at(rows, pixels)))

    def _counted(self, flags):
        # Most pixels are only untestable: the others are counted one by one.
        others = flags.ravel()[np.flatnonzero(flags != DARK_FLAGS.UNRELIABLE_DARK)]
        self.tally += [np.count_nonzero(others & getattr(DARK_FLAGS, name)) for name in COUNTED]
        self.tally[COUNTED.index("UNRELIABLE_DARK")] += flags.size - others.size
        return flags

    def _at_a_glance(self, block, place):
        """Flags and mask of whole pixels by their rate and deviate, and the pixels for which that is not enough."""
        paired = self.comparer.paired(block)
        special, edges = paired.special_mask(), self._edges
        with np.errstate(invalid="ignore"):
            # Few are above any of them: only these have other flags than most.
            lowest = (1 - _CLOSE) * min(edges.values())
            high = np.flatnonzero(paired.rate > paired.rate.dtype.type(lowest))
            hot, seen, beyond = (
                high[_above(paired.rate[high], edges[name], high, special)] for name in ("hot", "seen", "limit")
            )
            nonlinear = beyond
            if self.critical <= paired.pair.most:
                nonlinear = np.union1d(beyond, self._significant(paired, special))
        flags = empty(special.shape, np.uint32) if place is None else place.reshape(-1)
        flags.fill(DARK_FLAGS.UNRELIABLE_DARK)
        flags[seen] = flags[nonlinear] = 0
        flags[hot] |= np.uint32(DARK_FLAGS.HOT)
        found = [(DARK_FLAGS.NONLINEAR, nonlinear)]
        telegraph = self.telegraph.beyond(self.unlikely_scatter, block)
        if telegraph is not False:
            found.append((DARK_FLAGS.TELEGRAPH, np.flatnonzero(telegraph)))
        mask = np.zeros(special.shape, dtype=bool)
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
            measured = pixel_rates_of_one(self.stack, block)
        else:
            measured = pixel_rates_of_several(self.comparer, block, pixels)
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
            nonlinear = not_proportional(comparison, self.critical, self.tolerance) | (measured.rate > self.limit)
        found["NONLINEAR"] = nonlinear
        found["UNRELIABLE_DARK"] = ~detectable(comparison, self.planned, self.tolerance) & ~nonlinear
        found["SATURATED"] = np.isfinite(measured.limit)
        return _bit_field(DO_NOT_USE=bad | nonlinear | (hot & ~(comparison.fit.degrees > 0)), **found)


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
        rates = np.linspace(rates[first - 1], rates[first], _CLOSER)
    return float(rates[first])


def _above(rates, edge, pixels, special):
    """Which of some pixels' rates are above an edge; marks those too close to it for single precision as special."""
    if not 0 < edge < np.inf:
        return rates > edge
    low, high = (rates > rates.dtype.type(edge * factor) for factor in (1 - _CLOSE, 1 + _CLOSE))
    special[pixels[low != high]] = True
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
