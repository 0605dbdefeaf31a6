# Licensed under a 3-clause BSD style license - see LICENSE
"""All that came of a group of frames."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..rates.typical_rate import disagreement, typical_rate
from .group import Group
from .trimmed_group import TrimmedGroup

__all__ = ["BRIGHT", "Measured", "Pair"]

# electron/s between which rates are well measured and not saturated, for the ratio of two exposures.
BRIGHT = (8.0, 64.0)


@dataclass
class Pair:
    """One exposure time against the longest."""

    short: float  # exposure time (s)
    long: float  # the longest (s)
    offset: float  # common offset (electron)
    width: float | None  # of the significance
    ratio: float | None  # median of short over long rate, of the pixels whose long rate is between the limits `BRIGHT`
    ratio_pixels: int  # their number


@dataclass
class Measured:
    """All that came of a group."""

    group: Group
    exposures: list  # pairs of exposure time (s) and list of the frames used
    trimmed: TrimmedGroup | None = None  # what is cut off the frames
    rates: dict = field(default_factory=dict)  # of each exposure time; without a bias, good for differences only
    rate: object = None  # CCDData, from all exposures
    mask: object = None  # CCDData of `hot_pixel_mask`
    significance: object = None  # CCDData of `compare_dark_rates`, or None
    bias: object = None  # CCDData of the master bias, or None
    noise_map: object = None  # CCDData of the read noise of each pixel, or None: one will do, or frames are too few
    pairs: list = field(default_factory=list)  # `Pair` of each exposure time with the longest
    scatter: dict = field(default_factory=dict)  # `dark_scatter` of each exposure time of which there are enough frames
    limit: object = None  # `ProportionalityLimit`, or None
    findings: list = field(default_factory=list)  # `Finding` of each check of the frames
    settled: dict = field(default_factory=dict)  # sentence on what was done about a check, by its name
    notes: list = field(default_factory=list)  # sentences: what a person should worry about
    unusable: list = field(default_factory=list)  # `Unusable`: frames of the group that were left out
    noise_source: str = ""  # where the read noise is from, in words
    camera: object = None  # `Camera`: gain and read noise, and where they are from
    bias_noise: float | None = None  # read noise (electron) of the bias frames, whether it was used or not
    without_bias: bool = False  # whether the bias was subtracted from the darks already
    truth: object = None  # `Truth`: comparison with the truth, where that is known

    @property
    def has_bias(self):
        """Whether the bias is known: there were bias frames, or it was subtracted already."""
        return self.bias is not None or self.without_bias

    @property
    def needs_map(self):
        """Whether one read noise was taken for all pixels, and the frames show that it will not do."""
        spread = None if self.camera is None else self.camera.spread
        return self.noise_map is None and spread is not None and spread.one_will_do is False

    @cached_property
    def _rates_alone(self):
        """Rate of the typical pixel and its own error (or None), in electron/s, of each exposure time."""
        every = self.rate.meta
        # The level of a single frame is as uncertain as those of all frames tell.
        level = every["DKLEVERR"] * np.sqrt(every["NCOMBINE"]) if "DKLEVERR" in every else None
        return {seconds: typical_rate(rate, level) for seconds, rate in self.rates.items()} if self.has_bias else {}

    @property
    def error_factor(self):
        """How many times larger the errors of `typical_rates` are because exposure times do not agree by their own."""
        return disagreement(self._rates_alone.values())

    @cached_property
    def typical_rates(self):
        """Rate of the typical pixel and its error (or None), in electron/s: of each exposure time, and "all" together.

        The latter is that of the mask, where it has one. Where exposure times do not agree by their errors, as where
        levels drift between them, all errors are larger by the same factor.
        """
        of_mask = self.mask.meta.get("DKTYPIC"), self.mask.meta.get("DKTYPERR")
        rate, error = typical_rate(self.rate) if None in of_mask else of_mask
        found, factor = self._rates_alone | {"all": (rate, error)}, self.error_factor
        return {key: (rate, None if error is None else error * factor) for key, (rate, error) in found.items()}

    @property
    def pair(self):
        """The short and the long exposure time that pictures show, or None where there is one only.

        The longest; and of those at most half as long, or else of all others, that of the most total exposure.
        """
        times = [seconds for seconds, _ in self.exposures]
        if len(times) < 2:
            return None
        totals = {seconds: seconds * len(frames) for seconds, frames in self.exposures[:-1]}
        shorter = [seconds for seconds in totals if seconds <= times[-1] / 2] or list(totals)
        return max(shorter, key=lambda seconds: (totals[seconds], seconds)), times[-1]
