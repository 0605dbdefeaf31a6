# Licensed under a 3-clause BSD style license - see LICENSE
"""What a file of a folder is: a dark, a bias frame or a master bias, and what its header tells that groups need."""

from fnmatch import fnmatchcase

from astropy import units as u

from ..frames.belonging import header_settings
from ..frames.cards import check_unambiguous, header_number, header_value, is_unknown
from ..frames.exposure_time import contradiction, exposure_of_key, exposure_time
from ..frames.frame_types import BIAS, DARK, frame_type, is_master, type_key
from ..frames.header_keys import TYPE_KEYS
from ..frames.subtraction import subtractions
from .frame_files import type_of_folder
from .group import Frame

__all__ = ["classified"]


def classified(file, name, root, options, kind=None):
    """`Frame` of a `FileFrame` called ``name`` in the folder ``root``; ValueError, which says why, if it is none.

    ``kind`` is what the frames of the folder are where headers do not tell; None in the folder of the darks. Where
    `FrameOptions` tell otherwise than the header, that is changed in memory, so that all that looks at it later agrees.
    """
    header = file.header
    check_unambiguous(header, file.label)
    kind = _kind(file, root, options, kind)
    done = subtractions(header) if options.check_headers else {}
    what = next((what for what in (kind, BIAS) if what in done), None)
    if what == kind or (what == BIAS and not options.without_bias):
        hint = "--bias none if all darks are so, " if what != kind else ""
        raise ValueError(
            f"{done[what]}: a {what} is subtracted from it already, and a frame as the camera wrote it is needed; "
            f"{hint}--no-check-headers if the header is wrong"
        )
    seconds = _seconds(file, kind, options)
    combined = _combined(file) if kind == BIAS else 1
    for key in options.ignored if options.check_headers else ():
        # A gain is a number that is needed all the same.
        if key != "EGAIN":
            header.remove(key, ignore_missing=True, remove_all=True)
    settings = header_settings(header) if options.check_headers else {}
    settings = {key: value for key, value in settings.items() if key not in options.ignored}
    settings |= _further(header, options.group_by)
    return Frame(file, name, kind, seconds, None, settings, combined)


def _kind(file, root, options, default):
    header = file.header
    if default is None and options.darks is not None and fnmatchcase(file.path.name, options.darks):
        return _told(header, DARK)
    key = options.type_key
    if key is not None and key in header:
        kind = frame_type({TYPE_KEYS[0]: header_value(header, key)})
    else:
        key, kind = type_key(header), frame_type(header)
    if kind in (DARK, BIAS):
        return _told(header, kind)
    if kind is None and (key is None or is_unknown(header_value(header, key))):
        kind = _untold_kind(file, root, options, default)
        if kind is not None:
            return kind
        keys = ", ".join((*TYPE_KEYS[:3], "FRAME") if options.type_key is None else (options.type_key, TYPE_KEYS[0]))
        raise ValueError(f"its header has none of {keys}: neither bias nor dark; tell by --type-key or --dark")
    hint = "" if kind is not None else "; if it is a dark, tell by --dark"
    raise ValueError(f"{key} is {str(header[key]).strip()!r}: neither bias nor dark{hint}")


def _untold_kind(file, root, options, default):
    """Type of a frame whose header does not tell it, or None."""
    # A frame without exposure is a bias frame, in whatever folder.
    time = exposure_time(file) if not isinstance(options.exposure, str) else _time_of_key(file, options.exposure)
    return BIAS if time is not None and time.seconds == 0 else type_of_folder(file.path.parent, root) or default


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
    key = options.exposure if isinstance(options.exposure, str) else None
    time = exposure_time(file) if key is None else _time_of_key(file, key)
    if time is None:
        if kind == DARK:
            keys = "neither EXPTIME nor EXPOSURE nor the like tell it" if key is None else f"no {key} in its header"
            raise ValueError(f"no exposure time: {keys}; tell by --exposure or --exposure-key")
        return 0.0
    if kind == DARK and time.seconds <= 0:
        raise ValueError(f"{time.key} is {time.number:g} s: a dark needs an exposure")
    pair = contradiction(file) if kind == DARK and key is None and options.check_headers else None
    if pair is not None:
        ways = " or ".join(f"--exposure-key {each.key}" for each in pair)
        raise ValueError(f"{pair[0]} and {pair[1]}: one of them is not the exposure time; tell by {ways}")
    return time.seconds


def _time_of_key(file, key):
    return exposure_of_key(file, key) if key in file.header else None


def _combined(file):
    """Number of exposures of a master bias, 0 where nobody tells; 1 of a single frame."""
    number = header_number(file, "NCOMBINE") if "NCOMBINE" in file.header else 0
    if number > 1:
        return int(number)
    is_combined = is_master(file.header) or file.header.get("COMBINED") is True
    return 0 if is_combined and number == 0 else 1


def _further(header, keys):
    """Values of further keys, as they are compared."""
    told = {}
    for key in keys:
        # As the value of any key that is free text or a number.
        found = header_settings({"READMODE": header_value(header, key)}) if key in header else {}
        if "READMODE" in found:
            told[key] = found["READMODE"]
    return told
