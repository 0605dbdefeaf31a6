"""Generalised least squares against dense linear algebra, pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ccdproc_darks.statistics.rate_fit import Covariance, count_variance, fit_rate, rate_estimator, rate_variance

from ..strategies import seeds


def block(values):
    """One pixel's numbers as a block of rows."""
    return np.asarray(values, dtype=float)[:, None, None]


def dense(counts, seconds, frames, read_variance, shared, free_offset):
    """The same fit of one pixel by full matrices, iterated from zero as often."""
    t = np.asarray(seconds, float)
    design = np.column_stack([t, np.ones_like(t)]) if free_offset else t[:, None]
    rate = 0.0
    for _ in range(6):
        covariance = np.diag(max(rate, 1e-15) * t / frames + read_variance)
        for members, variance in shared:
            covariance[np.ix_(members, members)] += variance
        inverse = np.linalg.inv(covariance)
        normal = np.linalg.inv(design.T @ inverse @ design)
        solution = normal @ design.T @ inverse @ counts
        settled = abs(solution[0] - rate) <= 1e-12 * abs(rate)
        last, rate = rate, solution[0]
    residual = counts - design @ solution
    projection = inverse - inverse @ design @ normal @ design.T @ inverse
    return {
        "rate": rate, "variance": normal[0, 0], "chi_square": residual @ inverse @ residual, "projection": projection,
        "deletion": (inverse @ residual) / np.diag(projection), "settled": settled or last == rate,
    }  # fmt: skip


@st.composite
def cases(draw, least=2):
    number = draw(st.integers(least, 6))
    rng = np.random.default_rng(draw(seeds))
    seconds = np.sort(rng.uniform(1, 1000, number))
    seconds += np.arange(number)
    frames = rng.integers(1, 20, number).astype(float)
    rate = draw(st.sampled_from([0.5, 5.0, 100.0]))
    read_variance = draw(st.floats(1, 400)) / frames
    counts = rate * seconds + rng.normal(0, np.sqrt(rate * seconds / frames + read_variance)) + rng.normal(0, 2)
    groups = draw(st.sampled_from(["one", "none", "two", "some"]))
    members = list(range(number))
    shared = {
        "one": [(members, 4.0)],
        "none": [],
        "two": [(members[::2], 9.0), (members[1::2], 2.0)],
        "some": [(members[:1], 7.0), (members[1:], 0.0)],
    }[groups]
    return counts, seconds, frames, read_variance, shared


def fit(case, free_offset=False, usable=None):
    counts, seconds, frames, read_variance, shared = case
    usable = np.ones(len(counts), bool) if usable is None else usable
    return fit_rate(
        block(counts), seconds, block(frames), block(read_variance), block(usable).astype(bool),
        shared=shared, free_offset=free_offset,
    )  # fmt: skip


@pytest.mark.parametrize("free_offset", [False, True])
@given(case=cases(least=3))
def test_against_full_matrices(free_offset, case):
    expected = dense(*case, free_offset)
    actual = fit(case, free_offset)
    # The weights settle to a part in a thousand in four iterations; what follows from them is as good.
    assert actual.rate.item() == pytest.approx(expected["rate"], rel=1e-4, abs=1e-6)
    assert actual.variance.item() == pytest.approx(expected["variance"], rel=2e-3)
    assert actual.chi_square.item() == pytest.approx(expected["chi_square"], rel=5e-3, abs=1e-3)
    np.testing.assert_allclose(actual.information[:, 0, 0], np.diag(expected["projection"]), rtol=5e-3)
    scale = np.sqrt(1 / np.diag(expected["projection"]))
    np.testing.assert_allclose(actual.deletion[:, 0, 0] / scale, expected["deletion"] / scale, atol=5e-3, rtol=5e-3)
    assert actual.degrees.item() == len(case[0]) - (2 if free_offset else 1)


@given(case=cases(least=3), free_offset=st.booleans())
def test_deletion_residual_is_what_the_others_foretell(case, free_offset):
    """Leave an exposure out, fit the others with the same weights, foretell it: the definition."""
    counts, seconds, frames, read_variance, shared = case
    if free_offset and len(counts) < 4:
        return
    actual = fit(case, free_offset)
    rate = actual.rate.item()
    covariance = np.diag(max(rate, 0) * seconds / frames + read_variance)
    for members, variance in shared:
        covariance[np.ix_(members, members)] += variance
    design = np.column_stack([seconds, np.ones_like(seconds)]) if free_offset else seconds[:, None]
    for k in range(len(counts)):
        rest = [index for index in range(len(counts)) if index != k]
        inverse = np.linalg.inv(covariance[np.ix_(rest, rest)])
        x = design[rest]
        normal = np.linalg.inv(x.T @ inverse @ x)
        solution = normal @ x.T @ inverse @ counts[rest]
        link = covariance[k, rest] @ inverse
        foretold = design[k] @ solution + link @ (counts[rest] - x @ solution)
        carried = design[k] - link @ x
        variance = covariance[k, k] - link @ covariance[rest, k] + carried @ normal @ carried
        assert actual.deletion[k, 0, 0] == pytest.approx(counts[k] - foretold, rel=5e-3, abs=5e-3 * np.sqrt(variance))
        assert actual.information[k, 0, 0] == pytest.approx(1 / variance, rel=5e-3)


@given(case=cases())
def test_unusable_counts_are_as_if_they_were_not_there(case):
    counts, seconds, frames, read_variance, shared = case
    usable = np.ones(len(counts), bool)
    usable[0] = False
    wild = counts.copy()
    wild[0] = np.nan
    without = fit((wild, *case[1:]), usable=usable)
    moved = [([m - 1 for m in members if m > 0], variance) for members, variance in shared]
    short = fit((counts[1:], seconds[1:], frames[1:], read_variance[1:], [group for group in moved if group[0]]))
    for name in ("rate", "variance", "chi_square"):
        np.testing.assert_allclose(getattr(without, name), getattr(short, name), rtol=1e-9)
    np.testing.assert_allclose(without.deletion[1:], short.deletion, rtol=1e-6, atol=1e-6)
    assert without.information[0, 0, 0] == 0


def test_two_exposures_give_the_difference_of_the_rates():
    """science.md section 4, with the pooled rate of section 3."""
    counts, t, n = np.array([120.0, 900.0]), np.array([90.0, 1000.0]), np.array([10.0, 20.0])
    read, bias = 100 / n, 5.0
    result = fit((counts, t, n, read, [([0, 1], bias)]))
    rate = result.rate.item()
    sigma = np.sqrt(np.sum((rate * t / n + read) / t**2) + bias * (1 / t[0] - 1 / t[1]) ** 2)
    difference = counts[0] / t[0] - counts[1] / t[1]
    assert result.deletion[0, 0, 0] == pytest.approx(t[0] * difference)
    assert np.sqrt(result.chi_square.item()) == pytest.approx(difference / sigma, rel=1e-6)
    assert result.excess.item() > 0


def test_one_exposure():
    result = fit((np.array([50.0]), np.array([10.0]), np.array([2.0]), np.array([8.0]), [([0], 3.0)]))
    assert result.rate.item() == 5
    assert result.variance.item() == pytest.approx((25 + 8 + 3) / 100)
    assert np.isnan(result.chi_square.item())
    assert result.information.item() == 0


@pytest.mark.parametrize("free_offset", [False, True])
def test_nothing_usable(free_offset):
    usable = np.zeros(3, bool)
    usable[0] = free_offset
    result = fit((np.ones(3), np.arange(1.0, 4), np.ones(3), np.ones(3), []), free_offset, usable)
    assert np.isnan([result.rate.item(), result.variance.item(), result.chi_square.item()]).all()
    assert result.degrees.item() == -1


def test_a_gaussian_line_of_hdrl():
    """ESO HDRL: y = 0.5 t + 100 - i with sigma = sqrt(0.5 t) has the slope 0.49 +- 0.0351317.

    Its errors are given, so the read variance holds them, and the counts are moved down by a line
    of known slope so far that the rate is below zero and adds no Poisson variance.
    """
    t = np.arange(100.0, 501, 100)
    y = 0.5 * t + 100 - np.arange(5)
    result = fit((y - 10 * t, t, np.ones(5), 0.5 * t, []), free_offset=True)
    assert result.rate.item() + 10 == pytest.approx(0.49)
    assert np.sqrt(result.variance.item()) == pytest.approx(0.0351317, abs=1e-7)


HDRL_RAMP = np.array([
    (3, 3441, 39.16312027), (3, 3420, 39.05124664), (5, 5606, 49.35416031), (5, 5586, 49.26966476),
    (7, 7814, 57.92955399), (7, 7815, 57.93315125), (10, 11003, 68.4440155), (10, 10970, 68.34349823),
    (12, 13292, 75.08883667), (12, 13198, 74.82757568), (15, 16347, 83.13392639), (15, 16175, 82.7017746),
    (20, 21267, 94.66387939), (20, 21318, 94.77605438),
])  # fmt: skip


@pytest.mark.parametrize(
    ("free_offset", "slope", "error", "chi_square"),
    [(True, 1063.12005477, 3.2834, 41.467), (False, 1091.355, None, 146.96)],
)
def test_a_real_ramp_of_hdrl(free_offset, slope, error, chi_square):
    t, y, e = HDRL_RAMP.T
    result = fit((y - 5000 * t, t, np.ones(14), e**2, []), free_offset=free_offset)
    assert result.rate.item() + 5000 == pytest.approx(slope, abs=1e-3)
    assert result.chi_square.item() == pytest.approx(chi_square, rel=1e-4)
    assert result.degrees.item() == (12 if free_offset else 13)
    if error:
        assert np.sqrt(result.variance.item()) == pytest.approx(error, abs=1e-4)


@given(case=cases(), rate=st.floats(-1, 100))
def test_rate_variance(case, rate):
    _, t, frames, read_variance, shared = case
    covariance = np.diag(max(rate, 1e-15) * t / frames + read_variance)
    for members, variance in shared:
        covariance[np.ix_(members, members)] += variance
    ones = np.ones((len(t), 1, 1), bool)
    actual = rate_variance(np.array([[rate]]), t, block(frames), block(read_variance), ones, shared=shared)
    assert actual.item() == pytest.approx(1 / (t @ np.linalg.solve(covariance, t)), rel=1e-9)


@pytest.mark.parametrize("free_offset", [False, True])
@given(case=cases())
def test_rate_variance_is_that_of_the_fit(free_offset, case):
    """Of whatever is usable of a pixel: none where the fit finds no rate, of fewer counts than it has parameters."""
    _, t, frames, read_variance, shared = case
    for number in range(len(t) + 1):
        usable = np.arange(len(t)) < number
        expected = fit(case, free_offset, usable)
        actual = rate_variance(
            np.nan_to_num(expected.rate), t, block(frames), block(read_variance), block(usable).astype(bool),
            shared=shared, free_offset=free_offset,
        )  # fmt: skip
        np.testing.assert_allclose(actual, expected.variance, rtol=1e-9)
        assert np.isnan(actual.item()) == (number < (2 if free_offset else 1))


@given(seeds, st.integers(1, 5))
def test_covariance(seed, number):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.01, 10, (number, 2, 3))
    weights[rng.random(weights.shape) < 0.2] = 0
    shared = [(list(range(0, number, 2)), 2.0), (list(range(1, number, 2)), 0.5)]
    covariance = Covariance(weights, shared)
    vector = rng.normal(size=weights.shape)
    solved, diagonal = covariance.solve(vector), covariance.diagonal()
    for row, column in np.ndindex(2, 3):
        used = weights[:, row, column] > 0
        full = np.diag(1 / np.where(used, weights[:, row, column], 1))
        for members, variance in shared:
            full[np.ix_(members, members)] += variance
        inverse = np.zeros_like(full)
        inverse[np.ix_(used, used)] = np.linalg.inv(full[np.ix_(used, used)])
        np.testing.assert_allclose(solved[:, row, column], inverse @ vector[:, row, column], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(diagonal[:, row, column], np.diag(inverse), rtol=1e-7, atol=1e-9)


@given(seeds, st.integers(1, 5))
def test_covariance_itself(seed, number):
    """The matrix on a vector, its determinant, and that it undoes its inverse; of what is usable."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.01, 10, (number, 2, 3))
    weights[rng.random(weights.shape) < 0.2] = 0
    shared = [(list(range(0, number, 2)), 2.0), (list(range(1, number, 2)), 0.0)]
    covariance = Covariance(weights, [group for group in shared if group[0]])
    vector = rng.normal(size=weights.shape)
    applied, log_determinant = covariance.apply(vector), covariance.log_determinant()
    np.testing.assert_allclose(covariance.solve(applied), np.where(weights > 0, vector, 0), rtol=1e-7, atol=1e-9)
    for row, column in np.ndindex(2, 3):
        used = weights[:, row, column] > 0
        full = np.diag(1 / np.where(used, weights[:, row, column], 1))
        for members, variance in shared:
            full[np.ix_(members, members)] += variance
        full = full[np.ix_(used, used)]
        expected = np.zeros(number)
        expected[used] = full @ vector[used, row, column]
        np.testing.assert_allclose(applied[:, row, column], expected, rtol=1e-9, atol=1e-12)
        assert log_determinant[row, column] == pytest.approx(np.linalg.slogdet(full)[1], rel=1e-9, abs=1e-9)


@given(case=cases(least=3), free_offset=st.booleans())
def test_estimator(case, free_offset):
    """What counts are multiplied with makes the rate: a rate of one makes one, and a free offset makes nothing."""
    counts, seconds, frames, read_variance, shared = case
    actual = fit(case, free_offset)
    estimator = actual.estimator[:, 0, 0]
    assert estimator @ counts == pytest.approx(actual.rate.item(), rel=1e-9, abs=1e-9)
    assert estimator @ seconds == pytest.approx(1)
    if free_offset:
        assert estimator.sum() == pytest.approx(0, abs=1e-9 * np.abs(estimator).sum())
    # Of given weights, and of pixels whose every count is usable, it is the same for all.
    alone = rate_estimator(max(actual.rate.item(), 0), seconds, frames, read_variance, shared, free_offset)
    np.testing.assert_allclose(alone, estimator, rtol=1e-2, atol=1e-3 * np.abs(estimator).max())
    # No other unbiased one has a smaller variance.
    matrix = np.diag(max(actual.rate.item(), 0) * seconds / frames + read_variance)
    for members, variance in shared:
        matrix[np.ix_(members, members)] += variance
    design = np.column_stack([seconds, np.ones_like(seconds)])[:, : 2 if free_offset else 1]
    for direction in np.eye(len(seconds)):
        other = direction - design @ np.linalg.lstsq(design, direction, rcond=None)[0]
        moved = alone + 0.1 * np.abs(alone).max() * other
        assert moved @ matrix @ moved >= (1 - 1e-6) * (alone @ matrix @ alone)


@given(case=cases(least=3))
def test_offset_of_a_line(case):
    """By full matrices: the intercept and its variance."""
    counts, seconds, frames, read_variance, shared = case
    actual = fit(case, free_offset=True)
    matrix = np.diag(max(actual.rate.item(), 1e-15) * seconds / frames + read_variance)
    for members, variance in shared:
        matrix[np.ix_(members, members)] += variance
    design = np.column_stack([seconds, np.ones_like(seconds)])
    normal = np.linalg.inv(design.T @ np.linalg.solve(matrix, design))
    intercept = (normal @ design.T @ np.linalg.solve(matrix, counts))[1]
    error = np.sqrt(normal[1, 1])
    assert actual.offset.item() == pytest.approx(intercept, rel=1e-6, abs=5e-3 * error)
    assert actual.offset_variance.item() == pytest.approx(normal[1, 1], rel=5e-3)
    assert fit(case).offset is None


@given(case=cases(), rate=st.floats(0.01, 100))
def test_weights_of_an_expected_rate(case, rate):
    """Counts are weighed with that, whatever they are themselves."""
    counts, seconds, frames, read_variance, shared = case
    ones = np.ones((len(counts), 1, 1), bool)
    asked = []

    def weight_rate(own):
        asked.append(own)
        return np.full(own.shape, rate)

    actual = fit_rate(block(counts), seconds, block(frames), block(read_variance), ones, shared=shared,
                      weight_rate=weight_rate)  # fmt: skip
    matrix = np.diag(rate * seconds / frames + read_variance)
    for members, variance in shared:
        matrix[np.ix_(members, members)] += variance
    weigh = np.linalg.solve(matrix, seconds)
    assert actual.rate.item() == pytest.approx(weigh @ counts / (weigh @ seconds), rel=1e-9)
    assert actual.variance.item() == pytest.approx(1 / (weigh @ seconds), rel=1e-9)
    residual = counts - actual.rate.item() * seconds
    assert actual.chi_square.item() == pytest.approx(residual @ np.linalg.solve(matrix, residual), rel=1e-6, abs=1e-9)
    assert asked[-1].item() == pytest.approx(actual.rate.item())
    # Four rounds; and once for the rate, and for its variance and the power of the test.
    assert len(asked) == 4 + 3


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("frames", [(1.0, 1.0), (8.0, 1.0), (1.0, 8.0)])
def test_skewness_of_the_departure(frames, side):
    """Of draws of the sum that the test looks at, in the direction in which the pixel departs."""
    rng = np.random.default_rng(1)
    rate, read_noise, seconds = 0.05, 1.0, np.array([60.0, 200.0])
    frames = np.array(frames)
    counts = rate * seconds + side * np.array([2.0, -2.0])
    # Weighed with the rate that it has, so that the draws are of the same law.
    actual = fit_rate(
        block(counts), seconds, block(frames), block(read_noise**2 / frames), np.ones((2, 1, 1), bool),
        weight_rate=lambda own: np.full(own.shape, rate),
    )  # fmt: skip
    direction = actual.covariance.solve(actual.residual)[:, 0, 0]
    noise = rng.normal(0, read_noise, (400_000, 2)) * np.sqrt(frames)
    draws = rng.poisson(rate * seconds * frames, noise.shape) + noise
    expected = stats.skew((draws / frames) @ direction)
    assert actual.skewness.item() == pytest.approx(expected, abs=0.02)
    assert np.sign(actual.skewness.item()) == np.sign(expected)


def test_kurtosis():
    """One over the electrons, of pure Poisson counts; of the largest of them; less with read noise."""
    seconds, frames = np.array([10.0, 400.0]), np.array([5.0, 2.0])
    ones = np.ones((2, 1, 1), bool)
    pure, noisy = (
        fit_rate(block(0.1 * seconds), seconds, block(frames), block(variance), ones)
        for variance in (np.zeros(2), 0.25 / frames)
    )
    assert pure.kurtosis.item() == pytest.approx(1 / (0.1 * 10 * 5), rel=1e-3)
    rng = np.random.default_rng(1)
    first = rng.poisson(5, 10**6) + rng.normal(0, 0.5 * np.sqrt(5), 10**6)
    assert noisy.kurtosis.item() == pytest.approx(stats.kurtosis(first), abs=0.02)
    assert noisy.kurtosis.item() < 0.7 * pure.kurtosis.item()


def test_count_variance():
    np.testing.assert_array_equal(count_variance(np.array([-1.0, 2.0]), 10.0, 4.0, 3.0), [3, 8])


NAMES = ("rate", "variance", "degrees", "chi_square", "deletion", "information", "excess", "skewness", "kurtosis",
         "residual", "estimator", "offset", "offset_variance")  # fmt: skip


@pytest.mark.parametrize("free_offset", [False, True])
@pytest.mark.parametrize("diagnose", [False, True])
def test_pixels_of_a_block_know_nothing_of_each_other(free_offset, diagnose):
    """Nor does the number of rows and columns matter, or what stands where a count is not usable."""
    rng = np.random.default_rng(4)
    shape = (4, 3, 5)
    seconds, shared = np.array([10.0, 30.0, 100.0, 300.0]), [([0, 2], 5.0), ([1], 2.0)]
    frames = rng.integers(1, 20, shape).astype(float)
    read_variance = rng.uniform(1, 50, shape) / frames
    counts = rng.uniform(0, 3, shape[1:]) * seconds[:, None, None] + rng.normal(0, 3, shape)
    usable = rng.random(shape) < 0.6
    usable[:, 0, 0], usable[:, 0, 1], usable[:, 0, 2] = False, [True, False, False, False], True
    counts[~usable] = read_variance[~usable] = np.nan
    options = {"shared": shared, "free_offset": free_offset, "diagnose": diagnose}
    shapes = []

    def weight_rate(rate):
        shapes.append(rate.shape)
        return rate

    together = fit_rate(counts, seconds, frames, read_variance, usable, weight_rate=weight_rate, **options)
    assert set(shapes) == {shape[1:]}
    rate = np.nan_to_num(together.rate)
    variance = rate_variance(rate, seconds, frames, read_variance, usable, shared=shared, free_offset=free_offset)
    for row, column in np.ndindex(shape[1:]):
        at = np.s_[:, row : row + 1, column : column + 1]
        alone = fit_rate(counts[at], seconds, frames[at], read_variance[at], usable[at], **options)
        for name in NAMES:
            found, expected = getattr(together, name), getattr(alone, name)
            if expected is None:
                assert found is None
            else:
                found, expected = found[..., row, column], expected[..., 0, 0]
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=name)
        one = rate_variance(rate[at[1:]], seconds, frames[at], read_variance[at], usable[at], shared=shared,
                            free_offset=free_offset)  # fmt: skip
        np.testing.assert_allclose(variance[row, column], one[0, 0], rtol=1e-9)
    np.testing.assert_array_equal(together.degrees, usable.sum(axis=0) - 1 - free_offset)
    np.testing.assert_array_equal(np.isnan(together.rate), together.degrees < 0)
    if not diagnose:
        assert {name for name in NAMES if getattr(together, name) is not None} == {"rate", "variance", "degrees"}
        assert together.covariance is None
        return
    # What cannot be used has no residual, and tells nothing.
    for name in ("residual", "deletion", "information"):
        assert (getattr(together, name)[~usable] == 0).all()
    assert (together.deletion[:, together.degrees <= 0] == 0).all()
    assert (together.residual[:, together.degrees < 0] == 0).all()


@pytest.mark.parametrize("second", [2000.0, 1000.00001])
def test_a_line_through_two_points_has_no_residual(second):
    """However close together they are, and so with rounding errors: no count tells anything of the other."""
    case = np.array([90.0, 120.0]), np.array([1000.0, second]), np.ones(2), np.ones(2), []
    result = fit(case, free_offset=True)
    assert result.degrees.item() == 0
    assert (result.information == 0).all()
    assert (result.deletion == 0).all()
    assert np.isnan(result.chi_square.item())


@given(case=cases(least=4))
def test_excess_of_a_line_is_its_curvature(case):
    """Minus the coefficient of t^2 in a parabola, in units of 1 / its variance."""
    counts, seconds, frames, read_variance, shared = case
    actual = fit(case, free_offset=True)
    matrix = np.diag(max(actual.rate.item(), 1e-15) * seconds / frames + read_variance)
    for members, variance in shared:
        matrix[np.ix_(members, members)] += variance
    design = np.column_stack([seconds / 1000, np.ones_like(seconds), (seconds / 1000) ** 2])
    normal = np.linalg.inv(design.T @ np.linalg.solve(matrix, design))
    curvature, variance = (normal @ design.T @ np.linalg.solve(matrix, counts))[2], normal[2, 2]
    assert actual.excess.item() / 1e6 == pytest.approx(-curvature / variance, rel=5e-3, abs=1e-2 / np.sqrt(variance))


@given(case=cases())
def test_excess_is_the_sum_of_what_departs(case):
    """Each in units of its variance, ``1^T C^-1 r``: positive where shorter exposures read higher."""
    actual = fit(case)
    expected = actual.covariance.solve(actual.residual).sum(axis=0)
    np.testing.assert_allclose(actual.excess, expected, rtol=1e-12)
    counts, seconds, *rest = case
    counts = 2 * seconds
    counts[0] += 0.1 * seconds[0]
    assert fit((counts, seconds, *rest)).excess.item() > 0


def test_excess_of_equal_exposure_times_is_that_of_the_first():
    frames = np.array([4.0, 2.0, 1.0])
    for counts in ([12.0, 10.0, 11.0], [10.0, 12.0, 11.0], [11.0, 10.0, 19.0]):
        result = fit((np.array(counts), np.full(3, 10.0), frames, np.zeros(3), []))
        # One frame of rate d has the variance 10 d: C^-1 r of the first is N r / (10 d).
        rate = frames @ counts / frames.sum() / 10
        assert result.excess.item() == pytest.approx(4 * (counts[0] - 10 * rate) / (10 * rate), rel=1e-3)


@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_counts_on_the_line(offset):
    """No departure: rounding errors of either sign are not divided by zero."""
    for number in range(2, 40):
        seconds = 0.1 * number * np.array([1.0, 3.0, 7.0])
        result = fit((0.7 * seconds + offset, seconds, np.ones(3), np.ones(3), [([0, 1, 2], 0.3)]), offset > 0)
        assert result.rate.item() == pytest.approx(0.7)
        assert result.chi_square.item() == pytest.approx(0, abs=1e-12)
        assert result.excess.item() == pytest.approx(0, abs=1e-9)


def test_skewness_is_that_of_the_direction_alone():
    """How far the counts depart makes no difference."""
    seconds, frames = np.array([60.0, 200.0]), np.ones(2)
    found = [
        fit_rate(block(0.05 * seconds + [far, -far]), seconds, block(frames), block(frames), np.ones((2, 1, 1), bool),
                 weight_rate=lambda rate: np.full(rate.shape, 0.05)).skewness.item()
        for far in (0.01, 10.0)
    ]  # fmt: skip
    assert found[0] == pytest.approx(found[1])
