# Licensed under a 3-clause BSD style license - see LICENSE
"""Defects of a sensor: hot pixels, three kinds of non-proportional pixels, telegraph pixels and amplifier glow."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from astropy import units as u

from .._interface.arguments import ELECTRON_PER_SECOND, checked_choice, checked_number, checked_quantity
from .draws import evenly_in_logarithm, heavy_tail
from .noisy_pixels import NoisyPixels, TelegraphReadNoise
from .parameters import checked_fraction, checked_fractions, checked_range, keep_copies

__all__ = [
    "AmplifierGlow",
    "Defect",
    "DepletionEdgePixels",
    "HotPixels",
    "LowFullWellPixels",
    "OffsetPixels",
    "TelegraphPixels",
    "checked_defects",
]

_CORNERS = ("lower left", "lower right", "upper left", "upper right")


@dataclass(frozen=True, kw_only=True, eq=False)
class HotPixels:
    """Hot pixels, with rates drawn from a heavy tail.

    Parameters
    ----------
    fraction : float
        Fraction of the pixels that are hot.
    above : `~astropy.units.Quantity`
        Lowest rate of a hot pixel (electron/s).
    maximum : `~astropy.units.Quantity`
        Highest rate of a hot pixel (electron/s).
    slope : float
        Slope of the tail: the number of pixels above a rate x falls as ``x**-slope``. 0 spreads the rates evenly in
        their logarithm.

    Notes
    -----
    The rates follow a Pareto distribution that ends at ``maximum``. Real sensors have such tails: 0.026 % of the pixels
    of the CCD guide's Andor Aspen CG16M are above 4 electron/s. A hot pixel is proportional to exposure time unless it
    has another defect as well.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor
    >>> from ccdproc_darks.simulation import HotPixels
    >>> hot = HotPixels(fraction=0.01, above=1 * u.electron / u.s, maximum=100 * u.electron / u.s)
    >>> rate = Sensor(shape=(100, 100), rate=0.01 * u.electron / u.s, defects=[hot]).true_rate()
    >>> print((rate.data > 1).sum(), (rate.data > 10).sum())
    100 11
    """

    fraction: float
    above: u.Quantity
    maximum: u.Quantity
    slope: float = 1.0

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        object.__setattr__(self, "fraction", checked_fraction("HotPixels fraction", self.fraction))
        low = checked_quantity("HotPixels above", self.above, ELECTRON_PER_SECOND)
        checked_range("HotPixels maximum", self.maximum, ELECTRON_PER_SECOND)
        if checked_quantity("HotPixels maximum", self.maximum, ELECTRON_PER_SECOND) < low:
            raise ValueError(f"HotPixels maximum must not be below above={self.above}, got {self.maximum}")
        checked_number("HotPixels slope", self.slope, maximum=100, inclusive=True)

    def plant(self, rng, pixels):
        """Make some of the pixels hot."""
        index = pixels.choose(rng, self.fraction)
        low, high = (value.to_value(ELECTRON_PER_SECOND) for value in (self.above, self.maximum))
        rates = heavy_tail(rng, low, high, self.slope, index.size)
        if index.size and float(np.median(pixels.rate)) > high:
            raise ValueError(
                f"HotPixels maximum must be above the rate of the sensor ({np.median(pixels.rate):g} electron/s), got "
                f"{self.maximum}"
            )
        pixels.set_rate(index, rates)
        pixels.add("hot", index)


@dataclass(frozen=True, kw_only=True, eq=False)
class _SomePixels:
    """A defect that a fraction of the pixels above a rate get, with parameters drawn between two limits."""

    fraction: float = 1.0
    above: u.Quantity = field(default_factory=lambda: 0 * ELECTRON_PER_SECOND)

    _ranges: ClassVar[dict] = {}

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        kind = type(self).__name__
        object.__setattr__(self, "fraction", checked_fraction(f"{kind} fraction", self.fraction))
        for name, (unit, least) in self._ranges.items():
            # Kept as one Quantity where it was given as a list of two.
            object.__setattr__(self, name, checked_range(f"{kind} {name}", getattr(self, name), unit, least))
        checked_quantity(f"{type(self).__name__} above", self.above, ELECTRON_PER_SECOND, zero=True)

    def _choose(self, rng, pixels):
        """Flat indices of the pixels that get the defect."""
        return pixels.choose(rng, self.fraction, self.above.to_value(ELECTRON_PER_SECOND))


@dataclass(frozen=True, kw_only=True, eq=False)
class DepletionEdgePixels(_SomePixels):
    """Pixels whose rate falls with the charge that they have collected: a long exposure reads lower than a short one.

    Parameters
    ----------
    charge : `~astropy.units.Quantity`
        Charge (electron) at which the rate has fallen to 0: one number, or the lowest and the highest of charges that
        are spread evenly in their logarithm.
    share : float or pair of float
        Share of the pixel's rate that falls, above 0 and up to 1; the rest is proportional. One number, or the lowest
        and the highest of shares that are spread evenly.
    fraction : float
        Fraction that gets the defect, of the pixels above ``above`` that have no defect but being hot.
    above : `~astropy.units.Quantity`
        Lowest rate (electron/s) of a pixel that may get the defect.

    Notes
    -----
    As a pixel fills, the edge of its depletion region moves in, and the impurities that it passes stop generating
    electrons [1]_ [2]_. Where impurities are spread evenly in depth, the rate falls linearly with the charge Q:
    ``dQ/dt = d (1 - Q / charge)``, with d the falling share of the rate, so that ``Q(t) = charge (1 - exp(-d t /
    charge))``. Each electron lowers the chance of the next by the same step. The number of electrons is therefore
    binomial: ``charge`` trials of probability ``1 - exp(-d t / charge)``.

    References
    ----------
    .. [1] Dunlap, J. C., Blouke, M. M., Bodegom, E., Widenhorn, R. 2012, IEEE Trans. Electron Devices 59, 1114.
    .. [2] Widenhorn, R., Dunlap, J. C., Bodegom, E. 2010, IEEE Trans. Electron Devices 57, 581.

    Examples
    --------
    Rates of the same pixel in exposures of 100 s and of 1000 s:

    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor
    >>> from ccdproc_darks.simulation import DepletionEdgePixels
    >>> edge = DepletionEdgePixels(charge=5e4 * u.electron)
    >>> sensor = Sensor(shape=(1, 1), rate=20 * u.electron / u.s, defects=[edge])
    >>> for seconds in (100, 1000):
    ...     print(f"{sensor.true_rate(exposure=seconds * u.s).data.item():.1f} electron/s")
    19.6 electron/s
    16.5 electron/s
    """

    charge: u.Quantity
    share: float | tuple[float, float] = 1.0
    _ranges: ClassVar[dict] = {"charge": (u.electron, 1)}

    def __post_init__(self):
        """Check the parameters."""
        super().__post_init__()
        parts = checked_fractions("DepletionEdgePixels share", self.share)
        if parts[0] == 0:
            raise ValueError(f"DepletionEdgePixels share must be above 0, got {self.share!r}")
        object.__setattr__(self, "share", parts)

    def plant(self, rng, pixels):
        """Give some of the pixels a rate that falls with their charge."""
        index = self._choose(rng, pixels)
        charge = np.rint(evenly_in_logarithm(rng, self.charge, u.electron, index.size)).astype(np.int64)
        share = rng.uniform(self.share[0], self.share[-1], index.size)
        # Electrons of the falling share are not Poisson: they are drawn apart.
        pixels.add("edge", index, rate=pixels.take_rate(index, share), charge=charge)


@dataclass(frozen=True, kw_only=True, eq=False)
class OffsetPixels(_SomePixels):
    """Pixels that collect an extra charge in every exposure, the same however long it is.

    Parameters
    ----------
    offset : `~astropy.units.Quantity`
        Expected extra charge (electron): one number, or the lowest and the highest of charges that are spread evenly in
        their logarithm.
    fraction, above
        See `DepletionEdgePixels`.

    Notes
    -----
    The extra charge is Poisson. In real sensors it comes from traps that fill at once, or from a flush that leaves
    charge behind. A bias frame has none; otherwise subtracting the bias would remove it from the darks.

    Examples
    --------
    Rates of the same pixel in exposures of 100 s and of 1000 s:

    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor
    >>> from ccdproc_darks.simulation import OffsetPixels
    >>> offset = OffsetPixels(fraction=1, offset=300 * u.electron)
    >>> sensor = Sensor(shape=(1, 1), rate=2 * u.electron / u.s, defects=[offset])
    >>> for seconds in (100, 1000):
    ...     print(f"{sensor.true_rate(exposure=seconds * u.s).data.item():.1f} electron/s")
    5.0 electron/s
    2.3 electron/s
    """

    offset: u.Quantity
    _ranges: ClassVar[dict] = {"offset": (u.electron, 0)}

    def plant(self, rng, pixels):
        """Give some of the pixels an offset."""
        index = self._choose(rng, pixels)
        pixels.add("offset", index, electrons=evenly_in_logarithm(rng, self.offset, u.electron, index.size))


@dataclass(frozen=True, kw_only=True, eq=False)
class LowFullWellPixels(_SomePixels):
    """Pixels that are full at a lower charge than the others.

    Parameters
    ----------
    full_well : `~astropy.units.Quantity`
        Full well of these pixels (electron): one number, or the lowest and the highest of full wells that are spread
        evenly in their logarithm.
    fraction, above
        See `DepletionEdgePixels`.

    Notes
    -----
    Such a pixel is proportional until it is full. It stops below the sensor's saturation level, so that its counts do
    not show that it is full.

    Examples
    --------
    Rates of the same pixel in exposures of 100 s and of 1000 s:

    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor
    >>> from ccdproc_darks.simulation import LowFullWellPixels
    >>> low = LowFullWellPixels(fraction=1, full_well=5e3 * u.electron)
    >>> sensor = Sensor(shape=(1, 1), rate=20 * u.electron / u.s, defects=[low])
    >>> for seconds in (100, 1000):
    ...     print(f"{sensor.true_rate(exposure=seconds * u.s).data.item():.1f} electron/s")
    20.0 electron/s
    5.0 electron/s
    """

    full_well: u.Quantity
    _ranges: ClassVar[dict] = {"full_well": (u.electron, 0)}

    def plant(self, rng, pixels):
        """Give some of the pixels a low full well."""
        index = self._choose(rng, pixels)
        pixels.add("well", index, electrons=evenly_in_logarithm(rng, self.full_well, u.electron, index.size))


@dataclass(frozen=True, kw_only=True, eq=False)
class TelegraphPixels(_SomePixels):
    """Pixels whose dark rate switches between a low and a high value at random times.

    Parameters
    ----------
    amplitude : `~astropy.units.Quantity`
        Difference of the high and the low rate (electron/s): one number, or the lowest and the highest of differences
        that are spread evenly in their logarithm. The low rate is the pixel's rate without this defect.
    dwell_low, dwell_high : `~astropy.units.Quantity`
        Mean time (s) that a pixel stays in the low and in the high state: one number, or the lowest and the highest of
        times that are spread evenly in their logarithm.
    fraction, above
        See `DepletionEdgePixels`.

    Notes
    -----
    Dwell times are exponential. A state goes on from one frame of a sequence to the next. Let ``a`` be the amplitude,
    ``d`` the low rate, ``p = dwell_high / (dwell_low + dwell_high)`` and ``1 / tau = 1 / dwell_low + 1 / dwell_high``.
    The electrons of an exposure ``t`` then have the mean ``(d + a p) t``. Their variance is the Poisson variance plus
    ``2 a**2 p (1 - p) tau**2 (t / tau - 1 + exp(-t / tau))`` [1]_.

    References
    ----------
    .. [1] Machlup, S. 1954, J. Appl. Phys. 25, 341, whose autocorrelation is integrated twice over t.

    Examples
    --------
    A pixel of 2 or 12 electron/s, in exposures of 60 s:

    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, Sensor
    >>> from ccdproc_darks.simulation import TelegraphPixels
    >>> dwell = dict(dwell_low=600 * u.s, dwell_high=600 * u.s)
    >>> switching = TelegraphPixels(fraction=1, amplitude=10 * u.electron / u.s, **dwell)
    >>> sensor = Sensor(shape=(1, 1), rate=2 * u.electron / u.s, defects=[switching])
    >>> print([int(dark.data.item()) for dark in DarkSequence(sensor, [(12, 60 * u.s)], rng=1)])
    [694, 351, 120, 140, 128, 113, 132, 132, 141, 710, 733, 727]
    """

    amplitude: u.Quantity
    dwell_low: u.Quantity
    dwell_high: u.Quantity
    _ranges: ClassVar[dict] = {
        "amplitude": (ELECTRON_PER_SECOND, 0),
        "dwell_low": (u.s, 1e-6),
        "dwell_high": (u.s, 1e-6),
    }

    def plant(self, rng, pixels):
        """Make some of the pixels switch between two rates."""
        index = self._choose(rng, pixels)
        pixels.add(
            "telegraph",
            index,
            amplitude=evenly_in_logarithm(rng, self.amplitude, ELECTRON_PER_SECOND, index.size),
            dwell_low=evenly_in_logarithm(rng, self.dwell_low, u.s, index.size),
            dwell_high=evenly_in_logarithm(rng, self.dwell_high, u.s, index.size),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class AmplifierGlow:
    """Light of the output amplifier in a corner of the sensor. It grows linearly with exposure time.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        Rate of the electrons that the light frees in the corner pixel (electron/s).
    scale : float
        Distance (pixels) over which the rate falls to 1/e.
    corner : {"lower left", "lower right", "upper left", "upper right"}
        The corner with the amplifier; the first row is the lowest.

    Notes
    -----
    A pixel gets ``rate * exp(-distance / scale)``. It is light and not dark current: it does not depend on the
    temperature of the sensor.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import Sensor
    >>> from ccdproc_darks.simulation import AmplifierGlow
    >>> glow = AmplifierGlow(rate=1 * u.electron / u.s, scale=20, corner="upper right")
    >>> rate = Sensor(shape=(50, 50), rate=0.01 * u.electron / u.s, glow=glow).true_rate()
    >>> print(rate.data[0, 0].round(3), rate.data[49, 49].round(3))
    0.041 1.01
    """

    rate: u.Quantity
    scale: float
    corner: Literal["lower left", "lower right", "upper left", "upper right"] = "lower left"

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        checked_quantity("AmplifierGlow rate", self.rate, ELECTRON_PER_SECOND, zero=True)
        checked_number("AmplifierGlow scale", self.scale)
        checked_choice("AmplifierGlow corner", self.corner, _CORNERS)

    def rows(self, shape, rows):
        """Rate (electron/s) of the glow in the rows of a slice."""
        row = np.arange(rows.start, rows.stop, dtype=float)
        column = np.arange(shape[1], dtype=float)
        if self.corner.startswith("upper"):
            row = shape[0] - 1 - row
        if self.corner.endswith("right"):
            column = column[::-1]
        distance = np.hypot(row[:, None], column)
        return self.rate.to_value(ELECTRON_PER_SECOND) * np.exp(distance / -self.scale)


# One of them, for type checkers.
Defect = (
    HotPixels
    | DepletionEdgePixels
    | OffsetPixels
    | LowFullWellPixels
    | TelegraphPixels
    | NoisyPixels
    | TelegraphReadNoise
)
_KINDS = get_args(Defect)


def checked_defects(defects):
    """A list of defects as a tuple."""
    known = ", ".join(kind.__name__ for kind in _KINDS)
    if isinstance(defects, _KINDS) or not isinstance(defects, list | tuple):
        raise TypeError(f"defects must be a list of {known}, got {defects!r}")
    for defect in defects:
        if not isinstance(defect, _KINDS):
            raise TypeError(f"defects must be a list of {known}, got {defect!r} in it")
    return tuple(defects)
