"""The statistics of the rate that divides pixels, against other ways to the same and against draws of known truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import xlog1py, xlogy

from ccdproc_darks.comparison.crossing_rate import (
    critical_likelihood_ratio,
    log_likelihoods,
    median_crossing,
    past_maximum,
)

from ..strategies import seeds

answers = hnp.arrays(bool, st.integers(0, 25))
confidences = st.floats(0.5, 0.99)


def isotonic(values):
    """By the formula of the largest of least means (Robertson, Wright and Dykstra 1988, section 1.4)."""
    means = np.full((values.size, values.size), np.nan)
    for first in range(values.size):
        means[first, first:] = np.cumsum(values[first:]) / np.arange(1, values.size - first + 1)
    return np.array([
        max(means[first, index:].min() for first in range(index + 1)) for index in range(values.size)
    ])  # fmt: skip


@given(answers)
def test_log_likelihoods_are_those_of_the_isotonic_regression(answers):
    found = log_likelihoods(answers)
    assert found.shape == (answers.size + 1,)
    for number, value in enumerate(found):
        yes = answers[:number].astype(float)
        share = np.minimum(isotonic(yes), 0.5)
        assert value == pytest.approx(np.sum(xlogy(yes, share) + xlog1py(1 - yes, -share)), abs=1e-9)


@given(answers, hnp.arrays(float, 25, elements=st.floats(0, 0.5)))
def test_no_probabilities_that_never_fall_are_likelier(answers, shares):
    share = np.sort(shares)[: answers.size]
    likelihood = np.sum(xlogy(answers, share) + xlog1py(~answers, -share))
    assert log_likelihoods(answers)[-1] >= likelihood - 1e-9


def losses(rng, probability, crossing, draws):
    """Twice the loss of log-likelihood at a crossing, in so many draws."""
    result = []
    for _ in range(draws):
        answers = rng.random(probability.size) < probability
        profile = log_likelihoods(answers) + log_likelihoods(~answers[::-1])[::-1]
        result.append(2 * (profile.max() - profile[crossing]))
    return np.array(result)


@pytest.mark.statistics
@pytest.mark.parametrize(("end", "low", "crossing"), [(False, 0.0, 500), (True, 0.5, 0)])
def test_critical_likelihood_ratio_is_exceeded_as_often_as_asked(end, low, crossing):
    """Of 1000 pixels whose probability rises to one, from nothing or from a half."""
    draws = 1000
    found = losses(np.random.default_rng(31), low + (1 - low) * (np.arange(1000) + 0.5) / 1000, crossing, draws)
    for confidence in (0.5, 0.6, 0.6827, 0.75, 0.8, 0.9, 0.95, 0.97, 0.99):
        inside = np.mean(found <= critical_likelihood_ratio(confidence, end=end))
        assert inside == pytest.approx(confidence, abs=3 * np.sqrt(confidence * (1 - confidence) / draws) + 0.005)


@pytest.mark.statistics
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.5, 1.0), (0.0, 0.5)])
def test_intervals_hold_the_truth_as_often_as_asked(low, high):
    """Of a crossing in the middle, at the first pixel and beyond the last."""
    rng = np.random.default_rng(33)
    rate = np.arange(1.0, 1001.0)
    probability = low + (high - low) * (rate - 0.5) / 1000
    found = np.array([median_crossing(rate, rng.random(1000) < probability, 0.8) for _ in range(400)])
    truth = {(0.0, 1.0): 500.5, (0.5, 1.0): 0.0, (0.0, 0.5): np.inf}[low, high]
    assert np.mean((found[:, 1] <= truth) & (truth <= found[:, 2])) == pytest.approx(0.8, abs=3 * 0.02 + 0.01)


def test_settled():
    """A steady fall is settled when it is 5 sigma of a fair coin, whatever came before; and a fair coin hardly ever."""
    fall = -np.ones(100, dtype=int)
    assert past_maximum(fall) == 26
    assert past_maximum(np.r_[np.ones(70, dtype=int), fall]) == 70 + 26
    assert past_maximum(fall[:25]) == 25
    assert past_maximum(-fall) == 100
    assert past_maximum(fall[:0]) == 0
    rng = np.random.default_rng(32)
    coins = [past_maximum(rng.choice([-1, 1], 5000)) for _ in range(300)]
    assert np.mean(np.array(coins) == 5000) > 0.99
    # Of a drift of a tenth, 50 times as many steps and more are needed than of the steady fall.
    drifts = [past_maximum(rng.choice([-1, 1], 20000, p=[0.55, 0.45])) for _ in range(100)]
    assert 1000 < np.median(drifts) < 2600


@pytest.mark.parametrize(("confidence", "alike"), [(0.5, 0), (0.6827, 1), (0.9, 3), (0.95, 4), (0.99, 6)])
def test_pixels_that_agree(confidence, alike):
    """The interval has as many on either side as may answer alike by chance, and not one more than it need."""
    rate = np.geomspace(1, 100, 60)
    limit, low, high = median_crossing(rate, rate > 10, confidence)
    below, above = rate[rate <= 10], rate[rate > 10]
    assert limit == pytest.approx(np.sqrt(below[-1] * above[0]))
    assert low == below[-1 - alike]
    assert high == above[alike]
    assert 2.0**-alike > (1 - confidence) * (1 - 1e-12) >= 2.0 ** -(alike + 1) * (1 - 1e-12)


def test_pixels_that_agree_at_the_lowest_rate():
    """Of two pixels within one may be so by chance: the interval begins at the other; of a single one, at nothing."""
    rate = np.arange(1.0, 61.0)
    assert [median_crossing(rate, rate > within, 0.55)[1] for within in (1, 2, 3)] == [0, 1, 2]


def test_two_rates_that_divide_as_well():
    """The pixels between them count as neither below nor above."""
    rate = np.arange(1.0, 41.0)
    beyond = rate > 20
    beyond[[19, 20]] = True, False
    limit, low, high = median_crossing(rate, beyond, 0.95)
    assert limit == pytest.approx(np.sqrt(19 * 22))
    assert low <= 19 - 4
    assert high >= 22 + 4


def test_all_alike():
    rate = np.arange(1.0, 101.0)
    assert median_crossing(rate, rate > 1000, 0.95) == (np.inf, 96, np.inf)
    limit, low, high = median_crossing(rate, rate > 0, 0.95)
    assert (limit, low, high) == (1, 0, 5)
    assert median_crossing(rate[:0], rate[:0] > 0, 0.95) == (np.inf, 0, np.inf)


def test_a_minority_that_disagrees_moves_nothing():
    """A tenth of pixels, far from the limit."""
    rate = np.geomspace(1, 100, 4000)
    odd = (np.arange(4000) % 10 == 0) & (np.abs(np.log(rate / 10)) > 0.2)
    plain, disturbed = median_crossing(rate, rate > 10, 0.95), median_crossing(rate, (rate > 10) ^ odd, 0.95)
    np.testing.assert_allclose(plain, disturbed, rtol=1e-9)


def test_what_is_settled_below_has_no_say():
    """Most pixels of low rates are beyond, and most of all: the limit is the last one."""
    rate = np.geomspace(1, 100, 4000)
    limit, low, high = median_crossing(rate, (rate < 10) | (rate > 30), 0.95)
    assert limit == pytest.approx(30, rel=0.002)
    assert (low, high) == pytest.approx((30, 30), rel=0.01)


@given(seeds, confidences, st.floats(0.1, 10))
def test_laws(seed, confidence, factor):
    rng = np.random.default_rng(seed)
    rate = np.sort(rng.uniform(1, 100, 200))
    beyond = rng.random(200) < rng.uniform(0, 1) * rate / 50
    limit, low, high = median_crossing(rate, beyond, confidence)
    assert low <= limit <= high
    assert (limit == np.inf) == (high == np.inf)
    # It is a rate like others.
    np.testing.assert_allclose(
        median_crossing(rate * factor, beyond, confidence), np.multiply(factor, (limit, low, high))
    )
    # More pixels that are beyond never make it higher.
    more = median_crossing(rate, beyond | (rate > 90), confidence)
    assert more[0] <= limit


CONFIDENCES = [0.50, 0.6827, 0.80, 0.90, 0.95, 0.99]


@pytest.mark.parametrize(
    ("end", "quantiles"),
    # Banerjee and Wellner (2001, table 2); the second one, and those at an end, by draws (see the module).
    [(False, [0.285, 0.612, 0.987, 1.602, 2.269, 3.836]), (True, [2.06, 3.38, 4.59, 6.26, 7.9, 11.6])],
)
def test_critical_likelihood_ratio_is_that_of_the_table(end, quantiles):
    for confidence, expected in zip(CONFIDENCES, quantiles, strict=True):
        assert critical_likelihood_ratio(confidence, end=end) == pytest.approx(expected, rel=1e-12)
    # Half way between two logarithms of the tail.
    between = 1 - np.sqrt((1 - 0.95) * (1 - 0.99))
    assert critical_likelihood_ratio(between, end=end) == pytest.approx((quantiles[4] + quantiles[5]) / 2)
    if not end:
        assert critical_likelihood_ratio(0.9) == critical_likelihood_ratio(0.9, end=False)


def likelihood_at(answers, crossing):
    """Greatest log-likelihood with no more than one half below the crossing, no less above it: by isotonic means."""
    low, high = answers[:crossing].astype(float), answers[crossing:].astype(float)
    share = np.r_[np.minimum(isotonic(low), 0.5), np.maximum(isotonic(high), 0.5)]
    return np.sum(xlogy(answers, share) + xlog1py(~answers, -share))


def plain_crossing(rate, beyond, confidence):
    """The same as `median_crossing` by its definition, of so few pixels that all of them count."""
    number = rate.size
    wrong = np.array([beyond[:at].sum() + (~beyond[at:]).sum() for at in range(number + 1)])
    best = np.flatnonzero(wrong == wrong.min())
    likelihood = np.array([likelihood_at(beyond, at) for at in range(number + 1)])
    limits = [critical_likelihood_ratio(confidence, end=at in (0, number)) for at in range(number + 1)]
    kept = np.flatnonzero(2 * (likelihood.max() - likelihood) <= np.array(limits))
    alike = max(n for n in range(10) if 2.0**-n > 1 - confidence)
    first, last = min(kept[0], best[0] - alike), max(kept[-1], best[-1] + alike)
    low = rate[first - 1] if first > 0 else 0.0
    if last >= number:
        return np.inf, low, np.inf
    return np.sqrt(rate[max(best[0] - 1, 0)] * rate[best[-1]]), low, rate[last]


@pytest.mark.parametrize("confidence", [0.55, 0.8, 0.95])
@pytest.mark.parametrize("within", range(0, 23, 2))
def test_interval_is_that_of_the_definition(within, confidence):
    rate = np.geomspace(1, 100, 22)
    for seed in range(4):
        beyond = (np.arange(22) >= within) ^ (np.random.default_rng(seed).random(22) < 0.25)
        np.testing.assert_allclose(median_crossing(rate, beyond, confidence), plain_crossing(rate, beyond, confidence))
