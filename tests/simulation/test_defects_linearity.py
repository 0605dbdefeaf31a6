"""Linearity in exposure: a law for proportional pixels, broken by the planted ones."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import assume, given
from hypothesis import strategies as st

from ccdproc_darks import Sensor, simulate_dark
from ccdproc_darks.simulation import AmplifierGlow, DepletionEdgePixels, HotPixels, LowFullWellPixels, OffsetPixels

from ..exact import pair_p
from ..helpers import ELECTRON_PER_SECOND
from ..strategies import seeds

SHAPE = (12, 15)
numbers = st.integers(2, 6)


def electrons(sensor, seconds, rng):
    return simulate_dark(sensor, exposure=seconds * u.s, rng=rng, dtype="float64").data


def several_against_one(sensor, number, seconds, seed):
    """The sum of n exposures of t, and one of n t."""
    rng = np.random.default_rng(seed)
    several = sum(electrons(sensor, seconds, rng) for _ in range(number))
    return several, electrons(sensor, number * seconds, rng)


@given(st.floats(-3, 3), numbers, st.floats(0.5, 500), st.floats(0, 1), st.booleans(), seeds)
def test_several_exposures_are_one_long_one(log_rate, number, seconds, dsnu, glows, seed):
    rate = 10**log_rate
    glow = AmplifierGlow(rate=3 * rate * ELECTRON_PER_SECOND, scale=5, corner="upper right") if glows else None
    hot = HotPixels(fraction=0.1, above=rate * ELECTRON_PER_SECOND, maximum=50 * rate * ELECTRON_PER_SECOND)
    sensor = Sensor(shape=SHAPE, seed=seed, rate=rate * ELECTRON_PER_SECOND, dsnu=dsnu * rate * ELECTRON_PER_SECOND,
                    defects=[hot], glow=glow)  # fmt: skip
    assert pair_p(*several_against_one(sensor, number, seconds, seed)) > 1e-9


# Of a pixel that would collect 1000 electrons in the long exposure.
planted = {
    "depletion edge": st.floats(0.5, 10).map(lambda fall: DepletionEdgePixels(charge=1000 / fall * u.electron)),
    "offset": st.floats(100, 1000).map(lambda offset: OffsetPixels(offset=offset * u.electron)),
    "low full well": st.floats(50, 800).map(lambda full: LowFullWellPixels(full_well=full * u.electron)),
}


@pytest.mark.parametrize("kind", planted)
@given(data=st.data(), number=numbers, seconds=st.floats(1, 500), seed=seeds)
def test_broken_by_what_is_planted(kind, data, number, seconds, seed):
    defect = data.draw(planted[kind])
    rate = 1000 / (number * seconds)
    sensor = Sensor(shape=SHAPE, seed=seed, rate=rate * ELECTRON_PER_SECOND, defects=[defect])
    several, one = several_against_one(sensor, number, seconds, seed)
    assert pair_p(several, one) < 1e-9
    assert np.sign(one.mean() - several.mean()) == -1
    assert (sensor.true_flags().mask).all()


@given(st.floats(0.1, 10), st.floats(1, 100), numbers, seeds)
def test_the_true_rate_over_an_exposure_is_what_frames_have(rate, seconds, number, seed):
    """Each kind in the mean, against the stated truth."""
    sensor = Sensor(
        shape=(40, 40), seed=seed, rate=rate * ELECTRON_PER_SECOND, dsnu=0.2 * rate * ELECTRON_PER_SECOND,
        defects=[DepletionEdgePixels(charge=[20, 200] * u.electron, share=(0.3, 0.9), fraction=0.5),
                 OffsetPixels(offset=[1, 50] * u.electron, fraction=0.5)],
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    truth = sensor.true_rate(exposure=seconds * u.s).data * seconds
    assume(truth.sum() > 100)
    measured = sum(electrons(sensor, seconds, rng) for _ in range(number)) / number
    error = np.sqrt(truth.sum() / number)
    assert abs(measured.sum() - truth.sum()) < 6 * error + 1
