"""Temperatures that were set, and that sensors had."""

import pytest

from ccdproc_darks.report.folder import find_groups

from .conftest import write_frames
from .test_folder import set_header


def temperatures(folder):
    groups, unusable = find_groups(folder)
    return [(group.temperature, len(group.darks)) for group in groups], unusable


def test_a_dark_before_the_sensor_was_cold(tmp_path):
    """It is named; a bias frame is used all the same, as its level depends on the temperature weakly."""
    paths = write_frames(tmp_path, [(30, 4), (0, 2)])
    for path in (paths[0], paths[4]):
        set_header(path, CCD_TEMP=-12.0)
    found, (unusable,) = temperatures(tmp_path)
    assert found == [(-20.0, 3)]
    assert (unusable.name, unusable.reason) == (
        "dark_30_0.fit", "the sensor was at -12.0 C, not at the -20 C that were set",
    )  # fmt: skip


@pytest.mark.parametrize("wanted", [0, 0.0, 999, "999", -999, -20.0, "N/A", ""])
def test_an_uncooled_camera(tmp_path, wanted):
    """Whatever it writes as set: the temperature is that of the sensor."""
    paths = write_frames(tmp_path, [(30, 4), (0, 2)])
    for path, celsius in zip(paths, (21.0, 21.4, 24.0, 24.2, 21.2, 24.1), strict=True):
        set_header(path, SET_TEMP=wanted, CCD_TEMP=celsius)
    found, unusable = temperatures(tmp_path)
    assert [(round(celsius, 1), number) for celsius, number in found] == [(21.2, 2), (24.1, 2)]
    assert unusable == []


@pytest.mark.parametrize("celsius", ["N/A", "", "cold", -273.15, "-999", 999, None])
def test_unknown_temperatures_are_one_group(tmp_path, celsius):
    paths = write_frames(tmp_path, [(30, 2), (0, 2)])
    for path in paths:
        set_header(path, SET_TEMP=None, CCD_TEMP=celsius)
    assert temperatures(tmp_path) == ([(None, 2)], [])


def test_the_sensor_does_not_tell(tmp_path):
    """What the cooler was set to is all that is known."""
    for path in write_frames(tmp_path, [(30, 2)]):
        set_header(path, SET_TEMP=-15.0, CCD_TEMP="N/A")
    assert temperatures(tmp_path) == ([(-15.0, 2)], [])
