# Licensed under a 3-clause BSD style license - see LICENSE
"""Means and medians of values with outliers."""

import numpy as np

__all__ = ["median", "robust_deviation", "robust_mean", "scatter_in_image", "upper_median"]

# Values within this many sigmas are averaged: wide enough not to clip a Poisson distribution on one side.
_KEEP = 4.0
# Most iterations; they end earlier where the mean changes by less than this fraction of its error.
_ROUNDS, _SETTLED = 5, 1e-3
# Fewest rows, or columns, whose median is subtracted: it takes 1.6 / n of the variance with it.
_LEAST_LINES = 16
# Values that are enough for a first median.
_FEW = 2**16


def upper_median(values):
    """Upper median of values without NaN, in a tenth of the time of `numpy.median`."""
    half = values.size // 2
    return np.partition(values, half)[half]


def median(values):
    """`numpy.median` of flat integers or float64 without NaN, as a float, in a third to nine tenths of its time."""
    half = values.size // 2
    ordered = np.partition(values, half)
    if values.size % 2:
        return float(ordered[half])
    return (float(ordered[:half].max()) + float(ordered[half])) / 2


def robust_deviation(values):
    """Robust standard deviation of values: 1.4826 times the median absolute deviation from their median."""
    return 1.4826 * np.median(np.abs(values - np.median(values)))


def robust_mean(values, deviations):
    """Mean of ``values``, weighted by their standard ``deviations`` (or one for all), without outliers.

    A median of Poisson noise would be biased by a sixth of the skewness, in sigmas; this mean is not.
    """
    finite = np.isfinite(values) & np.isfinite(deviations) & np.greater(deviations, 0)
    if not finite.all():
        values, deviations = values[finite], np.broadcast_to(deviations, finite.shape)[finite]
    if values.size == 0:
        return 0.0
    # Medians are only the start.
    few = slice(None, None, 1 + values.size // _FEW)
    mean = upper_median(values[few])
    noise = deviations[few] if np.ndim(deviations) else deviations
    width = max(1.0, 1.4826 * upper_median(np.abs(values[few] - mean) / noise))
    weights = 1 / np.square(deviations)
    reach = _KEEP * width * deviations
    kept = np.empty(values.shape)
    for _ in range(_ROUNDS):
        np.subtract(values, mean, out=kept)
        np.multiply(weights, np.abs(kept, out=kept) <= reach, out=kept)
        total = kept.sum()
        if total == 0:
            break
        # `numpy.dot` would start threads, which slow down the others while they wait.
        last, mean = mean, np.einsum("i,i->", kept, values) / total
        if abs(mean - last) < _SETTLED / np.sqrt(total):
            break
    return float(mean)


def scatter_in_image(image):
    """Standard deviation from pixel to pixel of an image, without outliers and what columns and rows have in common."""
    # Odd steps: columns may alternate.
    image = np.asarray(image[:, :: image.size // _FEW | 1], dtype=float)
    finite = np.isfinite(image)
    if not finite.all():
        image = np.where(finite, image, np.nan)[finite.any(axis=1)][:, finite.any(axis=0)]
        if not image.size:
            return float("nan")
    # Ten times as fast as the other, which is needed for values that are not finite.
    median = np.median if finite.all() else np.nanmedian
    for axis in (0, 1):
        if image.shape[axis] >= _LEAST_LINES:
            image = image - median(image, axis=axis, keepdims=True)
    return float(1.4826 * median(np.abs(image - median(image))))
