# Licensed under a 3-clause BSD style license - see LICENSE
"""Which rates of two nights are compared: those of one exposure time that both have, where there is one."""

import math
from dataclasses import dataclass

from .._interface.arguments import SAME_EXPOSURE

__all__ = ["RateChoice", "choose_rates"]

_ALL = "rate_all.fits"


@dataclass(frozen=True)
class RateChoice:
    """The rates of two nights that are compared."""

    before: str  # names of their files
    after: str
    seconds: float | None  # their exposure time (s); None where they are those of all exposure times
    frames: tuple  # frames of both
    reason: str  # a sentence on what that means for the pixels found; empty where there is nothing to be said


def choose_rates(before, after):
    """`RateChoice` of two `FinishedGroup`.

    The rate of a pixel that is not proportional depends on the exposure time: between two nights only rates of equal
    exposure times are the same where nothing has changed. Of the exposure times that both nights have, the one is taken
    whose rates have the least noise, for a typical pixel; before them those of two frames or more in both nights, as
    nothing tells a cosmic ray in a single frame from a pixel that has changed.
    """
    common = [
        (first, second)
        for first, one in before.exposures.items()
        for second, other in after.exposures.items()
        if math.isclose(one["DKEXPMIN"], other["DKEXPMIN"], rel_tol=SAME_EXPOSURE)
    ]
    if not common:
        frames = before.header["NCOMBINE"], after.header["NCOMBINE"]
        return RateChoice(_ALL, _ALL, None, frames, _why_all(before, after))

    def rank(names):
        headers = before.exposures[names[0]], after.exposures[names[1]]
        variance = sum(map(_variance, headers, (before, after)))
        return min(header["NCOMBINE"] for header in headers) < 2, variance

    first, second = min(common, key=rank)
    headers = before.exposures[first], after.exposures[second]
    frames = tuple(int(header["NCOMBINE"]) for header in headers)
    reason = ""
    if min(frames) < 2:
        reason = "One of the nights has a single frame of it: a cosmic ray in that looks like a pixel that has changed."
    return RateChoice(first, second, float(headers[0]["DKEXPMIN"]), frames, reason)


def _variance(header, group):
    """Variance of the rate of a typical pixel, ((electron/s)^2), without the error of the bias."""
    seconds, frames = header["DKEXPMIN"], header["NCOMBINE"]
    noise = header.get("DKRDNOI", 0.0)
    return (max(group.typical, 0.0) * seconds + noise**2) / (frames * seconds**2)


def _why_all(before, after):
    if not (before.exposures and after.exposures):
        why = "A night has no bias, so that only its rates of all exposure times are known"
    else:
        why = "The nights have no exposure time in common: the rates of all exposure times are compared"
    return f"{why}. A pixel that is not proportional to exposure time then looks changed, though it is not."
