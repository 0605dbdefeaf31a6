# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames, wherever they are: in memory as CCDData, or in FITS files that are read by rows."""

import os
import warnings
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS
from ccdproc import ImageFileCollection

from .arguments import unit_name

__all__ = ["FileFrame", "MemoryFrame", "Samples", "as_frames", "kept_open"]

_MOST_OPEN = 200
# As CCDData.write names them in UTYPE.
_UNCERTAINTIES = {kind.__name__: kind for kind in (StdDevUncertainty, VarianceUncertainty, InverseVariance)}
_WRAP = "; wrap an array as CCDData(array, unit='adu')"


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
        self.unit = _checked_unit(ccd.unit, label)
        self.dtype = ccd.data.dtype
        self._ccd = ccd

    @property
    def has_deviation(self):
        """Whether the frame brings its own uncertainty."""
        return self._ccd.uncertainty is not None

    @property
    def wcs(self):
        """World coordinate system, or None."""
        return self._ccd.wcs

    def rows(self, block):
        """`Samples` of the rows of the slice ``block``."""
        ccd = self._ccd
        mask = None if ccd.mask is None else np.broadcast_to(ccd.mask, self.shape)[block]
        deviation = None
        if ccd.uncertainty is not None:
            rows = type(ccd.uncertainty)(np.broadcast_to(ccd.uncertainty.array, self.shape)[block], copy=False)
            deviation = rows.represent_as(StdDevUncertainty).array
            if ccd.uncertainty.unit is not None and isinstance(ccd.uncertainty, StdDevUncertainty):
                deviation = deviation * ccd.uncertainty.unit.to(ccd.unit)
        return Samples(np.asarray(ccd.data)[block], mask, deviation)


class FileFrame:
    """A frame in a FITS file, read by rows.

    Parameters
    ----------
    path : path-like
        The file. The first HDU with a 2-D image is the frame; extensions MASK and UNCERT, as
        `astropy.nddata.CCDData.write` makes them, are its mask and uncertainty.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it is empty, not FITS, truncated or without a 2-D image.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._hdus = None
        self.label = str(self.path)
        if not self.path.exists():
            raise FileNotFoundError(f"{self.label}: no such file")
        if self.path.is_dir():
            raise OSError(f"{self.label}: a folder, not a FITS file")
        size = self.path.stat().st_size
        if size == 0:
            raise OSError(f"{self.label}: the file is empty")
        with self._open() as hdus:
            self._hdu = self._image_index(hdus)
            hdu = hdus[self._hdu]
            # A compressed file says nothing of the size within: reading it to its end does.
            if self._is_plain():
                end = hdu.fileinfo()["datLoc"] + hdu.size
                if end > size:
                    raise OSError(f"{self.label}: truncated, {size} bytes where the header promises {end}")
            else:
                self._read(hdu, slice(None))
            self.header = hdu.header.copy()
            if self._hdu > 0:
                self.header.extend(hdus[0].header, unique=True)
            self.shape = hdu.shape
            names = {extension.name for extension in hdus}
            self._extensions = {name for name in ("MASK", "UNCERT") if name in names}
            self.has_deviation = "UNCERT" in names
            self._uncertainty = _UNCERTAINTIES[self._uncertainty_name(hdus)] if self.has_deviation else None
            self.dtype = hdu.section[0:1, 0:1].dtype
        self.unit = _checked_unit(_unit_of(self.header), self.label)
        #: World coordinate system, or None; its keys are not in the header.
        self.wcs = _take_wcs(self.header)

    def rows(self, block):
        """`Samples` of the rows of the slice ``block``."""
        with self._opened() as hdus:
            values = self._read(hdus[self._hdu], block)
            mask = self._read(hdus["MASK"], block).astype(bool) if "MASK" in self._extensions else None
            deviation = self._deviation(self._read(hdus["UNCERT"], block)) if self.has_deviation else None
        return Samples(values, mask, deviation)

    def _uncertainty_name(self, hdus):
        name = str(hdus["UNCERT"].header.get("UTYPE", "StdDevUncertainty")).strip()
        if name not in _UNCERTAINTIES:
            raise OSError(
                f"{self.label}: UTYPE in its UNCERT extension must be one of {', '.join(_UNCERTAINTIES)}, got {name!r}"
            )
        return name

    def _deviation(self, values):
        return self._uncertainty(values, copy=False).represent_as(StdDevUncertainty).array

    @contextmanager
    def kept_open(self):
        """Keep the file open, so that each block of rows does not parse its header again."""
        with self._open() as hdus:
            self._hdus = hdus
            try:
                yield self
            finally:
                self._hdus = None

    def _opened(self):
        return self._open() if self._hdus is None else nullcontext(self._hdus)

    def _open(self):
        try:
            with warnings.catch_warnings():
                # A truncated file is an error here, which says more than the warnings.
                warnings.simplefilter("ignore", AstropyWarning)
                hdus = fits.open(self.path, memmap=False)
                try:
                    len(hdus)
                except Exception:
                    hdus.close()
                    raise
                return hdus
        except (OSError, ValueError, TypeError, IndexError, EOFError) as error:
            raise OSError(f"{self.label}: not a readable FITS file ({error})") from None

    def _is_plain(self):
        with open(self.path, "rb") as file:
            return file.read(6) == b"SIMPLE"

    def _image_index(self, hdus):
        for index, hdu in enumerate(hdus):
            if hdu.is_image and len(hdu.shape) == 2 and hdu.name not in ("MASK", "UNCERT"):
                return index
        shapes = [hdu.shape for hdu in hdus if hdu.is_image]
        raise OSError(f"{self.label}: no 2-D image in it (shapes: {shapes})")

    def _read(self, hdu, block):
        try:
            return hdu.section[block, :]
        except (OSError, ValueError, TypeError, EOFError) as error:
            raise OSError(f"{self.label}: its data cannot be read, truncated? ({error})") from None


@contextmanager
def kept_open(frames):
    """Keep the files of ``frames`` open, as many as a process may well have."""
    with ExitStack() as stack:
        for frame in [frame for frame in frames if isinstance(frame, FileFrame)][:_MOST_OPEN]:
            stack.enter_context(frame.kept_open())
        yield


def as_frames(darks, argument="darks"):
    """
    Frames of whatever the user gave.

    Parameters
    ----------
    darks : CCDData, path, sequence of them, or `ccdproc.ImageFileCollection`
        The frames.
    argument : str
        Name of the argument, for messages.

    Returns
    -------
    list of `MemoryFrame` or `FileFrame`
        All of one shape and one unit.
    """
    if isinstance(darks, ImageFileCollection):
        darks = darks.files_filtered(include_path=True)
    elif isinstance(darks, CCDData | str | os.PathLike):
        darks = [darks]
    elif not hasattr(darks, "__iter__") or (isinstance(darks, np.ndarray) and darks.dtype.kind not in "UO"):
        raise TypeError(
            f"{argument} must be CCDData, FITS paths or an ImageFileCollection, got {type(darks).__name__}"
            f"{_WRAP if isinstance(darks, np.ndarray) else ''}"
        )
    frames = [_as_frame(item, f"{argument}[{number}]") for number, item in enumerate(darks)]
    if not frames:
        raise ValueError(f"{argument} is empty: at least one frame is needed")
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
    return frames


def _as_frame(item, label):
    if isinstance(item, MemoryFrame | FileFrame):
        return item
    if isinstance(item, CCDData):
        return MemoryFrame(item, label)
    if isinstance(item, str | os.PathLike):
        return FileFrame(item)
    hint = _WRAP if isinstance(item, np.ndarray) else ""
    raise TypeError(f"{label} must be CCDData or a FITS path, got {type(item).__name__}{hint}")


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


def _checked_unit(unit, label):
    try:
        unit = u.Unit(unit)
    except (ValueError, TypeError):
        raise u.UnitsError(f"{label} has the unit {unit!r}, expected adu or electron") from None
    if unit not in (u.adu, u.electron):
        raise u.UnitsError(f"{label} is in {unit_name(unit)}, expected adu or electron")
    return unit
