"""Mean counts at a glance, against the plain definition: bit by bit the same, whatever was looked at."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import given, settings
from hypothesis import strategies as st

from ccdproc_darks.frames.inputs import MemoryFrame
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.counts import CountingSettings, SpecialPixels, exact_mean_counts, quick_mean_counts
from ccdproc_darks.rates.dark_frames import DarkSet, ElectronReader
from ccdproc_darks.rates.rate_job import RateJob
from ccdproc_darks.rates.rejection import deviate_of_share

from ..strategies import seeds

SHAPE = (12, 25)
TYPES = [
    "uint8",
    "int16",
    "uint16",
    ">u2",
    ">i2",
    "int32",
    ">i4",
    "uint32",
    "int64",
    "float32",
    ">f4",
    "float64",
    ">f8",
]


def frame_of(values, mask=None, unit=u.adu):
    return MemoryFrame(CCDData(values, unit=unit, mask=mask), "dark")


def simulated(rng, number, dtype, *, read_noise, gain, rate=5.0, shape=SHAPE, rays=0.03, bad=0.0, combined=None):
    """Values as a camera of this type gives them, with cosmic rays, and where the type has them NaN and infinity."""
    dtype = np.dtype(dtype)
    combined = np.ones(number) if combined is None else combined
    electrons = rng.poisson(rate, (number, *shape)) + rng.normal(0, 1, (number, *shape)) * (
        read_noise / np.sqrt(combined)[:, None, None]
    )
    electrons[rng.random(electrons.shape) < rays] += rng.exponential(200)
    values = electrons / gain + (20 if dtype.itemsize == 1 else 300)
    if dtype.kind in "iu":
        # No ray of these is beyond 2^53.
        return np.clip(np.rint(values), np.iinfo(dtype).min, min(np.iinfo(dtype).max, 2**53)).astype(dtype)
    values[rng.random(values.shape) < bad] = rng.choice([np.nan, np.inf, -np.inf])
    return values.astype(dtype)


def all_pixels(dark_set, rules):
    """`SpecialPixels` of all pixels, straight from the frames."""
    stack = [np.asarray(frame.rows(slice(None)).values, dtype=float).ravel() for frame in dark_set.frames]
    masks = [frame.rows(slice(None)).mask for frame in dark_set.frames]
    bad = np.array([np.zeros(stack[0].size, bool) if mask is None else mask.ravel() for mask in masks])
    bias, bad_bias = rules.reader.bias.rows(slice(None))
    if bad_bias is not None:
        bad |= bad_bias.ravel()
    bias = np.ravel(bias) if np.ndim(bias) else np.full(stack[0].size, bias)
    return SpecialPixels(np.ones(bias.size, bool), np.array(stack), bad, bias, np.zeros(0))


@dataclass
class Exact:
    """`MeanCounts` of pixels, flat; frames are 0 where none was kept, and limits are rates (electron/s)."""

    counts: np.ndarray
    frames: np.ndarray
    limit: np.ndarray


def exactly(pixels, dark_set, rules):
    found = exact_mean_counts(pixels, dark_set, rules)
    frames = np.where(found.usable, found.frames, 0)
    return Exact(found.counts.ravel(), frames.ravel(), found.lower_limit.ravel())


def check(dark_set, rules, *, rows_at_once=5):
    """The exact way of all pixels, and what was special; the fast pass with the exact way of these gives the same."""
    shape = dark_set.frames[0].shape
    expected = exactly(all_pixels(dark_set, rules), dark_set, rules)
    counts, frames, limit, special, waiting, wanted = [], [], [], [], [], []
    for start in range(0, shape[0], rows_at_once):
        found = quick_mean_counts(dark_set, slice(start, min(start + rows_at_once, shape[0])), rules)
        assert found.counts.dtype == float
        # As where other exposure times have others.
        asked = found.special | (np.arange(found.special.size) % 5 == 0)
        waiting.append(found.set_aside(np.flatnonzero(asked)))
        wanted.append(asked)
        counts.append(found.counts)
        special.append(found.special)
        frames.append(np.full(found.counts.size, dark_set.combined.sum()))
        limit.append(np.full(found.counts.size, np.nan))
    counts, frames, limit, special, wanted = map(np.concatenate, (counts, frames, limit, special, wanted))
    # What was not special has lost nothing.
    np.testing.assert_array_equal(expected.frames[~special], dark_set.combined.sum())
    assert np.isnan(expected.limit[~special]).all()
    # Few at a time, and not those of a block at once.
    left, places = SpecialPixels.joined(waiting), np.flatnonzero(wanted)
    for first in range(0, places.size, 7):
        picked, left = left.split(7)
        found, few = exactly(picked, dark_set, rules), places[first : first + 7]
        counts[few], frames[few], limit[few] = found.counts, found.frames, found.limit
    assert left.counts.size == left.special.size == left.bias.size == left.samples.shape[1] == 0
    for name, values in (("counts", counts), ("frames", frames), ("limit", limit)):
        np.testing.assert_array_equal(values, getattr(expected, name), err_msg=name)
    with np.errstate(all="ignore"):
        rows = RateJob([dark_set], rules, 0.0).sample_of_counts([slice(0, shape[0])])
    np.testing.assert_array_equal(rows.counts.ravel(), expected.counts)
    np.testing.assert_array_equal(rows.usable.ravel(), expected.frames > 0)
    np.testing.assert_array_equal(rows.frames.ravel(), np.maximum(expected.frames, 1))
    return expected, special


def rule_by_hand(samples, bad, bias, combined, levels, rules):
    """
    Mean, exposures, lower limit of one pixel, and whether a sample was rejected, by the words of `mean_counts`;
    and whether that was a matter of rounding.

    Nothing is shared with the package but the deviate of a share of counts.
    """
    reader = rules.reader
    rejected = close = False
    kept = [i for i, x in enumerate(samples) if math.isfinite(x) and not bad[i]]
    limit = math.nan
    if reader.saturation is not None:
        over = [i for i in kept if samples[i] >= reader.saturation]
        kept = [i for i in kept if i not in over]
        if over and not kept:
            limit = reader.saturation * reader.scale - bias
    electrons = [x * reader.scale - bias - level for x, level in zip(samples, levels, strict=True)]
    while len(kept) > 1 and rules.clip is not None and rules.read_noise is not None:
        highest = max(kept, key=lambda i: electrons[i])
        rest = [i for i in kept if i != highest]
        own, others = combined[highest], math.fsum(combined[i] for i in rest)
        x = electrons[highest]
        m = math.fsum(combined[i] * electrons[i] for i in rest) / others
        variance = max((own * x + others * m) / (own + others), 0) + rules.read_noise**2
        if not x - m > rules.clip / math.sqrt(2) * math.sqrt(variance * (1 / own + 1 / others)):
            break
        arrays = (np.array([number]) for number in (x, m, own, others))
        deviate = deviate_of_share(*arrays, rules.read_noise).item()
        # Of whole numbers it may be the limit itself, but for rounding.
        close |= abs(deviate - rules.clip) < 1e-9
        if not deviate > rules.clip:
            break
        kept, rejected = rest, True
    exposures = math.fsum(combined[i] for i in kept)
    mean = math.fsum(combined[i] * samples[i] for i in kept) / exposures * reader.scale - bias if kept else 0.0
    return mean, exposures, limit, rejected, close


def check_by_hand(dark_set, rules, expected, special):
    picked = all_pixels(dark_set, rules)
    by_hand = [
        rule_by_hand(
            samples.tolist(), bad, float(bias), dark_set.combined.tolist(), dark_set.level_shifts.tolist(), rules
        )
        for samples, bad, bias in zip(picked.samples.T, picked.bad.T, picked.bias, strict=True)
    ]
    counts, frames, limit, rejected, close = np.array(by_hand).T
    assert special[rejected > 0].all()
    clear = close == 0
    assert np.count_nonzero(clear) > 0.9 * clear.size
    np.testing.assert_array_equal(frames[clear], expected.frames[clear])
    np.testing.assert_allclose(counts[clear], expected.counts[clear], rtol=1e-11, atol=1e-10)
    np.testing.assert_array_equal(limit[clear] / dark_set.seconds, expected.limit[clear])


@st.composite
def cameras(draw):
    """A `DarkSet` with all that may be wrong with its frames, their levels and `CountingSettings`."""
    rng = np.random.default_rng(draw(seeds))
    number, dtype = draw(st.integers(1, 12)), draw(st.sampled_from(TYPES))
    read_noise = draw(st.sampled_from([0.0, 0.3, 3.0, 30.0]))
    gain, rate = draw(st.sampled_from([0.3, 1.0, 2.7])), draw(st.sampled_from([0.0, 0.02, 5.0, 400.0]))
    combined = np.ones(number)
    if draw(st.booleans()):
        combined = rng.integers(1, 20, number).astype(float) if draw(st.booleans()) else np.full(number, 7.0)
    values = simulated(
        rng, number, dtype, read_noise=read_noise, gain=gain, rate=rate, rays=draw(st.sampled_from([0.0, 0.03, 0.3])),
        bad=draw(st.sampled_from([0.0, 0.02])), combined=combined,
    )  # fmt: skip
    levels = np.zeros(number)
    if draw(st.booleans()):
        levels = np.round(rng.normal(0, 3, number)) * gain
    masks = [None] * number
    if draw(st.booleans()):
        masks = [rng.random(SHAPE) < 0.03 if rng.random() < 0.7 else None for _ in range(number)]
    saturation = draw(st.none() | st.sampled_from([0.6, 0.95, 0.999]))
    if saturation is not None:
        saturation = float(np.quantile(values[np.isfinite(values)].astype(float), saturation))
    bias = Bias(level=19.3)
    if draw(st.booleans()):
        master = rng.normal(20, 0.5, SHAPE)
        master[rng.random(SHAPE) < 0.02] = np.nan
        mask = rng.random(SHAPE) < 0.02 if draw(st.booleans()) else None
        bias = Bias(frame_of(master, mask), scale=gain)
    clip = draw(st.none() | st.sampled_from([3.0, 4.0, 5.0, 8.0]))
    told = draw(st.sampled_from([read_noise, read_noise, None]))
    dark_set = DarkSet([frame_of(*pair) for pair in zip(values, masks, strict=True)], 100.0, combined)
    dark_set.level_shifts = levels
    return dark_set, CountingSettings(ElectronReader(gain, bias, saturation), told, clip)


@given(cameras())
@settings(max_examples=5 * settings.default.max_examples)
def test_bit_by_bit(camera):
    with np.errstate(all="ignore"):
        check_by_hand(*camera, *check(*camera))


@pytest.mark.parametrize("number", [2, 3, 12])
@pytest.mark.parametrize("combined", ["ones", "equal", "unequal"])
@pytest.mark.parametrize("dtype", TYPES)
def test_every_type(dtype, combined, number):
    """With cosmic rays to leave out, and pixels that need no look."""
    rng = np.random.default_rng(number)
    numbers = {"ones": np.ones(number), "equal": np.full(number, 7.0), "unequal": np.arange(1.0, number + 1)}[combined]
    values = simulated(rng, number, dtype, read_noise=3.0, gain=1.3, combined=numbers)
    values[0, :, ::4] += np.array(100 if values.dtype.itemsize == 1 else 300, values.dtype)
    dark_set = DarkSet([frame_of(frame) for frame in values], 100.0, numbers)
    rules = CountingSettings(ElectronReader(1.3, Bias(level=20.0), None), 3.0, 5.0)
    expected, special = check(dark_set, rules)
    check_by_hand(dark_set, rules, expected, special)
    assert (expected.frames < numbers.sum()).sum() >= SHAPE[0] * 7
    assert not special.all()


def test_types_side_by_side():
    """Of frames of several types."""
    rng = np.random.default_rng(5)
    values = [simulated(rng, 1, dtype, read_noise=3.0, gain=1.0)[0] for dtype in ("uint16", ">i2", "float32", "int32")]
    dark_set = DarkSet([frame_of(frame) for frame in values], 100.0, np.array([1.0, 2.0, 1.0, 5.0]))
    rules = CountingSettings(ElectronReader(1.0, Bias(level=300.0), 320.0), 3.0, 4.0)
    check_by_hand(dark_set, rules, *check(dark_set, rules))


def test_nothing_left():
    """Every sample masked, saturated, NaN or without a bias: each is told apart."""
    values = np.full((3, 1, 6), 100.0)
    values[:, 0, 1], values[:, 0, 2] = 60000, np.nan
    values[:2, 0, 3] = 60000
    master, mask = np.full((1, 6), 10.0), np.zeros((1, 6), bool)
    master[0, 4], mask[0, 5] = np.nan, True
    dark_set = DarkSet([frame_of(frame, mask) for frame in values], 10.0, np.ones(3))
    rules = CountingSettings(ElectronReader(2.0, Bias(frame_of(master), scale=2.0), 50000.0), 3.0, 5.0)
    expected, special = check(dark_set, rules)
    assert special.tolist() == [False, True, True, True, True, True]
    assert expected.frames.tolist() == [3, 0, 0, 1, 0, 0]
    assert expected.counts.tolist() == [180, 0, 0, 180, 0, 0]
    np.testing.assert_array_equal(expected.limit, [np.nan, 9998, np.nan, np.nan, np.nan, np.nan])


@pytest.mark.parametrize("dtype", ["float32", ">f4"])
def test_sums_are_float64(dtype):
    """A sum of 20 such float32 is wrong by as much as their noise is worth."""
    rng = np.random.default_rng(6)
    values = rng.normal(60000, 3, (20, *SHAPE)).astype(dtype)
    dark_set = DarkSet([frame_of(frame) for frame in values], 10.0, np.ones(20))
    found = quick_mean_counts(
        dark_set, slice(0, SHAPE[0]), CountingSettings(ElectronReader(1.0, Bias(), None), 3.0, None)
    )
    exact = [math.fsum(samples.tolist()) / 20 for samples in values.reshape(20, -1).T]
    np.testing.assert_allclose(found.counts, exact, rtol=1e-14)
    assert np.abs(found.counts - exact).max() < 1e-9


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", ">u2", "int32", "uint32"])
@pytest.mark.parametrize("number", [1, 7, 64])
def test_integers_are_added_up_exactly(dtype, number):
    """At the ends of the type: nothing overflows, nothing is rounded but the quotient."""
    limits = np.iinfo(dtype)
    values = np.random.default_rng(7).choice([limits.min, limits.max, limits.max - 1], (number, *SHAPE)).astype(dtype)
    values[:, 0] = limits.max
    values[:, 1] = limits.min
    dark_set = DarkSet([frame_of(frame) for frame in values], 10.0, np.ones(number))
    found = quick_mean_counts(
        dark_set, slice(0, SHAPE[0]), CountingSettings(ElectronReader(1.0, Bias(), None), 3.0, None)
    )
    exact = [sum(samples.tolist()) / number for samples in values.reshape(number, -1).T]
    np.testing.assert_array_equal(found.counts, exact)


@pytest.mark.parametrize(("saturation", "expected"), [(None, 0), (65535.0, 2), (65534.2, 2), (70000.0, 0), (-1.0, 6)])
def test_saturation_of_integers(saturation, expected):
    values = np.array([[[0, 1, 65535, 65534, 300, 65535]]], "uint16")
    dark_set = DarkSet([frame_of(frame) for frame in values], 10.0, np.ones(1))
    rules = CountingSettings(ElectronReader(1.0, Bias(), saturation), 3.0, None)
    found, _ = check(dark_set, rules)
    assert np.isfinite(found.limit).sum() == expected


@pytest.mark.parametrize("dtype", ["uint16", "float64"])
@pytest.mark.parametrize("rate", [0.0, 1.0, 100.0, 1e4])
def test_few_clean_pixels_are_looked_at(rate, dtype):
    """So that nothing is sorted: of twenty good frames, one pixel in fifty at most needs a look."""
    rng = np.random.default_rng(8)
    values = simulated(rng, 20, dtype, read_noise=10.0, gain=1.5, rate=rate, shape=(200, 200), rays=0.0)
    dark_set = DarkSet([frame_of(frame) for frame in values], 100.0, np.ones(20))
    rules = CountingSettings(ElectronReader(1.5, Bias(level=450.0), 65535.0), 10.0, 5.0)
    found = quick_mean_counts(dark_set, slice(0, 200), rules)
    assert found.special.mean() < 0.03
    # Nor do rays bring others to be looked at than the pixels that they hit: here of 8 sigmas of a frame.
    struck = np.zeros(found.special.shape, bool)
    struck[100 * 200 + 100 : 100 * 200 + 110] = True
    values.reshape(20, -1)[3, struck] += values.dtype.type(8 * np.sqrt(10**2 + rate) / 1.5)
    hit = quick_mean_counts(dark_set, slice(0, 200), rules)
    np.testing.assert_array_equal(hit.special, found.special | struck)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float64"])
@pytest.mark.parametrize(
    ("combined", "spared"), [(np.ones(20), 0.9), (np.r_[np.full(19, 2.0), 1.0], 0.7)], ids=["equal", "unequal"]
)
def test_which_rays_are_looked_at(combined, spared, dtype):
    """Over read noise, where a deviate is a normal one: all that are left out, of 5 sigmas, and none of far fewer."""
    sigmas = np.linspace(0, 8, 1601)
    values = np.full((20, 1, sigmas.size), 5000.0)
    values[0, 0] += sigmas * 100 * np.sqrt(1 / combined[0] + 1 / combined[1:].sum()) / 0.1
    dark_set = DarkSet([frame_of(frame) for frame in np.rint(values).astype(dtype)], 100.0, combined)
    expected, special = check(dark_set, CountingSettings(ElectronReader(0.1, Bias(level=500.0), None), 100.0, 5.0))
    left_out = expected.frames < combined.sum()
    assert not left_out[sigmas < 4.98].any()
    assert left_out[sigmas > 5.02].all()
    assert special[left_out].all()
    assert not special[sigmas < spared * 5].any()


def test_frames_are_not_changed():
    """Neither by the sums, which begin with the first of them, nor by the closer look."""
    rng = np.random.default_rng(9)
    values = simulated(rng, 4, "float64", read_noise=3.0, gain=1.0, rays=0.2)
    kept = values.copy()
    dark_set = DarkSet([frame_of(frame) for frame in values], 100.0, np.ones(4))
    rules = CountingSettings(ElectronReader(2.0, Bias(level=300.0), None), 3.0, 5.0)
    found = quick_mean_counts(dark_set, slice(0, SHAPE[0]), rules)
    exact_mean_counts(found.set_aside(np.flatnonzero(found.special)), dark_set, rules)
    np.testing.assert_array_equal(values, kept)
