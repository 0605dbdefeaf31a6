"""The page of a report."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.frame_checks import CHECKS
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.page import GroupOnPage, page
from ccdproc_darks.report.run import make_report
from ccdproc_darks.report.terminal import sentences

from .conftest import page_text, write_frames

pytestmark = pytest.mark.usefixtures("blank_pictures")


def test_page_is_self_contained(report):
    page = page_text(report[0] / "report.html")
    # Every figure is on the page, and a file as well.
    assert page.count("data:image/png;base64,") == len(list(report[0].rglob("figures/*.png"))) >= 6
    # No network: links are to places on the page, and to files beside it, all of which are there.
    links = re.findall(r'(?:src|href)="(?!data:)([^"]*)"', page)
    inner = {link[1:] for link in links if link.startswith("#")}
    assert inner <= set(re.findall(r'id="([^"]*)"', page))
    files = {unquote(link) for link in links if not link.startswith("#")}
    assert all((report[0] / name).is_file() for name in files)
    assert {path.name for path in report[0].rglob("*") if path.is_file()} - {Path(name).name for name in files} == {
        "report.html", "manifest.json"
    }  # fmt: skip
    assert "<script" not in page
    assert "as tested" in page
    assert "simulation" in page


def test_page_escapes_what_headers_say(tmp_path):
    for path in write_frames(tmp_path, [(0, 3), (300, 2)]):
        fits.setval(path, "INSTRUME", value="<script>alert(1)</script>")
    make_report(tmp_path, tmp_path / "out", Options())
    page = page_text(tmp_path / "out" / "report.html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_page_begins_with_the_verdict(report):
    page = page_text(report[0] / "report.html")
    begin = page[: page.index("What you have")]
    assert '<section class="verdict ok">' in begin
    assert "The frames are sound: use the results.</strong>" in begin
    assert "<p>Nothing is wrong, as far as the frames can tell.</p>" in begin
    # The whole table is there, folded.
    assert "<details><summary>All checks of these frames</summary>" in begin
    assert ">no frame is a copy of another one</td>" in begin


def test_what_is_doubtful_is_told_once(tmp_path):
    write_frames(tmp_path, [(30, 3), (300, 3)])
    write_frames(tmp_path, [(0, 5)], temperature=-10 * u.deg_C, seed=1)
    results, failures, unusable = make_report(tmp_path, tmp_path / "out", Options())
    page = page_text(tmp_path / "out" / "report.html")
    begin, rest = page.split("<h3>What is wrong, and what to do</h3>", 1)
    box, rest = rest.split("All checks of these frames")
    told = "the bias was taken at -10.0 °C (bias_0_0.fit), the darks at -20.0 °C (dark_30_0.fit)"
    assert '<section class="verdict doubtful">' in begin
    assert "Use the results with care: something is doubtful, see below." in begin
    assert f'<b class="doubtful">Doubtful: temperature of the sensor.</b> {told[0].upper()}{told[1:]}' in box
    assert told[1:] not in begin
    # Once more in the table of all checks.
    assert rest.count(told[1:]) == 1
    lines = list(sentences(results, failures, unusable))
    assert "  One thing is doubtful: temperature." in lines
    # Terminals get it in plain letters.
    assert [line for line in lines if told.replace("°C", "deg C") in line] == [
        line for line in lines if line.startswith("  doubtful: temperature")
    ]
    meta = QTable.read(tmp_path / "out" / "summary.ecsv").meta["groups"]
    (group,) = meta.values()
    assert group["verdict"] == "One thing is doubtful: temperature."
    assert [one["check"] for one in group["checks"]] == list(CHECKS)
    (temperature,) = (one for one in group["checks"] if one["check"] == "temperature")
    assert told.replace("°C", "deg C") in temperature["sentence"]


@pytest.mark.parametrize(("pixels", "shown"), [(29, "too few pixels"), (30, "0.9876")])
def test_ratio_of_few_pixels_is_not_shown(tmp_path, pixels, shown):
    write_frames(tmp_path, [(0, 3), (30, 3), (300, 3)])
    groups, _ = find_groups(tmp_path)
    result = measure_group(groups[0], Options())
    result.pairs = [replace(pair, ratio=0.9876, ratio_pixels=pixels) for pair in result.pairs]
    text = page("title", [GroupOnPage("group", result)], [], [])
    assert f"{shown}</td><td>{pixels}</td>" in re.sub(r"<td[^>]*>", "<td>", text)


def test_single_frames_tell_no_error_of_their_level(tmp_path):
    for number, text in ((1, True), (2, False)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_frames(folder, [(0, 3), (300, number)])
        make_report(folder, tmp_path / f"out{number}", Options())
        page = page_text(tmp_path / f"out{number}" / "report.html")
        assert ("the errors are lower limits" in page) == text
