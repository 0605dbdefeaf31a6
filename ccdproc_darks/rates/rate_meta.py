# Licensed under a 3-clause BSD style license - see LICENSE
"""How a rate was measured: what `dark_rate` writes into the header of its result, and what is read back from it."""

import math
from dataclasses import dataclass

import numpy as np

from .._interface.pixel_mask import DARK_RATE, kind_of_result
from ..frames.cards import header_value

__all__ = ["RateMeta"]

_NEEDED = ("DKEXPMIN", "DKEXPMAX", "DKNEXP", "DKTOTAL", "NCOMBINE", "DKBIASER", "DKBIASID")
# The last one is that of a rate without the key.
_SOURCES = ("argument", "header", "uncertainty", "estimated", "bias", "map", "none")
_SATURATION_UNITS = ("electron", "adu")
_SATURATION_SOURCES = ("argument", "header", "ADC", "found", "none")
_OFFSETS = ("pixel", "none")
# Numbers that a header may hold.
_RANGES = {
    "positive": lambda value: value > 0,
    "zero or positive": lambda value: value >= 0,
    "above -273.15 deg C": lambda value: value > -273.15,
    "of any sign": lambda value: True,
}
# Relative error of an exposure time that was written with few digits.
_ROUNDING = 1e-6


@dataclass
class RateMeta:
    """How a rate was measured.

    Attributes
    ----------
    shortest, longest : float
        Shortest and longest exposure time (s).
    exposures : int
        Number of different exposure times.
    total : float
        Total exposure time of all frames (s).
    frames : int
        Number of frames (a combined frame counts as many as went into it).
    bias_error : float
        Error of the bias that all pixels share (electron).
    bias_identity : str
        Checksum of the master bias; empty where there was none.
    gain, read_noise, saturation, temperature : float or None
        Gain (electron/adu), read noise (electron), saturation level (the frames' unit), temperature (deg C).
    noise_source : str
        Source of the noise: 'argument', 'header', 'uncertainty' (the frames' own), 'estimated', 'bias', 'map' (each
        pixel has its own) or 'none'.
    offset : str
        'pixel' where every pixel had a free offset, else 'none'.
    incomplete : int or None
        Number of pixels that lost some of their frames; None where they were not counted.
    saturation_source : str
        Source of the saturation level: 'argument', 'header', 'ADC' (the highest value of unsigned integers), 'found'
        (the frames show it) or 'none'.
    saturation_unit : str
        'adu' or 'electron'.
    optical_black : float or None
        Typical rate (electron/s) that was added, where the camera subtracts its optical black.
    level_error : float or None
        Error of the mean level of the frames above the bias (electron), which all pixels have in common.
    """

    shortest: float
    longest: float
    exposures: int
    total: float
    frames: int
    bias_error: float
    bias_identity: str
    gain: float | None
    read_noise: float | None
    noise_source: str
    saturation: float | None
    temperature: float | None
    offset: str
    incomplete: int | None = None
    saturation_source: str = "none"
    saturation_unit: str = "adu"
    optical_black: float | None = None
    level_error: float | None = None

    @property
    def full(self):
        """Saturation level in electrons, or None."""
        if self.saturation is None or self.saturation_unit == "electron":
            return self.saturation
        return None if self.gain is None else self.saturation * self.gain

    def entries(self):
        """Header entries, as ``{key: (value, comment)}``."""
        single = self.shortest if self.exposures == 1 else None
        in_electrons = self.saturation is not None and self.saturation_unit == "electron"
        return {
            "EXPTIME": (single, "[s] exposure time of a frame"),
            "EXPOSURE": (single, "[s] exposure time of a frame"),
            "DKEXPMIN": (self.shortest, "[s] shortest exposure time"),
            "DKEXPMAX": (self.longest, "[s] longest exposure time"),
            "DKNEXP": (self.exposures, "number of exposure times"),
            "DKTOTAL": (self.total, "[s] total exposure of all frames"),
            "NCOMBINE": (self.frames, "number of frames"),
            "DKGAIN": (self.gain, "[electron/adu] gain used"),
            "DKRDNOI": (self.read_noise, "[electron] read noise, that of a typical pixel"),
            "DKNOISE": (self.noise_source, "where the noise is from"),
            "DKBIASER": (self.bias_error, "[electron] error of the bias"),
            "DKBIASID": (self.bias_identity, "checksum of the master bias"),
            "DKSATUR": (self.saturation, "saturation level in the frames' unit"),
            "DKSATSRC": (None if self.saturation is None else self.saturation_source, "where that level is from"),
            "DKSATUNI": ("electron" if in_electrons else None, "unit of that level, where it is not adu"),
            "DKTEMP": (self.temperature, "[deg C] mean sensor temperature"),
            "DKOFFSET": (self.offset, "offset of a pixel: pixel (free), none"),
            "DKLOST": (self.incomplete, "pixels that lost some of their frames"),
            "DKBLACK": (self.optical_black, "[electron/s] added to all pixels"),
            "DKLEVERR": (self.level_error, "[electron] error of the level of all pixels"),
        }

    @classmethod
    def of(cls, rate, label):
        """`RateMeta` from the meta of a rate; a ValueError where it is not a result of `dark_rate`, or was changed."""
        _check_kind(rate, label)
        meta = _CheckedMeta(rate.meta, label)
        shortest, longest = meta.number("DKEXPMIN", "positive"), meta.number("DKEXPMAX", "positive")
        exposures, frames = meta.whole("DKNEXP", 1), meta.whole("NCOMBINE", 1)
        total = meta.number("DKTOTAL", "positive")
        meta.check("DKEXPMAX", longest >= shortest * (1 - _ROUNDING), f"DKEXPMIN ({shortest:g} s) at least")
        if exposures == 1:
            equal = math.isclose(longest, shortest, rel_tol=_ROUNDING)
            meta.check("DKEXPMAX", equal, f"DKEXPMIN ({shortest:g} s), as DKNEXP is 1")
        meta.check("NCOMBINE", frames >= exposures, f"DKNEXP ({exposures}) at least")
        least, most = (frames * seconds for seconds in (shortest, longest))
        possible = least * (1 - _ROUNDING) <= total <= most * (1 + _ROUNDING)
        meta.check("DKTOTAL", possible, f"that of {frames} frames (NCOMBINE), {least:g} to {most:g} s")
        # The levels of frames, and what they show, may be below zero.
        source = meta.choice("DKSATSRC", _SATURATION_SOURCES)
        return cls(
            shortest=shortest,
            longest=longest,
            exposures=exposures,
            total=total,
            frames=frames,
            bias_error=meta.number("DKBIASER", "zero or positive"),
            bias_identity=meta.text("DKBIASID"),
            gain=meta.number("DKGAIN", "positive"),
            read_noise=meta.number("DKRDNOI", "zero or positive"),
            noise_source=meta.choice("DKNOISE", _SOURCES),
            saturation=meta.number("DKSATUR", "of any sign" if source == "found" else "positive"),
            temperature=meta.number("DKTEMP", "above -273.15 deg C"),
            offset=meta.choice("DKOFFSET", _OFFSETS),
            incomplete=meta.whole("DKLOST", 0),
            saturation_source=source,
            saturation_unit=meta.choice("DKSATUNI", _SATURATION_UNITS),
            optical_black=meta.number("DKBLACK", "zero or positive"),
            level_error=meta.number("DKLEVERR", "zero or positive"),
        )


def _check_kind(rate, label):
    """A ValueError where an image is another result than a rate."""
    kind = kind_of_result(rate)
    if "DKSTAT" in rate.meta:
        so = "" if kind is None else f", as of {kind}"
        raise ValueError(f"{label} is not a result of dark_rate: DKSTAT in its meta is {rate.meta['DKSTAT']!r}{so}")
    if kind is not None and kind != DARK_RATE:
        place = "; pass the rates that it was made from" if "DKEXPMIN" in rate.meta else ""
        if kind.startswith("a mask"):
            place += "; a mask belongs in mask= (of master_dark, dark_scale, nonlinear_kind) or in write_defects"
        raise ValueError(f"{label} is {kind}, not a result of dark_rate{place}")


class _CheckedMeta:
    """Values from the meta of a rate, each checked where it is read; a ValueError names the rate, the key and both."""

    def __init__(self, meta, label):
        self._meta, self._label = meta, label
        missing = [key for key in _NEEDED if key not in meta]
        if missing:
            raise ValueError(f"{label} is not a result of dark_rate: its meta lacks {', '.join(missing)}")

    def number(self, key, wanted):
        """The value of a key as a float, in one of `_RANGES`; None where there is no such key."""
        if key not in self._meta:
            return None
        value = self._value(key)
        plain = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        try:
            number = float(value) if plain else math.nan
        except OverflowError:  # a whole number of hundreds of digits
            number = math.inf
        self.check(key, math.isfinite(number), "a finite number")
        self.check(key, _RANGES[wanted](number), wanted)
        return number

    def whole(self, key, least):
        """The value of a key as an int, not below ``least``; None where there is no such key."""
        number = self.number(key, "of any sign")
        if number is None:
            return None
        self.check(key, number >= least and number == int(number), f"a whole number from {least}")
        return int(number)

    def choice(self, key, choices):
        """The text of a key, which is one of ``choices``; the last of them where there is no such key."""
        value = self._value(key, choices[-1])
        self.check(key, isinstance(value, str) and value in choices, f"one of {', '.join(map(repr, choices))}")
        return value

    def text(self, key):
        """The text of a key."""
        value = self._value(key)
        self.check(key, isinstance(value, str), "a text")
        return value

    def _value(self, key, default=None):
        try:
            return header_value(self._meta, key, default)
        except ValueError as error:
            raise ValueError(f"{self._label}: {error}") from None

    def check(self, key, right, wanted):
        """Raise ValueError unless the value of a key is ``right``."""
        if not right:
            raise ValueError(
                f"{self._label}: {key} in its meta must be {wanted}, got {self._meta[key]!r}: restore what dark_rate "
                "wrote, or measure the rate again"
            )
