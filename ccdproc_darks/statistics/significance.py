# Licensed under a 3-clause BSD style license - see LICENSE
"""Probabilities of departures, as equivalent normal deviates (sigmas of a normal distribution)."""

import numpy as np
from scipy.special import chdtrc, chdtri, gammaln, log_ndtr, ndtr, ndtri, ndtri_exp

__all__ = [
    "NORMAL_BELOW", "chi_square_of_deviate", "critical_deviate", "deviate_of_chi_square",
    "deviate_of_log_tail", "first_size", "log_chi_square_tail", "needs_exact_tail", "saddlepoint_deviate",
    "significance_between",
]  # fmt: skip


# Deviate below which the normal tail is right to a few per cent, and the saddlepoint formula divides by nearly zero.
NORMAL_BELOW = 2.5
_NEWTON_STEPS = 60
# Deviate from which on the probability of a chi-square is not inverted directly.
_UNDERFLOWS = 30.0
# Relative change of a tail probability that is negligible.
_NEGLIGIBLE = 0.01


def needs_exact_tail(size, skewness, kurtosis, known):
    """Whether the tail probability of a departure differs from a normal one, and must be computed exactly.

    Parameters
    ----------
    size : `numpy.ndarray`
        Absolute departure, as a normal deviate.
    skewness, kurtosis : `numpy.ndarray`
        Skewness and excess kurtosis of the counts in the direction of the departure.
    known : bool or `numpy.ndarray` of bool
        Whether the variance is known.

    Notes
    -----
    Where a tail is lighter than a normal one, or counts are few, the exact tail is needed at smaller departures: they
    are as improbable as larger ones of a normal distribution. The normal tail is enough where the variance is known,
    and the first two terms of Edgeworth's series (of a quantile: Cornish and Fisher 1938) change the tail probability
    by less than a hundredth.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        sooner = np.clip(1.5 * np.maximum(-skewness, kurtosis), 0.0, 1.0)
        far = size > NORMAL_BELOW - sooner
        shift = np.abs(skewness) * size**2 / 6 + (kurtosis + skewness**2) * size**3 / 24
        return far & ~(known & (shift * size < _NEGLIGIBLE))


# Relative error of a deviate in single precision, of rates thousands of times their noise; shift of any exact tail, and
# relative one.
_ROUNDING, _LEAST_SHIFT, _LEAST_PART = 1e-4, 0.3, 0.1


def first_size(least):
    """Departure, as a normal deviate, up to which no tail gives a deviate above ``least``.

    Tails that are not normal are exact from 1.5 on, and no deviate was ever more than three times as large.
    """
    return min(least, max(NORMAL_BELOW - 1, least / 3)) * (1 - _ROUNDING)


def significance_between(size, skewness, kurtosis, exact):
    """Lower and upper limit of the deviates that pixels have by their exact tails, from those of normal noise.

    Parameters
    ----------
    size, skewness, kurtosis : `numpy.ndarray`
        See `needs_exact_tail`.
    exact : `numpy.ndarray` of bool
        Pixels whose tail is not normal; of the others both limits are ``size``, but for rounding.

    Notes
    -----
    A deviate z of a Poisson count of the skewness s is about that of its root, ``2 (sqrt(1 + s z) - 1) / s``. The
    limits have two and a half times the skewness, five times the kurtosis, and both signs: they held for 300 000 pixels
    of sensors with a read noise of 0.6 to 5 electron and 0.002 to 60 electron/s, with departures of up to 8 sigmas.
    """
    shape, shift = 2.5 * np.abs(skewness) + 5 * kurtosis, _LEAST_SHIFT + _LEAST_PART * size
    low = size * 2 / (1 + np.sqrt(1 + shape * size)) - shift
    with np.errstate(invalid="ignore"):
        # No limit where a count would have to be below zero.
        high = np.nan_to_num(size * 2 / (1 + np.sqrt(1 - shape * size)), nan=np.inf) + shift
    low, high = np.where(exact, low, size), np.where(exact, high, size)
    return low * (1 - _ROUNDING), high * (1 + _ROUNDING)


def critical_deviate(probability):
    """Normal deviate that is exceeded, on one side, with this probability."""
    return float(-ndtri(probability))


def deviate_of_chi_square(chi_square, degrees):
    """Normal deviate (not negative) whose two-sided probability is that of a chi-square as large or larger.

    NaN for a chi-square of NaN, and without ``degrees`` of freedom.
    """
    deviate = np.full(np.shape(chi_square), np.nan)
    one = degrees == 1
    deviate[one] = np.sqrt(np.maximum(chi_square[one], 0))
    several = (degrees > 1) & np.isfinite(chi_square)
    deviate[several] = deviate_of_log_tail(log_chi_square_tail(chi_square[several], degrees[several]) - np.log(2))
    return deviate


def chi_square_of_deviate(deviate, degrees):
    """Chi-square that is exceeded with the same probability as a normal deviate, on one side.

    Where the probability underflows, by Newton's method on its logarithm, of which the slope is nearly -1/2.
    """
    deviate, degrees = (
        np.asarray(deviate, dtype=float),
        np.broadcast_to(np.asarray(degrees, dtype=float), deviate.shape),
    )
    chi_square = chdtri(degrees, ndtr(-deviate))
    far = np.flatnonzero(deviate > _UNDERFLOWS)
    if far.size:
        target, x = log_ndtr(-deviate[far]), np.square(deviate[far]) + degrees[far]
        for _ in range(_NEWTON_STEPS):
            slope = -0.5 + (degrees[far] - 2) / (2 * x)
            step = (target - log_chi_square_tail(x, degrees[far])) / slope
            x = x + step
            if (np.abs(step) < 1e-9 * x).all():
                break
        chi_square[far] = x
    return chi_square


def deviate_of_log_tail(log_probability):
    """Normal deviate that is exceeded, on one side, with a probability given by its logarithm."""
    return -ndtri_exp(np.minimum(log_probability, -1e-300))


def log_chi_square_tail(chi_square, degrees):
    """Logarithm of the probability that a chi-square variable is as large or larger.

    Where it underflows: the asymptotic series of the incomplete gamma function (Abramowitz and Stegun 6.5.32).
    """
    x, k = np.maximum(chi_square, 0), np.asarray(degrees, dtype=float)
    with np.errstate(divide="ignore"):
        log_tail = np.log(chdtrc(k, x))
    far = ~(log_tail > -600)
    a, half = k[far] / 2, x[far] / 2
    series = 1 + (a - 1) / half * (1 + (a - 2) / half)
    log_tail[far] = (a - 1) * np.log(half) - half - gammaln(a) + np.log(series)
    return log_tail


def saddlepoint_deviate(deviate, coefficients, electrons, gaussian_variance):
    """Equivalent normal deviate z of a sum of Poisson counts and Gaussian noise: P(sum larger) = P(normal deviate > z).

    Parameters
    ----------
    deviate : `numpy.ndarray`
        Standardised excess, (sum - mean) / standard deviation, shape (pixels,); positive.
    coefficients : `numpy.ndarray`
        What one electron adds to the standardised sum, shape (counts, pixels).
    electrons : `numpy.ndarray`
        Expected electrons of each count, shape (counts, pixels).
    gaussian_variance : `numpy.ndarray`
        Variance of the Gaussian part of the standardised sum, shape (pixels,).

    Notes
    -----
    Lugannani and Rice (1980), in the form of Daniels (1987): with the cumulant generating function of the centred sum
    ``K(s) = sum_k m_k (e^{a_k s} - 1 - a_k s) + s^2 v / 2``, solve ``K'(s) = D``; then ``w = sqrt(2 (s D - K))``,
    ``u = s sqrt(K''(s))`` and ``z = w + log(u / w) / w``.
    """
    m, v = electrons, gaussian_variance
    # Where no electron is expected there is no Poisson noise, and e^(a s) would overflow.
    a = np.where(m > 1e-100, coefficients, 0.0)
    # Every term of K' is positive for s > 0, so that each alone bounds the root from above.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bounds = np.where((a > 0) & (m > 0), np.log1p(deviate / (m * a)) / a, np.inf)
        high = np.minimum(bounds.min(axis=0), np.where(v > 0, deviate / v, np.inf))
    solvable = np.isfinite(high)
    high = np.where(solvable, high, 0.0)
    low, s, settled = np.zeros_like(high), high.copy(), ~solvable
    for _ in range(_NEWTON_STEPS):
        grown = a * m * np.exp(a * s)
        slope = (grown - a * m).sum(axis=0) + s * v - deviate
        curvature = (a * grown).sum(axis=0) + v
        high = np.where(slope > 0, s, high)
        low = np.where(slope > 0, low, s)
        step = s - slope / np.where(curvature > 0, curvature, 1.0)
        trial = np.where((step > low) & (step < high), step, (low + high) / 2)
        # A pixel that has converged stays as it is: its result must not depend on other pixels.
        settled |= np.abs(trial - s) <= 1e-12 * np.abs(s)
        if settled.all():
            break
        s = np.where(settled, s, trial)
    cumulant = (m * (np.expm1(a * s) - a * s)).sum(axis=0) + s * v * s / 2
    curvature = (a**2 * m * np.exp(a * s)).sum(axis=0) + v
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.sqrt(2 * np.maximum(s * deviate - cumulant, 0))
        z = w + np.log(s * np.sqrt(curvature) / w) / w
    return np.where(solvable & np.isfinite(z), z, deviate)
