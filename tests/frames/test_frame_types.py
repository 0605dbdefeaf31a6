"""Type of a frame as its header tells it."""

import pytest
from astropy.io import fits

from ccdproc_darks.frames.frame_types import BIAS, DARK, frame_type, is_master, type_key
from ccdproc_darks.frames.header_keys import TYPE_KEYS


def test_names():
    assert (DARK, BIAS) == ("dark", "bias")


@pytest.mark.parametrize(("text", "expected"), [
    ("Dark Frame          ", "dark"), ("DARK", "dark"), (" dark", "dark"), ("Master Dark", "dark"),
    ("Dark Flat", "dark"), ("FlatDark", "dark"), ("flat dark", "dark"), ("DARK,", "dark"), ("(dark)", "dark"),
    ("bias-corrected dark", "dark"), ("Dark (bias subtracted)", "dark"),
    ("Bias Frame", "bias"), ("BIAS", "bias"), ("zero", "bias"), ("Zero Frame", "bias"), ("Master Bias", "bias"),
    ("SUPERBIAS", "bias"), ("OFFSET", "bias"), ("Offset Frame", "bias"), ("Master_Offset", "bias"), ("ZERO", "bias"),
    ("FLAT", "flat"), ("Flat Field", "flat"), ("SkyFlat", "flat"), ("dome flat", "flat"),
    ("LIGHT", "light"), ("Light Frame", "light"), ("object", "light"), ("SCIENCE", "light"), ("sky", "light"),
    ("arc", "light"), ("OBJECT,SKY", "light"), ("Light (dark subtracted)", "light"),
    ("light, bias and dark subtracted", "light"),
    ("Light Frame, flat-fielded", "light"), ("dark-corrected object", "light"), ("offset sky", "light"),
    ("", None), ("Tricolor Image", None), ("none", None), ("objective", None), ("Calibration", None),
    ("dark subtracted", None), ("UNKNOWN", None),
])  # fmt: skip
def test_spellings(text, expected):
    assert frame_type(fits.Header({"IMAGETYP": text})) == expected


@pytest.mark.parametrize("key", TYPE_KEYS)
def test_keys(key):
    assert frame_type({key: "Flat"}) == "flat"


@pytest.mark.parametrize("value", [7, 1.5, True, None])
def test_what_is_no_text_tells_nothing(value):
    """FRAME may be a number."""
    assert frame_type(fits.Header({"FRAME": value})) is None


def test_first_key_that_tells():
    assert frame_type(fits.Header({"IMAGETYP": "unknown", "FRAME": "Light"})) == "light"
    assert frame_type(fits.Header({"IMAGETYP": "dark", "FRAME": "Light"})) == "dark"
    assert frame_type({}) is None


@pytest.mark.parametrize(
    "word", ["light", "object", "science", "sky", "arc", "comp", "comparison", "lamp", "standard", "focus"]
)
def test_words_of_a_light(word):
    assert frame_type({"OBSTYPE": f"The {word.title()}"}) == "light"
    assert frame_type({"OBSTYPE": f"{word}s"}) == "light"


@pytest.mark.parametrize("text", ["LightFrame", "Lights", "EXPOSE", "TARGET", "SCI", "Obj", "Target Field"])
def test_more_words_of_a_light(text):
    assert frame_type({"IMAGETYP": text}) == "light"


@pytest.mark.parametrize("text", ["twilight", "dome", "twi", "Dome Screen"])
def test_words_of_a_flat(text):
    assert frame_type({"IMAGETYP": text}) == "flat"


@pytest.mark.parametrize(("text", "expected"), [
    ("dark for light", "dark"), ("twilight dark", "dark"), ("Dome Bias", "bias"), ("exposure", None),
    ("objective", None), ("comparable", None),
])  # fmt: skip
def test_other_words(text, expected):
    assert frame_type({"IMAGETYP": text}) == expected


def test_words_within_words():
    """A dark, bias or flat may be part of a word; a zero is its beginning."""
    assert frame_type({"FRAME": "mydark2"}) == "dark"
    assert frame_type({"FRAME": "superbias"}) == "bias"
    assert frame_type({"FRAME": "domeflats"}) == "flat"
    assert frame_type({"FRAME": "Zeroes"}) == "bias"
    assert frame_type({"FRAME": "subzero"}) is None


@pytest.mark.parametrize(("header", "expected"), [
    ({"IMAGETYP": "Master Bias"}, True), ({"OBSTYPE": "superdark"}, True), ({"IMAGETYP": "Mean Dark"}, True),
    ({"IMAGETYP": "Dark", "NCOMBINE": 10}, True), ({"IMAGETYP": "Dark", "NCOMBINE": 1}, False), ({}, False),
    ({"IMAGETYP": "Dark Frame"}, False), ({"IMAGETYP": "Dark", "NCOMBINE": "many"}, False), ({"FRAME": 7}, False),
])  # fmt: skip
def test_master(header, expected):
    assert is_master(fits.Header(header)) == expected


@pytest.mark.parametrize(("header", "expected"), [
    ({}, None), ({"FRAME": "Dark"}, "FRAME"), ({"IMAGETYP": "?", "FRAME": "Dark"}, "FRAME"),
    ({"OBSTYPE": "?"}, "OBSTYPE"),
])  # fmt: skip
def test_key_that_tells(header, expected):
    assert type_key(fits.Header(header)) == expected


def test_long_keys():
    """As ESO writes them."""
    header = fits.Header.fromstring("HIERARCH ESO DPR TYPE = 'DARK'".ljust(80))
    assert frame_type(header) == "dark"
