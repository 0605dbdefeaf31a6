# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark frames with all that their headers and the user's arguments tell of them: the steps before a dark rate."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._interface.arguments import checked_flag
from .._interface.warnings import NoiseWarning, warn
from ..frames.belonging import check_bias, check_darks, check_exposures
from ..frames.duplicates import check_not_a_dark, distinct_frames
from ..frames.evidence.clipping import Saturation
from ..frames.evidence.map_scatter import map_scatter
from ..frames.evidence.noise_spread import NoiseSpread, noise_spread
from ..frames.evidence.pixel_findings import PixelFindings
from ..frames.headers import (
    SATURATION_KEYS,
    common_setting,
    equal_exposures,
    exposures,
    frame_settings,
    known_gain,
)
from ..frames.inputs import as_frames
from ..frames.reading import AS_IT_IS
from ..frames.sections import warn_untrimmed
from ..frames.trimmed_frame import highest_overscan, marked
from .bias import Bias, as_bias, combined_numbers
from .dark_frames import DarkSet, ElectronReader
from .frame_evidence import frame_group, heed
from .frame_selection import FrameSelection, warn_temperatures
from .pixel_noise import PixelNoise, is_map
from .read_noise import given_noise, measured_noise
from .restored_levels import checked_optical_black, restore_levels

__all__ = ["PreparedDarks", "prepare_darks"]

# Pixels that are enough for a spread of read noise that matters.
_SPREAD_PIXELS = 2**16


@dataclass
class PreparedDarks:
    """Dark frames with their settings.

    Attributes
    ----------
    frames : list
        All frames.
    dark_sets : list of `ccdproc_darks.rates.dark_frames.DarkSet`
        The frames by exposure time, the shortest first.
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        Reads rows of a set as electrons.
    bias : `ccdproc_darks.rates.bias.Bias`
        Bias that the reader subtracts.
    bias_error : float
        Error of the bias (electron).
    noise : float or None
        Read noise of a frame (electron); where each pixel has its own, that of a typical one.
    source : str
        Source of the noise, see `ccdproc_darks.rates.rate_meta.RateMeta`.
    gain : float or None
        Gain (electron/adu).
    saturation : `ccdproc_darks.frames.evidence.clipping.Saturation`
        Saturation level (the frames' unit), and its source.
    optical_black : float or None
        Typical rate (electron/s) that was added because the camera subtracts its optical black.
    temperature : float or None
        Mean temperature of the sensor (deg C).
    pixel_noise : `ccdproc_darks.rates.pixel_noise.PixelNoise` or None
        Read noise of each pixel; None where all have the same.
    spread : `ccdproc_darks.frames.evidence.noise_spread.NoiseSpread` or None
        Whether one read noise will do, where there is one; None where the darks cannot tell.
    map_frames : int or None
        Number of darks from which ``pixel_noise`` was made; None where it was given.
    """

    frames: list
    dark_sets: list
    reader: ElectronReader
    bias: Bias
    bias_error: float
    noise: float | None
    source: str
    gain: float | None
    saturation: Saturation
    optical_black: float | None = None
    temperature: float | None = None
    pixel_noise: PixelNoise | None = None
    spread: NoiseSpread | None = None
    map_frames: int | None = None

    @property
    def shape(self):
        """Rows and columns."""
        return self.frames[0].shape


def prepare_darks(
    darks, *, gain, read_noise, bias, exposure, saturation, n_combined, offset, optical_black=None, check_headers,
    execution, reading=AS_IT_IS,
):  # fmt: skip
    """`PreparedDarks` from the arguments of `dark_rate`, read as `Reading` tells.

    Threads of the `Execution` read samples of them.
    """
    arguments = {"gain": gain, "read_noise": read_noise, "saturation": saturation, "n_combined": n_combined}
    optical_black = checked_optical_black(optical_black)
    frames = as_frames(darks, reading=reading)
    gain = known_gain(gain, frames)
    saturation = _told_saturation(saturation, frames, gain)
    seconds, combined = exposures(exposure, frames), combined_numbers(n_combined, frames)
    noise, source, pixel_noise = _told_noise(read_noise, frames, arguments["gain"] is None, check_headers)
    if checked_flag("check_headers", check_headers):
        is_nothing = bias is None or (isinstance(bias, u.Quantity) and not np.any(bias.value))
        check_darks(frames, subtracts_bias=not is_nothing)
        warn_untrimmed(frames, reading)
    kept = distinct_frames(frames, seconds, combined)
    frames, seconds, combined = ([each[index] for index in kept] for each in (frames, seconds, combined))
    if offset == "pixel" and len(equal_exposures(seconds)) < 2:
        raise ValueError(f"offset='pixel' needs frames of two exposure times or more, got only {np.mean(seconds):g} s")
    the_bias = Bias() if offset == "pixel" and bias is None else as_bias(bias, frames, gain, reading)
    _check_bias(the_bias, frames, min(seconds), exposure, arguments["gain"] is None, check_headers)
    if exposure is None and check_headers:
        check_exposures(frames)
    temperature = warn_temperatures(frames)
    scale = gain if frames[0].unit == u.adu else 1.0
    level = the_bias.level / scale if isinstance(bias, u.Quantity) else None
    if bias is None and not (offset == "pixel" or frames[0].dtype.kind == "u"):
        level = 0.0  # it is subtracted
    told = {"gain": gain, "read_noise": noise, "saturation": saturation, "n_combined": n_combined}
    group = frame_group(frames, seconds, combined, the_bias, level, told, arguments)
    found = PixelFindings(group, black_is_subtracted=bool(optical_black))
    saturation = heed(found, group.told, check_headers)
    dark_sets = _dark_sets(marked(frames, saturation.level), seconds, combined)
    reader = ElectronReader(
        scale, the_bias, saturation.level, own_noise=source == "uncertainty", overscan=highest_overscan(frames)
    )
    for dark_set in dark_sets:
        selection = FrameSelection.of(dark_set, reader, execution)
        selection.warn(f"frames of {dark_set.seconds:g} s", ", and shifts all rates")
    optical_black = restore_levels(dark_sets, group, found.levels, optical_black, offset)
    if source in ("none", "uncertainty"):
        noise, source = measured_noise(dark_sets, reader, source, offset)
        reader.own_noise = source == "uncertainty"
    error = the_bias.error(noise, of_map=pixel_noise is not None)
    has_one = noise is not None and pixel_noise is None
    if pixel_noise is not None:
        _check_map(pixel_noise, group)
    return PreparedDarks(
        frames, dark_sets, reader, the_bias, error, noise, source, gain, saturation, optical_black, temperature,
        pixel_noise, noise_spread(group, noise, _SPREAD_PIXELS) if has_one else None,
    )  # fmt: skip


def _check_bias(bias, frames, shortest, exposure, gain_of_header, check_headers):
    """A ValueError, or a warning, if a `Bias` does not go with the darks."""
    if bias.frame is not None:
        check_not_a_dark(bias.frame, frames)
        if check_headers:
            check_bias(bias.frame, frames, shortest=shortest, gain_of_header=gain_of_header, exposure=exposure)


def _told_noise(read_noise, frames, gain_of_header, check_headers):
    """Read noise (electron) that the user or the headers tell, or None; its source; and that of each pixel, or None."""
    if not is_map(read_noise):
        return *given_noise(read_noise, frames), None
    noise = PixelNoise.of_frames(read_noise, frames, gain_of_header=gain_of_header, check_headers=check_headers)
    return noise.typical, "map", noise


def _check_map(pixel_noise, group):
    """Warn where a map is of another sensor than the darks of a `FrameGroup`."""
    found = map_scatter(group, np.sqrt(pixel_noise.variance), is_exact=pixel_noise.distribution is None)
    if found is not None and found.is_of_another:
        warn(found.sentence, NoiseWarning)


def _told_saturation(saturation, frames, gain):
    """Saturation level (the frames' unit) that the user or the headers tell, or None."""
    unit = frames[0].unit
    convert = [(u.adu, u.electron, lambda x: x * gain, lambda x: x / gain)] if gain else []
    # A header's SATURATE is in adu; frames in electron of unknown gain cannot be compared with it.
    keys = SATURATION_KEYS if unit == u.adu or gain else ()
    levels = frame_settings("saturation", saturation, frames, unit, keys, header_unit=u.adu, equivalencies=convert)
    return common_setting("saturation", levels, frames)


def _dark_sets(frames, seconds, combined):
    """Frames by exposure time, the shortest first."""
    return [
        DarkSet(
            [frames[index] for index in group],
            float(np.mean([seconds[index] for index in group])),
            np.array([combined[index] for index in group], dtype=float),
        )
        for group in equal_exposures(seconds)
    ]
