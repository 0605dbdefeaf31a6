# Licensed under a 3-clause BSD style license - see LICENSE
"""
The task `folder` with ``mem_limit=`` 256 MiB in every call, against none; results are equal to the bit.

Each of its calls is also measured for itself, with what it needs in memory before the clock starts: the growth beyond
the results of all calls together would hide what an early call takes in the room of later results.
"""

import functools

from astropy.nddata import CCDData

from ccdproc_darks import compare_dark_rates, dark_rate, hot_pixel_mask, master_bias

from .frames import raw_frames
from .night import checked, kinds, rates_to_mask
from .pairs import ratios
from .task import Bar, Task, Way

__all__ = ["TASK"]

_LIMIT = {"mem_limit": 256 * 2**20}
_LIMITED = "mem_limit = 256 MiB"


def _with_bias(data, size, kind):
    bias, *darks = kinds(data, size)
    return darks[kind], CCDData.read(bias[0].parent / "master_bias.fits", memmap=False)


def _bias_frames(data, size):
    return kinds(data, size)[0]


def _rates(data, size):
    return rates_to_mask(kinds(data, size))[:2]


def _bias(frames):
    return master_bias(frames, **_LIMIT)


def _rate(ready):
    darks, bias = ready
    return dark_rate(darks, bias=bias, **_LIMIT)


def _compare(rates):
    return compare_dark_rates(*rates, statistic="significance", **_LIMIT)


def _mask(rates):
    return hot_pixel_mask(*rates, **_LIMIT)


_CALLS = {
    "of it master_bias": Way(_bias, _bias_frames),
    "of it dark_rate, 10 frames": Way(_rate, functools.partial(_with_bias, kind=0)),
    "of it dark_rate, 20 frames": Way(_rate, functools.partial(_with_bias, kind=1)),
    "of it compare_dark_rates": Way(_compare, _rates),
    "of it hot_pixel_mask": Way(_mask, _rates),
}


def _beyond_results(found):
    calls = zip(*(found[name] for name in _CALLS), strict=True)
    return [max(row["memory"] - row["outputs"] for row in rows) for rows in calls]


TASK = Task(
    title="The same folder in 256 MiB",
    prepare=raw_frames,
    ways={
        "no limit": Way(rates_to_mask, kinds),
        _LIMITED: Way(functools.partial(rates_to_mask, **_LIMIT), kinds),
        **_CALLS,
    },
    numbers=lambda results: {} if isinstance(results, CCDData) else checked(results),
    compared=False,
    bars=(
        Bar("memory (MiB) grows by less than 256 beyond the results of any call", _beyond_results, most=256),
        Bar("at most 1.5 times the time without", lambda found: ratios(found, "wall", _LIMITED, "no limit"), most=1.5),
    ),
)
