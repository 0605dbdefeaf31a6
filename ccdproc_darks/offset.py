# Licensed under a 3-clause BSD style license - see LICENSE
"""The drift of the bias between sets of frames, which shifts every pixel alike."""

import numpy as np

from .fit import count_variance

__all__ = ["common_offsets", "middle", "robust_mean"]

# Sigmas of the noise within which a pixel takes part in a mean: wide enough not to clip a Poisson tail one-sidedly.
_KEEP = 4.0
# As a fraction of the error of a mean.
_ROUNDS, _SETTLED = 5, 1e-3
_FEW = 2**16


def middle(values):
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
    mean = middle(values[few])
    noise = deviations[few] if np.ndim(deviations) else deviations
    width = max(1.0, 1.4826 * middle(np.abs(values[few] - mean) / noise))
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


def common_offsets(samples, seconds, free_offset):
    """
    What each set of frames has on top of the others in every pixel (electron).

    Parameters
    ----------
    samples : iterable of `ccdproc_darks.rate_stack.RateRows`
        Some rows of the rates.
    seconds : `numpy.ndarray`
        Their exposure times (s).
    free_offset : bool
        Whether pixels have offsets of their own.

    Returns
    -------
    `numpy.ndarray`
        One number a set. An offset that grows with exposure time cannot be told from a dark rate of all pixels: the
        longest exposure's is 0 by definition (and with free offsets the shortest's too).
    """
    t = seconds
    long = len(t) - 1
    references = (0, long) if free_offset else (long,)
    differences = {index: ([], []) for index in range(len(t)) if index not in references}
    for rows in samples:
        for index, (values, variances) in differences.items():
            share = (t[index] - t[0]) / (t[long] - t[0]) if free_offset else t[index] / t[long]
            involved = (index, 0, long) if free_offset else (index, long)
            factors = dict(zip(involved, (1.0, -(1 - share), -share) if free_offset else (1.0, -share), strict=True))
            both = np.all([rows.usable[k] for k in involved], axis=0)
            rate = _plain_rate(rows, t, involved, free_offset)
            difference = sum(factor * rows.counts[k] for k, factor in factors.items())
            variance = sum(
                factor**2 * count_variance(rate, t[k], rows.frames[k], rows.read_variance[k])
                for k, factor in factors.items()
            )
            values.append(difference[both])
            variances.append(variance[both])
    offsets = np.zeros(len(t))
    for index, (values, variances) in differences.items():
        offsets[index] = robust_mean(np.concatenate(values), np.sqrt(np.concatenate(variances)))
    return offsets


def _plain_rate(rows, t, involved, free_offset):
    """A rate good enough to weigh with: all electrons over all seconds, or a slope."""
    if free_offset:
        _, short, long = involved
        return (rows.counts[long] - rows.counts[short]) / (t[long] - t[short])
    electrons = sum(rows.frames[k] * rows.counts[k] for k in involved)
    return electrons / sum(rows.frames[k] * t[k] for k in involved)
