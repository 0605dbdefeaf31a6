# Licensed under a 3-clause BSD style license - see LICENSE
"""What the user may tell a report."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .frame_options import AS_FOUND, FrameOptions

__all__ = ["MEASURED", "Options"]

# What the user gives for a gain that the frames shall tell.
MEASURED = "measured"


@dataclass
class Options:
    """What the user may tell: Quantities or None, as of `dark_rate` and `hot_pixel_mask`; a gain may be "measured"."""

    gain: u.Quantity | Literal["measured"] | None = None
    read_noise: u.Quantity | CCDData | None = None
    saturation: u.Quantity | None = None
    threshold: u.Quantity | None = None
    false_positives: float = 1.0
    fdr: float | None = None
    tolerance: float = 0.1
    null: str = "theoretical"
    overscan: str | None = None  # as of `trimmed_group`
    trim: str | None = None
    executor: Executor | None = None
    mem_limit: u.Quantity | int | None = None
    frames: FrameOptions = AS_FOUND

    @property
    def noise_map(self):
        """The read noise of each pixel; None where no map is told."""
        return self.read_noise if isinstance(self.read_noise, CCDData) else None

    @property
    def typical_read_noise(self):
        """The read noise, the median of a map; None where none is told."""
        image = self.noise_map
        return self.read_noise if image is None else np.nanmedian(image.data) * image.unit

    @property
    def work(self):
        """Arguments that tell who works, and within what memory."""
        return {"executor": self.executor, "mem_limit": self.mem_limit}
