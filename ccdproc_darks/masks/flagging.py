# Licensed under a 3-clause BSD style license - see LICENSE
"""Flags of a block of rows, by thresholds that are already set."""

import copy
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri, ndtr

from .._compute.blocks import Block, BlockJob, Deferred
from .._interface.flags import DARK_FLAGS
from ..comparison.comparer import RateComparer, both_for_rows
from ..comparison.dark_scatter import ScatterImages
from ..rates.rate_images import RateImages
from .hot_pixels import HotPixelTest
from .pixel_rates import noiseless_pixel, pixel_rates

__all__ = ["COUNTED", "UNTESTED", "FlagJob", "detectable", "not_proportional"]

COUNTED = ("HOT", "WARM", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "DO_NOT_USE")
# Name of the number of pixels that are not HOT, and too noisy to be tested for proportionality.
UNTESTED = "untested"

# Grid of rates (electron/s) on which the lowest rate with a flag is found; times and points of its refinement.
_RATES = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 400)])
_ROUNDS, _CLOSER = 3, 1001
# Relative distance from that rate within which single precision cannot tell on which side a pixel is.
_CLOSE = 1e-4


def not_proportional(comparison, critical, tolerance):
    """Pixels of a `Comparison` that are not proportional: significantly, and by more than a tolerance.

    ``critical`` is the significance needed, ``tolerance`` the departure needed as a fraction of the rate.
    """
    with np.errstate(invalid="ignore"):
        worth = tolerance * np.maximum(comparison.fit.rate, 0)
        significant = np.abs(comparison.significance) > critical
        return significant & (comparison.largest_departure() > worth) & (comparison.fit.degrees > 0)


def detectable(comparison, critical, tolerance):
    """Pixels in which a departure as large as the tolerance would be significant in more than half of the cases.

    Parameters are those of `not_proportional`.

    Notes
    -----
    The departure of one exposure, the one that shows it best, makes the chi-square a non-central one. Its median is
    about the non-centrality plus the degrees of freedom, less 1.
    """
    fit = comparison.fit
    departure = tolerance * np.maximum(fit.rate, 0) * comparison.seconds[:, None, None]
    with np.errstate(invalid="ignore"):
        seen = (departure**2 * fit.information).max(axis=0)
        needed = _critical_chi_square(critical, fit.degrees) - fit.degrees + 1
        return (seen >= needed) & (fit.rate > 0)


def _critical_chi_square(critical, degrees):
    """Chi-square that has the two-sided probability of a deviate, for each number of degrees of freedom."""
    probability = 2 * ndtr(-critical)
    table = np.array([np.inf, *(chdtri(k, probability) for k in range(1, int(degrees.max(initial=0)) + 1))])
    return table[np.maximum(degrees, 0)]


@dataclass
class FlagJob(BlockJob):
    """Makes the flags and the mask; counts the pixels that have each of the flags `COUNTED`, and those `UNTESTED`.

    Attributes
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        The rates.
    comparer : `ccdproc_darks.comparison.comparer.RateComparer` or None
        Comparer of several rates.
    hot_pixels : `ccdproc_darks.masks.hot_pixels.HotPixelTest`
        Test that finds HOT and WARM pixels.
    telegraph : `ccdproc_darks.comparison.dark_scatter.ScatterImages`
        Images in which pixels beyond the deviate ``critical_scatter`` are TELEGRAPH.
    critical, planned : float
        Deviate beyond which a pixel is NONLINEAR, and the one for which its power is computed.
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
        # Rates (electron/s) above which a complete pixel has a flag, for the fast pass; None without a fast pass.
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
        """Fast pass, where there is one, right for complete pixels whose tail is normal; else the exact way."""
        if self._edges is None:
            return self._flags_of(rows)
        flags, mask, inexact, untested = self._quick_flags(rows, out[0])
        # Counted where they are computed exactly.
        flags[inexact] = 0
        return Block([flags, mask], Deferred(inexact), _numbers(flags, untested))

    def exact(self, deferred):
        """The full fit and its exact tail."""
        return self._flags_of(slice(None), deferred.pixels)

    def _quick_flags(self, rows, out):
        """Flags and mask from rate and deviate, where these are not enough (flat indices), and how many are untested."""
        quick = self.comparer.two_rates_block(rows)
        inexact, edges = quick.inexact_mask(), self._edges
        with np.errstate(invalid="ignore"):
            # Only the few pixels above the lowest of the edges have other flags than most.
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
        flags.fill(0)
        flags[hot] = DARK_FLAGS.HOT | DARK_FLAGS.UNRELIABLE_DARK
        mask = inexact.copy()
        for tested in (seen, nonlinear):
            flags[tested] &= ~np.uint32(DARK_FLAGS.UNRELIABLE_DARK)
            mask[tested] = True
        mask[hot] = True
        untested = mask.size - np.count_nonzero(mask)
        mask.fill(False)
        telegraph = np.flatnonzero(self.telegraph.beyond(self.critical_scatter, rows))
        for flag, pixels in ((DARK_FLAGS.NONLINEAR, nonlinear), (DARK_FLAGS.TELEGRAPH, telegraph)):
            flags[pixels] |= np.uint32(flag | DARK_FLAGS.DO_NOT_USE)
            mask[pixels] = True
        return flags, mask, np.flatnonzero(inexact), untested

    def _significant(self, quick, inexact):
        """Pixels beyond the critical deviate and the tolerance; marks as ``inexact`` those close to either."""
        size = np.abs(quick.deviate)
        near = np.flatnonzero(size >= size.dtype.type((1 - _CLOSE) * self.critical))
        size, departure, worth = size[near], np.abs(quick.difference[near]), self.tolerance * quick.rate[near]
        inexact[near] |= (np.abs(size - self.critical) <= _CLOSE * self.critical) & (size > 0)
        inexact[near] |= np.abs(departure - worth) <= _CLOSE * departure
        return near[(size > self.critical) & (departure > worth)]

    def _flags_of(self, rows, pixels=None):
        """Flags and mask (`Block`) of a block of rows, or of some ``pixels`` of it (flat indices)."""
        measured = pixel_rates(self.images, self.comparer, rows, pixels)
        hot, warm = self.hot_pixels.flags(measured, rows, pixels)
        telegraph = self.telegraph.beyond(self.critical_scatter, rows, pixels)
        found = {"HOT": hot, "WARM": warm, "TELEGRAPH": telegraph}
        bad = telegraph | measured.unusable
        if self.comparer is None:
            return _counted(0, DO_NOT_USE=bad | hot, **found)
        comparison = measured.comparison
        with np.errstate(invalid="ignore"):
            nonlinear = not_proportional(comparison, self.critical, self.tolerance) | (measured.rate > self.rate_limit)
        found["NONLINEAR"] = nonlinear
        untested = ~detectable(comparison, self.planned, self.tolerance) & ~nonlinear
        found["UNRELIABLE_DARK"] = hot & untested
        found["SATURATED"] = np.isfinite(measured.lower_limit)
        return _counted(
            np.count_nonzero(untested & ~hot), **found,
            DO_NOT_USE=bad | nonlinear | (hot & ~(comparison.fit.degrees > 0)),
        )  # fmt: skip


def _numbers(flags, untested):
    """Number of pixels that have each of the flags `COUNTED`, and of those `UNTESTED`."""
    flagged = flags.ravel()[np.flatnonzero(flags)]
    return np.array([*(np.count_nonzero(flagged & getattr(DARK_FLAGS, name)) for name in COUNTED), untested])


def _counted(untested, **flags):
    """`Block` of flags, their mask and their numbers, from one boolean image for each flag; False is an empty one."""
    field = None
    for name, where in flags.items():
        bits = np.multiply(where, np.uint32(getattr(DARK_FLAGS, name)))
        field = bits if field is None else np.bitwise_or(field, bits, out=field)
    mask = np.bitwise_and(field, np.uint32(DARK_FLAGS.DO_NOT_USE)).astype(bool)
    return Block([field, mask], count=_numbers(field, untested))


def _first(holds):
    """Rate (electron/s) above which ``holds`` is true of a noiseless rate; infinite if nowhere, None if everywhere."""
    rates = _RATES
    for _ in range(_ROUNDS):
        flagged = holds(rates)
        if not flagged.any():
            return np.inf
        first = flagged.argmax()
        if first == 0:
            return None
        rates = np.linspace(rates[first - 1], rates[first], _CLOSER)
    return float(rates[-1])


def _above(rates, edge, pixels, inexact):
    """Which rates are above an edge (above zero); marks pixels too close to it for single precision as ``inexact``."""
    low, high = (rates > rates.dtype.type(edge * factor) for factor in (1 - _CLOSE, 1 + _CLOSE))
    inexact[pixels[low != high]] = True
    return high
