"""Dark current against temperature."""

import numpy as np
import pytest
from astropy import units as u
from astropy.modeling.fitting import TRFLSQFitter

from ccdproc_darks import Sensor
from ccdproc_darks.temperature import DoublingDarkCurrent, ThermalDarkCurrent, band_gap, temperature_of_ratio

from .helpers import ELECTRON_PER_SECOND

# A pixel of 10 um at 1 nA/cm2 (300 K), in the depletion form.
REFERENCE = {300.0: 6241.51, 253.15: 69.217, 213.15: 0.33552}


def thermal(depletion=6241.509 * ELECTRON_PER_SECOND, diffusion=0 * ELECTRON_PER_SECOND):
    return ThermalDarkCurrent(depletion=depletion, diffusion=diffusion, reference_temperature=300 * u.K)


def test_band_gap():
    assert band_gap(300 * u.K).to_value(u.eV) == pytest.approx(1.11082, abs=5e-6)
    assert band_gap(26.85 * u.deg_C).to_value(u.eV) == pytest.approx(1.11082, abs=5e-6)
    assert band_gap([1e-3, 300] * u.K)[0].to_value(u.eV) == pytest.approx(1.1557)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (300, TypeError, r"^temperature must be a Quantity in K, got 300 without a unit"),
        (3 * u.m, u.UnitsError, r"^temperature must be a Quantity in K, got 3.0 m"),
        (-300 * u.deg_C, ValueError, r"^temperature must be positive"),
        (np.nan * u.K, ValueError, r"^temperature must be finite"),
    ],
)
def test_band_gap_of_no_temperature(value, error, message):
    with pytest.raises(error, match=message):
        band_gap(value)


@pytest.mark.parametrize("kelvin", REFERENCE)
def test_depletion_form(kelvin):
    expected = REFERENCE[kelvin]
    assert thermal()(kelvin * u.K).to_value(ELECTRON_PER_SECOND) == pytest.approx(expected, rel=1.2e-5)
    assert thermal()((kelvin - 273.15) * u.deg_C).to_value(ELECTRON_PER_SECOND) == pytest.approx(expected, rel=1.2e-5)


def test_diffusion_goes_as_the_square():
    """T**3 exp(-Eg / kT) is the square of T**1.5 exp(-Eg / 2kT)."""
    temperatures = [200, 250, 300] * u.K
    depletion = thermal()(temperatures) / (6241.509 * ELECTRON_PER_SECOND)
    diffusion = thermal(0 * ELECTRON_PER_SECOND, 1 * ELECTRON_PER_SECOND)(temperatures)
    np.testing.assert_allclose(diffusion.value, depletion.value**2, rtol=1e-12)


def test_without_units():
    model = ThermalDarkCurrent(depletion=6241.509, diffusion=0.0, reference_temperature=300.0)
    assert model(253.15) == pytest.approx(69.217, rel=1.2e-5)
    assert DoublingDarkCurrent(amplitude=2.0, doubling=5.0, reference_temperature=250.0)(260.0) == pytest.approx(8)


def test_doubling():
    model = DoublingDarkCurrent(
        amplitude=0.01 * ELECTRON_PER_SECOND, doubling=6 * u.K, reference_temperature=238.15 * u.K
    )
    np.testing.assert_allclose(model([-35, -29, -41] * u.deg_C).to_value(ELECTRON_PER_SECOND), [0.01, 0.02, 0.005])
    assert model(238.15 * u.K).unit == ELECTRON_PER_SECOND


@pytest.mark.parametrize("units", [True, False])
def test_thermal_fit_gives_the_parameters_back(units):
    rng = np.random.default_rng(1)
    temperatures = np.linspace(-40, 30, 15) * u.deg_C
    truth = thermal(3000 * ELECTRON_PER_SECOND, 500 * ELECTRON_PER_SECOND)
    rates = truth(temperatures) * (1 + 0.001 * rng.normal(size=15))
    start, x, y = thermal(1000 * ELECTRON_PER_SECOND, 1000 * ELECTRON_PER_SECOND), temperatures, rates
    if not units:
        start = ThermalDarkCurrent(depletion=1000.0, diffusion=1000.0, reference_temperature=300.0)
        x, y = temperatures.to_value(u.K, u.temperature()), rates.value
    fit = TRFLSQFitter()(start, x, y, weights=1 / u.Quantity(y).value)
    if units:
        assert fit.depletion.unit == fit.diffusion.unit == ELECTRON_PER_SECOND
    assert [fit.depletion.value, fit.diffusion.value] == pytest.approx([3000, 500], rel=0.01)
    assert fit.reference_temperature.value == 300


def test_doubling_fit_gives_the_parameters_back():
    temperatures = np.linspace(-40, 0, 9) * u.deg_C
    truth = DoublingDarkCurrent(
        amplitude=2 * ELECTRON_PER_SECOND, doubling=5.5 * u.K, reference_temperature=253.15 * u.K
    )
    start = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=8 * u.K, reference_temperature=253.15 * u.K)
    fit = TRFLSQFitter()(start, temperatures, truth(temperatures))
    assert fit.amplitude.quantity.to_value(ELECTRON_PER_SECOND) == pytest.approx(2, rel=1e-4)
    assert fit.doubling.quantity.to_value(u.K) == pytest.approx(5.5, rel=1e-4)


def test_the_physics_doubles_as_data_sheets_say():
    """About 6 K near -20 deg C."""
    ratio = thermal()(256.15 * u.K) / thermal()(250.15 * u.K)
    assert 6 / np.log2(ratio.value) == pytest.approx(6.1, abs=0.2)


@pytest.mark.parametrize("kelvin", [1e9, 1001.0, 5000.0])
def test_hotter_than_silicon(kelvin):
    """Where the band gap would be negative."""
    with pytest.raises(ValueError, match=r"^temperature must be (above 0 K and up to 1000 K|up to 1e\+15 K), got"):
        band_gap(kelvin * u.K)
    rate = 1 * u.electron / u.s
    for model in (
        ThermalDarkCurrent(depletion=rate, diffusion=rate, reference_temperature=300 * u.K),
        DoublingDarkCurrent(amplitude=rate, doubling=6 * u.K, reference_temperature=300 * u.K),
    ):
        with pytest.raises(ValueError, match=r"^temperature must be above 0 K and up to 1000 K, got"):
            model([250, kelvin] * u.K)
    with pytest.raises(ValueError, match=r"^temperature must be above 0 K and up to 1000 K, got"):
        Sensor(shape=(3, 4), temperature=kelvin * u.K)


@pytest.mark.parametrize("kelvin", [0.0, -5.0])
def test_below_absolute_zero(kelvin):
    rate = 1 * u.electron / u.s
    for model in (
        ThermalDarkCurrent(depletion=rate, diffusion=rate, reference_temperature=300 * u.K),
        DoublingDarkCurrent(amplitude=rate, doubling=6 * u.K, reference_temperature=300 * u.K),
    ):
        with pytest.raises(ValueError, match=r"^temperature must be above 0 K and up to 1000 K, got"):
            model(kelvin * u.K)
    with pytest.raises(ValueError, match=r"^temperature must be above 0 K and up to 1000 K, got"):
        ThermalDarkCurrent()(kelvin)


@pytest.mark.parametrize("kelvin", [90.0, 110.0, 165.0, 263.0, 400.0])
@pytest.mark.parametrize("part", ["depletion", "diffusion"])
def test_temperature_of_a_ratio(kelvin, part):
    """Of sensors in liquid nitrogen, too."""
    parts = {"depletion": 0.0, "diffusion": 0.0, part: 1.0}
    model = ThermalDarkCurrent(**parts, reference_temperature=kelvin)
    ratio = float(model(kelvin + 2) / model(kelvin))
    found, error = temperature_of_ratio(model, kelvin, ratio, 0.01 * ratio)
    assert found == pytest.approx(kelvin + 2, abs=1e-6)
    assert float(model(found + error) / model(found)) == pytest.approx(1.01, abs=1e-3)
