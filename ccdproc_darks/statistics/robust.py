# Licensed under a 3-clause BSD style license - see LICENSE
"""Means and medians of values some of which are far off."""

import numpy as np

__all__ = ["robust_mean", "upper_median"]

# Sigmas of the noise within which a pixel takes part in a mean: wide enough not to clip a Poisson tail one-sidedly.
_KEEP = 4.0
# As a fraction of the error of a mean.
_ROUNDS, _SETTLED = 5, 1e-3
_FEW = 2**16


def upper_median(values):
    """The (upper) median of values that are all numbers, in a tenth of the time that `numpy.median` takes."""
    half = values.size // 2
    return np.partition(values, half)[half]


def robust_mean(values, deviations):
    """
    Weighted mean of ``values`` of known ``deviations`` (or of one for all), without those far off.

    A median would be off by a sixth of the skewness, in sigmas, for Poisson noise; this is not.
    """
    finite = np.isfinite(values) & np.isfinite(deviations) & np.greater(deviations, 0)
    if not finite.all():
        values, deviations = values[finite], np.broadcast_to(deviations, finite.shape)[finite]
    if values.size == 0:
        return 0.0
    # Medians only say where to look.
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
        # Not `numpy.dot`: the threads that it starts wait for more at the cost of all others.
        last, mean = mean, np.einsum("i,i->", kept, values) / total
        if abs(mean - last) < _SETTLED / np.sqrt(total):
            break
    return float(mean)
