# Licensed under a 3-clause BSD style license - see LICENSE
"""Memory for what is worked out of a block, used again for the next one.

The first touch of new pages takes a kernel longer than all that is done with them, and what has just been freed is
often given back to it.
"""

import math
import threading
from contextlib import contextmanager

import numpy as np

__all__ = ["empty", "give_back", "keep_freed", "reused"]

# Of the arrays whose memory glibc keeps once one of that size was freed, instead of asking for new pages each time.
_KEPT = 2**24


class _Scratch(threading.local):
    """What a thread has at hand; None outside of `reused`."""

    buffers = None


class _Buffers:
    """Buffers of any size in bytes: those in use, those that can be used again, and of these the ones of before."""

    def __init__(self):
        self._used, self._free, self._old = {}, {}, {}

    def take(self, size):
        found = next((known[size].pop() for known in (self._free, self._old) if known.get(size)), None)
        buffer = np.empty(size, dtype="u1") if found is None else found
        self._used[id(buffer)] = buffer
        return buffer

    def give_back(self, buffer):
        if self._used.pop(id(buffer), None) is not None:
            self._free.setdefault(buffer.nbytes, []).append(buffer)

    def renew(self):
        for buffer in list(self._used.values()):
            self.give_back(buffer)
        # What nobody has asked for since the last time goes.
        self._old, self._free = self._free, {}


_scratch = _Scratch()


@contextmanager
def reused():
    """
    Have `empty` hand out the same memory again and again, in this thread.

    Yields
    ------
    callable
        After a call of it, all that `empty` has handed out may be overwritten.
    """
    before, _scratch.buffers = _scratch.buffers, _Buffers()
    try:
        yield _scratch.buffers.renew
    finally:
        _scratch.buffers = before


def keep_freed():
    """Have the allocator keep what arrays of some megabytes leave behind, as that of glibc does after a large one."""
    np.empty(_KEPT, dtype="u1")


def empty(shape, dtype):
    """As `numpy.empty`; within `reused` of memory that is used again."""
    if _scratch.buffers is None:
        return np.empty(shape, dtype)
    return _scratch.buffers.take(math.prod(shape) * np.dtype(dtype).itemsize).view(dtype).reshape(shape)


def give_back(array):
    """Let `empty` use the memory of an array that it has handed out, and that nobody needs any more."""
    if _scratch.buffers is not None and array.base is not None:
        _scratch.buffers.give_back(array.base)
