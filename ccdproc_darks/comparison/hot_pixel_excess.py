# Licensed under a 3-clause BSD style license - see LICENSE
"""Excess of hot pixels over their neighbours, in a dark and in a science frame, beside that of other pixels."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Excess", "Neighbours", "bright_pixels", "controls_of"]

# The 24 pixels around a pixel; fewest of them that give a median.
_RING = np.array([(row, column) for row in range(-2, 3) for column in range(-2, 3) if (row, column) != (0, 0)])
_FEWEST_NEIGHBOURS = 8
# Sides of the boxes whose median is the first surroundings, and standard deviations by which a bright pixel is above.
_BOX, _ABOVE = 32, 5.0
# Controls lie at these distances (pixels) from a hot pixel: outside its ring, and under the same sky.
_NEAREST, _FARTHEST = 4, 12
# Controls in all, and of each hot pixel.
_CONTROLS, _LEAST_OF_EACH, _MOST_OF_EACH = 40_000, 12, 200
# Pixels whose neighbours are looked at together.
_TOGETHER = 2**16
_MAD = 1.4826


@dataclass
class Excess:
    """Excess of some pixels over the median of their good neighbours.

    Attributes
    ----------
    pixels : `numpy.ndarray`
        Flat indices of the pixels.
    value : `numpy.ndarray`
        Value of each less that median.
    level : `numpy.ndarray`
        The median.
    spread : `numpy.ndarray`
        Robust standard deviation of the neighbours.
    """

    pixels: np.ndarray
    value: np.ndarray
    level: np.ndarray
    spread: np.ndarray


def bright_pixels(image, usable):
    """Flat indices of usable pixels that stand out of the box of 32 x 32 pixels that they are in, by 5 sigma."""
    found = []
    for top in range(0, image.shape[0], _BOX):
        rows = slice(top, top + _BOX)
        for left in range(0, image.shape[1], _BOX):
            box, good = image[rows, left : left + _BOX], usable[rows, left : left + _BOX]
            values = box[good]
            if not values.size:
                continue
            middle = np.median(values)
            spread = _MAD * np.median(np.abs(values - middle))
            with np.errstate(invalid="ignore"):
                row, column = np.nonzero(good & (box - middle > _ABOVE * spread))
            found.append((row + top) * image.shape[1] + column + left)
    return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=int)


def controls_of(pixels, shape, allowed):
    """Flat indices of pixels near the given ones, each at many places around every one of them, where ``allowed``.

    They see the same sky, stars and cosmic rays as the given ones do.
    """
    reach = range(-_FARTHEST, _FARTHEST + 1)
    places = np.array([(y, x) for y in reach for x in reach if _NEAREST**2 <= y * y + x * x <= _FARTHEST**2])
    # Always the same places, in an order without one.
    places = np.random.default_rng(0).permutation(places)
    each = int(np.clip(_CONTROLS // max(pixels.size, 1), _LEAST_OF_EACH, min(_MOST_OF_EACH, len(places))))
    row, column = np.divmod(pixels, shape[1])
    found = []
    for down, right in places[:each]:
        rows, columns = row + down, column + right
        inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
        near = rows[inside] * shape[1] + columns[inside]
        found.append(near[allowed.ravel()[near]])
    return np.concatenate(found)


def _medians(values, number):
    """Median of the lowest ``number`` values of each row: a quarter of the time of `numpy.nanmedian`."""
    values = np.sort(values, axis=1)
    rows = np.arange(len(values))
    return 0.5 * (values[rows, (number - 1) // 2] + values[rows, number // 2])


class Neighbours:
    """The good neighbours of some pixels: the same ones in every image.

    Parameters
    ----------
    pixels : `numpy.ndarray`
        Flat indices. Those with fewer than 8 good neighbours of 24 are left out.
    usable : `numpy.ndarray`
        Image, False where a pixel is no good neighbour.
    """

    def __init__(self, pixels, usable):
        self._shape, self.usable = usable.shape, usable
        enough = [self._good(part, usable).sum(axis=1) >= _FEWEST_NEIGHBOURS for part in self._parts(pixels)]
        self.pixels = pixels[np.concatenate(enough)] if enough else pixels

    def _parts(self, pixels):
        return [pixels[start : start + _TOGETHER] for start in range(0, pixels.size, _TOGETHER)]

    def _places(self, pixels):
        row, column = (part[:, None] + _RING[:, axis] for axis, part in enumerate(np.divmod(pixels, self._shape[1])))
        inside = (row >= 0) & (row < self._shape[0]) & (column >= 0) & (column < self._shape[1])
        return np.where(inside, row * self._shape[1] + column, 0), inside

    def _good(self, pixels, usable):
        flat, inside = self._places(pixels)
        return inside & usable.ravel()[flat]

    def excess(self, image):
        """`Excess` of the pixels in an image."""
        level, spread = np.empty(self.pixels.size), np.empty(self.pixels.size)
        start = 0
        for part in self._parts(self.pixels):
            flat, inside = self._places(part)
            good = inside & self.usable.ravel()[flat]
            number = np.count_nonzero(good, axis=1)
            values = np.where(good, image.ravel()[flat], np.inf).astype(float)
            middle = _medians(values, number)
            here = slice(start, start + part.size)
            level[here] = middle
            spread[here] = _MAD * _medians(np.abs(values - middle[:, None]), number)
            start += part.size
        return Excess(self.pixels, image.ravel()[self.pixels].astype(float) - level, level, spread)
