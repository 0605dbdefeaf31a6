# Licensed under a 3-clause BSD style license - see LICENSE
"""Common offset of each exposure time: what its frames have more than the others in every pixel."""

import numpy as np

from ..statistics.robust import robust_mean, upper_median

__all__ = ["common_offsets"]

# Smallest variance of a pixel over the typical one; variance from which on a pixel is hot, over
# that of a pixel of typical rate.
_LEAST_VARIANCE, _HOT_VARIANCE = 0.25, 4.0


def common_offsets(samples, seconds, free_offset):
    """Common offset of each exposure time: what its frames have more than the others in every pixel (electron).

    ``samples`` are `MeanCounts` of some rows, ``seconds`` the exposure times; with ``free_offset`` each pixel has an
    offset of its own. An offset that grows with exposure time cannot be told from a dark rate of all pixels: the
    longest exposure's is 0 by definition, and with free offsets the shortest's too.
    """
    t = seconds
    long = len(t) - 1
    references = (0, long) if free_offset else (long,)
    differences = {index: [] for index in range(len(t)) if index not in references}
    for rows in samples:
        for index, found in differences.items():
            share = (t[index] - t[0]) / (t[long] - t[0]) if free_offset else t[index] / t[long]
            involved = (index, 0, long) if free_offset else (index, long)
            factors = dict(zip(involved, (1.0, -(1 - share), -share) if free_offset else (1.0, -share), strict=True))
            both = np.all([rows.usable[k] for k in involved], axis=0)
            rate = _plain_rate(rows, t, involved, free_offset)
            difference = sum(factor * rows.counts[k] for k, factor in factors.items())
            # A variance is constant + growth * rate.
            constant, growth = (
                sum(factor**2 * part[k] for k, factor in factors.items())
                for part in (rows.read_variance, t[:, None, None] / rows.frames)
            )
            found.append([part[both] for part in (difference, rate, constant, growth)])
    offsets = np.zeros(len(t))
    for index, found in differences.items():
        values, *parts = (np.concatenate(part) for part in zip(*found, strict=True))
        if values.size:
            offsets[index] = robust_mean(values, np.sqrt(_even_variance(*parts)))
    return offsets


def _even_variance(rate, constant, growth):
    """Variances (electron^2) of pixels of one typical rate: weights in which a pixel's own electrons have no part.

    A weight by its own rate would bias the mean where electrons are few: a pixel whose long exposure happens to have
    more of them would weigh less. Hot pixels, whose noise is another one whatever their luck, weigh by their own.
    """
    even, own = constant + growth * max(float(upper_median(rate)), 0.0), constant + growth * np.maximum(rate, 0)
    least = upper_median(even) * _LEAST_VARIANCE
    # Without read noise, the sum of two counts has no part in how they share it.
    return np.where(own > _HOT_VARIANCE * even, own, np.maximum(even, least))


def _plain_rate(rows, t, involved, free_offset):
    """Rate (electron/s) that is good enough for a typical one: all electrons over all seconds, or a slope."""
    if free_offset:
        _, short, long = involved
        return (rows.counts[long] - rows.counts[short]) / (t[long] - t[short])
    electrons = sum(rows.frames[k] * rows.counts[k] for k in involved)
    return electrons / sum(rows.frames[k] * t[k] for k in involved)
