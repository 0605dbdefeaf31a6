# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames from whatever the user gives: CCDData, paths of FITS files, or an ImageFileCollection."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from ccdproc import ImageFileCollection

from .._compute.blocks import shifted
from .._interface.arguments import numpy_images
from .._interface.shown import shown
from .._interface.warnings import MissingInformationWarning, warn
from .cards import check_used_cards
from .file_frame import FileFrame
from .fits_image import Samples, as_deviation
from .image_unit import checked_unit
from .images_of_file import cube_remedy
from .reading import AS_IT_IS
from .trimmed_frame import TrimmedFrame, trimmed

__all__ = ["Frames", "MemoryFrame", "MemoryReader", "as_frames", "open_files", "sample"]

# What an argument of frames may be.
Frames = CCDData | str | os.PathLike[str] | Sequence[CCDData | str | os.PathLike[str]] | ImageFileCollection

# Files that one thread keeps open at a time.
_MOST_OPEN = 200
# Arguments that take an ImageFileCollection, and what else does.
_OF_FOLDERS = {"darks": ", or measure it by the command `ccdproc-darks report`", "biases": ""}
_WRAP = "; wrap an array as CCDData(array, unit='adu')"


class MemoryFrame:
    """Frame in memory: `~astropy.nddata.CCDData` in adu or electron, with the name ``label`` in messages."""

    def __init__(self, ccd, label):
        ccd = _as_plane(ccd, label)
        self.label = label
        self.header = ccd.header
        check_used_cards(self.header, label)
        self.shape = ccd.data.shape
        self.unit = checked_unit(ccd.unit, label)
        self.dtype = self.raw_dtype = ccd.data.dtype.newbyteorder("=")
        self.has_mask, self.has_deviation = ccd.mask is not None, ccd.uncertainty is not None
        self.wcs = ccd.wcs
        self.ccd = ccd

    def for_rows(self, rows):
        """`MemoryReader` of the rows of the slice ``rows``, and of no others: it can be sent to another process."""
        ccd = self.ccd
        uncertainty, kind, factor = None, None, 1.0
        if ccd.uncertainty is not None:
            uncertainty, kind = np.broadcast_to(ccd.uncertainty.array, self.shape)[rows], type(ccd.uncertainty)
            if ccd.uncertainty.unit is not None and isinstance(ccd.uncertainty, StdDevUncertainty):
                factor = ccd.uncertainty.unit.to(ccd.unit)
        return MemoryReader(
            np.asarray(ccd.data)[rows],
            None if ccd.mask is None else np.broadcast_to(ccd.mask, self.shape)[rows],
            uncertainty,
            kind,
            factor,
            rows.indices(self.shape[0])[0],
        )

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``; the values are put into ``out``, if given."""
        return self.for_rows(block).rows(slice(None), out)


def _as_plane(ccd, label):
    """CCDData of two dimensions: of a cube of one plane, (1, rows, columns), that plane."""
    if ccd.data.ndim == 2:
        return ccd
    if ccd.data.ndim != 3:
        raise ValueError(f"{label} must be a 2-D image, got {ccd.data.ndim} dimensions {ccd.data.shape}")
    if len(ccd.data) != 1:
        raise ValueError(
            f"{label} must be a 2-D image, got 3 dimensions {ccd.data.shape}, {cube_remedy(ccd.data.shape)}"
        )
    flat = CCDData(ccd.data[0], unit=ccd.unit, wcs=ccd.wcs if ccd.wcs is None or ccd.wcs.naxis == 2 else None)
    flat.meta = ccd.meta.copy()
    flat.mask = None if ccd.mask is None else np.broadcast_to(ccd.mask, ccd.shape)[0]
    if ccd.uncertainty is not None:
        array = np.broadcast_to(ccd.uncertainty.array, ccd.shape)[0]
        flat.uncertainty = type(ccd.uncertainty)(array, unit=ccd.uncertainty.unit)
    return flat


@dataclass
class MemoryReader:
    """Reader of rows of a `MemoryFrame`, from the row ``start`` on.

    The uncertainty is of the class ``kind``; times ``factor`` it is in the unit of the values.
    """

    data: np.ndarray
    mask: np.ndarray | None
    uncertainty: np.ndarray | None
    kind: type | None
    factor: float
    start: int

    @property
    def dtype(self):
        """Type of the pixel values, in the machine's own byte order."""
        return self.data.dtype.newbyteorder("=")

    def rows(self, block, out=None):
        """`Samples` of ``block``, a slice or list of slices of the frame's rows; the values go to ``out``, if given."""
        if not isinstance(block, slice):
            block = np.concatenate([np.arange(some.start, some.stop) for some in block]) - self.start
        elif self.start:
            block = shifted(block, self.start)
        values = self.data[block]
        if out is not None:
            np.copyto(out, values)
            values = out
        deviation = None
        if self.uncertainty is not None:
            deviation = as_deviation(self.uncertainty[block], self.kind) * self.factor
        return Samples(values, None if self.mask is None else self.mask[block], deviation)

    @contextmanager
    def open_files(self):
        """The reader itself: there is no file to open."""
        yield self


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


def as_frames(darks, argument="darks", reading=AS_IT_IS):
    """List of `MemoryFrame`, `FileFrame` and `TrimmedFrame` from what the user gave as ``argument``.

    They are read as `Reading` tells, and have one shape and one unit.
    """
    if isinstance(darks, ImageFileCollection):
        darks = darks.files_filtered(include_path=True)
    elif isinstance(darks, CCDData | str | os.PathLike):
        _check_no_folder(darks, argument)
        darks = [darks]
    elif not hasattr(darks, "__iter__") or (isinstance(darks, np.ndarray) and darks.dtype.kind not in "UO"):
        raise TypeError(
            f"{argument} must be CCDData, FITS paths or an ImageFileCollection, got {type(darks).__name__}"
            f"{_WRAP if isinstance(darks, np.ndarray) else ''}"
        )
    darks = list(darks)
    labels = [f"{argument}[{number}]" for number in range(len(darks))]
    frames = [_as_frame(*item, reading) for item in zip(numpy_images(darks, labels), labels, strict=True)]
    if not frames:
        raise ValueError(f"{argument} is empty: at least one frame is needed")
    _warn_others([frame for frame, item in zip(frames, darks, strict=True) if frame is not item])
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
    _check_one_part(frames, argument)
    return frames


def _check_no_folder(path, argument):
    """An OSError where a folder is given for frames."""
    if argument in _OF_FOLDERS and isinstance(path, str | os.PathLike) and os.path.isdir(path):
        name = shown(os.fspath(path))
        raise IsADirectoryError(
            f"{name}: a folder, not a FITS file: pass ccdproc.ImageFileCollection({name!r}) to have the frames in it"
            f"{_OF_FOLDERS[argument]}"
        )


def _warn_others(frames):
    """Warn of files, newly read, with several detectors of which nobody told the one that is meant."""
    frame = next(
        (frame for frame in frames if isinstance(frame, FileFrame) and frame.hdu is None and frame.others), None
    )
    if frame is not None:
        names = [frame.name or "the first", *(name or f"HDU {number}" for number, name in frame.others)]
        warn(
            f"{frame.label} has {len(names)} images ({', '.join(names)}): {names[0]} is used. Pass hdu, the number of "
            "an HDU or its EXTNAME, to measure each detector by itself",
            MissingInformationWarning,
        )


def _as_frame(item, label, reading):
    if isinstance(item, MemoryFrame | FileFrame | TrimmedFrame):
        return item
    if isinstance(item, CCDData):
        frame = MemoryFrame(item, label)
        if reading.unit not in (None, frame.unit):
            raise u.UnitsError(
                f"unit is {reading.unit}, but {label} is a CCDData in {frame.unit}: leave out unit, or make the "
                "CCDData in the right one"
            )
        return trimmed(frame, reading)
    if isinstance(item, str | os.PathLike):
        return trimmed(FileFrame(item, reading), reading)
    hint = _WRAP if isinstance(item, np.ndarray) else ""
    raise TypeError(f"{label} must be CCDData or a FITS path, got {type(item).__name__}{hint}")


def _check_one_part(frames, argument):
    """Raise ValueError where frames are not the same part of their images, by sections of their headers."""
    parts = [(frame.trim.rows, frame.trim.columns) if isinstance(frame, TrimmedFrame) else None for frame in frames]
    for frame, part in zip(frames, parts, strict=True):
        if part != parts[0]:
            raise ValueError(
                f"trim: {argument} must be the same part of the image: {_part(frames[0])} of {frames[0].label}, "
                f"{_part(frame)} of {frame.label}; pass the section itself"
            )


def _part(frame):
    return frame.trim.text if isinstance(frame, TrimmedFrame) else "all"
