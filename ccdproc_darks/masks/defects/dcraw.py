# Licensed under a 3-clause BSD style license - see LICENSE
"""dcraw's lists of bad pixels (.badpixels), which LibRaw reads as well."""

import time

import numpy as np
from astropy.time import Time

from .boxes import mask_of_boxes
from .text_lines import comments, image_shape, number_lines, read_text, whole_numbers, write_text

__all__ = ["read", "seconds_of", "write"]

_BOTTOM = "rows count from the last row of the image, which is the top of the picture"
_TOP = "rows count from the first row of the image, which is the top of the picture"


def write(path, pixels):
    """Write column and row of each pixel, from 0 at the top left of the picture, and since when it is bad (s)."""
    seconds = pixels.date
    if seconds is None:
        seconds = seconds_of(pixels.meta.get("DATE-OBS"), time.time())
    place = pixels.first_row
    if place is None:
        place = "bottom" if str(pixels.meta.get("ROWORDER", "")).strip().upper() == "BOTTOM-UP" else "top"
    flipped = place == "bottom"
    row, column = np.nonzero(pixels.mask)
    row = pixels.shape[0] - 1 - row if flipped else row
    lines = (f"{x} {y} {int(seconds)}" for y, x in zip(row.tolist(), column.tolist(), strict=True))
    write_text(path, [*comments(pixels.shape, _BOTTOM if flipped else _TOP), *lines])


def read(path, wanted):
    """Mask of such a list, whatever the dates."""
    text = read_text(path)
    shape = wanted.settled_shape(image_shape(text))
    flipped = wanted.first_row == "bottom" or (wanted.first_row is None and f"# {_BOTTOM}" in text)
    boxes = []
    for number, words in number_lines(text):
        x, y, _ = whole_numbers(words, wanted.path, number, "three whole numbers (x y time)", (3,))
        boxes.append((x, shape[0] - 1 - y if flipped else y, 1, 1))
    return mask_of_boxes(boxes, shape, wanted.path)


def seconds_of(date, default):
    """A date (UTC) as seconds from 1970; ``default`` where it is none."""
    try:
        return float(Time(date, scale="utc").unix)
    except Exception:  # astropy tries many forms, each with errors of its own
        return default
