# Licensed under a 3-clause BSD style license - see LICENSE
"""Darks of an exposure time that was left out: their errors over what they are said to be, pixel by pixel."""

import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, Sensor, compare_dark_rates, dark_rate, master_bias, master_dark
from ccdproc_darks.simulation import DepletionEdgePixels, HotPixels, LowFullWellPixels, OffsetPixels

__all__ = ["dark_cells", "master_darks"]

_RATE = u.electron / u.s
_SHAPE = (600, 600)
# Deviate from which on a pixel of a real sensor is one that is not proportional.
_DEPARTS = 4.0
_OFF = 5.0
# Frames of real cameras by exposure time, as file names in the folders of the data.
_STL = {
    10: "dark_series_0c_10s", 30: "dark_10series_0c_0m30s", 60: "dark_series_0c_1m.", 90: "dark_series_0c_1m30s",
    120: "dark_series_0c_2m.", 150: "dark_series_0c_2m30s", 180: "dark_series_0c_3m.", 210: "dark_series_0c_3m30s",
    240: "dark_series_0c_4m.", 270: "dark_series_0c_4m30s", 300: "dark_series_0c_5m.",
}  # fmt: skip
_ST402 = {seconds: f"*-{seconds}." for seconds in (240, 360, 1200)}


@dataclass(frozen=True)
class DarkCell:
    """A sensor, the exposure times (s) of its darks, the one that is left out, and how many darks there are of each."""

    sensor: str
    seconds: tuple
    held: float
    frames: int = 5


def dark_cells(quick=False):
    """Simulated sensors; two real cameras where their frames are at hand (CCDPROC_DARKS_DATA names the folder)."""
    five, three, eleven = (30.0, 60.0, 120.0, 300.0, 600.0), (60.0, 200.0, 600.0), tuple(map(float, _STL))
    cells = [DarkCell("simulated", five, held) for held in five]
    cells += [DarkCell("simulated", three, 200.0), DarkCell("simulated", eleven, 150.0, 1)]
    if quick:
        return cells[2:3]
    if "CCDPROC_DARKS_DATA" in os.environ:
        cells += [DarkCell("STL-1001", eleven, held) for held in eleven]
        cells += [DarkCell("ST-402", tuple(map(float, _ST402)), held) for held in map(float, _ST402)]
    return cells


def master_darks(cell, shape=_SHAPE, seed=18):
    """Rows of a table, one for each kind of pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds, rates, held = _measured(cell, shape, seed)
        dark = master_dark(*rates, exposure=cell.held * u.s, unit="electron")
        longest = max(rates, key=lambda rate: rate.meta["DKEXPMAX"])
        if kinds is None:
            departs = np.abs(compare_dark_rates(*rates, statistic="significance").data) > _DEPARTS
            kinds = {"proportional": ~departs, "not proportional": departs}
    counts = held.data.astype(float) * cell.held
    # What dark_rate does for the held-out frames, with the noise of the dark predicted for them.
    meta, factor = held.meta, cell.held / longest.meta["DKEXPMAX"]
    own = (np.maximum(dark.data, 0) + meta["DKRDNOI"] ** 2) / meta["NCOMBINE"] + meta["DKBIASER"] ** 2
    ours, predicted = counts - dark.data, dark.uncertainty.array.astype(float) ** 2
    scaled = longest.data.astype(float) * longest.meta["DKEXPMAX"] * factor
    theirs, scaled_variance = counts - scaled, (longest.uncertainty.array * cell.held) ** 2
    good = ~(held.mask | longest.mask)
    first = next(iter(kinds.values()))
    ours, theirs = (part - np.median(part[good & first]) for part in (ours, theirs))
    deviates, scaled_deviates = ours / np.sqrt(own + predicted), theirs / np.sqrt(own + scaled_variance)
    rows = []
    for kind, pixels in kinds.items():
        known = good & pixels & ~dark.mask
        found = deviates[known]
        low, high = np.percentile(found, [15.865, 84.135]) if found.size > 3 else (np.nan, np.nan)
        rows.append(
            {
                "sensor": cell.sensor, "exposures": len(cell.seconds) - 1, "held": cell.held, "pixels": kind,
                "number": int(np.count_nonzero(good & pixels)),
                "masked": int(np.count_nonzero(good & pixels & dark.mask)),
                "width": float(high - low) / 2, "deviation": _deviation(found),
                "in 68 %": float(np.mean(np.abs(found) < 1)) if found.size else np.nan,
                "in 95 %": float(np.mean(np.abs(found) < 1.959964)) if found.size else np.nan,
                "off": int(np.count_nonzero(np.abs(found) > _OFF)),
                "off, scaled": int(np.count_nonzero(np.abs(scaled_deviates[good & pixels]) > _OFF)),
            }
        )  # fmt: skip
    return rows


def _deviation(deviates):
    """Standard deviation without what is off, such as a cosmic ray in the held-out frame."""
    inside = deviates[np.abs(deviates) < _OFF]
    return float(np.sqrt(np.mean(np.square(inside)))) if inside.size else np.nan


def _measured(cell, shape, seed):
    """Pixels of each kind where it is known, rates of all exposure times but one, and the rate of that one.

    Its bias is another one, as that of a science frame is.
    """
    if cell.sensor != "simulated":
        rates = _real(cell.sensor)
        return None, [rates[seconds][0] for seconds in cell.seconds if seconds != cell.held], rates[cell.held][1]
    sensor = Sensor(
        shape=shape, seed=seed, rate=0.1 * _RATE, dsnu=0.02 * _RATE, read_noise=6 * u.electron,
        gain=1.5 * u.electron / u.adu, bias=500 * u.adu,
        defects=(
            HotPixels(fraction=0.05, above=1 * _RATE, maximum=200 * _RATE),
            DepletionEdgePixels(charge=(300, 30000) * u.electron, share=(0.2, 0.8), fraction=0.15, above=1 * _RATE),
            OffsetPixels(offset=(10, 1000) * u.electron, fraction=0.15, above=0.5 * _RATE),
            LowFullWellPixels(full_well=(300, 30000) * u.electron, fraction=0.2, above=1 * _RATE),
        ),
    )  # fmt: skip
    plan = [(20, 0 * u.s), *((cell.frames, seconds * u.s) for seconds in cell.seconds)]
    frames = list(DarkSequence(sensor, plan, rng=[seed, int(cell.held), len(cell.seconds)]))
    biases, frames = [master_bias(frames[start:20:2]) for start in (0, 1)], frames[20:]
    sets = {seconds: frames[n * cell.frames : (n + 1) * cell.frames] for n, seconds in enumerate(cell.seconds)}
    noise = sensor.read_noise * 1.0

    def rate(seconds, bias):
        return dark_rate(sets[seconds], bias=bias, read_noise=np.hypot(6, 1.5 / np.sqrt(12)) * noise.unit)

    kinds = {name: np.zeros(shape, bool) for name in ("bent", "offset", "clipping")}
    for name, kind in {"bent": "edge", "offset": "offset", "clipping": "well"}.items():
        kinds[name].flat[sensor.pixels.of(kind, "index")[0]] = True
    kinds = {"proportional": ~np.any(list(kinds.values()), axis=0)} | kinds
    rates = [rate(seconds, biases[0]) for seconds in cell.seconds if seconds != cell.held]
    return kinds, rates, rate(cell.held, biases[1])


@lru_cache(maxsize=1)
def _real(camera):
    """Rates of a real camera by exposure time, each with two biases."""
    folder = Path(os.environ["CCDPROC_DARKS_DATA"])
    if camera == "ST-402":
        # No bias frames: a level near that of the camera's.
        rates = {
            float(seconds): dark_rate(
                sorted((folder / "st402_2017_m15C").glob(f"{name}*")), bias=1000 * u.adu, read_noise=17 * u.electron
            )
            for seconds, name in _ST402.items()
        }
        return {seconds: (rate, rate) for seconds, rate in rates.items()}
    folder /= "stl1001_2019_0C"
    # The first bias frame sits 4 adu high.
    biases = sorted(folder.glob("bias_series_0c*"))[1:]
    masters = [master_bias(biases[start::2]) for start in (0, 1)]
    return {
        float(seconds): tuple(
            dark_rate(
                sorted(folder.glob(f"{name}*")), bias=bias, read_noise=14.5 * u.electron, saturation=60000 * u.adu
            )
            for bias in masters
        )
        for seconds, name in _STL.items()
    }
