"""Pictures of rates, masks and frames."""

import numpy as np
from astropy import units as u
from matplotlib.figure import Figure

from .given import PER_SECOND, SHAPE, frame, rate, rates
from .kinds import flags
from .wanted import Error, Right, Row

__all__ = ["GROUPS"]


def axes():
    return Figure().subplots()


def histogram(name, tried, wanted, given=lambda: rates(50, 500), **options):
    """Row for rates and options of plot_rate_histogram."""
    return Row(f"histogram-{name}", tried, "plotting.plot_rate_histogram",
               lambda t: t(*given(), ax=axes(), **options), wanted)  # fmt: skip


def scatter(name, tried, wanted, given=lambda: rates(50, 500), **options):
    """Row for two rates and options of plot_rate_scatter."""
    return Row(f"rate-scatter-{name}", tried, "plotting.plot_rate_scatter",
               lambda t: t(*given(), ax=axes(), **options), wanted)  # fmt: skip


def curve(name, tried, wanted, given=lambda: rates(50, 500), **options):
    """Row for rates and options of plot_hot_curve."""
    return Row(f"hot-curve-{name}", tried, "plotting.plot_hot_curve",
               lambda t: t(*given(), ax=axes(), **options), wanted)  # fmt: skip


def legend(ax):
    """Texts of a legend, joined."""
    return "; ".join(text.get_text() for text in ax.get_legend().get_texts())


def without_pixels():
    """A rate all of whose pixels are masked."""
    masked = rate()
    masked.mask = np.ones(SHAPE, dtype=bool)
    masked.data[:] = np.nan
    return masked


def below_zero():
    """A rate without a pixel above zero."""
    low = rate()
    low.data[:] = -np.abs(low.data) - 1
    return low


NOTHING = "A picture without a pixel in it."
RATES = [
    histogram("none", "no rate", Error("ValueError", "at least one rate", "dark_rate"), lambda: []),
    histogram("list", "the rates in a list", Error("TypeError", "rates[0]", "*rates"), lambda: [rates(50, 500)]),
    histogram("path", "a path in place of a rate", Error("TypeError", "rates[0]", "str", "CCDData.read"),
              lambda: ["rate.fits"]),
    histogram("frame", "a dark frame in place of a rate", Error("ValueError", "rates[0]", "dark_rate", "DKEXPMIN"),
              lambda: [frame(100.0)]),
    histogram("mask-first", "a mask in place of a rate", Error("ValueError", "rates[0]", "mask"), lambda: [flags()]),
    histogram("mask-array", "an array of bool in place of the mask",
              Error("TypeError", "mask", "hot_pixel_mask", "ndarray"), mask=np.zeros(SHAPE, dtype=bool)),
    histogram("mask-rate", "a rate in place of the mask", Error("ValueError", "mask", "a dark rate"), mask=rate()),
    histogram("labels-text", "one text for two rates", Error("TypeError", "labels", "'night'"), labels="night"),
    histogram("labels-few", "one label for two rates", Error("ValueError", "labels", "2", "1"), labels=["night"]),
    histogram("masked", "a rate all of whose pixels are masked", Right(NOTHING, lambda ax: legend(ax)),
              lambda: [without_pixels()]),
    histogram("below-zero", "no pixel above zero", Right("The legend says that 100 % are at or below 0.",
              lambda ax: "(100 % at or below 0)" in legend(ax)), lambda: [below_zero()]),
    scatter("shapes", "rates of two shapes", Error("ValueError", "long", "short", "(20, 24)", "(24, 20)"),
            lambda: [rate(), rate(shape=SHAPE[::-1])]),
    scatter("mask-shape", "a mask of another shape", Error("ValueError", "mask", "(20, 24)", "(24, 20)"),
            mask=flags(shape=SHAPE[::-1])),
    scatter("limits-bare", "``limits=(0.5, 10)``", Error("TypeError", "limits", "electron / s", "0.5"),
            limits=(0.5, 10)),
    scatter("limits-unit", "limits in adu/s", Error("UnitsError", "limits", "electron / s", "adu"),
            limits=[0.5, 10] * u.adu / u.s),
    scatter("limits-one", "one limit", Error("TypeError", "limits", "two rates"), limits=0.5 * PER_SECOND),
    scatter("limits-three", "three limits", Error("ValueError", "limits", "two rates", "3"),
            limits=[0.5, 1, 10] * PER_SECOND),
    scatter("limits-turned", "the higher limit first", Error("ValueError", "limits", "lower one first", "10", "0.5"),
            limits=[10, 0.5] * PER_SECOND),
    scatter("limits-empty", "limits without a pixel between", Right(NOTHING,
            lambda ax: "0 pixels in the picture" in legend(ax)), limits=[100, 200] * PER_SECOND),
    scatter("tolerance", "``tolerance=-0.1``", Error("ValueError", "tolerance", "-0.1"), tolerance=-0.1),
    scatter("adu", "a rate in adu/s", Error("UnitsError", "long", "adu / s", "electron / s"),
            lambda: [rate(), in_adu()]),
    curve("none", "no rate", Error("ValueError", "at least one rate", "dark_rate"), lambda: []),
    curve("path", "a path in place of a rate", Error("TypeError", "rates[1]", "str", "CCDData.read"),
          lambda: [rate(), "rate.fits"]),
    curve("labels", "labels that are numbers", Error("TypeError", "labels", "1"), labels=[1, 2]),
    curve("masked", "a rate all of whose pixels are masked", Right(NOTHING, lambda ax: legend(ax)),
          lambda: [without_pixels()]),
]  # fmt: skip


def in_adu():
    """A rate whose gain is not known."""
    found = rate()
    found.unit = u.adu / u.s
    return found


GROUPS = {"Pictures": RATES}
