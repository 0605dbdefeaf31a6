"""Tries all bad inputs and counts what they come to, or writes the page of the documentation.

``python -m tests.bad_inputs --count [--list] [NAME...]`` counts, with the version of the package that is on the path;
``python -m tests.bad_inputs --page docs/bad_inputs.rst`` writes the page.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from .page import page
from .table import ROWS
from .trial import tried
from .wanted import KINDS


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bad_inputs", description=__doc__)
    parser.add_argument("--count", action="store_true", help="try all rows and count")
    parser.add_argument("--list", action="store_true", help="also print each row that is not as wanted")
    parser.add_argument("--page", type=Path, help="write the page of the documentation")
    parser.add_argument("names", nargs="*", help="rows to try; default: all")
    given = parser.parse_args()
    if given.page:
        given.page.write_text(page(), encoding="utf-8")
    if given.count:
        count([row for row in ROWS if row.is_possible and (not given.names or row.name in given.names)], given.list)


def count(rows, listed):
    """Try rows; print how many came to what, and which."""
    counted = Counter()
    for row in rows:
        with tempfile.TemporaryDirectory(prefix="bad_inputs-", ignore_cleanup_errors=True) as folder:
            verdict = tried(row, folder)
        counted[verdict.kind] += 1
        if listed and verdict.kind != "as wanted":
            print(f"{row.name}\t{verdict.kind}\t{' '.join(verdict.text.split())[:400]}", flush=True)
    for kind in KINDS:
        print(f"{counted[kind]:4d}  {kind}")
    print(f"{len(rows):4d}  rows")


if __name__ == "__main__":
    main()
