# Licensed under a 3-clause BSD style license - see LICENSE
"""
The task `folder` on one thread and on two, through ``executor=``; results are equal to the bit.

The default is a thread for each core, one of which is the caller's; of two cores that is two threads as well.
"""

import functools
from concurrent.futures import ThreadPoolExecutor

from .frames import raw_frames
from .night import checked, kinds, rates_to_mask
from .task import Task, Way, faster

__all__ = ["TASK"]


def _on_threads(paths, number):
    with ThreadPoolExecutor(number) as executor:
        return rates_to_mask(paths, executor=executor)


TASK = Task(
    title="The same folder on one thread and on two",
    prepare=raw_frames,
    ways={
        "one thread": Way(functools.partial(_on_threads, number=1), kinds),
        "two threads": Way(functools.partial(_on_threads, number=2), kinds),
        "default": Way(rates_to_mask, kinds),
    },
    numbers=checked,
    bars=(faster("two threads", "one thread", 1.6),),
)
