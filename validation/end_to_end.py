# Licensed under a 3-clause BSD style license - see LICENSE
"""From frames to flags through the public functions: with rejection and without, with cosmic rays and without."""

from itertools import product

import numpy as np
from astropy import units as u
from scipy.special import ndtri

from ccdproc_darks import compare_dark_rates, dark_rate, simulate_dark

__all__ = ["frame_cells", "from_frames"]

_SHAPE = (1000, 1000)


def frame_cells(quick=False):
    """Rates (electron/s), read noises (electron) and rejection."""
    noises, rates = ((3.0,), (0.1,)) if quick else ((0.5, 3.0, 10.0), (0.01, 0.1, 10.0))
    yield from product(noises, rates, (5.0, None))


def from_frames(noise, rate, clip, seconds=(90.0, 1000.0), frames=(4, 6), bias_frames=20, seed=5):
    """
    Actual over nominal false positives at 1e-3 and 1e-4 (upper, lower), and the width of the significance.

    Frames are drawn one by one, rounded to adu of half an electron, and the same noisy master bias is taken from all.
    """
    rng = np.random.default_rng(seed)
    camera = {
        "gain": 0.5 * u.electron / u.adu, "read_noise": noise * u.electron, "bias": 500 * u.adu,
        "rate": rate * u.electron / u.s, "shape": _SHAPE,
    }  # fmt: skip
    measured = []
    noise_with_rounding = np.sqrt(noise**2 + 0.5**2 / 12)
    # The mean of the bias frames, in adu, as combining them would give it.
    master = simulate_dark(exposure=0 * u.s, rng=rng, dtype="float64", **{**camera, "read_noise": 0 * u.electron})
    master.data = master.data + rng.normal(0, noise_with_rounding / np.sqrt(bias_frames) / 0.5, _SHAPE)
    master.meta["NCOMBINE"] = bias_frames
    for time, number in zip(seconds, frames, strict=True):
        darks = [simulate_dark(exposure=time * u.s, rng=rng, **camera) for _ in range(number)]
        measured.append(dark_rate(darks, bias=master, clip=clip))
    result = compare_dark_rates(*measured, statistic="significance", offset=None)
    deviates = result.data.astype(float)
    ratios = {
        p: tuple(np.count_nonzero(sign * deviates > -ndtri(p)) / (p * deviates.size) for sign in (1, -1))
        for p in (1e-3, 1e-4)
    }
    return ratios, result.meta["DKWIDTH"]
