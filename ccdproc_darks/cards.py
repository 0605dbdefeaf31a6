# Licensed under a 3-clause BSD style license - see LICENSE
"""Cards of a FITS header: which of them survive being written and read back."""

import re
import warnings

import numpy as np
from astropy.io import fits

__all__ = ["as_fits_float", "meta_cards", "writable"]

_TYPES = str | bool | int | float | np.integer | np.floating | np.bool_ | None
# A card that FITS holds as it stands, as nearly all are: to try it takes ten times as long.
_PLAIN_KEY = re.compile(r"[A-Z0-9_-]{1,8}")
_PLAIN_TEXT = re.compile(r"[ -%(-~]*")
# One of the values that a key has several of, to astropy.
_RECORD = re.compile(r"[\w.]+ *: *[-+.\d]")
_NOT_PLAIN = {"COMMENT", "CONTINUE", "END", "HIERARCH", "HISTORY", "SIMPLE", "XTENSION"}
_MOST_TEXT, _MOST_DIGITS = 60, 18
_FLOAT_DIGITS = 20


def meta_cards(meta):
    """Key, value and comment of the entries of any meta data."""
    if isinstance(meta, fits.Header):
        # To unpack a card makes it four times as long.
        yield from ((card.keyword, card.value, card.comment) for card in meta.cards)
        return
    for key, value in meta.items():
        # ccdproc logs (value, comment) in meta data that is a plain dict.
        is_pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str)
        yield (str(key), *value) if is_pair else (str(key), value, "")


def writable(key, value, comment):
    """
    A card that FITS gives back as it was, or None.

    Parameters
    ----------
    key, value, comment
        The card. A comment that FITS has no form for is left out; a float is what FITS keeps of it.

    Returns
    -------
    tuple of (str, value, str), or None
    """
    if not isinstance(value, _TYPES):
        return None
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            return None
        value = as_fits_float(value)
    if _is_plain(key, value, comment):
        return key, value, comment
    for remark in (comment, ""):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                card = fits.Card(key if len(key) <= 8 else f"HIERARCH {key}", value, remark)
                card.verify("exception")
                back = fits.Card.fromstring(card.image).value
                if back == value or (value is None and isinstance(back, fits.card.Undefined)):
                    return card.keyword if len(key) <= 8 else f"HIERARCH {key}", card.value, card.comment
        except Exception:  # whatever astropy has against it, it is not for a result's header
            continue
    return None


def as_fits_float(value):
    """What FITS keeps of a float, in the 20 characters that a card has for it."""
    value = float(value)
    if len(repr(value)) <= _FLOAT_DIGITS:
        return value
    return fits.Card.fromstring(fits.Card("VALUE", value).image).value


def _is_plain(key, value, comment):
    if key in _NOT_PLAIN or not _PLAIN_KEY.fullmatch(key):
        return False
    if not (isinstance(comment, str) and _PLAIN_TEXT.fullmatch(comment)):
        return False
    if type(value) is str:
        plain = _PLAIN_TEXT.fullmatch(value) and not _RECORD.match(value) and not value.endswith(" ")
        # A long text goes on in further cards, but not with a comment.
        return bool(plain) and (not comment or len(value) + len(comment) <= _MOST_TEXT)
    known = type(value) in (bool, float) or (type(value) is int and len(str(value)) <= _MOST_DIGITS)
    return known and len(comment) <= _MOST_TEXT - _FLOAT_DIGITS
