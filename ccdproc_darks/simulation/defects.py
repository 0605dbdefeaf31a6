# Licensed under a 3-clause BSD style license - see LICENSE
"""What can be wrong with the pixels of a sensor: hot, not proportional in three ways, telegraph, amplifier glow."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, get_args

import numpy as np
from astropy import units as u

from .._arguments import ELECTRON_PER_SECOND, checked_choice, checked_number, checked_quantity
from .parameters import checked_fraction, checked_range, keep_copies

__all__ = [
    "KINDS",
    "AmplifierGlow",
    "Defect",
    "DepletionEdgePixels",
    "HotPixels",
    "LowFullWellPixels",
    "OffsetPixels",
    "TelegraphPixels",
]

_CORNERS = ("lower left", "lower right", "upper left", "upper right")


@dataclass(frozen=True, kw_only=True, eq=False)
class HotPixels:
    """
    Hot pixels, whose rates have a heavy tail.

    Parameters
    ----------
    fraction : float
        Fraction of the pixels that are hot.
    above : `~astropy.units.Quantity`
        Lowest rate of a hot pixel (electron/s).
    maximum : `~astropy.units.Quantity`
        Highest rate (electron/s).
    slope : float
        The number of pixels above x falls as ``x**-slope``; 0 spreads them evenly in log(x).

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is out of range.

    Notes
    -----
    A Pareto distribution that ends at ``maximum``. Real tails look so: of the Andor Aspen CG16M of the CCD guide 0.026
    % of the pixels are above 4 electron/s. Hot pixels are proportional to exposure time unless another kind of defect
    changes that.
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
        share = rng.random(index.size)
        if self.slope == 0:
            rates = low * (high / low) ** share
        else:
            rates = low * (1 - share * (1 - (low / high) ** self.slope)) ** (-1 / self.slope)
        if index.size and float(np.median(pixels.rate)) > high:
            raise ValueError(
                f"HotPixels maximum must be above the rate of the sensor ({np.median(pixels.rate):g} electron/s), got "
                f"{self.maximum}"
            )
        pixels.set_rate(index, rates)
        pixels.add("hot", index)


@dataclass(frozen=True, kw_only=True, eq=False)
class _SomePixels:
    """A defect of a fraction of the pixels above some rate, with parameters that have a range."""

    fraction: float = 1.0
    above: u.Quantity = field(default_factory=lambda: 0 * ELECTRON_PER_SECOND)

    _ranges: ClassVar[dict] = {}

    def __post_init__(self):
        """Check the parameters."""
        keep_copies(self)
        kind = type(self).__name__
        object.__setattr__(self, "fraction", checked_fraction(f"{kind} fraction", self.fraction))
        for name, (unit, least) in self._ranges.items():
            # Also where it was given as two Quantities.
            object.__setattr__(self, name, checked_range(f"{kind} {name}", getattr(self, name), unit, least))
        checked_quantity(f"{type(self).__name__} above", self.above, ELECTRON_PER_SECOND, zero=True)

    def _choose(self, rng, pixels):
        return pixels.choose(rng, self.fraction, self.above.to_value(ELECTRON_PER_SECOND))


@dataclass(frozen=True, kw_only=True, eq=False)
class DepletionEdgePixels(_SomePixels):
    """
    Pixels whose rate falls with the charge that they have collected.

    Parameters
    ----------
    charge : `~astropy.units.Quantity`
        Charge (electron) at which the pixel would stop producing; one number, or a lowest and a highest between
        which pixels are spread evenly in the logarithm.
    share : float or pair of float
        Part of the pixel's rate that does so, above 0 and up to 1; the rest is proportional. One number, or a lowest
        and a highest between which pixels are spread evenly.
    fraction : float
        Which part of the pixels above ``above``, of those that have no defect yet but that they are hot.
    above : `~astropy.units.Quantity`
        Only pixels of this rate or more (electron/s).

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is out of range.

    Notes
    -----
    As a pixel fills, the edge of its depletion region moves in, and impurities that it leaves behind stop generating
    [1]_ [2]_. For impurities spread evenly in depth their rate falls in proportion to their charge, ``dQ/dt = d (1 - Q
    / charge)`` with d their share of the rate, so that ``Q(t) = charge (1 - exp(-d t / charge))``: the long exposure
    reads lower than the short one. As each electron lowers the chance of the next by the same step, their number is
    binomial: ``charge`` trials of probability ``1 - exp(-d t / charge)``.

    References
    ----------
    .. [1] Dunlap, J. C., Blouke, M. M., Bodegom, E., Widenhorn, R. 2012, IEEE Trans. Electron Devices 59, 1114.
    .. [2] Widenhorn, R., Dunlap, J. C., Bodegom, E. 2010, IEEE Trans. Electron Devices 57, 581.
    """

    charge: u.Quantity
    share: float | tuple[float, float] = 1.0
    _ranges: ClassVar[dict] = {"charge": (u.electron, 1)}

    def __post_init__(self):
        """Check the parameters."""
        super().__post_init__()
        parts = tuple(self.share) if isinstance(self.share, tuple | list) else (self.share,)
        if len(parts) not in (1, 2):
            raise ValueError(
                f"DepletionEdgePixels share must be one number or a lowest and a highest, got {self.share!r}"
            )
        parts = tuple(checked_fraction("DepletionEdgePixels share", part) for part in parts)
        if not 0 < parts[0] <= parts[-1]:
            raise ValueError(
                f"DepletionEdgePixels share must be above 0, and its lowest number first, got {self.share!r}"
            )
        object.__setattr__(self, "share", parts)

    def plant(self, rng, pixels):
        """Make the rate of some of the pixels fall."""
        index = self._choose(rng, pixels)
        charge = np.rint(_spread(rng, self.charge, u.electron, index.size)).astype(np.int64)
        share = rng.uniform(self.share[0], self.share[-1], index.size)
        # What falls is not drawn with the rest.
        pixels.add("edge", index, rate=pixels.take_rate(index, share), charge=charge)


@dataclass(frozen=True, kw_only=True, eq=False)
class OffsetPixels(_SomePixels):
    """
    Pixels that collect a fixed charge in every exposure, on top of their rate.

    Parameters
    ----------
    offset : `~astropy.units.Quantity`
        Expected extra charge of an exposure (electron); one number, or a lowest and a highest between which pixels are
        spread evenly in the logarithm.
    fraction : float
        Which part of the pixels above ``above``, of those that have no defect yet but that they are hot.
    above : `~astropy.units.Quantity`
        Only pixels of this rate or more (electron/s).

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is out of range.

    Notes
    -----
    The extra charge is Poisson, and the same whatever the exposure time, as of traps that fill at once or of a flush
    that leaves charge behind. A bias frame has none: there a bias would remove it.
    """

    offset: u.Quantity
    _ranges: ClassVar[dict] = {"offset": (u.electron, 0)}

    def plant(self, rng, pixels):
        """Give some of the pixels an offset."""
        index = self._choose(rng, pixels)
        pixels.add("offset", index, electrons=_spread(rng, self.offset, u.electron, index.size))


@dataclass(frozen=True, kw_only=True, eq=False)
class LowFullWellPixels(_SomePixels):
    """
    Pixels that hold less charge than the others, and stop there.

    Parameters
    ----------
    full_well : `~astropy.units.Quantity`
        What they hold (electron); one number, or a lowest and a highest between which pixels are spread evenly
        in the logarithm.
    fraction : float
        Which part of the pixels above ``above``, of those that have no defect yet but that they are hot.
    above : `~astropy.units.Quantity`
        Only pixels of this rate or more (electron/s).

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is out of range.

    Notes
    -----
    Proportional until full. The ADC does not clip there, so that no saturation level tells them.
    """

    full_well: u.Quantity
    _ranges: ClassVar[dict] = {"full_well": (u.electron, 0)}

    def plant(self, rng, pixels):
        """Give some of the pixels a low full well."""
        index = self._choose(rng, pixels)
        pixels.add("well", index, electrons=_spread(rng, self.full_well, u.electron, index.size))


@dataclass(frozen=True, kw_only=True, eq=False)
class TelegraphPixels(_SomePixels):
    """
    Pixels that switch between two rates at random.

    Parameters
    ----------
    amplitude : `~astropy.units.Quantity`
        What the high rate has above the low one (electron/s); one number, or a lowest and a highest between
        which pixels are spread evenly in the logarithm. The low rate is what the pixel has without.
    dwell_low, dwell_high : `~astropy.units.Quantity`
        Mean time in either state (s); one number, or a lowest and a highest as of ``amplitude``.
    fraction : float
        Which part of the pixels above ``above``, of those that have no defect yet but that they are hot.
    above : `~astropy.units.Quantity`
        Only pixels of this rate or more (electron/s).

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is out of range.

    Notes
    -----
    Dwell times are exponential, and go on from one frame of a sequence to the next. With ``a`` the amplitude,
    ``p = dwell_high / (dwell_low + dwell_high)`` and ``1 / tau = 1 / dwell_low + 1 / dwell_high``, the electrons of an
    exposure t have the mean ``(d + a p) t`` and, above their Poisson variance, the variance ``2 a**2 p (1 - p) tau**2
    (t / tau - 1 + exp(-t / tau))`` [1]_.

    References
    ----------
    .. [1] Machlup, S. 1954, J. Appl. Phys. 25, 341, whose autocorrelation is integrated over t twice.
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
        """Make some of the pixels switch."""
        index = self._choose(rng, pixels)
        pixels.add(
            "telegraph",
            index,
            amplitude=_spread(rng, self.amplitude, ELECTRON_PER_SECOND, index.size),
            dwell_low=_spread(rng, self.dwell_low, u.s, index.size),
            dwell_high=_spread(rng, self.dwell_high, u.s, index.size),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class AmplifierGlow:
    """
    Light of the output amplifier in a corner of the sensor, which grows linearly with exposure time.

    Parameters
    ----------
    rate : `~astropy.units.Quantity`
        At the corner (electron/s).
    scale : float
        Distance (pixels) over which it falls to 1/e.
    corner : {"lower left", "lower right", "upper left", "upper right"}
        Where; the first row is the lowest.

    Raises
    ------
    TypeError, astropy.units.UnitsError, ValueError
        If a parameter has no unit, one that cannot be converted, or is out of range.

    Notes
    -----
    ``rate * exp(-distance / scale)``. It is light and not dark current: it does not depend on the sensor's
    temperature.
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
        """Rate (electron/s) of a slice of rows."""
        row = np.arange(rows.start, rows.stop, dtype=float)
        column = np.arange(shape[1], dtype=float)
        if self.corner.startswith("upper"):
            row = shape[0] - 1 - row
        if self.corner.endswith("right"):
            column = column[::-1]
        distance = np.hypot(row[:, None], column)
        return self.rate.to_value(ELECTRON_PER_SECOND) * np.exp(distance / -self.scale)


# One of them, for type checkers; and all kinds, for checks.
Defect = HotPixels | DepletionEdgePixels | OffsetPixels | LowFullWellPixels | TelegraphPixels
KINDS = get_args(Defect)


def _spread(rng, value, unit, size):
    limits = np.atleast_1d(value.to_value(unit))
    low, high = float(limits[0]), float(limits[-1])
    return low * (high / low) ** rng.random(size)
