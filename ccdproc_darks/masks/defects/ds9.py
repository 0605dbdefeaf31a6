# Licensed under a 3-clause BSD style license - see LICENSE
"""Region files of SAOImageDS9: boxes in image coordinates."""

import re

import numpy as np

from .boxes import boxes_of, mask_of_boxes
from .shapes import grid_boxes, mask_of_regions
from .text_lines import comments, image_shape, read_text, write_text

__all__ = ["read", "write"]

_BOX = re.compile(
    r"\+?(?:rot)?box *\( *([^(), ]+)[ ,]+([^(), ]+)[ ,]+([^(), ]+)[ ,]+([^(), ]+)(?:[ ,]+([^(), ]+))? *\) *(?:#.*)?",
    re.IGNORECASE,
)


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
    lines = (line.strip() for line in text.splitlines())
    lines = [line for line in lines if line and not line.startswith(("#", "global"))]
    if not lines:
        return []
    frame, *shapes = lines
    found = list(map(_BOX.fullmatch, shapes))
    if frame.lower() != "image" or not all(found):
        return None
    try:
        values = np.array([box.groups("0") for box in found], dtype=float)
    except ValueError:
        return None
    return grid_boxes(*values.T) if found else []
