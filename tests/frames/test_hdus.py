"""HDUs by their mandatory keywords: what is not FITS by the standard is refused at once, with the card."""

import re
import time
import tracemalloc
import warnings

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.hdus import BLOCK, find_hdus

from .fuzz import SOUND, sound

SHAPE = (6, 5)


class Source:
    """The content of a file as `find_hdus` reads it."""

    def __init__(self, content):
        self.content, self.position = content, 0

    def read(self, size):
        found = self.content[self.position : self.position + size]
        self.position += len(found)
        return found

    def skip(self, size, offset):
        self.position = offset + -(-size // BLOCK) * BLOCK


@pytest.fixture
def path(tmp_path):
    header = fits.Header({"EXTEND": True, "EXTNAME": "DARK", "BUNIT": "adu", "EXPTIME": 100.0, "EGAIN": 2.0})
    fits.PrimaryHDU(np.arange(30, dtype="u2").reshape(SHAPE), header).writeto(tmp_path / "dark.fits")
    return tmp_path / "dark.fits"


def set_card(path, key, value, key_of_old=None):
    """Overwrite the card of a key, or that of another key, whatever the value is."""
    content = path.read_bytes()
    start = content.index(f"{key_of_old or key:8}=".encode())
    card = f"{key:8}= {value:>20}".encode("latin-1").ljust(80)
    path.write_bytes(content[:start] + card + content[start + 80 :])


def refused(path, message):
    """Refused within a second, with a message that begins with the file's name, in little memory."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with pytest.raises(OSError, match=f"^{re.escape(str(path))}: .*{message}"):
            FileFrame(path)
        assert time.perf_counter() - start < 1
        assert tracemalloc.get_traced_memory()[1] < 2**25 + path.stat().st_size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", SOUND)
def test_hdus_are_those_of_astropy(name, tmp_path):
    (tmp_path / "x.fits").write_bytes(sound(name))
    found = find_hdus(Source(sound(name)))
    with fits.open(tmp_path / "x.fits", disable_image_compression=True) as hdus:
        expected = [(hdu.fileinfo()["datLoc"], hdu.size, hdu.header.tostring()) for hdu in hdus]
    assert [(hdu.offset, hdu.size, hdu.header.tostring()) for hdu in found] == expected
    with fits.open(tmp_path / "x.fits") as hdus:
        images = [(hdu.shape, hdu.header["BITPIX"]) for hdu in hdus if hdu.is_image]
    assert [(hdu.shape, hdu.bitpix) for hdu in found if hdu.is_image] == images


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("BITPIX", "16.0", "BITPIX in its header is no integer: 'BITPIX  = +16.0'"),
        ("BITPIX", "15", "BITPIX is 15, which is none of 8, 16, 32, 64, -32, -64"),
        ("BITPIX", "-16", "BITPIX is -16"),
        ("BITPIX", "'16'", "BITPIX in its header is no integer"),
        ("BITPIX", "\x1b", r"no integer: 'BITPIX  = +\\\\x1b'"),
        ("NAXIS", "999", "its header has no NAXIS3"),
        ("NAXIS", "999999999999", "NAXIS in its header is out of range"),
        ("NAXIS", "-2", "NAXIS in its header is out of range"),
        ("NAXIS1", "-48", "NAXIS1 in its header is out of range: 'NAXIS1  = +-48'"),
        ("NAXIS1", "1000000000000", "truncated, 5760 bytes where the header promises 12000000002880"),
        ("NAXIS2", "1e12", "NAXIS2 in its header is no integer"),
        ("NAXIS2", "9" * 40, "NAXIS2 in its header is no integer"),
        ("NAXIS2", "0", "its image has no pixels"),
        ("SIMPLE", "?", r"SIMPLE is \?"),
    ],
)
def test_absurd_numbers(path, key, value, message):
    set_card(path, key, value)
    refused(path, message)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("GCOUNT", "0", "PCOUNT is 0 and GCOUNT is 0, where an image has 0 and 1"),
        ("GCOUNT", "99999999999", "PCOUNT is 0 and GCOUNT is 99999999999"),
        ("GCOUNT", "-1", "GCOUNT in its header is out of range"),
        ("TFIELDS", "2147483648", "TFIELDS in its header is out of range"),
        ("GROUPS", "T", "GROUPS is T, for random groups"),
        ("GROUPS", "F\x1b", r"GROUPS in its header cannot be read, or is ambiguous: 'GROUPS  = +F.*x1b'"),
        ("BITPIX", "8", "BITPIX is in its header twice, 16 and 8"),
        ("NAXIS1", "6", "NAXIS1 is in its header twice, 5 and 6"),
        ("XTENSION", "'IMAGE   '", "both SIMPLE and XTENSION"),
        ("END", "5", "END in a header is followed by something: 'END     = +5'"),
        ("EXTNAME", "'DARK", "EXTNAME in the header cannot be read"),
    ],
)
def test_one_card_more(path, key, value, message):
    set_card(path, key, value, "EXTNAME")
    refused(path, message)


@pytest.mark.parametrize("key", ["NAXIS1", "NAXIS", "BITPIX"])
def test_missing(path, key):
    set_card(path, "XXX", "1", key)
    refused(path, f"its header has no {key}")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("TFIELDS", "2147483648", "TFIELDS in its header is out of range"),
        ("TFIELDS", "1000", "TFIELDS in its header is out of range"),
        ("PCOUNT", "999999999999", "truncated, .* bytes where the header promises"),
        ("PCOUNT", "-1", "PCOUNT in its header is out of range"),
        ("GCOUNT", "2", "a table with BITPIX 8, NAXIS 2 and GCOUNT 2 instead of 8, 2 and 1"),
        ("THEAP", "99999999999", "THEAP is 99999999999, outside of the table's"),
        ("THEAP", "-1", "THEAP is -1, outside of the table's"),
        ("ZNAXIS1", "100000000000", "compressed in 6 tiles|more than .* compressed ones can hold"),
        ("ZNAXIS2", "-1", "ZNAXIS2 in its header is out of range"),
        ("ZTILE1", "0", "ZTILE1 in its header is out of range"),
        ("ZTILE2", "2", "compressed in 6 tiles, where its header promises 3"),
        ("ZBITPIX", "15", "ZBITPIX is 15"),
        ("ZIMAGE", "1", "ZIMAGE is 1, which is neither T nor F"),
    ],
)
def test_absurd_tables(tmp_path, key, value, message):
    path = tmp_path / "dark.fits.fz"
    image = fits.CompImageHDU(np.arange(30, dtype="i2").reshape(SHAPE), name="DARK")
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(path)
    content = path.read_bytes()
    second = content.index(b"XTENSION")
    rest = tmp_path / "rest"
    rest.write_bytes(content[second:])
    set_card(rest, key, value, None if f"{key:8}=".encode() in content[second:] else "EXTNAME")
    path.write_bytes(content[:second] + rest.read_bytes())
    refused(path, message)


def test_a_header_without_end(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b"END".ljust(80), b"COMMENT".ljust(80)))
    refused(path, "truncated: it ends within a header, without END")
    with path.open("wb") as file:
        file.write(content[:BLOCK].replace(b"END".ljust(80), b"COMMENT".ljust(80)))
        file.truncate(10**8)
    refused(path, "a header without END in 36000 cards")


@pytest.mark.parametrize(
    "rest",
    [b"\n", b"junk", b" " * 2880, b"\xff\xd8\xff\xe0" * 5000, b"\0" * 2**21, b"END" * 999, sound("f8")],
    ids=["newline", "junk", "blanks", "thumbnail", "zeros", "END", "another file"],
)
def test_bytes_after_the_last_hdu(path, rest):
    """They do not matter."""
    header, values = FileFrame(path).header, fits.getdata(path)
    path.write_bytes(path.read_bytes() + rest)
    found = FileFrame(path)
    assert found.header.tostring() == header.tostring()
    np.testing.assert_array_equal(found.rows(slice(None)).values, values)


def test_a_truncated_extension(path):
    path.write_bytes(path.read_bytes() + b"XTENSION" * 360)
    refused(path, "truncated: it ends within a header")


def test_no_image_and_other_bytes(tmp_path):
    fits.PrimaryHDU().writeto(tmp_path / "none.fits")
    (tmp_path / "none.fits").write_bytes((tmp_path / "none.fits").read_bytes() + b"junk")
    refused(tmp_path / "none.fits", "no 2-D image in it")


@pytest.mark.parametrize(("key", "value"), [("SIMPLE", "F"), ("PCOUNT", "1"), ("PCOUNT", "7")])
def test_cards_that_leave_the_image_certain(path, key, value):
    expected = fits.getdata(path)
    set_card(path, key, value, "SIMPLE" if key == "SIMPLE" else "EXTNAME")
    np.testing.assert_array_equal(FileFrame(path).rows(slice(None)).values, expected)


@pytest.mark.parametrize("end", [b"END".ljust(80, b"\0"), b"END of the header".ljust(80), b"END = 5".ljust(80)])
def test_an_end_that_is_not_plain(path, end):
    expected = FileFrame(path)
    path.write_bytes(path.read_bytes().replace(b"END".ljust(80), end))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = FileFrame(path)
    assert found.header.tostring() == expected.header.tostring()


def test_an_unrelated_extension(path):
    """Its cards that astropy stumbles on do not matter, if it follows the image; CHECKSUM may be there twice."""
    expected = fits.getdata(path)
    set_card(path, "CHECKSUM", "'a'", "EXTNAME")
    extra = fits.ImageHDU(np.ones((3, 3, 3)), fits.Header({"CHECKSUM": "a", "DATASUM": "1"}))
    rest = path.with_name("rest")
    fits.HDUList([fits.PrimaryHDU(), extra]).writeto(rest)
    content = rest.read_bytes()[2880:].replace(b"DATASUM = '1'", b"CHECKSUM= 'b'")
    for added in (content, content.replace(b"CHECKSUM= 'b'", b"EXTVER  = 1,5")):
        both = path.with_name("both.fits")
        both.write_bytes(path.read_bytes() + added)
        np.testing.assert_array_equal(FileFrame(both).rows(slice(None)).values, expected)


def test_an_image_without_pixels(tmp_path):
    fits.PrimaryHDU(np.ones((0, 5))).writeto(tmp_path / "nought.fits")
    refused(tmp_path / "nought.fits", r"its image has no pixels \(shape \(0, 5\)\)")


@pytest.mark.parametrize("size", [1, 2880, 28800])
def test_zeros_after_the_last_hdu(path, size):
    path.write_bytes(path.read_bytes() + b"\0" * size)
    assert FileFrame(path).shape == SHAPE


def test_the_same_card_twice(path):
    set_card(path, "BITPIX", "16", "EXTNAME")
    assert FileFrame(path).shape == SHAPE


def test_a_mandatory_card_that_is_continued(path):
    content = path.read_bytes()
    path.write_bytes(content[:320] + b"CONTINUE  'more'".ljust(80) + content[320 : BLOCK - 80] + content[BLOCK:])
    refused(path, "NAXIS1 in its header cannot be read: a card CONTINUE follows")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NAXIS1", "32"),
        ("PCOUNT", "7"),
        ("TFIELDS", "2"),
        ("TFORM1", "'1PI(3)'"),
        ("TTYPE1", "'OTHER'"),
        ("ZNAXIS1", "3"),
        ("ZBITPIX", "32"),
        ("ZTILE1", "2"),
        ("ZCMPTYPE", "'GZIP_1'"),
        ("ZVAL1", "16"),
        ("ZNAME1", "'BYTEPIX'"),
    ],
)
def test_contradicting_keys_of_tiles(tmp_path, key, value):
    content = sound("rice")
    start = content.index(b"OBSERVER")
    card = f"{key:8}= {value:>20}".encode().ljust(80)
    path = tmp_path / "dark.fits.fz"
    path.write_bytes(content[:start] + card + content[start + 80 :])
    refused(path, f"{key} (is in its header twice|in its header cannot be read, or is ambiguous)")
