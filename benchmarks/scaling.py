# Licensed under a 3-clause BSD style license - see LICENSE
"""
`dark_rate` of raw frames against pixels, frames and workers.

Twenty frames of a quarter to twice as many rows as asked for (1024 to 8192); 5, 10, 20 and 50 frames of that size; and
twenty on one thread and on two. A straight line, with what each call and each pixel costs however many frames there
are, is fitted with relative errors; the bar is how far the median of a point is from it.
"""

import functools
import statistics
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from astropy import units as u

from ccdproc_darks import dark_rate

from .frames import BIAS, like_frames
from .task import Bar, Task, Way

__all__ = ["SERIES", "TASK", "point_name", "rows_of"]

_MOST_FRAMES, _FRAMES = 50, 20

#: Points of each series: size (of what is asked for), frames, workers (None is as many as there are cores).
SERIES = {
    "pixels": [(scale, _FRAMES, None) for scale in (0.25, 0.5, 1, 2)],
    "frames": [(1, frames, None) for frames in (5, 10, _FRAMES, _MOST_FRAMES)],
    "workers": [(1, _FRAMES, workers) for workers in (1, 2)],
}


def rows_of(scale, size):
    """Rows of the frames of a point."""
    return round(scale * size)


def point_name(scale, frames, workers):
    """Name of the way that measures a point."""
    sides = {0.25: "a quarter of the rows", 0.5: "half the rows", 1: "all rows", 2: "twice the rows"}[scale]
    on = {None: "", 1: ", one thread", 2: ", two threads"}[workers]
    return f"{sides}, {frames} frames{on}"


def _prepare(data, size):
    paths = []
    for scale, frames, _ in dict.fromkeys(point for points in SERIES.values() for point in points):
        paths += like_frames(data, rows_of(scale, size), frames)
    return list(dict.fromkeys(paths))


def _ready(data, size, scale, frames):
    return like_frames(data, rows_of(scale, size), frames)


def _rate(paths, workers):
    if workers is None:
        return dark_rate(paths, bias=BIAS * u.adu)
    with ThreadPoolExecutor(workers) as executor:
        return dark_rate(paths, bias=BIAS * u.adu, executor=executor)


def _departure(found, series, key):
    """Largest departure of the points of a series from a straight line, as a percentage."""
    points = SERIES[series]
    values = np.array([statistics.median(row[key] for row in found[point_name(*point)]) for point in points])
    cost = np.array([scale**2 if series == "pixels" else frames for scale, frames, _ in points], dtype=float)
    # Relative errors: a line through the ratios to what was measured, which should be 1.
    terms = np.stack([np.ones_like(cost), cost], axis=1) / values[:, None]
    line = terms @ np.linalg.lstsq(terms, np.ones_like(cost), rcond=None)[0]
    return [100 * float(np.abs(line - 1).max())]


def _straight(series, key, what):
    asked = f"{what} against {series}: within 15 % of a straight line"
    return Bar(asked, functools.partial(_departure, series=series, key=key), most=15)


TASK = Task(
    title="Cost against pixels, frames and workers",
    prepare=_prepare,
    ways={
        point_name(*point): Way(
            functools.partial(_rate, workers=point[2]), functools.partial(_ready, scale=point[0], frames=point[1])
        )
        for points in SERIES.values()
        for point in points
    },
    compared=False,
    bars=(
        _straight("pixels", "wall", "time (%)"),
        _straight("frames", "wall", "time (%)"),
        _straight("pixels", "memory", "memory (%)"),
    ),
)
