"""A folder of simulated frames as a camera would write them."""

import os
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DarkSequence, Sensor, simulate_dark
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.pictures import draw_all
from ccdproc_darks.report.run import make_report
from ccdproc_darks.simulation import HotPixels
from ccdproc_darks.temperature import DoublingDarkCurrent

SHAPE = (60, 90)
CAMERA = {
    "shape": SHAPE,
    "gain": 1.5 * u.electron / u.adu,
    "read_noise": 8 * u.electron,
    "rate": 0.2 * u.electron / u.s,
    "hot_fraction": 0.01,
    "hot_rate": 20 * u.electron / u.s,
    "temperature": -20 * u.deg_C,
}


def page_text(path):
    """HTML of a page, with all spaces alike: those between a number and its unit are such that no line ends there."""
    return path.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")


def write_frames(folder, plan, *, bias=500, seed=0, prefix="", **changes):
    """Write frames of a plan of (exposure in s, number), and return their paths."""
    rng = np.random.default_rng(seed)
    paths = []
    for seconds, count in plan:
        for number in range(count):
            frame = simulate_dark(exposure=seconds * u.s, bias=bias * u.adu, rng=rng, **{**CAMERA, **changes})
            path = folder / f"{prefix}{'dark' if seconds else 'bias'}_{seconds}_{number}.fit"
            frame.write(path)
            paths.append(path)
    return paths


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    """Five bias frames, four darks of 30 s and four of 300 s."""
    folder = tmp_path_factory.mktemp("night")
    write_frames(folder, [(0, 5), (30, 4), (300, 4)])
    return folder


@pytest.fixture(scope="session")
def report(night, tmp_path_factory):
    """The folder of a report on them, and its results."""
    out = tmp_path_factory.mktemp("out") / "report"
    # With all pictures, whatever the module has that asks for it first.
    with mock.patch("ccdproc_darks.report.run.draw_all", draw_all):
        results, _, _ = make_report(night, out, Options(), command="as tested")
    return out, results


@pytest.fixture(scope="session")
def real_frames():
    """Folder of the real frames; skips where it is absent, and fails where it is required."""
    default = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("CCDPROC_DARKS_DATA", default))
    if not (folder / "stl1001_2019_0C").is_dir():
        if os.environ.get("CCDPROC_DARKS_REQUIRE_DATA"):
            pytest.fail(f"CCDPROC_DARKS_REQUIRE_DATA is set, and there are no real frames in {folder}")
        pytest.skip(f"no real frames in {folder} (CCDPROC_DARKS_DATA)")
    return folder


# Dark current of the third of the nights below, over that of the others: it doubles with each 6 degrees.
WARMER = 2 ** (10 / 6)
# Pixels (row, column) that are hot from the third night on, and one that is healed then.
BORN, HEALED = ((5, 7), (30, 80), (50, 3)), (20, 20)


def write_night(folder, number, *, plan=((8, 0), (6, 30), (6, 300)), temperature=-20, name="camera A", shape=SHAPE):
    """Write the frames of a night, a month after the last one; after the second, BORN and HEALED pixels change."""
    warm = np.full(shape, 0.2)
    if number < 3:
        warm[HEALED] += 5
    else:
        for place in BORN:
            warm[place] += 5
    unit = u.electron / u.s
    sensor = Sensor(
        rate=CCDData(warm, unit=unit), seed=4, gain=1.5 * u.electron / u.adu, read_noise=8 * u.electron,
        bias=500 * u.adu, defects=[HotPixels(fraction=0.01, above=1 * unit, maximum=20 * unit)],
        temperature=-20 * u.deg_C, temperature_model=DoublingDarkCurrent(), name=name,
    )  # fmt: skip
    exposures = [(count, seconds * u.s) for count, seconds in plan]
    start = f"2026-0{number}-10T20:00:00"
    DarkSequence(sensor, exposures, rng=number, start=start, temperature=temperature * u.deg_C).write(folder)
    return folder


def report_night(folder, number, **changes):
    """Folder of a finished report, without pictures, on the frames that `write_night` writes."""
    frames = write_night(folder / f"frames{number}", number, **changes)
    with mock.patch("ccdproc_darks.report.run.draw_all", return_value=()):
        make_report(frames, folder / f"night{number}", Options())
    return folder / f"night{number}"


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """Finished reports on four nights of one sensor; the third one is 10 degrees warmer."""
    folder = tmp_path_factory.mktemp("nights")
    for number in (1, 2, 3, 4):
        report_night(folder, number, temperature=-10 if number == 3 else -20)
    return [folder / f"night{number}" for number in (1, 2, 3, 4)]
