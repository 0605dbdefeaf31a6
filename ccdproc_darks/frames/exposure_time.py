# Licensed under a 3-clause BSD style license - see LICENSE
"""Exposure time of a frame as its header tells it: by which key, and in which unit."""

import math
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from .cards import header_number, header_value, is_unknown
from .header_keys import EXPOSURE_KEYS

__all__ = [
    "ExposureTime",
    "check_one_time",
    "contradiction",
    "exposure_doubts",
    "exposure_of_key",
    "exposure_time",
    "told_exposure",
]

# Units (s), and how headers write them.
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0}
_WORDS = {
    "s": "secs?|seconds?",
    "ms": "msecs?|milli-?secs?|milli-?seconds?",
    "us": "usecs?|micro-?secs?|micro-?seconds?",
}
_SPELLINGS = {
    "s": f"s|{_WORDS['s']}",
    "ms": f"ms|{_WORDS['ms']}",
    "us": f"us|[\u00b5\u03bc]s|{_WORDS['us']}",
    "min": "min|mins|minutes?",
    "h": "h|hrs?|hours?",
}
_ANY, _SHORT, _LONG = "|".join(_SPELLINGS.values()), "|".join(list(_SPELLINGS.values())[:3]), "|".join(_WORDS.values())
# '[ms] exposure time', as the FITS standard (4.3.2) writes units; '(ms)'; 'in milliseconds'; 'exposure, ms'.
_MARKED = (
    re.compile(rf"[\[(]\s*(?:in\s+)?({_ANY})\s*[\])]"),
    re.compile(rf"\bin\s+({_ANY})\b"),
    re.compile(rf"[,;:/]\s+({_SHORT})\b"),
)
# Long words are units wherever they are: 'milliseconds of exposure'.
_WORD = re.compile(rf"\b({_LONG})\b")
# '300', '300,5', '50 ms'. A comma and three digits may be thousands.
_TEXT = re.compile(
    rf"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+|[0-9]+,(?![0-9]{{3}}\b)[0-9]+|0,[0-9]+)(?:e[+-]?[0-9]+)?)\s*({_ANY})?"
)
# Units that the names of keys tell.
_OF_KEYS = {"EXPOINUS": "us"}
# Keys that tell the same where a header has several.
_SAME_TIME_KEYS = ("EXPTIME", "EXPOSURE")
# A key without a unit beside another may be in any of these: 1 / s.
_FACTORS = (1.0, 1e3, 1e6)
# Fraction by which a time that was asked for, and one that was measured, may differ.
_SAME_TIME = 0.02

# Longest exposure (s) that is believed; share of the exposure after which no next one can have begun; frames looked at.
_LONGEST, _SHARE, _MOST_FRAMES = 86400.0, 0.1, 100


@dataclass(frozen=True)
class ExposureTime:
    """Exposure time that one key of a header tells.

    Attributes
    ----------
    key : str
        The header key.
    number : float
        Its value as it stands there.
    unit : str or None
        Its unit, where the comment of the card, the value or the name of the key tells it: s, ms, us, min or h.
    """

    key: str
    number: float
    unit: str | None

    @property
    def seconds(self):
        """The exposure time (s); where no unit is told, the number is taken for seconds."""
        return self.number if self.unit in (None, "s") else self.number * _SECONDS[self.unit]

    @property
    def is_sure(self):
        """Whether the unit is known: EXPTIME is in seconds unless it says otherwise, EXPOSURE may be in any unit."""
        return self.unit is not None or self.key == "EXPTIME"

    def __str__(self):
        return f"{self.key} is {self.number:g}" + (f" {self.unit}" if self.unit not in (None, "s") else "")


def told_exposure(header, key):
    """`ExposureTime` of a key, or None where it is absent or has no number.

    Raises ValueError where its card cannot be read, or is ambiguous.
    """
    value = header_value(header, key)
    if isinstance(value, str):
        match = _TEXT.fullmatch(value.strip().lower())
        if match is None:
            return None
        number, unit = float(match[1].replace(",", ".")), match[2] and _unit_of(match[2])
    elif value is None or isinstance(value, bool):
        return None
    else:
        try:
            number, unit = float(value), None
        except (TypeError, ValueError, OverflowError):
            return None
    if not math.isfinite(number):
        return None
    comment = header.comments[key] if hasattr(header, "comments") else ""
    return ExposureTime(key, number, unit or _OF_KEYS.get(key) or _unit_in(comment))


def exposure_of_key(frame, key):
    """`told_exposure` of a key that is in a frame's header; None where its value tells nothing, such as 'N/A'.

    Raises ValueError, with the name of the frame, where it is anything else than a finite number.
    """
    try:
        told = told_exposure(frame.header, key)
        if told is None and is_unknown(header_value(frame.header, key)):
            return None
    except ValueError as error:
        raise ValueError(f"{frame.label}: {error}") from None
    return told or ExposureTime(key, header_number(frame, key), None)


def exposure_time(frame):
    """`ExposureTime` of a frame by its header, or None where no key tells one.

    The first of EXPTIME, EXPOSURE and others. EXPOSURE goes before EXPTIME where its unit is told, that of EXPTIME is
    not, and EXPTIME is the same time in ms or us.

    Raises ValueError where the first key that tells has no finite number, cannot be read, or is ambiguous.
    """
    first = exposure_of_key(frame, EXPOSURE_KEYS[0])
    if first is None:
        # To ask a header for a key that it does not have takes longer than to list those that it has.
        known = set(frame.header)
        told = (exposure_of_key(frame, key) for key in EXPOSURE_KEYS[1:] if key in known)
        return next((time for time in told if time is not None), None)
    if first.unit is None:
        second = _told_or_none(frame.header, EXPOSURE_KEYS[1])
        is_told = second is not None and second.unit is not None
        if is_told and any(_is_close(first.number, second.seconds * factor) for factor in _FACTORS[1:]):
            return second
    return first


def check_one_time(frame):
    """A ValueError if two keys of a header contradict each other on the exposure time."""
    for _, sentence in _contradictions([frame]):
        raise ValueError(sentence)


def contradiction(frame):
    """The `ExposureTime` that is used and another one of the header that contradicts it, or None."""
    used = _usable(frame)
    others = [key for key in _SAME_TIME_KEYS if key != used.key] if used is not None else []
    told = (_told_or_none(frame.header, key) for key in others)
    other = next((other for other in told if other is not None and not _is_same(used, other)), None)
    return None if other is None else (used, other)


def exposure_doubts(frames):
    """What speaks against exposure times of headers: a list of verdict ('wrong' or 'doubtful') and sentence."""
    return [*_contradictions(frames), *_impossible(frames)]


def _contradictions(frames):
    found = [(frame, pair) for frame in frames if (pair := contradiction(frame)) is not None]
    if found:
        frame, (used, other) = found[0]
        yield (
            "wrong",
            f"{used} and {other} in the header of {frame.label}{_and_more(found)}, and one of them is not the exposure "
            f"time; pass exposure (a Quantity in s, exposure={used.key!r} or exposure={other.key!r})",
        )


def _impossible(frames):
    """Exposures of more than a day, and those after which the next one began too early."""
    times = [(frame, _usable(frame)) for frame in frames[:_MOST_FRAMES]]
    times = [(frame, time) for frame, time in times if time is not None and time.seconds > 0]
    for frame, time in times:
        if time.seconds > _LONGEST:
            yield (
                "doubtful" if time.is_sure else "wrong",
                f"{time} in the header of {frame.label}, and as s that is more than a day: {_way_out(time)}",
            )
            return
    starts = sorted(
        (start, index) for index, (frame, _) in enumerate(times) if (start := _start(frame.header)) is not None
    )
    for (start, index), (following, _) in pairwise(starts):
        frame, time = times[index]
        pause = (following - start).total_seconds()
        # Frames that were combined, or whose headers were copied, may begin together. Some clocks tell whole seconds.
        if pause > 0 and pause + 2.0 < _SHARE * time.seconds:
            yield (
                "doubtful" if time.is_sure else "wrong",
                f"{time} in the header of {frame.label}, but by DATE-OBS the next exposure began {pause:.3g} s later: "
                f"{_way_out(time)}",
            )
            return


def _way_out(time):
    if time.is_sure:
        return "pass exposure (a Quantity)"
    return (
        f"{time.key} seems to be in another unit; pass exposure (a Quantity, or "
        f"exposure=ccdproc.Keyword({time.key!r}, unit=u.ms), or u.us)"
    )


def _start(header):
    """Start of an exposure, or None."""
    try:
        value = header_value(header, "DATE-OBS")
        # A day without the time of day tells nothing.
        return datetime.fromisoformat(value).replace(tzinfo=None) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None


def _usable(frame):
    """`exposure_time` of a frame, or None: what cannot be read tells nothing; where it is used, that is an error."""
    try:
        return exposure_time(frame)
    except ValueError:
        return None


def _told_or_none(header, key):
    try:
        return told_exposure(header, key)
    except ValueError:
        return None


def _is_same(used, other):
    """Whether two keys tell the same time: to 2 %, or the other one rounded to whole seconds."""
    if used.number == 0 and other.seconds <= 1.0:
        # The shortest exposure that the camera can take.
        return True
    if other.unit is None:
        is_rounded = other.number.is_integer() and abs(other.number - used.seconds) <= 0.5
        return is_rounded or any(_is_close(other.number, used.seconds * factor) for factor in _FACTORS)
    is_rounded = other.seconds.is_integer() and abs(other.seconds - used.seconds) <= 0.5
    return is_rounded or _is_close(other.seconds, used.seconds)


def _is_close(first, second):
    return math.isclose(first, second, rel_tol=_SAME_TIME)


@lru_cache(maxsize=1000)
def _unit_in(comment):
    """Unit that the comment of a card tells, or None."""
    comment = comment.lower()
    for pattern in _MARKED:
        match = pattern.search(comment)
        if match is not None:
            return _unit_of(match[1])
    units = {_unit_of(word) for word in _WORD.findall(comment)}
    return units.pop() if len(units) == 1 else None


def _unit_of(word):
    return next(unit for unit, spelling in _SPELLINGS.items() if re.fullmatch(spelling, word))


def _and_more(found):
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""
