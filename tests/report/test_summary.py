"""The table of a report."""

import numpy as np
import pytest
from astropy.table import QTable


def test_summary(report):
    out, ((name, measured),) = report
    table = QTable.read(out / "summary.ecsv")
    assert list(table["exposure"]) == ["30 s", "300 s", "all"]
    assert table["median_rate"].unit == "electron / s"
    assert table["median_rate"][2].value == pytest.approx(np.median(measured.rate.data))
    assert table.meta["groups"][name]["flags"]["HOT"] == measured.mask.meta["NHOT"]
