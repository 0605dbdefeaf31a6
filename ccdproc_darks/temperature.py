# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark current against temperature: models of `astropy.modeling`, to evaluate or to fit."""

from __future__ import annotations

import math

import numpy as np
from astropy import constants as const
from astropy import units as u
from astropy.modeling import Fittable1DModel, Parameter

from ._interface.arguments import checked_quantity

__all__ = ["DoublingDarkCurrent", "ThermalDarkCurrent", "band_gap"]


def __dir__():
    return sorted(__all__)


# Highest temperature (K): silicon melts at 1687 K, and near 1500 K the form of its band gap is far off.
_HOTTEST = 1000.0
# Range (K) around a temperature in which another one is looked for, and step of a slope.
_FARTHEST, _STEP = 100.0, 0.01
_BOLTZMANN = (const.k_B / const.e.si * u.C / u.J).to_value(u.dimensionless_unscaled / u.K)  # eV / K


def band_gap(temperature: u.Quantity) -> u.Quantity:
    """Band gap of silicon at a temperature.

    Parameters
    ----------
    temperature : `~astropy.units.Quantity`
        One or more temperatures, in K or deg_C.

    Returns
    -------
    `~astropy.units.Quantity`
        Band gap (eV), of the shape of ``temperature``.

    Raises
    ------
    TypeError
        If ``temperature`` has no unit.
    astropy.units.UnitsError
        If its unit is not one of temperature.
    ValueError
        If it is not above absolute zero, or above 1000 K, where the form does not hold.

    Notes
    -----
    Varshni's form ``Eg = 1.1557 eV - 7.021e-4 eV/K * T**2 / (T + 1108 K)`` [1]_.

    References
    ----------
    .. [1] Varshni, Y. P. 1967, Physica 34, 149; with the constants of Janesick, J. R. 2001, Scientific Charge-Coupled
       Devices (SPIE Press), chapter 7.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.temperature import band_gap
    >>> band_gap(300 * u.K).round(5)
    <Quantity 1.11082 eV>
    """
    return _gap(checked_kelvin("temperature", temperature, scalar=False)) * u.eV


def checked_kelvin(name, temperature, scalar=True):
    """A temperature in deg_C or K as a plain number, or an array of them, in K; from 0 to 1000 K."""
    kelvin = checked_quantity(name, temperature, u.K, scalar=scalar, equivalencies=u.temperature())
    _check_range(name, kelvin)
    return kelvin


def _check_range(name, kelvin):
    kelvin = np.atleast_1d(kelvin)
    outside = ~((kelvin > 0) & (kelvin <= _HOTTEST))
    if outside.any():
        raise ValueError(f"{name} must be above 0 K and up to {_HOTTEST:g} K, got {kelvin[outside][0]:g} K")


def _gap(kelvin):
    return 1.1557 - 7.021e-4 * kelvin**2 / (kelvin + 1108.0)


class _DarkCurrentModel(Fittable1DModel):
    """Dark current, in the unit of the amplitudes, as a function of temperature in K or deg_C."""

    input_units_equivalencies = {"x": u.temperature()}  # noqa: RUF012 (as astropy.modeling wants it)
    _input_units_allow_dimensionless = True

    @property
    def input_units(self):
        """Unit that temperatures are converted to: K, so that deg_C may be given."""
        return {"x": u.K} if self.reference_temperature.input_unit is not None else None


class DoublingDarkCurrent(_DarkCurrentModel):
    """Dark current that doubles with each rise of temperature by ``doubling``.

    Parameters
    ----------
    amplitude : float or `~astropy.units.Quantity`
        Dark current at the reference temperature (electron/s).
    doubling : float or `~astropy.units.Quantity`
        Difference of temperature that doubles the dark current (K).
    reference_temperature : float or `~astropy.units.Quantity`
        Temperature (K) at which the dark current is ``amplitude``. Not in deg_C: a parameter has no zero point. It is
        fixed in a fit, as it is degenerate with ``amplitude``.

    See Also
    --------
    ThermalDarkCurrent : Dark current by the physics of silicon.

    Notes
    -----
    ``amplitude * 2**((T - reference_temperature) / doubling)``: the rule of thumb of data sheets, EMVA 1288 (release
    4.0) among them. Good over some 20 K; silicon doubles in about 6 K near -20 deg C and in 8 K near room temperature.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks.temperature import DoublingDarkCurrent
    >>> model = DoublingDarkCurrent(amplitude=0.01 * u.electron / u.s, doubling=6 * u.K,
    ...                             reference_temperature=238.15 * u.K)
    >>> model(-29 * u.deg_C).round(6)
    <Quantity 0.02 electron / s>
    """

    amplitude = Parameter(default=1.0, min=0, description="dark current at the reference temperature")
    doubling = Parameter(default=6.0, description="difference of temperature that doubles it")
    reference_temperature = Parameter(default=273.15, fixed=True, description="where amplitude holds")

    @staticmethod
    def evaluate(x, amplitude, doubling, reference_temperature):
        """Dark current at the temperature ``x``, in the unit of ``amplitude``."""
        for name, value in {"temperature": x, "reference_temperature": reference_temperature}.items():
            if isinstance(value, u.Quantity):
                _check_range(name, value.to_value(u.K, u.temperature()))
        if not np.all(getattr(doubling, "value", doubling)):
            raise ValueError(f"doubling must not be zero, got {doubling}")
        exponent = (x - reference_temperature) / doubling
        if isinstance(exponent, u.Quantity):
            exponent = exponent.to_value(u.dimensionless_unscaled)
        return amplitude * 2.0**exponent

    def _parameter_units_for_data_units(self, inputs_unit, outputs_unit):
        return {"amplitude": outputs_unit["y"], "doubling": u.K, "reference_temperature": u.K}


class ThermalDarkCurrent(_DarkCurrentModel):
    """Dark current of silicon: generation in the depletion region plus diffusion from the field-free bulk.

    Parameters
    ----------
    depletion : float or `~astropy.units.Quantity`
        Dark current from the depletion region (and the surface) at the reference temperature (electron/s).
    diffusion : float or `~astropy.units.Quantity`
        Dark current by diffusion at the reference temperature (electron/s).
    reference_temperature : float or `~astropy.units.Quantity`
        Temperature (K) at which both hold. Not in deg_C: a parameter has no zero point. It is fixed in a fit, as it is
        degenerate with the others.

    See Also
    --------
    band_gap : Band gap used here.

    Notes
    -----
    With the band gap Eg(T) and Boltzmann's k, dark current from the depletion region is proportional to
    ``T**1.5 * exp(-Eg / (2 k T))`` [1]_, that by diffusion to ``T**3 * exp(-Eg / (k T))`` [2]_.

    References
    ----------
    .. [1] Janesick, J. R. 2001, Scientific Charge-Coupled Devices (SPIE Press), chapter 7.
    .. [2] Widenhorn, R. et al. 2002, Proc. SPIE 4669, 193.

    Examples
    --------
    A pixel of 10 um with 1 nA/cm2 at 300 K:

    >>> from astropy import constants as const
    >>> from astropy import units as u
    >>> from ccdproc_darks.temperature import ThermalDarkCurrent
    >>> current = 1 * u.nA / u.cm**2 * (10 * u.um)**2 / (const.e.si / u.electron)
    >>> model = ThermalDarkCurrent(depletion=current.to(u.electron / u.s), diffusion=0 * u.electron / u.s,
    ...                            reference_temperature=300 * u.K)
    >>> for temperature in [300, 253.15, 213.15] * u.K:
    ...     print(f"{model(temperature):.5g}")
    6241.5 electron / s
    69.217 electron / s
    0.33552 electron / s
    """

    depletion = Parameter(default=1.0, min=0, description="depletion dark current at the reference temperature")
    diffusion = Parameter(default=0.0, min=0, description="diffusion dark current at the reference temperature")
    reference_temperature = Parameter(default=273.15, fixed=True, description="where these hold")

    @staticmethod
    def evaluate(x, depletion, diffusion, reference_temperature):
        """Dark current at the temperature ``x``, in the unit of ``depletion``."""
        kelvin, reference = (
            value.to_value(u.K, u.temperature()) if isinstance(value, u.Quantity) else np.asarray(value, dtype=float)
            for value in (x, reference_temperature)
        )
        _check_range("temperature", kelvin)
        _check_range("reference_temperature", reference)
        # By logarithms: for a cold sensor the two exponentials are tiny numbers, their ratio is not.
        power = 1.5 * np.log(kelvin / reference)
        power = power + _gap(reference) / (2 * _BOLTZMANN * reference) - _gap(kelvin) / (2 * _BOLTZMANN * kelvin)
        return depletion * np.exp(power) + diffusion * np.exp(2 * power)

    def _parameter_units_for_data_units(self, inputs_unit, outputs_unit):
        return {"depletion": outputs_unit["y"], "diffusion": outputs_unit["y"], "reference_temperature": u.K}


def rate_ratio(model, temperature, reference):
    """Ratio of the dark currents of a model at two temperatures (K); ValueError if it is not positive and finite."""
    units = any(getattr(model, name).unit is not None for name in model.param_names)
    with np.errstate(all="ignore"):
        values = [model(kelvin * u.K if units else kelvin) for kelvin in (temperature, reference)]
        # Any unit will do, also that of a current density, or none: only the ratio matters.
        values = [float(value.value) if units else float(value) for value in values]
        ratio = values[0] / values[1] if values[1] else np.nan
    if not (np.isfinite(ratio) and min(values) > 0):
        raise ValueError(
            f"temperature_model must give a dark current above zero; {type(model).__name__} gives "
            f"{values[0]:g} at {temperature:g} K and {values[1]:g} at {reference:g} K"
        )
    return ratio


def temperature_of_ratio(model, reference, ratio, error):
    """Temperature (K) at which a model has ``ratio`` times the dark current of a reference temperature; and its error.

    ValueError where the model gives none within 100 K, or none above half the reference temperature.
    """

    def logarithm(kelvin):
        return math.log(rate_ratio(model, kelvin, reference))

    wanted = math.log(ratio)
    # Far below that, a dark current is too small for a number.
    low, high = max(reference - _FARTHEST, reference / 2), min(reference + _FARTHEST, _HOTTEST)
    if not logarithm(low) < wanted < logarithm(high):
        raise ValueError(
            f"model: {type(model).__name__} gives no temperature from {low:.0f} to {high:.0f} K with {ratio:.3g} times "
            f"the dark current of {reference:.1f} K"
        )
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if logarithm(middle) < wanted else (low, middle)
    kelvin = 0.5 * (low + high)
    slope = (logarithm(kelvin + _STEP) - logarithm(kelvin - _STEP)) / (2 * _STEP)
    return kelvin, error / ratio / slope
