# Licensed under a 3-clause BSD style license - see LICENSE
"""Gain and read noise with which a group is measured: told, or measured where nobody tells, or tells wrong."""

from dataclasses import dataclass, field

from astropy import units as u

from .._interface.arguments import GAIN_UNIT, checked_quantity
from ..frames.evidence.finding import DOUBTFUL, WRONG, Told
from ..frames.evidence.frame_group import FrameGroup
from ..frames.evidence.noise_spread import NoiseSpread, noise_spread
from ..frames.evidence.photon_transfer import photon_transfer
from ..frames.evidence.pixel_findings import PixelFindings
from ..frames.headers import GAIN_KEYS, READ_NOISE_KEYS, SAME_SETTING, common_setting, frame_settings
from ..rates.bias import combined_number
from ..rates.measure_gain import measure_gain
from .options import MEASURED
from .verdict import doubts

__all__ = ["Camera", "camera_of"]


@dataclass
class Camera:
    """Gain and read noise of the camera of a group.

    Attributes
    ----------
    gain : Quantity or None
        Gain (electron/adu); None for frames in electron whose gain nobody tells.
    gain_source : str
        Where it is from, in words.
    gain_error : Quantity or None
        Standard error of a gain that was measured.
    read_noise : Quantity or None
        Read noise (electron) that the user or the headers tell, and the frames do not refute; else None.
    noise_source : str
        Where it is from, in words.
    notes : list of str
        What was measured because the user asked for it.
    spread : `ccdproc_darks.frames.evidence.noise_spread.NoiseSpread` or None
        By how much read noise differs from pixel to pixel; None where the frames cannot tell.
    settled : dict
        What headers tell wrong, or in doubt, and what was done about it, by the name of the check.
    """

    gain: u.Quantity | None = None
    gain_source: str = ""
    gain_error: u.Quantity | None = None
    read_noise: u.Quantity | None = None
    noise_source: str = ""
    spread: NoiseSpread | None = None
    notes: list = field(default_factory=list)
    settled: dict = field(default_factory=dict)

    def is_new(self, text):
        """Whether a warning tells of what the user gave: what headers tell is in the notes."""
        if text.startswith("read noise differs"):
            # The check of the read noise tells it.
            return False
        is_known = {"the gain is given as": self.gain_source, "the read noise is given as": self.noise_source}
        return not any(text.startswith(begin) and source != "as given" for begin, source in is_known.items())


def camera_of(group, options):
    """`Camera` of a group, by what the `Options` and the headers tell; a ValueError without a gain."""
    frames, camera = [frame.file for frame in group.darks], Camera()
    if isinstance(options.gain, u.Quantity):
        checked_quantity("gain", options.gain, GAIN_UNIT)
        camera.gain, camera.gain_source = options.gain, "as given"
    elif options.gain == MEASURED and frames[0].unit == u.adu:
        _measure(camera, group, options)
    else:
        camera.gain, camera.gain_source = _of_header("gain", frames, GAIN_UNIT, GAIN_KEYS), "from the headers"
    if camera.gain is None and frames[0].unit == u.adu:
        raise ValueError(
            "no gain: the headers have no EGAIN; give it as --gain (electron/adu), or let the darks tell it by "
            "--gain measured"
        )
    camera.read_noise = options.typical_read_noise
    camera.noise_source = "as given"
    if camera.read_noise is None:
        camera.read_noise = _of_header("read_noise", frames, u.electron, READ_NOISE_KEYS)
        camera.noise_source = "" if camera.read_noise is None else "from the headers"
    _refute(camera, group, frames)
    return camera


def _of_header(argument, frames, unit, keys):
    value = common_setting(argument, frame_settings(argument, None, frames, unit, keys), frames, SAME_SETTING)
    return None if value is None else value * unit


def _measure(camera, group, options):
    darks, biases = ([frame.file for frame in some] for some in (group.darks, group.biases))
    # That the frames belong together is known of their group.
    found = measure_gain(darks, bias=biases or None, saturation=options.saturation, check_headers=False)
    camera.gain, camera.gain_error, camera.gain_source = found.gain, found.gain_error, "measured from the darks"
    camera.notes.append(
        f"The gain is measured: {found.gain.value:.3g} +- {found.gain_error.value:.2g} electron/adu, from "
        f"{found.pixels} warm pixels in {found.frames} darks. All rates have its relative error in common."
    )


def _refute(camera, group, frames):
    """Hold what headers tell against the frames; what is wrong is replaced by what they show."""
    told = {}
    if camera.gain is not None:
        told["gain"] = Told(camera.gain.value, GAIN_KEYS[0] if camera.gain_source == "from the headers" else "argument")
    if camera.noise_source == "from the headers":
        told["read_noise"] = Told(camera.read_noise.value, READ_NOISE_KEYS[0])
    combined = [combined_number(frame) for frame in frames]
    some = FrameGroup(
        frames, [frame.seconds for frame in group.darks], biases=[frame.file for frame in group.biases], told=told,
        combined=combined,
    )  # fmt: skip
    found = PixelFindings(some)
    noises = [camera.read_noise, *(one.found for one in found.transfer if one.check == "read noise")]
    noise = next((each.to_value(u.electron) for each in noises if each is not None), None)
    # The scatter of values that are cut off is no read noise.
    is_cut_off = "clipping" in (one.check for one in doubts(found.values.findings))
    camera.spread = None if is_cut_off else noise_spread(some, noise)
    for finding in found.transfer:
        setting = some.told.get(finding.check.replace(" ", "_"))
        if finding.told is None or setting is None or setting.is_given or finding.verdict not in (DOUBTFUL, WRONG):
            continue
        text, name = finding.sentence.partition(". Pass ")[0], finding.check.replace(" ", "-")
        is_wrong = finding.verdict == WRONG
        used = "What the frames show is used" if is_wrong else "The header's is used"
        camera.settled[finding.check] = f"{text[0].upper()}{text[1:]}. {used}; --{name} tells another one"
        if is_wrong:
            source = "measured from the frames, as the headers' is refuted"
            if finding.check == "gain":
                camera.gain, camera.gain_source = finding.found, source
                is_of_step = setting.value == finding.found.value * (found.values.digits.step or 0)
                camera.gain_error = None if is_of_step else photon_transfer(some).gain_error * GAIN_UNIT
            elif group.biases:
                camera.read_noise, camera.noise_source = None, ""
            else:
                camera.read_noise, camera.noise_source = finding.found, source
