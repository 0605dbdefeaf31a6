# Licensed under a 3-clause BSD style license - see LICENSE
"""Counts of some pixels at each exposure time, and the one rate that fits them all."""

from dataclasses import dataclass, fields

import numpy as np
from astropy.nddata import CCDData

from .._interface.arguments import numpy_images
from .._interface.pixel_list import checked_pixels
from ..statistics.rate_fit import count_variance, fit_rate
from .amplifiers import amplifiers_of_rates
from .rate_images import RateImages, check_rates, labels_of

__all__ = ["PixelCounts", "pixel_counts"]


@dataclass
class PixelCounts:
    """Counts of pixels at each exposure time, in electrons, and their proportional fit.

    Attributes
    ----------
    x, y : `numpy.ndarray`
        Columns and rows of the pixels, counted from 0, shape (pixels,).
    seconds : `numpy.ndarray`
        Exposure times (s), shape (exposures,), the shortest first.
    counts, errors : `numpy.ndarray`
        Mean counts of a frame and their standard deviations, shape (exposures, pixels); NaN where there are none.
    lower_limits : `numpy.ndarray`
        Counts that a saturated pixel has at least; else NaN.
    rate, rate_error : `numpy.ndarray`
        Rate fitted to all counts of a pixel, and its standard deviation (electron/s), shape (pixels,).
    residuals : `numpy.ndarray`
        Counts minus fitted ones, over the standard deviation of the counts of a pixel of the fitted rate.
    """

    x: np.ndarray
    y: np.ndarray
    seconds: np.ndarray
    counts: np.ndarray
    errors: np.ndarray
    lower_limits: np.ndarray
    rate: np.ndarray
    rate_error: np.ndarray
    residuals: np.ndarray


def pixel_counts(rates, pixels, most):
    """`PixelCounts` of ``most`` ``pixels`` at the most, from results of `dark_rate` of one exposure time each.

    The fit is that of `ccdproc_darks.statistics.rate_fit.fit_rate`: least squares through zero, weighted by the noise
    of the fitted counts, with the error of a bias that exposure times share.
    """
    labels = labels_of(rates)
    check_rates(rates, labels)
    if not rates:
        raise ValueError("at least one rate is needed, of one exposure time each, got 0")
    rates = numpy_images(rates, labels)
    _check_shapes(rates, labels)
    x, y = checked_pixels(pixels, rates[0].shape, most)
    sections = amplifiers_of_rates(rates)
    if sections is None:
        return _counts(rates, x, y)
    # Each amplifier has a gain, a read noise and a bias error of its own.
    parts = [_of_amplifier(sections, rates, *pixel) for pixel in zip(x, y, strict=True)]
    joined = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts], axis=-1) for one in fields(parts[0])
    }
    return PixelCounts(**joined | {"seconds": parts[0].seconds, "x": x, "y": y})


def _check_shapes(rates, labels):
    for label, rate in zip(labels, rates, strict=True):
        if rate.data.ndim != 2:
            raise ValueError(f"{label} must be a 2-D image, got the shape {rate.shape}")
        if rate.shape != rates[0].shape:
            raise ValueError(f"rates must have one shape: {labels[0]} is {rates[0].shape}, {label} is {rate.shape}")


def _of_amplifier(sections, rates, x, y):
    """`PixelCounts` of one pixel, by what the meta of the rates tells of its amplifier."""
    for number, section in enumerate(sections.sections):
        if x in section.columns and y in section.rows:
            parts = [sections.part(rate, number) for rate in rates]
            return _counts(parts, np.array([x - section.columns[0]]), np.array([y - section.rows[0]]))
    raise ValueError(f"pixels: ({x}, {y}) is in no amplifier (DKASECA, ... in the meta of the rates)")


def _counts(rates, x, y):
    images = RateImages([_pixels_alone(rate, x, y) for rate in rates], repeated=True)
    if images.infos[0].exposures > 1:  # one alone; of several it is an error there
        raise ValueError(
            f"{images.labels[0]} is already one rate of {images.infos[0].exposures} exposure times; rates of one "
            "exposure time each are needed for their counts"
        )
    seconds, row = images.seconds[:, None], slice(0, 1)
    mean, (_, variance, usable, lower_limits) = images.rows(row), (part[:, 0] for part in images.values(row))
    counts, frames, read_variance = (part[:, 0] for part in (mean.counts, mean.frames, mean.read_variance))
    shared = images.shared_at(row)
    fit = fit_rate(
        mean.counts, images.seconds, mean.frames, mean.read_variance, mean.usable, shared=shared, diagnose=False
    )
    rate = fit.rate[0]
    expected_variance = count_variance(rate, seconds, frames, read_variance)
    for members, of_bias in shared:
        expected_variance[members] += np.broadcast_to(of_bias, (1, x.size))[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = (counts - rate * seconds) / np.sqrt(expected_variance)
    known = [image.uncertainty is not None for image in images]

    def where(used, values):
        return np.where(used, values, np.nan)

    is_known = usable & np.array(known)[:, None]
    return PixelCounts(
        x, y, images.seconds, where(usable, counts), where(is_known, np.sqrt(variance) * seconds),
        lower_limits * seconds, rate, where(is_known.any(axis=0), np.sqrt(fit.variance[0])), where(is_known, residuals),
    )  # fmt: skip


def _pixels_alone(rate, x, y):
    """An image of one row, with the pixels of a rate and its meta: what is read of it takes no time."""

    def cut(array):
        return np.broadcast_to(array, rate.shape)[y, x][None]

    part = CCDData(cut(rate.data), unit=rate.unit, mask=None if rate.mask is None else cut(rate.mask))
    part.meta = rate.meta
    if rate.uncertainty is not None:
        part.uncertainty = type(rate.uncertainty)(cut(rate.uncertainty.array), unit=rate.uncertainty.unit, copy=False)
    return part
