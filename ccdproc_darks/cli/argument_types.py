# Licensed under a 3-clause BSD style license - see LICENSE
"""Types of the command's arguments: a text becomes a number, or an error that says what was expected."""

import argparse
import math
import os
from pathlib import Path

__all__ = [
    "exposures",
    "fraction",
    "gain",
    "header_key",
    "positive",
    "read_noise",
    "size",
    "tolerance",
    "unit",
    "whole",
]


def positive(text):
    """A positive, finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return value


def fraction(text):
    """A number between 0 and 1."""
    value = positive(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return value


def header_key(text):
    """A key of a FITS header, in capitals."""
    key = text.strip().upper()
    if not key.isascii() or not key.isprintable() or not key or "=" in key:
        raise argparse.ArgumentTypeError(f"expected the name of a header key, such as EXPTIME, got {_short(text)}")
    return key


def tolerance(text):
    """A positive number, or None of the text none."""
    return None if text.strip().lower() == "none" else positive(text)


def unit(text):
    """The name of a unit that frames may have."""
    name = text.strip().lower()
    if name not in ("adu", "electron"):
        raise argparse.ArgumentTypeError(f"expected adu or electron, got {_short(text)}")
    return name


def gain(text):
    """A positive, finite number, or the word measured."""
    if text == "measured":
        return text
    try:
        return positive(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error} (or the word measured)") from None


def read_noise(text):
    """A positive, finite number, or the path of a file that is there."""
    if os.path.isfile(text):
        return Path(text)
    try:
        return positive(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error} (or the FITS file of a map; there is no such file)") from None


def exposures(text):
    """Number of frames and exposure time (s), of a text such as 10x90."""
    number, times, seconds = text.partition("x")
    try:
        count, value = int(number) if number.isdecimal() else 0, float(seconds) if times else math.nan
    except ValueError:  # also of thousands of digits
        count, value = 0, math.nan
    if not (math.isfinite(value) and value > 0 and count > 0):
        raise argparse.ArgumentTypeError(f"expected NUMBERxSECONDS, such as 10x90, got {_short(text)}")
    return count, value


def size(text):
    """Rows and columns, of a text such as 1024 or 512x1024."""
    try:
        sides = [int(side) if side.isdecimal() else 0 for side in text.split("x")]
    except ValueError:
        sides = [0]
    if len(sides) > 2 or min(sides) < 1:
        raise argparse.ArgumentTypeError(f"expected ROWS or ROWSxCOLUMNS, such as 1024 or 512x1024, got {_short(text)}")
    return sides[0], sides[-1]


def whole(text, least=0):
    """A whole number, ``least`` or more."""
    try:
        value = int(text) if text.isdecimal() else -1
    except ValueError:
        value = -1
    if value < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {_short(text)}")
    return value


def _short(text):
    return repr(text) if len(text) <= 200 else f"'{text[:40]}... ({len(text)} characters)"
