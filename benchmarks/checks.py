# Licensed under a 3-clause BSD style license - see LICENSE
"""
Checks of twenty raw darks of 1000 s, from files, beside their rate.

Both have the master bias in memory before the clock starts, and know gain, read noise and saturation level from the
headers.

* `dark_rate`: the rate, which reads all pixels.
* `check_frames`: the table of all checks, which reads a sample of the rows.
"""

from ccdproc_darks import check_frames, dark_rate

from .frames import raw_frames
from .pairs import ratios
from .task import Bar, Task, Way
from .twenty_files import TASK as RATE

__all__ = ["TASK"]

_MOST = 1.5


def _rate(ready):
    paths, bias = ready
    return dark_rate(paths, bias=bias)


def _checks(ready):
    paths, bias = ready
    return check_frames(paths, bias=bias)


_READY = RATE.ways["ccdproc_darks"].ready

TASK = Task(
    title="Checks of twenty raw darks, beside their rate",
    prepare=raw_frames,
    ways={"dark_rate": Way(_rate, _READY), "check_frames": Way(_checks, _READY)},
    bars=(
        Bar(
            f"check_frames takes at most {_MOST:g} times as long as dark_rate",
            lambda found: ratios(found, "wall", "check_frames", "dark_rate"),
            most=_MOST,
        ),
    ),
)
