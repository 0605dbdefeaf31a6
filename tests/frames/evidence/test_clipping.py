"""The saturation level that frames show; truth from cameras simulated without the package."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import ClippingWarning, HeaderWarning, dark_rate, hot_pixel_mask
from ccdproc_darks.frames.evidence.clipping import saturation_finding, saturation_of
from ccdproc_darks.frames.evidence.digits import Digits

from .cameras import Camera, group_of


def found(group):
    """`Saturation`, and its `Finding`."""
    saturation = saturation_of(group, Digits.of(group))
    return saturation, saturation_finding(saturation, group)


def at_top(camera, frames):
    return int(np.count_nonzero(frames[0].data == camera.top))


class TestHard:
    """An ADC that clips below the end of its type."""

    @pytest.mark.parametrize("dtype", ["uint16", "int16", "float32", "int32", "float64"])
    @pytest.mark.parametrize(("top", "gain"), [(4095, 2.0), (16383, 0.5), (32766, 0.4), (10000, 1.0)])
    @pytest.mark.parametrize("sets", [[(60, 5), (300, 5)], [(60, 5), (300, 1)], [(300, 3)], [(300, 1)]])
    def test_level(self, top, gain, dtype, sets):
        camera = Camera(top=top, gain=gain, dtype=dtype, read_noise=4.0)
        frames = [camera.frames(*one) for one in sets]
        saturation, finding = found(group_of(*frames))
        assert (saturation.level, saturation.source) == (top, "found")
        assert saturation.pixels == at_top(camera, frames[-1])
        assert finding.verdict == "ok"
        assert u.Quantity(finding.found) == top * u.adu
        assert f"cut off at {top} adu" in finding.sentence

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("number", [1, 3])
    def test_five_pixels(self, seed, number):
        camera = Camera(top=16383, hot=200, hottest=40.0, seed=seed)
        camera.rates.flat[[100, 5000, 20000, 40000, 59000]] = 80.0
        saturation, _ = found(group_of(camera.frames(60, 5), camera.frames(300, number)))
        assert (saturation.level, saturation.pixels) == (16383, 5)

    def test_most_pixels(self):
        """A warm camera: in the longest exposures all pixels are saturated."""
        camera = Camera(top=4095, rate=60.0)
        saturation, _ = found(group_of(camera.frames(10, 5), camera.frames(120, 3)))
        assert (saturation.level, saturation.source) == (4095, "found")

    def test_masked_pixels_do_not_count(self):
        frames = Camera(top=4095).frames(300, 2)
        for frame in frames:
            frame.mask = frame.data == 4095
        assert found(group_of(frames))[0].source == "ADC"

    def test_the_end_of_the_type_is_the_adc(self):
        camera = Camera(top=65535, gain=0.2)
        saturation, finding = found(group_of(camera.frames(60, 3), camera.frames(300, 3)))
        assert (saturation.level, saturation.source, finding.verdict) == (65535, "ADC", "ok")


class TestFullWell:
    """A full well below the ADC: pixels that are brighter by far read the same, but for the noise of the reading."""

    @pytest.mark.parametrize(
        ("gain", "well", "soft", "noise", "dtype"),
        [
            (1.0, 40_000, 0.0, 4.0, "uint16"),
            (1.0, 40_000, 0.02, 4.0, "uint16"),
            (2.06, 125_000, 0.025, 14.5, "uint16"),
            (0.25, 12_000, 0.01, 1.5, "float32"),
            (4.0, 100_000, 0.0, 8.0, "int32"),
        ],
    )
    @pytest.mark.parametrize(
        "sets", [[(30, 10), (300, 1)], [(10, 1), (60, 1), (120, 1), (300, 1)], [(30, 3), (300, 5)]]
    )
    def test_level(self, gain, well, soft, noise, dtype, sets):
        camera = Camera(gain=gain, full_well=well, soft=soft, read_noise=noise, dtype=dtype, top=65535, hottest=5000.0)
        saturation, finding = found(group_of(*[camera.frames(*one) for one in sets]))
        lowest = camera.bias + well * (1 - soft) / gain
        assert saturation.source == "found"
        assert 0.96 * lowest < saturation.level <= 1.01 * lowest
        assert finding.verdict == "ok"
        assert "that shorter exposures predict above" in finding.sentence

    def test_bias_subtracted_frames(self):
        """The ADC's end differs from pixel to pixel by the bias that was subtracted."""
        camera = Camera(top=4095)
        bias = np.random.default_rng(3).normal(100, 2, camera.shape).astype(np.float32)
        sets = [
            [CCDData(frame.data - bias, unit="adu", meta=frame.meta) for frame in camera.frames(*one)]
            for one in [(60, 5), (300, 2)]
        ]
        saturation, _ = found(group_of(*sets))
        assert saturation.source == "found"
        assert saturation.level == pytest.approx(3995, abs=15)


class TestHealthy:
    @pytest.mark.parametrize("seed", range(20))
    def test_no_level(self, seed):
        """Hot pixels, a cosmic ray or two, up to two saturated pixels, few frames and many."""
        rng = np.random.default_rng(seed)
        camera = Camera(
            top=65535, gain=rng.choice([0.3, 1.0, 2.5]), hot=int(rng.choice([0, 20, 400])), seed=seed,
            hottest=rng.choice([5, 60.0]), shape=(100, 150),
        )  # fmt: skip
        for place in range(seed % 3):
            camera.rates.flat[3000 + 10 * place] = 1e4
        times = np.sort(rng.choice([10, 30, 60, 120, 300], rng.integers(1, 4), replace=False))
        sets = [camera.frames(seconds, int(rng.integers(1, 6))) for seconds in times]
        for frames in sets:
            for frame in frames:
                frame.data.flat[rng.integers(frame.data.size, size=5)] = rng.integers(2000, 65535, 5)
        saturation, finding = found(group_of(*sets))
        assert (saturation.found, saturation.source, finding.verdict) == (None, "ADC", "ok")

    def test_pixels_of_one_rate(self):
        """Many hot pixels of the same rate are no pile-up: shorter exposures predict them."""
        camera = Camera(top=65535, hot=200)
        camera.rates[camera.rates > 1] = 50.0
        saturation, _ = found(group_of(camera.frames(60, 5), camera.frames(300, 2)))
        assert saturation.found is None

    def test_pixels_that_are_not_proportional(self):
        """Their counts rise with their rate, by less than shorter exposures predict."""
        camera = Camera(top=65535, hot=200, hottest=300.0)
        short, rates = camera.frames(60, 5), camera.rates
        camera.rates = np.where(rates > 1, 0.6 * rates, rates)
        assert found(group_of(short, camera.frames(300, 2)))[0].found is None

    @pytest.mark.parametrize("seed", range(20))
    def test_a_few_pixels_that_hold_less_charge(self, seed):
        """The hottest pixels of a sensor each stop at a charge of their own."""
        camera = Camera(top=65535, hot=100, hottest=500.0, seed=seed)
        camera.wells = np.random.default_rng(seed).uniform(2e3, 2e4, camera.shape)
        assert found(group_of(camera.frames(60, 3), camera.frames(300, 1)))[0].found is None

    @pytest.mark.parametrize("read_noise", [0.0, 0.2])
    def test_noise_below_a_step(self, read_noise):
        camera = Camera(top=65535, gain=5.0, read_noise=read_noise, hot=0)
        assert found(group_of(camera.frames(60, 2), camera.frames(300, 2)))[0].found is None


class TestTold:
    CAMERA = Camera(top=4095, gain=2.0)
    SETS = CAMERA.frames(60, 5), CAMERA.frames(300, 2)

    @pytest.mark.parametrize("source", ["SATURATE", "argument"])
    def test_far_above(self, source):
        saturation, finding = found(group_of(*self.SETS, saturation=(16383.0, source)))
        assert (saturation.level, saturation.source) == (4095, "found")
        assert finding.verdict == "doubtful"
        assert f"{'saturation' if source == 'argument' else source} is 16383 adu" in finding.sentence
        assert (u.Quantity(finding.found), u.Quantity(finding.told)) == (4095 * u.adu, 16383 * u.adu)

    @pytest.mark.parametrize(("source", "name"), [("SATURATE", "header"), ("argument", "argument")])
    @pytest.mark.parametrize("level", [3000.0, 4095.0])
    def test_below(self, level, source, name):
        saturation, finding = found(group_of(*self.SETS, saturation=(level, source)))
        assert (saturation.level, saturation.source, finding.verdict) == (level, name, "ok")

    def test_warnings_of_dark_rate(self):
        darks = self.CAMERA.frames(300, 3, SATURATE=60000.0)
        options = {"bias": 100 * u.adu}
        with pytest.warns(HeaderWarning, match="cut off at 4095 adu.*SATURATE is 60000 adu"):
            rate = dark_rate(darks, **options)
        assert (rate.meta["DKSATUR"], rate.meta["DKSATSRC"]) == (4095, "found")
        with pytest.warns(ClippingWarning, match="cut off at 4095 adu.*saturation is 50000 adu"):
            rate = dark_rate(darks, saturation=50000 * u.adu, **options)
        assert rate.meta["DKSATSRC"] == "found"
        rate = dark_rate(darks, check_headers=False, **options)
        assert (rate.meta["DKSATUR"], rate.meta["DKSATSRC"]) == (60000, "header")
        rate = dark_rate(darks, saturation=4000 * u.adu, **options)
        assert (rate.meta["DKSATUR"], rate.meta["DKSATSRC"]) == (4000, "argument")


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize(("top", "gain"), [(4095, 2.0), (16383, 0.5)])
def test_saturated_pixels_are_flagged(top, gain, dtype):
    camera = Camera(top=top, gain=gain, dtype=dtype)
    sets = [camera.frames(60, 5), camera.frames(300, 5)]
    rates = [dark_rate(frames, bias=100 * u.adu) for frames in sets]
    truth = np.all([frame.data == top for frame in sets[1]], axis=0)
    assert truth.sum() > 100
    np.testing.assert_array_equal(rates[1].mask, truth)
    assert hot_pixel_mask(*rates).meta["NSATUR"] == truth.sum()
    assert np.median(rates[1].data[~truth]) == pytest.approx(camera.rate, rel=0.05)


@pytest.mark.parametrize(("factor", "below"), [(1e-6, 0.0), (1.0, 40000.0)])
@pytest.mark.parametrize("sets", [[(60, 4), (300, 4)], [(300, 4)]])
def test_level_of_other_numbers(factor, below, sets):
    """Divided by a full scale, or below zero: the level is where the pile-up is, and later steps take it."""
    camera = Camera(top=65535, full_well=30000.0, soft=0.02, bias=1000.0, dtype="float64")
    frames = [frame for one in sets for frame in camera.frames(*one)]
    for frame in frames:
        frame.data, frame.meta["EGAIN"] = (frame.data - below) * factor, 1 / factor
    saturation, _ = found(group_of(frames))
    assert 0.9 < (saturation.level / factor + below) / 30000 < 1.05
    bias = CCDData(np.full(camera.shape, (1000.0 - below) * factor), unit="adu", meta={"NCOMBINE": 50})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ClippingWarning)
        rate = dark_rate(frames, bias=bias)
    assert 50 < np.count_nonzero(hot_pixel_mask(rate).mask) < 500


def test_header_far_below_what_pixels_read():
    """SATURATE per step of the ADC; a linearity limit is not so low."""
    camera = Camera(factor=16, gain=1.0)
    group = group_of(camera.frames(60, 3), camera.frames(300, 3), saturation=(4095.0, "SATURATE"))
    saturation, finding = found(group)
    assert (saturation.level, saturation.source, finding.verdict) == (4095, "header", "doubtful")
    assert "SATURATE is 4095 adu, but pixels read up to 65520 adu" in finding.sentence
    given = group_of(camera.frames(60, 3), camera.frames(300, 3), saturation=(4095.0, "argument"))
    limit = group_of(camera.frames(60, 3), camera.frames(300, 3), saturation=(40000.0, "SATURATE"))
    assert {found(one)[1].verdict for one in (given, limit)} == {"ok"}


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("turned", [False, True])
def test_a_hot_column_is_no_saturation(number, turned):
    """All of its pixels are as bright, and brighter than all others."""
    camera = Camera(top=65535, hottest=55.0)
    camera.rates[slice(None) if not turned else 40, 40 if not turned else slice(None)] = 60.0
    saturation, _ = found(group_of(camera.frames(300, number)))
    assert saturation.source == "ADC"
