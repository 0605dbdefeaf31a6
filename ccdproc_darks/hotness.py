# Licensed under a 3-clause BSD style license - see LICENSE
"""Which pixels are hot: above a threshold, or above what the noise of a typical pixel allows."""

import copy

import numpy as np

from .blocks import shifted
from .threshold import typical_pixel

__all__ = ["Hotness"]


class Hotness:
    """
    Tells hot pixels.

    Parameters
    ----------
    limit : float or None
        Rate (electron/s) above which a pixel is hot, or above its surroundings; None leaves it to the noise.
    background : `numpy.ndarray` or None
        Rate (electron/s) of each pixel's surroundings.
    samples : iterable of (slice, `ccdproc_darks.measurement.Measurement`)
        Rows that tell what a typical pixel is; not asked for with a ``limit``.
    """

    def __init__(self, limit, background, samples):
        self._limit, self._background, self._start = limit, background, 0
        self._typical, self._critical, self._limit_of = None, None, None
        if limit is None:
            samples = [(self._level(block), measured) for block, measured in samples]
            self._typical = _typical(samples)
            self._nominal = _nominal(samples, self._typical)

    @property
    def by_noise_alone(self):
        """Whether only the rate of a pixel, and how well it is known, tells whether it is hot."""
        return self._background is None

    def part(self, rows):
        """The same for some rows only; it can be sent to another process."""
        part = copy.copy(self)
        if self._background is not None:
            part._background, part._start = self._background[rows], rows.start
        return part

    def _level(self, block, pixels=None):
        if self._background is None:
            return None
        block = shifted(block, self._start)
        level = np.asarray(self._background[block], dtype=float)
        return level if pixels is None else level.reshape(1, -1)[:, pixels]

    def settle(self, level, number, excesses=None):
        """Set how unlikely a pixel must be, by a `Level`, of ``number`` pixels; ``excesses`` as of `large`."""
        if self._typical is not None:
            self._critical = level.critical(number, 1, excesses)
            variance, exposure = self._nominal
            deviate = level.planned(number, 1, self._critical)
            self._limit = self._typical.threshold(deviate, variance, exposure) if variance is not None else 0.0
            self._limit_of = deviate, variance, exposure

    def edge(self, pixel):
        """The rate (electron/s) above which such a pixel is hot, a `Measurement` of one, where noise alone tells."""
        if self._typical is None:
            return self._limit
        if not np.isfinite(self._critical):
            return np.inf
        wanted = self._critical, pixel.variance_at(self._typical.rate).item(), pixel.exposure.item()
        return self._limit if wanted == self._limit_of else self._typical.threshold(*wanted)

    def large(self, measured, block, least):
        """Deviates above ``least`` of the pixels of some rows."""
        if self._typical is None:
            return np.zeros(0)
        excess = self._excess(measured, self._level(block))
        with np.errstate(invalid="ignore"):
            return excess[excess > least]

    def flags(self, measured, block, pixels=None):
        """
        Pixels that are hot, and those that are warm: hot only together with their surroundings.

        Parameters
        ----------
        measured : `ccdproc_darks.measurement.Measurement`
            Some rows, or some pixels of these.
        block : slice
            The rows.
        pixels : `numpy.ndarray` of int, optional
            The pixels.
        """
        level = self._level(block, pixels)
        hot = self._above(measured, level)
        with np.errstate(invalid="ignore"):
            hot |= np.isnan(measured.rate) & (measured.limit > self._limit + (0.0 if level is None else level))
        warm = False if level is None else self._above(measured, None) & ~hot
        return hot, warm

    def entries(self):
        """Header entries, as ``{key: (value, comment)}``."""
        typical = self._typical
        return {
            "DKTHRESH": (float(self._limit), "[electron/s] a pixel above this is hot"),
            "DKTYPIC": (None if typical is None else typical.rate, "[electron/s] rate of a typical pixel"),
            "DKHOTWID": (None if typical is None else typical.width, "scatter of good pixels over their noise"),
        }

    def _above(self, measured, level):
        with np.errstate(invalid="ignore"):
            if self._typical is None:
                return measured.rate - (0.0 if level is None else level) > self._limit
            return self._excess(measured, level) > self._critical

    def _excess(self, measured, level):
        at = self._typical.rate if level is None else level
        return self._typical.excess(measured.rate, measured.variance_at(at), measured.exposure, level)


def _typical(samples):
    finite = [np.isfinite(measured.rate) for _, measured in samples]

    def deviation_at(rate):
        rates = [level if np.ndim(rate) else rate for level, _ in samples]
        variances = [measured.variance_at(at) for at, (_, measured) in zip(rates, samples, strict=True)]
        return np.sqrt(_picked(variances, finite))

    levels = None if samples[0][0] is None else _picked([level for level, _ in samples], finite)
    return typical_pixel(_picked([measured.rate for _, measured in samples], finite), deviation_at, levels)


def _nominal(samples, typical):
    """Variance and exposure of a typical pixel; None where there is none."""
    finite = [np.isfinite(measured.rate) for _, measured in samples]
    if not any(some.any() for some in finite):
        return None, None
    variances = _picked([measured.variance_at(typical.rate) for _, measured in samples], finite)
    exposures = _picked([measured.exposure for _, measured in samples], finite)
    return float(np.median(variances)), float(np.median(exposures))


def _picked(images, finite):
    """Images one after the other where they are finite; or the one number that all pixels have."""
    if np.ndim(images[0]) == 0:
        return images[0]
    return np.concatenate([image[keep] for image, keep in zip(images, finite, strict=True)])
