# Licensed under a 3-clause BSD style license - see LICENSE
"""Distribution of the read noise of a sensor's pixels; the scatter of a few frames hardly tells a pixel's own."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

__all__ = ["ReadNoiseDistribution", "fit_read_noise_distribution"]

# Step of the grid of read noises (natural logarithm), and of a finer one where many frames tell a pixel's own noise.
_STEP, _FINER = 0.08, 0.35
# Standard deviations of a pixel's scatter by which the grid reaches beyond the pixels.
_REACH = 4.0
_ITERATIONS = 200


@dataclass
class ReadNoiseDistribution:
    """Read noise of a sensor's pixels: normal noise, and in some pixels jumps (telegraph read noise).

    One reading of a pixel has normal noise of standard deviation sigma, and in a fraction p of all readings a jump of
    ``a sigma`` up or down, as often.

    Attributes
    ----------
    noises, shares : `numpy.ndarray`
        Grid of sigma (electron), rising in equal steps of its logarithm, and the fraction of pixels with each.
    jumps, often, jump_shares : `numpy.ndarray`
        Sizes a of a jump, fractions p of readings with one, and the fraction of pixels with each; the first is none.
    degrees : float
        Degrees of freedom of the scatter of a pixel that lost no frame.
    """

    noises: np.ndarray
    shares: np.ndarray
    jumps: np.ndarray
    often: np.ndarray
    jump_shares: np.ndarray
    degrees: float

    @property
    def jump_variances(self):
        """Variance of one reading over that without jumps, ``1 + p a^2``, shape (jumps,)."""
        return 1 + self.often * self.jumps**2

    def posterior(self, scatter, degrees=None):
        """Probability of each read noise and each jump, given the scatter of pixels among some frames.

        Parameters
        ----------
        scatter : `numpy.ndarray`
            Standard deviation of the frames of each pixel (electron), shape (pixels,); NaN where it is not known.
        degrees : float or `numpy.ndarray`, optional
            Degrees of freedom of it.

        Returns
        -------
        noises : `numpy.ndarray`
            Grid of sigma (electron), fine enough for so many degrees, shape (noises,).
        probability : `numpy.ndarray`
            Shape (pixels, noises, jumps); its sum for each pixel is 1.
        """
        scatter = np.atleast_1d(np.asarray(scatter, dtype=float))
        degrees = np.broadcast_to(self.degrees if degrees is None else degrees, scatter.shape)
        noises, log_prior = self._fine(degrees.max(initial=1.0))
        log_likelihood = _log_likelihood(scatter, degrees, noises)[:, :, None]
        with np.errstate(divide="ignore"):
            log_weight = log_likelihood + log_prior[:, None] + np.log(self.jump_shares)
        log_weight -= log_weight.max(axis=(1, 2), keepdims=True)
        weight = np.exp(log_weight)
        return noises, weight / weight.sum(axis=(1, 2), keepdims=True)

    def mean_variance(self, scatter, degrees=None):
        """Mean variance of one reading (electron^2) of the pixels with such a scatter; shape of ``scatter``."""
        noises, probability = self.posterior(np.ravel(scatter), degrees)
        mean = np.einsum("pns,n,s->p", probability, noises**2, self.jump_variances)
        return mean.reshape(np.shape(scatter))

    def _fine(self, degrees):
        """Grid of sigma for so many degrees of freedom, and the logarithms of its probabilities."""
        step = min(_STEP, _FINER / np.sqrt(2 * degrees))
        low, high = np.log(self.noises[[0, -1]])
        grid = np.linspace(low, high, max(2, int(np.ceil((high - low) / step)) + 1))
        with np.errstate(divide="ignore"):
            log_prior = np.interp(grid, np.log(self.noises), np.log(self.shares))
        return np.exp(grid), log_prior - np.logaddexp.reduce(log_prior)


def fit_read_noise_distribution(scatter, degrees, kurtosis=None):
    """`ReadNoiseDistribution` that best explains the scatter of many pixels.

    Parameters
    ----------
    scatter : `numpy.ndarray`
        Standard deviation of the frames of each pixel (electron), shape (pixels,).
    degrees : float
        Degrees of freedom of it.
    kurtosis : `numpy.ndarray`, optional
        Fourth central moment of the frames of each pixel over the square of the second, which tells of jumps.

    Notes
    -----
    Nonparametric maximum likelihood on a grid (Kiefer and Wolfowitz 1956; Laird 1978, by the EM algorithm of Dempster,
    Laird and Rubin 1977) of the distribution from which variances are *moderated* (Smyth 2004, Stat. Appl. Genet. Mol.
    Biol. 3, 3).
    """
    scatter = scatter[np.isfinite(scatter) & (scatter > 0)]
    reach = _REACH / np.sqrt(2 * degrees)
    grid = np.arange(np.log(scatter.min()) - reach, np.log(scatter.max()) + reach + _STEP, _STEP)
    noises = np.exp(grid)
    edges = np.arange(grid[0], grid[-1] + _STEP / 4, _STEP / 4)
    numbers, _ = np.histogram(np.log(scatter), edges)
    centres = np.exp((edges[1:] + edges[:-1]) / 2)[numbers > 0]
    numbers = numbers[numbers > 0]
    likelihood = np.exp(_log_likelihood(centres, np.full(centres.shape, degrees), noises)) + 1e-300
    shares = np.full(noises.size, 1 / noises.size)
    for _ in range(_ITERATIONS):
        shares *= likelihood.T @ (numbers / (likelihood @ shares)) / numbers.sum()
    shares = (shares * scatter.size + 1 / noises.size) / (scatter.size + 1)
    none, one = np.zeros(1), np.ones(1)
    return ReadNoiseDistribution(noises, shares, none, none, one, float(degrees))


def _log_likelihood(scatter, degrees, noises):
    """Logarithm of the density of ``log(scatter)`` for each sigma, shape (pixels, noises); 0 where it is not known.

    ``degrees scatter^2 / sigma^2`` is a chi-square variable.
    """
    nu = np.asarray(degrees, dtype=float)[:, None]
    half = nu * np.square(scatter[:, None] / noises) / 2
    with np.errstate(divide="ignore"):
        found = nu / 2 * np.log(half) - half - gammaln(nu / 2) + np.log(2)
    return np.where(np.isfinite(scatter)[:, None], found, 0.0)
