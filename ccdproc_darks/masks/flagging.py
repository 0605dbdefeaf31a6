# Licensed under a 3-clause BSD style license - see LICENSE
"""The flags of some rows of pixels, when it is settled from where on each of them is set."""

import copy
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtr

from .._compute.blocks import Block, BlockJob, Deferred
from ..comparison.comparer import RateComparer, both_for_rows
from ..comparison.dark_scatter import ScatterImages
from ..flags import DARK_FLAGS
from ..rates.rate_images import RateImages
from .hot_pixels import HotPixelTest
from .pixel_rates import noiseless_pixel, pixel_rates

__all__ = ["COUNTED", "FlagJob", "detectable", "not_proportional"]


COUNTED = ("HOT", "WARM", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "DO_NOT_USE")

# Grid (electron/s) on which the rate is sought from which on a flag is set, and how often it is refined.
_RATES = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 400)])
_ROUNDS, _CLOSER = 3, 1001
# So close to such a rate, as a fraction, single precision cannot tell on which side a pixel is.
_CLOSE = 1e-4


def not_proportional(comparison, critical, tolerance):
    """Pixels that are not proportional: significantly, and by more than a tolerance.

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
    """Pixels in which a departure as large as the tolerance would have been seen, more often than not.

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


@dataclass
class FlagJob(BlockJob):
    """Makes the flags and the mask; counts the pixels that have each of the flags `COUNTED`.

    Attributes
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        The rates.
    comparer : `ccdproc_darks.comparison.comparer.RateComparer` or None
        Compares several rates.
    hot_pixels : `ccdproc_darks.masks.hot_pixels.HotPixelTest`
        Tells hot pixels.
    telegraph : `ccdproc_darks.comparison.dark_scatter.ScatterImages`
        Tells telegraph pixels.
    critical : float
        Deviate beyond which a pixel is NONLINEAR.
    planned : float
        Deviate for which a pixel's power is computed.
    critical_scatter : float
        Deviate beyond which a pixel is TELEGRAPH.
    tolerance : float
        Smallest departure worth flagging, as a fraction of the rate.
    rate_limit : float
        Rate (electron/s) above which all pixels are NONLINEAR; infinite where there is none.
    """

    images: RateImages
    comparer: RateComparer | None
    hot_pixels: HotPixelTest
    telegraph: ScatterImages
    critical: float
    planned: float
    critical_scatter: float
    tolerance: float
    rate_limit: float

    def __post_init__(self):
        # Rates (electron/s) from which on a complete pixel has a flag, for the fast pass; None where there is none.
        self._edges = None
        if self.comparer is not None and self.comparer.two_rates is not None and self.hot_pixels.by_noise_alone:
            hot = self.hot_pixels.threshold_for(noiseless_pixel(self.comparer, np.zeros(1)))
            edges = {"hot": hot, "detectable": _first(self._detectable), "rate_limit": self.rate_limit}
            if edges["detectable"] is not None and min(edges.values()) > 0:
                self._edges = edges

    def _detectable(self, rates):
        return detectable(self.comparer.noiseless(rates), self.planned, self.tolerance)[0]

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 100 if self._edges is not None else 500 * len(self.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        job = copy.copy(self)
        job.images, job.comparer = both_for_rows(self.images, self.comparer, rows)
        job.hot_pixels, job.telegraph = self.hot_pixels.for_rows(rows), self.telegraph.for_rows(rows)
        return job

    def block(self, rows, out=(None, None)):
        """The fast pass, where there is one: what is right for complete pixels whose tail is a normal one."""
        if self._edges is None:
            return _counted(self._flags_of(rows))
        flags, mask, inexact = self._quick_flags(rows, out[0])
        # The exact way counts them.
        flags[inexact] = 0
        return Block([flags, mask], Deferred(inexact), _numbers(flags))

    def exact(self, deferred):
        """The exact way: the full fit and its tail."""
        return _counted(self._flags_of(slice(None), deferred.pixels))

    def _quick_flags(self, rows, out):
        """Flags and mask of complete pixels by their rate and deviate, and the pixels for which that is not enough."""
        quick = self.comparer.two_rates_block(rows)
        inexact, edges = quick.inexact_mask(), self._edges
        with np.errstate(invalid="ignore"):
            # Few are above any of the edges: only these have other flags than most.
            lowest = (1 - _CLOSE) * min(edges.values())
            high = np.flatnonzero(quick.rate > quick.rate.dtype.type(lowest))
            hot, seen, beyond = (
                high[_above(quick.rate[high], edges[name], high, inexact)]
                for name in ("hot", "detectable", "rate_limit")
            )
            nonlinear = beyond
            if self.critical <= quick.two_rates.largest_normal:
                nonlinear = np.union1d(beyond, self._significant(quick, inexact))
        flags = np.empty(inexact.shape, np.uint32) if out is None else out.reshape(-1)
        flags.fill(DARK_FLAGS.UNRELIABLE_DARK)
        flags[seen] = flags[nonlinear] = 0
        flags[hot] |= np.uint32(DARK_FLAGS.HOT)
        found = [(DARK_FLAGS.NONLINEAR, nonlinear)]
        telegraph = self.telegraph.beyond(self.critical_scatter, rows)
        if telegraph is not False:
            found.append((DARK_FLAGS.TELEGRAPH, np.flatnonzero(telegraph)))
        mask = np.zeros(inexact.shape, dtype=bool)
        for flag, pixels in found:
            flags[pixels] |= np.uint32(flag | DARK_FLAGS.DO_NOT_USE)
            mask[pixels] = True
        return flags, mask, np.flatnonzero(inexact)

    def _significant(self, quick, inexact):
        """Pixels that depart by more than the critical deviate and the tolerance; marks those close to either."""
        size = np.abs(quick.deviate)
        near = np.flatnonzero(size >= size.dtype.type((1 - _CLOSE) * self.critical))
        size, departure, worth = size[near], np.abs(quick.difference[near]), self.tolerance * quick.rate[near]
        inexact[near] |= (np.abs(size - self.critical) <= _CLOSE * self.critical) & (size > 0)
        inexact[near] |= np.abs(departure - worth) <= _CLOSE * departure
        return near[(size > self.critical) & (departure > worth)]

    def _flags_of(self, rows, pixels=None):
        """Flags of a block of rows, or of some pixels of it (flat indices)."""
        measured = pixel_rates(self.images, self.comparer, rows, pixels)
        hot, warm = self.hot_pixels.flags(measured, rows, pixels)
        telegraph = self.telegraph.beyond(self.critical_scatter, rows, pixels)
        found = {"HOT": hot, "WARM": warm, "TELEGRAPH": telegraph}
        bad = telegraph | measured.unusable
        if self.comparer is None:
            return _bit_field(DO_NOT_USE=bad | hot, **found)
        comparison = measured.comparison
        with np.errstate(invalid="ignore"):
            nonlinear = not_proportional(comparison, self.critical, self.tolerance) | (measured.rate > self.rate_limit)
        found["NONLINEAR"] = nonlinear
        found["UNRELIABLE_DARK"] = ~detectable(comparison, self.planned, self.tolerance) & ~nonlinear
        found["SATURATED"] = np.isfinite(measured.lower_limit)
        return _bit_field(DO_NOT_USE=bad | nonlinear | (hot & ~(comparison.fit.degrees > 0)), **found)


def _numbers(flags):
    """How many pixels have each of the flags `COUNTED`."""
    # Most pixels are only untestable: the others are counted one by one.
    others = flags.ravel()[np.flatnonzero(flags != DARK_FLAGS.UNRELIABLE_DARK)]
    numbers = np.array([np.count_nonzero(others & getattr(DARK_FLAGS, name)) for name in COUNTED])
    numbers[COUNTED.index("UNRELIABLE_DARK")] += flags.size - others.size
    return numbers


def _counted(flags):
    """`Block` of flags, with their mask and their numbers."""
    mask = np.bitwise_and(flags, np.uint32(DARK_FLAGS.DO_NOT_USE), dtype=np.uint32).astype(bool)
    return Block([flags, mask], count=_numbers(flags))


def _first(holds):
    """Rate (electron/s) from which on a complete pixel has a flag; infinite where none has, None where all have."""
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


def _above(rates, edge, pixels, inexact):
    """Which of some pixels' rates are above an edge; marks those too close to it for single precision as inexact."""
    if not 0 < edge < np.inf:
        return rates > edge
    low, high = (rates > rates.dtype.type(edge * factor) for factor in (1 - _CLOSE, 1 + _CLOSE))
    inexact[pixels[low != high]] = True
    return high


def _bit_field(**flags):
    """Bit field of some rows from boolean images; False is none."""
    field = None
    for name, where in flags.items():
        if where is False:
            continue
        bits = np.multiply(where, np.uint32(getattr(DARK_FLAGS, name)), dtype=np.uint32)
        field = bits if field is None else np.bitwise_or(field, bits, out=field)
    return field
