"""The distribution of read noise of sensors whose pixels are known."""

import pickle

import numpy as np
import pytest

from ccdproc_darks.statistics.read_noise_distribution import fit_read_noise_distribution


def sensor(rng, pixels, spread, often=0.0, part=0.08):
    """Sigma of pixels of 1.5 electron, and jumps of up to 20 electron in a part of the pixels."""
    sigma = 1.5 * np.exp(spread * rng.standard_normal(pixels))
    jump = np.where((rng.random(pixels) < part) & (often > 0), np.minimum(rng.exponential(6.0, pixels), 20), 0.0)
    return sigma, jump


def samples(rng, sigma, jump, often, frames):
    """Scatter and kurtosis of some frames."""
    x = sigma * rng.standard_normal((frames, sigma.size))
    x += jump * rng.choice([-1, 0, 1], p=[often / 2, 1 - often, often / 2], size=x.shape)
    x -= x.mean(axis=0)
    return x.std(axis=0, ddof=1), (x**4).mean(axis=0) / (x**2).mean(axis=0) ** 2


@pytest.mark.statistics
@pytest.mark.parametrize("often", [0.5, 0.18])
@pytest.mark.parametrize("frames", [20, 100])
def test_spread_and_jumps(often, frames):
    """Spread, telegraph read noise and the mean variance of pixels of each scatter."""
    rng = np.random.default_rng(3)
    sigma, jump = sensor(rng, 2**20 // frames, 0.2, often)
    scatter, kurtosis = samples(rng, sigma, jump, often, frames)
    found = fit_read_noise_distribution(scatter, frames - 1, kurtosis)
    assert found.spread == pytest.approx(0.2, abs=0.02)
    assert found.jump_fraction == pytest.approx((jump > 2 * sigma).mean(), abs=0.02)
    variance = sigma**2 + often * jump**2
    assert found.median == pytest.approx(np.sqrt(np.median(variance)), rel=0.01)
    mean = found.mean_variance(scatter)
    assert (variance / mean).mean() == pytest.approx(1, abs=0.01)
    order = np.array_split(np.argsort(scatter), 10)
    assert np.array([variance[few].mean() / mean[few].mean() for few in order]) == pytest.approx(1, abs=0.05)
    kinds = found.often[1:]
    assert found.jump_shares[1:] @ kinds / found.jump_fraction == pytest.approx(often, rel=0.2)


def test_one_read_noise():
    """A healthy CCD: no spread, no jumps, the same variance for all pixels."""
    rng = np.random.default_rng(4)
    scatter, kurtosis = samples(rng, *sensor(rng, 2**17, 0.0), 0.0, 20)
    for found in (fit_read_noise_distribution(scatter, 19, kurtosis), fit_read_noise_distribution(scatter, 19)):
        assert found.spread < 0.02
        assert found.jump_fraction < 0.02
        assert found.median == pytest.approx(1.5, rel=2e-3)
        assert found.mean_variance(np.array([1.0, 1.5, 2.2, np.nan])) == pytest.approx(2.25, rel=0.03)


@pytest.mark.parametrize("degrees", [999, 5000, 20000])
def test_many_frames(degrees):
    """A pixel's own scatter tells its variance, as well as so many frames do and no better."""
    rng = np.random.default_rng(5)
    sigma, _ = sensor(rng, 2**15, 0.2)
    scatter = sigma * np.sqrt(rng.chisquare(degrees, sigma.size) / degrees)
    found = fit_read_noise_distribution(scatter, degrees)
    error = np.log(found.mean_variance(scatter) / sigma**2)
    assert error.std() == pytest.approx(np.sqrt(2 / degrees), rel=0.05)
    assert error.mean() == pytest.approx(0, abs=0.002)
    assert found.noises.size < 400


def test_few_pixels():
    """A small window: sane, and what it does not show is rare but not impossible."""
    rng = np.random.default_rng(6)
    scatter, kurtosis = samples(rng, *sensor(rng, 434, 0.1), 0.0, 20)
    found = fit_read_noise_distribution(scatter, 19, kurtosis)
    assert 0 < found.spread < 0.2
    assert 1e-4 < found.jump_fraction < 0.1
    assert (found.shares > 0).all()
    assert found.median == pytest.approx(1.5, rel=0.05)


@pytest.mark.parametrize("scatter", [[1.5], [1.5] * 100, [0.0, 1.5, np.nan], [1e-20, 1.5, 1e12, np.inf]])
def test_extremes(scatter):
    """One pixel, equal ones, outliers: a distribution, and a finite variance for each scatter."""
    scatter = np.array(scatter)
    for kurtosis in (None, np.full(scatter.shape, 3.0)):
        found = fit_read_noise_distribution(scatter, 9, kurtosis)
        assert found.shares.sum() == pytest.approx(1)
        assert found.jump_shares.sum() == pytest.approx(1)
        variance = found.mean_variance(np.array([0.0, 1.5, np.nan, 1e9, 1e-9]))
        assert np.isfinite(variance).all()
        assert (variance > 0).all()


def test_far_above_all_pixels():
    """A pixel noisier than any of those that made the distribution is known by its own scatter."""
    rng = np.random.default_rng(7)
    scatter, _ = samples(rng, *sensor(rng, 5000, 0.1), 0.0, 20)
    found = fit_read_noise_distribution(scatter, 19)
    low, high = found.mean_variance(np.array([100.0, 200.0]))
    assert high / low == pytest.approx(4)


@pytest.mark.parametrize("scatter", [np.zeros(5), np.full(3, np.nan), np.empty(0)])
def test_nothing_scatters(scatter):
    with pytest.raises(ValueError, match="no pixel's frames scatter: the read noise of this sensor cannot be told"):
        fit_read_noise_distribution(scatter, 9)


def test_posterior():
    """It sums to 1, rises with the scatter, and without one it is the distribution itself."""
    rng = np.random.default_rng(8)
    scatter, kurtosis = samples(rng, *sensor(rng, 20000, 0.2, 0.5), 0.5, 20)
    found = fit_read_noise_distribution(scatter, 19, kurtosis)
    probability = found.posterior(np.array([0.8, 1.5, 8.0, np.nan]))
    assert probability.sum(axis=(1, 2)) == pytest.approx(1)
    assert probability[3] == pytest.approx(found.shares[:, None] * found.jump_shares)
    assert (np.diff(probability[:3, :, 1:].sum(axis=(1, 2))) > 0).all()


def test_sent_to_another_process():
    """Sent twice, it is one object there, whose tables are made once; the largest of them is not sent."""
    found = fit_read_noise_distribution(np.exp(np.random.default_rng(9).normal(0, 0.3, 5000)), 19)
    found.tables["weights"], found.tables["mean", 5] = np.zeros(10**6), np.arange(3.0)
    sent = pickle.dumps(found)
    assert len(sent) < 10**5
    received = pickle.loads(sent)
    assert pickle.loads(sent) is received
    assert "weights" not in received.tables
    np.testing.assert_array_equal(received.tables["mean", 5], np.arange(3.0))
    for name in ("noises", "shares", "jumps", "often", "jump_shares"):
        np.testing.assert_array_equal(getattr(received, name), getattr(found, name))
    assert received.degrees == found.degrees


def test_kurtosis_of_more_frames_than_degrees():
    """Dark electrons take degrees of freedom from the scatter, and none from the kurtosis: no pixel jumps here."""
    rng = np.random.default_rng(8)
    x = rng.standard_normal((20, 50_000))
    x -= x.mean(axis=0)
    kurtosis = np.mean(x**4, axis=0) / np.mean(x**2, axis=0) ** 2
    scatter = np.sqrt(rng.chisquare(10, 50_000) / 10)
    assert fit_read_noise_distribution(scatter, 10, kurtosis, 20).jump_fraction < 1e-3
    assert fit_read_noise_distribution(scatter, 10, kurtosis).jump_fraction > 1e-2
