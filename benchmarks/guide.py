# Licensed under a 3-clause BSD style license - see LICENSE
"""The ccdproc way: what the CCD Data Reduction Guide's reader does, with CCDData arithmetic and its uncertainties."""

import ccdproc
import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.stats import mad_std
from scipy.special import ndtri

from .frames import GAIN, READ_NOISE

__all__ = ["combined", "compared", "rate_of_combined", "rate_of_raw"]

_GAIN = GAIN * u.electron / u.adu


def combined(paths):
    """`ccdproc.combine` with the guide's settings, and 2 GB to work in."""
    return ccdproc.combine(
        [str(path) for path in paths],
        method="average",
        sigma_clip=True,
        sigma_clip_low_thresh=5,
        sigma_clip_high_thresh=5,
        sigma_clip_func=np.ma.median,
        sigma_clip_dev_func=mad_std,
        mem_limit=2e9,
    )


def rate_of_raw(dark, bias, seconds):
    """Combined raw darks to electron/s: subtract the bias, multiply by the gain, divide by the exposure time."""
    return dark.subtract(bias).multiply(_GAIN).divide(seconds * u.s)


def rate_of_combined(path, seconds):
    """
    A file with a combined, bias-subtracted dark to electron/s: read, trim, noise model, multiply, divide.

    Notes
    -----
    The noise model is that of `ccdproc.create_deviation`, for a mean of NCOMBINE frames, without the NaN that it gives
    where noise has put a pixel below zero.
    """
    dark = CCDData.read(path)
    dark = ccdproc.trim_image(dark[:, : dark.shape[1]])
    electrons = np.clip(dark.data, 0, None) * GAIN
    deviation = np.sqrt((electrons + READ_NOISE**2) / dark.meta["NCOMBINE"]) / GAIN
    dark.uncertainty = StdDevUncertainty(deviation)
    return dark.multiply(_GAIN).divide(seconds * u.s)


def compared(short, long):
    """
    Significance and mask of two rates: subtract, divide by the propagated uncertainty, put thresholds to it.

    A pixel is masked where rates differ by more sigmas than one good pixel in the image does, or where there is none.
    """
    difference = short.subtract(long)
    with np.errstate(divide="ignore", invalid="ignore"):
        significance = difference.data / difference.uncertainty.array
    critical = -ndtri(0.5 / significance.size)
    mask = ~(np.abs(significance) < critical)
    if difference.mask is not None:
        mask |= difference.mask
    return significance, mask
