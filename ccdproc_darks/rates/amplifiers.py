# Licensed under a 3-clause BSD style license - see LICENSE
"""Amplifiers that each read a section of an image, with gains and read noises of their own."""

from __future__ import annotations

import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from ccdproc import Keyword

from .._interface.results import result_image, safe_header
from .._interface.warnings import collected, warn
from ..frames.headers import FrameSetting, header_value
from ..frames.section import rows_and_columns, section_text
from ..frames.section_frame import SectionFrame
from .bias import bias_frame

__all__ = ["Amplifier", "AmplifierSections", "Amplifiers", "amplifiers_of_rates", "measure_amplifiers"]

_LETTERS = string.ascii_uppercase
# Header keys of the gain (electron/adu), and of the read noise (electron), of an amplifier by its number, from 1.
_NUMBERED = {"gain": ("EGAIN{}", "GAIN{}"), "read_noise": ("RDNOISE{}", "RDNOIS{}"), "saturation": ("SATURAT{}",)}
# Keys of a result that may differ between amplifiers, with what the keys of the amplifiers begin.
_OWN = {
    "DKGAIN": "DKGAIN", "DKRDNOI": "DKRDN", "DKNOISE": "DKNOI", "DKBIASER": "DKBIAS", "DKSATUR": "DKSAT",
    "DKLOST": "DKLOST", "DKWIDTH": "DKWID", "DKTHRESH": "DKTHRE", "DKTYPIC": "DKTYP", "DKHOTWID": "DKHOTW",
    "DKSIGMA": "DKSIG",
}  # fmt: skip
# Keys whose value is the sum of the amplifiers'.
_SUMMED = {
    "DKLOST", "DKNCOMP", "DKFALSE", "NHOT", "NWARM", "NNONLIN", "NTELEGR", "NSATUR", "NUNRELI", "NMASKED",
}  # fmt: skip


@dataclass(frozen=True)
class Amplifier:
    """An amplifier that reads a section of the image, for ``amplifiers=`` of `dark_rate`.

    Parameters
    ----------
    section : str or `ccdproc.Keyword`
        Section of the image as FITS writes it, ``"[1:512, 1:1024]"`` (columns, rows, from 1, ends included), or the
        header key that has it.
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), or the header key that holds it. None looks for EGAIN and GAIN with the number of the
        amplifier, such as GAIN2; then takes the one of the call.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Read noise of one frame (electron), or the header key that holds it. None looks for RDNOISE and RDNOIS with the
        number of the amplifier; then takes the one of the call, or measures it, as in `dark_rate`.
    saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Level from which a sample is saturated, as in `dark_rate`. None takes the one of the call.

    See Also
    --------
    dark_rate : Makes one image of the rates of all amplifiers.

    Examples
    --------
    Two amplifiers, that of the right half with twice the read noise:

    >>> from astropy import units as u
    >>> from ccdproc_darks import Amplifier, CCDData
    """

    section: str | Keyword
    gain: FrameSetting = None
    read_noise: FrameSetting = None
    saturation: FrameSetting = None


# What the argument ``amplifiers`` may be.
Amplifiers = Sequence[Amplifier | str] | None


def measure_amplifiers(function, frames, amplifiers, reading, **options):
    """Image of what a ``function``, such as `dark_rate`, measures of each amplifier's section of frames.

    ``options`` are its arguments, among them those of the amplifiers, for which they stand in, and ``bias``.
    """
    sections = AmplifierSections.of_user(amplifiers, frames)
    if isinstance(options.get("bias"), CCDData | str) or hasattr(options.get("bias"), "__fspath__"):
        options["bias"] = frame = bias_frame(options["bias"], reading)
        if frame.shape != sections.shape:
            raise ValueError(f"bias has the shape {frame.shape}, the darks have {sections.shape} ({frames[0].label})")

    def measured(number):
        own, place = sections.amplifiers[number], sections.places[number]
        arguments = dict(options)
        for name in _NUMBERED:
            if name in arguments:
                arguments[name] = _setting(own, name, number + 1, frames[0], arguments[name])
        if not isinstance(arguments.get("bias"), u.Quantity | None):
            arguments["bias"] = SectionFrame(arguments["bias"], *place)
        return function([SectionFrame(frame, *place) for frame in frames], add_keyword=None, **arguments)

    return sections.joined(measured, wcs=frames[0].wcs)


def _setting(amplifier, name, number, frame, of_call):
    """A setting of an amplifier: what the user told of it, else a header key with its number, else that of the call."""
    own = getattr(amplifier, name)
    if own is None:
        own = next((key.format(number) for key in _NUMBERED[name] if key.format(number) in frame.header), None)
    return of_call if own is None else own


def amplifiers_of_rates(rates):
    """`AmplifierSections` of results of `dark_rate` that have amplifiers; None where none has.

    ValueError where they have different ones.
    """
    told = [AmplifierSections.of_meta(rate, f"rates[{number}]") for number, rate in enumerate(rates)]
    known = [sections for sections in told if sections is not None]
    if not known:
        return None
    if any(sections is None or sections.places != known[0].places for sections in told):
        raise ValueError(
            "rates must have the same amplifiers: DKAMPS and the sections (DKASECA, ...) in their meta differ; measure "
            "them with the same amplifiers="
        )
    return known[0]


class AmplifierSections:
    """Sections of an image, by the letters A, B, C...; ``places`` has their rows and columns as slices."""

    def __init__(self, shape, places, amplifiers=()):
        self.shape, self.places, self.amplifiers = shape, places, amplifiers
        self._sizes = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in places]

    @classmethod
    def of_user(cls, amplifiers, frames):
        """Sections of the argument ``amplifiers``; an error where they overlap, or lie outside of the image."""
        if isinstance(amplifiers, str | Amplifier) or not hasattr(amplifiers, "__iter__"):
            raise TypeError(f"amplifiers must be a list of Amplifier, or of FITS sections, got {amplifiers!r}")
        amplifiers = [Amplifier(one) if isinstance(one, str | Keyword) else one for one in amplifiers]
        wrong = next((one for one in amplifiers if not isinstance(one, Amplifier)), None)
        if wrong is not None:
            raise TypeError(
                f"amplifiers must be a list of Amplifier, or of FITS sections, got a {type(wrong).__name__}"
            )
        if not 1 <= len(amplifiers) <= len(_LETTERS):
            raise ValueError(f"amplifiers must have 1 to {len(_LETTERS)} sections, got {len(amplifiers)}")
        shape, places, taken = frames[0].shape, [], np.zeros(frames[0].shape, dtype=bool)
        for number, one in enumerate(amplifiers):
            name = f"amplifiers[{number}]"
            place = rows_and_columns(_section_of(one.section, frames, name), shape, name)
            if taken[place].any():
                raise ValueError(f"{name}: its section {section_text(place)} overlaps that of another amplifier")
            taken[place] = True
            places.append(place)
        return cls(shape, places, amplifiers)

    @classmethod
    def of_meta(cls, image, label):
        """Sections that the meta of a result tells; None where it has none."""
        if not isinstance(image, CCDData) or "DKAMPS" not in image.meta:
            return None
        try:
            number = int(image.meta["DKAMPS"])
            texts = [image.meta[f"DKASEC{letter}"] for letter in _LETTERS[:number]]
            return cls(image.shape, [rows_and_columns(text, image.shape, label) for text in texts])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{label}: its meta does not tell the sections of its amplifiers (DKAMPS, DKASECA, ...; {error}): "
                "restore what dark_rate wrote, or measure the rate again"
            ) from None

    def share(self, number):
        """Fraction of the pixels that an amplifier has."""
        return self._sizes[number] / sum(self._sizes)

    def part(self, image, number):
        """Section of an image: of a CCDData with the amplifier's own meta, of a Quantity, or what has no pixels."""
        if not isinstance(image, CCDData):
            return image[self.places[number]] if np.shape(image) == self.shape else image
        if image.shape != self.shape:
            return image
        place, letter = self.places[number], _LETTERS[number]

        def cut(array):
            return np.broadcast_to(array, self.shape)[place]

        part = CCDData(cut(image.data), unit=image.unit, mask=None if image.mask is None else cut(image.mask))
        if image.uncertainty is not None:
            part.uncertainty = type(image.uncertainty)(cut(image.uncertainty.array), unit=image.uncertainty.unit)
        part.meta = image.meta.copy()
        for key, begin in self._own_keys(image.meta):
            keys = [f"{begin}{each}" for each in _LETTERS[: len(self.places)]]
            if any(each in image.meta for each in keys):
                value = image.meta.get(f"{begin}{letter}")
                for each in (key, *keys):
                    part.meta.pop(each, None)
                if value is not None:
                    part.meta[key] = value
        for key in ("DKAMPS", *(f"DKASEC{each}" for each in _LETTERS[: len(self.places)])):
            part.meta.pop(key, None)
        return part

    def joined(self, measured, *, wcs=None, fill=np.nan):
        """Image of the results ``measured(number)`` of all amplifiers; pixels of none are masked, their value ``fill``.

        A warning that is the same for all amplifiers is given once; any other one, and an error, names the amplifier.
        """
        data = mask = deviation = unit = None
        metas, told = [], []
        for number, (letter, place) in enumerate(zip(_LETTERS, self.places, strict=False)):
            with collected() as warned:
                try:
                    result = measured(number)
                except ValueError as error:
                    raise type(error)(f"amplifier {letter} {section_text(place)}: {error}") from None
            told.append(list(dict.fromkeys(warned)))
            if data is None:
                data, mask = np.full(self.shape, fill, result.data.dtype), np.ones(self.shape, dtype=bool)
                unit = u.dimensionless_unscaled if result.unit == u.dimensionless_unscaled else result.unit
            data[place], mask[place] = result.data, result.mask
            if result.uncertainty is not None:
                deviation = np.full(self.shape, np.nan, data.dtype) if deviation is None else deviation
                deviation[place] = result.uncertainty.array
            metas.append(result.meta)
        self._warn(told)
        header = safe_header(metas[0], self._entries(metas))
        return result_image(data, unit, header, mask=mask, deviation=deviation, wcs=wcs)

    def _warn(self, told):
        for text, category in dict.fromkeys(one for warned in told for one in warned):
            those = [letter for letter, warned in zip(_LETTERS, told, strict=False) if (text, category) in warned]
            warn(text if len(those) == len(told) > 1 else f"amplifier {', '.join(those)}: {text}", category)

    def _entries(self, metas):
        """Header entries: of keys whose values differ, the mean or the sum, and the value of each amplifier."""
        letters = _LETTERS[: len(metas)]
        entries = {"DKAMPS": (len(metas), "number of amplifiers")}
        for letter, place in zip(letters, self.places, strict=True):
            entries[f"DKASEC{letter}"] = (section_text(place), f"section of amplifier {letter}")
        keys = dict.fromkeys(key for meta in metas for key in meta)
        for key in [key for key in keys if key in _SUMMED]:
            known = [meta[key] for meta in metas if key in meta]
            entries[key] = (sum(known), _comment(metas, key))
        for key, begin in self._own_keys(keys):
            values = [meta.get(key) for meta in metas]
            if all(value == values[0] for value in values):
                continue
            for letter, value in zip(letters, values, strict=True):
                entries[f"{begin}{letter}"] = (value, f"{key} of amplifier {letter}")
            numbers = [value for value in values if isinstance(value, int | float)]
            if numbers and key not in _SUMMED:
                entries[key] = (float(np.mean(numbers)), "mean of the amplifiers")
        identities = [meta.get("DKBIASID", "") for meta in metas]
        if any(identities):
            entries["DKBIASID"] = (f"{zlib.crc32(' '.join(identities).encode()):08x}", "checksum of the master bias")
        return entries

    @staticmethod
    def _own_keys(keys):
        """Keys that may differ between amplifiers, and with what the keys of the amplifiers begin."""
        own = [(key, begin) for key, begin in _OWN.items() if key in keys]
        return own + [(key, key) for key in keys if key.startswith("DKOFF") and key[5:].isdigit()]


def _comment(metas, key):
    meta = next(meta for meta in metas if key in meta)
    return meta.comments[key]


def _section_of(section, frames, name):
    """Text of a section, or that of a header key."""
    key = section.name if isinstance(section, Keyword) else section
    if not isinstance(key, str):
        raise TypeError(f"{name}: section must be a FITS section such as '[1:512, 1:1024]', got {key!r}")
    if "[" in key or ":" in key:
        return key
    text = header_value(frames[0].header, key)
    if not isinstance(text, str):
        raise ValueError(
            f"{name}: section must be a FITS section such as '[1:512, 1:1024]', or a header key that has one, got "
            f"{key!r}, which is {'not in' if text is None else repr(text) + ' in'} the header of {frames[0].label}"
        )
    return text
