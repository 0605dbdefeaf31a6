# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames for a newcomer without data: simulated to look like the CCD guide's thermoelectrically cooled camera."""

from pathlib import Path

import numpy as np
from astropy import units as u
from tqdm import tqdm

from ..simulation import simulate_dark

__all__ = ["INTRODUCTION", "write_demo_frames"]

INTRODUCTION = (
    "These frames are simulated, to look like those of a cooled camera: 0.01 electron/s, a gain of 1.5 electron/adu, a "
    "read noise of 10 electron, and hot pixels that stop being proportional above 4 electron/s. There the longer "
    "exposure reads lower, the ratio of the two exposures is well above 1, and the pixels are flagged NONLINEAR as "
    "soon as the departure is both significant and larger than the tolerance."
)

# The Andor Aspen CG16M of the CCD guide, "Identifying hot pixels":
# https://www.astropy.org/ccd-reduction-and-photometry-guide
_RATE = 0.01
_CAMERA = {
    "gain": 1.5 * u.electron / u.adu,
    "read_noise": 10 * u.electron,
    "bias": 1000 * u.adu,
    "temperature": -35 * u.deg_C,
}
_FRAMES = ((0, 20), (90, 10), (1000, 20))
# Number of pixels above x electron/s: 0.026 % above 4, falling as 1 / x.
_HOT_FRACTION, _HOT_FROM, _HOT_TO = 0.0104, 0.1, 3000.0
_PROPORTIONAL_TO = 4.0
_CHARGE_TIME = 600.0


def write_demo_frames(folder, *, size=1024, seed=1):
    """
    Write ten 90 s and twenty 1000 s darks and twenty bias frames.

    Parameters
    ----------
    folder : path-like
        An empty folder.
    size : int
        Rows and columns.
    seed : int
        Of the sensor and its noise.

    Notes
    -----
    Pixels above 4 electron/s stop being proportional: of what is above it, a part decays with exposure time, so that
    the longer exposure reads lower.
    """
    folder = Path(folder)
    rng = np.random.default_rng(seed)
    rate = _sensor((size, size), rng)
    plan = [(seconds, number) for seconds, count in _FRAMES for number in range(1, count + 1)]
    for seconds, number in tqdm(plan, desc="simulating frames", unit="frame", disable=None, leave=False):
        frame = simulate_dark(
            exposure=seconds * u.s, rate=_effective(rate, seconds) * u.electron / u.s, rng=rng, **_CAMERA
        )
        kind = "dark" if seconds else "bias"
        frame.write(folder / f"{kind}_{seconds}s_{number:02d}.fits")


def _sensor(shape, rng):
    """True rates (electron/s) of a sensor whose hot pixels follow a heavy tail."""
    rate = np.full(shape, _RATE)
    hot = rng.random(shape) < _HOT_FRACTION
    tail = _HOT_FROM / rng.uniform(_HOT_FROM / _HOT_TO, 1, np.count_nonzero(hot))
    rate[hot] += tail
    return rate


def _effective(rate, seconds):
    """Mean rate over an exposure."""
    above = np.maximum(rate - _PROPORTIONAL_TO, 0)
    fall = seconds / _CHARGE_TIME
    return rate - above * (1 + np.expm1(-fall) / fall if fall > 0 else 0)
