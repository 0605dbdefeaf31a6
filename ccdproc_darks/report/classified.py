# Licensed under a 3-clause BSD style license - see LICENSE
"""What a file of a folder is: a dark, a bias frame or a master bias, and what its header tells that groups need."""

import re
from fnmatch import fnmatchcase

from astropy import units as u

from ..frames.belonging import BIAS, DARK, TYPE_KEYS, frame_type, header_settings
from ..frames.headers import EXPOSURE_KEYS, TEMPERATURE_SPREAD, check_unambiguous, header_number, header_value
from .frame_files import type_of_folder
from .group import Frame

__all__ = ["classified"]

# Words of a type that tell of a combined frame.
_COMBINED = re.compile("master|super|combined|stack|mean|average|median")


def classified(file, name, root, options, kind=None):
    """`Frame` of a `FileFrame` called ``name`` in the folder ``root``; ValueError, which says why, if it is none.

    ``kind`` is what the frames of the folder are where headers do not tell; None in the folder of the darks. Where
    `FrameOptions` tell otherwise than the header, that is changed in memory, so that all that looks at it later agrees.
    """
    header = file.header
    check_unambiguous(header, file.label)
    kind = _kind(file, root, options, kind)
    seconds = _seconds(file, kind, options)
    combined = _combined(file) if kind == BIAS else 1
    temperature = None if options.temperature_tolerance is None else _temperature(file, kind)
    for key in options.ignored if options.check_headers else ():
        # A gain is a number that is needed all the same.
        if key != "EGAIN":
            header.remove(key, ignore_missing=True, remove_all=True)
    settings = header_settings(header) if options.check_headers else {}
    settings = {key: value for key, value in settings.items() if key not in options.ignored}
    settings |= _further(header, options.group_by)
    return Frame(file, name, kind, seconds, temperature, settings, combined)


def _kind(file, root, options, default):
    header = file.header
    if default is None and options.darks is not None and fnmatchcase(file.path.name, options.darks):
        return _told(header, DARK)
    key = next((key for key in (options.type_key, *TYPE_KEYS) if key is not None and key in header), None)
    if key is not None and key == options.type_key:
        kind = frame_type({TYPE_KEYS[0]: header_value(header, key)})
    else:
        kind = frame_type(header)
    if kind in (DARK, BIAS):
        return _told(header, kind)
    if key is None or not str(header[key]).strip():
        # A frame without exposure is a bias frame, in whatever folder.
        seconds = next((header_number(file, key) for key in EXPOSURE_KEYS if key in header), None)
        kind = BIAS if seconds == 0 else type_of_folder(file.path.parent, root) or default
        if kind is not None:
            return kind
        keys = ", ".join(TYPE_KEYS if options.type_key is None else (options.type_key, *TYPE_KEYS))
        raise ValueError(f"its header has none of {keys}: neither bias nor dark; tell by --type-key or --dark")
    hint = "" if kind is not None else "; if it is a dark, tell by --dark"
    raise ValueError(f"{key} is {str(header[key]).strip()!r}: neither bias nor dark{hint}")


def _told(header, kind):
    """The type, which the header tells afterwards, whatever it told before."""
    if frame_type(header) not in (kind, None):
        for key in TYPE_KEYS:
            header.remove(key, ignore_missing=True, remove_all=True)
        header[TYPE_KEYS[0]] = "Dark Frame" if kind == DARK else "Bias Frame"
    return kind


def _seconds(file, kind, options):
    if kind == DARK and isinstance(options.exposure, u.Quantity):
        return options.exposure.to_value(u.s)
    keys = (options.exposure,) if isinstance(options.exposure, str) else EXPOSURE_KEYS
    key = next((key for key in keys if key in file.header), None)
    if key is None:
        if kind == DARK:
            raise ValueError(
                f"no exposure time: {'neither ' if len(keys) > 1 else 'no '}{' nor '.join(keys)} in its header; tell "
                "by --exposure or --exposure-key"
            )
        return 0.0
    seconds = header_number(file, key)
    if kind == DARK and seconds <= 0:
        raise ValueError(f"{key} is {seconds:g} s: a dark needs an exposure")
    return seconds


def _combined(file):
    """Number of exposures of a master bias, 0 where nobody tells; 1 of a single frame."""
    number = header_number(file, "NCOMBINE") if "NCOMBINE" in file.header else 0
    if number > 1:
        return int(number)
    texts = [str(file.header.get(key, "")).lower() for key in TYPE_KEYS]
    is_master = file.header.get("COMBINED") is True or any(_COMBINED.search(text) for text in texts)
    return 0 if is_master and number == 0 else 1


def _temperature(file, kind):
    is_set = "SET-TEMP" in file.header
    key = "SET-TEMP" if is_set else "CCD-TEMP"
    temperature = header_number(file, key) if key in file.header else None
    if is_set and "CCD-TEMP" in file.header and kind == DARK:
        sensor = header_number(file, "CCD-TEMP")
        if abs(sensor - temperature) > TEMPERATURE_SPREAD:
            raise ValueError(f"the sensor was at {sensor:.1f} C, not at the {temperature:g} C that were set")
    return temperature


def _further(header, keys):
    """Values of further keys, as they are compared."""
    told = {}
    for key in keys:
        # As the value of any key that is free text or a number.
        found = header_settings({"READMODE": header_value(header, key)}) if key in header else {}
        if "READMODE" in found:
            told[key] = found["READMODE"]
    return told
