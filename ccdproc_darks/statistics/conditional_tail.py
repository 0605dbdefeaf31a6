# Licensed under a 3-clause BSD style license - see LICENSE
"""Exact probability that a pixel's counts depart so far from one rate, given the estimate of that rate.

For the few pixels with large departures, where a normal distribution is not good enough. Plain arrays in electrons and
seconds, shape (exposures, pixels).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, log_ndtr

from .count_law import CountLaw
from .rate_fit import shared_at
from .significance import deviate_of_log_tail, log_chi_square_tail

__all__ = ["Candidates", "conditional_tail", "far_deviate"]

# Pixels times possible rates that are computed together: their arrays fit into the processor's cache.
_PAIRS = 2**14
# Logarithm of how much less likely than the most likely rate one is that is left out.
_IMPROBABLE = 16.0
# Possible free offsets of a pixel, in standard deviations from the fitted one.
_OFFSET_SIGMAS = np.linspace(-2.5, 2.5, 6)
# Smallest variance that is divided by.
_TINY = 1e-200
# Deviate below which the saddlepoint correction is not needed, and would divide by nearly zero.
_NEAR = 0.3


@dataclass
class Candidates:
    """Mean counts of the pixels whose departure from one rate is large, and the rate fitted to them.

    Attributes
    ----------
    counts, frames, read_variance, usable : `numpy.ndarray`
        See `ccdproc_darks.rates.mean_counts.MeanCounts`; shape (exposures, pixels).
    seconds, shared
        See `ccdproc_darks.statistics.rate_fit.fit_rate`.
    rate : `numpy.ndarray`
        Fitted rate (electron/s), shape (pixels,).
    directions : list of `numpy.ndarray`
        Weights of the counts in the fit: ``C^-1 t`` for the rate, with free offsets also ``C^-1 1`` for the offset.
    estimator : `numpy.ndarray`
        Coefficients (1/s) with which the counts add up to the rate.
    residual : `numpy.ndarray`
        Counts minus the fitted counts (electron). With one degree of freedom their sign is the side of the departure.
    """

    counts: np.ndarray
    frames: np.ndarray
    read_variance: np.ndarray
    usable: np.ndarray
    seconds: np.ndarray
    shared: list
    rate: np.ndarray
    directions: list
    estimator: np.ndarray
    residual: np.ndarray

    @property
    def degrees(self):
        """Degrees of freedom of the residuals, shape (pixels,)."""
        return self.usable.sum(axis=0) - len(self.directions)

    def rate_variance_parts(self):
        """Variance of the fitted rate without dark current (electron^2/s^2), and its growth per electron/s."""
        constant = (self.estimator**2 * self.read_variance).sum(axis=0)
        for members, variance in self.shared:
            constant += variance * self.estimator[members].sum(axis=0) ** 2
        return constant, (self.estimator**2 * self.seconds[:, None] / self.frames).sum(axis=0)


def far_deviate(candidates, rate_distribution=None, width=1.0):
    """Equivalent normal deviate (not negative) of the departure of pixels from one rate, shape (pixels,).

    Parameters
    ----------
    candidates : `Candidates`
        The pixels.
    rate_distribution : `ccdproc_darks.statistics.rate_distribution.RateDistribution`, optional
        Distribution of the true rates of the sensor's pixels. None: the true rate of a pixel is its fitted rate.
    width : float
        Factor by which good pixels scatter more than the noise model says.

    Returns
    -------
    `numpy.ndarray`
        Normal deviate that is exceeded with the same probability as the departure. With one degree of freedom that is
        the probability of a departure as large on the same side, of a pixel that has one rate; with several degrees,
        half the probability of a departure as large in any direction.

    Notes
    -----
    The fitted rate and the departure from it come from the same few electrons: they are uncorrelated, but not
    independent. The probability of the departure at the fitted rate is therefore off by large factors where counts are
    few. The law of the departure *given* the fitted rate (`conditional_tail`) depends only weakly on the true rate (not
    at all for Poisson counts without noise: Przyborowski and Wilenski 1940). That dependence is averaged over the true
    rates that the pixel may have, given its fitted rate and the distribution of rates (conditional predictive
    probability: Bayarri and Berger 2000, J. Am. Stat. Assoc. 95, 1127), so that it is right on average over the pixels.
    """
    deviate = np.zeros(candidates.counts.shape[1])
    exact = _two_without_noise(candidates)
    if exact.any():
        deviate[exact] = _binomial_deviate(candidates, exact) / width
    pixels = np.flatnonzero(~exact & (candidates.degrees > 0))
    rates, log_prior, owners = _possible_rates(candidates, pixels, rate_distribution)
    shifts = np.zeros(rates.size)
    if rate_distribution is not None and len(candidates.directions) == 2:
        # The true offset is not known either: average over a grid of offsets, all as likely.
        shifts = np.tile(_OFFSET_SIGMAS, rates.size)
        rates, log_prior, owners = (np.repeat(part, len(_OFFSET_SIGMAS)) for part in (rates, log_prior, owners))
    log_tail, log_weight = np.empty(rates.size), np.empty(rates.size)
    for start in range(0, rates.size, _PAIRS):
        part = slice(start, start + _PAIRS)
        log_tail[part], log_density = _tail_at(candidates, owners[part], rates[part], shifts[part], width)
        log_weight[part] = log_prior[part] + log_density
    if pixels.size:
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        total = np.logaddexp.reduceat(log_weight, starts)
        tail = np.logaddexp.reduceat(log_weight + log_tail, starts) - total
        deviate[pixels] = deviate_of_log_tail(tail)
    return deviate


def conditional_tail(counts, law, directions, residual, width=1.0):
    """Logarithm of the probability of a departure as large or larger, given the sums ``directions . counts``.

    Parameters
    ----------
    counts : `numpy.ndarray`
        Mean counts (electron), zero where not usable, shape (exposures, pixels).
    law : `CountLaw`
        Law of the counts of pixels that have one rate.
    directions : list of `numpy.ndarray`
        Coefficients of the one or two sums of counts whose values are given.
    residual, width
        See `Candidates` and `far_deviate`.

    Returns
    -------
    log_tail : `numpy.ndarray`
        With one degree of freedom, of a departure on the same side; with several, in any direction, halved.
    log_density : `numpy.ndarray`
        Logarithm of the probability density of the sums, up to a constant.

    Notes
    -----
    With h(c) the exponent of the saddlepoint density of the counts, c_0 its smallest value in the plane of the given
    sums, ``w = 2 (h(c) - h(c_0))`` and p degrees of freedom, ``w (1 - log(gamma) / w)^2`` is a chi-square variable far
    into the tail, with ``gamma = Q^(p/2) / (w^(p/2 - 1) (c - c_0) . s) sqrt(|K''(s_0)| / |K''(s)|)``, s and s_0 the
    tilts to c and c_0 and ``Q = (c - c_0)^T K''(s_0)^-1 (c - c_0)`` (Skovgaard 2001, Scand. J. Statist. 28, 3; with
    one degree of freedom the double saddlepoint of Skovgaard 1987, J. Appl. Prob. 24, 875).
    """
    degrees = law.usable.sum(axis=0) - len(directions)
    sums = [(direction * counts).sum(axis=0) for direction in directions]
    tilt_0 = law.tilt_in(directions, sums)
    tilt = law.tilt_to(counts)
    covariance_0, covariance = law.covariance(tilt_0), law.covariance(tilt)
    away = np.where(law.usable, counts - law.mean(tilt_0), 0.0)
    exponent_0 = (tilt_0 * counts).sum(axis=0) - law.cumulant(tilt_0)
    w = 2 * ((tilt * counts).sum(axis=0) - law.cumulant(tilt) - exponent_0)
    quadratic = (away * covariance_0.solve(away)).sum(axis=0)
    slope = (away * tilt).sum(axis=0)
    spread_0 = covariance_0.log_determinant()
    with np.errstate(divide="ignore", invalid="ignore"):
        log_gamma = (
            degrees / 2 * np.log(quadratic)
            - (degrees / 2 - 1) * np.log(w)
            - np.log(slope)
            + (spread_0 - covariance.log_determinant()) / 2
        )
        corrected = w * (1 - log_gamma / w) ** 2
    corrected = np.where((w > _NEAR**2) & np.isfinite(corrected), corrected, np.maximum(quadratic, 0.0)) / width**2
    one = degrees == 1
    log_tail = np.full(w.shape, np.nan)
    side = np.sign((away * residual).sum(axis=0))
    log_tail[one] = log_ndtr(-(side * np.sqrt(corrected))[one])
    several = degrees > 1
    log_tail[several] = log_chi_square_tail(corrected[several], degrees[several]) - np.log(2)
    return log_tail, -exponent_0 - _log_variance(covariance_0, directions) / 2


def _log_variance(covariance, directions):
    """Logarithm of the determinant of ``B^T K'' B``, the covariance of the sums; B has the columns ``directions``."""
    applied = [covariance.apply(direction) for direction in directions]
    first = (directions[0] * applied[0]).sum(axis=0)
    if len(directions) == 1:
        return np.log(first)
    both, second = (directions[0] * applied[1]).sum(axis=0), (directions[1] * applied[1]).sum(axis=0)
    return np.log(first * second - both**2)


def _possible_rates(candidates, pixels, rate_distribution):
    """True rates that pixels may have, in one array; the logarithms of their prior probabilities; the pixel of each."""
    estimate = candidates.rate[pixels]
    if rate_distribution is None:
        return np.maximum(estimate, 0.0), np.zeros(pixels.size), pixels
    grid, log_probability = rate_distribution.rates, rate_distribution.log_probability
    constant, growth = (part[pixels] for part in candidates.rate_variance_parts())
    rates, log_prior, owners = [], [], []
    for first in range(0, pixels.size, _PAIRS):
        part = slice(first, first + _PAIRS)
        # Without dark current and read noise the variance would be zero.
        variance = np.maximum(constant[part, None] + growth[part, None] * grid, _TINY)
        log_odds = log_probability - (estimate[part, None] - grid) ** 2 / variance / 2
        log_odds -= np.log(variance) / 2
        likely = log_odds > log_odds.max(axis=1, keepdims=True) - _IMPROBABLE
        # Above the highest rate of the distribution the pixel's own estimate is good enough.
        beyond = estimate[part] > grid[-1]
        likely[beyond] = False
        likely[beyond, -1] = True
        which, node = np.nonzero(likely)
        rates.append(np.where(beyond[which], estimate[part][which], grid[node]))
        log_prior.append(log_probability[node])
        owners.append(pixels[part][which])
    if not rates:
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=int)
    return np.concatenate(rates), np.concatenate(log_prior), np.concatenate(owners)


def _tail_at(candidates, pixels, rates, shifts, width):
    """`conditional_tail` for given true rates, and free offsets ``shifts`` standard deviations from the fitted ones."""
    counts, usable = candidates.counts[:, pixels], candidates.usable[:, pixels]
    frames = candidates.frames[:, pixels]
    directions = [direction[:, pixels] for direction in candidates.directions]
    expected = rates * candidates.seconds[:, None]
    if len(directions) == 2:
        ones = directions[1]
        total = ones.sum(axis=0)
        counts = counts - (ones * (counts - expected)).sum(axis=0) / total - shifts / np.sqrt(total)
    counts = np.where(usable, counts, 0.0)
    shared = shared_at(candidates.shared, pixels)
    law = CountLaw(expected * frames, frames, candidates.read_variance[:, pixels], usable, shared)
    return conditional_tail(counts, law, directions, candidates.residual[:, pixels], width)


def _two_without_noise(candidates):
    """Whether a pixel has two counts without read noise and bias error: then the tail is a binomial one."""
    noiseless = (candidates.read_variance == 0).all(axis=0) & all(
        np.all(variance == 0) for _, variance in candidates.shared
    )
    return noiseless & (candidates.degrees == 1) & (len(candidates.directions) == 1)


def _binomial_deviate(candidates, which):
    """Deviate of two Poisson counts, exact or conservative: given their sum, one of them is binomial."""
    usable, frames = candidates.usable[:, which], candidates.frames[:, which]
    totals = np.where(usable, candidates.counts[:, which] * frames, 0.0)
    high = (candidates.residual[:, which] > 0) & usable
    share = (high * frames * candidates.seconds[:, None]).sum(axis=0)
    share /= (usable * frames * candidates.seconds[:, None]).sum(axis=0)
    more, everything = (high * totals).sum(axis=0), totals.sum(axis=0)
    with np.errstate(divide="ignore"):
        log_tail = np.log(betainc(np.maximum(more, 1e-10), np.maximum(everything - more, 0.0) + 1, share))
    return np.maximum(deviate_of_log_tail(log_tail), 0.0)
