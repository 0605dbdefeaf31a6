# Licensed under a 3-clause BSD style license - see LICENSE
"""An image as cells and lines, each with a mean that hot pixels do not move: what a map and its profiles show."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

__all__ = ["Cells", "Lines", "clipped_means", "usual_values"]

# Cells along the longer side of an image: as many as a reader tells apart in a picture 390 pixels wide. Where noise
# hides what they show, cells are doubled, down to the second number.
_CELLS, _FEWEST_CELLS = 100, 16
# Images with so many pixels a side or fewer are shown pixel for pixel, and their lines are not parted.
_SMALL = 64
# A map is more than noise where its cells spread over so many times the noise of a cell (96 % of them; noise: 4).
_SEEN = 7.0
# Colours of a map that is noise reach over so many times as much: noise shall not look like structure.
_OF_NOISE = 3.0
# Pixels within this many sigmas of the median are averaged: wide enough not to clip a Poisson distribution.
_KEEP = 4.0
# Pixels of a cell or line that are enough for its median.
_FEW = 64
# Parts of a line: a column that is bad from its middle on is seen in four of eight.
_PARTS = 8
# Pixels of a block of lines, so that it stays in the cache of a processor.
_BLOCK = 2**17
# Lines on each side that a line is compared with; sigmas by which it stands out.
_BESIDE, _STANDS_OUT = 7, 6.0
_FEWEST_LINES = 3 * _BESIDE


def clipped_means(values, floor=0.0):
    """Mean of each row of a 2-D array without outliers, its error, and the numbers of usable values and of outliers.

    Values further than four sigmas from the row's median are outliers; sigma is the row's own, or ``floor`` if more.
    """
    centre, ordered = _medians(values[:, :: values.shape[1] // _FEW | 1])
    width, _ = _medians(np.abs(ordered - centre[:, np.newaxis]))
    width = np.maximum(1.4826 * width, floor)
    from_centre = values - centre[:, np.newaxis]
    # A comparison with NaN is False.
    kept = np.abs(from_centre) <= _KEEP * width[:, np.newaxis]
    number, usable = np.count_nonzero(kept, axis=1), np.count_nonzero(values == values, axis=1)
    some = np.maximum(number, 1)
    mean = centre + np.where(kept, from_centre, 0).sum(axis=1) / some
    return np.where(number > 0, mean, np.nan), width / np.sqrt(some), usable, usable - number


def _medians(values):
    """Median of each row, NaN left out, and the rows in order."""
    values = np.sort(values, axis=1)
    number = np.count_nonzero(values == values, axis=1)
    middle = np.stack([np.maximum(number - 1, 0) // 2, np.minimum(number // 2, values.shape[1] - 1)], axis=1)
    return np.take_along_axis(values, middle, axis=1).mean(axis=1), values


@dataclass
class Lines:
    """Columns of an image, or rows.

    Attributes
    ----------
    means, errors : `numpy.ndarray`
        Mean of each line without outliers, and its error.
    parts : `numpy.ndarray`
        Means of the eight parts of each line, shape (lines, 8); of a small image one part.
    out : `numpy.ndarray` of float
        By how many sigmas each part, or its whole line, differs from the lines beside; 0 where by fewer than six.
    found : `numpy.ndarray` of int
        Numbers of the lines that stand out, the worst first: in a part, as a whole, or by the number of their outliers.
    """

    means: np.ndarray
    errors: np.ndarray
    parts: np.ndarray
    out: np.ndarray
    found: np.ndarray

    @classmethod
    def of(cls, values, floor):
        """Rows of an image."""
        parts, errors, usable, outliers = _parts(values, floor)
        weights = np.where(np.isfinite(parts), usable, 0)
        weights = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
        means = (np.where(weights > 0, parts, 0) * weights).sum(axis=1)
        means = np.where(weights.any(axis=1), means, np.nan)
        errors = np.sqrt(((np.where(weights > 0, errors, 0) * weights) ** 2).sum(axis=1))
        out = np.maximum(_departures(parts), _departures(means[:, np.newaxis]))
        worst = np.maximum(out.max(axis=1), _excess(outliers.sum(axis=1)))
        return cls(means, errors, parts, out, np.argsort(-worst, kind="stable")[: np.count_nonzero(worst)])


def _bounds(length):
    """Where the parts of a line begin, and where the last one ends."""
    return np.linspace(0, length, (_PARTS if length > _SMALL else 1) + 1).astype(int)


def _parts(values, floor):
    """`clipped_means` of the parts of each row of an image: four arrays of shape (rows, parts)."""
    bounds = _bounds(values.shape[1])
    found = np.empty((4, len(values), len(bounds) - 1))
    for part, (start, stop) in enumerate(pairwise(bounds)):
        block = max(1, _BLOCK // (stop - start))
        for first in range(0, len(values), block):
            rows = slice(first, first + block)
            found[:, rows, part] = clipped_means(np.ascontiguousarray(values[rows, start:stop]), floor)
    return found


def usual_values(lines):
    """Values of lines by those beside: the mean of the medians of seven lines on each side, whatever a line itself is.

    At the first and last seven lines, it is on the line through the medians of the next seven and the seven after;
    of fewer than 21 lines, it is their median.
    """
    number = len(lines)
    if number < _FEWEST_LINES:
        return np.zeros(lines.shape) + _medians(lines.reshape(number, -1).T)[0].reshape(lines.shape[1:])
    windows = np.lib.stride_tricks.sliding_window_view(lines, _BESIDE, axis=0)
    medians = _medians(windows.reshape(-1, _BESIDE))[0].reshape(windows.shape[:-1])
    # That of number i is the median of lines i to i + 6.
    before, after = medians[: number - 2 * _BESIDE], medians[_BESIDE + 1 :]
    inner = np.where(np.isnan(before), after, np.where(np.isnan(after), before, (before + after) / 2))
    first, last = (_extrapolated(part[1:_FEWEST_LINES]) for part in (medians, medians[::-1]))
    return np.concatenate([first, inner, last[::-1]])


def _extrapolated(medians):
    near, far = medians[:_BESIDE], medians[_BESIDE : 2 * _BESIDE]
    return near + (near - far) * (_BESIDE + 1) / 2 / _BESIDE


def _departures(lines):
    """By how many sigmas lines differ from those beside; sigma is their scatter, as columns of good sensors differ."""
    departures = np.abs(lines - usual_values(lines))
    finite = departures[np.isfinite(departures)]
    scatter = 1.4826 * np.median(finite) if len(lines) >= _FEWEST_LINES and finite.size else 0.0
    if scatter == 0:
        return np.zeros(lines.shape)
    return np.where(departures > _STANDS_OUT * scatter, departures / scatter, 0)


def _excess(numbers):
    """By how many sigmas (Poisson) lines have more outliers than those beside; 0 where by fewer than six."""
    if len(numbers) < _FEWEST_LINES:
        return np.zeros(len(numbers))
    usual = np.maximum(usual_values(numbers), np.median(numbers))
    sigmas = (numbers - usual) / np.sqrt(usual + 1)
    return np.where(sigmas > _STANDS_OUT, sigmas, 0)


@dataclass
class Cells:
    """Cells of an image, and its lines.

    Attributes
    ----------
    side : int
        Pixels on a side of a cell.
    means : `numpy.ndarray`
        Mean of each cell without outliers; NaN where more than half of its pixels cannot be used. A part of a column or
        row that differs from those beside is in all of its cells.
    limits : tuple of float
        Least and greatest mean for the colours: those of nearly all cells, and not so near that noise is seen.
    is_noise : bool
        Whether the means differ by no more than their noise.
    columns, rows : `Lines`
        The lines.
    """

    side: int
    means: np.ndarray
    limits: tuple
    is_noise: bool
    columns: Lines
    rows: Lines

    @classmethod
    def of(cls, values):
        """Cells of an image of float32 with NaN where a pixel cannot be used."""
        noise = _noise_of_pixels(values)
        columns, rows = Lines.of(values.T, noise), Lines.of(values, noise)
        side = 1 if max(values.shape) <= _SMALL else -(-max(values.shape) // _CELLS)
        means = values
        if side > 1:
            means, usable, noise = _cells(values, side, noise)
            while _is_noise(means, noise) and max(means.shape) >= 2 * _FEWEST_CELLS:
                means, usable = _doubled(means, usable)
                side, noise = 2 * side, noise / 2
            means = np.where(2 * usable >= _pixels_of_cells(values.shape, side), means, np.nan)
        is_noise = side > 1 and bool(_is_noise(means, noise))
        limits = _limits(means, noise * _OF_NOISE if is_noise else noise)
        if side > 1:
            _show(columns, means.T, side, values.shape[0])
            _show(rows, means, side, values.shape[1])
        return cls(side, means, limits, is_noise, columns, rows)


def _noise_of_pixels(values):
    """Standard deviation of the pixels, from neighbours in the same row: gradients do not count."""
    some = np.diff(values[:: values.shape[0] // _FEW | 1], axis=1)
    some = some[some == some]
    return 1.4826 * float(np.median(np.abs(some))) / np.sqrt(2) if some.size else 0.0


def _pixels_of_cells(shape, side):
    """Number of pixels of each cell: those at the upper and right edges may have fewer."""
    rows, columns = (np.diff(np.append(np.arange(0, size, side), size)) for size in shape)
    return np.outer(rows, columns)


def _cells(values, side, floor):
    """Means and usable pixels of the cells of an image, and the noise of a typical one."""
    rows, columns = -(-np.array(values.shape) // side)
    means, errors, usable = np.empty((3, rows, columns))
    band = np.full((side, columns * side), np.nan, dtype=np.float32)
    for row in range(rows):
        pixels = values[row * side : (row + 1) * side]
        band[: len(pixels), : values.shape[1]] = pixels
        band[len(pixels) :] = np.nan
        of_cells = band.reshape(side, columns, side).swapaxes(0, 1).reshape(columns, -1)
        means[row], errors[row], usable[row], _ = clipped_means(of_cells, floor)
    finite = errors[np.isfinite(errors)]
    return means, usable, float(np.median(finite)) if finite.size else 0.0


def _doubled(means, usable):
    """Means and usable pixels of cells of twice the side."""
    even = [(0, size % 2) for size in means.shape]
    weights = np.pad(usable, even)
    sums = np.pad(np.where(usable > 0, means, 0), even) * weights
    sums, weights = (
        array.reshape(array.shape[0] // 2, 2, array.shape[1] // 2, 2).sum(axis=(1, 3)) for array in (sums, weights)
    )
    return sums / np.maximum(weights, 1), weights


def _is_noise(means, noise):
    finite = means[np.isfinite(means)]
    return finite.size > 0 and np.subtract(*np.percentile(finite, [98, 2])) < _SEEN * noise


def _limits(means, noise):
    finite = means[np.isfinite(means)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, [0.5, 99.5])
    least = max(_SEEN * noise, 1e-3 * abs(low + high), 1e-12)
    wider = max(least - (high - low), 0) / 2
    return float(low - wider), float(high + wider)


def _show(lines, turned, side, length):
    """Put parts of lines that differ from those beside into all of their cells; a line goes along a row of cells."""
    bounds = _bounds(length)
    for line in lines.found[::-1]:
        for part in np.flatnonzero(lines.out[line]):
            turned[line // side, bounds[part] // side : -(-bounds[part + 1] // side)] = lines.parts[line, part]
