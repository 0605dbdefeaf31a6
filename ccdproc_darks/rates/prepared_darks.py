# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark frames with all that their headers and the user's arguments tell of them: the steps before a dark rate."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._interface.arguments import checked_count, checked_flag
from ..frames.belonging import check_bias, check_darks, check_exposures
from ..frames.duplicates import distinct_frames, same_values
from ..frames.headers import (
    SATURATION_KEYS,
    common_setting,
    equal_exposures,
    exposures,
    frame_settings,
    known_gain,
)
from ..frames.inputs import as_frames
from .bias import MOST_COMBINED, Bias, as_bias, combined_number
from .dark_frames import DarkSet, ElectronReader
from .frame_selection import FrameSelection, warn_temperatures
from .read_noise import given_noise, measured_noise

__all__ = ["PreparedDarks", "prepare_darks"]


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
        Read noise of a frame (electron).
    source : str
        Source of the noise, see `ccdproc_darks.rates.rate_meta.RateMeta`.
    gain, saturation : float or None
        Gain (electron/adu); saturation level (the frames' unit).
    """

    frames: list
    dark_sets: list
    reader: ElectronReader
    bias: Bias
    bias_error: float
    noise: float | None
    source: str
    gain: float | None
    saturation: float | None

    @property
    def shape(self):
        """Rows and columns."""
        return self.frames[0].shape


def prepare_darks(darks, *, gain, read_noise, bias, exposure, saturation, n_combined, offset, check_headers, execution):
    """`PreparedDarks` from the arguments of `dark_rate`; threads of the `Execution` read samples of them."""
    frames = as_frames(darks)
    gain_of_header, gain = gain is None, known_gain(gain, frames)
    saturation = _saturation(saturation, frames, gain)
    seconds, combined = exposures(exposure, frames), _combined(n_combined, frames)
    noise, source = given_noise(read_noise, frames)
    if checked_flag("check_headers", check_headers):
        is_nothing = bias is None or (isinstance(bias, u.Quantity) and not np.any(bias.value))
        check_darks(frames, subtracts_bias=not is_nothing)
    kept = distinct_frames(frames, seconds, combined)
    frames, seconds, combined = ([each[index] for index in kept] for each in (frames, seconds, combined))
    dark_sets = _dark_sets(frames, seconds, combined)
    if offset == "pixel" and len(dark_sets) < 2:
        raise ValueError(
            f"offset='pixel' needs frames of two exposure times or more, got only {dark_sets[0].seconds:g} s"
        )
    the_bias = Bias() if offset == "pixel" and bias is None else as_bias(bias, frames, gain)
    if exposure is None and check_headers:
        check_exposures(frames)
    if the_bias.frame is not None:
        _check_not_a_dark(the_bias.frame, frames)
        if check_headers:
            shortest = dark_sets[0].seconds
            check_bias(the_bias.frame, frames, shortest=shortest, gain_of_header=gain_of_header, exposure=exposure)
    warn_temperatures(frames)
    scale = gain if frames[0].unit == u.adu else 1.0
    reader = ElectronReader(scale, the_bias, saturation, own_noise=source == "uncertainty")
    for dark_set in dark_sets:
        selection = FrameSelection.of(dark_set, reader, execution)
        selection.warn(f"frames of {dark_set.seconds:g} s", ", and shifts all rates")
    if source in ("none", "uncertainty"):
        noise, source = measured_noise(dark_sets, reader, source, offset)
        reader.own_noise = source == "uncertainty"
    error = the_bias.error(noise)
    return PreparedDarks(frames, dark_sets, reader, the_bias, error, noise, source, gain, saturation)


def _check_not_a_dark(bias, darks):
    """A ValueError if a master bias is one of the darks."""
    row = _middle_row(bias)
    alike = (dark for dark in darks if np.array_equal(_middle_row(dark), row, equal_nan=True))
    copy = next((dark for dark in alike if same_values(bias, dark)), None)
    if copy is not None:
        raise ValueError(
            f"bias is one of the darks: {bias.label} and {copy.label} have the same value in every pixel; pass a "
            "master bias, or the bias level as a Quantity"
        )


def _middle_row(frame):
    """Values of one row, in the precision that a copy has at least."""
    middle = frame.shape[0] // 2
    with np.errstate(over="ignore"):
        return frame.rows(slice(middle, middle + 1)).values.astype(np.float32)


def _saturation(saturation, frames, gain):
    """Saturation level in the frames' unit, or None."""
    unit, dtype = frames[0].unit, frames[0].dtype
    convert = [(u.adu, u.electron, lambda x: x * gain, lambda x: x / gain)] if gain else []
    # A header's SATURATE is in adu; frames in electron of unknown gain cannot be compared with it.
    keys = SATURATION_KEYS if unit == u.adu or gain else ()
    levels = frame_settings("saturation", saturation, frames, unit, keys, header_unit=u.adu, equivalencies=convert)
    level = common_setting("saturation", levels, frames)
    if dtype.kind == "u":
        top = float(np.iinfo(dtype).max)
        level = top if level is None else min(level, top)
    return level


def _combined(n_combined, frames):
    if n_combined is None:
        return [combined_number(frame, "n_combined") for frame in frames]
    return [checked_count("n_combined", n_combined, MOST_COMBINED)] * len(frames)


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
