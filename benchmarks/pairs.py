"""Two or more ways to do one thing, side by side: in turns, each in a fresh process."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time

_MEBIBYTE = 2**20


def resident():
    """Memory of this process now, in bytes (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measured(work):
    """Wall time (s), CPU time (s) and growth of the peak memory (MiB) of one call, after a small one to warm up."""
    before_memory = resident()
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    result = work()
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    del result
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # The peak of the process: what was used before counts as long as it is less.
    return {"wall": wall, "cpu": cpu, "memory": (after.ru_maxrss * 1024 - before_memory) / _MEBIBYTE}


def run(script, ways, rounds):
    """Measurements of each way: ``rounds`` of all of them in turns, each in a process of its own."""
    found = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            command = [sys.executable, script, "--way", way]
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found[way].append(json.loads(output))
    return found


def table(found, reference):
    """Medians and ranges, and how many times as fast and small as the reference each is (by pairs)."""
    lines = [f"{'':34}{'wall (s)':>22}{'CPU (s)':>22}{'memory (MiB)':>22}{'faster':>20}{'smaller':>9}"]
    for way, rows in found.items():
        cells = []
        for key, digits in (("wall", 3), ("cpu", 2), ("memory", 0)):
            values = [row[key] for row in rows]
            middle, low, high = (
                f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values))
            )
            cells.append(f"{f'{middle} ({low} - {high})':>22}")
        faster = [first["wall"] / row["wall"] for first, row in zip(found[reference], rows, strict=True)]
        smaller = [first["memory"] / row["memory"] for first, row in zip(found[reference], rows, strict=True)]
        speed = f"{statistics.median(faster):.2f} ({min(faster):.2f} - {max(faster):.2f})"
        lines.append(f"{way:34}{''.join(cells)}{speed:>20}{statistics.median(smaller):9.2f}")
    return "\n".join(lines)
