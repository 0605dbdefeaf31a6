"""What one file is, as its header, its folder or the user tells."""

import shutil

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import dark_rate
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.report.classified import classified
from ccdproc_darks.report.frame_options import AS_FOUND, FrameOptions

from .conftest import write_frames
from .test_folder import set_header


@pytest.fixture
def of(tmp_path):
    """`Frame` of a file with changes of its header, in a folder of a name."""

    def classify(changes=None, options=AS_FOUND, *, seconds=300, folder="in", kind=None):
        (path,) = write_frames(tmp_path, [(seconds, 1)])
        set_header(path, **(changes or {}))
        place = tmp_path / folder
        place.mkdir(parents=True)
        path = shutil.move(path, place / path.name)
        return classified(FileFrame(path), path.name, tmp_path, options, kind)

    return classify


@pytest.mark.parametrize(
    ("changes", "seconds", "expected"),
    [
        ({"IMAGETYP": "DARK"}, 300, ("dark", 300.0, 1)),
        ({"IMAGETYP": None, "FRAMETYP": "Dark"}, 300, ("dark", 300.0, 1)),
        ({"IMAGETYP": None, "IMTYPE": "DARK"}, 300, ("dark", 300.0, 1)),
        ({"IMAGETYP": None, "OBSTYPE": "dark"}, 300, ("dark", 300.0, 1)),
        ({"IMAGETYP": "OFFSET"}, 0, ("bias", 0.0, 1)),
        ({"IMAGETYP": "zero"}, 0, ("bias", 0.0, 1)),
        ({"IMAGETYP": None}, 0, ("bias", 0.0, 1)),
        ({"IMAGETYP": ""}, 0, ("bias", 0.0, 1)),
        ({"IMAGETYP": "N/A"}, 0, ("bias", 0.0, 1)),
        ({"IMAGETYP": "Master Bias"}, 0, ("bias", 0.0, 0)),
        ({"IMAGETYP": "SUPERBIAS"}, 0, ("bias", 0.0, 0)),
        ({"IMAGETYP": "Bias", "NCOMBINE": 20}, 0, ("bias", 0.0, 20)),
        ({"IMAGETYP": "Bias", "NCOMBINE": 1}, 0, ("bias", 0.0, 1)),
        ({"IMAGETYP": "Bias", "COMBINED": True}, 0, ("bias", 0.0, 0)),
        ({"IMAGETYP": "Dark", "EXPTIME": "300,5"}, 300, ("dark", 300.5, 1)),
        ({"IMAGETYP": "Dark", "EXPTIME": None, "EXPOSURE": None, "ITIME": 60.0}, 300, ("dark", 60.0, 1)),
        ({"IMAGETYP": "Dark", "EXPTIME": None, "EXPOSURE": None, "EXP": 61}, 300, ("dark", 61.0, 1)),
        ({"IMAGETYP": "Dark", "EXPTIME": "N/A", "EXPOSURE": 12.0}, 300, ("dark", 12.0, 1)),
    ],
)
def test_what_headers_tell(of, changes, seconds, expected):
    frame = of(changes, seconds=seconds)
    assert (frame.kind, frame.seconds, frame.combined) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"IMAGETYP": None},
            "its header has none of IMAGETYP, .*: neither bias nor dark; tell by --type-key or --dark",
        ),
        ({"IMAGETYP": "Image 7"}, "IMAGETYP is 'Image 7': neither bias nor dark; if it is a dark, tell by --dark"),
        ({"IMAGETYP": None, "FRAMETYP": "FLAT"}, "FRAMETYP is 'FLAT': neither bias nor dark$"),
        ({"EXPTIME": "N/A", "EXPOSURE": None}, "no exposure time: .*; tell by --exposure or --exposure-key"),
        ({"EXPTIME": -1.0}, "EXPTIME is -1 s: a dark needs an exposure"),
    ],
)
def test_what_is_none_of_them(of, changes, reason):
    with pytest.raises(ValueError, match=reason):
        of(changes)


@pytest.mark.parametrize(
    ("folder", "changes", "kind", "expected"),
    [
        ("Darks 300s", {"IMAGETYP": None}, None, "dark"),
        ("Darks/300s", {"IMAGETYP": ""}, None, "dark"),
        ("Bias", {"IMAGETYP": None}, None, "bias"),
        ("Bias", {"IMAGETYP": "Dark"}, None, "dark"),
        ("anything", {"IMAGETYP": None}, "bias", "bias"),
        ("anything", {"IMAGETYP": "Dark"}, "bias", "dark"),
    ],
)
def test_folders_tell_where_headers_do_not(of, folder, changes, kind, expected):
    assert of(changes, folder=folder, kind=kind).kind == expected


@pytest.mark.parametrize(
    ("options", "changes", "expected"),
    [
        ({"darks": "*"}, {"IMAGETYP": "Light"}, ("dark", 300.0)),
        ({"darks": "dark_3*.fit"}, {"IMAGETYP": "Bias"}, ("dark", 300.0)),
        ({"type_key": "MODE"}, {"IMAGETYP": "Light", "MODE": "Dark"}, ("dark", 300.0)),
        ({"type_key": "MODE"}, {"IMAGETYP": "Dark"}, ("dark", 300.0)),
        ({"exposure": 60 * u.s}, {}, ("dark", 60.0)),
        ({"exposure": 1 * u.min}, {"EXPTIME": None, "EXPOSURE": None}, ("dark", 60.0)),
        ({"exposure": "LTIME"}, {"LTIME": 61.0}, ("dark", 61.0)),
        ({"check_headers": False}, {"CALSTAT": "BD"}, ("dark", 300.0)),
    ],
)
def test_what_the_user_tells(of, options, changes, expected):
    frame = of(changes, FrameOptions(**options))
    assert (frame.kind, frame.seconds) == expected
    # Functions that look at the header agree.
    given = options.get("exposure")
    check = options.get("check_headers", True)
    rate = dark_rate([frame.file], bias=500 * u.adu, exposure=given, check_headers=check)
    assert rate.meta["EXPTIME"] == pytest.approx(expected[1])


def test_names_that_do_not_match(of):
    with pytest.raises(ValueError, match="IMAGETYP is 'Light'"):
        of({"IMAGETYP": "Light"}, FrameOptions(darks="other_*"))


def test_files_are_not_changed(of):
    frame = of({"IMAGETYP": "Light", "READOUTM": "Fast"}, FrameOptions(darks="*", ignored=("READOUTM",)))
    assert fits.getheader(frame.file.path)["IMAGETYP"] == "Light"
    assert fits.getheader(frame.file.path)["READOUTM"] == "Fast"
    assert "READOUTM" not in frame.file.header
    assert np.array_equal(frame.file.rows(slice(None)).values, fits.getdata(frame.file.path))


def test_an_ignored_gain_is_still_the_gain(of):
    frame = of({"EGAIN": 3.0}, FrameOptions(ignored=("EGAIN",)))
    assert "EGAIN" not in frame.settings
    assert frame.file.header["EGAIN"] == 3.0
