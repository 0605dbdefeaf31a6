"""The demo's simulated camera."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks.cli.demo import write_demo_frames
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    write_demo_frames(folder, size=256, seed=3)
    (group,), unusable = find_groups(folder)
    assert unusable == []
    return measure_group(group, Options(threshold=4 * u.electron / u.s))


def test_the_guides_camera(result):
    assert [(seconds, len(frames)) for seconds, frames in result.exposures] == [(90, 10), (1000, 20)]
    assert len(result.group.biases) == 20
    assert np.nanmedian(result.rate.data) == pytest.approx(0.01, abs=3e-4)
    assert result.rate.meta["DKGAIN"] == 1.5
    assert result.rate.meta["DKRDNOI"] == pytest.approx(10, rel=1e-3)


def test_proportional_up_to_four_electrons_a_second(result):
    short, long = result.rates[90].data, result.rates[1000].data
    proportional = (long > 0.5) & (long < 3.5) & ~result.rates[1000].mask
    assert np.median(short[proportional] / long[proportional]) == pytest.approx(1, abs=0.03)
    beyond = (long > 8) & ~result.rates[1000].mask
    assert np.all(short[beyond] > long[beyond])
    assert np.median(short[beyond] / long[beyond]) > 1.1


def test_same_seed_same_frames(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_demo_frames(tmp_path / name, size=8, seed=5)
    first, second = (sorted((tmp_path / name).rglob("*.fits")) for name in ("first", "second"))
    assert len(first) == 50 + 5
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(first, second, strict=True))
