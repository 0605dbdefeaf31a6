# Licensed under a 3-clause BSD style license - see LICENSE
"""Lists that are text: lines of numbers, and comments of which one tells the size of the image."""

import re
from contextlib import suppress

from ..._interface.shown import shown
from ..._interface.version import __version__

__all__ = ["comments", "image_shape", "number_lines", "read_text", "whole_numbers", "write_text"]

# The comment that tells the size; of ours alone, others have no such line.
_SIZE = re.compile(r"^# *image of (\d{1,9}) rows and (\d{1,9}) columns", re.MULTILINE)
# Numbers of rows and columns are below this in all programs.
_MOST = 2**31


def comments(shape, *more):
    """Comment lines at the top of a list."""
    size = f"image of {shape[0]} rows and {shape[1]} columns"
    return [f"# {line}" for line in (f"bad pixels, written by ccdproc_darks {__version__}", size, *more)]


def write_text(path, lines):
    """Write lines into a new file."""
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


def read_text(path):
    """The text of a file; bytes that are none are replaced, so that the line with them is refused."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.read()


def image_shape(text):
    """Rows and columns of the image as a comment tells them, or None."""
    found = _SIZE.search(text)
    return (int(found[1]), int(found[2])) if found else None


def number_lines(text):
    """Number and words of each line; what follows a # is left out, and so are lines without words."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if words:
            yield number, words


def whole_numbers(words, label, number, expected, sizes):
    """Words of a line as whole numbers; a ValueError where they are none, or not as many as one of ``sizes``."""
    values = []
    with suppress(ValueError, OverflowError):
        values = list(map(int, words))
    if not values:
        # Some programs write 10.0 for 10.
        with suppress(ValueError, OverflowError):
            values = [int(word) for word in map(float, words) if word.is_integer()]
    if len(values) == len(words) and len(values) in sizes and all(-_MOST < value < _MOST for value in values):
        return values
    line = shown(" ".join(words))
    line = line if len(line) <= 60 else f"{line[:60]}..."
    raise ValueError(f"{label}, line {number}: expected {expected}, got {line!r}")
