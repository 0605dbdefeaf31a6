# Licensed under a 3-clause BSD style license - see LICENSE
"""Hot pixels among pixels whose rates differ: how many good ones are called hot, and how many planted found."""

import warnings

import numpy as np
from astropy import units as u

from ccdproc_darks import DARK_FLAGS, dark_rate, hot_pixel_mask, master_bias, read_noise_map
from ccdproc_darks.simulation import HotPixels

from .noise_cells import NoiseCell

__all__ = ["hot_cells", "hot_pixels"]

_SHAPE, _TWO = (1000, 1000), (60.0, 600.0)
# A planted pixel that stands out by as many standard deviations is to be found.
_CLEAR = 5.0


def hot_cells(quick=False):
    """Non-uniformities of 5 to 50 %, on sensors of one read noise and of many; one exposure time and two."""
    quiet = {"spread": 0.0, "telegraph": 0.0}
    if quick:
        return [NoiseCell(rate=0.02, dsnu=0.3, biases=20, **quiet)]
    return [
        NoiseCell(
            rate=rate,
            dsnu=dsnu,
            seconds=seconds,
            biases=20,
            sensors=10 if seconds == _TWO and noise == quiet else 2,
            **noise,
        )
        for dsnu in (0.3, 0.5)
        for rate in (0.005, 0.05)
        for seconds in ((600.0,), _TWO)
        for noise in (quiet, {})
    ]


def hot_pixels(cell, sensors=None, shape=_SHAPE, seed=10):
    """
    Pixels called hot for one good pixel asked for in each sensor.

    Planted are one in a thousand pixels of 5 to 1000 times the mean rate.

    Returns
    -------
    dict
        "false": hot pixels that were not planted, in all sensors together; "threshold": over the mean rate; "planted";
        "clear": planted ones whose true rate is above the threshold by 5 standard deviations; "found" of those.
    """
    rate = u.electron / u.s
    planted = HotPixels(fraction=1e-3, above=5 * cell.rate * rate, maximum=1000 * cell.rate * rate)
    sensors = sensors or cell.sensors
    row = dict.fromkeys(("false", "planted", "clear", "found"), 0)
    thresholds = []
    for number in range(sensors):
        sensor = cell.sensor(1000 * seed + number, shape, [planted])
        biases, sets = cell.frames_of(sensor, seed=[seed, number])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            noise = read_noise_map(biases) if cell.spread > 0 else sensor.read_noise
            rates = [dark_rate(darks, bias=master_bias(biases, clip=None), read_noise=noise) for darks in sets]
            mask = hot_pixel_mask(*rates)
        hot = (mask.data & DARK_FLAGS.HOT) > 0
        true = (sensor.true_flags().data & DARK_FLAGS.HOT) > 0
        thresholds.append(mask.meta["DKTHRESH"])
        deviation = rates[-1].uncertainty.array
        clear = true & (sensor.true_rate().data > thresholds[-1] + _CLEAR * deviation)
        for name, pixels in (("false", hot & ~true), ("planted", true), ("clear", clear), ("found", clear & hot)):
            row[name] += int(np.count_nonzero(pixels))
    return {
        "rate": cell.rate,
        "dsnu": cell.dsnu,
        "sensors": sensors,
        "threshold": float(np.mean(thresholds)) / cell.rate,
        **row,
    }
