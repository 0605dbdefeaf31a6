# Licensed under a 3-clause BSD style license - see LICENSE
"""Files compressed as a whole: decompressed once, as far as their headers promise, into a temporary file."""

import bz2
import gzip
import lzma
import tempfile
import zipfile
import zlib

from .._interface.shown import shown
from .hdus import BLOCK, find_hdus

__all__ = ["TemporaryFile", "opener_of", "unpack", "unwritable"]

_COPIED, _MOST_REST = 2**20, 2**26
_DAMAGED = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError,
            zipfile.BadZipFile)  # fmt: skip


class _NotOneFileError(ValueError):
    """A zip archive has no file, or several."""


def _open_zip(path):
    archive = zipfile.ZipFile(path)
    # Finder, and others, add what is no file of the user.
    names = [name for name in archive.namelist() if not name.startswith("__MACOSX/") and not name.endswith("/")]
    if len(names) != 1:
        raise _NotOneFileError(f"a zip archive of {len(names)} files, where one is expected")
    return archive.open(names[0])


# Decompression by the first bytes of a file. Not left to astropy, which does not verify the checksum.
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open, b"PK\x03\x04": _open_zip}


def opener_of(path):
    """Function that opens the file decompressed; None for a file that is not compressed as a whole."""
    with open(path, "rb") as file:
        start = file.read(5)
    return next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)


def open_new(path):
    """Open a file for writing, without a buffer: a full disk is then told by the write that it is too small for."""
    return open(path, "wb", buffering=0)


class TemporaryFile:
    """Writes a temporary file. A full disk is told as such."""

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        self._file = open_new(self._path)
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, data):
        """Write all bytes of ``data``."""
        data = memoryview(data).cast("B")
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise unwritable(error) from None


def unwritable(error):
    """The OSError that tells why nothing can be decompressed: a full disk, mostly."""
    folder = shown(tempfile.gettempdir())
    return OSError(
        error.errno,
        f"it cannot be decompressed in {folder}, the folder of temporary files ({error.strerror or error}); let the "
        "environment variable TMPDIR name a folder that can be written and has room",
    )


def unpack(path, opener, temporary):
    """Decompress the file at ``path`` into a `TemporaryFile`; returns its HDUs. Verifies the checksum.

    No more is written than the headers promise: a small file can hold terabytes. Where more than 64 MB follow, the
    checksum is not reached. Raises ValueError, which says what is wrong with the file.
    """
    try:
        packed = opener(path)
    except _NotOneFileError:
        raise
    except _DAMAGED as error:
        raise ValueError(f"its data cannot be read, truncated? ({error})") from None
    with packed:
        hdus = find_hdus(_Unpacked(packed, temporary))
        try:
            # The checksum is at the end. What follows the HDUs is not written.
            for _ in range(_MOST_REST // _COPIED):
                if not packed.read(_COPIED):
                    break
        except _DAMAGED as error:
            raise ValueError(f"its data cannot be read, truncated? ({error})") from None
        return hdus


class _Unpacked:
    """Source for `find_hdus` that writes all that is read into another file."""

    def __init__(self, packed, out):
        self._packed, self._out = packed, out
        self._size = 0

    def read(self, size):
        """Up to ``size`` bytes."""
        try:
            data = self._packed.read(size)
        except _DAMAGED as error:
            raise ValueError(f"its data cannot be read, truncated? ({error})") from None
        self._out.write(data)
        self._size += len(data)
        return data

    def skip(self, size, offset):
        """Copy the ``size`` bytes of data at the position ``offset``, and what fills their last block."""
        end = offset + size
        filled = -(-end // BLOCK) * BLOCK
        while self._size < filled:
            if not self.read(min(_COPIED, filled - self._size)):
                break
        if self._size < end:
            raise ValueError(f"truncated, {self._size} bytes where the header promises {end}")
