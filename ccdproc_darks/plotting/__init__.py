# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of rates, masks and frames: each function draws on matplotlib's Axes, and returns them."""

from .frame_values import plot_frames
from .pixel_counts import plot_pixel_counts
from .temperature_curve import plot_temperature

__all__ = ["plot_frames", "plot_pixel_counts", "plot_temperature"]
