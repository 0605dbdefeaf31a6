# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames in memory, and what any frame gives: some rows of values, with a mask and a standard deviation."""

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
    """Some rows of one frame: values, and where it has them a mask (True is bad) and a standard deviation."""

    values: np.ndarray
    mask: np.ndarray | None
    deviation: np.ndarray | None


class MemoryFrame:
    """A frame in memory.

    Parameters
    ----------
    ccd : `~astropy.nddata.CCDData`
        The frame, in adu or electron.
    label : str
        How messages name it.
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
        """Whether the frame brings its own uncertainty."""
        return self._ccd.uncertainty is not None

    @property
    def has_mask(self):
        """Whether the frame brings a mask."""
        return self._ccd.mask is not None

    @property
    def wcs(self):
        """World coordinate system, or None."""
        return self._ccd.wcs

    def for_rows(self, rows):
        """`MemoryReader` of the rows of the slice ``rows``: all that whoever reads them needs."""
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
        """`Samples` of the rows of the slice ``block``; ``out`` is where to put the values."""
        return self.for_rows(block).rows(slice(None), out)


@dataclass
class MemoryReader:
    """
    Rows of a `MemoryFrame`, from the row ``start`` on.

    The uncertainty is one of the class ``kind``, and ``factor`` brings it to their unit.
    """

    data: np.ndarray
    mask: np.ndarray | None
    uncertainty: np.ndarray | None
    kind: type | None
    factor: float
    start: int

    @property
    def dtype(self):
        """Type of the values, in the machine's own byte order."""
        return self.data.dtype.newbyteorder("=")

    def rows(self, block, out=None):
        """
        `Samples` of the rows of the slice ``block`` (or of a list of such), counted from the frame's top.

        Parameters
        ----------
        block : slice or list of slice
            The rows.
        out : `numpy.ndarray`, optional
            Where to put the values.
        """
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
        """Itself: there is nothing to open."""
        yield self


def as_deviation(array, kind):
    """Standard deviations of an uncertainty of a class of `astropy.nddata`, not copied where it has them already."""
    if kind is StdDevUncertainty:
        return array
    return kind(array, copy=False).represent_as(StdDevUncertainty).array


def checked_unit(unit, label):
    """``unit`` as one of those that frames may have: adu or electron."""
    try:
        unit = u.Unit(unit)
    except (ValueError, TypeError):
        raise u.UnitsError(f"{label} has the unit {unit!r}, expected adu or electron") from None
    if unit not in (u.adu, u.electron):
        raise u.UnitsError(f"{label} is in {unit_name(unit)}, expected adu or electron")
    return unit
