# Licensed under a 3-clause BSD style license - see LICENSE
"""One image in a FITS file, read by rows: each byte once, and from several threads, processes or machines."""

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from astropy.nddata import InverseVariance, StdDevUncertainty, VarianceUncertainty

from .cards import header_value
from .disk_file import FileState

__all__ = [
    "BITPIX",
    "UNCERTAINTIES",
    "FileReader",
    "FitsImage",
    "Samples",
    "are_alike",
    "as_deviation",
    "row_positions",
    "rows_alike",
]

# Classes of uncertainty by the name that CCDData.write puts into UTYPE.
UNCERTAINTIES = {kind.__name__: kind for kind in (StdDevUncertainty, VarianceUncertainty, InverseVariance)}

BITPIX = (8, 16, 32, 64, -32, -64)

# BZERO that turns signed integers into unsigned ones, and unsigned bytes into signed ones (FITS Standard 4.0, 4.4.2.5).
_UNSIGNED = {16: 2**15, 32: 2**31, 64: 2**63}
_SIGNED_BYTES = -128
# BZERO and BSCALE are smaller: those of double precision can be.
_HUGE = 1e308


@dataclass
class Samples:
    """Some rows of one frame: values, mask (True is bad) and standard deviation, in the frame's unit; or None."""

    values: np.ndarray
    mask: np.ndarray | None
    deviation: np.ndarray | None


@dataclass(frozen=True)
class FitsImage:
    """Position and format of an image in a FITS file: a path and a few numbers, from which any worker can read it."""

    path: str  # not compressed
    offset: int  # position of the image's first byte in the file
    shape: tuple  # rows and columns
    bitpix: int  # BITPIX, the type of the stored numbers
    zero: float = 0  # BZERO
    scale: float = 1  # BSCALE
    blank: int | None = None  # BLANK, the stored integer that means NaN

    @classmethod
    def of(cls, path, hdu):
        """Image of an `ccdproc_darks.frames.hdus.Hdu`, not compressed, of the file at ``path``."""
        return cls.from_header(path, hdu.offset, hdu.shape, hdu.bitpix, hdu.header)

    @classmethod
    def from_header(cls, path, offset, shape, bitpix, header):
        """Image that begins at the byte ``offset``, with BZERO, BSCALE and BLANK from its ``header``."""
        zero, scale = _scaling(header, "BZERO", 0), _scaling(header, "BSCALE", 1)
        if scale == 0:
            raise ValueError("BSCALE in the header is 0")
        return cls(str(path), offset, shape, bitpix, zero, scale, _blank_of(header, bitpix))

    def first_byte(self, row):
        """Position of a row's first byte in the file."""
        return self.offset + row * self._row_bytes

    @property
    def end(self):
        """Position of the first byte after the image."""
        return self.first_byte(self.shape[0])

    @property
    def dtype(self):
        """Type of the pixel values: the one that `astropy.io.fits` gives."""
        kind, size = ("i" if self.bitpix > 0 else "f"), abs(self.bitpix) // 8
        if self.bitpix == 8:
            kind = "i" if self.is_plain and self.zero == _SIGNED_BYTES else "u"
        elif self.is_plain and self.zero:
            kind = "u"
        if not self.is_plain:
            kind, size = "f", 8 if abs(self.bitpix) > 16 and self.bitpix != -32 else 4
        return np.dtype(f"{kind}{size}")

    @property
    def is_plain(self):
        """Whether pixel values are the stored numbers, at most changed from signed to unsigned or back by BZERO."""
        if self.scale != 1 or self.blank is not None:
            return self.bitpix < 0 and self.scale == 1 and self.zero == 0
        return self.zero == 0 or self.zero == (_SIGNED_BYTES if self.bitpix == 8 else _UNSIGNED.get(self.bitpix))

    def values(self, rows, file, out=None):
        """Pixel values of ``rows``, a slice or list of slices, in the machine's own byte order.

        ``file`` is the descriptor of the open file; ``out``, if given, a contiguous array of the image's ``dtype`` that
        the values are put into.
        """
        if not self.is_plain:
            stored = self.stored(rows, file)
            blank = None if self.blank is None else stored == self.blank
            values = stored.astype(self.dtype)
            if self.scale != 1:
                values *= self.dtype.type(self.scale)
            if self.zero != 0:
                values += self.dtype.type(self.zero)
            if blank is not None:
                values[blank] = np.nan
            if out is not None:
                np.copyto(out, values)
            return values if out is None else out
        stored = self.stored(rows, file, None if out is None else out.view(self.stored_dtype))
        self.apply_zero(stored)
        return stored.view(self.dtype) if out is None else out

    def stored(self, rows, file, out=None):
        """Stored numbers of some rows, before BZERO, BSCALE and BLANK, in the machine's byte order; see `values`."""
        raw, numbers = self.buffer(rows)
        self.read(rows, file, raw)
        if out is None and numbers.dtype.isnative:
            return numbers
        # Unlike byteswap, a copy lets other threads run.
        native = np.empty(numbers.shape, self.stored_dtype) if out is None else out
        np.copyto(native, numbers)
        return native

    def buffer(self, rows):
        """One new buffer for some rows, as bytes and as an array of stored numbers."""
        numbers = np.empty((sum(map(len, self._ranges(rows))), self.shape[1]), self.stored_dtype)
        return memoryview(numbers.reshape(-1).view("u1")), numbers.view(numbers.dtype.newbyteorder(">"))

    def read(self, rows, file, raw):
        """Read the bytes of some rows into the buffer ``raw``."""
        start, row_bytes = self.first_byte(0), self._row_bytes
        for some in self._ranges(rows):
            byte, size = start + some.start * row_bytes, len(some) * row_bytes
            missing, raw = raw[:size], raw[size:]
            while missing:
                read = _read(file, missing, byte)
                if read == 0:
                    raise OSError(f"it ends after {byte} bytes, where {self.end} are promised")
                missing, byte = missing[read:], byte + read

    def _ranges(self, rows):
        return [range(*some.indices(self.shape[0])) for some in ([rows] if isinstance(rows, slice) else rows)]

    def apply_zero(self, stored):
        """Apply BZERO in place to the stored numbers of a plain image."""
        if self.zero:
            # A signed integer and the unsigned one differ in their first bit only.
            bits = stored.view(f"u{stored.itemsize}")
            bits ^= bits.dtype.type(1 << (abs(self.bitpix) - 1))

    def is_like(self, other):
        """Whether another image has the same shape and format."""
        return (self.shape, self.bitpix, self.zero, self.scale, self.blank) == (
            other.shape, other.bitpix, other.zero, other.scale, other.blank
        )  # fmt: skip

    @property
    def stored_dtype(self):
        """Type of the stored numbers, in the machine's own byte order."""
        return _stored_dtype(self.bitpix)

    @property
    def _row_bytes(self):
        return self.shape[1] * abs(self.bitpix) // 8


@dataclass(frozen=True)
class FileReader:
    """Reader of the rows of a `FileFrame`: any thread, process or machine that sees the file can open it for itself."""

    label: str  # name of the file in messages
    image: FitsImage  # of the frame
    mask: FitsImage | None = None  # extension MASK
    deviation: FitsImage | None = None  # extension UNCERT
    kind: str | None = None  # UTYPE of the extension UNCERT
    state: FileState | None = None  # of the file, when its headers were read
    file: int | None = None  # descriptor of the file, while it is open

    @contextmanager
    def open_files(self):
        """A copy of this reader with the file open, so that it need not be opened for every few rows."""
        try:
            file = os.open(self.image.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise OSError(f"{self.label}: cannot be read any more ({error})") from None
        try:
            if self.state is not None:
                self.state.check(os.fstat(file), self.label)
            yield replace(self, file=file)
        finally:
            os.close(file)

    @property
    def dtype(self):
        """Type of the pixel values."""
        return self.image.dtype

    def rows(self, block, out=None):
        """`Samples` of the rows of ``block``, a slice or list of slices; the values are put into ``out``, if given."""
        if self.file is None:
            with self.open_files() as opened:
                return opened.rows(block, out)
        deviation = None
        mask = None if self.mask is None else self._values(self.mask, block).astype(bool)
        if self.deviation is not None:
            stored = self._values(self.deviation, block)
            negative = stored < 0
            if (negative if mask is None else negative & ~mask).any():
                raise ValueError(f"{self.label}: its uncertainty (extension UNCERT) is negative in a good pixel")
            deviation = as_deviation(stored, UNCERTAINTIES[self.kind])
        return Samples(self._values(self.image, block, out), mask, deviation)

    def read(self, block, raw):
        """Read the bytes of the rows of the slice ``block`` into the buffer ``raw``."""
        try:
            self.image.read(block, self.file, raw)
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
    """Values of the rows of a slice of several open files, shape (files, rows, columns); None where not `are_alike`.

    One buffer serves all files. Little Python runs between the calls that read and copy, so that threads seldom wait
    for each other.
    """
    if not are_alike(frames):
        return None
    first = frames[0].image
    raw, numbers = first.buffer(block)
    values = np.empty((len(frames), *numbers.shape), first.dtype)
    stored = values.view(first.stored_dtype)
    for out, frame in zip(stored, frames, strict=True):
        frame.read(block, raw)
        np.copyto(out, numbers)
    first.apply_zero(stored)
    return values


def row_positions(frames, row):
    """Descriptor of each open file, and the position in it of a row's first byte."""
    return tuple((frame.file, frame.image.first_byte(row)) for frame in frames)


def are_alike(frames):
    """Whether frames are open FITS files of one format and shape, without masks and with no scaling but BZERO."""
    first = frames[0].image if isinstance(frames[0], FileReader) else None
    if first is None or not first.is_plain:
        return False
    return all(
        isinstance(frame, FileReader) and frame.file is not None and frame.mask is None and frame.image.is_like(first)
        for frame in frames
    )


def _stored_dtype(bitpix):
    kind = "u" if bitpix == 8 else "i" if bitpix > 0 else "f"
    return np.dtype(f"{kind}{abs(bitpix) // 8}")


def _scaling(header, key, default):
    value = header_value(header, key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _HUGE:
        raise ValueError(f"{key} in the header must be a finite number, got {value!r}")
    return value


def _blank_of(header, bitpix):
    """BLANK of a header, or None: some cameras write values that the image cannot hold."""
    blank = header_value(header, "BLANK")
    if isinstance(blank, bool):  # astropy takes T for 1
        raise ValueError("BLANK in the header must be an integer, got T or F")
    if bitpix < 0 or not isinstance(blank, int) or isinstance(blank, bool):
        return None
    limits = np.iinfo(_stored_dtype(bitpix))
    return blank if limits.min <= blank <= limits.max else None


def _read(file, raw, byte):
    """Read into the buffer ``raw`` from a position in a file; returns the number of bytes read."""
    if hasattr(os, "preadv"):
        return os.preadv(file, [raw], byte)
    # Windows has no preadv; no other thread uses this descriptor.
    os.lseek(file, byte, os.SEEK_SET)
    found = os.read(file, len(raw))
    raw[: len(found)] = found
    return len(found)


def as_deviation(array, kind):
    """Standard deviations of an uncertainty of the `astropy.nddata` class ``kind``; not copied if it has them."""
    if kind is StdDevUncertainty:
        return array
    # A variance below zero is NaN, and an inverse variance of zero infinite: neither can be used.
    with np.errstate(divide="ignore", invalid="ignore"):
        return kind(array, copy=False).represent_as(StdDevUncertainty).array
