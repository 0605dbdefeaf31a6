"""Files that are compressed as a whole."""

import bz2
import errno
import gzip
import lzma
import re
import time
import zipfile

import numpy as np
import pytest

from ccdproc_darks.frames import packed_file
from ccdproc_darks.frames.file_frame import FileFrame

from .fuzz import content_of, sound

FORMS = ["gz", "bz2", "xz", "zip"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def packed(tmp_path, form, content):
    path = tmp_path / f"x.fits.{form}"
    if form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.fits", content)
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2, "xz": lzma}[form].compress(content))
    return path


def refused(path, reason):
    start = time.perf_counter()
    with pytest.raises(OSError, match=f"^{re.escape(str(path))}: .*{reason}"):
        FileFrame(path)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("form", FORMS)
def test_the_same_frame(tmp_path, form, folder):
    (tmp_path / "x.fits").write_bytes(sound("masked"))
    expected, found = FileFrame(tmp_path / "x.fits"), FileFrame(packed(tmp_path, form, sound("masked")))
    assert found.header.tostring() == expected.header.tostring()
    one, two = expected.rows(slice(None)), found.rows(slice(None))
    for name in ("values", "mask", "deviation"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb(tmp_path, form, folder):
    """A small file that holds a hundred megabytes: they are not written to the disk."""
    path = packed(tmp_path, form, sound("u2") + bytes(10**8))
    start = time.perf_counter()
    frame = FileFrame(path)
    assert time.perf_counter() - start < 3
    assert sum(item.stat().st_size for item in folder.rglob("*") if item.is_file()) < 10**4
    (tmp_path / "x.fits").write_bytes(sound("u2"))
    np.testing.assert_array_equal(
        frame.rows(slice(None)).values, FileFrame(tmp_path / "x.fits").rows(slice(None)).values
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_in_the_header(tmp_path, form, folder):
    path = packed(tmp_path, form, sound("u2")[:800] + b" " * 10**8)
    refused(path, "a header without END in 36000 cards")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_truncated(tmp_path, form, part, folder):
    path = packed(tmp_path, form, sound("masked"))
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    refused(path, "its data cannot be read, truncated")


def test_less_than_promised(tmp_path, folder):
    path = packed(tmp_path, "gz", content_of(["u2", ["value", 0, 3, "999999999999"]]))
    refused(path, r"truncated, 5760 bytes where the header promises")


def test_several_files_in_an_archive(tmp_path, folder):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.fits", sound("u2"))
        archive.writestr("b.fits", sound("u2"))
    refused(path, "not a readable FITS file: a zip archive of 2 files, where one is expected")


def test_an_archive_of_a_mac(tmp_path, folder):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("night/", "__MACOSX/", "__MACOSX/night/._a.fits"):
            archive.writestr(name, b"")
        archive.writestr("night/a.fits", sound("u2"))
    assert FileFrame(path).shape == (12, 10)


@pytest.mark.parametrize(("form", "name"), [("gz", "u2"), (None, "rice")])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_as_such(tmp_path, form, name, number, folder, monkeypatch):
    """Not as a truncated file."""

    class Full:
        def __init__(self, *_, **__):
            pass

        def write(self, data):
            if len(data) > 100:
                return 100  # the rest is tried again
            raise OSError(number, "full")

        def close(self):
            pass

    if form:
        path = packed(tmp_path, form, sound(name))
    else:
        path = tmp_path / "x.fits.fz"
        path.write_bytes(sound(name))
    monkeypatch.setattr(packed_file, "open_new", Full)
    with pytest.raises(OSError, match=r"x\.fits\.[gf]z: it cannot be decompressed in .*full.*TMPDIR") as caught:
        FileFrame(path)
    assert "truncated" not in str(caught.value)


def test_no_temporary_file_at_all(tmp_path, folder, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", fail)
    refused(packed(tmp_path, "gz", sound("u2")), "it cannot be decompressed in .*No space left on device.*TMPDIR")


def test_another_error_of_writing(tmp_path, folder, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(packed_file, "open_new", fail)
    refused(packed(tmp_path, "gz", sound("u2")), "Input/output error")


def test_changed_while_it_is_decompressed(tmp_path, folder, monkeypatch):
    path, unpack = packed(tmp_path, "gz", sound("u2")), packed_file.unpack

    def changing(*given):
        path.write_bytes(path.read_bytes() + b"\0")
        return unpack(*given)

    monkeypatch.setattr("ccdproc_darks.frames.file_frame.unpack", changing)
    with pytest.raises(OSError, match=f"^{re.escape(str(path))}: changed while it was read$"):
        FileFrame(path)
