# Licensed under a 3-clause BSD style license - see LICENSE
"""Common factor, and common offset, between the dark rates of two epochs: another temperature, a drift of the bias."""

from dataclasses import dataclass

import numpy as np

from ..frames.temperatures import TEMPERATURE_SPREAD
from ..statistics.robust import robust_mean, upper_median

__all__ = ["EpochScale", "epoch_offsets", "epoch_scale"]

# A hot pixel stands out from typical ones by so many standard deviations of the difference of its two rates.
_CLEAR = 10.0
# Fewest hot pixels that tell a factor: a few of them may have changed.
_LEAST = 20
# Rounds in which factor and offset settle; steps to the spread of factors, and largest spread.
_ROUNDS, _HALVINGS, _WIDEST = 8, 30, 1.0
# A factor that is further from 1 than this, and than 5 of its errors, is another temperature.
_WARMER, _SURE = 0.05, 5.0
# 1 / the median absolute normal deviate; its relative error times the root of the number.
_OF_MEDIAN, _ERROR_OF_MEDIAN = 1.4826, 1.17


@dataclass(frozen=True)
class EpochScale:
    """What all rates of the later epoch have in common: ``after = factor * before + extra``.

    Attributes
    ----------
    factor, error : float
        Common factor, and its standard error (0 where it was not measured).
    extra : float
        What typical pixels have more after it (electron/s of the later epoch), where that is dark current of their own;
        0 where it is an offset, as of a bias that drifts.
    spread : float
        Relative standard deviation of the factors of single hot pixels, beyond their noise.
    level : float
        Rate of typical pixels on the scale of the earlier epoch (electron/s), about which factors spread.
    pixels : int
        Number of pixels from which the factor is.
    source : str
        'hot pixels', 'typical pixels', 'too few pixels' (the factor is 1) or 'none'.
    """

    factor: float = 1.0
    error: float = 0.0
    extra: float = 0.0
    spread: float = 0.0
    level: float = 0.0
    pixels: int = 0
    source: str = "none"

    @property
    def is_measured(self):
        """Whether the rates tell the factor."""
        return self.source in ("hot pixels", "typical pixels")


def epoch_scale(images, later, offset):
    """`EpochScale` of the rates of two epochs, `RateImages` of which number ``later`` is the later one.

    ``offset`` is "common" or None: whether all pixels of an epoch may have an offset as well.

    Notes
    -----
    Factor f and offset e are the slope and the intercept of a straight line through the rates of all pixels, ``after =
    f before + e``, with errors in both. Hot pixels tell the slope: each weighs by its pooled rate above the typical
    one, which has no correlation with its residual ``after - f before - e``, so that neither noise nor the choice of
    hot pixels biases the slope (Fuller, W. A. 1987, Measurement Error Models, section 1.3). Typical pixels tell the
    intercept. Both are means without outliers, so that pixels that changed have no part in them. Pixels of different
    activation energies do not follow one factor: their spread is found from the scatter of the residuals, and hot
    pixels weigh by it as well.
    """
    pixels = _Pixels.of(images, later)
    if not pixels.before.size:
        return EpochScale(source="too few pixels")
    found = _by_hot_pixels(pixels, offset is not None)
    if found is None:
        known = [info.temperature for info in images.infos if info.temperature is not None]
        differ = len(known) == 2 and abs(known[0] - known[1]) > TEMPERATURE_SPREAD
        found = _by_typical_pixels(pixels) if differ or offset is None else None
    return found or EpochScale(source="too few pixels")


def epoch_offsets(images):
    """Common offset of each of two rates (`RateImages`, electron): the longer exposure's is 0, as in a comparison.

    All pixels weigh the same: a weight by a pixel's own noise, which is higher where it happens to have more electrons,
    would bias the offset of a sensor that collects few.
    """
    values, variances = [], []
    images = images.sample()
    for block in images.blocks():
        rates, variance, usable, _ = images.values(block)
        both = usable.all(axis=0)
        values.append((rates[0] - rates[1])[both] * images.seconds[0])
        variances.append(variance.sum(axis=0)[both] * images.seconds[0] ** 2)
    values, variances = np.concatenate(values), np.concatenate(variances)
    return np.array([robust_mean(values, float(np.sqrt(np.median(variances)))) if values.size else 0.0, 0.0])


@dataclass
class _Pixels:
    """Rates of the pixels that both epochs have, their variances, and the total exposure of each epoch; flat."""

    before: np.ndarray
    after: np.ndarray
    before_variance: np.ndarray
    after_variance: np.ndarray
    totals: tuple

    @classmethod
    def of(cls, images, later):
        parts = []
        for block in images.blocks():
            rates, variances, usable, _ = images.values(block)
            both = usable.all(axis=0)
            parts.append([one[both].astype(np.float32) for one in (*rates, *variances)])
        first, second, variance, other = (np.concatenate(part) for part in zip(*parts, strict=True))
        totals = tuple(info.total for info in images.infos)
        if later == 0:
            return cls(second, first, other, variance, totals[::-1])
        return cls(first, second, variance, other, totals)

    def some(self, chosen):
        arrays = (self.before, self.after, self.before_variance, self.after_variance)
        return _Pixels(*(array[chosen].astype(float) for array in arrays), self.totals)

    def pooled(self, factor, extra):
        """Pooled rate on the scale of the earlier epoch, residual, and variance of the residual at the pooled rate."""
        after, before_variance, after_variance = self.after - extra, self.before_variance, self.after_variance
        for _ in range(2):
            weights = factor**2 / after_variance, 1 / before_variance
            rate = (weights[0] * after / factor + weights[1] * self.before) / (weights[0] + weights[1])
            # A variance moves with the rate by 1 / T.
            excess = np.maximum(factor * rate + extra, 0) - np.maximum(self.after, 0)
            after_variance = np.maximum(self.after_variance + excess / self.totals[1], self.after_variance / 4)
            excess = np.maximum(rate, 0) - np.maximum(self.before, 0)
            before_variance = np.maximum(self.before_variance + excess / self.totals[0], self.before_variance / 4)
        return rate, after - factor * self.before, after_variance + factor**2 * before_variance


def _by_hot_pixels(pixels, free_offset):
    """`EpochScale` by the hot pixels; None where there are too few."""
    few = pixels.some(slice(None, None, 1 + pixels.before.size // 2**17))
    levels = [upper_median(few.before), upper_median(few.after)] if free_offset else [0.0, 0.0]
    bright = pixels.before - levels[0] > _CLEAR * np.sqrt(pixels.before_variance)
    bright |= pixels.after - levels[1] > _CLEAR * np.sqrt(pixels.after_variance)
    bright = pixels.some(bright)
    if bright.before.size < _LEAST:
        return None
    excesses = bright.before - levels[0], bright.after - levels[1]
    noise = 0.0
    factor, spread, extra = float(np.median(excesses[1] / np.where(excesses[0] > 0, excesses[0], np.inf))), 0.0, 0.0
    for _ in range(_ROUNDS):
        if not factor > 0:
            return None
        rate, residual, variance = few.pooled(factor, 0.0)
        level = 0.0
        if free_offset:
            # Of equal weights: see `epoch_offsets`.
            noise = float(np.sqrt(np.median(variance)))
            extra = robust_mean(residual, noise)
            level = upper_median(few.pooled(factor, extra)[0])
        rate, residual, variance = bright.pooled(factor, extra)
        above = factor * (rate - level)
        hot = above > _CLEAR * np.sqrt(variance)
        if np.count_nonzero(hot) < _LEAST:
            return None
        ratio, error = residual[hot] / above[hot], np.sqrt(variance[hot]) / above[hot]
        spread = _spread(ratio - np.median(ratio), error)
        deviation = np.hypot(error, spread)
        factor *= 1 + robust_mean(ratio, deviation)
    error = factor / float(np.sqrt(np.sum(1 / deviation**2)))
    if abs(factor - 1) < max(_WARMER, _SURE * error) or abs(extra) < _SURE * noise / np.sqrt(few.before.size):
        extra = 0.0
    return EpochScale(factor, error, extra, spread, float(level), int(np.count_nonzero(hot)), "hot pixels")


def _spread(values, errors):
    """Standard deviation that values have beyond their errors, from their median deviate; 0 where it is chance."""

    def width(spread):
        return _OF_MEDIAN * np.median(np.abs(values) / np.hypot(errors, spread))

    if width(0.0) < 1 + 3 * _ERROR_OF_MEDIAN / np.sqrt(values.size):
        return 0.0
    low, high = 0.0, _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if width(middle) > 1 else (low, middle)
    return high


def _by_typical_pixels(pixels):
    """`EpochScale` by the typical rates of both epochs; None where one of them is not known well."""
    few = pixels.some(slice(None, None, 1 + pixels.before.size // 2**17))
    means, errors = [], []
    for rates, variances in ((few.before, few.before_variance), (few.after, few.after_variance)):
        # Of weights that a pixel's own rate has no part in.
        deviation = float(np.sqrt(np.median(variances)))
        means.append(robust_mean(rates, deviation))
        errors.append(deviation / np.sqrt(rates.size))
    if any(mean < _SURE * error for mean, error in zip(means, errors, strict=True)):
        return None
    factor = means[1] / means[0]
    return EpochScale(
        factor, factor * float(np.hypot(errors[0] / means[0], errors[1] / means[1])), pixels=few.before.size,
        source="typical pixels",
    )  # fmt: skip
