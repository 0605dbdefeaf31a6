# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark current, hot pixels and non-proportional pixels of CCD and CMOS sensors, on top of ccdproc."""

from importlib.metadata import PackageNotFoundError, version

from .comparison import compare_dark_rates
from .flags import DARK_FLAGS
from .mask import hot_pixel_mask
from .rate import dark_rate
from .simulation import simulate_dark

__all__ = [
    "DARK_FLAGS",
    "compare_dark_rates",
    "dark_rate",
    "hot_pixel_mask",
    "simulate_dark",
]

try:
    __version__ = version("ccdproc_darks")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
