# Licensed under a 3-clause BSD style license - see LICENSE
"""Mean counts of equal exposures, some rows at a time: sums and maxima of all pixels, and a closer look at a few."""

from dataclasses import dataclass, replace

import numpy as np

from .._compute.buffers import give_back
from .dark_frames import ElectronReader
from .rejection import RejectionBound, may_lose_highest, mean_counts, reject
from .stack import (
    FrameBlock,
    StreamedFrameBlock,
    SumSettings,
    are_equal,
    frame_block,
    in_electrons,
    streamed_frame_block,
)

__all__ = [
    "CountingSettings",
    "QuickCounts",
    "SetCounts",
    "SpecialPixels",
    "Waiting",
    "counts_with_own_noise",
    "exact_mean_counts",
    "memory_of",
    "quick_mean_counts",
]


@dataclass
class SpecialPixels:
    """
    What it takes to look at pixels more closely; of the special ones, all samples.

    Attributes
    ----------
    special : `numpy.ndarray` of bool
        Which of them may have to leave out samples.
    samples : `numpy.ndarray`
        Those of the special ones as they are, shape (frames, special pixels).
    bad : `numpy.ndarray` of bool, or None
        Where these are bad.
    bias : `numpy.ndarray`
        Of the special ones (electron).
    counts : `numpy.ndarray`
        Mean of the samples of the others (electron).
    """

    special: np.ndarray
    samples: np.ndarray
    bad: np.ndarray | None
    bias: np.ndarray
    counts: np.ndarray

    @classmethod
    def joined(cls, parts):
        """One after the other."""
        if len(parts) == 1:
            return parts[0]
        counts, special, bias = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("counts", "special", "bias")
        )
        samples = np.concatenate([part.samples for part in parts], axis=1)
        bad = None
        if any(part.bad is not None for part in parts):
            nothing = [np.zeros(part.samples.shape, dtype=bool) if part.bad is None else part.bad for part in parts]
            bad = np.concatenate(nothing, axis=1)
        return cls(special, samples, bad, bias, counts)

    def split(self, number):
        """So many pixels, and the others."""
        few = np.count_nonzero(self.special[:number])
        return [
            self._part(slice(0, number), slice(0, few), slice(0, number - few)),
            self._part(slice(number, None), slice(few, None), slice(number - few, None)),
        ]

    def _part(self, pixels, special, others):
        bad = None if self.bad is None else self.bad[:, special]
        return SpecialPixels(
            self.special[pixels], self.samples[:, special], bad, self.bias[special], self.counts[others]
        )


class Waiting:
    """Samples that wait to be looked at, many pixels at a time, in the order in which they came."""

    def __init__(self):
        self._parts = []

    def add(self, picked):
        """Put `SpecialPixels` pixels at the end."""
        self._parts.append(picked)

    def take(self, number):
        """Take those of so many pixels from the front."""
        picked, others = SpecialPixels.joined(self._parts).split(number)
        self._parts = [others]
        return picked


# Bytes of a pixel that waits, besides its samples.
_PLACES = 32


@dataclass
class QuickCounts:
    """
    Mean counts of a `DarkSet`, of some rows, as if no sample had to be left out; arrays of pixels are flat.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples (electron).
    number : float
        Exposures in it.
    special : `numpy.ndarray` of bool
        Pixels that may have to leave out samples: of those, `picked` and `exact_mean_counts` tell the mean.
    stack : `ccdproc_darks.rates.stack.FrameBlock` or `ccdproc_darks.rates.stack.StreamedFrameBlock`
        The frames as they are.
    bias : `numpy.ndarray` or float
        What was taken from them (electron).
    bad_bias : `numpy.ndarray` of bool, or None
        Where there is none.
    """

    counts: np.ndarray
    number: float
    special: np.ndarray
    stack: FrameBlock | StreamedFrameBlock
    bias: object
    bad_bias: np.ndarray | None

    def picked(self, pixels):
        """`SpecialPixels` of pixels, among which are all that are special."""
        special = self.special[pixels]
        # Of one exposure time all of them are.
        few, others = (pixels, pixels[:0]) if special.all() else (pixels[special], pixels[~special])
        samples, masks, bad = self.stack.picked(few), self.stack.masks, None
        if self.bad_bias is not None or any(mask is not None for mask in masks):
            bad = np.zeros(samples.shape, dtype=bool)
            for row, mask in zip(bad, masks, strict=True):
                if mask is not None:
                    row |= mask[few]
            if self.bad_bias is not None:
                bad |= self.bad_bias[few]
        bias = self.bias[few] if np.ndim(self.bias) else np.full(few.size, self.bias)
        return SpecialPixels(special, samples, bad, bias, self.counts[others])


@dataclass
class SetCounts:
    """
    Mean counts of some pixels.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples kept (electron), zero where none was.
    frames : `numpy.ndarray`
        Exposures in it.
    limit : `numpy.ndarray`
        What it has at least (electron), where every sample that is not bad is saturated; else NaN.
    own_variance : `numpy.ndarray` or None
        Variance of the mean from the frames' own uncertainties (electron^2), where those are used.
    """

    counts: np.ndarray
    frames: np.ndarray
    limit: np.ndarray
    own_variance: np.ndarray | None = None


@dataclass
class CountingSettings:
    """
    What to take from frames, and when to leave a sample out.

    Attributes
    ----------
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        What to take from them.
    read_noise, clip : float or None
        As of `ccdproc_darks.rates.rejection.mean_counts`.
    """

    reader: ElectronReader
    read_noise: float | None
    clip: float | None

    def for_rows(self, rows):
        """The same for some rows only; it can be sent to another process."""
        return replace(self, reader=self.reader.for_rows(rows))

    def rule(self, combined, levels):
        """`ccdproc_darks.rates.rejection.RejectionBound` of such frames; None where no sample is rejected for what it is."""
        if self.clip is None or self.read_noise is None or len(combined) < 2:
            return None
        return RejectionBound(combined, levels, self.reader.scale, self.read_noise, self.clip)


def memory_of(frames):
    """Bytes that the samples of frames take while they are looked at, for each pixel."""
    # Of frames that have a mask all samples may have to be picked, and wait, with their places and their bias.
    waiting = sum(2 * frame.dtype.itemsize + 4 for frame in frames if frame.has_mask)
    return sum(2 * frame.dtype.itemsize + 1 for frame in frames) + waiting + (_PLACES if waiting else 0)


def quick_mean_counts(dark_set, levels, block, rules):
    """
    Mean counts of equal exposures, of some rows, and the pixels that need a closer look.

    Parameters
    ----------
    dark_set : `ccdproc_darks.rates.dark_frames.DarkSet`
        The frames.
    levels : `numpy.ndarray`
        How far each of them sits above the others as a whole (electron).
    block : slice
        The rows.
    rules : `CountingSettings`
        What to take from frames, and when to leave a sample out.

    Returns
    -------
    `QuickCounts`

    Notes
    -----
    No sample can be rejected unless the highest is past `ccdproc_darks.rates.rejection.least_excess`, which sum and maximum
    tell. Only pixels where it is, or where a sample is not finite, masked or saturated, are looked at sample by sample:
    nothing is sorted.
    """
    reader, combined = rules.reader, dark_set.combined
    bias, bad_bias = reader.bias.rows(block)
    bias = np.ravel(bias) if np.ndim(bias) else bias
    bad_bias = None if bad_bias is None else bad_bias.ravel()
    terms = SumSettings(combined, reader.scale, reader.saturation, bias, bad_bias, rules.rule(combined, levels))
    stack = streamed_frame_block(dark_set.frames, block, combined) or frame_block(dark_set.frames, block, combined)
    with np.errstate(invalid="ignore", over="ignore"):
        digest = stack.digest(terms)
        special = digest.special
        for mask in stack.masks:
            if mask is not None:
                special |= mask
        if digest.past is not None:
            pixels, may = may_lose_highest(digest, terms.rule)
            special[pixels] |= may
            give_back(digest.past)
    return QuickCounts(digest.counts, combined.sum(), special, stack, bias, bad_bias)


def exact_mean_counts(picked, combined, levels, rules):
    """
    `SetCounts` of pixels, by a look at each sample of those that may have to leave out some.

    Parameters
    ----------
    picked : `SpecialPixels`
        The pixels.
    combined, levels : `numpy.ndarray`
        Of the frames, as of `ccdproc_darks.rates.rejection.mean_counts`.
    rules : `CountingSettings`
        What to take from frames, and when to leave a sample out.
    """
    special = picked.special
    counts, frames, limit = (np.full(special.size, value) for value in (np.nan, float(combined.sum()), np.nan))
    counts[special], frames[special], limit[special] = _looked_at(picked, combined, levels, rules)
    counts[~special] = picked.counts
    return SetCounts(counts, frames, limit)


def _looked_at(picked, combined, levels, rules):
    """Counts, exposures and limits of the special pixels."""
    reader = rules.reader
    samples, bias = picked.samples.astype(float), picked.bias
    good = np.isfinite(samples)
    if picked.bad is not None:
        good &= ~picked.bad
    limit = np.full(bias.size, np.nan)
    if reader.saturation is not None:
        over = good & (samples >= reader.saturation)
        good &= ~over
        saturated = over.any(axis=0) & ~good.any(axis=0)
        limit[saturated] = (reader.saturation * reader.scale - bias)[saturated]
    samples[~good] = 0.0
    if rules.clip is not None:
        electrons = np.where(good, samples * reader.scale - bias, 0.0)
        reject(electrons, good, combined, read_noise=rules.read_noise, own_variance=None, levels=levels,
               clip=rules.clip)  # fmt: skip
    total, divisor, frames = _kept_sums(samples, good, combined)
    some = frames > 0
    with np.errstate(invalid="ignore"):
        counts = in_electrons(total / np.where(some, divisor, 1.0), reader.scale, bias)
    return np.where(some, counts, 0.0), frames, limit


def counts_with_own_noise(dark_set, levels, block, rules):
    """`SetCounts` of frames that bring their own uncertainties: all pixels are looked at sample by sample."""
    electrons = rules.reader.read(dark_set, block)
    mean = mean_counts(
        electrons.samples, electrons.good, dark_set.combined, own_variance=electrons.own_variance, levels=levels,
        clip=rules.clip,
    )  # fmt: skip
    limit = np.where(electrons.saturated, electrons.limit, np.nan)
    return SetCounts(mean.counts.ravel(), mean.frames.ravel(), limit.ravel(), mean.own_variance.ravel())


def _kept_sums(samples, good, combined):
    """The same of samples that are good, and how many exposures those are; between them, what makes a mean of it."""
    equal = are_equal(combined)
    weights = np.ones(len(samples)) if equal else combined
    total = np.where(good[0], samples[0] * weights[0], 0.0)
    for weight, keep, sample in zip(weights[1:], good[1:], samples[1:], strict=True):
        total += np.where(keep, sample * weight, 0.0)
    divisor = (weights[:, None] * good).sum(axis=0)
    return total, divisor, divisor * combined[0] if equal else divisor
