"""The mask of a report as a list for another program."""

import shutil

import pytest
from astropy.nddata import CCDData

from ccdproc_darks import read_defects
from ccdproc_darks.report.defect_list import mask_file, write_defect_list

pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture
def folder(report, tmp_path):
    """A copy of a report on one group."""
    out, _ = report
    shutil.copytree(out, tmp_path / "report")
    return tmp_path / "report"


def group_of(folder):
    (group,) = (path for path in folder.iterdir() if path.is_dir())
    return group


def test_a_report_its_group_or_the_file(folder, tmp_path):
    group = group_of(folder)
    mask = CCDData.read(group / "mask.fits")
    for given in (folder, group, group / "mask.fits", str(folder)):
        out = tmp_path / "bad.reg"
        told = write_defect_list(given, out, overwrite=True)
        assert told == f"{mask.mask.sum()} of 60 x 90 pixels (those of its mask): {out}"
        assert (read_defects(out) == mask.mask).all()


def test_flags(folder, tmp_path):
    mask = CCDData.read(group_of(folder) / "mask.fits")
    told = write_defect_list(folder, tmp_path / "bad.lst", flags=["HOT", "NONLINEAR"])
    expected = mask.data & (2048 + 65536) > 0
    assert told == f"{expected.sum()} of 60 x 90 pixels (HOT or NONLINEAR): {tmp_path / 'bad.lst'}"
    assert expected.sum() > 10
    assert (read_defects(tmp_path / "bad.lst") == expected).all()
    assert "(HOT): " in write_defect_list(folder, tmp_path / "hot.lst", flags="HOT")


def test_several_groups(folder):
    group = group_of(folder).rename(folder / "group0")
    for number in range(1, 7):
        shutil.copytree(group, folder / f"group{number}")
    with pytest.raises(
        ValueError, match=r"7 groups of frames.*give the folder of one of them \(.*group0, .* and 2 more"
    ):
        mask_file(folder)
    assert mask_file(folder / "group3") == folder / "group3" / "mask.fits"


def test_no_mask(folder, tmp_path):
    shutil.rmtree(group_of(folder))
    with pytest.raises(FileNotFoundError, match=r"report has no mask\.fits: nothing was measured"):
        mask_file(folder)
    (tmp_path / "other").mkdir()
    with pytest.raises(FileNotFoundError, match=r"other has no mask\.fits: it is not the folder of a report"):
        mask_file(tmp_path / "other")
    with pytest.raises(FileNotFoundError, match="absent: no such file or folder"):
        mask_file(tmp_path / "absent")


def test_never_the_mask_itself(folder):
    group = group_of(folder)
    before = (group / "mask.fits").read_bytes()
    with pytest.raises(ValueError, match="is the mask itself"):
        write_defect_list(folder, group / "mask.fits", format="roman", overwrite=True)
    assert (group / "mask.fits").read_bytes() == before


def test_another_file(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"note\.txt is not a mask that this package wrote"):
        write_defect_list(tmp_path / "note.txt", tmp_path / "bad.lst")
