"""The same seed, the same frames: on every platform, and whoever does the work."""

import hashlib
import multiprocessing
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from astropy import units as u
from astropy.utils.exceptions import AstropyDeprecationWarning

from ccdproc_darks import DarkSequence, Sensor, sensor_preset, simulate_dark
from ccdproc_darks.simulation import TelegraphReadNoise

# Of three frames (bias, 30 s, 600 s) of each preset, of 200 x 300 pixels and the seeds 1.
DIGESTS = {
    "aspen-cg16m": "0a52a55822baa226",
    "cryogenic-ccd": "d52c777e8105cfb4",
    "low-noise-cmos": "c37b932a42c6f6bf",
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


def test_a_sensor_without_noisy_pixels_gives_the_frames_that_it_always_gave():
    """The preset of a CMOS camera before it had telegraph read noise."""
    defects = sensor_preset("low-noise-cmos").defects
    assert isinstance(defects[-1], TelegraphReadNoise)
    sensor = sensor_preset("low-noise-cmos", shape=(200, 300), seed=1, defects=defects[:-1])
    assert digest(DarkSequence(sensor, [0, 30, 600] * u.s, rng=1)) == "c4c2a64e21c58353"


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_threads_change_nothing(name, dtype):
    sensor = sensor_preset(name, shape=(700, 301), seed=1)
    expected = simulate_dark(sensor, exposure=100 * u.s, rng=1, dtype=dtype)
    for number in (1, 2, 7):
        with ThreadPoolExecutor(number) as pool:
            frame = simulate_dark(sensor, exposure=100 * u.s, rng=1, dtype=dtype, executor=pool)
        np.testing.assert_array_equal(frame.data, expected.data)


class Nobody(Executor):
    """An executor that shares no memory, such as a cluster's, and gets nothing to do."""

    def submit(self, *call):
        raise AssertionError("a frame is not sent")


def test_executors_without_shared_memory_change_nothing():
    sensor = sensor_preset("low-noise-cmos", shape=(700, 301), seed=1)
    darks = {"exposures": [0, 100] * u.s, "rng": 1}
    expected = digest(DarkSequence(sensor, **darks))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert digest(DarkSequence(sensor, **darks, executor=pool)) == expected
    assert digest(DarkSequence(sensor, **darks, executor=Nobody())) == expected


def test_all_threads_of_a_pool_work(monkeypatch):
    """And no others: two blocks of a frame wait for one another."""
    shape, meet = (512, 256), threading.Barrier(2, timeout=60)
    names = set()

    def draw(self, rng, mean, size):
        names.add(threading.current_thread().name)
        meet.wait()
        return np.zeros(size)

    monkeypatch.setattr("ccdproc_darks.simulation.poisson.PoissonPixels.draw", draw)
    with ThreadPoolExecutor(2, "drawer") as pool:
        simulate_dark(shape, exposure=1 * u.s, executor=pool)
    assert names == {"drawer_0", "drawer_1"}


def _one(sensor, **options):
    return simulate_dark(sensor, exposure=100 * u.s, rng=1, **options)


def _first(sensor, **options):
    return next(iter(DarkSequence(sensor, [100] * u.s, rng=1, **options)))


@pytest.mark.parametrize("call", [_one, _first])
class TestThreads:
    """The older way to say who works."""

    @pytest.mark.parametrize("threads", [1, np.int64(3)])
    def test_the_same_frame_and_what_to_write(self, call, threads):
        sensor = sensor_preset("low-noise-cmos", shape=(700, 301), seed=1)
        message = (
            rf"^threads={threads} is deprecated: write executor=concurrent\.futures\.ThreadPoolExecutor\({threads}\)"
        )
        with pytest.warns(AstropyDeprecationWarning, match=message) as caught:
            frame = call(sensor, threads=threads)
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(frame.data, call(sensor).data)

    def test_one_thread(self, call, monkeypatch):
        names = []
        monkeypatch.setattr(
            "ccdproc_darks.simulation.poisson.PoissonPixels.draw",
            lambda self, rng, mean, size: names.append(threading.current_thread().name) or np.zeros(size),
        )
        with pytest.warns(AstropyDeprecationWarning):
            call(Sensor(shape=(1024, 256)), threads=1)
        assert len(names) == 4
        assert len(set(names)) == 1

    @pytest.mark.parametrize("threads", [0, -1, True, 1.5, "2"])
    def test_no_number(self, call, threads):
        with pytest.raises(ValueError, match=rf"^threads must be None or a whole number from 1, got {threads!r}$"):
            call(Sensor(shape=(2, 3)), threads=threads)

    def test_not_both(self, call):
        with pytest.raises(TypeError, match=r"^threads must not be given besides executor, which has its own$"):
            call(Sensor(shape=(2, 3)), threads=1, executor=Nobody())

    @pytest.mark.parametrize(("executor", "shown"), [(2, "int"), ("threads", "str"), (ThreadPoolExecutor, "type")])
    def test_something_else_than_an_executor(self, call, executor, shown):
        with pytest.raises(TypeError, match=rf"^executor must be .*Executor.*Client\.get_executor\(\).*got {shown}$"):
            call(Sensor(shape=(2, 3)), executor=executor)


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
