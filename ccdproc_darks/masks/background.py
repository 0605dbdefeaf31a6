# Licensed under a 3-clause BSD style license - see LICENSE
"""Smooth structure of dark current around each pixel, such as the glow of an amplifier."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.stats import SigmaClip

from .._interface.arguments import ELECTRON_PER_SECOND, checked_quantity, numpy_images, unit_name

__all__ = ["checked_background", "local_background"]

# Pixels of a box's side: small beside a glow, and enough pixels to know its level to 6 % of their noise.
_BOX = 16
# The residuals of the first smooth image are smoothed and added ("twicing"; Tukey 1977).
_TIMES = 2
_CLIP = 4.0


def checked_background(background, shape):
    """The user's ``background`` as None, "local", or a plain image (electron/s) of the rates' ``shape``."""
    if background is None or (isinstance(background, str) and background == "local"):
        return background
    if not isinstance(background, CCDData | u.Quantity):
        given = repr(background) if isinstance(background, str) else type(background).__name__
        raise TypeError(f"background must be None, 'local', or CCDData or a Quantity in electron / s, got {given}")
    if isinstance(background, CCDData):
        (background,) = numpy_images([background], ["background"])
        if background.unit is None or not background.unit.is_equivalent(ELECTRON_PER_SECOND):
            raise u.UnitsError(f"background is in {unit_name(background.unit)}, expected electron / s")
        background = u.Quantity(background.data, background.unit)
    image = checked_quantity("background", background, ELECTRON_PER_SECOND, negative=True, scalar=False)
    if image.shape not in ((), shape):
        raise ValueError(f"background must have the shape of the rates, {shape}, got {image.shape}")
    return np.broadcast_to(image, shape)


def local_background(rate):
    """Smooth part (electron/s) of an image of rates, NaN where there is none (`photutils.background.Background2D`).

    It is interpolated between means over boxes of 16 x 16 pixels, without pixels that are 4 sigma off. ImportError if
    photutils is not installed.
    """
    try:
        from photutils.background import Background2D, MeanBackground
    except ImportError as error:
        raise ImportError(
            "background='local' needs photutils: pip install 'ccdproc_darks[background]', or pass an image"
        ) from error
    lacking = ~np.isfinite(rate)
    if lacking.all():
        return np.zeros(rate.shape)
    box = tuple(min(_BOX, size) for size in rate.shape)
    smooth = np.zeros(rate.shape)
    for _ in range(_TIMES):
        smooth += Background2D(
            np.where(lacking, 0.0, rate - smooth),
            box,
            mask=lacking,
            # No filter over boxes: it would cut off the corner that glows.
            filter_size=1,
            sigma_clip=SigmaClip(_CLIP),
            bkg_estimator=MeanBackground(sigma_clip=None),
            # A box needs a single pixel, for sensors of which little is left.
            exclude_percentile=100,
        ).background
    return smooth
