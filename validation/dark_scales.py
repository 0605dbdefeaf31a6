# Licensed under a 3-clause BSD style license - see LICENSE
"""Factors between the dark currents of a science frame and a dark: how far they are off, in standard errors."""

import numpy as np

from ccdproc_darks import dark_scale

from .science_frames import ScienceCell

__all__ = ["dark_scales", "scale_cells"]

_FRAMES, _SHAPE = 100, (400, 400)


def scale_cells(quick=False):
    """Fields from empty to crowded, sharp and wide stars, few and weak hot pixels, and frames without any."""
    if quick:
        return [ScienceCell("stars", stars=200)]
    return [
        ScienceCell("no stars, no cosmic rays", stars=0, rays=0),
        ScienceCell("no stars"),
        ScienceCell("few stars", stars=60),
        ScienceCell("stars", stars=600),
        ScienceCell("undersampled stars", stars=600, width=1.2),
        ScienceCell("crowded", stars=5000),
        ScienceCell("crowded, undersampled", stars=5000, width=1.2),
        ScienceCell("very crowded, undersampled", stars=20_000, width=1.2),
        ScienceCell("wide stars", stars=600, width=6.0),
        ScienceCell("bright sky, steep", sky=3000.0, gradient=1.0),
        ScienceCell("many cosmic rays", rays=400),
        ScienceCell("few hot pixels", hot=40),
        ScienceCell("weak hot pixels", hot=600, highest=500.0),
        ScienceCell("many hot pixels", hot=4000),
        ScienceCell("dark of a single frame", frames=1),
        ScienceCell("own factors, 10 % scatter", scatter=0.1),
        ScienceCell("no hot pixels", hot=0),
    ]


def dark_scales(cell, frames=_FRAMES, shape=_SHAPE, seed=18):
    """
    Factors from 0.5 to 2, found in so many science frames, each of another sensor.

    Returns
    -------
    dict
        "frames"; "refused" of them; "mean" and "width" of (found - true) / error, "worst" of these; "error", the median
        over the factor; median "chi_square"; "pixels".
    """
    deviates, errors, squares, pixels = [], [], [], []
    for number in range(frames):
        factor = 2 ** np.random.default_rng([seed, number, 0]).uniform(-1, 1)
        science, dark = cell.frames_of(factor, [seed, number, 1], shape)
        try:
            found = dark_scale(science, dark)
        except ValueError:
            continue
        deviates.append((found.factor - factor) / found.error)
        errors.append(found.error / factor)
        squares.append(found.chi_square)
        pixels.append(found.pixels)
    row = {"frames": frames, "refused": frames - len(deviates)}
    if not deviates:
        return row | dict.fromkeys(("mean", "width", "worst", "error", "chi_square", "pixels"), np.nan)
    return row | {
        "mean": float(np.mean(deviates)),
        "width": float(np.std(deviates)),
        "worst": float(np.abs(deviates).max()),
        "error": float(np.median(errors)),
        "chi_square": float(np.median(squares)),
        "pixels": float(np.median(pixels)),
    }
