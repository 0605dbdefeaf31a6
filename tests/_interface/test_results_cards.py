# Licensed under a 3-clause BSD style license - see LICENSE


"""Cards that are said to survive a FITS header do."""

import math
import string
import warnings

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import assume, given
from hypothesis import strategies as st

from ccdproc_darks._interface.results import as_fits_float, meta_cards, writable

PRINTABLE = "".join(chr(code) for code in range(32, 127))
SPECIAL = {"END", "COMMENT", "HISTORY", "CONTINUE", "HIERARCH", "SIMPLE", "XTENSION"}
keys = st.text(string.ascii_uppercase + string.digits + "-_", min_size=1, max_size=8)
values = st.one_of(
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(),
    st.text(PRINTABLE, max_size=200),
    st.text(max_size=20),
    st.lists(st.sampled_from(["a: 1", "b.c: 2.5", "&", "'", "''", " ", "x" * 70, "word "]), max_size=9).map("".join),
)
finite = st.floats(allow_nan=False, allow_infinity=False)
comments = st.one_of(st.just(""), st.text(PRINTABLE, max_size=60), st.text(max_size=10))


def back(card):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        header = fits.Header([fits.Card(*card)])
        header.cards[0].verify("exception")
        return fits.Header.fromstring(header.tostring()).cards[0]


@given(key=keys, value=values, comment=comments)
def test_what_is_writable_comes_back(key, value, comment):
    assume(key not in SPECIAL)
    card = writable(key, value, comment)
    if card is None:
        return
    name, kept, remark = card
    read = back(card)
    assert read.keyword == name == key
    assert read.value == kept
    assert type(read.value) is type(kept)
    assert read.comment.strip() == remark.strip()
    assert kept == (as_fits_float(value) if isinstance(value, float) else value)


@given(key=keys, value=st.one_of(st.booleans(), st.integers(-(10**15), 10**15), finite))
def test_plain_numbers_are_writable(key, value):
    assume(key not in SPECIAL)
    assert writable(key, value, "[s] what it is") is not None


@given(finite)
def test_fits_float_is_what_astropy_keeps(value):
    assert as_fits_float(value) == fits.Card.fromstring(fits.Card("VALUE", value).image).value


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("nan"), [1], (1, 2), {"a": 1}, 1 + 2j, np.arange(3)])
def test_no_card_for_what_fits_has_no_form_for(value):
    assert writable("KEY", value, "") is None


@pytest.mark.parametrize("key", sorted(SPECIAL - {"COMMENT", "HISTORY"}))
def test_no_card_for_words_of_fits(key):
    card = writable(key, 1, "")
    assert card is None or tuple(back(card)) == card


@pytest.mark.parametrize("key", ["COMMENT", "HISTORY"])
def test_no_card_for_a_remark_that_is_not_text(key):
    assert writable(key, 5, "") is None
    assert writable(key, "was made", "") == (key, "was made", "")


def test_cards_of_any_meta_data():
    header = fits.Header([("A", 1, "one"), ("HISTORY", "was made")])
    assert [tuple(card) for card in meta_cards(header)] == [("A", 1, "one"), ("HISTORY", "was made", "")]
    cards = [("a", 1, "one"), ("b", (1, 2), ""), ("3", None, "")]
    assert list(meta_cards({"a": (1, "one"), "b": (1, 2), 3: None})) == cards


@given(
    st.text(PRINTABLE, max_size=30), st.text(PRINTABLE, max_size=80) | finite | st.integers() | st.booleans(),
    st.text(PRINTABLE, max_size=60),
)  # fmt: skip
def test_no_warning_of_any_card(key, value, comment):
    """Most are written without a change of the filters, and none shows a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        writable(key, value, comment)
    assert caught == []


@pytest.mark.parametrize("value", ["n" * 44, 1.5, "n" * 20])
@pytest.mark.parametrize("length", range(5, 45))
def test_comment_that_just_fits_or_does_not(value, length):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        key, found, comment = writable("A long key", value, "c" * length)
    assert caught == []
    assert (key, found) == ("HIERARCH A long key", value)
    assert comment in ("", "c" * length)
