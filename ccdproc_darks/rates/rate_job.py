# Licensed under a 3-clause BSD style license - see LICENSE
"""From frames to rates, block by block."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .._compute.blocks import Block, BlockJob
from ..statistics.rate_fit import fit_rate
from .counts import (
    CountingSettings,
    DeferredSamples,
    counts_with_own_noise,
    exact_mean_counts,
    memory_of,
    quick_mean_counts,
)
from .mean_counts import MeanCounts
from .rate_fit_complete import fit_complete_pixels, rate_of_one_exposure

__all__ = ["RateJob"]


@dataclass
class RateJob(BlockJob):
    """Rate, its standard deviation (both electron/s) and mask; the count is of pixels that lost some of their frames.

    Attributes
    ----------
    dark_sets : list of `ccdproc_darks.rates.dark_frames.DarkSet`
        The frames, by exposure time.
    settings : `ccdproc_darks.rates.counts.CountingSettings`
        How samples become counts.
    bias_error : float
        Error (electron) of the bias that all frames share; where pixels differ, in one of typical read noise.
    free_offset : bool
        Whether every pixel has an offset of its own.
    rate_distribution : `ccdproc_darks.statistics.rate_distribution.RateDistribution` or None
        Distribution of the rates of the sensor, for the weights of exposure times in pixels with very few electrons.
    dtype : `numpy.dtype`
        Type of the rate and its standard deviation.
    """

    dark_sets: list
    settings: CountingSettings
    bias_error: float
    free_offset: bool = False
    rate_distribution: object = None
    dtype: np.dtype | type = np.float32

    @property
    def seconds(self):
        """Exposure times (s)."""
        return np.array([dark_set.seconds for dark_set in self.dark_sets])

    @property
    def numbers(self):
        """Number of frames at each exposure time."""
        return np.array([dark_set.combined.sum() for dark_set in self.dark_sets])

    @property
    def shared(self):
        """One group of all exposure times, which share the bias, and its variance (electron^2), for `fit_rate`."""
        return self._shared(self.bias_error**2)

    def _shared(self, variance):
        return [(list(range(len(self.dark_sets))), variance)]

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        frames = [frame for dark_set in self.dark_sets for frame in dark_set.frames]
        if self.settings.reader.own_noise:
            return 64 * len(frames) + 400 * len(self.dark_sets)
        return memory_of(frames) + 8 * (6 + 2 * len(self.dark_sets))

    def for_rows(self, rows):
        """The job for some rows alone."""
        dark_sets = [dark_set.for_rows(rows) for dark_set in self.dark_sets]
        return replace(self, dark_sets=dark_sets, settings=self.settings.for_rows(rows))

    @contextmanager
    def open_files(self):
        """The job with its files open."""
        with ExitStack() as stack:
            yield replace(self, dark_sets=[stack.enter_context(dark_set.open_files()) for dark_set in self.dark_sets])

    def block(self, rows, out=(None, None)):
        """The fast pass; pixels that may lose a frame are deferred."""
        if self.settings.reader.own_noise:
            return self._rates_of(self._counts_with_own_noise(rows))
        quick = self._quick_counts(rows)
        special, deferred = _special_pixels(quick), None
        if special.size:
            deferred = DeferredSamples(special, [one.set_aside(special) for one in quick])
        noise = self._frame_variance
        if self.settings.pixel_noise is not None:
            noise = self.settings.pixel_noise.rows(rows)[1].ravel().astype(float)
        rate, deviation = self._rates_of_complete([one.counts for one in quick], noise, out)
        return Block([rate, deviation, None], deferred)

    def exact(self, deferred):
        """Rates of deferred pixels, without bad and rejected samples."""
        noise = self.settings.noise_of(deferred.pixels)
        return self._rates_of(self._exact_counts(deferred.sets, noise), None if noise is None else noise[0] ** 2)

    def sample_of_counts(self, blocks):
        """`MeanCounts` of some blocks of rows, one after the other."""
        number = sum(block.stop - block.start for block in blocks)
        dark_sets, rows = [dark_set.sample(blocks) for dark_set in self.dark_sets], slice(0, number)
        job = replace(self, dark_sets=dark_sets, settings=self.settings.sample(blocks))
        if self.settings.reader.own_noise:
            return job._counts_with_own_noise(rows).reshaped((number, -1))
        quick = job._quick_counts(rows)
        found = MeanCounts.stacked([
            MeanCounts.of(one.counts, np.full(one.counts.size, frames), np.full(one.counts.size, np.nan),
                          read_noise=job._all_noise)
            for one, frames in zip(quick, self.numbers, strict=True)
        ])  # fmt: skip
        special = _special_pixels(quick)
        if special.size:
            noise = job.settings.noise_of(special)
            exact = job._exact_counts([one.set_aside(special) for one in quick], noise)
            for part, right in zip(found.parts, exact.parts, strict=True):
                part[:, :, special] = right
        return found.reshaped((number, -1))

    def _quick_counts(self, rows):
        return [quick_mean_counts(dark_set, rows, self.settings) for dark_set in self.dark_sets]

    def _exact_counts(self, sets, noise):
        return MeanCounts.stacked([
            exact_mean_counts(pixels, dark_set, self.settings, noise)
            for pixels, dark_set in zip(sets, self.dark_sets, strict=True)
        ])  # fmt: skip

    def _counts_with_own_noise(self, rows):
        return MeanCounts.stacked([counts_with_own_noise(one, rows, self.settings) for one in self.dark_sets])

    def _rates_of_complete(self, counts, noise, out=(None, None)):
        """Rate and standard deviation of pixels that lost no frame, from mean counts (electron) at each exposure time.

        ``noise`` is the variance of one frame by read noise (electron^2), one number or that of each pixel. They may be
        put into the arrays ``out``.
        """
        if len(counts) == 1:
            return self._rates_of_one(counts[0], self.numbers[0], noise, out)
        numbers = self.numbers if np.ndim(noise) == 0 else self.numbers[:, None]
        rate, variance = fit_complete_pixels(
            counts, self.seconds, self.numbers, noise / numbers, self._bias_variance(noise),
            free_offset=self.free_offset, weight_rate=self._posterior_mean, dtype=self.dtype,
        )  # fmt: skip
        return rate, np.sqrt(variance, out=variance)

    def _rates_of_one(self, counts, frames, frame_variance, out=(None, None)):
        bias_error = self.bias_error
        if self.settings.pixel_noise is not None and bias_error:
            bias_error = np.sqrt(self._bias_variance(frame_variance))
        return rate_of_one_exposure(
            counts, self.dark_sets[0].seconds, frames, frame_variance, bias_error, dtype=self.dtype, out=out
        )

    def _bias_variance(self, noise):
        """Variance of the bias (electron^2): where each pixel has its own read noise, its bias has it too."""
        if self.settings.pixel_noise is None or not self.bias_error or not self.settings.read_noise:
            return self.bias_error**2
        return noise * (self.bias_error / self.settings.read_noise) ** 2

    def _rates_of(self, counts, noise=None):
        """`Block` of pixels of any kind, from their `MeanCounts`; ``noise`` as in `_rates_of_complete`.

        None is that of the frames.
        """
        noise = self._frame_variance if noise is None else noise
        usable = counts.usable.any(axis=0).ravel()
        complete = (counts.usable & (counts.frames == self.numbers[:, None, None])).all(axis=0).ravel()
        if len(counts.counts) == 1:
            variance = counts.read_variance.ravel() * counts.frames.ravel()
            rate, deviation = self._rates_of_one(counts.counts.ravel(), counts.frames.ravel(), variance)
            rate[~usable] = deviation[~usable] = np.nan
        else:
            rate, deviation = self._fitted(counts, complete, noise)
        mask = ~np.isfinite(rate)
        if not self.free_offset:
            lower_limit = counts.highest_lower_limit().ravel()
            rate = np.where(mask & np.isfinite(lower_limit), lower_limit, rate)
        return Block([rate, deviation, mask], count=int(np.count_nonzero(usable & ~complete)))

    def _fitted(self, counts, complete, noise):
        rate, deviation = np.empty((2, complete.size))
        if self.settings.reader.own_noise:
            complete = np.zeros(complete.size, dtype=bool)
        flat = counts.reshaped((1, -1))
        of_complete = noise if np.ndim(noise) == 0 else noise[complete]
        rate[complete], deviation[complete] = self._rates_of_complete(list(flat.counts[:, 0, complete]), of_complete)
        others = np.flatnonzero(~complete)
        # numpy adds up the exposures of a single pixel in another order than those of several.
        twice = np.repeat(others, 2) if others.size == 1 else others
        values, frames, read_variance, usable = (part[:, :, twice] for part in flat.parts[:4])
        bias_variance = self._bias_variance(noise if np.ndim(noise) == 0 else noise[twice])
        fit = fit_rate(
            values, self.seconds, frames, read_variance, usable, shared=self._shared(bias_variance),
            free_offset=self.free_offset, diagnose=False, weight_rate=self._posterior_mean,
        )  # fmt: skip
        rate[others], deviation[others] = fit.rate[0, : others.size], np.sqrt(fit.variance[0, : others.size])
        return rate, deviation

    @property
    def _all_noise(self):
        """Read noise (electron) of a frame: of all pixels of the job's rows, flat, where they differ."""
        noise = self.settings.pixel_noise
        return self.settings.read_noise if noise is None else np.sqrt(noise.variance.ravel(), dtype=float)

    @property
    def _frame_variance(self):
        return 0.0 if self.settings.read_noise is None else self.settings.read_noise**2

    @property
    def _posterior_mean(self):
        return None if self.rate_distribution is None else self.rate_distribution.posterior_mean


def _special_pixels(quick):
    """Pixels (flat indices) that are special in one or more of the `QuickCounts` of all exposure times."""
    return np.flatnonzero(np.logical_or.reduce([one.special for one in quick]))
