"""Read noise that rates carry: read back from their uncertainties."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import NoiseWarning, dark_rate
from ccdproc_darks.rates.pixel_noise import PixelNoise, distribution_of
from ccdproc_darks.rates.rate_images import RateImages

from ..helpers import dark

SHAPE, DEGREES = (60, 80), 30
RNG = np.random.default_rng(3)
NOISE = 3.0 * np.exp(RNG.normal(0, 0.2, SHAPE))
SCATTER = NOISE * np.sqrt(RNG.chisquare(DEGREES, SHAPE) / DEGREES)
RATE = np.where(RNG.random(SHAPE) < 0.05, RNG.exponential(20.0, SHAPE), 0.01)
BIAS = CCDData(RNG.normal(0, NOISE / 5), unit=u.electron, meta={"NCOMBINE": 25})


def noise_map(*, exact=False):
    image = CCDData(SCATTER.astype("f4"), unit=u.electron, mask=np.zeros(SHAPE, bool))
    image.mask[5, 5] = True
    if not exact:
        error = SCATTER / np.sqrt(2 * DEGREES)
        image.uncertainty = error.astype("f4")
        image.meta.update(distribution_of(SCATTER, error).cards())
    return image


def rate(seconds, image, number=8, lost=None, **options):
    rng = np.random.default_rng(int(seconds))
    frames = [
        dark(rng.poisson(RATE * seconds) + rng.normal(0, NOISE) + BIAS.data, seconds, "electron", read_noise=None)
        for _ in range(number)
    ]
    if lost is not None:
        frames[0].mask = np.zeros(SHAPE, bool)
        frames[0].mask[lost] = True
    return dark_rate(frames, bias=BIAS, read_noise=image, check_headers=False, **options)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_as_it_was(exact, dtype):
    image = noise_map(exact=exact)
    rates = RateImages([rate(seconds, image, dtype=dtype) for seconds in (600.0, 60.0)])
    measured, known = rates.noise, PixelNoise.of(image, SHAPE)
    assert (measured.distribution is None) == exact
    cold = RATE < 1
    np.testing.assert_allclose(measured.variance[cold], known.variance[cold], rtol=2e-5)
    np.testing.assert_allclose(measured.variance, known.variance, rtol=5e-3)
    told = cold & np.isfinite(known.scatter)
    np.testing.assert_allclose(measured.scatter[told], known.scatter[told], rtol=2e-3)
    assert np.isnan(measured.scatter[5, 5]) == (not exact)
    # With it the frames of each pixel are known.
    rows = rates.rows(slice(0, SHAPE[0]))
    assert (rows.frames == 8).mean() > 0.998
    np.testing.assert_allclose(
        rows.read_variance[:, cold] * rows.frames[:, cold], known.variance[cold][None].repeat(2, 0), rtol=2e-5
    )


def test_a_pixel_that_lost_frames():
    """Another rate tells the read noise of it, so that the number of frames is known."""
    image = noise_map()
    known = PixelNoise.of(image, SHAPE)
    short, long = rate(60.0, image, lost=np.s_[3]), rate(600.0, image)
    cold = RATE[3] < 1
    for rates in (RateImages([short, long]), RateImages([long, short])):
        np.testing.assert_allclose(rates.noise.variance[3][cold], known.variance[3][cold], rtol=1e-4)
        np.testing.assert_array_equal(rates.rows(slice(3, 4)).frames[:, 0, cold], [[7] * cold.sum(), [8] * cold.sum()])
    # A single rate has the right variance all the same.
    alone = RateImages([short])
    rows = alone.rows(slice(3, 4))
    variance = (
        np.maximum(rows.counts, 0) / rows.frames + rows.read_variance + alone.shared_at(slice(3, 4))[0][1]
    ) / 3600
    np.testing.assert_allclose(variance[0, 0], short.uncertainty.array[3] ** 2, rtol=1e-4)


@pytest.mark.parametrize("lost", [(1, 1), (1, 2)])
def test_a_pixel_that_lost_frames_in_all_rates(lost):
    """Two rates agree for the right numbers of frames alone, where a pixel has dark current."""
    image = noise_map()
    known = PixelNoise.of(image, SHAPE)

    def with_lost(seconds, most):
        rng = np.random.default_rng(int(seconds))
        frames = [
            dark(rng.poisson(RATE * seconds) + rng.normal(0, NOISE) + BIAS.data, seconds, "electron", read_noise=None)
            for _ in range(8)
        ]
        for frame in frames[:most]:
            frame.mask = np.zeros(SHAPE, bool)
            frame.mask[3] = True
        return dark_rate(frames, bias=BIAS, read_noise=image, check_headers=False)

    images = [with_lost(seconds, most) for seconds, most in zip((60.0, 600.0), lost, strict=True)]
    rates = RateImages(images)
    some = (RATE[3] < 1) & ((images[0].data[3] > 0.01) | (images[1].data[3] > 0.01))
    assert some.sum() > 30
    right = np.abs(rates.noise.variance[3][some] / known.variance[3][some] - 1) < 1e-4
    assert right.mean() > 0.95
    frames = rates.rows(slice(3, 4)).frames[:, 0, some]
    np.testing.assert_array_equal(frames[:, right], np.repeat([[8 - lost[0]], [8 - lost[1]]], right.sum(), axis=1))


def test_a_map_that_is_given_wins():
    image, other = noise_map(), CCDData(np.full(SHAPE, 7.0), unit=u.electron)
    rates = RateImages([rate(60.0, image)], read_noise=other)
    assert rates.noise.typical == 7.0
    assert rates.noise.distribution is None


def test_rates_of_one_read_noise_have_none():
    with pytest.warns(NoiseWarning, match="differs by .* from pixel to pixel"):
        measured = rate(60.0, 3.0 * u.electron)
    assert RateImages([measured]).noise is None


def test_one_rate_of_several_exposure_times():
    """All of its variance that is not Poisson noise is taken for that of read noise."""
    rng, image, frames = np.random.default_rng(1), noise_map(), []
    for seconds in (60.0, 60.0, 600.0, 600.0):
        frames.append(dark(rng.poisson(RATE * seconds) + rng.normal(0, NOISE), seconds, "electron", read_noise=None))
    both = RateImages([dark_rate(frames, read_noise=image, check_headers=False)])
    assert both.noise is None
    assert np.isfinite(both.rows(slice(0, 9)).read_variance).all()


def test_after_fits_and_in_another_unit(tmp_path):
    image = noise_map()
    once = rate(60.0, image)
    once.write(tmp_path / "rate.fits")
    back = CCDData.read(tmp_path / "rate.fits")
    np.testing.assert_array_equal(RateImages([back]).noise.variance, RateImages([once]).noise.variance)
    hours = CCDData(once.data * 3600.0, unit=u.electron / u.h, mask=once.mask, meta=once.meta)
    hours.uncertainty = type(once.uncertainty)(once.uncertainty.array * 3600.0)
    np.testing.assert_allclose(RateImages([hours]).noise.variance, RateImages([once]).noise.variance, rtol=1e-3)
