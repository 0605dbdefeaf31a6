"""Pictures of pixels, frames and temperatures, and the doubling temperature: of what does not belong together."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import hot_pixel_mask
from ccdproc_darks.temperature import ThermalDarkCurrent

from .given import ADU, SHAPE, E, S, darks, file, frame, rate, rates
from .wanted import Error, Row, Warned

__all__ = ["GROUPS"]

TEMPERATURES = (-20.0, -10.0)


def on_figure(function, *args, **options):
    """Call a plotting function with Axes that pyplot does not know."""
    from matplotlib.figure import Figure

    return function(*args, ax=Figure().subplots(), **options)


def at(*temperatures, **changes):
    """Rates of several temperatures (deg C), that double from each to the next; the first has its meta changed."""
    frames = ({"per_second": 0.5 * 2.0**number} for number in range(len(temperatures)))
    return [
        rate(100.0, frames=each, DKTEMP=celsius, **(changes if number == 0 else {}))
        for number, (celsius, each) in enumerate(zip(temperatures, frames, strict=True))
    ]


def masked():
    """Rates of two temperatures, all pixels of the first masked."""
    found = at(*TEMPERATURES)
    found[0].mask = np.ones(SHAPE, bool)
    return found


def bare():
    """Rates of two temperatures, the first without an uncertainty."""
    found = at(*TEMPERATURES)
    found[0].uncertainty = None
    return found


def below_zero():
    """Rates of two temperatures, the first below zero, as with a bias that is too high."""
    found = at(*TEMPERATURES)
    found[0].data -= 1.0
    return found


def rises(name, tried, given, wanted):
    """Row of the doubling temperature of rates."""
    return Row(f"doubling-{name}", tried, "doubling_temperature", lambda t: t(*given()), wanted)


DOUBLING = [
    rises("nothing", "no rate at all", list, Error("ValueError", "two temperatures", "none")),
    rises("one", "one rate", lambda: at(-20.0), Error("ValueError", "two temperatures", "DKTEMP", "-20.0")),
    rises("one-temperature", "rates of one temperature", lambda: at(-20.0, -19.5),
          Error("ValueError", "two temperatures", "-20.0", "-19.5")),
    rises("unknown", "rates that do not tell their temperatures", lambda: at(None, None),
          Error("ValueError", "two temperatures", "unknown", "CCD-TEMP")),
    rises("one-unknown", "a rate that does not tell its temperature, beside others that do",
          lambda: at(-20.0, None, 0.0), Error("ValueError", "rates[1]", "DKTEMP", "-20.0 to 0.0")),
    rises("below-zero", "a typical rate below zero", below_zero,
          Error("ValueError", "rates[0]", "-20.0 deg C", "above zero", "bias")),
    rises("falling", "dark current that falls with temperature", lambda: at(-10.0, -20.0),
          Error("ValueError", "does not rise", "-10.0 deg C", "-20.0 deg C")),
    rises("two-cameras", "rates of two cameras", lambda: at(*TEMPERATURES, INSTRUME="camera B"),
          Error("ValueError", "camera A", "camera B", "INSTRUME")),
    rises("shapes", "rates of two shapes",
          lambda: [*at(-20.0), rate(100.0, shape=(10, 12), DKTEMP=-10.0)],
          Error("ValueError", "rates[1]", "(10, 12)", "(20, 24)")),
    rises("masked", "a rate without a pixel that can be used", masked, Error("ValueError", "rates[0]", "no pixel")),
    rises("no-uncertainty", "a rate without an uncertainty", bare,
          Error("ValueError", "rates[0]", "uncertainty", "read_noise")),
    rises("list", "the rates in a list", lambda: [at(*TEMPERATURES)], Error("TypeError", "rates[0]", "list", "*rates")),
    rises("frame", "a frame in the place of a rate", lambda: [frame(100.0), *at(-20.0)],
          Error("ValueError", "rates[0]", "not a result of dark_rate")),
]  # fmt: skip


def counts(name, tried, wanted, pixels=((3, 4),), given=rates, **options):
    """Row of the counts of pixels."""
    return Row(f"plot-counts-{name}", tried, "plotting.plot_pixel_counts",
               lambda t: on_figure(t, pixels, *given(), **options), wanted)  # fmt: skip


COUNTS = [
    counts("outside", "a pixel beside the image", Error("ValueError", "(24, 4)", "outside", "23"), [(24, 4)]),
    counts("negative", "a pixel counted from the end", Error("ValueError", "(-1, 4)", "outside"), [(-1, 4)]),
    counts("half", "half a pixel", Error("TypeError", "whole numbers", "(3.5, 4)"), [(3.5, 4)]),
    counts("three", "a pixel of three numbers", Error("TypeError", "pixels", "pairs (x, y)"), [(3, 4, 5)]),
    counts("empty", "no pixel", Error("ValueError", "pixels", "empty"), []),
    counts("all", "all pixels", Error("ValueError", "pixels", "10 or fewer", "480"), list(np.ndindex(SHAPE[::-1]))),
    counts("mask-for-pixels", "an image of bool as pixels", Error("TypeError", "pixels", "pairs (x, y)"),
           np.ones(SHAPE, bool)),
    counts("rates-first", "a rate in the place of the pixels", Error("TypeError", "pixels", "pairs (x, y)"), rate()),
    counts("no-rate", "no rate", Error("ValueError", "at least one rate"), given=list),
    counts("shapes", "rates of two shapes", Error("ValueError", "rates[1]", "(10, 12)"),
           given=lambda: [rate(100.0), rate(50.0, shape=(10, 12))]),
    counts("kinds-mask", "a mask as kinds", Error("ValueError", "kinds", "nonlinear_kind", "a mask"),
           kinds=hot_pixel_mask(rate())),
    counts("mask-rate", "a rate as mask", Error("ValueError", "mask", "dark rate"), mask=rate()),
    counts("mask-bool", "an array of bool as mask", Error("TypeError", "mask", "hot_pixel_mask", "ndarray"),
           mask=np.zeros(SHAPE, bool)),
    counts("temperatures", "rates of two temperatures", Warned("TemperatureWarning", "-20.0 to 5.0 deg C"),
           given=lambda: rates(DKTEMP=5.0)),
]  # fmt: skip


def through(name, tried, wanted, frames=darks, **options):
    """Row of values through frames."""
    return Row(
        f"plot-frames-{name}", tried, "plotting.plot_frames", lambda t: on_figure(t, frames(), **options), wanted
    )


FRAMES = [
    through("one", "a single frame", Error("ValueError", "frames", "two or more", "1"), lambda: darks(1)),
    through("shapes", "frames of two shapes", Error("ValueError", "frames", "(20, 24)", "(10, 12)"),
            lambda: [*darks(2), *darks(1, shape=(10, 12))]),
    through("arrays", "plain arrays", Error("TypeError", "frames[0]", "CCDData"), lambda: [np.ones(SHAPE)] * 3),
    through("outside", "a pixel beside the image", Error("ValueError", "(3, 20)", "outside"), pixels=[(3, 20)]),
    through("expected-bare", "an expected value without a unit", Error("TypeError", "expected", "0.667"),
            expected=0.667),
    through("expected-unit", "an expected value in s", Error("UnitsError", "expected", "adu", "s"), expected=3 * S),
    through("no-gain", "an expected rate, and no gain in the headers", Error("ValueError", "gain", "EGAIN"),
            lambda: darks(EGAIN=None), expected=0.5 * E / S),
    through("no-exposure", "an expected rate, and no exposure time in the headers", Error("ValueError", "exposure"),
            lambda: darks(EXPTIME=None), expected=0.5 * E / S),
    through("bias-unit", "a bias in electron of frames in adu", Error("UnitsError", "bias", "electron", "adu"),
            bias=500 * E),
    through("bias-number", "a bias without a unit", Error("TypeError", "bias", "500"), bias=500),
    through("bias-shape", "a bias of another shape", Error("ValueError", "bias", "(10, 12)"),
            bias=CCDData(np.ones((10, 12)), unit=ADU)),
    Row("plot-frames-missing", "a file that there is not", "plotting.plot_frames",
        lambda t: on_figure(t, [file(t.folder, "dark.fits"), t.folder / "none.fits"]),
        Error("FileNotFoundError", "none.fits")),
]  # fmt: skip


def curve(name, tried, wanted, given=lambda: at(*TEMPERATURES), **options):
    """Row of dark current against temperature."""
    return Row(f"plot-temperature-{name}", tried, "plotting.plot_temperature",
               lambda t: on_figure(t, *given(), **options), wanted)  # fmt: skip


CURVES = [
    curve("one", "rates of one temperature", Error("ValueError", "two temperatures", "-20.0"), lambda: at(-20.0)),
    curve("model", "a number as model", Error("TypeError", "model", "astropy.modeling", "float"), model=6.0),
    curve("model-unit", "a model of a current density", Error("UnitsError", "model", "electron / s"),
          model=ThermalDarkCurrent(1 * u.nA / u.cm**2, 0 * u.nA / u.cm**2, 273.15 * u.K)),
    curve("outside", "a pixel beside the image", Error("ValueError", "(24, 0)", "outside"), pixels=[(24, 0)]),
    curve("many", "all pixels", Error("ValueError", "9 or fewer", "480"), pixels=list(np.ndindex(SHAPE[::-1]))),
]  # fmt: skip

GROUPS = {
    "Doubling temperature": DOUBLING,
    "Pictures of pixels, frames and temperatures": [*COUNTS, *FRAMES, *CURVES],
}
