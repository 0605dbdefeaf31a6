# Licensed under a 3-clause BSD style license - see LICENSE
"""From frames to rates: the work on some rows of pixels, which any thread, process or machine can do."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .._compute import loops
from .._compute.buffers import empty
from ..statistics.rate_fit import fit_rate
from ..statistics.rate_fit_complete import fit_complete_pixels
from .counts import CountingSettings, Waiting, counts_with_own_noise, exact_mean_counts, memory_of, quick_mean_counts
from .rate_images import MeanCounts

__all__ = ["RateJob"]


@dataclass
class RateJob:
    """
    Makes rates of some rows of frames.

    Attributes
    ----------
    dark_sets : list of `ccdproc_darks.rates.dark_frames.DarkSet`
        The frames, by exposure time.
    levels : list of `numpy.ndarray`
        How far each frame of a set sits above its equals as a whole (electron).
    rules : `ccdproc_darks.rates.counts.CountingSettings`
        What to take from frames, and when to leave a sample out.
    bias_error : float
        Of the bias that all of them share (electron).
    free_offset : bool
        Whether pixels have offsets of their own.
    population : `ccdproc_darks.statistics.rate_distribution.Population` or None
        Which rates pixels have, to weigh exposure times with where a pixel hardly knows its own.
    dtype : `numpy.dtype`
        Of the results.
    tally : int
        Pixels so far that lost some of their frames, but not all.
    """

    dark_sets: list
    levels: list
    rules: CountingSettings
    bias_error: float
    free_offset: bool = False
    population: object = None
    dtype: np.dtype = np.float32
    tally: int = 0
    _waiting: list | None = None

    def __post_init__(self):
        if self._waiting is None:
            self._waiting = [Waiting() for _ in self.dark_sets]

    @property
    def seconds(self):
        """Exposure times of the sets (s)."""
        return np.array([dark_set.seconds for dark_set in self.dark_sets])

    @property
    def numbers(self):
        """Exposures in each set."""
        return np.array([dark_set.combined.sum() for dark_set in self.dark_sets])

    @property
    def shared(self):
        """That all exposure times share the bias, for `ccdproc_darks.statistics.rate_fit.fit_rate`."""
        return [(list(range(len(self.dark_sets))), self.bias_error**2)]

    def memory(self):
        """Bytes that a block takes while it is worked on, for each pixel."""
        frames = [frame for dark_set in self.dark_sets for frame in dark_set.frames]
        if self.rules.reader.own_noise:
            return 64 * len(frames) + 400 * len(self.dark_sets)
        return memory_of(frames) + 8 * (6 + 2 * len(self.dark_sets))

    def for_rows(self, rows):
        """What it takes to do some rows; it can be sent to another process."""
        dark_sets = [dark_set.for_rows(rows) for dark_set in self.dark_sets]
        return replace(self, dark_sets=dark_sets, rules=self.rules.for_rows(rows), tally=0, _waiting=None)

    def sample(self, blocks):
        """Some blocks of its rows, one after the other, in memory."""
        return replace(
            self,
            dark_sets=[dark_set.sample(blocks) for dark_set in self.dark_sets],
            rules=replace(self.rules, reader=self.rules.reader.sample(blocks)),
            _waiting=None,
        )

    @contextmanager
    def open_files(self):
        """The same with its files open."""
        with ExitStack() as stack:
            yield replace(self, dark_sets=[stack.enter_context(dark_set.open_files()) for dark_set in self.dark_sets])

    def rows(self, block, out=(None, None)):
        """Rate, its standard deviation (electron/s) and mask of some rows; and the pixels to `exact`."""
        shape = block.stop - block.start, -1
        if self.rules.reader.own_noise:
            images = self._exact(self._with_own_noise(block))
            return [image.reshape(shape) for image in images], np.zeros(0, dtype=int)
        glances = self._glances(block)
        lost = _special(glances)
        if lost.size:
            for waiting, one in zip(self._waiting, glances, strict=True):
                waiting.add(one.picked(lost))
        rate, deviation = self._of_whole([one.counts for one in glances], out)
        return [rate.reshape(shape), deviation.reshape(shape), None], lost

    def exact(self, rows, pixels):
        """The same of the next pixels that `rows` has told of."""
        return self._exact(self._look([waiting.take(pixels.size) for waiting in self._waiting]))

    def counts(self, block):
        """Mean counts of each exposure time, of some rows, as `ccdproc_darks.rates.rate_images.MeanCounts`."""
        if self.rules.reader.own_noise:
            found = self._with_own_noise(block)
        else:
            glances = self._glances(block)
            number = self.numbers[:, None] * np.ones(glances[0].counts.size)
            found = self._rows(np.stack([one.counts for one in glances]), number, np.full(number.shape, np.nan))
            lost = _special(glances)
            if lost.size:
                looked = self._look([one.picked(lost) for one in glances])
                for name in ("counts", "frames", "read_variance", "usable", "limit"):
                    getattr(found, name)[:, 0, lost] = getattr(looked, name)[:, 0]
        return found.reshaped((block.stop - block.start, -1))

    def _glances(self, block):
        return [
            quick_mean_counts(dark_set, levels, block, self.rules)
            for dark_set, levels in zip(self.dark_sets, self.levels, strict=True)
        ]

    def _look(self, sets):
        """`ccdproc_darks.rates.rate_images.MeanCounts` of pixels picked from each set, shape (exposures, 1, pixels)."""
        found = [
            exact_mean_counts(picked, dark_set.combined, levels, self.rules)
            for picked, dark_set, levels in zip(sets, self.dark_sets, self.levels, strict=True)
        ]
        return self._rows(*(np.stack([getattr(one, name) for one in found]) for name in ("counts", "frames", "limit")))

    def _with_own_noise(self, block):
        found = [
            counts_with_own_noise(dark_set, levels, block, self.rules)
            for dark_set, levels in zip(self.dark_sets, self.levels, strict=True)
        ]
        names = ("counts", "frames", "limit", "own_variance")
        return self._rows(*(np.stack([getattr(one, name) for one in found]) for name in names))

    def _rows(self, counts, frames, limit, own_variance=None):
        usable = frames > 0
        number = np.where(usable, frames, 1.0)
        if self.rules.read_noise is not None:
            read_variance = self.rules.read_noise**2 / number
        elif own_variance is not None:
            read_variance = np.maximum(own_variance - np.maximum(counts, 0) / number, 0.0)
        else:
            read_variance = np.zeros_like(counts)
        parts = counts, number, read_variance, usable, limit / self.seconds[:, None]
        return MeanCounts(*(part[:, None] for part in parts))

    def _of_whole(self, counts, out=(None, None)):
        """
        Rate and standard deviation of pixels that lost no frame.

        Parameters
        ----------
        counts : list of `numpy.ndarray`
            Of each exposure time.
        places : sequence of `numpy.ndarray`
            Where they may be put, or None.
        """
        if len(counts) == 1:
            return self._of_one(counts[0], self.numbers[0], self._noise, out)
        rate, variance = fit_complete_pixels(
            counts, self.seconds, self.numbers, self._noise / self.numbers, self.bias_error**2,
            free_offset=self.free_offset, expected=self._expected, dtype=self.dtype,
        )  # fmt: skip
        return rate, np.sqrt(variance, out=variance)

    def _of_one(self, counts, number, noise, out=(None, None)):
        """The same of one exposure time, of which there is nothing to fit; ``noise`` is the variance of one frame."""
        (seconds,) = self.seconds
        factor, bias = 1 / (number * seconds**2), (self.bias_error / seconds) ** 2
        if loops.rate is not None and self.dtype == np.float32 and np.ndim(number) == 0:
            rate, deviation = (empty(counts.shape, self.dtype) if place is None else place for place in out[:2])
            loops.rate(counts.size, counts, 1 / seconds, noise, factor, bias, rate, deviation)
            return rate, deviation
        variance = empty(counts.shape, self.dtype)
        np.copyto(variance, counts, casting="same_kind")
        # As max(counts, 0), and in a third of the time.
        np.clip(variance, 0, np.inf, out=variance)
        variance += noise if np.ndim(noise) else self.dtype.type(noise)
        variance *= factor if np.ndim(factor) else self.dtype.type(factor)
        variance += self.dtype.type(bias)
        return np.multiply(counts, 1 / seconds, out=empty(counts.shape, float)), np.sqrt(variance, out=variance)

    def _exact(self, rows):
        """Rate, its standard deviation and mask of any pixels."""
        shape, usable = rows.counts.shape[1:], rows.usable.any(axis=0).ravel()
        complete = (rows.usable & (rows.frames == self.numbers[:, None, None])).all(axis=0).ravel()
        self.tally += int(np.count_nonzero(usable & ~complete))
        if len(rows.counts) == 1:
            noise = rows.read_variance.ravel() * rows.frames.ravel()
            rate, deviation = self._of_one(rows.counts.ravel(), rows.frames.ravel(), noise)
            rate[~usable] = deviation[~usable] = np.nan
        else:
            rate, deviation = self._fitted(rows, complete)
        mask = ~np.isfinite(rate)
        if not self.free_offset:
            limit = np.where(np.isnan(rows.limit), -np.inf, rows.limit).max(axis=0).ravel()
            rate = np.where(mask & np.isfinite(limit), limit, rate)
        return [image.reshape(shape) for image in (rate, deviation, mask)]

    def _fitted(self, rows, complete):
        rate, deviation = np.empty((2, complete.size))
        if self.rules.reader.own_noise:
            complete = np.zeros(complete.size, dtype=bool)
        rate[complete], deviation[complete] = self._of_whole(list(rows.counts[:, 0, complete]))
        others = np.flatnonzero(~complete)
        # numpy adds up the exposures of a single pixel in another order than those of several.
        twice = np.repeat(others, 2) if others.size == 1 else others
        few = [part[:, :, twice] for part in (rows.counts, rows.frames, rows.read_variance, rows.usable)]
        counts, frames, read_variance, usable = few
        fit = fit_rate(
            counts, self.seconds, frames, read_variance, usable, shared=self.shared, free_offset=self.free_offset,
            diagnose=False, expected=self._expected,
        )  # fmt: skip
        rate[others], deviation[others] = fit.rate[0, : others.size], np.sqrt(fit.variance[0, : others.size])
        return rate, deviation

    @property
    def _noise(self):
        return 0.0 if self.rules.read_noise is None else self.rules.read_noise**2

    @property
    def _expected(self):
        return None if self.population is None else self.population.posterior_mean


def _special(glances):
    """Pixels to look at more closely, of some rows at a glance."""
    special = glances[0].special
    if len(glances) > 1:
        either = empty(special.shape, bool)
        for one in glances[1:]:
            special = np.logical_or(special, one.special, out=either)
    return np.flatnonzero(special)
