# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows worked out by threads, processes or a cluster, within a limit of memory."""

import math
import os
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .arguments import checked_quantity
from .blocks import row_blocks

__all__ = ["Execution", "fill"]

# Tasks that a thread gets, so that all end at about the same time.
_TASKS_PER_THREAD = 8
# What an executor that shares no memory with this process gets at a time, and how much of it may be under way.
_RESULT_BYTES, _UNDER_WAY_BYTES = 2**24, 2**28
_LEAST_TASKS = 32


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
        if self.executor is not None and not callable(getattr(self.executor, "submit", None)):
            raise TypeError(
                "executor must be a concurrent.futures.Executor (for dask, Client.get_executor()) or None, got "
                f"{type(self.executor).__name__}"
            )
        if self.mem_limit is not None:
            limit = self.mem_limit if isinstance(self.mem_limit, u.Quantity) else _bytes(self.mem_limit)
            object.__setattr__(self, "mem_limit", checked_quantity("mem_limit", limit, u.byte))

    def most(self, memory, argument="mem_limit"):
        """How many times ``memory`` (bytes) fits the limit; infinite without one."""
        if self.mem_limit is None:
            return math.inf
        if memory > self.mem_limit:
            raise ValueError(
                f"{argument} must be at least {memory / 2**20:.0f} MiB for images of this size and number, got "
                f"{self.mem_limit / 2**20:.4g} MiB"
            )
        return int(self.mem_limit // memory)


def _bytes(number):
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise TypeError(f"mem_limit must be a number of bytes or a Quantity in byte, got {number!r}")
    return number * u.byte


def fill(job, outputs, planes, execution, memory):
    """
    Fill images, block by block.

    Parameters
    ----------
    job : object
        ``job.part(rows)`` is what it takes to do some rows, and can be sent to another process;
        ``job.part(rows).opened()`` a context in which ``.rows(block)`` gives one array for each of the outputs.
    outputs : list of `numpy.ndarray`
        The images, all of one shape.
    planes : int
        Number of images that are read together.
    execution : `Execution`
        Who works.
    memory : float
        Bytes that a block takes while it is worked on, for each pixel.
    """
    shape = outputs[0].shape
    blocks = list(row_blocks(shape, planes))
    block_bytes = memory * shape[1] * (blocks[0].stop - blocks[0].start)
    if execution.executor is None:
        workers = min(_cores(), len(blocks), execution.most(block_bytes))
        if workers <= 1:
            _work(job.part(slice(0, shape[0])), blocks, outputs, 0)
            return
        # Not more at a time than there are threads, so that a limit of memory holds.
        with ThreadPoolExecutor(workers) as pool:
            _share(job, blocks, outputs, pool, workers * _TASKS_PER_THREAD, math.inf)
    elif isinstance(execution.executor, ThreadPoolExecutor):
        most = execution.most(block_bytes)
        _share(job, blocks, outputs, execution.executor, _LEAST_TASKS, most)
    else:
        _send(job, blocks, outputs, execution)


def _share(job, blocks, outputs, pool, tasks, most):
    """Let threads write to the outputs."""
    groups = _groups(blocks, max(1, len(blocks) // tasks))

    def submit(group):
        rows = slice(group[0].start, group[-1].stop)
        return pool.submit(_work, job.part(rows), group, outputs, 0)

    _in_turns(submit, groups, most, lambda group, result: None)


def _send(job, blocks, outputs, execution):
    """Let others make copies of rows of the outputs, and take those over."""
    columns, types = outputs[0].shape[1], [output.dtype for output in outputs]
    block_bytes = (blocks[0].stop - blocks[0].start) * columns * sum(dtype.itemsize for dtype in types)
    # A result is here twice, as it came and as it is unpacked.
    most = execution.most(2 * block_bytes)
    size = max(1, min(_RESULT_BYTES // block_bytes, len(blocks) // _LEAST_TASKS, most))
    most = min(max(2, _UNDER_WAY_BYTES // (2 * block_bytes * size)), most // size)

    def submit(group):
        rows = slice(group[0].start, group[-1].stop)
        return execution.executor.submit(_worked, job.part(rows), group, columns, types)

    def store(group, results):
        for output, result in zip(outputs, results, strict=True):
            output[group[0].start : group[-1].stop] = result

    _in_turns(submit, _groups(blocks, size), most, store)


def _groups(blocks, size):
    return [blocks[start : start + size] for start in range(0, len(blocks), size)]


def _in_turns(submit, groups, most, store):
    """Submit groups, not more than ``most`` at a time, and store what comes back."""
    waiting, under_way = list(reversed(groups)), {}
    try:
        while waiting or under_way:
            while waiting and len(under_way) < most:
                group = waiting.pop()
                under_way[submit(group)] = group
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                store(under_way.pop(future), future.result())
    finally:
        for future in under_way:
            future.cancel()


def _worked(part, blocks, columns, types):
    """Results of some blocks, in a process of one's own."""
    start, stop = blocks[0].start, blocks[-1].stop
    results = [np.empty((stop - start, columns), dtype) for dtype in types]
    _work(part, blocks, results, start)
    return results


def _work(part, blocks, outputs, start):
    """Work out blocks, and put them where they belong in arrays whose first row is ``start``."""
    with part.opened() if hasattr(part, "opened") else nullcontext(part) as opened:
        for block in blocks:
            place = slice(block.start - start, block.stop - start)
            for output, result in zip(outputs, opened.rows(block), strict=True):
                output[place] = result


def _cores():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
