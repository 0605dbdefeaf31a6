"""Real frames, from one command."""

import numpy as np
import pytest

from ccdproc_darks.cli import main
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import Options, measure_group


@pytest.fixture(scope="module")
def stl(real_frames, tmp_path_factory):
    out = tmp_path_factory.mktemp("stl") / "out"
    folder = real_frames / "stl1001_2019_0C"
    assert main(["report", str(folder), "-o", str(out), "--read-noise", "14.5", "--saturation", "60000"]) == 0
    from astropy.table import QTable

    return QTable.read(out / "summary.ecsv")


def test_stl_rates(stl):
    cold = stl[np.abs(stl["temperature"].value) < 1]
    assert len(cold) == 12
    row = cold[cold["exposure"] == "all"][0]
    assert row["median_rate"].value == pytest.approx(1.44, abs=0.02)
    assert cold[cold["exposure"] == "300 s"]["unusable_pixels"] == [58]
    warm = stl[np.abs(stl["temperature"].value - 10) < 1]
    assert warm[warm["exposure"] == "all"]["median_rate"].value == pytest.approx(6.5, abs=0.2)


def test_stl_first_bias_is_reported(stl):
    (item,) = stl.meta["not_used"]
    assert item["file"] == "bias_series_0c.00000001.BIAS.FIT"
    assert "+3.9 adu" in item["reason"]


def test_stl_thirty_against_three_hundred_seconds(stl):
    pairs = [pair for group in stl.meta["groups"].values() for pair in group["pairs"]]
    (pair,) = [pair for pair in pairs if (pair["short_s"], pair["long_s"]) == (30, 300)]
    assert pair["width"] == pytest.approx(1.0, abs=0.15)
    assert pair["ratio"] == pytest.approx(1.0, abs=0.01)
    assert pair["ratio_pixels"] > 10_000


def test_st402_without_bias(real_frames):
    (group,), unusable = find_groups(real_frames / "st402_2017_m15C")
    assert unusable == []
    result = measure_group(group, Options())
    assert any("no bias frames" in note for note in result.notes)
    left_out = {item.name for item in result.unusable}
    assert {"L2-dark-neon-1200.00000000.DARK.FIT", "L2-dark-neon-1200.00000003.DARK.FIT"} <= left_out
    assert result.rate.meta["DKOFFSET"] == "pixel"
    assert 0.01 < np.median(result.rate.data) < 0.05
    assert result.significance.meta["DKWIDTH"] == pytest.approx(1, abs=0.05)
    assert result.mask.meta["NNONLIN"] < 100
    assert 3 <= result.mask.meta["NSATUR"] <= 4
