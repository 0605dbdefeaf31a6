"""Reports by the workers of a dask cluster."""

import gzip
import json
import os
import shutil
import socket
import sys
import threading

import pytest

from ccdproc_darks.cli import main
from ccdproc_darks.report import cluster
from ccdproc_darks.report.cluster import workers_of

from .conftest import write_frames


@pytest.fixture(scope="module")
def scheduler():
    """Of two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("night")
    for path in write_frames(folder, [(0, 3), (30, 3), (100, 3), (300, 3)])[-3:]:
        # A compressed frame, that the driver unpacks for the workers.
        with open(path, "rb") as plain, gzip.open(f"{path}s.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        path.unlink()
    return folder


def images(out):
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.fits")}


def test_the_same_images(scheduler, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent)
    arguments = ["report", folder.name, "-o"]
    assert main([*arguments, str(tmp_path / "plain")]) == 0
    printed = capsys.readouterr().out
    assert main([*arguments, str(tmp_path / "cluster"), "--scheduler", scheduler.scheduler_address]) == 0
    assert capsys.readouterr().out == printed.replace("plain", "cluster")
    limited = ["--scheduler", scheduler.scheduler_address, "--mem-limit", "8"]
    assert main([*arguments, str(tmp_path / "limited"), *limited]) == 0
    plain = images(tmp_path / "plain")
    assert len(plain) == 7
    assert images(tmp_path / "cluster") == plain
    assert images(tmp_path / "limited") == plain


def test_workers_do_the_work_and_the_client_goes(scheduler, tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps(scheduler.scheduler.identity()), encoding="utf-8")
    clients = set(scheduler.scheduler.clients)
    with workers_of(str(file)) as executor:
        assert executor.submit(os.getpid).result() != os.getpid()
        assert set(scheduler.scheduler.clients) != clients
        # Each call is one: equal arguments are no reason to take an earlier result.
        ids = [executor.submit(os.urandom, 8).result() for _ in range(2)]
        assert ids[0] != ids[1]
    with pytest.raises(RuntimeError, match="as tested"), workers_of(str(file)):
        raise RuntimeError("as tested")
    done = threading.Event()
    for _ in range(50):
        if set(scheduler.scheduler.clients) == clients:
            break
        done.wait(0.1)
    assert set(scheduler.scheduler.clients) == clients


def test_workers_without_the_package_are_told(scheduler):
    match = r"cluster of .* failed \(ModuleNotFoundError: No module named 'absent_here'\)"
    with pytest.raises(OSError, match=match), workers_of(scheduler.scheduler_address) as executor:
        executor.submit(__import__, "absent_here").result()


def test_a_scheduler_that_is_not_there(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    with pytest.raises(OSError, match=f"the scheduler {address} cannot be reached within 0.5 s"), workers_of(address):
        pass


def test_no_scheduler_is_no_executor(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with workers_of(None) as executor:
        assert executor is None


def test_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ValueError, match=r"--scheduler needs dask: pip install 'ccdproc_darks\[cluster\]'"),
        workers_of("tcp://127.0.0.1:8786"),
    ):
        pass


@pytest.mark.parametrize("address", ["", "host", "tcp://host", "tcp://host:port", "http://host:80", "tcp://a b:1"])
def test_no_address(address):
    with pytest.raises(ValueError, match="must be an address, such as tcp://host:8786"), workers_of(address):
        pass


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address": 3}'])
def test_not_the_file_of_a_scheduler(text, tmp_path):
    file = tmp_path / "mine"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="mine is not the file of a dask scheduler"), workers_of(str(file)):
        pass


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.json"), workers_of(str(tmp_path / "absent.json")):
        pass
