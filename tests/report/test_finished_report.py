"""Finished reports that are read back."""

import shutil
from unittest import mock

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks.report.finished_report import read_reports
from ccdproc_darks.report.many import make_reports
from ccdproc_darks.report.options import Options

from .conftest import SHAPE, report_night, write_night

pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture
def copy(reports, tmp_path):
    """A copy of a report that may be damaged, and the folder of its images."""
    folder = shutil.copytree(reports[0], tmp_path / "copy")
    return folder, next(path for path in folder.iterdir() if path.is_dir())


def test_what_tables_and_headers_tell(reports):
    (report,) = read_reports(reports[:1])
    (group,) = report.groups
    assert report.folder == reports[0]
    assert report.date.isot.startswith("2026-01-10T20:0")
    assert group.title == "camera A, 90 x 60 pixels, -20 C"
    assert group.shape == SHAPE
    assert group.settings["INSTRUME"] == "camera a"
    assert sorted(group.exposures) == ["rate_300s.fits", "rate_30s.fits"]
    assert group.typical == pytest.approx(0.2, rel=0.1)
    assert 0 < group.typical_error < 0.02
    assert group.temperature == -20
    assert group.read_noise == pytest.approx(8, rel=0.05)
    assert group.threshold == group.mask_header["DKTHRESH"]
    assert group.is_tested
    for name, key in (("hot", "NHOT"), ("masked", "NMASKED"), ("nonlinear", "NNONLIN"), ("saturated", "NSATUR")):
        assert group.count(name) == group.mask_header[key]


def test_images_are_those_that_were_written(reports):
    (group,) = read_reports(reports[:1])[0].groups
    mask, rate = group.image("mask.fits"), group.image("rate_300s.fits")
    assert np.count_nonzero(mask.mask) == group.count("masked")
    assert rate.unit == "electron / s"
    assert rate.uncertainty is not None


def test_nothing_tells_of_proportionality_in_one_exposure_time(tmp_path):
    (group,) = read_reports([report_night(tmp_path, 1, plan=((5, 0), (5, 300)))])[0].groups
    assert not group.is_tested
    assert group.count("nonlinear") is None
    assert group.count("hot") == group.mask_header["NHOT"]


def test_folder_of_several_reports_stands_for_all(tmp_path):
    frames = [write_night(tmp_path / f"frames{number}", number) for number in (1, 2)]
    with mock.patch("ccdproc_darks.report.run.draw_all", return_value=()):
        make_reports(frames, tmp_path / "all", Options())
    assert [report.folder for report in read_reports([tmp_path / "all"])] == [
        tmp_path / "all" / "frames1",
        tmp_path / "all" / "frames2",
    ]


def test_header_without_a_date(copy):
    folder, images = copy
    for path in images.glob("rate_*.fits"):
        fits.delval(path, "DATE-OBS")
    assert read_reports([folder])[0].date is None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder, images: shutil.rmtree(folder), "no such folder"),
        (lambda folder, images: (folder / "summary.ecsv").unlink(), "no report: it has no summary.ecsv;"),
        (lambda folder, images: (folder / "summary.ecsv").write_text("x"), "summary.ecsv cannot be read"),
        (
            lambda folder, images: (folder / "summary.ecsv").write_text("# %ECSV 1.0\n# ---\n# datatype:\n# - {"),
            "summary.ecsv cannot be read",
        ),
        (
            lambda folder, images: (folder / "summary.ecsv").write_text(
                "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\n"
            ),
            "no report: its summary.ecsv tells of no groups",
        ),
        (lambda folder, images: shutil.rmtree(images), "rate_all.fits: no such file: the report is not whole"),
        (lambda folder, images: (images / "mask.fits").unlink(), "mask.fits: no such file: the report is not whole"),
        (lambda folder, images: (images / "mask.fits").write_bytes(b"x" * 5000), "mask.fits cannot be read"),
        (lambda folder, images: (images / "rate_all.fits").write_bytes(b""), "rate_all.fits cannot be read"),
        (
            lambda folder, images: shutil.copy(images / "significance.fits", images / "mask.fits"),
            "rate_all.fits and mask.fits are not those of one report",
        ),
    ],
)  # fmt: skip
def test_what_is_no_report(copy, damage, message):
    damage(*copy)
    with pytest.raises((OSError, ValueError), match=message):
        read_reports([copy[0]])


def test_images_that_cannot_be_read(copy):
    folder, images = copy
    (group,) = read_reports([folder])[0].groups
    whole = (images / "rate_300s.fits").read_bytes()
    (images / "rate_300s.fits").write_bytes(whole[:9000])
    with pytest.raises(ValueError, match=r"rate_300s.fits cannot be read"):
        group.image("rate_300s.fits")
    fits.writeto(images / "rate_300s.fits", np.zeros((3, 4)), fits.Header({"BUNIT": "electron/s"}), overwrite=True)
    with pytest.raises(ValueError, match=r"rate_300s.fits has \(3, 4\) pixels, the other images of the report"):
        group.image("rate_300s.fits")
    (images / "rate_300s.fits").unlink()
    with pytest.raises(FileNotFoundError, match=r"rate_300s.fits: no such file"):
        group.image("rate_300s.fits")


def test_detectors_of_a_mosaic_are_told_apart(reports, copy):
    """One that only one of two reports has is not compared with another one."""
    folder, _ = copy
    text = (folder / "summary.ecsv").read_text()
    (folder / "summary.ecsv").write_text(text.replace("title: camera A, 90 x 60", "title: 'camera A, CHIP2, 90 x 60"))
    text = (folder / "summary.ecsv").read_text().replace("pixels, -20 C\n", "pixels, -20 C'\n")
    (folder / "summary.ecsv").write_text(text)
    (group,) = read_reports([folder])[0].groups
    assert (group.detector, group.settings["detector"]) == ("CHIP2", "CHIP2")
    (whole,) = read_reports(reports[:1])[0].groups
    assert whole.detector == ""
    assert "detector" not in whole.settings
