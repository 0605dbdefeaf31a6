# Licensed under a 3-clause BSD style license - see LICENSE
"""Amplifiers that each read a section of an image, with gains and read noises of their own."""

from __future__ import annotations

import re
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from ccdproc import Keyword

from .._interface.results import result_image, safe_header
from .._interface.shown_object import ShownObject
from .._interface.warnings import collected, warn
from ..frames.headers import FrameSetting
from ..frames.reading import ImageSection
from ..frames.sections import Section, check_section, section_of
from ..frames.trimmed_frame import cut_frame
from .bias import bias_frame

__all__ = ["Amplifier", "AmplifierSections", "Amplifiers", "amplifiers_of_rates", "measure_amplifiers"]

_LETTERS = string.ascii_uppercase
# Header keys of the gain (electron/adu), and of the read noise (electron), of an amplifier by its number, from 1.
_NUMBERED = {"gain": ("EGAIN{}", "GAIN{}"), "read_noise": ("RDNOISE{}", "RDNOIS{}"), "saturation": ("SATURAT{}",)}
# Keys of a result that may differ between amplifiers, with what the keys of the amplifiers begin.
_OWN = {
    "DKGAIN": "DKGAIN", "DKRDNOI": "DKRDN", "DKNOISE": "DKNOI", "DKBIASER": "DKBIAS", "DKSATUR": "DKSAT",
    "DKSATSRC": "DKSSRC", "DKSATUNI": "DKSUNI", "DKBLACK": "DKBLACK", "DKLOST": "DKLOST", "DKLEVERR": "DKLEV",
    "DKWIDTH": "DKWID", "DKRNFREE": "DKRNFR", "DKRNSPR": "DKRNSPR", "DKRNTEL": "DKRNTEL",
    "DKTHRESH": "DKTHRE", "DKTYPIC": "DKTYP", "DKTYPERR": "DKTYPE", "DKHOTWID": "DKHOTW", "DKSIGMA": "DKSIG",
    "DKSCALE": "DKSCALE", "DKSCLERR": "DKSCER", "DKSCLSPR": "DKSCSP", "DKSCLPIX": "DKSCPI", "DKSCLSRC": "DKSCSR",
}  # fmt: skip
# Keys of the distribution of the read noise, and of that of one amplifier.
_CARDS, _CARDS_OF_ONE = re.compile(r"DKRND\d\d"), re.compile(r"DKRND\d\d[A-Z]")
# Keys whose value is the sum of the amplifiers'.
_SUMMED = {
    "DKLOST", "DKNCOMP", "DKFALSE", "NHOT", "NWARM", "NNONLIN", "NTELEGR", "NSATUR", "NUNRELI", "NNOTEST",
    "NNOISY", "NMASKED", "NBYRATE", "NBYOWN", "NBENDS", "NOFFSET", "NCLIPS", "NHIGH", "NSWITCH", "NUNEXPL", "NUNTOLD",
    "DKSCLPIX",
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Amplifier(ShownObject):
    """An amplifier that reads a section of the image, for ``amplifiers=`` of `dark_rate`.

    Parameters
    ----------
    section : str or `ccdproc.Keyword`
        Section of the image as FITS writes it, ``"[1:512, 1:1024]"`` (columns, rows, from 1, ends included), or the
        header key that has it.
    gain : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Gain (electron/adu), or the header key that holds it. None looks for EGAIN and GAIN with the number of the
        amplifier, such as GAIN2; then takes the one of the call.
    read_noise : `~astropy.units.Quantity`, `ccdproc.Keyword`, str or `~astropy.nddata.CCDData`, optional
        Read noise of one frame (electron), the header key that holds it, or a map of it. None takes a map of the call;
        else looks for RDNOISE and RDNOIS with the number of the amplifier; then takes the one of the call, or measures
        it, as in `dark_rate`.
    saturation : `~astropy.units.Quantity`, `ccdproc.Keyword` or str, optional
        Level from which a sample is saturated, as in `dark_rate`. None takes the one of the call.
    overscan : str or `ccdproc.Keyword`, optional
        Overscan of the amplifier, outside of its section: a FITS section, or the header key that has it. Its level is
        taken off as in `dark_rate`.

    See Also
    --------
    dark_rate : Makes one image of the rates of all amplifiers.

    Examples
    --------
    The same sensor, said to be read by two amplifiers of different gain:

    >>> from astropy import units as u
    >>> from ccdproc_darks import Amplifier, dark_rate, simulate_dark
    >>> camera = dict(gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron, bias=1000 * u.adu)
    >>> darks = [simulate_dark((100, 100), exposure=1000 * u.s, rng=seed, **camera) for seed in range(10)]
    >>> left = Amplifier("[1:50, :]", gain=1.5 * u.electron / u.adu, read_noise=10 * u.electron)
    >>> right = Amplifier("[51:100, :]", gain=3 * u.electron / u.adu, read_noise=20 * u.electron)
    >>> rate = dark_rate(darks, bias=1000 * u.adu, amplifiers=[left, right])
    >>> print(f"{rate.data[:, :50].mean():.3f} {rate.data[:, 50:].mean():.3f} {rate.unit}")
    0.010 0.020 electron / s
    >>> rate.meta["DKGAINA"], rate.meta["DKGAINB"]
    (1.5, 3.0)
    """

    section: str | Keyword
    gain: FrameSetting = None
    read_noise: FrameSetting | CCDData = None
    saturation: FrameSetting = None
    overscan: ImageSection = None


# What the argument ``amplifiers`` may be.
Amplifiers = Sequence[Amplifier | str] | None


def measure_amplifiers(function, frames, amplifiers, reading, **options):
    """Image of what a ``function``, such as `dark_rate`, measures of each amplifier's section of frames.

    ``options`` are its arguments, among them those of the amplifiers, for which they stand in, and ``bias``.
    """
    if reading.overscan is not None or reading.trim is not None:
        raise ValueError(
            "amplifiers have sections and overscans of their own: leave out overscan and trim, and pass "
            "Amplifier(section, overscan=...)"
        )
    sections = AmplifierSections.of_user(amplifiers, frames)
    if isinstance(options.get("bias"), CCDData | str) or hasattr(options.get("bias"), "__fspath__"):
        options["bias"] = frame = bias_frame(options["bias"], reading)
        if frame.shape != sections.shape:
            raise ValueError(f"bias has the shape {frame.shape}, the darks have {sections.shape} ({frames[0].label})")

    def measured(number):
        own, section = sections.amplifiers[number], sections.sections[number]
        arguments = dict(options)
        for name in _NUMBERED:
            if name in arguments:
                arguments[name] = _setting(own, name, number + 1, frames[0], arguments[name])
        if isinstance(arguments.get("read_noise"), CCDData):
            arguments["read_noise"] = _own_part(arguments["read_noise"], sections, number)
        parts = [cut_frame(frame, _overscan_of(own, frame, number), section) for frame in frames]
        try:
            return function(parts, add_keyword=None, **arguments)
        except ValueError as error:
            own_way = (
                " (of this amplifier, as Amplifier(section, gain=..., read_noise=...))" if "Pass " in str(error) else ""
            )
            raise ValueError(f"{error}{own_way}") from None

    return sections.joined(measured, wcs=frames[0].wcs)


def _own_part(image, sections, number):
    """Section of an image that has the same amplifiers, with its own meta; else the image."""
    told = AmplifierSections.of_meta(image, "read_noise")
    return told.part(image, number) if told is not None and told.sections == sections.sections else image


def _overscan_of(amplifier, frame, number):
    """`Section` of the overscan of an amplifier, or None."""
    if amplifier.overscan is None:
        return None
    return section_of(amplifier.overscan, f"amplifiers[{number}].overscan", frame.header, frame.label, frame.shape)


def _setting(amplifier, name, number, frame, of_call):
    """A setting of an amplifier: what the user told of it, else a header key with its number, else that of the call."""
    own = getattr(amplifier, name)
    if own is None and not isinstance(of_call, CCDData):
        own = next((key.format(number) for key in _NUMBERED[name] if key.format(number) in frame.header), None)
    return of_call if own is None else own


def amplifiers_of_rates(rates, labels=None):
    """`AmplifierSections` of results of `dark_rate` that have amplifiers; None where none has.

    ValueError where they have different ones. ``labels`` name the rates in messages; None for rates[0], rates[1]...
    """
    labels = labels or [f"rates[{number}]" for number in range(len(rates))]
    told = [AmplifierSections.of_meta(rate, label) for label, rate in zip(labels, rates, strict=True)]
    known = [sections for sections in told if sections is not None]
    if not known:
        return None
    if any(sections is None or sections.sections != known[0].sections for sections in told):
        raise ValueError(
            "rates must have the same amplifiers: DKAMPS and the sections (DKASECA, ...) in their meta differ; measure "
            "them with the same amplifiers="
        )
    return known[0]


class AmplifierSections:
    """Sections (`Section`) of an image, by the letters A, B, C...; ``amplifiers`` are what the user gave."""

    def __init__(self, shape, sections, amplifiers=()):
        self.shape, self.sections, self.amplifiers = shape, sections, amplifiers
        self.letters = _LETTERS[: len(sections)]

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
        sections = []
        for number, one in enumerate(amplifiers):
            name = f"amplifiers[{number}].section"
            if one.section is None:
                raise TypeError(f"{name} must be a FITS section such as '[1:512, 1:1024]', got None")
            for argument in ("section", "overscan"):
                check_section(f"amplifiers[{number}].{argument}", getattr(one, argument))
            section = _upright(section_of(one.section, name, frames[0].header, frames[0].label, frames[0].shape), name)
            if any(section.overlaps(other) for other in sections):
                raise ValueError(f"{name}, {section.text}, overlaps that of another amplifier")
            sections.append(section)
        return cls(frames[0].shape, sections, amplifiers)

    @classmethod
    def of_meta(cls, image, label):
        """Sections that the meta of a result tells; None where it has none."""
        if not isinstance(image, CCDData) or "DKAMPS" not in image.meta:
            return None
        try:
            letters = _LETTERS[: int(image.meta["DKAMPS"])]
            texts = {f"DKASEC{letter}": image.meta[f"DKASEC{letter}"] for letter in letters}
            return cls(
                image.shape, [section_of(text, key, image.meta, label, image.shape) for key, text in texts.items()]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{label}: its meta does not tell the sections of its amplifiers (DKAMPS, DKASECA, ...; {error}): "
                "restore what dark_rate wrote, or measure the rate again"
            ) from None

    def share(self, number):
        """Fraction of the pixels that an amplifier has."""
        sizes = [np.prod(section.shape) for section in self.sections]
        return float(sizes[number] / sum(sizes))

    def part(self, image, number):
        """Section of an image: of a CCDData with the amplifier's own meta, of a Quantity; else what is given."""
        if not isinstance(image, CCDData):
            return image[self.sections[number].slices] if np.shape(image) == self.shape else image
        if image.shape != self.shape:
            return image
        place, letter = self.sections[number].slices, self.letters[number]

        def cut(array):
            return np.broadcast_to(array, self.shape)[place]

        part = CCDData(cut(image.data), unit=image.unit, mask=None if image.mask is None else cut(image.mask))
        if image.uncertainty is not None:
            part.uncertainty = type(image.uncertainty)(cut(image.uncertainty.array), unit=image.uncertainty.unit)
        part.meta = image.meta.copy()
        for key, begin in self._own_keys(image.meta):
            keys = [f"{begin}{each}" for each in self.letters]
            if any(each in image.meta for each in keys):
                value = image.meta.get(f"{begin}{letter}")
                for each in (key, *keys):
                    part.meta.pop(each, None)
                if value is not None:
                    part.meta[key] = value
        for key in ("DKAMPS", *(f"DKASEC{each}" for each in self.letters)):
            part.meta.pop(key, None)
        return part

    def joined(self, measured, *, wcs=None, fill=np.nan):
        """Image of the results ``measured(number)`` of all amplifiers; pixels of none are masked, their value ``fill``.

        A warning that is the same for all amplifiers is given once; any other one, and an error, names the amplifier.
        """
        data = mask = deviation = unit = None
        metas, told, known = [], [], []
        for number, (letter, section) in enumerate(zip(self.letters, self.sections, strict=True)):
            with collected() as warned:
                try:
                    result = measured(number)
                except (TypeError, ValueError, u.UnitsError) as error:
                    raise type(error)(f"amplifier {letter} {section.text}: {error}") from None
            told.append(list(dict.fromkeys(warned)))
            place = section.slices
            if data is None:
                data, mask = np.full(self.shape, fill, result.data.dtype), np.ones(self.shape, dtype=bool)
                unit = u.dimensionless_unscaled if result.unit == u.dimensionless_unscaled else result.unit
            data[place], mask[place] = result.data, result.mask
            if result.uncertainty is not None:
                deviation = np.full(self.shape, np.nan, data.dtype) if deviation is None else deviation
                deviation[place] = result.uncertainty.array
            metas.append(result.meta)
            known.append(result.uncertainty is not None)
        if any(known) and not all(known):
            lacking = self.letters[known.index(False)]
            raise ValueError(
                f"amplifier {lacking} has no read noise, so that its pixels have no uncertainty, and others have one: "
                "pass Amplifier(section, read_noise=...) for each"
            )
        self._warn(told)
        header = safe_header(metas[0], self._entries(metas))
        return result_image(data, unit, header, mask=mask, deviation=deviation, wcs=wcs)

    def _warn(self, told):
        for text, category in dict.fromkeys(one for warned in told for one in warned):
            those = [letter for letter, warned in zip(self.letters, told, strict=True) if (text, category) in warned]
            warn(text if len(those) == len(told) > 1 else f"amplifier {', '.join(those)}: {text}", category)

    def _entries(self, metas):
        """Header entries: of keys whose values differ, the mean or the sum, and the value of each amplifier."""
        entries = {"DKAMPS": (len(metas), "number of amplifiers")}
        for letter, section in zip(self.letters, self.sections, strict=True):
            entries[f"DKASEC{letter}"] = (section.text, f"section of amplifier {letter}")
        keys = dict.fromkeys(key for meta in metas for key in meta)
        for key in [key for key in keys if _CARDS.fullmatch(key)]:
            # Which the distribution is of one amplifier is told by its letter.
            if any(meta.get(key) != metas[0].get(key) for meta in metas):
                entries |= {
                    f"{key}{letter}": (meta.get(key), "") for letter, meta in zip(self.letters, metas, strict=True)
                }
                entries[key] = (None, "")
        for key in [key for key in keys if key in _SUMMED]:
            known = [meta[key] for meta in metas if key in meta]
            entries[key] = (sum(known), _comment(metas, key))
        for key, begin in self._own_keys(keys):
            values = [meta.get(key) for meta in metas]
            if all(value == values[0] for value in values):
                continue
            for letter, value in zip(self.letters, values, strict=True):
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
        own += [(key[:7], key[:7]) for key in keys if _CARDS_OF_ONE.fullmatch(key)]
        return own + [(key, key) for key in keys if key.startswith("DKOFF") and key[5:].isdigit()]


def _comment(metas, key):
    meta = next(meta for meta in metas if key in meta)
    return meta.comments[key]


def _upright(section, name):
    """A section that is not turned round: the direction of the read-out does not matter."""
    if abs(section.rows.step) != 1 or abs(section.columns.step) != 1:
        raise ValueError(f"{name} must have all rows and columns between its ends, got {section.text}")
    rows, columns = (
        range(min(numbers[0], numbers[-1]), max(numbers[0], numbers[-1]) + 1)
        for numbers in (section.rows, section.columns)
    )
    return Section(f"[{columns.start + 1}:{columns.stop}, {rows.start + 1}:{rows.stop}]", rows, columns)
