# Licensed under a 3-clause BSD style license - see LICENSE
"""IRAF's lists of bad pixels, as fixpix, text2mask and ccdproc (fixfile) read them."""

from .boxes import boxes_of, mask_of_boxes
from .text_lines import comments, image_shape, number_lines, read_text, whole_numbers, write_text

__all__ = ["read", "write"]

_EXPECTED = "two whole numbers (x y) or four (x1 x2 y1 y2)"


def write(path, pixels):
    """Write the first and last column and the first and last line (from 1) of each rectangle, or x and y of a pixel."""
    lines = comments(pixels.shape)
    for x, y, width, height in boxes_of(pixels.mask).tolist():
        one = width == height == 1
        lines.append(f"{x + 1} {y + 1}" if one else f"{x + 1} {x + width} {y + 1} {y + height}")
    write_text(path, lines)


def read(path, wanted):
    """Mask of such a list."""
    text = read_text(path)
    boxes = []
    for number, words in number_lines(text):
        values = whole_numbers(words, wanted.path, number, _EXPECTED, (2, 4))
        first_x, last_x, first_y, last_y = (values[0], values[0], values[1], values[1]) if len(values) == 2 else values
        boxes.append((first_x - 1, first_y - 1, last_x - first_x + 1, last_y - first_y + 1))
    return mask_of_boxes(boxes, wanted.settled_shape(image_shape(text)), wanted.path)
