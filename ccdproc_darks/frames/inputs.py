# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames from whatever the user gives: CCDData, paths of FITS files, or an ImageFileCollection."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from ccdproc import ImageFileCollection

from .._arguments import numpy_images
from .file_frame import FileFrame
from .memory_frame import MemoryFrame, MemoryReader

__all__ = ["Frames", "as_frames", "open_files", "sample"]

# What an argument of frames may be.
Frames = CCDData | str | os.PathLike[str] | Sequence[CCDData | str | os.PathLike[str]] | ImageFileCollection

# Files that one thread keeps open at a time.
_MOST_OPEN = 200
_WRAP = "; wrap an array as CCDData(array, unit='adu')"


@contextmanager
def open_files(readers):
    """Readers of frames with their files open; beyond the first 200 they stay closed."""
    with ExitStack() as stack:
        yield [stack.enter_context(reader.open_files()) for reader in readers[:_MOST_OPEN]] + list(readers[_MOST_OPEN:])


def sample(frame, blocks):
    """`MemoryReader` of some rows of a frame (a list of slices), copied into memory and counted from 0."""
    rows = frame.for_rows(slice(None)).rows(blocks)
    # In the machine's own byte order, whether the frame is in memory or in a file: a bias is identified by its bytes.
    values = rows.values.astype(rows.values.dtype.newbyteorder("="), copy=False)
    return MemoryReader(values, rows.mask, rows.deviation, StdDevUncertainty, 1.0, 0)


def as_frames(darks, argument="darks"):
    """
    Frames from what the user gave, checked to have one shape and one unit.

    Parameters
    ----------
    darks : CCDData, path, sequence of them, or `ccdproc.ImageFileCollection`
        The frames.
    argument : str
        Name of the argument, for messages.

    Returns
    -------
    list of `MemoryFrame` or `FileFrame`
    """
    if isinstance(darks, ImageFileCollection):
        darks = darks.files_filtered(include_path=True)
    elif isinstance(darks, CCDData | str | os.PathLike):
        darks = [darks]
    elif not hasattr(darks, "__iter__") or (isinstance(darks, np.ndarray) and darks.dtype.kind not in "UO"):
        raise TypeError(
            f"{argument} must be CCDData, FITS paths or an ImageFileCollection, got {type(darks).__name__}"
            f"{_WRAP if isinstance(darks, np.ndarray) else ''}"
        )
    darks = list(darks)
    labels = [f"{argument}[{number}]" for number in range(len(darks))]
    frames = [_as_frame(*item) for item in zip(numpy_images(darks, labels), labels, strict=True)]
    if not frames:
        raise ValueError(f"{argument} is empty: at least one frame is needed")
    first = frames[0]
    for frame in frames[1:]:
        if frame.shape != first.shape:
            raise ValueError(
                f"{argument} must have one shape: {first.label} is {first.shape}, {frame.label} is {frame.shape}"
            )
        if frame.unit != first.unit:
            raise u.UnitsError(
                f"{argument} must have one unit: {first.label} is in {first.unit}, {frame.label} in {frame.unit}"
            )
    return frames


def _as_frame(item, label):
    if isinstance(item, MemoryFrame | FileFrame):
        return item
    if isinstance(item, CCDData):
        return MemoryFrame(item, label)
    if isinstance(item, str | os.PathLike):
        return FileFrame(item)
    hint = _WRAP if isinstance(item, np.ndarray) else ""
    raise TypeError(f"{label} must be CCDData or a FITS path, got {type(item).__name__}{hint}")
