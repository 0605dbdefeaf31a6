# Licensed under a 3-clause BSD style license - see LICENSE
"""Defects of the reading: pixels of a high read noise, and pixels with telegraph read noise."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._interface.arguments import checked_number, checked_quantity
from .draws import evenly_in_logarithm, heavy_tail
from .parameters import checked_fraction, checked_fractions, checked_range, keep_copies

__all__ = ["NoisyPixels", "TelegraphReadNoise"]


@dataclass(frozen=True, kw_only=True, eq=False)
class NoisyPixels:
    """Pixels of a high read noise, drawn from a heavy tail.

    Parameters
    ----------
    fraction : float
        Fraction of all pixels that are noisy, whatever their other defects.
    above : `~astropy.units.Quantity`
        Lowest read noise of a noisy pixel (electron).
    maximum : `~astropy.units.Quantity`
        Highest read noise of a noisy pixel (electron).
    slope : float
        Slope of the tail: the number of pixels above a read noise x falls as ``x**-slope``. 0 spreads the read noises
        evenly in their logarithm.

    Notes
    -----
    The noise of each reading is normal. The read noises follow a Pareto distribution that ends at ``maximum``.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor
    >>> from ccdproc_darks.simulation import NoisyPixels
    >>> noisy = NoisyPixels(fraction=0.02, above=5 * u.electron, maximum=50 * u.electron)
    >>> noise = Sensor(shape=(100, 100), read_noise=2 * u.electron, defects=[noisy]).true_read_noise()
    >>> print((noise.data > 5).sum())
    200
    """

    fraction: float
    above: u.Quantity
    maximum: u.Quantity
    slope: float = 2.0

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        object.__setattr__(self, "fraction", checked_fraction("NoisyPixels fraction", self.fraction))
        low = checked_quantity("NoisyPixels above", self.above, u.electron)
        checked_range("NoisyPixels maximum", self.maximum, u.electron)
        if checked_quantity("NoisyPixels maximum", self.maximum, u.electron) < low:
            raise ValueError(f"NoisyPixels maximum must not be below above={self.above}, got {self.maximum}")
        checked_number("NoisyPixels slope", self.slope, maximum=100, inclusive=True)

    def plant(self, rng, pixels):
        """Give some of the pixels a high read noise."""
        index = pixels.choose_any(rng, self.fraction)
        low, high = (value.to_value(u.electron) for value in (self.above, self.maximum))
        pixels.set_noise(index, heavy_tail(rng, low, high, self.slope, index.size))
        pixels.add("noisy", index)


@dataclass(frozen=True, kw_only=True, eq=False)
class TelegraphReadNoise:
    """Pixels each of whose readings may be shifted, because a trap changed its state (random telegraph noise).

    Parameters
    ----------
    fraction : float
        Fraction of all pixels that have it, whatever their other defects.
    amplitude : `~astropy.units.Quantity`
        Shift A of a reading (electron): one number, or the lowest and the highest of shifts that are spread evenly in
        their logarithm.
    occupancy : float or pair of float
        Fraction q of the time in which the trap is in its other state, from 0 to 1. One number, or the lowest and the
        highest of fractions that are spread evenly.
    correlated_double_sampling : bool
        Whether the reset level of the pixel is read as well and subtracted, as most CMOS sensors do.

    Notes
    -----
    With correlated double sampling a reading is shifted by +A where the trap is in its other state at the reading
    alone, by -A where it is at the reset alone, and not at all where it was in the same state at both. States at reset
    and reading are independent: each shift has the probability ``q (1 - q)``, and the variance of a reading is
    ``2 q (1 - q) A**2``. Without it a reading is shifted by A with the probability q: its mean rises by ``q A``, and
    its variance is ``q (1 - q) A**2``.

    States of two frames are independent. The shift is the same in bias frames and in darks of any exposure time, unlike
    that of `TelegraphPixels`, whose dark rate switches.

    Examples
    --------
    Readings of one pixel in bias frames, most of them near the level of 100 adu, the others near 80 and 120:

    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, Sensor
    >>> from ccdproc_darks.simulation import TelegraphReadNoise
    >>> jumping = TelegraphReadNoise(fraction=1, amplitude=20 * u.electron, occupancy=0.2)
    >>> sensor = Sensor(shape=(1, 1), read_noise=1 * u.electron, bias=100 * u.adu, defects=[jumping])
    >>> print([int(bias.data.item()) for bias in DarkSequence(sensor, [(12, 0 * u.s)], rng=1)])
    [99, 101, 121, 82, 101, 99, 101, 100, 101, 100, 120, 81]
    """

    fraction: float
    amplitude: u.Quantity
    occupancy: float | tuple[float, float] = 0.5
    correlated_double_sampling: bool = True

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        name = "TelegraphReadNoise"
        object.__setattr__(self, "fraction", checked_fraction(f"{name} fraction", self.fraction))
        # Kept as one Quantity where it was given as a list of two.
        object.__setattr__(self, "amplitude", checked_range(f"{name} amplitude", self.amplitude, u.electron))
        object.__setattr__(self, "occupancy", checked_fractions(f"{name} occupancy", self.occupancy))
        if not isinstance(self.correlated_double_sampling, bool | np.bool_):
            raise TypeError(
                f"{name} correlated_double_sampling must be True or False, got {self.correlated_double_sampling!r}"
            )

    def plant(self, rng, pixels):
        """Give some of the pixels telegraph read noise."""
        index = pixels.choose_any(rng, self.fraction)
        amplitude = evenly_in_logarithm(rng, self.amplitude, u.electron, index.size)
        occupancy = rng.uniform(self.occupancy[0], self.occupancy[-1], index.size)
        both = occupancy * (1 - occupancy)
        double = self.correlated_double_sampling
        pixels.add(
            "reading", index, amplitude=amplitude, up=both if double else occupancy,
            down=both if double else np.zeros(index.size),
        )  # fmt: skip
