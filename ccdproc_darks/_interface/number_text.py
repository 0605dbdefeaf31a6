# Licensed under a 3-clause BSD style license - see LICENSE
"""Numbers as people read them, in one form everywhere: with an error, or with three digits, or as a share."""

import math

__all__ = ["plain_number", "share_text", "with_error"]

_DIGITS = 3
# First digits of an error of which the next one is shown too: 1 alone could be anything from 0.95 to 1.5.
_TWO_DIGITS_BELOW = 3
# Per cent below which a share is not told.
_LEAST = 0.001


def plain_number(value, digits=_DIGITS):
    """A number without a known error, of three significant digits, never with an exponent.

    Examples
    --------
    >>> from ccdproc_darks._interface.number_text import plain_number
    >>> plain_number(0.024245), plain_number(59983.2), plain_number(0.0)
    ('0.0242', '59983', '0')
    """
    if not math.isfinite(value):
        return "not known"
    if value == 0:
        return "0"
    decimals = digits - 1 - _exponent(value, digits)
    return f"{value:.{max(decimals, 0)}f}"


def with_error(value, error, unit=""):
    """A number and its error, to the same decimal; the error has one digit, or two where the first is 1 or 2.

    ``error`` may be None or NaN, where it is not known: the number has three digits then.

    Examples
    --------
    >>> from ccdproc_darks._interface.number_text import with_error
    >>> with_error(0.00998, 0.00031, "electron/s")
    '0.0100 ± 0.0003 electron/s'
    >>> with_error(1.42517, 0.00142), with_error(12346, 120), with_error(2.5, None)
    ('1.4252 ± 0.0014', '12350 ± 120', '2.50')
    """
    if not math.isfinite(value):
        return plain_number(value)
    unit = f" {unit}" if unit else ""
    if error is None or not math.isfinite(error) or error <= 0:
        return f"{plain_number(value)}{unit}"
    first = float(f"{error:.1e}".partition("e")[0])
    digits = 2 if first < _TWO_DIGITS_BELOW else 1
    decimals = digits - 1 - _exponent(error, digits)
    value, error = round(value, decimals) + 0.0, round(error, decimals)
    decimals = max(decimals, 0)
    return f"{value:.{decimals}f} ± {error:.{decimals}f}{unit}"


def share_text(number, total):
    """A number of pixels, and its share of all.

    Examples
    --------
    >>> from ccdproc_darks._interface.number_text import share_text
    >>> share_text(5243, 1048576), share_text(1, 1048576), share_text(0, 10)
    ('5243 (0.50 %)', '1 (less than 0.001 %)', '0')
    """
    return f"{number} ({percent_text(number, total)})" if number else "0"


def percent_text(number, total):
    """Share of a number in all, of two digits.

    Examples
    --------
    >>> from ccdproc_darks._interface.number_text import percent_text
    >>> percent_text(5243, 1048576)
    '0.50 %'
    """
    percent = 100 * number / total
    if 0 < percent < _LEAST:
        return f"less than {_LEAST:g} %"
    return f"{plain_number(percent, 2)} %"


def _exponent(value, digits):
    """Power of ten of the first digit of a number that is rounded to some digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])
