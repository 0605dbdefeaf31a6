# Licensed under a 3-clause BSD style license - see LICENSE
"""Bad columns and rows planted in sensors with clustered hot pixels, glow, gradients and column patterns."""

import warnings
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS, dark_rate, hot_pixel_mask

__all__ = ["LineCell", "bad_lines", "line_cells", "sensor_with_lines"]

_SHAPE, _SECONDS, _READ_NOISE, _RATE = (1000, 1000), 600.0, 10.0, 0.05
# Noise of a typical pixel (electron).
_NOISE = np.hypot(_READ_NOISE, np.sqrt(_RATE * _SECONDS))
# Columns, and rows, that are planted: in the glow at the edge, at the step between the halves, and elsewhere.
_PLANTED = (40, 110, 250, 430, 499, 640, 777, 858, 930, 960)


@dataclass(frozen=True)
class LineCell:
    """What is planted in ten columns and ten rows of each sensor.

    Attributes
    ----------
    level : float
        By how much each pixel of the line is higher, in sigmas of its noise.
    hot : int
        Hot pixels, scattered over the line.
    start : float
        Where the bad part begins, as a fraction of the line; it is drawn anew for each line where below zero.
    sensors : int
        Number of sensors.
    """

    level: float = 0.0
    hot: int = 0
    start: float = 0.0
    sensors: int = 10

    @property
    def is_healthy(self):
        """Whether nothing is planted."""
        return not (self.level or self.hot)


def line_cells(quick=False):
    """A hundred healthy sensors, lines of 2 sigma a pixel and 40 hot pixels, whole and in part, and weaker ones."""
    if quick:
        return [LineCell(), LineCell(level=2.0)]
    return [
        LineCell(sensors=100),
        *(LineCell(level=level) for level in (2.0, -2.0, 1.0, 0.75, 0.65, 0.55, 0.45)),
        *(LineCell(level=level, start=-1.0) for level in (2.0, 1.0)),
        *(LineCell(hot=number) for number in (40, 30, 25, 20, 15)),
        LineCell(hot=40, start=0.5),
    ]


def sensor_with_lines(cell, seed, shape=_SHAPE):
    """
    Dark rate of a sensor, and its planted lines.

    One pixel in a hundred is hot, in blobs of 2 to 6 pixels, more of them at one edge and in a corner, where the sensor
    glows too. Columns and rows differ by a tenth and a twentieth of a pixel's noise, the columns' level drifts, and the
    two halves differ by a step of 0.8 sigma.

    Returns
    -------
    rate : `~astropy.nddata.CCDData`
        Result of `dark_rate`.
    planted : dict
        First pixel of the bad part, by the kind of a line and its number.
    """
    rng = np.random.default_rng(seed)
    rows, columns = shape
    y, x = np.mgrid[0 : 1 : 1j * rows, 0 : 1 : 1j * columns]
    edge, corner = np.exp(-25 * x), np.exp(-60 * ((1 - x) ** 2 + y**2))
    pattern = 0.1 * rng.normal(size=columns) + 0.02 * np.cumsum(rng.normal(size=columns))
    pattern[columns // 2 :] += 0.8
    level = 2 * x + y + 4 * edge + 5 * corner + pattern + 0.05 * rng.normal(size=(rows, 1))
    electrons = rng.poisson(_RATE * _SECONDS, shape) + rng.normal(0, _READ_NOISE, shape) + _NOISE * level
    hot = _blobs(rng, (1 + 2 * edge + 3 * corner), 0.01)
    planted = {}
    for kind, length in (("column", rows), ("row", columns)) if not cell.is_healthy else ():
        for number in (round(one / 1000 * length) for one in _PLANTED):
            start = round(length * (rng.uniform(0.1, 0.8) if cell.start < 0 else cell.start))
            line = np.s_[start:, number] if kind == "column" else np.s_[number, start:]
            electrons[line] += cell.level * _NOISE
            hot[line][rng.choice(length - start, min(cell.hot, length - start), replace=False)] = True
            planted[kind, number] = start
    electrons[hot] += _NOISE * (8 + rng.exponential(50, np.count_nonzero(hot)))
    dark = CCDData(electrons, unit="electron", meta={"EXPTIME": _SECONDS})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dark_rate(dark, bias=None, read_noise=_READ_NOISE * u.electron), planted


def _blobs(rng, density, fraction):
    """Pixels in blobs of 2 to 6 that touch each other, at a mean fraction of all pixels, where ``density`` is high."""
    rows, columns = density.shape
    share = np.cumsum(density.ravel())
    places = np.searchsorted(share, share[-1] * rng.random(round(fraction * density.size / 4)))
    row, column = np.divmod(places, columns)
    sizes, found = rng.integers(2, 7, places.size), np.zeros(density.shape, bool)
    for size in range(6):
        grows = sizes > size
        found[row[grows], column[grows]] = True
        step = rng.integers(0, 4, places.size)
        row = np.clip(row + np.array([1, -1, 0, 0])[step], 0, rows - 1)
        column = np.clip(column + np.array([0, 0, 1, -1])[step], 0, columns - 1)
    return found


def bad_lines(cell, sensors=None, shape=_SHAPE, seed=18):
    """
    Lines found and planted, for one good pixel asked for in each sensor.

    Returns
    -------
    dict
        "planted" and "found": lines; "start_error": largest error (pixels) of where nine in ten of those found begin;
        "false": lines flagged that were not planted; "false_pixels": good pixels flagged in planted lines.
    """
    sensors = sensors or cell.sensors
    number, found, false, good, errors = 0, 0, 0, 0, []
    for index in range(sensors):
        rate, planted = sensor_with_lines(cell, [seed, index, round(100 * cell.level) % 1000, cell.hot], shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mask = hot_pixel_mask(rate)
        flagged = (mask.data & DARK_FLAGS.OTHER_BAD_PIXEL) > 0
        number += len(planted)
        true = np.zeros(shape, bool)
        for (kind, line), start in planted.items():
            place = np.s_[:, line] if kind == "column" else np.s_[line]
            part = true[place]
            part[start:] = True
            # Where lines cross, three pixels next to each other are of the same line.
            known = np.flatnonzero(np.convolve(flagged[place] | mask.mask[place], np.ones(20), "valid") == 20)
            if known.size:
                found += 1
                errors.append(abs(int(known[0]) - start))
        good += int(np.count_nonzero(flagged & ~true))
        false += max(mask.meta["NCOLUMN"] + mask.meta["NROW"] - len(planted), 0)
    return {
        "level": cell.level,
        "hot": cell.hot,
        "start": "random" if cell.start < 0 else f"{cell.start:g}",
        "sensors": sensors,
        "planted": number,
        "found": found,
        "start_error": float(np.quantile(errors, 0.9)) if errors else 0.0,
        "false": false,
        "false_pixels": good,
    }
