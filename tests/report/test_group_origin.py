"""Sub-folders and dates of the frames of a group."""

import pytest

from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.frame_options import FrameOptions
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report
from ccdproc_darks.report.terminal import sentences

from .conftest import write_frames, write_night
from .test_folder import set_header

pytestmark = pytest.mark.usefixtures("blank_pictures")


def two_months(folder, days=("2026-05-01", "2026-06-01")):
    """A folder without frames of its own, whose sub-folders have darks of two months."""
    for number, (name, day) in enumerate(zip(("darks", "darks_last_month"), days, strict=True)):
        (folder / name).mkdir(parents=True)
        for path in write_frames(folder / name, [(0, 4), (30, 2), (300, 3)], seed=number):
            set_header(path, DATE_OBS=f"{day}T20:00:00")
    (folder / "science").mkdir()
    return folder


def test_sub_folders_and_dates_are_told_on_page_and_terminal(tmp_path):
    folder = two_months(tmp_path / "parent")
    results, failures, unusable = make_report(folder, tmp_path / "out", Options())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    lines = "\n".join(sentences(results, failures, unusable))
    for text in (page, lines):
        assert "They are measured as one set: where these are different nights" in text
        assert "The folder parent has no FITS files itself: its sub-folders called dark or bias were read." in text
        assert "darks (5 darks, 4 bias frames), darks_last_month (5 darks, 4 bias frames)." in text
        assert "2026-05-01, 2026-06-01" in text
        assert "ccdproc-darks compare" in text
    assert lines.count("far apart") == 1
    # A note: nothing is wrong or doubtful for it.
    assert "  note: The darks are of dates far apart" in lines


@pytest.mark.parametrize(("later", "is_told"), [("2026-05-08", False), ("2026-05-09", True)])
def test_a_library_over_some_days_gets_no_note(tmp_path, later, is_told):
    folder = two_months(tmp_path / "parent", ("2026-05-01", later))
    (group,), _ = find_groups(folder)
    assert any("far apart" in note for note in group.notes) == is_told


def test_one_night_is_from_no_sub_folder_and_gets_no_note(tmp_path):
    (group,), _ = find_groups(write_night(tmp_path / "night", 1))
    assert group.origin == ""
    assert group.notes == []


def test_bias_frames_of_last_month_get_no_note(tmp_path):
    for path in write_frames(tmp_path, [(0, 3), (30, 2)]):
        set_header(path, DATE_OBS="2026-05-01" if "bias" in path.name else "2026-06-01")
    (group,), _ = find_groups(tmp_path)
    assert group.notes == []


@pytest.mark.parametrize("value", [None, "yesterday", 5, ""])
def test_dates_that_are_none(tmp_path, value):
    for path in write_frames(tmp_path, [(30, 3)]):
        set_header(path, DATE_OBS=value)
    (group,), _ = find_groups(tmp_path)
    assert not any("far apart" in note for note in group.notes)


def test_a_folder_for_each_exposure_time_is_one_night(tmp_path):
    for seconds in (30, 300):
        (tmp_path / f"dark{seconds}").mkdir()
        write_frames(tmp_path / f"dark{seconds}", [(seconds, 2)], seed=seconds)
    (group,), _ = find_groups(tmp_path)
    assert group.origin.endswith("Frames are from dark30 (2 darks), dark300 (2 darks).")


def test_with_recursive_and_bias_frames_of_elsewhere(tmp_path):
    folder = two_months(tmp_path / "parent")
    (group,), _ = find_groups(folder, options=FrameOptions(recursive=True))
    assert group.origin.startswith("Frames are from darks (5 darks")
    (tmp_path / "zero").mkdir()
    write_frames(tmp_path / "zero", [(0, 1)], seed=7)
    (group,), _ = find_groups(folder / "darks", options=FrameOptions(bias=tmp_path / "zero"))
    assert group.origin == "Frames are from the folder itself (5 darks), zero (1 bias frame)."
