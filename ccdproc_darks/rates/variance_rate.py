# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rate of a typical pixel by the variance of equal frames, which grows with exposure time as the electrons do."""

from ..frames.belonging import check_darks
from ..frames.duplicates import distinct_frames
from ..frames.evidence.finding import Told
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.optical_black import optical_black
from ..frames.headers import exposures, known_gain
from ..frames.inputs import as_frames
from .bias import combined_numbers
from .measure_gain import bias_of_group

__all__ = ["variance_rate"]


def variance_rate(darks, *, shape, bias, gain, exposure, reading, check_headers):
    """Rate (electron/s), its standard error, and why the frames cannot tell, as ``(None, None, reason)``.

    ``darks``, ``bias``, ``exposure`` and ``check_headers`` are as for `dark_rate`, ``gain`` is a Quantity or None;
    ``shape`` is that of the rates. It takes two equal frames or more of two exposure times, or of one and bias frames.
    """
    frames = as_frames(darks, "frames", reading)
    if frames[0].shape != shape:
        raise ValueError(
            f"frames must have the shape of the rates, {shape}; {frames[0].label} has {frames[0].shape}: pass overscan "
            "or trim as dark_rate got them"
        )
    seconds, combined = exposures(exposure, frames), combined_numbers(None, frames)
    if check_headers:
        check_darks(frames, subtracts_bias=bias is not None)
    kept = distinct_frames(frames, seconds, combined)
    frames, seconds, combined = ([each[index] for index in kept] for each in (frames, seconds, combined))
    known, told = known_gain(gain, frames), {}
    if known is not None:
        told["gain"] = Told(known, "argument")
    fields = bias_of_group(bias, frames, reading, check_headers)
    found = optical_black(FrameGroup(frames, seconds, told=told, combined=combined, **fields))
    if found.rate is None:
        return None, None, found.reason
    return found.rate, found.error, ""
