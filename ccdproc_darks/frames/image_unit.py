# Licensed under a 3-clause BSD style license - see LICENSE
"""Unit of an image, adu or electron: as the user gives it, and as BUNIT spells it."""

import re

from astropy import units as u

from .._interface.arguments import unit_name
from .cards import header_value, is_unknown

__all__ = ["checked_unit", "unit_of_header"]

# How BUNIT spells the two units, without case and blanks.
_ADU = {"adu", "adus", "count", "counts", "ct", "cts", "dn", "dns", "digitalnumber", "digitalnumbers", "datanumber",
        "datanumbers", "adunits", "a/dunits", "analogdigitalunit", "analogdigitalunits", "lsb", "raw"}  # fmt: skip
_ELECTRON = {"electron", "electrons", "e", "e-", "e\u2212", "elec", "electr", "photoelectron", "photoelectrons"}
_RATE = re.compile(r"(?:/|per)(?:s|sec|secs|second|seconds)$|(?:s|sec)(?:\^|\*\*)?\(?-1\)?$")


def checked_unit(unit, label):
    """``unit`` as an astropy unit, if it is adu or electron; else an error."""
    try:
        unit = u.Unit(unit)
        is_known = unit in (u.adu, u.electron)
    except Exception:  # astropy may fail on a text of any kind
        raise u.UnitsError(f"{label} has the unit {unit!r}, expected adu or electron") from None
    if not is_known:
        raise u.UnitsError(f"{label} is in {unit_name(unit)}, expected adu or electron")
    return unit


def unit_of_header(header, label):
    """Unit of a FITS image by BUNIT, in all common spellings; adu where that tells nothing, as in a camera's files.

    Raises UnitsError for any other unit.
    """
    value = header_value(header, "BUNIT")
    if is_unknown(value):
        return u.adu
    text = "".join(str(value).lower().split())
    if text in _ADU:
        return u.adu
    if text in _ELECTRON:
        return u.electron
    told = f"{label}: BUNIT in the header is {str(value).strip()!r}"
    if _RATE.search(text):
        raise u.UnitsError(f"{told}, a rate already: pass the frames that it was made of, in adu or electron")
    raise u.UnitsError(f"{told}, expected adu or electron; pass unit if the header is wrong")
