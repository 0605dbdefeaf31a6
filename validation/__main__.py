# Licensed under a 3-clause BSD style license - see LICENSE
"""Run the studies: ``python -m validation [STUDY ...] [--out FOLDER] [--quick] [--workers N]``."""

import argparse
import os
from pathlib import Path

from tqdm import tqdm

from .figures import draw
from .studies import STUDIES, run
from .summary import write_summary


def main():
    """Run what is asked for, and write tables, figures and a summary."""
    parser = argparse.ArgumentParser(prog="python -m validation", description=__doc__.split(":")[0])
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"of {', '.join(STUDIES)}; all where none is named")
    parser.add_argument("--out", type=Path, default=Path("docs/validation"), help="folder for the tables and figures")
    parser.add_argument("--quick", action="store_true", help="a few cells of each, to see that it runs (a few minutes)")
    parser.add_argument("--workers", type=int, help="processes; the number of cores where not given")
    given = parser.parse_args()
    unknown = set(given.studies) - set(STUDIES)
    if unknown:
        parser.error(f"no study {', '.join(sorted(unknown))}; there are {', '.join(STUDIES)}")
    # Processes, and not threads within each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.studies or STUDIES:
        table = run(name, given.quick, given.workers, lambda rows, total, name=name: tqdm(rows, desc=name, total=total))
        table.write(given.out / f"{name}.ecsv", format="ascii.ecsv", overwrite=True)
    draw(given.out)
    print(write_summary(given.out))


if __name__ == "__main__":
    main()
