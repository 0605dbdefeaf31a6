"""Darks between darks of other temperatures: right to their errors, for typical pixels and hot ones."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import Sensor, dark_rate, simulate_dark
from ccdproc_darks.reduction.between_temperatures import between_temperatures
from ccdproc_darks.simulation import HotPixels
from ccdproc_darks.temperature import DoublingDarkCurrent, ThermalDarkCurrent

from ..helpers import ELECTRON_PER_SECOND, snapshot

SHAPE = (250, 300)
SECONDS, NOISE, FRAMES = 300.0, 8.0, 10
MODELS = {
    "doubling": DoublingDarkCurrent(amplitude=1.0, doubling=7.0, reference_temperature=273.15),
    "thermal": ThermalDarkCurrent(depletion=1.0, diffusion=0.0, reference_temperature=273.15),
}


def pixels(seed=0, hot=1500, own=0.1):
    """Rates of typical and hot pixels at 273.15 K (electron/s), and the powers of the model by which the hot go."""
    rng = np.random.default_rng([seed, 1])
    typical = 0.5 * np.exp(rng.normal(0, 0.2, SHAPE))
    excess = np.zeros(SHAPE)
    excess.ravel()[rng.choice(excess.size, hot, replace=False)] = 10 ** rng.uniform(0.5, 2.3, hot)
    return typical, excess, rng.normal(1, own, SHAPE)


def electrons(sensor, model, kelvin):
    """Typical pixels rise by twice the power, as by diffusion."""
    typical, excess, power = sensor
    return SECONDS * (typical * model(kelvin) ** 2 + excess * model(kelvin) ** power)


def master(sensor, model, kelvin, seed=0):
    rng = np.random.default_rng([seed, 2, int(kelvin)])
    counts = rng.poisson(electrons(sensor, model, kelvin) * FRAMES) / FRAMES
    counts += rng.normal(0, NOISE / np.sqrt(FRAMES), SHAPE)
    error = np.sqrt((np.clip(counts, 0, None) + NOISE**2) / FRAMES)
    meta = {"EXPTIME": SECONDS, "CCD-TEMP": kelvin - 273.15}
    return CCDData(counts, unit="electron", uncertainty=StdDevUncertainty(error), meta=meta)


def deviates(form, kelvins, kelvin, own=0.1, **options):
    """Errors over uncertainties of typical and of hot pixels."""
    model, sensor = MODELS[form], pixels(own=own)
    found = between_temperatures([master(sensor, model, each) for each in kelvins], kelvins, kelvin, **options)
    z = (found.data - electrons(sensor, model, kelvin)) / found.uncertainty.array
    hot = sensor[1] > 0
    return z[~hot], z[hot], found


@pytest.mark.parametrize("form", MODELS)
@pytest.mark.parametrize(("kelvins", "kelvin"), [((263.15, 273.15), 268.0), ((263.15, 268.15, 273.15), 266.0)])
def test_errors_are_right_between_temperatures(form, kelvins, kelvin):
    typical, hot, _ = deviates(form, kelvins, kelvin, model=MODELS[form])
    assert np.std(typical) == pytest.approx(1, abs=0.03)
    assert np.mean(typical) == pytest.approx(0, abs=0.15)
    # Of three temperatures, a typical and a hot part in one pixel are no power of the model: 10 % in the width.
    assert np.std(hot) == pytest.approx(1, abs=0.15)
    assert np.mean(hot) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("form", MODELS)
@pytest.mark.parametrize("kelvin", [258.0, 268.0, 277.0])
def test_without_a_model_its_form_is_in_the_error(form, kelvin):
    typical, hot, _ = deviates(form, (263.15, 273.15), kelvin)
    for z in (typical, hot):
        assert np.mean(np.abs(z) < 2) > 0.85
        assert np.sqrt(np.mean(z**2)) < 1.8


def test_a_hot_pixel_has_a_step_of_its_own():
    """At a temperature in the middle, pixels whose power is 0.7 or 1.3 are found, and not the common one."""
    model = MODELS["thermal"]
    sensor = pixels(own=0.15)
    kelvins = [263.15, 273.15]
    found = between_temperatures([master(sensor, model, each) for each in kelvins], kelvins, 268.15, model=model)
    strange = (sensor[1] > 30) & (np.abs(sensor[2] - 1) > 0.2)
    true = electrons(sensor, model, 268.15)
    assert np.count_nonzero(strange) > 50
    assert np.median(np.abs(found.data / true - 1)[strange]) < 0.01


def test_the_error_grows_outside_the_temperatures():
    sensor, model = pixels(), MODELS["thermal"]
    kelvins = [263.15, 273.15]
    darks = [master(sensor, model, each) for each in kelvins]
    relative = [
        np.median(found.uncertainty.array / found.data)
        for found in (between_temperatures(darks, kelvins, kelvin) for kelvin in (273.15, 276.15, 279.15, 283.0))
    ]
    assert np.all(np.diff(relative) > 0)
    assert relative[-1] > 1.5 * relative[0]
    with pytest.raises(ValueError, match=r"temperature is 16\.9 deg C, more than 10 K outside .* \(-10\.0, 0\.0 deg C"):
        between_temperatures(darks, kelvins, 290.0)


def test_at_the_temperature_of_a_dark_it_is_that_dark():
    sensor, model = pixels(), MODELS["thermal"]
    kelvins = [263.15, 273.15]
    darks = [master(sensor, model, each) for each in kelvins]
    found = between_temperatures(darks, kelvins, 273.15)
    bright = sensor[1] > 10
    assert np.abs((found.data - darks[1].data) / darks[1].uncertainty.array)[bright].max() < 1.5
    assert found.meta["CCD-TEMP"] == pytest.approx(0)


def test_a_pixel_masked_in_one_dark_is_told_by_the_others():
    sensor, model = pixels(), MODELS["thermal"]
    kelvins = [263.15, 273.15]
    darks = [master(sensor, model, each) for each in kelvins]
    darks[1].mask = np.zeros(SHAPE, dtype=bool)
    darks[1].mask[:50] = True
    darks[0].mask = np.zeros(SHAPE, dtype=bool)
    darks[0].mask[40:60] = True
    darks[1].data[3, 3] = np.nan
    before = [snapshot(dark) for dark in darks]
    found = between_temperatures(darks, kelvins, 268.15, model=model)
    assert [snapshot(dark) for dark in darks] == before
    np.testing.assert_array_equal(found.mask, darks[0].mask & darks[1].mask)
    assert np.isfinite(found.data).all()
    error = np.where(found.mask, 1.0, found.uncertainty.array)
    z = (found.data - electrons(sensor, model, 268.15)) / error
    for rows in (np.s_[:40], np.s_[50:60]):
        assert np.std(z[rows]) == pytest.approx(1, abs=0.15)


def test_the_order_does_not_matter():
    sensor, model = pixels(), MODELS["thermal"]
    kelvins = [273.15, 263.15, 268.15]
    darks = [master(sensor, model, each) for each in kelvins]
    one = between_temperatures(darks, kelvins, 270.0)
    other = between_temperatures(darks[::-1], kelvins[::-1], 270.0)
    np.testing.assert_array_equal(one.data, other.data)


def test_rates_of_a_sensor(tmp_path):
    """From frames of a simulated sensor, and back from a file."""
    model = DoublingDarkCurrent(amplitude=1 * ELECTRON_PER_SECOND, doubling=6 * u.K, reference_temperature=263.15 * u.K)
    sensor = Sensor(shape=(150, 150), seed=1, rate=0.5 * ELECTRON_PER_SECOND, bias=500 * u.adu,
                    read_noise=5 * u.electron,
                    defects=[HotPixels(fraction=0.02, above=3 * ELECTRON_PER_SECOND, maximum=30 * ELECTRON_PER_SECOND)],
                    temperature=-10 * u.deg_C, temperature_model=model)  # fmt: skip
    celsius = [-13.0, -7.0]
    rates = [
        dark_rate(
            [simulate_dark(sensor, exposure=300 * u.s, rng=seed, temperature=each * u.deg_C) for seed in range(5)],
            bias=500 * u.adu,
        )
        for each in celsius
    ]
    found = between_temperatures(rates, [each + 273.15 for each in celsius], 263.15, model=model)
    z = (found.data - sensor.true_rate().data) / found.uncertainty.array
    assert np.std(z) == pytest.approx(1, abs=0.05)
    assert np.mean(z) == pytest.approx(0, abs=0.15)
    found.write(tmp_path / "dark.fits")
    back = CCDData.read(tmp_path / "dark.fits")
    assert back.meta["DKTEMP"] == pytest.approx(-10)
    np.testing.assert_array_equal(back.data, found.data)


def test_what_cannot_be_told_is_refused():
    sensor, model = pixels(), MODELS["thermal"]
    dark = master(sensor, model, 263.15)
    with pytest.raises(ValueError, match=r"darks of two temperatures or more are needed .* got -10\.0 deg C"):
        between_temperatures([dark], [263.15], 265.0)
    with pytest.raises(ValueError, match="two temperatures or more"):
        between_temperatures([dark, dark], [263.15, 263.2], 265.0)
    bare = CCDData(dark, uncertainty=None)
    bare.uncertainty = None
    with pytest.raises(ValueError, match=r"the dark at 0\.0 deg C has no uncertainty"):
        between_temperatures([dark, bare], [263.15, 273.15], 265.0)
    falling = DoublingDarkCurrent(amplitude=1.0, doubling=-6.0, reference_temperature=273.15)
    with pytest.raises(ValueError, match="model must give a dark current that rises with temperature"):
        between_temperatures([dark, dark], [263.15, 273.15], 265.0, model=falling)
    flat = CCDData(np.random.default_rng(1).normal(0, 1, SHAPE), unit="electron",
                   uncertainty=StdDevUncertainty(np.ones(SHAPE)))  # fmt: skip
    with pytest.raises(ValueError, match="show no dark current that rises with temperature"):
        between_temperatures([flat, flat], [263.15, 273.15], 265.0)
