"""A file that is written whole or not at all."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from ccdproc_darks._interface.disk import new_file as module
from ccdproc_darks._interface.disk.new_file import check_file, new_file
from ccdproc_darks._interface.disk.new_folder import WRITTEN


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def written(out, error=None, *, meanwhile=None, **options):
    """Write a file, with an error in the middle, or something that somebody else does."""
    with new_file(out, **options) as new:
        new.write_text("text")
        if meanwhile is not None:
            meanwhile()
        if error is not None:
            raise error


def test_written(tmp_path):
    with new_file(tmp_path / "a.tar.gz") as new:
        assert new.name.startswith(".")
        assert new.name.endswith(".tar.gz")
        assert new.parent == tmp_path
        new.write_text("text")
    assert names(tmp_path) == ["a.tar.gz"]
    assert (tmp_path / "a.tar.gz").read_text() == "text"
    assert WRITTEN[-1] == tmp_path / "a.tar.gz"


def test_nothing_after_an_error(tmp_path):
    (tmp_path / "b").write_text("mine")
    for name, overwrite in (("a", False), ("b", True)):
        with pytest.raises(KeyError, match="odd"):
            written(tmp_path / name, KeyError("odd"), overwrite=overwrite)
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "mine"


def test_overwritten_only_if_asked_for(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(FileExistsError, match="a is there already"):
        written(tmp_path / "a")
    with new_file(tmp_path / "a", overwrite=True) as new:
        new.write_text("text")
        assert (tmp_path / "a").read_text() == "mine"
    assert (tmp_path / "a").read_text() == "text"


def test_made_by_somebody_else_meanwhile(tmp_path):
    with pytest.raises(FileExistsError, match="somebody else made it in the meantime"):
        written(tmp_path / "a", meanwhile=lambda: (tmp_path / "a").write_text("theirs"))
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "theirs"


def test_a_file_system_without_links(tmp_path, monkeypatch):
    def cannot(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(module.os, "link", cannot)
    written(tmp_path / "a")
    assert names(tmp_path) == ["a"]


def test_a_full_disk(tmp_path):
    with pytest.raises(OSError, match="a cannot be written: No space"):
        written(tmp_path / "a", OSError(errno.ENOSPC, "No space left on device"))
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with new_file(tmp_path / "link", overwrite=True) as new:
        new.write_text("text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "text"
    (tmp_path / "lost").symlink_to(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="is a link to"):
        check_file(tmp_path / "lost")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        (".", IsADirectoryError, "is a folder: name a file"),
        ("absent/a", FileNotFoundError, "there is no folder"),
        ("note/a", NotADirectoryError, "note is a file"),
        ("a" * 300, OSError, "cannot be made"),
    ],
)
def test_no_place_for_a_file(tmp_path, name, error, words):
    (tmp_path / "note").touch()
    with pytest.raises(error, match=words):
        check_file(tmp_path / name, overwrite=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="not a file that can be replaced"):
        check_file(tmp_path / "pipe", overwrite=True)


def test_what_a_killed_process_left_is_removed(tmp_path):
    code = (
        "import os, signal, sys\nfrom ccdproc_darks._interface.disk.new_file import new_file\n"
        f"with new_file({str(tmp_path / 'a.reg')!r}) as new:\n"
        "    new.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    if not hasattr(signal, "SIGKILL"):
        pytest.skip("no such signal")
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    (left,) = names(tmp_path)
    (tmp_path / ".ccdproc_darks-mine").write_text("mine")
    with new_file(tmp_path / "b") as new:
        new.write_text("text")
    assert names(tmp_path) == [".ccdproc_darks-mine", "b"]
    assert left not in names(tmp_path)


def test_files_of_living_processes_stay(tmp_path):
    with new_file(tmp_path / "a") as one:
        one.write_text("one")
        with new_file(tmp_path / "b") as other:
            other.write_text("other")
        assert one.exists()
    assert names(tmp_path) == ["a", "b"]
