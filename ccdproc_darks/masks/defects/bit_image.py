# Licensed under a 3-clause BSD style license - see LICENSE
"""The image of all flags, with the names and bits of the Roman and JWST data-quality arrays."""

import numpy as np
from astropy.io import fits

from ..._interface.flags import DARK_FLAGS, flag_bits
from ..._interface.results import safe_header
from .fits_tables import opened

__all__ = ["read", "write"]

_NAME = "DQ"
_MEANINGS = {
    "DO_NOT_USE": "Bad pixel, not to be used",
    "SATURATED": "Saturated in every frame of an exposure time",
    "UNRELIABLE_ERROR": "Noisy: scatters more than its error",
    "HOT": "Hot pixel",
    "WARM": "Warm pixel",
    "TELEGRAPH": "Dark current or reading that switches",
    "NONLINEAR": "Not proportional to exposure time",
    "UNRELIABLE_DARK": "Hot, and too noisy to be tested",
    "OTHER_BAD_PIXEL": "Bad for another reason",
}


def write(path, pixels):
    """Write the flags as a uint32 image DQ, and a table DQ_DEF of bits and names; listed pixels are DO_NOT_USE."""
    # DO_NOT_USE are those of the list, as in lists of other formats; the mask may have been changed since it was made.
    listed = pixels.mask * np.uint32(DARK_FLAGS.DO_NOT_USE)
    flags = listed if pixels.flags is None else (pixels.flags & ~np.uint32(DARK_FLAGS.DO_NOT_USE)) | listed
    bits = flag_bits()
    columns = [
        fits.Column("BIT", "1J", array=[value.bit_length() - 1 for value in bits.values()]),
        fits.Column("VALUE", "1J", bzero=2**31, array=np.array(list(bits.values()), dtype=np.uint32)),
        fits.Column("NAME", "40A", array=list(bits)),
        fits.Column("DESCRIPTION", "80A", array=[_MEANINGS.get(name, "") for name in bits]),
    ]
    header = safe_header(pixels.meta, {"BUNIT": ("1", "no unit")})
    image = fits.ImageHDU(np.asarray(flags, dtype=np.uint32), header, name=_NAME)
    table = fits.BinTableHDU.from_columns(columns, name=f"{_NAME}_DEF")
    fits.HDUList([fits.PrimaryHDU(), image, table]).writeto(path)


def read(path, wanted):
    """Mask of the pixels that have one of the flags wanted."""
    for hdu in sorted(opened(path, wanted.path), key=lambda hdu: hdu.name != _NAME):
        data = hdu.data if hdu.is_image else None
        if data is not None and data.ndim == 2 and data.dtype.kind in "iu":
            wanted.settled_shape(data.shape)
            return (data.astype(np.int64) & wanted.flags) != 0
    raise ValueError(f"{wanted.path} has no image of flags: whole numbers in two dimensions, as in the image DQ")
