# Licensed under a 3-clause BSD style license - see LICENSE
"""Fast comparison of any number of rates of pixels that lost no frame, also where each pixel has its own read noise."""

from dataclasses import dataclass

import numpy as np

from ..statistics.rate_fit import TINY_RATE

__all__ = ["SeveralRates", "SeveralRatesBlock"]

# Times that weights are found, as in `ccdproc_darks.statistics.rate_fit.fit_rate`.
_ROUNDS = 5


class SeveralRates:
    """Fast comparison of two rates or more of pixels that lost no frame.

    ``images`` are `RateImages`. For ``offsets``, ``rate_distribution`` and ``width`` see
    `ccdproc_darks.comparison.comparer.compare_rows`. ``normal`` takes all tails for those of normal noise.
    """

    @staticmethod
    def fits(images, free_offset):
        """Whether there are two rates or more, with read noise, and pixels have no offsets of their own."""

    def rows(self, images, block):
        """`SeveralRatesBlock` of a block of rows of `RateImages`."""


@dataclass
class SeveralRatesBlock:
    """Rates of a block of rows, compared; flat arrays, right where ``complete`` is True.

    `ccdproc_darks.comparison.two_rates.TwoRatesBlock` has the same attributes and methods.

    Attributes
    ----------
    several_rates : `SeveralRates`
        Common properties of all pixels.
    complete : `numpy.ndarray` of bool
        Pixels that lost no frame.
    rate : `numpy.ndarray`
        Fitted rate (electron/s).
    difference : `numpy.ndarray`
        Rate at the shortest exposure minus that at the longest (electron/s).
    deviate : `numpy.ndarray`
        Departure from one rate as a signed equivalent normal deviate, with normal tails and the pixel's mean read
        variance.
    departure, information : `numpy.ndarray`
        Absolute departure (electron/s) of the exposure that is furthest, in sigmas, from what the others predict: that
        of `ccdproc_darks.comparison.comparer.Comparison.largest_departure`. Largest 1 / variance (s^2/electron^2) of
        such a departure, of any exposure: with d the rate, a departure of f d makes the chi-square a non-central one
        with the non-centrality ``(f d)^2 information``.
    """

    several_rates: SeveralRates
    complete: np.ndarray
    rate: np.ndarray
    difference: np.ndarray
    deviate: np.ndarray
    departure: np.ndarray
    information: np.ndarray

    def significance(self):
        """Deviates averaged over the read noise that a pixel may have; `deviate` where read noise is known exactly."""

    def inexact_mask(self):
        """Pixels whose significance is not that of `significance`, as a boolean array: incomplete, or far in a tail."""

    def inexact_pixels(self):
        """Flat indices of the pixels of `inexact_mask`."""

    def beyond(self, critical):
        """Pixels whose absolute significance is above a critical deviate, and those for which the exact way must tell.

        Returns
        -------
        beyond, undecided : `numpy.ndarray` of int
            Flat indices, rising. No pixel is in both, and incomplete pixels are in neither.
        """

    def above(self, least):
        """As `beyond`, but the second array has all pixels whose exact deviate is needed as a number.

        For a false discovery rate: pixels whose significance may be above ``least``, and is not `significance`.
        """

    def statistic(self, name):
        """Images of a statistic of `compare_dark_rates`, and flat indices of the pixels that need the exact way."""
