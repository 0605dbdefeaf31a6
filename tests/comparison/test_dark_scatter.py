"""Frames that scatter more than their noise: a calibrated null, cosmic rays, and telegraph pixels."""

import warnings
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ccdproc_darks import (
    DARK_FLAGS,
    DuplicateFrameWarning,
    NoiseWarning,
    Sensor,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    simulate_dark,
)
from ccdproc_darks.comparison.dark_scatter import ScatterImages
from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.comparison.frame_scatter import ScatterJob
from ccdproc_darks.simulation import TelegraphPixels

from ..helpers import ELECTRON_PER_SECOND, assert_same_image, dark, full_mask, noisy_darks, snapshot
from ..strategies import frame_sets, read_noises, seeds


def switching(rng, low, high, seconds, number, read_noise, shape):
    """Frames of pixels that are at one of two rates in each, half of the time."""
    rates = np.where(rng.random((number, *shape)) < 0.5, low, high)
    return [
        dark(rng.poisson(rate * seconds) + rng.normal(0, read_noise, shape), seconds, "electron", read_noise=read_noise)
        for rate in rates
    ]  # fmt: skip


@pytest.mark.statistics
@pytest.mark.parametrize(
    ("read_noise", "number", "electrons"),
    [(1.0, 4, 0.1), (1.0, 10, 1.0), (1.0, 4, 10.0), (1.0, 10, 50.0), (3.0, 10, 0.1), (3.0, 4, 5.0), (10.0, 4, 0.1),
     (10.0, 10, 50.0)],
)  # fmt: skip
def test_good_pixels_are_normal(read_noise, number, electrons):
    """Mean 0, width 1, and both tails at 1e-3 within their counting error, from a tenth of an electron in a frame."""
    rng = np.random.default_rng(1)
    shape = (300, 500)
    scatter = dark_scatter(noisy_darks(rng, electrons / 100, 100.0, number, read_noise, shape))
    z = scatter.data.astype(float)
    assert not scatter.mask.any()
    counting = 4 / np.sqrt(1e-3 * z.size)
    assert np.mean(z > stats.norm.isf(1e-3)) / 1e-3 == pytest.approx(1, abs=counting + 0.1)
    assert np.mean(z < stats.norm.ppf(1e-3)) / 1e-3 == pytest.approx(1, abs=counting + 0.1)
    # So few electrons come in steps.
    assert np.median(z) == pytest.approx(0, abs=0.05)
    assert scatter.meta["DKWIDTH"] == pytest.approx(1, abs=0.015)


@pytest.mark.statistics
def test_false_positives():
    """As many good pixels are called telegraph pixels as asked for, far in the tail."""
    rng = np.random.default_rng(2)
    darks = noisy_darks(rng, 0.05, 100.0, 6, 2.0, (500, 600))
    scatter = dark_scatter(darks)
    flagged = hot_pixel_mask(dark_rate(darks), scatter=scatter, false_positives=20, threshold=9 * ELECTRON_PER_SECOND)
    assert abs(flagged.meta["NTELEGR"] - 20) < 4 * np.sqrt(20)


@pytest.mark.parametrize("number", [4, 5, 12])
@pytest.mark.parametrize(("read_noise", "rate"), [(1.0, 0.01), (5.0, 1.0)])
def test_one_cosmic_ray_in_each_pixel_is_none(number, read_noise, rate):
    """In any of the frames, large enough to be told from a chance of 5 sigma."""
    rng = np.random.default_rng(3)
    shape = (100, 200)
    darks = noisy_darks(rng, rate, 100.0, number, read_noise, shape)
    hit = rng.integers(0, number, shape)
    size = np.exp(rng.uniform(np.log(3), np.log(1e5), shape))
    for index, frame in enumerate(darks):
        frame.data += np.where(hit == index, size, 0)
    scatter = dark_scatter(darks)
    flagged = hot_pixel_mask(dark_rate(darks), scatter=scatter, threshold=1e4 * ELECTRON_PER_SECOND)
    telegraph = (flagged.data & DARK_FLAGS.TELEGRAPH) != 0
    large = size > 25 * np.sqrt(rate * 100 + read_noise**2)
    assert telegraph[large].sum() <= 3
    # Between what is noticed and what is rejected there is little room.
    assert telegraph.mean() < 0.05


def test_without_rejection_a_cosmic_ray_is_a_scatter():
    rng = np.random.default_rng(3)
    darks = noisy_darks(rng, 0.1, 100.0, 6, 3.0, (40, 50))
    for index, frame in enumerate(darks):
        frame.data[index] += 500
    assert (dark_scatter(darks, clip=None).data[:6] > 30).all()
    assert (dark_scatter(darks).data[:6] < 5).all()


@pytest.mark.parametrize("shape", [(1, 1), (30, 40)])
def test_nothing_but_scatter(shape):
    """As of frames in a wrong unit: every pixel is far beyond its noise, and the width says by how much."""
    rng = np.random.default_rng(4)
    darks = noisy_darks(rng, 0.0, 100.0, 8, 300.0, shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoiseWarning)  # that the read noise is refuted
        scatter = dark_scatter(darks, read_noise=1 * u.electron, clip=None)
    assert (scatter.data > 5).all()
    assert np.isfinite(scatter.data).all()
    # A deviate of 37 is as far as a width can be read.
    assert 10 < scatter.meta["DKWIDTH"] < 400


def test_two_high_frames_are_no_cosmic_rays():
    rng = np.random.default_rng(4)
    darks = noisy_darks(rng, 0.1, 100.0, 8, 3.0, (20, 30))
    for frame in darks[2:4]:
        frame.data[5] += 200
    scatter = dark_scatter(darks)
    assert (scatter.data[5] > 8).all()
    assert (np.delete(scatter.data, 5, axis=0) < 5).all()


@pytest.mark.filterwarnings("ignore:read noise differs")
@pytest.mark.parametrize("number", [4, 10])
def test_found_the_better_the_larger_their_amplitude(number):
    """Pixels that switch between 0.1 electron/s and more, ever more of them; in the end all that switched twice."""
    rng, others = (np.random.default_rng(seed) for seed in (5, 6))
    shape, found = (50, 100), []
    for amplitude in (0.0, 0.2, 0.5, 1.0, 3.0):
        darks = switching(rng, 0.1, 0.1 + amplitude, 100.0, number, 5.0, shape)
        # Where all pixels switch, their scatter refutes the read noise: most do not.
        for frame, other in zip(darks, switching(others, 0.1, 0.1, 100.0, number, 5.0, (50, 2900)), strict=True):
            frame.data = np.concatenate([frame.data, other.data], axis=1)
        found.append(np.mean(dark_scatter(darks, check_headers=False).data[:, :100] > 4.5))
    assert found[0] < 0.001
    assert (np.diff(found) > 0).all()
    # One frame that is unlike the others may be a cosmic ray.
    ways = [stats.binom.pmf(k, number, 0.5) for k in (0, 1, number - 1, number)]
    assert found[-1] > 1 - sum(ways[:2]) - sum(ways[2:]) - 0.02


def test_telegraph_pixels_of_a_simulated_sensor():
    """Against the truth of the sensor, and in the mask."""
    pixels = TelegraphPixels(
        fraction=0.01, amplitude=3 * ELECTRON_PER_SECOND, dwell_low=300 * u.s, dwell_high=300 * u.s
    )  # fmt: skip
    sensor = Sensor(shape=(100, 120), read_noise=4 * u.electron, bias=500 * u.adu, seed=3, defects=[pixels])
    darks = [simulate_dark(sensor, exposure=100 * u.s, rng=seed) for seed in range(12)]
    scatter = dark_scatter(darks, bias=500 * u.adu)
    rate = dark_rate(darks, bias=500 * u.adu)
    flagged = hot_pixel_mask(rate, scatter=scatter, threshold=50 * ELECTRON_PER_SECOND)
    telegraph = (flagged.data & DARK_FLAGS.TELEGRAPH) != 0
    truth = (sensor.true_flags().data & DARK_FLAGS.TELEGRAPH) != 0
    assert truth.sum() == 120
    assert telegraph[truth].mean() > 0.9
    assert telegraph[~truth].sum() <= 3
    assert flagged.mask[telegraph].all()
    assert flagged.meta["NTELEGR"] == telegraph.sum()


@pytest.mark.filterwarnings("ignore::ccdproc_darks.NoUsablePixelWarning")  # of images of a few pixels
@given(frame_sets(max_frames=6))
def test_of_any_frames(frames):
    """Masked exactly where fewer than four samples are usable; the frames stay as they are."""
    frames = [frame.copy() for frame in (frames * 4)[: max(4, len(frames))]]
    before = [snapshot(frame) for frame in frames]
    scatter = dark_scatter(frames, read_noise=3 * u.electron, clip=None)
    usable = sum(np.isfinite(frame.data) & ~full_mask(frame) for frame in frames)
    np.testing.assert_array_equal(scatter.mask, usable < 4)
    np.testing.assert_array_equal(np.isnan(scatter.data), scatter.mask)
    assert [snapshot(frame) for frame in frames] == before


@given(seeds, read_noises)
def test_the_order_of_frames_does_not_matter(seed, read_noise):
    rng = np.random.default_rng(seed)
    darks = noisy_darks(rng, 0.5, 100.0, 6, read_noise, (3, 4))
    darks[0].data[0] += 300
    order = rng.permutation(6)
    first, second = dark_scatter(darks), dark_scatter([darks[index] for index in order])
    np.testing.assert_allclose(second.data, first.data, rtol=1e-3, atol=1e-4)


@given(seeds, st.floats(0.1, 100))
def test_the_exposure_time_does_not_matter(seed, factor):
    """What counts is how many electrons there are."""
    rng = np.random.default_rng(seed)
    darks = noisy_darks(rng, 0.5, 100.0, 5, 3.0, (3, 4))
    first, second = (dark_scatter(darks, exposure=seconds * u.s) for seconds in (100.0, 100.0 * factor))
    np.testing.assert_allclose(second.data, first.data, rtol=1e-4, atol=1e-4)


def test_masks_only_grow():
    """With every sample that is masked there are fewer pixels, of which none changes but those."""
    rng = np.random.default_rng(6)
    darks = noisy_darks(rng, 2.0, 100.0, 6, 3.0, (30, 40))
    before = dark_scatter(darks)
    lost = rng.random((6, 30, 40)) < 0.2
    for frame, where in zip(darks, lost, strict=True):
        frame.mask = where
    after = dark_scatter(darks)
    np.testing.assert_array_equal(after.mask, lost.sum(axis=0) > 2)
    complete = ~lost.any(axis=0)
    np.testing.assert_allclose(after.data[complete], before.data[complete], rtol=1e-5, atol=1e-5)


def test_frames_that_lie_higher_as_a_whole():
    """A drift of the bias, alike in all pixels, is no scatter."""
    rng = np.random.default_rng(7)
    darks = noisy_darks(rng, 0.1, 100.0, 8, 3.0, (100, 100))
    for frame, level in zip(darks, (0, 10, -10, 20, -20, 0, 4, -4), strict=True):
        frame.data += level
    scatter = dark_scatter(darks)
    assert scatter.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)


@pytest.mark.filterwarnings("ignore:frames scatter 1.2")
def test_width():
    """Read noise understated by 20 % shows, and is said."""
    rng = np.random.default_rng(8)
    darks = noisy_darks(rng, 0.0, 100.0, 8, 5.0, (200, 200))
    assert dark_scatter(darks, read_noise=4 * u.electron).meta["DKWIDTH"] == pytest.approx(1.25, abs=0.01)
    assert dark_scatter(darks, read_noise=6.25 * u.electron).meta["DKWIDTH"] == pytest.approx(0.8, abs=0.01)


def test_bias_and_gain():
    """A bias, the same in all frames, takes no part in their scatter; counts are electrons after the gain."""
    rng = np.random.default_rng(9)
    darks = noisy_darks(rng, 0.5, 100.0, 6, 3.0, (20, 30), bias=200.0)
    structure = CCDData(np.full((20, 30), 200.0), unit="electron", meta={"NCOMBINE": 10})
    first = dark_scatter(darks, bias=200 * u.electron)
    assert_same_image(dark_scatter(darks, bias=structure), first, rtol=1e-5)
    counts = [dark(frame.data / 2.0, 100.0, gain=2.0, read_noise=3.0) for frame in darks]
    np.testing.assert_allclose(dark_scatter(counts, bias=100 * u.adu).data, first.data, rtol=1e-4, atol=1e-4)


def test_saturated_samples_are_left_out():
    rng = np.random.default_rng(10)
    darks = noisy_darks(rng, 1.0, 100.0, 6, 3.0, (5, 6))
    for index, frame in enumerate(darks):
        frame.data[0, 0] = 1e5
        if index < 2:
            frame.data[1, 1] = 1e5
        if index < 3:
            frame.data[2, 2] = 1e5
    scatter = dark_scatter(darks, saturation=50000 * u.electron)
    expected = np.zeros((5, 6), bool)
    expected[0, 0] = expected[2, 2] = True
    np.testing.assert_array_equal(scatter.mask, expected)
    assert scatter.data[1, 1] < 5


def test_no_read_noise_at_all():
    """Pure Poisson counts, of an ideal camera."""
    rng = np.random.default_rng(11)
    darks = noisy_darks(rng, 0.3, 100.0, 8, 0.0, (200, 300))
    scatter = dark_scatter(darks, read_noise=0 * u.electron)
    assert np.isfinite(scatter.data).all()
    tail = np.mean(scatter.data > stats.norm.isf(1e-3)) / 1e-3
    assert 0.5 < tail < 1.5


def test_read_noise_from_the_frames():
    rng = np.random.default_rng(12)
    darks = noisy_darks(rng, 0.1, 100.0, 8, 3.0, (100, 100))
    for frame in darks:
        del frame.meta["RDNOISE"]
    scatter = dark_scatter(darks)
    assert scatter.meta["DKRDNOI"] == pytest.approx(3, rel=0.02)
    assert scatter.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)


def test_meta_and_type():
    rng = np.random.default_rng(13)
    darks = noisy_darks(rng, 0.1, 60.0, 5, 3.0, (4, 5))
    scatter = dark_scatter(darks)
    expected = {"DKSTAT": "scatter", "DKEXPMIN": 60.0, "DKEXPMAX": 60.0, "EXPTIME": 60.0, "EXPOSURE": 60.0,
                "NCOMBINE": 5, "DKRDNOI": 3.0}  # fmt: skip
    assert {key: scatter.meta[key] for key in expected} == expected
    assert scatter.unit == u.dimensionless_unscaled
    assert scatter.uncertainty is None
    assert scatter.data.dtype == np.float32
    assert dark_scatter(darks, dtype="float64").data.dtype == np.float64


def test_files(tmp_path):
    rng = np.random.default_rng(14)
    darks = noisy_darks(rng, 0.1, 60.0, 5, 3.0, (40, 50))
    paths = []
    for number, frame in enumerate(darks):
        paths.append(tmp_path / f"{number}.fits")
        frame.write(paths[-1])
    assert_same_image(dark_scatter(paths), dark_scatter(darks))


def test_large_images_are_cut_in_blocks(pixels_per_block):
    rng = np.random.default_rng(15)
    darks = noisy_darks(rng, 0.1, 60.0, 5, 3.0, (40, 50))
    complete = dark_scatter(darks)
    pixels_per_block(200)
    assert_same_image(dark_scatter(darks), complete)


class TestRefused:
    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_too_few(self, number):
        """It says how many are needed."""
        with pytest.raises(ValueError, match=rf"^at least 4 equal frames are needed .* cosmic ray, got {number}$"):
            dark_scatter([dark(np.ones((3, 4))) for _ in range(number)])

    def test_given_twice(self):
        """Copies do not scatter: only distinct frames count, and there must be enough."""
        darks = noisy_darks(np.random.default_rng(1), 0.5, 100.0, 6, 5.0, (40, 50))
        with (
            pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\], .* and darks\[5\]"),
            pytest.raises(ValueError, match=r"^at least 4 equal frames are needed .* cosmic ray, got 1$"),
        ):
            dark_scatter(darks[:1] * 6)
        with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\] and darks\[6\]"):
            twice = dark_scatter(darks * 2)
        assert_same_image(twice, dark_scatter(darks))
        assert twice.meta["NCOMBINE"] == 6

    def test_combined(self):
        frames = [dark(np.ones((3, 4)), NCOMBINE=number) for number in (1, 1, 3, 1)]
        with pytest.raises(ValueError, match=r"^darks must be single frames: a combined one"):
            dark_scatter(frames)

    def test_several_exposure_times(self):
        frames = [dark(np.ones((3, 4)), seconds) for seconds in (10.0, 20.0) for _ in range(4)]
        with pytest.raises(ValueError, match=r"^darks must be of one exposure time, got 10, 20 s; call once for each"):
            dark_scatter(frames)

    def test_no_read_noise(self):
        frames = [dark(np.ones((3, 4)), read_noise=None, uncertainty=StdDevUncertainty(np.ones((3, 4))))
                  for _ in range(4)]  # fmt: skip
        with pytest.raises(ValueError, match=r"^read_noise is needed, and neither the headers \(RDNOISE\) nor"):
            dark_scatter(frames)


class TestScatterImages:
    """What hot_pixel_mask takes."""

    SHAPE = (3, 4)

    def image(self, values=0.0, mask=None, **meta):
        data = np.broadcast_to(np.asarray(values, float), self.SHAPE).copy()
        return CCDData(data, unit="", mask=mask, meta={"DKSTAT": "scatter"} | meta)

    def test_none(self):
        images = ScatterImages(None, self.SHAPE)
        assert len(images) == 0
        assert images.critical(FalsePositiveControl()) == np.inf
        assert not np.any(images.beyond(5.0, slice(None)))

    def test_any_of_several(self):
        """Beyond in one of them; a masked value is none."""
        high = self.image([9.0, 0, 0, 9.0], mask=np.array([[False, False, False, True]] * 3))
        images = ScatterImages([high, self.image([0, 9.0, 0, 0])], self.SHAPE)
        assert len(images) == 2
        assert images.beyond(5.0, slice(0, 1)).tolist() == [[True, True, False, False]]
        # Of 21 values, on one side.
        assert 21 * stats.norm.sf(images.critical(FalsePositiveControl(0.5))) == pytest.approx(0.5)

    def test_false_discovery_rate(self):
        values = np.random.default_rng(0).normal(0, 1, self.SHAPE)
        values[0, 0] = 6.0
        images = ScatterImages(self.image(values), self.SHAPE)
        critical = images.critical(FalsePositiveControl(fdr=0.05))
        found = stats.false_discovery_control(stats.norm.sf(values).ravel()).reshape(self.SHAPE) <= 0.05
        np.testing.assert_array_equal(images.beyond(critical, slice(None)), found)

    @pytest.mark.parametrize("wrong", [np.ones((3, 4)), "scatter.fits", [np.ones((3, 4))]])
    def test_kind(self, wrong):
        with pytest.raises(TypeError, match=r"^scatter.* must be CCDData, a result of dark_scatter, got"):
            ScatterImages(wrong, self.SHAPE)

    def test_another_result(self):
        with pytest.raises(ValueError, match=r"^scatter\[1\] is not a result of dark_scatter: DKSTAT is 'ratio'"):
            ScatterImages([self.image(), self.image(DKSTAT="ratio")], self.SHAPE)
        with pytest.raises(ValueError, match=r"^scatter\[0\] is not a result of dark_scatter: DKSTAT is None"):
            ScatterImages(CCDData(np.ones(self.SHAPE), unit=""), self.SHAPE)

    def test_unit(self):
        wrong = CCDData(np.ones(self.SHAPE), unit="adu", meta={"DKSTAT": "scatter"})
        with pytest.raises(u.UnitsError, match=r"^scatter\[0\] is in adu, expected no unit"):
            ScatterImages(wrong, self.SHAPE)

    def test_shape(self):
        with pytest.raises(ValueError, match=r"^scatter\[0\] must have the shape of the rates, \(4, 3\), got \(3, 4\)"):
            ScatterImages(self.image(), (4, 3))


@pytest.mark.filterwarnings("ignore:the read noise is given as")
class TestNoiseToldWrong:
    """A read noise far too small: no exact tails, which are worth nothing, and a word."""

    def scatter(self, told, **options):
        rng = np.random.default_rng(8)
        counts = rng.normal(0, 21, (6, 60, 80)) + rng.poisson(5, (6, 60, 80))
        frames = [CCDData(one, unit="electron", meta={"EXPTIME": 100.0}) for one in counts]
        chi_square = np.square(counts - counts.mean(axis=0)).sum(axis=0)
        return chi_square, dark_scatter(frames, bias=0 * u.electron, read_noise=told * u.electron, **options)

    def test_chi_square_law(self):
        with pytest.warns(NoiseWarning, match=r"frames scatter 5\.\d+ times as much .* chi-square law"):
            chi_square, result = self.scatter(3.0, clip=None)
        # The variance of a frame: 9 by the read noise told, and that of the electrons of its rate.
        variance = chi_square / stats.chi2.isf(stats.norm.sf(result.data.astype(float)), 5)
        assert variance.min() > 9
        assert np.median(variance) == pytest.approx(14, abs=2)
        assert variance.max() < 60
        assert result.meta["DKWIDTH"] == pytest.approx(5.5, abs=0.1)

    def test_no_exact_tail(self):
        with mock.patch.object(ScatterJob, "exact", None), pytest.warns(NoiseWarning, match="chi-square law"):
            self.scatter(3.0)

    def test_right_noise_has_no_word(self):
        _, result = self.scatter(21.0)
        assert result.meta["DKWIDTH"] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("factor", "rate", "is_other"), [(1.0, 0.02, False), (1.6, 0.02, True), (0.6, 0.02, True),
                                                          (1.3, 20.0, False)])  # fmt: skip
@pytest.mark.filterwarnings("ignore:the typical read noise of the map", "ignore:.*seems to be the mean of")
def test_a_map_of_another_camera(factor, rate, is_other):
    """It is said where good pixels scatter otherwise; not where dark electrons make the noise."""
    rng = np.random.default_rng(6)
    noise = 6.0 * np.exp(0.2 * rng.standard_normal((60, 80)))
    counts = rng.normal(0, 1, (8, 60, 80)) * noise + rng.poisson(100 * rate, (8, 60, 80))
    frames = [CCDData(one, unit="electron", meta={"EXPTIME": 100.0}) for one in counts]
    own = factor * noise
    told = CCDData(own, unit="electron", uncertainty=StdDevUncertainty(own / np.sqrt(2 * 49)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NoiseWarning)
        dark_scatter(frames, bias=0 * u.electron, read_noise=told)
    said = [str(one.message) for one in caught if "as if their read noise were" in str(one.message)]
    assert len(said) == is_other
    assert all("of another camera, gain or mode" in one for one in said)
