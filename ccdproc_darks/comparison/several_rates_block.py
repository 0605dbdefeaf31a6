# Licensed under a 3-clause BSD style license - see LICENSE
"""Departures of the pixels of some rows from one rate each: which are far in a tail, and which beyond a limit."""

from dataclasses import dataclass, replace

import numpy as np

from ..statistics.significance import first_size, needs_exact_tail, significance_between

__all__ = ["SeveralRatesBlock"]

# Deviate below which no tail is other than normal, and none is averaged over read noises.
_NORMAL = 1.0
# Factor by which a deviate may grow where it is averaged over what the read noise of a pixel may be.
_AVERAGED = 1.4


@dataclass
class SeveralRatesBlock:
    """Rates of a block of rows, compared; flat arrays, right where ``complete`` is True.

    `ccdproc_darks.comparison.two_rates.TwoRatesBlock` has the same methods, and the attributes up to ``information``.

    Attributes
    ----------
    several_rates : `ccdproc_darks.comparison.several_rates.SeveralRates`
        Common properties of all pixels.
    complete : `numpy.ndarray` of bool
        Pixels that lost no frame.
    rate : `numpy.ndarray`
        Fitted rate (electron/s).
    difference, last : `numpy.ndarray`
        Rate at the shortest exposure minus that at the longest, and that at the longest without the common offset
        (electron/s).
    deviation : `numpy.ndarray` or None
        Standard deviation of the difference of proportional pixels (electron/s).
    deviate : `numpy.ndarray`
        Departure from one rate as a signed equivalent normal deviate, with normal tails and the pixel's mean read
        variance.
    departure, information : `numpy.ndarray`
        Absolute departure (electron/s) of the exposure that is furthest, in sigmas, from what the others predict: that
        of `ccdproc_darks.comparison.comparer.Comparison.largest_departure`. Largest 1 / variance (s^2/electron^2) of
        such a departure, of any exposure: with d the rate, a departure of f d makes the chi-square a non-central one
        with the non-centrality ``(f d)^2 information``.
    skewness : `numpy.ndarray`
        Skewness of the counts in the direction of the departure, see `ccdproc_darks.statistics.rate_fit.RateFit`.
    scatter, variance : `numpy.ndarray` or None
        Read noise (electron) as measured and mean variance of a reading (electron^2), of a map.
    share, alike : `numpy.ndarray` or None
        See `ccdproc_darks.statistics.noise_mixture.MeanTails` (``frames``), where the map is not exact.
    """

    several_rates: object
    complete: np.ndarray
    rate: np.ndarray
    difference: np.ndarray
    last: np.ndarray
    deviation: np.ndarray | None = None
    deviate: np.ndarray | None = None
    departure: np.ndarray | None = None
    information: np.ndarray | None = None
    skewness: np.ndarray | None = None
    scatter: np.ndarray | None = None
    variance: np.ndarray | None = None
    share: np.ndarray | None = None
    alike: np.ndarray | None = None

    def significance(self):
        """Deviates averaged over the read noise that a pixel may have; `deviate` where read noise is known exactly."""
        if self.share is None:
            return self.deviate
        found = self.deviate.copy()
        far = np.flatnonzero(self.complete & (np.abs(found) > _NORMAL))
        found[far] = self.several_rates.averaged(self, far, found[far].astype(float))
        return found

    def inexact_mask(self):
        """Pixels whose significance is not that of `significance`, as a boolean array: incomplete, or far in a tail."""
        inexact = ~self.complete
        far = np.flatnonzero(self.complete & (np.abs(self.deviate) > _NORMAL))
        inexact[far[self._needs_exact(far)]] = True
        return inexact

    def inexact_pixels(self):
        """Flat indices of the pixels of `inexact_mask`."""
        return np.flatnonzero(self.inexact_mask())

    def some(self, pixels):
        """The same of some pixels (flat indices)."""
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return replace(self, **{name: value[pixels] for name, value in arrays.items()})

    def may_be_beyond(self, critical):
        """Pixels whose significance may be above ``critical``, and incomplete ones, as a boolean array."""
        found = np.abs(self.deviate) > self._first_size(critical)
        # As ``found | ~complete``.
        return np.greater_equal(found, self.complete, out=found)

    def beyond(self, critical):
        """Pixels whose absolute significance is above a critical deviate, and those for which the exact way must tell.

        Returns
        -------
        beyond, undecided : `numpy.ndarray` of int
            Flat indices, rising. No pixel is in both, and incomplete pixels are in neither.
        """
        far, low, high = self._between(critical)
        if self.share is not None and far.size:
            least, most = self.several_rates.limits(self, far, low, high)
            some = np.flatnonzero((least <= critical) & (most > critical))
            least[some], most[some] = (
                self.several_rates.averaged(self, far[some], side[some]) for side in (low, high)
            )  # fmt: skip
            low, high = least, most
        return far[low > critical], far[(low <= critical) & (high > critical)]

    def between(self, least):
        """Pixels (flat indices) whose deviate may be above ``least``, and the lower and upper limits of the deviates.

        Incomplete pixels are left out.
        """
        far, low, high = self._between(least)
        if self.share is not None:
            low, high = self.several_rates.limits(self, far, low, high)
        return far, low, high

    def _between(self, least):
        """The same, with limits of the deviates that the pixel's mean read variance gives, not averaged."""
        far = np.flatnonzero(self.complete & (np.abs(self.deviate) > self._first_size(least)))
        size, exact = np.abs(self.deviate[far].astype(float)), self._needs_exact(far)
        return far, *significance_between(size, self.skewness[far], self._kurtosis(far), exact)

    def _first_size(self, least):
        """Departure, as a normal deviate, up to which no deviate is above ``least``."""
        return first_size(least if self.share is None else least / _AVERAGED)

    def statistic(self, name):
        """Images of a statistic of `compare_dark_rates`, and flat indices of the pixels that need the exact way."""
        if name == "significance":
            return [self.significance()], self.inexact_pixels()
        incomplete = np.flatnonzero(~self.complete)
        if name == "difference":
            return [self.difference, self.deviation], incomplete
        if name == "ratio":
            with np.errstate(divide="ignore", invalid="ignore"):
                last = np.where(self.last > 0, self.last, np.nan)
                return [(self.difference + last) / last, self.deviation / last], incomplete
        raise ValueError(f"no statistic {name!r} in the fast pass")

    def _kurtosis(self, pixels):
        variance = None if self.variance is None else self.variance[pixels].astype(float)
        return self.several_rates.kurtosis(self.rate[pixels].astype(float), variance)

    def _needs_exact(self, pixels):
        """Which of some complete pixels have a tail that is not normal."""
        several = self.several_rates
        if several.normal:
            return np.zeros(pixels.shape, dtype=bool)
        size = np.abs(self.deviate[pixels].astype(float))
        return needs_exact_tail(size, self.skewness[pixels], self._kurtosis(pixels), several.known)
