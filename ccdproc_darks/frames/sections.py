# Licensed under a 3-clause BSD style license - see LICENSE
"""Sections of an image: rectangles that the user, or BIASSEC, TRIMSEC and DATASEC of a header, tell of."""

import re
from dataclasses import dataclass

from ccdproc import Keyword
from ccdproc.utils.slices import slice_from_string

from .._interface.shown import shown
from .._interface.warnings import HeaderWarning, warn
from .cards import header_value

__all__ = [
    "OVERSCAN_KEYS",
    "TRIM_KEYS",
    "HeaderSections",
    "Section",
    "check_section",
    "header_sections",
    "section_of",
    "warn_untrimmed",
]

# Header keys of the overscan, and of the part of an image that is measured; the first one that is there counts.
OVERSCAN_KEYS, TRIM_KEYS = ("BIASSEC",), ("TRIMSEC", "DATASEC")
# What ccdproc.trim_image writes into a header, whose sections are those of the image before.
_TRIMMED_KEYS = ("trim_image", "trimim")
# One axis of a FITS section: all of it, or first and last pixel, counted from 1, and maybe a step.
_AXIS = r"(-?\*(:\d+)?|\d*:\d*(:\d+)?)"
_SECTION = re.compile(rf"\[{_AXIS},{_AXIS}\]")


@dataclass(frozen=True)
class Section:
    """A section of an image.

    Attributes
    ----------
    text : str
        The section as FITS writes it: ``[first column:last column, first row:last row]``, counted from 1.
    rows, columns : range
        Its rows and columns, counted from 0; backwards where the section turns the image round.
    """

    text: str
    rows: range
    columns: range

    @property
    def shape(self):
        """Number of rows and columns."""
        return len(self.rows), len(self.columns)

    @property
    def slices(self):
        """The section as slices of rows and columns."""
        return as_slice(self.rows), as_slice(self.columns)

    def is_whole(self, shape):
        """Whether the section is all of an image of this shape, and not turned round."""
        return (self.rows, self.columns) == tuple(map(range, shape))

    def overlaps(self, other):
        """Whether two sections share a pixel."""
        return bool(set(self.rows) & set(other.rows)) and bool(set(self.columns) & set(other.columns))


class _OutsideError(ValueError):
    """A section is outside its image."""


def as_slice(numbers):
    """The slice that picks the numbers of a range."""
    return slice(numbers.start, numbers.stop if numbers.stop >= 0 else None, numbers.step)


def check_section(argument, value):
    """Raise an error where ``value`` of a public argument is neither a section, a header key nor None."""
    if value is None or isinstance(value, Keyword):
        return
    if not isinstance(value, str):
        raise TypeError(
            f"{argument} must be a FITS section such as '[33:544, 1:512]', a header key such as 'TRIMSEC', or a "
            f"ccdproc.Keyword, got {value!r}"
        )
    if not value.strip():
        raise ValueError(f"{argument} is an empty text, expected a FITS section, a header key or None")
    if _is_section(value) or ":" in value:
        _slices(argument, value)


def section_of(value, argument, header, label, shape):
    """`Section` of an image that an argument names: by itself, or by a key of the header.

    Raises ValueError where the key is missing, where its value is no section, or where that is outside the image; the
    image is called ``label``.
    """
    where, text = argument, value
    if isinstance(value, Keyword) or not _is_section(value):
        key = value.name if isinstance(value, Keyword) else value.strip()
        try:
            text = header_value(header, key, value.value if isinstance(value, Keyword) else None)
        except ValueError as error:
            raise ValueError(f"{label}: {error}") from None
        if text is None:
            raise ValueError(
                f"{argument}: {label} has no key {key!r} in its header; pass the section itself, such as "
                "'[33:544, 1:512]'"
            )
        where = f"{argument}: {key} in the header of {label}"
    return _section(text, where, shape)


@dataclass
class HeaderSections:
    """What a header tells of overscan and of the part that is measured.

    Attributes
    ----------
    overscan, trim : str or None
        The sections, where they can be used: the measured part is not the whole image, and both are within it.
    keys : tuple of (str or None)
        The header key of each, where there is one.
    doubt : str
        What is wrong with the sections of the header, where they cannot be used; else empty.
    is_old : bool
        Whether they are outside the image, as those of the image that it was cut from.
    """

    overscan: str | None = None
    trim: str | None = None
    keys: tuple = (None, None)
    doubt: str = ""
    is_old: bool = False

    @property
    def told(self):
        """Keys and values, in words."""
        pairs = zip(self.keys, (self.overscan, self.trim), strict=True)
        return ", ".join(f"{key} {text}" for key, text in pairs if text is not None)


def header_sections(header, shape):
    """`HeaderSections` of an image of this shape, whether it is trimmed already or not.

    An image that was trimmed may still have the keys of the one that it was cut from. The measured part is then all of
    it, or reaches beyond it, and nothing is cut off again.
    """
    keys = [next((key for key in keys if _text(header, key)), None) for keys in (OVERSCAN_KEYS, TRIM_KEYS)]
    if keys == [None, None] or any(key in header for key in _TRIMMED_KEYS):
        return HeaderSections()
    found, wrong, outside = [None, None], [], [False, False]
    for index, key in enumerate(keys):
        if key is not None:
            try:
                found[index] = _section(_text(header, key), key, shape)
            except ValueError as error:
                wrong.append(str(error))
                outside[index] = isinstance(error, _OutsideError)
    overscan, trim = found
    if trim is not None and trim.is_whole(shape):
        return HeaderSections(keys=tuple(keys))
    if not wrong and trim is None:
        wrong.append(f"{keys[0]} is {overscan.text}, but neither TRIMSEC nor DATASEC tells which part is the image")
    elif overscan is not None and trim is not None and overscan.overlaps(trim):
        wrong.append(f"{keys[0]} {overscan.text} and {keys[1]} {trim.text} overlap")
    if wrong:
        return HeaderSections(keys=tuple(keys), doubt="; ".join(wrong), is_old=outside[keys[1] is not None])
    return HeaderSections(None if overscan is None else overscan.text, trim.text, tuple(keys))


def warn_untrimmed(frames, reading):
    """Warn of frames that are measured as a whole, though their headers tell of overscan or of edges to trim."""
    if reading.overscan is not None or reading.trim is not None:
        return
    for frame in frames:
        found = header_sections(frame.header, frame.shape)
        if not (found.trim or found.doubt) or found.is_old:
            continue
        told = found.told or found.doubt
        arguments = ", ".join(
            f"{argument}={key!r}"
            for argument, key in zip(("overscan", "trim"), found.keys, strict=True)
            if key is not None and found.trim
        )
        remedy = f"pass {arguments}" if found.trim else "pass overscan and trim, as FITS sections"
        warn(
            f"the header of {frame.label} tells that part of the image is no image ({told}), but all of it is "
            f"measured: {remedy}; trim='[:, :]' if all of it is",
            HeaderWarning,
        )
        return


def _text(header, key):
    """Text of a key; None where it has none, or cannot be read."""
    try:
        value = header_value(header, key)
    except ValueError:
        return None
    if not isinstance(value, str):
        return None
    # Not known: 'N/A', '[0:0,0:0]'.
    numbers = re.findall(r"\d+", value)
    return value.strip() if any(map(int, numbers)) or (not numbers and _is_section(value)) else None


def _is_section(text):
    return text.lstrip().startswith("[")


def _slices(where, text):
    """Slices of rows and columns, and the text without blanks."""
    plain = "".join(text.split()) if isinstance(text, str) else ""
    if not _SECTION.fullmatch(plain):
        raise ValueError(
            f"{where} must be a FITS section of columns and rows, such as '[33:544, 1:512]', got {shown(repr(text))}"
        )
    try:
        slices = slice_from_string(plain, fits_convention=True)
        if any(part.step == 0 for part in slices):
            raise ValueError("a step of 0")
    except ValueError as error:
        raise ValueError(f"{where}: {text!r} is no FITS section ({error})") from None
    return slices, plain


def _section(text, where, shape):
    slices, plain = _slices(where, text)
    # FITS has the columns first.
    for name, size, axis in zip(("rows", "columns"), shape, reversed(plain[1:-1].split(",")), strict=True):
        ends = [int(number) for number in axis.split(":")[:2] if number.isdecimal()]
        if ends and not 1 <= min(ends) <= max(ends) <= size:
            raise _OutsideError(f"{where} is {plain}, outside the image: its {name} are 1 to {size}")
    rows, columns = (range(*part.indices(size)) for part, size in zip(slices, shape, strict=True))
    return Section(plain.replace(",", ", "), rows, columns)
