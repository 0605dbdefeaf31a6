# Licensed under a 3-clause BSD style license - see LICENSE
"""LSST's lists: a table of rectangles, as text or FITS."""

import numpy as np
from astropy.table import Table

from .boxes import boxes_of, mask_of_boxes
from .fits_tables import first_table, is_fits, table_shape
from .text_lines import comments, image_shape, number_lines, read_text, whole_numbers, write_text

__all__ = ["read", "write"]

_COLUMNS = ("x0", "y0", "width", "height")


def write(path, pixels):
    """Write rectangles as columns x0, y0, width and height: in ECSV, in FITS, or else as four numbers a line."""
    boxes = boxes_of(pixels.mask)
    rows, columns = pixels.shape
    table = Table(boxes.astype(np.int32), names=_COLUMNS)
    table.meta = {"OBSTYPE": "defects", "DKNROWS": rows, "DKNCOLS": columns}
    if path.name.lower().endswith((".fits", ".fit", ".fts", ".fits.gz")):
        table.write(path, format="fits")
    elif path.suffix.lower() == ".ecsv":
        table.write(path, format="ascii.ecsv")
    else:
        lines = (f"{x} {y} {width} {height}" for x, y, width, height in boxes.tolist())
        write_text(path, [*comments(pixels.shape, " ".join(_COLUMNS)), *lines])


def read(path, wanted):
    """Mask of such a list."""
    if is_fits(path):
        table, header = first_table(path, wanted.path)
        return _mask(table, table_shape(header), wanted)
    text = read_text(path)
    if not text.startswith("# %ECSV"):
        expected = "four whole numbers (x0 y0 width height)"
        boxes = [whole_numbers(words, wanted.path, number, expected, (4,)) for number, words in number_lines(text)]
        return mask_of_boxes(boxes, wanted.settled_shape(image_shape(text)), wanted.path)
    try:
        table = Table.read(text, format="ascii.ecsv")
    except Exception as error:  # astropy's readers raise many kinds
        raise ValueError(f"{wanted.path} is not a table in ECSV: {error}") from None
    return _mask(table, table_shape(table.meta), wanted)


def _mask(table, shape, wanted):
    if not set(_COLUMNS) <= set(table.colnames):
        raise ValueError(f"{wanted.path} has no columns {', '.join(_COLUMNS)}, but {', '.join(table.colnames)}")
    values = [np.asarray(table[name]) for name in _COLUMNS]
    if len(table) and any(column.ndim != 1 or column.dtype.kind not in "iu" for column in values):
        raise ValueError(f"{wanted.path}: the columns {', '.join(_COLUMNS)} must hold whole numbers")
    return mask_of_boxes(np.column_stack(values), wanted.settled_shape(shape), wanted.path)
