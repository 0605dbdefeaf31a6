"""The page of a comparison of reports."""

import re

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks._interface.number_text import with_error
from ccdproc_darks.report.compare_reports import compare_reports

from .conftest import page_text, report_night


@pytest.fixture(scope="module")
def page(reports, tmp_path_factory):
    out = tmp_path_factory.mktemp("page") / "out"
    found = compare_reports(reports, out, command="as tested")
    return page_text(out / "report.html"), found, out


def cells(text):
    """Rows of texts of all tables."""
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", text)
    ]


def test_links_are_to_the_reports_and_lists(page):
    text, _, out = page
    links = re.findall(r'href="(?!data:|#)([^"]+)"', text)
    # The table, four reports, the figure; a list of each pair, and one for ds9 where a pixel has changed.
    figures = len(list(out.rglob("figures/*.png")))
    assert text.count("data:image/png;base64,") == figures >= 1
    assert len(links) == 9 + figures + sum(change.number > 0 for change in page[1].series[0].changes)
    assert all((out / link).is_file() for link in links)
    assert re.findall(r'src="(?!data:)', text) == []
    assert "as tested" in text


def test_numbers_of_each_night(page):
    text, found, _ = page
    nights = [row for row in cells(text) if len(row) == 12]
    assert nights[0][:2] == ["night", "report"]
    assert [row[2] for row in nights[1:]] == [f"2026-0{number}-10" for number in (1, 2, 3, 4)]
    assert [row[3] for row in nights[1:]] == ["-20.0", "-20.0", "-10.0", "-20.0"]
    (series,) = found.series
    assert [row[4] for row in nights[1:]] == [str(night.group.count("hot")) for night in series.nights]
    assert [row[7] for row in nights[1:]] == ["", *(str(change.number) for change in series.changes[:3])]
    assert nights[1][8] == with_error(series.nights[0].group.typical, series.nights[0].group.typical_error)


def test_changed_pixels_of_each_pair(page):
    text, found, _ = page
    pairs = [row for row in cells(text) if len(row) == 11]
    assert [row[0] for row in pairs] == ["nights", "1 to 2", "2 to 3", "3 to 4", "1 to 4"]
    change = found.series[0].changes[-1]
    assert pairs[-1][1:7] == [
        "6 x 300 s",
        "3",
        "1",
        str(change.count("higher")),
        str(change.count("lower")),
        str(change.number),
    ]
    assert pairs[-1][-2:] == ["changed_1_to_4.ecsv", "changed_1_to_4.reg"]
    assert "Of the changed pixels of two nights, at most 1 is expected by chance alone." in text
    listed = [row for row in cells(text) if len(row) == 7 and row[5] == "born"]
    # 2 to 3, and 1 to 4.
    assert sorted(row[:2] for row in listed) == sorted(2 * [["7", "5"], ["80", "30"], ["3", "50"]])


def test_what_temperatures_and_pixels_mean_is_told(page):
    text, found, _ = page
    assert "The temperatures differ by 10.0 °C." in text
    assert "Rates of one exposure time are compared" in text
    masked = found.series[0].agreement.counts("masked")
    assert f"{masked[-1]} pixels are masked in every one of the 4 nights, {masked[1:].sum()} in at least one" in text


def test_the_lines_to_copy_run(page, monkeypatch):
    text, found, out = page
    lines = re.search(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)[1].replace("&gt;", ">")
    monkeypatch.chdir(out)
    names = {}
    exec(lines, names)
    assert np.count_nonzero(names["agreed"].mask) == found.series[0].agreement.counts("masked")[-1]


def test_a_night_without_test_of_proportionality_is_told(reports, tmp_path):
    other = report_night(tmp_path, 2, plan=((8, 0), (6, 300)))
    compare_reports([reports[0], other], tmp_path / "out")
    text = page_text(tmp_path / "out" / "report.html")
    assert "Night 2: nothing tested whether pixels are proportional" in text
    assert [row[5] for row in cells(text) if len(row) == 12][1:][1] == "not tested"


def test_texts_of_headers_are_escaped(tmp_path):
    found = []
    for number in (1, 2):
        report = report_night(tmp_path, number, name="<b>camera</b>")
        for path in report.rglob("*.fits"):
            fits.setval(path, "INSTRUME", value="<b>camera</b>")
        found.append(report)
    compare_reports(found, tmp_path / "out")
    text = page_text(tmp_path / "out" / "report.html")
    assert "<b>" not in text
    assert "&lt;b&gt;camera" in text


def test_nights_that_could_not_be_compared(reports, tmp_path):
    other = report_night(tmp_path, 2, plan=((5, 30), (5, 100), (5, 300)))
    found = compare_reports([reports[0], other], tmp_path / "out")
    text = page_text(tmp_path / "out" / "report.html")
    assert "night 1 to 2: " in text
    assert "as its darks have no bias" in text
    assert [row[7] for row in cells(text) if len(row) == 12][1:] == ["", "not compared"]
    assert found.series[0].changes[0].table is None
