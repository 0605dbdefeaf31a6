# Licensed under a 3-clause BSD style license - see LICENSE
"""Shapes of region files, as pixels: rectangles that lie on the grid of pixels, and all others by `regions`."""

import warnings

import numpy as np
from astropy.utils.exceptions import AstropyDeprecationWarning

from ..._interface.warnings import filtered

__all__ = ["grid_boxes", "mask_of_regions"]


def grid_boxes(x, y, width, height, angle):
    """Boxes of rectangles as region files have them: centre (FITS pixels, from 1), sides, and angle (deg).

    None where not each of them has its edges on those of pixels: then `mask_of_regions` tells which pixels are inside.
    """
    x, y, width, height, angle = np.broadcast_arrays(
        *(np.asarray(value, float) for value in (x, y, width, height, angle))
    )
    turned = angle % 180 == 90
    width, height = np.where(turned, height, width), np.where(turned, width, height)
    # The centre of the first pixel is at 1, and its edge at 0.5.
    boxes = np.stack((x - width / 2 - 0.5, y - height / 2 - 0.5, width, height), axis=-1)
    whole = np.round(boxes)
    near = (np.abs(boxes - whole) < 1e-4).all() and (angle % 90 == 0).all() and (np.abs(boxes) < 2**31).all()
    return whole.astype(np.int64) if near and (whole[:, 2:] > 0).all() else None


def mask_of_regions(parse, shape, label):
    """Mask of the shapes that ``parse(regions.Regions)`` gives: of pixels whose centres are inside.

    A shape that is excluded takes its pixels out of those before it. ImportError where `regions` is not installed;
    ValueError where it cannot read the list, or where shapes are on the sky.
    """
    try:
        from regions import PixCoord, PixelRegion, PointPixelRegion, RectanglePixelRegion, Regions
    except ImportError:
        raise ImportError(
            f"{label} has shapes other than rectangles of whole pixels, and regions, which reads them, is not "
            "installed: pip install 'ccdproc_darks[regions]'"
        ) from None
    try:
        # What it leaves out with a warning would be missing in the mask.
        with filtered("error"):
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", AstropyDeprecationWarning)
            found = list(parse(Regions))
    except Exception as error:  # of many kinds, some of its own
        raise ValueError(f"{label} cannot be read as regions: {error}") from None
    mask = np.zeros(shape, dtype=bool)
    for region in found:
        if not isinstance(region, PixelRegion):
            raise ValueError(f"{label} has shapes on the sky: write it in image coordinates")
        if isinstance(region, PointPixelRegion):
            region = RectanglePixelRegion(PixCoord(*(np.floor(value + 0.5) for value in region.center.xy)), 1, 1)
        pixels = _pixels_of(region, shape)
        excluded = str(region.meta.get("include", True)) in ("False", "-", "0")
        if pixels is None:
            raise ValueError(
                f"{label}: a shape lies outside an image of {shape[0]} rows and {shape[1]} columns ({region!r})"
            )
        mask = mask & ~pixels if excluded else mask | pixels
    return mask


def _pixels_of(region, shape):
    """Mask of the pixels whose centres are in a shape; None where some would be outside the image."""
    try:
        box = region.bounding_box
    except (ValueError, OverflowError):  # NaN, infinite
        return None
    # The box may be a pixel wider than the shape. Its mask would take all memory if the shape were huge.
    if min(box.ixmin, box.iymin) < -2 or box.ixmax > shape[1] + 2 or box.iymax > shape[0] + 2:
        return None
    inside = region.to_mask(mode="center")
    image = inside.to_image(shape)
    if image is None or np.count_nonzero(image) < np.count_nonzero(inside.data):
        return None
    return image > 0
