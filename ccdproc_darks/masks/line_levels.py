# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates of lines (columns or rows), and how far they are from those of the lines beside, pixel by pixel too little."""

from dataclasses import dataclass

import numpy as np

from .line_segments import GAP, SEGMENTS, eighths, sums_of_segments

__all__ = ["LineLevels", "line_levels"]

# Pixels on a side of a tile in which pixels are compared with their median, of an image that is not small.
_TILE = 32
# Departure, in sigmas of a pixel, beyond which it counts no more (Huber); by how much a small shift is then less.
_CLIPPED, _EFFICIENCY = 1.5, 0.8664
# Upper quartile of a normal distribution, in sigmas.
_QUARTILE = 0.67449
# Lines on each side that a line is compared with, an odd number.
_WINDOW = 11
# Smallest departure of a bad line, in sigmas of a pixel; of the first lines and the last ones, which are read first.
_LEAST, _LEAST_AT_EDGE, _EDGE = 0.5, 1.0, 3
# Parts of the lines, and how many sigmas of a normal distribution lie between their ends.
_PARTS = ((15.866, 84.134, 2.0), (2.5, 97.5, 3.92))
# Fewest pixels of a tile of which quartiles are taken.
_FEWEST = 16
# Fraction of the pixels of a part of a line that must be usable.
_USABLE = 0.5


@dataclass
class LineLevels:
    """Levels of the lines of an image, piece by piece; a piece is a tile long.

    Attributes
    ----------
    levels, noise, usable : `numpy.ndarray`
        Robust mean of the rate, noise of a pixel and number of usable pixels of each piece, shape (pieces, lines).
    length : int
        Pixels of a line.
    """

    levels: np.ndarray
    noise: np.ndarray
    usable: np.ndarray
    length: int

    def deviates(self, left_out=None):
        """Normal deviates of the departures of lines from both sides, with the sign; shape (segments, lines).

        Lines that are ``left_out`` (bool) are no measure of others.

        Notes
        -----
        The lines of a healthy sensor differ a little, so the measure is the distribution of the lines' departures: its
        width is the larger one of those of 68 % and 95 % of them, and at least that of the pixels' noise. A line
        departs by what it is above (or below) the medians of 11 lines on *each* side, the nearer one of them: a
        gradient or a step between two amplifiers is no bad line.
        """
        weights = sums_of_segments(self.usable)
        sizes = np.array([eighths(self.length)[last] - eighths(self.length)[first] for first, last in SEGMENTS])
        told = weights >= _USABLE * sizes[:, np.newaxis]
        with np.errstate(divide="ignore", invalid="ignore"):
            levels = _interpolated(sums_of_segments(self.levels * self.usable) / weights)
            noise = sums_of_segments(self.noise * self.usable) / weights
            above = np.where(weights > 0, [(levels - side) / noise for side in _beside(levels)], 0.0)
        above[~np.isfinite(above)] = 0.0
        nearer = np.where(np.abs(above[0]) < np.abs(above[1]), above[0], above[1])
        nearer[(above[0] * above[1] <= 0) | ~told] = 0.0
        measure = told if left_out is None else told & ~left_out
        width = np.array([_width(*each) for each in zip(above.mean(axis=0), measure, strict=True)])
        width = np.maximum(width[:, np.newaxis], 1 / np.sqrt(np.maximum(weights, 1)))
        least = np.full(nearer.shape[1], _LEAST)
        least[:_EDGE] = least[-_EDGE:] = _LEAST_AT_EDGE
        return np.where(np.abs(nearer) >= least, nearer / width, 0.0)

    def excess(self, values, places, lines):
        """By how many sigmas pixels (rates at places along lines) are above the level of their own line there."""
        piece = np.minimum(places // _tile(self.length), self.levels.shape[0] - 1)
        return (values - self.levels[piece, lines]) / self.noise[piece, lines]

    def scores(self, values, line):
        """Clipped departures of the pixels of a line from both its sides, in sigmas; 0 where not finite."""
        near = slice(max(line - GAP - _WINDOW, 0), line + GAP + _WINDOW + 1)
        others = np.abs(np.arange(self.levels.shape[1])[near] - line) > GAP
        middle = np.median(self.levels[:, near][:, others], axis=1)
        piece = np.minimum(np.arange(self.length) // _tile(self.length), self.levels.shape[0] - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores = np.clip((values - middle[piece]) / self.noise[piece, line], -_CLIPPED, _CLIPPED)
        return np.where(np.isfinite(scores), scores, 0.0)


def line_levels(image, mask=None):
    """`LineLevels` of the columns and of the rows of an image; None where pixels have no noise.

    The pixels of each tile are compared with its median, in sigmas of its pixels, and count up to 1.5 of these: hot
    pixels change a level little.
    """
    rows, columns = image.shape
    across, down = _tile(columns), _tile(rows)
    tiles = columns // across
    tile = np.minimum(np.arange(columns) // across, tiles - 1)
    starts = np.arange(tiles) * across
    pieces = rows // down
    by_column = np.empty((3, pieces, columns))
    by_row = np.empty((3, tiles, rows))
    sample = np.asarray(image[:: max(rows // 256, 1), :: max(columns // 256, 1)], dtype=np.float32)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return None
    usual = np.median(sample)
    usual_noise = np.median(np.abs(sample - usual)) / _QUARTILE
    if not usual_noise > 0:
        return None
    for piece in range(pieces):
        some = slice(piece * down, rows if piece == pieces - 1 else (piece + 1) * down)
        values = np.array(image[some], dtype=np.float32)
        bad = ~np.isfinite(values)
        if mask is not None:
            bad |= mask[some]
        any_bad = bad.any()
        if any_bad:
            values[bad] = usual
        step = max(down // 8, 1)
        few = _by_tile(values[::step], tiles, across)
        lower, middle, upper = _quartiles(few, _by_tile(bad[::step], tiles, across) if any_bad else None, usual)
        noise = (upper - lower) / np.float32(2 * _QUARTILE)
        noise[~(noise > 0)] = usual_noise
        middles, noises = middle[tile], noise[tile]
        values -= middles
        values /= noises
        np.clip(values, -_CLIPPED, _CLIPPED, out=values)
        if any_bad:
            values[bad] = 0
        usable = np.full(columns, float(values.shape[0])) - (bad.sum(axis=0) if any_bad else 0)
        mean = np.ones(values.shape[0], np.float32) @ values / np.maximum(usable, 1)
        by_column[:, piece] = middles + noises * mean / _EFFICIENCY, noises, usable
        widths = np.diff(np.append(starts, columns)).astype(float)
        usable = np.broadcast_to(widths, (values.shape[0], tiles))
        if any_bad:
            usable = usable - np.add.reduceat(bad, starts, axis=1, dtype=float)
        totals = values[:, : tiles * across].reshape(-1, across) @ np.ones(across, np.float32)
        totals = totals.reshape(-1, tiles)
        totals[:, -1] += values[:, tiles * across :].sum(axis=1)
        mean = totals / np.maximum(usable, 1)
        by_row[:, :, some] = np.array(
            [middle + noise * mean / _EFFICIENCY, np.broadcast_to(noise, mean.shape), usable]
        ).transpose(0, 2, 1)
    return LineLevels(*by_column, rows), LineLevels(*by_row, columns)


def _by_tile(values, tiles, across):
    """Pixels of some rows, as an array of its own of shape (tiles, pixels)."""
    pieces = values[:, : tiles * across].reshape(-1, tiles, across).transpose(1, 0, 2)
    return np.ascontiguousarray(pieces).reshape(tiles, -1)


def _quartiles(values, bad, usual):
    """Quartiles of the pixels of each tile that are not ``bad`` (or None); ``usual`` where there are hardly any.

    ``values`` are sorted in place.
    """
    number = values.shape[1]
    if bad is None:
        quarter = number // 4
        values.partition([quarter, 2 * quarter, 3 * quarter], axis=1)
        return values[:, [quarter, 2 * quarter, 3 * quarter]].T
    values[bad] = np.inf
    values.sort(axis=1)
    usable = number - np.count_nonzero(bad, axis=1)
    places = usable[:, np.newaxis] // 4 * [1, 2, 3]
    quartiles = np.take_along_axis(values, np.minimum(places, number - 1), axis=1)
    quartiles[usable < _FEWEST] = usual
    return quartiles.T


def _interpolated(levels):
    """Levels of lines, shape (segments, lines); those that are not known, between those that are, or 0."""
    numbers = np.arange(levels.shape[1])
    for each in levels:
        known = np.isfinite(each)
        if not known.all():
            each[~known] = np.interp(numbers[~known], numbers[known], each[known]) if known.any() else 0.0
    return levels


def _width(departures, measure):
    """Width of the distribution of the departures of lines; 0 where none of them is a measure."""
    if not measure.any():
        return 0.0
    ends = (np.percentile(departures[measure], [low, high]) for low, high, _ in _PARTS)
    return max((high - low) / sigmas for (low, high), (_, _, sigmas) in zip(ends, _PARTS, strict=True))


def _tile(number):
    return _TILE if number >= 8 * _TILE else max(number // 8, 1)


def _beside(levels):
    """Medians of the lines on the left and on the right; beyond the edges the gradient goes on."""
    from scipy.ndimage import median_filter

    number, reach = levels.shape[1], _WINDOW + GAP
    first, last = (np.median(levels[:, edge], axis=1, keepdims=True) for edge in (slice(0, 3), slice(-3, None)))
    before, after = 2 * first - levels[:, reach:0:-1], 2 * last - levels[:, -2 : -reach - 2 : -1]
    medians = median_filter(np.hstack([before, levels, after]), size=(1, _WINDOW))
    apart = GAP + 1 + _WINDOW // 2
    return medians[:, reach - apart :][:, :number], medians[:, reach + apart :][:, :number]
