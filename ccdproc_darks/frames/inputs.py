# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames, wherever they are: in memory as CCDData, or in FITS files that are read by rows."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from ccdproc import ImageFileCollection

from .file_frame import FileFrame
from .memory_frame import MemoryFrame, MemoryRows

__all__ = ["Frames", "as_frames", "open_files", "sample"]

# What an argument of frames may be.
Frames = CCDData | str | os.PathLike[str] | Sequence[CCDData | str | os.PathLike[str]] | ImageFileCollection

# Files of one thread at a time.
_MOST_OPEN = 200
_WRAP = "; wrap an array as CCDData(array, unit='adu')"


@contextmanager
def open_files(parts):
    """Parts of frames with their files open, as many as a process may well have."""
    with ExitStack() as stack:
        yield [stack.enter_context(part.open_files()) for part in parts[:_MOST_OPEN]] + list(parts[_MOST_OPEN:])


def sample(frame, blocks):
    """
    Some rows of a frame, one after the other, in memory.

    Parameters
    ----------
    frame : `MemoryFrame` or `FileFrame`
        The frame.
    blocks : list of slice
        The rows.

    Returns
    -------
    `MemoryRows`
        Rows that are counted from 0.
    """
    rows = frame.for_rows(slice(None)).rows(blocks)
    # In the machine's own byte order, wherever the frame is: its bytes tell which it is.
    values = rows.values.astype(rows.values.dtype.newbyteorder("="), copy=False)
    return MemoryRows(values, rows.mask, rows.deviation, StdDevUncertainty, 1.0, 0)


def as_frames(darks, argument="darks"):
    """
    Frames of whatever the user gave.

    Parameters
    ----------
    darks : CCDData, path, sequence of them, or `ccdproc.ImageFileCollection`
        The frames.
    argument : str
        Name of the argument, for messages.

    Returns
    -------
    list of `MemoryFrame` or `FileFrame`
        All of one shape and one unit.
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
    frames = [_as_frame(item, f"{argument}[{number}]") for number, item in enumerate(darks)]
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
