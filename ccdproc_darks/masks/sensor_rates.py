# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rates of all pixels of a sensor as a few numbers: typical and mean rate, non-uniformity, percentiles."""

from dataclasses import dataclass

import numpy as np

from .._compute.blocks import Block, BlockJob, sample_blocks
from .._compute.workers import THREADS, fill_images
from ..comparison.comparer import RateComparer, both_for_rows
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.rate_images import RateImages
from ..rates.typical_rate import TYPICAL_PIXELS, common_error
from .hot_pixels import HotPixelTest
from .pixel_rates import pixel_rates
from .thresholds import typical_samples

__all__ = ["SensorRates", "sensor_rates"]

# Sigmas above the typical rate from which on a pixel's own rate tells its noise: nearer, noise would tell of itself.
_FAR = 5.0
# Least skewness: a normal distribution is its limit.
_LEAST_SKEW = 1e-6


@dataclass
class SensorRates:
    """Dark rates of the pixels of a sensor (electron/s).

    Attributes
    ----------
    rate : `numpy.ndarray`
        Best estimate of each pixel that has one, flat.
    variance : `numpy.ndarray`
        Its variance by noise (electron^2/s^2).
    lower_limit : `numpy.ndarray`
        Lower limits of the rates of pixels that are saturated in every exposure, flat.
    typical, typical_error : float
        Median of the pixels' true rates, and its standard error.
    common_error : float
        Standard error that all pixels have in common.
    scatter : float
        Standard deviation of the true rates of pixels that are not hot.
    """

    rate: np.ndarray
    variance: np.ndarray
    lower_limit: np.ndarray
    typical: float
    typical_error: float
    common_error: float
    scatter: float

    @property
    def number(self):
        """Number of pixels that have a rate, or a lower limit of it."""
        return self.rate.size + self.lower_limit.size

    def mean(self):
        """Mean of the rates, and its standard error."""
        if not self.rate.size:
            return np.nan, np.nan
        error = np.sqrt(np.sum(self.variance, dtype=float)) / self.rate.size
        return float(np.mean(self.rate, dtype=float)), float(np.hypot(error, self.common_error))

    def nonuniformity(self):
        """Standard deviation of the true rates of all pixels, and its standard error by noise.

        The mean variance of the noise is taken off the variance of the measured rates.
        """
        number = self.rate.size
        if number < 2:
            return np.nan, np.nan
        mean = np.mean(self.rate, dtype=float)
        square = np.var(self.rate, dtype=float, ddof=1) - np.mean(self.variance, dtype=float)
        true = np.maximum((self.rate - mean) ** 2 - self.variance, 0)
        error = np.sqrt(np.sum(4 * true * self.variance + 2 * self.variance**2, dtype=float)) / number
        if not square > error / 2:
            # No more than noise: its root has no error that is symmetric.
            return float(np.sqrt(max(square, 0.0))), float(np.sqrt(error))
        return float(np.sqrt(square)), float(error / (2 * np.sqrt(square)))

    def percentiles(self, percent):
        """Rates that so many per cent of the pixels do not exceed; a saturated pixel counts with its lower limit."""
        known = self._known()
        return np.percentile(known, percent) if known.size else np.full(len(percent), np.nan)

    def number_above(self, rate):
        """Number of pixels above a rate; of saturated pixels, those whose lower limit is."""
        return int(np.count_nonzero(self.rate > rate) + np.count_nonzero(self.lower_limit > rate))

    def _known(self):
        return np.concatenate([self.rate, self.lower_limit])


def sensor_rates(rates, *, offset="common", check_headers=True):
    """`SensorRates` of results of `dark_rate` (CCDData): one, or several of one exposure time each.

    ``offset`` is that of `compare_dark_rates`. Amplifiers have noise and offsets of their own.
    """
    sections = amplifiers_of_rates(rates)
    number = 0 if sections is None else len(sections.sections)
    parts = [[sections.part(rate, index) for rate in rates] for index in range(number)] or [list(rates)]
    found, samples, common = [], [], []
    for part in parts:
        images = RateImages(part, check_headers=check_headers)
        comparer = RateComparer(images, offset, "theoretical") if len(images) > 1 else None
        if sections is None:
            samples = typical_samples(images, comparer, None)
        else:
            samples += [
                (block, pixel_rates(images, comparer, block))
                for block in sample_blocks(images.shape, TYPICAL_PIXELS // len(images) // number)
            ]
        measured = np.concatenate([np.ravel(some.rate) for _, some in samples])
        measured = measured[np.isfinite(measured)]
        level = float(np.median(measured)) if measured.size else 0.0
        made = [np.empty(images.shape, images.dtype) for _ in range(3)]
        fill_images(_RatesJob(images, comparer, level), made, THREADS)
        share = 1.0 if sections is None else sections.share(len(common))
        common.append(share * common_error(images.infos))
        found.append(made)
    rate, variance, lower_limit = (
        np.concatenate([image.ravel() for image in images]) if number else images[0].ravel()
        for images in zip(*found, strict=True)
    )
    typical = HotPixelTest(None, None, samples).typical
    has_rate, common = np.isfinite(rate), float(np.hypot.reduce(common))
    return SensorRates(
        rate[has_rate], variance[has_rate], lower_limit[~has_rate & np.isfinite(lower_limit)],
        typical.median if has_rate.any() else np.nan, float(np.hypot(typical.error, common)), common,
        _standard_deviation(typical),
    )  # fmt: skip


def _standard_deviation(typical):
    """Standard deviation of shifted lognormal `TypicalRates` (electron/s)."""
    skew = max(typical.skew, _LEAST_SKEW)
    return float(typical.width * np.exp(skew**2 / 2) * np.sqrt(np.expm1(skew**2)) / skew)


@dataclass
class _RatesJob(BlockJob):
    """Makes the images of the rates, of their variances, and of the lower limits of saturated pixels.

    The variance of a pixel near the typical rate ``level`` (electron/s) is taken from a straight line in its rate, so
    that its mean over the pixels is right though rates are noisy, and some below zero.
    """

    images: RateImages
    comparer: RateComparer | None
    level: float

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 400 * len(self.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        return _RatesJob(*both_for_rows(self.images, self.comparer, rows), self.level)

    def block(self, rows, out=None):
        """Rate, variance and lower limit of a block of rows."""
        measured = pixel_rates(self.images, self.comparer, rows)
        rate, level = measured.rate, max(self.level, 0.0)
        with np.errstate(invalid="ignore"):
            variance = measured.variance_at(level)
            step = np.sqrt(np.nanmean(variance)) if np.isfinite(variance).any() else 0.0
            if step > 0:
                slope = (measured.variance_at(level + step) - variance) / step
                variance = np.maximum(variance + slope * (rate - level), 0)
                far = rate > level + _FAR * step
                if far.any():
                    variance = np.where(far, measured.variance_at(np.where(far, rate, level)), variance)
        return Block([rate, np.broadcast_to(variance, rate.shape), measured.lower_limit])
