# Licensed under a 3-clause BSD style license - see LICENSE
"""Fast pass over pixels that lost no frame: which are hot, testable, not proportional, or near a decision."""

from dataclasses import dataclass

import numpy as np

from .nonlinear import detectable, needed_non_centrality
from .pixel_rates import complete_pixel_rates, noiseless_pixel

__all__ = ["Decided", "FastFlags"]

# Grid of rates (electron/s) on which the lowest rate with a flag is found; times and points of its refinement.
_RATES = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 400)])
_ROUNDS, _CLOSER = 3, 1001
# Relative distance from a decision within which single precision cannot tell on which side a pixel is.
_CLOSE = 1e-4


@dataclass
class Decided:
    """What some of a block's pixels are; all others are complete, and neither hot nor nonlinear.

    Attributes
    ----------
    size : int
        Number of pixels of the block.
    pixels : `numpy.ndarray` of int
        Flat indices, rising.
    hot, testable, nonlinear : `numpy.ndarray` of bool
        Which of them are HOT; in which a departure of the tolerance would be seen; that are NONLINEAR.
    inexact : `numpy.ndarray` of bool
        Those that only the exact way can tell: what is said of them here means nothing.
    untested : int
        Number of pixels of the block that are not hot, nonlinear, testable or inexact.
    """

    size: int
    pixels: np.ndarray
    hot: np.ndarray
    testable: np.ndarray
    nonlinear: np.ndarray
    inexact: np.ndarray
    untested: int


@dataclass
class FastFlags:
    """Decisions on pixels that lost no frame, from the fast comparison of `RateComparer`.

    Attributes
    ----------
    critical, tolerance
        See `ccdproc_darks.masks.flagging.FlagJob`.
    edges : dict of str to float
        Rates (electron/s) above which a pixel is hot, testable, and above the limit; those that all pixels have alike.
    needed : float
        Non-centrality (see `detectable`) from which on a pixel is testable.
    """

    critical: float
    tolerance: float
    edges: dict
    needed: float

    @classmethod
    def of(cls, comparer, hot_pixels, critical, planned, tolerance, rate_limit):
        """The fast pass of two rates or more; None where there is none.

        For the arguments see `ccdproc_darks.masks.flagging.FlagJob`.
        """
        if comparer is None or comparer.fast is None or not hot_pixels.by_noise_alone:
            return None
        edges, alike = {"limit": rate_limit}, comparer.images.noise is None
        needed = needed_non_centrality(planned, np.array([len(comparer.images) - 1])).item()
        if alike:
            edges["testable"] = _first(lambda rates: detectable(comparer.noiseless(rates), planned, tolerance)[0])
        if alike or hot_pixels.typical is None:
            one = noiseless_pixel(comparer, np.zeros(1)) if alike else None
            edges["hot"] = hot_pixels.threshold_for(one)
        if edges.get("testable", 1.0) is None or min(edges.values()) <= 0 or needed <= 0:
            return None
        return cls(critical, tolerance, edges, needed)

    def decide(self, comparer, hot_pixels, rows):
        """`Decided` of a block of rows; ``comparer`` and ``hot_pixels`` are those of these rows."""
        # Of two rates the mean is right in all pixels only where it is not found for departures alone.
        quick = comparer.fast_block(rows, departures=comparer.two_rates is None)
        with np.errstate(invalid="ignore", over="ignore"):
            lowest = self._lowest_hot(comparer, hot_pixels, quick, rows)
            testable, near = self._testable(quick)
            chosen = quick.may_be_beyond(self.critical)
            chosen |= quick.rate > quick.rate.dtype.type(min(lowest, self.edges["limit"]) * (1 - _CLOSE))
            chosen |= near
            pixels, size = np.flatnonzero(chosen), testable.size
            number, testable, quick = np.count_nonzero(testable), testable[pixels], quick.some(pixels)
            inexact = near[pixels] | ~quick.complete
            if "hot" in self.edges:
                hot = _above(quick.rate, lowest, inexact)
            else:
                hot = _hot(comparer, hot_pixels, quick, rows, pixels, lowest, inexact)
            nonlinear = _above(quick.rate, self.edges["limit"], inexact)
            nonlinear[self._significant(quick, inexact)] = True
        others = np.count_nonzero((hot | nonlinear | inexact) & ~testable)
        return Decided(size, pixels, hot, testable, nonlinear, inexact, size - number - others)

    def _lowest_hot(self, comparer, hot_pixels, quick, rows):
        """Rate (electron/s) up to which no pixel of a block is hot."""
        if "hot" in self.edges:
            return self.edges["hot"]
        return hot_pixels.lowest_rate(
            complete_pixel_rates(comparer, rows, np.zeros(1), np.array([np.argmin(quick.variance)]))
        )

    def _testable(self, quick):
        """Pixels in which a departure of the tolerance is seen, and those for which single precision cannot tell."""
        near = np.zeros(quick.rate.shape, dtype=bool)
        if "testable" in self.edges:
            return _above(quick.rate, self.edges["testable"], near), near
        return _above(self._seen(quick), self.needed, near) & (quick.rate > 0), near

    def _seen(self, quick):
        """Non-centrality that a departure of the tolerance gives."""
        return np.square(self.tolerance * quick.rate) * quick.information

    def _significant(self, quick, inexact):
        """Pixels beyond the critical deviate and the tolerance; marks as ``inexact`` those close to either."""
        beyond, undecided = quick.beyond(self.critical)
        found, departures = [], quick.departure
        for pixels in (beyond, undecided):
            departure = departures[pixels]
            worth = self.tolerance * np.maximum(quick.rate[pixels], 0)
            near = np.abs(departure - worth) <= _CLOSE * departure
            found.append(pixels[(departure > worth) | near])
            inexact[pixels[near]] = True
        inexact[found[1]] = True
        return found[0]


def _hot(comparer, hot_pixels, quick, rows, pixels, lowest, inexact):
    """Which ``pixels`` are hot, of noise of their own; marks as ``inexact`` those too close to their threshold.

    None is below the ``lowest`` rate (electron/s).
    """
    some = np.flatnonzero(quick.complete & (quick.rate > quick.rate.dtype.type(lowest * (1 - _CLOSE))))
    rate, places = quick.rate[some].astype(float), pixels[some]
    low, high = (
        hot_pixels.flags(complete_pixel_rates(comparer, rows, rate * factor, places), rows, places)[0].ravel()
        for factor in (1 - _CLOSE, 1 + _CLOSE)
    )
    inexact[some[low != high]] = True
    found = np.zeros(pixels.shape, dtype=bool)
    found[some[high]] = True
    return found


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


def _above(values, edge, inexact):
    """Which values are above an edge (above zero); marks those too close to it for single precision as ``inexact``."""
    low, high = (values > values.dtype.type(edge * factor) for factor in (1 - _CLOSE, 1 + _CLOSE))
    inexact |= low != high
    return high
