"""The page of a report."""

import re

from astropy.io import fits

from ccdproc_darks.report.measure import Options
from ccdproc_darks.report.run import make_report

from .conftest import write_frames


def test_page_is_self_contained(report):
    page = (report[0] / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 6
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "as tested" in page
    assert "simulation" in page


def test_page_escapes_what_headers_say(tmp_path):
    for path in write_frames(tmp_path, [(0, 3), (300, 2)]):
        fits.setval(path, "INSTRUME", value="<script>alert(1)</script>")
    make_report(tmp_path, tmp_path / "out", Options())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
