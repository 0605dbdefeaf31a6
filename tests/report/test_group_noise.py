"""A map of read noise in a report, where one read noise will not do."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable

from ccdproc_darks.cli import main
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from ..helpers import dark

pytestmark = pytest.mark.usefixtures("blank_pictures")

SHAPE = (120, 160)


def write(folder, plan, spread=0.25, seed=0):
    """Write frames of (exposure time in s, number), of pixels whose read noise has a lognormal spread."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    sigma = 6 * np.exp(rng.normal(0, spread, SHAPE))
    for seconds, count in plan:
        for number in range(count):
            electrons = rng.poisson(0.05 * seconds, SHAPE) + sigma * rng.normal(size=SHAPE)
            kind = "Dark Frame" if seconds else "Bias Frame"
            frame = dark(np.rint(800 + electrons).astype(np.uint16), seconds, gain=1.0, read_noise=None, IMAGETYP=kind)
            frame.write(folder / f"{kind[:4]}_{seconds:g}_{number}.fits")
    return folder


def measured(folder, **options):
    (group,), _ = find_groups(folder)
    return measure_group(group, Options(**options))


@pytest.fixture(scope="module")
def with_map(tmp_path_factory):
    folder, out = write(tmp_path_factory.mktemp("frames"), [(0, 22), (20, 5), (200, 5)]), tmp_path_factory.mktemp("out")
    ((name, result),), _, _ = make_report(folder, out / "report", Options())
    return out / "report", name, result


def test_bias_frames_make_the_map(with_map):
    _, _, result = with_map
    assert result.noise_map.meta["NCOMBINE"] == 22
    assert result.noise_source == "of each pixel, from 22 bias frames"
    assert all(rate.meta["DKNOISE"] == "map" for rate in (result.rate, *result.rates.values()))
    assert result.mask.meta["NNONLIN"] <= 4
    assert result.mask.meta["NTELEGR"] <= 4


def test_it_is_told_and_written(with_map):
    out, name, result = with_map
    text = result.settled["read noise"]
    spread = result.noise_map.meta["DKRNSPR"]
    assert text.startswith(f"Read noise differs by {100 * spread:.2g} % from pixel to pixel, and ")
    assert text.endswith(": that of each pixel is taken, from 22 bias frames (read_noise.fits)")
    (row,) = [one for one in result.findings if one.check == "read noise"]
    assert (row.verdict, row.sentence) == ("doubtful", text)
    written = CCDData.read(out / name / "read_noise.fits")
    np.testing.assert_array_equal(written.data, result.noise_map.data)
    entry = QTable.read(out / "summary.ecsv").meta["groups"][name]
    assert entry["read_noise_map"]["frames"] == 22
    assert entry["read_noise_map"]["spread"] == spread
    assert entry["read_noise_spread"]["one_will_do"] is False
    # One number: that of the map.
    assert entry["read_noise_spread"]["spread"] is None
    assert entry["flags"]["UNRELIABLE_ERROR"] == result.mask.meta["NNOISY"]
    page = (out / "report.html").read_text()
    assert "noisier to read than the sensor&#39;s other pixels, or its reading jumps" in page
    assert "from 22 bias frames" in page


def test_equal_darks_make_it_where_bias_frames_are_few(tmp_path):
    result = measured(write(tmp_path, [(0, 6), (20, 21), (200, 5)]))
    assert result.noise_source == "of each pixel, from 21 darks of 20 s"
    assert result.noise_map.meta["NCOMBINE"] == 21


def test_few_bias_frames_make_a_map_all_the_same(tmp_path):
    """One read noise flags some hundred good pixels of these."""
    result = measured(write(tmp_path, [(0, 8), (20, 5), (200, 5)]))
    assert result.noise_source == "of each pixel, from 8 bias frames"
    assert result.mask.meta["NNONLIN"] <= 8
    text = result.settled["read noise"]
    assert text.endswith("more good pixels flagged than asked for: take twenty bias frames or more")


def test_few_frames_are_told_what_to_take(tmp_path):
    result = measured(write(tmp_path, [(0, 7), (20, 5), (200, 5)]))
    assert result.noise_map is None
    assert result.needs_map
    (flags,) = [one for one in result.findings if one.check == "result"]
    assert flags.verdict == "doubtful"
    assert "NONLINEAR and TELEGRAPH are not to be believed" in flags.sentence
    (row,) = [one for one in result.findings if one.check == "read noise"]
    assert row.verdict == "doubtful"
    assert row.sentence.endswith(
        "add bias frames, twenty or more: ccdproc-darks report makes a map of them, without --read-noise"
    )
    assert not any("read noise differs" in note for note in result.notes)


def test_a_read_noise_that_is_given_is_taken(tmp_path):
    result = measured(write(tmp_path, [(0, 22), (20, 5)]), read_noise=6 * u.electron)
    assert result.noise_map is None
    assert result.rate.meta["DKNOISE"] == "argument"


@pytest.fixture
def given_map(with_map):
    out, name, _ = with_map
    return out / name / "read_noise.fits"


def test_a_map_that_is_given_is_taken(tmp_path, given_map):
    # Of the same pixels: of too few frames for a map.
    folder = write(tmp_path, [(0, 6), (20, 5), (200, 5)])
    result = measured(folder, read_noise=CCDData.read(given_map))
    assert result.noise_source == "of each pixel, as given"
    assert result.noise_map.meta["NCOMBINE"] == 22
    assert all(rate.meta["DKNOISE"] == "map" for rate in (result.rate, *result.rates.values()))
    assert result.settled["read noise"].endswith("that of each pixel is taken, as given (read_noise.fits)")
    assert not any("not of this sensor" in note for note in result.notes)


def test_a_map_of_another_sensor_is_told(tmp_path, given_map):
    image = CCDData.read(given_map)
    image.data, image.uncertainty.array = image.data[::-1].copy(), image.uncertainty.array[::-1].copy()
    result = measured(write(tmp_path, [(0, 6), (20, 5), (200, 5)]), read_noise=image)
    (row,) = [one for one in result.findings if one.check == "read noise"]
    assert row.verdict == "wrong"
    assert row.sentence.startswith("the read noise map is not of this sensor")
    assert "read noise" not in result.settled
    assert not any("not of this sensor" in note for note in result.notes)


def test_the_command_takes_a_map(tmp_path, given_map, capsys):
    folder, out = write(tmp_path / "frames", [(0, 6), (20, 5), (200, 5)]), tmp_path / "out"
    assert main(["report", str(folder), "-o", str(out), "--read-noise", str(given_map)]) == 0
    assert "of each pixel, as given" in (out / "report.html").read_text()
    assert main(["check", str(folder), "--read-noise", str(given_map)]) == 0
    capsys.readouterr()
    bad = next(folder.glob("Bias*"))
    assert main(["report", str(folder), "-o", str(tmp_path / "bad"), "--read-noise", str(bad)]) == 1
    assert re.search(
        r"--read-noise \S+ (is in adu, expected electron|is no map of read noise)", capsys.readouterr().err
    )
    assert not (tmp_path / "bad").exists()


def test_one_will_do(tmp_path):
    result = measured(write(tmp_path, [(0, 22), (20, 5)], spread=0.0))
    assert result.noise_map is None
    assert "read noise" not in result.settled
    (row,) = [one for one in result.findings if one.check == "read noise"]
    assert row.verdict == "ok"


def test_page_tells_of_flags_without_a_map(tmp_path):
    make_report(write(tmp_path, [(0, 5), (20, 5), (200, 5)]), tmp_path / "out", Options())
    page = (tmp_path / "out" / "report.html").read_text()
    # In the verdict, in the table of checks, and beside the flags.
    assert page.count("NONLINEAR and TELEGRAPH are not to be believed") == 3
    assert "1 good pixel is expected above the threshold" in page
    assert ">too faint to be tested</a>. That is normal and harmless" in page


def test_rates_that_disagree_have_larger_errors(tmp_path):
    """Bias frames of another level: the rate of the short exposures is off, and its error tells so."""
    rng = np.random.default_rng(9)
    for seconds, level, number in ((0, 800, 6), (20, 803, 5), (200, 803, 5)):
        for each in range(number):
            electrons = rng.poisson(0.05 * seconds, SHAPE) + rng.normal(0, 6, SHAPE)
            kind = "Dark Frame" if seconds else "Bias Frame"
            frame = dark(
                np.rint(level + electrons).astype(np.uint16), seconds, gain=1.0, read_noise=None, IMAGETYP=kind
            )
            frame.write(tmp_path / f"{kind[:4]}_{seconds}_{each}.fits")
    result = measured(tmp_path)
    rates = result.typical_rates
    assert abs(rates[20.0][0] - 0.05) < 3 * rates[20.0][1]
    assert result.mask.meta["DKTYPERR"] == rates["all"][1]
    assert abs(rates["all"][0] - 0.05) < 3 * rates["all"][1]
