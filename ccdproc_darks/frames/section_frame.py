# Licensed under a 3-clause BSD style license - see LICENSE
"""A section of a frame, such as the part that one amplifier reads, as a frame of its own."""

from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .._compute.blocks import shifted
from .fits_image import Samples

__all__ = ["SectionFrame"]


class SectionFrame:
    """The ``rows`` and ``columns`` (slices with start and stop) of a frame in memory or in a file.

    Header, name and unit are those of the whole frame.
    """

    def __init__(self, frame, rows, columns):
        self.whole, self._rows, self._columns = frame, rows, columns
        self.shape = rows.stop - rows.start, columns.stop - columns.start
        for name in ("label", "header", "unit", "dtype", "has_mask", "has_deviation", "wcs"):
            setattr(self, name, getattr(frame, name))

    def for_rows(self, rows):
        """`_SectionReader` of the rows of the slice ``rows``, which can be sent to another process."""
        start, stop, _ = rows.indices(self.shape[0])
        first = self._rows.start
        return _SectionReader(
            self.whole.for_rows(slice(first + start, first + stop)), first, self.shape[0], self._columns
        )

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``; the values are put into ``out``, if given."""
        return self.for_rows(block).rows(block, out)


@dataclass
class _SectionReader:
    """Reads rows of a section, of so many rows in all, that begins with the row ``first`` of the whole frame."""

    reader: object
    first: int
    number: int
    columns: slice

    @property
    def dtype(self):
        """Type of the pixel values."""
        return self.reader.dtype

    @contextmanager
    def open_files(self):
        """A copy of this reader with the file open."""
        with self.reader.open_files() as reader:
            yield replace(self, reader=reader)

    def rows(self, block, out=None):
        """`Samples` of ``block``, a slice or list of slices; the values are put into ``out``, if given."""
        blocks = [block] if isinstance(block, slice) else block
        blocks = [slice(*one.indices(self.number)[:2]) for one in blocks]
        blocks = [shifted(one, -self.first) for one in blocks]
        rows = self.reader.rows(blocks[0] if isinstance(block, slice) else blocks)
        values, mask, deviation = (
            None if array is None else np.ascontiguousarray(array[:, self.columns])
            for array in (rows.values, rows.mask, rows.deviation)
        )
        if out is not None:
            np.copyto(out, values)
            values = out
        return Samples(values, mask, deviation)
