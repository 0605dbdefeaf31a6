"""Mean and scatter of the samples of equal frames."""

import numpy as np
import pytest

from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.dark_frames import ElectronReader
from ccdproc_darks.rates.moments import SampleMoments
from ccdproc_darks.rates.stack import FrameBlock


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4", "f8"])
def test_against_numpy(dtype):
    """Of frames of every type; on a level that is far above their scatter, digits are not lost."""
    rng = np.random.default_rng(1)
    level = 100 if dtype == "u1" else 30000
    values = np.rint(rng.normal(level, 5, (7, 500))).astype(dtype)
    shifts = rng.normal(0, 3, 7)
    bias = rng.normal(200, 1, 500)
    moments = SampleMoments.of(FrameBlock(values, [None] * 7), shifts, ElectronReader(0.7, Bias(), None), bias)
    electrons = values.astype(float) * 0.7 - shifts[:, None]
    highest = electrons.max(axis=0)
    np.testing.assert_allclose(moments.mean, electrons.mean(axis=0) - bias, rtol=1e-9)
    np.testing.assert_allclose(moments.squares, 7 * electrons.var(axis=0), rtol=1e-9)
    np.testing.assert_allclose(moments.excess, highest - (electrons.sum(axis=0) - highest) / 6, rtol=1e-9)
    assert not moments.special.any()


def test_special_pixels():
    """Masked, saturated, not a number, without a bias: each of them, and no other."""
    values = np.full((3, 6), 10.0, dtype="f4")
    values[1, 0], values[0, 1], values[2, 2] = np.nan, np.inf, 60.0
    masks = [None, np.arange(6) == 3, None]
    without_bias = np.arange(6) == 4
    reader = ElectronReader(1.0, Bias(), 50.0)
    moments = SampleMoments.of(FrameBlock(values, masks), np.zeros(3), reader, 0.0, without_bias)
    np.testing.assert_array_equal(moments.special, [True, True, True, True, True, False])
