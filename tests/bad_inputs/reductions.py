"""Darks for frames to be reduced, from rates that do not belong together, or with wrong arguments."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import hot_pixel_mask

from .given import GAIN, SHAPE, E, S, rate, rates
from .wanted import Error, Row

__all__ = ["GROUPS"]


def predicted(name, tried, wanted, given=rates, **options):
    """Row for options of master_dark."""
    return Row(name, tried, "master_dark", lambda t: t(*given(), **{"exposure": 100 * S} | options), wanted)


MASTER_DARKS = [
    predicted("master-dark-exposure-bare", "an exposure without a unit", Error("TypeError", "exposure", "100"),
              exposure=100),
    predicted("master-dark-exposure-unit", "an exposure in electron", Error("UnitsError", "exposure", "electron"),
              exposure=100 * E),
    predicted("master-dark-exposure-zero", "an exposure of zero", Error("ValueError", "exposure", "0.0"),
              exposure=0 * S),
    predicted("master-dark-unit", "DN as unit", Error("ValueError", "unit", "'adu'", "'electron'"), unit="DN"),
    predicted("master-dark-gain", "a gain below zero", Error("ValueError", "gain", "-1"), gain=-1 * GAIN),
    predicted("master-dark-no-gain", "no gain, for a dark in adu", Error("ValueError", "gain", "DKGAIN"),
              lambda: [rate(DKGAIN=None)]),
    predicted("master-dark-two-gains", "rates of two gains, for a dark in adu",
              Error("ValueError", "gains", "DKGAIN", "2", "3"), lambda: rates(DKGAIN=3.0)),
    predicted("master-dark-two-temperatures", "rates of two temperatures, and no temperature",
              Error("ValueError", "temperatures", "DKTEMP", "temperature="), lambda: rates(DKTEMP=5.0)),
    predicted("master-dark-another-temperature", "another temperature than that of all rates",
              Error("ValueError", "temperature", "DKTEMP", "-20.0"), temperature=-10 * u.deg_C),
    predicted("master-dark-temperature-unit", "a temperature in s", Error("UnitsError", "temperature", "5"),
              temperature=5 * S),
    predicted("master-dark-tolerance", "a tolerance below zero", Error("ValueError", "tolerance", "-0.1"),
              tolerance=-0.1),
    predicted("master-dark-mask-shape", "a mask of another shape", Error("ValueError", "mask", "(3, 4)"),
              mask=np.zeros((3, 4), bool)),
    predicted("master-dark-mask-float", "a dark as mask", Error("UnitsError", "mask", "adu"),
              mask=CCDData(np.zeros(SHAPE), unit="adu")),
    predicted("master-dark-mask-counts", "a mask of whole numbers, which may be counts",
              Error("TypeError", "mask", "int64", "bool"), mask=np.zeros(SHAPE, "int64")),
    Row("master-dark-mask-rate", "a rate as mask", "master_dark", lambda t: t(*rates(), exposure=100 * S, mask=rate()),
        Error("ValueError", "mask", "dark rate", "electron / s")),
    predicted("master-dark-of-mask", "a mask in the place of a rate",
              Error("ValueError", "rates[0]", "a mask", "mask="), lambda: [hot_pixel_mask(rate()), *rates()]),
    predicted("master-dark-offset", "a free offset of each pixel, and two exposure times",
              Error("ValueError", "offset='pixel'", "three"), offset="pixel"),
    predicted("master-dark-of-frames", "no rate, but a dark", Error("UnitsError", "rates[0]", "adu"),
              lambda: [CCDData(np.zeros(SHAPE), unit="adu", meta=rate().meta)]),
    predicted("master-dark-of-two-equal", "two rates of the same exposure time",
              Error("ValueError", "different exposure times", "50"), lambda: rates(50, 50)),
    predicted("master-dark-of-nothing", "no rate at all", Error("ValueError", "at least one rate"), list),
]  # fmt: skip

GROUPS = {"Darks for other frames": MASTER_DARKS}
