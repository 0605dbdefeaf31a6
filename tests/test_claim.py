"""Folders that belong to one process."""

import errno
import json
import os
import socket
import subprocess
import sys

import pytest

from ccdproc_darks import _claim
from ccdproc_darks._claim import LOCK, Claim, ClaimedError

HOLD = """
import sys
from pathlib import Path
from ccdproc_darks._claim import Claim

claim = Claim(Path(sys.argv[1]), note={"place": "out"})
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """A process that has claimed the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "claimed\n"
        yield process
        process.kill()


def test_another_process(tmp_path, other):
    for create in (True, False):
        with pytest.raises(ClaimedError, match=rf"^process {other.pid} on {socket.gethostname()}$"):
            Claim(tmp_path, create=create)
    other.kill()
    other.wait()
    claim = Claim(tmp_path, create=False)
    assert claim.former == {"pid": other.pid, "host": socket.gethostname(), "place": "out"}
    claim.release()
    assert not tmp_path.exists()


def test_no_lock_and_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="lock"):
        Claim(tmp_path, create=False)
    with pytest.raises(FileNotFoundError, match="lock"):
        Claim(tmp_path / "absent")


def test_left_and_released(tmp_path):
    Claim(tmp_path).leave()
    claim = Claim(tmp_path)
    assert claim.former["pid"] == os.getpid()
    (tmp_path / "mine").touch()
    claim.release()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    claim.release()


@pytest.mark.parametrize("text", ["", "{", "3", "\udcff"])
def test_a_note_that_is_none(tmp_path, text):
    (tmp_path / LOCK).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert Claim(tmp_path, create=False).former == {}


def test_removed_by_its_owner_just_now(tmp_path, monkeypatch):
    """The lock that was opened is not the one that is there any more."""
    lock, calls = _claim._lock, []

    def slow(handle):
        calls.append(handle)
        if len(calls) == 1:
            (tmp_path / LOCK).unlink()
        lock(handle)

    monkeypatch.setattr(_claim, "_lock", slow)
    claim = Claim(tmp_path)
    assert len(calls) == 2
    assert json.loads((tmp_path / LOCK).read_text(encoding="ascii"))["pid"] == os.getpid()
    claim.release()


def test_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(_claim, "_lock", lambda handle: (tmp_path / LOCK).unlink())
    monkeypatch.setattr(_claim.time, "sleep", lambda seconds: None)
    with pytest.raises(ClaimedError, match="again and again"):
        Claim(tmp_path)


@pytest.mark.skipif(_claim.fcntl is None, reason="locks of POSIX")
class TestFileSystemWithoutLocks:
    """The pid in the note decides."""

    @pytest.fixture(autouse=True)
    def _no_locks(self, monkeypatch):
        def flock(handle, how):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(_claim.fcntl, "flock", flock)

    def note(self, folder, **note):
        (folder / LOCK).write_text(json.dumps(note), encoding="ascii")

    def test_free(self, tmp_path):
        Claim(tmp_path).leave()
        Claim(tmp_path).release()
        assert not tmp_path.exists()

    def test_alive(self, tmp_path, other):
        with pytest.raises(ClaimedError, match=f"process {other.pid}"):
            Claim(tmp_path)

    def test_another_host(self, tmp_path):
        self.note(tmp_path, pid=1, host="elsewhere")
        with pytest.raises(ClaimedError, match="process 1 on elsewhere"):
            Claim(tmp_path)

    @pytest.mark.parametrize("pid", ["x", None, 2**22 + 1])
    def test_dead(self, tmp_path, pid):
        self.note(tmp_path, pid=pid, host=socket.gethostname())
        assert Claim(tmp_path).former["pid"] == pid

    def test_of_another_user(self, tmp_path, monkeypatch):
        def denied(pid, number):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "kill", denied)
        self.note(tmp_path, pid=1, host=socket.gethostname())
        with pytest.raises(ClaimedError, match="process 1 on "):
            Claim(tmp_path)


def test_other_errors_come_through(tmp_path, monkeypatch):
    def broken(handle):
        raise RuntimeError("broken")

    monkeypatch.setattr(_claim, "_lock", broken)
    with pytest.raises(RuntimeError, match="broken"):
        Claim(tmp_path)
