# Licensed under a 3-clause BSD style license - see LICENSE
"""Gain, exposure time, read noise, saturation and temperature of frames: from the user, or from their headers."""

import math

import numpy as np
from astropy import units as u
from ccdproc import Keyword

from .._interface.arguments import GAIN_UNIT, SAME_EXPOSURE, checked_quantity
from .cards import header_number, header_value
from .exposure_time import exposure_of_key, exposure_time
from .header_keys import EXPOSURE_KEYS, GAIN_KEYS, READ_NOISE_KEYS, SATURATION_KEYS

__all__ = [
    "GAIN_KEYS",
    "READ_NOISE_KEYS",
    "SAME_SETTING",
    "SATURATION_KEYS",
    "FrameSetting",
    "check_one_exposure",
    "common_setting",
    "equal_exposures",
    "exposures",
    "frame_settings",
    "known_gain",
]

# What an argument may be that frames can tell themselves: a value, a header key, or None to look for the usual keys.
FrameSetting = u.Quantity | Keyword | str | None
# Values of headers that differ by less than this fraction are equal.
SAME_SETTING = 1e-3


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
    # Some cameras write a gain that they measure, or that they round: 1.5 and 1.5001.
    tolerance = SAME_SETTING if gain is None else 1e-6
    known = common_setting("gain", frame_settings("gain", gain, frames, GAIN_UNIT, GAIN_KEYS), frames, tolerance)
    if frames[0].unit == u.adu and known is None:
        raise ValueError(
            f"gain is needed for frames in adu, and not every header has EGAIN ({frames[0].label}); pass gain as a "
            f"Quantity in electron / adu, a ccdproc.Keyword or the name of a header key"
        )
    return known


def exposures(value, frames):
    """Exposure time of each frame (s), as a list."""
    if value is None:
        found = [exposure_time(frame) for frame in frames]
        if None in found:
            raise ValueError(_no_exposure(frames[found.index(None)]))
    elif isinstance(value, str) or (isinstance(value, Keyword) and value.unit is None):
        key = value if isinstance(value, str) else value.name
        found = [_named_exposure(frame, key) for frame in frames]
    else:
        return frame_settings("exposure", value, frames, u.s, ())
    known = {}
    for frame, time in zip(frames, found, strict=True):
        if time not in known:
            known[time] = _checked_seconds(frame, time, value is None)
    return [known[time] for time in found]


def _named_exposure(frame, key):
    """`ExposureTime` of a key that the user named."""
    if key not in frame.header:
        raise ValueError(f"exposure: {frame.label} has no key {key!r} in its header")
    # What tells nothing is no number, either: that is the error.
    return exposure_of_key(frame, key) or header_number(frame, key)


def _checked_seconds(frame, time, is_found):
    """Exposure time of a frame (s); with ``is_found`` the key was not named by the user."""
    told = f"exposure: {time.key} in the header of {frame.label} is {time.number:g}, expected a positive number in s;"
    if time.number == 0 and is_found:
        raise ValueError(
            f"{told} leave out bias frames (its IMAGETYP is {_image_type(frame)}), or pass exposure as a Quantity"
        )
    if time.number <= 0:
        raise ValueError(f"{told} pass exposure as a Quantity")
    return checked_quantity(f"exposure ({time.key} in the header of {frame.label})", time.seconds * u.s, u.s)


def _no_exposure(frame):
    """Why the header of a frame tells no exposure time."""
    key = next((key for key in EXPOSURE_KEYS if key in frame.header), None)
    found = "neither EXPTIME nor EXPOSURE" if key is None else f"{key} = {frame.header[key]!r}, and no exposure time,"
    return (
        f"exposure: {frame.label} has {found} in its header; "
        f"pass exposure as a Quantity in s, a ccdproc.Keyword or the name of a header key"
    )


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
    return repr(str(header_value(frame.header, "IMAGETYP", "absent")).strip())
