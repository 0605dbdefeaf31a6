# Licensed under a 3-clause BSD style license - see LICENSE
"""Cards of a header: their values, and errors for those that cannot be read or contradict each other."""

import math
import re
from contextlib import suppress

from astropy.io import fits
from astropy.io.fits.verify import VerifyError

from .._interface.shown import shown
from .header_keys import USED_KEYS

__all__ = ["check_cards", "check_unambiguous", "check_used_cards", "header_number", "header_value", "is_unknown"]

# Texts that tell nothing.
_UNKNOWN = {"", "n/a", "na", "unknown", "none", "null", "undefined", "undef", "-", "--", "?"}
# A number in a text: Python would take '1_5' for 15 as well.
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


def header_value(header, key, default=None):
    """Value of a key in a header, or the default. Raises ValueError where its card cannot be read, or is ambiguous."""
    try:
        value = header[key]
        if isinstance(value, fits.Header):  # astropy takes 'EXP*' for a pattern
            return default
        number = header.count(key) if isinstance(header, fits.Header) else 1
        others = [header[key, index] for index in range(1, number)]
    except KeyError:
        return default
    except VerifyError:
        raise ValueError(f"{key} in the header cannot be read: {_broken_card(header, key)!r}") from None
    for other in others:
        if other != value:
            raise ValueError(f"{key} is in the header twice, {value!r} and {other!r}")
    return value


def _broken_card(header, key):
    """The first 80 characters of the first card of a key that cannot be read."""
    for card in header.cards:
        if card.keyword == key.upper():
            try:
                _ = card.value
            except VerifyError:
                # Not `image`, which repairs the card as far as it can, and warns.
                return shown((card._image or key)[:80]).rstrip()
    return key


def check_cards(header, keys):
    """Raise ValueError where a card of one of the keys cannot be read."""
    for card in header.cards:
        if card.keyword in keys:
            try:
                _ = card.value
            except VerifyError:
                header_value(header, card.keyword)
                raise


def check_used_cards(header, label):
    """Raise ValueError where a card that a measurement may ask for cannot be read.

    A key that is there twice with different values is told where it is read: by `header_value`.
    """
    if isinstance(header, fits.Header):
        try:
            check_cards(header, USED_KEYS)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None


def check_unambiguous(header, label, keys=USED_KEYS):
    """Raise ValueError where one of the keys is in a header twice, with different values."""
    if isinstance(header, fits.Header):
        seen = set()
        twice = {card.keyword for card in header.cards if card.keyword in seen or seen.add(card.keyword)}
        try:
            for key in sorted(twice.intersection(keys)):
                header_value(header, key)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None


def header_number(frame, key):
    """A finite number from a frame's header; anything else is an error that names frame, key and value."""
    try:
        value = header_value(frame.header, key)
    except ValueError as error:
        raise ValueError(f"{frame.label}: {error}") from None
    number = math.nan
    if not isinstance(value, bool) and (not isinstance(value, str) or _NUMBER.fullmatch(value)):
        with suppress(TypeError, ValueError, OverflowError):
            number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{frame.label}: {key} in the header must be a finite number, got {value!r}")
    return number


def is_unknown(value):
    """Whether the value of a card tells nothing: there is none, or a text such as 'N/A'."""
    return value is None or isinstance(value, fits.card.Undefined) or str(value).strip().lower() in _UNKNOWN
