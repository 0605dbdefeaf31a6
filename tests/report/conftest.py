"""A folder of simulated frames as a camera would write them."""

import os
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import simulate_dark
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

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
