# Licensed under a 3-clause BSD style license - see LICENSE
"""One exposure of a sensor: counts on plain arrays, drawn in blocks of rows."""

from dataclasses import dataclass

import numpy as np

from .._compute.workers import THREADS
from .cosmic_rays import draw_tracks
from .pixels import frame_blocks
from .poisson import PoissonPixels
from .streams import BLOCK, FRAME, LINES, stream
from .telegraph import after_pause, stationary, time_high

__all__ = ["Moment", "expose"]


@dataclass(frozen=True)
class Moment:
    """State of a sensor at the end of a frame, from which the next frame goes on."""

    high: np.ndarray | None = None  # telegraph pixels that are in their high state; None before the first frame
    level: float = 0.0  # drift of the bias so far (adu)


def expose(sensor, seconds, entropy, *, moment, pause=0.0, factor=1.0, dtype, execution=THREADS):
    """Draw one frame: its counts (adu), rounded and clipped where ``dtype`` is unsigned; and the `Moment` at its end.

    ``entropy`` is the seed of its noise. ``moment`` is that at the end of the frame before, ``pause`` s earlier.
    ``factor`` is the dark current over that at the sensor's own temperature. The frame does not depend on
    ``execution``, whose threads work.
    """
    rng = stream(entropy, FRAME)
    level = moment.level + sensor.bias_drift.to_value("adu") * rng.standard_normal()
    extra, high = _sparse_electrons(sensor, rng, seconds, moment.high, pause, factor)
    frame = np.empty(sensor.shape, dtype=dtype)
    ceiling = sensor.response.ceiling(dtype)
    blocks = frame_blocks(sensor.shape)
    pixels = sensor.pixels
    lines = _line_noise(sensor, stream(entropy, LINES))
    poisson = PoissonPixels(*(rate * seconds * factor for rate in pixels.common))

    def fill(number):
        rows = blocks[number]
        rng = stream(entropy, BLOCK, number)
        electrons = _electrons(sensor, pixels, rng, poisson, rows, seconds, factor, extra)
        frame[rows] = _read(sensor, pixels, rng, rows, electrons, level, lines, ceiling, dtype)

    execution.map_in_threads(fill, range(len(blocks)))
    return frame, Moment(high, level)


def _sparse_electrons(sensor, rng, seconds, high, pause, factor):
    """Electrons that only some pixels get: telegraph pixels, depletion edges, offsets and cosmic rays.

    Returns a pair of arrays (flat indices, ascending, in which a pixel may occur more than once; and its electrons),
    and the states of the telegraph pixels at the end of the frame.
    """
    pixels = sensor.pixels
    where, electrons = [], []
    index, amplitude, low, dwell = pixels.of("telegraph", "index", "amplitude", "dwell_low", "dwell_high")
    if index.size:
        high = stationary(rng, low, dwell) if high is None else after_pause(rng, high, pause, low, dwell)
        bright, high = time_high(rng, high, seconds, low, dwell)
        where.append(index)
        electrons.append(rng.poisson(amplitude * factor * bright))
    if seconds > 0:
        index, rate, charge = pixels.of("edge", "index", "rate", "charge")
        where.append(index)
        electrons.append(rng.binomial(charge.astype(np.int64), -np.expm1(-rate * factor * seconds / charge)))
        index, offset = pixels.of("offset", "index", "electrons")
        where.append(index)
        electrons.append(rng.poisson(offset))
        if sensor.cosmic_rays is not None:
            index, hit = draw_tracks(rng, sensor.cosmic_rays, sensor.shape, sensor.pixel_size.to_value("um"), seconds)
            where.append(index)
            electrons.append(hit)
    if not where:
        return (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)), high
    where, electrons = np.concatenate(where), np.concatenate(electrons)
    order = np.argsort(where, kind="stable")
    return (where[order], electrons[order]), high


def _electrons(sensor, pixels, rng, poisson, rows, seconds, factor, extra):
    """Electrons in the pixels of some rows, as a flat float64 array."""
    rate = pixels.rate[rows]
    size = rate.size
    mean = None
    if not pixels.uniform or sensor.glow is not None:
        mean = np.multiply(rate.ravel(), seconds * factor, dtype=float)
    if sensor.glow is not None:
        mean += sensor.glow.rows(sensor.shape, rows).ravel() * seconds
    electrons = poisson.draw(rng, mean, size)

    first = rows.start * sensor.shape[1]
    where, more = _between(*extra, first, size)
    # Unlike ``+=``, this adds all electrons of a pixel that occurs more than once.
    np.add.at(electrons, where, more)
    where, most = _between(*pixels.of("well", "index", "electrons"), first, size)
    electrons[where] = np.minimum(electrons[where], most)
    sensor.response.limit(electrons)
    return electrons


def _between(index, *others):
    """Indices and values of the pixels that are among the ``size`` from ``first`` on; indices count from there.

    The arguments are indices, arrays of values, ``first`` and ``size``.
    """
    *values, first, size = others
    low, high = np.searchsorted(index, (first, first + size))
    return index[low:high] - first, *(value[low:high] for value in values)


def _line_noise(sensor, rng):
    """Noise (adu) that all pixels of a row have in common, and that of columns, in a frame; None where it is 0."""
    scales = (sensor.row_noise.value / sensor.response.gain, sensor.column_noise.value / sensor.response.gain)
    return [
        scale * rng.standard_normal(number) if scale > 0 else None
        for scale, number in zip(scales, sensor.shape, strict=True)
    ]


def _read(sensor, pixels, rng, rows, electrons, level, lines, ceiling, dtype):
    """Counts (adu) of the pixels of some rows."""
    response = sensor.response
    if response.read_noise > 0 or pixels.noise is not None:
        # Single precision is enough for counts that are rounded to whole adu.
        kind = np.float64 if dtype == np.float64 else np.float32
        noise = rng.standard_normal(electrons.size, dtype=kind)
        scale = response.read_noise if pixels.noise is None else pixels.noise[rows].ravel()
        electrons += noise * np.asarray(scale, dtype=kind)
    first = rows.start * sensor.shape[1]
    where, amplitude, up, down = _between(
        *pixels.of("reading", "index", "amplitude", "up", "down"), first, electrons.size
    )
    if where.size:
        share = rng.random(where.size)
        # A pixel with two traps occurs twice.
        np.add.at(electrons, where, amplitude * ((share < up).astype(float) - (share >= 1 - down)))
    electrons /= response.gain
    counts = electrons.reshape(-1, sensor.shape[1])
    counts += (response.bias if response.bias.ndim == 0 else response.bias[rows]) + level
    if pixels.columns is not None:
        counts += pixels.columns
    row, column = lines
    if row is not None:
        counts += row[rows, None]
    if column is not None:
        counts += column
    if dtype.kind == "u":
        np.rint(counts, out=counts)
        np.clip(counts, 0, ceiling, out=counts)
    elif ceiling is not None:
        np.minimum(counts, ceiling, out=counts)
    return counts
