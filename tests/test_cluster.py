"""Workers of a dask.distributed cluster: a real one, of processes, of which one is killed in the middle.

All tests that need one are in this file: it is the same for all, as a file is given to one process of pytest-xdist.
"""

import gzip
import json
import os
import shutil
import signal
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import compare_dark_rates, dark_rate, hot_pixel_mask, master_bias, simulate_dark
from ccdproc_darks.cli import main
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.fits_image import FileReader
from ccdproc_darks.report import run
from ccdproc_darks.report.cluster import workers_of

from .report.conftest import write_frames

distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.cluster,
    # Of the event loop and sockets of distributed and tornado, some closed only when they are collected.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Port .* is already in use:UserWarning"),
]

CAMERA = {"gain": 1.5 * u.electron / u.adu, "read_noise": 10 * u.electron, "bias": 1000 * u.adu}
SHAPE = (256, 60)


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processes."""
    dask = pytest.importorskip("dask")
    with (
        # As long as distributed may ask a dead worker for its results before it has them made again; else 30 s.
        dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1", silence_logs=50
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster, rows_are_blocks):
    """A client of the cluster, whose workers are both there."""
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2, timeout=30)
        yield client


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Files of raw frames, by their exposure time."""
    folder, found = tmp_path_factory.mktemp("frames"), {}
    for seconds in (0, 100, 900):
        found[seconds] = [folder / f"{seconds}-{number}.fits" for number in range(5)]
        for number, path in enumerate(found[seconds]):
            dark = simulate_dark(
                SHAPE, exposure=seconds * u.s, hot_fraction=0.05, hot_rate=2 * u.electron / u.s, rng=seconds + number,
                **CAMERA,
            )  # fmt: skip
            dark.data[number::17, 3::29] += 400
            dark.write(path)
    return found


@pytest.fixture
def rows_are_blocks(monkeypatch):
    """A block for each row, of which a task gets thirty-two."""
    monkeypatch.setattr("ccdproc_darks._compute.blocks._PIXELS_PER_BLOCK", 1)
    monkeypatch.setattr("ccdproc_darks._compute.workers._LEAST_TASKS", 8)


@pytest.fixture
def many_tasks(monkeypatch, client):
    """A task for each row."""
    monkeypatch.setattr("ccdproc_darks._compute.workers._LEAST_TASKS", SHAPE[0])


def assert_same_bits(first, second):
    np.testing.assert_array_equal(first.data, second.data)
    np.testing.assert_array_equal(first.mask, second.mask)
    assert (first.uncertainty is None) == (second.uncertainty is None)
    if first.uncertainty is not None:
        np.testing.assert_array_equal(first.uncertainty.array, second.uncertainty.array)
    assert dict(first.meta) == dict(second.meta)


def test_from_files_to_mask(client, paths):
    def work(executor):
        bias = master_bias(paths[0], executor=executor)
        rates = [dark_rate(paths[seconds], bias=bias, executor=executor) for seconds in (100, 900)]
        compared = compare_dark_rates(*rates, executor=executor)
        return bias, *rates, compared, hot_pixel_mask(*rates, fdr=0.01, executor=executor)

    executor = client.get_executor()
    for one, other in zip(work(executor), work(None), strict=True):
        assert_same_bits(one, other)
    # It is the caller's, and left open.
    assert executor.submit(int, "7").result() == 7


def test_frames_in_memory(client, paths):
    darks = [
        simulate_dark(SHAPE, exposure=seconds * u.s, rng=number, **CAMERA)
        for seconds in (100, 900)
        for number in (1, 2)
    ]
    for dark in darks:
        dark.mask = np.arange(dark.data.size).reshape(SHAPE) % 7 == 3
    options = {"bias": 1000 * u.adu, "read_noise": 10 * u.electron, "add_keyword": None}
    expected = dark_rate(darks, **options)
    assert_same_bits(dark_rate(darks, executor=client.get_executor(), mem_limit=2**24, **options), expected)


def deadly(path, marker, row):
    """A frame in a file whose first reader of a row dies of it, unless it is the driver."""
    driver = os.getpid()

    # Local, so that it is sent by value: workers cannot import this module.
    @dataclass(frozen=True)
    class DeadlyReader(FileReader):
        def rows(self, block, out=None):
            self.die(block)
            return FileReader.rows(self, block, out)

        def read(self, block, wanted):
            self.die(block)
            FileReader.read(self, block, wanted)

        def die(self, block):
            if os.getpid() != driver and block.start <= row < block.stop and not self.told():
                os.kill(os.getpid(), signal.SIGKILL)

        @staticmethod
        def told():
            """Whether somebody has died of it; the one who asks first has."""
            try:
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return True
            return False

    frame = FileFrame(path)
    reader = frame._reader
    frame._reader = DeadlyReader(reader.label, reader.image, reader.mask, reader.deviation, reader.kind)
    return frame


def workers(client):
    return set(client.run(os.getpid).values())


def test_a_worker_that_is_killed_in_the_middle(client, paths, tmp_path, many_tasks):
    marker, bias = str(tmp_path / "dead"), 1000 * u.adu
    frames = [deadly(path, marker, SHAPE[0] // 2) for path in paths[900]]
    before = workers(client)
    result = dark_rate(frames, bias=bias, executor=client.get_executor(), add_keyword=None)
    assert Path(marker).exists()
    assert_same_bits(result, dark_rate(paths[900], bias=bias, add_keyword=None))
    client.wait_for_workers(2, timeout=30)
    assert len(workers(client) - before) == 1


def test_a_worker_killed_from_outside(client, paths, many_tasks):
    executor, number = client.get_executor(), 0

    class Killing:
        """Kills a worker when half of the tasks are handed out."""

        def submit(self, function, /, *args):
            nonlocal number
            number += 1
            if number == SHAPE[0] // 2:
                os.kill(min(workers(client)), signal.SIGKILL)
            return executor.submit(function, *args)

    client.wait_for_workers(2, timeout=30)
    result = dark_rate(paths[100], bias=1000 * u.adu, executor=Killing(), add_keyword=None)
    assert number > 100
    assert_same_bits(result, dark_rate(paths[100], bias=1000 * u.adu, add_keyword=None))
    client.wait_for_workers(2, timeout=30)


def test_an_error_in_a_worker_is_raised_as_itself(client, paths, tmp_path):
    lost = tmp_path / "lost.fits"
    lost.write_bytes(paths[100][0].read_bytes())
    futures = []

    class Losing:
        """Loses a file when the first task is handed out."""

        def submit(self, function, /, *args):
            lost.unlink(missing_ok=True)
            futures.append(client.get_executor().submit(function, *args))
            return futures[-1]

    with pytest.raises(OSError, match=r"lost\.fits: cannot be read any more"):
        dark_rate([lost, *paths[100][1:]], bias=1000 * u.adu, executor=Losing())
    assert all(isinstance(future, Future) and future.done() for future in futures)
    rate = dark_rate(paths[100], bias=1000 * u.adu, executor=client.get_executor(), add_keyword=None)
    assert_same_bits(rate, dark_rate(paths[100], bias=1000 * u.adu, add_keyword=None))


def test_a_file_that_has_changed_is_read_again(client, paths, tmp_path):
    # The cluster must not take tasks for the same by their arguments.
    path = tmp_path / "dark.fits"
    images = []
    for number in (0, 1):
        path.write_bytes(paths[100][number].read_bytes())
        images.append(dark_rate(path, bias=1000 * u.adu, read_noise=1 * u.electron, executor=client.get_executor()))
    assert (images[0].data != images[1].data).any()


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A folder of bias frames and darks of three exposure times, the last of them compressed."""
    folder = tmp_path_factory.mktemp("night")
    for path in write_frames(folder, [(0, 3), (30, 3), (100, 3), (300, 3)])[-3:]:
        # A compressed frame, that the driver unpacks for the workers.
        with open(path, "rb") as plain, gzip.open(f"{path}s.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        path.unlink()
    return folder


def images(out):
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.fits")}


def test_a_report_has_the_same_images(cluster, night, tmp_path, monkeypatch, capsys):
    # The pictures of its page are drawn by the driver.
    monkeypatch.setattr(run, "draw_all", lambda measured: ())
    monkeypatch.chdir(night.parent)
    arguments = ["report", night.name, "-o"]
    assert main([*arguments, str(tmp_path / "plain")]) == 0
    printed = capsys.readouterr().out
    assert main([*arguments, str(tmp_path / "cluster"), "--scheduler", cluster.scheduler_address]) == 0
    assert capsys.readouterr().out == printed.replace("plain", "cluster")
    limited = ["--scheduler", cluster.scheduler_address, "--mem-limit", "8"]
    assert main([*arguments, str(tmp_path / "limited"), *limited]) == 0
    plain = images(tmp_path / "plain")
    assert len(plain) == 7
    assert images(tmp_path / "cluster") == plain
    assert images(tmp_path / "limited") == plain


def test_workers_do_the_work_and_the_client_goes(cluster, tmp_path):
    file = tmp_path / "scheduler.json"
    # dask writes it before any worker is there.
    file.write_text(json.dumps({**cluster.scheduler.identity(), "workers": {}}), encoding="utf-8")
    clients = set(cluster.scheduler.clients)
    with workers_of(str(file)) as executor:
        assert executor.submit(os.getpid).result() != os.getpid()
        assert set(cluster.scheduler.clients) != clients
        # Each call is one: equal arguments are no reason to take an earlier result.
        ids = [executor.submit(os.urandom, 8).result() for _ in range(2)]
        assert ids[0] != ids[1]
    with pytest.raises(RuntimeError, match="as tested"), workers_of(str(file)):
        raise RuntimeError("as tested")
    done = threading.Event()
    for _ in range(50):
        if set(cluster.scheduler.clients) == clients:
            break
        done.wait(0.1)
    assert set(cluster.scheduler.clients) == clients


def test_workers_without_the_package_are_told(cluster):
    match = r"cluster of .* failed \(ModuleNotFoundError: No module named 'absent_here'\)"
    with pytest.raises(OSError, match=match), workers_of(cluster.scheduler_address) as executor:
        executor.submit(__import__, "absent_here").result()
