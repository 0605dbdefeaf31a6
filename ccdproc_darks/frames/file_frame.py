# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames in FITS files, compressed or not. A file is checked and its header read once; then it is read by rows."""

import os
import weakref
from pathlib import Path

import numpy as np
from astropy.nddata import CCDData

from .._interface.disk.temporary import discard, temporary_file
from .._interface.shown import shown
from .._interface.world_coordinates import take_wcs
from .disk_file import FileState
from .fits_image import UNCERTAINTIES, FileReader, FitsImage
from .hdus import BLOCK, find_hdus
from .headers import check_unambiguous, check_used_cards, checked_unit, header_value
from .packed_file import TemporaryFile, opener_of, unpack, unwritable
from .reading import AS_IT_IS
from .tiles import tiled_images

__all__ = ["FileFrame"]

_PLANES = ("MASK", "UNCERT")


class FileFrame:
    """Frame in a FITS file, read by rows. Its first HDU with a 2-D image is the frame.

    Extensions MASK and UNCERT, as `astropy.nddata.CCDData.write` makes them, are its mask and uncertainty. A compressed
    file is decompressed once, into a temporary file that is deleted together with this object.

    Raises FileNotFoundError where there is no such file; OSError where it is no regular file, empty, not FITS,
    truncated or without a 2-D image, or where a card that may be needed cannot be read. All messages begin with
    ``label``.
    """

    def __init__(self, path, reading=AS_IT_IS):
        self.path = Path(path)
        self.label = shown(str(self.path))
        self._state = FileState.of_path(self.path, self.label)
        if self._state.size == 0:
            raise OSError(f"{self.label}: the file is empty")
        try:
            self.header, self._reader = self._image_of(*self._find_hdus())
        except OSError as error:
            raise OSError(f"{self.label}: {shown(error.strerror or error)}") from None
        except Exception as error:  # whatever astropy makes of a damaged file
            raise OSError(f"{self.label}: not a readable FITS file: {shown(error) or type(error).__name__}") from None
        self.check_unchanged()
        try:
            check_used_cards(self.header, self.label)
            unit = _unit_of(self.header, self.label)
        except ValueError as error:
            raise OSError(str(error)) from None
        self.shape, self.dtype = self._reader.image.shape, self._reader.dtype
        self.has_mask, self.has_deviation = self._reader.mask is not None, self._reader.deviation is not None
        self.unit = checked_unit(unit, self.label)
        #: World coordinate system, or None; its keys are taken out of the header.
        self.wcs = take_wcs(self.header)

    def for_rows(self, rows):
        """`FileReader` of the rows of the slice ``rows``; it can read all others, too."""
        return self._reader

    def rows(self, block, out=None):
        """`Samples` of the rows of the slice ``block``; the values are put into ``out``, if given."""
        return self._reader.rows(block, out)

    def check_unchanged(self):
        """Raise OSError if the file is gone, or is not the one any more whose header was read."""
        try:
            status = os.stat(self.path)
        except OSError as error:
            raise OSError(f"{self.label}: cannot be read any more ({error.strerror})") from None
        self._state.check(status, self.label)

    def _find_hdus(self):
        """List of each `Hdu` in the file, and the path of the file or of a decompressed copy."""
        opener = opener_of(self.path)
        if opener is None:
            with open(self.path, "rb") as file:
                return find_hdus(_Plain(file, self._state.size)), self.path.absolute()
        path = self._temporary()
        with TemporaryFile(path) as temporary:
            return unpack(self.path, opener, temporary), path

    def _image_of(self, hdus, path):
        """Header and `FileReader` of the first image of some HDUs, with its mask and uncertainty."""
        index = next((index for index, hdu in enumerate(hdus) if len(hdu.shape) == 2 and hdu.name not in _PLANES), None)
        if index is None:
            raise OSError(f"no 2-D image in it (shapes: {[hdu.shape for hdu in hdus if hdu.is_image]})")
        shape = hdus[index].shape
        if 0 in shape:
            raise OSError(f"its image has no pixels (shape {shape})")
        planes = {"": index}
        for number, hdu in enumerate(hdus[1:], 1):
            if hdu.name in _PLANES and hdu.name not in planes:
                planes[hdu.name] = number
                if hdu.shape != shape:
                    raise OSError(f"its {hdu.name} extension has the shape {hdu.shape}, its image {shape}")
        for hdu in hdus[: max(planes.values()) + 1]:
            hdu.check()
        kind = _uncertainty_name(hdus[planes["UNCERT"]].header) if "UNCERT" in planes else None
        if all(hdus[number].kind == "image" for number in planes.values()):
            header = hdus[index].header
            images = {name: FitsImage.of(path, hdus[number]) for name, number in planes.items()}
            state = self._state if path == self.path.absolute() else FileState.of(os.stat(path))
        else:
            header, images, state = self._decompressed(path, planes, hdus)
        if index > 0:
            header.extend(hdus[0].header, unique=True)
        return header, FileReader(self.label, images[""], images.get("MASK"), images.get("UNCERT"), kind, state)

    def _decompressed(self, packed, planes, hdus):
        """Header of the frame; `FitsImage` of it, its mask and uncertainty, decompressed; and their file's state."""
        path, images, offset, header = self._temporary(), {}, 0, None
        with TemporaryFile(path) as file:
            for name, own, data in tiled_images(packed, planes, hdus):
                header = own if header is None else header
                if data.shape != hdus[planes[name]].shape:
                    raise ValueError(f"its data have the shape {data.shape}, not {hdus[planes[name]].shape}")
                bitpix = data.dtype.itemsize * (-8 if data.dtype.kind == "f" else 8)
                images[name] = FitsImage.from_header(path, offset, data.shape, bitpix, own)
                file.write(np.ascontiguousarray(data, data.dtype.newbyteorder(">")))
                offset += data.nbytes
        return header, images, FileState.of(os.stat(path))

    def _temporary(self):
        """Path of a new file that is deleted together with this object."""
        try:
            path = temporary_file()
        except OSError as error:
            raise unwritable(error) from None
        weakref.finalize(self, discard, path)
        return path


class _Plain:
    """Source for `find_hdus`: a file that is not compressed."""

    def __init__(self, file, size):
        self._size = size
        self.read = file.read
        self._seek = file.seek

    def skip(self, size, offset):
        """Go to the block after the ``size`` bytes of data at the position ``offset``."""
        end = offset + size
        if end > self._size:
            raise OSError(f"truncated, {self._size} bytes where the header promises {end}")
        self._seek(-(-end // BLOCK) * BLOCK)


def _uncertainty_name(header):
    name = str(header_value(header, "UTYPE", "StdDevUncertainty")).strip()
    if name not in UNCERTAINTIES:
        raise OSError(f"UTYPE in its UNCERT extension must be one of {', '.join(UNCERTAINTIES)}, got {name!r}")
    return name


def _unit_of(header, label):
    """Unit of a FITS image, BUNIT; adu where there is none, as in a camera's files."""
    check_unambiguous(header, label, {"BUNIT"})
    text = str(header.get("BUNIT", "adu")).strip()
    return CCDData.known_invalid_fits_unit_strings.get(text, text.lower() if text.lower() == "adu" else text) or "adu"
