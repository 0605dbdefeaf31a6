# Licensed under a 3-clause BSD style license - see LICENSE
"""The truth about the pixels of a simulated sensor, as plain images."""

import numpy as np

from .._interface.flags import DARK_FLAGS
from .pixels import frame_blocks
from .response import mean_of_clipped

__all__ = ["flags_of", "rates_of", "read_noises_of"]

# Defects of the dark current that no scaled dark removes.
_MASKED = {
    "edge": DARK_FLAGS.NONLINEAR,
    "offset": DARK_FLAGS.NONLINEAR,
    "well": DARK_FLAGS.NONLINEAR,
    "telegraph": DARK_FLAGS.TELEGRAPH,
}


def rates_of(sensor, seconds, factor):
    """Dark rates (electron/s), with ``factor`` times the sensor's dark current: means over an exposure of ``seconds``.

    None for ``seconds``: of an empty pixel, without its offset.
    """
    pixels = sensor.pixels
    rates = np.multiply(pixels.rate, factor, dtype=float)
    if sensor.glow is not None:
        for rows in frame_blocks(sensor.shape):
            rates[rows] += sensor.glow.rows(sensor.shape, rows)
    index, amplitude, low, high = pixels.of("telegraph", "index", "amplitude", "dwell_low", "dwell_high")
    rates.flat[index] += factor * amplitude * high / (low + high)
    index, rate, charge = pixels.of("edge", "index", "rate", "charge")
    if seconds is None:
        rates.flat[index] += factor * rate
        return rates
    rates *= seconds
    rates.flat[index] += charge * -np.expm1(-factor * rate * seconds / charge)
    index, electrons = pixels.of("offset", "index", "electrons")
    rates.flat[index] += electrons
    index, electrons = pixels.of("well", "index", "electrons")
    rates.flat[index] = mean_of_clipped(rates.flat[index], electrons)
    sensor.response.limit_mean(rates)
    rates /= seconds
    return rates


def read_noises_of(sensor, rounding):
    """Standard deviations (electron) of one reading of each pixel; ``rounding`` is the step (electron) of the ADC."""
    pixels = sensor.pixels
    own = sensor.response.read_noise if pixels.noise is None else pixels.noise
    lines = sensor.row_noise.value**2 + sensor.column_noise.value**2
    variance = np.full(sensor.shape, lines + rounding**2 / 12)
    variance += np.square(own, dtype=float)
    index, amplitude, up, down = pixels.of("reading", "index", "amplitude", "up", "down")
    # Unlike ``+=``, this adds all traps of a pixel that has more than one.
    np.add.at(variance.ravel(), index, amplitude**2 * (up + down - (up - down) ** 2))
    return np.sqrt(variance)


def flags_of(sensor, hot):
    """Flags of each pixel; ``hot`` is an image of bool, or None for the pixels that were made hot."""
    pixels = sensor.pixels
    flags = np.zeros(sensor.shape, dtype=np.uint32)
    if hot is None:
        flags.flat[pixels.of("hot", "index")[0]] = DARK_FLAGS.HOT
    else:
        flags[hot] = DARK_FLAGS.HOT
    for kind, flag in _MASKED.items():
        flags.flat[pixels.of(kind, "index")[0]] |= np.uint32(flag | DARK_FLAGS.DO_NOT_USE)
    for kind in ("noisy", "reading"):
        flags.flat[pixels.of(kind, "index")[0]] |= np.uint32(DARK_FLAGS.UNRELIABLE_ERROR)
    return flags
