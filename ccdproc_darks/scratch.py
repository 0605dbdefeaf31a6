# Licensed under a 3-clause BSD style license - see LICENSE
"""Memory for what is worked out of a block, used again for the next one.

The first touch of new pages takes a kernel longer than all that is done with them, and what has just been freed is
often given back to it.
"""

import math
import threading
from contextlib import contextmanager

import numpy as np

__all__ = ["empty", "give_back", "reused"]


class _Scratch(threading.local):
    """Buffers of one thread, by their size in bytes: those free, and those in use; None outside of `reused`."""

    free, used = None, None


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
    before = _scratch.free, _scratch.used
    _scratch.free, _scratch.used = {}, {}
    try:
        yield _renew
    finally:
        _scratch.free, _scratch.used = before


def empty(shape, dtype):
    """As `numpy.empty`; within `reused` of memory that is used again."""
    if _scratch.free is None:
        return np.empty(shape, dtype)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    free = _scratch.free.get(size)
    buffer = free.pop() if free else np.empty(size, dtype="u1")
    _scratch.used[id(buffer)] = buffer
    return buffer.view(dtype).reshape(shape)


def give_back(array):
    """Let `empty` use the memory of an array that it has handed out, and that nobody needs any more."""
    if _scratch.used is not None:
        buffer = _scratch.used.pop(id(array.base), None)
        if buffer is not None:
            _scratch.free.setdefault(buffer.nbytes, []).append(buffer)


def _renew():
    for buffer in _scratch.used.values():
        _scratch.free.setdefault(buffer.nbytes, []).append(buffer)
    _scratch.used.clear()
