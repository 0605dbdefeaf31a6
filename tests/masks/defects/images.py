"""Masks that several tests of lists write, and pixels whose places no mistake of origin or axis keeps."""

import numpy as np

SHAPE = (5, 8)
#: Row and column (from 0) of the corners: first row and column, first row and last column, and so on.
CORNERS = {"first": (0, 0), "right": (0, 7), "last row": (4, 0), "last": (4, 7)}
#: Name of a file for each format, of which each tells the format but those of FITS and text.
FILES = {
    "lsst": "bad.ecsv", "region": "bad_region.fits", "ds9": "bad.reg", "iraf": "bad.dat", "siril": "bad.lst",
    "dcraw": "bad.badpixels", "roman": "bad_dq.fits",
}  # fmt: skip


def one_pixel(corner, shape=SHAPE):
    mask = np.zeros(shape, dtype=bool)
    mask[CORNERS[corner]] = True
    return mask


def everything(shape=(40, 61), seed=1):
    """Corners, a column, part of a row, a cluster and single pixels."""
    mask = np.random.default_rng(seed).random(shape) < 0.02
    mask[0, 0] = mask[-1, 0] = mask[0, -1] = mask[-1, -1] = True
    mask[:, 17] = mask[9, 20:45] = mask[20:24, 50:53] = True
    return mask


def lines_of(path):
    """Lines of a text, without comments."""
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]
