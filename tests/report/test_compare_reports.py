"""From finished reports to a folder that tells what has changed."""

import shutil
import warnings
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import QTable

from ccdproc_darks import read_defects
from ccdproc_darks.report.compare_reports import compare_reports
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from .conftest import BORN, WARMER, page_text, report_night

pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture(scope="module")
def compared(reports, tmp_path_factory):
    out = tmp_path_factory.mktemp("compared") / "out"
    return out, compare_reports(reports, out, command="as tested")


def test_files(compared):
    out, found = compared
    (series,) = found.series
    assert series.name == "camera_A_90x60"
    assert sorted(path.name for path in out.iterdir()) == [
        "camera_A_90x60",
        "manifest.json",
        "report.html",
        "summary.ecsv",
    ]
    pairs = [(1, 2), (2, 3), (3, 4), (1, 4)]
    assert sorted(path.name for path in (out / series.name).iterdir()) == sorted(
        ["figures", "mask.fits", "nights_masked.fits", "nights_hot.fits"]
        + [f"changed_{first}_to_{second}.ecsv" for first, second in pairs]
        + [change.region_file for change in series.changes if change.number]
    )
    assert [(change.before.number, change.after.number) for change in series.changes] == pairs
    assert [change.is_successive for change in series.changes] == [True, True, True, False]


def test_table(compared):
    out, found = compared
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = QTable.read(out / "summary.ecsv")
    assert list(table["report"]) == ["night1", "night2", "night3", "night4"]
    assert [date[:10] for date in table["date"]] == [f"2026-0{number}-10" for number in (1, 2, 3, 4)]
    assert table["temperature"].to_value("deg_C").tolist() == [-20, -20, -10, -20]
    assert table["typical_rate"].value[2] / table["typical_rate"].value[3] == pytest.approx(WARMER, rel=0.05)
    assert all(table["typical_error"].value > 0)
    (series,) = found.series
    assert table["hot"].tolist() == [night.group.count("hot") for night in series.nights]
    # The first night has none before it.
    assert table["changed"].mask.tolist() == [True, False, False, False]
    assert table["changed"][1:].tolist() == [change.number for change in series.changes[:3]]
    meta = table.meta["series"][series.name]
    assert meta["title"] == "camera A, 90 x 60 pixels"
    assert sum(meta["masked_in_nights"]) == sum(meta["hot_in_nights"]) == meta["pixels"] == 60 * 90
    assert meta["pairs"][1]["born"] == 3
    assert meta["pairs"][1]["common_factor"] == pytest.approx(WARMER, rel=0.05)


def test_lists_of_changed_pixels(compared):
    out, found = compared
    table = QTable.read(out / found.series[0].name / "changed_1_to_4.ecsv")
    assert {(row["y"], row["x"]) for row in table if row["change"] == "born"} >= set(BORN)
    assert table["before"].unit == "electron / s"
    listed = read_defects(out / found.series[0].name / "changed_1_to_4.reg", shape=(60, 90))
    assert sorted(map(tuple, np.argwhere(listed))) == sorted(zip(table["y"], table["x"], strict=True))


def test_images_of_agreement(compared, reports):
    out, found = compared
    masks = [CCDData.read(next(report.rglob("mask.fits"))) for report in reports]
    agreed, counted = (CCDData.read(out / found.series[0].name / f"{name}.fits") for name in ("mask", "nights_masked"))
    assert np.array_equal(agreed.mask, np.all([mask.mask for mask in masks], axis=0))
    assert np.array_equal(agreed.data, np.bitwise_and.reduce([mask.data for mask in masks]))
    assert np.array_equal(counted.data, np.sum([mask.mask for mask in masks], axis=0))
    assert (agreed.meta["DKNIGHTS"], agreed.meta["NMASKED"]) == (4, np.count_nonzero(agreed.mask))


def test_order_is_that_of_the_dates(reports, tmp_path):
    found = compare_reports([reports[2], reports[0], reports[1]], tmp_path / "out")
    assert found.labels == ["night1", "night2", "night3"]
    assert found.notes == ["The reports were not given in the order of their dates: here they are."]


def test_without_dates_the_order_given_stays(reports, tmp_path):
    undated = shutil.copytree(reports[0], tmp_path / "undated")
    for path in undated.rglob("rate_*.fits"):
        fits.delval(path, "DATE-OBS")
    found = compare_reports([reports[1], undated], tmp_path / "out")
    assert found.labels == ["night2", "undated"]
    assert found.notes == [
        f"No DATE-OBS in the headers of {undated}: the nights are in the order in which they were given."
    ]
    page = page_text(tmp_path / "out" / "report.html")
    assert "in the order in which they were given" in page
    assert QTable.read(tmp_path / "out" / "summary.ecsv")["date"].mask.tolist() == [False, True]


def test_reports_are_not_changed(reports, tmp_path):
    before = [(path, path.read_bytes()) for path in sorted(reports[0].rglob("*")) if path.is_file()]
    compare_reports(reports[:2], tmp_path / "out")
    assert [(path, path.read_bytes()) for path in sorted(reports[0].rglob("*")) if path.is_file()] == before


def test_same_frames_measured_twice_are_told(reports, tmp_path):
    again = shutil.copytree(reports[0], tmp_path / "again")
    text = (again / "summary.ecsv").read_text().replace("gain_from: from the headers", "gain_from: as given")
    (again / "summary.ecsv").write_text(text)
    (note,) = compare_reports([reports[0], again], tmp_path / "out").notes
    assert "begin at the same time, 2026-01-10T20:0" in note


def test_groups_in_one_report_only(reports, tmp_path):
    other = report_night(tmp_path, 2, name="camera B")
    found = compare_reports([*reports[:2], other], tmp_path / "out")
    assert [(night.number, night.group.title) for night in found.alone] == [(3, "camera B, 90 x 60 pixels, -20 C")]
    page = page_text(tmp_path / "out" / "report.html")
    assert f"In one report only ({found.labels[2]}): camera B, 90 x 60 pixels, -20 C." in page
    with pytest.raises(
        ValueError, match=r"no sensor in common: .*night1 has camera A, 90 x 60 pixels, -20 C. .*camera B"
    ):
        compare_reports([reports[0], other], tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_same_report_twice(reports, tmp_path):
    with pytest.raises(ValueError, match="night1 is given twice"):
        compare_reports([reports[0], reports[0]], tmp_path / "out")
    copy = shutil.copytree(reports[0], tmp_path / "copy")
    with pytest.raises(ValueError, match=r"copy and .*night1 are the same report"):
        compare_reports([reports[0], copy], tmp_path / "out")
    with pytest.raises(ValueError, match="two reports or more are needed, got 1"):
        compare_reports(reports[:1], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_where_it_may_be_written(reports, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match="mine is "):
            compare_reports(reports[:2], tmp_path / "mine", overwrite=overwrite)
    for out in (reports[0], reports[0].parent):
        with pytest.raises(FileExistsError, match="is one of the reports, or holds it: choose another folder"):
            compare_reports(reports[:2], out, overwrite=True)
    with pytest.raises(FileExistsError, match=r"changes is in the report .*night2: choose another folder"):
        compare_reports(reports[:2], reports[1] / "changes")
    compare_reports(reports[:2], tmp_path / "out")
    with pytest.raises(FileExistsError, match="out is there already"):
        compare_reports(reports[:2], tmp_path / "out")
    compare_reports(reports[1:3], tmp_path / "out", overwrite=True)
    assert list(QTable.read(tmp_path / "out" / "summary.ecsv")["report"]) == ["night2", "night3"]
    with pytest.raises(ValueError, match="out is a comparison of reports, not a report"):
        compare_reports([reports[0], tmp_path / "out"], tmp_path / "more")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"false_positives": 6000.0}, "false_positives must be below the number of pixels, 5400"),
        ({"tolerance": 1e9}, "tolerance must be"),
        ({"fdr": 2.0}, "fdr must be"),
    ],
)
def test_limits(reports, tmp_path, limits, message):
    with pytest.raises(ValueError, match=message):
        compare_reports(reports[:2], tmp_path / "out", **limits)
    assert not (tmp_path / "out").exists()


def test_real_frames_at_two_temperatures(real_frames, tmp_path):
    """A camera at 0 and at +10 deg C: one factor takes most of the change out, and nothing is told of most pixels."""
    frames = real_frames / "stl1001_2019_0C"
    for name, patterns in {
        "cold": ("bias_series_0c*", "dark_10series_0c_0m30s*", "dark_series_0c_5m*"),
        "warm": ("bias_1series_10c*", "dark_1series_10c_5m*"),
    }.items():
        (tmp_path / name).mkdir()
        for path in (path for pattern in patterns for path in frames.glob(pattern)):
            (tmp_path / name / path.name).symlink_to(path)
        options = Options(read_noise=14.4 * u.electron) if name == "warm" else Options()
        with mock.patch("ccdproc_darks.report.run.draw_all", return_value=()):
            make_report(tmp_path / name, tmp_path / f"{name}-report", options)
    found = compare_reports([tmp_path / "cold-report", tmp_path / "warm-report"], tmp_path / "out")
    (series,) = found.series
    (change,) = series.changes
    assert [round(night.group.temperature) for night in series.nights] == [0, 10]
    assert str(change.choice) == "1 x 300 s"
    assert change.remarks == (
        "A night has a single frame of that exposure time: a cosmic ray in it looks like a changed pixel.",
    )
    assert 2 < change.factor < 3
    assert 0 < change.number < 1e-3 * 1024**2
    page = page_text(tmp_path / "out" / "report.html")
    assert "Night 2: nothing tested whether pixels are proportional" in page
    assert "The temperatures differ by 9." in page or "The temperatures differ by 10." in page
