# Licensed under a 3-clause BSD style license - see LICENSE
"""How probable it is that a pixel is not proportional, by the significance of its departure and by its sensor."""

from dataclasses import dataclass

import numpy as np

from .counts_at import departs

__all__ = ["DeparturePrior", "departure_prior"]

# Pixels of a sample. Robust scatters above the median rate from which on a pixel is hot.
_SAMPLE, _HOT = 2**18, 5.0
# Fraction of normal deviates below -1.
_BELOW = 0.15865525
# Deviates between which pixels depart for certain, and are few enough that their number per deviate is that below.
_FROM, _TO = 4.0, 12.0
# What is known before any pixel is seen: one that departs, among so many.
_ONE_OF = 70
# Least and largest deviate at which the odds are even.
_LEAST, _MOST = 2.5, 4.5


@dataclass(frozen=True)
class DeparturePrior:
    """Odds of a departure from one rate.

    Attributes
    ----------
    hot_above : float
        Rate (electron/s) above which a pixel is hot.
    typical, hot : float
        Deviate at which a pixel that is not hot, and one that is, is as probably one that departs as one that does not.
    """

    hot_above: float
    typical: float
    hot: float

    def of(self, deviate, rate):
        """Probability that pixels depart, by the deviates of their departures and their rates (electron/s)."""
        with np.errstate(invalid="ignore"):
            return departs(deviate, np.where(rate > self.hot_above, self.hot, self.typical))

    def deviates_of(self, probability):
        """Deviates (of typical pixels, and of hot ones) at which a pixel departs with a probability."""
        change = 2 * np.log(1 / probability - 1)
        return tuple(np.sqrt(max(even**2 - change, 0.0)) for even in (self.typical, self.hot))


def departure_prior(comparer):
    """`DeparturePrior` of the rates of a `RateComparer`, from a sample of their pixels.

    Notes
    -----
    Deviates of pixels that are proportional are normal; those of the others spread over many sigmas, as many in each.
    The odds are the ratio of both densities, a local false discovery rate (Efron 2004); hot pixels, of which more
    depart, have their own.
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
    size, rate = np.abs(deviate[known]), rate[known]
    low, median = np.quantile(rate, [_BELOW, 0.5]) if rate.size else (0.0, 0.0)
    hot_above = float(median + _HOT * (median - low))
    hot = rate > hot_above
    return DeparturePrior(hot_above, *(_even(size[pixels]) for pixels in (~hot, hot)))


def _even(size):
    """Deviate at which both densities are equal, from the absolute deviates of some pixels."""
    departing = (1 + np.count_nonzero((size > _FROM) & (size < _TO))) / (_TO - _FROM)
    proportional = 2 / np.sqrt(2 * np.pi) * (_ONE_OF + np.count_nonzero(size < _FROM))
    return float(np.clip(np.sqrt(2 * np.log(max(proportional / departing, 1.0))), _LEAST, _MOST))
