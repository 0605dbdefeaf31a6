# Licensed under a 3-clause BSD style license - see LICENSE
"""Whether a map of read noise is of the sensor: pixels that it calls noisy must scatter more in equal darks."""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from .noise_spread import MOST_SPREAD

__all__ = ["OF_ANOTHER", "MapScatter", "map_scatter"]

#: Begin of the sentence on such a map.
OF_ANOTHER = "the read noise map is not of this sensor"

# Fewest equal darks, and pixels, that are judged.
_LEAST_FRAMES, _LEAST_PIXELS = 4, 1000
# Part of what the map tells below which darks do not show it, by so many standard errors.
_UNSEEN, _SIGNIFICANT = 0.3, 4.0
# Quantile at which the noisiest pixels are cut off; widths of the mean counts within which a pixel is not hot.
_HIGHEST, _TYPICAL = 0.98, 4.0


@dataclass(frozen=True)
class MapScatter:
    """How much of the differences that a map of read noise tells is seen in equal darks.

    Attributes
    ----------
    seen, error : float
        Regression of the pixels' scatter in the darks on that which the map expects, and its standard error: 1 of the
        right map, 0 of another sensor's.
    spread : float
        Relative standard deviation of the read noise of the map, without its noisiest pixels.
    frames : int
        Number of darks.
    is_exact : bool
        Whether the map has no uncertainty.
    """

    seen: float
    error: float
    spread: float
    frames: int
    is_exact: bool = False

    @property
    def is_of_another(self):
        """Whether the map has differences of which the darks show none."""
        return self.spread > MOST_SPREAD and self.seen + _SIGNIFICANT * self.error < _UNSEEN

    @property
    def sentence(self):
        """What is wrong, and what to do."""
        chance = ", or what it tells is mostly its own error, of which it has none (no uncertainty)"
        return (
            f"{OF_ANOTHER}{chance if self.is_exact else ''}: pixels that it calls noisy do "
            f"not scatter more in these frames. Of the differences that it tells, {self.seen + 0.0:.2f} +- "
            f"{max(self.error, 0.01):.2f} are seen in {self.frames} darks, and 1 is expected: pass a map of its own "
            "bias frames"
        )


def map_scatter(group, noise, is_exact=False):
    """`MapScatter` of a `FrameGroup` of darks; None where they are too few.

    ``noise`` is an image of read noise (electron): the one that is expected of each pixel; ``is_exact`` where the map
    has no uncertainty. Of all exposure times the one of the smallest error tells.

    Notes
    -----
    A pixel of the expected variance v has the standard deviation ``sqrt(v + P)`` in darks, P being the Poisson variance
    of a typical pixel, which is what the median scatter has beyond the median v. Both the scatter and what is expected
    are cut off at the noisiest pixels, so that cosmic rays and jumps of a few do not count. The covariance of the two
    over the variance of what is expected is the slope of their regression; where Poisson noise hides the read noise,
    what is expected hardly differs, and the error is large.
    """
    if group.scale is None:
        return None
    expected = np.square(np.concatenate([noise[block] for block in group.blocks]).ravel() / group.scale, dtype=float)
    found = [_of_sample(group, one, expected, is_exact) for one in group.dark_samples]
    return min((one for one in found if one is not None), key=lambda one: one.error, default=None)


def _of_sample(group, sample, expected, is_exact):
    numbers = {group.combined[index] for index in sample.indices} if group.combined else {1}
    if len(sample.values) < _LEAST_FRAMES or len(numbers) > 1:
        return None
    usable = np.isfinite(expected)
    if sample.masked is not None:
        usable &= ~sample.masked
    for one in sample.values:
        usable &= np.isfinite(one)
    if np.count_nonzero(usable) < _LEAST_PIXELS:
        return None
    values = np.array([one[usable] for one in sample.values], np.float32)
    values -= np.median(values, axis=1, keepdims=True)
    mean, scatter = values.mean(axis=0), values.std(axis=0, ddof=1)
    middle = np.median(mean)
    kept = np.abs(mean - middle) <= _TYPICAL * 1.4826 * np.median(np.abs(mean - middle))
    if np.count_nonzero(kept) < _LEAST_PIXELS:
        return None
    scatter, variance = scatter[kept].astype(float), expected[usable][kept] / numbers.pop()
    degrees = len(values) - 1
    total = np.median(scatter) ** 2 * degrees / chdtri(degrees, 0.5)
    differences = np.sqrt(variance) / np.sqrt(np.median(variance))
    spread = float(np.minimum(differences, np.quantile(differences, _HIGHEST)).std())
    poisson = max(total - np.median(variance), 0.0)
    told = _departures(np.sqrt(variance + poisson))
    product, square = told * _departures(scatter), float(np.mean(told**2))
    if not square > 0:
        return None
    error = product.std() / square / np.sqrt(product.size)
    return MapScatter(float(product.mean() / square), float(error), spread, len(values), is_exact)


def _departures(noise):
    """Noise of each pixel over the mean of all, less 1, the noisiest cut off."""
    cut = np.minimum(noise, np.quantile(noise, _HIGHEST))
    return cut / cut.mean() - 1
