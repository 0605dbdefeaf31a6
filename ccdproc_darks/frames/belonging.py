# Licensed under a 3-clause BSD style license - see LICENSE
"""Which frames, biases and rates belong together, as their headers tell: camera, binning, region, setting and type."""

import math
import re
from dataclasses import dataclass

import numpy as np

from .._interface.warnings import HeaderWarning, TemperatureWarning, warn
from .headers import EXPOSURE_KEYS, SAME_EXPOSURE, TEMPERATURE_KEYS, TEMPERATURE_SPREAD

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
    "frame_type",
    "header_settings",
    "warn_exposures",
]

# Types of frames, and words of a header that mean a light. Unknown words tell nothing.
DARK, BIAS, FLAT, LIGHT = "dark", "bias", "flat", "light"
_LIGHT_WORDS = {"light", "object", "science", "sky", "arc", "comp", "comparison", "lamp", "standard", "focus"}
TYPE_KEYS = ("IMAGETYP", "IMGTYPE", "OBSTYPE", "FRAME")

# Keys whose values are the same in frames that belong together, by what they tell.
_SENSOR = {
    "camera": ("INSTRUME", "DETECTOR", "CAMERA", "CCDNAME"),
    "binning": ("XBINNING", "YBINNING", "CCDXBIN", "CCDYBIN", "CCDSUM", "BINNING"),
    "region of the sensor": ("XORGSUBF", "YORGSUBF", "CCDSUBFL", "CCDSUBFT", "CCDSEC", "DETSEC"),
}
# Settings change the level of a frame, and its gain.
_SETTING = {"setting of gain and offset": ("GAIN", "OFFSET", "BLKLEVEL"), "read-out mode": ("READOUTM", "READMODE")}
_GAIN = {"gain": ("EGAIN",)}
# What a header without the key means, where frames are put into groups.
_DEFAULTS = {"XBINNING": 1.0, "YBINNING": 1.0, "XORGSUBF": 0.0, "YORGSUBF": 0.0}
# Numbers are equal to this fraction of them; whole ones (pixels, steps) only if they are the same.
_SAME_NUMBER = 1e-3

# Exposure time of a bias over that of the shortest dark from which it is a mistake, and from which a doubt.
_MISTAKE, _DOUBT = 0.1, 0.01
# Longest exposure time (s) of a bias frame: some cameras cannot take a shorter one.
_LONGEST_BIAS = 1.0
# Header units of EXPOSURE over seconds, where EXPTIME is in seconds.
_SHORTER_UNITS = (1e3, 1e6)

_WAY_ON = "pass check_headers=False if they belong together all the same"


@dataclass
class Labelled:
    """A header, and the name of its image in messages."""

    label: str
    header: object


def frame_type(header):
    """Type of a frame by its header: 'dark', 'bias', 'flat' or 'light'; None where that does not tell."""
    return _type_and_key(header)[0]


def _type_and_key(header):
    known = set(header)
    for key in TYPE_KEYS:
        text = _told(header, key) if key in known else None
        if not isinstance(text, str):
            continue
        words = set(re.findall("[a-z]+", text))
        # The dark of a flat is a dark.
        if "dark" in text:
            return DARK, key
        if "bias" in text or any(word.startswith("zero") for word in words):
            return BIAS, key
        if "flat" in text:
            return FLAT, key
        if words & _LIGHT_WORDS:
            return LIGHT, key
    return None, None


def header_settings(header):
    """Values of all keys that frames are grouped by, as they are compared; see `are_alike`."""
    keys = [key for kinds in (_SENSOR, _SETTING, _GAIN) for keys in kinds.values() for key in keys]
    values = {key: _told(header, key) for key in keys}
    values = {key: _DEFAULTS.get(key) if value is None else value for key, value in values.items()}
    return {key: value for key, value in values.items() if value is not None}


def are_alike(first, second):
    """Whether two results of `header_settings` have the same keys, and the same values."""
    return first.keys() == second.keys() and all(_is_same(first[key], second[key]) for key in first)


def check_one_sensor(what, images):
    """A ValueError if headers (`Labelled`, or frames) tell of several cameras, binnings or regions of the sensor.

    ``what`` names the images in the message. A key that is missing in one of two headers tells nothing.
    """
    _check_same(what, images, _SENSOR)


def check_darks(darks):
    """A ValueError if headers of darks tell that they are not darks, or not of one sensor and setting."""
    _check_type("darks", darks, {BIAS, FLAT, LIGHT})
    _check_same("darks", darks, _SENSOR | _SETTING)


def check_biases(biases):
    """A ValueError if headers of bias frames tell that they are not, or not of one sensor and setting.

    A dark of at most a second is taken for a bias frame, as of a camera that takes no other.
    """
    exposures = [_exposure(frame.header) for frame in biases]
    short = [found is not None and found[1] <= _LONGEST_BIAS for found in exposures]
    for frame, is_short in zip(biases, short, strict=True):
        _check_type("biases", [frame], {FLAT, LIGHT} if is_short else {DARK, FLAT, LIGHT})
    _check_same("biases", biases, _SENSOR | _SETTING)
    long = [frame for frame, is_short, found in zip(biases, short, exposures, strict=True) if found and not is_short]
    if long:
        key, seconds = _exposure(long[0].header)
        warn(
            f"{key} is {seconds:g} in the header of {long[0].label}{_and_more(long)}, and a bias frame has no "
            "exposure: is it a dark? It takes dark current away",
            HeaderWarning,
        )


def check_bias(bias, darks, *, shortest, gain_of_header):
    """A ValueError if a master bias does not belong to the darks, a warning where that is in doubt.

    ``shortest`` is the exposure time (s) of the shortest dark. With ``gain_of_header`` the gain is what EGAIN tells,
    which must be the same then.
    """
    share = _exposure_share(bias, darks, shortest)
    # A very short dark is a bias: its exposure tells.
    _check_type("bias", [bias], {DARK, FLAT, LIGHT} if share is None else {FLAT, LIGHT})
    _check_same("bias and darks", [bias, *darks], _SENSOR | _SETTING | (_GAIN if gain_of_header else {}), agreed=True)
    if share is not None:
        _check_bias_exposure(*share)
    _warn_bias_temperature(bias, darks)


def warn_exposures(frames):
    """Warn of headers whose EXPTIME and EXPOSURE disagree, not merely by their unit."""
    wrong = [frame for frame in frames if _contradicts(frame.header)]
    if wrong:
        (first, used), (second, other) = ((key, _told(wrong[0].header, key)) for key in EXPOSURE_KEYS)
        warn(
            f"{first} is {used:g} and {second} is {other:g} in the header of {wrong[0].label}{_and_more(wrong)}: "
            f"{first} is used, as s. If that is wrong, pass exposure (a Quantity, or exposure={second!r})",
            HeaderWarning,
        )


def _contradicts(header):
    used, other = (_told(header, key) for key in EXPOSURE_KEYS)
    if not (isinstance(used, float) and isinstance(other, float)):
        return False
    return not any(math.isclose(other, used * unit, rel_tol=SAME_EXPOSURE) for unit in (1.0, *_SHORTER_UNITS))


def _told(header, key):
    """Value of a key: a float where it is a number, else text without case and blanks; None where it tells nothing."""
    value = header.get(key)
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    try:
        number = float(value)
    except (TypeError, ValueError):
        return (value.strip().lower() or None) if isinstance(value, str) else None
    return number if math.isfinite(number) else None


def _is_same(first, second):
    if isinstance(first, str) or isinstance(second, str):
        return first == second
    whole = first.is_integer() and second.is_integer()
    return first == second if whole else math.isclose(first, second, rel_tol=_SAME_NUMBER)


def _check_same(what, images, kinds, agreed=False):
    """Check the keys of ``kinds``; all images but the first are ``agreed`` where they were checked already."""
    # To ask a header for a key that it does not have takes longer than to list those that it has.
    present = [set(image.header) for image in images]
    for kind, keys in kinds.items():
        for key in keys:
            first = expected = None
            for image, known in zip(images, present, strict=True):
                value = _told(image.header, key) if key in known else None
                if value is None:
                    continue
                if first is None:
                    first, expected = image, value
                elif not _is_same(expected, value):
                    raise ValueError(
                        f"{what} must be of one {kind}: {key} is {_shown(first, key)} in {first.label}, "
                        f"{_shown(image, key)} in {image.label}; {_WAY_ON}"
                    )
                if agreed and image is not images[0]:
                    break


def _check_type(what, images, wrong):
    for image in images:
        found, key = _type_and_key(image.header)
        if found in wrong:
            raise ValueError(
                f"{what}: {image.label} is a {found} frame, its header has {key} = {_shown(image, key)}; pass "
                "check_headers=False if the header is wrong"
            )


def _exposure_share(bias, darks, shortest):
    """Exposure time of a bias over that of the shortest dark, and both in words; None where headers do not tell.

    ``shortest`` (s) is that of the shortest dark where no header of the darks has the key.
    """
    found = _exposure(bias.header)
    if found is None:
        return None
    key, own = found
    times = [(_told(dark.header, key), dark.label) for dark in darks]
    # By the same key of both, whatever its unit is.
    time, label = min(((time, label) for time, label in times if isinstance(time, float)), default=(shortest, "darks"))
    return (own / time, f"{key} is {own:g} in {bias.label}, {time:g} in {label}") if time > 0 else None


def _check_bias_exposure(share, text):
    """An error or a warning if the exposure of a bias is not short beside that of the shortest dark."""
    if share > _MISTAKE:
        raise ValueError(
            f"bias takes dark current away: {text}; pass a master bias of frames without exposure, or "
            "check_headers=False if the header is wrong"
        )
    if share > _DOUBT:
        warn(f"bias takes {100 * share:.2g} % of the dark current away: {text}", HeaderWarning)


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
    values = [_told(frame.header, key) for frame in frames for key in TEMPERATURE_KEYS]
    return [value for value in values if isinstance(value, float)]


def _exposure(header):
    """Key and exposure time as the header tells, or None."""
    values = ((key, _told(header, key)) for key in EXPOSURE_KEYS)
    return next(((key, value) for key, value in values if isinstance(value, float)), None)


def _shown(image, key):
    value = image.header[key]
    return repr(value.strip()) if isinstance(value, str) else f"{value}"


def _and_more(images):
    return f" (and {len(images) - 1} more)" if len(images) > 1 else ""
