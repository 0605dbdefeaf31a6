# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark frames made ready to be measured: what they are, what is taken from them, and how noisy they are."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._arguments import checked_number
from ..frames.headers import SATURATION_KEYS, common_setting, equal_exposures, exposures, frame_settings, known_gain
from ..frames.inputs import as_frames
from ..frames.quality_warnings import warn_temperatures
from .bias import Bias, as_bias, combined_number
from .dark_frames import DarkSet, ElectronReader
from .frame_selection import FrameSelection
from .read_noise import given_noise, measured_noise

__all__ = ["PreparedDarks", "prepare_darks"]


@dataclass
class PreparedDarks:
    """
    Dark frames made ready.

    Attributes
    ----------
    frames : list
        All of them.
    dark_sets : list of `ccdproc_darks.rates.dark_frames.DarkSet`
        By exposure time, the shortest first.
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        Reads rows of a set as electrons.
    bias : `ccdproc_darks.rates.bias.Bias`
        What it takes from them.
    bias_error : float
        Error of that (electron).
    noise : float or None
        Read noise of a frame (electron).
    source : str
        Where the noise is from, see `ccdproc_darks.rates.rate_meta.RateMeta`.
    gain, saturation : float or None
        electron/adu; the frames' unit.
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


def prepare_darks(darks, *, gain, read_noise, bias, exposure, saturation, n_combined, offset, execution):
    """
    `PreparedDarks` of what the user gave to `dark_rate`.

    Parameters
    ----------
    darks, gain, read_noise, bias, exposure, saturation, n_combined, offset
        As of `dark_rate`.
    execution : `ccdproc_darks._compute.workers.Execution`
        Whose threads work.
    """
    frames = as_frames(darks)
    setting = _Settings(frames, gain, saturation)
    dark_sets = _dark_sets(frames, exposures(exposure, frames), _combined(n_combined, frames))
    if offset == "pixel" and len(dark_sets) < 2:
        raise ValueError(
            f"offset='pixel' needs frames of two exposure times or more, got only {dark_sets[0].seconds:g} s"
        )
    the_bias = Bias() if offset == "pixel" and bias is None else as_bias(bias, frames, setting.gain)
    warn_temperatures(frames)
    noise, source = given_noise(read_noise, frames)
    reader = ElectronReader(setting.scale, the_bias, setting.saturation, own_noise=source == "uncertainty")
    for dark_set in dark_sets:
        selection = FrameSelection.of(dark_set, reader, execution)
        selection.warn(f"frames of {dark_set.seconds:g} s", ", and shifts all rates")
    if source in ("none", "uncertainty"):
        noise, source = measured_noise(dark_sets, reader, source, offset)
        reader.own_noise = source == "uncertainty"
    return PreparedDarks(
        frames, dark_sets, reader, the_bias, the_bias.error(noise), noise, source, setting.gain,
        setting.saturation,
    )  # fmt: skip


class _Settings:
    """Gain and saturation of the frames."""

    def __init__(self, frames, gain, saturation):
        unit = frames[0].unit
        self.gain = known_gain(gain, frames)
        self.scale = self.gain if unit == u.adu else 1.0
        self.saturation = self._saturation(saturation, frames, unit)

    def _saturation(self, saturation, frames, unit):
        convert = [(u.adu, u.electron, lambda x: x * self.gain, lambda x: x / self.gain)] if self.gain else []
        # A header's SATURATE is in adu; frames in electron of unknown gain cannot be held against it.
        keys = SATURATION_KEYS if unit == u.adu or self.gain else ()
        levels = frame_settings("saturation", saturation, frames, unit, keys, header_unit=u.adu, equivalencies=convert)
        level = common_setting("saturation", levels, frames)
        if frames[0].dtype.kind == "u":
            top = float(np.iinfo(frames[0].dtype).max)
            level = top if level is None else min(level, top)
        return level


def _combined(n_combined, frames):
    if n_combined is None:
        return [combined_number(frame, "n_combined") for frame in frames]
    number = checked_number("n_combined", n_combined)
    if number < 1 or number != int(number):
        raise ValueError(f"n_combined must be a whole number from 1, got {n_combined!r}")
    return [int(number)] * len(frames)


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
