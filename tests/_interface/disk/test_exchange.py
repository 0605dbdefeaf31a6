"""Two folders exchanged in one step."""

import ctypes
import errno
import sys

import pytest

from ccdproc_darks._interface.disk import exchange as _exchange
from ccdproc_darks._interface.disk.exchange import exchange


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    return tmp_path / "one", tmp_path / "other"


def content(folders):
    return [[path.name for path in folder.iterdir()] for folder in folders]


def test_exchanged_or_not_at_all(folders):
    done = exchange(*folders)
    assert content(folders) == ([["other"], ["one"]] if done else [["one"], ["other"]])


@pytest.mark.skipif(sys.platform != "linux", reason="the file systems of tests elsewhere may not do it")
def test_linux_can(folders):
    assert exchange(*folders)


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no such step elsewhere")
def test_missing(folders, tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        exchange(folders[0], tmp_path / "absent")
    assert content(folders) == [["one"], ["other"]]


def test_another_system(folders, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert not exchange(*folders)
    assert content(folders) == [["one"], ["other"]]


class Library:
    """A C library that has the function ``name``, which fails with ``number``."""

    def __init__(self, name, number):
        self.calls = []

        def function(*arguments):
            self.calls.append([argument.value for argument in arguments])
            ctypes.set_errno(number)
            return -1 if number else 0

        setattr(self, name, function)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EXDEV])
def test_a_file_system_that_cannot(folders, monkeypatch, number):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: Library("renameat2", number))
    assert not exchange(*folders)


def test_a_library_without_it(folders, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: Library("other", 0))
    assert not exchange(*folders)


def test_calls(monkeypatch):
    """Numbers as in the headers of Linux (fcntl.h, linux/fs.h) and macOS (sys/stdio.h)."""
    for platform, name, expected in (
        ("linux", "renameat2", [-100, b"one", -100, b"other", 2]),
        ("darwin", "renamex_np", [b"one", b"other", 2]),
    ):
        library = Library(name, 0)
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno, library=library: library)
        assert _exchange.exchange("one", "other")
        assert library.calls == [expected]
