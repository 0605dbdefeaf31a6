"""Whether a file is one, and still the same."""

import os
import socket

import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import dark_rate
from ccdproc_darks.frames.disk_file import FileState
from ccdproc_darks.frames.file_frame import FileFrame


@pytest.fixture
def frame(camera_files):
    return FileFrame(camera_files[0])


def replaced(path):
    """Another file of the same size and name."""
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[::-1])
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)


def rewritten(path):
    content = path.read_bytes()
    path.write_bytes(content[:-2000] + content[-2000:][::-1])
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1000))


def longer(path):
    time = path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes() + b"\0")
    os.utime(path, ns=(0, time))


@pytest.mark.parametrize("change", [replaced, rewritten, longer])
def test_changed_between_the_header_and_the_pixels(frame, change):
    frame.check_unchanged()
    change(frame.path)
    for use in (frame.check_unchanged, lambda: frame.rows(slice(0, 1)), lambda: dark_rate([frame], bias=10 * u.adu)):
        with pytest.raises(OSError, match=r"^.*dark0\.fits: changed while it was read$"):
            use()


def test_read_is_not_changed(frame):
    os.utime(frame.path, ns=(10**18, frame.path.stat().st_mtime_ns))
    frame.path.chmod(0o444)
    frame.check_unchanged()
    assert frame.rows(slice(0, 1)).values.shape == (1, 5)


def test_gone(frame):
    frame.path.unlink()
    with pytest.raises(OSError, match=r"dark0\.fits: cannot be read any more \(No such file"):
        frame.check_unchanged()


@pytest.mark.parametrize(("size", "seconds", "same"), [(0, 0, True), (1, 0, False), (0, 1, False)])
def test_seen_from_another_machine(frame, size, seconds, same):
    """There the device has another number, and times may be rounded."""
    found = os.stat(frame.path)
    modified = (found.st_mtime_ns // 10**9 + seconds) * 10**9
    state = FileState(found.st_size + size, modified, found.st_dev + 1, 0)
    if same:
        state.check(found, "x")
    else:
        with pytest.raises(OSError, match=r"^x: changed while it was read$"):
            state.check(found, "x")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fifo", "a FIFO, not a FITS file"),
        ("socket", "a socket, not a FITS file"),
        ("folder", "a folder, not a FITS file"),
        ("loop", "(Too many levels of symbolic links|.*resolved.*)"),
        ("lost link", "a link to a file that does not exist"),
    ],
)
def test_no_file(tmp_path, monkeypatch, kind, reason):
    """A FIFO is not opened: that would wait for ever."""
    path = tmp_path / "x.fits"
    make_oddity(kind, path, monkeypatch)
    with pytest.raises(OSError, match=rf"^.*x\.fits: {reason}$"):
        FileFrame(path)


def make_oddity(kind, path, monkeypatch):
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        monkeypatch.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name if kind == "loop" else "nowhere")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(camera_files):
    camera_files[0].chmod(0)
    with pytest.raises(OSError, match=r"^.*dark0\.fits: Permission denied$"):
        FileFrame(camera_files[0])


def test_no_permission_of_any_user(camera_files, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ccdproc_darks.frames.file_frame.opener_of", refuse)
    with pytest.raises(OSError, match=r"^.*dark0\.fits: Permission denied$"):
        FileFrame(camera_files[0])


@pytest.mark.parametrize("name", ["a\x1b[31m.fits", "a\nb.fits", b"a\xe9.fits"])
def test_a_name_that_cannot_be_printed(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    fits.PrimaryHDU().writeto(path)
    with pytest.raises(OSError, match=r"a.*\.fits: no 2-D image") as caught:
        FileFrame(path)
    assert str(caught.value).isprintable()
