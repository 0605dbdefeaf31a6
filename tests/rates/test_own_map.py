"""Darks whose pixels have different read noises: a map is made of them, or a warning says what to take."""

import warnings

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import NoiseWarning, dark_rate, dark_scatter

from ..helpers import dark

SHAPE = (200, 250)
TEXT = (
    r"^read noise differs by more than 4 % from pixel to pixel, and with one read noise for all of them, more good "
    r"pixels are flagged than asked for: pass read_noise=read_noise_map\(biases\) of twenty bias frames or more$"
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def darks(rng, number, spread=0.2, rate=0.01, seconds=100.0, read_noise=None):
    """Darks in adu, with a bias of 500 adu, of pixels whose read noise has a lognormal spread about 4 electron."""
    sigma = 4 * np.exp(rng.normal(0, spread, SHAPE))
    return [
        dark(
            np.rint(500 + rng.poisson(rate * seconds, SHAPE) + sigma * rng.normal(size=SHAPE)).astype(np.uint16),
            seconds, gain=1.0, read_noise=read_noise,
        )
        for _ in range(number)
    ]  # fmt: skip


def rate_of(frames, **options):
    return dark_rate(frames, bias=500 * u.adu, **options)


@pytest.mark.parametrize("read_noise", [None, 4.2], ids=["no header", "header"])
def test_enough_darks_make_a_map(rng, read_noise):
    rate = rate_of(darks(rng, 20, read_noise=read_noise))
    assert rate.meta["DKNOISE"] == "map"
    assert rate.meta["DKRNNUM"] == 20
    assert rate.meta["DKRDNOI"] == pytest.approx(4.1, abs=0.2)


def test_map_is_of_the_shortest_exposures_of_which_there_are_enough(rng):
    frames = darks(rng, 6, seconds=10.0) + darks(rng, 22, seconds=50.0) + darks(rng, 25, seconds=200.0)
    assert rate_of(frames).meta["DKRNNUM"] == 22


def test_few_darks_warn(rng):
    with pytest.warns(NoiseWarning, match=TEXT):
        rate = rate_of(darks(rng, 10))
    assert rate.meta["DKNOISE"] == "estimated"
    assert "DKRNNUM" not in rate.meta


def test_darks_whose_poisson_noise_hides_it_warn(rng):
    why = r"\. No map was made of the 25 darks of 100 s: their dark electrons hide the read noise$"
    with pytest.warns(NoiseWarning, match=TEXT[:-1] + why):
        rate = rate_of(darks(rng, 25, rate=0.12))
    assert rate.meta["DKNOISE"] == "estimated"


def test_that_there_is_no_map_is_all_that_is_said_of_it(rng):
    # Of a bias level far too low, all of the noise is taken for that of dark electrons.
    with pytest.warns(NoiseWarning, match="their dark electrons hide the read noise") as caught:
        dark_rate(darks(rng, 25, read_noise=4.1), bias=400 * u.adu)
    assert not any("pixels of the result are masked" in str(one.message) for one in caught)


def test_one_read_noise_that_is_given_is_taken(rng):
    with pytest.warns(NoiseWarning, match=TEXT):
        rate = rate_of(darks(rng, 25), read_noise=4 * u.electron)
    assert rate.meta["DKNOISE"] == "argument"


def test_darks_that_do_not_tell_their_electrons_warn(rng):
    frames = darks(rng, 25, seconds=10.0) + darks(rng, 25, seconds=100.0)
    with pytest.warns(NoiseWarning, match=TEXT):
        rate = dark_rate(frames, offset="pixel")
    assert rate.meta["DKNOISE"] == "estimated"


def test_equal_pixels_have_one_read_noise_without_a_word(rng):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rate = rate_of(darks(rng, 22, spread=0.0))
    assert rate.meta["DKNOISE"] == "estimated"


def test_scatter_of_such_darks_warns(rng):
    with pytest.warns(NoiseWarning, match=TEXT):
        dark_scatter(darks(rng, 25), bias=500 * u.adu, read_noise=4.1 * u.electron)
