"""Settings that frames bring in their headers."""

import re

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate
from ccdproc_darks._interface.shown import shown
from ccdproc_darks.frames.cards import header_number, header_value
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.headers import common_setting, exposures, frame_settings
from ccdproc_darks.frames.image_unit import checked_unit
from ccdproc_darks.frames.inputs import MemoryFrame, as_frames

from ..helpers import assert_same_image, dark


def frames(*metas):
    return as_frames([dark([[1.0]], None, gain=None, read_noise=None, **meta) for meta in metas])


def settings(value, *metas, **options):
    options = {"keys": ("FIRST", "SECOND"), **options}
    return frame_settings("thing", value, frames(*metas), u.electron, **options)


def test_keys_are_looked_for_in_order():
    assert settings(None, {"SECOND": 2.0, "FIRST": 1.0}, {"SECOND": 5}) == [1, 5]
    assert settings(None, {"FIRST": 1.0}, {}) is None


def test_text_of_a_number():
    """Some cameras write numbers as text."""
    assert settings(None, {"FIRST": " 2.5 "}) == [2.5]
    assert header_number(frames({"A": "3"})[0], "A") == 3


def test_quantity():
    assert settings(3 * u.electron, {}, {}) == [3, 3]
    assert settings([3, 4] * u.electron, {}, {}) == [3, 4]
    assert settings(0 * u.electron, {}, zero=True) == [0]


def test_keyword():
    assert settings(ccdproc.Keyword("MINE", unit=u.electron), {"MINE": 7}) == [7]
    assert settings(ccdproc.Keyword("MINE"), {"MINE": 7}) == [7]
    assert settings(ccdproc.Keyword("MINE", value=9 * u.electron), {}) == [9]
    with pytest.raises(ValueError, match=r"^thing: darks\[0\] has no key 'MINE' in its header"):
        settings(ccdproc.Keyword("MINE", unit=u.electron), {})


@pytest.mark.parametrize("value", [3, 3.0, True, [3], np.array([3.0])])
def test_bare(value):
    with pytest.raises(
        TypeError, match=r"^thing must be a Quantity in electron, a ccdproc.Keyword or the name .*without a unit"
    ):
        settings(value, {})


def test_common_setting():
    two = frames({}, {})
    assert common_setting("thing", None, two) is None
    assert common_setting("thing", [2.0, 2.0 + 1e-7], two) == 2
    with pytest.raises(ValueError, match=r"^thing must be the same in all frames: 2 in darks\[0\], 3 in darks\[1\]"):
        common_setting("thing", [2.0, 3.0], two)


def test_exposures():
    assert exposures(None, frames({"EXPTIME": 3, "EXPOSURE": 4}, {"EXPOSURE": 4})) == [3, 4]
    assert exposures(2 * u.min, frames({}, {})) == [120, 120]
    assert exposures(ccdproc.Keyword("MSEC", unit=u.ms), frames({"MSEC": 1500})) == [1.5]


def with_card(path, card):
    """Put one card before END, byte by byte, as no library would write it."""
    content = path.read_bytes()
    end = content.index(b"END".ljust(80))
    card = card if isinstance(card, bytes) else card.encode("latin-1")
    path.write_bytes(content[:end] + card.ljust(80) + b"END".ljust(80) + content[end + 160 :])
    return path


@pytest.fixture
def bare(tmp_path):
    """A frame whose header has nothing but its structure."""
    fits.PrimaryHDU(np.arange(30, dtype="i2").reshape(6, 5)).writeto(tmp_path / "dark.fits")
    return tmp_path / "dark.fits"


BROKEN = [
    "EXPTIME = 100,0", "INSTRUME= 'cam", "EGAIN   = 1.5.5", "EGAIN   = nan", "RDNOISE = 5 e", "CCD-TEMP= \x1b[31m",
    "IMAGETYP= 'Dark\x1b'", "XBINNING= 1x1", "SATURATE= \xe9", "NCOMBINE= three", "BUNIT   = adu", "SET-TEMP= -20,0",
    "GAIN    = 1_0",
]  # fmt: skip


@pytest.mark.parametrize("card", BROKEN)
def test_a_card_that_cannot_be_read(bare, card):
    key, told = card[:8].strip(), re.escape(repr(shown(card.replace("\xe9", "?"))))
    with pytest.raises(OSError, match=rf"^.*dark\.fits: {key} in the header cannot be read: {told}$"):
        FileFrame(with_card(bare, card))
    # In memory, too.
    header = fits.Header.fromstring(card.ljust(80))
    with pytest.raises(ValueError, match=rf"^x: {key} in the header cannot be read"):
        MemoryFrame(CCDData(np.ones((2, 2)), unit="adu", meta=header), "x")


@pytest.mark.parametrize("card", ["BZERO   = 1.5.5", "BSCALE  = one", "BLANK   = 1,5", "EXTNAME = 'a", "CHECKSUM= x"])
def test_a_card_without_which_astropy_reads_nothing(bare, card):
    with pytest.raises(
        OSError, match=rf"^.*dark\.fits: not a readable FITS file: {card[:8].strip()} in the header cannot"
    ):
        FileFrame(with_card(bare, card))


@pytest.mark.parametrize(
    "card", ["BZERO   = 'x'", "BSCALE  = T", "BSCALE  = 0.0", "BZERO   = 1E400", "BZERO   = (1, 2)"]
)
def test_scaling_without_a_meaning(bare, card):
    with pytest.raises(OSError, match=rf"^.*dark\.fits: not a readable FITS file: {card[:8].strip()} in the header "):
        FileFrame(with_card(bare, card))


@pytest.mark.parametrize(
    "card", ["DATE-OBS= garbage", "OBSERVER= 'me", "OBJECT  = \x1b[31m", "FOCUS   = 1.5.5", "SITELAT = 12:30",
             "CTYPE1  = 'RA", "TFIELDS = 7", "NAXIS3  = 3.5", "HISTORY \x1b\x07", "A_ORDER = x"]
)  # fmt: skip
def test_a_card_that_is_not_needed(bare, card):
    """It stops nothing, and does not reach the result."""
    told = {"exposure": 10 * u.s, "gain": 2 * u.electron / u.adu, "bias": 0 * u.adu, "read_noise": 5 * u.electron}
    expected = dark_rate(bare, **told)
    found = dark_rate(with_card(bare, card), **told)
    assert_same_image(found, expected)
    assert card[:8].strip() not in found.meta
    found.write(bare.with_name("rate.fits"))
    assert_same_image(CCDData.read(bare.with_name("rate.fits")), expected)


def test_a_key_of_the_user_that_cannot_be_read(bare):
    with pytest.raises(ValueError, match=r"^.*dark\.fits: SECONDS in the header cannot be read: 'SECONDS = 1,5'"):
        dark_rate(with_card(bare, "SECONDS = 1,5"), exposure="SECONDS", gain=2 * u.electron / u.adu, bias=0 * u.adu)


@pytest.mark.parametrize("key", ["EXPTIME", "EGAIN", "CCD-TEMP", "INSTRUME"])
def test_a_key_twice(bare, key):
    first, other = ("'a'", "'b'") if key == "INSTRUME" else ("100", "300.0")
    with_card(bare, f"{key:8}= {first}")
    expected = FileFrame(bare).header[key]
    assert FileFrame(with_card(bare, f"{key:8}= {first}")).header[key] == expected
    with_card(bare, f"{key:8}= {other}")
    assert FileFrame(bare).header[key] == expected
    with pytest.raises(ValueError, match=f"^{key} is in the header twice, {first} and {other}$"):
        header_value(FileFrame(bare).header, key)


def test_a_key_twice_that_is_not_needed(bare):
    """The user gives the exposure time and the gain; GAIN is a setting, and check_headers says what it is worth."""
    told = {"exposure": 10 * u.s, "gain": 2 * u.electron / u.adu, "bias": 0 * u.adu, "read_noise": 5 * u.electron}
    for key in ("EXPOSURE", "EGAIN", "GAIN"):
        with_card(bare, f"{key:8}= 100")
        with_card(bare, f"{key:8}= 1.5")
    assert dark_rate(bare, **told, check_headers=False).meta["NCOMBINE"] == 1


def test_a_unit_twice(bare):
    with_card(bare, "BUNIT   = 'adu'")
    with_card(bare, "BUNIT   = 'electron'")
    with pytest.raises(OSError, match=r"^.*dark\.fits: BUNIT is in the header twice, 'adu' and 'electron'$"):
        FileFrame(bare)


@pytest.mark.parametrize("text", ["1_5", "1e5_0", "\u0665", "0x10", "1.5.5", "1,5", "five", "", "1e", "nan", "inf"])
def test_text_that_is_no_number(text):
    """Of which Python takes some for one: '1_5' for 15."""
    frame = as_frames(dark(np.ones((2, 2)), gain=None, **{"EGAIN": text}))[0]
    with pytest.raises(ValueError, match=r"^darks\[0\]: EGAIN in the header must be a finite number, got "):
        header_number(frame, "EGAIN")


@pytest.mark.parametrize(("text", "number"), [("1.5", 1.5), (" +2. ", 2.0), ("-.5e1", -5.0), ("1E2", 100.0)])
def test_text_that_is_a_number(text, number):
    frame = as_frames(dark(np.ones((2, 2)), gain=None, **{"EGAIN": text}))[0]
    assert header_number(frame, "EGAIN") == number


@pytest.mark.parametrize("text", ["m**999999", "adu**1e9", "\x00", "(" * 500, "adu adu", "1e400 adu"])
def test_units_on_which_astropy_stumbles(text):
    with pytest.raises(u.UnitsError, match=r"^x (has the unit|is in) .*expected adu or electron"):
        checked_unit(text, "x")


def test_bits_per_pixel_that_astropy_refuses(bare):
    """They were taken for another type, and gave other numbers in every pixel."""
    bare.write_bytes(bare.read_bytes().replace(b"BITPIX  =                   16", b"BITPIX  =                   15"))
    with pytest.raises(OSError, match=r"^.*dark\.fits: not a readable FITS file: BITPIX is 15, which is none of 8, 16"):
        FileFrame(bare)
