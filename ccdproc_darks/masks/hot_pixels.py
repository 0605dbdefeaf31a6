# Licensed under a 3-clause BSD style license - see LICENSE
"""Test for hot pixels: above a threshold, or above what the noise of a typical pixel allows."""

import copy
from dataclasses import dataclass

import numpy as np

from .._compute.blocks import shifted
from ..statistics.robust import robust_mean
from ..statistics.significance import NORMAL_BELOW, saddlepoint_deviate

__all__ = ["HotPixelTest", "TypicalPixel", "typical_pixel"]

# Relative change of a mean that has converged; pixels that are enough for a first quantile.
_SETTLED, _FEW = 1e-6, 2**16
# Fraction of normal deviates below -1.
_BELOW = 0.15865525
# Points and number of the grids on which a threshold is found, each between two points of the last: to 1e-12 of the
# first.
_GRID, _ROUNDS = 101, 6


@dataclass
class TypicalPixel:
    """Pixel that is not hot: its ``rate`` (electron/s), and ``width``, the scatter of such pixels over their noise."""

    rate: float
    width: float

    def excess(self, rate, variance, exposure, background=None):
        """Equivalent normal deviates of rates (electron/s) above the typical pixel's.

        Each has a ``variance`` (of a typical pixel, electron^2/s^2) and a total ``exposure`` (s). ``background`` is the
        rate of a typical pixel at each place, where it is not the same everywhere.
        """
        background = np.broadcast_to(self.rate if background is None else background, np.shape(rate))
        with np.errstate(divide="ignore", invalid="ignore"):
            deviate = (rate - background) / (self.width * np.sqrt(variance))
        far = np.isfinite(deviate) & (deviate > NORMAL_BELOW) & (exposure > 0) & (background > 0)
        if far.any():
            sigma = np.sqrt(variance[far])
            poisson = np.minimum(background[far] / exposure[far] / variance[far], 1.0)
            one_electron = 1 / (exposure[far] * sigma)
            deviate[far] = saddlepoint_deviate(
                deviate[far], one_electron[None], (poisson / one_electron**2)[None], 1 - poisson
            )
        return deviate

    def threshold(self, deviate, variance, exposure):
        """Rate (electron/s) whose `excess` is a given deviate, for one variance and one exposure."""
        low, high = self.rate, self.rate + 2 * self.width * deviate * np.sqrt(variance)

        def excess(rates):
            return self.excess(rates, np.full(rates.shape, variance), np.full(rates.shape, exposure))

        while excess(np.array([high])) < deviate:
            high += high - low
        for _ in range(_ROUNDS):
            rates = np.linspace(low, high, _GRID)
            # All may be below, where rounding makes the rates equal.
            first = int(np.argmax(np.append(excess(rates[1:-1]) >= deviate, True))) + 1
            low, high = rates[first - 1], rates[first]
        return float(high)


def typical_pixel(rates, deviation_at, backgrounds=None):
    """`TypicalPixel` of a sample of rates (electron/s).

    Parameters
    ----------
    rates : `numpy.ndarray`
        Rates of some pixels.
    deviation_at : callable
        Standard deviation of each rate (or of all) as a function of the true rate.
    backgrounds : `numpy.ndarray`, optional
        Rate of a typical pixel at each place, where it is not the same everywhere.

    Notes
    -----
    The width is that of the lower half of the distribution: hot pixels are all in the upper one.
    """
    rates = np.asarray(rates, dtype=float)
    if rates.size == 0:
        return TypicalPixel(0.0, 1.0)
    few = rates[:: 1 + rates.size // _FEW]
    low, rate = (_quantile(few, share) for share in (_BELOW, 0.5))
    scatter = rate - low
    for _ in range(3):
        last, model = rate, deviation_at(rate)
        rate = robust_mean(rates, np.maximum(model, scatter)) or rate
        if abs(rate - last) <= _SETTLED * abs(rate):
            break
    model = deviation_at(rate if backgrounds is None else backgrounds)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviates = (rates - (_quantile(rates, 0.5) if backgrounds is None else backgrounds)) / model
    deviates = deviates[np.isfinite(deviates)]
    width = -_quantile(deviates, _BELOW) if deviates.size else 1.0
    return TypicalPixel(rate, max(1.0, width))


def _quantile(values, share):
    """`numpy.quantile` of values that are all numbers, in half the time."""
    place = share * (values.size - 1)
    first = int(place)
    ordered = np.partition(values, first)
    upper = ordered[first + 1 :].min() if first + 1 < values.size else ordered[first]
    return float(ordered[first] + (place - first) * (upper - ordered[first]))


class HotPixelTest:
    """Test for hot pixels.

    Parameters
    ----------
    threshold : float or None
        Dark rate (electron/s) above which a pixel is hot; with a background, the rate above that. None: set by
        `set_threshold`, from the noise and scatter of typical pixels.
    background : `numpy.ndarray` or None
        Dark rate (electron/s) of each pixel's surroundings.
    samples : iterable of (slice, `ccdproc_darks.masks.pixel_rates.PixelRates`)
        Blocks of rows from which the typical pixel is found; not needed with a ``threshold``.
    """

    def __init__(self, threshold, background, samples):
        self._threshold, self._background, self._start = threshold, background, 0
        self._typical, self._critical, self._threshold_of = None, None, None
        if threshold is None:
            samples = [(self.background_at(block), measured) for block, measured in samples]
            self._typical = _typical(samples)
            self._nominal = _nominal(samples, self._typical)

    @property
    def by_noise_alone(self):
        """Whether rate and noise of a pixel alone decide if it is hot, and not its surroundings."""
        return self._background is None

    def for_rows(self, rows):
        """The test for the rows of a slice alone; it can be sent to another process."""
        part = copy.copy(self)
        if self._background is not None:
            part._background, part._start = self._background[rows], rows.start
        return part

    def background_at(self, rows, pixels=None):
        """Background (electron/s) of a block of rows, or of some pixels of it (flat indices); None without one."""
        if self._background is None:
            return None
        background = np.asarray(self._background[shifted(rows, self._start)], dtype=float)
        return background if pixels is None else background.reshape(1, -1)[:, pixels]

    def set_threshold(self, control, number, excesses=None):
        """Set the threshold of HOT, so that as many good pixels exceed it as a `FalsePositiveControl` allows.

        It is a deviate, which takes into account how noisy each pixel is; in electron/s it is that of a typical pixel.
        ``number`` is how many pixels have a rate; ``excesses`` are their `deviates_above`, for a false discovery rate.
        A threshold that the user gave, in electron/s, stays as it is.
        """
        if self._typical is not None:
            self._critical = control.critical(number, 1, excesses)
            variance, exposure = self._nominal
            deviate = control.planned(number, 1, self._critical)
            self._threshold = self._typical.threshold(deviate, variance, exposure) if variance is not None else 0.0
            self._threshold_of = deviate, variance, exposure

    def threshold_for(self, pixel):
        """Dark rate (electron/s) above which a pixel as noisy as a single one (`PixelRates`) is hot."""
        if self._typical is None:
            return self._threshold
        if not np.isfinite(self._critical):
            return np.inf
        wanted = self._critical, pixel.variance_at(self._typical.rate).item(), pixel.exposure.item()
        return self._threshold if wanted == self._threshold_of else self._typical.threshold(*wanted)

    def deviates_above(self, measured, block, least):
        """Deviates above ``least`` among the pixels of a block of rows."""
        if self._typical is None:
            return np.zeros(0)
        excess = self._excess(measured, self.background_at(block))
        with np.errstate(invalid="ignore"):
            return excess[excess > least]

    def flags(self, measured, block, pixels=None):
        """Which of the pixels (`PixelRates`) are hot, and which are warm: hot only together with their surroundings."""
        background = self.background_at(block, pixels)
        hot = self._above(measured, background)
        threshold = self._threshold + (0.0 if background is None else background)
        with np.errstate(invalid="ignore"):
            hot |= np.isnan(measured.rate) & (measured.lower_limit > threshold)
        warm = False if background is None else self._above(measured, None) & ~hot
        return hot, warm

    def entries(self):
        """Header entries, as ``{key: (value, comment)}``."""
        typical = self._typical
        return {
            "DKTHRESH": (float(self._threshold), "[electron/s] a pixel above this is hot"),
            "DKTYPIC": (None if typical is None else typical.rate, "[electron/s] rate of a typical pixel"),
            "DKHOTWID": (None if typical is None else typical.width, "scatter of good pixels over their noise"),
        }

    def _above(self, measured, background):
        with np.errstate(invalid="ignore"):
            if self._typical is None:
                return measured.rate - (0.0 if background is None else background) > self._threshold
            return self._excess(measured, background) > self._critical

    def _excess(self, measured, background):
        at = self._typical.rate if background is None else background
        return self._typical.excess(measured.rate, measured.variance_at(at), measured.exposure, background)


def _typical(samples):
    finite = [np.isfinite(measured.rate) for _, measured in samples]

    def deviation_at(rate):
        rates = [background if np.ndim(rate) else rate for background, _ in samples]
        variances = [measured.variance_at(at) for at, (_, measured) in zip(rates, samples, strict=True)]
        return np.sqrt(_joined(variances, finite))

    backgrounds = _joined([background for background, _ in samples], finite)
    return typical_pixel(_joined([measured.rate for _, measured in samples], finite), deviation_at, backgrounds)


def _nominal(samples, typical):
    """Median variance and exposure of the samples as typical pixels; None where there are none."""
    finite = [np.isfinite(measured.rate) for _, measured in samples]
    if not any(some.any() for some in finite):
        return None, None
    variances = _joined([measured.variance_at(typical.rate) for _, measured in samples], finite)
    exposures = _joined([measured.exposure for _, measured in samples], finite)
    return float(np.median(variances)), float(np.median(exposures))


def _joined(images, finite):
    """Images one after the other, where they are ``finite``; or the one number, or None, that all pixels have."""
    if np.ndim(images[0]) == 0:
        return images[0]
    return np.concatenate([image[keep] for image, keep in zip(images, finite, strict=True)])
