# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether rates and mask, taken as a whole, can be those of a dark sensor."""

import numpy as np
from astropy import units as u

from .._interface.flags import DARK_FLAGS
from ..frames.evidence.finding import DOUBTFUL, OK, WRONG, Finding
from ..rates.typical_rate import typical_rate

__all__ = ["NOT_BELIEVED", "result_findings"]

#: What is to be said of flags where one read noise will not do and there is no map.
NOT_BELIEVED = (
    "The flags NONLINEAR and TELEGRAPH are not to be believed: most of them are on good pixels that are noisier to "
    "read than the one read noise taken for all (see the check of the read noise)"
)

_CHECK = "result"
# Fraction of pixels masked from which on the mask is doubtful, and from which on it is wrong.
_MANY, _MOST = 0.1, 0.5
# Flags that a pixel is masked for.
_REASONS = ("TELEGRAPH", "NONLINEAR", "SATURATED", "HOT")
# Bias levels of a good camera drift by less than this (adu); typical rates differ by less than this fraction, and by
# fewer than this many of their errors.
_DRIFT, _FRACTION, _SIGMAS = 1.5, 0.1, 5.0
# Fewest pixels for a typical rate.
_TYPICAL_PIXELS = 1000


def result_findings(rates, mask, *, has_bias=True):
    """Findings about results, as one list: share of pixels masked, sign of the threshold, rates of the times.

    Parameters
    ----------
    rates : list of `~astropy.nddata.CCDData`
        Results of `~ccdproc_darks.dark_rate`, one of each exposure time, or one of all.
    mask : `~astropy.nddata.CCDData`
        Result of `~ccdproc_darks.hot_pixel_mask` of them.
    has_bias : bool
        Whether the bias was subtracted: else rates of single exposure times have an offset, and tell nothing.
    """
    found = [_masked(mask), *_threshold(mask)]
    if has_bias and len(rates) > 1:
        found += _times(rates)
    doubts = [finding for finding in found if finding.is_doubt]
    return doubts or found[:1]


def _masked(mask):
    share = float(np.mean(mask.mask))
    shown = f"{100 * share:.3g} %"
    text = f"{shown} of the pixels are masked"
    found = share * 100 * u.percent
    if share <= _MANY:
        limit = mask.meta["DKTHRESH"]
        return Finding(_CHECK, OK, f"{text}, and the threshold of hot pixels is {limit:.3g} electron/s", found)
    shares = {name: float(np.mean(mask.data & DARK_FLAGS[name] != 0)) for name in _REASONS}
    reason = max(shares, key=shares.get)
    why = f", most of them as {reason} ({100 * shares[reason]:.3g} %)" if shares[reason] > 0 else ""
    return Finding(
        _CHECK,
        WRONG if share > _MOST else DOUBTFUL,
        f"{text}{why}, and no sensor that is in use has so many bad ones: gain, read noise or bias are not those of "
        "the frames, or the frames differ from one another. See the other checks before you use the mask",
        found,
    )


def _threshold(mask):
    threshold = mask.meta["DKTHRESH"]
    if threshold <= 0:
        yield Finding(
            _CHECK,
            WRONG,
            f"pixels above {threshold:.3g} electron/s would be hot, and no dark rate is below zero: the bias is above "
            "the zero of the darks, or the camera subtracts its dark current itself. Take the bias frames in the same "
            "setting as the darks, and see the checks of bias and optical black",
            threshold * u.electron / u.s,
        )


def _times(rates):
    """A doubt where typical rates of two exposure times differ by more than a drift of the bias level explains."""
    known = [rate for rate in rates if np.count_nonzero(~rate.mask) >= _TYPICAL_PIXELS]
    if len(known) < 2:
        return
    known.sort(key=lambda rate: rate.meta["DKEXPMAX"])
    (short, first, first_error), (long, last, last_error) = (
        (rate.meta["DKEXPMAX"], *typical_rate(rate)) for rate in (known[0], known[-1])
    )
    gain = rates[0].meta.get("DKGAIN", 1.0)
    drift = _DRIFT * gain * (1 / short + 1 / long)
    error = np.hypot(first_error or 0.0, last_error or 0.0)
    if abs(first - last) > drift + _SIGMAS * error + _FRACTION * max(abs(first), abs(last)):
        offset = (first - last) / (1 / short - 1 / long) / gain
        yield Finding(
            _CHECK,
            DOUBTFUL,
            f"typical pixels have {first:.3g} electron/s in {short:g} s and {last:.3g} in {long:g} s, as if the bias "
            f"were {abs(offset):.2g} adu {'below' if offset > 0 else 'above'} the zero of the darks: all rates are "
            "off, those of short exposures most. Take the bias frames along with the darks, in the same setting",
            offset * u.adu,
        )
