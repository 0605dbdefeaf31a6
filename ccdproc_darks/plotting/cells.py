# Licensed under a 3-clause BSD style license - see LICENSE
"""An image as cells and lines, each with a mean that hot pixels do not move: what a map and its profiles show."""

from dataclasses import dataclass

import numpy as np

__all__ = ["RateCells", "clipped_means", "standing_out"]

# Cells along the longer side of an image: as many as a reader tells apart in a picture 390 pixels wide. Where noise
# hides what they show, cells are doubled, down to the second number.
_CELLS, _FEWEST_CELLS = 100, 16
# Images with so many pixels a side or fewer are shown pixel for pixel.
_SMALL = 64
# A map is more than noise where its cells spread over so many times the noise of a cell.
_SEEN = 7.0
# Pixels within this many sigmas of the median are averaged: wide enough not to clip a Poisson distribution.
_KEEP = 4.0
# Pixels of a cell or line that are enough for its median.
_FEW = 64
# Parts of a line: a column that is bad from its middle on is seen in four of eight.
_PARTS = 8
# Pixels of a block of lines, so that it stays in the cache of a processor.
_BLOCK = 2**17
# Lines that a line is compared with, an odd number; sigmas by which it stands out.
_WINDOW, _STANDS_OUT = 15, 6.0


def clipped_means(values, floor=0.0):
    """Mean and error of each row of a 2-D array without outliers, and number of values that are not NaN.

    What is further than four sigmas from the row's median is left out; sigma is the row's own, or ``floor`` if more.
    """
    few = _ordered(values[:, :: values.shape[1] // _FEW | 1])
    centre = few[0][:, np.newaxis]
    width = 1.4826 * _ordered(np.abs(few[1] - centre))[0]
    from_centre = values - centre
    # A comparison with NaN is False.
    kept = np.abs(from_centre) <= _KEEP * np.maximum(width, floor)[:, np.newaxis]
    number = np.count_nonzero(kept, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = centre[:, 0] + np.where(kept, from_centre, 0).sum(axis=1) / number
        error = np.maximum(width, floor) / np.sqrt(number)
    return np.where(number > 0, mean, np.nan), error, np.count_nonzero(values == values, axis=1)


def _ordered(values):
    """Median of each row, NaN left out, and the rows in order."""
    values = np.sort(values, axis=1)
    number = np.count_nonzero(values == values, axis=1)
    middle = np.stack([np.maximum(number - 1, 0) // 2, number // 2], axis=1)
    middle = np.minimum(middle, values.shape[1] - 1)
    return np.take_along_axis(values, middle, axis=1).mean(axis=1), values


@dataclass
class RateCells:
    """Cells of an image, and its lines.

    Attributes
    ----------
    side : int
        Pixels on a side of a cell.
    means : `numpy.ndarray`
        Mean of each cell; NaN where half of its pixels or more cannot be used. A part of a column or row that stands
        out is in all of its cells.
    noise : float
        Noise of the mean of a typical cell.
    limits : tuple of float
        Least and greatest mean for the colours: those of nearly all cells, and not so near that noise is seen.
    columns, rows : tuple of `numpy.ndarray`
        Mean and error of each column, and of each row.
    bad_columns, bad_rows : `numpy.ndarray` of int
        Numbers of the columns and rows of which a part stands out, the worst one first.
    """

    side: int
    means: np.ndarray
    noise: float
    limits: tuple
    columns: tuple
    rows: tuple
    bad_columns: np.ndarray
    bad_rows: np.ndarray

    @classmethod
    def of(cls, values):
        """Cells of an image of float32 with NaN where a pixel cannot be used."""
        floor = _noise_of_pixels(values)
        columns, rows = _line_parts(values.T, floor), _line_parts(values, floor)
        side = 1 if max(values.shape) <= _SMALL else -(-max(values.shape) // _CELLS)
        means, usable, noise = (values, None, floor) if side == 1 else _cells(values, side, floor)
        if usable is None:
            usable = (values == values).astype(int)
        while _is_noise(means, noise) and max(means.shape) >= 2 * _FEWEST_CELLS and max(values.shape) > _SMALL:
            means, usable, side = *_doubled(means, usable), 2 * side
            noise /= 2
        means = np.where(usable > _pixels_of_cells(values.shape, side) / 2, means, np.nan)
        limits, found = _limits(means, noise), []
        lines = _lines(*columns), _lines(*rows)
        for parts, line, turned, length in zip(
            (columns, rows), lines, (means.T, means), values.shape, strict=True
        ):  # fmt: skip
            out = np.maximum(standing_out(parts[0]), standing_out(line[0][:, np.newaxis]))
            found.append(np.argsort(-out.max(axis=1))[: np.count_nonzero((out > 0).any(axis=1))])
            if side > 1:
                _show_lines(turned, parts[0], out, found[-1], side, length)
        return cls(side, means, noise, limits, *lines, *found)


def _limits(means, noise):
    finite = means[np.isfinite(means)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, [0.5, 99.5])
    least = max(_SEEN * noise, 1e-3 * abs(low + high), 1e-12)
    wider = max(least - (high - low), 0) / 2
    return float(low - wider), float(high + wider)


def _noise_of_pixels(values):
    """Standard deviation of the pixels from their neighbours in the same row: gradients do not count."""
    step = values.shape[0] // 64 | 1
    some = np.diff(values[::step], axis=1)
    some = some[some == some]
    return 1.4826 * float(np.median(np.abs(some))) / np.sqrt(2) if some.size else 0.0


def _pixels_of_cells(shape, side):
    """Number of pixels of each cell: those at the upper and right edges may have fewer."""
    rows, columns = (np.diff(np.append(np.arange(0, size, side), size)) for size in shape)
    return np.outer(rows, columns)


def _cells(values, side, floor):
    """Means and usable pixels of the cells of an image, and the noise of a typical one."""
    number = -(-np.array(values.shape) // side)
    means, errors, usable = np.empty(number), np.empty(number), np.empty(number, dtype=int)
    band = np.full((side, number[1] * side), np.nan, dtype=np.float32)
    for row in range(number[0]):
        pixels = values[row * side : (row + 1) * side]
        band[: len(pixels), : values.shape[1]] = pixels
        band[len(pixels) :] = np.nan
        cells = band.reshape(side, number[1], side).swapaxes(0, 1).reshape(number[1], -1)
        means[row], errors[row], usable[row] = clipped_means(cells, floor)
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
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums / weights, weights


def _is_noise(means, noise):
    finite = means[np.isfinite(means)]
    return finite.size > 0 and np.subtract(*np.percentile(finite, [98, 2])) < _SEEN * noise


def _line_parts(values, floor):
    """Means, errors and usable pixels of the parts of each row of an image, each of shape (rows, parts)."""
    lines, length = values.shape
    bounds = _bounds(length)
    found = np.empty((3, lines, len(bounds) - 1))
    for part, (start, stop) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        block = max(1, _BLOCK // (stop - start))
        for first in range(0, lines, block):
            those = slice(first, first + block)
            found[:, those, part] = clipped_means(np.ascontiguousarray(values[those, start:stop]), floor)
    return found


def _bounds(length):
    """Where the parts of a line begin, and where the last one ends."""
    return np.linspace(0, length, (_PARTS if length > _SMALL else 1) + 1).astype(int)


def _lines(means, errors, usable):
    """Mean and error of each line, from its parts."""
    weights = np.where(np.isfinite(means), usable, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = weights / weights.sum(axis=1, keepdims=True)
        mean = np.where(weights > 0, means * shares, 0).sum(axis=1)
        error = np.sqrt(np.where(weights > 0, errors * shares, 0) ** 2 @ np.ones(means.shape[1]))
    return np.where(weights.any(axis=1), mean, np.nan), error


def standing_out(parts):
    """By how many sigmas the parts of lines stand out of the lines beside, 0 where by fewer than six.

    Sigma is the scatter of the lines themselves: on a healthy sensor columns differ a little.
    """
    if parts.shape[0] < _WINDOW:
        return np.zeros(parts.shape)
    departure = parts - running_median(parts)
    finite = np.abs(departure[np.isfinite(departure)])
    scatter = 1.4826 * np.median(finite) if finite.size else 0.0
    if not scatter:
        return np.zeros(parts.shape)
    sigmas = np.abs(departure) / scatter
    return np.where(sigmas > _STANDS_OUT, sigmas, 0)


def running_median(lines):
    """Median of each line and the seven on each side of it, as far as there are any."""
    half = _WINDOW // 2
    padded = np.pad(lines, [(half, half)] + [(0, 0)] * (lines.ndim - 1), constant_values=np.nan)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=0), axis=-1)
    number = np.count_nonzero(windows == windows, axis=-1)
    return np.take_along_axis(windows, (np.maximum(number - 1, 0) // 2)[..., np.newaxis], axis=-1)[..., 0]


def _show_lines(turned, parts, out, found, side, length):
    """Put parts of lines that stand out into all of their cells; cells of a line are a row of ``turned``."""
    bounds = _bounds(length)
    for line in found[::-1]:
        for part in np.flatnonzero(out[line]):
            turned[line // side, bounds[part] // side : -(-bounds[part + 1] // side)] = parts[line, part]
