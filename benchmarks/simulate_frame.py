"""
One simulated 4096 x 4096 frame (0.01 electron/s, 100 s, read noise 10 electron) against the CCD guide's recipe.

Run ``python benchmarks/simulate_frame.py`` (``--rounds`` for more than 7).
"""

import argparse
import json

import numpy as np
from astropy import units as u
from pairs import measured, run, table

from ccdproc_darks import Sensor, simulate_dark

SHAPE = (4096, 4096)
CAMERA = {
    "rate": 0.01 * u.electron / u.s,
    "gain": 1.5 * u.electron / u.adu,
    "read_noise": 10 * u.electron,
    "bias": 1000 * u.adu,
}


def guide(shape=SHAPE):
    """The recipe of the guide's image_sim.py: legacy generators, float64, Poisson after the gain."""
    image = np.zeros(shape)
    noise = np.random.normal(scale=10 / 1.5, size=shape)  # noqa: NPY002 (that is the recipe)
    bias = np.zeros_like(image) + 1000
    dark = np.random.poisson(0.01 * 100 / 1.5, size=shape)  # noqa: NPY002
    return image + noise + bias + dark


def bare(shape=SHAPE):
    """No more than the two draws and their sum."""
    counts = np.random.poisson(0.01 * 100, size=shape) + np.random.normal(0, 10, size=shape)  # noqa: NPY002
    return counts / 1.5 + 1000


def uniform(shape=SHAPE, threads=2):
    """`simulate_dark` of one rate."""
    return simulate_dark(shape, exposure=100 * u.s, rng=1, threads=threads, **CAMERA)


def one_thread(shape=SHAPE):
    """The same on one thread."""
    return uniform(shape, threads=1)


def pixels_differ(shape=SHAPE):
    """`simulate_dark` of a sensor whose pixels all differ; the making of the sensor is included."""
    return simulate_dark(differing(shape), exposure=100 * u.s, rng=1, threads=2)


def differing(shape):
    """A sensor whose pixels all have rates of their own."""
    return Sensor(shape=shape, dsnu=0.001 * u.electron / u.s, **CAMERA)


def next_frame(shape=SHAPE):
    """One more frame of that sensor."""
    return simulate_dark(SENSORS[shape], exposure=100 * u.s, rng=1, threads=2)


WAYS = {
    "guide (legacy numpy, float64)": guide,
    "the two draws alone": bare,
    "simulate_dark, two threads": uniform,
    "simulate_dark, one thread": one_thread,
    "simulate_dark, every pixel differs": pixels_differ,
    "  one more frame of that sensor": next_frame,
}
SENSORS = {}


def main():
    """Print the table; or, in a process of its own, measure one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--way", choices=WAYS)
    given = parser.parse_args()
    if given.way is None:
        found = run(__file__, WAYS, given.rounds)
        print(table(found, next(iter(WAYS))))
        print(f"three frames of float32: {3 * 4 * SHAPE[0] * SHAPE[1] / 2**20:.0f} MiB")
        return
    work = WAYS[given.way]
    if work is next_frame:
        for shape in (SHAPE, (64, 64)):
            SENSORS[shape] = differing(shape)
            SENSORS[shape].pixels  # noqa: B018 (made before the clock starts)
    work((64, 64))
    print(json.dumps(measured(work)))


if __name__ == "__main__":
    main()
