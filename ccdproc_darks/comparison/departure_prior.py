# Licensed under a 3-clause BSD style license - see LICENSE
"""How probable it is that a pixel is not proportional, by the significance of its departure and by its sensor."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from .counts_at import departs

__all__ = ["DeparturePrior", "departure_prior"]

# Pixels of a sample. Robust scatters above the median rate from which on a pixel is hot.
_SAMPLE, _HOT = 2**18, 5.0
# Fraction of normal deviates below -1.
_BELOW = 0.15865525
# Fraction of normal deviates between -1 and 1.
_INSIDE = 0.6826895
# Deviates between which pixels depart for certain, and are few enough that their number tells that of weaker ones.
_FROM, _TO = 4.0, 12.0
# What is known before any pixel is seen: one that departs, among so many.
_ONE_OF = 70
# Least and largest deviate at which the odds are even, of pixels that are not hot.
_LEAST, _MOST = 2.5, 4.5
# Least and largest size (sigma) of a hot pixel's departure.
_SMALLEST, _LARGEST = 1.0, 50.0


@dataclass(frozen=True)
class DeparturePrior:
    """Odds of a departure from one rate.

    Attributes
    ----------
    hot_above : float
        Rate (electron/s) above which a pixel is hot.
    typical : float
        Deviate at which a pixel that is not hot is as probably one that departs as one that does not.
    above, below : float
        Hot pixels that depart with a positive deviate, and a negative one, by a factor e in size, to one proportional.
    """

    hot_above: float
    typical: float
    above: float
    below: float

    def of(self, deviate, rate):
        """Probability that pixels depart, by the deviates of their departures and their rates (electron/s)."""
        with np.errstate(invalid="ignore"):
            return np.where(rate > self.hot_above, self._of_hot(deviate), departs(deviate, self.typical))

    def deviates_of(self, probability):
        """Deviate of typical pixels, lowest and highest one of hot pixels, beyond which they depart with more."""
        grid = np.linspace(-_TO, _TO, 2401)
        settled = grid[self._of_hot(grid) <= probability]
        ends = (settled[0], settled[-1]) if settled.size else (0.0, 0.0)
        return np.sqrt(max(self.typical**2 - 2 * np.log(1 / probability - 1), 0.0)), *map(float, ends)

    def _of_hot(self, deviate):
        grid, odds = _odds()
        log = np.log(self.above * odds + self.below * odds[::-1])
        return np.nan_to_num(1 / (1 + np.exp(-np.interp(deviate, grid, log))))


@cache
def _odds():
    """Deviates, and the odds of a departure above zero at each, whose size is evenly spread in its logarithm."""
    grid, size = np.linspace(-_TO, _TO, 1201), np.geomspace(_SMALLEST, _LARGEST, 1000)
    step = np.log(size[1] / size[0])
    return grid, np.array([np.exp(deviate * size - size**2 / 2).sum() * step for deviate in grid])


def departure_prior(comparer):
    """`DeparturePrior` of the rates of a `RateComparer`, from a sample of their pixels.

    Notes
    -----
    Deviates of pixels that are proportional are normal; those of the others spread over many sigmas. The odds are the
    ratio of both densities, a local false discovery rate (Efron 2004).

    Hot pixels, of which more depart, have their own. Offsets and bends have no scale of their own, so that the size of
    a departure is evenly spread in its logarithm (Jeffreys 1946): the strong ones, which are told for certain, tell how
    many there are too weak to be seen. Most are above zero, as a pixel that fills bends so. Of the others, where one
    high frame is as good a reason, there are as many in each sigma.
    """
    sample, found = comparer.sample(_SAMPLE), []
    for block in sample.images.blocks():
        if sample.fast is None:
            compared = sample.rows(block)
            found.append((compared.significance.ravel(), compared.fit.rate.ravel()))
            continue
        quick = sample.fast_block(block)
        deviate, inexact = quick.significance().astype(float), quick.inexact_pixels()
        deviate[inexact] = sample.rows(block, inexact).significance
        found.append((deviate, quick.rate.astype(float)))
    deviate, rate = (np.concatenate(parts) for parts in zip(*found, strict=True))
    known = np.isfinite(deviate) & np.isfinite(rate)
    deviate, rate = deviate[known], rate[known]
    low, median = np.quantile(rate, [_BELOW, 0.5]) if rate.size else (0.0, 0.0)
    hot_above = float(median + _HOT * (median - low))
    hot = rate > hot_above
    return DeparturePrior(hot_above, _even(np.abs(deviate[~hot])), *_departing(deviate[hot]))


def _even(size):
    """Deviate at which both densities are equal, from the absolute deviates of some pixels."""
    departing = (1 + np.count_nonzero((size > _FROM) & (size < _TO))) / (_TO - _FROM)
    proportional = 2 / np.sqrt(2 * np.pi) * (_ONE_OF + np.count_nonzero(size < _FROM))
    return float(np.clip(np.sqrt(2 * np.log(max(proportional / departing, 1.0))), _LEAST, _MOST))


def _departing(deviate):
    """Numbers of pixels that depart above and below zero, by a factor e in size, to a proportional one."""
    proportional = _ONE_OF + np.count_nonzero(np.abs(deviate) < 1) / _INSIDE
    for sign in (1, -1):
        departing = 0.5 + np.count_nonzero((sign * deviate > _FROM) & (sign * deviate < _TO))
        yield float(departing / np.log(_TO / _FROM) / proportional)
