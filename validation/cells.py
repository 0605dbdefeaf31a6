# Licensed under a 3-clause BSD style license - see LICENSE
"""The situations that are tried: sensors of one rate, and how they were exposed."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from ccdproc_darks.statistics.rate_distribution import fit_rate_distribution
from ccdproc_darks.statistics.rate_fit import rate_estimator

__all__ = ["PROBABILITIES", "Cell", "rate_distribution_of", "several_cells", "two_rate_cells"]

PROBABILITIES = (1e-3, 1e-4, 1e-5, 1e-6)
BIAS_FRAMES = 20
RATES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_SENSOR = 2**18


@dataclass(frozen=True)
class Cell:
    """
    A sensor whose pixels all have one rate, and its frames.

    Attributes
    ----------
    rate : float
        electron/s.
    read_noise : float
        electron.
    seconds, frames : tuple
        Exposure times (s), and the number of frames of each.
    bias : {"none", "shared", "separate"}
        What was subtracted: an exact bias, one master bias of 20 frames, or one for each exposure time.
    """

    rate: float
    read_noise: float
    seconds: tuple
    frames: tuple
    bias: str = "none"

    @property
    def bias_variance(self):
        """Variance of a master bias (electron^2)."""
        return 0.0 if self.bias == "none" else self.read_noise**2 / BIAS_FRAMES

    @property
    def shared(self):
        """Exposures that share a bias, as of `ccdproc_darks.statistics.rate_fit.fit_rate`."""
        everything = list(range(len(self.seconds)))
        groups = {"none": [], "shared": [everything], "separate": [[index] for index in everything]}[self.bias]
        return [(group, self.bias_variance) for group in groups]

    def draw(self, rng, number):
        """Mean counts (electron) of ``number`` pixels, shape (exposures, number)."""
        seconds, frames = np.array(self.seconds)[:, None], np.array(self.frames, dtype=float)[:, None]
        counts = rng.poisson(self.rate * seconds * frames, (len(seconds), number)) / frames
        counts += rng.normal(0, 1, counts.shape) * self.read_noise / np.sqrt(frames)
        for members, variance in self.shared:
            counts[members] -= rng.normal(0, np.sqrt(variance), number)
        return counts


def two_rate_cells(quick=False):
    """The grid of two rates."""
    noises = (0.5, 3.0) if quick else (0.5, 1.0, 3.0, 10.0, 20.0)
    rates = RATES[::3] if quick else RATES
    frames = ((1, 1), (10, 20)) if quick else ((1, 1), (50, 1), (1, 50), (10, 20))
    seconds = ((90.0, 1000.0),) if quick else ((667.0, 1000.0), (333.0, 1000.0), (90.0, 1000.0), (10.0, 1000.0))
    for noise, rate, number, times, bias in product(noises, rates, frames, seconds, ("none", "shared", "separate")):
        yield Cell(rate, noise, times, number, bias)


def several_cells(quick=False):
    """The grid of three to eleven exposure times."""
    plans = {
        3: (30.0, 100.0, 1000.0),
        5: (10.0, 30.0, 100.0, 300.0, 1000.0),
        11: (10.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 210.0, 240.0, 270.0, 300.0),
    }
    noises, rates = ((1.0, 10.0), (0.01, 1.0)) if quick else ((1.0, 3.0, 10.0), (0.001, 0.01, 0.1, 1.0, 10.0))
    for seconds, noise, rate, number in product(plans.values(), noises, rates, (1, 10)):
        yield Cell(rate, noise, seconds, (number,) * len(seconds), "shared")


def rate_distribution_of(cell, seed=1, free_offset=False):
    """What `ccdproc_darks` takes the rates of the pixels of a quarter of a million of them for."""
    seconds, frames = np.array(cell.seconds), np.array(cell.frames, dtype=float)
    variance = cell.read_noise**2 / frames
    counts = cell.draw(np.random.default_rng(seed), _SENSOR)
    typical = max(float(np.median(counts[-1])) / seconds[-1], 0.0)
    estimator = rate_estimator(typical, seconds, frames, variance, cell.shared, free_offset)
    return fit_rate_distribution(estimator @ counts, estimator, seconds, frames, variance, cell.shared)
