# Licensed under a 3-clause BSD style license - see LICENSE
"""Scatter of each pixel among equal frames, without cosmic rays and dark electrons: its own read noise."""

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from .._compute.blocks import Block, BlockJob
from .counts import DeferredSamples, QuickCounts, memory_of
from .dark_frames import DarkSet, ElectronReader
from .stack import read_block

__all__ = ["LEAST_SAMPLES", "PixelScatterJob"]

# Fewest samples of a pixel whose scatter tells anything.
LEAST_SAMPLES = 3
# Fewest degrees of freedom of a pixel that is not masked, dark electrons taken off.
_LEAST_DEGREES = 2.0
# Least variance of read noise that is found in darks, over that of a typical pixel: chance makes it negative in some.
_LEAST_SHARE = 0.1
# Samples that are worked on at a time, so that they stay in the processor's cache.
_CACHED = 2**18
# One frame in so many may have a cosmic ray in a pixel, or one in all.
_FRAMES_OF_RAY = 20


@dataclass
class PixelScatterJob(BlockJob):
    """Read noise of each pixel, its standard error (both electron), kurtosis of its samples, and mask.

    The count is of pixels that lost some of their frames.

    Attributes
    ----------
    dark_set : `ccdproc_darks.rates.dark_frames.DarkSet`
        Single equal frames, with their level shifts, which are taken off.
    reader : `ccdproc_darks.rates.dark_frames.ElectronReader`
        Gain, bias and saturation level.
    typical : float
        Scatter of a typical pixel (electron).
    clip : float or None
        A sample that is this many times the typical scatter above all others of its pixel is left out.
    dark_noise : pair of float, or None
        Of darks, the read noise of a typical pixel, and the error of the bias (electron): counts above the bias are
        dark electrons, whose Poisson variance is taken off. None for bias frames.

    Notes
    -----
    Frames of N samples have the unbiased variance V, of ``nu = N - 1`` degrees of freedom. That of equal darks is
    ``sigma^2 + d t`` (Poisson variance of the dark electrons d t, EMVA Standard 1288). So ``sigma^2`` is V less the
    mean counts m. The variance of V is ``2 (sigma^2 + d t)^2 / nu + d t / N``, that of m is
    ``(sigma^2 + d t) / N + s_b^2``, and their covariance ``d t / N``, the third cumulant over N. So that of ``sigma^2``
    is ``2 (sigma^2 + d t)^2 / nu + sigma^2 / N + s_b^2``, from which follow the degrees of freedom of a chi-square
    variable of that mean and variance (Satterthwaite 1946, Biometrics Bulletin 2, 110). They are those of a pixel of
    typical sigma and its own m: its own scatter must not tell how well it is known, or quiet pixels would be left out.
    """

    dark_set: DarkSet
    reader: ElectronReader
    typical: float
    clip: float | None
    dark_noise: tuple | None = None

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return memory_of(self.dark_set.frames) + 8 * 12

    def for_rows(self, rows):
        """The job for some rows alone."""
        return replace(self, dark_set=self.dark_set.for_rows(rows), reader=self.reader.for_rows(rows))

    @contextmanager
    def open_files(self):
        """The job with its files open."""
        with self.dark_set.open_files() as dark_set:
            yield replace(self, dark_set=dark_set)

    def block(self, rows, out=None):
        """The fast pass; pixels that may lose a sample are deferred."""
        bias, bad_bias = self.reader.flat_bias(self.dark_set, rows)
        block = read_block(self.dark_set.frames, rows)
        number, pixels = block.values.shape
        special = np.zeros(pixels, dtype=bool) if bad_bias is None else bad_bias.copy()
        for mask in block.masks:
            if mask is not None:
                special |= mask
        mean, square, fourth = np.empty(pixels), np.empty(pixels, np.float32), np.empty(pixels, np.float32)
        step = max(1, _CACHED // number)
        with np.errstate(invalid="ignore", over="ignore"):
            for start in range(0, pixels, step):
                part = slice(start, start + step)
                places = mean[part], square[part], fourth[part], special[part]
                self._put_moments(block.values[:, part], *places)
        variance = np.multiply(square, self._unit**2 / (number - 1), dtype=float)
        few, deferred = np.flatnonzero(special), None
        if few.size:
            quick = QuickCounts(mean, special, block, bias, bad_bias)
            deferred = DeferredSamples(few, [quick.set_aside(few)])
        mean = mean * self.reader.scale - bias if self.dark_noise is not None else None
        with np.errstate(divide="ignore", invalid="ignore"):
            kurtosis = number * fourth / np.square(square)
        return Block(self._images(variance, kurtosis, mean, number), deferred)

    def exact(self, deferred):
        """Read noise of deferred pixels, without bad samples and cosmic rays."""
        (pixels,) = deferred.sets
        samples = pixels.samples.astype(float)
        good = np.isfinite(samples)
        if pixels.bad is not None:
            good &= ~pixels.bad
        if self.reader.saturation is not None:
            # Where some samples are saturated, the others are the lower ones of their pixel, and scatter less.
            good &= ~(samples >= self.reader.saturated_from).any(axis=0)
        electrons = samples * self.reader.scale - pixels.bias - self.dark_set.level_shifts[:, None]
        electrons[~good] = 0.0
        if self.clip is not None:
            self._leave_out_rays(electrons, good)
        number = good.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = _sum_of_frames(np.where(good, electrons, 0.0)) / number
            deviations = np.where(good, electrons - mean, 0.0)
            square = _sum_of_frames(deviations**2)
            kurtosis = number * _sum_of_frames(deviations**4) / square**2
            variance = np.where(number >= LEAST_SAMPLES, square / (number - 1), np.nan)
        mean = mean if self.dark_noise is not None else None
        lost = np.count_nonzero((number < len(samples)) & (number >= LEAST_SAMPLES))
        return Block(self._images(variance, kurtosis, mean, number), count=int(lost))

    def _put_moments(self, values, mean, square, fourth, special):
        """Put moments of samples, shape (frames, pixels), into flat arrays.

        ``mean`` is in the frames' unit, without level shifts; sums of ``square`` and ``fourth`` powers of deviations
        are in units of `_unit`. Sums are exact, or in the order of the frames.
        """
        is_short = values.dtype.kind in "iu" and values.dtype.itemsize <= 2 and len(values) < 2**15
        shifts = self.dark_set.level_shifts / self.reader.scale
        if is_short:
            np.divide(np.add.reduce(values, axis=0, dtype=np.int32), len(values), out=mean)
        else:
            np.divide(_sum_of_frames(values), len(values), out=mean)
        # Deviations of 16-bit integers are exact to 1 / 250 in single precision.
        deviations = values.astype(np.float32 if is_short else float)
        if self.reader.saturation is not None:
            special |= values.max(axis=0) >= self.reader.saturated_from
        deviations -= mean.astype(deviations.dtype)
        mean -= shifts.mean()
        if shifts.any():
            deviations -= (shifts - shifts.mean())[:, None].astype(deviations.dtype)
        deviations *= deviations.dtype.type(self.reader.scale / self._unit)
        if self.clip is not None:
            reach = self.clip * self.typical / self._unit
            special |= ~(deviations.max(axis=0) - deviations.min(axis=0) <= reach)
        elif not is_short:
            special |= ~np.isfinite(mean)
        deviations = deviations.astype(np.float32, copy=False)
        np.square(deviations, out=deviations)
        square[...] = _sum_of_frames(deviations, np.float32)
        np.square(deviations, out=deviations)
        fourth[...] = _sum_of_frames(deviations, np.float32)

    @property
    def _unit(self):
        """Electrons about as many as the typical scatter: a power of two, so that it makes no difference."""
        return 2.0 ** round(math.log2(self.typical))

    def _leave_out_rays(self, electrons, good):
        """Unset ``good`` of the highest samples of a pixel that lie far above all others.

        A jump of telegraph read noise is no cosmic ray: it is smaller, or there are more of them.
        """
        number = good.sum(axis=0)
        # The highest first.
        order = np.argsort(np.where(good, -electrons, np.inf), axis=0, kind="stable")
        ordered = np.take_along_axis(electrons, order, axis=0)
        rays = np.zeros(number.size, dtype=int)
        for count in range(1, 1 + max(1, len(electrons) // _FRAMES_OF_RAY)):
            left = number - count
            if count + LEAST_SAMPLES > len(electrons):
                break
            rest = np.where(np.arange(len(electrons))[:, None] < number, ordered, 0.0)[count:]
            with np.errstate(divide="ignore", invalid="ignore"):
                mean = _sum_of_frames(rest) / left
                inside = np.arange(count, len(electrons))[:, None] < number
                scatter = np.sqrt(_sum_of_frames(np.where(inside, (rest - mean) ** 2, 0.0)) / (left - 1))
            gap = ordered[count - 1] - ordered[count]
            is_far = gap > self.clip * np.maximum(scatter, self.typical)
            rays[(left >= LEAST_SAMPLES) & is_far] = count
        rank = np.argsort(order, axis=0, kind="stable")
        good &= rank >= rays

    def _images(self, variance, kurtosis, mean, number):
        """Read noise, standard error, kurtosis and mask from the variance (electron^2) among so many samples.

        ``mean`` has the mean counts (electron) of darks, None of bias frames.
        """
        freedom = number - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            if mean is None:
                # No noise of digitised frames is below that of rounding; NaN stays NaN.
                is_digital = self.dark_set.frames[0].dtype.kind in "iu"
                square = np.maximum(variance, self.reader.scale**2 / 12) if is_digital else variance
                bad = ~(square > 0)
            else:
                sigma, bias_error = self.dark_noise
                kurtosis = 3 + ((kurtosis - 3) * np.square(variance) - mean) / np.square(variance - mean)
                square = np.maximum(variance - mean, _LEAST_SHARE * sigma**2)
                total = np.square(sigma**2 + np.maximum(mean, 0)) / freedom + (sigma**2 / number + bias_error**2) / 2
                freedom = sigma**4 / total
                bad = ~((square > 0) & (freedom >= _LEAST_DEGREES))
            noise = np.sqrt(np.where(bad, np.nan, square))
            error = noise / np.sqrt(2 * freedom)
        # A pixel without any scatter has no shape.
        kurtosis = np.where(np.isfinite(kurtosis), kurtosis, np.nan)
        return [noise, error, kurtosis, bad]


def _sum_of_frames(samples, dtype=float):
    """Sum over frames, added in their order, whatever the number of pixels."""
    total = np.zeros(samples.shape[1], dtype)
    for frame in samples:
        total += frame
    return total
