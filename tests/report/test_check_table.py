"""Findings as a table, and as numbers."""

import pytest
from astropy import units as u

from ccdproc_darks.frames.evidence.finding import Finding
from ccdproc_darks.report.check_table import as_text, check_meta, check_table

FOUND = [
    Finding("gain", "doubtful", "it is off", 1.4832 * u.electron / u.adu, "2.06 electron / adu"),
    Finding("optical black", "ok", "not subtracted", 0.02 * u.electron / u.s),
    Finding("combined", "ok", "they are single", 1, 3.0),
    Finding("digits", "ok", "whole numbers", "steps of 1"),
    Finding("result", "unknown", "nobody knows"),
]


def test_table():
    table = check_table(FOUND, darks=3)
    assert table["check"].tolist() == ["gain", "optical black", "combined", "digits", "result"]
    assert u.Quantity(table["found"][0]) == 1.483 * u.electron / u.adu
    assert u.Quantity(table["told"][0]) == 2.06 * u.electron / u.adu
    assert table["found"][-1] == ""
    assert table.meta["darks"] == 3
    assert table.meta["verdict"] == "One thing is doubtful: gain."


def test_numbers_have_their_units_in_their_names():
    assert {key: value for key, value in check_meta(FOUND).items() if key != "verdict"} == {
        "gain_found_electron_per_adu": 1.4832,
        "gain_told_electron_per_adu": 2.06,
        "optical_black_found_electron_per_s": 0.02,
        "combined_found": 1.0,
        "combined_told": 3.0,
    }


def test_no_findings():
    assert len(check_table([])) == 0


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (1.23456, "1.235"), (7, "7"), ("12 bits", "12 bits"), (3 * u.percent, "3 %")]
)
def test_texts(value, text):
    assert as_text(value) == text
