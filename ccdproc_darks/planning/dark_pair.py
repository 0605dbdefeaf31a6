# Licensed under a 3-clause BSD style license - see LICENSE
"""Noise of the difference between the dark rates measured at two exposure times."""

from collections.abc import Sequence

import numpy as np
from astropy import units as u

from .._interface.arguments import SAME_EXPOSURE, checked_count, checked_quantity
from ..statistics.noise import frame_variance
from .arguments import checked_noise

__all__ = ["DarkPair", "Exposures"]

# What ``exposures`` may be: two exposure times.
Exposures = u.Quantity | Sequence[u.Quantity]


class DarkPair:
    """Two sets of darks, of two exposure times, from which the same master bias is subtracted.

    The parameters are those of `ccdproc_darks.planning.departure_power`.

    Attributes
    ----------
    seconds : sequence of float
        The two exposure times (s).
    read_noise, bias_error : float
        Read noise of a frame, and standard deviation of the bias (electron).
    lever : float
        Change of the difference of the two rates with one electron of bias (1/s).
    slope : float
        Growth of the variance of the difference with the rate (1/s).
    """

    def __init__(self, exposures, frames, read_noise, bias_frames, bias_error):
        self.seconds = _two_exposures(exposures)
        self._numbers = _two_numbers(frames)
        self.read_noise, self.bias_error = checked_noise(read_noise, bias_frames, bias_error)
        self.lever = abs(1 / self.seconds[0] - 1 / self.seconds[1])
        self.slope = sum(1 / (number * t) for t, number in zip(self.seconds, self._numbers, strict=True))

    def own_variance(self, rate):
        """Variance of the difference (electron^2/s^2) without the bias error, for pixels of this rate (electron/s)."""
        sets = zip(self.seconds, self._numbers, strict=True)
        return sum(frame_variance(rate * t, self.read_noise) / (number * t**2) for t, number in sets)

    def deviation(self, rate):
        """Standard deviation of the difference (electron/s), with the bias error, for pixels of this rate."""
        return np.sqrt(self.own_variance(rate) + (self.bias_error * self.lever) ** 2)


def _two_exposures(exposures):
    if isinstance(exposures, list | tuple):
        seconds = [checked_quantity(f"exposures[{n}]", exposure, u.s) for n, exposure in enumerate(exposures)]
    else:
        seconds = checked_quantity("exposures", exposures, u.s, scalar=False)
    if np.shape(seconds) != (2,):
        raise ValueError(f"exposures must be two, got the shape {np.shape(seconds)}")
    # hot_pixel_mask has the same condition for the rates that it compares.
    if np.isclose(*seconds, rtol=SAME_EXPOSURE, atol=0):
        raise ValueError(f"exposures must be different, got {seconds[0]:g} s and {seconds[1]:g} s")
    return seconds


def _two_numbers(frames):
    if np.ndim(frames) == 0:
        return [checked_count("frames", frames)] * 2
    if len(frames) != 2:
        raise ValueError(f"frames must be one number, or two: one of each exposure time, got {len(frames)}")
    return [checked_count(f"frames[{n}]", one) for n, one in enumerate(frames)]
