# Licensed under a 3-clause BSD style license - see LICENSE
"""Which pixels are not proportional to exposure time, and of which that could not be told."""

import numpy as np
from scipy.special import chdtri, ndtr

__all__ = ["could_be_seen", "departures"]


def departures(comparison, critical, tolerance):
    """
    Pixels that are not proportional: significantly, and by more than a tolerance.

    Parameters
    ----------
    comparison : `ccdproc_darks.departure.Comparison`
        Some rows.
    critical : float
        Size of the significance needed.
    tolerance : float
        Departure needed, as a fraction of the rate.
    """
    with np.errstate(invalid="ignore"):
        worth = tolerance * np.maximum(comparison.fit.rate, 0)
        significant = np.abs(comparison.significance) > critical
        return significant & (comparison.departure() > worth) & (comparison.fit.degrees > 0)


def could_be_seen(comparison, critical, tolerance):
    """
    Pixels in which a departure as large as the tolerance would have been seen, more often than not.

    Parameters
    ----------
    comparison, critical, tolerance
        As of `departures`.

    Notes
    -----
    The departure of one exposure, of those the one that shows it best, makes the chi-square a non-central one; its
    median is about the non-centrality plus the degrees of freedom, less 1.
    """
    fit = comparison.fit
    departure = tolerance * np.maximum(fit.rate, 0) * comparison.seconds[:, None, None]
    with np.errstate(invalid="ignore"):
        seen = (departure**2 * fit.information).max(axis=0)
        needed = _critical_chi_square(critical, fit.degrees) - fit.degrees + 1
        return (seen >= needed) & (fit.rate > 0)


def _critical_chi_square(critical, degrees):
    """Chi-square of the two-sided probability of a deviate, for each number of degrees of freedom."""
    probability = 2 * ndtr(-critical)
    table = np.array([np.inf, *(chdtri(k, probability) for k in range(1, max(int(degrees.max(initial=0)), 1) + 1))])
    return table[np.maximum(degrees, 0)]
