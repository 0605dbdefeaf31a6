# Licensed under a 3-clause BSD style license - see LICENSE
"""Counts at an exposure time of pixels with an offset, that bend as they fill, or are full: the mean of what may be.

Plain arrays in electrons and seconds; the first axis of arrays of counts is the exposure time.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..statistics.rate_fit import Covariance, shared_at

__all__ = ["Curves", "fit_curves"]

# Number of time constants with which a pixel may bend; they reach from a part of the shortest to a multiple of the
# longest exposure time.
_BENDS, _SHORTEST, _LONGEST = 10, 0.3, 2.0
# Probabilities of an offset, a bend, and a pixel that is full, before its counts are seen.
_OFFSET, _BEND, _FULL = 0.4, 0.35, 0.25
# Pixels that are fitted at once: each takes some kB.
_AT_ONCE = 2**13
# Finer grids about the best time constant, their steps, and how many steps of the one before they reach over.
_GRIDS, _FINE, _REACH = 2, 9, 3


@dataclass
class Curves:
    """Counts and their variance (electron, electron^2) at an exposure time, the mean of several curves.

    ``chi_square`` is that of the best curve, ``mean_chi_square`` that of all, ``-2 log`` of their mean likelihood.
    """

    counts: np.ndarray
    variance: np.ndarray
    chi_square: np.ndarray
    mean_chi_square: np.ndarray

    @property
    def parts(self):
        """The four arrays."""
        return self.counts, self.variance, self.chi_square, self.mean_chi_square


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
    pixels = rows.counts.shape[-1]
    if pixels > _AT_ONCE:
        parts = [slice(start, start + _AT_ONCE) for start in range(0, pixels, _AT_ONCE)]
        found = [fit_curves(rows.at(part), seconds, shared_at(shared, (..., part)), at) for part in parts]
        return Curves(*(np.concatenate(kind, axis=-1) for kind in zip(*(one.parts for one in found), strict=True)))
    if pixels == 1:
        # numpy adds up the curves of a single pixel in another order: results would depend on the blocks.
        twice = fit_curves(rows.at([0, 0]), seconds, shared_at(shared, (..., [0, 0])), at)
        return Curves(*(part[..., :1] for part in twice.parts))
    step = np.log(_LONGEST * max(seconds[-1], at) / (_SHORTEST * min(seconds[0], at))) / (_BENDS - 1)
    tau = _SHORTEST * min(seconds[0], at) * np.exp(step * np.arange(_BENDS))[:, None, None]
    share, last = np.full((_BENDS, 1, 1), 1 / _BENDS), _BENDS
    # The first round weights by the counts as measured, which are noisy.
    fitted = np.maximum(np.where(rows.usable, rows.counts, 0.0), 0.0)
    for grid in range(_GRIDS + 1):
        variance = fitted / rows.frames + rows.read_variance
        with np.errstate(divide="ignore"):
            weights = np.where(rows.usable & (variance > 0), 1 / variance, 0.0)
        covariance = Covariance(weights, shared)
        found = [_fitted(covariance, rows.counts, seconds, at, *curve) for curve in _shapes(seconds, at, tau, share)]
        log, chi_square, counts, variances, curves = (np.array(part) for part in zip(*found, strict=True))
        highest = log.max(axis=0)
        relative = np.exp(log - highest)
        total = relative.sum(axis=0)
        relative /= total
        if grid == _GRIDS:
            break
        fitted = np.maximum((relative[:, None] * curves).sum(axis=0), 0.0)
        # Where counts are precise, a time constant between two of the grid fits much better than both.
        size = len(tau)
        best = log[1 + size - last : 1 + size].argmax(axis=0)[None]
        coarse = np.array(np.broadcast_to(share, (size, *best.shape[1:])))
        near = np.abs(np.arange(last)[:, None, None] - best) <= _REACH // 2
        # All of the last grid have one share.
        one = coarse[-1:].copy()
        coarse[-last:][near] = 0.0
        tau = np.array(np.broadcast_to(tau, coarse.shape))
        fine = step * _REACH * ((np.arange(_FINE) + 0.5) / _FINE - 0.5)[:, None, None]
        tau = np.concatenate([tau, np.take_along_axis(tau[-last:], best, axis=0) * np.exp(fine)])
        share = np.concatenate([coarse, np.broadcast_to(one * _REACH / _FINE, (_FINE, *best.shape[1:]))])
        step, last = step * _REACH / _FINE, _FINE
    mean = (relative * counts).sum(axis=0)
    variance = (relative * (variances + np.square(counts - mean))).sum(axis=0)
    return Curves(mean, variance, chi_square.min(axis=0), -2 * (highest + np.log(total)))


def _shapes(seconds, at, times, shares):
    """Each curve's probability, the two shapes that it is a sum of, at all exposures and at ``at``, and its kind.

    ``times`` are the time constants (s) of bends, and ``shares`` their part of all bends.
    """
    t = np.asarray(seconds, dtype=float)[:, None, None]
    yield _OFFSET, (t, np.ones(t.shape)), (at, 1.0), "offset"
    for tau, share in zip(times, shares, strict=True):
        yield _BEND * share, (t, -np.expm1(-t / tau)), (at, -np.expm1(-at / tau)), "bend"
    for n in range(1, t.size):
        before = (t < t[n]) * 1.0
        yield _FULL / (t.size - 1), (t * before, 1 - before), (at, 1.0), "full"


def _fitted(covariance, counts, seconds, at, probability, shapes, there, kind):
    """Logarithm of probability times likelihood, chi-square, counts at ``at``, their variance, and the curve."""
    x, y = (shape * np.ones(counts.shape[1:]) for shape in shapes)
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
        log = np.log(np.maximum(probability, 1e-300)) + _log_positive(rate, var_rate) - chi_square / 2
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
        np.where(unknown, -1e9, np.maximum(log, -1e9)), np.where(unknown, 1e9, chi_square),
        *(np.where(unknown, 0.0, part) for part in (value, variance, curve)),
    )  # fmt: skip


def _log_positive(value, variance):
    """Logarithm of the probability that a number with a normal error is above zero, from below -6 sigma on the same."""
    return log_ndtr(np.clip(value / np.sqrt(variance), -6.0, 6.0))
