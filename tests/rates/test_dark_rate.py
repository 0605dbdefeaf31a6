"""The laws that a dark rate obeys, whatever the camera."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import (
    BiasWarning,
    MissingInformationWarning,
    NoUsablePixelWarning,
    compare_dark_rates,
    dark_rate,
    hot_pixel_mask,
)

from ..helpers import (
    ELECTRON_PER_SECOND,
    assert_same_image,
    dark,
    full_mask,
    noisy_darks,
    rate_image,
    share_memory,
    snapshot,
)
from ..strategies import frame_sets, gains, images, read_noises, seconds, seeds, shapes

GAIN_UNIT = u.electron / u.adu
# Images of a few pixels may be masked all over.
pytestmark = pytest.mark.filterwarnings("ignore::ccdproc_darks.NoUsablePixelWarning")


def precise(darks, **options):
    return dark_rate(darks, dtype="float64", add_keyword=None, **options)


class TestLinearity:
    @given(st.data(), read_noises, st.lists(seconds, min_size=1, max_size=4, unique=True))
    def test_the_rate_of_a_proportional_pixel_does_not_depend_on_exposure(self, data, read_noise, times):
        rates = data.draw(images(data.draw(shapes), 0, 100))
        darks = [dark(rates * time, time, "electron", read_noise=read_noise) for time in times]
        for frame in darks:
            np.testing.assert_allclose(precise(frame).data, rates, rtol=1e-12)
        np.testing.assert_allclose(precise(darks, clip=None).data, rates, rtol=1e-9)

    @given(st.data(), st.floats(1.5, 100))
    def test_twice_the_dark_current_is_twice_the_rate(self, data, factor):
        rates = data.draw(images(data.draw(shapes), 0, 100))
        once, more = (precise(dark(rates * 10 * scale, 10.0, "electron")) for scale in (1, factor))
        np.testing.assert_allclose(more.data, factor * once.data, rtol=1e-12)

    @pytest.mark.parametrize("times", [(10.0, 1000.0), (90.0, 100.0)])
    def test_noisy_rates_of_two_exposures_differ_by_their_noise(self, times):
        rng = np.random.default_rng(1)
        short, long = (dark_rate(noisy_darks(rng, 2.0, time, 4, 5.0, (200, 200))) for time in times)
        sigma = np.hypot(short.uncertainty.array, long.uncertainty.array)
        pull = (short.data - long.data) / sigma
        assert pull.mean() == pytest.approx(0, abs=4 * 0.005 + 0.02)
        assert pull.std() == pytest.approx(1, abs=0.02)

    @given(st.data(), st.floats(-50, 50))
    def test_a_free_offset_does_not_change_the_slope(self, data, level):
        frames = data.draw(frame_sets(exposure_times=3, max_frames=2, uncertain=False))
        for frame in frames:
            # The variance is that of the counts, which the level must not change much.
            frame.meta["RDNOISE"] = 1e4
        shifted = [frame.copy() for frame in frames]
        for frame in shifted:
            frame.data += level
        first, second = (precise(each, offset="pixel", clip=None) for each in (frames, shifted))
        np.testing.assert_allclose(first.data, second.data, rtol=1e-4, atol=1e-3)
        np.testing.assert_array_equal(first.mask, second.mask)


class TestExposuresAdd:
    @given(st.data(), shapes, st.integers(2, 6), seconds)
    def test_frames_and_their_sum(self, data, shape, number, time):
        """Without read noise n frames of t are one of n t."""
        darks = [dark(data.draw(images(shape, 0, 100)), time, "electron", read_noise=None) for _ in range(number)]
        total = dark(sum(frame.data for frame in darks), time * number, "electron", read_noise=None)
        many, one = (precise(each, read_noise=0 * u.electron, clip=None) for each in (darks, total))
        np.testing.assert_allclose(many.data, one.data, rtol=1e-12)
        np.testing.assert_allclose(many.uncertainty.array, one.uncertainty.array, rtol=1e-12)
        assert many.meta["DKTOTAL"] == pytest.approx(one.meta["DKTOTAL"])

    @given(frame_sets(uncertain=False), read_noises)
    def test_frames_and_their_mean(self, frames, read_noise):
        """A combined dark of N frames is N frames."""
        for frame in frames:
            frame.mask = None
            frame.data = np.nan_to_num(frame.data)
            frame.meta["RDNOISE"] = read_noise
        mean = frames[0].copy()
        mean.data = np.mean([frame.data for frame in frames], axis=0)
        mean.meta["NCOMBINE"] = len(frames)
        many, one = precise(frames, clip=None), precise(mean)
        np.testing.assert_allclose(many.data, one.data, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(many.uncertainty.array, one.uncertainty.array, rtol=1e-9)
        for key in ("NCOMBINE", "DKTOTAL"):
            assert many.meta[key] == pytest.approx(one.meta[key])

    @given(st.data(), shapes, st.lists(seconds, min_size=2, max_size=4, unique=True))
    def test_without_read_noise_several_exposures_are_one_long_one(self, data, shape, times):
        """All electrons over all seconds is the best rate of a Poisson process."""
        darks = [dark(data.draw(images(shape, 1, 100)), time, "electron", read_noise=None) for time in times]
        total = dark(sum(frame.data for frame in darks), sum(times), "electron", read_noise=None)
        many, one = (precise(each, read_noise=0 * u.electron, clip=None) for each in (darks, total))
        np.testing.assert_allclose(many.data, one.data, rtol=1e-9)
        np.testing.assert_allclose(many.uncertainty.array, one.uncertainty.array, rtol=1e-9)

    def test_mixed_ncombine(self):
        """A mean of nine frames weighs nine times as much as one."""
        darks = [dark([[10.0]], unit="electron", NCOMBINE=9), dark([[20.0]], unit="electron")]
        measured = precise(darks, clip=None)
        assert measured.data[0, 0] == pytest.approx(0.11)
        assert measured.uncertainty.array[0, 0] == pytest.approx(np.sqrt((11 + 25) / 10) / 100)
        assert measured.meta["NCOMBINE"] == 10
        assert measured.meta["DKTOTAL"] == 1000

    def test_n_combined(self):
        measured = precise(dark([[10.0]], unit="electron", NCOMBINE=9), n_combined=4)
        assert measured.meta["NCOMBINE"] == 4
        assert measured.uncertainty.array[0, 0] == pytest.approx(np.sqrt((10 + 25) / 4) / 100)


class TestUnits:
    """Another unit for the same thing changes nothing."""

    @given(st.data(), gains, read_noises, seconds)
    def test_every_argument(self, data, gain, read_noise, time):
        counts = data.draw(images(data.draw(shapes), 0, 1e4))
        bias, saturation = 10.0, 9000.0
        bare = [dark(counts, None, gain=None, read_noise=None) for _ in range(2)]
        expected = precise(
            bare, gain=gain * GAIN_UNIT, read_noise=read_noise * u.electron, bias=bias * u.adu, exposure=time * u.s,
            saturation=saturation * u.adu,
        )  # fmt: skip

        def same(frames=bare, **options):
            options = {
                "gain": gain * GAIN_UNIT, "read_noise": read_noise * u.electron, "bias": bias * u.adu,
                "exposure": time * u.s, "saturation": saturation * u.adu, **options,
            }  # fmt: skip
            assert_same_image(precise(frames, **options), expected, rtol=1e-9)

        same(exposure=(time / 60) * u.min)
        same(exposure=[time * 1000] * 2 * u.ms)
        same(gain=1000 * gain * GAIN_UNIT / 1000)
        same(gain=gain * 1e3 * u.electron / (1e3 * u.adu))
        same(bias=bias * gain * u.electron)
        same(bias=CCDData(np.full(counts.shape, bias), unit="adu", uncertainty=StdDevUncertainty(0 * counts)))
        same([dark(counts, None, gain=None, read_noise=None, SATURATE=saturation) for _ in range(2)], saturation=None)
        keyed = [dark(counts, None, gain=None, read_noise=None, MYGAIN=gain, MYNOISE=read_noise, MYTIME=time,
                      MYTOP=saturation, MYMIN=time / 60) for _ in range(2)]  # fmt: skip
        same(keyed, gain="MYGAIN", read_noise="MYNOISE", exposure="MYTIME", saturation="MYTOP")
        same(keyed, gain=ccdproc.Keyword("MYGAIN", unit=GAIN_UNIT), exposure=ccdproc.Keyword("MYMIN", unit=u.min))
        same(gain=ccdproc.Keyword("NOGAIN", unit=GAIN_UNIT, value=gain))
        told = [dark(counts, time, gain=gain, read_noise=read_noise) for _ in range(2)]
        same(told, gain=None, read_noise=None, exposure=None)

        electrons = [dark(counts * gain, None, "electron", gain=None, read_noise=None) for _ in range(2)]
        same(electrons, saturation=saturation * gain * u.electron, bias=bias * gain * u.electron)
        same(electrons, saturation=saturation * u.adu * (1 - 1e-12), bias=bias * u.adu)
        same(electrons, gain=None, saturation=saturation * gain * u.electron, bias=bias * gain * u.electron)

    def test_exposure_before_exptime(self):
        frame = dark([[50.0]], 100.0, EXPOSURE=7.0)
        with pytest.raises(ValueError, match=r"^EXPTIME is 100 and EXPOSURE is 7 .* one of them is not"):
            dark_rate(frame)
        assert dark_rate(frame, check_headers=False).data[0, 0] == 1
        del frame.meta["EXPTIME"]
        frame.meta["EXPOSURE"] = 50.0
        assert dark_rate(frame).data[0, 0] == 2

    def test_saturation_in_electron_for_frames_in_adu(self):
        frame = dark([[100.0, 200.0]])
        assert dark_rate(frame, saturation=300 * u.electron).mask.tolist() == [[False, True]]

    @pytest.mark.parametrize("limit", [3600.0 * u.electron / u.h, 1 * ELECTRON_PER_SECOND, 60 / u.min * u.electron])
    def test_threshold(self, limit):
        rate = rate_image([[0.5, 0.999, 1.001, 2.0]], 100.0)
        assert hot_pixel_mask(rate, threshold=limit).mask.tolist() == [[False, False, True, True]]

    def test_rates_in_another_unit(self):
        rates = [rate_image([[0.5, 1.0, 5.0]], time) for time in (10.0, 100.0)]
        hourly = []
        for rate in rates:
            hourly.append(rate.multiply(3600 * u.s / u.h))
            hourly[-1].meta = rate.meta.copy()
            assert hourly[-1].unit == u.electron / u.h
        assert_same_image(compare_dark_rates(*hourly), compare_dark_rates(*rates), rtol=1e-9)
        limit = 2 * ELECTRON_PER_SECOND
        assert_same_image(hot_pixel_mask(*hourly, threshold=limit), hot_pixel_mask(*rates, threshold=limit))


class TestMasks:
    @given(st.data(), frame_sets(exposure_times=2))
    def test_only_grow(self, data, frames):
        """Masking more of the input unmasks nothing, and leaves the other pixels alone."""
        before = precise(frames)
        shape = frames[0].shape
        pixel = tuple(data.draw(st.integers(0, side - 1)) for side in shape)
        masked = [frame.copy() for frame in frames]
        hit = data.draw(st.sets(st.integers(0, len(frames) - 1), min_size=1))
        for index in hit:
            masked[index].mask = full_mask(masked[index]).copy()
            masked[index].mask[pixel] = True
        after = precise(masked)
        assert (after.mask >= before.mask).all()
        others = np.ones(shape, bool)
        others[pixel] = False
        np.testing.assert_array_equal(after.data[others], before.data[others])
        np.testing.assert_array_equal(after.uncertainty.array[others], before.uncertainty.array[others])
        if len(hit) == len(frames):
            assert after.mask[pixel]
            assert np.isnan(after.data[pixel])
        elif not after.mask[pixel]:
            assert after.uncertainty.array[pixel] > 0

    @given(frame_sets(exposure_times=2))
    def test_what_is_masked_or_nan_never_becomes_a_number(self, frames):
        measured = precise(frames)
        usable = np.any([~full_mask(frame) & np.isfinite(frame.data) for frame in frames], axis=0)
        np.testing.assert_array_equal(measured.mask, ~usable)
        np.testing.assert_array_equal(np.isfinite(measured.data), usable)
        assert np.isfinite(measured.uncertainty.array[usable]).all()

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_not_finite(self, value):
        measured = precise([dark([[value, value]], unit="electron"), dark([[50.0, value]], unit="electron")])
        assert measured.data[0, 0] == 0.5
        assert measured.mask.tolist() == [[False, True]]

    def test_masked_bias(self):
        master = CCDData(
            np.array([[1.0, 1.0, np.nan]]), unit="electron", mask=[[False, True, False]], meta={"NCOMBINE": 4}
        )
        measured = precise(dark([[51.0, 51.0, 51.0]], unit="electron"), bias=master)
        assert measured.mask.tolist() == [[False, True, True]]
        assert measured.data[0, 0] == 0.5

    def test_values_under_a_mask_do_not_matter(self):
        """Nor do they disturb what is estimated from the whole image."""
        rng = np.random.default_rng(2)
        darks = noisy_darks(rng, 1.0, 100.0, 4, 5.0, (50, 50))
        for frame in darks:
            del frame.meta["RDNOISE"]
            frame.mask = np.zeros(frame.shape, bool)
            frame.mask[:10] = True
        wild = [frame.copy() for frame in darks]
        for frame in wild:
            frame.data[:10] = rng.normal(0, 1e6, (10, 50))
        assert_same_image(dark_rate(wild), dark_rate(darks))


class TestSaturation:
    def test_lower_limit(self):
        """Saturated everywhere: masked, and the best lower limit of the rate, that of the shortest exposure."""
        darks = [dark([[100.0, 1000.0, 1000.0]], time, "adu", gain=2.0) for time in (10.0, 100.0)]
        darks[0].data[0, 1] = 500
        measured = precise(darks, saturation=1000 * u.adu, bias=100 * u.adu)
        assert measured.mask.tolist() == [[False, False, True]]
        # A pixel saturated in the long exposure has the rate of the short one.
        np.testing.assert_allclose(measured.data, [[0.0, 400 * 2 / 10, 900 * 2 / 10]], rtol=1e-14)

    def test_some_frames(self):
        darks = [dark([[value]], unit="electron") for value in (100.0, 100.0, 999.0)]
        measured = precise(darks, saturation=999 * u.electron, clip=None)
        assert measured.data[0, 0] == 1
        assert measured.uncertainty.array[0, 0] == pytest.approx(np.sqrt((100 + 25) / 2) / 100)

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", ">u2", "uint32"])
    def test_top_of_an_unsigned_integer(self, dtype):
        frame = dark(np.array([[1, np.iinfo(dtype).max]], dtype=dtype))
        measured = dark_rate(frame, bias=0 * u.adu)
        assert measured.mask.tolist() == [[False, True]]
        assert measured.meta["DKSATUR"] == np.iinfo(dtype).max

    def test_floats_have_no_top(self):
        measured = dark_rate(dark([[1.0, 65535.0]]))
        assert not measured.mask.any()
        assert "DKSATUR" not in measured.meta

    def test_masked_and_saturated(self):
        """A masked sample says nothing of saturation: the others decide."""
        darks = [dark([[2000.0]], mask=[[True]]), dark([[2000.0]])]
        with pytest.warns(NoUsablePixelWarning, match="1 are masked, 1 are at the saturation level"):
            measured = precise(darks, saturation=1000 * u.adu)
        assert measured.mask.all()
        assert measured.data[0, 0] == 20
        darks[1].mask = np.array([[True]])
        with pytest.warns(NoUsablePixelWarning, match="2 are masked"):
            assert np.isnan(precise(darks, saturation=1000 * u.adu).data[0, 0])


class TestOrder:
    @given(st.data(), frame_sets(exposure_times=2))
    def test_of_frames_does_not_matter(self, data, frames):
        shuffled = data.draw(st.permutations(frames))
        assert_same_image(precise(shuffled), precise(frames), rtol=1e-9)


class TestInputs:
    @given(frame_sets(exposure_times=3, unit="adu"))
    def test_are_never_changed_nor_shared(self, frames):
        shape = frames[0].shape
        master = CCDData(np.full(shape, 3.0), unit="adu", mask=np.zeros(shape, bool), meta={"NCOMBINE": 3},
                         uncertainty=StdDevUncertainty(np.ones(shape)))  # fmt: skip
        inputs = [*frames, master]
        before = [snapshot(image) for image in inputs]
        rates = [dark_rate(frames, bias=master), dark_rate(frames, bias=master, dtype="float64", offset="pixel")]
        times = sorted({frame.meta["EXPTIME"] for frame in frames})
        singles = [
            dark_rate([frame for frame in frames if frame.meta["EXPTIME"] == time], bias=master) for time in times
        ]
        assert [snapshot(image) for image in inputs] == before
        for rate in [*rates, *singles]:
            assert not any(share_memory(rate, image) for image in inputs)
            assert rate.meta is not frames[0].meta
            rate.meta["CHANGED"] = True
            assert "CHANGED" not in frames[0].meta
            del rate.meta["CHANGED"]

        before = [snapshot(rate) for rate in singles]
        results = [
            compare_dark_rates(*singles, offset=offset, statistic=statistic)
            for offset in ("common", None, "pixel")
            for statistic in ("difference", "significance", "ratio")
        ]
        results += [hot_pixel_mask(*singles), hot_pixel_mask(singles[0])]
        assert [snapshot(rate) for rate in singles] == before
        for result in results:
            assert not any(share_memory(result, rate) for rate in singles)
            assert result.meta is not singles[0].meta


class TestNoise:
    def test_no_uncertainty_to_be_had(self):
        with pytest.warns(MissingInformationWarning, match="^no read noise .*the result has no uncertainty") as caught:
            measured = dark_rate([dark(np.ones((2, 2)), read_noise=None) for _ in range(2)])
        assert caught[0].filename == __file__
        assert measured.uncertainty is None
        assert measured.meta["DKNOISE"] == "none"

    def test_zero_read_noise_is_legal(self):
        measured = precise(dark([[100.0, 0.0]], unit="electron"), read_noise=0 * u.electron)
        # Not quite zero: a weight of infinity would make a fit of several exposure times NaN.
        np.testing.assert_allclose(measured.uncertainty.array, [[0.1, 0.0]], atol=1e-8)

    def test_negative_pixels_have_the_read_noise(self):
        """V uses max(d, 0): never NaN, as of ccdproc.create_deviation."""
        measured = precise(dark([[-100.0, -1.0, 0.0]], unit="electron"))
        assert measured.data.tolist() == [[-1.0, -0.01, 0.0]]
        np.testing.assert_allclose(measured.uncertainty.array, 0.05)

    def test_order_of_sources(self):
        rng = np.random.default_rng(8)
        frames = [dark(rng.normal(50.0, 9.0, (20, 20)), uncertainty=StdDevUncertainty(np.full((20, 20), 9.0)))
                  for _ in range(3)]  # fmt: skip
        assert dark_rate(frames, read_noise=3 * u.electron).meta["DKNOISE"] == "argument"
        assert dark_rate(frames).meta["DKNOISE"] == "header"
        for frame in frames:
            del frame.meta["RDNOISE"]
        assert dark_rate(frames).meta["DKNOISE"] == "uncertainty"
        for frame in frames:
            frame.uncertainty = None
        assert dark_rate(frames).meta["DKNOISE"] == "estimated"

    def test_a_raw_frame_without_bias(self):
        with pytest.warns(BiasWarning, match=r"^no bias given, and darks\[0\] holds unsigned integers") as caught:
            dark_rate(dark(np.ones((2, 2), "uint16")))
        assert caught[0].filename == __file__

    def test_combined_without_ncombine(self):
        with pytest.warns(
            MissingInformationWarning, match=r"^darks\[0\] is combined, but nothing tells of how many.*n_combined="
        ) as caught:
            dark_rate(dark(np.ones((2, 2)), combined=True))
        assert caught[0].filename == __file__
        assert dark_rate(dark(np.ones((2, 2)), combined=True), n_combined=5).meta["NCOMBINE"] == 5
        assert dark_rate(dark(np.ones((2, 2)), combined=True, NCOMBINE=5)).meta["NCOMBINE"] == 5
        assert dark_rate(dark(np.ones((2, 2)), combined=False)).meta["NCOMBINE"] == 1


class TestFreeOffset:
    def test_slope(self):
        """Each pixel has its own bias; three exposure times tell the slope."""
        rng = np.random.default_rng(3)
        pedestal, rates = rng.normal(1000, 50, (100, 100)), rng.uniform(0.5, 5, (100, 100))
        darks = [
            dark(pedestal + rng.poisson(rates * time) + rng.normal(0, 5, rates.shape), time, "electron")
            for time in (100.0, 200.0, 400.0)
            for _ in range(3)
        ]
        measured = precise(darks, offset="pixel")
        assert measured.meta["DKOFFSET"] == "pixel"
        pull = (measured.data - rates) / measured.uncertainty.array
        assert pull.mean() == pytest.approx(0, abs=0.05)
        assert pull.std() == pytest.approx(1, abs=0.03)

    def test_two_exposure_times(self):
        darks = [dark([[1000.0 + 2 * time]], time, "electron") for time in (10.0, 110.0)]
        assert precise(darks, offset="pixel").data[0, 0] == pytest.approx(2.0)

    def test_a_pixel_with_one_exposure_left_has_no_slope(self):
        darks = [dark([[1000.0 + 2 * time] * 2], time, "electron") for time in (10.0, 110.0)]
        darks[1].data[0, 0] = 60000
        measured = precise(darks, offset="pixel", saturation=50000 * u.electron)
        assert measured.mask.tolist() == [[True, False]]
        assert np.isnan(measured.data[0, 0])


@given(seeds)
def test_noise_is_reproducible(seed):
    first, second = (dark_rate(noisy_darks(np.random.default_rng(seed), 1.0, 10.0, 3, 5.0, (4, 4))) for _ in range(2))
    assert_same_image(first, second, meta=True)


def test_clock_of_a_camera():
    """30.001 s and 30 s are one exposure time."""
    measured = dark_rate([dark(np.ones((2, 2)), time) for time in (30.0, 30.001, 30.02)])
    assert measured.meta["DKNEXP"] == 1
    assert measured.meta["DKTOTAL"] == pytest.approx(90.021)


def test_large_images_are_cut_in_blocks(pixels_per_block):
    rng = np.random.default_rng(4)
    darks = [frame for time in (10.0, 100.0) for frame in noisy_darks(rng, 1.0, time, 3, 5.0, (37, 11))]
    complete = dark_rate(darks)
    pixels_per_block(16)
    assert_same_image(dark_rate(darks), complete)
