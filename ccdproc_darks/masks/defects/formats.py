# Licensed under a 3-clause BSD style license - see LICENSE
"""The formats of lists of bad pixels, by their names, and which of them a file name tells."""

from pathlib import Path

from ..._interface.arguments import checked_choice
from . import bit_image, dcraw, ds9, fits_region, iraf, lsst, siril
from .fits_tables import is_fits, opened

__all__ = ["FORMATS", "checked_format", "format_of_file"]

#: Module of each format: its functions ``write(path, pixels)`` and ``read(path, wanted)``.
FORMATS = {
    "lsst": lsst, "region": fits_region, "ds9": ds9, "iraf": iraf, "siril": siril, "dcraw": dcraw, "roman": bit_image,
}  # fmt: skip

# Formats that write files of a name with this end: where there is one, the name tells the format.
_ENDS = {
    ".ecsv": ("lsst",),
    ".reg": ("ds9",),
    ".lst": ("siril",),
    ".badpixels": ("dcraw",),
    **dict.fromkeys((".fits", ".fit", ".fts", ".fits.gz"), ("lsst", "region", "roman")),
    ".txt": ("lsst", "iraf", "dcraw"),
    ".dat": ("iraf",),
}


def checked_format(format, path):
    """``format``, or the only one that the end of the file's name leaves; else a ValueError that lists them."""
    if format is not None:
        return checked_choice("format", format.lower() if isinstance(format, str) else format, tuple(FORMATS))
    fitting = _fitting(path)
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(map(repr, fitting or FORMATS))
    why = f"may be that of {len(fitting)} formats" if fitting else "tells no format"
    raise ValueError(f"{path}: the end of the name {why}: pass format=, one of {names}")


def format_of_file(format, path):
    """The format of a file that is there: as `checked_format`, and what is in a FITS file tells it too."""
    if format is None and _fitting(path) == _ENDS[".fits"] and is_fits(path):
        for hdu in opened(path, path):
            names = set(hdu.columns.names) if hasattr(hdu, "columns") else set()
            if {"x0", "y0", "width", "height"} <= names:
                return "lsst"
            if {"SHAPE", "X", "Y"} <= {name.upper() for name in names}:
                return "region"
            if hdu.is_image and hdu.data is not None and hdu.data.dtype.kind in "iu":
                return "roman"
    return checked_format(format, path)


def _fitting(path):
    name = Path(path).name.lower()
    return next((formats for end, formats in _ENDS.items() if name.endswith(end)), ())
