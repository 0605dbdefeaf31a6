# Licensed under a 3-clause BSD style license - see LICENSE
"""Which rates of two nights are compared: those of one exposure time that both have, where there is one."""

import math
from dataclasses import dataclass

from .._interface.arguments import SAME_EXPOSURE

__all__ = ["RateChoice", "choose_rates"]


@dataclass(frozen=True)
class RateChoice:
    """The rates of two nights that are compared."""

    files: tuple  # names of their files, before and after
    seconds: tuple  # exposure times (s)
    frames: tuple  # numbers of frames
    remark: str  # a sentence on what that means for the pixels found; empty where there is nothing to be said

    def __str__(self):
        before, after = (f"{frames} x {seconds:g} s" for frames, seconds in zip(self.frames, self.seconds, strict=True))
        return before if before == after else f"{before}, {after}"


def choose_rates(before, after):
    """`RateChoice` of two `FinishedGroup`; ValueError where one has no rates of single exposure times.

    The rate of a pixel that is not proportional depends on the exposure time: it is the same in two nights, where
    nothing has changed, only if the exposure times are. Of those that both nights have, the one is taken whose rates
    have the least noise, for a typical pixel; before them those of two frames or more in both nights, as nothing tells
    a cosmic ray in a single frame from a pixel that has changed. Where the nights have none in common, those that are
    nearest are taken.
    """
    for group in (before, after):
        if not group.exposures:
            raise ValueError(
                f"{group.folder} has no rates of single exposure times, as its darks have no bias; make the report "
                "again with bias frames (--bias)"
            )

    def apart(names):
        seconds = before.exposures[names[0]]["DKEXPMIN"], after.exposures[names[1]]["DKEXPMIN"]
        return 0.0 if math.isclose(*seconds, rel_tol=SAME_EXPOSURE) else abs(math.log(seconds[1] / seconds[0]))

    def rank(names):
        headers = before.exposures[names[0]], after.exposures[names[1]]
        variance = sum(map(_variance, headers, (before, after)))
        return apart(names), min(header["NCOMBINE"] for header in headers) < 2, variance

    files = min(((first, second) for first in before.exposures for second in after.exposures), key=rank)
    headers = before.exposures[files[0]], after.exposures[files[1]]
    seconds, frames = (tuple(header[key] for header in headers) for key in ("DKEXPMIN", "NCOMBINE"))
    remark = ""
    if apart(files):
        remark = (
            "The nights have no exposure time in common: a pixel that is not proportional to exposure time looks "
            "changed, though it is not."
        )
    elif min(frames) < 2:
        remark = "A night has a single frame of that exposure time: a cosmic ray in it looks like a changed pixel."
    return RateChoice(files, seconds, frames, remark)


def _variance(header, group):
    """Variance of the rate of a typical pixel ((electron/s)^2), without the error of the bias."""
    seconds, frames = header["DKEXPMIN"], header["NCOMBINE"]
    return (max(group.typical, 0.0) * seconds + header.get("DKRDNOI", 0.0) ** 2) / (frames * seconds**2)
