# Licensed under a 3-clause BSD style license - see LICENSE
"""What the flags of some rows of pixels are made from."""

from dataclasses import dataclass

import numpy as np

from ..statistics.rate_fit import rate_variance

__all__ = ["PixelRates", "complete_pixel_rates", "noiseless_pixel", "pixel_rates"]


@dataclass
class PixelRates:
    """Some rows, measured.

    Attributes
    ----------
    rate : `numpy.ndarray`
        Best estimate of the rate (electron/s); NaN where there is none.
    variance_at : callable
        Its variance, were the pixel's rate the one given.
    exposure : `numpy.ndarray` or float
        Total exposure behind it (s); like the variance, one number where all pixels have the same.
    lower_limit : `numpy.ndarray`
        Lower limit of the rate (electron/s) where saturated, else NaN.
    unusable : `numpy.ndarray` of bool
        Pixels that lack a usable sample in one of the rates, for whatever reason.
    comparison : `ccdproc_darks.comparison.comparer.Comparison` or None
        Of two rates or more.
    """

    rate: np.ndarray
    variance_at: object
    exposure: np.ndarray
    lower_limit: np.ndarray
    unusable: np.ndarray
    comparison: object = None


def pixel_rates(images, comparer, rows, pixels=None):
    """`PixelRates` of a block of rows, or of some pixels of it.

    Parameters
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        One rate, or several.
    comparer : `ccdproc_darks.comparison.comparer.RateComparer` or None
        Compares several rates.
    rows : slice
        The block.
    pixels : `numpy.ndarray` of int, optional
        Flat indices of the pixels; of one rate always all.
    """
    return pixel_rates_of_one(images, rows) if comparer is None else pixel_rates_of_several(comparer.rows(rows, pixels))


def pixel_rates_of_one(images, rows):
    """`PixelRates` of a block of rows of one rate alone."""
    rate, variance, usable, lower_limit = (image[0] for image in images.values(rows))
    info = images.infos[0]
    rate = np.where(usable, rate, np.nan)
    exposure = np.full(rate.shape, info.total)
    # u^2(d0) = u^2 + (d0 - max(d, 0)) / T moves a variance to another rate.
    constant = np.maximum(variance - np.maximum(rate, 0) / info.total, 0)
    return PixelRates(rate, lambda at: constant + np.maximum(at, 0) / info.total, exposure, lower_limit, ~usable)


def pixel_rates_of_several(comparison):
    """`PixelRates` of a `ccdproc_darks.comparison.comparer.Comparison` of several rates."""
    rows, seconds = comparison.rows, comparison.seconds
    exposure = (rows.usable * rows.frames * seconds[:, None, None]).sum(axis=0)

    def variance_at(rate):
        return rate_variance(
            rate, seconds, rows.frames, rows.read_variance, rows.usable, shared=comparison.shared,
            free_offset=comparison.free_offset,
        )  # fmt: skip

    highest = np.where(np.isnan(rows.lower_limit), -np.inf, rows.lower_limit).max(axis=0)
    lower_limit = np.where(np.isfinite(highest), highest, np.nan)
    return PixelRates(comparison.fit.rate, variance_at, exposure, lower_limit, ~rows.usable.all(axis=0), comparison)


def noiseless_pixel(comparer, rates):
    """`PixelRates` of pixels that lost no frame and show rates without noise.

    Parameters
    ----------
    comparer : `ccdproc_darks.comparison.comparer.RateComparer`
        What compares them.
    rates : `numpy.ndarray`
        The rates (electron/s), shape (pixels,).
    """
    return pixel_rates_of_several(comparer.noiseless(rates))


def complete_pixel_rates(comparer, block, one):
    """`PixelRates` of the whole pixels among some rows of a pair of rates, in the pair's own precision.

    Parameters
    ----------
    comparer : `ccdproc_darks.comparison.comparer.RateComparer`
        What compares them.
    block : slice
        The rows.
    one : `PixelRates`
        Of a single whole pixel.
    """
    quick = comparer.two_rates_block(block)
    rate = quick.rate[quick.complete].astype(float)
    return PixelRates(
        rate, lambda at: one.variance_at(at).item(), one.exposure.item(), np.full(rate.shape, np.nan),
        np.zeros(rate.shape, dtype=bool),
    )  # fmt: skip
