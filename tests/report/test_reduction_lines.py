"""The lines at the end of a page: copied from there, they reduce a science frame."""

import html
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS, simulate_dark
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from ..helpers import full_mask
from .conftest import CAMERA, SHAPE, write_frames

pytestmark = pytest.mark.usefixtures("blank_pictures")

SKY = 200.0


def lines_of(page):
    """The lines of each group, as a reader copies them from the page."""
    text = page.read_text(encoding="utf-8")
    return [html.unescape(block) for block in re.findall(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)]


def write_science(path, seconds=120, *, bias=500, cut=None, **changes):
    """A science frame: sky (electron) on the dark frame of an exposure time that no dark has."""
    frame = simulate_dark(exposure=seconds * u.s, bias=bias * u.adu, rng=99, **{**CAMERA, **changes})
    sky = np.random.default_rng(99).poisson(SKY, frame.shape) / CAMERA["gain"].value
    frame.data = np.rint(frame.data + sky).astype("u2")
    frame.meta["IMAGETYP"] = "Light Frame"
    if cut is not None:
        frame = cut(frame)
    frame.write(path)


def run(lines):
    names = {}
    exec(compile(lines, "the page", "exec"), names)
    return names


def check(reduced, names, sky=SKY / CAMERA["gain"].value):
    """The sky is left, to its noise."""
    good = ~full_mask(reduced)
    assert good.mean() > 0.95
    deviates = (reduced.data - sky)[good] / reduced.uncertainty.array[good]
    assert abs(np.mean(deviates)) < 0.15
    assert abs(np.std(deviates) - 1) < 0.06
    assert names["dark"].unit == reduced.unit
    # As many pixels are masked as the page says, and the frame is on disk.
    assert not (names["hot"].mask & ~full_mask(reduced)).any()
    written = CCDData.read(f"reduced_{names['name']}")
    np.testing.assert_array_equal(written.data, reduced.data)
    np.testing.assert_array_equal(written.mask, reduced.mask)


def test_in_the_folder_of_the_page(report, tmp_path, monkeypatch):
    """As they stand; also in a copy of the report that stands elsewhere."""
    shutil.copytree(report[0], tmp_path / "copy")
    (path,) = (tmp_path / "copy").rglob("mask.fits")
    # A pixel that is not proportional: it has a dark, by its own counts, and is masked all the same.
    mask = CCDData.read(path)
    mask.data[10, 10] |= DARK_FLAGS.HOT | DARK_FLAGS.NONLINEAR | DARK_FLAGS.DO_NOT_USE
    mask.mask[10, 10] = True
    mask.write(path, overwrite=True)
    write_science(tmp_path / "copy" / "science.fits")
    (lines,) = lines_of(tmp_path / "copy" / "report.html")
    monkeypatch.chdir(tmp_path / "copy")
    names = run(lines)
    check(names["reduced"], names)
    assert not names["dark"].mask[10, 10]
    # Hot pixels too.
    hot = (names["hot"].data & 2048 > 0) & ~full_mask(names["reduced"])
    deviates = (names["reduced"].data - SKY / 1.5)[hot] / names["reduced"].uncertainty.array[hot]
    assert hot.sum() > 30
    assert abs(np.std(deviates) - 1) < 0.25


def test_several_frames(report, tmp_path, monkeypatch):
    """Each is reduced with the dark of its own exposure time."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    for seconds in (60, 120):
        write_science(tmp_path / "raw" / f"field_{seconds}.fit", seconds)
    (lines,) = lines_of(report[0] / "report.html")
    lines = lines.replace("Path('.')", f"Path({str(report[0])!r})")
    run(lines.replace("['science.fits']", "['raw/field_60.fit', 'raw/field_120.fit']"))
    for seconds in (60, 120):
        reduced = CCDData.read(f"reduced_field_{seconds}.fits")
        assert abs(np.median(reduced.data[~reduced.mask]) - SKY / CAMERA["gain"].value) < 3


def test_with_the_path_of_the_folder(report, tmp_path, monkeypatch):
    """From anywhere, with the path in the one place that says so."""
    monkeypatch.chdir(tmp_path)
    write_science(tmp_path / "science.fits")
    (lines,) = lines_of(report[0] / "report.html")
    assert lines.count("Path('.')") == 1
    names = run(lines.replace("Path('.')", f"Path({str(report[0])!r})"))
    check(names["reduced"], names)


def report_on(folder, monkeypatch, **options):
    """The lines of a report on a folder of frames; the working folder is that of the report then."""
    out = folder.parent / "out"
    make_report(folder, out, Options(**options))
    monkeypatch.chdir(out)
    return lines_of(out / "report.html")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "night").mkdir()
    return tmp_path / "night"


def test_of_one_exposure_time(folder, monkeypatch):
    write_frames(folder, [(0, 5), (120, 5)])
    (lines,) = report_on(folder, monkeypatch)
    write_science("science.fits")
    names = run(lines)
    check(names["reduced"], names)


def test_with_overscan(folder, monkeypatch):
    """The science frame is trimmed as the darks were."""

    def with_overscan(frame):
        rng = np.random.default_rng(frame.data.astype(int).sum())
        raw = np.hstack([np.rint(500 + rng.normal(0, 5, (SHAPE[0], 16))), frame.data])
        frame = CCDData(raw.astype("u2"), unit="adu", meta=frame.meta)
        frame.meta["BIASSEC"] = f"[1:16, 1:{SHAPE[0]}]"
        frame.meta["TRIMSEC"] = f"[17:{SHAPE[1] + 16}, 1:{SHAPE[0]}]"
        return frame

    for path in write_frames(folder, [(0, 5), (30, 4), (300, 4)]):
        frame = with_overscan(CCDData.read(path))
        frame.write(path, overwrite=True)
    (lines,) = report_on(folder, monkeypatch)
    assert "subtract_overscan" in lines
    write_science("science.fits", cut=with_overscan)
    names = run(lines)
    assert names["reduced"].shape == SHAPE
    check(names["reduced"], names)


def test_without_bias_frames(folder, monkeypatch):
    """The rate is that of all exposure times, a slope; a comment says where the bias of the science frame goes."""
    write_frames(folder, [(30, 4), (300, 4)])
    (lines,) = report_on(folder, monkeypatch)
    assert "rate_all.fits" in lines
    assert "science = raw  # subtract its bias here" in lines
    write_science("science.fits", bias=0)
    run(lines)


def test_bias_that_was_subtracted(folder, monkeypatch):
    for path in write_frames(folder, [(30, 4), (300, 4)]):
        frame = CCDData.read(path).subtract(500 * u.adu, handle_meta="first_found")
        frame.write(path, overwrite=True)
    options = Options()
    (lines,) = report_on(folder, monkeypatch, frames=replace(options.frames, without_bias=True))
    assert "the bias was subtracted from the darks" in lines


def test_key_and_unit_of_the_exposure_time(folder, monkeypatch):
    """As the darks have them: here milliseconds, in a key of the camera's own."""

    def in_milliseconds(path):
        seconds = fits.getval(path, "EXPTIME")
        with fits.open(path, mode="update") as hdus:
            for key in ("EXPTIME", "EXPOSURE"):
                hdus[0].header.remove(key, ignore_missing=True)
            hdus[0].header["EXPOSURE"] = (1000 * seconds, "[ms] exposure time")

    for path in write_frames(folder, [(0, 5), (30, 4), (300, 4)]):
        in_milliseconds(path)
    (lines,) = report_on(folder, monkeypatch)
    assert "exposure = float(raw.meta['EXPOSURE']) * 0.001 * u.s" in lines
    write_science("science.fits")
    in_milliseconds("science.fits")
    names = run(lines)
    check(names["reduced"], names)


def test_of_several_groups(folder, monkeypatch):
    """Each has its own lines, for its own files."""
    write_frames(folder, [(0, 5), (30, 3), (300, 3)])
    write_frames(folder, [(0, 5), (30, 3), (300, 3)], prefix="other_", seed=1, shape=(40, 50))
    first, second = report_on(folder, monkeypatch)
    write_science("science.fits", shape=(40, 50))
    (names,) = [run(lines) for lines in (first, second) if "50x40" in lines]
    check(names["reduced"], names)
