"""Finding and grouping of frames."""

import bz2
import gzip
import os
import re
import shutil

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks.frames.fits_image import FileReader
from ccdproc_darks.report import folder
from ccdproc_darks.report.classified import classified
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.frame_options import FrameOptions

from ..frames.test_disk_file import make_oddity
from ..frames.test_headers import BROKEN
from .conftest import SHAPE, write_frames


def set_header(path, **entries):
    with fits.open(path, mode="update") as hdus:
        for key, value in entries.items():
            key = key.replace("_", "-")
            if value is None:
                hdus[0].header.remove(key, ignore_missing=True)
            else:
                hdus[0].header[key] = value


def test_one_group(night):
    (group,), unusable = find_groups(night)
    assert unusable == []
    assert [(seconds, len(frames)) for seconds, frames in group.exposures] == [(30, 4), (300, 4)]
    assert len(group.biases) == 5
    assert group.shape == SHAPE
    assert "-20 C" in group.title


@pytest.mark.parametrize("kind", ["Dark Frame          ", "DARK", "dark", " Dark ", "Master Dark"])
def test_names_of_darks(tmp_path, kind):
    (path,) = write_frames(tmp_path, [(30, 1)])
    set_header(path, IMAGETYP=kind)
    (group,), _ = find_groups(tmp_path)
    assert len(group.darks) == 1


@pytest.mark.parametrize("kind", ["Bias Frame          ", "BIAS", "zero", "Zero Frame"])
def test_names_of_biases(tmp_path, kind):
    dark, bias = write_frames(tmp_path, [(30, 1), (0, 1)])
    set_header(bias, IMAGETYP=kind)
    (group,), _ = find_groups(tmp_path)
    assert len(group.biases) == 1
    assert group.darks[0].name == dark.name


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"IMAGETYP": "Light Frame"}, "Light Frame.*neither bias nor dark"),
        ({"IMAGETYP": None}, "IMAGETYP.*neither bias nor dark"),
        ({"EXPTIME": None, "EXPOSURE": None}, "no exposure time"),
        ({"EXPTIME": 0.0}, "EXPTIME is 0 s"),
        ({"EXPTIME": "long"}, "EXPTIME.*finite number.*'long'"),
        ({"IMAGETYP": "Light (dark subtracted)"}, "neither bias nor dark"),
        ({"CALSTAT": "BD"}, "CALSTAT = 'BD': a dark is subtracted from it already"),
        ({"CALSTAT": "B"}, "CALSTAT = 'B': a bias is subtracted from it already.*--bias none"),
        (
            {"EXPTIME": 30.0, "EXPOSURE": 77.0},
            "EXPTIME is 30 and EXPOSURE is 77: one of them is not the exposure time; tell by --exposure-key EXPTIME or "
            "--exposure-key EXPOSURE",
        ),
        ({"BUNIT": "bananas"}, "BUNIT in the header is 'bananas', expected adu or electron"),
        ({"BUNIT": "electron / s"}, "BUNIT in the header is 'electron / s', a rate already"),
        ({"BUNIT": "1"}, "BUNIT in the header is '1', expected adu or electron"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, change, reason):
    (path,) = write_frames(tmp_path, [(30, 1)])
    set_header(path, **change)
    groups, (unusable,) = find_groups(tmp_path)
    assert groups == []
    assert unusable.name == path.name
    assert re.search(reason, unusable.reason)


def test_broken_files_are_named(tmp_path, night):
    good = next(night.glob("dark_30_*"))
    shutil.copy(good, tmp_path)
    (tmp_path / "cut.fits").write_bytes(good.read_bytes()[:6000])
    (tmp_path / "empty.fit").touch()
    (tmp_path / "text.FTS").write_text("not FITS at all")
    (tmp_path / "notes.txt").write_text("not even called FITS")
    groups, unusable = find_groups(tmp_path)
    assert len(groups) == 1
    assert {item.name for item in unusable} == {"cut.fits", "empty.fit", "text.FTS"}
    reasons = {item.name: item.reason for item in unusable}
    assert "truncated" in reasons["cut.fits"]
    assert "empty" in reasons["empty.fit"]
    assert "not a readable FITS file" in reasons["text.FTS"]


@pytest.mark.parametrize(
    "change",
    [
        {"INSTRUME": "another camera"},
        {"DETECTOR": "another"},
        {"XBINNING": 2},
        {"XORGSUBF": 90},
        {"YORGSUBF": 60},
        {"READOUTM": "fast"},
        {"READOUTM": "Normal 2"},
        {"EGAIN": 3.0},
        {"GAIN": 120},
        {"GAIN": "110"},
        {"OFFSET": "31"},
        {"SET_TEMP": -10.0, "CCD_TEMP": -10.2},
        {"SET_TEMP": None, "CCD_TEMP": -18.5},
    ],
)
def test_what_does_not_belong_together_is_parted(tmp_path, change):
    first, second = write_frames(tmp_path, [(30, 2)])
    set_header(first, DETECTOR="one", READOUTM="Normal", GAIN=100, OFFSET=30)
    set_header(second, **change)
    groups, _ = find_groups(tmp_path)
    assert len(groups) == 2
    assert len({group.title for group in groups}) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"INSTRUME": " low-noise "},
        {"XBINNING": "1"},
        {"XBINNING": None, "YBINNING": None},
        {"XORGSUBF": 0, "YORGSUBF": 0.0},
        {"EGAIN": 1.5001},
        {"EGAIN": "1.5"},
        {"EGAIN": None},
        {"DETECTOR": ""},
        {"DETECTOR": "another"},
        {"READOUTM": "fast  mode"},
        {"READOUTM": None},
        {"OFFSET": "30"},
        {"OFFSET": "30.0"},
        {"GAIN": 100.00001},
    ],
)
def test_what_belongs_together_is_not_parted(tmp_path, change):
    """Numbers and texts that are alike, and keys that have their usual value, or that one header does not have."""
    paths = write_frames(tmp_path, [(30, 2)])
    set_header(paths[0], INSTRUME="Low-Noise", READOUTM="Fast Mode", OFFSET=30, GAIN=100)
    set_header(paths[1], INSTRUME="low-noise")
    set_header(paths[1], **change)
    groups, unusable = find_groups(tmp_path)
    assert len(groups) == 1
    assert unusable == []


def test_regions_of_one_size_are_named(tmp_path):
    first, second = write_frames(tmp_path, [(30, 2)])
    set_header(first, XORGSUBF=0, YORGSUBF=0)
    set_header(second, XORGSUBF=512, YORGSUBF=0)
    groups, _ = find_groups(tmp_path)
    assert sorted(", from 512 0, " in group.title for group in groups) == [False, True]


def test_shapes_are_parted(tmp_path):
    write_frames(tmp_path, [(30, 1)])
    write_frames(tmp_path, [(30, 1)], prefix="small_", shape=(20, 20))
    groups, _ = find_groups(tmp_path)
    assert {group.shape for group in groups} == {SHAPE, (20, 20)}


def test_sensor_temperatures_within_one_degree_are_one(tmp_path):
    paths = write_frames(tmp_path, [(30, 4)])
    for path, temperature in zip(paths, (-20.4, -20.0, -19.5, -17.0), strict=True):
        set_header(path, SET_TEMP=None, CCD_TEMP=temperature)
    groups, _ = find_groups(tmp_path)
    assert sorted(len(group.darks) for group in groups) == [1, 3]


def test_biases_without_darks_are_named(tmp_path):
    write_frames(tmp_path, [(0, 2)])
    groups, unusable = find_groups(tmp_path)
    assert groups == []
    assert [item.reason for item in unusable] == ["there are no darks to go with it"] * 2


def test_processed_frames_among_raw_ones_are_named(tmp_path):
    write_frames(tmp_path, [(30, 2)])
    write_frames(tmp_path, [(30, 1)], prefix="master_", dtype="float32")
    (group,), (unusable,) = find_groups(tmp_path)
    assert len(group.darks) == 2
    assert unusable.name == "master_dark_30_0.fit"
    assert "floating-point values among raw integer frames" in unusable.reason


def test_frames_that_are_all_floating_point_are_used(tmp_path):
    write_frames(tmp_path, [(30, 2)], dtype="float32")
    (group,), unusable = find_groups(tmp_path)
    assert len(group.darks) == 2
    assert unusable == []


def test_files_are_not_changed(night):
    before = {path: path.read_bytes() for path in night.iterdir()}
    find_groups(night)
    assert all(path.read_bytes() == content for path, content in before.items())


def test_compressed_files_are_found(tmp_path, night):
    data = fits.getdata(next(night.glob("dark_30_*")))
    header = fits.getheader(next(night.glob("dark_30_*")))
    fits.writeto(tmp_path / "dark.fits.gz", np.asarray(data), header)
    (group,), unusable = find_groups(tmp_path)
    assert unusable == []
    assert len(group.darks) == 1


def test_copies_are_named(tmp_path, night):
    """Compressed, linked and renamed files: each exposure counts once."""
    shutil.copytree(night, tmp_path, dirs_exist_ok=True)
    dark, other, bias = (tmp_path / name for name in ("dark_300_0.fit", "dark_30_1.fit", "bias_0_2.fit"))
    (tmp_path / "dark_300_0.fit.gz").write_bytes(gzip.compress(dark.read_bytes()))
    (tmp_path / "dark_300_0.fit.bz2").write_bytes(bz2.compress(dark.read_bytes()))
    (tmp_path / "linked.fit").symlink_to(other)
    shutil.copy(bias, tmp_path / "copied.fit")
    (group,), unusable = find_groups(tmp_path)
    assert [(seconds, len(frames)) for seconds, frames in group.exposures] == [(30, 4), (300, 4)]
    assert len(group.biases) == 5
    assert {each.name: each.reason for each in unusable} == {
        "copied.fit": "the same pixel values as bias_0_2.fit",
        "dark_300_0.fit.bz2": "the same pixel values as dark_300_0.fit",
        "dark_300_0.fit.gz": "the same pixel values as dark_300_0.fit",
        "linked.fit": "the same pixel values as dark_30_1.fit",
    }


def test_copies_with_another_header_are_not_used(tmp_path):
    """One of the headers is wrong, and nobody knows which."""
    paths = write_frames(tmp_path, [(0, 3), (30, 3), (300, 3)])
    for index, name, seconds, entries in ((0, "a.fit", 30.0, {"IMAGETYP": "Dark"}), (4, "b.fit", 60.0, {})):
        shutil.copy(paths[index], tmp_path / name)
        set_header(tmp_path / name, EXPTIME=seconds, EXPOSURE=seconds, **entries)
    (group,), unusable = find_groups(tmp_path)
    assert [(seconds, len(frames)) for seconds, frames in group.exposures] == [(30, 2), (300, 3)]
    assert len(group.biases) == 2
    assert {each.name: each.reason for each in unusable} == {
        "a.fit": "the same pixel values as bias_0_0.fit, but headers tell of a dark of 30 s and a bias of 0 s: one is "
                 "wrong",
        "bias_0_0.fit": "the same pixel values as a.fit, but headers tell of a dark of 30 s and a bias of 0 s: one is "
                        "wrong",
        "b.fit": "the same pixel values as dark_30_1.fit, but headers tell of a dark of 60 s and a dark of 30 s: "
                 "one is wrong",
        "dark_30_1.fit": "the same pixel values as b.fit, but headers tell of a dark of 60 s and a dark of 30 s: "
                         "one is wrong",
    }  # fmt: skip


def test_copies_of_another_camera_are_not_used(tmp_path):
    """Whichever of them comes first by its name."""
    paths = write_frames(tmp_path, [(0, 3), (30, 3), (300, 3)])
    for index, name in ((4, "a.fit"), (7, "x.fit")):
        shutil.copy(paths[index], tmp_path / name)
        fits.setval(tmp_path / name, "INSTRUME", value="other")
    (group,), unusable = find_groups(tmp_path)
    assert [(seconds, len(frames)) for seconds, frames in group.exposures] == [(30, 2), (300, 2)]
    reasons = {each.name: each.reason for each in unusable}
    assert set(reasons) == {"a.fit", "x.fit", paths[4].name, paths[7].name}
    for copy, original in (("a.fit", paths[4].name), ("x.fit", paths[7].name)):
        assert reasons[copy].startswith(f"the same pixel values as {original}, but INSTRUME is other in one header")
        assert reasons[original].startswith(f"the same pixel values as {copy}, but INSTRUME is ")
        assert reasons[original].endswith(" and other in the other: one is wrong")


@pytest.mark.parametrize("card", BROKEN)
def test_one_file_with_a_card_that_cannot_be_read(tmp_path, card):
    """It is named, and the others are used."""
    paths = write_frames(tmp_path, [(30, 3), (0, 2)])
    content = paths[1].read_bytes()
    start = content.find(f"{card[:8]}=".encode())
    start = content.index(b"END".ljust(80)) if start < 0 else start
    moved = b"" if content[start : start + 3] != b"END" else b"END".ljust(80)
    card = card.encode("latin-1").ljust(80)
    paths[1].write_bytes(content[:start] + card + moved + content[start + len(card + moved) :])
    (group,), (unusable,) = find_groups(tmp_path)
    assert (len(group.darks), len(group.biases)) == (2, 2)
    assert unusable.name == paths[1].name
    assert re.match(rf"{card[:8].decode().strip()} in the header cannot be read: ", unusable.reason)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fifo", "a FIFO, not a FITS file"),
        ("socket", "a socket, not a FITS file"),
        ("folder", "a folder, not a FITS file"),
        ("loop", "(Too many levels of symbolic links|.*resolved.*)"),
        ("lost link", "a link to a file that does not exist"),
    ],
)
def test_what_is_no_file_is_named(tmp_path, kind, reason, monkeypatch):
    write_frames(tmp_path, [(30, 1)])
    make_oddity(kind, tmp_path / "odd.fits", monkeypatch)
    (group,), (unusable,) = find_groups(tmp_path)
    assert len(group.darks) == 1
    assert unusable.name == "odd.fits"
    assert re.fullmatch(reason, unusable.reason)


def test_a_bare_fz_is_named(tmp_path):
    (path,) = write_frames(tmp_path, [(30, 1)])
    path.rename(tmp_path / "x.fz")
    groups, (unusable,) = find_groups(tmp_path)
    assert (groups, unusable.name) == ([], "x.fz")
    assert unusable.reason == "not looked into: a file packed by fpack is called .fits.fz"


@pytest.mark.parametrize("name", ["a\x1b[31m.fits", "a\nb.fits", b"a\xe9.fits"])
def test_names_that_cannot_be_printed(tmp_path, name):
    path, other = write_frames(tmp_path, [(30, 2)])
    path.rename(tmp_path / os.fsdecode(name))
    other.write_bytes(b"")
    other.rename(tmp_path / f"b{os.fsdecode(name)}")
    (group,), (unusable,) = find_groups(tmp_path)
    assert group.darks[0].name.isprintable()
    assert unusable.name == f"b{group.darks[0].name}"
    assert unusable.reason == "the file is empty"


def test_a_file_that_vanishes_while_copies_are_looked_for(tmp_path, monkeypatch):
    paths = write_frames(tmp_path, [(30, 3)])
    really = folder._raw_ones

    def vanish(frames):
        paths[0].unlink(missing_ok=True)
        return really(frames)

    monkeypatch.setattr(folder, "_raw_ones", vanish)
    (group,), (unusable,) = find_groups(tmp_path)
    assert len(group.darks) == 2
    assert unusable.name == paths[0].name
    assert unusable.reason.startswith("cannot be read any more")


def test_a_file_of_which_a_part_cannot_be_read(tmp_path, monkeypatch):
    """As on a disk with a bad sector."""
    paths = write_frames(tmp_path, [(30, 3)])
    really = FileReader.rows

    def fail(self, block, out=None):
        if self.label == str(paths[0]):
            raise OSError(f"{self.label}: its data cannot be read (Input/output error)")
        return really(self, block, out)

    monkeypatch.setattr(FileReader, "rows", fail)
    (group,), (unusable,) = find_groups(tmp_path)
    assert len(group.darks) == 2
    assert (unusable.name, unusable.reason) == (paths[0].name, "its data cannot be read (Input/output error)")


def test_a_file_that_cannot_be_read_any_more_is_named(tmp_path, monkeypatch):
    """Where copies are looked for, pixels are read for the first time."""
    paths = write_frames(tmp_path, [(0, 2), (30, 3)])

    def vanishing(file, *told):
        if file.path == paths[3]:
            file.path.unlink()
        return classified(file, *told)

    monkeypatch.setattr("ccdproc_darks.report.folder.classified", vanishing)
    (group,), (unusable,) = find_groups(tmp_path)
    assert [frame.name for frame in group.darks] == ["dark_30_0.fit", "dark_30_2.fit"]
    assert unusable.name == "dark_30_1.fit"
    assert unusable.reason.startswith("cannot be read any more")


def test_options_without_effect_are_told(tmp_path):
    write_frames(tmp_path, [(0, 2), (30, 2)])
    options = FrameOptions(darks="nothing*", type_key="KIND", group_by=("FILTER", "GAIN"))
    ((group,), _) = find_groups(tmp_path, options=options)
    assert group.notes == [
        "No file has a name like 'nothing*' (--dark): headers tell which frames are darks.",
        "No header has KIND (--type-key): it changes nothing.",
        "No header has FILTER (--group-by): it changes nothing.",
        "No header has GAIN (--group-by): it changes nothing.",
    ]


def test_bias_frames_of_the_same_folder(tmp_path):
    """A file that is in both places is used once, and not told of as unusable."""
    write_frames(tmp_path, [(0, 2), (30, 2)])
    ((group,), unusable) = find_groups(tmp_path, options=FrameOptions(bias=tmp_path))
    assert (len(group.darks), len(group.biases), unusable) == (2, 2, [])


def test_a_bias_of_the_user_that_is_none(tmp_path):
    dark = write_frames(tmp_path, [(0, 2), (30, 2), (300, 2)])[2]
    with pytest.raises(ValueError, match=r"^--bias .*: no bias frames"):
        find_groups(tmp_path, options=FrameOptions(bias=dark))
    other = tmp_path / "other"
    other.mkdir()
    dark = dark.rename(other / "odd.fit")
    with pytest.raises(ValueError, match=r"no bias frames; other/odd.fit: a dark frame among the bias frames"):
        find_groups(tmp_path, options=FrameOptions(bias=dark))
