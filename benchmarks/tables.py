# Licensed under a 3-clause BSD style license - see LICENSE
"""What was measured, as tables: every measurement (ECSV), and what the documentation shows of them (CSV)."""

import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path

from astropy.table import Table

from .pairs import middle, summary

__all__ = ["all_measurements", "as_table", "bars_table", "machine", "write_task"]

_PACKAGES = ("numpy", "scipy", "astropy", "ccdproc", "ccdproc_darks")


def machine():
    """What it was measured on."""
    names = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    kilobytes = [int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal:")]
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "memory": f"{kilobytes[0] / 2**20:.0f} GiB",
        "Python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def _lines(path):
    return Path(path).read_text().splitlines()


def as_table(found, size):
    """All measurements of a task, one a row."""
    rows = [
        {"way": way, "round": number, **{key: float(f"{value:.5g}") for key, value in row.items()}}
        for way, measurements in found.items()
        for number, row in enumerate(measurements, 1)
    ]
    return Table(rows=rows, meta={"size": size, **machine()})


def write_task(name, table, folder, compared=True):
    """Write the table of a task and its summary, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    table.write(folder / f"{name}.ecsv", format="ascii.ecsv", overwrite=True)
    short = Table(rows=summary(_found(table), compared))
    short.write(folder / f"{name}.csv", format="ascii.csv", overwrite=True)
    return short


def all_measurements(names, folder):
    """What an earlier run, or this one, found: of each task that there is a table of, the measurements and the size."""
    there = {name: folder / f"{name}.ecsv" for name in names if (folder / f"{name}.ecsv").exists()}
    tables = {name: Table.read(path) for name, path in there.items()}
    return {name: (_found(table), table.meta["size"]) for name, table in tables.items()}


def _found(table):
    keys = [name for name in table.colnames if name not in ("way", "round")]
    found = {}
    for row in table:
        found.setdefault(str(row["way"]), []).append({key: float(row[key]) for key in keys})
    return found


def bars_table(tasks, measurements):
    """What was asked for and what was measured, of each task."""
    rows = []
    for name, (found, size) in measurements.items():
        for bar in tasks[name].bars:
            values = bar.values(found)
            value = statistics.median(values)
            rows.append(
                {
                    "task": tasks[name].title,
                    "rows": size,
                    "asked": bar.asked,
                    "measured": middle(values, 0 if value >= 100 else 1 if value >= 10 else 2),
                    "met": "yes" if bar.met(value) else "no",
                }
            )
    return Table(rows=rows)
