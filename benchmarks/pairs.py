# Licensed under a 3-clause BSD style license - see LICENSE
"""Two or more ways to do one thing, side by side: in turns, each in a fresh process."""

import ctypes
import gc
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["measured", "middle", "ratios", "read_once", "run", "summary"]

_MEBIBYTE = 2**20
_ROOT = Path(__file__).absolute().parents[1]


def measured(work):
    """
    Wall, user and system time (s), growth of the peak memory and the peak itself (MiB) of one call; and its result.

    Notes
    -----
    The growth is what the peak of the resident memory during the call is above what was resident before; pages of
    memory-mapped files count while they are mapped. What was freed before is given back first, so that the call cannot
    grow into it, and the kernel is told to forget earlier peaks (Linux, proc(5)).
    """
    gc.collect()
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
    Path("/proc/self/clear_refs").write_text("5")
    resident = _status("VmRSS")
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    result = work()
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    peak = _status("VmHWM")
    row = {
        "wall": wall,
        "user": after.ru_utime - before.ru_utime,
        "system": after.ru_stime - before.ru_stime,
        "memory": peak - resident,
        "peak": peak,
    }
    return row, result


def _status(key):
    """An entry of /proc/self/status in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024 / _MEBIBYTE
    raise OSError(f"no {key} in /proc/self/status")


def run(task, ways, data, size, rounds, *, files=(), agree=0.0, progress=lambda turns: turns):
    """
    Measurements of each way: ``rounds`` of all of them in turns, each in a process of its own.

    Parameters
    ----------
    task : str
        Its name.
    ways : iterable of str
        Names of the ways; every other round takes them backwards.
    data : path
        Folder with the frames, which are there.
    size : int
        Rows of the frames.
    rounds : int
        How often.
    files : sequence of path
        Read before each measurement, so that all find them in the memory of the system.
    agree : float
        How far, as a fraction, the numbers of a way may differ from those of the first.
    progress : callable
        Wraps the turns as they come.

    Returns
    -------
    dict
        A list of rows of each way.

    Raises
    ------
    RuntimeError
        If a way fails, or ways do not agree.
    """
    ways = list(ways)
    turns = [way for number in range(rounds) for way in (ways if number % 2 == 0 else reversed(ways))]
    found, numbers = {way: [] for way in ways}, {}
    for way in progress(turns):
        read_once(files)
        row = _in_fresh_process(task, way, data, size)
        for name, value in row.pop("numbers").items():
            expected = numbers.setdefault(name, value)
            if not abs(value - expected) <= agree * abs(expected):
                raise RuntimeError(f"{task}: {name} is {value:.6g} with {way!r}, and {expected:.6g} with the first way")
        found[way].append(row)
    return found


def _in_fresh_process(task, way, data, size):
    command = [sys.executable, "-m", "benchmarks.one_way", task, way, str(Path(data).absolute()), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT)
    if done.returncode:
        raise RuntimeError(f"{task}, {way}: exit status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def read_once(files):
    """Read files and keep nothing."""
    buffer = bytearray(_MEBIBYTE)
    for path in files:
        with open(path, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def ratios(found, key, first, second):
    """What the first way needs over what the second one needs, pair by pair; NaN where that is nothing."""
    pairs = zip(found[first], found[second], strict=True)
    return [one[key] / other[key] if other[key] else math.nan for one, other in pairs]


def middle(values, digits):
    """Median and range as text."""
    texts = [f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return texts[0] if len(values) == 1 else f"{texts[0]} ({texts[1]} to {texts[2]})"


def summary(found, compared=True):
    """
    Rows for a table: medians and ranges; where ways are compared, what the first one needs over what each needs.

    Those ratios are by pairs, CPU is user CPU. Memory is its growth, results included; "of it results" are the arrays
    that the call returns.
    """
    first = next(iter(found))
    rows = []
    for way, measurements in found.items():
        columns = {key: [row[key] for row in measurements] for key in measurements[0]}
        rows.append(
            {
                "way": way,
                "wall (s)": middle(columns["wall"], 3),
                "user CPU (s)": middle(columns["user"], 2),
                "system CPU (s)": middle(columns["system"], 2),
                "memory (MiB)": middle(columns["memory"], 0),
                "of it results": f"{statistics.median(columns['outputs']):.0f}",
            }
        )
        if compared:
            rows[-1]["times faster"] = middle(ratios(found, "wall", first, way), 2)
            rows[-1]["times less CPU"] = middle(ratios(found, "user", first, way), 2)
            rows[-1]["times smaller"] = middle(ratios(found, "memory", first, way), 2)
    return rows
