"""The same seed, the same frames: on every platform, and whatever the number of threads."""

import hashlib

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import DarkSequence, sensor_preset, simulate_dark

# Of three frames (bias, 30 s, 600 s) of each preset, of 200 x 300 pixels and the seeds 1.
DIGESTS = {
    "aspen-cg16m": "0a52a55822baa226",
    "cryogenic-ccd": "d52c777e8105cfb4",
    "low-noise-cmos": "c4c2a64e21c58353",
}


def digest(frames):
    found = hashlib.sha256()
    for frame in frames:
        found.update(np.ascontiguousarray(frame.data, dtype="<u2").tobytes())
    return found.hexdigest()[:16]


@pytest.mark.parametrize("name", DIGESTS)
def test_known_frames(name):
    """If numpy's streams or a library's arithmetic change, everybody's seeds give other frames: say so in CHANGES."""
    sensor = sensor_preset(name, shape=(200, 300), seed=1)
    assert digest(DarkSequence(sensor, [0, 30, 600] * u.s, rng=1)) == DIGESTS[name]


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_threads_change_nothing(name, dtype):
    sensor = sensor_preset(name, shape=(700, 301), seed=1)
    frames = [simulate_dark(sensor, exposure=100 * u.s, rng=1, dtype=dtype, threads=threads) for threads in (1, 2, 7)]
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame.data, frames[0].data)


@pytest.mark.parametrize("shape", [(1, 1), (1, 70000), (70000, 1), (3, 40000)])
def test_any_shape(shape):
    frame = simulate_dark(shape, exposure=100 * u.s, rate=0.5 * u.electron / u.s, rng=1)
    assert frame.shape == shape
    assert frame.data.mean() == pytest.approx(50, rel=0.5)


def test_blocks_are_independent():
    """Blocks have streams of their own, and no two are alike."""
    frame = simulate_dark((640, 512), exposure=100 * u.s, read_noise=10 * u.electron, rng=1, dtype="float64").data
    blocks = frame.reshape(10, -1)
    correlation = np.corrcoef(blocks)
    assert np.abs(correlation - np.eye(10)).max() < 6 / np.sqrt(blocks.shape[1])
