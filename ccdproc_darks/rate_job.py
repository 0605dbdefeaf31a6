# Licensed under a 3-clause BSD style license - see LICENSE
"""From frames to rates: the work on some rows of pixels, which any thread, process or machine can do."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .counts import set_counts
from .electrons import Reader
from .fit import fit_rate, whole_rate
from .rate_stack import RateRows

__all__ = ["RateJob"]


@dataclass
class RateJob:
    """
    Makes rates of some rows of frames.

    Attributes
    ----------
    dark_sets : list of `ccdproc_darks.electrons.DarkSet`
        The frames, by exposure time.
    levels : list of `numpy.ndarray`
        How far each frame of a set sits above its equals as a whole (electron).
    reader : `ccdproc_darks.electrons.Reader`
        What to take from them.
    read_noise : float or None
        Of a frame (electron).
    bias_error : float
        Of the bias that all of them share (electron).
    clip : float or None
        As of `dark_rate`.
    free_offset : bool
        Whether pixels have offsets of their own.
    population : `ccdproc_darks.population.Population` or None
        Which rates pixels have, to weigh exposure times with where a pixel hardly knows its own.
    dtype : `numpy.dtype`
        Of the results.
    tally : int
        Pixels so far that lost some of their frames, but not all.
    """

    dark_sets: list
    levels: list
    reader: Reader
    read_noise: float | None
    bias_error: float
    clip: float | None
    free_offset: bool = False
    population: object = None
    dtype: np.dtype = np.float32
    tally: int = 0

    @property
    def seconds(self):
        """Exposure times of the sets (s)."""
        return np.array([dark_set.seconds for dark_set in self.dark_sets])

    @property
    def shared(self):
        """That all exposure times share the bias, for `ccdproc_darks.fit.fit_rate`."""
        return [(list(range(len(self.dark_sets))), self.bias_error**2)]

    def memory(self):
        """Bytes that a block takes while it is worked on, for each pixel."""
        sets = len(self.dark_sets)
        samples = sum(2 * frame.dtype.itemsize + 1 for dark_set in self.dark_sets for frame in dark_set.frames)
        if self.reader.own_noise:
            samples = sum(64 for dark_set in self.dark_sets for frame in dark_set.frames)
        return samples + 8 * (12 + 4 * sets)

    def part(self, rows):
        """What it takes to do some rows; it can be sent to another process."""
        dark_sets = [dark_set.part(rows) for dark_set in self.dark_sets]
        return replace(self, dark_sets=dark_sets, reader=self.reader.part(rows), tally=0)

    @contextmanager
    def opened(self):
        """The same with its files open."""
        with ExitStack() as stack:
            yield replace(self, dark_sets=[stack.enter_context(dark_set.opened()) for dark_set in self.dark_sets])

    def rows(self, block):
        """Rate, its standard deviation (electron/s) and mask of some rows."""
        found = self._counts(block)
        lost = np.unique(np.concatenate([one.special for one in found]))
        apart = self._picked(found, lost)
        if lost.size:
            numbers = np.array([one.number for one in found])[:, None, None]
            self.tally += int(np.count_nonzero((apart.usable & (apart.frames != numbers)).any(axis=0)))
        rate, variance = self._one(found[0], apart, lost) if len(found) == 1 else self._several(found, apart, lost)
        mask = ~np.isfinite(rate)
        if lost.size and not self.free_offset:
            limit = np.where(np.isnan(apart.limit), -np.inf, apart.limit).max(axis=0)[0]
            lower = mask[lost] & np.isfinite(limit)
            rate[lost[lower]] = limit[lower]
        shape = block.stop - block.start, -1
        return rate.reshape(shape), np.sqrt(variance, out=variance).reshape(shape), mask.reshape(shape)

    def counts(self, block):
        """Mean counts of each exposure time, of some rows, as `ccdproc_darks.rate_stack.RateRows`."""
        found = self._counts(block)
        return self._picked(found, np.arange(found[0].counts.size)).reshaped((block.stop - block.start, -1))

    def _counts(self, block):
        return [
            set_counts(dark_set, self.reader, block, read_noise=self.read_noise, levels=levels, clip=self.clip)
            for dark_set, levels in zip(self.dark_sets, self.levels, strict=True)
        ]

    def _picked(self, found, pixels):
        """`ccdproc_darks.rate_stack.RateRows` of some pixels, shape (exposures, 1, pixels)."""
        counts = np.stack([one.counts[pixels] for one in found])[:, None]
        frames = np.stack([one.frames_of(pixels) for one in found])[:, None]
        usable = frames > 0
        number = np.where(usable, frames, 1.0)
        if self.read_noise is not None:
            read_variance = self.read_noise**2 / number
        elif found[0].own_variance is not None:
            own = np.stack([one.own_variance[pixels] for one in found])[:, None]
            read_variance = np.maximum(own - np.maximum(counts, 0) / number, 0.0)
        else:
            read_variance = np.zeros_like(counts)
        limit = np.stack([one.limits_of(pixels) for one in found])[:, None] / self.seconds[:, None, None]
        return RateRows(counts, number, read_variance, usable, limit)

    def _one(self, found, apart, lost):
        """Rate and variance of one exposure time: there is nothing to fit."""
        variance = np.maximum(found.counts, 0, dtype=self.dtype)
        if self.read_noise is not None:
            variance += self.read_noise**2
        variance /= found.number
        usable = apart.usable[0, 0]
        poisson = np.maximum(apart.counts[0, 0], 0) / apart.frames[0, 0]
        variance[lost] = np.where(usable, poisson + apart.read_variance[0, 0], np.nan)
        variance += self.bias_error**2
        variance /= found.seconds**2
        rate = found.counts / found.seconds
        rate[lost[~usable]] = np.nan
        return rate, variance

    def _several(self, found, apart, lost):
        """The same of several exposure times, a fit; pixels that may have lost a frame are fitted apart."""
        expected = None if self.population is None else self.population.expected
        rate, variance = np.empty((2, found[0].counts.size))
        if lost.size < rate.size:
            number = np.array([one.number for one in found])
            noise = 0.0 if self.read_noise is None else self.read_noise**2
            rate, variance = whole_rate(
                [one.counts for one in found], self.seconds, number, noise / number, self.bias_error**2,
                free_offset=self.free_offset, expected=expected,
            )  # fmt: skip
        if lost.size:
            fit = fit_rate(
                apart.counts, self.seconds, apart.frames, apart.read_variance, apart.usable, shared=self.shared,
                free_offset=self.free_offset, diagnose=False, expected=expected,
            )  # fmt: skip
            rate[lost], variance[lost] = fit.rate[0], fit.variance[0]
        return rate, variance
