# Licensed under a 3-clause BSD style license - see LICENSE
"""Factor between the dark current of a science frame and that of a dark, from the hot pixels of both."""

import numpy as np

from ..statistics.robust import robust_deviation
from .common_factor import ControlNoise, common_factor
from .hot_pixel_excess import Neighbours, bright_pixels, controls_of

__all__ = ["FEWEST_PIXELS", "dark_factor"]

# Fewest hot pixels that tell a factor with an error.
FEWEST_PIXELS = 10
# Standard errors, and standard deviations of typical pixels, by which a hot pixel is above its neighbours in the dark.
_CERTAIN, _OUTSTANDING = 8.0, 5.0
# Pixels predicted to be above this fraction of the saturation level are not used: they bend below it.
_LINEAR = 0.8
# Most times that the factor is measured, each time with the dark, times the last factor, taken off the science frame.
_PASSES = 3
# Brightest hot pixels that are used: enough for a factor to a fraction of a percent.
_MOST_PIXELS = 10_000


def dark_factor(images):
    """`CommonFactor` of the hot pixels of a `ScienceAndDark`; None where fewer than ten can be used.

    Returns
    -------
    CommonFactor or None
        The factor.
    tuple of int
        How many pixels stand out in the dark; how many of them can be used in the science frame.
    """
    shape, usable = images.science.shape, images.dark_usable & images.science_usable
    bright = bright_pixels(images.dark, images.dark_usable)
    quiet = usable.copy()
    quiet.ravel()[bright] = False
    around = images.dark_usable.copy()
    around.ravel()[bright] = False
    hot = _certain(Neighbours(bright, around), images)
    found = hot.size
    hot = Neighbours(hot[usable.ravel()[hot]], quiet)
    if hot.pixels.size < FEWEST_PIXELS:
        return None, (found, hot.pixels.size)
    controls = Neighbours(controls_of(hot.pixels, shape, quiet), quiet)
    if controls.pixels.size < FEWEST_PIXELS:
        return None, (found, hot.pixels.size)
    dark, science = hot.excess(images.dark), hot.excess(images.science)
    error = images.dark_error.ravel()[hot.pixels]
    # Controls have dark current as well, and the noise of the dark: what is left of them without both is measured.
    typical = float(np.median(images.dark_error.ravel()[controls.pixels]))
    kept, result = np.ones(hot.pixels.size, dtype=bool), None
    for _ in range(_PASSES):
        before = 0.0 if result is None else result.factor
        left = images.science - before * images.dark
        here = hot.excess(left)
        result = common_factor(
            here.value[kept] + before * dark.value[kept],
            dark.value[kept],
            error[kept],
            here.spread[kept],
            ControlNoise(controls.excess(left), shape[1]),
            images.per_signal,
            known_error=typical if before else 0.0,
            guess=before,
        )
        kept = science.level + result.factor * dark.value < _LINEAR * images.saturation
        if np.count_nonzero(kept) < FEWEST_PIXELS:
            return None, (found, int(np.count_nonzero(kept)))
        if before and abs(result.factor - before) < result.error:
            break
    return result, (found, result.pixels)


def _certain(neighbours, images):
    """Pixels that stand out of their neighbours in the dark by far more than its noise, the brightest if many."""
    excess = neighbours.excess(images.dark)
    controls = Neighbours(controls_of(excess.pixels, images.dark.shape, neighbours.usable), neighbours.usable)
    values = controls.excess(images.dark).value
    typical = robust_deviation(values) if values.size else 0.0
    error = images.dark_error.ravel()[excess.pixels]
    certain = (excess.value > _CERTAIN * error) & (excess.value > _OUTSTANDING * typical)
    pixels, value = excess.pixels[certain], excess.value[certain]
    if pixels.size > _MOST_PIXELS:
        pixels = np.sort(pixels[np.argsort(value)[-_MOST_PIXELS:]])
    return pixels
