# Licensed under a 3-clause BSD style license - see LICENSE
"""Region files of SAOImageDS9: boxes in image coordinates."""

import re

from .boxes import boxes_of, mask_of_boxes
from .shapes import grid_boxes, mask_of_regions
from .text_lines import comments, image_shape, read_text, write_text

__all__ = ["read", "write"]

_BOX = re.compile(r"\+?(?:rot)?box *\(([^()]*)\) *(?:#.*)?", re.IGNORECASE)
_NUMBERS = re.compile(r"[ ,]+")


def write(path, pixels):
    """Write each rectangle as a box: centre (from 1), width, height and angle, which is 0."""
    lines = ["# Region file format: DS9", *comments(pixels.shape), "image"]
    for x, y, width, height in boxes_of(pixels.mask).tolist():
        lines.append(f"box({x + (width + 1) / 2:.12g},{y + (height + 1) / 2:.12g},{width},{height},0)")
    write_text(path, lines)


def read(path, wanted):
    """Mask of a region file."""
    text = read_text(path)
    shape = wanted.settled_shape(image_shape(text))
    boxes = _boxes(text)
    if boxes is None:
        return mask_of_regions(lambda regions: regions.parse(text, format="ds9"), shape, wanted.path)
    return mask_of_boxes(boxes, shape, wanted.path)


def _boxes(text):
    """Rectangles, where there is nothing else in the text; or None."""
    found, is_image = [], False
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith(("#", "global")):
            continue
        if line.lower() == "image":
            is_image = True
            continue
        box = _BOX.fullmatch(line)
        if box is None or not is_image:
            return None
        found.append(_NUMBERS.split(box[1].strip()))
    try:
        values = [[float(word) for word in words] for words in found]
    except ValueError:
        return None
    if not all(len(row) in (4, 5) for row in values):
        return None
    rows = [[*row, 0.0][:5] for row in values]
    return grid_boxes(*zip(*rows, strict=True)) if rows else []
