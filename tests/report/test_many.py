"""From several folders to one folder of results."""

import re
import shutil

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from ccdproc_darks._interface.number_text import with_error
from ccdproc_darks.report import many, run
from ccdproc_darks.report.many import make_reports, report_names
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import NothingMeasuredError, make_report

from .conftest import page_text, write_frames

# Files of each report.
OWN = {"report.html", "summary.ecsv", "manifest.json"}
# Quickly measured.
SMALL = {"shape": (24, 30), "hot_fraction": 0.02}


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory):
    """Two detectors of one name, one of another with frames of two temperatures, and a folder without frames."""
    root = tmp_path_factory.mktemp("mosaic")
    folders = [root / "first" / "ccd", root / "second" / "ccd", root / "a & <b>", root / "empty"]
    for seed, folder in enumerate(folders):
        folder.mkdir(parents=True)
        if seed < 3:
            write_frames(folder, [(0, 3), (30, 3), (300, 3)], seed=seed, **SMALL)
    write_frames(folders[2], [(0, 3), (300, 3)], prefix="warm_", temperature=10 * u.deg_C, seed=3, **SMALL)
    write_frames(folders[0], [(300, 1)], prefix="other_", shape=(8, 8))
    return folders


@pytest.fixture(scope="module")
def report(mosaic, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "reports"
    reports = make_reports(mosaic, out, Options(), command="as tested")
    return out, reports


def test_a_report_for_each_folder(report):
    out, reports = report
    assert [each.name for each in reports] == ["first_ccd", "second_ccd", "a & <b>", "empty"]
    assert {path.name for path in out.iterdir()} == {*OWN, "first_ccd", "second_ccd", "a & <b>"}
    assert len(list(out.glob("*/report.html"))) == 3
    assert len(list(out.glob("*/*/mask.fits"))) == 4


def test_each_report_is_as_of_its_folder_alone(report, mosaic, tmp_path):
    out, _ = report
    make_report(mosaic[1], tmp_path / "alone", Options(), command="as tested")
    alone, among = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
        for folder in (tmp_path / "alone", out / "second_ccd")
    )
    assert alone == among


def test_all_rows_in_one_table(report, mosaic):
    out, _ = report
    table = QTable.read(out / "summary.ecsv")
    assert table.colnames[0] == "folder"
    assert list(table["folder"]) == ["first_ccd"] * 3 + ["second_ccd"] * 3 + ["a & <b>"] * 5
    assert table["typical_rate"].unit == "electron / s"
    assert all((out / row["folder"] / row["group"] / "rate_all.fits").exists() for row in table)
    for name in ("first_ccd", "second_ccd", "a & <b>"):
        own = QTable.read(out / name / "summary.ecsv")
        rows = table[table["folder"] == name]
        np.testing.assert_array_equal(rows["typical_rate"], own["typical_rate"])
        meta = table.meta["folders"][name]
        assert meta["groups"] == own.meta["groups"]
    assert table.meta["folders"]["first_ccd"]["path"] == str(mosaic[0])
    ((failed,),) = [meta["not_measured"] for meta in table.meta["folders"].values() if meta["not_measured"]]
    assert "8 x 8" in failed["group"]
    ((nothing),) = table.meta["not_measured"]
    assert nothing["folder"] == str(mosaic[3])
    assert nothing["reason"].startswith("no FITS files")


def test_top_page(report):
    out, _ = report
    text = page_text(out / "report.html")
    assert "as tested" in text
    links = re.findall(r'<a href="([^"#]*/[^"]*)">([^<]*)</a>', text)
    assert links == [
        ("first_ccd/report.html", "first_ccd"),
        ("second_ccd/report.html", "second_ccd"),
        ("a%20%26%20%3Cb%3E/report.html", "a &amp; &lt;b&gt;"),
    ]
    assert re.search("empty: not measured. no FITS files", text)
    assert re.search("first_ccd: .*8 x 8.*: not measured. no bias frames", text)
    rows = [re.findall("<td[^>]*>(.*?)</td>", row) for row in re.findall("<tr>(.*?)</tr>", text)[1:]]
    assert len(rows) == 4
    table = QTable.read(out / "summary.ecsv")
    alls = table[table["exposure"] == "all"]
    for row, line in zip(rows, alls, strict=True):
        flags = table.meta["folders"][line["folder"]]["groups"][line["group"]]["flags"]
        assert row[2] == str(line["frames"])
        assert row[3] == with_error(line["typical_rate"].value, line["typical_error"].value)
        assert row[4].split()[0] == str(flags["HOT"])
        assert row[6].split()[0] == str(flags["DO_NOT_USE"])
    # The warm group has darks of one exposure time only.
    assert [row[5] for row in rows].count("not tested") == 1
    assert rows[3][0] == ""


@pytest.fixture
def no_pictures(monkeypatch):
    """Pictures take longer than frames that small."""
    monkeypatch.setattr(run, "draw_all", lambda measured: ())


@pytest.mark.usefixtures("no_pictures")
def test_a_missing_folder_does_not_stop_the_others(mosaic, tmp_path):
    reports = make_reports([tmp_path / "absent", mosaic[1]], tmp_path / "out", Options())
    assert [each.reason for each in reports] == ["no such folder", ""]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*OWN, "ccd"}


def test_nothing_measured_at_all(mosaic, tmp_path):
    with pytest.raises(NothingMeasuredError, match=r"empty: no FITS files .*\(and 1 more folders\)"):
        make_reports([mosaic[3], tmp_path / "absent"], tmp_path / "out", Options())
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_half_written(mosaic, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(many, "write_report", full)
    with pytest.raises(OSError, match="disk full"):
        make_reports(mosaic[1:3], tmp_path / "out", Options())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_pictures")
def test_overwrite(mosaic, tmp_path):
    out = tmp_path / "out"
    make_report(mosaic[1], out, Options())
    with pytest.raises(FileExistsError, match="is there already"):
        make_reports(mosaic[2:], out, Options())
    make_reports(mosaic[2:], out, Options(), overwrite=True)
    assert {path.name for path in out.iterdir()} == {*OWN, "a & <b>"}
    (out / "mine.txt").touch()
    with pytest.raises(FileExistsError, match=r"not of the report, or were changed since: mine\.txt: not overwritten"):
        make_reports(mosaic[1:3], out, Options(), overwrite=True)
    assert (out / "mine.txt").exists()


def test_frames_within_an_earlier_report_are_not_overwritten(mosaic, tmp_path):
    (tmp_path / "report.html").touch()
    (tmp_path / "summary.ecsv").touch()
    frames = shutil.copytree(mosaic[1], tmp_path / "frames")
    with pytest.raises(FileExistsError, match=r"holds the frames of .*frames: not overwritten"):
        make_reports([mosaic[2], frames], tmp_path, Options(), overwrite=True)
    with pytest.raises(FileExistsError, match=r"holds the frames of .*frames: not overwritten"):
        make_report(frames, tmp_path, Options(), overwrite=True)
    assert len(list(frames.iterdir())) == 9


def test_a_folder_given_twice(mosaic, tmp_path):
    with pytest.raises(ValueError, match="ccd is given twice"):
        make_reports([mosaic[0], mosaic[0].parent / "." / ".." / "first" / "ccd"], tmp_path / "out", Options())


def test_files_for_folders(mosaic, tmp_path):
    """As of darks/*.fits: what to give is told."""
    files = sorted(mosaic[0].iterdir())[:3]
    told = f"3 files, and not a folder: give their folder, {re.escape(str(mosaic[0]))}"
    with pytest.raises(NotADirectoryError, match=told):
        make_reports(files, tmp_path / "out", Options())
    assert not (tmp_path / "out").exists()


def test_names():
    assert report_names(["/data/monday", "tuesday/"]) == ["monday", "tuesday"]
    assert report_names(["/x/a/ccd", "/x/b/ccd", "/y/a/ccd"]) == ["x_a_ccd", "b_ccd", "y_a_ccd"]
    assert report_names(["/a/CCD", "/b/ccd"]) == ["a_CCD", "b_ccd"]
    # Not told apart by joined names, the shorter path, or those of the files beside them.
    assert report_names(["/a/b_c", "/x/b/c", "/y/c"]) == ["b_c", "b_c_2", "y_c"]
    assert report_names(["/c", "/a/c"]) == ["c", "a_c"]
    assert report_names(["/a/report.html", "/"]) == ["report.html_2", "folder"]


def test_names_of_relative_folders(tmp_path, monkeypatch):
    (tmp_path / "night").mkdir()
    monkeypatch.chdir(tmp_path / "night")
    assert report_names([".", ".."]) == ["night", tmp_path.name]
