# Licensed under a 3-clause BSD style license - see LICENSE
"""Counts at an exposure time of pixels with an offset, that bend as they fill, or are full: the mean of what may be.

Plain arrays in electrons and seconds; the first axis of arrays of counts is the exposure time.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..statistics.rate_fit import Covariance

__all__ = ["Curves", "fit_curves"]

# Number of time constants with which a pixel may bend; they reach from a part of the shortest to a multiple of the
# longest exposure time.
_BENDS, _SHORTEST, _LONGEST = 10, 0.3, 2.0
# Probabilities of an offset, a bend, and a pixel that is full, before its counts are seen.
_OFFSET, _BEND, _FULL = 0.4, 0.35, 0.25
# Rounds of the fit: the first one weights by the counts as measured, which are noisy.
_ROUNDS = 2


@dataclass
class Curves:
    """Counts and their variance (electron, electron^2) at an exposure time, the mean of several curves.

    ``chi_square`` is that of the best curve, ``mean_chi_square`` that of all, ``-2 log`` of their mean likelihood.
    """

    counts: np.ndarray
    variance: np.ndarray
    chi_square: np.ndarray
    mean_chi_square: np.ndarray


def fit_curves(rows, seconds, shared, at):
    """`Curves` through the counts of pixels that are not proportional; for the arguments see `by_own_counts`.

    Notes
    -----
    Each curve has two numbers that are fitted by generalised least squares: a rate, and an offset (``a + d t``), the
    charge of a depletion edge (``d t + q (1 - exp(-t / tau))``, Dunlap et al. 2012), or the level at which the pixel is
    full (``min(d t, f)``). Time constants, and exposures between which a pixel fills, are on a grid. The curves are
    weighted by their likelihood (Bayesian model averaging: Hoeting et al. 1999), and by how probable it is that rates,
    charges and levels have the sign that they must have. The variance is that of the mixture.
    """
    fitted = np.maximum(np.where(rows.usable, rows.counts, 0.0), 0.0)
    for _ in range(_ROUNDS):
        variance = fitted / rows.frames + rows.read_variance
        with np.errstate(divide="ignore"):
            weights = np.where(rows.usable & (variance > 0), 1 / variance, 0.0)
        covariance = Covariance(weights, shared)
        found = [_fitted(covariance, rows.counts, seconds, at, *curve) for curve in _shapes(seconds, at)]
        log_prior, chi_square, counts, variances, curves = (np.array(part) for part in zip(*found, strict=True))
        log = log_prior - chi_square / 2
        highest = log.max(axis=0)
        relative = np.exp(log - highest)
        total = relative.sum(axis=0)
        relative /= total
        fitted = np.maximum((relative[:, None] * curves).sum(axis=0), 0.0)
    mean = (relative * counts).sum(axis=0)
    variance = (relative * (variances + np.square(counts - mean))).sum(axis=0)
    return Curves(mean, variance, chi_square.min(axis=0), -2 * (highest + np.log(total)))


def _shapes(seconds, at):
    """Each curve's probability, the two shapes that it is a sum of, at all exposures and at ``at``, and its kind."""
    t = np.asarray(seconds, dtype=float)
    yield _OFFSET, (t, np.ones(t.size)), (at, 1.0), "offset"
    for tau in np.geomspace(_SHORTEST * min(t[0], at), _LONGEST * max(t[-1], at), _BENDS):
        yield _BEND / _BENDS, (t, -np.expm1(-t / tau)), (at, -np.expm1(-at / tau)), "bend"
    for n in range(1, t.size):
        yield _FULL / (t.size - 1), (t * (np.arange(t.size) < n), (np.arange(t.size) >= n) * 1.0), (at, 1.0), "full"


def _fitted(covariance, counts, seconds, at, probability, shapes, there, kind):
    """Logarithm of the probability, chi-square, counts at ``at``, their variance, and all counts of the curve."""
    x, y = (shape[:, None, None] * np.ones(counts.shape[1:]) for shape in shapes)
    used = covariance.weights > 0
    solved_x, solved_y = (covariance.solve(shape * used) for shape in (x, y))
    xx, xy, yy = (solved_x * x).sum(axis=0), (solved_x * y).sum(axis=0), (solved_y * y).sum(axis=0)
    to_x, to_y = (solved_x * counts).sum(axis=0), (solved_y * counts).sum(axis=0)
    determinant = xx * yy - xy**2
    with np.errstate(divide="ignore", invalid="ignore"):
        known = determinant > 1e-12 * xx * yy
        determinant = np.where(known, determinant, np.nan)
        rate, other = (yy * to_x - xy * to_y) / determinant, (xx * to_y - xy * to_x) / determinant
        var_rate, var_other, both = yy / determinant, xx / determinant, -xy / determinant
        curve = rate * x + other * y
        residual = np.where(used, counts - curve, 0.0)
        chi_square = (residual * covariance.solve(residual)).sum(axis=0)
        log = np.log(probability) + _log_positive(rate, var_rate)
        if kind != "full":
            value = rate * there[0] + other * there[1]
            variance = var_rate * there[0] ** 2 + 2 * both * there[0] * there[1] + var_other * there[1] ** 2
            if kind == "bend":
                log += _log_positive(other, var_other)
        else:
            value = np.minimum(rate * at, other)
            variance = np.where(rate * at < other, var_rate * at**2, var_other)
            # It was not full in the exposure before, and in the one after it would have more without being full.
            before, after = (x * used).max(axis=0), np.where(used & (y > 0), seconds[:, None, None], np.inf).min(axis=0)
            for t, sign in ((before, 1), (np.where(np.isfinite(after), after, before), -1)):
                log += _log_positive(sign * (other - rate * t), var_other + var_rate * t**2)
    unknown = ~(known & np.isfinite(chi_square))
    return (
        np.where(unknown, -1e9, log), np.where(unknown, 1e9, chi_square), np.where(unknown, 0.0, value),
        np.where(unknown, 0.0, variance), np.where(unknown, 0.0, curve),
    )  # fmt: skip


def _log_positive(value, variance):
    """Logarithm of the probability that a number with a normal error is above zero, from below -6 sigma on the same."""
    return log_ndtr(np.clip(value / np.sqrt(variance), -6.0, 6.0))
