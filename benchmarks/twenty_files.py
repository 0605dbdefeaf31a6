# Licensed under a 3-clause BSD style license - see LICENSE
"""
Rate of twenty raw darks of 1000 s, from files, without their cosmic rays.

Both have the master bias in memory before the clock starts.

* `ccdproc.combine` (average, 5 sigma about the median with the MAD, 2 GB), then subtract the bias, multiply by the
  gain, divide by the exposure time.
* `dark_rate`, which also gives the uncertainty that the noise model says, where ccdproc's is the scatter of the twenty.

Median rates agree to 2 %.
"""

import numpy as np
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate

from .frames import raw_frames
from .guide import combined, rate_of_raw
from .task import Task, Way, faster, smaller

__all__ = ["TASK"]


def _ready(data, size):
    paths = raw_frames(data, size)
    bias = CCDData.read(paths[0].parent / "master_bias.fits", memmap=False)
    return [path for path in paths if path.name.startswith("dark_1000s")], bias


def _ccdproc(ready):
    paths, bias = ready
    return rate_of_raw(combined(paths), bias, 1000)


def _ccdproc_darks(ready):
    paths, bias = ready
    return dark_rate(paths, bias=bias)


TASK = Task(
    title="Twenty raw darks, from files, to a rate without cosmic rays",
    prepare=raw_frames,
    ways={"ccdproc": Way(_ccdproc, _ready), "ccdproc_darks": Way(_ccdproc_darks, _ready)},
    numbers=lambda rate: {"median rate": float(np.nanmedian(rate.data))},
    agree=0.02,
    bars=(faster("ccdproc_darks", "ccdproc", 80), smaller("ccdproc_darks", "ccdproc", 4)),
)
