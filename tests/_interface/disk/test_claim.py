"""Folders that belong to one process."""

import errno
import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from ccdproc_darks._interface.disk import claim as _claim
from ccdproc_darks._interface.disk.claim import LOCK, Claim, ClaimedError

HOLD = """
import sys
from pathlib import Path
from ccdproc_darks._interface.disk.claim import Claim

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
    assert claim.former.items() >= {"pid": other.pid, "host": socket.gethostname(), "place": "out"}.items()
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


@pytest.mark.parametrize("text", ["", "{", "3", "\udcff", "[" * 60000])
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

    @pytest.mark.parametrize("pid", ["x", None, 2**22 + 1, 10**30])
    def test_dead(self, tmp_path, pid):
        self.note(tmp_path, pid=pid, host=socket.gethostname())
        assert Claim(tmp_path).former["pid"] == pid

    def test_this_process(self, tmp_path):
        claim = Claim(tmp_path)
        for create in (True, False):
            with pytest.raises(ClaimedError, match=f"process {os.getpid()} on "):
                Claim(tmp_path, create=create)
        claim.release()
        assert not tmp_path.exists()

    def test_threads(self, tmp_path):
        def claimed(_):
            with suppress(ClaimedError):
                return Claim(tmp_path)

        with ThreadPoolExecutor(8) as pool:
            claims = [claim for claim in pool.map(claimed, range(8)) if claim is not None]
        assert len(claims) == 1
        claims[0].release()

    @pytest.mark.skipif(_claim._start(os.getpid()) is None, reason="no /proc")
    def test_a_number_that_another_process_has_now(self, tmp_path, other):
        with pytest.raises(ClaimedError, match=f"process {other.pid}"):
            Claim(tmp_path)
        note = json.loads((tmp_path / LOCK).read_text(encoding="ascii"))
        self.note(tmp_path, **{**note, "start": note["start"] - 1})
        Claim(tmp_path).release()

    @pytest.mark.skipif(_claim._space() is None, reason="no /proc")
    def test_the_same_number_in_another_container(self, tmp_path):
        """Which may have the same name of the host: it may be alive."""
        self.note(tmp_path, pid=os.getpid(), host=socket.gethostname(), space="pid:[1]", start=1)
        with pytest.raises(ClaimedError, match=f"process {os.getpid()} on "):
            Claim(tmp_path)

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


@pytest.mark.parametrize("text", ["mine", '{"a": 1}'])
def test_the_lock_of_somebody_else(tmp_path, text):
    (tmp_path / LOCK).write_text(text, encoding="ascii")
    with pytest.raises(FileExistsError, match="is in the way"):
        Claim(tmp_path, known=lambda former: "pid" in former)
    assert (tmp_path / LOCK).read_text(encoding="ascii") == text


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no O_NOFOLLOW")
def test_a_lock_that_is_a_link(tmp_path):
    (tmp_path / "mine").write_text("mine", encoding="ascii")
    (tmp_path / LOCK).symlink_to("mine")
    with pytest.raises(OSError, match="symbolic links"):
        Claim(tmp_path)
    assert (tmp_path / "mine").read_text(encoding="ascii") == "mine"


def test_a_longer_note_is_written_over(tmp_path):
    Claim(tmp_path, note={"place": "n" * 99}).leave()
    Claim(tmp_path, note={"place": "out"}).leave()
    assert Claim(tmp_path).former["place"] == "out"


def test_what_stays_in_a_folder_that_was_moved_is_nobodys(tmp_path):
    """No later run takes it for what a killed one left."""
    (tmp_path / "one").mkdir()
    claim = Claim(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "moved")
    claim.release()
    assert (tmp_path / "moved" / LOCK).read_bytes() == b""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_gives_up_what_its_parent_has(tmp_path):
    claim = Claim(tmp_path)
    into, out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        claim.release()
        os.read(into, 1)
        os._exit(0)
    os.close(into)
    with pytest.raises(ClaimedError, match=f"process {os.getpid()} "):
        Claim(tmp_path)
    claim.leave()
    Claim(tmp_path).release()  # while the child lives
    os.close(out)
    assert os.waitpid(child, 0)[1] == 0
