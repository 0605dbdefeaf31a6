# Licensed under a 3-clause BSD style license - see LICENSE
"""World coordinate systems and dates of headers, read without the warnings of `astropy.wcs`.

`warnings.catch_warnings` is not for threads (see `ccdproc_darks._interface.warnings.filtered`). So no warning is raised
in the first place, but by headers that are not as usual. Even ``copy.deepcopy`` of a WCS goes through it, by making an
empty one.
"""

import copy
import math
import re

from astropy.io import fits
from astropy.wcs import WCS, WCSBase

from .warnings import filtered

__all__ = ["completed_dates", "copied_wcs", "cut_wcs", "is_wcs_key", "take_wcs"]

# Keys whose values are numbers in a header that wcslib takes without a warning; the others are texts.
_NUMBERS = re.compile(
    r"WCSAXES[A-Z]?|CR(PIX|VAL|OTA|DER)\d[A-Z]?|CDELT\d[A-Z]?|CSYER\d[A-Z]?|CD\d_\d[A-Z]?|PC\d_\d[A-Z]?|"
    r"LONPOLE[A-Z]?|LATPOLE[A-Z]?|EQUINOX[A-Z]?|EPOCH|MJD-\w+|MJDREF\w?|RESTFRQ[A-Z]?|RESTFREQ|RESTWAV[A-Z]?|VELANGL[A-Z]?|OBSGEO-[A-Z]"
)
_TEXTS = re.compile(r"CTYPE\d[A-Z]?|CUNIT\d[A-Z]?|CNAME\d[A-Z]?|WCSNAME[A-Z]?|RADESYS[A-Z]?|DATE(-\w+)?|TIMESYS")
# Distortions described in other ways, and an old key: astropy warns of some of them.
_DOUBTFUL = re.compile(r"PV\d+_\d+\w?|PS\d+_\d+\w?|CPDIS\d|CPERR\d|CQDIS\d|DP\d|DQ\d|D2IM\w+|AXISCORR|RADECSYS")
# What else wcslib and astropy take for their own: distortions, and what frequencies, velocities and times refer to.
_OTHERS = re.compile(
    r"[AB]P?_(ORDER|DMAX|\d+_\d+)|DATEREF|[BJ]EPOCH|(SPECSYS|SSYS(OBS|SRC)|VELOSYS|[ZV]SOURCE)[A-Z]?|VELREF|"
    r"TIMEUNIT|TREF(POS|DIR)|PLEPHEM|XPOSURE|TELAPSE|TSTART|TSTOP|TIME(DEL|OFFS|PIXR)"
)
# Dates that wcslib does not know.
_OTHER_DATES = re.compile(r"DATE(-(?!OBS|BEG|AVG|END|REF)\w+)?|MJD-(?!OBS|BEG|AVG|END|REF)\w+")
# Of absurd orders wcslib and astropy fill the memory.
_ORDERS, _MOST_ORDER = ("WCSAXES", "A_ORDER", "B_ORDER", "AP_ORDER", "BP_ORDER"), 99


def take_wcs(header):
    """World coordinate system of a header, or None; its keys are removed, as `astropy.nddata.CCDData.read` does."""
    try:
        small = all(0 <= int(header.get(key, 0)) <= _MOST_ORDER for key in _ORDERS)
        if not small or not str(header.get("CTYPE1", "")).strip():
            return None
        wcs = _read(header)
        written = wcs.to_header(relax=True)
        if not all(math.isfinite(value) for value in written.values() if isinstance(value, float)):
            return None  # it could not be written
        keys = set(written) - {"JD-OBS", "MJD-OBS", "DATE-OBS"}
    except Exception:  # a broken WCS is no reason not to measure a dark
        return None
    for key in keys | {"CD1_1", "CD1_2", "CD2_1", "CD2_2"}:
        header.remove(key, ignore_missing=True)
    return wcs


def is_wcs_key(key):
    """Whether astropy takes a key in upper case for one of world coordinates, or of the dates that belong to them."""
    known = any(kind.fullmatch(key) for kind in (_NUMBERS, _TEXTS, _DOUBTFUL, _OTHERS))
    return known and not _OTHER_DATES.fullmatch(key)


def completed_dates(dates):
    """Dates and their MJDs, as astropy completes them, from pairs (key, value)."""
    trial = fits.Header({"NAXIS": 2, "NAXIS1": 1, "NAXIS2": 1})
    trial.update(dates)
    return dict(_read(trial).to_header())


def copied_wcs(wcs):
    """A copy that shares nothing with a world coordinate system; None of None."""
    if type(wcs) is not WCS:
        return copy.deepcopy(wcs)
    # As copy.deepcopy does it.
    new = WCS(fix=False)
    new.naxis = wcs.naxis
    WCSBase.__init__(
        new, copy.deepcopy(wcs.sip), (copy.deepcopy(wcs.cpdis1), copy.deepcopy(wcs.cpdis2)), copy.deepcopy(wcs.wcs),
        (copy.deepcopy(wcs.det2im1), copy.deepcopy(wcs.det2im2)),
    )  # fmt: skip
    vars(new).update({name: copy.deepcopy(value) for name, value in vars(wcs).copy().items()})
    return new


def _is_usual(header):
    """Whether astropy reads the header without a warning, apart from what it mends."""
    for key, value in header.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if (_NUMBERS.fullmatch(key) and not number) or (_TEXTS.fullmatch(key) and not isinstance(value, str)):
            return False
        if _DOUBTFUL.fullmatch(key):
            return False
    return int(header.get("WCSAXES", 2)) <= int(header.get("NAXIS", 2))


def _read(header):
    if _is_usual(header):
        try:
            wcs = WCS(header, fix=False, _do_set=False)
            # As WCS(header) does it next, with a warning of each change.
            wcs.wcs.fix()
            wcs.wcs.set()
            return wcs
        except Exception:  # then as WCS(header) does it, whatever it says
            pass
    with filtered("ignore"):
        return WCS(header)


def cut_wcs(wcs, slices):
    """World coordinate system of a part of an image, by its slices of rows and columns.

    None without one, and where the part is turned round: `astropy.wcs` does not turn coordinates.
    """
    if wcs is None or any(part.step < 0 for part in slices):
        return None
    with filtered("ignore"):
        return wcs[slices]
