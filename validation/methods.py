# Licensed under a 3-clause BSD style license - see LICENSE
"""The tests that are tried: this package's, and what is done elsewhere. Each gives a deviate, or a p-value as one."""

import numpy as np
from scipy.special import chdtrc, ndtri

from ccdproc_darks.comparison.comparer import compare_rows
from ccdproc_darks.rates.mean_counts import MeanCounts

__all__ = ["free_line", "propagated", "this_package"]


def this_package(cell, counts, rate_distribution=None, free_offset=False):
    """
    Significance as `ccdproc_darks.compare_dark_rates` gives it.

    Parameters
    ----------
    cell : Cell
        The situation.
    counts : `numpy.ndarray`
        Mean counts (electron), shape (exposures, pixels).
    """
    counts = counts[:, None, :]
    frames = np.broadcast_to(np.array(cell.frames, dtype=float)[:, None, None], counts.shape)
    variance = cell.read_noise**2 / frames
    everything = np.ones(counts.shape, dtype=bool)
    rows = MeanCounts(counts.copy(), frames, variance, everything, np.full(counts.shape, np.nan))
    seconds = np.array(cell.seconds)
    compared = compare_rows(rows, seconds, cell.shared, np.zeros(len(seconds)), free_offset, rate_distribution)
    return compared.significance[0]


def propagated(cell, counts):
    """
    The difference of two rates over what propagating each rate's own uncertainty gives, as with CCDData arithmetic.

    That is ``|r1 - r2| > k sigma`` of a ccdproc user: errors of each mean from its own counts,
    ``max(c, 0) / N + R^2 / N`` (`ccdproc.create_deviation` of the mean), the bias error added to each.
    """
    seconds = np.array(cell.seconds)[:, None]
    frames = np.array(cell.frames, dtype=float)[:, None]
    variance = (np.maximum(counts, 0) + cell.read_noise**2) / frames + cell.bias_variance
    difference = counts[0] / seconds[0] - counts[-1] / seconds[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return difference / np.sqrt((variance / seconds**2)[[0, -1]].sum(axis=0))


def free_line(cell, counts):
    """
    Deviate of the p-value of a straight line with a free offset, as ESO's HDRL fits it.

    Weighted by errors from the counts themselves. Three exposure times or more; its p-value is of any departure from a
    line, and not from proportionality.
    """
    seconds = np.array(cell.seconds)[:, None]
    frames = np.array(cell.frames, dtype=float)[:, None]
    weights = 1 / ((np.maximum(counts, 0) + cell.read_noise**2) / frames)
    total = weights.sum(axis=0)
    t, y = seconds - (weights * seconds).sum(axis=0) / total, counts - (weights * counts).sum(axis=0) / total
    slope = (weights * t * y).sum(axis=0) / (weights * t * t).sum(axis=0)
    chi_square = (weights * (y - slope * t) ** 2).sum(axis=0)
    return -ndtri(np.maximum(chdtrc(len(seconds) - 2, chi_square), 1e-300) / 2)
