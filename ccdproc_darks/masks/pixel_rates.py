# Licensed under a 3-clause BSD style license - see LICENSE
"""Measured rates from which the flags of some rows of pixels are made."""

from dataclasses import dataclass

import numpy as np

from ..statistics.rate_fit import rate_variance

__all__ = ["PixelRates", "complete_pixel_rates", "fast_pixel_rates", "noiseless_pixel", "pixel_rates"]


@dataclass
class PixelRates:
    """Rates of some pixels, and what their flags depend on.

    Attributes
    ----------
    rate : `numpy.ndarray`
        Best estimate of the rate (electron/s); NaN where there is none.
    variance_at : callable
        Variance of ``rate`` (electron^2/s^2) as a function of the pixel's true rate.
    exposure : `numpy.ndarray` or float
        Total exposure of the rate (s); like the variance, one number where all pixels have the same.
    lower_limit : `numpy.ndarray`
        Lower limit of the rate (electron/s) where saturated, else NaN.
    unusable : `numpy.ndarray` of bool
        Pixels that lack a usable sample in one of the rates, for whatever reason.
    comparison : `ccdproc_darks.comparison.comparer.Comparison` or None
        Comparison of two rates or more.
    """

    rate: np.ndarray
    variance_at: object
    exposure: np.ndarray
    lower_limit: np.ndarray
    unusable: np.ndarray
    comparison: object = None


def pixel_rates(images, comparer, rows, pixels=None):
    """`PixelRates` of a block of rows of `RateImages`, or of some ``pixels`` of it (flat indices; not of one rate).

    ``comparer`` is the `RateComparer` of several rates, or None.
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
    """`PixelRates` of the `Comparison` of several rates."""
    rows, seconds = comparison.rows, comparison.seconds
    exposure = (rows.usable * rows.frames * seconds[:, None, None]).sum(axis=0)

    def variance_at(rate):
        return rate_variance(
            rate, seconds, rows.frames, rows.read_variance, rows.usable, shared=comparison.shared,
            free_offset=comparison.free_offset,
        )  # fmt: skip

    unusable = ~rows.usable.all(axis=0)
    return PixelRates(comparison.fit.rate, variance_at, exposure, rows.highest_lower_limit(), unusable, comparison)


def noiseless_pixel(comparer, rates):
    """`PixelRates` of pixels that lost no frame and have these rates (electron/s), measured without noise."""
    return pixel_rates_of_several(comparer.noiseless(rates))


def complete_pixel_rates(comparer, block, rate, pixels):
    """`PixelRates` of some pixels (flat indices) of a block of rows, which lost no frame and have these rates."""
    images, frames = comparer.images, [info.frames for info in comparer.images.infos]
    frames = np.reshape(np.array(frames, dtype=float), (-1, 1, 1))
    rate = np.reshape(rate, (1, -1))
    exposure = float((frames[:, 0, 0] * images.seconds).sum())
    nothing = np.full(rate.shape, np.nan), np.zeros(rate.shape, dtype=bool)
    if images.noise is None:
        one = noiseless_pixel(comparer, np.zeros(1))
        return PixelRates(rate, lambda at: one.variance_at(at).item(), exposure, *nothing)
    _, noise = images.noise.rows(block, pixels)
    frames = np.broadcast_to(frames, (len(frames), *noise.shape))
    usable, shared = np.ones(frames.shape, dtype=bool), images.shared_at(block, pixels)

    def variance_at(rate):
        return rate_variance(rate, images.seconds, frames, noise / frames, usable, shared=shared)

    return PixelRates(rate, variance_at, exposure, *nothing)


def fast_pixel_rates(comparer, block):
    """`PixelRates` of the pixels of a block of rows that lost no frame, by the fast comparison."""
    quick = comparer.fast_block(block)
    pixels = np.flatnonzero(quick.complete)
    return complete_pixel_rates(comparer, block, quick.rate[pixels].astype(float), pixels)
