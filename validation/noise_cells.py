# Licensed under a 3-clause BSD style license - see LICENSE
"""Sensors whose pixels have read noise of their own, and the frames that are taken of them."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, Sensor
from ccdproc_darks.simulation import TelegraphReadNoise

__all__ = ["NoiseCell", "described", "noise_cells"]

_RATE = u.electron / u.s
# Sensors of the cells that are tried with most pixels.
_MANY = 3
_TWO, _FOUR = (60.0, 600.0), (30.0, 60.0, 300.0, 600.0)
# Smallest and largest jump of a reading (electron).
_AMPLITUDE = (1.0, 20.0)


@dataclass(frozen=True)
class NoiseCell:
    """
    A sensor whose pixels are all proportional, with read noise of their own, and its frames.

    Attributes
    ----------
    read_noise : float
        Root mean square of the pixels' normal read noise (electron).
    spread : float
        Standard deviation of its natural logarithm.
    telegraph : float
        Fraction of the pixels with telegraph read noise.
    occupancy : float
        Fraction of the time in which a trap is in its other state: 0.5 shifts half of the readings, 0.1 a sixth.
    biases : int
        Number of bias frames, from which both the master bias and the read noise map are made.
    seconds, frames : tuple, int
        Exposure times (s), and the number of darks of each.
    rate, dsnu : float
        Mean dark rate (electron/s), and the standard deviation of the pixels' rates over it.
    sensors : int
        Number of sensors that are tried.
    """

    read_noise: float = 1.5
    spread: float = 0.2
    telegraph: float = 0.08
    occupancy: float = 0.5
    biases: int = 50
    seconds: tuple = _TWO
    frames: int = 10
    rate: float = 0.005
    dsnu: float = 0.0
    sensors: int = 1

    def sensor(self, seed, shape, defects=()):
        """The `Sensor`; ``defects`` are planted besides telegraph read noise."""
        noisy = TelegraphReadNoise(fraction=self.telegraph, amplitude=_AMPLITUDE * u.electron, occupancy=self.occupancy)
        return Sensor(
            shape=shape, seed=seed, rate=self.rate * _RATE, dsnu=self.dsnu * self.rate * _RATE,
            read_noise=self.read_noise * u.electron, read_noise_spread=self.spread, defects=(*defects, noisy),
            gain=0.25 * u.electron / u.adu, bias=500 * u.adu,
        )  # fmt: skip

    def frames_of(self, sensor, seed):
        """Bias frames, and a list of darks for each exposure time."""
        plan = [(self.biases, 0 * u.s), *((self.frames, seconds * u.s) for seconds in self.seconds)]
        everything = list(DarkSequence(sensor, plan, rng=seed))
        edges = np.cumsum([number for number, _ in plan])
        biases, *sets = (
            everything[end - number : end] for (number, _), end in zip(plan, edges, strict=True)
        )  # fmt: skip
        return biases, sets


def described(cell):
    """The columns of a table that tell the cell."""
    return {
        "read_noise": cell.read_noise, "spread": cell.spread, "telegraph": cell.telegraph, "occupancy": cell.occupancy,
        "biases": cell.biases, "exposures": len(cell.seconds),
    }  # fmt: skip


def noise_cells(quick=False):
    """Spreads, telegraph read noise, numbers of bias frames, read noises; two and four exposure times."""
    if quick:
        return [NoiseCell(biases=20), NoiseCell(spread=0.0, telegraph=0.0, biases=20)]
    cells = [
        NoiseCell(occupancy=occupancy, biases=biases, sensors=_MANY)
        for occupancy in (0.5, 0.1)
        for biases in (20, 50, 100)
    ]
    cells += [NoiseCell(occupancy=occupancy, biases=20, seconds=_FOUR) for occupancy in (0.5, 0.1)]
    cells += [NoiseCell(seconds=_FOUR), NoiseCell(biases=10), NoiseCell(biases=200)]
    cells += [NoiseCell(noise, biases=biases) for noise in (1.0, 3.0) for biases in (20, 100)]
    cells += [NoiseCell(spread=spread, telegraph=0.0) for spread in (0.0, 0.1, 0.2, 0.3)]
    cells += [NoiseCell(spread=spread, telegraph=telegraph) for spread, telegraph in ((0.0, 0.05), (0.3, 0.1))]
    return cells
