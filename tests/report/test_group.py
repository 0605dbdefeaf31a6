"""Groups of frames, and files that cannot be used."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ccdproc_darks.report.group import Frame, Group, unusable_file


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "TestCam, 90 x 60 pixels"),
        ({"temperature": -9.6}, "TestCam, 90 x 60 pixels, -10 C"),
        ({"binning": "2x2", "details": "READOUTM Fast"}, "TestCam, 90 x 60 pixels, binned 2x2, READOUTM Fast"),
        ({"settings": {"XORGSUBF": 10.0}}, "TestCam, 90 x 60 pixels, from 10 0"),
    ],
)
def test_titles(changes, title):
    given = {"camera": "TestCam", "shape": (60, 90), "binning": "1x1", "settings": {}, "temperature": None} | changes
    assert Group(**given).title == title


def test_exposure_times():
    darks = [Frame(SimpleNamespace(), name, "dark", seconds, None, {}) for name, seconds in
             (("c", 30.0), ("b", 300.0), ("a", 30.001))]  # fmt: skip
    group = Group("TestCam", (60, 90), "1x1", {}, None, darks=darks)
    assert [(seconds, [dark.name for dark in same]) for seconds, same in group.exposures] == [
        (30.0, ["c", "a"]), (300.0, ["b"]),
    ]  # fmt: skip


@pytest.mark.parametrize(("combined", "is_master"), [(1, False), (0, True), (20, True)])
def test_master_biases(combined, is_master):
    assert Frame(SimpleNamespace(), "a", "bias", 0.0, None, {}, combined).is_master == is_master


def test_names_in_reasons():
    path = Path("/data/night/Darks/a.fit")
    error = OSError(f"{path}: the file is empty")
    assert unusable_file(path, error).name == "a.fit"
    item = unusable_file(path, f"{path} and others", "Darks/a.fit")
    assert (item.name, item.reason) == ("Darks/a.fit", "Darks/a.fit and others")
