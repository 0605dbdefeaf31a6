"""Whether one read noise will do for all pixels."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from scipy.special import ndtr

from ccdproc_darks import sensor_preset, simulate_dark
from ccdproc_darks.frames.evidence.finding import Told
from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.evidence.noise_spread import MOST_SPREAD, noise_spread
from ccdproc_darks.frames.inputs import as_frames

from ...test_real_frames import files

SHAPE = (300, 400)
GAIN = Told(1.0, "argument")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def biases(rng, number=12, spread=0.0, noise=5.0, shape=SHAPE, pattern=3.0):
    """Counts of bias frames in whole adu, with a pattern, of pixels whose read noise has a lognormal spread."""
    sigma = noise * np.exp(rng.normal(0, spread, shape))
    level = 1000 + rng.normal(0, pattern, shape)
    return [np.rint(level + rng.normal(0, 1, shape) * sigma) for _ in range(number)]


def group(bias_frames=(), darks=(), seconds=100.0, dtype=np.uint16, **fields):
    """`FrameGroup` of counts."""
    darks, bias_frames = (
        as_frames([CCDData(values.astype(dtype), unit=u.adu) for values in some]) if some else []
        for some in (darks or bias_frames[:1], bias_frames)
    )
    return FrameGroup(darks, [seconds] * len(darks), biases=bias_frames, told={"gain": GAIN}, **fields)


def test_limit_is_where_false_positives_at_1e_6_grow_by_half():
    sigma = np.exp(np.linspace(-4, 4, 2001) * MOST_SPREAD)
    weights = np.exp(-np.square(np.linspace(-4, 4, 2001)) / 2)
    grown = np.average(ndtr(-4.7534 / sigma), weights=weights) / 1e-6
    assert 1.3 < grown < 1.7


def test_one_noise_for_all(rng):
    found = noise_spread(group(biases(rng)))
    assert found.one_will_do is True
    assert found.highest < MOST_SPREAD
    assert abs(found.square) < 4 * found.chance
    assert found.noisy < 1e-3
    assert (found.frames, found.seconds) == (12, 0.0)
    assert (
        found.sentence
        == f"read noise differs by less than {100 * found.highest:.2g} % from pixel to pixel: one will do"
    )


@pytest.mark.parametrize("spread", [0.08, 0.15, 0.3])
@pytest.mark.parametrize("number", [6, 20])
def test_spread_is_measured(rng, spread, number):
    found = noise_spread(group(biases(rng, number, spread)))
    assert found.one_will_do is False
    assert found.spread == pytest.approx(spread, rel=0.15)
    # Of how much a map tells, which knows the pixels of telegraph read noise.
    assert found.sentence == "read noise differs by more than 4 % from pixel to pixel"
    assert found.finding(19).sentence.endswith("pass read_noise=read_noise_map(biases) of twenty bias frames or more")
    assert found.finding(20).sentence.endswith("pass read_noise=read_noise_map(biases)")


def test_error_is_right(rng):
    found = [noise_spread(group(biases(rng, 8, shape=(60, 80)))) for _ in range(60)]
    squares = np.array([one.square for one in found])
    assert abs(squares.mean()) < 4 * found[0].chance / np.sqrt(60)
    assert squares.std() == pytest.approx(found[0].chance, rel=0.3)
    assert found[0].square_error == pytest.approx(found[0].chance, rel=0.2)


def test_telegraph_read_noise(rng):
    frames = np.array(biases(rng, 20))
    jumping = rng.random(SHAPE) < 0.08
    state = rng.random((2, *frames.shape)) < 0.5
    frames += 20.0 * jumping * (state[0].astype(int) - state[1])
    found = noise_spread(group(list(np.rint(frames))))
    assert found.one_will_do is False
    assert 0.05 < found.noisy < 0.1


def test_few_frames_cannot_tell(rng):
    assert noise_spread(group(biases(rng, 3))) is None
    found = noise_spread(group(biases(rng, 4, shape=(60, 80))))
    assert found.one_will_do is None
    assert found.sentence.endswith("from pixel to pixel, as far as 4 frames tell")
    assert noise_spread(group(biases(rng, 20, shape=(10, 10)))) is None


def test_digits_coarser_than_the_noise_cannot_tell(rng):
    assert noise_spread(group(biases(rng, 12, noise=0.4))) is None
    coarse = [16 * np.rint(values / 16) for values in biases(rng, 12, noise=6.0)]
    assert noise_spread(group(coarse)) is None


def drift(values, rng):
    return values + np.arange(len(values))[:, None, None] * np.linspace(0, 3, values.shape[2])


def row_noise(values, rng):
    return values + rng.normal(0, 5, (*values.shape[:2], 1))


def cosmic_rays(values, rng):
    hit = rng.random(values.shape) < 0.003
    return values + hit * rng.exponential(300, values.shape)


def one_frame_is_noisier(values, rng):
    values[3] += rng.normal(0, 8, values[3].shape)
    return values


def hot_pixels(values, rng):
    return values + (rng.random(values.shape[1:]) < 0.01) * 3000.0


@pytest.mark.parametrize("effect", [drift, row_noise, cosmic_rays, one_frame_is_noisier, hot_pixels])
def test_what_does_not_fake_a_spread(rng, effect):
    found = noise_spread(group(list(np.rint(effect(np.array(biases(rng)), rng)))))
    assert found.one_will_do is True


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_darks_without_their_poisson_noise(rng, spread):
    # Dark electrons that differ by 30 % make half of the variance of these, and 4 % are hot.
    electrons = 25 * np.exp(rng.normal(0, 0.3, SHAPE)) + 400 * (rng.random(SHAPE) < 0.04)
    frames = [values + rng.poisson(electrons) for values in biases(rng, 12, spread)]
    found = noise_spread(group((), frames), 5.0)
    assert found.seconds == 100
    assert found.spread == pytest.approx(spread, abs=0.03)
    assert found.one_will_do is (False if spread else None)


def test_bias_frames_go_before_darks(rng):
    found = noise_spread(group(biases(rng), biases(rng, spread=0.2)), 5.0)
    assert (found.seconds, found.one_will_do) == (0.0, True)


@pytest.mark.parametrize(
    ("change", "noise"),
    [({}, None), ({"told": {}}, 5.0), ({"combined": [1, 2] * 6}, 5.0), ({}, 0.1)],
    ids=["no read noise", "no gain", "averages of different numbers", "all Poisson noise"],
)
def test_darks_that_cannot_tell(rng, change, noise):
    one = group((), biases(rng))
    for name, value in change.items():
        setattr(one, name, value)
    assert noise_spread(one, noise) is None


def test_one_row_cannot_tell(rng):
    """What a frame has less in its columns is nothing."""
    assert noise_spread(group((), biases(rng, number=5, shape=(1, 4096))), 5.0) is None


def test_masked_pixels_take_no_part(rng):
    frames = biases(rng)
    noisy = np.zeros(SHAPE, bool)
    noisy[:, ::2] = True
    for values in frames:
        values[noisy] += rng.normal(0, 20, noisy.sum()).round()
    images = [CCDData(values, unit=u.adu, mask=noisy) for values in frames]
    made = FrameGroup(as_frames(images[:1]), [1.0], biases=as_frames(images), told={"gain": GAIN})
    assert noise_spread(made).one_will_do is True


@pytest.mark.parametrize("preset", ["aspen-cg16m", "cryogenic-ccd"])
def test_presets_of_ccds(preset):
    sensor = sensor_preset(preset, shape=(512, 512), seed=1)
    bias, darks = (
        as_frames([simulate_dark(sensor, exposure=seconds * u.s, rng=start + seed) for seed in range(10)])
        for seconds, start in ((0, 0), (100, 50))
    )
    told = {"gain": Told(sensor.gain.value, "argument")}
    assert noise_spread(FrameGroup(darks, [100.0] * 10, biases=bias, told=told)).one_will_do is True
    found = noise_spread(FrameGroup(darks, [100.0] * 10, told=told), sensor.read_noise.value)
    assert found.one_will_do is not False


@pytest.mark.parametrize(
    ("pattern", "dark_pattern", "seconds", "noise"),
    [
        ("stl1001_2019_0C/bias_series*", "stl1001_2019_0C/dark_10series*", 30.0, 14.8),
        ("arcsat_2025_m25C/Bias*", "arcsat_2025_m25C/Dark*", 30.0, 17.5),
    ],
)
def test_real_ccds(pattern, dark_pattern, seconds, noise):
    darks = as_frames(files(dark_pattern))
    made = FrameGroup(darks, [seconds] * len(darks), biases=as_frames(files(pattern)), told={"gain": GAIN})
    found = noise_spread(made)
    assert found.one_will_do is True
    assert found.highest < 0.035
    made.biases, made.told = [], {"gain": Told(2.06 if "stl" in pattern else 1.5, "argument")}
    made.forget_samples()
    assert noise_spread(made, noise).one_will_do is not False


@pytest.mark.parametrize(("camera", "frames"), [("CMS", 20), ("CMS", 50), ("HS", 20), ("HS", 50)])
def test_real_scmos(camera, frames):
    dark_rows = np.concatenate([fits.getdata(path) for path in files(f"cosmos_scmos_cubes/{camera}*")])[
        :frames, [*range(7), *range(24, 31)]
    ]
    found = noise_spread(group(list(dark_rows)))
    assert found.one_will_do is False
    assert 0.1 < found.spread < 0.2
