"""What frames show, against headers and arguments: an error, a warning, or nothing."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import HeaderWarning, NoiseWarning, dark_rate, master_bias

from ..frames.evidence.test_photon_transfer import sequence

GAIN = u.electron / u.adu
LEVEL = 1000 * u.adu


def told(frames, **keys):
    for frame in frames:
        frame.meta.update(keys)
    return frames


@pytest.fixture
def darks():
    return sequence([(8, 600)])


@pytest.fixture
def biases():
    return sequence([(8, 0)], seed=3)


class TestDarks:
    @pytest.mark.parametrize(("key", "value", "option"), [("EGAIN", 9.0, "gain"), ("RDNOISE", 80.0, "read_noise")])
    def test_refuted_header(self, darks, key, value, option):
        told(darks, **{key: value})
        with pytest.raises(ValueError, match=rf"by {key} is {value:g} electron.*Pass {option}="):
            dark_rate(darks, bias=LEVEL)

    @pytest.mark.parametrize(("key", "value"), [("EGAIN", 9.0), ("RDNOISE", 80.0)])
    def test_check_headers_false_believes_it_without_a_word(self, darks, key, value, recwarn):
        dark_rate(told(darks, **{key: value}), bias=LEVEL, check_headers=False)
        assert not [one for one in recwarn if key in str(one.message)]

    def test_argument_is_warned_of(self, darks):
        with pytest.warns(NoiseWarning, match="the gain is given as 9 electron/adu"):
            dark_rate(darks, bias=LEVEL, gain=9 * GAIN)

    def test_doubt(self, darks):
        with pytest.warns(HeaderWarning, match="the read noise by RDNOISE is 5.9"):
            dark_rate(told(darks, RDNOISE=5.9), bias=LEVEL)


class TestBiases:
    @pytest.mark.parametrize("value", [2.0, 80.0])
    def test_refuted_header(self, biases, value):
        told(biases, RDNOISE=value)
        with pytest.raises(ValueError, match=rf"RDNOISE is {value:g} .* bias frames show 8.* if 1.5 electron/adu is w"):
            master_bias(biases)
        assert master_bias(biases, read_noise=8 * u.electron).meta["DKRDNOI"] == 8
        assert master_bias(biases, check_headers=False).meta["DKRDNOI"] == value

    @pytest.mark.parametrize("keys", [{}, {"RDNOISE": None}])
    def test_right_or_untold(self, biases, keys, recwarn):
        for frame in biases:
            for key in keys:
                del frame.meta[key]
        assert np.median(master_bias(biases).data) == pytest.approx(1000, abs=0.2)
        assert not recwarn.list
