# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark counts of every pixel at an exposure time, predicted from rates at others, block by block."""

from dataclasses import dataclass, replace

import numpy as np

from .._compute.blocks import Block, BlockJob, Deferred, shifted
from .._compute.workers import Execution, fill_images
from .._interface.arguments import SAME_EXPOSURE
from ..rates.mean_counts import MeanCounts
from ..rates.rate_images import RateImages
from ..statistics.rate_fit import TINY_RATE, shared_at
from ..statistics.significance import critical_deviate
from ..statistics.typical_rates_fit import fit_typical_rates
from .comparer import RateComparer, both_for_rows
from .counts_at import Expected, by_own_counts, by_rate, mixed
from .departure_prior import DeparturePrior, departure_prior

__all__ = ["BAD", "FREE", "OWN", "PredictedCounts", "predicted_counts"]

# Pixels of a sample from which the threshold of hot ones is found.
_SAMPLE = 2**18
# Probability of a departure up to which a pixel is taken for proportional.
_SETTLED = 0.03
# Pixels of which there is no doubt, and pixels that are predicted by their own counts, or masked, whatever they show.
FREE, OWN, BAD = 0, 1, 2


@dataclass
class PredictedCounts:
    """Counts of all pixels at an exposure time, in the unit asked for, with mask and standard deviation.

    ``offsets`` (electron) and ``width`` are those of `RateComparer`; then follow the numbers of pixels predicted by
    their rate, by their own counts, and masked.
    """

    counts: np.ndarray
    mask: np.ndarray
    deviation: np.ndarray
    offsets: np.ndarray
    width: float | None
    by_rate: int
    by_own_counts: int
    masked: int


def predicted_counts(images, offset, *, mem_limit=None, executor=None, **settings):
    """`PredictedCounts` from `RateImages`.

    ``offset`` is that of `RateComparer`; for the ``settings`` see `PredictionJob`.
    """
    execution = Execution(executor, mem_limit)
    comparer = RateComparer(images, offset, "theoretical") if len(images) > 1 else None
    prior = None if comparer is None else departure_prior(comparer)
    full = _full_above(images, settings.pop("full", np.inf))
    job = PredictionJob(images, comparer, prior, full=full, hot=_hot_above(images), **settings)
    counts, deviation = np.empty(images.shape, images.dtype), np.empty(images.shape, images.dtype)
    mask = np.zeros(images.shape, dtype=bool)
    numbers = fill_images(job, [counts, mask, deviation], execution)
    offsets, width = ((), None) if comparer is None else (comparer.offsets, comparer.width)
    return PredictedCounts(counts, mask, deviation, offsets, width, *map(int, numbers))


def _full_above(images, full):
    """Counts (electron) at which pixels are full: the typical ones of pixels that were, at most ``full``.

    The saturation level of a sensor has the bias in it, which a rate does not tell; the lower limit of the rate of a
    pixel that was saturated is without it.
    """
    single = np.array([info.exposures == 1 for info in images.infos])
    if not np.isfinite(full) or not single.any():
        return full
    found = []
    for block in images.blocks():
        counts = images.values(block)[3][single] * images.seconds[single, None, None]
        found.append(counts[np.isfinite(counts)])
    found = np.concatenate(found)
    return min(full, float(np.median(found))) if found.size else full


def _hot_above(images):
    """Rate (electron/s) that one typical pixel of an image is expected to exceed, from a single rate; else infinite."""
    if len(images) > 1:
        return np.inf
    rate, variance, usable, _ = images.sample(_SAMPLE).values(slice(None))
    rate, variance = rate[usable], variance[usable]
    if not rate.size:
        return np.inf
    total = images.infos[0].total
    constant = np.median(np.maximum(variance - np.maximum(rate, 0) / total, 0))
    typical = constant + max(float(np.median(rate)), 0.0) / total
    found = fit_typical_rates(rate, typical, total)
    deviate = critical_deviate(1 / (images.shape[0] * images.shape[1] + 1))
    return found.rate + float(found.excess_of(deviate, np.array([typical]), np.array([total]))[0])


@dataclass
class PredictionJob(BlockJob):
    """Makes the counts at an exposure time, their mask and standard deviation.

    The block's count has the numbers of pixels predicted by their rate, by their own counts, and masked.

    Attributes
    ----------
    images : `ccdproc_darks.rates.rate_images.RateImages`
        The rates.
    comparer : `ccdproc_darks.comparison.comparer.RateComparer` or None
        Comparer of several rates.
    prior : `ccdproc_darks.comparison.departure_prior.DeparturePrior` or None
        How probable departures from one rate are.
    at : float
        Exposure time (s).
    tolerance : float
        Fraction of the longest exposure by which ``at`` may be longer, for pixels that are not proportional.
    per_electron : float
        Counts of the result per electron.
    full : float
        Counts (electron) from which on a pixel is saturated; infinite where this is not known.
    hot : float
        Rate (electron/s) above which a pixel of a single rate is hot, and not known to be proportional.
    told : `numpy.ndarray` or None
        What the user's mask tells of each pixel: `FREE`, `OWN` or `BAD`.
    start : int
        Number of the first row of ``told`` in the image.
    """

    images: RateImages
    comparer: RateComparer | None
    prior: DeparturePrior | None
    at: float
    tolerance: float
    per_electron: float = 1.0
    full: float = np.inf
    hot: float = np.inf
    told: np.ndarray | None = None
    start: int = 0

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return 60 * len(self.images) if self._has_fast_pass else 600 * len(self.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        images, comparer = both_for_rows(self.images, self.comparer, rows)
        told = None if self.told is None else self.told[shifted(rows, self.start)]
        return replace(self, images=images, comparer=comparer, told=told, start=rows.start or 0)

    def block(self, rows, out=None):
        """Fast pass, right for complete pixels that are proportional beyond doubt; else the exact way."""
        if not self._has_fast_pass:
            return self._exactly(rows)
        quick = self.comparer.fast_block(rows)
        rate = quick.rate.astype(float)
        counts = rate * self.at
        variance = self._variance(rate, quick.variance) * self.at**2
        deferred = ~quick.complete
        typical, low, high = self.prior.deviates_of(_SETTLED)
        for pixels in quick.beyond(typical):
            deferred[pixels] = True
        deferred |= ((quick.deviate < low) | (quick.deviate > high)) & (quick.rate > self.prior.hot_above)
        full = counts >= self.full
        mask = full & ~deferred
        counts[full] = self.full
        if self.told is not None:
            told = self._told(rows).ravel()
            deferred |= told > FREE
            mask &= ~deferred
        deferred = np.flatnonzero(deferred)
        masked = np.count_nonzero(mask)
        number = np.array([rate.size - deferred.size - masked, 0, masked])
        return Block([*self._scaled(counts, variance, mask)], Deferred(deferred), number)

    def exact(self, deferred):
        """The full fit and its exact tail, and the pixels' own counts."""
        return self._exactly(slice(None), deferred.pixels)

    @property
    def _has_fast_pass(self):
        return self.comparer is not None and self.comparer.fast is not None

    def _told(self, rows, pixels=None):
        told = self.told[shifted(rows, self.start)]
        return told if pixels is None else told.reshape(1, -1)[:, pixels]

    def _variance(self, rate, noise):
        """Variance of the pooled rate of pixels that lost no frame (electron^2/s^2); ``noise`` is their own, or None.

        As in `ccdproc_darks.statistics.rate_fit.fit_rate`, in few passes over the pixels.
        """
        images = self.images
        trial = np.clip(self.comparer.settled(rate), TINY_RATE, np.inf)
        information = np.zeros(rate.shape)
        for members, bias in images.shared:
            square = common = 0.0
            for k in members:
                info, t = images.infos[k], images.seconds[k]
                read = info.read_noise**2 if noise is None else noise.astype(float)
                weight = 1 / ((trial * t + read) / info.frames)
                information += weight * t**2
                square, common = square + weight, common + weight * t
            if bias:
                own = (images.infos[members[0]].read_noise or 0.0) ** 2
                bias = bias if noise is None or not own else bias / own * noise
                information -= common**2 * (bias / (1 + bias * square))
        return 1 / information

    def _exactly(self, rows, pixels=None):
        if self.comparer is None:
            return self._of_one_rate(rows)
        compared = self.comparer.rows(rows, pixels)
        counts, seconds, fit, at = compared.rows, compared.seconds, compared.fit, self.at
        usable = counts.usable
        told = np.zeros(fit.rate.shape, np.uint8) if self.told is None else self._told(rows, pixels)
        tested = fit.degrees > 0
        probability = np.where(tested, np.where(told == OWN, 1.0, self.prior.of(compared.significance, fit.rate)), 0.0)
        found = by_rate(fit, seconds, at, usable)
        own = probability > _SETTLED
        probability[~own] = 0.0
        if own.any():
            others, probability[own] = self._departing(compared, own, probability[own], found)
            found.counts[own], found.variance[own] = others.counts, others.variance
        times = seconds[:, None, None]
        longest = np.where(usable, times, 0.0).max(axis=0)
        # Counts at which the pixel itself was saturated, and the shortest exposure at which it was.
        level = np.where(np.isnan(counts.lower_limit), np.inf, counts.lower_limit * times).min(axis=0)
        saturated = np.where(np.isnan(counts.lower_limit), np.inf, times).min(axis=0)
        level = np.minimum(level, self.full)
        is_full = (at >= saturated * (1 - SAME_EXPOSURE)) | (found.counts >= level)
        own = probability > 0.5
        mask = is_full | (told == BAD) | (own & (at > longest * (1 + max(self.tolerance, SAME_EXPOSURE))))
        # Nothing tells whether a pixel with a single exposure is proportional.
        mask |= ~tested & (np.abs(at - longest) > SAME_EXPOSURE * at)
        lacking = ~np.isfinite(found.counts)
        limit = counts.highest_lower_limit() * at
        value = np.where(lacking, limit, found.counts)
        value = np.where(is_full, np.minimum(np.where(np.isnan(value), np.inf, value), level), value)
        mask |= lacking
        value = np.where(np.isfinite(value), value, np.nan)
        number = np.array([np.count_nonzero(~mask & ~own), np.count_nonzero(~mask & own), np.count_nonzero(mask)])
        return Block([*self._scaled(value, found.variance, mask)], None, number)

    def _departing(self, compared, own, probability, found):
        """`Expected` counts of pixels that may not be proportional, and the probability that they are not.

        ``own`` is True for these pixels, ``probability`` what their significance tells, ``found`` what rates tell.
        """
        rows = MeanCounts(*(part[:, own][:, None] for part in compared.rows.parts))
        shared = [(members, np.reshape(v, (1, -1))) for members, v in shared_at(compared.shared, own)]
        fit = replace(
            compared.fit, deletion=compared.fit.deletion[:, own][:, None],
            information=compared.fit.information[:, own][:, None],
        )  # fmt: skip
        by_counts, proportional = by_own_counts(rows, fit, compared.seconds, shared, self.at)
        by_counts = Expected(by_counts.counts[0], by_counts.variance[0])
        of_rate = Expected(found.counts[own], found.variance[own])
        return mixed(of_rate, by_counts, probability), probability * (1 - proportional[0])

    def _of_one_rate(self, rows):
        """The rate times the exposure time: there is nothing else."""
        rate, variance, usable, lower_limit = (image[0] for image in self.images.values(rows))
        info, at = self.images.infos[0], self.at
        value = np.where(usable, rate, np.where(np.isnan(lower_limit), np.nan, lower_limit)) * at
        same = info.exposures == 1 and np.isclose(at, info.longest, rtol=SAME_EXPOSURE, atol=0)
        mask = ~usable | (value >= self.full)
        value = np.minimum(value, self.full)
        if self.told is not None:
            # One of its own counts alone is known at this exposure time, and at no other.
            mask |= self._told(rows) >= (BAD if same else OWN)
        elif not same:
            mask |= rate > self.hot
        number = np.array([mask.size - np.count_nonzero(mask), 0, np.count_nonzero(mask)])
        return Block([*self._scaled(value, np.where(usable, variance, np.nan) * at**2, mask)], None, number)

    def _scaled(self, counts, variance, mask):
        """Images of the result, in its unit."""
        with np.errstate(invalid="ignore"):
            return counts * self.per_electron, mask, np.sqrt(variance) * self.per_electron
