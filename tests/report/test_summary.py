"""The table of a report."""

import numpy as np
from astropy.table import QTable


def test_summary(report):
    out, ((name, measured),) = report
    table = QTable.read(out / "summary.ecsv")
    assert list(table["exposure"]) == ["30 s", "300 s", "all"]
    assert table["typical_rate"].unit == "electron / s"
    # The same number everywhere.
    mask = measured.mask.meta
    assert table["typical_rate"][2].value == mask["DKTYPIC"]
    assert table["typical_error"][2].value == mask["DKTYPERR"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"<td>{mask['DKTYPIC']:.4g}</td><td>{mask['DKTYPERR']:.2g}</td>" in page
    assert f"a typical pixel has {mask['DKTYPIC']:.4g} ± {mask['DKTYPERR']:.2g}" in page
    rates = table["typical_rate"].value
    assert np.ptp(rates) < 4 * np.hypot(*table["typical_error"].value[:2])
    assert table.meta["groups"][name]["flags"]["HOT"] == measured.mask.meta["NHOT"]
