"""One factor between two images' hot pixels: its error, its scatter, and what stars do to it."""

import numpy as np
import pytest

from ccdproc_darks.comparison.common_factor import ControlNoise, common_factor
from ccdproc_darks.comparison.hot_pixel_excess import Excess

NOISE = 10.0


def dirt(rng, number, stars):
    """Noise, and stars on some pixels."""
    return rng.normal(0, NOISE, number) + np.where(rng.random(number) < stars, rng.exponential(80, number), 0)


def one(seed, *, factor=1.3, pixels=200, stars=0.0, error=0.0, scatter=0.0, per_signal=1.0):
    """A factor and its deviate from the truth."""
    rng = np.random.default_rng(seed)
    true = 100 * 50 ** rng.random(pixels)
    x = true + rng.normal(0, error, pixels)
    own = factor * true * (1 + rng.normal(0, scatter, pixels))
    y = own + np.sqrt(per_signal * own) * rng.normal(size=pixels) + dirt(rng, pixels, stars)
    number = 20_000
    controls = Excess(np.arange(number), dirt(rng, number, stars), np.zeros(number), rng.normal(NOISE, 1, number))
    noise = ControlNoise(controls, 200)
    found = common_factor(y, x, np.full(pixels, error), rng.normal(NOISE, 1, pixels), noise, per_signal)
    return found, (found.factor - factor) / found.error


@pytest.mark.parametrize(
    "options",
    [{}, {"stars": 0.1}, {"stars": 0.1, "per_signal": 0.0}, {"error": 12.0}, {"scatter": 0.1}],
    ids=["clean", "stars", "stars without photon noise", "noise of the dark", "own factors"],
)
def test_the_error_is_right(options):
    deviates = np.array([one(seed, **options)[1] for seed in range(60)])
    assert deviates.std() == pytest.approx(1, abs=0.25)
    assert deviates.mean() == pytest.approx(0, abs=0.4)


def test_scatter_of_own_factors_is_measured():
    found, _ = one(1, pixels=2000, scatter=0.1)
    assert found.scatter == pytest.approx(0.1, rel=0.1)
    assert found.chi_square > 2
    found, _ = one(1, pixels=2000)
    assert found.scatter < 0.01
    assert found.chi_square == pytest.approx(1, abs=0.1)


def test_crowding_is_measured():
    """A fifth of all pixels has a star; of an exponential flux of 8 sigma nearly half are beyond 6 sigma."""
    assert one(1, stars=0.2)[0].crowding == pytest.approx(0.2 * np.exp(-6 * 1.15 / 8), abs=0.02)
    assert one(1)[0].crowding < 1e-3


def test_good_pixels_are_not_called_far_off():
    found, deviate = one(2, pixels=400)
    assert found.rejected < 0.01
    assert abs(deviate) < 4
    assert 20 < found.effective < 400
