# Licensed under a 3-clause BSD style license - see LICENSE
"""The noise model of a dark frame, on plain arrays in electrons.

One model serves the whole package: a pixel that collects ``m`` dark electrons in a frame has the variance ``m + R**2``:
Poisson noise of the electrons, and a read noise ``R`` that includes the quantisation of the ADC, ``g**2 / 12`` (EMVA
Standard 1288, release 4.0, section 2).
"""

import numpy as np
from scipy.special import chdtr, chdtri, wrightomega

__all__ = ["frame_variance", "poisson_tilt", "trimmed_variance"]


def frame_variance(electrons, read_noise):
    """Variance of one frame (electron^2): ``max(electrons, 0) + read_noise**2``.

    ``electrons`` are the expected dark electrons of the frame; negative estimates count as zero, so that the variance
    is never below that of the read noise (electron, of one digitised frame).
    """
    return np.maximum(electrons, 0) + np.square(read_noise)


def poisson_tilt(count, expected, variance):
    """Tilt s for which the law of a noisy Poisson count x, multiplied by ``e^(s x)``, has the mean ``count``.

    Parameters
    ----------
    count : `numpy.ndarray`
        Count (electron).
    expected : `numpy.ndarray`
        Expected electrons without the tilt.
    variance : `numpy.ndarray`
        Variance of the Gaussian noise on the count (electron^2); positive.

    Returns
    -------
    tilt, electrons : `numpy.ndarray`
        The tilt s, and the expected electrons with it, ``expected e^s``.

    Notes
    -----
    ``expected e^s + variance s = count`` has the solution
    ``expected e^s = variance omega(log(expected / variance) + count / variance)``, omega being Wright's function
    (Corless and Jeffrey 2002, Lecture Notes in Computer Science 2385, 76).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        electrons = variance * wrightomega(np.log(expected / variance) + count / variance)
        # Each formula loses digits where the other one is used.
        tilt = np.where(electrons > variance, np.log(electrons / expected), (count - electrons) / variance)
    return tilt, electrons


def trimmed_variance(variances, dof, keep=0.95):
    """Mean of many sample variances of the same noise, without the few that are too large; NaN without any.

    Parameters
    ----------
    variances : `numpy.ndarray`
        Unbiased sample variances.
    dof : int or None
        Degrees of freedom of each. None: so many that leaving out the largest variances needs no correction.
    keep : float
        Fraction of the variances, from the smallest up, that is averaged.

    Notes
    -----
    ``dof * s**2 / sigma**2`` is a chi-square variable X. With q its ``keep`` quantile, the mean of X below q is
    ``dof * P(X[dof + 2] <= q) / keep`` (as the chi-square density has ``x f(x; k) = k f(x; k + 2)``). Dividing by it
    makes the trimmed mean unbiased.
    """
    variances = np.asarray(variances, dtype=float)
    variances = variances[np.isfinite(variances)]
    if variances.size == 0:
        return float("nan")
    count = max(1, round(keep * variances.size))
    smallest = np.partition(variances, count - 1)[:count]
    if dof is None or count == variances.size:
        return float(smallest.mean())
    fraction = count / variances.size
    quantile = chdtri(dof, 1 - fraction)
    return float(smallest.mean() * fraction / chdtr(dof + 2, quantile))
