# Licensed under a 3-clause BSD style license - see LICENSE
"""What frames show, held against what headers and arguments tell of them: an error, a warning, or the value to use."""

from dataclasses import replace

from astropy import units as u

from .._interface.warnings import HeaderWarning, NoiseWarning, warn
from ..frames.evidence.finding import WRONG, Told, told_by
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.photon_transfer import noise_finding
from ..frames.evidence.pixel_values import warn_of_counts
from ..frames.headers import GAIN_KEYS, READ_NOISE_KEYS, SATURATION_KEYS

__all__ = ["frame_group", "heed", "heed_bias_noise"]

_KEYS = {"gain": GAIN_KEYS, "read_noise": READ_NOISE_KEYS, "saturation": SATURATION_KEYS, "n_combined": ("NCOMBINE",)}


def frame_group(frames, seconds, combined, bias, level, values, arguments):
    """`FrameGroup` of darks and their `Bias`.

    ``level`` is the bias level (the frames' unit) where it was given as a number; ``values`` has what is told (None:
    nothing), ``arguments`` what the user gave, by the names of the arguments.
    """
    told = {
        name: Told(value, told_by(arguments[name], _KEYS[name])) for name, value in values.items() if value is not None
    }
    return FrameGroup(frames, seconds, master=bias.frame, level=level, told=told, combined=combined)


def heed(found, told, check_headers):
    """Warn of what values and noise show (`PixelFindings`), or raise ValueError; returns the `Saturation` to use.

    A header that the frames refute is an error where ``check_headers`` is true, and else believed without a word.
    ``told`` is that of the `FrameGroup`.
    """
    saturation = found.values.warn(check_headers)
    for finding in found.transfer:
        _act_on(finding, told.get(finding.check.replace(" ", "_")), check_headers)
    return saturation


def heed_bias_noise(frames, scale, noise, argument, check_headers):
    """Warn where values of bias frames are no counts; hold a read ``noise`` (electron) against their scatter.

    ``scale`` is in electrons per unit of the frames; ``argument`` is the read noise as the user gave it.
    """
    told = {"gain": Told(scale, "argument")}
    if noise is not None:
        told["read_noise"] = Told(noise, told_by(argument, READ_NOISE_KEYS))
    group = FrameGroup(frames, [0.0] * len(frames), frames, told=told)
    if warn_of_counts(group) and noise is not None:
        finding = noise_finding(group, scale)
        if group.unit == u.adu:
            # Bias frames have no dark electrons that tell the gain.
            why = f"{finding.sentence}; or the right gain, if {scale:.4g} electron/adu is wrong"
            finding = replace(finding, sentence=why)
        _act_on(finding, group.told["read_noise"], check_headers)


def _act_on(finding, told, check_headers):
    """A ValueError where a header is wrong, a warning where it is in doubt; of an argument, a warning at most."""
    if not finding.is_doubt:
        return
    # That frames do not belong together is no matter of what is told.
    is_of_header = finding.told is not None and not told.is_given
    if finding.verdict == WRONG and check_headers and (is_of_header or finding.told is None):
        raise ValueError(finding.sentence)
    if check_headers or not is_of_header:
        warn(finding.sentence, HeaderWarning if is_of_header else NoiseWarning)
