# Licensed under a 3-clause BSD style license - see LICENSE
"""What goes into a list of bad pixels, and what is known of the image that a list is read for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["BadPixels", "Wanted"]


@dataclass
class BadPixels:
    """Bad pixels that are to be written."""

    mask: np.ndarray  # bool, True for a bad pixel
    flags: np.ndarray | None = None  # uint32 image of the flags in `DARK_FLAGS`; None: of a mask without any
    meta: Mapping = field(default_factory=dict)  # header of the image
    date: float | None = None  # since when they are bad, s from 1970 UTC
    first_row: str | None = None  # "top" or "bottom": where row 0 is in the picture

    @property
    def shape(self):
        """Rows and columns of the image."""
        return self.mask.shape


@dataclass
class Wanted:
    """What the user told about a list that is to be read."""

    path: object  # for errors
    shape: tuple[int, int] | None = None
    flags: int = 1  # bits, any of which makes a pixel of a bit image bad
    first_row: str | None = None

    def settled_shape(self, told):
        """Rows and columns of the image; ``told`` are those that the file tells, or None."""
        if told is None and self.shape is None:
            raise ValueError(f"{self.path} does not tell the size of the image: pass shape=(rows, columns)")
        if told is not None and self.shape is not None and tuple(told) != self.shape:
            raise ValueError(
                f"shape is {self.shape}, and {self.path} is of an image of {told[0]} rows and {told[1]} columns: "
                "take the list of this image, or leave shape out"
            )
        return self.shape if told is None else tuple(told)
