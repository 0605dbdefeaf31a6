"""Cards of a header, and messages of those that cannot be read, word by word."""

import pytest
from astropy.io import fits

from ccdproc_darks._interface.shown import shown
from ccdproc_darks.frames.cards import (
    check_cards,
    check_unambiguous,
    check_used_cards,
    header_number,
    header_value,
    is_unknown,
)

from ..helpers import headers_alone as frames
from ..helpers import whole


class TestNumber:
    @pytest.mark.parametrize("value", [3, 3.0, "3", " 3e0 "])
    def test_numbers(self, value):
        found = header_number(*frames({"A": value}), "A")
        assert found == 3
        assert type(found) is float

    @pytest.mark.parametrize("value", [True, False, "three", "nan", "inf", "", "-inf"])
    def test_others(self, value):
        text = f"frame 0: A in the header must be a finite number, got {value!r}"
        with pytest.raises(ValueError, match=whole(text)):
            header_number(*frames({"A": value}), "A")

    def test_none(self):
        with pytest.raises(ValueError, match=r"^frame 0: A in the header must be a finite number, got "):
            header_number(*frames({"A": None}), "A")


USED = [
    "EGAIN", "RDNOISE", "EXPTIME", "EXPOSURE", "SATURATE", "CCD-TEMP", "SET-TEMP", "IMAGETYP", "IMGTYPE", "OBSTYPE",
    "FRAME", "NCOMBINE", "COMBINED", "DKVERS", "BUNIT", "BZERO", "BSCALE", "BLANK", "INSTRUME", "DETECTOR",
    "CAMERA", "CCDNAME", "XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING", "XORGSUBF", "YORGSUBF",
    "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC", "GAIN", "OFFSET", "BLKLEVEL", "READOUTM", "READMODE",
]  # fmt: skip


def of_cards(*cards):
    return fits.Header.fromstring("".join(card.ljust(80) for card in cards))


class TestCards:
    """A card that cannot be read, or a key twice with two values, is told, if a measurement may ask for it."""

    @pytest.mark.parametrize("key", USED)
    def test_of_each_key(self, key):
        broken, twice = of_cards(f"{key:8}= 1,5"), of_cards(f"{key:8}= 1", "OTHER   = 3", f"{key:8}= 2")
        with pytest.raises(ValueError, match=whole(f"x: {key} in the header cannot be read: '{key:8}= 1,5'")):
            check_used_cards(broken, "x")
        with pytest.raises(ValueError, match=whole(f"x: {key} is in the header twice, 1 and 2")):
            check_unambiguous(twice, "x")
        # It is told where it is read.
        check_used_cards(twice, "x")

    def test_of_others(self):
        check_used_cards(of_cards("OBJECT  = 1,5", "FOCUS   = 1", "FOCUS   = 2"), "x")
        check_used_cards(of_cards("EGAIN   = 1", "EGAIN   = 1", "FOCUS   = 1,5", "FOCUS   = 2"), "x")
        # A header that is no FITS header has no cards.
        check_used_cards({"EGAIN": 1}, "x")
        check_unambiguous({"EGAIN": 1}, "x")
        check_unambiguous(of_cards("EGAIN   = 1", "EGAIN   = 1", "FOCUS   = 1", "FOCUS   = 2"), "x")

    def test_of_keys_that_are_asked_for(self):
        header = of_cards("FIRST   = 1", "SECOND  = 1,5", "FIRST   = 1", "THIRD   = 1", "THIRD   = 2", "THIRD   = 1")
        check_cards(header, {"FIRST", "FOURTH"})
        for keys in ({"SECOND"}, {"FIRST", "SECOND"}):
            with pytest.raises(ValueError, match=whole("SECOND in the header cannot be read: 'SECOND  = 1,5'")):
                check_cards(header, keys)
        check_cards(header, {"FIRST", "THIRD"})

    def test_value(self):
        header = of_cards("FIRST   = 1", "SECOND  = 1,5", "THIRD   = 'a'", "THIRD   = 'a'", "THIRD   = 'b'")
        assert header_value(header, "FIRST") == header_value(header, "first", 7) == 1
        assert header_value(header, "NONE") is None
        assert header_value(header, "NONE", 7) == 7
        for key in ("SECOND", "second"):
            with pytest.raises(ValueError, match=whole(f"{key} in the header cannot be read: 'SECOND  = 1,5'")):
                header_value(header, key)
        with pytest.raises(ValueError, match=whole("THIRD is in the header twice, 'a' and 'b'")):
            header_value(header, "THIRD")
        # Other mappings have each key once.
        assert header_value({"FIRST": 1}, "FIRST") == 1

    def test_words_of_a_broken_card(self):
        """Its first 80 characters, without what a terminal would obey; of the first that is broken."""
        header = of_cards("EGAIN   = 1", "EGAIN   = 1,5\x1b[31m", "EGAIN   = 1,7")
        with pytest.raises(
            ValueError,
            match=whole(f"EGAIN in the header cannot be read: {shown(header.cards[1]._image)[:60].rstrip()!r}"),
        ):
            header_value(header, "EGAIN")
        long = "EGAIN   = " + "1," * 35
        with pytest.raises(ValueError, match=whole(f"EGAIN in the header cannot be read: {long!r}")):
            header_value(of_cards(long), "EGAIN")

    def test_number(self):
        (frame,) = frames({})
        frame.header = of_cards("A       = 1,5", "B       = 1", "B       = 2", "C       = 2.5", "C       = 2.5")
        with pytest.raises(ValueError, match=whole("frame 0: A in the header cannot be read: 'A       = 1,5'")):
            header_number(frame, "A")
        with pytest.raises(ValueError, match=whole("frame 0: B is in the header twice, 1 and 2")):
            header_number(frame, "B")
        assert header_number(frame, "C") == 2.5


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("+1", 1), ("-1", -1), ("10", 10), ("1.", 1), ("1.25", 1.25), (".25", 0.25), ("1e2", 100), ("1E2", 100),
     ("1e+2", 100), ("1e-2", 0.01), ("9.5e10", 9.5e10), ("  09  ", 9)],
)  # fmt: skip
def test_texts_of_numbers(text, number):
    assert header_number(*frames({"A": text}), "A") == number


@pytest.mark.parametrize("text", [".", "1e", "e5", "1_0", "1 0", "+-1", "1.5.5", "1e5.5", "0x1", "1e400", "a1", "1a"])
def test_texts_of_no_numbers(text):
    with pytest.raises(ValueError, match=whole(f"frame 0: A in the header must be a finite number, got {text!r}")):
        header_number(*frames({"A": text}), "A")


@pytest.mark.parametrize("value", [10**400, 1 + 2j, (1, 2), {}, b"three"])
def test_values_of_no_number(value):
    (frame,) = frames({})
    frame.header = {"A": value}
    with pytest.raises(ValueError, match=r"^frame 0: A in the header must be a finite number, got "):
        header_number(frame, "A")


@pytest.mark.parametrize("value", [None, "", "  ", "N/A", "unknown", "None", "undefined", "--", fits.card.Undefined()])
def test_what_tells_nothing(value):
    assert is_unknown(value)


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "no", "-10"])
def test_what_tells_something(value):
    assert not is_unknown(value)
