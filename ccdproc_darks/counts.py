# Licensed under a 3-clause BSD style license - see LICENSE
"""Mean counts of equal exposures, some rows at a time: sums and maxima of all pixels, and a closer look at a few."""

from dataclasses import dataclass

import numpy as np

from .electrons import Electrons
from .rejection import mean_counts, reject

__all__ = ["SetCounts", "set_counts"]

# Sums of fewer 16-bit integers than that cannot overflow 32 bits.
_MOST_SHORT = 2**15
# Of a threshold: rounding to single precision must not keep a pixel from being looked at.
_MARGIN = 0.999


@dataclass
class SetCounts:
    """
    Mean counts of a `DarkSet`, of some rows; arrays of pixels are flat.

    Attributes
    ----------
    counts : `numpy.ndarray`
        Mean of the samples kept (electron), zero where none was.
    seconds : float
        Exposure time.
    number : float
        Exposures in it, but for the pixels of ``special``.
    special : `numpy.ndarray` of int
        Pixels that may have lost samples.
    frames : `numpy.ndarray`
        Exposures that were kept in those.
    saturated : `numpy.ndarray` of bool
        Those of them of which every sample that is not bad is saturated.
    limit : `numpy.ndarray`
        What a saturated sample of those has at least (electron).
    own_variance : `numpy.ndarray` or None
        Variance of the mean from the frames' own uncertainties (electron^2), where those are used.
    """

    counts: np.ndarray
    seconds: float
    number: float
    special: np.ndarray
    frames: np.ndarray
    saturated: np.ndarray
    limit: np.ndarray
    own_variance: np.ndarray | None = None

    def frames_of(self, pixels):
        """Exposures kept in some pixels (rising indices)."""
        return self._of(pixels, np.full(self.counts.size, self.number), self.frames)

    def limits_of(self, pixels):
        """Lower limits of the counts of some pixels, NaN where they are not saturated."""
        limits = np.where(self.saturated, self.limit, np.nan)
        return self._of(pixels, np.full(self.counts.size, np.nan), limits)

    def _of(self, pixels, values, special):
        values[self.special] = special
        return values[pixels]


def set_counts(dark_set, reader, block, *, read_noise=None, levels=None, clip=None):
    """
    Mean counts of equal exposures, of some rows.

    Parameters
    ----------
    dark_set : `ccdproc_darks.electrons.DarkSet`
        The frames.
    reader : `ccdproc_darks.electrons.Reader`
        What to take from them.
    block : slice
        The rows.
    read_noise, levels, clip
        As of `ccdproc_darks.rejection.mean_counts`, whose result this is.

    Returns
    -------
    `SetCounts`

    Notes
    -----
    No sample can be rejected unless the highest is past `ccdproc_darks.rejection.least_excess`, which sum and maximum
    tell. Only pixels where it is, or where a sample is not finite, masked or saturated, are looked at sample by sample:
    nothing is sorted. Integers are added up exactly, floating-point numbers in float64 and in the order of the frames.
    """
    if reader.own_noise:
        return _from_electrons(dark_set, reader.read(dark_set, block), levels, clip)
    bias, special = reader.bias.rows(block)
    bias = np.ravel(bias) if np.ndim(bias) else bias
    stack = [frame.rows(block) for frame in dark_set.frames]
    masks = [None if rows.mask is None else rows.mask.ravel() for rows in stack]
    dtype = np.result_type(*[rows.values for rows in stack])
    stack = [rows.values.ravel().astype(dtype, copy=False) for rows in stack]
    special = np.zeros(stack[0].size, dtype=bool) if special is None else special.ravel()
    with np.errstate(invalid="ignore", over="ignore"):
        return _set_counts(dark_set, reader, stack, masks, bias, special, read_noise, levels, clip)


def _set_counts(dark_set, reader, stack, masks, bias, special, read_noise, levels, clip):
    combined = dark_set.combined
    bad_bias = special if special.any() else None
    total, highest = _sums(stack, combined)
    if stack[0].dtype.kind == "f":
        special = special | ~np.isfinite(total)
    for mask in masks:
        if mask is not None:
            special = special | mask
    if reader.saturation is not None:
        special = special | (highest >= _comparable(reader.saturation, highest.dtype))
    number = combined.sum()
    counts = _electrons(total, _divisor(combined), reader.scale, bias)
    if clip is not None and len(stack) > 1 and read_noise is not None:
        special = special | _suspicious(counts, highest, bias, reader.scale, combined, levels, read_noise, clip)
    special = np.flatnonzero(special)
    if not special.size:
        nothing = np.zeros(0)
        return SetCounts(counts, dark_set.seconds, number, special, nothing, nothing.astype(bool), nothing)

    bias = bias[special] if np.ndim(bias) else np.full(special.size, bias)
    samples = np.array([frame[special] for frame in stack], dtype=float)
    good = np.isfinite(samples)
    for keep, mask in zip(good, masks, strict=True):
        if mask is not None:
            keep &= ~mask[special]
    if bad_bias is not None:
        good &= ~bad_bias[special]
    saturated = np.zeros(special.size, dtype=bool)
    limit = np.zeros(special.size)
    if reader.saturation is not None:
        over = good & (samples >= reader.saturation)
        good &= ~over
        saturated = over.any(axis=0) & ~good.any(axis=0)
        limit = reader.saturation * reader.scale - bias
    samples[~good] = 0.0
    if clip is not None:
        reject(samples * reader.scale - bias, good, combined, read_noise=read_noise, own_variance=None, levels=levels,
               clip=clip)  # fmt: skip
    total, divisor, frames = _kept_sums(samples, good, combined)
    some = frames > 0
    counts[special] = np.where(some, _electrons(total, np.where(some, divisor, 1.0), reader.scale, bias), 0.0)
    return SetCounts(counts, dark_set.seconds, number, special, frames, saturated, limit)


def _sums(stack, combined):
    """Weighted sum of flat frames, and their maximum."""
    first = stack[0]
    equal = np.all(combined == combined[0])
    short = first.dtype.kind in "iu" and first.dtype.itemsize < 4 and len(stack) < _MOST_SHORT
    total = first.astype(np.int32 if short and equal else float)
    if not equal:
        total *= combined[0]
    highest = first if len(stack) == 1 else first.copy()
    for number, frame in zip(combined[1:], stack[1:], strict=True):
        np.add(total, frame if equal else frame * number, out=total)
        np.maximum(highest, frame, out=highest)
    return total, highest


def _kept_sums(samples, good, combined):
    """The same of samples that are good, and how many exposures those are; `_divisor` of each pixel between them."""
    equal = np.all(combined == combined[0])
    weights = np.ones(len(samples)) if equal else combined
    total = np.where(good[0], samples[0] * weights[0], 0.0)
    for weight, keep, sample in zip(weights[1:], good[1:], samples[1:], strict=True):
        total += np.where(keep, sample * weight, 0.0)
    divisor = (weights[:, None] * good).sum(axis=0)
    return total, divisor, divisor * combined[0] if equal else divisor


def _divisor(combined):
    return float(len(combined)) if np.all(combined == combined[0]) else float(combined.sum())


def _electrons(total, divisor, scale, bias):
    counts = total / divisor
    counts *= scale
    counts -= bias
    return counts


def _comparable(level, dtype):
    """A level as a number that integers of a type are compared with as such."""
    if dtype.kind == "f":
        return level
    return int(min(np.ceil(level), np.iinfo(dtype).max + 1))


def _suspicious(mean, highest, bias, scale, combined, levels, read_noise, clip):
    """Pixels of which the highest sample may be rejected."""
    total, own = combined.sum(), combined.max()
    # All as if the highest were of the frame whose level and weight make it stand out the most.
    shift = 0.0 if levels is None else np.min(levels)
    middle = 0.0 if levels is None else np.dot(combined, levels) / total
    # Single precision, and squares, as this is for every pixel.
    mean = mean.astype(np.float32)
    excess = np.multiply(highest, scale, dtype=np.float32, casting="unsafe")
    excess -= bias
    excess -= mean
    excess -= shift - middle
    np.maximum(excess, 0, out=excess)
    excess *= excess
    mean -= middle
    np.maximum(mean, 0, out=mean)
    mean += read_noise**2
    mean *= (_MARGIN * (total - own) / total * clip) ** 2 * (1 / own + 1 / (total - combined.min())) / 2
    return excess > mean


def _from_electrons(dark_set, electrons: Electrons, levels, clip):
    """`SetCounts` of frames that bring their own uncertainties: all pixels are looked at sample by sample."""
    mean = mean_counts(
        electrons.samples, electrons.good, dark_set.combined, own_variance=electrons.own_variance, levels=levels,
        clip=clip,
    )  # fmt: skip
    every = np.arange(mean.counts.size)
    return SetCounts(
        mean.counts.ravel(), dark_set.seconds, dark_set.combined.sum(), every, mean.frames.ravel(), electrons.saturated.ravel(),
        electrons.limit.ravel(), mean.own_variance.ravel(),
    )  # fmt: skip
