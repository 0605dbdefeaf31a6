# Licensed under a 3-clause BSD style license - see LICENSE
"""The CCDData that the public functions return: FITS-safe meta data and the log entry."""

import re
import warnings
from functools import lru_cache

import ccdproc
import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, NDData, StdDevUncertainty
from astropy.wcs import WCS

from .version import __version__

__all__ = ["LogEntry", "as_fits_float", "logged", "meta_cards", "result_image", "safe_header", "set_keys", "writable"]

# What ``add_keyword`` may be.
LogEntry = bool | str | ccdproc.Keyword | dict | None
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


_COMMENTARY = ("COMMENT", "HISTORY", "")
# Of the image that the meta data came with, or words of FITS itself.
_NOT_OURS = (
    "BUNIT", "EXTEND", "CHECKSUM", "DATASUM", "ZDATASUM", "ZHECKSUM", "CONTINUE", "END", "HIERARCH",
)  # fmt: skip


def safe_header(meta, entries=None):
    """
    A new header with the entries of ``meta`` that survive being written to FITS and read back.

    Structural keys (BITPIX, NAXIS, BZERO...) and BUNIT, which belong to the image that ``meta`` came with,
    and values that FITS has no form for (lists, Quantities, NaN) are left out.

    Parameters
    ----------
    meta : dict-like
        Meta data of another image.
    entries : dict, optional
        Further ones, as of `set_keys`.
    """
    cards, remarks = {}, []
    for key, value, comment in meta_cards(meta):
        if key.upper() in _NOT_OURS:
            continue
        if key in _COMMENTARY:
            remarks.append(fits.Card(key, value))
            continue
        card = writable(key, value, comment)
        if card is not None:
            cards[key.upper()] = fits.Card(*card)
    for key, (value, comment) in (entries or {}).items():
        if value is None:
            cards.pop(key, None)
        else:
            cards[key] = fits.Card(key, _plain(value), comment)
    while remarks and remarks[-1].is_blank:
        remarks.pop()
    # By one call: a header that grows card by card takes ten times as long. Remarks come last, as where it does.
    header = fits.Header([*cards.values(), *remarks])
    header.strip()
    return _dated(header)


def _dated(header):
    """
    Complete the dates, for which astropy's reader would warn ('datfix') on reading the image back.

    A date gets the MJD that belongs to it; one that is not in FITS's form, or in the old one of two-digit years, goes.
    """
    dates = [key for key in header if key.startswith("DATE-")]
    if not dates:
        return header
    fixed = _fixed(tuple((key, header[key]) for key in header if key.startswith(("DATE-", "MJD-"))))
    for key in dates:
        mjd = key.replace("DATE", "MJD", 1)
        if fixed.get(key) != header[key] or mjd not in fixed:
            header.remove(key)
            header.remove(mjd, ignore_missing=True)
        elif mjd not in header:
            header.set(mjd, as_fits_float(fixed[mjd]), f"[d] MJD of {key}", after=key)
    return header


@lru_cache(maxsize=64)
def _fixed(dates):
    """Pairs of keys and values of dates as astropy has them; all results of a night have the same ones."""
    trial = fits.Header({"NAXIS": 2, "NAXIS1": 1, "NAXIS2": 1})
    trial.update(dates)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(WCS(trial).to_header())


def set_keys(header, entries):
    """Set ``{key: (value, comment)}`` in ``header``; a None value removes the key."""
    for key, (value, comment) in entries.items():
        if value is None:
            header.remove(key, ignore_missing=True)
        else:
            header[key] = (_plain(value), comment)
    return header


def _plain(value):
    value = value.item() if isinstance(value, np.generic) else value
    return as_fits_float(value) if isinstance(value, float) else value


def result_image(data, unit, header, *, mask=None, deviation=None, wcs=None):
    """CCDData of plain arrays, none of them copied."""
    set_keys(header, {"DKVERS": (__version__, "ccdproc_darks version")})
    if unit is u.dimensionless_unscaled:
        # astropy writes no BUNIT for such an image, and refuses to read one that has none.
        header["BUNIT"] = ("1", "no unit")
    image = CCDData(data, unit=unit, mask=mask, wcs=wcs)
    image.meta = header
    if deviation is not None:
        image.uncertainty = StdDevUncertainty(deviation, copy=False)
    return image


def logged(result, key, function, arguments, add_keyword):
    """
    Add the log entry of a call to a result's meta, the way that ccdproc's functions do.

    Parameters
    ----------
    result : `~astropy.nddata.CCDData`
        The result; returned.
    key : str
        Key of the automatic entry, at most 8 characters.
    function : str
        Name of the function called.
    arguments : dict
        What it was called with, without ``add_keyword``.
    add_keyword : bool, None, str, `ccdproc.Keyword` or dict
        True logs the call where `ccdproc.conf.auto_logging` is on; False or None nothing; the others are
        added as they are.
    """
    if not add_keyword:
        return result
    if add_keyword is True:
        if not ccdproc.conf.auto_logging:
            return result
        text = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
        entries = {key: (_ascii(f"{function}: {text}"), "")}
    elif isinstance(add_keyword, str):
        entries = {add_keyword: (None, "")}
    elif isinstance(add_keyword, ccdproc.Keyword):
        value = add_keyword.value
        entries = {add_keyword.name: (value.value if isinstance(value, u.Quantity) else value, "")}
    else:
        try:
            entries = {name: (value, "") for name, value in dict(add_keyword).items()}
        except (TypeError, ValueError):
            raise TypeError(
                f"add_keyword must be True, False, None, a str, a ccdproc.Keyword or a dict, got {add_keyword!r}"
            ) from None
    for name, (value, comment) in entries.items():
        card = writable(name, value, comment)
        if card is None:
            raise ValueError(f"add_keyword: {name!r} = {value!r} cannot be written to a FITS header")
        key, value, comment = card
        result.meta[key] = (value, comment)
    return result


def _shown(value):
    if isinstance(value, np.ndarray | NDData) and not (isinstance(value, u.Quantity) and value.isscalar):
        return f"<{type(value).__name__}>"
    if isinstance(value, list | tuple):
        return f"<{len(value)} {type(value[0]).__name__}>" if value else "()"
    if isinstance(value, ccdproc.Keyword):
        return f"Keyword({value.name})"
    if isinstance(value, str | int | float | u.Quantity | type(None)):
        return str(value)
    return f"<{type(value).__name__}>"


def _ascii(text):
    return text.encode("ascii", "replace").decode().replace("\n", " ")
