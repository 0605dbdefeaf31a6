"""The checks of a folder."""

import pytest
from astropy.io import fits

from ccdproc_darks.report.check_folder import check_folder
from ccdproc_darks.report.frame_checks import CHECKS

from .conftest import write_frames


def test_groups(night):
    found = check_folder(night)
    (group,) = found.groups
    assert [one.check for one in group.findings] == list(CHECKS)
    assert group.verdict.startswith("Nothing is wrong.")
    assert group.title.endswith("-20 C: 8 darks, 5 bias frames")
    assert (found.failures, found.unusable, found.reason) == ([], [], "")


def test_files_are_named_without_their_folder(tmp_path):
    for path in write_frames(tmp_path, [(0, 5), (30, 4)]):
        fits.delval(path, "EGAIN")
    (group,) = check_folder(tmp_path).groups
    (gain,) = [one for one in group.findings if one.check == "gain"]
    assert "(dark_30_0.fit)" in gain.sentence


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
