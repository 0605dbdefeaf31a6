# Licensed under a 3-clause BSD style license - see LICENSE
"""Flags of a block of rows, by thresholds that are already set."""

import copy
from dataclasses import dataclass

import numpy as np

from .._compute.blocks import Block, BlockJob, Deferred
from .._interface.flags import DARK_FLAGS
from ..comparison.comparer import RateComparer, both_for_rows
from ..comparison.dark_scatter import ScatterImages
from ..rates.rate_images import RateImages
from .fast_flags import FastFlags
from .hot_pixels import HotPixelTest
from .noisy_pixels import NoisyPixels
from .nonlinear import detectable, not_proportional
from .pixel_rates import pixel_rates

__all__ = ["COUNTED", "UNTESTED", "FlagJob", "masked_flags"]

COUNTED = (
    "HOT", "WARM", "NONLINEAR", "TELEGRAPH", "SATURATED", "UNRELIABLE_DARK", "UNRELIABLE_ERROR", "DO_NOT_USE",
)  # fmt: skip
# Name of the number of pixels that are not HOT, and too noisy to be tested for proportionality.
UNTESTED = "untested"
# Flags whose pixels are masked, where nobody chooses: of one rate, and of several.
_MASKED_OF_ONE = ("HOT", "TELEGRAPH", "OTHER_BAD_PIXEL")
_MASKED = ("NONLINEAR", "TELEGRAPH", "SATURATED", "OTHER_BAD_PIXEL")


def masked_flags(names, several):
    """Bits of the flags that make the mask, by their ``names`` (or one name); None is the choice for one rate, or more.

    Raises ValueError where a name is none of those that can be chosen.
    """
    if names is None:
        names = _MASKED if several else _MASKED_OF_ONE
    possible = [name for name in vars(DARK_FLAGS) if name.isupper() and name != "DO_NOT_USE"]
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, list | tuple | set | frozenset) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"mask must be the name of a flag, or a sequence of names, got {names!r}")
    for name in names:
        if name not in possible:
            why = ": it tells what is masked" if name == "DO_NOT_USE" else ""
            raise ValueError(f"mask must name flags among {', '.join(possible)}, got {name!r}{why}")
    return sum({getattr(DARK_FLAGS, name) for name in names})


@dataclass
class FlagJob(BlockJob):
    """Makes the flags and the mask; counts the pixels that have each of the flags `COUNTED`, and those `UNTESTED`.

    Attributes
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        The rates.
    comparer : `ccdproc_darks.comparison.comparer.RateComparer` or None
        Comparer of several rates.
    hot_pixels : `ccdproc_darks.masks.hot_pixels.HotPixelTest`
        Test that finds HOT and WARM pixels.
    telegraph : `ccdproc_darks.comparison.dark_scatter.ScatterImages`
        Images in which pixels beyond the deviate ``critical_scatter`` are TELEGRAPH.
    critical, planned : float
        Deviate beyond which a pixel is NONLINEAR, and the one for which its power is computed.
    tolerance : float
        Smallest departure worth flagging, as a fraction of the rate.
    rate_limit : float
        Rate (electron/s) above which all pixels are NONLINEAR; infinite where there is none.
    noisy_pixels : `ccdproc_darks.masks.noisy_pixels.NoisyPixels` or None
        Pixels that are UNRELIABLE_ERROR; None without a read noise of each pixel.
    masked : int or None
        Bits of the flags whose pixels are masked; None is the choice of `masked_flags`.
    """

    images: RateImages
    comparer: RateComparer | None
    hot_pixels: HotPixelTest
    telegraph: ScatterImages
    critical: float
    planned: float
    critical_scatter: float
    tolerance: float
    rate_limit: float
    noisy_pixels: NoisyPixels | None = None
    masked: int | None = None

    def __post_init__(self):
        if self.masked is None:
            self.masked = masked_flags(None, self.comparer is not None)
        self._fast = FastFlags.of(
            self.comparer, self.hot_pixels, self.critical, self.planned, self.tolerance, self.rate_limit
        )

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 500 * len(self.images) if self._fast is None else 50 * len(self.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        job = copy.copy(self)
        job.images, job.comparer = both_for_rows(self.images, self.comparer, rows)
        job.hot_pixels, job.telegraph = self.hot_pixels.for_rows(rows), self.telegraph.for_rows(rows)
        job.noisy_pixels = self.noisy_pixels and self.noisy_pixels.for_rows(rows)
        return job

    def block(self, rows, out=(None, None)):
        """Fast pass, where there is one, right for complete pixels that are not near a decision; else the exact way.

        Flags and mask of ``out`` must be zero everywhere.
        """
        if self._fast is None:
            return self._flags_of(rows)
        decided = self._fast.decide(self.comparer, self.hot_pixels, rows)
        pixels, inexact = decided.pixels, decided.inexact
        found = decided.hot * np.uint32(DARK_FLAGS.HOT)
        found[decided.hot & ~(decided.testable | decided.nonlinear)] |= np.uint32(DARK_FLAGS.UNRELIABLE_DARK)
        found[decided.nonlinear] |= np.uint32(DARK_FLAGS.NONLINEAR)
        flags, mask = (
            np.zeros(decided.size, kind) if place is None else place.reshape(-1)
            for place, kind in zip(out, (np.uint32, bool), strict=True)
        )
        # Pages of zeros that nobody touches take neither time nor memory.
        changed = np.flatnonzero(found)
        flags[pixels[changed]] = found[changed]
        touched = [pixels[changed]]
        for flag, where in (
            (DARK_FLAGS.TELEGRAPH, self.telegraph.beyond(self.critical_scatter, rows)),
            (DARK_FLAGS.UNRELIABLE_ERROR, self._noisy(rows)),
        ):
            touched.append(np.flatnonzero(where))
            flags[touched[-1]] |= np.uint32(flag)
        # Counted where they are computed exactly.
        deferred = pixels[inexact]
        flags[deferred] = 0
        touched = np.unique(np.concatenate(touched)) if touched[1].size or touched[2].size else touched[0]
        bad = touched[(flags[touched] & np.uint32(self.masked)) > 0]
        flags[bad] |= np.uint32(DARK_FLAGS.DO_NOT_USE)
        mask[bad] = True
        return Block([flags, mask], Deferred(deferred), _numbers(flags[touched], decided.untested))

    def exact(self, deferred):
        """The full fit and its exact tail."""
        return self._flags_of(slice(None), deferred.pixels)

    def _noisy(self, rows, pixels=None):
        """Pixels that are UNRELIABLE_ERROR: too noisy to read, or their reading jumps."""
        unstable = self.telegraph.unstable(rows, pixels)
        return unstable if self.noisy_pixels is None else self.noisy_pixels.beyond(rows, pixels) | unstable

    def _flags_of(self, rows, pixels=None):
        """Flags and mask (`Block`) of a block of rows, or of some ``pixels`` of it (flat indices)."""
        measured = pixel_rates(self.images, self.comparer, rows, pixels)
        hot, warm = self.hot_pixels.flags(measured, rows, pixels)
        telegraph = self.telegraph.beyond(self.critical_scatter, rows, pixels)
        found = {"HOT": hot, "WARM": warm, "TELEGRAPH": telegraph, "UNRELIABLE_ERROR": self._noisy(rows, pixels)}
        if self.comparer is None:
            return _counted(0, self.masked, measured.unusable, **found)
        comparison = measured.comparison
        with np.errstate(invalid="ignore"):
            nonlinear = not_proportional(comparison, self.critical, self.tolerance) | (measured.rate > self.rate_limit)
        untested = ~detectable(comparison, self.planned, self.tolerance) & ~nonlinear
        found |= {"NONLINEAR": nonlinear, "UNRELIABLE_DARK": hot & untested}
        found["SATURATED"] = np.isfinite(measured.lower_limit)
        unusable = measured.unusable
        if not self.masked & DARK_FLAGS.SATURATED:
            # A pixel that saturates may be used where it has a sample that does not.
            counts = comparison.rows
            missing = ~counts.usable & ~np.isfinite(counts.lower_limit)
            unusable = missing.any(axis=0) | ~counts.usable.any(axis=0)
        return _counted(np.count_nonzero(untested & ~hot), self.masked, unusable, **found)


def _numbers(flags, untested):
    """Number of pixels that have each of the flags `COUNTED`, and of those `UNTESTED`."""
    flagged = flags.ravel()[np.flatnonzero(flags)]
    return np.array([*(np.count_nonzero(flagged & getattr(DARK_FLAGS, name)) for name in COUNTED), untested])


def _counted(untested, masked, unusable, **flags):
    """`Block` of flags, their mask and their numbers, from one boolean image for each flag; False is an empty one.

    Pixels that have one of the flags ``masked`` (bits), or are ``unusable``, are masked.
    """
    field = None
    for name, where in flags.items():
        bits = np.multiply(where, np.uint32(getattr(DARK_FLAGS, name)))
        field = bits if field is None else np.bitwise_or(field, bits, out=field)
    mask = np.bitwise_and(field, np.uint32(masked)).astype(bool)
    mask |= unusable
    field[mask] |= np.uint32(DARK_FLAGS.DO_NOT_USE)
    return Block([field, mask], count=_numbers(field, untested))
