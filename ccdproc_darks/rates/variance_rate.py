# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rate of a typical pixel by the variance of equal frames, which grows with exposure time as the electrons do."""

from .._interface.arguments import GAIN_UNIT
from ..frames.belonging import Labelled, check_darks, check_one_sensor
from ..frames.duplicates import distinct_frames
from ..frames.evidence.finding import Told
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.optical_black import optical_black
from ..frames.headers import exposures, known_gain
from ..frames.inputs import as_frames
from .bias import combined_numbers
from .measure_gain import bias_of_group

__all__ = ["variance_rate"]


def variance_rate(darks, rate, *, bias, exposure, reading, check_headers):
    """Rate (electron/s), its standard error, and why the frames cannot tell, as ``(None, None, reason)``.

    ``darks``, ``bias``, ``exposure`` and ``check_headers`` are as for `dark_rate`; ``rate`` is what that made of the
    same frames. It takes two equal frames or more of two exposure times, or of one and bias frames.
    """
    frames = as_frames(darks, "frames", reading)
    if frames[0].shape != rate.shape:
        raise ValueError(
            f"frames must have the shape of the rates, {rate.shape}; {frames[0].label} has {frames[0].shape}: pass "
            "overscan or trim as dark_rate got them"
        )
    seconds, combined = exposures(exposure, frames), combined_numbers(None, frames)
    if check_headers:
        check_one_sensor("rates and frames", [Labelled("rates[0]", rate.meta), frames[0]])
        check_darks(frames, subtracts_bias=bias is not None)
    kept = distinct_frames(frames, seconds, combined)
    frames, seconds, combined = ([each[index] for index in kept] for each in (frames, seconds, combined))
    told, gain = {}, rate.meta.get("DKGAIN")
    if (known := known_gain(None if gain is None else gain * GAIN_UNIT, frames)) is not None:
        told["gain"] = Told(known, "argument")
    fields = bias_of_group(bias, frames, reading, check_headers)
    found = optical_black(FrameGroup(frames, seconds, told=told, combined=combined, **fields))
    if found.rate is None:
        return None, None, found.reason
    return found.rate, found.error, ""
