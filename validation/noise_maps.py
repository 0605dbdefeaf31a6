# Licensed under a 3-clause BSD style license - see LICENSE
"""False positives where pixels have read noise of their own: with a read noise map, and as is done elsewhere."""

import warnings

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from scipy.special import ndtri

from ccdproc_darks import (
    DARK_FLAGS,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    read_noise_map,
)
from ccdproc_darks.simulation.camera_header import digitised_read_noise

from .cells import PROBABILITIES

__all__ = ["METHODS", "deviates", "false_positives", "read_noises"]

METHODS = ("map", "one", "exact")
_SHAPE = (1000, 1000)


def read_noises(sensor, biases):
    """
    What each method takes for the read noise.

    Returns
    -------
    dict
        "map": the read noise map of the bias frames. "one": the sensor's read noise without telegraph read noise, as a
        camera's header or manual tells it. "exact": the standard deviation of the bias frames in each pixel, taken for
        the pixel's true read noise (no uncertainty), as where a noise map is propagated (LCO's cmos-noise-map).
    """
    own = read_noise_map(biases)
    gain = sensor.gain.value
    return {
        "map": own,
        "one": digitised_read_noise(sensor.read_noise.value, gain) * u.electron,
        "exact": CCDData(np.std([frame.data for frame in biases], axis=0, ddof=1) * gain, unit=u.electron),
    }


def deviates(sets, master, noise):
    """
    What the package finds with a read noise: rates, the significance of their departures, and that of the scatter.

    Returns
    -------
    rates : list of `~astropy.nddata.CCDData`
    departure : `numpy.ndarray`
    scatter : list of `~astropy.nddata.CCDData`
        Of each exposure time.
    """
    with warnings.catch_warnings():
        # That one read noise will not do is what is measured here.
        warnings.simplefilter("ignore")
        rates = [dark_rate(darks, bias=master, read_noise=noise) for darks in sets]
        departure = compare_dark_rates(*rates, statistic="significance").data
        scatter = [dark_scatter(darks, bias=master, read_noise=noise) for darks in sets]
    return rates, departure, scatter


def false_positives(cell, sensors=None, shape=_SHAPE, seed=7):
    """
    Actual over nominal false positives, and pixels flagged where one good pixel is asked for in each sensor.

    Returns
    -------
    dict
        Of each method, by name and underscore: "upper", "lower" and "scatter" with each probability (ratios), "error"
        with it (of a ratio of 1, by chance), "nonlinear", "telegraph" and "noisy" (pixels flagged, mean of the
        sensors), "width" (of the errors of the rates at the longest exposure over their uncertainties).
    """
    tally, sensors = {}, sensors or cell.sensors
    for number in range(sensors):
        sensor = cell.sensor(1000 * seed + number, shape)
        biases, sets = cell.frames_of(sensor, seed=[seed, number])
        # Without rejection, which takes telegraph read noise for cosmic rays.
        master = master_bias(biases, clip=None)
        for name, noise in read_noises(sensor, biases).items():
            # One sensor shows what the other ways do.
            if name == METHODS[0] or number == 0:
                for key, value in _found(cell, sets, master, noise).items():
                    tally.setdefault(f"{name}_{key}", []).append(value)
    pixels = shape[0] * shape[1]
    row = {"sensors": sensors, "pixels": sensors * pixels}
    for key, values in tally.items():
        *what, last = key.split("_")
        row[key] = np.mean(values)
        if what[-1] in ("upper", "lower", "scatter"):
            row[key] /= pixels * float(last) * (len(cell.seconds) if what[-1] == "scatter" else 1)
    return row


def _found(cell, sets, master, noise):
    rates, departure, scatter = deviates(sets, master, noise)
    found = {}
    for probability in PROBABILITIES:
        limit = -ndtri(probability)
        found[f"upper_{probability:.0e}"] = np.count_nonzero(departure > limit)
        found[f"lower_{probability:.0e}"] = np.count_nonzero(departure < -limit)
        found[f"scatter_{probability:.0e}"] = sum(np.count_nonzero(one.data > limit) for one in scatter)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flags = hot_pixel_mask(*rates, scatter=scatter).data
    for name, flag in (
        ("nonlinear", DARK_FLAGS.NONLINEAR),
        ("telegraph", DARK_FLAGS.TELEGRAPH),
        ("noisy", DARK_FLAGS.UNRELIABLE_ERROR),
    ):
        found[name] = np.count_nonzero(flags & flag)
    errors = (rates[-1].data - cell.rate) / rates[-1].uncertainty.array
    found["width"] = float(np.nanstd(errors))
    return found
