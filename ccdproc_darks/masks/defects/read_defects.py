# Licensed under a 3-clause BSD style license - see LICENSE
"""A list of bad pixels, as other programs have it, as a mask."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np

from ..._interface.arguments import checked_choice, checked_count
from ..._interface.flags import checked_flags
from .formats import FORMATS, format_of_file
from .listed import Wanted
from .write_defects import FIRST_ROWS, Flags, Format

__all__ = ["read_defects"]


def read_defects(
    path: str | os.PathLike[str],
    *,
    format: Format | None = None,
    shape: tuple[int, int] | None = None,
    flags: Flags | None = None,
    first_row: Literal["top", "bottom"] | None = None,
) -> np.ndarray:
    r"""Read a list of bad pixels as a mask.

    Parameters
    ----------
    path : path-like
        The file: one of `write_defects`, or of another program.
    format : str, optional
        Format of the list: see `write_defects`. None: that of the file's name, where its end belongs to one format
        only, or of what is in a FITS file.
    shape : tuple of int, optional
        Rows and columns of the image. Lists that `write_defects` made tell it, most of others do not.
    flags : str or sequence of str, optional
        Names of the flags in `DARK_FLAGS` of which a pixel of a bit image must have one or more to be bad. None:
        DO_NOT_USE.
    first_row : {None, "top", "bottom"}
        Where row 0 of the array is in the picture, for ``"dcraw"``. None: as the list was written, or else at the top.

    Returns
    -------
    `numpy.ndarray`
        Boolean array of shape (rows, columns), True for a bad pixel.

    Raises
    ------
    ValueError
        If the file is not of this format, has an entry outside the image, or does not tell the size of the image, and
        ``shape`` is not given or another; if the name of the file tells no format; or if an argument does not belong to
        the format.
    OSError
        If the file cannot be read.
    ImportError
        If a region file has shapes that are not rectangles of whole pixels, and regions is not installed.

    See Also
    --------
    write_defects : Writes such a list, and tells about the formats.

    Notes
    -----
    Of the shapes in region files that are not rectangles of whole pixels, such as circles, those pixels are bad whose
    centres are inside; the package regions finds them. Siril's whole lines (L) and columns (C) are read as well.

    Examples
    --------
    A list of IRAF's, with the column 25 and the pixel in column 10 and line 3:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from ccdproc_darks import read_defects
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "bad.dat"
    ...     _ = path.write_text("25 25 1 4\n10 3\n")
    ...     mask = read_defects(path, format="iraf", shape=(4, 30))
    >>> print(mask[:, 24].all(), mask[2, 9], mask.sum())
    True True 5
    """
    path = Path(path)
    if not path.is_file():
        reason = "is a folder" if path.is_dir() else "there is no such file"
        raise (IsADirectoryError if path.is_dir() else FileNotFoundError)(f"{path}: {reason}")
    if shape is not None:
        shape = _checked_shape(shape)
    checked_choice("first_row", first_row, FIRST_ROWS)
    chosen = format_of_file(format, path)
    if first_row is not None and chosen != "dcraw":
        raise ValueError(f"first_row is for the format 'dcraw' alone, got format {chosen!r}")
    if flags is not None and chosen != "roman":
        raise ValueError(f"flags are in the format 'roman' alone, got format {chosen!r}")
    bits = sum(checked_flags("DO_NOT_USE" if flags is None else flags).values())
    wanted = Wanted(path, shape, bits, first_row)
    return FORMATS[chosen].read(path, wanted)


def _checked_shape(shape):
    try:
        rows, columns = shape
    except (TypeError, ValueError):
        raise ValueError(f"shape must be (rows, columns), got {shape!r}") from None
    return checked_count("shape", rows, 2**31), checked_count("shape", columns, 2**31)
