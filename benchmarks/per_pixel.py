# Licensed under a 3-clause BSD style license - see LICENSE
"""
Tests of every pixel, on images in memory: nanoseconds a pixel.

* `compare_dark_rates` and `hot_pixel_mask` of the rates of three exposure times, five frames each; `hot_pixel_mask` of
  two with a false discovery rate; `dark_scatter` of ten frames, from files.
* The same with a read noise map, of fifty bias frames.
* `hot_pixel_mask` of two rates that were told a seventh of the true read noise, on a quarter of the rows and columns.
"""

import warnings
from functools import partial

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import NoiseWarning, compare_dark_rates, dark_rate, dark_scatter, hot_pixel_mask

from .frames import BIAS, READ_NOISE, like_frames
from .task import Bar, Task, Way

__all__ = ["TASK"]

_DEGREES = 49
_LEVEL = BIAS * u.adu


def _frames(data, size, seconds, number):
    return like_frames(data, size, number, seconds, "ramp" if number == 5 else "like")


def _prepare(data, size):
    paths = [path for seconds in (90, 300, 1000) for path in _frames(data, size, seconds, 5)]
    return paths + _frames(data, size, 90, 10)


def _map(size):
    """Read noise map of a sensor whose pixels have one read noise, as fifty bias frames show it."""
    scatter = READ_NOISE * np.sqrt(np.random.default_rng(1).chisquare(_DEGREES, (size, size)) / _DEGREES)
    scatter = scatter.astype("float32")
    return CCDData(scatter, unit="electron", uncertainty=StdDevUncertainty(scatter / np.float32(np.sqrt(2 * _DEGREES))))


def _rates(data, size, times=(90, 300, 1000), options=None):
    """Rates in memory, and options of the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoiseWarning)
        rates = [dark_rate(_frames(data, size, t, 5), bias=_LEVEL, **(options or {})) for t in times]
    return rates, {}


def _rates_and_map(data, size, times=(90, 300, 1000)):
    noise = {"read_noise": _map(size)}
    return _rates(data, size, times, noise)[0], noise


def _paths_and_map(data, size):
    return _frames(data, size, 90, 10), {"read_noise": _map(size)}


def _wrong_noise(data, size):
    return _rates(data, size // 2, (90, 1000), {"read_noise": READ_NOISE / 7 * u.electron, "check_headers": False})


def _of_rates(function, ready, **options):
    rates, noise = ready
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoiseWarning)
        return function(*rates, **noise, **options)


def _scatter(ready):
    paths, noise = ready
    return dark_scatter(paths, bias=_LEVEL, **noise)


_compare, _mask = partial(_of_rates, compare_dark_rates), partial(_of_rates, hot_pixel_mask)
_with_fdr, _two = partial(_of_rates, hot_pixel_mask, fdr=0.01), {"times": (90, 1000)}


def _nanoseconds(way, most, pixels=4096**2):
    return Bar(
        f"{way}: at most {most:g} ns a pixel",
        lambda found: [row["wall"] / pixels * 1e9 for row in found[way]],
        most=most,
    )


def _seconds(way, most):
    return Bar(f"{way}: at most {most:g} s", lambda found: [row["wall"] for row in found[way]], most=most)


TASK = Task(
    title="Tests of every pixel",
    prepare=_prepare,
    ways={
        "compare three": Way(_compare, _rates),
        "compare three, map": Way(_compare, _rates_and_map),
        "mask of three": Way(_mask, _rates),
        "mask of three, map": Way(_mask, _rates_and_map),
        "mask of two, fdr": Way(_with_fdr, partial(_rates, **_two)),
        "mask of two, fdr, map": Way(_with_fdr, partial(_rates_and_map, **_two)),
        "scatter of ten": Way(_scatter, lambda data, size: (_frames(data, size, 90, 10), {})),
        "scatter of ten, map": Way(_scatter, _paths_and_map),
        "mask, noise told wrong": Way(_mask, _wrong_noise),
    },
    bars=(
        _nanoseconds("compare three", 60),
        _nanoseconds("compare three, map", 120),
        _nanoseconds("mask of three", 100),
        _nanoseconds("mask of three, map", 200),
        _nanoseconds("mask of two, fdr", 40),
        _nanoseconds("mask of two, fdr, map", 80),
        _nanoseconds("scatter of ten", 100),
        _nanoseconds("scatter of ten, map", 200),
        _seconds("mask, noise told wrong", 3),
    ),
    compared=False,
)
