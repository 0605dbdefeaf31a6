"""The checks of a folder."""

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks.report.check_folder import check_folder
from ccdproc_darks.report.frame_checks import CHECKS
from ccdproc_darks.report.frame_options import FrameOptions
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder

from ..real_cameras.camera import Camera
from ..real_cameras.cases import CASES
from .conftest import write_frames


def test_groups(night):
    found = check_folder(night)
    (group,) = found.groups
    assert [one.check for one in group.findings] == list(CHECKS)
    assert group.verdict.startswith("Nothing is wrong.")
    assert group.title.endswith("-20 C: 8 darks, 5 bias frames")
    assert (found.failures, found.unusable, found.reason) == ([], [], "")


def test_files_are_named_without_their_folder(tmp_path):
    write_frames(tmp_path, [(0, 5), (30, 4)])
    with fits.open(tmp_path / "bias_0_3.fit", mode="update") as hdus:
        hdus[0].data += np.uint16(40)
    (group,) = check_folder(tmp_path).groups
    assert group.findings[0].sentence.startswith("bias_0_3.fit sits +40")


def test_a_group_that_cannot_be_checked(night, monkeypatch):
    def fail(group, settings):
        raise OSError(f"{group.darks[0].file.path}: cannot be read")

    monkeypatch.setattr("ccdproc_darks.report.check_folder.check_group", fail)
    found = check_folder(night)
    ((title, reason),) = found.failures
    assert title.startswith("ccdproc_darks simulation")
    assert reason.endswith("fit: cannot be read")
    assert "/" not in reason
    assert found.groups == []


@pytest.mark.parametrize("name", ["", "absent"])
def test_nothing_to_check(tmp_path, name):
    found = check_folder(tmp_path / name)
    assert found.groups == []
    assert ("no such folder" if name else "no FITS files") in found.reason


def findings_of(folder, check, **options):
    (group,) = check_folder(folder, Options(**options)).groups
    return next(one for one in group.findings if one.check == check)


def test_headers_are_not_asked_where_the_user_says_so(tmp_path):
    """Neither whether frames belong together, nor what was subtracted from them."""
    for number, path in enumerate(write_frames(tmp_path, [(0, 5), (30, 4), (300, 4)])):
        fits.setval(path, "READOUTM", value="Fast" if number % 2 else "Normal")
        fits.setval(path, "CALSTAT", value="BD")
    found = findings_of(tmp_path, "frames", frames=FrameOptions(check_headers=False))
    assert found.verdict == "ok", found.sentence


def test_a_gain_that_is_measured_is_not_missed(tmp_path):
    camera = Camera(header={"EGAIN": None})
    camera.write(tmp_path)
    found = findings_of(tmp_path, "gain", gain="measured")
    assert (found.verdict, found.told) == ("ok", None)
    assert found.sentence.endswith("electron/adu, as measured")
    assert findings_of(tmp_path, "optical black", gain="measured").verdict == "ok"


def test_a_gain_that_cannot_be_measured_is_wrong(tmp_path):
    Camera(hot=3, rate=0.001).write(tmp_path)
    found = findings_of(tmp_path, "gain", gain="measured")
    assert (found.verdict, found.sentence[:31]) == ("wrong", "the frames cannot tell the gain")


def test_what_is_noted_of_a_report_is_told(tmp_path):
    """What bias frames nearly fit, and what is cut off."""
    for path in write_frames(tmp_path, [(0, 5), (30, 4), (300, 4)]):
        fits.setval(path, "READOUTM", value="Fast" if "bias" in path.name else "Normal")
        fits.setval(path, "BIASSEC", value="[1:10, 1:60]")
        fits.setval(path, "TRIMSEC", value="[11:90, 1:60]")
    (group,) = check_folder(tmp_path).groups
    (cut,) = group.notes
    assert group.findings[0].verdict == "doubtful"
    assert group.findings[0].sentence.startswith("Bias frames that nearly fit are not used: READOUTM is 'Fast'")
    assert cut.startswith("Of each frame, the level of the overscan [1:10, 1:60] is taken off")


def test_nothing_is_said_of_results_that_are_no_counts(tmp_path):
    case = next(case for case in CASES if case.name == "uint16 wrapped below the bias")
    case.write(tmp_path)
    ((_, measured),), _, _ = measure_folder(tmp_path, Options())
    (group,) = check_folder(tmp_path).groups
    assert measured.findings[-1].verdict == group.findings[-1].verdict == "unknown"


@pytest.mark.parametrize("name", ["optical black subtracted", "bias 5 adu too low", "bias 8 adu too high, CMOS"])
def test_levels_are_told_of_once(tmp_path, name):
    """As in the report, not in numbers of a sample once more."""
    next(case for case in CASES if case.name == name).write(tmp_path)
    (group,) = check_folder(tmp_path).groups
    doubts = [one.check for one in group.findings if one.is_doubt]
    assert doubts == ["bias" if "bias" in name else "optical black"]


def test_a_bias_that_was_subtracted_is_at_zero(tmp_path):
    """And it is told where the darks still have theirs."""
    Camera(rate=0.5).write(tmp_path, biases=0)
    found = findings_of(tmp_path, "bias", frames=FrameOptions(without_bias=True))
    assert (found.verdict, found.told) != ("unknown", None), found.sentence
