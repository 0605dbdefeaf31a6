"""Arguments of the functions that measure, out of range or of another kind; and the values of pixels."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ..array_types import Device, holding
from .given import ADU, BIAS, GAIN, PER_SECOND, SHAPE, E, S, biases, darks, file, frame, rate, rates
from .wanted import Error, Right, Row, Warned

__all__ = ["GROUPS"]

LEVEL = BIAS * ADU
ARGUMENTS = {
    "gain": GAIN,
    "read_noise": E,
    "exposure": S,
    "saturation": ADU,
    "bias": ADU,
    "optical_black": PER_SECOND,
}


def measured(name, tried, wanted, function="dark_rate", **options):
    """Row for options of a function of darks."""
    is_bias = function in ("master_bias", "read_noise_map")
    given = {} if is_bias else {"bias": LEVEL}
    make = biases if is_bias else darks
    return Row(name, tried, function, lambda t: t(make(), **{**given, **options}), wanted)


def compared(name, tried, wanted, function="compare_dark_rates", **options):
    """Row for options of a function of rates."""
    return Row(name, tried, function, lambda t: t(*rates(), **options), wanted)


def quantities(argument, unit):
    """Rows for one Quantity of dark_rate; the page shows those of all arguments together."""
    for name, tried, value, kind, words in (
        ("bare", "a number without a unit", 3, "TypeError", ()),
        ("unit", "a value in m", 3 * u.m, "UnitsError", ("3.0 m",)),
        ("negative", "a value below zero", -1 * unit, "ValueError", ("-1.0",)),
        ("nan", "a value that is NaN", np.nan * unit, "ValueError", ("nan",)),
    ):
        known = ", ".join(f"``{argument}``" for argument in ARGUMENTS)
        then = f"Error (``{kind}``) that says the argument, its value and the unit that it must have."
        wanted = Error(kind, argument, *words, then=then)
        yield measured(f"{argument}-{name}", f"{known}: {tried}", wanted, **{argument: value})


UNITS = [row for argument, unit in ARGUMENTS.items() for row in quantities(argument, unit)]
UNITS += [
    measured("gain-zero", "a gain of zero", Error("ValueError", "gain", "0.0"), gain=0 * GAIN),
    measured("gain-infinite", "an infinite gain", Error("ValueError", "gain", "inf"), gain=np.inf * GAIN),
    measured("gain-array", "a gain for each of two frames, of five", Error("ValueError", "gain", "(2,)"),
             gain=[1, 2] * GAIN),
    measured("gain-no-key", "a header key that is not there", Error("ValueError", "gain", "NOKEY", "darks[0]"),
             gain="NOKEY"),
    measured("gain-huge", "a gain of 1e300 electron/adu", Error("ValueError", "gain", "1e+300"), gain=1e300 * GAIN),
    measured("gain-tiny", "a gain of 1e-300 electron/adu", Error("ValueError", "gain", "1e-300"), gain=1e-300 * GAIN),
    measured("exposure-tiny", "an exposure of 1e-300 s", Error("ValueError", "exposure", "1e-300"),
             exposure=1e-300 * S),
    measured("exposure-huge", "an exposure of 1e300 s", Error("ValueError", "exposure", "1e+300"), exposure=1e300 * S),
    measured("exposure-zero", "an exposure of zero", Error("ValueError", "exposure", "0.0"), exposure=0 * S),
    measured("exposure-per-frame", "exposure times of two frames, of five", Error("ValueError", "exposure", "(2,)"),
             exposure=[1, 2] * S),
    measured("read-noise-huge", "a read noise of 1e300 electron", Error("ValueError", "read_noise", "1e+300"),
             read_noise=1e300 * E),
    measured("read-noise-complex", "a complex read noise", Error("TypeError", "read_noise", "real"),
             read_noise=(1 + 2j) * E),
    measured("bias-huge", "a bias of 1e300 adu", Error("ValueError", "bias", "1e+300"), bias=1e300 * ADU),
    measured("bias-array", "a bias that is a numpy array", Error("TypeError", "bias", "ndarray"), bias=np.ones(SHAPE)),
    measured("bias-absent", "raw darks without a bias", Warned("BiasWarning", "no bias given"), bias=None),
    measured("bias-twice-too-high", "a bias 100 adu too high", Warned("BiasWarning", "far below zero"), bias=600 * ADU),
    measured("saturation-below-bias", "a saturation below the bias, so that all is saturated",
             Warned("NoUsablePixelWarning", "saturat"), saturation=100 * ADU),
    measured("scatter-exposure-tiny", "an exposure of 1e-300 s", Error("ValueError", "exposure", "1e-300"),
             "dark_scatter", exposure=1e-300 * S),
    measured("scatter-gain-negative", "a gain below zero", Error("ValueError", "gain", "-1"), "dark_scatter",
             gain=-1 * GAIN),
    measured("scatter-gain-bare", "a gain without a unit", Error("TypeError", "gain", "2"), "dark_scatter", gain=2),
    measured("scatter-noise-map-unit", "a map of the read noise in adu", Error("UnitsError", "read_noise", "adu"),
             "dark_scatter", read_noise=CCDData(np.full(SHAPE, 5.0), unit="adu")),
    measured("scatter-noise-map-shape", "a map of the read noise of another shape",
             Error("ValueError", "read_noise", "(3, 4)"), "dark_scatter",
             read_noise=CCDData(np.full((3, 4), 5.0), unit="electron")),
    measured("repeatability-gain-unit", "a gain in m", Error("UnitsError", "gain", "m"), "repeatability", gain=2 * u.m),
    measured("repeatability-noise-negative", "a read noise below zero", Error("ValueError", "read_noise", "-5"),
             "repeatability", read_noise=-5 * E),
    measured("master-bias-gain-unit", "a gain in s", Error("UnitsError", "gain", "s"), "master_bias", gain=2 * S),
    measured("master-bias-noise-bare", "a read noise without a unit", Error("TypeError", "read_noise", "5"),
             "master_bias", read_noise=5),
    measured("master-bias-gain-huge", "a gain of 1e300 electron/adu", Error("ValueError", "gain", "1e+300"),
             "master_bias", gain=1e300 * GAIN),
    measured("noise-map-gain-unit", "a gain in s", Error("UnitsError", "gain", "s"), "read_noise_map", gain=2 * S),
    measured("noise-map-clip", "clip=5, which takes telegraph read noise for cosmic rays",
             Error("ValueError", "clip", "5", "telegraph"), "read_noise_map", clip=5),
    measured("noise-map-exposure", "exposure, but no bias: bias frames have none",
             Error("ValueError", "exposure", "bias"), "read_noise_map", exposure=3 * S),
    measured("map-in-adu", "as read noise, a map in adu", Error("UnitsError", "read_noise", "adu", "gain"),
             read_noise=CCDData(np.full(SHAPE, 5.0), unit="adu")),
    measured("map-of-another-shape", "as read noise, a map of another shape",
             Error("ValueError", "read_noise", "(5, 5)"), read_noise=CCDData(np.full((5, 5), 5.0), unit="electron")),
    measured("map-below-zero", "as read noise, a map with a number below zero",
             Error("ValueError", "read_noise", "-5"), read_noise=CCDData(np.full(SHAPE, -5.0), unit="electron")),
    measured("map-all-nan", "as read noise, a map that is NaN everywhere", Error("ValueError", "read_noise", "finite"),
             read_noise=CCDData(np.full(SHAPE, np.nan), unit="electron")),
    measured("map-of-another-camera", "as read noise, a map of another camera",
             Error("ValueError", "read_noise", "INSTRUME", "camera B", "check_headers=False"),
             read_noise=CCDData(np.full(SHAPE, 5.0), unit="electron", meta={"INSTRUME": "camera B"})),
    measured("map-of-a-comparison", "as read noise, the result of another function",
             Error("ValueError", "read_noise", "DKSTAT"),
             read_noise=CCDData(np.full(SHAPE, 5.0), unit="electron", meta={"DKSTAT": "offset"})),
    measured("map-with-large-error", "as read noise, a map whose error is larger than itself",
             Error("ValueError", "read_noise.uncertainty", "standard error"),
             read_noise=CCDData(np.full(SHAPE, 5.0), unit="electron",
                                uncertainty=StdDevUncertainty(np.full(SHAPE, 9.0)))),
    measured("master-bias-map-in-adu", "as read noise, a map in adu", Error("UnitsError", "read_noise", "adu"),
             "master_bias", read_noise=CCDData(np.full(SHAPE, 5.0), unit="adu")),
    Row("noise-map-two-frames", "two bias frames", "read_noise_map", lambda t: t(biases(2)),
        Error("ValueError", "biases", "3", "got 2")),
    Row("noise-map-few-frames", "five bias frames", "read_noise_map", lambda t: t(biases(5)),
        Warned("MissingInformationWarning", "5 frames", "20")),
    Row("noise-map-of-darks", "darks, and no bias", "read_noise_map", lambda t: t(darks()),
        Error("ValueError", "biases[0]", "Dark Frame", "pass bias")),
    Row("noise-map-combined", "means of bias frames", "read_noise_map",
        lambda t: t([frame(0.0, seed=n, NCOMBINE=10) for n in range(5)]),
        Error("ValueError", "biases[0]", "NCOMBINE", "10")),
    Row("noise-map-two-exposures", "darks of two exposure times", "read_noise_map",
        lambda t: t([*darks(3), *[frame(30.0, seed=n) for n in range(10, 13)]], bias=LEVEL),
        Error("ValueError", "one exposure time", "30", "100")),
    measured("measure-gain-unlit", "darks without warm pixels",
             Error("ValueError", "too few pixels with enough dark electrons"), "measure_gain"),
    Row("measure-gain-single", "a single dark", "measure_gain", lambda t: t(darks(1)),
        Error("ValueError", "two frames or more of one exposure time")),
    measured("measure-gain-bias-bare", "a bias without a unit", Error("TypeError", "bias"), "measure_gain", bias=500),
    measured("measure-gain-bias-unit", "a bias in s", Error("UnitsError", "bias"), "measure_gain", bias=5 * S),
    measured("measure-gain-exposure", "an exposure below zero", Error("ValueError", "exposure", "-1"), "measure_gain",
             exposure=-1 * S),
    measured("measure-gain-saturation", "a saturation in electron", Error("UnitsError", "saturation", "electron"),
             "measure_gain", saturation=5 * E),
    measured("measure-gain-flag", "check_headers='no'", Error("TypeError", "check_headers"), "measure_gain",
             check_headers="no"),
    measured("read-noise-refuted", "a read noise ten times that of the frames",
             Warned("NoiseWarning", "given as 50", "Pass read_noise="), read_noise=50 * E),
    compared("compare-noise-number", "one read noise for all pixels, of rates",
             Error("TypeError", "read_noise", "Quantity"), read_noise=5 * E),
    compared("compare-noise-unit", "a read noise map in adu, of rates", Error("UnitsError", "read_noise", "adu"),
             read_noise=CCDData(np.full(SHAPE, 5.0), unit="adu")),
    compared("compare-noise-shape", "a read noise map of another shape, of rates",
             Error("ValueError", "read_noise", "(2, 3)", str(SHAPE)), read_noise=CCDData(np.ones((2, 3)), unit=E)),
    compared("limit-noise-number", "one read noise for all pixels, of rates",
             Error("TypeError", "read_noise", "Quantity"), "proportionality_limit", read_noise=5 * E),
    compared("limit-noise-unit", "a read noise map in adu, of rates", Error("UnitsError", "read_noise", "adu"),
             "proportionality_limit", read_noise=CCDData(np.full(SHAPE, 5.0), unit="adu")),
    compared("threshold-bare", "a threshold without a unit", Error("TypeError", "threshold", "1"), "hot_pixel_mask",
             threshold=1),
    compared("threshold-unit", "a threshold in electron", Error("UnitsError", "threshold", "electron"),
             "hot_pixel_mask", threshold=1 * E),
    compared("threshold-negative", "a threshold below zero", Error("ValueError", "threshold", "-1"), "hot_pixel_mask",
             threshold=-1 * PER_SECOND),
    compared("limit-unit", "a limit in s", Error("UnitsError", "limit", "s"), "hot_pixel_mask", limit=1 * S),
    compared("limit-bare", "a limit without a unit", Error("TypeError", "limit", "5"), "hot_pixel_mask", limit=5),
    compared("background-unit", "a background in adu", Error("UnitsError", "background", "adu"), "hot_pixel_mask",
             background=1 * ADU),
    compared("mask-read-noise-unit", "a map of read noise in adu", Error("UnitsError", "read_noise", "adu"),
             "hot_pixel_mask", read_noise=CCDData(np.ones(SHAPE), unit="adu")),
    compared("mask-read-noise-number", "one read noise for all pixels",
             Error("TypeError", "read_noise", "Quantity"), "hot_pixel_mask", read_noise=5 * E),
    compared("mask-read-noise-shape", "a read noise map of another shape", Error("ValueError", "read_noise", "(2, 3)"),
             "hot_pixel_mask", read_noise=CCDData(np.ones((2, 3)), unit="electron")),
    compared("background-text", "background='global'", Error("TypeError", "background", "global"), "hot_pixel_mask",
             background="global"),
    compared("background-shape", "a background of another shape", Error("ValueError", "background", "(2, 3)"),
             "hot_pixel_mask", background=np.ones((2, 3)) * PER_SECOND),
    compared("background-nan", "a background with NaN in it", Error("ValueError", "background", "finite"),
             "hot_pixel_mask", background=np.full(SHAPE, np.nan) * PER_SECOND),
]  # fmt: skip

MISNAMED = Error("TypeError", "gian")
OPTIONS = [
    measured("clip-zero", "clip=0", Error("ValueError", "clip", "0"), clip=0),
    measured("clip-tiny", "clip=1e-3, which rejects half of all good samples", Error("ValueError", "clip", "0.001"),
             clip=1e-3),
    measured("clip-text", "clip='5'", Error("TypeError", "clip", "'5'"), clip="5"),
    measured("clip-nan", "clip that is NaN", Error("ValueError", "clip", "nan"), clip=np.nan),
    measured("clip-true", "clip=True", Error("TypeError", "clip", "True"), clip=True),
    measured("dtype-int", "dtype='int16'", Error("ValueError", "dtype", "int16"), dtype="int16"),
    measured("dtype-text", "dtype='single precision'", Error("ValueError", "dtype", "single precision"),
             dtype="single precision"),
    measured("offset-unknown", "offset='common', which is an option of another function",
             Error("ValueError", "offset", "common"), offset="common"),
    measured("offset-one-exposure", "offset='pixel' with one exposure time", Error("ValueError", "offset", "100 s"),
             offset="pixel", bias=None),
    measured("optical-black-array", "optical_black with a value for each frame",
             Error("TypeError", "optical_black", "(5,)"), optical_black=np.ones(5) * PER_SECOND),
    measured("optical-black-text", "optical_black='restore'", Error("TypeError", "optical_black", "'restore'"),
             optical_black="restore"),
    measured("scatter-optical-black", "optical_black below zero", Error("ValueError", "optical_black", "-1"),
             "dark_scatter", optical_black=-1 * PER_SECOND),
    measured("n-combined-half", "n_combined=1.5", Error("ValueError", "n_combined", "1.5"), n_combined=1.5),
    measured("measure-gain-n-combined", "n_combined=0", Error("ValueError", "n_combined", "0"), "measure_gain",
             n_combined=0),
    measured("n-combined-text", "n_combined='3'", Error("TypeError", "n_combined", "'3'"), n_combined="3"),
    measured("mem-limit-small", "mem_limit of one byte", Error("ValueError", "mem_limit", "at least"), mem_limit=1),
    measured("mem-limit-unit", "mem_limit in s", Error("UnitsError", "mem_limit", "s"), mem_limit=1 * S),
    measured("mem-limit-negative", "mem_limit below zero", Error("ValueError", "mem_limit", "-5"), mem_limit=-5),
    measured("executor-number", "executor=4", Error("TypeError", "executor", "int"), executor=4),
    measured("argument-misnamed", "an argument that is misspelled, gian=", MISNAMED, gian=2 * GAIN),
    measured("check-headers-text", "check_headers='no'", Error("TypeError", "check_headers", "'no'"),
             check_headers="no"),
    measured("scatter-clip-negative", "clip=-5", Error("ValueError", "clip", "-5"), "dark_scatter", clip=-5),
    measured("scatter-dtype", "dtype='int16'", Error("ValueError", "dtype", "int16"), "dark_scatter", dtype="int16"),
    measured("repeatability-misnamed", "an argument that is misspelled, gian=", MISNAMED, "repeatability",
             gian=2 * GAIN),
    measured("repeatability-offset", "offset='pixel'", Error("ValueError", "offset", "pixel"), "repeatability",
             offset="pixel"),
    measured("repeatability-false-positives", "false_positives=0", Error("ValueError", "false_positives", "0"),
             "repeatability", false_positives=0),
    measured("master-bias-clip", "clip=1e-3", Error("ValueError", "clip", "0.001"), "master_bias", clip=1e-3),
    compared("statistic-unknown", "statistic='sigma'", Error("ValueError", "statistic", "sigma"), statistic="sigma"),
    compared("null-unknown", "null='normal'", Error("ValueError", "null", "normal"), null="normal"),
    compared("compare-offset-pixel", "offset='pixel' with two rates", Error("ValueError", "offset", "three", "2"),
             offset="pixel"),
    compared("compare-offset-unknown", "offset='none'", Error("ValueError", "offset", "none"), offset="none"),
    compared("mask-false-positives-zero", "false_positives=0", Error("ValueError", "false_positives", "0"),
             "hot_pixel_mask", false_positives=0),
    compared("mask-false-positives-all", "false_positives=1e9 of 480 pixels",
             Error("ValueError", "false_positives", "1000000000.0", "480"), "hot_pixel_mask", false_positives=1e9),
    compared("mask-fdr-one", "fdr=1", Error("ValueError", "fdr", "1"), "hot_pixel_mask", fdr=1.0),
    compared("mask-fdr-negative", "fdr=-0.1", Error("ValueError", "fdr", "-0.1"), "hot_pixel_mask", fdr=-0.1),
    compared("mask-tolerance-negative", "tolerance=-0.1", Error("ValueError", "tolerance", "-0.1"), "hot_pixel_mask",
             tolerance=-0.1),
    compared("mask-tolerance-text", "tolerance='10%'", Error("TypeError", "tolerance", "10%"), "hot_pixel_mask",
             tolerance="10%"),
    compared("limit-tolerance-zero", "tolerance=0", Error("ValueError", "tolerance", "0"), "proportionality_limit",
             tolerance=0),
    compared("limit-confidence-one", "confidence=1", Error("ValueError", "confidence", "1"), "proportionality_limit",
             confidence=1.0),
    compared("limit-confidence-percent", "confidence=95, in per cent", Error("ValueError", "confidence", "95"),
             "proportionality_limit", confidence=95),
]  # fmt: skip


def closed():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    return pool


def inside_its_only_thread(trial):
    """dark_rate by a pool, called inside the pool's only thread."""
    with_frames, pool = darks(), ThreadPoolExecutor(1)
    try:
        return pool.submit(lambda: trial(with_frames, bias=LEVEL, executor=pool)).result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def forty_calls_each(trial):
    """Calls by four threads at a time; the watch compares warnings.filters before and after."""
    import warnings

    from ccdproc_darks import dark_rate

    groups = [
        [file(trial.folder, f"{seed}_{number}.fits", seconds=100.0, seed=100 * seed + number, OBJECT="night: 1")
         for number in range(2)]
        for seed in range(4)
    ]  # fmt: skip
    before = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda paths: [dark_rate(paths, bias=LEVEL) for _ in range(40)], groups))
    return warnings.filters == before


def with_wcs():
    from astropy.wcs import WCS

    frames = darks(2)
    for one in frames:
        one.wcs = WCS(naxis=2)
    return frames


STATE = [
    measured("executor-closed", "an executor that is shut down", Error("ValueError", "executor", "shut down"),
             executor=closed()),
    Row("executor-inside", "an executor, inside its own only thread", "dark_rate", inside_its_only_thread,
        Right("It is measured by this thread alone.", lambda found: found.meta["NCOMBINE"] == 5)),
    Row("four-threads", "forty calls by each of four threads at a time", "dark_rate", forty_calls_each,
        Right("``warnings.filters`` is afterwards what it was.", lambda same: same)),
    Row("wcs-shared", "a change of the world coordinates of a result", "dark_rate",
        lambda t: (lambda frames: (frames, t(frames, bias=LEVEL)))(with_wcs()),
        Right("The frames keep theirs: the result has its own.",
              lambda both: both[1].wcs is not None and both[1].wcs is not both[0][0].wcs)),
]  # fmt: skip


def of(data, **options):
    """Three darks of these values."""
    return [frame(100.0, data=np.array(data), **options) for _ in range(3)]


def pixels(name, tried, make, wanted, function="dark_rate"):
    """Row for the values of pixels."""
    options = {} if function == "master_bias" else {"bias": LEVEL}
    return Row(name, tried, function, lambda t: t(make(), **options), wanted)


def masked(value):
    frames = darks(3)
    for one in frames:
        one._mask = np.full(SHAPE, value)  # astropy itself makes a mask of truth values of what it is given
    return frames


def strange(make):
    """Three darks, of which the last has other data than CCDData would take."""
    frames = darks(3)
    frames[2]._data = make(frames[2].data)
    return frames


def own_deviation(value):
    frames = darks(3, RDNOISE=None)
    for one in frames:
        one.uncertainty = StdDevUncertainty(np.full(SHAPE, value))
    return frames


def one_nan():
    frames = [frame(100.0, data=one.data.astype(float)) for one in darks()]
    frames[1].data[3, 4] = np.nan
    return frames


PIXELS = [
    pixels("no-frames", "an empty list", list, Error("ValueError", "darks", "empty")),
    pixels("no-biases", "an empty list", list, Error("ValueError", "biases", "empty"), "master_bias"),
    pixels("an-array", "a numpy array in place of frames", lambda: np.ones(SHAPE),
           Error("TypeError", "darks", "CCDData")),
    pixels("list-of-arrays", "numpy arrays in the list", lambda: [np.ones(SHAPE)],
           Error("TypeError", "darks[0]", "CCDData")),
    pixels("none", "None in place of frames", lambda: None, Error("TypeError", "darks", "NoneType")),
    pixels("number", "a number in place of frames", lambda: 5, Error("TypeError", "darks", "int")),
    pixels("none-in-list", "None among the frames", lambda: [*darks(2), None],
           Error("TypeError", "darks[2]", "NoneType")),
    pixels("one-dimension", "a frame of one dimension", lambda: of(np.ones(50)),
           Error("ValueError", "darks[0]", "2-D", "(50,)")),
    pixels("three-dimensions", "a cube of frames", lambda: of(np.ones((3, 4, 5))),
           Error("ValueError", "darks[0]", "2-D", "(3, 4, 5)")),
    pixels("no-rows", "frames of 0 rows and 50 columns", lambda: of(np.ones((0, 50))),
           Error("ValueError", "darks[0]", "(0, 50)")),
    pixels("no-columns", "frames of 5 rows and 0 columns", lambda: of(np.ones((5, 0))),
           Error("ValueError", "darks[0]", "(5, 0)")),
    pixels("biases-no-rows", "bias frames of 0 rows and 50 columns", lambda: [frame(0.0, data=np.ones((0, 50)))] * 3,
           Error("ValueError", "biases[0]", "(0, 50)"), "master_bias"),
    pixels("scatter-no-columns", "frames of 5 rows and 0 columns", lambda: of(np.ones((5, 0))) * 2,
           Error("ValueError", "darks[0]", "(5, 0)"), "dark_scatter"),
    pixels("complex", "complex pixel values", lambda: of(np.full(SHAPE, 510 + 1j)),
           Error("TypeError", "darks[0]", "complex")),
    pixels("text", "pixel values that are texts", lambda: of(np.full(SHAPE, "510")),
           Error("TypeError", "darks[0]", "numbers")),
    pixels("object", "pixel values that are Python objects", lambda: strange(lambda data: data.astype(object)),
           Error("TypeError", "darks[2]", "object")),
    pixels("logical", "pixel values that are True and False", lambda: of(np.ones(SHAPE, bool)),
           Error("TypeError", "darks[0]", "bool")),
    pixels("other-device", "an array on another device", lambda: [holding(one, Device) for one in darks(2)],
           Error("TypeError", "darks[0]", "Device")),
    pixels("quantity-data", "a Quantity in place of the values of a CCDData",
           lambda: strange(lambda data: data * u.adu), Error("TypeError", "darks[2]", "Quantity")),
    pixels("mask-of-texts", "a mask of texts", lambda: masked("bad"), Error("TypeError", "darks[0]", "mask")),
    pixels("mask-of-floats", "a mask of floating-point numbers", lambda: masked(0.5),
           Error("TypeError", "darks[0]", "mask")),
    pixels("all-nan", "NaN in all pixels", lambda: of(np.full(SHAPE, np.nan)), Warned("NoUsablePixelWarning")),
    pixels("all-masked", "all pixels masked", lambda: masked(True), Warned("NoUsablePixelWarning")),
    pixels("all-saturated", "all pixels at the top of the ADC", lambda: of(np.full(SHAPE, 65535, "uint16")),
           Warned("NoUsablePixelWarning", "saturat")),
    pixels("all-infinite", "infinite values in all pixels", lambda: of(np.full(SHAPE, np.inf)),
           Warned("NoUsablePixelWarning")),
    pixels("biases-all-nan", "NaN in all pixels of the bias frames",
           lambda: [frame(0.0, seed=n, data=np.full(SHAPE, np.nan)) for n in range(3)],
           Warned("NoUsablePixelWarning"), "master_bias"),
    pixels("scatter-all-masked", "all pixels masked",
           lambda: masked(True) + darks(3, seed=5, mask=np.ones(SHAPE, bool)),
           Warned("NoUsablePixelWarning"), "dark_scatter"),
    pixels("one-nan", "NaN in one pixel of one frame", one_nan,
           Right("That sample alone is left out.", lambda found: not found.mask.any() and found.meta["DKLOST"] == 1)),
    pixels("own-deviation-negative", "frames with negative uncertainties", lambda: own_deviation(-2.0),
           Error("ValueError", "darks[0]", "uncertainty", "480", "negative")),
    Row("compare-all-masked", "rates that are masked everywhere", "compare_dark_rates",
        lambda t: t(*all_masked()), Warned("NoUsablePixelWarning")),
    Row("mask-all-masked", "rates that are masked everywhere", "hot_pixel_mask",
        lambda t: t(*all_masked()), Warned("NoUsablePixelWarning")),
    Row("mask-nan-rate", "a rate that is NaN everywhere", "hot_pixel_mask",
        lambda t: t(nan_rate()), Warned("NoUsablePixelWarning")),
]  # fmt: skip


def all_masked():
    images = rates()
    for image in images:
        image.mask = np.ones(SHAPE, bool)
    return images


def nan_rate():
    image = rate()
    image.data[...] = np.nan
    return image


GROUPS = {
    "Units of arguments": UNITS,
    "Options": OPTIONS,
    "Executors and threads": STATE,
    "Values of pixels": PIXELS,
}
