"""Kinds of pixels that are not proportional."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .given import SHAPE, E, rates, scatter
from .wanted import Error, Row

__all__ = ["GROUPS"]

TIMES = (20, 50, 500)


def kind(name, tried, wanted, times=TIMES, **options):
    """Row for options of nonlinear_kind."""
    return Row(f"kind-{name}", tried, "nonlinear_kind", lambda t: t(*rates(*times), **options), wanted)


def flags(kind="uint32", unit="", shape=SHAPE):
    """An image of flags, as a mask is."""
    return CCDData(np.zeros(shape, dtype=kind), unit=unit, meta={"NMASKED": 0})


KINDS = [
    kind("two-rates", "rates of two exposure times", Error("ValueError", "three exposure times", "2"), times=(50, 500)),
    Row("kind-list", "the rates in a list", "nonlinear_kind", lambda t: t(rates(*TIMES)),
        Error("TypeError", "rates[0]", "*rates")),
    kind("mask-array", "an array of bool in place of the mask", Error("TypeError", "mask", "hot_pixel_mask", "ndarray"),
         mask=np.zeros(SHAPE, dtype=bool)),
    kind("mask-unit", "a mask in electron", Error("UnitsError", "mask", "electron"), mask=flags(unit=u.electron)),
    kind("mask-float", "a mask of float64", Error("ValueError", "mask", "hot_pixel_mask", "float64"),
         mask=flags("float64")),
    kind("mask-bytes", "a mask of uint8, which has no room for the flags", Error("ValueError", "mask", "uint8"),
         mask=flags("uint8")),
    kind("mask-counts", "an image of counts, as of nights", Error("ValueError", "mask", "uint32", "NMASKED"),
         mask=CCDData(np.zeros(SHAPE, "uint32"), unit="")),
    kind("mask-shape", "a mask of another shape", Error("ValueError", "mask", "(20, 24)", "(24, 20)"),
         mask=flags(shape=SHAPE[::-1])),
    Row("kind-mask-and-scatter", "both a mask and a scatter image", "nonlinear_kind",
        lambda t: t(*rates(*TIMES), mask=flags(), scatter=scatter()), Error("ValueError", "scatter", "mask")),
    kind("scatter-text", "a scatter that is a text", Error("TypeError", "scatter", "str"), scatter="scatter.fits"),
    kind("offset-pixel", "offset='pixel'", Error("ValueError", "offset", "pixel"), offset="pixel"),
    kind("read-noise", "a read noise that is one number", Error("TypeError", "read_noise", "Quantity"),
         read_noise=5 * E),
]  # fmt: skip

GROUPS = {"Kinds of pixels": KINDS}
