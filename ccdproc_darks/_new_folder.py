# Licensed under a 3-clause BSD style license - see LICENSE
"""A folder of results, put in its place whole or not at all."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PAGE", "SUMMARY", "check_place", "new_folder"]

#: Names of the files by which a report is known.
SUMMARY, PAGE = "summary.ecsv", "report.html"


def check_place(out, overwrite, folders):
    """
    Check that a report may be written.

    Parameters
    ----------
    out : `~pathlib.Path`
        Where.
    overwrite : bool
        Whether it may replace an earlier report.
    folders : list of path-like
        What must not go with that report.

    Raises
    ------
    OSError
        If it may not.
    """
    for parent in out.parents:
        if parent.is_file():
            raise NotADirectoryError(f"{out} cannot be made: {parent} is a file")
    if not out.exists():
        return
    if out.is_dir() and not any(out.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{out} is there already; choose another folder, or --overwrite an earlier report")
    names = {path.name for path in out.iterdir() if path.is_file()} if out.is_dir() else set()
    if names != {SUMMARY, PAGE}:
        raise FileExistsError(
            f"{out} is not an earlier report (it would hold just {SUMMARY}, {PAGE} and folders): not overwritten"
        )
    for folder in folders:
        if Path(folder).resolve().is_relative_to(out.resolve()):
            raise FileExistsError(f"{out} holds the frames of {folder}: not overwritten")


@contextmanager
def new_folder(out):
    """
    A new folder to write into, beside ``out``; it takes its place where nothing goes wrong, and goes where it does.

    Parameters
    ----------
    out : `~pathlib.Path`
        The place.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        yield new
        if out.exists():
            out.rename(Path(scratch) / "former")
        shutil.move(new, out)
