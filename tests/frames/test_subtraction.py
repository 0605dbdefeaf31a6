"""What headers say was subtracted already."""

import pytest
from astropy.io import fits

from ccdproc_darks.frames.subtraction import SAYS_SUBTRACTED, Subtraction, subtractions


def found(header):
    return {what: told.key for what, told in subtractions(fits.Header(header)).items()}


@pytest.mark.parametrize(("text", "what"), [
    ("B", {"bias"}), ("BD", {"bias", "dark"}), ("BDF", {"bias", "dark"}), (" bd ", {"bias", "dark"}), ("F", set()),
    ("D", {"dark"}), ("", set()), ("raw frame, not calibrated", set()), (7, set()),
])  # fmt: skip
def test_calstat(text, what):
    """Letters of MaxIm DL."""
    assert set(found({"CALSTAT": text})) == what


@pytest.mark.parametrize(("key", "value", "what"), [
    ("SUBBIAS", "ccd=<CCDData>, master=<CCDData>", "bias"), ("BIASSUB", True, "bias"), ("BIAS-SUB", "T", "bias"),
    ("ZEROCOR", "Mar 3 12:10 Zero level correction image is Zero", "bias"), ("BIASCORR", "COMPLETE", "bias"),
    ("SUBDARK", "ccd=<CCDData>", "dark"), ("DARKSUB", True, "dark"), ("DARKCOR", "Mar 3 Dark count correction", "dark"),
])  # fmt: skip
def test_keys(key, value, what):
    told = subtractions(fits.Header({key: value}))
    assert told == {what: Subtraction(what, key, str(value))}
    assert str(told[what]) == f"{key} = {str(value)!r}"
    assert key in SAYS_SUBTRACTED


@pytest.mark.parametrize("value", [False, "F", "", "no", "OMIT", "PERFORM", "skipped", 0, 1.5, "not yet", None])
@pytest.mark.parametrize("key", ["BIASSUB", "DARKCORR"])
def test_what_was_not_done(key, value):
    assert found({key: value}) == {}


@pytest.mark.parametrize(("line", "what"), [
    ("Bias Subtraction (Bias 1, 1024 x 1024, Bin1 x 1)", {"bias"}), ("Dark Subtraction (Dark 10, 2 x 300 s)", {"dark"}),
    ("dark frame subtracted", {"dark"}), ("Subtracted master bias.fits", {"bias"}), ("zero level subtracted", {"bias"}),
    ("without dark subtraction", set()), ("dark not subtracted", set()), ("dark frames were combined", set()),
    ("background subtracted", set()), ("made by a dark sky site, background subtracted", set()),
])  # fmt: skip
def test_history(line, what):
    header = fits.Header()
    header.add_history("first")
    header.add_history(line)
    assert {key: told.key for key, told in subtractions(header).items()} == dict.fromkeys(what, "HISTORY")


def test_first_that_tells():
    assert found({"CALSTAT": "B", "BIASSUB": True}) == {"bias": "BIASSUB"}
    assert subtractions({}) == {}
    # Meta that is no FITS header.
    assert set(subtractions({"HISTORY": "dark subtracted"})) == {"dark"}
