"""Why pixels are not proportional: the kind told is the one planted."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    DARK_FLAGS,
    NONLINEAR_KINDS,
    Amplifier,
    DarkSequence,
    Sensor,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    nonlinear_kind,
)
from ccdproc_darks.masks.nonlinear_kind import _tell_high_frames
from ccdproc_darks.simulation import (
    CosmicRays,
    DepletionEdgePixels,
    HotPixels,
    LowFullWellPixels,
    OffsetPixels,
    TelegraphPixels,
)

from ..helpers import assert_same_image

PER_SECOND = u.electron / u.s
PLANTED = {"edge": "BENDS", "offset": "OFFSET", "well": "CLIPS"}
PLAN = [(1, 10), (10, 30), *((1, seconds) for seconds in range(60, 301, 30))]
KEYS = {"NBENDS", "NOFFSET", "NCLIPS", "NHIGH", "NSWITCH", "NUNEXPL", "NUNTOLD"}


def frames_of(sensor, plan, rng=1):
    frames = iter(DarkSequence(sensor, [(many, seconds * u.s) for many, seconds in plan], rng=rng))
    return [[next(frames) for _ in range(many)] for many, _ in plan]


def rates_of(sensor, plan, **options):
    options = {"bias": sensor.bias, "read_noise": sensor.read_noise, **options}
    return [dark_rate(darks, **options) for darks in frames_of(sensor, plan)]


def sensor_of(*defects, shape=(200, 250), **options):
    options = {"cosmic_rays": CosmicRays(), "pixel_size": 24 * u.um, **options}
    return Sensor(
        shape=shape, rate=0.5 * PER_SECOND, gain=1.5 * u.electron / u.adu, read_noise=8 * u.electron,
        bias=1000 * u.adu, seed=3, defects=defects, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def sensor():
    return sensor_of(
        HotPixels(fraction=0.05, above=2 * PER_SECOND, maximum=100 * PER_SECOND, slope=0.7),
        DepletionEdgePixels(fraction=0.1, above=2 * PER_SECOND, charge=(1000, 20000) * u.electron, share=(0.3, 1.0)),
        OffsetPixels(fraction=0.004, offset=(100, 2000) * u.electron),
        LowFullWellPixels(fraction=0.1, above=2 * PER_SECOND, full_well=(1000, 10000) * u.electron),
    )


@pytest.fixture(scope="module")
def rates(sensor):
    return rates_of(sensor, PLAN)


@pytest.fixture(scope="module")
def mask(rates):
    return hot_pixel_mask(*rates)


@pytest.fixture(scope="module")
def kinds(rates, mask):
    return nonlinear_kind(*rates, mask=mask)


def test_what_was_planted(sensor, mask, kinds):
    nonlinear = (mask.data & DARK_FLAGS.NONLINEAR) > 0
    truth = np.full(sensor.shape, "HIGH_FRAME", dtype="U12")
    for name, kind in PLANTED.items():
        truth.flat[sensor.pixels.of(name, "index")[0]] = kind
    for kind, least in {"BENDS": 0.9, "OFFSET": 0.6, "CLIPS": 0.9, "HIGH_FRAME": 0.7}.items():
        planted, told = nonlinear & (truth == kind), kinds.data == NONLINEAR_KINDS[kind]
        assert planted.sum() > 5
        assert (planted & told).sum() > 0.95 * told.sum(), kind
        assert (planted & told).sum() > least * planted.sum(), kind


def test_codes_mask_and_numbers(mask, kinds):
    nonlinear = (mask.data & DARK_FLAGS.NONLINEAR) > 0
    assert kinds.data.dtype == np.uint8
    assert kinds.unit == u.dimensionless_unscaled
    assert kinds.uncertainty is None
    np.testing.assert_array_equal(kinds.data > 0, nonlinear)
    np.testing.assert_array_equal(kinds.mask, kinds.data == NONLINEAR_KINDS.UNTOLD)
    assert set(kinds.meta) >= KEYS
    assert sum(kinds.meta[key] for key in KEYS) == nonlinear.sum() == mask.meta["NNONLIN"]
    assert kinds.meta["NBENDS"] == (kinds.data == NONLINEAR_KINDS.BENDS).sum()


def test_round_trip_and_log(kinds, tmp_path):
    kinds.write(tmp_path / "kinds.fits")
    back = CCDData.read(tmp_path / "kinds.fits")
    assert_same_image(back, kinds)
    assert kinds.meta["DKKIND"].startswith("nonlinear_kind: rates=<11 CCDData>, mask=<CCDData>")


def test_the_mask_of_its_own(rates, mask, kinds):
    own = nonlinear_kind(*rates, add_keyword=None)
    np.testing.assert_array_equal(own.data, kinds.data)
    assert "DKKIND" not in own.meta


def test_whoever_works(rates, mask, kinds):
    with ThreadPoolExecutor(2) as executor:
        found = nonlinear_kind(*rates, mask=mask, executor=executor, mem_limit=50 * u.Mbyte)
    np.testing.assert_array_equal(found.data, kinds.data)


def test_inputs_stay_as_they_are(rates, mask):
    before = [image.copy() for image in (*rates, mask)]
    nonlinear_kind(*rates, mask=mask)
    for old, new in zip(before, (*rates, mask), strict=True):
        assert_same_image(new, old)


def test_pixels_that_switch():
    sensor = sensor_of(
        HotPixels(fraction=0.05, above=1 * PER_SECOND, maximum=100 * PER_SECOND),
        TelegraphPixels(
            fraction=0.1,
            above=1 * PER_SECOND,
            amplitude=(1, 10) * PER_SECOND,
            dwell_low=300 * u.s,
            dwell_high=300 * u.s,
        ),
        cosmic_rays=None,
    )
    sets = frames_of(sensor, [(6, 30), (6, 100), (6, 300)])
    options = {"bias": sensor.bias, "read_noise": sensor.read_noise}
    rates = [dark_rate(darks, **options) for darks in sets]
    plain, told = (
        nonlinear_kind(*rates, scatter=scatter)
        for scatter in (None, [dark_scatter(darks, **options) for darks in sets])
    )
    flagged = plain.data > 0
    assert flagged.sum() > 100
    assert plain.meta["NSWITCH"] == 0
    assert told.meta["NSWITCH"] > 0.65 * flagged.sum()
    # Without the scatter, these are hardly taken for anything else.
    others = [NONLINEAR_KINDS.UNEXPLAINED, NONLINEAR_KINDS.UNTOLD]
    assert np.isin(plain.data[flagged], others).mean() > 0.9


def test_two_usable_exposures_of_a_pixel_tell_nothing(rates, mask, kinds):
    rates = [rate.copy() for rate in rates]
    pixels = kinds.data == NONLINEAR_KINDS.BENDS
    for rate in rates[2:-1]:
        rate.mask = rate.mask | pixels
    rates[0].mask = rates[0].mask | pixels
    found = nonlinear_kind(*rates, mask=mask)
    assert np.all(found.data[pixels] == NONLINEAR_KINDS.UNTOLD)
    assert found.mask[pixels].all()


def test_a_pixel_that_cannot_be_compared_is_masked(rates, mask):
    rates = [rate.copy() for rate in rates]
    for rate in rates[1:]:
        rate.mask[0, 0] = True
    found = nonlinear_kind(*rates, mask=mask)
    assert found.data[0, 0] == NONLINEAR_KINDS.PROPORTIONAL
    assert found.mask[0, 0]


def test_amplifiers():
    """Each is explained by itself, and the pixels of each kind are counted together."""
    sensor = sensor_of(OffsetPixels(fraction=0.004, offset=500 * u.electron), cosmic_rays=None, shape=(100, 120))
    halves = [Amplifier(section, gain=sensor.gain) for section in ("[1:60, :]", "[61:120, :]")]
    plan = [(3, 20), (3, 60), (3, 200), (3, 400)]
    found = nonlinear_kind(*rates_of(sensor, plan, amplifiers=halves))
    planted = np.zeros(sensor.shape, dtype=bool)
    planted.flat[sensor.pixels.of("offset", "index")[0]] = True
    assert found.meta["NOFFSET"] == (found.data == NONLINEAR_KINDS.OFFSET).sum()
    assert (planted & (found.data == NONLINEAR_KINDS.OFFSET)).sum() > 0.95 * planted.sum()
    assert found.meta["DKAMPS"] == 2


class TestHighFrames:
    """Told for all pixels at once, or not."""

    @pytest.mark.parametrize(
        ("low", "high", "hot_low", "hot_high", "told", "hot_told"),
        [
            (0, 100, 0, 9, True, True),
            (4, 100, 0, 9, True, True),
            (6, 100, 0, 9, False, True),
            (0, 100, 1, 9, True, False),
            # Ten are expected among a tenth of the pixels.
            (0, 100, 0, 16, True, True),
            (0, 100, 0, 30, True, False),
            (0, 0, 0, 1, True, False),
        ],
    )
    def test_pixels_that_switch(self, low, high, hot_low, hot_high, told, hot_told):
        codes = np.zeros(11000, dtype=np.uint8)
        parts = np.split(codes[:300], np.cumsum([low, high, hot_low, hot_high]))
        for part, code in zip(parts, (8, NONLINEAR_KINDS.HIGH_FRAME, 9, 10), strict=False):
            part[:] = code
        untold = np.zeros(codes.shape, dtype=bool)
        _tell_high_frames(codes, untold, 1000)
        assert np.all(parts[0] == NONLINEAR_KINDS.UNEXPLAINED)
        assert np.all(parts[2] == NONLINEAR_KINDS.UNEXPLAINED)
        for part, those in ((parts[1], told), (parts[3], hot_told)):
            assert np.all(part == (NONLINEAR_KINDS.HIGH_FRAME if those else NONLINEAR_KINDS.UNTOLD))
        assert untold.sum() == high * (not told) + hot_high * (not hot_told)


class TestErrors:
    def test_two_rates(self, rates):
        with pytest.raises(ValueError, match="three exposure times or more are needed, got 2"):
            nonlinear_kind(*rates[:2])

    def test_a_list(self, rates):
        with pytest.raises(TypeError, match="pass the rates one by one"):
            nonlinear_kind(rates)

    def test_both_mask_and_scatter(self, rates, mask):
        with pytest.raises(ValueError, match="scatter is for mask=None"):
            nonlinear_kind(*rates, mask=mask, scatter=mask)

    @pytest.mark.parametrize(
        ("wrong", "kind", "message"),
        [
            (lambda mask: mask.data, TypeError, "mask must be CCDData"),
            (lambda mask: CCDData(mask.data, unit="adu"), u.UnitsError, "mask is in adu"),
            (
                lambda mask: CCDData(mask.data[1:], unit="", meta=mask.meta),
                ValueError,
                "mask must have the shape of the rates",
            ),
            (lambda mask: CCDData(mask.data * 1.0, unit=""), ValueError, "mask must hold flags.* float64"),
            (lambda mask: CCDData(mask.data.astype("u1"), unit=""), ValueError, "mask must hold flags.* uint8"),
            (
                lambda mask: CCDData(mask.mask, unit=""),
                TypeError,
                "mask.data must be an array of numbers, got one of bool",
            ),
        ],
    )
    def test_masks(self, rates, mask, wrong, kind, message):
        with pytest.raises(kind, match=message):
            nonlinear_kind(*rates, mask=wrong(mask))

    def test_offset_of_each_pixel(self, rates):
        with pytest.raises(ValueError, match="offset must be one of 'common', None"):
            nonlinear_kind(*rates, offset="pixel")
