# Licensed under a 3-clause BSD style license - see LICENSE
"""A frame without its overscan: the level of the overscan is taken off, and the image is trimmed, while it is read."""

import copy
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .._compute.blocks import sample_blocks
from .._interface.world_coordinates import cut_wcs
from .fits_image import Samples
from .sections import OVERSCAN_KEYS, TRIM_KEYS, Section, section_of

__all__ = ["SATURATED", "TrimmedFrame", "cut_frame", "highest_overscan", "like", "marked", "trimmed"]

# Value (any unit) of a sample that is saturated in the raw frame, where an overscan is taken off: far above all others.
SATURATED = 1e30
# Most pixels of the raw frame that are read at a time; pixels of the rows whose highest overscan level is looked for.
_PIXELS, _LEVEL_PIXELS = 2**18, 2**16


def trimmed(frame, reading):
    """The frame, or the `TrimmedFrame` of it where a `Reading` names an overscan, or a part that is not all of it."""
    if reading.overscan is None and reading.trim is None:
        return frame
    overscan, trim = (
        None if value is None else section_of(value, argument, frame.header, frame.label, frame.shape)
        for argument, value in (("overscan", reading.overscan), ("trim", reading.trim))
    )
    return cut_frame(frame, overscan, trim)


def like(frame, other):
    """The `TrimmedFrame` of another frame of the same raw shape, cut as a `TrimmedFrame` is.

    A master bias of several amplifiers has lost their overscans already.
    """
    return TrimmedFrame(frame, None if "DKAMPS" in frame.header else other.overscan, other.trim)


def marked(frames, saturation):
    """Frames with `SATURATED` samples, where they lose an overscan and are at the level ``saturation`` before that."""
    return [frame.marked(saturation) if isinstance(frame, TrimmedFrame) else frame for frame in frames]


def highest_overscan(frames):
    """Highest level of the overscan (the frames' unit) in a sample of the rows; None where none is taken off."""
    blocks = sample_blocks(frames[0].shape, _LEVEL_PIXELS)
    levels = [frame.overscan_levels(blocks) for frame in frames if isinstance(frame, TrimmedFrame) and frame.overscan]
    finite = [level[np.isfinite(level)] for level in levels]
    return max((float(level.max()) for level in finite if level.size), default=0.0) if levels else None


def cut_frame(frame, overscan, trim):
    """A frame with its sections; a ValueError where they do not go together."""
    if trim is None:
        trim = Section("[:, :]", *map(range, frame.shape))
    if overscan is not None:
        if overscan.overlaps(trim):
            raise ValueError(
                f"{frame.label}: overscan {overscan.text} and trim {trim.text} overlap: pixels cannot be both overscan "
                "and image; pass trim, the section of the image without the overscan"
            )
        _is_by_rows(overscan, trim, frame.label)
    elif trim.is_whole(frame.shape):
        return frame
    return TrimmedFrame(frame, overscan, trim)


def _is_by_rows(overscan, trim, label):
    """Whether the overscan has a level for each row (True), or for each column (False), of the image.

    Where it has both, the shorter side is averaged, as by `ccdproc.subtract_overscan` with ``overscan_axis=None``.
    """
    rows, columns = (
        set(needed) <= set(there) for needed, there in ((trim.rows, overscan.rows), (trim.columns, overscan.columns))
    )
    if not rows and not columns:
        raise ValueError(
            f"{label}: overscan {overscan.text} has neither all rows nor all columns of the image, trim {trim.text}: a "
            "level cannot be taken off"
        )
    return rows and not (columns and overscan.shape[1] > overscan.shape[0])


class TrimmedFrame:
    """Part of a frame, without the level of its overscan.

    Its values are those of `ccdproc.subtract_overscan` and `ccdproc.trim_image`. The level is the mean of the overscan
    in each row (of an overscan of columns), or in each column (of an overscan of rows).

    Parameters
    ----------
    frame : `ccdproc_darks.frames.inputs.MemoryFrame` or `ccdproc_darks.frames.file_frame.FileFrame`
        The frame as it was given.
    overscan : `Section` or None
        Overscan.
    trim : `Section`
        Part that is measured.
    saturation : float or None
        Level from which a sample of ``frame`` is saturated; its value is then `SATURATED`. Only with an overscan.
    """

    def __init__(self, frame, overscan, trim, saturation=None):
        self.frame, self.overscan, self.trim, self.saturation = frame, overscan, trim, saturation
        self.label, self.unit, self.shape = frame.label, frame.unit, trim.shape
        self.has_mask, self.has_deviation = frame.has_mask, frame.has_deviation
        self.raw_dtype = frame.dtype
        self.dtype = frame.dtype if overscan is None else np.dtype(float)
        self.header = _without_sections(frame.header)

    @property
    def path(self):
        """Path of the file."""
        return self.frame.path

    @cached_property
    def wcs(self):
        """World coordinate system of the part, or None."""
        return cut_wcs(self.frame.wcs, self.trim.slices)

    @property
    def raw(self):
        """The same part with the values that the camera wrote, from which no overscan is taken."""
        return TrimmedFrame(self.frame, None, self.trim)

    def marked(self, saturation):
        """The frame with `SATURATED` samples, where ``frame`` is at the level ``saturation`` or above."""
        return self if self.overscan is None else TrimmedFrame(self.frame, self.overscan, self.trim, saturation)

    def check_unchanged(self):
        """See `ccdproc_darks.frames.file_frame.FileFrame.check_unchanged`."""
        self.frame.check_unchanged()

    def for_rows(self, rows):
        """`TrimmedReader` of the rows of the slice ``rows``."""
        raw = self.trim.rows[rows]
        return TrimmedReader(
            self.frame.for_rows(_around(raw)), self.frame.shape[1], self.trim, self._by_rows, self._levels,
            self.saturation, self.dtype,
        )  # fmt: skip

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``; the values are put into ``out``, if given."""
        return self.for_rows(block).rows(block, out)

    def overscan_levels(self, blocks):
        """Levels that are taken off (unit of the frame): of the rows of some slices, or of all columns."""
        if self._levels is not None:
            return self._levels
        reader = self.frame.for_rows(slice(None))
        pieces = (rows for block in blocks for rows in _pieces(self.trim.rows[block], self.frame.shape[1]))
        return np.concatenate([_row_levels(reader.rows(_around(rows)).values, self._by_rows) for rows in pieces])

    @cached_property
    def _by_rows(self):
        """Slice of the overscan's columns, where each row has its level; else None."""
        if self.overscan is None or not _is_by_rows(self.overscan, self.trim, self.label):
            return None
        return self.overscan.slices[1]

    @cached_property
    def _levels(self):
        """Level of each column that is measured, where the overscan has rows; else None."""
        if self.overscan is None or self._by_rows is not None:
            return None
        reader, total = self.frame.for_rows(slice(None)), 0.0
        for rows in _pieces(self.overscan.rows, self.frame.shape[1]):
            values = reader.rows(_around(rows)).values[_steps(rows), self.trim.slices[1]]
            total = total + values.sum(axis=0, dtype=float)
        return total / len(self.overscan.rows)


@dataclass
class TrimmedReader:
    """Reader of rows of a `TrimmedFrame`, which can be sent to another process.

    Attributes
    ----------
    reader : `ccdproc_darks.frames.inputs.MemoryReader` or `ccdproc_darks.frames.fits_image.FileReader`
        Reader of the raw frame.
    width : int
        Columns of the raw frame.
    trim : `Section`
        Part of it.
    by_rows : slice or None
        Columns of the overscan whose mean is taken off each row.
    levels : `numpy.ndarray` or None
        Level to take off each column.
    saturation : float or None
        See `TrimmedFrame`.
    dtype : `numpy.dtype`
        Type of the pixel values.
    """

    reader: object
    width: int
    trim: Section
    by_rows: slice | None
    levels: np.ndarray | None
    saturation: float | None
    dtype: np.dtype

    @contextmanager
    def open_files(self):
        """A copy of this reader with the file open."""
        with self.reader.open_files() as reader:
            yield replace(self, reader=reader)

    def rows(self, block, out=None):
        """`Samples` of the rows of ``block``, a slice or list of slices; the values are put into ``out``, if given."""
        blocks = [self.trim.rows[some] for some in ([block] if isinstance(block, slice) else block)]
        shape = sum(map(len, blocks)), len(self.trim.columns)
        values = np.empty(shape, self.dtype) if out is None else out
        mask = deviation = None
        row = 0
        # A part of few columns may have many rows: never more than some rows of the whole image are in memory.
        for rows in (piece for some in blocks for piece in _pieces(some, self.width)):
            samples, here = self.reader.rows(_around(rows)), slice(row, row + len(rows))
            part = _steps(rows), self.trim.slices[1]
            self._put(values[here], samples.values, part)
            if samples.mask is not None:
                mask = np.zeros(shape, bool) if mask is None else mask
                mask[here] = samples.mask[part]
            if samples.deviation is not None:
                deviation = np.empty(shape, samples.deviation.dtype) if deviation is None else deviation
                deviation[here] = samples.deviation[part]
            row += len(rows)
        return Samples(values, mask, deviation)

    def _put(self, out, raw, part):
        """Put the values of a part of some raw rows into ``out``."""
        if self.by_rows is not None:
            level = _row_levels(raw, self.by_rows)[part[0], None]
        else:
            level = self.levels
        values = raw[part]
        if level is None:
            np.copyto(out, values)
            return
        np.subtract(values, level, out=out)
        if self.saturation is not None:
            with np.errstate(invalid="ignore"):
                out[values >= self.saturation] = SATURATED


def _row_levels(raw, columns):
    return raw[:, columns].mean(axis=1, dtype=float)


def _around(rows):
    """The slice of rows, in the order of the file, that has all rows of a range."""
    return slice(min(rows[0], rows[-1]), max(rows[0], rows[-1]) + 1) if rows else slice(0, 0)


def _steps(rows):
    """The slice that picks the rows of a range from those `_around` it."""
    return slice(None, None, rows.step) if len(rows) > 1 else slice(None)


def _pieces(rows, width):
    """A range of rows, in pieces that take few pixels of a raw frame with so many columns."""
    step = max(1, _PIXELS // (width * abs(rows.step)))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def _without_sections(header):
    """A header without the sections of the image that the part was cut from."""
    keys = [key for key in (*OVERSCAN_KEYS, *TRIM_KEYS) if key in header]
    if keys:
        header = copy.copy(header)
        for key in keys:
            while key in header:
                del header[key]
    return header
