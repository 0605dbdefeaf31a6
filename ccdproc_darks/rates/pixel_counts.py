# Licensed under a 3-clause BSD style license - see LICENSE
"""Counts of some pixels at each exposure time, and the one rate that fits them all."""

from dataclasses import dataclass, fields

import numpy as np
from astropy.nddata import CCDData

from .._compute.blocks import sample_blocks
from .._interface.arguments import numpy_images
from .._interface.pixel_list import checked_pixels
from .._interface.warnings import collected
from ..statistics.rate_fit import count_variance, fit_rate
from .amplifiers import amplifiers_of_rates
from .common_offsets import common_offsets
from .rate_images import RateImages, check_rates, labels_of

__all__ = ["PixelCounts", "pixel_counts"]


# Pixels whose counts tell what all pixels of an exposure time have in common.
_SAMPLE = 2**17


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
    offsets : `numpy.ndarray`
        Common offset of the exposure time, which was taken from counts and lower limits.
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
    offsets: np.ndarray


def pixel_counts(rates, pixels, most):
    """`PixelCounts` of ``most`` ``pixels`` at the most, from results of `dark_rate` of one exposure time each.

    The fit is that of `ccdproc_darks.statistics.rate_fit.fit_rate`: least squares through zero, weighted by the noise
    of the fitted counts, with the error of a bias that exposure times share. As in a comparison of rates, what all
    pixels of an exposure time have in common is taken off first.
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
    # Each amplifier has a gain, a read noise and a bias of its own.
    parts, places = [], []
    for number, section in enumerate(sections.sections):
        inside = [index for index in range(x.size) if x[index] in section.columns and y[index] in section.rows]
        if inside:
            of_amplifier = [sections.part(rate, number) for rate in rates]
            parts.append(_counts(of_amplifier, x[inside] - min(section.columns), y[inside] - min(section.rows)))
            places += inside
    lost = next((index for index in range(x.size) if index not in places), None)
    if lost is not None:
        raise ValueError(f"pixels: ({x[lost]}, {y[lost]}) is in no amplifier (DKASECA, ... in the meta of the rates)")
    order = np.argsort(places)
    joined = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts], axis=-1)[..., order]
        for one in fields(PixelCounts)
        if one.name != "seconds"
    }
    return PixelCounts(**joined | {"seconds": parts[0].seconds, "x": x, "y": y})


def _check_shapes(rates, labels):
    for label, rate in zip(labels, rates, strict=True):
        if rate.data.ndim != 2:
            raise ValueError(f"{label} must be a 2-D image, got the shape {rate.shape}")
        if rate.shape != rates[0].shape:
            raise ValueError(f"rates must have one shape: {labels[0]} is {rates[0].shape}, {label} is {rate.shape}")


def _counts(rates, x, y):
    # An image of one row, of these pixels alone: what is read of it takes no time.
    images = RateImages([_part(rate, lambda array: array[y, x][None]) for rate in rates], repeated=True)
    if images.infos[0].exposures > 1:  # one alone; of several it is an error there
        raise ValueError(
            f"{images.labels[0]} is already one rate of {images.infos[0].exposures} exposure times; rates of one "
            "exposure time each are needed for their counts"
        )
    seconds, row = images.seconds[:, None], slice(0, 1)
    offsets = np.broadcast_to(_offsets(rates)[:, None], (len(rates), x.size))
    mean, (_, variance, usable, lower_limits) = images.rows(row), (part[:, 0] for part in images.values(row))
    counts, frames, read_variance = mean.counts[:, 0] - offsets, mean.frames[:, 0], mean.read_variance[:, 0]
    shared = images.shared_at(row)
    fit = fit_rate(
        counts[:, None], images.seconds, mean.frames, mean.read_variance, mean.usable, shared=shared, diagnose=False
    )
    rate = fit.rate[0]
    expected_variance = count_variance(rate, seconds, frames, read_variance)
    for members, of_bias in shared:
        expected_variance[members] += np.broadcast_to(of_bias, (1, x.size))[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        residuals = (counts - rate * seconds) / np.sqrt(expected_variance)
    is_known = usable & np.array([image.uncertainty is not None for image in images])[:, None]

    def where(used, values):
        return np.where(used, values, np.nan)

    return PixelCounts(
        x, y, images.seconds, where(usable, counts), where(is_known, np.sqrt(variance) * seconds),
        lower_limits * seconds - offsets, rate, where(is_known.any(axis=0), np.sqrt(fit.variance[0])),
        where(is_known, residuals), offsets,
    )  # fmt: skip


def _offsets(rates):
    """Common offset (electron) of each exposure time, by a sample of all pixels."""
    if len(rates) == 1:
        return np.zeros(1)
    blocks = sample_blocks(rates[0].shape, _SAMPLE)
    with collected():  # what there is to warn of, the pixels themselves have warned of
        images = RateImages(
            [_part(rate, lambda array: np.concatenate([array[block] for block in blocks])) for rate in rates],
            repeated=True,
        )
    return common_offsets(images.all_rows(), images.seconds, False)


def _part(rate, cut):
    """Part of a rate, by a function that cuts it out of an array, with the meta of the rate."""
    part = CCDData(cut(rate.data), unit=rate.unit, meta=rate.meta)
    if rate.mask is not None:
        part.mask = cut(np.broadcast_to(rate.mask, rate.shape))
    if rate.uncertainty is not None:
        array = cut(np.broadcast_to(rate.uncertainty.array, rate.shape))
        part.uncertainty = type(rate.uncertainty)(array, unit=rate.uncertainty.unit, copy=False)
    return part
