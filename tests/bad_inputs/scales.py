"""Science frames and darks whose dark currents cannot be compared."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.temperature import DoublingDarkCurrent

from .given import ADU, GAIN, PER_SECOND, E, S
from .wanted import Error, Right, Row

__all__ = ["GROUPS"]

SHAPE = (60, 70)
MODEL = DoublingDarkCurrent()


def pixels(hot=60):
    """Dark signal (adu) of a sensor."""
    signal = np.full(SHAPE, 5.0)
    signal.ravel()[np.random.default_rng(1).choice(signal.size, hot, replace=False)] = 500.0
    return signal


def science(factor=1.0, hot=60, unit="adu", **keys):
    noise = np.random.default_rng(2).normal(0, 6, SHAPE)
    meta = {"EXPTIME": 100.0, "EGAIN": 2.0, "INSTRUME": "camera A", **keys}
    meta = {key: value for key, value in meta.items() if value is not None}
    return CCDData(100 + factor * pixels(hot) + noise, unit=unit, meta=meta)


def dark(hot=60, unit="adu", **keys):
    values = pixels(hot) + np.random.default_rng(3).normal(0, 1, SHAPE)
    meta = {"EXPTIME": 100.0, "EGAIN": 2.0, "INSTRUME": "camera A", **keys}
    return CCDData(values, unit=unit, meta={key: value for key, value in meta.items() if value is not None})


def scale(name, tried, wanted, *arguments, **options):
    """Row for a call with a wrong frame or a wrong argument."""
    frames = arguments or (science, dark)
    return Row(f"scale-{name}", tried, "dark_scale",
               lambda t: t(*(each() if callable(each) else each for each in frames), **options), wanted)  # fmt: skip


FRAMES = [
    scale("science-array", "an array in place of the science frame", Error("TypeError", "science", "CCDData"),
          np.zeros(SHAPE), dark),
    scale("dark-path", "a path in place of the dark", Error("TypeError", "dark", "str"), science, "dark.fits"),
    scale("shapes", "frames of two shapes", Error("ValueError", "dark", "(5, 6)"), science,
          lambda: CCDData(np.ones((5, 6)), unit="adu")),
    scale("cube", "a cube", Error("ValueError", "science", "(2, 5, 6)"),
          lambda: CCDData(np.ones((2, 5, 6)), unit="adu"), lambda: CCDData(np.ones((2, 5, 6)), unit="adu")),
    scale("units", "a dark in electron for a science frame in adu", Error("UnitsError", "dark", "electron", "adu"),
          science, lambda: dark(unit="electron")),
    scale("science-unit", "a science frame in s", Error("UnitsError", "science", "expected adu or electron"),
          lambda: science(unit="s"), dark),
    scale("subtracted", "a science frame whose dark is subtracted, by its header",
          Error("ValueError", "science", "CALSTAT", "check_headers=False"), lambda: science(CALSTAT="BD"), dark),
    scale("no-dark-left", "a science frame whose dark is subtracted, and no header that tells",
          Error("ValueError", "do not stand out"), lambda: science(0.0), dark),
    scale("camera", "frames of two cameras", Error("ValueError", "INSTRUME", "camera B"),
          lambda: science(INSTRUME="camera B"), dark),
    scale("no-hot", "a sensor without hot pixels", Error("ValueError", "stand out", "10 are needed"),
          lambda: science(hot=0), lambda: dark(hot=0)),
    scale("all-nan", "a science frame of NaN", Error("ValueError", "0 of the 60 hot pixels"),
          lambda: CCDData(np.full(SHAPE, np.nan), unit="adu", meta={"EXPTIME": 100.0, "EGAIN": 2.0}), dark),
    scale("hot-masked", "a dark whose mask contains all hot pixels", Error("ValueError", "mask="), science,
          lambda: CCDData(dark(), mask=pixels() > 100)),
    scale("no-gain", "no EGAIN in any header, of frames in adu", Error("ValueError", "gain", "EGAIN"),
          lambda: science(EGAIN=None), lambda: dark(EGAIN=None)),
    scale("no-exptime", "a rate, and no EXPTIME in the science frame's header", Error("ValueError", "exposure"),
          lambda: science(EXPTIME=None), lambda: dark(unit=PER_SECOND)),
]  # fmt: skip
ARGUMENTS = [
    scale("gain-bare", "``gain=2``", Error("TypeError", "gain", "2"), gain=2),
    scale("gain-negative", "a gain below zero", Error("ValueError", "gain", "-2"), gain=-2 * GAIN),
    scale("exposure-zero", "an exposure of zero", Error("ValueError", "exposure", "0"), exposure=0 * S),
    scale("exposure-unit", "an exposure in electron", Error("UnitsError", "exposure", "electron"), exposure=2 * E),
    scale("saturation-low", "a saturation level below the sky", Error("ValueError", "0 of the 60 hot pixels"),
          saturation=1 * ADU),
    scale("mask-shape", "a mask of another shape", Error("ValueError", "mask", "(5, 6)"), mask=np.ones((5, 6), bool)),
    scale("mask-floats", "a mask of numbers with a point", Error("TypeError", "mask", "float64"), mask=np.ones(SHAPE)),
    scale("mask-hot", "a mask by hot_pixel_mask in which all hot pixels are HOT and DO_NOT_USE",
          Right("They are used.", lambda found: found.pixels == 60),
          mask=CCDData(np.where(pixels() > 100, DARK_FLAGS.HOT | DARK_FLAGS.DO_NOT_USE, 0).astype(np.uint32), unit="",
                       meta={"NMASKED": 60})),
    scale("mask-counts", "a mask of whole numbers, which may be counts", Error("TypeError", "mask", "int64", "bool"),
          mask=np.zeros(SHAPE, "int64")),
    scale("model-number", "``model=6``", Error("TypeError", "model", "int"), model=6),
    scale("no-model", "a temperature without a model", Error("TypeError", "model"), temperature=-10 * u.deg_C),
    scale("no-temperature", "a model, and no temperature of the dark", Error("ValueError", "temperature", "CCD-TEMP"),
          model=MODEL),
    scale("temperature-bare", "``temperature=-10``", Error("TypeError", "temperature", "-10"), model=MODEL,
          temperature=-10),
    scale("temperature-low", "a temperature below absolute zero", Error("ValueError", "temperature", "-300"),
          model=MODEL, temperature=-300 * u.deg_C),
    scale("check-headers", "``check_headers='no'``", Error("TypeError", "check_headers", "no"), check_headers="no"),
]  # fmt: skip
GROUPS = {"Dark current of a science frame": FRAMES + ARGUMENTS}
