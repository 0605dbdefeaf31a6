# Licensed under a 3-clause BSD style license - see LICENSE
"""Levels of a group of frames, settled before its rates are measured: the bias, and a subtracted optical black."""

from .._interface.arguments import ELECTRON_PER_SECOND
from ..frames.evidence.bias_offset import bias_offset
from ..frames.evidence.finding import Told
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.optical_black import optical_black

__all__ = ["settle_levels"]


def settle_levels(result, gain, read_noise):
    """Options of `dark_rate` for the optical black, from the frames of a `Measured`; its bias is moved to the darks.

    Where the bias lies at another level than the darks at zero exposure, a typical pixel's rate is so that of the
    slope of counts over exposure time. What was done is told in ``settled``.
    """
    frames = [frame for _, same in result.exposures for frame in same]
    seconds = [time for time, same in result.exposures for _ in same]
    told = {"gain": gain, "read_noise": read_noise}
    group = FrameGroup(
        [frame.file for frame in frames],
        seconds,
        biases=[frame.file for frame in result.group.biases],
        told={name: Told(each.value, "argument") for name, each in told.items() if each is not None},
    )
    black = optical_black(group)
    if black.is_subtracted:
        finding = black.finding()
        text = finding.sentence.partition(", or give the")[0]
        result.settled[finding.check] = text.replace("the camera", "The camera", 1)
        return {"optical_black": black.rate * ELECTRON_PER_SECOND}
    offset = bias_offset(group, black)
    finding = offset.finding()
    if finding.is_doubt:
        result.bias.data = result.bias.data + offset.offset
        result.settled[finding.check] = (
            f"{finding.sentence}. Here {offset.offset:+.1f} {offset.unit} is added to the bias, so that a typical "
            "pixel's rate is that of the slope"
        ).replace("the bias lies", "The bias lies", 1)
    return {"optical_black": 0 * ELECTRON_PER_SECOND}
