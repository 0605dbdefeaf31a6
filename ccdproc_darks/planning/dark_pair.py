# Licensed under a 3-clause BSD style license - see LICENSE
"""Darks of two exposure times, and the noise of the difference of their rates."""

from collections.abc import Sequence

import numpy as np
from astropy import units as u

from .._arguments import checked_quantity
from ..frames.headers import SAME_EXPOSURE
from ..statistics.noise import frame_variance
from .arguments import checked_count, checked_noise

__all__ = ["DarkPair", "Exposures"]

# What ``exposures`` may be: two exposure times.
Exposures = u.Quantity | Sequence[u.Quantity]


class DarkPair:
    """
    Two sets of darks that share a bias, and the difference of the rates that they measure, in electron/s.

    Parameters
    ----------
    exposures, frames, read_noise, bias_frames, bias_error
        As of `ccdproc_darks.planning.departure_power`.

    Attributes
    ----------
    seconds : sequence of float
        The two exposure times (s).
    noise, error : float
        Read noise of a frame, and error of the bias (electron).
    lever : float
        What an electron of the shared bias does to the difference (1/s).
    slope : float
        By how much the variance of the difference grows with the rate (1/s).
    """

    def __init__(self, exposures, frames, read_noise, bias_frames, bias_error):
        self.seconds = _two_exposures(exposures)
        self._numbers = _two_numbers(frames)
        self.noise, self.error = checked_noise(read_noise, bias_frames, bias_error)
        self.lever = abs(1 / self.seconds[0] - 1 / self.seconds[1])
        self.slope = sum(1 / (number * t) for t, number in zip(self.seconds, self._numbers, strict=True))

    def own_variance(self, rate):
        """Variance of the difference by the noise of the darks themselves, for pixels of that rate (electron/s)."""
        sets = zip(self.seconds, self._numbers, strict=True)
        return sum(frame_variance(rate * t, self.noise) / (number * t**2) for t, number in sets)

    def deviation(self, rate):
        """Standard deviation of the difference, that of the bias included."""
        return np.sqrt(self.own_variance(rate) + (self.error * self.lever) ** 2)


def _two_exposures(exposures):
    if isinstance(exposures, list | tuple):
        seconds = [checked_quantity(f"exposures[{n}]", exposure, u.s) for n, exposure in enumerate(exposures)]
    else:
        seconds = checked_quantity("exposures", exposures, u.s, scalar=False)
    if np.shape(seconds) != (2,):
        raise ValueError(f"exposures must be two, got the shape {np.shape(seconds)}")
    # As hot_pixel_mask does of the rates that it compares.
    if np.isclose(*seconds, rtol=SAME_EXPOSURE, atol=0):
        raise ValueError(f"exposures must be different, got {seconds[0]:g} s and {seconds[1]:g} s")
    return seconds


def _two_numbers(frames):
    if np.ndim(frames) == 0:
        return [checked_count("frames", frames)] * 2
    if len(frames) != 2:
        raise ValueError(f"frames must be one number, or two: one of each exposure time, got {len(frames)}")
    return [checked_count(f"frames[{n}]", one) for n, one in enumerate(frames)]
