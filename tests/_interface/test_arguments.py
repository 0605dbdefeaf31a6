"""What the functions say of bad arguments: the argument, its value, and the unit wanted."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    MissingInformationWarning,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    repeatability,
    simulate_dark,
)
from ccdproc_darks._interface.arguments import checked_choice, checked_flag, checked_number, checked_quantity

from ..helpers import ELECTRON_PER_SECOND, dark, rate_image

SHAPE = (3, 4)


def measure(*, frames=None, **options):
    return dark_rate([dark(np.ones(SHAPE)) for _ in range(2)] if frames is None else frames, **options)


def simulate(**options):
    return simulate_dark(SHAPE, **{"exposure": 10 * u.s, **options})


def mask(*, rates=None, **options):
    rates = [rate_image(np.ones(SHAPE), seconds) for seconds in (10.0, 100.0)] if rates is None else rates
    return hot_pixel_mask(*rates, **options)


def compare(*, rates=None, **options):
    rates = [rate_image(np.ones(SHAPE), seconds) for seconds in (10.0, 100.0)] if rates is None else rates
    return compare_dark_rates(*rates, **options)


def scatter(*, frames=None, **options):
    return dark_scatter([dark(np.ones(SHAPE)) for _ in range(4)] if frames is None else frames, **options)


def halves(*, frames=None, **options):
    return repeatability([dark(np.ones(SHAPE)) for _ in range(2)] if frames is None else frames, **options)


GAIN = "electron / adu"
# function, argument, unit, whether zero is legal
QUANTITIES = [
    (measure, "gain", u.electron / u.adu, False),
    (measure, "read_noise", u.electron, True),
    (measure, "exposure", u.s, False),
    (measure, "saturation", u.adu, False),
    (measure, "bias", u.adu, True),
    *[
        (function, *case)
        for function in (scatter, halves)
        for case in (
            ("gain", u.electron / u.adu, False),
            ("read_noise", u.electron, True),
            ("exposure", u.s, False),
            ("saturation", u.adu, False),
            ("bias", u.adu, True),
        )
    ],
    (simulate, "gain", u.electron / u.adu, False),
    (simulate, "read_noise", u.electron, True),
    (simulate, "exposure", u.s, True),
    (simulate, "saturation", u.adu, False),
    (simulate, "bias", u.adu, True),
    (simulate, "rate", ELECTRON_PER_SECOND, True),
    (simulate, "hot_rate", ELECTRON_PER_SECOND, False),
    (mask, "threshold", ELECTRON_PER_SECOND, False),
]
CASES = pytest.mark.parametrize(
    ("function", "argument", "unit", "zero"), QUANTITIES, ids=[f"{case[0].__name__}-{case[1]}" for case in QUANTITIES]
)


def options(argument, value):
    return {argument: value, **({"hot_fraction": 0.5} if argument == "hot_rate" else {})}


@CASES
@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, -np.inf])
def test_not_positive_or_not_finite(function, argument, unit, zero, value):
    wanted = "finite" if not np.isfinite(value) else "zero or positive" if zero else "positive"
    with pytest.raises(ValueError, match=rf"^{argument} must be {wanted}.* got {value} "):
        function(**options(argument, value * unit))


@CASES
def test_zero(function, argument, unit, zero):
    if zero:
        function(**options(argument, 0 * unit))
    else:
        with pytest.raises(ValueError, match=rf"^{argument} must be positive .*got 0\.0 "):
            function(**options(argument, 0 * unit))


@CASES
def test_wrong_unit(function, argument, unit, zero):
    with pytest.raises(u.UnitsError, match=rf"^{argument} must be a Quantity in .*{unit.bases[0]}.*, got 3\.0 m$"):
        function(**options(argument, 3 * u.m))


@CASES
@pytest.mark.parametrize("value", [3, 3.0, np.float32(3)])
def test_bare_number(function, argument, unit, zero, value):
    with pytest.raises(TypeError, match=rf"^{argument} must be .*(got .*3.* without a unit|, got (int|float|float32))"):
        function(**options(argument, value))


@CASES
def test_dimensionless(function, argument, unit, zero):
    with pytest.raises(u.UnitsError, match=rf"^{argument} must be a Quantity in"):
        function(**options(argument, 3 * u.dimensionless_unscaled))


@pytest.mark.parametrize(
    ("argument", "value"),
    [("gain", "1 electron / adu"), ("read_noise", "NOKEY"), ("exposure", "NOKEY"), ("saturation", "NOKEY"),
     ("gain", ccdproc.Keyword("NOKEY", unit=u.electron / u.adu))],
)  # fmt: skip
def test_key_that_is_not_there(argument, value):
    key = value if isinstance(value, str) else value.name
    with pytest.raises(ValueError, match=rf"^{argument}: darks\[0\] has no key '{key}' in its header"):
        measure(**{argument: value})


@pytest.mark.parametrize("value", ["abc", "", True, None])
@pytest.mark.parametrize(
    ("argument", "key"),
    [("gain", "EGAIN"), ("read_noise", "RDNOISE"), ("exposure", "EXPTIME"), ("exposure", "EXPOSURE"),
     ("saturation", "SATURATE"), ("n_combined", "NCOMBINE")],
)  # fmt: skip
def test_header_value_that_is_not_a_number(argument, key, value):
    frames = [dark(np.ones(SHAPE)), dark(np.ones(SHAPE))]
    if key == "EXPOSURE":
        for frame in frames:
            frame.meta["EXPOSURE"] = frame.meta.pop("EXPTIME")
    frames[1].meta[key] = value
    if key in ("SATURATE",):
        frames[0].meta[key] = 60000
    told = rf"darks\[1\]: {key} in the header must be a finite number, got {value!r}"
    if argument == "exposure" and value in ("", None):  # it tells nothing
        told = rf"darks\[1\] has {key} = {value!r}, and no exposure time"
    with pytest.raises(ValueError, match=told):
        measure(frames=frames)


@pytest.mark.parametrize("value", ["abc", "", True, None])
def test_a_temperature_that_is_no_number_is_unknown(value):
    frames = [dark(np.ones(SHAPE), **{"CCD-TEMP": value}) for _ in range(2)]
    for frame in frames:
        frame.meta["CCD-TEMP"] = value
    assert "DKTEMP" not in measure(frames=frames).meta


@pytest.mark.parametrize("value", [0, 0.0, -3])
@pytest.mark.parametrize(
    ("argument", "key", "unit"),
    [("gain", "EGAIN", "electron / adu"), ("read_noise", "RDNOISE", "electron"), ("exposure", "EXPTIME", "s"),
     ("saturation", "SATURATE", "adu")],
)  # fmt: skip
def test_zero_in_a_header_is_how_cameras_say_unknown(argument, key, unit, value):
    with pytest.raises(
        ValueError,
        match=rf"^{argument}: {key} in the header of darks\[0\] is {value:g}, expected a positive number in {unit}(; "
        rf"pass {argument} as a Quantity|; leave out bias frames)",
    ):
        measure(frames=[dark(np.ones(SHAPE), **{key: value})])


@pytest.mark.parametrize(
    ("argument", "key"), [("gain", "EGAIN"), ("read_noise", "RDNOISE"), ("saturation", "SATURATE")]
)
def test_settings_that_differ(argument, key):
    frames = [dark(np.ones(SHAPE), **{key: value}) for value in (7.0, 7.0, 8.0)]
    with pytest.raises(
        ValueError, match=rf"^{argument} must be the same in all frames: 7 in darks\[0\], 8 in darks\[2\]"
    ):
        measure(frames=frames)


def test_no_gain_for_adu():
    with pytest.raises(ValueError, match=r"^gain is needed for frames in adu.*EGAIN \(darks\[0\]\)"):
        measure(frames=[dark(np.ones(SHAPE), gain=None)])
    # A plain GAIN is a camera setting.
    with pytest.raises(ValueError, match=r"^gain is needed for frames in adu"):
        measure(frames=[dark(np.ones(SHAPE), gain=None, GAIN=2.0)])
    assert measure(frames=[dark(np.ones(SHAPE), gain=None, GAIN=3.0)], gain="GAIN").meta["DKGAIN"] == 3


def test_gain_is_not_needed_for_electron():
    rate = measure(frames=[dark(np.full(SHAPE, 50.0), 100.0, "electron", gain=None)])
    assert rate.data == pytest.approx(0.5)
    with pytest.raises(ValueError, match=r"^gain is needed to take a bias in adu from darks in electron"):
        measure(frames=[dark(np.ones(SHAPE), unit="electron", gain=None)], bias=3 * u.adu)


def test_no_exposure():
    with pytest.raises(ValueError, match=r"^exposure: darks\[1\] has neither EXPTIME nor EXPOSURE in its header; pass"):
        measure(frames=[dark(np.ones(SHAPE)), dark(np.ones(SHAPE), None)])


def test_no_exposure_for_a_simulation():
    with pytest.raises(TypeError, match="exposure"):
        simulate_dark(SHAPE)


@pytest.mark.parametrize("value", [[10.0, 20.0, 30.0] * u.s, np.ones((2, 2)) * u.s])
def test_one_exposure_a_frame(value):
    with pytest.raises(ValueError, match=r"^exposure must be one number or one a frame \(2\), got an array of shape"):
        measure(exposure=value)


@pytest.mark.parametrize("value", [0, -1, 1.5, np.nan, np.inf])
def test_n_combined_out_of_range(value):
    with pytest.raises(ValueError, match=rf"^n_combined must be .* got {value}"):
        measure(n_combined=value)
    with pytest.raises(ValueError, match=r"darks\[0\]: NCOMBINE .*must be a (whole number from 1|finite number), got"):
        measure(frames=[dark(np.ones(SHAPE), NCOMBINE=value)])


@pytest.mark.parametrize("value", ["3", 3 * u.s, [3], True])
def test_n_combined_of_a_wrong_kind(value):
    with pytest.raises(TypeError, match=r"^n_combined must be a plain number, got"):
        measure(n_combined=value)


@pytest.mark.parametrize("function", [measure, scatter, halves])
@pytest.mark.parametrize("value", [0, -5, np.nan, np.inf])
def test_clip_out_of_range(function, value):
    with pytest.raises(ValueError, match=rf"^clip must be finite and above 0, got {value}"):
        function(clip=value)


@pytest.mark.parametrize("function", [measure, scatter, halves])
@pytest.mark.parametrize("value", ["5", 5 * u.electron, True, [5]])
def test_clip_of_a_wrong_kind(function, value):
    with pytest.raises(TypeError, match=r"^clip must be a plain number, got"):
        function(clip=value)


@pytest.mark.parametrize("function", [measure, scatter, halves])
@pytest.mark.parametrize("value", ["int16", "uint16", "complex", "nonsense", int, None, 5])
def test_dtype(function, value):
    with pytest.raises(ValueError, match=r"^dtype must be 'float32' or 'float64', got"):
        function(dtype=value)


@pytest.mark.parametrize("value", ["int16", "nonsense", None])
def test_dtype_of_a_simulation(value):
    with pytest.raises(ValueError, match=r"^dtype must be 'uint16', 'float32' or 'float64', got"):
        simulate(dtype=value)


@pytest.mark.parametrize("value", ["common", "Pixel", 3, True])
def test_offset_of_a_rate(value):
    with pytest.raises(ValueError, match=r"^offset must be one of None, 'pixel', got"):
        measure(offset=value)


def test_a_free_offset_needs_two_exposure_times():
    with pytest.raises(ValueError, match=r"^offset='pixel' needs frames of two exposure times or more, got only 100 s"):
        measure(offset="pixel")


@pytest.mark.parametrize("function", [compare, mask])
def test_offset_of_a_comparison(function):
    with pytest.raises(ValueError, match=r"^offset must be one of 'common', None, 'pixel', got 'commom'"):
        function(offset="commom")
    with pytest.raises(ValueError, match=r"^offset='pixel' needs rates of three exposure times or more, got 2"):
        function(offset="pixel")


def test_statistic():
    with pytest.raises(
        ValueError, match=r"^statistic must be one of 'difference', 'significance', 'ratio', 'offset', got 'sum'"
    ):
        compare(statistic="sum")


@pytest.mark.parametrize("function", [compare, mask])
@pytest.mark.parametrize("value", ["Empirical", "", None, True, 3])
def test_null(function, value):
    with pytest.raises(ValueError, match=r"^null must be one of 'theoretical', 'empirical', got"):
        function(null=value)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.5, np.nan, np.inf])
def test_fdr_out_of_range(value):
    with pytest.raises(ValueError, match=rf"^fdr must be between 0 and 1, got {value}"):
        mask(fdr=value)


@pytest.mark.parametrize("value", ["0.1", 0.1 * u.electron, True, [0.1]])
def test_fdr_of_a_wrong_kind(value):
    with pytest.raises(TypeError, match=r"^fdr must be a plain number, got"):
        mask(fdr=value)


@pytest.mark.parametrize("number", [1, 2])
def test_images_of_the_mask(number):
    """Of one rate and of two: background and scatter are checked alike."""
    rates = [rate_image(np.ones(SHAPE), seconds) for seconds in (10.0, 100.0)[:number]]
    with pytest.raises(TypeError, match=r"^background must be None, 'local', or CCDData or a Quantity .* got ndarray"):
        mask(rates=rates, background=np.ones(SHAPE))
    with pytest.raises(TypeError, match=r"^background must be None, 'local', or CCDData or a Quantity .* got 'global'"):
        mask(rates=rates, background="global")
    with pytest.raises(u.UnitsError, match=r"^background must be a Quantity in electron / s, got 3\.0 m"):
        mask(rates=rates, background=3 * u.m)
    with pytest.raises(ValueError, match=r"^background must have the shape of the rates, \(3, 4\), got \(2, 2\)"):
        mask(rates=rates, background=np.ones((2, 2)) * ELECTRON_PER_SECOND)
    with pytest.raises(ValueError, match=r"^background must be finite, got nan electron / s"):
        mask(rates=rates, background=np.nan * ELECTRON_PER_SECOND)
    for wrong in (3, "scatter.fits", np.ones(SHAPE), [np.ones(SHAPE)]):
        with pytest.raises(TypeError, match=r"^scatter.* must be CCDData, a result of dark_scatter, got"):
            mask(rates=rates, scatter=wrong)
    with pytest.raises(ValueError, match=r"^scatter\[0\] is not a result of dark_scatter: DKSTAT is None"):
        mask(rates=rates, scatter=rates[0])
    with pytest.raises(ValueError, match=r"^scatter\[0\] must have the shape of the rates, \(3, 4\), got \(2, 2\)"):
        mask(rates=rates, scatter=scatter(frames=[dark(np.ones((2, 2))) for _ in range(4)]))


@pytest.mark.parametrize("function", [mask, halves])
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf])
def test_false_positives(function, value):
    with pytest.raises(ValueError, match=rf"^false_positives must be finite and above 0, got {value}"):
        function(false_positives=value)


@pytest.mark.parametrize("function", [mask, halves])
@pytest.mark.parametrize("value", [12, 13.0, 1e9])
def test_as_many_false_positives_as_pixels(function, value):
    with pytest.raises(ValueError, match=rf"^false_positives must be below the number of pixels, 12, got {value}"):
        function(false_positives=value)
    function(false_positives=11.9)


@pytest.mark.parametrize("argument", ["false_positives", "tolerance"])
def test_options_of_the_mask(argument):
    for value in (0, -1, np.nan):
        with pytest.raises(
            ValueError, match=rf"^{argument} must be (finite and above 0|between 0 and 1e\+06), got {value}"
        ):
            mask(**{argument: value})
    for value in ("1", 1 * u.electron, None):
        with pytest.raises(TypeError, match=rf"^{argument} must be a plain number, got"):
            mask(**{argument: value})


def test_threshold_array():
    with pytest.raises(TypeError, match=r"^threshold must be one number \(a Quantity in electron / s\), got an array"):
        mask(threshold=[1, 2] * ELECTRON_PER_SECOND)


class TestFrames:
    """What is no frame, or frames that do not go together."""

    @pytest.mark.parametrize("function", [dark_rate, dark_scatter, repeatability])
    @pytest.mark.parametrize("nothing", [[], (), iter([])])
    def test_nothing(self, function, nothing):
        with pytest.raises(ValueError, match=r"^darks is empty: at least one frame is needed"):
            function(nothing)

    @pytest.mark.parametrize("function", [dark_rate, dark_scatter, repeatability])
    @pytest.mark.parametrize("darks", [np.ones((2, 2)), np.ones((2, 2)) * u.adu, 3, None, 1 * u.adu])
    def test_array(self, function, darks):
        hint = "; wrap an array as CCDData" if isinstance(darks, np.ndarray) else "$"
        with pytest.raises(
            TypeError, match=rf"^darks must be CCDData, FITS paths .*got (ndarray|Quantity|int|NoneType){hint}"
        ):
            function(darks)

    def test_list_of_arrays(self):
        with pytest.raises(TypeError, match=r"^darks\[1\] must be CCDData or a FITS path, got ndarray"):
            dark_rate([dark(np.ones(SHAPE)), np.ones(SHAPE)])

    def test_nested_list(self):
        with pytest.raises(TypeError, match=r"^darks\[0\] must be CCDData or a FITS path, got list"):
            dark_rate([[dark(np.ones(SHAPE))]])

    def test_shapes(self):
        with pytest.raises(
            ValueError, match=r"^darks must have one shape: darks\[0\] is \(3, 4\), darks\[1\] is \(4, 3\)"
        ):
            dark_rate([dark(np.ones((3, 4))), dark(np.ones((4, 3)))])

    def test_shape_of_the_bias(self):
        with pytest.raises(ValueError, match=r"^bias has the shape \(2, 2\), the darks have \(3, 4\)"):
            measure(bias=CCDData(np.ones((2, 2)), unit="adu"))

    @pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
    def test_dimensions(self, shape):
        with pytest.raises(ValueError, match=rf"^darks\[0\] must be a 2-D image, got {len(shape)} dimensions"):
            dark_rate(dark(np.ones(shape)))

    def test_mixed_units(self):
        with pytest.raises(
            u.UnitsError, match=r"^darks must have one unit: darks\[0\] is in adu, darks\[1\] in electron"
        ):
            dark_rate([dark(np.ones(SHAPE)), dark(np.ones(SHAPE), unit="electron")])

    @pytest.mark.parametrize("unit", ["m", "electron / s", ""])
    def test_wrong_unit(self, unit):
        with pytest.raises(u.UnitsError, match=r"^darks\[0\] is in .*, expected adu or electron"):
            dark_rate(dark(np.ones(SHAPE), unit=unit))

    def test_unit_of_the_bias(self):
        with pytest.raises(u.UnitsError, match=r"^bias\[0\] is in m, expected adu or electron"):
            measure(bias=CCDData(np.ones(SHAPE), unit="m"))

    def test_array_for_a_bias(self):
        with pytest.raises(TypeError, match=r"^bias must be a master bias \(CCDData or a FITS path\).* got ndarray"):
            measure(bias=np.ones(SHAPE))


@pytest.mark.parametrize("function", [compare_dark_rates, hot_pixel_mask])
class TestRates:
    def test_nothing(self, function):
        with pytest.raises(ValueError, match=r"^(two rates or more are|at least one rate is) needed.* got 0"):
            function()

    def test_array(self, function):
        with pytest.raises(TypeError, match=r"^rates\[1\] must be CCDData, a result of dark_rate, got ndarray"):
            function(rate_image(np.ones(SHAPE), 10.0), np.ones(SHAPE))

    def test_list(self, function):
        with pytest.raises(TypeError, match=r"^rates\[0\] must be CCDData.* got list; pass the rates one by one"):
            function([rate_image(np.ones(SHAPE), 10.0), rate_image(np.ones(SHAPE), 100.0)])

    @pytest.mark.parametrize("seconds", [10.0, 10.001])
    def test_equal_exposures(self, function, seconds):
        with pytest.raises(ValueError, match=r"rates.* 10 s"):
            function(rate_image(np.ones(SHAPE), 10.0), rate_image(np.ones(SHAPE), seconds))

    def test_shapes(self, function):
        with pytest.raises(
            ValueError, match=r"^rates must have one shape: rates\[0\] is \(3, 4\), rates\[1\] is \(2, 2\)"
        ):
            function(rate_image(np.ones(SHAPE), 10.0), rate_image(np.ones((2, 2)), 100.0))

    def test_shapes_when_the_first_is_the_longest(self, function):
        with pytest.raises(ValueError, match=r"rates\[0\] is \(3, 4\), rates\[1\] is \(2, 2\)"):
            function(rate_image(np.ones(SHAPE), 100.0), rate_image(np.ones((2, 2)), 10.0))

    @pytest.mark.parametrize("unit", ["adu", "electron", "adu / s", ""])
    def test_unit(self, function, unit):
        wrong = rate_image(np.ones(SHAPE), 100.0)
        wrong = CCDData(wrong.data, unit=unit, meta=wrong.meta)
        with pytest.raises(u.UnitsError, match=r"^rates\[1\] is in .*, expected electron / s"):
            function(rate_image(np.ones(SHAPE), 10.0), wrong)

    def test_not_a_result(self, function):
        with pytest.raises(
            ValueError, match=r"^rates\[0\] is not a result of dark_rate: its meta lacks DKEXPMIN, DKEXPMAX"
        ):
            function(CCDData(np.ones(SHAPE), unit=ELECTRON_PER_SECOND), rate_image(np.ones(SHAPE), 10.0))

    def test_a_rate_of_several_exposure_times(self, function):
        both = dark_rate([dark(np.ones(SHAPE), seconds) for seconds in (10.0, 20.0)])
        with pytest.raises(ValueError, match=r"^rates\[1\] is already one rate of 2 exposure times \(10 to 20 s\)"):
            function(rate_image(np.ones(SHAPE), 100.0), both)

    def test_without_uncertainty(self, function):
        bare = rate_image(np.ones(SHAPE), 10.0)
        bare.uncertainty = None
        with pytest.raises(ValueError, match=r"^rates\[1\] has no uncertainty: give dark_rate a read_noise"):
            function(rate_image(np.ones(SHAPE), 100.0), bare)

    @pytest.mark.parametrize(
        ("key", "value"),
        [("DKEXPMIN", "abc"), ("DKTOTAL", None), ("NCOMBINE", "many"), ("DKEXPMAX", float("nan")), ("DKRDNOI", "abc")],
    )
    def test_spoilt_meta(self, function, key, value):
        """A later step has overwritten what dark_rate wrote."""
        spoilt = rate_image(np.ones(SHAPE), 10.0)
        spoilt.meta = dict(spoilt.meta) | {key: value}
        with pytest.raises(ValueError, match=rf"rates\[0\].*{key}"):
            function(spoilt, rate_image(np.ones(SHAPE), 100.0))


def test_one_rate_is_no_comparison():
    with pytest.raises(ValueError, match=r"^two rates or more are needed, of different exposure times, got 1"):
        compare_dark_rates(rate_image(np.ones(SHAPE), 10.0))


def test_mask_of_a_rate_without_uncertainty_needs_a_threshold():
    with pytest.warns(MissingInformationWarning, match="no read noise"):
        rate = dark_rate(dark(np.ones(SHAPE), read_noise=None))
    with pytest.raises(
        ValueError, match=r"^threshold is needed for a rate without an uncertainty, as a Quantity in electron"
    ):
        hot_pixel_mask(rate)
    assert not hot_pixel_mask(rate, threshold=1 * ELECTRON_PER_SECOND).mask.any()


def test_mask_of_a_rate_that_lost_its_uncertainty():
    rate = rate_image(np.ones(SHAPE), 10.0)
    rate.uncertainty = None
    with pytest.raises(ValueError, match=r"^threshold is needed for a rate without an uncertainty"):
        hot_pixel_mask(rate)


class TestSimulation:
    def test_no_shape(self):
        with pytest.raises(TypeError, match=r"^shape must be given as \(rows, columns\)"):
            simulate_dark(exposure=10 * u.s)

    @pytest.mark.parametrize("shape", [(3,), (3, 4, 5), (0, 4), (-1, 4)])
    def test_shape(self, shape):
        with pytest.raises(ValueError, match=r"^shape must be two positive whole numbers \(rows, columns\), got"):
            simulate_dark(shape, exposure=10 * u.s)

    @pytest.mark.parametrize("shape", [3, (3, None)])
    def test_kind_of_shape(self, shape):
        with pytest.raises(TypeError, match=r"^shape must be \(rows, columns\), got"):
            simulate_dark(shape, exposure=10 * u.s)

    def test_shapes_that_differ(self):
        with pytest.raises(ValueError, match=r"^shape, rate and bias must have one shape, got \[\(2, 2\), \(3, 4\)\]"):
            simulate(rate=np.ones((2, 2)) * ELECTRON_PER_SECOND)

    def test_rate_of_three_dimensions(self):
        with pytest.raises(
            ValueError, match=r"^rate must be one number or a 2-D image, got an array of shape \(2, 2, 2\)"
        ):
            simulate(rate=np.ones((2, 2, 2)) * ELECTRON_PER_SECOND)

    @pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
    def test_hot_fraction(self, value):
        with pytest.raises(ValueError, match=rf"^hot_fraction must be from 0 to 1, got {value}"):
            simulate(hot_fraction=value)

    def test_three_hot_rates(self):
        with pytest.raises(ValueError, match=r"^hot_rate must be one number or a lowest and a highest, got 3 numbers"):
            simulate(hot_fraction=0.5, hot_rate=[1, 2, 3] * ELECTRON_PER_SECOND)

    def test_saturation(self):
        with pytest.raises(
            ValueError, match=r"^saturation must be above the bias level, got 50.0 adu with a bias of 100 adu"
        ):
            simulate(bias=100 * u.adu, saturation=50 * u.adu)
        with pytest.raises(ValueError, match=r"^saturation must not be above 65535 adu.* got 70000 adu"):
            simulate(saturation=70000 * u.adu)

    @pytest.mark.parametrize("value", [-15, "cold", 3 * u.m])
    def test_temperature(self, value):
        with pytest.raises(TypeError, match=r"^temperature must be a Quantity in deg_C or K, got"):
            simulate(temperature=value)

    def test_image_with_a_nan(self):
        rate = CCDData(np.full(SHAPE, np.nan), unit=ELECTRON_PER_SECOND)
        with pytest.raises(
            ValueError, match=r"^rate must be finite .* got 12 of 12 pixels that are not, nan electron / s"
        ):
            simulate(rate=rate)

    def test_image_that_was_measured(self):
        """Rates of a cold camera are negative in many a pixel."""
        rate = CCDData(np.array([[0.1, -0.2], [0.3, -0.4]]), unit=ELECTRON_PER_SECOND)
        with pytest.raises(
            ValueError, match=r"^rate must be zero or positive .* got 2 of 4 pixels that are not, -0.2 electron / s the"
        ):
            simulate(shape=None, rate=rate)
        rate = CCDData(np.ones((2, 2)), unit=ELECTRON_PER_SECOND, mask=[[True, False], [False, False]])
        with pytest.raises(ValueError, match=r"^rate must have no masked pixels, got 1: fill them first"):
            simulate(shape=None, rate=rate)

    @pytest.mark.parametrize("shape", [(0, 8), (8, 0)])
    def test_image_of_nothing(self, shape):
        with pytest.raises(ValueError, match=r"^rate must be one number or a 2-D image, got an array of shape"):
            simulate_dark(exposure=1 * u.s, rate=np.ones(shape) * ELECTRON_PER_SECOND)

    @pytest.mark.parametrize("rate", [1e14, 1e20])
    def test_more_electrons_than_can_be_counted(self, rate):
        with pytest.raises(
            ValueError, match=r"^(rate must be up to|exposure must leave the brightest pixel below) 1e\+15"
        ):
            simulate(exposure=100 * u.s, rate=rate * ELECTRON_PER_SECOND)

    def test_bias_above_the_adc(self):
        with pytest.raises(ValueError, match=r"^bias must be below 65535 adu, .* got 70000 adu"):
            simulate(bias=70000 * u.adu)

    def test_shape_given_twice(self):
        with pytest.raises(TypeError, match=r"^shape must be given once, got \(3, 4\) and \(5, 6\)"):
            simulate_dark((3, 4), shape=(5, 6), exposure=1 * u.s)

    @pytest.mark.parametrize("rate", [0.01, np.nan * ELECTRON_PER_SECOND, 1 * u.adu])
    def test_rate_with_hot_pixels(self, rate):
        with pytest.raises((TypeError, ValueError, u.UnitsError), match=r"^rate must be"):
            simulate(rate=rate, hot_fraction=0.1)

    def test_sensor_seed(self):
        with pytest.raises(ValueError, match=r"^sensor_seed must not be negative, got -1"):
            simulate(sensor_seed=-1)

    def test_complex(self):
        with pytest.raises(TypeError, match=r"^exposure must be real .* got \(1\+1j\) s"):
            simulate(exposure=(1 + 1j) * u.s)


class TestChecks:
    """The checks themselves."""

    def test_quantity(self):
        assert checked_quantity("t", 2 * u.min, u.s) == 120
        assert isinstance(checked_quantity("t", 2 * u.min, u.s), float)
        np.testing.assert_array_equal(checked_quantity("t", [1, 2] * u.min, u.s, scalar=False), [60, 120])
        assert checked_quantity("t", -2 * u.s, u.s, negative=True) == -2
        assert checked_quantity("t", 0 * u.s, u.s, zero=True) == 0

    def test_number(self):
        assert checked_number("n", np.float32(2)) == 2
        assert checked_number("n", 0, inclusive=True) == 0
        with pytest.raises(ValueError, match=r"^n must be between 0 and 1, got 1$"):
            checked_number("n", 1, maximum=1)

    @pytest.mark.parametrize("value", [True, np.True_, np.array(False), "1"])
    def test_no_number(self, value):
        with pytest.raises(TypeError, match=r"^n must be a plain number, got "):
            checked_number("n", value)

    def test_choice(self):
        assert checked_choice("c", None, (None, "a")) is None
        assert checked_choice("c", "a", (None, "a")) == "a"
        with pytest.raises(ValueError, match=r"^c must be one of None, 'a', got a list$"):
            checked_choice("c", ["long"] * 50, (None, "a"))

    @pytest.mark.parametrize("value", ["no", 1, 0, None, [True]])
    def test_flag(self, value):
        assert checked_flag("f", True)
        assert not checked_flag("f", np.False_)
        with pytest.raises(TypeError, match=r"^f must be True or False, got "):
            checked_flag("f", value)
