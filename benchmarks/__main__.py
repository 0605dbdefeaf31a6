# Licensed under a 3-clause BSD style license - see LICENSE
"""Measure: ``python -m benchmarks [TASK ...] [--rounds N] [--data FOLDER] [--out FOLDER] [--quick]``."""

import argparse
import importlib
import tempfile
from pathlib import Path

from astropy.table import Table
from tqdm import tqdm

from .one_way import WARM_UP
from .pairs import run
from .tables import all_measurements, as_table, bars_table, machine, write_task

__all__ = ["TASKS", "main"]

#: Each is a module.
TASKS = (
    "two_darks",
    "twenty_files",
    "checks",
    "folder",
    "fit",
    "per_pixel",
    "mem_limit",
    "threads",
    "huge",
    "scaling",
    "simulate_frame",
)


def main():
    """Measure what is asked for, print it, and write tables and figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split(":")[0])
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(TASKS)}; all where none is named")
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is measured (%(default)s)")
    parser.add_argument("--data", type=Path, help="folder to keep the frames in (10 GB); a temporary one otherwise")
    parser.add_argument("--out", type=Path, help="folder for tables and figures (docs/benchmarks; none with --quick)")
    parser.add_argument("--quick", action="store_true", help="small frames, to see that it runs")
    given = parser.parse_args()
    unknown = set(given.tasks) - set(TASKS)
    if unknown:
        parser.error(f"no task {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    if given.rounds < 1:
        parser.error("--rounds must be 1 or more")
    out = given.out or (None if given.quick else Path("docs/benchmarks"))
    with tempfile.TemporaryDirectory() as temporary:
        data = given.data or Path(temporary)
        # Where nothing is to be kept, tables go where frames go that nothing keeps.
        _measure(given.tasks or TASKS, given.rounds, data, out or Path(temporary), given.quick, figures=out is not None)


def _measure(names, rounds, data, out, quick, figures):
    tasks = {name: importlib.import_module(f"benchmarks.{name}").TASK for name in TASKS}
    for name in names:
        task = tasks[name]
        size = task.quick_size if quick else task.size
        task.prepare(data, WARM_UP)
        files = task.prepare(data, size)
        found = run(
            name, task.ways, data, size, rounds, files=files, agree=task.agree,
            progress=lambda turns, name=name: tqdm(turns, desc=name),
        )  # fmt: skip
        short = write_task(name, as_table(found, size), out, task.compared)
        print(f"\n{task.title} ({size} rows, {rounds} rounds)")
        print("\n".join(short.pformat(max_lines=-1, max_width=-1)), flush=True)
    measurements = all_measurements(TASKS, out)
    bars = bars_table(tasks, measurements)
    heading = "What is asked for" + (" (small frames tell nothing of it)" if quick else "")
    print("\n".join(["", heading, *bars.pformat(max_lines=-1, max_width=-1)]))
    if figures:
        from .figures import draw

        bars.write(out / "bars.csv", format="ascii.csv", overwrite=True)
        Table(rows=[machine()]).write(out / "machine.csv", format="ascii.csv", overwrite=True)
        draw(tasks, measurements, out)


if __name__ == "__main__":
    main()
