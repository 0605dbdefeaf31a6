# Licensed under a 3-clause BSD style license - see LICENSE
"""Significance of the scatter of equal frames, block by block: a fast pass, and the exact tail of a few pixels."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import chdtri, log_ndtr, ndtr, ndtri

from .._compute.blocks import Block, BlockJob
from ..rates.counts import DeferredSamples, QuickCounts, memory_of
from ..rates.dark_frames import DarkSet, ElectronReader
from ..rates.mean_counts import MeanCounts
from ..rates.moments import SampleMoments
from ..rates.pixel_noise import PixelNoise
from ..rates.rejection import deviate_of_share, least_above_others
from ..rates.stack import read_block
from ..statistics.equal_counts_tail import EqualCountsTails
from ..statistics.noise_mixture import ScatterTails
from ..statistics.rate_fit import TINY_RATE
from ..statistics.significance import (
    NORMAL_BELOW,
    chi_square_of_deviate,
    deviate_of_log_tail,
    log_chi_square_tail,
)
from .comparer import DOUBTFUL_WIDTH, compare_rows, is_wrong
from .widths import scatter_width

__all__ = ["LEAST_FRAMES", "ScatterJob", "one_sided"]

# With three frames, a pixel that switches has one frame alone at one level: it looks like a cosmic ray.
LEAST_FRAMES = 4
# Bytes of the arrays of a pixel in the fast pass.
_BYTES = 160
# Points of the table of deviates; probability of a scatter below it.
_POINTS, _RARE = 2**13, 1e-6
# Factor of a bound: rounding must not hide a pixel whose tail must be computed exactly, or that may lose a sample.
_MARGIN = 1 - 1e-6
# Averaged deviate beyond which a tail is exact, where tails are not skew.
_FAR_OF_MAP = 2.8
# Part of the degrees of freedom from which on the averages over the read noise are those of all frames.
_NEARLY_ALL = 0.7
# Of the core of all pixels: enough for a median, and fewest; range of the factor of their variances, and halvings.
_CORE_PIXELS, _LEAST_PIXELS = 2**15, 100
_FACTORS, _HALVINGS = (0.1, 10.0), 13
# Highest sample above the others, over their scatter, that may be a cosmic ray.
_STRUCK = 3.0
# Relative error of a width from the lower half of one normal deviate.
_WIDTH_ERROR = 1.35


@dataclass
class ScatterJob(BlockJob):
    """Makes the significance of the scatter of equal frames, as a one-sided equivalent normal deviate.

    Attributes
    ----------
    dark_set : `DarkSet`
        The frames.
    reader : `ElectronReader`
        Reads them as electrons.
    noise : float or `PixelNoise`
        Read noise of a frame (electron), or of each pixel.
    clip : float or None
        Sigmas above the others by which the highest sample of a pixel is a cosmic ray.
    rate_distribution : `ccdproc_darks.statistics.rate_distribution.RateDistribution` or None
        Distribution of the true rates of the sensor's pixels.
    equal_tails : `ccdproc_darks.statistics.equal_counts_tail.EqualCountsTails` or None
        The exact law of pixels that lost no sample (`find_tails`).
    normal : bool
        Whether the noise told is so wrong that no exact tail is worth computing, and no sample is told from a cosmic
        ray: all deviates are those of the chi-square law (`find_normal`).
    width_seen : float or None
        Scatter of good pixels over their noise, as `find_normal` saw it.
    factor, width, typical_counts : float
        Factor of the variance by read noise, width of the deviates of good pixels, and dark electrons of the median
        one: what the frames tell that a map of the read noise does not (`find_core`).
    """

    dark_set: DarkSet
    reader: ElectronReader
    noise: float | PixelNoise
    clip: float | None
    rate_distribution: object = None
    equal_tails: EqualCountsTails | None = None
    factor: float = 1.0
    width: float = 1.0
    typical_counts: float = 0.0
    normal: bool = False
    width_seen: float | None = None

    @property
    def _table(self):
        return _deviate_table(len(self.dark_set.frames) - 1)

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return memory_of(self.dark_set.frames) + _BYTES

    def for_rows(self, rows):
        """The job for some rows alone."""
        noise = self.noise.for_rows(rows) if isinstance(self.noise, PixelNoise) else self.noise
        return replace(self, dark_set=self.dark_set.for_rows(rows), reader=self.reader.for_rows(rows), noise=noise)

    @contextmanager
    def open_files(self):
        """The job with its files open."""
        with self.dark_set.open_files() as dark_set:
            yield replace(self, dark_set=dark_set)

    def find_tails(self):
        """Set `equal_tails`."""
        typical = self.noise.typical**2 * self.factor if isinstance(self.noise, PixelNoise) else self.noise**2
        frames, seconds = len(self.dark_set.frames), self.dark_set.seconds
        self.equal_tails = EqualCountsTails.of(self.rate_distribution, seconds, frames, typical)

    def find_core(self, blocks):
        """Set `factor` and `width` so that the deviates of good pixels have the median 0 and the width 1.

        ``blocks`` are slices of rows. The read noise of all pixels may have changed by some per cent since the map was
        made, and a little more in some than in others. Only a map needs this.

        Notes
        -----
        The width is that of the lower half, in which there are no telegraph pixels (Efron 2004, J. Am. Stat. Assoc. 99,
        96), less two standard errors; it is at least 1.
        """
        noise = self.noise.sample(blocks)
        dark_set, reader = self.dark_set.sample(blocks), self.reader.sample(blocks)
        job, rows = replace(self, dark_set=dark_set, reader=reader, noise=noise), slice(0, noise.scatter.shape[0])
        _, moments = job._moments(rows)
        good = np.flatnonzero(~moments.special)
        if good.size < _LEAST_PIXELS:
            return
        self.typical_counts = float(np.median(moments.mean[good]))

        def deviates_of(pixels):
            parts = (part[pixels] for part in (moments.mean, moments.squares, moments.excess, moments.special))
            deviates = job._deviates(SampleMoments(*parts), rows, pixels)[0]
            return deviates[np.isfinite(deviates)]

        few = good[:: 1 + good.size // _CORE_PIXELS]
        low, high = _FACTORS
        for _ in range(_HALVINGS):
            job.factor = float(np.sqrt(low * high))
            low, high = (job.factor, high) if np.median(deviates_of(few)) > 0 else (low, job.factor)
        deviates = deviates_of(good)
        below, middle = np.quantile(deviates, [ndtr(-1.0), 0.5])
        self.factor = job.factor
        self.width = max(1.0, float(middle - below) / (1 + 2 * _WIDTH_ERROR / np.sqrt(deviates.size)))

    def find_normal(self, blocks):
        """Set `normal` by what pixels of ``blocks`` (slices of rows) show, all of which have one read noise."""
        found, number = [], len(self.dark_set.frames)
        for block in blocks:
            _, moments = self._moments(block)
            with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
                deviates = replace(self, normal=True)._deviates(moments, block)[0]
            # One sample far above the others, by their own scatter, may be a cosmic ray.
            others = np.maximum(moments.squares - np.square(moments.excess) * (1 - 1 / number), 0)
            struck = np.square(moments.excess) * (number - 2) > _STRUCK**2 * others
            found.append(deviates[~(moments.special | struck)])
        deviates = np.concatenate(found)
        deviates = deviates[np.isfinite(deviates)]
        self.width_seen = scatter_width(deviates, number - 1)
        self.normal = is_wrong(np.maximum(deviates, 0), self._table.far) and self.width_seen > DOUBTFUL_WIDTH

    def block(self, rows, out=None):
        """The fast pass: by sums of the samples. Pixels whose tail it does not know are deferred."""
        quick, moments = self._moments(rows)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            deviate, inexact = self._deviates(moments, rows)
            inexact |= moments.special
            if self.clip is not None and not self.normal:
                inexact |= self._may_lose_highest(moments, rows)
        pixels = np.flatnonzero(inexact)
        if not pixels.size:
            return Block([deviate])
        quick.special = inexact
        return Block([deviate], DeferredSamples(pixels, [quick.set_aside(pixels)]))

    def exact(self, deferred):
        """Significance of deferred pixels, from their samples."""
        special = deferred.sets[0]
        samples = special.samples.astype(float)
        good = np.isfinite(samples)
        if special.bad is not None:
            good &= ~special.bad
        if self.reader.saturation is not None:
            good &= ~(samples >= self.reader.saturated_from)
        samples *= self.reader.scale
        samples -= special.bias
        places = _several(np.arange(len(deferred)))
        counts = self._without_highest(
            samples[:, None, places], good[:, None, places], slice(None), deferred.pixels[places]
        )
        return Block([self._of_counts(counts, deferred.pixels[places])[: len(deferred)]])

    def counts(self, rows):
        """`MeanCounts` of the frames, each as if it had an exposure time of its own."""
        electrons = self.reader.read(self.dark_set, rows)
        return self._without_highest(electrons.samples, electrons.good, rows)

    def _moments(self, rows):
        """`QuickCounts` and `SampleMoments` of a block of rows."""
        bias, bad_bias = self.reader.flat_bias(self.dark_set, rows)
        block = read_block(self.dark_set.frames, rows)
        moments = SampleMoments.of(block, self.dark_set.level_shifts, self.reader, bias, bad_bias)
        return QuickCounts(moments.mean, moments.special, block, bias, bad_bias), moments

    def _read_variance(self, rows, pixels=None):
        """Variance of one frame by read noise (electron^2): one number, or one of each pixel, flat."""
        if not isinstance(self.noise, PixelNoise):
            return self.noise**2
        _, variance = self.noise.rows(rows, pixels)
        return variance.reshape(-1) * self.factor

    def _electrons(self, mean):
        """Expected dark electrons of a frame, from mean counts (electron)."""
        seconds = self.dark_set.seconds
        rate = mean / seconds
        if self.rate_distribution is not None:
            rate = self.rate_distribution.posterior_mean(rate)
        return np.maximum(rate, TINY_RATE) * seconds

    def _deviates(self, moments, rows, pixels=None):
        """Deviates by the chi-square law, and the pixels whose tail is not that of a chi-square.

        ``moments`` are of a slice of rows, or of some pixels of it (flat indices), all of them complete.
        """
        electrons, read_variance = self._electrons(moments.mean), self._read_variance(rows, pixels)
        variance = electrons + read_variance
        chi_square = moments.squares / variance
        deviate, inexact = self._table.deviates(np.sqrt(chi_square))
        # At most so much skewness or kurtosis: see `ccdproc_darks.statistics.significance.needs_exact_tail`.
        if self.normal:
            far = np.flatnonzero(inexact & np.isfinite(chi_square))
            degrees = np.full(far.size, len(self.dark_set.frames) - 1)
            deviate[far] = deviate_of_log_tail(log_chi_square_tail(chi_square[far], degrees))
            return deviate, ~np.isfinite(chi_square)
        electrons /= variance
        electrons *= 1.5
        sooner = np.clip(np.maximum(electrons / np.sqrt(variance), electrons / variance), 0.0, 1.0)
        degrees = len(self.dark_set.frames) - 1
        averaged = self._averaged(deviate, chi_square, degrees, read_variance / variance, rows, pixels)
        if isinstance(self.noise, PixelNoise) and self.noise.distribution is not None:
            # Far by its own variance alone, a pixel need not be far from what its read noise may be.
            return averaged, ~(averaged <= _FAR_OF_MAP - self._table.slope * sooner)
        inexact |= deviate > self._table.far - self._table.slope * sooner
        return averaged, inexact

    def _averaged(self, deviate, chi_square, degrees, share, rows, pixels):
        """Deviates averaged over what the read noise of each pixel may be; as they are where it is known exactly."""
        if not isinstance(self.noise, PixelNoise):
            return deviate
        if self.noise.distribution is not None:
            scatter, _ = self.noise.rows(rows, pixels)
            tails = ScatterTails(self.noise.distribution)
            deviate = tails.deviate(chi_square, degrees, scatter.reshape(-1).astype(float), share)
        return deviate / self.width

    def _sample_noise(self, rows, pixels=None):
        """Noise (electron) by which the highest sample is judged: one number, or one of each pixel, flat.

        That of `ccdproc_darks.dark_rate`: jumps of the reading (telegraph read noise) are no cosmic rays.
        """
        if not isinstance(self.noise, PixelNoise):
            return self.noise
        return self.noise.rejection_noise(rows, pixels) * np.sqrt(self.factor)

    def _may_lose_highest(self, moments, rows):
        """Pixels whose highest sample may be a cosmic ray."""
        number = len(self.dark_set.frames)
        others = moments.mean - moments.excess / number

        def past(few, noise):
            return moments.excess[few] > _MARGIN * least_above_others(others[few], 1.0, number - 1.0, noise, self.clip)

        if not isinstance(self.noise, PixelNoise):
            return past(slice(None), self.noise)
        # The noise of each pixel is looked up only where the lowest of most pixels does not tell.
        may = past(slice(None), self.noise.quick_sample_noise * np.sqrt(self.factor)) | self.noise.quiet(rows)
        pixels = np.flatnonzero(may)
        may[pixels] = past(pixels, self._sample_noise(rows, pixels))
        return may

    def _without_highest(self, samples, good, rows, pixels=None):
        """`MeanCounts` of samples (electron), without those that cosmic rays have hit.

        They are of a slice of rows, or of some pixels of it (flat indices).
        """
        good &= good.sum(axis=0) >= LEAST_FRAMES
        shape = samples.shape
        variance, noise = self._read_variance(rows, pixels), self._sample_noise(rows, pixels)
        if np.ndim(variance):
            variance, noise = variance.reshape(shape[1:]), noise.reshape(shape[1:])
        if self.clip is not None and not self.normal:
            noise = np.broadcast_to(noise, shape[1:])
            _leave_out_highest(samples - self.dark_set.level_shifts[:, None, None], good, noise, self.clip)
        samples[~good] = 0.0
        variance = np.broadcast_to(variance, shape).astype(float)
        return MeanCounts(samples, np.ones(shape), variance, good, np.full(shape, np.nan))

    def _of_counts(self, counts, pixels):
        """One-sided deviates of `MeanCounts` of some pixels (flat indices)."""
        complete = counts.usable.all(axis=(0, 1))
        deviate = np.full(complete.size, np.nan)
        found = np.flatnonzero(complete)
        if self.equal_tails is not None and found.size:
            found = _several(found)
            samples = counts.counts[:, 0, found] - self.dark_set.level_shifts[:, None]
            deviate[found] = one_sided(self.equal_tails.deviate(samples, counts.read_variance[0, 0, found]))
        others = np.flatnonzero(np.isnan(deviate))
        if others.size:
            others = _several(others)
            deviate[others] = self._by_comparison(counts.at(others))
        if not isinstance(self.noise, PixelNoise):
            return deviate
        usable, number = counts.usable[:, 0], counts.usable[:, 0].sum(axis=0)
        samples = counts.counts[:, 0] - self.dark_set.level_shifts[:, None]
        mean = np.where(usable, samples, 0.0).sum(axis=0) / np.maximum(number, 1)
        # A table for each number of degrees takes a second: pixels that lost a frame or two have that of the others.
        full = len(usable) - 1
        degrees = np.where(number - 1 > _NEARLY_ALL * full, full, np.maximum(number - 1, 1))
        known, variance = np.isfinite(deviate), self._read_variance(slice(None), pixels)
        chi_square = chi_square_of_deviate(np.where(known, deviate, 0.0), degrees)
        share = variance / (self._electrons(mean) + variance)
        averaged = self._averaged(deviate, chi_square, degrees, share, slice(None), pixels)
        return np.where(known, averaged, np.nan)

    def _by_comparison(self, counts):
        """The same with the read noise that counts have, as `ccdproc_darks.compare_dark_rates` compares exposures."""
        seconds, shifts = np.full(len(counts.counts), self.dark_set.seconds), self.dark_set.level_shifts
        compared = compare_rows(counts, seconds, [], shifts, False, self.rate_distribution, normal=self.normal)
        return one_sided(compared.significance).ravel()


def _several(pixels):
    """The pixels, a single one twice: numpy adds up the samples of one in another order than those of several."""
    return pixels if pixels.size > 1 else np.repeat(pixels, 2)


class _DeviateTable:
    """One-sided deviates of the root of a chi-square of so many degrees of freedom, up to where they are all exact.

    Attributes
    ----------
    far, slope : float
        Deviate beyond which tails of any skewness are exact, and by how much less it is where tails are skew.
    """

    def __init__(self, degrees):
        low, high = np.sqrt(chdtri(degrees, [1 - _RARE, 2 * ndtr(-NORMAL_BELOW) * 0.5]))
        roots = np.linspace(low, high, _POINTS)
        self._low, self._per_step = low, (_POINTS - 1) / (high - low)
        self._values = deviate_of_log_tail(log_chi_square_tail(roots**2, np.full(_POINTS, degrees)))
        self._steps = np.diff(self._values, append=self._values[-1])
        # Deviates of one side, of two-sided ones: they fall faster, the smaller these are.
        self.far, least = (float(-ndtri(2 * ndtr(-size))) * _MARGIN for size in (NORMAL_BELOW, NORMAL_BELOW - 1))
        self.slope = self.far - least

    def deviates(self, roots):
        """Deviates, and where they are not known; ``roots`` are changed."""
        roots -= self._low
        roots *= self._per_step
        unknown = ~((roots >= 0) & (roots < _POINTS - 1))
        roots[unknown] = np.where(roots[unknown] > 0, _POINTS - 1, 0)
        place = roots.astype(np.intp)
        roots -= place
        roots *= self._steps[place]
        roots += self._values[place]
        return roots, unknown


@lru_cache(maxsize=8)
def _deviate_table(degrees):
    return _DeviateTable(degrees)


def _leave_out_highest(samples, good, noise, clip):
    """Unset ``good`` of the highest sample of each pixel in which it is a cosmic ray."""
    highest = np.where(good, samples, -np.inf).argmax(axis=0)[None]
    value = np.take_along_axis(samples, highest, axis=0)[0]
    rest = np.maximum(good.sum(axis=0) - 1.0, 1.0)
    others = (np.where(good, samples, 0.0).sum(axis=0) - value) / rest
    tested = good.any(axis=0) & (value > others)
    tested &= value - others > _MARGIN * least_above_others(others, 1.0, rest, noise, clip)
    struck = np.zeros(tested.shape, dtype=bool)
    one = np.ones(int(tested.sum()))
    struck[tested] = deviate_of_share(value[tested], others[tested], one, rest[tested], noise[tested]) > clip
    np.put_along_axis(good, highest, np.take_along_axis(good, highest, axis=0) & ~struck, axis=0)


def one_sided(significance):
    """One-sided normal deviate of the same probability as a two-sided one."""
    return deviate_of_log_tail(np.log(2) + log_ndtr(-np.abs(significance)))
