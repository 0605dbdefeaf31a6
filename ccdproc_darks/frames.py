# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames, wherever they are: in memory as CCDData, or in FITS files that are read by rows."""

import os
import tempfile
import warnings
import weakref
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS
from ccdproc import ImageFileCollection

from .arguments import unit_name
from .blocks import shifted
from .fits_rows import FitsRows

__all__ = ["FileFrame", "FileRows", "MemoryFrame", "MemoryRows", "Samples", "as_frames", "opened"]

# Files of one thread at a time.
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
    def has_mask(self):
        """Whether the frame brings a mask."""
        return self._ccd.mask is not None

    @property
    def wcs(self):
        """World coordinate system, or None."""
        return self._ccd.wcs

    def part(self, rows):
        """`MemoryRows` of the rows of the slice ``rows``: all that whoever reads them needs."""
        ccd = self._ccd
        uncertainty, kind, factor = None, None, 1.0
        if ccd.uncertainty is not None:
            uncertainty, kind = np.broadcast_to(ccd.uncertainty.array, self.shape)[rows], type(ccd.uncertainty)
            if ccd.uncertainty.unit is not None and isinstance(ccd.uncertainty, StdDevUncertainty):
                factor = ccd.uncertainty.unit.to(ccd.unit)
        return MemoryRows(
            np.asarray(ccd.data)[rows],
            None if ccd.mask is None else np.broadcast_to(ccd.mask, self.shape)[rows],
            uncertainty,
            kind,
            factor,
            rows.indices(self.shape[0])[0],
        )

    def rows(self, block):
        """`Samples` of the rows of the slice ``block``."""
        return self.part(block).rows(slice(None))


@dataclass
class MemoryRows:
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

    def rows(self, block):
        """`Samples` of the rows of the slice ``block``, counted from the top of the frame."""
        block = shifted(block, self.start)
        deviation = None
        if self.uncertainty is not None:
            deviation = self.uncertainty[block]
            if self.kind is not StdDevUncertainty:
                deviation = self.kind(deviation, copy=False).represent_as(StdDevUncertainty).array
            deviation = deviation * self.factor
        return Samples(self.data[block], None if self.mask is None else self.mask[block], deviation)

    @contextmanager
    def opened(self):
        """Itself: there is nothing to open."""
        yield self


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
        with self._open() as hdus:
            index = self._image_index(hdus)
            self.header = hdus[index].header.copy()
            if index > 0:
                self.header.extend(hdus[0].header, unique=True)
            self.shape = hdus[index].shape
            planes = {"": hdus[index], **{hdu.name: hdu for hdu in hdus if hdu.name in ("MASK", "UNCERT")}}
            self.has_mask, self.has_deviation = "MASK" in planes, "UNCERT" in planes
            kind = self._uncertainty_name(planes["UNCERT"]) if self.has_deviation else None
            images = self._images(planes)
        self._part = FileRows(self.label, images[""], images.get("MASK"), images.get("UNCERT"), kind)
        self._part.check_size()
        self.dtype = images[""].dtype
        self.unit = _checked_unit(_unit_of(self.header), self.label)
        #: World coordinate system, or None; its keys are not in the header.
        self.wcs = _take_wcs(self.header)

    def part(self, rows):
        """`FileRows` that read the rows of the slice ``rows``, and any other: all that whoever reads them needs."""
        return self._part

    def rows(self, block):
        """`Samples` of the rows of the slice ``block``."""
        return self._part.rows(block)

    def _images(self, planes):
        """`FitsRows` of the image, its mask and its uncertainty, from their HDUs."""
        if self._is_plain() and not any(isinstance(hdu, fits.CompImageHDU) for hdu in planes.values()):
            return {name: FitsRows.of(self.path, hdu) for name, hdu in planes.items()}
        try:
            values = [fits.ImageHDU(hdu.data, name=name) for name, hdu in planes.items()]
        except (OSError, ValueError, TypeError, EOFError, zlib.error) as error:
            raise OSError(f"{self.label}: its data cannot be read, truncated? ({error})") from None
        handle, path = tempfile.mkstemp(prefix="ccdproc_darks-", suffix=".fits")
        weakref.finalize(self, os.unlink, path)
        with open(handle, "wb") as file:
            fits.HDUList([fits.PrimaryHDU(), *values]).writeto(file)
        with fits.open(path, memmap=False) as hdus:
            return {name: FitsRows.of(path, hdu) for name, hdu in zip(planes, hdus[1:], strict=True)}

    def _uncertainty_name(self, hdu):
        name = str(hdu.header.get("UTYPE", "StdDevUncertainty")).strip()
        if name not in _UNCERTAINTIES:
            raise OSError(
                f"{self.label}: UTYPE in its UNCERT extension must be one of {', '.join(_UNCERTAINTIES)}, got {name!r}"
            )
        return name

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
        Descriptor of the file while it is `opened`.
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
    def opened(self):
        """Itself with the file open, so that it need not be opened for every few rows."""
        try:
            file = os.open(self.image.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise OSError(f"{self.label}: cannot be read any more ({error})") from None
        try:
            yield replace(self, file=file)
        finally:
            os.close(file)

    def rows(self, block):
        """`Samples` of the rows of the slice ``block``."""
        if self.file is None:
            with self.opened() as opened:
                return opened.rows(block)
        deviation = None
        if self.deviation is not None:
            values = _UNCERTAINTIES[self.kind](self._values(self.deviation, block), copy=False)
            deviation = values.represent_as(StdDevUncertainty).array
        mask = None if self.mask is None else self._values(self.mask, block).astype(bool)
        return Samples(self._values(self.image, block), mask, deviation)

    def _values(self, image, block):
        try:
            return image.values(block, self.file)
        except OSError as error:
            raise OSError(f"{self.label}: its data cannot be read ({error})") from None


@contextmanager
def opened(parts):
    """Parts of frames with their files open, as many as a process may well have."""
    with ExitStack() as stack:
        yield [stack.enter_context(part.opened()) for part in parts[:_MOST_OPEN]] + list(parts[_MOST_OPEN:])


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
