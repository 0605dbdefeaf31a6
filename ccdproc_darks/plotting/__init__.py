# Licensed under a 3-clause BSD style license - see LICENSE
"""Pictures of rates, masks and frames: each function draws on matplotlib's Axes, and returns them."""

from .mask_map import plot_mask
from .rate_map import plot_rate_map

__all__ = ["plot_mask", "plot_rate_map"]
