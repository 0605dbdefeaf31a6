# Licensed under a 3-clause BSD style license - see LICENSE
"""Which frames, biases and rates belong together, as their headers tell: camera, binning, region, setting and type."""

import math
import re
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._interface.warnings import HeaderWarning, TemperatureWarning, warn
from .headers import ABSOLUTE_ZERO, EXPOSURE_KEYS, TEMPERATURE_KEYS, TEMPERATURE_SPREAD, header_value

__all__ = [
    "BIAS",
    "DARK",
    "TYPE_KEYS",
    "Labelled",
    "are_alike",
    "check_bias",
    "check_biases",
    "check_darks",
    "check_one_sensor",
    "difference",
    "frame_type",
    "header_settings",
    "warn_exposures",
]

# Types of frames, and words of a header that mean a light (or several), or begin so. Unknown words tell nothing.
DARK, BIAS, FLAT, LIGHT = "dark", "bias", "flat", "light"
_LIGHT_WORDS = {"object", "obj", "sky", "arc", "comp", "comparison", "lamp", "standard", "focus"}
_LIGHT_BEGINS, _FLAT_BEGINS = ("light", "sci", "target", "expose"), ("twi", "dome")
TYPE_KEYS = ("IMAGETYP", "IMGTYPE", "OBSTYPE", "FRAME")

# Keys whose values are the same in frames that belong together, by what they tell.
_CAMERA, _BINNING, _REGION = "camera", "binning", "region of the sensor"
_SENSOR = {
    _CAMERA: ("INSTRUME", "DETECTOR", "CAMERA", "CCDNAME"),
    _BINNING: ("XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING"),
    _REGION: ("XORGSUBF", "YORGSUBF", "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC"),
}
# Settings change the level of a frame, and its gain.
_SETTING = {"setting of gain and offset": ("GAIN", "OFFSET", "BLKLEVEL"), "read-out mode": ("READOUTM", "READMODE")}
_GAIN = {"gain": ("EGAIN",)}
# What a header without the key means, where frames are put into groups.
_DEFAULTS = {"XBINNING": 1.0, "YBINNING": 1.0, "XORGSUBF": 0.0, "YORGSUBF": 0.0}
# Texts that tell nothing.
_UNKNOWN = {"", "n/a", "unknown", "none", "undefined"}
# Numbers are equal to this fraction of them; whole ones (pixels, steps) only if they are the same.
_SAME_NUMBER = 1e-3

# Exposure time of a bias over that of the shortest dark from which it is a mistake, and from which a doubt.
_MISTAKE, _DOUBT = 0.1, 0.01
# Longest exposure time (s) of a bias frame: some cameras cannot take a shorter one.
_LONGEST_BIAS = 1.0
# Key that is in seconds; the other one may be in any of these header units over seconds.
_SECONDS, _UNITS = "EXPTIME", (1.0, 1e3, 1e6)
# Fraction by which a time that was asked for, and one that was measured, may differ.
_SAME_TIME = 0.02

_WAY_ON = "pass check_headers=False if they belong together all the same"


@dataclass
class Labelled:
    """A header, and the name of its image in messages."""

    label: str
    header: object


def frame_type(header):
    """Type of a frame by its header: 'dark', 'bias', 'flat' or 'light'; None where that does not tell."""
    return next(_types_and_keys(header, set(header)), (None, None))[0]


def _types_and_keys(header, known):
    """Type and key of each key that tells one."""
    for key in TYPE_KEYS:
        text = _told(header, key) if key in known else None
        found = _type_of(text) if isinstance(text, str) else None
        if found is not None:
            yield found, key


def _type_of(text):
    words = re.findall("[a-z]+", text)
    # The dark of a flat is a dark.
    if "dark" in text:
        return DARK
    if "bias" in text or any(word.startswith("zero") for word in words):
        return BIAS
    if "flat" in text or any(word.startswith(_FLAT_BEGINS) for word in words):
        return FLAT
    is_light = any(
        word.startswith(_LIGHT_BEGINS) or word in _LIGHT_WORDS or word.removesuffix("s") in _LIGHT_WORDS
        for word in words
    )
    return LIGHT if is_light else None


def header_settings(header):
    """Values of all keys that frames are grouped by, as they are compared; see `are_alike`.

    Raises ValueError where one of them cannot be read, or is ambiguous.
    """
    keys = [key for kinds in (_SENSOR, _SETTING, _GAIN) for keys in kinds.values() for key in keys]
    values = {key: _told(header, key) for key in keys}
    values = {key: _DEFAULTS.get(key) if value is None else value for key, value in values.items()}
    return {key: value for key, value in values.items() if value is not None}


def difference(first, second):
    """First key, and both values, in which two results of `header_settings` differ; None where they do not.

    A key that is missing in one of them tells nothing.
    """
    shared = (key for key in first if key in second)
    return next(((key, first[key], second[key]) for key in shared if not _is_same(key, first[key], second[key])), None)


def are_alike(first, second):
    """Whether two results of `header_settings` have the same keys, and the same values."""
    return first.keys() == second.keys() and difference(first, second) is None


def check_one_sensor(what, images):
    """A ValueError if headers (`Labelled`, or frames) tell of several cameras, binnings or regions of the sensor.

    ``what`` names the images in the message. A key that is missing in one of two headers tells nothing.
    """
    _check_same(what, [(image, set(image.header)) for image in images], _SENSOR)


def check_darks(darks):
    """A ValueError if headers of darks tell that they are not darks, or not of one sensor and setting.

    A warning where one key tells of a dark, but not the first one.
    """
    # To ask a header for a key that it does not have takes longer than to list those that it has.
    darks = [(dark, set(dark.header)) for dark in darks]
    for dark, known in darks:
        _checked_type("darks", dark, known, {DARK})
    _check_same("darks", darks, _SENSOR | _SETTING)


def check_biases(biases):
    """A ValueError if headers of bias frames tell that they are not, or not of one sensor and setting.

    A dark of at most a second is taken for a bias frame, as of a camera that takes no other. A warning where the
    exposure time is long, or not known.
    """
    biases, doubts = [(bias, set(bias.header)) for bias in biases], []
    for bias, known in biases:
        key, seconds = _exposure(bias) or (None, None)
        is_long = seconds is not None and seconds > _LONGEST_BIAS
        found = _checked_type("biases", bias, known, {BIAS} if is_long and key == _SECONDS else {BIAS, DARK})
        # Only EXPTIME is surely in seconds.
        if is_long and not (found and found[0] == BIAS and key != _SECONDS):
            doubts.append((bias, f"{key} is {seconds:g}"))
        elif seconds is None and found and found[0] == DARK:
            doubts.append((bias, f"{found[1]} is {_shown(bias, found[1])}, without an exposure time,"))
    _check_same("biases", biases, _SENSOR | _SETTING)
    if doubts:
        bias, text = doubts[0]
        warn(
            f"{text} in the header of {bias.label}{_and_more(doubts)}, and a bias frame has no exposure: is it a dark? "
            "It takes dark current away",
            HeaderWarning,
        )


def check_bias(bias, darks, *, shortest, gain_of_header, exposure=None):
    """A ValueError if a master bias does not belong to the darks, a warning where that is in doubt.

    ``shortest`` is the exposure time (s) of the shortest dark, ``exposure`` what the user gave for it, as of
    `~ccdproc_darks.dark_rate`. With ``gain_of_header`` the gain is what EGAIN tells, which must be the same then.
    """
    known = set(bias.header)
    # A very short dark is a bias: its exposure tells.
    found, key = _checked_type("bias", bias, known, {BIAS, DARK}) or (None, None)
    for kind, keys in (_SENSOR | _SETTING | (_GAIN if gain_of_header else {})).items():
        for setting in (setting for setting in keys if setting in known):
            # The darks are of one sensor and setting: the first that tells stands for all.
            dark = next((dark for dark in darks if _told_by(dark, setting) is not None), None)
            if dark is not None:
                _check_same("bias and darks", [(bias, {setting}), (dark, {setting})], {kind: [setting]})
    _check_bias_exposure(bias, darks, shortest, exposure, found, key)
    _warn_bias_temperature(bias, darks)


def warn_exposures(frames):
    """Warn of headers whose EXPTIME and EXPOSURE disagree, not merely by their unit, or as rounded or measured."""
    wrong = [frame for frame in frames if _contradicts(frame.header)]
    if wrong:
        (first, used), (second, other) = ((key, _told(wrong[0].header, key)) for key in EXPOSURE_KEYS)
        warn(
            f"{first} is {used:g} and {second} is {other:g} in the header of {wrong[0].label}{_and_more(wrong)}: "
            f"{first} is used, as s. If that is wrong, pass exposure (a Quantity, or exposure={second!r})",
            HeaderWarning,
        )


def _contradicts(header):
    # What cannot be read tells nothing; where it is used, that is an error.
    with suppress(ValueError):
        used, other = (_told(header, key) for key in EXPOSURE_KEYS)
        if isinstance(used, float) and isinstance(other, float):
            is_rounded = other.is_integer() and abs(other - used) <= 0.5
            return not is_rounded and not any(math.isclose(other, used * unit, rel_tol=_SAME_TIME) for unit in _UNITS)
    return False


def _told(header, key):
    """Value of a key: a float where it is a number, else text without case and blanks; None where it tells nothing.

    Raises ValueError where the card cannot be read, or is ambiguous.
    """
    value = header_value(header, key)
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        text = " ".join(value.lower().split()) if isinstance(value, str) else ""
        return None if text in _UNKNOWN else text
    # A gain of zero is an unknown one.
    return number if math.isfinite(number) and not (key in _GAIN["gain"] and number <= 0) else None


def _told_by(image, key):
    """`_told`, whose error names the image."""
    try:
        return _told(image.header, key)
    except ValueError as error:
        raise ValueError(f"{image.label}: {error}; pass check_headers=False if that does not matter") from None


def _is_same(key, first, second):
    """Whether two values that were told mean the same: free text may be written in several ways."""
    if isinstance(first, float) and isinstance(second, float):
        whole = first.is_integer() and second.is_integer()
        return first == second if whole else math.isclose(first, second, rel_tol=_SAME_NUMBER)
    if first == second:
        return True
    first, second = (value if isinstance(value, str) else f"{value:.15g}" for value in (first, second))
    if key in _SENSOR[_CAMERA]:
        # One of two programs may write a longer name.
        first, second = (set(re.findall(r"[^\W_]+", text)) for text in (first, second))
        return first <= second or second <= first
    if key in _SENSOR[_BINNING] + _SENSOR[_REGION]:
        # '1x1', '1 1', and 1 for both axes.
        first, second = (re.findall(r"0*(\d+)", text) for text in (first, second))
        first, second = (numbers * 2 if len(numbers) == 1 else numbers for numbers in (first, second))
        return bool(first) and first == second
    return False


def _check_same(what, images, kinds):
    """Check the keys of ``kinds``, by pairs of each image and the keys that its header has."""
    for kind, keys in kinds.items():
        for key in keys:
            first = expected = None
            for image, known in images:
                value = _told_by(image, key) if key in known else None
                if value is None:
                    continue
                if first is None:
                    first, expected = image, value
                elif not _is_same(key, expected, value):
                    cut = f" (an image cut out of a full one may still have the {key} of that)"
                    raise ValueError(
                        f"{what} must be of one {kind}: {key} is {_shown(first, key)} in {first.label}, "
                        f"{_shown(image, key)} in {image.label}{cut if kind == _REGION else ''}; {_WAY_ON}"
                    )


def _checked_type(what, image, known, allowed):
    """Type of an image, and the key that tells it, or None; a ValueError where no key tells of an allowed type."""
    try:
        told = _types_and_keys(image.header, known)
        first = next(told, None)
        if first is None or first[0] in allowed:
            return first
        found = next((one for one in told if one[0] in allowed), None)
    except ValueError as error:
        raise ValueError(f"{image.label}: {error}; pass check_headers=False if that does not matter") from None
    wrong, key = first
    text = f"{what}: {image.label} is a {wrong} frame, its header has {key} = {_shown(image, key)}"
    if found is None:
        raise ValueError(f"{text}; leave it out, or pass check_headers=False if the header is wrong")
    warn(f"{text}, but {found[1]} = {_shown(image, found[1])}: it is taken for a {found[0]}", HeaderWarning)
    return found


def _check_bias_exposure(bias, darks, shortest, exposure, kind, type_key):
    """An error or a warning if the exposure of a bias is not short beside that of the shortest dark."""
    key, share, text = _exposure_share(bias, darks, shortest, exposure)
    if share is None:
        if kind == DARK:
            warn(
                f"bias: {bias.label} is a dark frame, its header has {type_key} = {_shown(bias, type_key)}, and no "
                "exposure time tells that it is a short one: a long one takes dark current away",
                HeaderWarning,
            )
        return
    # EXPOSURE alone may be in any unit.
    is_sure = key == _SECONDS or not (exposure is None or isinstance(exposure, u.Quantity))
    if is_sure and share > _MISTAKE:
        raise ValueError(
            f"bias takes dark current away: {text}; pass a master bias of frames without exposure, or "
            "check_headers=False if the header is wrong"
        )
    if share > _DOUBT and (is_sure or kind != BIAS):
        warn(f"bias takes {100 * share:.3g} % of the dark current away: {text}", HeaderWarning)


def _exposure_share(bias, darks, shortest, exposure):
    """Key, exposure time of a bias over that of the shortest dark, and both in words; all None where nothing tells.

    ``shortest`` (s) is that of the shortest dark where no header of the darks has the key, or the user gave the time.
    """
    given = exposure is None or isinstance(exposure, u.Quantity)
    found = _exposure(bias, EXPOSURE_KEYS if given else [exposure if isinstance(exposure, str) else exposure.name])
    if found is None:
        return None, None, None
    key, own = found
    # By the same key of both, whatever its unit is.
    times = [] if isinstance(exposure, u.Quantity) else [(_told_by(dark, key), dark.label) for dark in darks]
    times = [(time, label) for time, label in times if isinstance(time, float)]
    time, label = min(times, default=(shortest if given else 0.0, "darks"))
    if time <= 0:
        return None, None, None
    return key, own / time, f"{key} is {own:g} in {bias.label}, {time:g} in {label}"


def _warn_bias_temperature(bias, darks):
    (own,), others = (_temperatures(frames) or [None] for frames in ([bias], darks))
    if own is None or others[0] is None:
        return
    mean = float(np.mean(others))
    if abs(own - mean) > TEMPERATURE_SPREAD:
        warn(
            f"the bias was taken at {own:.1f} deg C ({bias.label}), the darks at {mean:.1f} deg C ({darks[0].label}): "
            "the bias level changes with the temperature, and shifts all rates",
            TemperatureWarning,
        )


def _temperatures(frames):
    values = [_told_by(frame, key) for frame in frames for key in TEMPERATURE_KEYS]
    return [value for value in values if isinstance(value, float) and value > ABSOLUTE_ZERO]


def _exposure(image, keys=EXPOSURE_KEYS):
    """Key and exposure time as the header tells, or None."""
    values = ((key, _told_by(image, key)) for key in keys)
    return next(((key, value) for key, value in values if isinstance(value, float) and value >= 0), None)


def _shown(image, key):
    value = image.header[key]
    return repr(value.strip()) if isinstance(value, str) else f"{value}"


def _and_more(images):
    return f" (and {len(images) - 1} more)" if len(images) > 1 else ""
