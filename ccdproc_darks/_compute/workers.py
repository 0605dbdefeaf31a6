# Licensed under a 3-clause BSD style license - see LICENSE
"""Blocks of rows computed by threads, processes or a cluster, within a limit of memory."""

import math
import os
import pickle
import threading
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
from astropy import units as u

from .._interface.arguments import checked_quantity
from .._interface.progress import current_progress
from .._interface.results import check_finite
from .blocks import row_blocks, shifted

__all__ = ["THREADS", "Execution", "fill_images", "gather_summaries"]

# Of an executor that shares no memory with this process: most bytes of a task, and of all tasks under way; fewest tasks
# of a job, and fewest under way.
_RESULT_BYTES, _UNDER_WAY_BYTES = 2**24, 2**28
_LEAST_TASKS, _LEAST_UNDER_WAY = 32, 2
# glibc keeps the memory of freed arrays up to the size (bytes) of the largest one that was freed so far, instead of
# asking the kernel for new pages each time.
_KEPT_BYTES = 2**24
# Most deferred pixels that are computed at a time.
_BATCH = 2**13


@dataclass(frozen=True)
class Execution:
    """An executor, and a limit of memory.

    Parameters
    ----------
    executor : `concurrent.futures.Executor` or None
        The executor; None is a thread for each core that this process may use.
    mem_limit : `~astropy.units.Quantity`, int or None
        Most bytes by which this process's memory may grow beyond the results; None is no limit.
    """

    executor: Executor | None = None
    mem_limit: object = None

    def __post_init__(self):
        np.empty(_KEPT_BYTES, dtype="u1")
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
        """How many times ``memory`` (bytes) fits into the limit; infinite without one."""
        if self.mem_limit is None:
            return math.inf
        if memory > self.mem_limit:
            raise ValueError(
                f"mem_limit must be at least {math.ceil(memory / 2**20)} MiB for images of this size and number, got "
                f"{self.mem_limit / 2**20:.4g} MiB"
            )
        return int(self.mem_limit // memory)

    def besides(self, memory):
        """The same with what is left of the limit besides so much ``memory`` (bytes), a quarter at least."""
        if self.mem_limit is None:
            return self
        return replace(self, mem_limit=max(self.mem_limit - memory, self.mem_limit / 4) * u.byte)

    @property
    def from_within(self):
        """Whether this is a thread of the executor itself: it works alone, or it might wait for itself for ever."""
        prefix = getattr(self.executor, "_thread_name_prefix", None)
        # A pool names its threads before they start, and keeps them in a list only after that.
        return bool(prefix) and threading.current_thread().name.startswith(f"{prefix}_")

    def map_in_threads(self, function, items):
        """Results of a function of each item, by threads of this process: such small work is not sent to another."""
        if isinstance(self.executor, ThreadPoolExecutor) and not self.from_within:
            with _clear_errors():
                return list(self.executor.map(function, items))
        results, places = [None] * len(items), iter(range(len(items)))

        def work():
            for place in places:
                results[place] = function(items[place])

        number = min(_cores(), len(items)) if self.executor is None else 1
        _run_together([work] * max(number, 1))
        return results


#: A thread for each core, and no limit to the memory.
THREADS = Execution()


def _bytes(number):
    if isinstance(number, bool) or not isinstance(number, int | float | np.integer | np.floating):
        raise TypeError(f"mem_limit must be a number of bytes or a Quantity in byte, got {number!r}")
    try:
        return float(number) * u.byte
    except OverflowError:
        raise ValueError(f"mem_limit must be up to 1e+15 byte, got a {type(number).__name__} that is larger") from None


def fill_images(job, outputs, execution):
    """Fill images with the blocks of a `BlockJob`, and return the sum of their counts.

    The list ``outputs`` has the images, all of one shape; images of bool must be False everywhere.
    """
    shape = outputs[0].shape
    columns, types = shape[1], [output.dtype for output in outputs]
    workers = _Workers(execution, shape, job, sum(dtype.itemsize for dtype in types))
    if workers.share_memory:
        return sum(workers.run(job, partial(_compute_blocks, outputs=outputs)))
    counts = []
    for start, results, count in workers.run(job, partial(_compute_elsewhere, columns=columns, types=types)):
        counts.append(count)
        for output, result in zip(outputs, results, strict=True):
            output[start : start + len(result)] = result
    return sum(counts)


def gather_summaries(job, shape, execution):
    """List of ``job.summary`` of all blocks of an image of a shape (rows, columns), from the first to the last row."""
    found = {}
    for summaries in _Workers(execution, shape, job, 1).run(job, _summarize_blocks):
        found.update(summaries)
    return [found[start] for start in sorted(found)]


class _Workers:
    """Workers of an `Execution`, for the blocks of an image of which a pixel has ``result`` bytes."""

    def __init__(self, execution, shape, job, result):
        self._rows, memory, most = slice(0, shape[0]), job.memory(), _cores()
        self._executor = execution.executor
        if execution.from_within:
            self._executor, most = None, 1
        self._blocks = list(row_blocks(shape, memory))
        pixels = shape[1] * (self._blocks[0].stop - self._blocks[0].start)
        number = len(self._blocks)
        self.share_memory = self._executor is None or isinstance(self._executor, ThreadPoolExecutor)
        if self.share_memory:
            self._most = min(most, number, execution.most(memory * pixels))
            return
        # A result is in memory twice, packed and unpacked; and so is a job that is sent.
        task = 2 * result * pixels + 2 * _bytes_sent(job.for_rows(self._blocks[0]))
        most = execution.most(task)
        self._size = max(1, min(_RESULT_BYTES // task, number // _LEAST_TASKS, most))
        self._most = max(_LEAST_UNDER_WAY, _UNDER_WAY_BYTES // (task * self._size))
        if most < math.inf:
            self._most = min(self._most, most // self._size)

    def run(self, job, work):
        """Yield results of `_run`; what an executor says of itself is said of the argument."""
        with _clear_errors():
            yield from self._run(job, work)

    def _run(self, job, work):
        """Yield results of ``work(job for some rows, these rows, blocks of them)``, as they come."""
        if not self.share_memory:
            groups = [self._blocks[start : start + self._size] for start in range(0, len(self._blocks), self._size)]
            rows = [slice(group[0].start, group[-1].stop) for group in groups]
            submits = (
                partial(self._submit, work, job.for_rows, some, group) for some, group in zip(rows, groups, strict=True)
            )
            tell = current_progress().tell
            for number, result in enumerate(_results_of(submits, self._most, again=True), 1):
                tell(number / len(groups))
                yield result
            return
        # Each worker takes the next block until none is left: they end together, and each opens its files once.
        left = _told(self._blocks)
        calls = [partial(_work_or_use_up, work, job.for_rows(self._rows), self._rows, left)] * self._most
        try:
            if self._executor is not None:
                yield from _results_of((partial(self._executor.submit, call) for call in calls), self._most)
            else:
                yield from _run_together(calls)
        finally:
            _use_up(left)

    def _submit(self, work, for_rows, rows, blocks):
        return self._executor.submit(work, for_rows(rows), rows, blocks)


def _told(blocks):
    """Iterator of blocks, which several threads may take from, that tells of each."""
    tell = current_progress().tell

    def taken(item):
        number, block = item
        tell(number / len(blocks))
        return block

    # Not a generator, which only one thread may run at a time.
    return map(taken, enumerate(blocks))


@contextmanager
def _clear_errors():
    """Errors of an executor that takes no work, or whose workers died, as errors of the argument ``executor``."""
    try:
        yield
    except BrokenExecutor as error:
        raise type(error)(
            "executor is broken: one of its workers died (killed, out of memory, or unable to import the main module; "
            f"a script must call below if __name__ == '__main__'). Make a new one ({error})"
        ) from error
    except RuntimeError as error:
        if "cannot schedule new futures after" not in str(error):
            raise
        raise ValueError(f"executor must be open to take work, got one that was shut down ({error})") from error


def _run_together(calls):
    """Results of calls that run at the same time, the first one in this thread."""
    first, *others = calls
    if not others:
        return [first()]
    # Systems let a thread that wakes others and waits share a core with these.
    with ThreadPoolExecutor(len(others)) as pool:
        futures = [pool.submit(other) for other in others]
        return [first(), *(future.result() for future in futures)]


def _results_of(submits, most, again=False):
    """Yield results of tasks as they come; ``most`` are under way, and a failed one may be submitted once ``again``."""
    under_way = {}
    try:
        while True:
            for submit in islice(submits, most - len(under_way)):
                under_way[submit()] = submit if again else None
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                submit = under_way.pop(future)
                try:
                    result = future.result()
                except Exception as error:
                    # What fails in a cluster is often the cluster; what fails twice is not.
                    if submit is None or isinstance(error, CancelledError):
                        raise
                    try:
                        under_way[submit()] = None
                    except Exception:
                        raise error from None
                    continue
                yield result
    finally:
        for future in under_way:
            future.cancel()


def _work_or_use_up(work, job, rows, left):
    """``work(job, rows, left)``; if it fails, no blocks are left to the other workers."""
    try:
        return work(job, rows, left)
    except BaseException:
        _use_up(left)
        raise


def _use_up(blocks):
    for _ in blocks:
        pass


def _bytes_sent(job):
    """Bytes of the arrays that are sent with a job; 0 where only the executor knows how to send it."""
    buffers = []
    try:
        pickle.dumps(job, protocol=5, buffer_callback=buffers.append)
    except (pickle.PicklingError, AttributeError, TypeError):
        return 0
    return sum(buffer.raw().nbytes for buffer in buffers)


def _compute_elsewhere(job, rows, blocks, columns, types):
    """First row, images and counts of some blocks: what runs in another process, or on a worker of a cluster."""
    results = [np.zeros((rows.stop - rows.start, columns), dtype) for dtype in types]
    return rows.start, results, _compute_blocks(job, rows, blocks, results)


def _compute_blocks(job, rows, blocks, outputs):
    """Compute blocks, put them into ``outputs`` (images of the slice ``rows``), and return the sum of their counts."""
    columns, deferred, counts = outputs[0].shape[1], [], []
    # Numbers that overflow become infinite, and are refused while a block is still in the processor's cache.
    with job.open_files() as opened, np.errstate(over="ignore"):
        for rows_of_block in blocks:
            out = [output[shifted(rows_of_block, rows.start)] for output in outputs]
            block = opened.block(rows_of_block, out)
            counts.append(block.count)
            later = [] if block.deferred is None else block.deferred.pixels
            for place, image in zip(out, block.images, strict=True):
                if image is None:
                    continue
                # Pages of zeros that nobody touches take neither time nor memory.
                if not np.may_share_memory(place, image) and (image.dtype != bool or image.any()):
                    place[...] = image.reshape(place.shape)
                check_finite(place, later)
            if block.deferred is not None and len(block.deferred):
                deferred.append(block.deferred.moved((rows_of_block.start - rows.start) * columns))
            if sum(map(len, deferred)) >= _BATCH:
                counts += _compute_exactly(opened, deferred, outputs)
        return sum(counts + _compute_exactly(opened, deferred, outputs))


def _compute_exactly(job, deferred, outputs):
    """Compute all pixels of a list of `Deferred` exactly, empty the list, and return a list of counts."""
    counts = []
    left = type(deferred[0]).joined(deferred) if deferred else ()
    deferred.clear()
    while len(left):
        batch, left = left.split(_BATCH)
        block = job.exact(batch)
        counts.append(block.count)
        for output, values in zip(outputs, block.images, strict=True):
            flat, values = output.reshape(-1), values.ravel().astype(output.dtype, copy=False)
            check_finite(values)
            changed = flat[batch.pixels] != values if output.dtype == bool else slice(None)
            flat[batch.pixels[changed]] = values[changed]
    return counts


def _summarize_blocks(job, rows, blocks):
    """Dict from the first row of each block to its summary."""
    with job.open_files() as opened:
        return {block.start: opened.summary(block) for block in blocks}


def _cores():
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
