"""Temperature of a sensor as headers tell it."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import TemperatureWarning, dark_rate
from ccdproc_darks.frames.header_keys import SET_TEMPERATURE_KEYS, TEMPERATURE_KEYS
from ccdproc_darks.frames.temperatures import group_temperature, sensor_temperature

from ..helpers import dark


def of_cards(*cards):
    return fits.Header.fromstring("".join(card.ljust(80) for card in cards))


def temperature(value, key="CCD-TEMP"):
    return sensor_temperature(fits.Header({key: value}))


@pytest.mark.parametrize("key", [*TEMPERATURE_KEYS, *SET_TEMPERATURE_KEYS])
def test_keys(key):
    assert temperature(-20.5, key) == -20.5
    assert sensor_temperature({key: "-20.5"}) == -20.5


@pytest.mark.parametrize(("text", "celsius"), [
    ("-10.0 C", -10), ("-10,5", -10.5), ("+12.1 deg C", 12.1), ("-25.0degC", -25), (" -5 Celsius ", -5), ("0", 0),
    ("-1.5e1", -15), ("20\u00b0C", 20),
])  # fmt: skip
def test_texts(text, celsius):
    assert sensor_temperature({"CCD-TEMP": text}) == celsius


def test_kelvin():
    assert sensor_temperature({"CCDTEMP": "173.15 K"}) == pytest.approx(-100)
    for comment in ("[K] detector temperature", "detector temperature (K)", "temperature in Kelvin", "in deg K"):
        assert sensor_temperature(fits.Header([("CCDTEMP", 163.15, comment)])) == pytest.approx(-110)
    # Without a unit it is none that a sensor can have.
    assert temperature(163.15) is None


@pytest.mark.parametrize("value", [
    "N/A", "", "   ", "unknown", "cold", None, fits.card.Undefined(), True, -273.15, -273.0, -999, -999.0, 999, 100.0,
    1e5, "nan", "-10 F",
])  # fmt: skip
def test_unknown(value):
    """What tells nothing, and what no sensor can have."""
    assert temperature(value) is None
    assert group_temperature(fits.Header({"CCD-TEMP": value})) is None
    # The cooler's tells then.
    assert sensor_temperature(fits.Header({"CCD-TEMP": value, "SET-TEMP": -20.0})) == -20
    assert sensor_temperature(fits.Header({"CCD-TEMP": value, "TEMPERAT": -19.5, "SET-TEMP": -20.0})) == -19.5


def test_cards_that_cannot_be_read():
    assert sensor_temperature(of_cards("TEMPERAT= -20,0", "DET-TEMP= -20.5")) == -20.5
    assert sensor_temperature(of_cards("CCD-TEMP= -20.0", "CCD-TEMP= -10.0", "SET-TEMP= -20.0")) == -20
    assert sensor_temperature(of_cards("CCD-TEMP=")) is None
    assert sensor_temperature(fits.Header()) is None


@pytest.mark.parametrize(("sensor", "kept", "expected"), [
    (-19.6, -20.0, -20), (-18.0, -20.0, -20), (-17.9, -20.0, -17.9), (22.5, 0.0, 22.5), (22.5, 999.0, 22.5),
    ("N/A", -20.0, -20), (-19.6, "", -19.6), (None, 999, None), (28.0, -999.0, 28),
])  # fmt: skip
def test_of_groups(sensor, kept, expected):
    """What was set, where the sensor was at it; a camera without a cooler never is."""
    assert group_temperature(fits.Header({"CCD-TEMP": sensor, "SET-TEMP": kept})) == expected


def rate(*metas):
    darks = [dark(np.full((6, 5), 100.0 + number), **meta) for number, meta in enumerate(metas)]
    return dark_rate(darks, bias=100 * u.adu)


@pytest.mark.parametrize("value", ["N/A", "", None, fits.card.Undefined(), -273.15, 999.0, "cold"])
def test_rate_of_frames_of_unknown_temperature(value):
    """It is made all the same, and without a word."""
    metas = [{"CCD-TEMP": -20.0}, {"CCD-TEMP": value}]
    with warnings.catch_warnings():
        warnings.simplefilter("error", TemperatureWarning)
        assert rate(*metas).meta["DKTEMP"] == -20
        assert "DKTEMP" not in rate(metas[1], metas[1]).meta


@pytest.mark.parametrize("kept", [0.0, 999.0, -999.0])
def test_rate_of_a_camera_without_a_cooler(kept):
    assert rate(*[{"CCD-TEMP": 22.5, "SET-TEMP": kept}] * 2).meta["DKTEMP"] == 22.5


def test_temperatures_that_differ():
    """By whatever keys."""
    with pytest.warns(TemperatureWarning, match=r"^the darks were taken at -20.0 to -10.0 deg C"):
        rate({"DET-TEMP": "-20.0 C"}, {"CCD-TEMP": -10.0})
