"""Rejection of what a cosmic ray has hit, on plain arrays."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binom, norm, poisson

from ccdproc_darks.rates.rejection import (
    RejectionBound,
    deviate_of_share,
    least_above_others,
    least_excess,
    may_lose_highest,
    mean_of_kept,
    reject,
)

numbers = st.integers(1, 50).map(float)
read_noises = st.sampled_from([0.0, 0.1]) | st.floats(0.3, 30)


def mean(samples, *, combined=None, good=None, **options):
    samples = np.array(samples, float)[:, None, None]
    good = np.ones(samples.shape, bool) if good is None else np.array(good)[:, None, None]
    combined = np.ones(len(samples)) if combined is None else np.array(combined, float)
    options = {"read_noise": 3.0, "clip": 5.0, **options}
    counts, frames, _ = mean_of_kept(samples, good, combined, **options)
    return counts.item(), frames.item(), good[:, 0, 0].tolist()


def deviate(value, others, own, rest, read_noise):
    arrays = (np.atleast_1d(np.asarray(number, float)) for number in (value, others, own, rest))
    return deviate_of_share(*np.broadcast_arrays(*arrays), read_noise)


def normal_deviate(value, others, own, rest, read_noise):
    pooled = max((own * value + rest * others) / (own + rest), 0)
    return (value - others) / np.sqrt((pooled + read_noise**2) * (1 / own + 1 / rest))


def test_one_hit():
    assert mean([10, 12, 500, 11]) == (11, 3, [True, True, False, True])


def test_several_hits():
    assert mean([10, 2000, 500, 12]) == (11, 2, [True, False, False, True])


def test_two_frames():
    """The higher of two goes, where the model says that they cannot be the same."""
    assert mean([10, 500]) == (10, 1, [True, False])
    assert mean([10, 20]) == (15, 2, [True, True])


def test_a_hot_pixel_in_two_frames():
    assert mean([50_000, 48_000])[1:] == (1, [False, True])
    assert mean([50_000, 49_000])[1] == 2


def test_only_the_high_side():
    assert mean([500, 500, 500, -500])[1:] == (4, [True] * 4) or mean([500, 500, 500, -500])[0] != 500
    assert mean([100, 100, 0])[2][2]


def test_one_frame_is_kept():
    assert mean([1e6]) == (1e6, 1, [True])


def test_none_keeps_all():
    assert mean([10, 12, 500], clip=None) == (174, 3, [True] * 3)


@pytest.mark.parametrize("clip", [3.0, 5.0, 8.0])
@pytest.mark.parametrize(("others", "noise"), [(1e6, 3.0), (-300.0, 100.0)])
def test_limit_of_many_counts_and_of_none(clip, others, noise):
    """clip * sqrt(V (1/n_x + 1/n_m)), either way as many sigmas of a normal deviate."""
    sigma = np.sqrt((max(others, 0) + noise**2) * (1 + 1 / 4))
    for factor, kept in ((0.99, True), (1.01, False)):
        assert mean([others] * 4 + [others + factor * clip * sigma], read_noise=noise, clip=clip)[2][4] == kept


@pytest.mark.parametrize(("frames", "needed"), [(2, 21), (3, 13), (10, 7), (50, 4)])
def test_limit_of_few_electrons(frames, needed):
    """All k electrons are in one of N frames: a chance of N^-k, to be compared with that of 5 sigma."""
    assert frames**-needed < 2.5 * norm.sf(5) < 2.5 * frames ** -(needed - 1.0)
    for electrons in (needed - 1, needed):
        assert mean([0] * (frames - 1) + [electrons], read_noise=0.0)[1] == frames - (electrons == needed)


@pytest.mark.parametrize("value", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("read_noise", [0.0, 0.1, 0.3])
def test_a_single_electron_is_no_cosmic_ray(value, read_noise):
    assert mean([0.0, 0.0, 0.0, value], read_noise=read_noise)[1] == 4


@pytest.mark.parametrize("read_noise", [0.1, 0.3, 0.5])
def test_nor_is_it_where_the_others_are_below_zero(read_noise):
    """Read noise has put all others so far down that the mean of all is zero, and no electron seems to be expected."""
    assert mean([1.0] + [-1 / 49] * 49, read_noise=read_noise)[1] == 50


def test_masked_samples_do_not_count():
    assert mean([10, 12, 1e6], good=[True, True, False]) == (11, 2, [True, True, False])
    assert mean([1, 2, 3], good=[False] * 3)[:2] == (0, 0)


def test_combined_frames_weigh_more():
    counts, frames, _ = mean([10, 20], combined=[9, 1], clip=None)
    assert (counts, frames) == (11, 10)


def test_levels_are_no_cosmic_rays():
    assert mean([0, 100, 200], level_shifts=np.array([-100.0, 0, 100]))[:2] == (100, 3)
    # The mean is that of the samples as they are.
    assert mean([0, 100, 900], level_shifts=np.array([-100.0, 0, 100]))[:2] == (50, 2)


def test_own_variance():
    """clip * sqrt(V_x + V_m), whatever the counts."""
    variance = np.full((3, 1, 1), 4.0)
    for value, counts, own in ((100.0, 1.5, 2), (15.75, 1.5, 2), (15.0, 6.0, 4 / 3)):
        samples = np.array([1.0, 2.0, value])[:, None, None]
        found, _, own_variance = mean_of_kept(
            samples, np.ones((3, 1, 1), bool), np.ones(3), own_variance=variance, clip=5.0
        )
        assert found.item() == counts
        assert own_variance.item() == pytest.approx(own)


@pytest.mark.parametrize("rest", [1, 2, 9, 49])
def test_deviate_of_whole_electrons_is_binomial(rest):
    """With half the chance of an equal count; on the safe side of it where the electrons are few."""
    share = 1 / (1 + rest)
    for total in (1, 3, 7, 20, 100, 1000):
        count = np.arange(int(total * share) + 1, total + 1)
        actual = deviate(count, (total - count) / rest, 1, rest, 0.0)
        equal, larger = binom.pmf(count, total, share), binom.sf(count, total, share)
        expected = norm.isf(larger + equal / 2)
        asked = (expected > 2) & (expected < 7)
        assert np.all(actual[asked] < expected[asked] + 0.15)
        assert np.all(actual[asked] > norm.isf(larger + equal)[asked] - 0.25)


def conditional_deviate(value, others, own, rest, read_noise):
    """
    By adding up the distribution of a sample, given the sum of all, the rate being that of the mean of all.

    Given the electrons of both, what the sum has more is read noise, and a sample's share of it is normal.
    """
    total = own * value + rest * others
    expected = total / (own + rest)
    electrons = np.arange(int(total + 10 * np.sqrt(total) + 40))
    first, second = electrons[:, None], electrons[None, :]
    noise = total - first - second
    log_weight = poisson.logpmf(first, own * expected) + poisson.logpmf(second, rest * expected)
    log_weight = log_weight + norm.logpdf(noise / (read_noise * np.sqrt(own + rest)))
    weight = np.exp(log_weight - log_weight.max())
    center = first + noise * own / (own + rest)
    larger = norm.sf((own * value - center) / (read_noise * np.sqrt(own * rest / (own + rest))))
    return norm.isf((weight * larger).sum() / weight.sum())


@pytest.mark.parametrize("read_noise", [0.5, 1.0, 3.0, 10.0])
@pytest.mark.parametrize(("own", "rest"), [(1, 1), (1, 2), (1, 9), (1, 49), (9, 1)])
@pytest.mark.parametrize("others", [0.0, 0.2, 3.0])
def test_deviate_of_electrons_and_read_noise(read_noise, own, rest, others):
    """Against the sum over all numbers of electrons."""
    for sigmas in (4.0, 6.0, 8.0):
        value = others + sigmas * np.sqrt((others + read_noise**2) * (1 / own + 1 / rest)) + sigmas
        expected = conditional_deviate(value, others, own, rest, read_noise)
        assert deviate(value, others, own, rest, read_noise).item() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("value", "others", "own", "rest"), [(0.5, 0.0, 1, 1), (0.6, 0.0, 1, 1), (0.8, 0.05, 1, 4)])
def test_small_deviates_of_less_than_an_electron(value, others, own, rest):
    """There it is a root's curvature that counts: against the same sum, to a hundredth."""
    expected = conditional_deviate(value, others, own, rest, 1.0)
    assert 0.3 < expected < 0.7
    assert deviate(value, others, own, rest, 1.0).item() == pytest.approx(expected, abs=0.003)


@given(st.floats(0.1, 1e5), st.just(0.0) | st.floats(0.01, 1e5), numbers, numbers, read_noises)
def test_first_cut_loses_nothing(excess, others, own, rest, read_noise):
    """No deviate is more than sqrt(2) times the normal one."""
    value = others + excess
    normal = normal_deviate(value, others, own, rest, read_noise)
    assume(normal > 1)
    actual = deviate(value, others, own, rest, read_noise).item()
    assert np.isfinite(actual)
    assert actual <= np.sqrt(2) * normal


@given(st.floats(1, 1e4), st.floats(0, 1e4), st.floats(1.1, 3), numbers, numbers, st.floats(0.3, 30))
def test_deviate_grows_with_the_sample_and_falls_with_read_noise(excess, others, factor, own, rest, read_noise):
    value = others + excess
    assume(normal_deviate(value, others, own, rest, read_noise) > 1)
    actual = deviate(value, others, own, rest, read_noise)
    assert deviate(others + factor * excess, others, own, rest, read_noise) > actual
    assert deviate(value, others, own, rest, read_noise * factor) < actual


@pytest.mark.parametrize("others", [-13.3, 0.0, 5.0, 1000.3])
@pytest.mark.parametrize("excess", [1e-15, 1e-13, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 0.1])
def test_a_difference_by_rounding_is_no_deviate(excess, others):
    """Where both parts of a formula vanish, no more comes out than went in."""
    actual = deviate(others + excess, others, 7.0, 35.0, 0.0).item()
    assert abs(actual) <= 1.2 * excess / np.sqrt((max(others, 0) + 1 / 12) * (1 / 7 + 1 / 35)) + 1e-6


def test_equal_samples_are_all_kept_without_read_noise():
    samples = [10 * 0.3 - 16.3] * 6
    assert mean(samples, combined=[7] * 6, read_noise=0.0, clip=3.0)[1] == 42


@given(st.integers(0, 2**32 - 1), read_noises | st.floats(30, 1000))
def test_what_is_not_far_above_the_others_is_no_outlier(seed, read_noise):
    """However few the electrons, and however far the others have been put down by read noise."""
    rng, size = np.random.default_rng(seed), 5000
    own, rest = rng.choice([1.0, 2.0, 10.0, 100.0], size), rng.choice([1.0, 2.0, 3.0, 10.0, 1000.0], size)
    noise = max(read_noise**2, 1 / 12)
    others = np.where(
        rng.random(size) < 0.5, 10 ** rng.uniform(-4, 6, size), rng.normal(0, 1, size) * np.sqrt(noise / rest)
    )
    clip = rng.uniform(2, 12, size)
    value = others + least_above_others(others, own, rest, np.sqrt(noise), clip)
    assert (deviate(value, others, own, rest, read_noise) < clip).all()


def test_the_worst_of_what_is_not_far_above():
    """One frame over another that rounding has put below zero: the deviate is 1.03 times the normal one."""
    noise = np.sqrt(1 / 12)
    others = -noise * np.linspace(0, 4, 400)
    value = others + least_above_others(others, 1.0, 1.0, noise, 2.0)
    assert (deviate(value, others, 1.0, 1.0, 0.0) < 2).all()
    normal = noise * np.sqrt(2)
    assert 1.03 < deviate(others + 2 * normal, others, 1.0, 1.0, 0.0).max() / 2 < 1.04


@pytest.mark.parametrize("clip", [3.0, 5.0, 30.0])
def test_what_is_not_asked_would_be_kept(clip):
    """A thousand exposures over one without an electron: the deviate is nearly sqrt(2) times the normal one."""
    own, rest = 1000.0, 1.0
    value = brentq(lambda x: x - least_excess(own * x / (own + rest), own, rest, 0.0, clip), 0.01, 1e4)
    assert 0.8 * clip < deviate(value, 0.0, own, rest, 0.0).item() < clip


def test_and_what_is_far_is_nearly_one():
    """The rule spares a look at most pixels, as it asks for no less than a tenth below the deviate of read noise."""
    value = least_above_others(0.0, 1.0, 19.0, 100.0, 5.0)
    assert 4.5 < deviate(value, 0.0, 1.0, 19.0, 100.0).item() < 5


class TestPixelsOfAnImage:
    """What is done with one of them is done with each, whatever the others are."""

    @pytest.mark.parametrize("own_variance", [False, True])
    @pytest.mark.parametrize("shifts", [None, np.array([0.0, 4.0, -2.0, 1.0])])
    def test_each_as_if_alone(self, own_variance, shifts):
        rng = np.random.default_rng(10)
        shape, combined = (4, 3, 5), np.array([1.0, 3.0, 2.0, 1.0])
        samples = rng.normal(20, 5, shape)
        samples += np.where(rng.random(shape) < 0.2, rng.uniform(10, 90, shape), 0)
        good = rng.random(shape) < 0.8
        good[:, 0, 0], good[:, 1, 1] = False, [True, False, False, False]
        options = {"level_shifts": shifts, "clip": 5.0}
        variance = rng.uniform(0.01, 30, shape) if own_variance else None
        options |= {} if own_variance else {"read_noise": 3.0}
        kept = good.copy()
        found = mean_of_kept(samples, kept, combined, own_variance=variance, **options)
        assert (kept <= good).all()
        assert 2 < (kept < good).sum() < 20
        for row, column in np.ndindex(shape[1:]):
            at = np.s_[:, row : row + 1, column : column + 1]
            alone = good[at].copy()
            own = None if variance is None else variance[at]
            expected = mean_of_kept(samples[at], alone, combined, own_variance=own, **options)
            np.testing.assert_array_equal(kept[at], alone)
            for image, one in zip(found, expected, strict=True):
                assert (image is None) == (one is None) == (one is expected[2] and not own_variance)
                if image is not None:
                    np.testing.assert_allclose(image[row, column], one[0, 0], rtol=1e-12)
        weight = combined[:, None, None] * kept
        some = weight.sum(axis=0) > 0
        assert not some.all()
        np.testing.assert_array_equal(found[1], weight.sum(axis=0))
        np.testing.assert_allclose(found[0][some], ((weight * samples).sum(axis=0) / found[1].clip(1))[some])
        assert (found[0][~some] == 0).all()
        if own_variance:
            # Of a mean with these weights.
            np.testing.assert_allclose(
                found[2][some], ((weight**2 * variance).sum(axis=0) / found[1].clip(1) ** 2)[some]
            )
            assert (found[2][~some] == 0).all()


class TestLimits:
    """Samples at a limit are kept, and what is not known rejects nothing."""

    def test_nothing_known(self):
        assert mean([10, 1e6], read_noise=None) == (500_005, 2, [True, True])

    def test_at_the_deviate(self):
        """As it is computed: of 40 and 0 electrons."""
        clip = deviate(40.0, 0.0, 1.0, 1.0, 3.0).item()
        assert mean([0, 40], clip=clip)[1] == 2
        assert mean([0, 40], clip=np.nextafter(clip, 0))[1] == 1

    def test_at_ten_sigma_of_own_variance(self):
        samples = np.array([1.0, 2.0, 11.5])[:, None, None]
        for value, kept in ((11.5, 3), (11.51, 2)):
            samples[2] = value
            found = mean_of_kept(
                samples, np.ones((3, 1, 1), bool), np.ones(3), own_variance=np.full((3, 1, 1), 2.0), clip=5.0
            )
            assert found[1].item() == kept

    def test_masked_samples_have_no_variance(self):
        """1 is 7 sigma above 0 of a variance of 0.01 each, whatever a masked one has."""
        samples, good = np.array([0.0, 0.0, 1.0, 0.0])[:, None, None], np.ones((4, 1, 1), bool)
        good[3] = False
        found = mean_of_kept(samples, good, np.ones(4), own_variance=np.full((4, 1, 1), 0.01), clip=5.0)
        assert found[0].item() == 0
        assert found[1].item() == 2

    def test_variance_of_another_pixel(self):
        """It says nothing of this one."""
        samples, good = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]).T[:, None], np.ones((3, 1, 2), bool)
        variance = np.broadcast_to([1e6, 0.01], (3, 1, 2))
        mean_of_kept(samples, good, np.ones(3), own_variance=variance, clip=5.0)
        assert good.sum(axis=0).tolist() == [[3, 2]]

    def test_masked_samples_have_no_electrons(self):
        """Seven electrons in one of ten frames are too many, six are not; an eleventh frame that is masked is none."""
        for electrons, frames in ((7, 9), (6, 10)):
            samples = [0.0] * 9 + [electrons, 1000.0]
            assert mean(samples, good=[True] * 10 + [False], read_noise=0.0)[1] == frames

    def test_until_one_is_left(self):
        """Two hits of three samples."""
        assert mean([500, 10, 9000]) == (10, 1, [False, True, False])


class TestBound:
    """Excess over the mean of all up to which no sample is rejected; by hand, of four frames of a read noise of 3."""

    def bound(self, combined=(1.0, 1.0, 1.0, 1.0), shifts=None, *, scale=2.0, read_noise=3.0, clip=5.0):
        combined = np.array(combined)
        shifts = np.zeros(combined.size) if shifts is None else np.array(shifts)
        return RejectionBound(combined, shifts, scale, read_noise, clip)

    def test_without_electrons(self):
        """5 sqrt(9 (1 + 1/3) / 2) electrons over the other three, of which 3/4 over all four; 2 electrons an adu."""
        assert self.bound().least_excess(0) == pytest.approx(5 * np.sqrt(6) * 3 / 4 / 2, rel=1e-8)

    def test_with_electrons(self):
        """7 of them: the variance is 16."""
        expected = 5 * np.sqrt(16 * (1 + 1 / 3) / 2) * 3 / 4 / 2
        assert self.bound().least_excess(7.0) == pytest.approx(expected, rel=1e-8)
        assert self.bound().least_excess(1.0) < expected
        # A bound must not be passed by rounding.
        assert self.bound().least_excess(7.0) < expected

    def test_levels(self):
        """Frames 1 lower, 1 higher...: 2 electrons from the lowest to the mean, which is 1 above the levels' zero."""
        bound = self.bound(shifts=[1.0, -1.0, 0.0, 4.0])
        assert bound.least_excess(0.0) == pytest.approx((5 * np.sqrt(6) * 3 / 4 - 2) / 2, rel=1e-8)
        assert bound.least_excess(8.0) == pytest.approx((5 * np.sqrt(16 * 2 / 3) * 3 / 4 - 2) / 2, rel=1e-8)

    def test_levels_below_zero(self):
        """Of nothing that is known of the counts, the bound is that of none."""
        bound = self.bound(shifts=[-4.0, 0.0, 0.0, 0.0])
        assert bound.least_excess(0.0) == pytest.approx((5 * np.sqrt(6) * 3 / 4 - 3) / 2, rel=1e-8)
        assert bound.least_excess(0.5) == pytest.approx((5 * np.sqrt(10.5 * 2 / 3) * 3 / 4 - 3) / 2, rel=1e-8)

    def test_combined_frames(self):
        """The heaviest frame may be the highest, over those that are left without the lightest: 6 and 9 of 12."""
        expected = 5 * np.sqrt(9 * (1 / 6 + 1 / 11) / 2) * 6 / 12
        assert self.bound([1.0, 5.0, 6.0], scale=1.0).least_excess(0.0) == pytest.approx(expected, rel=1e-8)

    def test_levels_of_combined_frames(self):
        """They are weighed: (3 * 0 + 1 * 8) / 4."""
        bound = self.bound([3.0, 1.0], [0.0, 8.0], scale=1.0)
        expected = 5 * np.sqrt((7 + 9) * (1 / 3 + 1 / 3) / 2) * 1 / 4 - 2
        assert bound.least_excess(9.0) == pytest.approx(expected, rel=1e-8)

    @pytest.mark.parametrize("shifts", [None, [1.0, -1.0, 0.0, 4.0]])
    @pytest.mark.parametrize("counts", [-4.0, 0.0, 30.0, 1000.0])
    def test_pixels_past_it(self, counts, shifts):
        """
        Both of two conditions: that on the mean of all, and that on the mean of the others.

        The latter is a third of the excess lower.
        """
        middle, shift = (0, 0) if shifts is None else (1, 2)

        def past(excess):
            over_all = excess - 5 * np.sqrt((max(counts - middle, 0) + 9) * 2 / 3) * 3 / 4
            variance = max(counts - middle - excess / 3, 0) + 9
            return min(over_all, excess * 4 / 3 - 5 / 1.1 * np.sqrt(variance * 4 / 3))

        edge = (brentq(past, 0.1, 1e4) - shift) / 2
        bound = self.bound(shifts=shifts)
        arrays = np.full(2, counts), edge * (1 + np.array([-1e-6, 1e-6]))
        assert bound.may_be_past(*arrays).tolist() == [False, True]

    def test_combined_frames_past_it(self):
        """Of these the first condition alone."""
        bound = self.bound([1.0, 5.0, 6.0], scale=1.0)
        edge = bound.least_excess(40.0)
        past = bound.may_be_past(np.full(2, 40.0), edge * np.array([1 - 1e-6, 1 + 1e-6]))
        assert past.tolist() == [False, True]

    def test_numbers_of_the_compiled_loops(self):
        """Squares of what the variance's root is multiplied with."""
        bound = self.bound(shifts=[1.0, -1.0, 0.0, 4.0])
        expected = 2 / 4, 2, 1, 9, (5 * 3 / 4) ** 2 * 2 / 3, 1 / 3, (5 / 1.1 * 3 / 4) ** 2 * 4 / 3
        assert bound.numbers == pytest.approx(expected, rel=1e-8)

    def test_equal_frames_of_several_exposures(self):
        bound = self.bound([7.0] * 4)
        expected = 2 / 4, 0, 0, 9, (5 * 3 / 4) ** 2 * 2 / 3 / 7, 1 / 3, (5 / 1.1 * 3 / 4) ** 2 * 4 / 3 / 7
        assert bound.numbers == pytest.approx(expected, rel=1e-8)

    @pytest.mark.parametrize("read_noise", [0.5, 10.0])
    def test_what_is_rejected_is_past_it(self, read_noise):
        rng = np.random.default_rng(8)
        samples = rng.poisson(20, (4, 5000)) + rng.normal(0, read_noise, (4, 5000))
        samples[0] += rng.uniform(0, 100, 5000)
        good = np.ones(samples.shape, bool)
        combined = np.ones(4)
        reject(samples, good, combined, read_noise=read_noise, own_variance=None, level_shifts=None, clip=5.0)
        bound = self.bound(read_noise=read_noise, scale=1.0)
        counts = samples.mean(axis=0)
        past = bound.may_be_past(counts, samples.max(axis=0) - counts)
        lost = ~good.all(axis=0)
        assert 500 < lost.sum() <= past.sum() < 4500
        assert past[lost].all()


class TestMayLoseHighest:
    """From which pixels on it is asked, of a bound that says no more than that it was asked."""

    class Bound:
        read_noise, frames = 3.0, 4

        def __init__(self, least):
            self.least, self.lows, self.asked = least, [], []

        def least_excess(self, counts):
            self.lows.append(counts)
            return self.least

        def may_be_past(self, counts, excess):
            self.asked.append((counts, excess))
            return excess > 10

    def asked(self, counts, past, least=5.0):
        bound = self.Bound(least)
        pixels, may = may_lose_highest(SimpleNamespace(counts=np.array(counts), past=np.array(past)), bound)
        everything = np.arange(len(counts))
        np.testing.assert_array_equal(bound.asked[0][0], np.array(counts)[pixels])
        return everything[pixels].tolist(), may.tolist(), bound

    def test_above_the_bound_of_low_counts(self):
        counts, past = np.zeros(12), np.zeros(12)
        past[[2, 5, 7]] = 5.0, 5.1, 10.1
        pixels, may, bound = self.asked(counts, past)
        assert (pixels, may) == ([5, 7], [False, True])
        np.testing.assert_array_equal(bound.asked[0][1], [5.1, 10.1])

    def test_of_integers(self):
        """Excesses are then sums over four frames: above 20, or 40."""
        past = np.zeros(12, int)
        past[[2, 5, 7]] = 20, 21, 41
        for least in (5.0, 5.2):
            pixels, may, bound = self.asked(np.zeros(12), past, least)
            assert (pixels, may) == ([5, 7], [False, True])
            np.testing.assert_array_equal(bound.asked[0][1], [5.25, 10.25])

    @pytest.mark.parametrize(("least", "number"), [(1e300, 0), (-1e300, 12), (2.0**28, 0), (-(2.0**28), 12)])
    def test_of_integers_and_a_bound_that_they_never_reach(self, least, number):
        past = np.array([2**30] + [-(2**30) + 1] * 11, np.int32)
        pixels, _, _ = self.asked(np.zeros(12), past, least)
        assert len(pixels) == number
        # The same of one alone: most are then not asked.
        past = np.array([-(2**30) + 1] + [-(2**30)] * 11, np.int32)
        assert len(self.asked(np.zeros(12), past, least)[0]) == (1 if least < 0 else 0)

    @pytest.mark.parametrize(("number", "tested"), [(3, 3), (4, 12)])
    def test_all_are_asked_where_more_than_a_fourth_would_be(self, number, tested):
        past = np.zeros(12)
        past[:number] = 6
        assert len(self.asked(np.zeros(12), past)[0]) == tested

    def test_low_counts(self):
        """
        One in a hundred of every 101st pixel: 4 of 400 have less.

        Where that is more than read noise, the bound is one for these counts, and the few below are asked too.
        """
        counts = np.full(40_400, 1e4)
        counts[::101] = np.random.default_rng(9).permutation(np.arange(6.0, 406))
        counts[[7, 8]] = 9.9, 10.0
        pixels, _, bound = self.asked(counts, np.zeros(counts.size))
        assert bound.lows == [10]
        assert sorted(counts[pixels]) == [6, 7, 8, 9, 9.9]

    def test_counts_below_zero(self):
        """They are no low counts: no more is asked of them than of others."""
        assert self.asked(np.full(9, -1.0), np.zeros(9))[0] == []

    def test_less_than_an_electron(self):
        """Where read noise is yet less: one of 505 pixels is below the others of 0.9 electrons."""
        counts = np.full(505, 0.9)
        counts[7] = 0.8
        bound = self.Bound(5.0)
        bound.read_noise = 0.5
        pixels, _ = may_lose_highest(SimpleNamespace(counts=counts, past=np.zeros(505)), bound)
        assert pixels.tolist() == [7]

    @pytest.mark.parametrize(("count", "low"), [(9.0, 0), (9.1, 9.1), (-9.0, 0), (1.0, 0)])
    def test_counts_below_read_noise(self, count, low):
        """Counts of less than 9 electrons are no more noisy than the read noise of 3."""
        assert self.asked(np.full(7, count), np.zeros(7))[2].lows == [low]
