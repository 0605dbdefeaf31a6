"""Schedulers that cannot be had. Reports by the workers of a real cluster are in tests/test_cluster.py."""

import socket
import sys

import pytest

from ccdproc_darks.report import cluster
from ccdproc_darks.report.cluster import workers_of


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
