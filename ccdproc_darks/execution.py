# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows worked out by threads, processes or a cluster, within a limit of memory."""

import math
import os
import pickle
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
from astropy import units as u

from .arguments import checked_quantity
from .blocks import row_blocks, shifted

__all__ = ["Execution", "fill", "gather"]

# Tasks that a thread gets, so that all end at about the same time; of so many blocks, as what is done once for each
# task is done by one thread at a time.
_TASKS_PER_THREAD, _LEAST_BLOCKS = 4, 8
# What an executor that shares no memory with this process gets at a time, and how much of it may be under way.
_RESULT_BYTES, _UNDER_WAY_BYTES = 2**24, 2**28
_LEAST_TASKS = 32
# Pixels that are mended at a time.
_MENDED = 2**13


@dataclass(frozen=True)
class Execution:
    """
    Who works, and within what memory.

    Parameters
    ----------
    executor : `concurrent.futures.Executor` or None
        Who works; None is a thread for each core that this process may use.
    mem_limit : `~astropy.units.Quantity`, int or None
        Growth of this process's memory beyond the results (bytes); None is no limit.
    """

    executor: Executor | None = None
    mem_limit: object = None

    def __post_init__(self):
        submit = None if isinstance(self.executor, type) else getattr(self.executor, "submit", None)
        if self.executor is not None and not callable(submit):
            raise TypeError(
                "executor must be a concurrent.futures.Executor (for dask, Client.get_executor()) or None, got "
                f"{type(self.executor).__name__}"
            )
        if self.mem_limit is not None:
            limit = self.mem_limit if isinstance(self.mem_limit, u.Quantity) else _bytes(self.mem_limit)
            object.__setattr__(self, "mem_limit", checked_quantity("mem_limit", limit, u.byte))

    def most(self, memory):
        """How many times ``memory`` (bytes) fits the limit; infinite without one."""
        if self.mem_limit is None:
            return math.inf
        if memory > self.mem_limit:
            raise ValueError(
                f"mem_limit must be at least {math.ceil(memory / 2**20)} MiB for images of this size and number, got "
                f"{self.mem_limit / 2**20:.4g} MiB"
            )
        return int(self.mem_limit // memory)


def _bytes(number):
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise TypeError(f"mem_limit must be a number of bytes or a Quantity in byte, got {number!r}")
    return number * u.byte


def fill(job, outputs, execution):
    """
    Fill images, block by block.

    Parameters
    ----------
    job : object
        ``job.part(rows)`` is what it takes to do some rows, and can be sent to another process; ``.rows(block)`` of it
        gives one array for each of the outputs. Where it has ``.opened()``, that is a context of something that does.
        Where it has ``.mend(rows, pixels)``, ``.rows(block)`` also gives the pixels (flat indices) that it got wrong,
        of which that makes right ones, many at a time. Where it has a ``tally``, that is a number that its rows add
        to. ``job.memory()`` is the number of bytes that a block takes while it is worked on, for each pixel.
    outputs : list of `numpy.ndarray`
        The images, all of one shape.
    execution : `Execution`
        Who works.

    Returns
    -------
    float
        Sum of the tallies.
    """
    shape = outputs[0].shape
    columns, types = shape[1], [output.dtype for output in outputs]

    tallies = []

    def keep(start, tally):
        tallies.append(tally)

    def copy(start, found):
        results, tally = found
        tallies.append(tally)
        for output, result in zip(outputs, results, strict=True):
            output[start : start + len(result)] = result

    workers = _Workers(execution, shape, job, sum(dtype.itemsize for dtype in types))
    if workers.share_memory:
        workers.run(job, lambda part, blocks: _work(part, blocks, outputs, 0), keep)
    else:
        workers.run(job, partial(_worked, columns=columns, types=types), copy)
    return sum(tallies)


def gather(job, shape, execution):
    """
    What ``job.part(rows).summary(block)`` gives, for each block of an image of a shape, in order.

    Parameters
    ----------
    job, execution
        As of `fill`.
    shape : tuple of int
        Rows and columns.
    """
    found = {}
    _Workers(execution, shape, job, 1).run(job, _summaries, found.__setitem__)
    return [summary for start in sorted(found) for summary in found[start]]


class _Workers:
    """Those of an `Execution`, and how many blocks each gets at a time."""

    def __init__(self, execution, shape, job, result):
        self._shape, self._execution, memory = shape, execution, job.memory()
        self._blocks = list(row_blocks(shape, memory))
        pixels = shape[1] * (self._blocks[0].stop - self._blocks[0].start)
        number = len(self._blocks)
        self.share_memory = execution.executor is None or isinstance(execution.executor, ThreadPoolExecutor)
        if self.share_memory:
            self._most = execution.most(memory * pixels)
            self._threads = min(_cores(), number, self._most) if execution.executor is None else None
            threads = self._threads or _cores()
            tasks = threads * min(_TASKS_PER_THREAD, max(1, number // (threads * _LEAST_BLOCKS)))
            self._size = -(-number // tasks)
            return
        # A result is here twice, as it came and unpacked; and so is what is sent, as it is packed and as it goes.
        task = 2 * result * pixels + 2 * _sent(job.part(self._blocks[0]))
        most = execution.most(task)
        self._size = max(1, min(_RESULT_BYTES // task, number // _LEAST_TASKS, most))
        self._most = max(2, _UNDER_WAY_BYTES // (task * self._size))
        if most < math.inf:
            self._most = min(self._most, most // self._size)

    def run(self, job, work, take):
        """Call ``take`` with a first row and the result of ``work``, a function of a part of ``job`` and its blocks."""
        groups = [self._blocks[start : start + self._size] for start in range(0, len(self._blocks), self._size)]
        if self._execution.executor is not None:
            self._run_in(self._execution.executor, job, work, take, groups)
        elif self._threads == 1:
            take(0, work(job.part(slice(0, self._shape[0])), self._blocks))
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                self._run_in(pool, job, work, take, groups)

    def _run_in(self, pool, job, work, take, groups):
        waiting, under_way = list(reversed(groups)), {}
        try:
            while waiting or under_way:
                while waiting and len(under_way) < self._most:
                    blocks = waiting.pop()
                    part = job.part(slice(blocks[0].start, blocks[-1].stop))
                    under_way[pool.submit(work, part, blocks)] = blocks[0].start
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    take(under_way.pop(future), future.result())
        finally:
            for future in under_way:
                future.cancel()


def _sent(part):
    """Bytes of the pixels that go with what it takes to do some rows; 0 where only an executor knows how to send it."""
    buffers = []
    try:
        pickle.dumps(part, protocol=5, buffer_callback=buffers.append)
    except (pickle.PicklingError, AttributeError, TypeError):
        return 0
    return sum(buffer.raw().nbytes for buffer in buffers)


def _worked(part, blocks, columns, types):
    """Results of some blocks, in a process of one's own."""
    start, stop = blocks[0].start, blocks[-1].stop
    results = [np.empty((stop - start, columns), dtype) for dtype in types]
    return results, _work(part, blocks, results, start)


def _work(part, blocks, outputs, start):
    """Work out blocks, put them where they belong in arrays whose first row is ``start``, and return the tally."""
    rows, wrong = slice(blocks[0].start, blocks[-1].stop), []
    places = [output[rows.start - start : rows.stop - start] for output in outputs]
    with part.opened() if hasattr(part, "opened") else nullcontext(part) as opened:
        for block in blocks:
            images = opened.rows(block)
            if hasattr(opened, "mend"):
                images, pixels = images
                wrong.append(pixels + (block.start - rows.start) * places[0].shape[1])
            for place, image in zip(places, images, strict=True):
                place[shifted(block, rows.start)] = image
            if sum(map(len, wrong)) >= _MENDED:
                _mend(opened, rows, wrong, places)
        _mend(opened, rows, wrong, places)
        return getattr(opened, "tally", 0)


def _mend(part, rows, wrong, places):
    """Mend the pixels of a list, and empty it."""
    pixels = np.concatenate(wrong) if wrong else np.zeros(0, dtype=int)
    wrong.clear()
    for first in range(0, pixels.size, _MENDED):
        few = pixels[first : first + _MENDED]
        for place, values in zip(places, part.mend(rows, few), strict=True):
            place.reshape(-1)[few] = values.ravel()


def _summaries(part, blocks):
    """Summaries of some blocks."""
    with part.opened() if hasattr(part, "opened") else nullcontext(part) as opened:
        return [opened.summary(block) for block in blocks]


def _cores():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
