# Licensed under a 3-clause BSD style license - see LICENSE
"""The mean of equal exposures, with the frames that a cosmic ray has hit left out."""

from dataclasses import dataclass

import numpy as np

from .noise import frame_variance

__all__ = ["MeanCounts", "mean_counts"]


@dataclass
class MeanCounts:
    """
    Mean of some frames of one exposure time, of some rows of pixels.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples kept (electron); zero where none was.
    frames : `numpy.ndarray`
        Frames in that mean (a combined frame counts as many as went into it).
    own_variance : `numpy.ndarray` or None
        Variance of the mean from the frames' own uncertainties (electron^2), where those are used.
    """

    counts: np.ndarray
    frames: np.ndarray
    own_variance: np.ndarray | None


def mean_counts(samples, good, combined, *, read_noise=None, own_variance=None, levels=None, clip=None):
    """
    Mean of equal exposures.

    Parameters
    ----------
    samples : `numpy.ndarray`
        Bias-subtracted counts (electron), shape (frames, rows, columns).
    good : `numpy.ndarray` of bool
        Samples that may be used. Changed in place: the rejected ones become False.
    combined : `numpy.ndarray`
        Number of exposures that each frame is the mean of, shape (frames,).
    read_noise : float, optional
        Of one exposure (electron). None: ``own_variance`` holds the noise.
    own_variance : `numpy.ndarray`, optional
        Variance of each sample (electron^2).
    levels : `numpy.ndarray`, optional
        How far each frame as a whole sits above the others (electron): not a cosmic ray's doing.
    clip : float, optional
        Reject what is this many sigmas above the mean of the others. None keeps all.

    Returns
    -------
    `MeanCounts`

    Notes
    -----
    A sample x is compared with the mean m of the pixel's other samples: rejected, from the highest down, where

        x - m > clip * sqrt(V(d) (1 / n_x + 1 / n_m))

    V is the *model's* variance at the mean d of all of them, as it would be were there no cosmic ray. A rule
    built on the sample's own scatter would clip the tail of the Poisson distribution, and one built on
    m alone would take a single electron over nothing for a cosmic ray.
    """
    weight = combined[:, None, None] * good
    total = weight.sum(axis=0)
    weighted = np.einsum("i...,i...->...", weight, samples)
    if clip is not None and len(samples) > 1 and (read_noise is not None or own_variance is not None):
        _reject(samples, good, combined, weighted, total, read_noise, own_variance, levels, clip)
    counts = np.divide(weighted, total, out=np.zeros_like(weighted), where=total > 0)
    variance = None
    if own_variance is not None:
        squares = np.where(good, combined[:, None, None] ** 2 * own_variance, 0.0).sum(axis=0)
        variance = np.divide(squares, total**2, out=np.zeros_like(squares), where=total > 0)
    return MeanCounts(counts, total, variance)


def _reject(samples, good, combined, weighted, total, read_noise, own_variance, levels, clip):
    """Reject, and take the rejected out of the sums ``weighted`` and ``total``."""
    if levels is None or not np.any(levels):
        level_sum, compared = weighted.copy(), samples
    else:
        compared = samples - levels[:, None, None]
        level_sum = np.einsum("i...,i...->...", combined[:, None, None] * good, compared)
    rows, columns = np.nonzero(good.sum(axis=0) > 1)
    # All pixels are looked at once; only those that lost their highest sample are looked at again.
    while rows.size:
        candidates = np.where(good[:, rows, columns], compared[:, rows, columns], -np.inf)
        highest = candidates.argmax(axis=0)
        value = candidates[highest, np.arange(rows.size)]
        own = combined[highest]
        others = total[rows, columns] - own
        mean_others = (level_sum[rows, columns] - own * value) / others
        if own_variance is None:
            per_frame = frame_variance(level_sum[rows, columns] / total[rows, columns], read_noise)
            variance = per_frame * (1 / own + 1 / others)
        else:
            # The largest of the others' variances stands in for their mean's: few frames, and the safe side.
            rest = np.where(good[:, rows, columns], own_variance[:, rows, columns], 0.0)
            variance = rest[highest, np.arange(rows.size)] + rest.max(axis=0)
        hit = value - mean_others > clip * np.sqrt(variance)
        rows, columns, highest, value, own = rows[hit], columns[hit], highest[hit], value[hit], own[hit]
        good[highest, rows, columns] = False
        weighted[rows, columns] -= own * samples[highest, rows, columns]
        level_sum[rows, columns] -= own * value
        total[rows, columns] -= own
        several = good[:, rows, columns].sum(axis=0) > 1
        rows, columns = rows[several], columns[several]
