# Licensed under a 3-clause BSD style license - see LICENSE
"""A folder of 20 bias frames, 10 darks of 90 s and 20 of 1000 s to a mask, with this package."""

import zlib

import numpy as np

from ccdproc_darks import compare_dark_rates, dark_rate, hot_pixel_mask, master_bias

from .frames import raw_frames

__all__ = ["checked", "kinds", "median_rates", "rates_to_mask"]


def kinds(data, size):
    """Paths of the bias frames, of the darks of 90 s and of those of 1000 s."""
    paths = raw_frames(data, size)
    return [[path for path in paths if path.name.startswith(kind)] for kind in ("bias_", "dark_90s_", "dark_1000s_")]


def rates_to_mask(paths, **options):
    """Rates, comparison and mask (and the master bias), all in memory; ``options`` go to every call."""
    bias = master_bias(paths[0], **options)
    rates = [dark_rate(darks, bias=bias, **options) for darks in paths[1:]]
    compared = compare_dark_rates(*rates, statistic="significance", **options)
    return *rates, compared, hot_pixel_mask(*rates, **options), bias


def median_rates(results):
    """Medians of the two rates, that come first in the results."""
    return {
        f"median rate, {name}": float(np.nanmedian(rate.data))
        for name, rate in zip(("90 s", "1000 s"), results, strict=False)
    }


def checked(results):
    """Medians of the rates, and a checksum of all images: the same to the bit or not."""
    rates, (compared, hot) = results[:2], results[2:4]
    checksum = 0
    for image in (*(array for rate in rates for array in (rate.data, rate.uncertainty.array)), compared.data, hot.data):
        checksum = zlib.crc32(np.ascontiguousarray(image), checksum)
    return {**median_rates(results), "checksum": float(checksum)}
