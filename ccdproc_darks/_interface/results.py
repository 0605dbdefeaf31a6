# Licensed under a 3-clause BSD style license - see LICENSE
"""CCDData that the public functions return, with meta data that FITS can hold and the log entry of the call."""

import re
from contextlib import nullcontext, suppress
from functools import lru_cache

import ccdproc
import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.io.fits.verify import VerifyError
from astropy.nddata import CCDData, NDData, StdDevUncertainty

from .version import __version__
from .warnings import filtered
from .world_coordinates import completed_dates, copied_wcs, is_wcs_key

__all__ = [
    "LogEntry", "as_fits_float", "check_finite", "checked_log_entry", "logged", "meta_cards", "result_image",
    "safe_header", "set_keys", "writable",
]  # fmt: skip

# Type of ``add_keyword``.
LogEntry = bool | str | ccdproc.Keyword | dict | None
_TYPES = str | bool | int | float | np.integer | np.floating | np.bool_ | None
# Keys and texts that FITS holds unchanged, as it does nearly all: to write a card as a test takes ten times as long.
_PLAIN_KEY = re.compile(r"[A-Z0-9_-]{1,8}")
_PLAIN_TEXT = re.compile(r"[ -%(-~]*")
# Text that astropy takes for a record-valued card, "field: number".
_RECORD = re.compile(r"[\w.]+ *: *[-+.\d]")
_NOT_PLAIN = {"COMMENT", "CONTINUE", "END", "HIERARCH", "HISTORY", "SIMPLE", "XTENSION"}
# Room on a card: characters of a text with its comment, digits of an integer, characters of a float.
_MOST_TEXT, _MOST_DIGITS = 60, 18
_FLOAT_DIGITS = 20


def meta_cards(meta):
    """Key, value and comment of each entry of a header or a dict; cards that cannot be read are left out."""
    if isinstance(meta, fits.Header):
        # Unpacking each card would take four times as long.
        for card in meta.cards:
            try:
                entry = card.keyword, card.value, card.comment
            except VerifyError:  # a card that cannot be read has no value to go on
                continue
            yield entry
        return
    for key, value in meta.items():
        # ccdproc's log entries in a plain dict are pairs (value, comment).
        is_pair = isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str)
        yield (str(key), *value) if is_pair else (str(key), value, "")


def writable(key, value, comment):
    """Key, value and comment of a card that FITS gives back as it was written; None where there is no such card.

    A comment that FITS cannot hold is left out; a float is rounded to the digits that FITS keeps.
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
            with nullcontext() if _fits(key, value, remark) else filtered("error"):
                card = fits.Card(key if len(key) <= 8 else f"HIERARCH {key}", value, remark)
                card.verify("exception")
                back = fits.Card.fromstring(card.image).value
                if back == value or (value is None and isinstance(back, fits.card.Undefined)):
                    return card.keyword if len(key) <= 8 else f"HIERARCH {key}", card.value, card.comment
        except Exception:  # astropy may refuse a card for any reason: then it is left out
            continue
    return None


def _fits(key, value, comment):
    """Whether astropy writes a card without a warning, as it surely does."""
    if key.upper() in _NOT_PLAIN or not isinstance(comment, str):
        return False
    name = 8 if _PLAIN_KEY.fullmatch(key.upper()) else len(f"HIERARCH {key}")
    if isinstance(value, str):
        size = max(len(value) + value.count("'"), 18) + 2
        if _RECORD.match(value) or (len(key) <= 8 < name):
            return False
        if name == 8 and not comment:
            return True  # a long text goes on on further cards
    else:
        size = max(len(str(value)), 30)
    return (name == 8 or len(key) > 8) and name + size + len(comment) + 7 <= fits.Card.length


def as_fits_float(value):
    """A float rounded to the 20 characters of a FITS card."""
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
        # A long text continues on further cards, but only without a comment.
        return bool(plain) and (not comment or len(value) + len(comment) <= _MOST_TEXT)
    known = type(value) in (bool, float) or (type(value) is int and len(str(value)) <= _MOST_DIGITS)
    return known and len(comment) <= _MOST_TEXT - _FLOAT_DIGITS


# Keys of log entries, and keys that must not be overwritten: those of results, and of the structure of FITS.
_LOGS = ("DKRATE", "DKBIAS", "DKRNMAP", "DKSCATTR", "DKCOMPAR", "DKREPEAT", "DKMASK")
_OURS = re.compile(
    "DK.*|NCOMBINE|COMBINED|EXPTIME|EXPOSURE|BUNIT|NBEYOND|NHOT|NWARM|NNONLIN|NTELEGR|NSATUR|NUNRELI|"
    "NNOTEST|NNOISY|NMASKED|NCOLUMN|NROW|NOTHER|"
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|[PG]COUNT|GROUPS|BSCALE|BZERO|BLANK|TFIELDS|T(FORM|TYPE|DIM)\d+|"
    r"UTYPE|Z(IMAGE|CMPTYPE|BITPIX|NAXIS\d*|TILE\d+|SIMPLE|EXTEND|[PG]COUNT)|"
    "Z?DATASUM|CHECKSUM|ZHECKSUM|CONTINUE|LONGSTRN|END|HIERARCH"
)

# Names of the other images in the file of a CCDData, by which astropy finds them.
_IMAGES = ("MASK", "UNCERT", "PSFIMAGE")

_COMMENTARY = ("COMMENT", "HISTORY", "")
# Keys that belong to the other image, or to FITS itself.
_NOT_OURS = ("BUNIT", "EXTEND", "CHECKSUM", "DATASUM", "ZDATASUM", "ZHECKSUM", "CONTINUE", "END", "HIERARCH")

# Keys by which `~astropy.io.fits.Header.strip` counts.
_COUNTS = re.compile("NAXIS[0-9]*|TFIELDS")


def safe_header(meta, entries=None):
    """New header with the entries of ``meta`` (of another image) that FITS gives back as they were written.

    Structural keys (BITPIX, NAXIS, BZERO...) and BUNIT, which belong to the other image, are left out, and so are
    values that FITS cannot hold (lists, Quantities, NaN). The dict ``entries`` is added as by `set_keys`.
    """
    cards, remarks = {}, []
    for key, value, comment in meta_cards(meta):
        if key.upper() in _NOT_OURS or _COUNTS.fullmatch(key.upper()):
            continue
        if key.upper() == "EXTNAME" and not _is_name(value):
            continue
        if key in _COMMENTARY:
            with suppress(ValueError):  # characters that FITS cannot hold
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
    # In one call, as adding card by card takes ten times as long. Comments and history come last.
    header = fits.Header([*cards.values(), *remarks])
    header.strip()
    return _dated(header)


def _is_name(value):
    """Whether an image can have this EXTNAME: astropy refuses to write others, or takes the image for its own mask."""
    return isinstance(value, str) and value.strip().upper() not in _IMAGES


def _dated(header):
    """Give each date its MJD, without which astropy warns ('datfix') when the image is read back.

    A date that is not in FITS's form, or has a year of two digits, is removed.
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
    """Dates and their MJDs, as astropy completes them; cached, as all results of a night have the same dates."""
    return completed_dates(dates)


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
    """CCDData of plain arrays, which are not copied; ``deviation`` is the standard deviation, in ``unit``."""
    set_keys(header, {"DKVERS": (__version__, "ccdproc_darks version")})
    if unit is u.dimensionless_unscaled:
        # Without a unit astropy writes no BUNIT, and refuses to read an image without BUNIT.
        header["BUNIT"] = ("1", "no unit")
    image = CCDData(data, unit=unit, mask=mask, wcs=copied_wcs(wcs))
    image.meta = header
    if deviation is not None:
        image.uncertainty = StdDevUncertainty(deviation, copy=False)
    return image


def check_finite(array, later=()):
    """A ValueError where a number of a result is infinite: no result is, unless the input is beyond all reason.

    Pixels (flat indices) whose result comes ``later`` may be.
    """
    # Unlike `numpy.isinf`, this takes no memory.
    extremes = (np.fmax, np.fmin) if array.dtype.kind == "f" else ()
    if not np.isinf([find.reduce(array, axis=None) for find in extremes]).any():
        return
    infinite = np.isinf(array).ravel()
    infinite[later] = False
    if infinite.any():
        raise ValueError(
            f"the result overflows {array.dtype}, {np.count_nonzero(infinite)} of its numbers are infinite: pixel "
            "values, gain, exposure time or read noise are too large or too small"
        )


def checked_log_entry(add_keyword):
    """Cards (key, value, comment) of an entry of the user's own; none for True, False and None.

    An error where it is of a wrong kind, cannot be written, or has a key that this package or FITS writes itself.
    """
    if not add_keyword or add_keyword is True:
        return []
    if isinstance(add_keyword, str):
        entries = {add_keyword: None}
    elif isinstance(add_keyword, ccdproc.Keyword):
        value = add_keyword.value
        entries = {add_keyword.name: value.value if isinstance(value, u.Quantity) else value}
    else:
        try:
            entries = dict(add_keyword)
        except (TypeError, ValueError):
            raise TypeError(
                f"add_keyword must be True, False, None, a str, a ccdproc.Keyword or a dict, got {add_keyword!r}"
            ) from None
    cards = []
    for name, value in entries.items():
        if not isinstance(name, str):
            raise TypeError(f"add_keyword: keys must be str, got {name!r}")
        key = name.upper().removeprefix("HIERARCH ").strip()
        if _OURS.fullmatch(key) and key not in _LOGS:
            hint = " (all that begin with DK are those of ccdproc_darks)" if key.startswith("DK") else ""
            raise ValueError(
                f"add_keyword: {name!r} is a key that ccdproc_darks or FITS itself needs{hint}; take another"
            )
        if is_wcs_key(key):
            raise ValueError(
                f"add_keyword: {name!r} is a key of world coordinates or their dates, which astropy removes or warns "
                "of when it reads the image; take another"
            )
        card = writable(name, value, "")
        if card is None or (key == "EXTNAME" and not _is_name(value)):
            raise ValueError(f"add_keyword: {name!r} = {value!r} cannot be written to a FITS header")
        cards.append(card)
    return cards


def logged(result, key, function, arguments, add_keyword):
    """Add the log entry of a call to the meta of its result, as ccdproc's functions do, and return the result.

    With True as ``add_keyword``, the entry is ``key`` (at most 8 characters) with the call, ``function`` and
    ``arguments``, if `ccdproc.conf.auto_logging` is on; with False or None, nothing; else ``add_keyword`` itself.
    """
    cards = checked_log_entry(add_keyword)
    if add_keyword is True and ccdproc.conf.auto_logging:
        text = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
        cards = [writable(key, _ascii(f"{function}: {text}"), "")]
    for key, value, comment in cards:
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
