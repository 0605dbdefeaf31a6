# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of rates, masks and frames: each function draws on matplotlib's Axes, and returns them."""

from .frame_values import plot_frames
from .hot_curve import plot_hot_curve
from .mask_map import plot_mask
from .pixel_counts import plot_pixel_counts
from .rate_histogram import plot_rate_histogram
from .rate_map import plot_rate_map
from .rate_scatter import plot_rate_scatter
from .temperature_curve import plot_temperature

__all__ = [
    "plot_frames",
    "plot_hot_curve",
    "plot_mask",
    "plot_pixel_counts",
    "plot_rate_histogram",
    "plot_rate_map",
    "plot_rate_scatter",
    "plot_temperature",
]


def __dir__():
    return sorted(__all__)
