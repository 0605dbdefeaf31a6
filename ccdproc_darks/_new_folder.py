# Licensed under a 3-clause BSD style license - see LICENSE
"""Write a folder of results completely or not at all."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PAGE", "SUMMARY", "check_place", "new_folder"]

#: Names of the two files in the folder of each report.
SUMMARY, PAGE = "summary.ecsv", "report.html"


def check_place(out, overwrite, folders):
    """Raise OSError where a report may not be written to the path ``out``.

    With ``overwrite`` it may replace an earlier report, but none that holds one of the ``folders`` of frames.
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
    """Temporary folder beside the path ``out``: it becomes ``out`` in the end, or is deleted after an error."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        yield new
        if out.exists():
            out.rename(Path(scratch) / "former")
        shutil.move(new, out)
