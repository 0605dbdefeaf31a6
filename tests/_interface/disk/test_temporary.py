"""Temporary files, and what is left of them after a kill."""

import json
import os
import subprocess
import sys
import tempfile

import pytest

from ccdproc_darks._interface.disk import temporary as _temporary
from ccdproc_darks._interface.disk.temporary import (
    check_room,
    discard,
    remove_left_behind,
    temporary_file,
    temporary_folder,
)

MAKE = """
import os, sys, tempfile
from ccdproc_darks._interface.disk.temporary import temporary_file, temporary_folder

tempfile.tempdir = sys.argv[1]
temporary_file().write_text("frame")
(temporary_folder() / "inner").write_text("frame")
print(os.getpid(), flush=True)
if sys.argv[2] == "kill":
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def run(place, how):
    done = subprocess.run([sys.executable, "-c", MAKE, str(place), how], capture_output=True, text=True)
    assert done.stderr == ""
    return int(done.stdout)


def test_made_and_discarded(place):
    file, folder = temporary_file(), temporary_folder()
    assert file.parent == folder.parent
    assert file.parent.parent == place
    assert file.parent.name.startswith(f"ccdproc_darks-{os.getpid()}-")
    (folder / "inner").touch()
    discard(folder)
    assert sorted(path.name for path in file.parent.iterdir()) == sorted([file.name, "lock"])
    discard(file)
    discard(file)
    assert list(place.iterdir()) == []


def test_another_folder_of_temporary_files(place, monkeypatch):
    first = temporary_file()
    (place / "inner").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place / "inner"))
    second = temporary_file()
    assert (first.parent.parent, second.parent.parent) == (place, place / "inner")
    discard(first)
    discard(second)
    assert [path.name for path in place.rglob("*")] == ["inner"]


def test_nothing_is_left_by_a_process_that_ends(place):
    run(place, "end")
    assert list(place.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no SIGKILL")
def test_what_a_killed_process_left(place):
    pid = run(place, "kill")
    (left,) = place.iterdir()
    mine = temporary_file()
    (place / "ccdproc_darks-mine").mkdir()
    (place / "ccdproc_darks-mine" / "note").touch()
    (place / "ccdproc_darks-file").touch()
    assert list(remove_left_behind()) == [f"removed {left} with 2 temporary files of process {pid}, which was killed"]
    assert sorted(path.name for path in place.iterdir()) == sorted(
        ["ccdproc_darks-file", "ccdproc_darks-mine", mine.parent.name]
    )
    discard(mine)


def test_of_another_user_or_just_being_made(place, monkeypatch):
    monkeypatch.setattr(_temporary, "process_lives", lambda pid: pid == 7)
    (place / "ccdproc_darks-7-bbbbbbbb").mkdir()
    (place / "ccdproc_darks-8-bbbbbbbb").mkdir()
    for name, text in (
        ("1-aaaaaaaa", json.dumps({"pid": 1, "host": "here"})),
        ("7-aaaaaaaa", ""),
        ("8-aaaaaaaa", ""),
    ):
        (place / f"ccdproc_darks-{name}").mkdir()
        (place / f"ccdproc_darks-{name}" / "lock").write_text(text, encoding="ascii")
    if hasattr(os, "getuid"):
        with monkeypatch.context() as patch:
            patch.setattr(os, "getuid", lambda: -1)
            assert list(remove_left_behind()) == []
    assert len(list(remove_left_behind())) == 2
    assert sorted(path.name for path in place.iterdir()) == ["ccdproc_darks-7-aaaaaaaa", "ccdproc_darks-7-bbbbbbbb"]


@pytest.mark.parametrize("name", ["main", "night", "1-2", "1-aaaaaaaaa", "x-aaaaaaaa", "8-aaaaaaaa"])
@pytest.mark.parametrize("lock", [None, "", "mine", '{"pid": 9, "host": "here"}', '{"pid": 8}'])
def test_a_folder_of_the_user(place, monkeypatch, name, lock):
    """Such as an archive of this package, which was unpacked there."""
    monkeypatch.setattr(_temporary, "process_lives", lambda pid: False)
    folder = place / f"ccdproc_darks-{name}"
    (folder / "tmp1").mkdir(parents=True)
    if name != "8-aaaaaaaa":
        (place / "ccdproc_darks-empty").mkdir(exist_ok=True)
    if lock is not None:
        (folder / "lock").write_text(lock, encoding="ascii")
    before = sorted(place.rglob("*"))
    assert list(remove_left_behind()) == []
    assert sorted(place.rglob("*")) == before


def test_a_file_of_the_user_among_what_a_killed_process_left(place, monkeypatch):
    folder = place / "ccdproc_darks-8-aaaaaaaa"
    (folder / "tmp1").mkdir(parents=True)
    (folder / "mine.fits").touch()
    (folder / "lock").write_text('{"pid": 8, "host": "here"}', encoding="ascii")
    assert [text.partition(" with ")[2] for text in remove_left_behind()] == [
        "1 temporary files of process 8, which was killed"
    ]
    assert [path.name for path in folder.iterdir()] == ["mine.fits"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_that_is_forked_while_a_thread_makes_one(place):
    code = """
import os, threading
from ccdproc_darks._interface.disk import temporary as _temporary

held, end = threading.Event(), threading.Event()

def hold():
    with _temporary._lock:
        held.set()
        end.wait()

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    _temporary.check_room()
    os._exit(0)
print(os.waitpid(child, 0)[1])
end.set()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_full_disk(place, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            temporary_file()
        with pytest.raises(OSError, match=r"no temporary file can be written \(No space left on device\); .*TMPDIR"):
            check_room()
    assert list(place.iterdir()) == []
    check_room()
    assert list(place.iterdir()) == []
    first = temporary_file()
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkstemp", full)
        with pytest.raises(OSError, match="No space left"):
            temporary_file()
    discard(first)
    assert list(place.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_leaves_those_of_its_parent(place, monkeypatch):
    path = temporary_file()
    monkeypatch.setattr(os, "getpid", lambda: 1)
    discard(path)
    _temporary._remove_own()
    assert path.exists()
    own = temporary_file()
    assert own.parent != path.parent
    discard(own)
    monkeypatch.undo()
    discard(path)


def test_at_the_end_all_is_removed(place):
    temporary_file()
    temporary_folder()
    _temporary._remove_own()
    assert list(place.iterdir()) == []
    _temporary._remove_own()
    _temporary._own.clear()
