# Licensed under a 3-clause BSD style license - see LICENSE
"""Test for hot pixels: above a threshold, or above what noise and the differences between typical pixels allow."""

import copy
from dataclasses import replace

import numpy as np

from .._compute.blocks import shifted
from ..rates.typical_rate import common_error
from ..statistics.noise_mixture import MeanTails
from ..statistics.typical_deviates import TypicalDeviates
from ..statistics.typical_rates import TypicalRates
from ..statistics.typical_rates_fit import fit_typical_rates

__all__ = ["HotPixelTest"]

# Noise of a nominal pixel (electron/s) where nothing has any.
_NOISELESS = 1e-12
# Pixels that are enough for the median read noise.
_FEW = 2**18
# Error of a deviate between two tables that none has.
_OF_TABLES = 0.3
# Deviate beyond which none is looked for; steps to one.
_FURTHEST, _HALVINGS = 1000.0, 40


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
    images : `ccdproc_darks.rates.rate_images.RateImages`, optional
        The rates, which tell the error of their common level and what is known of each pixel's read noise.
    """

    def __init__(self, threshold, background, samples, images=None):
        self._common_error = 0.0 if images is None else common_error(images.infos)
        self._noise = None
        if images is not None and images.noise is not None and images.noise.distribution is not None:
            self._noise, self._frames = images.noise, _equal_frames(images.infos)
        self._threshold, self._background, self._start = threshold, background, 0
        self.typical, self._critical, self._deviates, self._threshold_of = None, None, None, None
        if threshold is None:
            samples = [(self.background_at(block), measured) for block, measured in samples]
            self.typical, self._above, self._deviates = _typical(samples)

    @property
    def by_noise_alone(self):
        """Whether rate and noise of a pixel alone decide if it is hot, and not its surroundings."""
        return self._background is None

    def for_rows(self, rows):
        """The test for the rows of a slice alone; it can be sent to another process."""
        part = copy.copy(self)
        if self._background is not None:
            part._background, part._start = self._background[rows], rows.start
        if self._noise is not None:
            part._noise = self._noise.for_rows(rows)
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
        ``number`` is how many pixels have a rate; ``excesses`` are their `deviates`, for a false discovery rate.
        A threshold that the user gave, in electron/s, stays as it is.
        """
        if self.typical is not None:
            self._critical = control.critical(number, 1, excesses)
            deviate, nominal = control.planned(number, 1, self._critical), self._deviates
            self._threshold = 0.0
            if nominal is not None:
                level = self.typical.rate if nominal.at_level else None
                if self._noise is not None:
                    deviate = self._of_mean_noise(deviate)
                above = nominal.excess_of(deviate, nominal.variance, nominal.exposure, level)
                self._threshold = self.typical.rate + max(above, 0.0)
                self._threshold_of = deviate, nominal.variance, nominal.exposure

    def threshold_for(self, pixel, deviate=None):
        """Dark rate (electron/s) above which a pixel as noisy as a single one (`PixelRates`) is hot.

        Or from which on it has another ``deviate``.
        """
        if self.typical is None:
            return self._threshold
        deviate = self._critical if deviate is None else deviate
        if not np.isfinite(deviate) or self._deviates is None:
            return np.inf
        wanted = deviate, pixel.variance_at(self.typical.rate).item(), float(np.max(pixel.exposure))
        if wanted == self._threshold_of:
            return self._threshold
        return self.typical.rate + max(self._deviates.excess_of(*wanted), 0.0)

    def lowest_rate(self, quietest):
        """Rate (electron/s) up to which no pixel without surroundings is hot.

        ``quietest`` is a single pixel (`PixelRates`) with no more noise than the others.
        """
        return self.threshold_for(quietest, self.least_of_mean_noise(self._critical))

    def least_of_mean_noise(self, least):
        """Deviate of pixels of mean read noise below which none, averaged over what it may be, is above ``least``.

        Less the error of `TypicalDeviates` between its tables, by far.
        """
        least -= _OF_TABLES
        if self._noise is None or not 0 < least < _FURTHEST:
            return least
        sizes = np.arange(0, 2 * least + 1, 0.01)
        _, most = MeanTails(self._noise.distribution).limits(sizes, sizes, np.array([self._frames]), 1)
        return float(sizes[max(np.argmax(most > least) - 1, 0)])

    def deviates(self, measured, block, pixels=None, least=-np.inf):
        """Deviates of rates (`PixelRates`) above typical ones; ``-inf`` where below ``least`` without doubt.

        NaN where there is no rate, and all of them ``-inf`` where the threshold was given.
        """
        if self.typical is None:
            return np.full(np.shape(measured.rate), -np.inf)
        return self._excess(measured, self.background_at(block, pixels), least, block, pixels)

    def flags(self, measured, block, pixels=None):
        """Which of the pixels (`PixelRates`) are hot, and which are warm: hot only together with their surroundings."""
        background = self.background_at(block, pixels)
        hot = self._beyond(measured, background, block, pixels)
        threshold = self._threshold
        if background is not None:
            threshold = threshold + background - (0.0 if self.typical is None else self.typical.rate - self._above)
        with np.errstate(invalid="ignore"):
            hot |= np.isnan(measured.rate) & (measured.lower_limit > threshold)
        warm = False if background is None else self._beyond(measured, None, block, pixels) & ~hot
        return hot, warm

    def entries(self):
        """Header entries, as ``{key: (value, comment)}``."""
        typical, nominal = self.typical, self._deviates
        width, error = None, None
        if typical is not None:
            error = float(np.hypot(typical.error, self._common_error))
            width = 1.0 if nominal is None else float(np.sqrt(1 + typical.width**2 / nominal.variance))
        return {
            "DKTHRESH": (float(self._threshold), "[electron/s] a pixel above this is hot"),
            "DKTYPIC": (None if typical is None else typical.median, "[electron/s] rate of a typical pixel"),
            "DKTYPERR": (error, "[electron/s] standard error of DKTYPIC"),
            "DKHOTWID": (width, "scatter of good pixels over their noise"),
        }

    def _beyond(self, measured, background, block, pixels):
        with np.errstate(invalid="ignore"):
            if self.typical is None:
                return measured.rate - (0.0 if background is None else background) > self._threshold
            return self._excess(measured, background, self._critical, block, pixels) > self._critical

    def _excess(self, measured, background, least, block=None, pixels=None):
        """Deviates above typical pixels; ``-inf`` for pixels that are below a deviate ``least`` without doubt."""
        if self._deviates is None:
            return np.full(np.shape(measured.rate), np.nan)
        level = self.typical.rate if background is None else background + self._above
        variance = measured.variance_at(self.typical.rate if background is None else background)
        excess = measured.rate - level
        # Half of the typical pixels with as much noise or more are above the median: so the tail is at least half of
        # that of noise alone, which has a deviate no more than 1 higher.
        with np.errstate(invalid="ignore"):
            chosen = np.isfinite(measured.rate)
            if least >= 0:
                chosen &= excess > max(least - 1, 0.0) * np.sqrt(variance)
        found = np.full(excess.shape, -np.inf)
        found[np.isnan(measured.rate)] = np.nan
        some = np.flatnonzero(chosen)
        if some.size:
            each = [_some(part, some) for part in (excess, variance, measured.exposure, level)]
            deviates = self._deviates.of(*each)
            if self._noise is not None:
                scatter, _ = self._noise.rows(block, pixels)
                deviates = self._averaged(deviates, scatter.ravel()[some], *each[1:])
            found.flat[some] = deviates
        return found

    def _averaged(self, deviates, scatter, variance, exposure, level):
        """Deviates of pixels of mean read noise, averaged over what their read noise may be."""
        poisson = np.maximum(level, 0) / exposure
        share = np.clip((variance - poisson) / (variance + self.typical.width**2), 0, 1)
        return MeanTails(self._noise.distribution).deviate(deviates, scatter, share, self._frames)

    def _of_mean_noise(self, deviate):
        """Deviate of a nominal pixel of mean read noise that, averaged, is the one given."""
        nominal = self._deviates
        scatter = self._noise.scatter.ravel()
        scatter = np.array([np.nanmedian(scatter[:: 1 + scatter.size // _FEW])])

        def averaged(trial):
            of = np.array([nominal.variance]), nominal.exposure, self.typical.rate
            return self._averaged(np.array([trial]), scatter, *of).item()

        low, high = 0.0, max(deviate, 1.0)
        while averaged(high) < deviate and high < _FURTHEST:
            low, high = high, 2 * high
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if averaged(middle) >= deviate else (middle, high)
        return high


def _typical(samples):
    """`TypicalRates`, its excess above the surroundings (electron/s), and `TypicalDeviates` (None without a rate)."""
    finite = [np.isfinite(measured.rate) for _, measured in samples]
    if not any(some.any() for some in finite):
        return TypicalRates(0.0), 0.0, None
    rates = _joined([measured.rate for _, measured in samples], finite)
    backgrounds = _joined([background for background, _ in samples], finite)
    exposures = _joined([measured.exposure for _, measured in samples], finite)

    def variance_at(rate):
        each = [background if rate is None else rate for background, _ in samples]
        return _joined([measured.variance_at(at) for at, (_, measured) in zip(each, samples, strict=True)], finite)

    middle = float(np.median(rates))
    typical = fit_typical_rates(rates, variance_at(middle if backgrounds is None else None), exposures, backgrounds)
    above = typical.rate
    if backgrounds is not None:
        middle = float(np.median(backgrounds))
        typical = replace(typical, rate=above + middle, median=typical.median + middle)
    variance = max(float(np.median(variance_at(typical.rate))), _NOISELESS**2)
    deviates = TypicalDeviates(typical, variance, float(np.median(exposures)), backgrounds is not None)
    return typical, above, deviates


def _equal_frames(infos):
    """Number of frames whose mean, with equal weights, is as close to normal as a rate from several `RateMeta`."""
    frames = np.array([info.frames for info in infos], dtype=float)
    seconds = np.array([info.total for info in infos]) / frames
    return (frames @ seconds**2) ** 2 / (frames @ seconds**4)


def _some(values, pixels):
    return values if np.ndim(values) == 0 else np.ravel(values)[pixels]


def _joined(images, finite):
    """Images one after the other, where they are ``finite``; or the one number, or None, that all pixels have."""
    if np.ndim(images[0]) == 0:
        return images[0]
    return np.concatenate([image[keep] for image, keep in zip(images, finite, strict=True)])
