# Licensed under a 3-clause BSD style license - see LICENSE
"""Warnings about frames of different temperatures, or with a wrong uncertainty or bias."""

import numpy as np

from .._warnings import BiasWarning, NoiseWarning, TemperatureWarning, warn
from .headers import TEMPERATURE_KEYS, TEMPERATURE_SPREAD, header_number

__all__ = ["mean_temperature", "warn_poisson", "warn_sign", "warn_temperatures", "warn_uncertainties"]

# Largest accepted variance of equal frames, over the variance that their uncertainties claim.
_MORE_SCATTER = 2.0
# Smallest accepted variance of equal frames, over the Poisson variance of their electrons.
_LESS_SCATTER = 0.5
# Fewest pixels that have a typical value.
_TYPICAL_PIXELS = 100
# Number of rows and of columns that is enough to find the sign of the typical rate.
_FEW = 200


def mean_temperature(frames):
    """Mean sensor temperature (deg C) from the frames' headers, or None."""
    found = _temperatures(frames)
    return float(np.mean(found)) if found else None


def warn_temperatures(frames):
    """Warn if frames were taken at different sensor temperatures."""
    found = _temperatures(frames)
    if found and max(found) - min(found) > TEMPERATURE_SPREAD:
        warn(
            f"the darks were taken at {min(found):.1f} to {max(found):.1f} deg C: dark current doubles every few "
            "degrees, and their mean is the rate at none of these temperatures",
            TemperatureWarning,
        )


def warn_uncertainties(scatter):
    """Whether equal frames scatter much more than their uncertainties claim; warn if so."""
    doubtful = scatter.pixels >= _TYPICAL_PIXELS and scatter.variance > _MORE_SCATTER * scatter.claimed
    if doubtful:
        warn(
            f"equal frames scatter by {np.sqrt(scatter.variance):.3g} electron, not by the "
            f"{np.sqrt(scatter.claimed):.3g} of their uncertainties: the read noise is taken from the scatter. "
            "(ccdproc.subtract_bias leaves the error of the bias alone as uncertainty; better give frames that still "
            "have their bias, and bias=)",
            NoiseWarning,
        )
    return doubtful


def warn_poisson(scatter):
    """Whether equal frames scatter much less than the Poisson noise of their counts, as with a bias; warn if so."""
    doubtful = scatter.pixels >= _TYPICAL_PIXELS and scatter.variance < _LESS_SCATTER * scatter.electrons
    if doubtful:
        warn(
            f"equal frames have {scatter.electrons:.4g} electron a pixel, but a variance of {scatter.variance:.4g}: "
            "is the bias still in them? The read noise cannot be estimated; pass read_noise, or the right bias",
            BiasWarning,
        )
    return doubtful


def warn_sign(data, deviation):
    """Warn if the typical rate is far below zero: the bias was subtracted twice, or is a wrong one."""
    if data.size < _TYPICAL_PIXELS:
        return
    few = tuple(slice(None, None, 1 + number // _FEW) for number in data.shape)
    rate, sigma = (image[few][np.isfinite(image[few])] for image in (data, deviation))
    if rate.size and sigma.size and np.median(rate) < -5 * np.median(sigma) < 0:
        warn(
            f"the median rate is {np.median(rate):.4g} electron/s, far below zero: was the bias subtracted twice, or "
            "is it another camera's?",
            BiasWarning,
        )


def _temperatures(frames):
    return [header_number(frame, key) for frame in frames for key in TEMPERATURE_KEYS if key in frame.header]
