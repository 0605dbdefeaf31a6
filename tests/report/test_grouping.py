"""Which frames of a folder belong together, whatever the order of their names."""

import itertools
import shutil

import pytest

from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.frame_options import FrameOptions
from ccdproc_darks.report.grouping import differing_keys

from .conftest import write_frames
from .test_folder import set_header


def numbers(groups):
    return sorted((len(group.darks), len(group.biases)) for group in groups)


@pytest.mark.parametrize(
    ("biases", "darks"),
    [
        ({"EGAIN": None}, {}),
        ({"EGAIN": 1.5001}, {}),
        ({"OFFSET": "30"}, {"OFFSET": 30}),
        ({"OFFSET": 10.0}, {"OFFSET": " 10 "}),
        ({"READOUTM": "NORMAL "}, {"READOUTM": "Normal"}),
        ({"READOUTM": "High  Quality"}, {"READOUTM": "high quality"}),
        ({"READOUTM": None}, {"READOUTM": "Normal"}),
        ({"INSTRUME": "TestCam"}, {"INSTRUME": "TestCam Pro 16M"}),
        ({"XBINNING": "1", "YBINNING": "1"}, {}),
    ],
)
def test_biases_go_with_darks_whose_header_says_the_same(tmp_path, biases, darks):
    """In another spelling, or with a key less."""
    paths = write_frames(tmp_path, [(0, 3), (30, 2), (300, 2)])
    for path in paths:
        set_header(path, **(biases if "bias" in path.name else darks))
    groups, unusable = find_groups(tmp_path)
    assert numbers(groups) == [(4, 3)]
    assert unusable == []


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_the_order_of_files_does_not_matter(tmp_path, order):
    """The first tells no gain, and the others tell two."""
    paths = write_frames(tmp_path, [(30, 3)])
    for path, name, gain in zip(paths, order, (None, 1.5, 3.0), strict=True):
        set_header(path, EGAIN=gain)
        shutil.move(path, tmp_path / f"{name}.fit")
    groups, _ = find_groups(tmp_path)
    # It might belong to either: it is a group of its own.
    assert [group.settings.get("EGAIN") for group in groups] == [1.5, 3.0, None]


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_a_shorter_name_of_a_camera_joins_no_two(tmp_path, order):
    paths = write_frames(tmp_path, [(30, 3)])
    for path, name, camera in zip(paths, order, ("ZWO", "ZWO ASI178", "ZWO ASI1600"), strict=True):
        set_header(path, INSTRUME=camera)
        shutil.move(path, tmp_path / f"{name}.fit")
    groups, _ = find_groups(tmp_path)
    assert numbers(groups) == [(1, 0), (1, 0), (1, 0)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [2, 2]),
        ({"ignored": ("READOUTM",)}, [4]),
        ({"check_headers": False}, [4]),
        ({"group_by": ("FILTER",)}, [1, 1, 1, 1]),
        ({"group_by": ("FILTER",), "ignored": ("READOUTM",)}, [2, 2]),
        ({"group_by": ("FILTER",), "check_headers": False}, [2, 2]),
        ({"group_by": ("WHEELPOS",)}, [2, 2]),
    ],
)
def test_keys_that_the_user_tells(tmp_path, options, expected):
    paths = write_frames(tmp_path, [(30, 4)])
    for path, mode, cover in zip(paths, ("Fast", "Fast", "Normal", "Normal"), ("R", "v") * 2, strict=True):
        set_header(path, READOUTM=mode, FILTER=cover, WHEELPOS=2)
    groups, unusable = find_groups(tmp_path, options=FrameOptions(**options))
    assert sorted(len(group.darks) for group in groups) == expected
    assert unusable == []


@pytest.mark.parametrize(
    ("tolerance", "expected"), [(1.0, [2, 2, 3]), (3.0, [3, 4]), (0.1, [1] * 4 + [3]), (None, [7])]
)
def test_temperatures(tmp_path, tolerance, expected):
    """Those of three frames are not known."""
    paths = write_frames(tmp_path, [(30, 7)])
    for path, celsius in zip(paths, (-10.0, -10.6, -12.0, -12.2, None, None, None), strict=True):
        set_header(path, SET_TEMP=None, CCD_TEMP=celsius)
    groups, _ = find_groups(tmp_path, options=FrameOptions(temperature_tolerance=tolerance))
    assert sorted(len(group.darks) for group in groups) == expected
    assert [group.temperature is None for group in groups][-1]


def test_bias_frames_do_not_part_darks(tmp_path):
    """Three darks within 1 deg C, and bias frames around them."""
    paths = write_frames(tmp_path, [(0, 4), (30, 3)])
    for path, celsius in zip(paths, (18.0, 19.1, 20.9, 22.0, 19.6, 20.0, 20.5), strict=True):
        set_header(path, SET_TEMP=None, CCD_TEMP=celsius)
    (group,), _ = find_groups(tmp_path)
    assert [dark.temperature for dark in group.darks] == [19.6, 20.0, 20.5]


def test_without_a_tolerance_temperatures_are_not_even_read(tmp_path):
    first, second = write_frames(tmp_path, [(30, 2)])
    set_header(first, CCD_TEMP="cold", SET_TEMP=None)
    set_header(second, CCD_TEMP=20.0, SET_TEMP=-30.0)
    groups, unusable = find_groups(tmp_path, options=FrameOptions(temperature_tolerance=None))
    assert (numbers(groups), unusable) == ([(2, 0)], [])


def test_titles_name_what_parts_groups(tmp_path):
    paths = write_frames(tmp_path, [(30, 2)])
    for path, mode in zip(paths, ("Fast", "High Quality"), strict=True):
        set_header(path, READOUTM=mode, OFFSET=10)
    groups, _ = find_groups(tmp_path)
    assert [group.title.partition("pixels, ")[2] for group in groups] == [
        "READOUTM Fast, -20 C", "READOUTM High Quality, -20 C",
    ]  # fmt: skip


def test_keys_that_differ():
    first = {"EGAIN": 1.5, "READOUTM": "fast", "OFFSET": 10.0, "GAIN": 100.0}
    second = {"EGAIN": 1.5001, "READOUTM": "slow", "OFFSET": 11.0, "DETECTOR": "one"}
    assert differing_keys(first, second) == ["READOUTM", "OFFSET"]
    assert differing_keys(first, {}) == []
