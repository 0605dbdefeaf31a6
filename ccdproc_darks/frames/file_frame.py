# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames in FITS files, compressed or not: found, checked and described once, then read by rows."""

import bz2
import gzip
import os
import shutil
import tempfile
import warnings
import weakref
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS

from .._compute.buffers import empty, give_back
from .fits_image import BITPIX, FitsRows
from .memory_frame import Samples, as_deviation, checked_unit

__all__ = ["UNCERTAINTIES", "FileFrame", "FileRows", "are_alike", "rows_alike", "stored_alike"]

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
        Descriptor of the file while it is `open_files`.
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
    def open_files(self):
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
            with self.open_files() as opened:
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


# By the first bytes of a file; what astropy decompresses it does not hold against its checksum.
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}
_COPIED = 2**20
_FITS_BLOCK = 2880


class FileFrame:
    """A frame in a FITS file, read by rows.

    Parameters
    ----------
    path : path-like
        The file. The first HDU with a 2-D image is the frame; extensions MASK and UNCERT, as
        `astropy.nddata.CCDData.write` makes them, are its mask and uncertainty. A compressed one is decompressed once,
        into a temporary file that goes when this object does.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it is empty, not FITS, truncated or without a 2-D image.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.label = str(self.path)
        if not self.path.exists():
            raise FileNotFoundError(f"{self.label}: no such file")
        if self.path.is_dir():
            raise OSError(f"{self.label}: a folder, not a FITS file")
        if self.path.stat().st_size == 0:
            raise OSError(f"{self.label}: the file is empty")
        self._plain = self._decompressed()
        self.header, self.shape, self._part = self._lone_image() or self._image_among_others()
        self.has_mask, self.has_deviation = self._part.mask is not None, self._part.deviation is not None
        self._part.check_size()
        self.dtype = self._part.dtype
        self.unit = checked_unit(_unit_of(self.header), self.label)
        #: World coordinate system, or None; its keys are not in the header.
        self.wcs = _take_wcs(self.header)

    def for_rows(self, rows):
        """`FileRows` that read the rows of the slice ``rows``, and any other: all that whoever reads them needs."""
        return self._part

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``; ``out`` is where to put the values."""
        return self._part.rows(block, out)

    def _lone_image(self):
        """Header, shape and `FileRows` of an image in a file of nothing else, as most are: quickly; None of others."""
        with open(self._plain, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)
            if file.read(9) != b"SIMPLE  =":
                return None
            file.seek(0)
            try:
                header = fits.Header.fromfile(file)
                axes, shape, bitpix = header["NAXIS"], (header["NAXIS2"], header["NAXIS1"]), header["BITPIX"]
                lone = axes == 2 and min(shape) > 0 and bitpix in BITPIX and "EXTNAME" not in header
            except Exception:  # what is wrong with it, a look at all of the file tells
                return None
            offset = file.tell()
        if not lone:
            return None
        rows = FitsRows.at(self._plain.absolute(), offset, shape, bitpix, header)
        if self._plain.stat().st_size > -(-rows.end // _FITS_BLOCK) * _FITS_BLOCK:
            return None
        return header, shape, FileRows(self.label, rows)

    def _image_among_others(self):
        """The same of the first image in a file, with its mask and its uncertainty."""
        with self._open() as hdus:
            index = self._image_index(hdus)
            header = hdus[index].header.copy()
            if index > 0:
                header.extend(hdus[0].header, unique=True)
            planes = {"": hdus[index], **{hdu.name: hdu for hdu in hdus if hdu.name in ("MASK", "UNCERT")}}
            kind = self._uncertainty_name(planes["UNCERT"]) if "UNCERT" in planes else None
            images = self._images(planes)
            rows = FileRows(self.label, images[""], images.get("MASK"), images.get("UNCERT"), kind)
            return header, hdus[index].shape, rows

    def _images(self, planes):
        """`FitsRows` of the image, its mask and its uncertainty, from their HDUs."""
        if self._is_plain() and not any(isinstance(hdu, fits.CompImageHDU) for hdu in planes.values()):
            return {name: FitsRows.of(self._plain.absolute(), hdu) for name, hdu in planes.items()}
        try:
            numbers = [fits.ImageHDU(hdu.data, name=name) for name, hdu in planes.items()]
        except (OSError, ValueError, TypeError, EOFError, zlib.error) as error:
            raise OSError(f"{self.label}: its data cannot be read, truncated? ({error})") from None
        path = self._temporary()
        with open(path, "wb") as file:
            fits.HDUList([fits.PrimaryHDU(), *numbers]).writeto(file)
        with fits.open(path, memmap=False) as hdus:
            # What the numbers mean, the headers as they were tell.
            return {
                name: FitsRows.of(path, hdu, planes[name].header) for name, hdu in zip(planes, hdus[1:], strict=True)
            }

    def _decompressed(self):
        """The file, or where it is compressed as a whole (and its checksum is right) a plain copy."""
        with open(self.path, "rb") as file:
            start = file.read(3)
        opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
        if opener is None:
            return self.path
        path = self._temporary()
        try:
            with opener(self.path) as packed, open(path, "wb") as file:
                shutil.copyfileobj(packed, file, _COPIED)
        except (OSError, EOFError, zlib.error) as error:
            raise OSError(
                f"{self.label}: not a readable FITS file: its data cannot be read, truncated? ({error})"
            ) from None
        return path

    def _temporary(self):
        """A new file that goes when this object does."""
        handle, path = tempfile.mkstemp(prefix="ccdproc_darks-", suffix=".fits")
        os.close(handle)
        weakref.finalize(self, os.unlink, path)
        return Path(path)

    def _uncertainty_name(self, hdu):
        name = str(hdu.header.get("UTYPE", "StdDevUncertainty")).strip()
        if name not in UNCERTAINTIES:
            raise OSError(
                f"{self.label}: UTYPE in its UNCERT extension must be one of {', '.join(UNCERTAINTIES)}, got {name!r}"
            )
        return name

    def _open(self):
        try:
            with warnings.catch_warnings():
                # A truncated file is an error here, which says more than the warnings.
                warnings.simplefilter("ignore", AstropyWarning)
                hdus = fits.open(self._plain, memmap=False, do_not_scale_image_data=True)
                try:
                    len(hdus)
                except Exception:
                    hdus.close()
                    raise
                return hdus
        except (OSError, ValueError, TypeError, IndexError, EOFError) as error:
            raise OSError(f"{self.label}: not a readable FITS file ({error})") from None

    def _is_plain(self):
        with open(self._plain, "rb") as file:
            return file.read(6) == b"SIMPLE"

    def _image_index(self, hdus):
        for index, hdu in enumerate(hdus):
            if hdu.is_image and len(hdu.shape) == 2 and hdu.name not in ("MASK", "UNCERT"):
                return index
        shapes = [hdu.shape for hdu in hdus if hdu.is_image]
        raise OSError(f"{self.label}: no 2-D image in it (shapes: {shapes})")


def _unit_of(header):
    """Unit of a FITS image: BUNIT; a camera's file without one is in adu."""
    text = str(header.get("BUNIT", "adu")).strip()
    return CCDData.known_invalid_fits_unit_strings.get(text, text.lower() if text.lower() == "adu" else text) or "adu"


def _take_wcs(header):
    """The world coordinate system in a header, whose keys are taken out of it as `astropy.nddata.CCDData.read` does."""
    if not str(header.get("CTYPE1", "")).strip():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wcs = WCS(header)
            keys = set(wcs.to_header(relax=True)) - {"JD-OBS", "MJD-OBS", "DATE-OBS"}
        except Exception:  # a WCS beyond repair is none, and no reason not to measure a dark
            return None
    for key in keys | {"CD1_1", "CD1_2", "CD2_1", "CD2_2"}:
        header.remove(key, ignore_missing=True)
    return wcs
