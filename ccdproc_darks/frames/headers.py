# Licensed under a 3-clause BSD style license - see LICENSE
"""Gain, exposure time, read noise, saturation and temperature of frames: from the user, or from their headers."""

import math

import numpy as np
from astropy import units as u
from ccdproc import Keyword

from .._interface.arguments import GAIN_UNIT, checked_quantity, unit_name

__all__ = [
    "EXPOSURE_KEYS",
    "GAIN_KEYS",
    "READ_NOISE_KEYS",
    "SAME_EXPOSURE",
    "SATURATION_KEYS",
    "TEMPERATURE_KEYS",
    "TEMPERATURE_SPREAD",
    "FrameSetting",
    "check_one_exposure",
    "checked_unit",
    "common_setting",
    "equal_exposures",
    "exposures",
    "frame_settings",
    "header_number",
    "known_gain",
]

# What an argument may be that frames can tell themselves: a value, a header key, or None to look for the usual keys.
FrameSetting = u.Quantity | Keyword | str | None
# Not GAIN: on many CMOS cameras that is a setting in steps. It is only read where the user names it.
GAIN_KEYS = ("EGAIN",)
READ_NOISE_KEYS = ("RDNOISE",)
EXPOSURE_KEYS = ("EXPTIME", "EXPOSURE")
SATURATION_KEYS = ("SATURATE",)
TEMPERATURE_KEYS = ("CCD-TEMP",)
# Exposure times that differ by less than this fraction are equal: a camera's clock writes 30.001 s.
SAME_EXPOSURE = 1e-3
# Range of sensor temperatures (deg C) that is accepted; a cooler keeps a much smaller one.
TEMPERATURE_SPREAD = 2.0


def header_number(frame, key):
    """A finite number from a frame's header; anything else is an error that names frame, key and value."""
    value = frame.header[key]
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError(f"{frame.label}: {key} in the header must be a finite number, got {value!r}")
    return number


def frame_settings(argument, value, frames, unit, keys, *, zero=False, header_unit=None, equivalencies=()):
    """Value of one setting, such as the gain, for each frame, as a list of float in ``unit``.

    None where the user gave nothing and not every header has one of the keys.

    Parameters
    ----------
    argument : str
        Name of the public argument, for messages.
    value : Quantity, `ccdproc.Keyword`, str or None
        What the user gave: the value, a header key, or None to look for ``keys``, in their order.
    frames, unit, keys
        The frames; the unit of the result; the usual header keys.
    zero : bool
        Whether a Quantity may be zero. A zero in a header means "unknown", and is always an error.
    header_unit : `~astropy.units.Unit`, optional
        Unit of a header value, where it is not ``unit``.
    equivalencies : list
        Equivalencies of `astropy.units` for the conversion to ``unit``.
    """
    header_unit, known = header_unit or unit, {}

    def converted(quantity, name=argument, **options):
        return checked_quantity(name, quantity, unit, equivalencies=equivalencies, **options)

    def from_key(frame, key, key_unit, default=None):
        if key not in frame.header:
            if default is None:
                raise ValueError(f"{argument}: {frame.label} has no key {key!r} in its header")
            return converted(u.Quantity(default, key_unit))
        number = header_number(frame, key)
        if number <= 0:
            raise ValueError(
                f"{argument}: {key} in the header of {frame.label} is {number:g}, expected a positive number "
                f"in {key_unit}; pass {argument} as a Quantity"
            )
        if number not in known:
            known[number] = converted(number * key_unit, f"{argument} ({key} in the header of {frame.label})")
        return known[number]

    if isinstance(value, u.Quantity):
        numbers = converted(value, zero=zero, scalar=False)
        if numbers.ndim and numbers.shape != (len(frames),):
            raise ValueError(
                f"{argument} must be one number or one a frame ({len(frames)}), got an array of shape {numbers.shape}"
            )
        return np.broadcast_to(numbers, len(frames)).tolist()
    if isinstance(value, Keyword):
        return [from_key(frame, value.name, value.unit or header_unit, value.value) for frame in frames]
    if isinstance(value, str):
        return [from_key(frame, value, header_unit) for frame in frames]
    if value is not None:
        raise TypeError(
            f"{argument} must be a Quantity in {unit}, a ccdproc.Keyword or the name of a header key, "
            f"got {value!r} without a unit"
        )
    found = [next((key for key in keys if key in frame.header), None) for frame in frames]
    if None in found:
        return None
    return [from_key(frame, key, header_unit) for frame, key in zip(frames, found, strict=True)]


def common_setting(argument, settings, frames, rtol=1e-6):
    """The one value of a setting that all frames share; None without ``settings``, an error where they differ."""
    if settings is None:
        return None
    for frame, setting in zip(frames, settings, strict=True):
        if not math.isclose(setting, settings[0], rel_tol=rtol):
            raise ValueError(
                f"{argument} must be the same in all frames: {settings[0]:g} in {frames[0].label}, "
                f"{setting:g} in {frame.label}"
            )
    return settings[0]


def known_gain(gain, frames):
    """Gain (electron/adu). Where it is unknown: None for frames in electron, an error for frames in adu."""
    known = common_setting("gain", frame_settings("gain", gain, frames, GAIN_UNIT, GAIN_KEYS), frames)
    if frames[0].unit == u.adu and known is None:
        raise ValueError(
            f"gain is needed for frames in adu, and not every header has EGAIN ({frames[0].label}); pass gain as a "
            f"Quantity in electron / adu, a ccdproc.Keyword or the name of a header key"
        )
    return known


def exposures(value, frames):
    """Exposure time of each frame (s), as a list."""
    for frame in frames if value is None else ():
        key = next((key for key in EXPOSURE_KEYS if key in frame.header), None)
        if key is not None and frame.header[key] == 0:
            raise ValueError(
                f"exposure: {key} in the header of {frame.label} is 0, expected a positive number in s; "
                f"pass exposure as a Quantity, or no bias frames (its IMAGETYP is {_image_type(frame)})"
            )
    seconds = frame_settings("exposure", value, frames, u.s, EXPOSURE_KEYS)
    if seconds is None:
        lacking = next(frame for frame in frames if not any(key in frame.header for key in EXPOSURE_KEYS))
        raise ValueError(
            f"exposure: {lacking.label} has neither EXPTIME nor EXPOSURE in its header; "
            f"pass exposure as a Quantity in s, a ccdproc.Keyword or the name of a header key"
        )
    return seconds


def equal_exposures(seconds):
    """Indices of frames grouped by exposure time: a list of lists, the shortest exposure first."""
    groups = []
    for index in np.argsort(seconds, kind="stable"):
        if groups and seconds[index] <= seconds[groups[-1][0]] * (1 + SAME_EXPOSURE):
            groups[-1].append(int(index))
        else:
            groups.append([int(index)])
    return groups


def check_one_exposure(times):
    """A ValueError if there is more than one of the exposure times (s) of sets of equal frames."""
    if len(times) > 1:
        raise ValueError(
            f"darks must be of one exposure time, got {', '.join(f'{time:g}' for time in times)} s; call once for each"
        )


def _image_type(frame):
    return repr(str(frame.header.get("IMAGETYP", "absent")).strip())


def checked_unit(unit, label):
    """``unit`` as an astropy unit, if it is adu or electron; else an error."""
    try:
        unit = u.Unit(unit)
    except (ValueError, TypeError):
        raise u.UnitsError(f"{label} has the unit {unit!r}, expected adu or electron") from None
    if unit not in (u.adu, u.electron):
        raise u.UnitsError(f"{label} is in {unit_name(unit)}, expected adu or electron")
    return unit
