# Licensed under a 3-clause BSD style license - see LICENSE
"""Which frames, biases and rates belong together, as their headers tell: camera, binning, region, setting and type."""

import math
import re
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from .._interface.warnings import BiasWarning, HeaderWarning, TemperatureWarning, warn
from .cards import header_value, is_unknown
from .exposure_time import exposure_doubts, told_exposure
from .frame_types import BIAS, DARK, types_and_keys
from .header_keys import (
    BINNING_KEYS,
    CAMERA_KEYS,
    EXPOSURE_KEYS,
    GAIN_KEYS,
    OFFSET_KEYS,
    READOUT_KEYS,
    REGION_KEYS,
)
from .subtraction import SAYS_SUBTRACTED, subtractions
from .temperatures import TEMPERATURE_SPREAD, sensor_temperature

__all__ = [
    "Labelled",
    "are_alike",
    "check_bias",
    "check_biases",
    "check_darks",
    "check_exposures",
    "check_one_sensor",
    "check_read_noise",
    "difference",
    "header_settings",
]

# Keys whose values are the same in frames that belong together, by what they tell.
_CAMERA, _BINNING, _REGION = "camera", "binning", "region of the sensor"
_SENSOR = {
    _CAMERA: CAMERA_KEYS,
    _BINNING: BINNING_KEYS,
    _REGION: REGION_KEYS,
}
# Settings change the level of a frame, and its gain.
_SETTING = {"setting of gain and offset": OFFSET_KEYS, "read-out mode": READOUT_KEYS}
_GAIN = {"gain": GAIN_KEYS}
# What a header without the key means, where frames are put into groups.
_DEFAULTS = {"XBINNING": 1.0, "YBINNING": 1.0, "XORGSUBF": 0.0, "YORGSUBF": 0.0}
# Numbers are equal to this fraction of them; whole ones (pixels, steps) only if they are the same.
_SAME_NUMBER = 1e-3

# Exposure time of a bias over that of the shortest dark from which it is a mistake, and from which a doubt.
_MISTAKE, _DOUBT = 0.1, 0.01
# Longest exposure time (s) of a bias frame: some cameras cannot take a shorter one.
_LONGEST_BIAS = 1.0

_WAY_ON = "pass check_headers=False if they belong together all the same"


@dataclass
class Labelled:
    """A header, and the name of its image in messages."""

    label: str
    header: object


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


def check_darks(darks, *, subtracts_bias=False):
    """A ValueError if headers of darks tell that they are not darks as taken, or not of one sensor and setting.

    A warning where one key tells of a dark, but not the first one; and, with ``subtracts_bias``, where the bias is
    subtracted already.
    """
    # To ask a header for a key that it does not have takes longer than to list those that it has.
    darks, without_bias = [(dark, set(dark.header)) for dark in darks], []
    for dark, known in darks:
        _checked_type("darks", dark, known, {DARK})
        told = _subtractions(dark, known)
        _check_raw("darks", dark, told.get("dark"), "nothing of its dark current is left")
        if "bias" in told:
            without_bias.append((dark, told["bias"]))
    _check_same("darks", darks, _SENSOR | _SETTING)
    if subtracts_bias and without_bias:
        dark, told = without_bias[0]
        warn(
            f"the header of {dark.label}{_and_more(without_bias)} has {told}: its bias is subtracted already, and bias "
            "is subtracted once more; pass bias=None, or the frames as the camera wrote them",
            BiasWarning,
        )


def check_biases(biases):
    """A ValueError if headers of bias frames tell that they are not, or not of one sensor and setting.

    A dark of at most a second is taken for a bias frame, as of a camera that takes no other. A warning where the
    exposure time is long, or not known. Returns whether there is no such doubt.
    """
    biases, doubts = [(bias, set(bias.header)) for bias in biases], []
    for bias, known in biases:
        time = _exposure(bias, EXPOSURE_KEYS, known)
        is_long = time is not None and time.seconds > _LONGEST_BIAS
        _check_raw("biases", bias, _subtractions(bias, known).get("bias"), "nothing of its level is left")
        found = _checked_type("biases", bias, known, {BIAS} if is_long and time.is_sure else {BIAS, DARK})
        if is_long and not (found and found[0] == BIAS and not time.is_sure):
            doubts.append((bias, f"{time}"))
        elif time is None and found and found[0] == DARK:
            doubts.append((bias, f"{found[1]} is {_shown(bias, found[1])}, without an exposure time,"))
    _check_same("biases", biases, _SENSOR | _SETTING)
    if doubts:
        bias, text = doubts[0]
        warn(
            f"{text} in the header of {bias.label}{_and_more(doubts)}, and a bias frame has no exposure: is it a dark? "
            "It takes dark current away",
            HeaderWarning,
        )
    return not doubts


def check_bias(bias, darks, *, shortest, gain_of_header, exposure=None):
    """A ValueError if a master bias does not belong to the darks, a warning where that is in doubt.

    ``shortest`` is the exposure time (s) of the shortest dark, ``exposure`` what the user gave for it, as of
    `~ccdproc_darks.dark_rate`. With ``gain_of_header`` the gain is what EGAIN tells, which must be the same then.
    """
    known = set(bias.header)
    # A very short dark is a bias: its exposure tells.
    found, key = _checked_type("bias", bias, known, {BIAS, DARK}) or (None, None)
    _check_beside("bias and darks", bias, darks, gain_of_header)
    _check_bias_exposure(bias, darks, shortest, exposure, found, key)
    _warn_bias_temperature(bias, darks)


def check_read_noise(image, frames, *, gain_of_header):
    """A ValueError if a map of read noise (`Labelled`) is not of the sensor and setting of the frames."""
    _check_beside("read_noise and frames", image, frames, gain_of_header)


def check_exposures(frames):
    """A ValueError if headers contradict themselves on the exposure time; a warning where it is in doubt."""
    doubts = exposure_doubts(frames)
    for verdict, sentence in doubts:
        if verdict == "wrong":
            raise ValueError(sentence)
        warn(sentence, HeaderWarning)


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
        return None if is_unknown(text) else text
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


def _check_beside(what, image, frames, gain_of_header):
    """Check that an image is of the sensor and setting of frames, and, with ``gain_of_header``, of the same gain."""
    known = set(image.header)
    for kind, keys in (_SENSOR | _SETTING | (_GAIN if gain_of_header else {})).items():
        for setting in (setting for setting in keys if setting in known):
            # The frames are of one sensor and setting: the first that tells stands for all.
            frame = next((frame for frame in frames if _told_by(frame, setting) is not None), None)
            if frame is not None:
                _check_same(what, [(image, {setting}), (frame, {setting})], {kind: [setting]})


def _checked_type(what, image, known, allowed):
    """Type of an image, and the key that tells it, or None; a ValueError where no key tells of an allowed type."""
    try:
        told = types_and_keys(image.header, known)
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


def _check_raw(what, image, told, why):
    """A ValueError if a header says that something (`Subtraction`, or None) was subtracted which is needed."""
    if told is not None:
        raise ValueError(
            f"{what}: the header of {image.label} has {told}: a {told.what} is subtracted from it, and {why}; pass "
            "frames as the camera wrote them, or check_headers=False if the header is wrong"
        )


def _subtractions(image, known):
    """`subtractions`, whose error names the image."""
    if SAYS_SUBTRACTED.isdisjoint(known):
        return {}
    try:
        return subtractions(image.header)
    except ValueError as error:
        raise ValueError(f"{image.label}: {error}; pass check_headers=False if that does not matter") from None


def _check_bias_exposure(bias, darks, shortest, exposure, kind, type_key):
    """An error or a warning if the exposure of a bias is not short beside that of the shortest dark."""
    time, share, text = _exposure_share(bias, darks, shortest, exposure)
    if share is None:
        if kind == DARK:
            warn(
                f"bias: {bias.label} is a dark frame, its header has {type_key} = {_shown(bias, type_key)}, and no "
                "exposure time tells that it is a short one: a long one takes dark current away",
                HeaderWarning,
            )
        return
    is_sure = time.is_sure or not (exposure is None or isinstance(exposure, u.Quantity))
    if is_sure and share > _MISTAKE:
        raise ValueError(
            f"bias takes dark current away: {text}; pass a master bias of frames without exposure, or "
            "check_headers=False if the header is wrong"
        )
    if share > _DOUBT and (is_sure or kind != BIAS):
        warn(f"bias takes {100 * share:.3g} % of the dark current away: {text}", HeaderWarning)


def _exposure_share(bias, darks, shortest, exposure):
    """Exposure time of a bias, over that of the shortest dark, and both in words; all None where nothing tells.

    ``shortest`` (s) is that of the shortest dark where no header of the darks has the key, or the user gave the time.
    """
    given = exposure is None or isinstance(exposure, u.Quantity)
    keys = EXPOSURE_KEYS if given else [exposure if isinstance(exposure, str) else exposure.name]
    own = _exposure(bias, keys, set(bias.header))
    if own is None:
        return None, None, None
    # By the same key of both, whatever its unit is.
    times = [] if isinstance(exposure, u.Quantity) else [(_told_exposure(dark, own.key), dark.label) for dark in darks]
    times = [(time.seconds, str(time), label) for time, label in times if time is not None]
    told = shortest if given else 0.0
    seconds, text, label = min(times, default=(told, f"{own.key} is {told:g}", "darks"))
    if seconds <= 0:
        return None, None, None
    return own, own.seconds / seconds, f"{own} in {bias.label}, {text.partition(' is ')[2]} in {label}"


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
    values = [sensor_temperature(frame.header) for frame in frames]
    return [value for value in values if value is not None]


def _exposure(image, keys, known):
    """`ExposureTime` of the first key that tells one, or None; ``known`` are the keys that the header has."""
    told = (_told_exposure(image, key) for key in keys if key in known)
    return next((time for time in told if time is not None and time.seconds >= 0), None)


def _told_exposure(image, key):
    """`told_exposure`, whose error names the image."""
    try:
        return told_exposure(image.header, key)
    except ValueError as error:
        raise ValueError(f"{image.label}: {error}; pass check_headers=False if that does not matter") from None


def _shown(image, key):
    value = image.header[key]
    return repr(value.strip()) if isinstance(value, str) else f"{value}"


def _and_more(images):
    return f" (and {len(images) - 1} more)" if len(images) > 1 else ""
