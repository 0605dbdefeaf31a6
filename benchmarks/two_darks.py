# Licensed under a 3-clause BSD style license - see LICENSE
"""
Two combined darks to rates with uncertainty and mask, their comparison, and the mask of hot pixels.

Both begin with two FITS files: float32, in adu, bias-subtracted, means of 10 frames of 90 s and of 20 of 1000 s.

* ccdproc reads, trims, sets the uncertainty of the noise model, multiplies by the gain, divides by the exposure
  time, subtracts one rate from the other, divides by the propagated uncertainty and puts a threshold to that.
* `dark_rate` of each, `compare_dark_rates` (the pooled test, its tails exact) and `hot_pixel_mask`.
* The same without the compiled loops, as where there is no compiler.
* Both again, in a process that has done it once before the clock starts. ccdproc makes and frees many arrays as large
  as an image: the first time, most of its time goes to pages of memory that the kernel has to give it.
* To read both files, and write once to as much memory as two rates, two uncertainties, a significance and flags take,
  on all cores and without any arithmetic: what nobody can do without.

Medians of rates and uncertainties agree, to 10 %: uncertainties of pixels below zero are not the same. The
significances do not, as propagated uncertainties are not those of proportional pixels.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ccdproc_darks import compare_dark_rates, dark_rate, hot_pixel_mask

from .frames import combined_darks
from .guide import compared, rate_of_combined
from .numpy_alone import numpy_alone
from .pairs import read_once
from .task import Task, Way, faster, smaller

__all__ = ["TASK"]


def _ccdproc(paths):
    short, long = (rate_of_combined(path, seconds) for path, seconds in zip(paths, (90, 1000), strict=True))
    return short, long, *compared(short, long)


def _ccdproc_darks(paths):
    rates = [dark_rate(path) for path in paths]
    return *rates, compare_dark_rates(*rates, statistic="significance"), hot_pixel_mask(*rates)


def _bytes_alone(paths):
    read_once(paths)
    images = [np.empty(os.path.getsize(paths[0]), dtype="u1") for _ in range(6)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda image: image.fill(1), images))
    return images


def _done_once(call):
    """What a way needs, after it was done once."""

    def ready(data, size):
        paths = combined_darks(data, size)
        call(paths)
        return paths

    return ready


def _numbers(results):
    found = {}
    if isinstance(results, list):
        return found
    for name, rate in zip(("90 s", "1000 s"), results, strict=False):
        found[f"median rate, {name}"] = float(np.nanmedian(rate.data))
        found[f"median uncertainty, {name}"] = float(np.nanmedian(rate.uncertainty.array))
    return found


TASK = Task(
    title="Two combined darks to rates, comparison and mask",
    prepare=combined_darks,
    ways={
        "ccdproc": Way(_ccdproc, combined_darks),
        "ccdproc_darks": Way(_ccdproc_darks, combined_darks),
        "ccdproc_darks, no C": Way(numpy_alone(_ccdproc_darks), combined_darks),
        "ccdproc, again": Way(_ccdproc, _done_once(_ccdproc)),
        "ccdproc_darks, again": Way(_ccdproc_darks, _done_once(_ccdproc_darks)),
        "as many bytes": Way(_bytes_alone, combined_darks),
    },
    numbers=_numbers,
    agree=0.1,
    bars=(
        faster("ccdproc_darks", "ccdproc", 8),
        faster("ccdproc_darks, again", "ccdproc, again", 4),
        smaller("ccdproc_darks", "ccdproc", 2),
    ),
)
