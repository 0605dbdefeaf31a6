# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark current, hot pixels and non-proportional pixels of CCD and CMOS sensors, on top of ccdproc."""

from .comparison import compare_dark_rates
from .flags import DARK_FLAGS
from .mask import hot_pixel_mask
from .proportionality import ProportionalityLimit, proportionality_limit
from .rate import dark_rate
from .repeatability import repeatability
from .scatter import dark_scatter
from .simulation import DarkSequence, Sensor, sensor_preset, simulate_dark
from .version import __version__ as __version__

__all__ = [
    "DARK_FLAGS",
    "DarkSequence",
    "ProportionalityLimit",
    "Sensor",
    "compare_dark_rates",
    "dark_rate",
    "dark_scatter",
    "hot_pixel_mask",
    "proportionality_limit",
    "repeatability",
    "sensor_preset",
    "simulate_dark",
]
