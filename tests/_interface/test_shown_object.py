"""How objects show themselves: readable on one line, and as a table in a notebook."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable

from ccdproc_darks import Amplifier, DarkScale, DarkSequence, MeasuredGain, ProportionalityLimit, Sensor
from ccdproc_darks._interface.shown_object import in_words
from ccdproc_darks.simulation import HotPixels

RATE = u.electron / u.s
SENSOR = Sensor(shape=(30, 40), seed=3, bias=CCDData(np.zeros((30, 40)), unit="adu"),
                defects=[HotPixels(fraction=0.1, above=1 * RATE, maximum=9 * RATE)])  # fmt: skip
OBJECTS = {
    "Sensor": SENSOR,
    "DarkSequence": DarkSequence(SENSOR, [(10, 90 * u.s), 0 * u.s]),
    "ProportionalityLimit": ProportionalityLimit(
        limit=np.inf * RATE, interval=[3.5, np.inf] * RATE, tolerance=0.1, confidence=0.95, curve=QTable()
    ),
    "MeasuredGain": MeasuredGain(
        gain=1.5 * u.electron / u.adu, gain_error=0.01 * u.electron / u.adu, read_noise=10 * u.electron,
        read_noise_error=0.1 * u.electron, noise=11 * u.electron, pixels=3, frames=2,
    ),
    "DarkScale": DarkScale(factor=2.0, error=0.1, chi_square=1.0, scatter=0.0, pixels=30),
    "Amplifier": Amplifier("[1:50, :]", gain=1.5 * u.electron / u.adu, read_noise="<RDNOISE>"),
}  # fmt: skip
SHOWN = {
    "Sensor": "Sensor(shape=(30, 40), seed=3, defects=(HotPixels(fraction=0.1, above=1 electron / s, maximum=9 "
    "electron / s),), bias=<image of 30 x 40 pixels in adu>)",
    "ProportionalityLimit": "ProportionalityLimit(limit=inf electron / s, interval=[3.5, inf] electron / s, "
    "tolerance=0.1, confidence=0.95, curve=<table of 0 rows>)",
    "MeasuredGain": "MeasuredGain(gain=1.5 electron / adu, gain_error=0.01 electron / adu, read_noise=10 electron, "
    "read_noise_error=0.1 electron, noise=11 electron, pixels=3, frames=2)",
    "DarkScale": "DarkScale(factor=2, error=0.1, chi_square=1, scatter=0, pixels=30)",
    "Amplifier": "Amplifier(section='[1:50, :]', gain=1.5 electron / adu, read_noise='<RDNOISE>')",
}
SHOWN["DarkSequence"] = (
    "DarkSequence(frames=11, exposures=['10 x 90 s', '1 x 0 s'], start='2026-01-01T00:00:00.000', "
    f"sensor={SHOWN['Sensor']})"
)


@pytest.mark.parametrize("name", OBJECTS)
def test_on_one_line(name):
    assert repr(OBJECTS[name]) == SHOWN[name]


@pytest.mark.parametrize("name", OBJECTS)
def test_in_a_notebook(name):
    html = OBJECTS[name]._repr_html_()
    assert html.startswith(f"<p><strong>{name}</strong></p>")
    assert html.count("<table>") == html.count("</table>") == 1 + (name == "DarkSequence")
    assert html.count("<tr>") == html.count("</tr>")
    assert not re.search(r"<image|<RD|&lt;Quantity|0x", html)


def test_values_are_in_the_table():
    html = OBJECTS["MeasuredGain"]._repr_html_()
    assert "<p>The gain is 1.5 +- 0.01 electron / adu, from 3 warm pixels in 2 darks." in html
    cells = re.findall(r"<th[^>]*>([^<]*)</th><td[^>]*>([^<]*)</td>", html)
    assert ("gain error", "0.01 electron / adu") in cells
    assert ("pixels", "3") in cells


def test_defaults_are_left_out():
    assert repr(Sensor(shape=(2, 3))) == "Sensor(shape=(2, 3))"
    assert repr(Sensor(shape=(2, 3), rate=36 * u.electron / u.h)) == "Sensor(shape=(2, 3))"


def test_long_sequences_are_cut():
    shown = repr(DarkSequence(SENSOR, np.arange(1, 41) * u.s))
    assert "'10 x" not in shown
    assert "exposures=['1 x 1 s', '1 x 2 s'," in shown
    assert "'...', '1 x 40 s']" in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.arange(3), "[0, 1, 2]"),
        (np.zeros((2, 3)), "<array of 2 x 3>"),
        (np.float64(1 / 3), "0.333333"),
        (np.array(2.5), "2.5"),
        ((1,), "(1,)"),
        ([True, None, "text"], "[True, None, 'text']"),
        (5 * u.dimensionless_unscaled, "5"),
        (CCDData(np.zeros((2, 3)), unit=""), "<image of 2 x 3 pixels>"),
    ],
)
def test_in_words(value, text):
    assert in_words(value) == text
