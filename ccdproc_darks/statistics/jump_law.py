# Licensed under a 3-clause BSD style license - see LICENSE
"""Mean and scatter of frames of which some have a jump: normal noise of variance 1, and jumps of one size up or down.

A jump is there in a fraction p of all frames, up as often as down. Of N frames m have one, binomially, and ``net`` is
the number of those up minus those down. The mean of the frames is shifted by ``net / N`` jumps, and the sum of their
squares about the mean is a noncentral chi-square variable of N - 1 degrees of freedom, of noncentrality
``m - net^2 / N`` (the *energy*) times the square of the jump.
"""

from functools import lru_cache

import numpy as np
from scipy.special import gammaln, log_ndtr

from .significance import deviate_of_log_tail, log_chi_square_tail

__all__ = ["jump_energies", "mean_deviates", "noncentral_density", "noncentral_deviates", "scatter_deviates"]

# Probabilities that are too small to matter, and the relative step by which energies are told apart.
_NEVER, _ENERGY_STEP = 1e-22, 0.05
# Deviate below which the formula of Lugannani and Rice is replaced by its limit.
_NEAR_MEAN = 0.03


def _log_binomial(number, total, probability):
    """Logarithm of the probability of ``number`` of ``total``."""
    choose = gammaln(total + 1) - gammaln(number + 1) - gammaln(total - number + 1)
    return choose + number * np.log(probability) + (total - number) * np.log1p(-probability)


@lru_cache(maxsize=128)
def _pairs(often, frames):
    """Numbers of jumps m, net numbers, and probabilities of both; flat arrays, without what never happens."""
    number = np.arange(frames + 1)
    log_number = _log_binomial(number, frames, often)
    likely = log_number > np.log(_NEVER)
    number, log_number = number[likely], log_number[likely]
    up = np.arange(number.max() + 1)
    with np.errstate(invalid="ignore"):
        log_both = log_number[:, None] + np.where(
            up <= number[:, None], _log_binomial(np.minimum(up, number[:, None]), number[:, None], 0.5), -np.inf
        )
    m, net = np.broadcast_arrays(number[:, None], 2 * up - number[:, None])
    kept = log_both > np.log(_NEVER)
    return m[kept], net[kept], np.exp(log_both[kept])


@lru_cache(maxsize=128)
def jump_energies(often, frames):
    """Energies of the jumps among so many frames and their probabilities; ``often`` is 0 for no jumps."""
    if often == 0:
        return np.zeros(1), np.ones(1)
    m, net, probability = _pairs(often, frames)
    energy = m - net.astype(float) ** 2 / frames
    cell = np.where(energy > 1e-9, np.round(np.log(np.maximum(energy, 1e-9)) / _ENERGY_STEP), -1e9).astype(int)
    _, cell = np.unique(cell, return_inverse=True)
    total = np.bincount(cell, probability)
    return np.bincount(cell, probability * energy) / total, total / total.sum()


def mean_deviates(often, frames, deviates, energies):
    """Equivalent normal deviates of the mean of frames.

    Parameters
    ----------
    often : float
        Fraction of frames with a jump.
    frames : int
    deviates : `numpy.ndarray`
        Departure of the mean over its standard deviation without jumps, shape (deviates,).
    energies : `numpy.ndarray`
        Square of the jump over the variance of a frame without jumps, shape (energies,).

    Returns
    -------
    deviates : `numpy.ndarray`
        Shape (deviates, energies): exact, the sum of normal tails over the net number of jumps.
    """
    if often == 0:
        return np.repeat(deviates[:, None], energies.size, axis=1)
    _, net, probability = _pairs(often, frames)
    numbers, cell = np.unique(net, return_inverse=True)
    log_probability = np.log(np.bincount(cell, probability / probability.sum()))
    jump = np.sqrt(energies / frames)
    log_tail = np.full((deviates.size, energies.size), -np.inf)
    for number, weight in zip(numbers, log_probability, strict=True):
        log_tail = np.logaddexp(log_tail, weight + log_ndtr(number * jump - deviates[:, None]))
    return deviate_of_log_tail(log_tail)


def scatter_deviates(often, degrees, chi_square, energies):
    """Equivalent normal deviates of the scatter of frames, shape (chi_square, energies).

    ``chi_square`` is the sum of squares of ``degrees + 1`` frames about their mean over the variance of a frame without
    jumps; the other parameters are those of `mean_deviates`.
    """
    if often == 0:
        deviates = deviate_of_log_tail(log_chi_square_tail(chi_square, np.full(chi_square.shape, degrees)))
        return np.repeat(deviates[:, None], energies.size, axis=1)
    log_tail = np.full((chi_square.size, energies.size), -np.inf)
    for energy, probability in zip(*jump_energies(often, degrees + 1), strict=True):
        deviates = noncentral_deviates(chi_square[:, None], degrees, energy * energies)
        log_tail = np.logaddexp(log_tail, np.log(probability) + log_ndtr(-deviates))
    return deviate_of_log_tail(log_tail)


def noncentral_density(value, degrees, noncentrality):
    """Logarithm of the density of noncentral chi-square variables.

    Notes
    -----
    Saddlepoint density (Daniels 1954), with the cumulant generating function
    ``-nu / 2 log(1 - 2 t) + lambda t / (1 - 2 t)``; with ``v = 1 / (1 - 2 t)`` the saddlepoint is the root of
    ``lambda v^2 + nu v = value``. Right to ``1 / (6 nu)``.
    """
    x, _, t, cumulant, variance = _saddlepoint(value, degrees, noncentrality)
    return cumulant - t * x - np.log(2 * np.pi * variance) / 2


def noncentral_deviates(value, degrees, noncentrality):
    """Equivalent normal deviates of the upper tail of noncentral chi-square variables.

    Notes
    -----
    Saddlepoint tail (Lugannani and Rice 1980), of the saddlepoint of `noncentral_density` and better than it.
    """
    x, v, t, cumulant, variance = _saddlepoint(value, degrees, noncentrality)
    w = np.sign(t) * np.sqrt(2 * np.maximum(t * x - cumulant, 0))
    near = np.abs(w) < _NEAR_MEAN
    with np.errstate(divide="ignore", invalid="ignore"):
        found = w + np.log(t * np.sqrt(variance) / w) / w
    if near.any():
        v, lam = v[near], np.broadcast_to(noncentrality, near.shape)[near]
        skewness = (8 * degrees * v**3 + 24 * lam * v**4) / variance[near] ** 1.5
        found[near] = w[near] + skewness / 6
    return found


def _saddlepoint(value, degrees, noncentrality):
    """Values, v, t, the cumulant generating function and its second derivative at the saddlepoint."""
    x, nu, lam = np.maximum(value, 1e-300), degrees, noncentrality
    v = 2 * x / (nu + np.sqrt(nu**2 + 4 * lam * x))
    t = (1 - 1 / v) / 2
    return x, v, t, nu / 2 * np.log(v) + lam * t * v, 2 * nu * v**2 + 4 * lam * v**3
