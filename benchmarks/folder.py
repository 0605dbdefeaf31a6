# Licensed under a 3-clause BSD style license - see LICENSE
"""
A folder of fifty raw frames to rates, comparison and mask, in memory: 10 x 90 s, 20 x 1000 s, 20 bias frames.

* `ccdproc.combine` of each kind (see `benchmarks.guide`), bias subtracted, multiplied by the gain, divided by the
  exposure time, the rates subtracted, over the propagated uncertainty, and a threshold.
* `master_bias`, `dark_rate` twice, `compare_dark_rates`, `hot_pixel_mask`.
* `numpy.fromfile` of the same files, and no more: what it takes to have the bytes, in the order that they are in.

Median rates agree to 5 %.
"""

import numpy as np

from .frames import raw_frames
from .guide import combined, compared, rate_of_raw
from .night import kinds, median_rates, rates_to_mask
from .numpy_alone import numpy_alone
from .pairs import ratios
from .task import Bar, Task, Way, faster

__all__ = ["TASK"]


def _ccdproc(paths):
    bias, *darks = (combined(each) for each in paths)
    short, long = (rate_of_raw(dark, bias, seconds) for dark, seconds in zip(darks, (90, 1000), strict=True))
    return short, long, *compared(short, long), bias


def _fromfile(paths):
    for kind in paths:
        for path in kind:
            np.fromfile(path, dtype=">i2")
    return ()


TASK = Task(
    title="A folder of fifty raw frames to rates, comparison and mask",
    prepare=raw_frames,
    ways={
        "ccdproc": Way(_ccdproc, kinds),
        "ccdproc_darks": Way(rates_to_mask, kinds),
        "ccdproc_darks, no C": Way(numpy_alone(rates_to_mask), kinds),
        "numpy.fromfile": Way(_fromfile, kinds),
    },
    numbers=median_rates,
    agree=0.05,
    bars=(
        faster("ccdproc_darks", "ccdproc", 60),
        Bar(
            "at most 5 times the time of numpy.fromfile",
            lambda found: ratios(found, "wall", "ccdproc_darks", "numpy.fromfile"),
            most=5,
        ),
    ),
)
