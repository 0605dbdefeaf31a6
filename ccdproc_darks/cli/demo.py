# Licensed under a 3-clause BSD style license - see LICENSE
"""Simulated frames for a newcomer without data, like those of the CCD guide's thermoelectrically cooled camera."""

from astropy import units as u

from .._interface.progress import current_progress, in_turn
from ..simulation import DarkSequence, sensor_preset

__all__ = ["INTRODUCTION", "write_demo_frames", "write_frames"]

INTRODUCTION = (
    "These frames are simulated, to look like those of a cooled camera: 0.01 electron/s, a gain of 1.5 electron/adu, a "
    "read noise of 10 electron, and hot pixels that stop being proportional above 4 electron/s. There the longer "
    "exposure reads lower, the ratio of the two exposures is well above 1, and the pixels are flagged NONLINEAR as "
    "soon as the departure is both significant and larger than the tolerance."
)

# What the truth costs beside a frame.
_TRUTH = 3.0
_FRAMES = ((20, 0 * u.s), (10, 90 * u.s), (20, 1000 * u.s))


def write_demo_frames(folder, *, size=1024, seed=1):
    """Write 20 bias frames, 10 darks of 90 s and 20 of 1000 s, of ``size`` rows and columns, and the truth about them.

    ``folder`` is new or empty; ``seed`` that of the sensor and of the noise.
    """
    write_frames(DarkSequence(sensor_preset("aspen-cg16m", shape=(size, size), seed=seed), _FRAMES, rng=seed), folder)


def write_frames(darks, folder):
    """Write the frames of a `DarkSequence`, and the truth about them, and tell of the progress."""

    def told(frames):
        for _ in in_turn(range(len(darks)), lambda _: "simulating frames", after=_TRUTH):
            yield next(frames)
        current_progress().begin("writing the truth", _TRUTH)

    darks.write(folder, progress=told)
