# Licensed under a 3-clause BSD style license - see LICENSE
"""Gain, exposure time, read noise, saturation and temperature of frames: from the user, or from their headers."""

import math
import re
from contextlib import suppress

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.io.fits.verify import VerifyError
from ccdproc import Keyword

from .._interface.arguments import GAIN_UNIT, SAME_EXPOSURE, checked_quantity, unit_name
from .._interface.shown import shown

__all__ = [
    "ABSOLUTE_ZERO",
    "EXPOSURE_KEYS",
    "GAIN_KEYS",
    "READ_NOISE_KEYS",
    "SATURATION_KEYS",
    "TEMPERATURE_KEYS",
    "TEMPERATURE_SPREAD",
    "FrameSetting",
    "check_cards",
    "check_one_exposure",
    "check_unambiguous",
    "check_used_cards",
    "checked_unit",
    "common_setting",
    "equal_exposures",
    "exposures",
    "frame_settings",
    "header_number",
    "header_value",
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
# Of a sensor (deg C): a camera that cannot measure its temperature writes this, or -999.
ABSOLUTE_ZERO = -273.15
# Range of sensor temperatures (deg C) that is accepted; a cooler keeps a much smaller one.
TEMPERATURE_SPREAD = 2.0


# All keys that a measurement may ask for: where a card of one of them cannot be read, the frame is not used.
USED_KEYS = {
    *GAIN_KEYS, *READ_NOISE_KEYS, *EXPOSURE_KEYS, *SATURATION_KEYS, *TEMPERATURE_KEYS, "SET-TEMP",
    "IMAGETYP", "IMGTYPE", "OBSTYPE", "FRAME", "NCOMBINE", "COMBINED", "DKVERS", "BUNIT", "BZERO", "BSCALE", "BLANK",
    "INSTRUME", "DETECTOR", "CAMERA", "CCDNAME", "XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING",
    "XORGSUBF", "YORGSUBF", "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC",
    "GAIN", "OFFSET", "BLKLEVEL", "READOUTM", "READMODE",
}  # fmt: skip
# A number in a text: Python would take '1_5' for 15 as well.
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


def header_value(header, key, default=None):
    """Value of a key in a header, or the default. Raises ValueError where its card cannot be read, or is ambiguous."""
    if key not in header:
        return default
    try:
        value = header[key]
        number = header.count(key) if isinstance(header, fits.Header) else 1
        others = [header[key, index] for index in range(1, number)]
    except VerifyError:
        raise ValueError(f"{key} in the header cannot be read: {_broken_card(header, key)!r}") from None
    for other in others:
        if other != value:
            raise ValueError(f"{key} is in the header twice, {value!r} and {other!r}")
    return value


def _broken_card(header, key):
    """The first 80 characters of the first card of a key that cannot be read."""
    for card in header.cards:
        if card.keyword == key.upper():
            try:
                _ = card.value
            except VerifyError:
                # Not `image`, which repairs the card as far as it can, and warns.
                return shown((card._image or key)[:80]).rstrip()
    return key


def check_cards(header, keys):
    """Raise ValueError where a card of one of the keys cannot be read."""
    for card in header.cards:
        if card.keyword in keys:
            try:
                _ = card.value
            except VerifyError:
                header_value(header, card.keyword)
                raise


def check_used_cards(header, label):
    """Raise ValueError where a card that a measurement may ask for cannot be read.

    A key that is there twice with different values is told where it is read: by `header_value`.
    """
    if isinstance(header, fits.Header):
        try:
            check_cards(header, USED_KEYS)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None


def check_unambiguous(header, label, keys=USED_KEYS):
    """Raise ValueError where one of the keys is in a header twice, with different values."""
    if isinstance(header, fits.Header):
        seen = set()
        twice = {card.keyword for card in header.cards if card.keyword in seen or seen.add(card.keyword)}
        try:
            for key in sorted(twice.intersection(keys)):
                header_value(header, key)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None


def header_number(frame, key):
    """A finite number from a frame's header; anything else is an error that names frame, key and value."""
    try:
        value = header_value(frame.header, key)
    except ValueError as error:
        raise ValueError(f"{frame.label}: {error}") from None
    number = math.nan
    if not isinstance(value, bool) and (not isinstance(value, str) or _NUMBER.fullmatch(value)):
        with suppress(TypeError, ValueError, OverflowError):
            number = float(value)
    if not math.isfinite(number):
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
        if key is not None and header_number(frame, key) == 0:
            raise ValueError(
                f"exposure: {key} in the header of {frame.label} is 0, expected a positive number in s; "
                f"leave out bias frames (its IMAGETYP is {_image_type(frame)}), or pass exposure as a Quantity"
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
    return repr(str(header_value(frame.header, "IMAGETYP", "absent")).strip())


def checked_unit(unit, label):
    """``unit`` as an astropy unit, if it is adu or electron; else an error."""
    try:
        unit = u.Unit(unit)
        is_known = unit in (u.adu, u.electron)
    except Exception:  # astropy may fail on a text of any kind
        raise u.UnitsError(f"{label} has the unit {unit!r}, expected adu or electron") from None
    if not is_known:
        raise u.UnitsError(f"{label} is in {unit_name(unit)}, expected adu or electron")
    return unit
