# Licensed under a 3-clause BSD style license - see LICENSE
"""Tables of bad pixels in FITS files, and the size of the image in their headers."""

import gzip
import io
import zlib

from astropy.io import fits
from astropy.table import Table

from ..._interface.warnings import filtered

__all__ = ["first_table", "is_fits", "opened", "table_shape"]

_GZIP = b"\x1f\x8b"


def is_fits(path):
    """Whether a file begins as FITS files do."""
    with open(path, "rb") as file:
        start = file.read(9)
    if start.startswith(_GZIP):
        try:
            with gzip.open(path) as file:
                start = file.read(9)
        except (OSError, EOFError, zlib.error):
            return False
    return start == b"SIMPLE  ="


def opened(path, label):
    """List of all HDUs of a FITS file, read whole; a ValueError where astropy cannot read it."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        # From memory: a file that is broken astropy leaves open.
        with filtered("ignore"), fits.open(io.BytesIO(content), lazy_load_hdus=False) as hdus:
            for hdu in hdus:
                hdu.data, [card.value for card in hdu.header.cards]
            return hdus
    except Exception as error:  # astropy raises many kinds on broken files
        raise ValueError(f"{label} is not a readable FITS file: {error}") from None


def first_table(path, label, name=None):
    """The first table of a FITS file, or that of this EXTNAME if there is one, and its header."""
    hdus = opened(path, label)
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU) and hdu.data is not None]
    if not tables:
        raise ValueError(f"{label} has no table")
    table = next((hdu for hdu in tables if hdu.name == name), tables[0])
    return Table(table.data), table.header


def table_shape(meta):
    """Rows and columns as DKNROWS and DKNCOLS tell them, or None."""
    shape = meta.get("DKNROWS"), meta.get("DKNCOLS")
    return shape if all(type(side) is int and 0 < side < 2**31 for side in shape) else None
