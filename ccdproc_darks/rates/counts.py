# Licensed under a 3-clause BSD style license - see LICENSE
"""Mean counts of equal exposures: a fast pass over all pixels, and an exact one over the few that may lose a sample."""

from dataclasses import dataclass, replace

import numpy as np

from .._compute.blocks import Deferred
from .dark_frames import ElectronReader
from .mean_counts import MeanCounts
from .pixel_noise import PixelNoise
from .rejection import RejectionBound, may_lose_highest, mean_of_kept, reject
from .stack import FrameBlock, StreamedFrameBlock, SumSettings, are_equal, frame_block, in_electrons

__all__ = [
    "CountingSettings",
    "DeferredSamples",
    "QuickCounts",
    "SpecialPixels",
    "counts_with_own_noise",
    "exact_mean_counts",
    "memory_of",
    "quick_mean_counts",
]

# Bytes of a deferred pixel besides its samples.
_BYTES_DEFERRED = 32


@dataclass
class CountingSettings:
    """How samples become counts, and when a sample is left out.

    Attributes
    ----------
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        Gain, bias and saturation level.
    read_noise : float or None
        Read noise of one frame (electron); where each pixel has its own, that of a typical one.
    clip : float or None
        Sigmas above the others from which a sample is rejected; see `ccdproc_darks.rates.rejection.mean_of_kept`.
    pixel_noise : `ccdproc_darks.rates.pixel_noise.PixelNoise` or None
        Read noise of each pixel.
    """

    reader: ElectronReader
    read_noise: float | None
    clip: float | None
    pixel_noise: PixelNoise | None = None

    def for_rows(self, rows):
        """The settings for some rows alone, to be sent to another process."""
        noise = None if self.pixel_noise is None else self.pixel_noise.for_rows(rows)
        return replace(self, reader=self.reader.for_rows(rows), pixel_noise=noise)

    def sample(self, blocks):
        """The settings for a `DarkSet.sample` of the same blocks."""
        noise = None if self.pixel_noise is None else self.pixel_noise.sample(blocks)
        return replace(self, reader=self.reader.sample(blocks), pixel_noise=noise)

    def bound(self, dark_set):
        """`RejectionBound` of a `DarkSet`; None where no sample is rejected as too high."""
        if self.clip is None or self.read_noise is None or len(dark_set.combined) < 2:
            return None
        noise = self.read_noise if self.pixel_noise is None else self.pixel_noise.quick_sample_noise
        return RejectionBound(dark_set.combined, dark_set.level_shifts, self.reader.scale, noise, self.clip)

    def noise_of(self, pixels):
        """Read noise (electron) of some pixels of these rows (flat), and that by which a sample is rejected.

        None where all pixels have the same.
        """
        return None if self.pixel_noise is None else self.pixel_noise.noise_of(pixels)


@dataclass
class SpecialPixels:
    """Deferred pixels at one exposure time: the samples of the special ones, the mean counts of the others.

    Attributes
    ----------
    special : `numpy.ndarray` of bool
        Pixels that may have to leave out samples; the others are special at another exposure time only.
    samples : `numpy.ndarray`
        Samples of the special pixels in the frames' unit, shape (frames, special pixels).
    bad : `numpy.ndarray` of bool, or None
        Samples that are masked, by their frame or by the bias.
    bias : `numpy.ndarray`
        Bias of the special pixels (electron).
    counts : `numpy.ndarray`
        Mean counts of the other pixels (electron).
    """

    special: np.ndarray
    samples: np.ndarray
    bad: np.ndarray | None
    bias: np.ndarray
    counts: np.ndarray

    @classmethod
    def joined(cls, parts):
        """Pixels of several blocks, one block after the other."""
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
        """The first ``number`` pixels, and the others."""
        few = np.count_nonzero(self.special[:number])
        first = self._some(slice(0, number), slice(0, few), slice(0, number - few))
        return first, self._some(slice(number, None), slice(few, None), slice(number - few, None))

    def _some(self, pixels, special, others):
        bad = None if self.bad is None else self.bad[:, special]
        return SpecialPixels(
            self.special[pixels], self.samples[:, special], bad, self.bias[special], self.counts[others]
        )


@dataclass
class DeferredSamples(Deferred):
    """Deferred pixels, with a list of `SpecialPixels`: the same pixels at each exposure time."""

    sets: list

    @classmethod
    def joined(cls, parts):
        """Pixels of several blocks, one block after the other."""
        sets = [SpecialPixels.joined(exposure) for exposure in zip(*(part.sets for part in parts), strict=True)]
        return cls(np.concatenate([part.pixels for part in parts]), sets)

    def split(self, number):
        """The first ``number`` pixels, and the others."""
        few, others = zip(*(one.split(number) for one in self.sets), strict=True)
        return DeferredSamples(self.pixels[:number], few), DeferredSamples(self.pixels[number:], others)


@dataclass
class QuickCounts:
    """Mean counts of a block of rows of a `DarkSet`, with no sample left out; arrays are flat.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples, without the bias (electron).
    special : `numpy.ndarray` of bool
        Pixels that may have to leave out samples: their ``counts`` may be wrong, and `exact_mean_counts` is right.
    block : `ccdproc_darks.rates.stack.FrameBlock` or `ccdproc_darks.rates.stack.StreamedFrameBlock`
        The samples.
    bias : `numpy.ndarray` or float
        Bias (electron).
    bad_bias : `numpy.ndarray` of bool, or None
        Pixels without a bias.
    """

    counts: np.ndarray
    special: np.ndarray
    block: FrameBlock | StreamedFrameBlock
    bias: object
    bad_bias: np.ndarray | None

    def set_aside(self, pixels):
        """`SpecialPixels` of pixels (flat indices) that include all special ones."""
        special = self.special[pixels]
        # With one exposure time all of them are special.
        few, others = (pixels, pixels[:0]) if special.all() else (pixels[special], pixels[~special])
        samples, masks, bad = self.block.samples(few), self.block.masks, None
        if self.bad_bias is not None or any(mask is not None for mask in masks):
            bad = np.zeros(samples.shape, dtype=bool)
            for row, mask in zip(bad, masks, strict=True):
                if mask is not None:
                    row |= mask[few]
            if self.bad_bias is not None:
                bad |= self.bad_bias[few]
        bias = self.bias[few] if np.ndim(self.bias) else np.full(few.size, self.bias)
        return SpecialPixels(special, samples, bad, bias, self.counts[others])


def memory_of(frames):
    """Bytes that the samples of a pixel take while mean counts are computed."""
    # Where frames have a mask, all pixels may be deferred, with samples, index and bias.
    deferred = sum(2 * frame.dtype.itemsize + 4 for frame in frames if frame.has_mask)
    return sum(2 * frame.dtype.itemsize + 1 for frame in frames) + deferred + (_BYTES_DEFERRED if deferred else 0)


def quick_mean_counts(dark_set, rows, settings):
    """`QuickCounts` of a slice of rows of a `DarkSet`: the fast pass, in which nothing is sorted.

    No sample can be rejected unless the highest one is further above the mean than
    `ccdproc_darks.rates.rejection.least_excess`: sum and maximum of the samples are enough to see that. Pixels where it
    is, and pixels with a sample that is not finite, masked or saturated, are special.
    """
    reader, combined = settings.reader, dark_set.combined
    bias, bad_bias = reader.flat_bias(dark_set, rows)
    bound, special = settings.bound(dark_set), bad_bias
    if bound is not None and settings.pixel_noise is not None:
        # The bound is not safe for the quietest pixels.
        quiet = settings.pixel_noise.quiet(rows)
        special = quiet if special is None else quiet | special
    sum_settings = SumSettings(combined, reader.scale, reader.saturated_from, bias, special, bound)
    block = frame_block(dark_set.frames, rows, combined)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = block.sums(sum_settings)
        special = sums.special
        for mask in block.masks:
            if mask is not None:
                special |= mask
        if sums.past is not None:
            pixels, may = may_lose_highest(sums, sum_settings.bound)
            special[pixels] |= may
    return QuickCounts(sums.counts, special, block, bias, bad_bias)


def exact_mean_counts(pixels, dark_set, settings, noise=None):
    """`MeanCounts` (one exposure, one row) of the `SpecialPixels` of a `DarkSet`, without bad and rejected samples.

    ``noise`` is that of the pixels, from `CountingSettings.noise_of`; None where all pixels have the same.
    """
    special, combined = pixels.special, dark_set.combined
    read_noise, sample_noise = (settings.read_noise, settings.read_noise) if noise is None else noise
    if np.ndim(sample_noise):
        sample_noise = sample_noise[special]
    counts, frames, lower_limit = (np.full(special.size, value) for value in (np.nan, float(combined.sum()), np.nan))
    counts[special], frames[special], lower_limit[special] = _without_rejected(pixels, dark_set, settings, sample_noise)
    counts[~special] = pixels.counts
    return MeanCounts.of(counts, frames, _as_rate(lower_limit, dark_set), read_noise=read_noise)


def _without_rejected(pixels, dark_set, settings, sample_noise):
    """Counts (electron), frames kept, and lower limits of counts (electron) of the special pixels."""
    reader, combined = settings.reader, dark_set.combined
    samples, bias = pixels.samples.astype(float), pixels.bias
    good = np.isfinite(samples)
    if pixels.bad is not None:
        good &= ~pixels.bad
    lower_limit = np.full(bias.size, np.nan)
    if reader.saturation is not None:
        over = good & (samples >= reader.saturated_from)
        good &= ~over
        saturated = over.any(axis=0) & ~good.any(axis=0)
        lower_limit[saturated] = (reader.full - bias)[saturated]
    samples[~good] = 0.0
    if settings.clip is not None:
        electrons = np.where(good, samples * reader.scale - bias, 0.0)
        reject(electrons, good, combined, read_noise=sample_noise, own_variance=None,
               level_shifts=dark_set.level_shifts, clip=settings.clip)  # fmt: skip
    total, divisor, frames = _kept_sums(samples, good, combined)
    some = frames > 0
    with np.errstate(invalid="ignore"):
        counts = in_electrons(total / np.where(some, divisor, 1.0), reader.scale, bias)
    return np.where(some, counts, 0.0), frames, lower_limit


def counts_with_own_noise(dark_set, rows, settings):
    """`MeanCounts` of a slice of rows of frames with uncertainties of their own; samples are compared one by one."""
    electrons = settings.reader.read(dark_set, rows)
    counts, frames, own_variance = mean_of_kept(
        electrons.samples, electrons.good, dark_set.combined, own_variance=electrons.own_variance,
        level_shifts=dark_set.level_shifts, clip=settings.clip,
    )  # fmt: skip
    lower_limit = np.where(electrons.saturated, electrons.lower_limit, np.nan)
    return MeanCounts.of(
        counts.ravel(), frames.ravel(), _as_rate(lower_limit.ravel(), dark_set), read_noise=settings.read_noise,
        own_variance=own_variance.ravel(),
    )  # fmt: skip


def _as_rate(counts, dark_set):
    with np.errstate(divide="ignore", invalid="ignore"):
        return counts / dark_set.seconds


def _kept_sums(samples, good, combined):
    """Sums of the good samples, what to divide them by for the mean, and the number of exposures in them."""
    equal = are_equal(combined)
    weights = np.ones(len(samples)) if equal else combined
    total = np.where(good[0], samples[0] * weights[0], 0.0)
    for weight, keep, sample in zip(weights[1:], good[1:], samples[1:], strict=True):
        total += np.where(keep, sample * weight, 0.0)
    divisor = (weights[:, None] * good).sum(axis=0)
    return total, divisor, divisor * combined[0] if equal else divisor
