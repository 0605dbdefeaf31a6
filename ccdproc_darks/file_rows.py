# Licensed under a 3-clause BSD style license - see LICENSE
"""Rows of frames in FITS files, read by whoever sees the files."""

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from astropy.nddata import InverseVariance, StdDevUncertainty, VarianceUncertainty

from .fits_rows import FitsRows
from .memory_frame import Samples, as_deviation
from .scratch import empty, give_back

__all__ = ["UNCERTAINTIES", "FileRows", "are_alike", "rows_alike", "stored_alike"]

# As CCDData.write names them in UTYPE.
UNCERTAINTIES = {kind.__name__: kind for kind in (StdDevUncertainty, VarianceUncertainty, InverseVariance)}

_SHORT, _SINGLE = 16, -32


@dataclass(frozen=True)
class FileRows:
    """
    What it takes to read rows of a `FileFrame`, in any thread, process or machine that sees the file.

    Attributes
    ----------
    label : str
        The file, for messages.
    image : `FitsRows`
        The frame.
    mask, deviation : `FitsRows` or None
        Extensions MASK and UNCERT.
    kind : str or None
        UTYPE of the latter.
    file : int or None
        Descriptor of the file while it is `opened`.
    """

    label: str
    image: FitsRows
    mask: FitsRows | None = None
    deviation: FitsRows | None = None
    kind: str | None = None
    file: int | None = None

    def check_size(self):
        """Raise OSError where the file is shorter than its headers promise."""
        size = os.stat(self.image.path).st_size
        end = max(rows.end for rows in (self.image, self.mask, self.deviation) if rows is not None)
        if end > size:
            raise OSError(f"{self.label}: truncated, {size} bytes where the header promises {end}")

    @contextmanager
    def opened(self):
        """Itself with the file open, so that it need not be opened for every few rows."""
        try:
            file = os.open(self.image.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise OSError(f"{self.label}: cannot be read any more ({error})") from None
        try:
            yield replace(self, file=file)
        finally:
            os.close(file)

    @property
    def dtype(self):
        """Type of the values."""
        return self.image.dtype

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``, or of a list of such; ``out`` is where to put the values."""
        if self.file is None:
            with self.opened() as opened:
                return opened.rows(block, out)
        deviation = None
        if self.deviation is not None:
            deviation = as_deviation(self._values(self.deviation, block), UNCERTAINTIES[self.kind])
        mask = None if self.mask is None else self._values(self.mask, block).astype(bool)
        return Samples(self._values(self.image, block, out), mask, deviation)

    def read(self, block, wanted):
        """Read the rows of the slice ``block`` into a buffer of bytes."""
        try:
            self.image.read(block, self.file, wanted)
        except OSError as error:
            raise self._unreadable(error) from None

    def _values(self, image, block, out=None):
        try:
            return image.values(block, self.file, out)
        except OSError as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error):
        return OSError(f"{self.label}: its data cannot be read ({error})")


def rows_alike(frames, block):
    """
    Values of some rows of opened files that differ in nothing but their numbers, shape (files, rows, columns), or None.

    One buffer for all, and little between calls that let other threads run: for all else these wait for each other.

    Parameters
    ----------
    frames : list
        Frames; None comes out where they are not all such files.
    block : slice
        The rows.
    """
    if not are_alike(frames):
        return None
    first = frames[0].image
    wanted, numbers = first.buffer(block)
    values = empty((len(frames), *numbers.shape), first.dtype)
    stored = values.view(first.stored_dtype)
    for place, frame in zip(stored, frames, strict=True):
        frame.read(block, wanted)
        np.copyto(place, numbers)
    first.move_zero(stored)
    give_back(numbers)
    return values


def stored_alike(frames, block):
    """
    The same as numbers of the file, in its byte order: of 16-bit integers, or of one frame in single precision.

    None where they are something else.
    """
    if not are_alike(frames):
        return None
    first = frames[0].image
    if first.bitpix != _SHORT and (first.bitpix, len(frames)) != (_SINGLE, 1):
        return None
    rows = len(range(*block.indices(first.shape[0])))
    numbers = empty((len(frames), rows, first.shape[1]), first.stored_dtype)
    for place, frame in zip(numbers, frames, strict=True):
        frame.read(block, memoryview(place.reshape(-1).view("u1")))
    return numbers.view(numbers.dtype.newbyteorder(">"))


def are_alike(frames):
    """Whether frames are opened files that differ in nothing but their numbers: these are values, but for BZERO."""
    first = frames[0].image if isinstance(frames[0], FileRows) else None
    if first is None or not first.is_plain:
        return False
    for frame in frames:
        if not isinstance(frame, FileRows) or frame.file is None or frame.mask is not None:
            return False
        if not frame.image.is_like(first):
            return False
    return True
