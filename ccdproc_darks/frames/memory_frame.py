# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames in memory, and `Samples`, what any frame gives: some rows of values, with mask and standard deviation."""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import StdDevUncertainty

from .._arguments import unit_name
from .._compute.blocks import shifted

__all__ = ["MemoryFrame", "MemoryReader", "Samples", "as_deviation", "checked_unit"]


@dataclass
class Samples:
    """Some rows of one frame: values, mask (True is bad) and standard deviation, in the frame's unit; or None."""

    values: np.ndarray
    mask: np.ndarray | None
    deviation: np.ndarray | None


class MemoryFrame:
    """Frame in memory.

    Parameters
    ----------
    ccd : `~astropy.nddata.CCDData`
        The frame, in adu or electron.
    label : str
        Name of the frame in messages.
    """

    def __init__(self, ccd, label):
        if ccd.data.ndim != 2:
            raise ValueError(f"{label} must be a 2-D image, got {ccd.data.ndim} dimensions {ccd.data.shape}")
        self.label = label
        self.header = ccd.header
        self.shape = ccd.data.shape
        self.unit = checked_unit(ccd.unit, label)
        self.dtype = ccd.data.dtype.newbyteorder("=")
        self._ccd = ccd

    @property
    def has_deviation(self):
        """Whether the frame has an uncertainty."""
        return self._ccd.uncertainty is not None

    @property
    def has_mask(self):
        """Whether the frame has a mask."""
        return self._ccd.mask is not None

    @property
    def wcs(self):
        """World coordinate system, or None."""
        return self._ccd.wcs

    def for_rows(self, rows):
        """`MemoryReader` of the rows of the slice ``rows``, and of no others: it can be sent to another process."""
        ccd = self._ccd
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


@dataclass
class MemoryReader:
    """
    Reader of rows of a `MemoryFrame`, from the row ``start`` on.

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


def as_deviation(array, kind):
    """Standard deviations of an uncertainty of the `astropy.nddata` class ``kind``; not copied if it has them."""
    if kind is StdDevUncertainty:
        return array
    return kind(array, copy=False).represent_as(StdDevUncertainty).array


def checked_unit(unit, label):
    """``unit`` as an astropy unit, if it is adu or electron; else an error."""
    try:
        unit = u.Unit(unit)
    except (ValueError, TypeError):
        raise u.UnitsError(f"{label} has the unit {unit!r}, expected adu or electron") from None
    if unit not in (u.adu, u.electron):
        raise u.UnitsError(f"{label} is in {unit_name(unit)}, expected adu or electron")
    return unit
