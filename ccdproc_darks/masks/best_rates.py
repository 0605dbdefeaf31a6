# Licensed under a 3-clause BSD style license - see LICENSE
"""Image of the best estimate of each pixel's dark rate, from all exposure times."""

from dataclasses import dataclass

import numpy as np

from .._compute.blocks import Block, BlockJob
from .._compute.workers import fill_images
from ..comparison.comparer import RateComparer, both_for_rows
from ..rates.rate_images import RateImages
from .pixel_rates import pixel_rates

__all__ = ["best_rates"]


@dataclass
class _PixelRatesJob(BlockJob):
    """Makes the image of the best estimate of the rate."""

    images: RateImages
    comparer: RateComparer | None

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 400 * len(self.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        return _PixelRatesJob(*both_for_rows(self.images, self.comparer, rows))

    def block(self, rows, out=None):
        """Rate (electron/s) of a block of rows."""
        return Block([pixel_rates(self.images, self.comparer, rows).rate])


def best_rates(images, comparer, execution):
    """Dark rate (electron/s) of each pixel: of one exposure time, or fitted to all its unsaturated ones."""
    rate, job = np.empty(images.shape), _PixelRatesJob(images, comparer)
    fill_images(job, [rate], execution)
    return rate
