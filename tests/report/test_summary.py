"""The table of a report."""

import numpy as np
from astropy.table import QTable

from ccdproc_darks._interface.number_text import with_error

from .conftest import page_text


def test_summary(report):
    out, ((name, measured),) = report
    table = QTable.read(out / "summary.ecsv")
    assert list(table["exposure"]) == ["30 s", "300 s", "all"]
    assert table["typical_rate"].unit == "electron / s"
    # The same number everywhere.
    mask = measured.mask.meta
    assert table["typical_rate"][2].value == mask["DKTYPIC"]
    assert table["typical_error"][2].value == mask["DKTYPERR"]
    page = page_text(out / "report.html")
    typical = with_error(mask["DKTYPIC"], mask["DKTYPERR"])
    # In the verdict, in the table of exposure times, and with the threshold.
    assert f"has a dark current of {typical} electron/s at -20 °C" in page
    assert f">{typical}</td>" in page
    assert f"a typical pixel has {typical}, " in page
    rates = table["typical_rate"].value
    assert np.ptp(rates) < 4 * np.hypot(*table["typical_error"].value[:2])
    assert table.meta["groups"][name]["flags"]["HOT"] == measured.mask.meta["NHOT"]
