# Licensed under a 3-clause BSD style license - see LICENSE
"""
One rate of twenty frames at four exposure times: five each of 90 s, 300 s, 600 s and 1000 s, on an exact bias level.

* `numpy.polyfit` of degree 1 on the cube: float32, in electrons, in memory before the clock starts; one weight a
  frame, from the noise model at the typical rate. It neither rejects cosmic rays nor tells uncertainties.
* `dark_rate` of the raw frames in memory: a line through zero, weights of each pixel, rejection, uncertainty and mask.
* The same from files; and that without the compiled loops, as where there is no compiler.
* The same with ``offset="pixel"``: as in polyfit a line with an intercept.

Median slopes agree to 10 %.
"""

import functools

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate

from .frames import BIAS, GAIN, READ_NOISE, ramp
from .numpy_alone import numpy_alone
from .task import Task, Way, faster, smaller

__all__ = ["TASK"]


def _in_memory(data, size):
    return [CCDData.read(path, memmap=False) for path in ramp(data, size)]


def _cube(data, size):
    frames = _in_memory(data, size)
    seconds = np.array([frame.meta["EXPTIME"] for frame in frames])
    cube = np.empty((len(frames), size, size), dtype="float32")
    for plane, frame in zip(cube, frames, strict=True):
        plane[:] = (frame.data - BIAS) * GAIN
    return seconds, cube


def _polyfit(ready):
    seconds, cube = ready
    weights = 1 / np.sqrt(0.01 * seconds + READ_NOISE**2)
    return np.polyfit(seconds, cube.reshape(len(cube), -1), 1, w=weights)


def _dark_rate(frames, **options):
    return dark_rate(frames, bias=BIAS * u.adu, **options)


def _numbers(results):
    slopes = results.data if isinstance(results, CCDData) else results[0]
    return {"median rate": float(np.nanmedian(slopes))}


TASK = Task(
    title="One rate of twenty frames at four exposure times",
    prepare=ramp,
    ways={
        "numpy.polyfit": Way(_polyfit, _cube),
        "dark_rate, frames in memory": Way(_dark_rate, _in_memory),
        "dark_rate, files": Way(_dark_rate, ramp),
        "dark_rate, files, no C": Way(numpy_alone(_dark_rate), ramp),
        "dark_rate, files, free offset": Way(functools.partial(_dark_rate, offset="pixel"), ramp),
    },
    numbers=_numbers,
    agree=0.1,
    bars=(faster("dark_rate, files", "numpy.polyfit", 10), smaller("dark_rate, files", "numpy.polyfit", 8)),
    size=2048,
)
