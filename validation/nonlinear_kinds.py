# Licensed under a 3-clause BSD style license - see LICENSE
"""Kinds of pixels that are not proportional: how often the kind told is the one planted."""

import warnings

import numpy as np
from astropy import units as u

from ccdproc_darks import (
    DARK_FLAGS,
    NONLINEAR_KINDS,
    DarkSequence,
    Sensor,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    nonlinear_kind,
)
from ccdproc_darks.simulation import (
    CosmicRays,
    DepletionEdgePixels,
    HotPixels,
    LowFullWellPixels,
    OffsetPixels,
    TelegraphPixels,
)

__all__ = ["kind_cells", "nonlinear_kinds"]

_SHAPE = (600, 600)
_RATE = u.electron / u.s
# Exposure times (s) and number of frames of each, whether equal frames tell what switches, and the read noise.
_PLANS = {
    "three, 5 frames each": [(5, 30), (5, 120), (5, 480)],
    "three, 1 frame each": [(1, 30), (1, 120), (1, 480)],
    "five, 1 frame each": [(1, 10), (1, 30), (1, 60), (1, 120), (1, 300)],
    "five, 5 frames each": [(5, 10), (5, 30), (5, 90), (5, 270), (5, 600)],
    "eleven, 10 of 30 s": [(1, 10), (10, 30), *((1, seconds) for seconds in range(60, 301, 30))],
}
# Kind of each defect that is planted, by its name in the truth of a sensor; a cosmic ray is planted nowhere.
_PLANTED = {"edge": "BENDS", "offset": "OFFSET", "well": "CLIPS", "telegraph": "SWITCHES"}
KINDS = [kind.name for kind in NONLINEAR_KINDS if kind]


def kind_cells(quick=False):
    """Plans of exposure times, and read noises (electron)."""
    if quick:
        return [("five, 5 frames each", 10.0)]
    return [(plan, noise) for noise in (3.0, 10.0) for plan in _PLANS]


def _sensor(noise, seed, shape):
    defects = [
        HotPixels(fraction=0.1, above=1 * _RATE, maximum=200 * _RATE, slope=0.7),
        DepletionEdgePixels(fraction=0.05, above=1 * _RATE, charge=(500, 30000) * u.electron, share=(0.1, 1.0)),
        OffsetPixels(fraction=0.003, offset=(20, 3000) * u.electron),
        LowFullWellPixels(fraction=0.05, above=1 * _RATE, full_well=(1000, 30000) * u.electron),
        TelegraphPixels(fraction=0.02, above=1 * _RATE, amplitude=(0.5, 20) * _RATE, dwell_low=(30, 3000) * u.s,
                        dwell_high=(30, 3000) * u.s),
    ]  # fmt: skip
    return Sensor(
        shape=shape, rate=0.5 * _RATE, gain=1.5 * u.electron / u.adu, read_noise=noise * u.electron,
        bias=1000 * u.adu, pixel_size=24 * u.um, cosmic_rays=CosmicRays(), seed=seed, defects=defects,
    )  # fmt: skip


def nonlinear_kinds(cell, sensors=2, shape=_SHAPE, seed=12):
    """Rows of a confusion table: NONLINEAR pixels of each planted kind by the kind that they are told to be."""
    plan, noise = cell
    table = {name: dict.fromkeys(KINDS, 0) for name in (*_PLANTED.values(), "HIGH_FRAME")}
    for number in range(sensors):
        sensor = _sensor(noise, 1000 * seed + number, shape)
        frames = iter(DarkSequence(sensor, [(many, seconds * u.s) for many, seconds in _PLANS[plan]], rng=number))
        sets = [[next(frames) for _ in range(many)] for many, _ in _PLANS[plan]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rates = [dark_rate(darks, bias=sensor.bias, read_noise=sensor.read_noise) for darks in sets]
            scatter = [
                dark_scatter(darks, bias=sensor.bias, read_noise=sensor.read_noise) for darks in sets if len(darks) > 3
            ]
            mask = hot_pixel_mask(*rates, scatter=scatter or None)
            kinds = nonlinear_kind(*rates, mask=mask)
        truth = np.full(sensor.shape, "HIGH_FRAME", dtype="U12")
        for name, kind in _PLANTED.items():
            truth.flat[sensor.pixels.of(name, "index")[0]] = kind
        nonlinear = (mask.data & DARK_FLAGS.NONLINEAR) > 0
        for name, row in table.items():
            found = np.bincount(kinds.data[nonlinear & (truth == name)], minlength=len(NONLINEAR_KINDS))
            for kind in KINDS:
                row[kind] += int(found[NONLINEAR_KINDS[kind]])
    cards = {"plan": plan, "read_noise": noise, "sensors": sensors}
    return [{**cards, "planted": name, **row} for name, row in table.items()]
