# Licensed under a 3-clause BSD style license - see LICENSE
"""Compiled loops give what numpy gives, to the bit; so that it does not matter whether there was a compiler."""

import os
import shutil
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import compare_dark_rates, dark_rate, hot_pixel_mask, master_bias, simulate_dark
from ccdproc_darks._compute import loops
from ccdproc_darks.comparison.several_rates import SeveralRates
from ccdproc_darks.comparison.two_rates import TwoRates
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.dark_frames import ElectronReader
from ccdproc_darks.rates.moments import SampleMoments
from ccdproc_darks.rates.rate_fit_complete import fit_complete_pixels
from ccdproc_darks.rates.rate_meta import RateMeta
from ccdproc_darks.rates.rejection import RejectionBound, may_lose_highest
from ccdproc_darks.rates.stack import FrameBlock, SumSettings
from ccdproc_darks.statistics.rate_distribution import RateDistribution

from ..helpers import assert_same_image
from ..strategies import seeds

LOOPS = ("counts", "file_sums", "fit", "moments", "pair", "rate", "several", "sums")
CAN_BUILD = shutil.which("cc") and Path(sysconfig.get_path("include"), "Python.h").exists()
UNWANTED = bool(os.environ.get("CCDPROC_DARKS_NO_C"))

needs_loops = pytest.mark.skipif(loops.pair is None, reason="the compiled loops were not built, or are not wanted")


@pytest.mark.skipif(not os.environ.get("CI") or not CAN_BUILD, reason="a user may have no compiler")
def test_the_loops_were_built():
    assert all(
        (getattr(loops, name) is None) == UNWANTED for name in LOOPS if name != "file_sums" or os.name == "posix"
    )


def test_they_need_not_be_there():
    code = "import ccdproc_darks._compute.loops as loops; print([getattr(loops, name) for name in loops.__all__[1:]])"
    environment = os.environ | {"CCDPROC_DARKS_NO_C": "1"}
    command = [sys.executable, "-P", "-c", code]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str([None] * len(LOOPS))


@contextmanager
def numpy_alone():
    with mock.patch.multiple(loops, **dict.fromkeys(LOOPS)):
        yield


def assert_same_bits(one, other):
    """The same numbers, and the same sign of zero; one NaN is as good as another."""
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    np.testing.assert_array_equal(one, other)
    if one.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0]))


def awkward(rng, values):
    """The same with a few of them not numbers, or at the ends of what a number can be."""
    ends = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42, -1e-42, 3e38, -3e38, 1e-30])
    where = rng.choice(values.size, values.size // 9, replace=False)
    values.flat[where] = rng.choice(ends, where.size).astype(values.dtype)
    return values


@dataclass
class FewPixels:
    """As much of a `RateImage` as a `TwoRates` or `SeveralRates` asks for."""

    rate: np.ndarray
    mask: np.ndarray | None
    deviation: np.ndarray
    factor: float = 1.0

    def flat(self, rows):
        return self.rate[rows], self.mask, self.deviation[rows]


class FewRates(list):
    """As much of a `RateImages` as a `TwoRates` or `SeveralRates` asks for."""

    dtype, noise = np.dtype("float32"), None

    def __init__(self, rng, numbers, read_noise, bias_error):
        super().__init__()
        self.seconds = np.sort(rng.uniform(1, 2000, len(numbers)))
        self.infos = [
            mock.Mock(spec=RateMeta, frames=number, read_noise=read_noise, bias_error=bias_error, noise_source="none")
            for number in numbers
        ]
        self.shared = [([0, 1], bias_error**2)]


@needs_loops
@given(
    seeds, st.tuples(st.integers(1, 30), st.integers(1, 30)), st.sampled_from([0.0, 0.5, 9.0]),
    st.sampled_from([0.0, 0.4]), st.sampled_from([1.0, 1.3]), st.booleans(), st.booleans(),
    st.sampled_from([1, 1023, 1025, 5000]),
)  # fmt: skip
def test_pair(seed, numbers, read_noise, bias_error, width, shifted, departures, size):
    rng = np.random.default_rng(seed)
    stack = FewRates(rng, numbers, read_noise, bias_error)
    t, n = stack.seconds[:, None], np.array(numbers)[:, None]
    pair = TwoRates(stack, np.array([1.7 if shifted else 0.0, 0.0]), None, width)
    rate = 10 ** rng.uniform(-4, 2, size)
    noise = np.sqrt((rate * t + read_noise**2) / n + bias_error**2) / t
    rates = (rate + noise * rng.normal(0, 2, (2, size))).astype("f4")
    deviations = np.sqrt((np.maximum(rates, 0) * t + read_noise**2) / n + bias_error**2) / t
    deviations *= np.where(rng.random((2, size)) < 0.2, rng.uniform(0.5, 2, (2, size)), 1)
    rates, deviations = awkward(rng, rates), awkward(rng, deviations.astype("f4"))
    # True is any byte but zero.
    masks = [None if rng.random() < 0.5 else (rng.random(size) < 0.1).astype("u1") * 4 for _ in range(2)]
    masks = [None if mask is None else mask.view(bool) for mask in masks]
    images = [FewPixels(*parts) for parts in zip(rates, masks, deviations, strict=True)]
    ours = pair.rows(images, slice(None), departures)
    with numpy_alone():
        plain = pair.rows(images, slice(None), departures)
    assert ours.inexact is not None
    assert plain.inexact is None
    assert_same_bits(ours.inexact_mask(), plain.inexact_mask())
    for name in ("complete", "difference", "second", "rate", "deviate"):
        assert_same_bits(getattr(ours, name), getattr(plain, name))


@needs_loops
@given(
    seeds, st.integers(2, loops.MOST_EXPOSURES), st.sampled_from([0.0, 0.5, 9.0]), st.sampled_from([0.0, 0.4]),
    st.sampled_from([1.0, 1.3]), st.booleans(), st.sampled_from(["one", "exact", "measured"]), st.booleans(),
    st.sampled_from([1, 255, 257, 1000]),
)  # fmt: skip
def test_several(seed, number, read_noise, bias_error, width, has_prior, noise, departures, size):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(1, 30, number)
    stack = FewRates(rng, numbers, read_noise, bias_error)
    groups = np.array_split(rng.permutation(number), rng.integers(1, number + 1))
    stack.shared = [(group.tolist(), bias_error**2) for group in groups]
    t, n = stack.seconds[:, None], numbers[:, None]
    rate = 10 ** rng.uniform(-4, 2, size)
    if noise != "one" and read_noise > 0:
        variance = (read_noise**2 * rng.uniform(0.5, 2, (1, size))).astype("f4")
        distribution = mock.Mock(degrees=19.0) if noise == "measured" else None
        stack.noise = mock.Mock(distribution=distribution, rows=lambda block: (variance, variance))
    estimates = np.sort(rng.normal(0, 1, rng.integers(1, 300)))
    prior = RateDistribution(np.ones(1), np.ones(1), estimates, np.sort(rng.random(estimates.size)))
    sigma = np.sqrt((rate * t + read_noise**2) / n + bias_error**2) / t
    rates = (rate + sigma * rng.normal(0, 2, (number, size))).astype("f4")
    deviations = np.sqrt((np.maximum(rates, 0) * t + read_noise**2) / n + bias_error**2) / t
    rates, deviations = awkward(rng, rates), awkward(rng, deviations.astype("f4"))
    masks = [None if rng.random() < 0.5 else (rng.random(size) < 0.1).astype("u1") * 4 for _ in range(number)]
    masks = [None if mask is None else mask.view(bool) for mask in masks]
    stack.extend(FewPixels(*parts) for parts in zip(rates, masks, deviations, strict=True))
    several = SeveralRates(stack, rng.normal(0, 1, number), prior if has_prior else None, width)
    ours = several.rows(stack, slice(None), departures)
    with numpy_alone():
        plain = several.rows(stack, slice(None), departures)
    assert_same_bits(ours.complete, plain.complete)
    for name in (
        "difference",
        "rate",
        "deviation",
        "deviate",
        "departure",
        "information",
        "skewness",
        "share",
        "alike",
    ):
        one, other = getattr(ours, name), getattr(plain, name)
        assert (one is None) == (other is None)
        if one is not None:
            # What is wrong with an incomplete pixel does not matter.
            assert_same_bits(one[ours.complete], other[ours.complete])


@needs_loops
@given(
    seeds, st.integers(1, loops.MOST_EXPOSURES + 2), st.sampled_from([0.0, 3.0]), st.sampled_from([0.0, 0.3]),
    st.booleans(), st.sampled_from([1, 255, 257, 3000]),
)  # fmt: skip
def test_fit(seed, number, read_noise, bias_error, free_offset, size):
    rng = np.random.default_rng(seed)
    seconds, frames = np.cumsum(rng.uniform(10, 300, number)), rng.integers(1, 30, number).astype(float)
    counts = awkward(rng, 10 ** rng.uniform(-3, 2, size) * seconds[:, None] + rng.normal(0, 5, (number, size)))

    def fitted():
        with np.errstate(all="ignore"):
            rate, variance = fit_complete_pixels(
                list(counts), seconds, frames, read_noise**2 / frames, bias_error**2, free_offset=free_offset,
                dtype=np.dtype("float32"),
            )  # fmt: skip
            # As they are kept.
            return rate.astype("f4"), variance

    ours = fitted()
    with numpy_alone():
        plain = fitted()
    for one, other in zip(ours, plain, strict=True):
        assert_same_bits(one, other)


def sums_of(stack, terms):
    """`FrameSums` with all that may be rejected as special."""
    with np.errstate(all="ignore"):
        sums = stack.sums(terms)
        if sums.past is not None:
            pixels, may = may_lose_highest(sums, terms.bound)
            sums.special[pixels] |= may
    return sums


def assert_same_sums(one, other):
    assert_same_bits(one.counts, other.counts)
    assert_same_bits(one.special, other.special)


@needs_loops
@given(
    seeds, st.sampled_from(["u2", "i2"]), st.integers(1, 9), st.booleans(),
    st.sampled_from([None, 0.0, 1234.5]), st.sampled_from([None, 300.0, 65535.0]), st.sampled_from([1, 1024, 2500]),
    st.sampled_from([None, (0.0, 3.0), (4.0, 5.0), (100.0, 8.0)]), st.sampled_from([1.0, 7.0]), st.booleans(),
    st.sampled_from([1.7, 0.05]),
)  # fmt: skip
def test_sums(seed, kind, number, swapped, bias, saturation, size, noise_and_clip, combined, bad, scale):
    rng = np.random.default_rng(seed)
    # Many of the rays are about as high as what may be rejected.
    noise, clip = (10.0, 5.0) if noise_and_clip is None else noise_and_clip
    spread = np.hypot(noise, 2) / scale
    values = rng.normal(300, spread, (number, size))
    rays = rng.random(values.shape) < 0.2
    values[rays] += rng.uniform(0, 3 * clip * spread, rays.sum())
    values[rng.random(values.shape) < 0.01] = 1e6
    values = np.clip(values, np.iinfo(kind).min, np.iinfo(kind).max).astype(kind)
    combined = np.full(number, combined)
    bound = None
    if noise_and_clip is not None and number > 1:
        bound = RejectionBound(combined, np.round(rng.normal(0, 5, number)), scale, *noise_and_clip)
    bias = scale * rng.normal(300, 3, size) if bias is None else bias
    terms = SumSettings(combined, scale, saturation, bias, rng.random(size) < 0.1 if bad else None, bound)
    stack = FrameBlock(values.astype((">" if swapped else "=") + kind), [None] * number)
    ours = sums_of(stack, terms)
    with numpy_alone():
        plain = sums_of(stack, terms)
    assert_same_sums(ours, plain)


@needs_loops
@pytest.mark.parametrize("read_noise", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("number", [2, 3, 20])
def test_either_threshold(number, read_noise):
    """To a hundredth of an electron: where the mean of all decides, and where that of the others does."""
    rng, scale, size = np.random.default_rng(number), 0.01, 200_000
    electrons = rng.normal(rng.choice([-20, 0, 30], size), 3, (number, size))
    electrons[0] += rng.uniform(0, 60, size)
    values = np.rint(electrons / scale + 5000).astype("u2")
    bound = RejectionBound(np.ones(number), np.zeros(number), scale, read_noise, 5.0)
    terms = SumSettings(np.ones(number), scale, None, 5000 * scale, None, bound)
    ours = sums_of(FrameBlock(values, [None] * number), terms)
    with numpy_alone():
        plain = sums_of(FrameBlock(values, [None] * number), terms)
    assert_same_sums(ours, plain)
    assert 0.1 < ours.special.mean() < 0.9


@needs_loops
@given(
    seeds, st.booleans(), st.sampled_from([None, 0.0, 1234.5]), st.sampled_from([None, 300.0, 1e30]),
    st.sampled_from([1, 1023, 1025, 2500]), st.booleans(),
)  # fmt: skip
def test_lone_frame(seed, swapped, bias, saturation, size, bad):
    rng = np.random.default_rng(seed)
    values = awkward(rng, rng.normal(300, 100, (1, size)).astype("f4"))
    bias = rng.normal(300, 3, size) if bias is None else bias
    stack = FrameBlock(values.astype(">f4") if swapped else values, [None])
    terms = SumSettings(np.ones(1), 1.7, saturation, bias, rng.random(size) < 0.1 if bad else None)
    ours = sums_of(stack, terms)
    with numpy_alone():
        plain = sums_of(FrameBlock(values, [None]), terms)
    assert_same_sums(ours, plain)
    assert_same_bits(stack.samples(np.arange(size)).astype("f4"), values)


@needs_loops
@given(
    seeds, st.sampled_from(["u2", "i2", "f4"]), st.integers(2, 9), st.booleans(), st.sampled_from([None, 0.0, 1234.5]),
    st.sampled_from([None, 300.0, 65535.0]), st.sampled_from([1, 256, 700]), st.booleans(),
)  # fmt: skip
def test_moments(seed, kind, number, swapped, bias, saturation, size, shifted):
    rng = np.random.default_rng(seed)
    values = rng.normal(300, 50, (number, size))
    if kind == "f4":
        values = awkward(rng, values.astype("f4"))
    else:
        values = np.clip(np.rint(values), np.iinfo(kind).min, np.iinfo(kind).max)
    block = FrameBlock(values.astype((">" if swapped else "=") + kind), [None] * number)
    reader = ElectronReader(1.7, Bias(), saturation)
    bias = rng.normal(300, 3, size) if bias is None else bias
    shifts = rng.normal(0, 3, number) * shifted
    ours = SampleMoments.of(block, shifts, reader, bias)
    with numpy_alone():
        plain = SampleMoments.of(block, shifts, reader, bias)
    assert_same_bits(ours.special, plain.special)
    for name in ("mean", "squares", "excess"):
        assert_same_bits(getattr(ours, name)[~ours.special], getattr(plain, name)[~ours.special])


@needs_loops
@pytest.mark.parametrize("bias_kind", ["level", "master"])
def test_all_of_it(bias_kind, tmp_path):
    camera = {"gain": 1.5 * u.electron / u.adu, "read_noise": 6 * u.electron, "bias": 1000 * u.adu}
    shape, paths = (70, 90), {}
    for name, seconds, number in (("bias", 0, 5), ("short", 60, 4), ("upper_median", 200, 3), ("long", 900, 5)):
        paths[name] = [tmp_path / f"{name}{index}.fits" for index in range(number)]
        for index, path in enumerate(paths[name]):
            frame = simulate_dark(shape, exposure=seconds * u.s, rng=int(seconds) + index, **camera)
            frame.data[(index * 7) % 70, :20] += 3000
            frame.data[::9, ::7] += np.uint16(seconds)
            frame.write(path)

    def made():
        bias = master_bias(paths["bias"]) if bias_kind == "master" else camera["bias"]
        short, middle, long = (dark_rate(paths[name], bias=bias) for name in ("short", "upper_median", "long"))
        together = dark_rate(paths["short"] + paths["upper_median"] + paths["long"], bias=bias)
        images = [short, middle, long, together, hot_pixel_mask(short, long), hot_pixel_mask(short, middle, long)]
        return images + [compare_dark_rates(short, long, statistic=name) for name in ("significance", "difference")]

    ours = made()
    with numpy_alone():
        plain = made()
    for one, other in zip(ours, plain, strict=True):
        assert_same_image(one, other)


@needs_loops
@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("numbers", [(3,), (1, 1, 1), (2, 5)])
def test_combined_frames_in_files(dtype, numbers, tmp_path):
    rng = np.random.default_rng(2)
    paths = [tmp_path / f"{index}.fits" for index in range(len(numbers))]
    for path, number in zip(paths, numbers, strict=True):
        header = fits.Header({"EXPTIME": 100.0, "EGAIN": 1.5, "RDNOISE": 5.0, "NCOMBINE": number, "SATURATE": 1300.0})
        image = rng.normal(1200, 40, (40, 50))
        image[3, 4] = 3000
        fits.PrimaryHDU(image.astype(dtype), header).writeto(path)
    master = CCDData(rng.normal(1000, 1, (40, 50)).astype("f4"), unit="adu", meta={"NCOMBINE": 9})
    for bias in (1000 * u.adu, master):
        # They scatter by more than RDNOISE, so that many samples are rejected.
        options = {"bias": bias, "check_headers": False}
        ours = dark_rate(paths, **options)
        with numpy_alone():
            assert_same_image(ours, dark_rate(paths, **options))
        in_memory = [CCDData.read(path, unit="adu") for path in paths]
        assert_same_image(ours, dark_rate(in_memory, **options))


@needs_loops
class TestWrongArrays:
    """Told, and not written past their ends."""

    def test_too_short(self):
        with pytest.raises(ValueError, match="an array has 36 bytes, expected 40"):
            loops.counts(10, np.zeros(9, "f4"), False, np.inf, 1.0, 0.0, None, np.zeros(10), np.zeros(10, bool))

    def test_frame_too_short(self):
        with pytest.raises(ValueError, match="an array has 38 bytes, expected 40"):
            loops.sums(10, sum_numbers(2), sum_images(10), np.zeros(19, "u2"))

    def test_not_writable(self):
        result = np.zeros(10)
        result.flags.writeable = False
        with pytest.raises(ValueError, match=r"read-only|not writable"):
            loops.counts(10, np.zeros(10, "f4"), False, np.inf, 1.0, 0.0, None, result, np.zeros(10, bool))

    def test_not_contiguous(self):
        with pytest.raises(ValueError, match="contiguous"):
            loops.counts(10, np.zeros(20, "f4")[::2], False, np.inf, 1.0, 0.0, None, np.zeros(10), np.zeros(10, bool))

    def test_too_many_exposures(self):
        number = loops.MOST_EXPOSURES + 1
        counts, rows = (np.zeros(3),) * number, ((1.0, 1.0, 1.0, 1.0),) * number
        with pytest.raises(ValueError, match="17 exposure times, expected 1 to 16"):
            loops.fit(3, counts, rows, False, np.inf, 1e-9, 3, np.zeros(3, "f4"), np.zeros(3, "f4"))

    def test_one_frame_does_not_scatter(self):
        numbers = (1, False, 0, 0, np.inf, 1.0, 0.0)
        arrays = (None, np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3, bool))
        with pytest.raises(ValueError, match="1 frames, expected 2 or more"):
            loops.moments(3, numbers, arrays, np.zeros(1), np.zeros(3, "f4"))

    def test_frame_of_moments_too_short(self):
        numbers = (2, False, 0, 0, np.inf, 1.0, 0.0)
        arrays = (None, np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3, bool))
        with pytest.raises(ValueError, match="an array has 10 bytes, expected 12"):
            loops.moments(3, numbers, arrays, np.zeros(2), np.zeros(5, "u2"))

    @pytest.mark.parametrize("number", [-1, 0, 32768])
    def test_frames_that_cannot_be_added(self, number):
        with pytest.raises(ValueError, match=f"{number} frames, expected 1 to 32767"):
            loops.sums(3, sum_numbers(number), sum_images(3), np.zeros(3, "u2"))

    def test_rule_of_too_few_numbers(self):
        with pytest.raises(TypeError, match="7 arguments"):
            loops.sums(3, sum_numbers(1, (1.0, 2.0)), sum_images(3), np.zeros(3, "u2"))


@needs_loops
@pytest.mark.skipif(loops.file_sums is None, reason="not on Windows")
class TestWrongFiles:
    """The same of files."""

    @staticmethod
    def sums(files=((0, 0), (0, 0)), room=4, stack=8, picked=20):
        numbers, images = sum_numbers(2), sum_images(10)
        return loops.file_sums(10, numbers, images, files, room, np.zeros(stack, "u2"), np.zeros(picked, "u2"))

    def test_too_few_files(self):
        with pytest.raises(ValueError, match="1 files and room for 4 pixels, expected 2 and 1 or more"):
            self.sums(((0, 0),))

    def test_no_room(self):
        with pytest.raises(ValueError, match="2 files and room for 0 pixels, expected 2 and 1 or more"):
            self.sums(room=0, stack=0)

    def test_less_room_than_told(self):
        with pytest.raises(ValueError, match="an array has 14 bytes, expected 16"):
            self.sums(stack=7)

    def test_no_room_for_what_is_picked(self):
        with pytest.raises(ValueError, match="an array has 38 bytes, expected 40"):
            self.sums(picked=19)

    def test_what_is_no_file(self):
        with pytest.raises(TypeError, match="str"):
            self.sums((("a", 0), (0, 0)))

    def test_a_file_that_is_not_open(self):
        assert self.sums(((-1, 0), (-1, 0))) == -1


def sum_numbers(frames, rule=None):
    return frames, False, 0, 0, 2**30, 1.0, 0.0, rule


def sum_images(size):
    return None, np.zeros(size), np.zeros(size, bool)
