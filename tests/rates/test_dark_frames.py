"""From frames to electrons."""

import numpy as np

from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.dark_frames import DarkSet, ElectronReader

from ..helpers import dark

EVERYTHING = slice(None)


def dark_set(*images, **options):
    frames = as_frames([dark(image, **options) for image in images])
    return DarkSet(frames, 100.0, np.ones(len(frames)))


def test_gain_and_bias():
    electrons = ElectronReader(2.0, Bias(level=100.0), None).read(dark_set(np.full((2, 3), 70.0)), EVERYTHING)
    np.testing.assert_array_equal(electrons.samples, np.full((1, 2, 3), 40.0))
    assert electrons.good.all()
    assert not electrons.saturated.any()


def test_saturation_is_a_level_of_the_frame_as_it_is():
    images = [[900.0, 1000.0, 1200.0]], [[900.0, 999.0, 1200.0]]
    electrons = ElectronReader(2.0, Bias(level=200.0), 1000.0).read(dark_set(*images), EVERYTHING)
    np.testing.assert_array_equal(electrons.good[:, 0], [[True, False, False], [True, True, False]])
    np.testing.assert_array_equal(electrons.saturated, [[False, False, True]])
    np.testing.assert_array_equal(electrons.lower_limit, np.full((1, 3), 1800.0))


def test_what_is_bad_is_no_number_and_not_saturated():
    images = [[np.nan, np.inf, 50.0, 2000.0]]
    electrons = ElectronReader(1.0, Bias(), 1000.0).read(
        dark_set(images, mask=[[False, False, True, True]]), EVERYTHING
    )
    assert not electrons.good.any()
    assert not electrons.saturated.any()
    np.testing.assert_array_equal(electrons.samples, np.zeros((1, 1, 4)))


def test_own_uncertainty_of_a_combined_frame_is_made_unbiased():
    from astropy.nddata import StdDevUncertainty

    frames = as_frames(dark(np.ones((2, 2)), uncertainty=StdDevUncertainty(np.full((2, 2), 3.0))))
    electrons = ElectronReader(2.0, Bias(), None, own_noise=True).read(
        DarkSet(frames, 1.0, np.array([5.0])), EVERYTHING
    )
    np.testing.assert_allclose(electrons.own_variance, np.full((1, 2, 2), 36 * 5 / 4))
