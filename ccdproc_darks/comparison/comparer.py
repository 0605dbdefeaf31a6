# Licensed under a 3-clause BSD style license - see LICENSE
"""Departure of each pixel from one rate at all exposure times, in normal standard deviations, block by block."""

import copy
from dataclasses import dataclass, replace

import numpy as np

from .._interface.warnings import NoiseWarning, warn
from ..rates.common_offsets import common_offsets
from ..rates.mean_counts import MeanCounts
from ..statistics.conditional_tail import Candidates, far_deviate
from ..statistics.rate_distribution import sensor_rate_distribution
from ..statistics.rate_fit import Covariance, RateFit, fit_rate, shared_at
from ..statistics.significance import NORMAL_BELOW, deviate_of_chi_square, needs_exact_tail
from .departure_tails import DepartureTails
from .several_rates import SeveralRates
from .two_rates import TwoRates
from .widths import null_width

__all__ = [
    "DOUBTFUL_WIDTH", "Comparison", "RateComparer", "both_for_rows", "compare_rows",
    "is_wrong", "without_offsets",
]  # fmt: skip

# Most exposure times of which a sample is kept in memory.
_KEPT = 3
# Scatter of good pixels over their noise from which on the noise model is doubtful.
DOUBTFUL_WIDTH = 1.2
# Fewest pixels whose width is judged: it has an error of 3 %.
_TYPICAL_PIXELS = 1000
# Fraction of pixels with a deviate above `NORMAL_BELOW` that no noise model which is right has: normal ones are 1.2 %.
_MOST_FAR = 0.04
# Deviate below which averages over the read noise that a pixel may have do not matter.
_NEAR = 1.0


class RateComparer:
    """Compares rates of several exposure times (`RateImages`) pixel by pixel, with what all pixels of a sensor share.

    ``offset`` and ``null`` are options of `compare_dark_rates`; ``offsets`` are common offsets that are known.

    Attributes
    ----------
    offsets : `numpy.ndarray`
        Common offset of each exposure time (electron).
    width : float or None
        Scatter of good pixels about one rate, over what the noise model says; None without pixels to compare.
    fast : `ccdproc_darks.comparison.two_rates.TwoRates` or `SeveralRates` or None
        Fast comparison of pixels that lost no frame; None without read noise, and with free offsets.
    normal : bool
        Whether the noise told is so wrong that no exact tail is worth computing: all are taken for normal ones.
    """

    def __init__(self, images, offset, null, offsets=None):
        self.images, self.free_offset = images, offset == "pixel"
        sample = images.sample()
        samples = _Samples(sample)
        self.offsets = np.zeros(len(images)) if offsets is None else offsets
        if offset is not None and offsets is None:
            self.offsets = common_offsets(samples, images.seconds, self.free_offset)
        numbers = np.array([info.frames for info in images.infos], dtype=float)
        self._rate_distribution = sensor_rate_distribution(
            samples, images.seconds, numbers, images.shared, self.offsets, self.free_offset
        )
        distribution = images.noise and images.noise.distribution
        self._tails = None if distribution is None else DepartureTails(images)
        self._scale, self.normal = 1.0, True
        self._find_fast()
        degrees = len(images) - (2 if self.free_offset else 1)
        # The tails matter where few pixels are far in them.
        self.width = null_width(deviates := self._find_deviates(sample), degrees)
        self.normal = is_wrong(deviates) and self.width > DOUBTFUL_WIDTH
        if not self.normal:
            self._find_fast()
            self.width = null_width(deviates := self._find_deviates(sample), degrees)
        if null == "empirical":
            self._scale = self.width or 1.0
            self._find_fast()
            if self.normal:
                self.normal = is_wrong(self._find_deviates(sample))
                self._find_fast()
        elif deviates.size >= _TYPICAL_PIXELS and self.width > DOUBTFUL_WIDTH:
            self._warn_noise()

    def _warn_noise(self):
        what = "read noise"
        remedy = "null='empirical', where a function has it, takes the width that is seen for the right one"
        way = "Let the frames tell their noise (dark_rate with read_noise=None, or a result of read_noise_map)"
        if self.images.noise is not None:
            what = f"read noise of the map (typically {self.images.noise.typical:.3g} electron)"
            way = "Pass a map of bias frames of this camera, gain and mode (read_noise_map)"
        if self.normal:
            remedy = f"Probabilities here are those of normal noise. {way}; {remedy}"
        elif self.images.noise is not None:
            remedy = f"{way}; {remedy}"
        warn(
            f"the rates of good pixels differ by {self.width:.2f} times what their noise explains: the {what} "
            f"is too low, or the frames drift, and more good pixels than asked for are significant. {remedy}",
            NoiseWarning,
        )

    def for_rows(self, rows):
        """Comparer of the rows of a slice alone; it can be sent to another process."""
        return self._of(self.images.for_rows(rows))

    def sample(self, pixels):
        """Comparer of about so many ``pixels``, in rows that are evenly spread over the image."""
        return self._of(self.images.sample(pixels))

    def _of(self, images):
        part = copy.copy(self)
        part.images = images
        return part

    def rows(self, block, pixels=None):
        """`Comparison` of a block of rows (slice), or of some ``pixels`` of it (flat indices)."""
        seconds, _, *settings = self._settings
        noise = None if self._tails is None else (self._tails, *self.images.noise.rows(block, pixels))
        rows, shared = self.images.rows(block, pixels), self.images.shared_at(block, pixels)
        return compare_rows(rows, seconds, shared, *settings, normal=self.normal, noise=noise)

    def noiseless(self, rates):
        """`Comparison` of pixels that lost no frame and whose rates (electron/s) are measured without noise."""
        infos, t = self.images.infos, self.images.seconds[:, None, None]
        frames = np.array([info.frames for info in infos], dtype=float)[:, None, None]
        noise = np.array([info.read_noise or 0.0 for info in infos])[:, None, None] ** 2
        counts = np.reshape(rates, (1, 1, -1)) * t + self.offsets[:, None, None]
        everywhere = np.ones(counts.shape)
        rows = MeanCounts(counts, frames * everywhere, noise / frames * everywhere, everywhere > 0, everywhere * np.nan)
        return compare_rows(rows, *self._settings)

    def settled(self, rate):
        """Rate (electron/s) by whose noise a pixel of a fitted rate is weighted."""
        return rate if self._rate_distribution is None else self._rate_distribution.posterior_mean(rate)

    @property
    def _settings(self):
        seconds, shared = self.images.seconds, self.images.shared
        return seconds, shared, self.offsets, self.free_offset, self._rate_distribution, self._scale

    def fast_block(self, block, departures=True, deviate=None):
        """`TwoRatesBlock` or `SeveralRatesBlock` of a block of rows; for the options see `SeveralRates.rows`."""
        return self.fast.rows(self.images, block, departures, deviate)

    @property
    def two_rates(self):
        """The fast comparison, where it is one of two rates with one read noise."""
        return self.fast if isinstance(self.fast, TwoRates) else None

    def _find_fast(self):
        self.fast, kinds = None, (TwoRates, SeveralRates)
        if self._rate_distribution is not None and self.images.dtype == np.float32:
            # The loop of two rates knows no distribution of rates, and takes the time of numpy.
            kinds = (SeveralRates,)
        for kind in kinds:
            if self.fast is None and kind.fits(self.images, self.free_offset):
                self.fast = kind(self.images, self.offsets, self._rate_distribution, self._scale, self.normal)

    def _find_deviates(self, images):
        sample, found = self._of(images), []
        for block in images.blocks():
            if self.fast is None:
                found.append(sample.rows(block).significance.ravel())
                continue
            quick = sample.fast_block(block)
            deviate, inexact = quick.significance(), quick.inexact_pixels()
            deviate[inexact] = sample.rows(block, inexact).significance
            found.append(deviate.astype(float))
        deviates = np.concatenate(found)
        return deviates[np.isfinite(deviates)]


def is_wrong(deviates, far=NORMAL_BELOW):
    """Whether so many pixels have a deviate beyond ``far`` that the noise told is wrong."""
    return deviates.size >= _TYPICAL_PIXELS and np.mean(np.abs(deviates) > far) > _MOST_FAR


class _Samples:
    """`MeanCounts` of some rows, block by block; read anew each time where keeping them takes much memory."""

    def __init__(self, images):
        self._images = images
        self._kept = list(images.all_rows()) if len(images) <= _KEPT else None

    def __iter__(self):
        return self._images.all_rows() if self._kept is None else iter(self._kept)


def both_for_rows(images, comparer, rows):
    """`RateImages` and `RateComparer` (or None) of some rows; they share the rates, which are so sent only once."""
    if comparer is None:
        return images.for_rows(rows), None
    comparer = comparer.for_rows(rows)
    return comparer.images, comparer


@dataclass
class Comparison:
    """Rates of a block of rows, compared.

    Attributes
    ----------
    rows : `MeanCounts`
        Mean counts without the common offsets, shape (exposures, rows, columns).
    seconds, shared, free_offset
        Exposure times (s), and what `ccdproc_darks.statistics.rate_fit.fit_rate` was told.
    fit : `RateFit`
        One proportional rate, fitted to all exposure times.
    significance : `numpy.ndarray`
        Departure from that rate as a signed equivalent normal deviate; NaN where there is nothing to compare.
    """

    rows: MeanCounts
    seconds: np.ndarray
    shared: list
    fit: RateFit
    significance: np.ndarray
    free_offset: bool

    def difference(self):
        """Rate at the shortest exposure minus that at the longest (electron/s), and its error if proportional."""
        short, long = self._extremes()
        return self._weighted_sum(short - long), self._deviation(short - long)

    def ratio(self):
        """Rate at the shortest exposure over that at the longest, and its error if proportional."""
        short, long = self._extremes()
        below = self._weighted_sum(long)
        below = np.where(below > 0, below, np.nan)
        return self._weighted_sum(short) / below, self._deviation(short - long) / below

    def offset(self):
        """Counts at no exposure (electron) of a straight line through the counts, and their standard deviation."""
        rows = self.rows
        line = fit_rate(
            rows.counts, self.seconds, rows.frames, rows.read_variance, rows.usable,
            shared=self.shared, free_offset=True, weight_rate=lambda slope: self.fit.rate,
        )  # fmt: skip
        possible = line.degrees >= 0
        return np.where(possible, line.offset, np.nan), np.sqrt(np.where(possible, line.offset_variance, np.nan))

    def largest_departure(self):
        """Absolute departure (electron/s) of the exposure that is furthest, in sigmas, from what the others predict."""
        deviation = np.abs(self.fit.deletion) * np.sqrt(self.fit.information)
        furthest = deviation.argmax(axis=0)
        rates = np.abs(self.fit.deletion) / self.seconds[:, None, None]
        return np.take_along_axis(rates, furthest[None], axis=0)[0]

    def _extremes(self):
        """Coefficients (1/s) by which counts make the short and the long rate, shape (exposures, rows, columns)."""
        usable, t = self.rows.usable, self.seconds
        first = usable.argmax(axis=0)[None]
        last = len(t) - 1 - usable[::-1].argmax(axis=0)[None]
        index = np.arange(len(t))[:, None, None]
        if not self.free_offset:
            return (index == first) / t[first], (index == last) / t[last]
        inner = usable & (index != first) & (index != last)
        second = inner.argmax(axis=0)[None]
        before = len(t) - 1 - inner[::-1].argmax(axis=0)[None]
        with np.errstate(divide="ignore", invalid="ignore"):
            short = ((index == second) * 1.0 - (index == first)) / (t[second] - t[first])
            long = ((index == last) * 1.0 - (index == before)) / (t[last] - t[before])
        return short, long

    def _weighted_sum(self, coefficients):
        value = (coefficients * self.rows.counts).sum(axis=0)
        return np.where(self.fit.degrees > 0, value, np.nan)

    def _deviation(self, coefficients):
        rate = np.maximum(self.fit.rate, 0)
        poisson = rate * self.seconds[:, None, None] / self.rows.frames
        variance = (coefficients**2 * (poisson + self.rows.read_variance)).sum(axis=0)
        for members, bias_variance in self.shared:
            variance += bias_variance * coefficients[members].sum(axis=0) ** 2
        return np.sqrt(np.where(self.fit.degrees > 0, variance, np.nan))


def compare_rows(
    rows, seconds, shared, offsets, free_offset, rate_distribution=None, width=1.0, *, normal=False, noise=None
):
    """`Comparison` of the `MeanCounts` of some rows, from which the common ``offsets`` (electron) are subtracted.

    For ``seconds``, ``shared`` and ``free_offset`` see `ccdproc_darks.statistics.rate_fit.fit_rate`; for
    ``rate_distribution`` and ``width`` see `ccdproc_darks.statistics.conditional_tail.far_deviate`. ``normal`` takes
    all tails for those of normal noise. ``noise`` is `DepartureTails`, and the scatter (electron) and mean read
    variance (electron^2) of the pixels, where the read noise of each is known from its scatter alone.
    """
    rows = without_offsets(rows, offsets)
    fit = fit_rate(
        rows.counts, seconds, rows.frames, rows.read_variance, rows.usable, shared=shared, free_offset=free_offset,
        weight_rate=None if rate_distribution is None else rate_distribution.posterior_mean,
    )  # fmt: skip
    size = deviate_of_chi_square(fit.chi_square / width**2, fit.degrees)
    if not normal:
        far = needs_exact_tail(size, fit.skewness, fit.kurtosis, rate_distribution is None) & (fit.degrees > 0)
        if far.any():
            size[far] = far_deviate(_candidates(rows, seconds, shared, fit, far, free_offset), rate_distribution, width)
    if noise is not None:
        _average_tails(size, rows, seconds, shared, fit, rate_distribution, noise)
    return Comparison(rows, seconds, shared, fit, np.copysign(size, fit.excess), free_offset)


def _average_tails(size, rows, seconds, shared, fit, rate_distribution, noise):
    """Average deviates, in place, over the read noise that a pixel may have; ``noise`` is that of `compare_rows`."""
    tails, scatter, variance = noise
    with np.errstate(invalid="ignore"):
        far = np.abs(size) > _NEAR
    if not far.any():
        return
    usable, variance = rows.usable[:, far], variance[far].astype(float)
    frames = np.where(usable, rows.frames[:, far], 1.0)
    solved = Covariance(fit.covariance.weights[:, far], shared_at(shared, far)).solve(fit.residual[:, far])
    rate = fit.rate[far] if rate_distribution is None else rate_distribution.posterior_mean(fit.rate[far])
    poisson = (solved**2 * np.maximum(rate, 0) * seconds[:, None] / frames).sum(axis=0) / fit.chi_square[far]
    second, fourth = (solved**2 / frames).sum(axis=0), (solved**4 / frames**3).sum(axis=0)
    for members, bias in shared_at(shared, far):
        # Bias frames over their number.
        part = solved[members].sum(axis=0) ** 2 * bias / variance
        second, fourth = second + part, fourth + part**2 * bias / variance
    size[far] = tails.deviate(size[far], scatter[far].astype(float), 1 - poisson, second**2 / fourth, fit.degrees[far])


def without_offsets(rows, offsets):
    """`MeanCounts` from whose usable counts the common offset of each exposure (electron) is subtracted."""
    counts = np.where(rows.usable, offsets[:, None, None], 0.0)
    return replace(rows, counts=np.subtract(rows.counts, counts, out=counts))


def _candidates(rows, seconds, shared, fit, far, free_offset):
    shared = shared_at(shared, far)
    covariance = Covariance(fit.covariance.weights[:, far], shared)
    usable = rows.usable[:, far]
    directions = [covariance.solve(usable * seconds[:, None])]
    if free_offset:
        directions.append(covariance.solve(usable.astype(float)))
    return Candidates(
        rows.counts[:, far], rows.frames[:, far], rows.read_variance[:, far], usable, seconds, shared, fit.rate[far],
        directions, fit.estimator[:, far], fit.residual[:, far],
    )  # fmt: skip
