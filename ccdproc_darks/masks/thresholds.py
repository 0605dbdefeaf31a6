# Licensed under a 3-clause BSD style license - see LICENSE
"""Thresholds of HOT and NONLINEAR, from typical pixels and from the number of pixels that are tested."""

from dataclasses import dataclass

import numpy as np

from .._compute.blocks import BlockJob, sample_blocks
from .._compute.workers import gather_summaries
from ..rates.rate_images import RateImages
from ..rates.typical_rate import TYPICAL_PIXELS
from .false_discoveries import pixel_deviates
from .pixel_rates import fast_pixel_rates, pixel_rates

__all__ = ["set_thresholds", "typical_samples"]

# Fraction of pixels that lost no frame above which the typical pixel is found from these alone.
_MOSTLY_COMPLETE = 0.5


@dataclass
class _CountJob(BlockJob):
    """Counts the pixels that can be compared, and those that have a rate."""

    images: RateImages

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 30

    def for_rows(self, rows):
        """The job for some rows alone."""
        return _CountJob(self.images.for_rows(rows))

    def summary(self, rows):
        """Number of pixels that can be compared, and of those that have a rate."""
        once, *others = (image.usable(rows) for image in self.images)
        twice = np.zeros(once.shape, bool)
        for usable in others:
            twice |= once & usable
            once |= usable
        return np.count_nonzero(twice), np.count_nonzero(once)


def typical_samples(images, comparer, surroundings):
    """Blocks of rows, and their `PixelRates`, from which the typical pixel is found."""
    if comparer is not None and comparer.fast is not None and surroundings is None:
        sample = comparer.sample(TYPICAL_PIXELS)
        samples = [(block, fast_pixel_rates(sample, block)) for block in sample.images.blocks()]
        if sum(measured.rate.size for _, measured in samples) > _MOSTLY_COMPLETE * np.prod(sample.images.shape):
            return samples
    # Fewer pixels of several exposures tell as much, in the same memory.
    blocks = sample_blocks(images.shape, TYPICAL_PIXELS // len(images))
    return [(block, pixel_rates(images, comparer, block)) for block in blocks]


def set_thresholds(control, images, comparer, hot_pixels, execution):
    """Number of pixels compared, and deviate beyond which one is NONLINEAR; sets the threshold of ``hot_pixels``."""
    counted = gather_summaries(_CountJob(images), images.shape, execution)
    compared, with_rate = (sum(numbers) for numbers in zip(*counted, strict=True))
    if control.fdr is None:
        hot_pixels.set_threshold(control, with_rate)
        return compared, control.critical(compared, 2)
    excesses, departures = pixel_deviates(control, images, comparer, hot_pixels, (compared, with_rate), execution)
    hot_pixels.set_threshold(control, with_rate, excesses)
    return compared, control.critical(compared, 2, departures)
