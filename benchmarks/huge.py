# Licensed under a 3-clause BSD style license - see LICENSE
"""Six raw frames of 16384 x 16384 pixels to a rate, and to a mask, in a process that stays below 4 GiB."""

from astropy import units as u

from ccdproc_darks import dark_rate, hot_pixel_mask

from .frames import BIAS, like_frames
from .task import Bar, Task, Way

__all__ = ["TASK"]


def _frames(data, size):
    return like_frames(data, size, 6)


def _rate(paths):
    return dark_rate(paths, bias=BIAS * u.adu)


def _rate_and_mask(paths):
    rate = _rate(paths)
    return rate, hot_pixel_mask(rate)


def _peak(way):
    return Bar(
        f"{way}: peak of the process (MiB) under 4096", lambda found: [row["peak"] for row in found[way]], most=4096
    )


TASK = Task(
    title="Six raw frames of 16384 x 16384 pixels",
    prepare=_frames,
    ways={"dark_rate": Way(_rate, _frames), "dark_rate and hot_pixel_mask": Way(_rate_and_mask, _frames)},
    compared=False,
    bars=(_peak("dark_rate"), _peak("dark_rate and hot_pixel_mask")),
    size=16384,
    quick_size=512,
)
