# Licensed under a 3-clause BSD style license - see LICENSE
"""Siril's lists of deviant pixels, as its commands cosme and find_hot have them."""

import numpy as np

from .boxes import mask_of_boxes
from .text_lines import comments, image_shape, number_lines, read_text, whole_numbers, write_text

__all__ = ["read", "write"]


def write(path, pixels):
    """Write P, the column and the row of each pixel, and H for hot; rows count from 0 at the image's last row."""
    rows = pixels.shape[0]
    row, column = np.nonzero(pixels.mask)
    lines = (f"P {x} {rows - 1 - y} H" for y, x in zip(row.tolist(), column.tolist(), strict=True))
    write_text(path, [*comments(pixels.shape), *lines])


def read(path, wanted):
    """Mask of such a list: pixels (P), whole lines (L) and whole columns (C)."""
    text = read_text(path)
    rows, columns = shape = wanted.settled_shape(image_shape(text))
    boxes = []
    for number, (kind, *words) in number_lines(text):
        # A letter at the end, H or C, says whether the pixel is hot or cold.
        if words and words[-1].isalpha():
            words = words[:-1]
        if kind == "P":
            x, y = whole_numbers(words, wanted.path, number, "P x y H", (2,))
            boxes.append((x, rows - 1 - y, 1, 1))
        elif kind in ("L", "C"):
            place, *_ = whole_numbers(words, wanted.path, number, f"{kind} number 0 H", (1, 2))
            boxes.append((0, rows - 1 - place, columns, 1) if kind == "L" else (place, 0, 1, rows))
        else:
            whole_numbers([kind, *words], wanted.path, number, "a line that begins with P, L or C", ())
    return mask_of_boxes(boxes, shape, wanted.path)
