# Licensed under a 3-clause BSD style license - see LICENSE
"""Pixels that are not proportional to exposure time, and those in which this would be seen."""

import numpy as np
from scipy.special import chdtri, ndtr

__all__ = ["detectable", "needed_non_centrality", "not_proportional"]


def not_proportional(comparison, critical, tolerance):
    """Pixels of a `Comparison` that are not proportional: significantly, and by more than a tolerance.

    ``critical`` is the significance needed, ``tolerance`` the departure needed as a fraction of the rate.
    """
    with np.errstate(invalid="ignore"):
        worth = tolerance * np.maximum(comparison.fit.rate, 0)
        significant = np.abs(comparison.significance) > critical
        return significant & (comparison.largest_departure() > worth) & (comparison.fit.degrees > 0)


def detectable(comparison, critical, tolerance):
    """Pixels in which a departure as large as the tolerance would be significant in more than half of the cases.

    Parameters are those of `not_proportional`.

    Notes
    -----
    The departure of one exposure, the one that shows it best, makes the chi-square a non-central one. Its median is
    about the non-centrality plus the degrees of freedom, less 1.
    """
    fit = comparison.fit
    departure = tolerance * np.maximum(fit.rate, 0) * comparison.seconds[:, None, None]
    with np.errstate(invalid="ignore"):
        seen = (departure**2 * fit.information).max(axis=0)
        return (seen >= needed_non_centrality(critical, fit.degrees)) & (fit.rate > 0)


def needed_non_centrality(critical, degrees):
    """Non-centrality from which on a chi-square of so many ``degrees`` (array) is significant in half of the cases."""
    probability = 2 * ndtr(-critical)
    table = np.array([np.inf, *(chdtri(k, probability) for k in range(1, int(degrees.max(initial=0)) + 1))])
    return table[np.maximum(degrees, 0)] - degrees + 1
