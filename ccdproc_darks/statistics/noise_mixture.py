# Licensed under a 3-clause BSD style license - see LICENSE
"""Tails of departures in pixels whose read noise is not known exactly: averages over what it may be."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from .read_noise_distribution import ReadNoiseDistribution
from .significance import deviate_of_log_tail, log_chi_square_tail

__all__ = ["MeanTails", "ScatterTails"]


@dataclass
class MeanTails:
    """Equivalent normal deviates of departures of mean counts, averaged over the read noise that a pixel may have.

    Attributes
    ----------
    distribution : `ReadNoiseDistribution`
        Read noise of the sensor's pixels.
    """

    distribution: ReadNoiseDistribution

    def deviate(self, deviate, scatter, share, frames, freedom=1):
        """Equivalent normal deviates, from those of normal noise of the pixels' mean read variance.

        Parameters
        ----------
        deviate : `numpy.ndarray`
            Departure as an equivalent normal deviate, of either sign, if the variance of one reading were exactly
            `ReadNoiseDistribution.mean_variance`; shape (pixels,).
        scatter : `numpy.ndarray`
            Scatter of the pixel (electron), from which its read noise is known.
        share : `numpy.ndarray` or float
            Part of the variance of the departure that is read noise.
        frames : `numpy.ndarray` or float
            Number of frames whose mean, with equal weights, is as close to normal as the departure: for coefficients
            a_k of N_k frames ``(sum a_k^2 / N_k)^2 / sum(a_k^4 / N_k^3)``.
        freedom : int or `numpy.ndarray` of int
            Degrees of freedom of the departure.
        """
        deviate = np.asarray(deviate, dtype=float)
        size = np.abs(deviate)
        probability = self.distribution.posterior(scatter)
        ratio = self.distribution.noises[:, None] ** 2 * self.distribution.jump_variances
        mean = (probability * ratio).sum(axis=(1, 2))
        share = np.broadcast_to(share, size.shape)[:, None, None]
        grown = 1 - share + share * ratio / mean[:, None, None]
        tail = log_ndtr(-size[:, None, None] / np.sqrt(grown))
        with np.errstate(divide="ignore"):
            log_tail = np.logaddexp.reduce((np.log(probability) + tail).reshape(size.size, -1), axis=1)
        return np.copysign(deviate_of_log_tail(log_tail), deviate)


@dataclass
class ScatterTails:
    """Equivalent normal deviates of the scatter of equal frames, averaged over the read noise that a pixel may have.

    Attributes
    ----------
    distribution : `ReadNoiseDistribution`
        Read noise of the sensor's pixels.
    """

    distribution: ReadNoiseDistribution

    def deviate(self, chi_square, degrees, scatter, share):
        """Equivalent normal deviates, one-sided: positive where frames scatter more than the pixels' noise.

        Parameters
        ----------
        chi_square : `numpy.ndarray`
            Sum of squares of the frames about their mean, over the variance of a frame that has exactly the mean read
            variance of the pixel, shape (pixels,).
        degrees : int or `numpy.ndarray`
            Number of frames minus 1.
        scatter, share
            See `MeanTails.deviate`; ``share`` is of the variance of one frame.
        """
        chi_square = np.asarray(chi_square, dtype=float)
        probability = self.distribution.posterior(scatter)
        ratio = self.distribution.noises[:, None] ** 2 * self.distribution.jump_variances
        mean = (probability * ratio).sum(axis=(1, 2))
        share = np.broadcast_to(share, chi_square.shape)[:, None, None]
        grown = 1 - share + share * ratio / mean[:, None, None]
        degrees = np.broadcast_to(degrees, chi_square.shape)[:, None, None] + 0.0 * grown
        tail = log_chi_square_tail(chi_square[:, None, None] / grown, degrees)
        with np.errstate(divide="ignore"):
            log_tail = np.logaddexp.reduce((np.log(probability) + tail).reshape(chi_square.size, -1), axis=1)
        return deviate_of_log_tail(log_tail)
