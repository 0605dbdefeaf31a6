# Licensed under a 3-clause BSD style license - see LICENSE
"""Dark rate above which a sensor's pixels stop being proportional to exposure time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable

from .._compute.blocks import BlockJob
from .._compute.workers import THREADS, gather_summaries
from .._interface.arguments import ELECTRON_PER_SECOND, checked_number
from .._interface.number_text import plain_number
from .._interface.shown_object import ShownObject
from ..rates.amplifiers import amplifiers_of_rates
from ..rates.common_offsets import common_offsets
from ..rates.rate_images import RateImages
from ..statistics.noise import frame_variance
from ..statistics.rate_fit import fit_rate
from .compare_dark_rates import checked_map, checked_offset
from .comparer import Comparison, without_offsets
from .crossing_rate import median_crossing
from .widths import core_width

__all__ = ["ProportionalityLimit", "proportionality_limit"]

# Memory that a pixel takes while it is computed, for each rate.
_BYTES = 400
# Sigmas of a frame below saturation at which no frame is saturated by noise.
_MARGIN = 3.0
_BINS_PER_OCTAVE = 2
_PIXELS_PER_BIN = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ProportionalityLimit(ShownObject):
    """Result of `proportionality_limit`, in terms of :term:`typical pixels <typical pixel>`.

    Attributes
    ----------
    limit : `~astropy.units.Quantity`
        Dark rate (electron/s) above which typical pixels depart from proportionality by more than the tolerance.
        Infinite where no departure is established; NaN where the data tell nothing.
    interval : `~astropy.units.Quantity`
        Lower and upper end (electron/s) of the confidence interval, shape (2,). The lower end is 0 where at no rate
        proportionality is established, the upper one infinite where at no rate a departure is.
    tolerance : float
        Smallest departure that counts, as a fraction of the rate.
    confidence : float
        Probability with which such intervals hold the true limit.
    curve : `~astropy.table.QTable`
        Departure of typical pixels in bins of their rate, the lowest first. Columns: ``rate`` (median), ``rate_low``
        and ``rate_high`` (lowest and highest; all electron/s), ``pixels`` (their number), ``departure`` (median of the
        rate at the shortest exposure minus that at the longest, over the rate), ``departure_error`` (one sigma of that
        median), ``scatter`` (half the width of the middle 68.27 % of single pixels, noise included). To plot it:
        ``plt.errorbar(curve["rate"].value, curve["departure"], yerr=curve["departure_error"])``.

    Examples
    --------
    >>> from astropy import units as u
    >>> from ccdproc_darks import dark_rate, proportionality_limit, simulate_dark
    >>> camera = dict(shape=(100, 100), bias=1000 * u.adu, read_noise=5 * u.electron, hot_fraction=0.1)
    >>> darks = {seconds: [simulate_dark(exposure=seconds * u.s, rng=[seed, seconds], **camera) for seed in range(5)]
    ...          for seconds in (90, 900)}
    >>> found = proportionality_limit(*(dark_rate(frames, bias=1000 * u.adu) for frames in darks.values()))
    >>> print(str(found).partition(" at least")[0])
    Dark rates are proportional to exposure time within 10 % up to 67.4 electron/s
    >>> print(found.limit, found.interval[0] > 1 * u.electron / u.s)
    inf electron / s True
    >>> print(found.curve.colnames[:4])
    ['rate', 'rate_low', 'rate_high', 'pixels']
    """

    limit: u.Quantity
    interval: u.Quantity
    tolerance: float
    confidence: float
    curve: QTable

    def __str__(self) -> str:
        """The result in a sentence or two."""
        low, high = self.interval.to_value(ELECTRON_PER_SECOND)
        limit, unit = self.limit.to_value(ELECTRON_PER_SECOND), "electron/s"
        percent, sure = f"{100 * self.tolerance:.3g} %", f"{100 * self.confidence:.4g} %"
        if math.isnan(limit):
            number = sum(self.curve["pixels"])
            pixels = f"{number} pixel{'' if number == 1 else 's'}"
            few = f"the rates of only {pixels} are" if number else "no pixel's rate is"
            left = ", and they do not settle it" if number else ""
            return (
                f"Cannot tell whether dark rates are proportional to exposure time within {percent}: {few} high and "
                f"precise enough{left}."
            )
        if math.isinf(limit):
            return (
                f"Dark rates are proportional to exposure time within {percent} up to {plain_number(low)} {unit} at "
                f"least ({sure} confidence). Too few pixels have higher rates to tell what these do."
            )
        above = self.curve["departure"][self.curve["rate_high"] >= self.limit]
        way = "higher" if np.median(above) > 0 else "lower"
        if low > 0:
            known = f"between {plain_number(low)} and {plain_number(high)}: rely on {plain_number(low)}"
        else:
            known = f"anything up to {plain_number(high)}: no rate is safe"
        return (
            f"Dark rates are proportional to exposure time within {percent} up to {plain_number(limit)} {unit}. That "
            f"limit is the best estimate; with {sure} confidence it is {known}. Above the limit, typical pixels read "
            f"{way} in shorter exposures."
        )


def proportionality_limit(
    *rates: CCDData,
    tolerance: float = 0.1,
    confidence: float = 0.95,
    offset: Literal["common", "pixel"] | None = "common",
    read_noise: CCDData | None = None,
    check_headers: bool = True,
) -> ProportionalityLimit:
    """Dark rate above which the pixels of a sensor stop being :term:`proportional` to exposure time.

    Parameters
    ----------
    *rates : `~astropy.nddata.CCDData`
        Results of `dark_rate`, each of one exposure time, all different, in any order; shape (rows, columns).
    tolerance : float
        Smallest departure that counts: the rate at the shortest exposure minus that at the longest (of those in which
        the pixel is not saturated), either way, as a fraction of the rate.
    confidence : float
        Confidence of the interval, from 0.5 to 0.99.
    offset : {"common", None, "pixel"}
        See `compare_dark_rates`. ``"common"`` is right where most pixels of the sensor are proportional; where they are
        not, use None, and frames whose bias did not drift.
    read_noise, check_headers
        See `compare_dark_rates`.

    Returns
    -------
    ProportionalityLimit
        Limit, interval, and curve of departure against rate; printed, it says what was found. Rates are the best
        estimates from all exposures, which `hot_pixel_mask` compares with its ``threshold``.

    Raises
    ------
    TypeError
        If a rate, or ``read_noise``, is not CCDData, or ``tolerance`` or ``confidence`` is not a number.
    astropy.units.UnitsError
        If a rate is not in electron/s, or ``read_noise`` not in electron.
    ValueError
        If rates do not fit together (see `compare_dark_rates`), or an option is out of range.

    Warns
    -----
    BiasWarning, TemperatureWarning
        See `compare_dark_rates`.

    See Also
    --------
    hot_pixel_mask : Whether each pixel, typical or not, is proportional.

    Notes
    -----
    Above the limit most pixels depart by more than the tolerance, at all rates of which there are enough pixels. A
    minority of odd pixels (telegraph, cosmic rays) does not matter.

    Pixels are sorted by their generalised-least-squares rate. For proportional pixels it is uncorrelated with the
    difference of the rates; sorted by the short or the long rate, noise alone would make a trend. For each pixel it is
    asked whether it departs by more than the tolerance. The limit has the fewest pixels on the wrong side: below it
    that do, above it that do not. There the isotonic regression of the answers crosses one half. The interval holds
    all rates that the likelihood-ratio test of this crossing does not reject [1]_ [2]_, and on either side of the limit
    at least as many pixels as may answer alike by chance (``2**-n > 1 - confidence``). The only assumption is that the
    departure grows with the rate, gradually or at once.

    Two kinds of pixels take no part. Where the noise of the departure is above the tolerance, answers would be chance,
    and a few odd pixels would make a majority. Where the rate is less than 3 sigmas below saturation of a proportional
    pixel, only pixels that are not proportional are left.

    References
    ----------
    .. [1] Banerjee, M., Wellner, J. A. 2001, Ann. Statist. 29, 1699.
    .. [2] Banerjee, M., Wellner, J. A. 2005, Scand. J. Statist. 32, 405.

    Examples
    --------
    Pixels whose rate falls as they fill, and the CCD guide's exposure times:

    >>> from astropy import units as u
    >>> from ccdproc_darks import DarkSequence, Sensor, dark_rate, hot_pixel_mask
    >>> from ccdproc_darks import proportionality_limit
    >>> from ccdproc_darks.simulation import DepletionEdgePixels, HotPixels
    >>> hot = HotPixels(fraction=0.1, above=0.5 * u.electron / u.s, maximum=60 * u.electron / u.s)
    >>> sensor = Sensor(shape=(100, 100), rate=0.01 * u.electron / u.s, gain=1.5 * u.electron / u.adu,
    ...                 read_noise=10 * u.electron, bias=1000 * u.adu,
    ...                 defects=(hot, DepletionEdgePixels(charge=[1e4, 6e4] * u.electron)))
    >>> rates = [dark_rate(list(DarkSequence(sensor, [(number, exposure)], rng=number)), bias=1000 * u.adu)
    ...          for number, exposure in [(10, 90 * u.s), (20, 1000 * u.s)]]
    >>> result = proportionality_limit(*rates)
    >>> print(f"{result.limit:.1f}, 95 % interval {result.interval[0]:.1f} to {result.interval[1]:.1f}")
    3.7 electron / s, 95 % interval 3.5 electron / s to 5.7 electron / s
    >>> hot = hot_pixel_mask(*rates, threshold=result.limit)
    """
    tolerance = checked_number("tolerance", tolerance, maximum=1e6)
    confidence = checked_number("confidence", confidence, minimum=0.5, maximum=0.99, inclusive=True)
    checked_map(read_noise)
    sections = amplifiers_of_rates(rates)
    number = 0 if sections is None else len(sections.sections)
    # Amplifiers have offsets and noise of their own.
    parts = [[sections.part(rate, index) for rate in rates] for index in range(number)] or [list(rates)]
    found = []
    for index, part in enumerate(parts):
        own = read_noise if sections is None else sections.part(read_noise, index)
        images = RateImages(part, least=2, check_headers=check_headers, read_noise=own)
        checked_offset(offset, images)
        found.append(_testable_pixels(images, offset, tolerance))
    rate, departure, noise = found[0] if len(found) == 1 else _by_rate(found)
    # Departures up and down each have a limit: the lower one counts.
    ends = [median_crossing(rate, way * departure > tolerance, confidence) for way in (1, -1)]
    limit, low, high = np.min(ends, axis=0)
    if low == 0 and np.isinf(high):
        limit = np.nan
    return ProportionalityLimit(
        limit=limit * ELECTRON_PER_SECOND,
        interval=np.array([low, high]) * ELECTRON_PER_SECOND,
        tolerance=tolerance,
        confidence=confidence,
        curve=_curve(rate, departure, noise),
    )


def _testable_pixels(images, offset, largest_noise):
    """Rates (electron/s), relative departures and their noise, of all pixels that take part, in order of rate."""
    free_offset = offset == "pixel"
    offsets = np.zeros(len(images))
    if offset is not None:
        offsets = common_offsets(images.sample().all_rows(), images.seconds, free_offset)
    job = _TestableJob(images, offsets, free_offset, largest_noise)
    pixels, saturated = zip(*gather_summaries(job, images.shape, THREADS), strict=True)
    rate, departure, noise = (np.concatenate(values) for values in zip(*pixels, strict=True))
    ceilings = [
        _ceiling(np.concatenate(lower_limits), seconds, info.read_noise or 0.0)
        for lower_limits, seconds, info in zip(zip(*saturated, strict=True), images.seconds, images.infos, strict=True)
    ]
    # Two exposures are needed for a comparison, three with free offsets.
    kept = rate < np.sort(ceilings)[-3 if free_offset else -2]
    order = np.argsort(rate[kept], kind="stable")
    return tuple(values[kept][order] for values in (rate, departure, noise))


@dataclass
class _TestableJob(BlockJob):
    """Summaries of pixels that take part: rates (electron/s), relative departures, their noise; and of saturated ones.

    Of these they have lower limits of the rate at each exposure time.
    """

    images: RateImages
    offsets: np.ndarray
    free_offset: bool
    largest_noise: float

    def memory(self):
        """Bytes that a pixel of a block takes while it is computed."""
        return _BYTES * len(self.images)

    def for_rows(self, rows):
        """The job for some rows alone."""
        return replace(self, images=self.images.for_rows(rows))

    def summary(self, block):
        """Pixels of a block of rows."""
        images = self.images
        rows, shared = without_offsets(images.rows(block), self.offsets), images.shared_at(block)
        saturated = [lower_limit[np.isfinite(lower_limit)] for lower_limit in rows.lower_limit]
        pixels = self._possible(rows, shared)
        if not pixels.size:
            return (np.zeros(0),) * 3, saturated
        # A single one twice: numpy adds up the counts of one in another order than those of several.
        several = pixels if pixels.size > 1 else np.repeat(pixels, 2)
        rows = rows.reshaped((1, rows.counts[0].size)).at(several)
        shared = [
            (members, variance if np.ndim(variance) == 0 else variance.reshape(1, -1)[:, several])
            for members, variance in shared
        ]
        fit = fit_rate(
            rows.counts, images.seconds, rows.frames, rows.read_variance, rows.usable,
            shared=shared, free_offset=self.free_offset, diagnose=False,
        )  # fmt: skip
        rate = fit.rate
        # Only the difference is needed: significances, and a distribution of rates, would take much longer.
        difference, deviation = Comparison(rows, images.seconds, shared, fit, None, self.free_offset).difference()
        with np.errstate(invalid="ignore"):
            chosen = (rate > 0) & (deviation <= self.largest_noise * rate)
        chosen[:, pixels.size :] = False
        rate = rate[chosen]
        return (rate, difference[chosen] / rate, deviation[chosen] / rate), saturated

    def _possible(self, rows, shared):
        """Pixels of a block (flat indices) without most of those whose rate is too low to take part.

        Notes
        -----
        Without a shared bias, the fitted rate is a mean of the rates ``c / t``, whatever their weights. With one that
        all share, it is between such a mean and the slope of a straight line with a free offset, which is a mean of the
        slopes between neighbours in exposure time. So the highest of all these is an upper limit of it. The deviation
        of the difference is at least that of the shortest exposure alone.
        """
        seconds, sizes = self.images.seconds[:, None, None], [len(members) for members, _ in shared]
        is_known = all(size == 1 for size in sizes) or sizes == [len(seconds)]
        if self.free_offset or not is_known or (np.diff(seconds, axis=0) <= 0).any():
            return np.arange(rows.counts[0].size)
        with np.errstate(all="ignore"):
            highest = np.max(rows.counts / seconds, axis=0)
            highest = np.maximum(highest, np.max(np.diff(rows.counts, axis=0) / np.diff(seconds, axis=0), axis=0))
            # More than rounding errors.
            highest += 1e-9 * np.abs(rows.counts).max(axis=0) / seconds[0]
            least = highest / (rows.frames[0] * seconds[0]) + rows.read_variance[0] / seconds[0] ** 2
            possible = (highest > 0) & (least <= (self.largest_noise * highest) ** 2 * (1 + 1e-6))
        return np.flatnonzero(possible | ~rows.usable.all(axis=0))


def _by_rate(found):
    """Rates, departures and noise of the pixels of several amplifiers, in order of rate."""
    rate, departure, noise = (np.concatenate(values) for values in zip(*found, strict=True))
    order = np.argsort(rate, kind="stable")
    return rate[order], departure[order], noise[order]


def _ceiling(lower_limits, seconds, read_noise):
    """Rate (electron/s) above which an exposure loses frames, from lower limits of the rates of saturated pixels."""
    if lower_limits.size == 0:
        return np.inf
    full = np.median(lower_limits) * seconds
    return (full - _MARGIN * np.sqrt(frame_variance(full, read_noise))) / seconds


def _curve(rate, departure, noise):
    """``curve`` of a `ProportionalityLimit`: what typical pixels do, in bins of the rate."""
    octave = np.floor(_BINS_PER_OCTAVE * np.log2(rate))
    edges = [rate.size]
    for edge in np.append(0, np.flatnonzero(np.diff(octave)) + 1)[::-1]:
        if edges[-1] - edge >= _PIXELS_PER_BIN:
            edges.append(int(edge))
    if len(edges) > 1:
        # Pixels left over go to the lowest bin.
        edges[-1] = 0
    elif rate.size:
        edges.append(0)
    rows = []
    for first, end in zip(edges[:0:-1], edges[-2::-1], strict=True):
        number, ordered = end - first, np.sort(departure[first:end])
        # Half the distance of the order statistics that hold the median with 68 %, but not below the error by noise.
        half = max(1, round(math.sqrt(number) / 2))
        low, high = ordered[max(0, (number - 1) // 2 - half)], ordered[min(number - 1, number // 2 + half)]
        least = math.sqrt(math.pi / 2 / number) * np.median(noise[first:end])
        rows.append((
            np.median(rate[first:end]), rate[first], rate[end - 1], number, np.median(ordered),
            max((high - low) / 2, least), core_width(ordered),
        ))  # fmt: skip
    names = ("rate", "rate_low", "rate_high", "pixels", "departure", "departure_error", "scatter")
    columns = np.array(rows, dtype=float).reshape(-1, len(names)).T
    rates = {name: column * ELECTRON_PER_SECOND for name, column in zip(names[:3], columns[:3], strict=True)}
    return QTable(rates | {"pixels": columns[3].astype(int)} | dict(zip(names[4:], columns[4:], strict=True)))
