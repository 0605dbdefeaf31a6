# Licensed under a 3-clause BSD style license - see LICENSE
"""
One simulated frame (0.01 electron/s, 100 s, read noise 10 electron) against the CCD guide's recipe.

* The recipe of the guide's image_sim.py: numpy's legacy generators, float64, Poisson after the gain.
* No more than the two draws and their sum, with the Poisson before the gain.
* `simulate_dark`: uint16, on one thread and on two; of one rate, or of a sensor whose pixels all differ, the
  making of which is included or not.

Medians of the frames agree to 0.2 %.
"""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from astropy import units as u

from ccdproc_darks import Sensor, simulate_dark

from .task import Task, Way

__all__ = ["TASK"]

CAMERA = {
    "rate": 0.01 * u.electron / u.s,
    "gain": 1.5 * u.electron / u.adu,
    "read_noise": 10 * u.electron,
    "bias": 1000 * u.adu,
}


def _shape(data, size):
    return size, size


def _guide(shape):
    image = np.zeros(shape)
    noise = np.random.normal(scale=10 / 1.5, size=shape)  # noqa: NPY002 (that is the recipe)
    bias = np.zeros_like(image) + 1000
    dark = np.random.poisson(0.01 * 100 / 1.5, size=shape)  # noqa: NPY002
    return image + noise + bias + dark


def _bare(shape):
    counts = np.random.poisson(0.01 * 100, size=shape) + np.random.normal(0, 10, size=shape)  # noqa: NPY002
    return counts / 1.5 + 1000


def _uniform(shape, threads):
    with ThreadPoolExecutor(threads) as executor:
        return simulate_dark(shape, exposure=100 * u.s, rng=1, executor=executor, **CAMERA)


def _differing(data, size):
    return Sensor(shape=(size, size), dsnu=0.001 * u.electron / u.s, **CAMERA)


def _pixels_differ(shape):
    return _next_frame(_differing(None, shape[0]))


def _made(data, size):
    sensor = _differing(data, size)
    sensor.pixels  # noqa: B018 (made before the clock starts)
    return sensor


def _next_frame(sensor):
    with ThreadPoolExecutor(2) as executor:
        return simulate_dark(sensor, exposure=100 * u.s, rng=1, executor=executor)


TASK = Task(
    title="One simulated frame",
    prepare=lambda data, size: [],
    ways={
        "guide (legacy numpy, float64)": Way(_guide, _shape),
        "the two draws alone": Way(_bare, _shape),
        "simulate_dark, two threads": Way(functools.partial(_uniform, threads=2), _shape),
        "simulate_dark, one thread": Way(functools.partial(_uniform, threads=1), _shape),
        "simulate_dark, every pixel differs": Way(_pixels_differ, _shape),
        "one more frame of that sensor": Way(_next_frame, _made),
    },
    numbers=lambda frame: {"median of the frame": float(np.median(np.asarray(frame)))},
    agree=0.002,
)
