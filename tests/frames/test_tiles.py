"""Images compressed in tiles: damaged tables and tiles are refused before astropy's decoders see them."""

import io
import re
import sys

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks.frames import tiles
from ccdproc_darks.frames.file_frame import FileFrame

from .fuzz import SHAPE, sound

TILED = ["rice", "gzip1", "gzip2", "hcompress", "plio", "quantized", "lossless"]


def data_start(content):
    with fits.open(io.BytesIO(content), disable_image_compression=True) as hdus:
        return hdus[1].fileinfo()["datLoc"]


def with_bytes(content, position, new):
    start = data_start(content) + position
    return content[:start] + new + content[start + len(new) :]


def with_card(content, key, value):
    start = content.index(f"{key:8}=".encode())
    return content[:start] + f"{key:8}= {value:>20}".encode().ljust(80) + content[start + 80 :]


def refused(tmp_path, content, message):
    path = tmp_path / "dark.fits.fz"
    path.write_bytes(content)
    with pytest.raises(OSError, match=f"^{re.escape(str(path))}: .*{message}"):
        FileFrame(path)


@pytest.mark.parametrize("name", TILED)
@pytest.mark.parametrize("descriptor", [(1, 2**31 - 1), (2**31 - 1, 0), (10**6, 0), (1, -1), (-1, 0), (2, None)])
def test_descriptors_outside_of_the_heap(name, descriptor, tmp_path):
    count, place = descriptor
    if place is None:  # the last byte of the heap
        place = int(re.search(rb"PCOUNT  = +(\d+)", sound(name))[1]) - 1
    content = with_bytes(sound(name), 0, np.array([count, place], ">i4").tobytes())
    refused(tmp_path, content, "a tile in the column COMPRESSED_DATA lies outside of the .* bytes of the table's heap")


@pytest.mark.parametrize("name", TILED)
def test_a_heap_shorter_than_its_tiles(name, tmp_path):
    refused(tmp_path, with_card(sound(name), "PCOUNT", "5"), "lies outside of the 5 bytes of the table's heap")


@pytest.mark.parametrize("descriptor", [(1, 2**62), (2**62, 2**62), (-(2**63), 0), (2**63 - 1, 1)])
def test_long_descriptors(descriptor, tmp_path):
    """Descriptors of 8 bytes (Q), of which size and place together exceed 64 bits."""
    content = sound("hcompress").replace(b"'1PB(138)'", b"'1QB(138)'")
    content = with_card(content, "NAXIS1", "16")
    refused(tmp_path, with_bytes(content, 0, np.array(descriptor, ">i8").tobytes()), "lies outside")


def test_long_descriptors_are_read(tmp_path):
    content = sound("rice")
    start = data_start(content)
    table = np.frombuffer(content[start : start + 96], ">i4").astype(">i8").tobytes()
    heap = content[start + 96 : start + 96 + 119]
    changed = with_card(content.replace(b"'1PB(11) '", b"'1QB(11) '"), "NAXIS1", "16")
    (tmp_path / "dark.fits.fz").write_bytes(changed[:start] + (table + heap).ljust(2880, b"\0"))
    (tmp_path / "expected.fits.fz").write_bytes(content)
    found, expected = (FileFrame(tmp_path / name).rows(slice(None)).values
                       for name in ("dark.fits.fz", "expected.fits.fz"))  # fmt: skip
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", TILED)
def test_rows_that_are_not_those_of_the_columns(name, tmp_path):
    refused(tmp_path, with_card(sound(name), "NAXIS1", "40"), "NAXIS1 is 40 in a table whose columns have")


PLIO_HEAP = 12 * 8


@pytest.mark.parametrize(
    ("word", "value", "message"),
    [
        (3, 18, "not as long as its header says"),
        (3, 0, "not as long as its header says"),
        (3, -5, "not as long as its header says"),
        (4, 1, "not as long as its header says"),
        (2, 18, "not as long as its header says"),
        (1, 0, "not as long as its header says"),
        (1, -7, "not as long as its header says"),
        (16, 4096, "may end within a code"),
    ],
)
def test_words_of_plio(word, value, message, tmp_path):
    content = with_bytes(sound("plio"), PLIO_HEAP + 2 * word, np.array(value, ">i2").tobytes())
    refused(tmp_path, content, message)


@pytest.mark.parametrize("words", [1, 2, 4])
def test_plio_without_a_header(words, tmp_path):
    refused(tmp_path, with_bytes(sound("plio"), 0, np.array(words, ">i4").tobytes()), "shorter than its header")


def test_old_format_of_plio(tmp_path):
    """The third word is the length, and the codes follow."""
    content = sound("plio")
    start = data_start(content) + PLIO_HEAP
    old = np.frombuffer(content[start : start + 34], ">i2").copy()
    old = np.concatenate([old[:2], [13], old[7:], np.zeros(4)]).astype(">i2").tobytes()
    (tmp_path / "dark.fits.fz").write_bytes(with_bytes(content, PLIO_HEAP, old))
    (tmp_path / "expected.fits.fz").write_bytes(content)
    found, expected = (FileFrame(tmp_path / name).rows(slice(None)).values
                       for name in ("dark.fits.fz", "expected.fits.fz"))  # fmt: skip
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("axis", "rows"), [(0, 1000), (0, 0), (1, -1), (1, 2**31 - 1)])
def test_shape_in_hcompress(axis, rows, tmp_path):
    content = with_bytes(sound("hcompress"), 8 + 2 + 4 * axis, np.array(rows, ">i4").tobytes())
    refused(tmp_path, content, f"a tile of HCOMPRESS_1 has the shape .*{rows}.*, not {re.escape(str(SHAPE))}")


def test_hcompress_without_a_header(tmp_path):
    refused(tmp_path, with_bytes(sound("hcompress"), 0, np.array(24, ">i4").tobytes()), "shorter than its header")


@pytest.mark.parametrize("count", range(25, 138, 7))
def test_hcompress_that_ends_too_early(count, tmp_path):
    """Else values of the pixels are what happens to be in memory."""
    content = with_bytes(sound("hcompress"), 0, np.array(count, ">i4").tobytes())
    refused(tmp_path, content, "a tile of HCOMPRESS_1 ends too early|decode")


@pytest.mark.parametrize(("name", "old", "new"), [("plio", b"1PI(17)", b"1PB(17)"), ("hcompress", b"1PB(", b"1PI(")])
def test_elements_of_another_size(name, old, new, tmp_path):
    content = with_bytes(sound(name).replace(old, new), 0, np.array(30, ">i4").tobytes())
    refused(tmp_path, content, f"tiles of {'PLIO_1 are words' if name == 'plio' else 'HCOMPRESS_1 are bytes'}")


def test_edges_of_hcompress(tmp_path):
    """Tiles at the edges are smaller."""
    counts = np.random.default_rng(4).poisson(100, (14, 24)).astype("i2")
    image = fits.CompImageHDU(counts, compression_type="HCOMPRESS_1", tile_shape=(5, 10))
    image.writeto(tmp_path / "dark.fits.fz")
    np.testing.assert_array_equal(FileFrame(tmp_path / "dark.fits.fz").rows(slice(None)).values, counts)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os; os.abort()", "the decompression of HCOMPRESS_1 crashed with signal 6"),
        ("import sys; sys.exit('no\\tsense')", r"no\\tsense"),
        ("import sys; sys.exit(7)", "the decompression ended with exit status 7"),
    ],
)
def test_a_decompression_that_dies(code, message, tmp_path, monkeypatch):
    monkeypatch.setattr(tiles, "_CHILD", code)
    refused(tmp_path, sound("hcompress"), message)


def test_modules_of_the_working_directory_are_not_run(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('wrong')")
    (tmp_path / "io.py").write_text("raise SystemExit('wrong')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if folder])
    (tmp_path / "dark.fits.fz").write_bytes(sound("hcompress"))
    assert FileFrame(tmp_path / "dark.fits.fz").shape == SHAPE


def test_errors_of_astropy_can_be_printed(tmp_path):
    content = sound("gzip1")
    start = content.index(b"ZCMPTYPE")
    content = content[:start] + b"ZCMPTYPE=\t5".ljust(80) + content[start + 80 :]
    refused(tmp_path, content, r"ZCMPTYPE in its header cannot be read, or is ambiguous: 'ZCMPTYPE=.*t5")
