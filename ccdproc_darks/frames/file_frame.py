# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames in FITS files, compressed or not. A file is checked and its header read once; then it is read by rows."""

import bz2
import gzip
import os
import shutil
import tempfile
import weakref
import zlib
from pathlib import Path

from astropy.io import fits
from astropy.nddata import CCDData

from .._interface.warnings import filtered
from .._interface.world_coordinates import take_wcs
from .fits_image import BITPIX, UNCERTAINTIES, FileReader, FitsImage
from .headers import checked_unit

__all__ = ["FileFrame"]

# Decompression by the first bytes of a file. Not left to astropy, which does not verify the checksum.
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open}
_COPIED = 2**20
_FITS_BLOCK = 2880


class FileFrame:
    """Frame in a FITS file, read by rows. Its first HDU with a 2-D image is the frame.

    Extensions MASK and UNCERT, as `astropy.nddata.CCDData.write` makes them, are its mask and uncertainty. A compressed
    file is decompressed once, into a temporary file that is deleted together with this object. FileNotFoundError is
    raised where there is no such file, OSError where it is empty, not FITS, truncated or without a 2-D image.
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
        self._uncompressed = self._decompressed()
        self.header, self.shape, self._reader = self._lone_image() or self._image_among_others()
        self.has_mask, self.has_deviation = self._reader.mask is not None, self._reader.deviation is not None
        self._reader.check_size()
        self.dtype = self._reader.dtype
        self.unit = checked_unit(_unit_of(self.header), self.label)
        #: World coordinate system, or None; its keys are taken out of the header.
        self.wcs = take_wcs(self.header)

    def for_rows(self, rows):
        """`FileReader` of the rows of the slice ``rows``; it can read all others, too."""
        return self._reader

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``; the values are put into ``out``, if given."""
        return self._reader.rows(block, out)

    def _lone_image(self):
        """Header, shape and `FileReader` of a file with a single image; None for others. A short cut: most are such."""
        with open(self._uncompressed, "rb") as file, filtered("ignore"):
            if file.read(9) != b"SIMPLE  =":
                return None
            file.seek(0)
            try:
                header = fits.Header.fromfile(file)
                axes, shape, bitpix = header["NAXIS"], (header["NAXIS2"], header["NAXIS1"]), header["BITPIX"]
                lone = axes == 2 and min(shape) > 0 and bitpix in BITPIX and "EXTNAME" not in header
            except Exception:  # astropy reads the file next, and tells what is wrong with it
                return None
            offset = file.tell()
        if not lone:
            return None
        image = FitsImage.from_header(self._uncompressed.absolute(), offset, shape, bitpix, header)
        if self._uncompressed.stat().st_size > -(-image.end // _FITS_BLOCK) * _FITS_BLOCK:
            return None
        return header, shape, FileReader(self.label, image)

    def _image_among_others(self):
        """Header, shape and `FileReader` of the first image in the file, with its mask and uncertainty."""
        with self._open() as hdus:
            index = self._image_index(hdus)
            header = hdus[index].header.copy()
            if index > 0:
                header.extend(hdus[0].header, unique=True)
            planes = {"": hdus[index], **{hdu.name: hdu for hdu in hdus if hdu.name in ("MASK", "UNCERT")}}
            kind = self._uncertainty_name(planes["UNCERT"]) if "UNCERT" in planes else None
            images = self._images(planes)
            reader = FileReader(self.label, images[""], images.get("MASK"), images.get("UNCERT"), kind)
            return header, hdus[index].shape, reader

    def _images(self, planes):
        """`FitsImage` of the frame, its mask and its uncertainty, from their HDUs; compressed ones are copied."""
        if self._is_fits() and not any(isinstance(hdu, fits.CompImageHDU) for hdu in planes.values()):
            return {name: FitsImage.from_hdu(self._uncompressed.absolute(), hdu) for name, hdu in planes.items()}
        try:
            numbers = [fits.ImageHDU(hdu.data, name=name) for name, hdu in planes.items()]
        except (OSError, ValueError, TypeError, EOFError, zlib.error) as error:
            raise OSError(f"{self.label}: its data cannot be read, truncated? ({error})") from None
        path = self._temporary()
        with open(path, "wb") as file:
            fits.HDUList([fits.PrimaryHDU(), *numbers]).writeto(file)
        with fits.open(path, memmap=False) as hdus:
            # The original headers tell what the numbers mean.
            return {
                name: FitsImage.from_hdu(path, hdu, planes[name].header)
                for name, hdu in zip(planes, hdus[1:], strict=True)
            }

    def _decompressed(self):
        """Path of the file; of a decompressed copy, if the file is compressed as a whole. Verifies the checksum."""
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
        """Path of a new file that is deleted together with this object."""
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
            # A truncated file is an error further on, which says more than these warnings.
            with filtered("ignore"):
                hdus = fits.open(self._uncompressed, memmap=False, do_not_scale_image_data=True)
                try:
                    len(hdus)
                except Exception:
                    hdus.close()
                    raise
                return hdus
        except (OSError, ValueError, TypeError, IndexError, EOFError) as error:
            raise OSError(f"{self.label}: not a readable FITS file ({error})") from None

    def _is_fits(self):
        with open(self._uncompressed, "rb") as file:
            return file.read(6) == b"SIMPLE"

    def _image_index(self, hdus):
        for index, hdu in enumerate(hdus):
            if hdu.is_image and len(hdu.shape) == 2 and hdu.name not in ("MASK", "UNCERT"):
                return index
        shapes = [hdu.shape for hdu in hdus if hdu.is_image]
        raise OSError(f"{self.label}: no 2-D image in it (shapes: {shapes})")


def _unit_of(header):
    """Unit of a FITS image, BUNIT; adu where there is none, as in a camera's files."""
    text = str(header.get("BUNIT", "adu")).strip()
    return CCDData.known_invalid_fits_unit_strings.get(text, text.lower() if text.lower() == "adu" else text) or "adu"
