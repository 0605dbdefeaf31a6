"""What cannot be drawn as a map, and maps of which nothing can be seen."""

import numpy as np
from astropy.nddata import CCDData
from matplotlib.figure import Figure

from ccdproc_darks import hot_pixel_mask

from .given import SHAPE, frame, master, rate, rates, scatter
from .wanted import Error, Right, Row

__all__ = ["GROUPS"]

PER_SECOND = "electron / s"


def axes():
    return Figure().subplots()


def mask():
    return hot_pixel_mask(*rates())


def rate_map(name, tried, wanted, given=rate, **options):
    """Row for what is given to plot_rate_map."""
    return Row(f"rate-map-{name}", tried, "plotting.plot_rate_map", lambda t: t(given(), ax=axes(), **options), wanted)


def mask_map(name, tried, wanted, given=mask, **options):
    """Row for what is given to plot_mask."""
    return Row(f"mask-map-{name}", tried, "plotting.plot_mask", lambda t: t(given(), ax=axes(), **options), wanted)


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().texts]


RATES = [
    rate_map("path", "a path in place of a rate", Error("TypeError", "rate", "str"), lambda: "rate.fits"),
    rate_map("array", "an array", Error("TypeError", "rate", "ndarray"), lambda: rate().data),
    rate_map("frame", "a frame in adu", Error("UnitsError", "rate", PER_SECOND, "adu"), lambda: frame(100)),
    rate_map("bias", "a master bias", Error("UnitsError", "rate", PER_SECOND, "adu"), master),
    rate_map("mask", "a mask", Error("ValueError", "rate", "a mask", "dark_rate"), mask),
    rate_map("scatter", "a result of dark_scatter", Error("ValueError", "rate", "dark_scatter"), scatter),
    rate_map("cube", "a cube", Error("ValueError", "rate", "(2, 20, 24)"),
             lambda: CCDData(np.ones((2, *SHAPE)), unit=PER_SECOND)),
    rate_map("worst-many", "``worst=7``", Error("ValueError", "worst", "0 to 6", "7"), worst=7),
    rate_map("worst-half", "``worst=1.5``", Error("ValueError", "worst", "whole", "1.5"), worst=1.5),
    rate_map("worst-text", "``worst='all'``", Error("TypeError", "worst", "all"), worst="all"),
    rate_map("profiles", "``profiles='yes'``", Error("TypeError", "profiles", "yes"), profiles="yes"),
    rate_map("nan", "NaN in all pixels", Right("All of the map is hatched; the legend has the number of masked pixels.",
             lambda ax: legend_of(ax)[-1] == "masked: 480 pixels"), lambda: rate().multiply(np.nan)),
]  # fmt: skip
MASKS = [
    mask_map("path", "a path in place of a mask", Error("TypeError", "mask", "str"), lambda: "mask.fits"),
    mask_map("frame", "a frame", Error("UnitsError", "mask", "adu"), lambda: frame(100)),
    mask_map("rate", "a rate", Error("ValueError", "mask", "a dark rate"), rate),
    mask_map("numbers", "an array of whole numbers", Error("TypeError", "mask", "int64", "bool"),
             lambda: np.ones(SHAPE, np.int64)),
    mask_map("cube", "a cube", Error("ValueError", "mask", "(2, 20, 24)"), lambda: np.ones((2, *SHAPE), bool)),
    mask_map("empty", "an image without pixels", Error("ValueError", "mask", "(0, 5)"), lambda: np.ones((0, 5), bool)),
    mask_map("flag-unknown", "``flags='COLD'``", Error("ValueError", "flags", "COLD", "HOT"), flags="COLD"),
    mask_map("flag-none", "no flag: ``flags=[]``", Error("ValueError", "flags", "none"), flags=[]),
    mask_map("flag-bits", "bits in place of names", Error("TypeError", "flags", "2048"), flags=2048),
    mask_map("flag-bool", "flags of an array of bool", Error("ValueError", "flags", "bool"),
             lambda: np.ones(SHAPE, bool), flags="HOT"),
    mask_map("profiles", "``profiles=1``", Error("TypeError", "profiles", "1"), profiles=1),
    mask_map("good", "a mask without a flagged pixel", Right('The map says "no pixel is flagged".',
             lambda ax: ax.texts[0].get_text() == "no pixel is flagged"), lambda: np.zeros(SHAPE, bool)),
]  # fmt: skip

GROUPS = {"Maps of rates": RATES, "Maps of masks": MASKS}
