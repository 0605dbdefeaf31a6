# Licensed under a 3-clause BSD style license - see LICENSE
"""Sections of an image as FITS writes them: ``[first column : last column, first row : last row]``, from 1."""

import re

__all__ = ["rows_and_columns", "section_text"]

_RANGE = r"\s*(?:(\d+)\s*:\s*(\d+)|[:*])\s*"
_SECTION = re.compile(rf"\s*\[?{_RANGE},{_RANGE}\]?\s*")


def rows_and_columns(text, shape, name):
    """Rows and columns of a FITS section, as slices; ``:`` or ``*`` are all of them.

    The order of first and last, which tells the direction of the read-out, does not matter. ValueError, which begins
    with ``name``, where it is no section, or lies outside of an image of this ``shape``.
    """
    match = _SECTION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{name}: section must be like '[1:512, 1:1024]' (columns, rows), got {text!r}")
    place = []
    for first, last, size in ((match[3], match[4], shape[0]), (match[1], match[2], shape[1])):
        low, high = sorted((int(first), int(last))) if first else (1, size)
        if not 1 <= low <= high <= size:
            raise ValueError(
                f"{name}: section {text!r} lies outside of the image, which has {shape[1]} columns and {shape[0]} rows"
            )
        place.append(slice(low - 1, high))
    return tuple(place)


def section_text(place):
    """FITS section of rows and columns (slices)."""
    rows, columns = place
    return f"[{columns.start + 1}:{columns.stop},{rows.start + 1}:{rows.stop}]"
