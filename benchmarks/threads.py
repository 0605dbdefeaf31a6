# Licensed under a 3-clause BSD style license - see LICENSE
"""
The task `folder` on one thread and on two, through ``executor=``; results are equal to the bit.

The default is a thread for each core, one of which is the caller's; of two cores that is two threads as well.

What two threads can gain at the most where the memory is the bottleneck: to copy memory, and nothing else.
"""

import functools
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .frames import raw_frames
from .night import checked, kinds, rates_to_mask
from .task import Task, Way, faster

__all__ = ["TASK"]

# Of two images of a frame's size each: about as many bytes as the folder has.
_COPIES = 25


def _on_threads(paths, number):
    with ThreadPoolExecutor(number) as executor:
        return rates_to_mask(paths, executor=executor)


def _images(data, size):
    return [(np.ones((size, size), "u2"), np.ones((size, size), "u2")) for _ in range(2)]


def _copied(images, number):
    def copy(pair):
        for _ in range(_COPIES):
            np.copyto(*pair)

    with ThreadPoolExecutor(number) as pool:
        list(pool.map(copy, images))
    return ()


TASK = Task(
    title="The same folder on one thread and on two",
    prepare=raw_frames,
    ways={
        "one thread": Way(functools.partial(_on_threads, number=1), kinds),
        "two threads": Way(functools.partial(_on_threads, number=2), kinds),
        "default": Way(rates_to_mask, kinds),
        "copying memory, one thread": Way(functools.partial(_copied, number=1), _images),
        "copying memory, two threads": Way(functools.partial(_copied, number=2), _images),
    },
    numbers=lambda results: checked(results) if results else {},
    bars=(faster("two threads", "one thread", 1.6),),
)
