# Licensed under a 3-clause BSD style license - see LICENSE
"""Rise of temperature that doubles the dark current of a sensor's typical pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .._interface.arguments import numpy_images
from ..statistics.straight_line import StraightLine, straight_line
from .rate_images import check_rates, checked_factor, labels_of
from .rate_meta import RateMeta
from .temperature_groups import TEMPERATURE_SPREAD, temperature_groups
from .typical_rate import typical_rate

__all__ = ["TypicalRates", "doubling_temperature", "typical_rates"]

# Relative errors of typical rates below it are rounding errors.
_LEAST_ERROR = 1e-6


def doubling_temperature(*rates: CCDData) -> tuple[u.Quantity, u.Quantity]:
    """Find the rise of temperature that doubles the dark current of a typical pixel.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate` of one sensor at two or more temperatures (DKTEMP in their meta), more than 2 deg C
        apart. There may be several of one temperature, such as those of different exposure times.

    Returns
    -------
    doubling : `~astropy.units.Quantity`
        Doubling temperature (K).
    error : `~astropy.units.Quantity`
        Its standard error (K).

    Raises
    ------
    TypeError
        If a rate is not CCDData.
    astropy.units.UnitsError
        If a rate is not in electron/s.
    ValueError
        If the rates are of one temperature, or do not tell it; if they are of several sensors or shapes; if one has no
        uncertainty, or no pixel that can be used; if a typical rate is not above zero, or none is higher at a higher
        temperature.

    See Also
    --------
    ccdproc_darks.plotting.plot_temperature : Draws the rates and the line.
    ccdproc_darks.temperature.DoublingDarkCurrent : Dark current that doubles with each such rise.

    Notes
    -----
    The rates are those of the typical pixel: the median of the pixels' true rates, without their noise. A straight
    line is fitted to the logarithm of the rate against temperature, weighted by the errors, and the doubling
    temperature is ``ln(2) / slope``. With three rates and more the error grows where they scatter about the line by
    more than their errors (Press et al., Numerical Recipes, section 15.2). With two it has no part for temperatures in
    the headers that are wrong.

    The doubling temperature holds between the temperatures of the rates. In silicon, dark current of the depletion
    region doubles in 6.1 K near -20 deg C and in 8.1 K near 20 deg C, that by diffusion in half of it (see
    `ccdproc_darks.temperature.ThermalDarkCurrent`).

    Examples
    --------
    A sensor whose dark current doubles every 6 K:

    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, doubling_temperature, simulate_dark
    >>> rates = []
    >>> for celsius in (-20, -10, 0):
    ...     darks = [simulate_dark((100, 100), exposure=100 * u.s, rate=0.5 * 2**(celsius / 6) * u.electron / u.s,
    ...                            read_noise=5 * u.electron, bias=1000 * u.adu, temperature=celsius * u.deg_C,
    ...                            rng=celsius + 20 + number) for number in range(5)]
    ...     rates.append(dark_rate(darks, bias=1000 * u.adu))
    >>> doubling, error = doubling_temperature(*rates)
    >>> print(f"{doubling.value:.2f} +- {error.value:.2f} K")
    6.01 +- 0.01 K
    """
    return typical_rates(rates).doubling


@dataclass
class TypicalRates:
    """Rate of the typical pixel at several temperatures.

    Attributes
    ----------
    celsius, rates, errors : `numpy.ndarray`
        Temperature (deg C), typical rate and its standard error (electron/s), of each rate given.
    line : `ccdproc_darks.statistics.straight_line.StraightLine`
        Logarithm of the rate against temperature (deg C).
    """

    celsius: np.ndarray
    rates: np.ndarray
    errors: np.ndarray
    line: StraightLine

    @property
    def doubling(self):
        """Doubling temperature and its standard error, as two Quantities in K."""
        slope, error = self.line.slope, self.line.slope_error
        return np.log(2) / slope * u.K, np.log(2) * error / slope**2 * u.K

    def at(self, celsius):
        """Rate (electron/s) of the fitted line at temperatures (deg C)."""
        return np.exp(self.line.intercept + self.line.slope * np.asarray(celsius))


def typical_rates(rates):
    """`TypicalRates` of results of `dark_rate`; a ValueError where they tell no doubling temperature."""
    labels = labels_of(rates)
    check_rates(rates, labels)
    rates = numpy_images(rates, labels)
    celsius = [RateMeta.of(rate, label).temperature for rate, label in zip(rates, labels, strict=True)]
    if len(temperature_groups(rates)) < 2:
        told = ", ".join("unknown" if one is None else f"{one:.1f}" for one in celsius) or "none"
        raise ValueError(
            f"rates of two temperatures or more are needed, more than {TEMPERATURE_SPREAD:g} deg C apart, got {told} "
            "(DKTEMP in their meta, deg C, from CCD-TEMP of the frames)"
        )
    found = [_typical(rate, label, at) for rate, label, at in zip(rates, labels, celsius, strict=True)]
    celsius, (values, errors) = np.array(celsius), np.array(found).T
    line = straight_line(celsius, np.log(values), np.maximum(errors / values, _LEAST_ERROR))
    if line.slope <= 0:
        raise ValueError(
            "the typical dark current does not rise with temperature, so that it has no doubling temperature: "
            + ", ".join(f"{value:.3g} electron/s at {at:.1f} deg C" for value, at in zip(values, celsius, strict=True))
            + "; check the temperatures, and that the bias was subtracted"
        )
    return TypicalRates(celsius, values, errors, line)


def _typical(rate, label, celsius):
    """Typical rate and its error (electron/s), above zero."""
    if rate.uncertainty is None:
        raise ValueError(f"{label} has no uncertainty: give dark_rate a read_noise")
    checked_factor(rate, label)
    value, error = typical_rate(rate)
    where = f"{label}, at {celsius:.1f} deg C,"
    if not np.isfinite([value, error]).all():
        raise ValueError(f"{where} has no pixel that can be used")
    if value <= 0:
        raise ValueError(
            f"{where} has a typical rate of {value:.3g} +- {error:.2g} electron/s, which is not above zero and has no "
            "logarithm: take longer exposures, or check the bias, or leave it out"
        )
    return value, error
