# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels that a user names: pairs (x, y), or a table with columns x and y."""

import numpy as np

__all__ = ["checked_pixels"]

_WANTED = "a sequence of pairs (x, y), or a table with the columns x and y, as changed_pixels gives"


def checked_pixels(pixels, shape, most):
    """Columns and rows of pixels, as two arrays of int, counted from 0; from one pixel to ``most`` of them.

    A TypeError where they are no whole numbers; a ValueError where one is outside of an image of ``shape``.
    """
    try:
        given = _columns(pixels)
        places = np.array([np.atleast_1d(getattr(values, "value", values)) for values in given])
        is_right = places.dtype.kind in "iuf" and places.shape[1:] == places.shape[1:2] and len(places) == 2
    except (KeyError, TypeError, ValueError):  # another table; rows of different lengths; values of any kind
        is_right = False
    if not is_right:
        raise TypeError(f"pixels must be {_WANTED}, got {_shown(pixels)}")
    number = places.shape[1]
    if number == 0:
        raise ValueError("pixels is empty: at least one pixel (x, y) is needed")
    if number > most:
        raise ValueError(f"pixels must be {most} or fewer in one picture, got {number}: pass some, pixels[:{most}]")
    rows, columns = shape
    for x, y in places.T:
        if not (np.isfinite([x, y]).all() and x == np.rint(x) and y == np.rint(y)):
            raise TypeError(f"pixels must be whole numbers (x, y), got ({x:g}, {y:g})")
        if not (0 <= x < columns and 0 <= y < rows):
            raise ValueError(
                f"pixels: ({x:g}, {y:g}) is outside of the image: x, the column, is from 0 to {columns - 1}, and y, "
                f"the row, from 0 to {rows - 1}"
            )
    return places.astype(int)


def _columns(pixels):
    """Columns and rows as they are given, of a table, an array with names, or pairs."""
    names = getattr(pixels, "colnames", getattr(pixels, "columns", None))
    if names is None:
        names = getattr(getattr(pixels, "dtype", None), "names", None)
    if names is not None:
        return [pixels["x"], pixels["y"]]
    pairs = list(pixels)
    if not pairs:
        return [(), ()]
    return np.atleast_2d(pairs).T


def _shown(pixels):
    text = repr(pixels)
    return text if len(text) <= 60 else f"a {type(pixels).__name__}"
