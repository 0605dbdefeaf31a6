# Licensed under a 3-clause BSD style license - see LICENSE
"""Read noise of each pixel, read back from the uncertainties of rates that were measured with a map of it."""

from itertools import combinations, product

import numpy as np

from .._compute.blocks import row_blocks
from .._compute.workers import THREADS
from .pixel_noise import PixelNoise

__all__ = ["noise_of_rates"]

# Relative error of a variance that was computed, and written, in single precision; bytes of a pixel of a rate.
_ROUNDING, _BYTES = 1e-6, 40
# Relative error with which another exposure time may tell that a pixel lost frames in the best one.
_GOOD = 0.01
# Most frames that a pixel is taken to have lost in all rates; relative error with which two rates tell how many.
_MOST_LOST, _TELLING = 3, 1e-3


def noise_of_rates(images, distribution):
    """`PixelNoise` with which rates of one exposure time each were measured.

    Parameters
    ----------
    images : list of `ccdproc_darks.rates.rate_images.RateImage`
        The rates, whose DKNOISE is 'map'.
    distribution : `ccdproc_darks.statistics.read_noise_distribution.ReadNoiseDistribution` or None
        Distribution of the sensor's read noise, by their meta.

    Notes
    -----
    The uncertainty u of a rate d of exposure time t is ``u^2 t^2 = (max(d, 0) t + v) / N + s_b^2 v / R^2``, with v the
    variance of one reading, N the number of frames, s_b the error of the bias in a pixel of typical read noise R. So
    ``v = (u^2 t^2 - max(d, 0) t / N) / (1 / N + s_b^2 / R^2)``. It is told best by the rate with the fewest dark
    electrons. Where a pixel lost frames v comes out too high, by as much as the mean of all frames would be noisier;
    another rate, in which it lost none, has a lower one then. Where it lost frames in all of them, no two rates agree,
    but for the right numbers of frames (the Poisson part of u^2 tells them apart).
    """
    found = np.empty(images[0].data.shape, np.float32)

    def put(rows):
        best = error = None
        for image in images:
            variance, rounding = _variance(image, rows)
            if best is None:
                best, error, agreed = variance, rounding, np.zeros(variance.shape, bool)
                continue
            with np.errstate(invalid="ignore"):
                agreed |= np.abs(variance - best) <= rounding + error
                lower = (variance + rounding + error < best) & (rounding < _GOOD * variance)
                better = (rounding < error) & ~(best + rounding + error < variance)
                better |= lower | np.isnan(best)
                agreed &= ~lower
            best, error = np.where(better, variance, best), np.where(better, rounding, error)
        if len(images) > 1:
            pixels = np.flatnonzero(~agreed & np.isfinite(best))
            told = _with_lost_frames(images, rows, pixels)
            best[pixels] = np.where(np.isnan(told), best[pixels], told)
        found[rows] = best.reshape(found[rows].shape)

    THREADS.map_in_threads(put, list(row_blocks(found.shape, _BYTES * len(images))))
    return PixelNoise.of_variance(found, distribution)


def _with_lost_frames(images, rows, pixels):
    """Variance of one reading of some pixels, in which two rates agree; NaN where none do.

    Of the numbers of frames with which two rates agree, those are taken that leave the fewest frames out.
    """
    found = np.full(pixels.size, np.nan)
    told = [[_variance(image, rows, pixels, lost, float) for lost in range(_MOST_LOST + 1)] for image in images]
    for one, other in sorted(product(range(_MOST_LOST + 1), repeat=2), key=sum):
        for first, second in combinations(told, 2):
            (variance, error), (again, its_error) = first[one], second[other]
            with np.errstate(invalid="ignore"):
                agree = np.isnan(found) & (np.abs(variance - again) <= error + its_error)
                agree &= error + its_error < _TELLING * variance
            found[agree] = np.where(error < its_error, variance, again)[agree]
    return found


def _variance(image, rows, pixels=None, lost=0, dtype=np.float32):
    """Variance of one reading (electron^2), NaN where it is not told, and the error of it by rounding; flat.

    Of a slice of rows, or of some ``pixels`` of it, in which so many frames were ``lost``.
    """
    info, number = image.info, np.dtype(dtype).type
    data, mask, deviation = image.flat(rows, pixels)
    seconds, frames = image.factor * info.longest, max(info.frames - lost, 1)
    # Of a map whose typical read noise is zero, the bias has the same error in every pixel.
    growth = 1 / frames + ((info.bias_error / info.read_noise) ** 2 if info.read_noise else 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        total = np.square(deviation.astype(dtype))
        total *= number(seconds**2 / growth)
        electrons = np.fmax(data, 0).astype(dtype)
        electrons *= number(seconds / frames / growth)
        variance = total - electrons
        variance[~((variance > 0) & np.isfinite(variance))] = np.nan
    if mask is not None:
        variance[mask] = np.nan
    total *= number(_ROUNDING)
    return variance, total
