"""Real frames, from one command."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import dark_rate
from ccdproc_darks.cli import main
from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.evidence.pixel_values import PixelValues
from ccdproc_darks.frames.headers import exposures
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options


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
    assert row["typical_rate"].value == pytest.approx(1.43, abs=0.02)
    # Levels of single frames drift by up to 1.5 adu (3.1 electron), but no rate is higher for its noise.
    seconds = np.array([float(text.split()[0]) for text in cold["exposure"] if text != "all"])
    rates = cold["typical_rate"].value[: seconds.size]
    assert (np.abs(rates - row["typical_rate"].value) < 3.1 / seconds).all()
    assert np.ptp(rates[seconds >= 180]) < 0.012
    assert cold[cold["exposure"] == "300 s"]["unusable_pixels"] == [58]
    warm = stl[np.abs(stl["temperature"].value - 10) < 1]
    assert warm[warm["exposure"] == "all"]["typical_rate"].value == pytest.approx(6.5, abs=0.2)


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


@pytest.mark.statistics
def test_stl_saturation_is_found(real_frames):
    """Its counts end between 62 000 and 65 000 adu, softly, and no header tells so."""
    groups, _ = find_groups(real_frames / "stl1001_2019_0C")
    (cold,) = [group for group in groups if abs(group.temperature) < 1]
    result = measure_group(cold, Options())
    levels = {rate.meta["DKSATUR"] for rate in [result.rate, *result.rates.values()]}
    assert len(levels) == 1
    assert 58_000 < levels.pop() < 62_500
    assert {rate.meta["DKSATSRC"] for rate in [result.rate, *result.rates.values()]} == {"found"}
    assert 50 <= result.mask.meta["NSATUR"] <= 70
    assert result.rate.meta["DKRDNOI"] == pytest.approx(14.5, rel=0.05)
    # As with a saturation level of 60 000 adu.
    assert "up to 1043 electron/s at least" in str(result.limit)
    assert not any("saturat" in note for note in result.notes)


def test_stl_saturation_is_found_in_a_single_frame(real_frames):
    (path,) = (real_frames / "stl1001_2019_0C").glob("dark_1series_10c*")
    rate = dark_rate(path, read_noise=14.5 * u.electron, bias=1028 * u.adu)
    assert rate.meta["DKSATSRC"] == "found"
    assert 58_000 < rate.meta["DKSATUR"] < 62_500
    assert 160 < rate.mask.sum() < 185


@pytest.mark.parametrize("pattern", ["st402_2017_m15C/*", "st402_2017_m15C/*1200*", "arcsat_2025_m25C/Dark*"])
def test_no_saturation_below_the_adc(real_frames, pattern):
    frames = as_frames(sorted(real_frames.glob(pattern)))
    findings = PixelValues.of(FrameGroup(frames, exposures(None, frames))).findings
    assert {finding.verdict for finding in findings} == {"ok"}
    assert {finding.found for finding in findings} == {None, "steps of 1"}
