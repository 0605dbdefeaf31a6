# Licensed under a 3-clause BSD style license - see LICENSE
"""Deviates of an image's pixels from which thresholds of a false discovery rate follow: exact ones only near these."""

from dataclasses import dataclass, replace

import numpy as np

from .._compute.blocks import BlockJob
from .._compute.workers import gather_summaries
from ..comparison.comparer import RateComparer, both_for_rows
from ..rates.rate_images import RateImages
from .hot_pixels import HotPixelTest
from .pixel_rates import complete_pixel_rates, noiseless_pixel, pixel_rates

__all__ = ["DeviateLimits", "pixel_deviates", "settled_deviates"]

# Relative error of a deviate in single precision.
_ROUNDING = 1e-4
# Pixels that are computed exactly at a time.
_BATCH = 2**15
_NONE = np.zeros(0)


@dataclass
class DeviateLimits:
    """Lower and upper limits of the deviates of some pixels, whose places are flat indices in the image."""

    places: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, places, deviates, least, low=None):
        """Limits of deviates that are known (or of upper limits, with the ``low`` ones), where above ``least``."""
        with np.errstate(invalid="ignore"):
            kept = np.flatnonzero(deviates > least)
        if low is None:
            return cls(places[kept].astype(np.int64), deviates[kept], deviates[kept])
        # Half the memory.
        return cls(places[kept].astype(np.int64), low[kept].astype(np.float32), deviates[kept].astype(np.float32))

    @classmethod
    def joined(cls, parts):
        """Limits of several blocks, one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("places", "low", "high")))


def pixel_deviates(control, images, comparer, hot_pixels, numbers, execution):
    """Deviates above those of typical pixels, and absolute ones of departures, from which thresholds are set.

    Parameters
    ----------
    control : `FalsePositiveControl`
        A false discovery rate.
    images, comparer, hot_pixels
        See `ccdproc_darks.masks.flagging.FlagJob`.
    numbers : tuple of int
        Number of pixels compared, and of those that have a rate.
    execution : `ccdproc_darks._compute.workers.Execution`
        Who computes.
    """
    job = _DeviatesJob(images, comparer, hot_pixels, control.least)
    hot, departures = zip(*gather_summaries(job, images.shape, execution), strict=True)
    compared, with_rate = numbers
    return (
        settled_deviates(control, with_rate, 1, DeviateLimits.joined(hot), job.exact_excess),
        settled_deviates(control, compared, 2, DeviateLimits.joined(departures), job.exact_departure),
    )


def settled_deviates(control, number, sides, limits, exact):
    """Deviates that have the critical one of `FalsePositiveControl` as if all were exact.

    The critical deviate falls as deviates rise, so that limits of all deviates limit it; pixels that are on one side of
    both these limits count, but not their deviates. ``exact`` gives the exact deviates of the others, by their places.
    """
    lowest, highest = (control.critical(number, sides, part) for part in (limits.high, limits.low))
    deviates = limits.low.astype(float)
    # A critical deviate is the next number below the deviate of a pixel.
    doubtful = (limits.high >= lowest) & (limits.low <= np.nextafter(highest, np.inf))
    near = np.flatnonzero(doubtful & (limits.low < limits.high))
    for start in range(0, near.size, _BATCH):
        some = near[start : start + _BATCH]
        deviates[some] = exact(limits.places[some])
    return deviates[~(limits.high < lowest)]


@dataclass
class _DeviatesJob(BlockJob):
    """Finds limits of the deviates of all pixels, above ``least``."""

    images: RateImages
    comparer: RateComparer | None
    hot_pixels: HotPixelTest
    least: float

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return (400 if self._is_slow else 100) * len(self.images)

    @property
    def _is_slow(self):
        fast = self.comparer is not None and self.comparer.fast is not None and self.hot_pixels.by_noise_alone
        # Below zero there are no limits.
        return not fast or self.least < 0

    def for_rows(self, rows):
        """The job for some rows alone."""
        images, comparer = both_for_rows(self.images, self.comparer, rows)
        return replace(self, images=images, comparer=comparer, hot_pixels=self.hot_pixels.for_rows(rows))

    def summary(self, rows):
        """`DeviateLimits` of rates above the typical pixel's, and of absolute departures."""
        first = rows.start * self.images.shape[1]
        found = self._exact(rows) if self._is_slow else self._fast(rows)
        return tuple(replace(limits, places=limits.places + first) for limits in found)

    def exact_excess(self, places):
        """Exact deviates of rates above the typical pixel's, at flat indices in the image."""
        measured = pixel_rates(self.images, self.comparer, slice(None), places)
        return self.hot_pixels.deviates(measured, slice(None), places).ravel()

    def exact_departure(self, places):
        """Exact absolute deviates of departures, at flat indices in the image."""
        return np.abs(self.comparer.rows(slice(None), places).significance).ravel()

    def _exact(self, rows, pixels=None):
        measured = pixel_rates(self.images, self.comparer, rows, pixels)
        excess = self.hot_pixels.deviates(measured, rows, pixels, self.least).ravel()
        size = _NONE if measured.comparison is None else np.abs(measured.comparison.significance).ravel()
        places = np.arange(excess.size) if pixels is None else pixels
        return DeviateLimits.of(places, excess, self.least), DeviateLimits.of(places[: size.size], size, self.least)

    def _fast(self, rows):
        quick = self.comparer.fast_block(rows, departures=self.comparer.two_rates is None)
        incomplete = np.flatnonzero(~quick.complete)
        others = self._exact(rows, incomplete) if incomplete.size else ()
        far, low, high = quick.between(self.least)
        departures = DeviateLimits.of(far, high, self.least, low)
        found = self._excesses(quick, rows), departures
        return tuple(map(DeviateLimits.joined, zip(found, others, strict=True))) if others else found

    def _excesses(self, quick, rows):
        """`DeviateLimits` of the rates of complete pixels above the typical pixel's."""
        hot = self.hot_pixels
        if hot.typical is None:
            return DeviateLimits.of(np.zeros(0, int), _NONE, self.least)
        with np.errstate(invalid="ignore"):
            if quick.variance is None:
                one = noiseless_pixel(self.comparer, np.zeros(1))
                chosen = quick.rate > hot.threshold_for(one, self.least) * (1 - _ROUNDING)
            else:
                chosen = self._may_be_above(quick, rows)
        some = np.flatnonzero(chosen & quick.complete)
        measured = complete_pixel_rates(self.comparer, rows, quick.rate[some].astype(float), some)
        deviates = hot.deviates(measured, rows, some, self.least).ravel()
        return DeviateLimits.of(some, deviates * (1 + _ROUNDING), self.least, deviates * (1 - _ROUNDING))

    def _may_be_above(self, quick, rows):
        """Pixels of noise of their own whose rate may have a deviate above ``least`` among typical ones."""
        hot, least = self.hot_pixels, self.hot_pixels.least_of_mean_noise(self.least)
        # A variance of the fitted rate is a concave function of the read variance: it is above the chord.
        ends = np.array([np.argmin(quick.variance), np.argmax(quick.variance)])
        first, last = (quick.variance[end].astype(float) for end in ends)
        measured = complete_pixel_rates(self.comparer, rows, np.zeros(2), ends)
        low, high = measured.variance_at(hot.typical.rate).ravel()
        slope = (high - low) / (last - first) if last > first else 0.0
        variance = np.float32(low - slope * first) + np.float32(slope) * quick.variance
        # No pixel is quieter than the first, and typical rates are no sharper than noise alone: see `HotPixelTest`.
        quietest = complete_pixel_rates(self.comparer, rows, np.zeros(1), ends[:1])
        chosen = quick.rate > hot.threshold_for(quietest, least) * (1 - _ROUNDING)
        excess = quick.rate - quick.rate.dtype.type(hot.typical.rate)
        return chosen & (excess > np.float32(max(least - 1 - _ROUNDING, 0)) * np.sqrt(variance))
