"""Doubling temperature of sensors that double their dark current at a known step."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import dark_rate, doubling_temperature
from ccdproc_darks.rates.doubling_temperature import typical_rates
from ccdproc_darks.rates.typical_rate import typical_rate

from ..helpers import noisy_darks, rate_image

SHAPE, NOISE = (60, 60), 5.0


def rate_at(celsius, seed=0, doubling=6.0, seconds=100.0, level=0.5, noise=NOISE, number=3):
    rng = np.random.default_rng([seed, int(celsius + 100), int(seconds)])
    truth = level * 2 ** (celsius / doubling) * np.exp(0.1 * rng.normal(size=SHAPE))
    darks = noisy_darks(rng, truth, seconds, number, noise, SHAPE)
    for one in darks:
        one.meta |= {"CCD-TEMP": celsius}
    return dark_rate(darks, saturation=1e9 * u.electron)


def test_the_doubling_temperature_of_a_sensor():
    doubling, error = doubling_temperature(*(rate_at(celsius) for celsius in (-20.0, -10.0, 0.0, 10.0)))
    assert doubling.unit == error.unit == u.K
    assert 0 < error < 0.1 * u.K
    assert abs(doubling - 6 * u.K) < 4 * error


def test_two_temperatures_in_numbers():
    """ln(2) over the slope between the two, and its error by propagation."""
    rates = [rate_at(celsius) for celsius in (10.0, -10.0)]
    (warm, warm_error), (cold, cold_error) = map(typical_rate, rates)
    doubling, error = doubling_temperature(*rates)
    assert doubling.value == pytest.approx(20 * np.log(2) / np.log(warm / cold))
    relative = np.hypot(warm_error / warm, cold_error / cold) / np.log(warm / cold)
    assert error.value == pytest.approx(doubling.value * relative)


@pytest.mark.statistics
def test_the_error_is_the_scatter():
    found = [doubling_temperature(*(rate_at(t, seed) for t in (-15.0, -5.0, 5.0))) for seed in range(15)]
    deviates = np.array([(doubling - 6 * u.K) / error for doubling, error in found], dtype=float)
    assert abs(deviates.mean()) < 0.9
    # An error that is scaled by three points never shrinks.
    assert 0.4 < deviates.std() < 1.4


def test_several_rates_of_one_temperature():
    rates = [rate_at(celsius, seconds=seconds) for celsius in (-10.0, 0.0) for seconds in (50.0, 200.0)]
    found = typical_rates(rates)
    assert found.celsius.tolist() == [-10, -10, 0, 0]
    assert found.rates == pytest.approx([typical_rate(rate)[0] for rate in rates])
    assert found.at(0.0) == pytest.approx(found.rates[2], rel=0.05)


def test_points_off_the_line_enlarge_the_error():
    straight = [rate_at(celsius) for celsius in (-20.0, -10.0, 0.0)]
    bent = [*straight[:1], rate_at(-10.0, level=0.6), straight[2]]
    assert doubling_temperature(*bent)[1] > 3 * doubling_temperature(*straight)[1]


def test_noiseless_rates():
    rates = [rate_image(np.full((8, 8), value), 100.0) for value in (1.0, 4.0)]
    for rate, celsius in zip(rates, (0.0, 12.0), strict=True):
        rate.meta["DKTEMP"] = celsius
    doubling, error = doubling_temperature(*rates)
    assert doubling.value == pytest.approx(6, rel=0.01)
    assert np.isfinite(error)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "none"),
        ([0.0], "0.0"),
        ([0.0, 0.0], "0.0, 0.0"),
        ([0.0, 1.9], "0.0, 1.9"),
        ([None, None], "unknown, unknown"),
        ([0.0, None], "0.0, unknown"),
    ],
)
def test_fewer_than_two_temperatures(given, told):
    rates = [rate_image(np.full((4, 4), 1.0), 100.0) for _ in given]
    for rate, celsius in zip(rates, given, strict=True):
        if celsius is not None:
            rate.meta["DKTEMP"] = celsius
    text = rf"^rates of two temperatures or more are needed, more than 2 deg C apart, got {told} \(DKTEMP"
    with pytest.raises(ValueError, match=text):
        doubling_temperature(*rates)


def test_a_rate_that_is_not_positive():
    rates = [rate_image(np.full((4, 4), value), 100.0) for value in (-0.01, 1.0)]
    for rate, celsius in zip(rates, (-20.0, 0.0), strict=True):
        rate.meta["DKTEMP"] = celsius
    text = r"^rates\[0\], at -20\.0 deg C, has a typical rate of -0\.01.* electron/s, which is not above zero"
    with pytest.raises(ValueError, match=text):
        doubling_temperature(*rates)


def test_a_dark_current_that_falls():
    rates = [rate_at(0.0, doubling=-6.0), rate_at(-10.0, doubling=-6.0)]
    with pytest.raises(ValueError, match=r"does not rise with temperature.*electron/s at 0\.0 deg C, "):
        doubling_temperature(*rates)


def test_a_rate_without_uncertainty():
    rates = [rate_at(-10.0), rate_at(0.0)]
    rates[1].uncertainty = None
    with pytest.raises(ValueError, match=r"^rates\[1\] has no uncertainty: give dark_rate a read_noise$"):
        doubling_temperature(*rates)


def test_a_rate_without_pixels():
    rates = [rate_at(-10.0), rate_at(0.0)]
    rates[0].mask = np.ones(SHAPE, bool)
    with pytest.raises(ValueError, match=r"^rates\[0\], at -10\.0 deg C, has no pixel that can be used$"):
        doubling_temperature(*rates)


def test_two_cameras():
    rates = [rate_at(-10.0), rate_at(0.0)]
    for rate, camera in zip(rates, "AB", strict=True):
        rate.meta["INSTRUME"] = f"camera {camera}"
    with pytest.raises(ValueError, match="INSTRUME"):
        doubling_temperature(*rates)


def test_what_is_no_rate():
    with pytest.raises(
        TypeError, match=r"^rates\[0\] must be CCDData, a result of dark_rate, got list; pass the rates"
    ):
        doubling_temperature([rate_at(0.0)])


def test_units():
    rates = [rate_at(-10.0), rate_at(0.0)]
    expected = doubling_temperature(*rates)
    data, meta, deviation = rates[0].data * 60, rates[0].meta, StdDevUncertainty(rates[0].uncertainty.array * 60)
    rates[0] = CCDData(data, unit="electron / min", meta=meta, uncertainty=deviation)
    np.testing.assert_allclose(u.Quantity(doubling_temperature(*rates)), u.Quantity(expected), rtol=1e-5)
    rates[0] = CCDData(data, unit="adu / s", meta=meta, uncertainty=StdDevUncertainty(deviation.array))
    with pytest.raises(u.UnitsError, match=r"^rates\[0\] is in adu / s, expected electron / s$"):
        doubling_temperature(*rates)
