"""Files that are added up while they are read: the same as if all of it were read first."""

import os
from dataclasses import dataclass
from unittest import mock

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate, master_bias
from ccdproc_darks._compute import loops
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.fits_image import FileReader
from ccdproc_darks.frames.inputs import MemoryFrame, open_files
from ccdproc_darks.rates.bias import Bias
from ccdproc_darks.rates.counts import CountingSettings, quick_mean_counts
from ccdproc_darks.rates.dark_frames import DarkSet, ElectronReader
from ccdproc_darks.rates.stack import StreamedFrameBlock, frame_block

from ..helpers import assert_same_image

pytestmark = pytest.mark.skipif(loops.file_sums is None, reason="the compiled loops were not built, or are not wanted")

SHAPE = (60, 50)
BLOCKS = [slice(0, 60), slice(7, 8), slice(13, 60)]
# As of a header for `ccdproc_darks.dark_rate`.
KEYS = {"EXPTIME": 100.0, "EGAIN": 1.5, "RDNOISE": 9.0}


def values_of(number, dtype):
    """With rays, saturated pixels, and the ends of what the type can be."""
    rng, limits = np.random.default_rng(number), np.iinfo(dtype)
    values = rng.normal(1000, 6, (number, *SHAPE))
    rays = rng.random(values.shape) < 0.01
    values[rays] += rng.exponential(400, rays.sum())
    values[:, 40:42] = rng.choice([limits.min, limits.max, limits.max - 1], (number, 2, SHAPE[1]))
    return values.astype(dtype)


def written(folder, values):
    paths = [folder / f"{index}.fits" for index in range(len(values))]
    for path, image in zip(paths, values, strict=True):
        fits.PrimaryHDU(image, fits.Header(KEYS)).writeto(path)
    return paths


def parts_of(paths):
    return [FileFrame(path).for_rows(slice(None)) for path in paths]


@pytest.fixture(params=[(2**20, 2**10), (1, 1), (2**12, 2**4)], ids=["at once", "one by one", "few"])
def room(request, monkeypatch):
    """How many pixels are read at a time."""
    monkeypatch.setattr("ccdproc_darks.rates.stack._BYTES_AT_A_TIME", request.param[0])
    monkeypatch.setattr("ccdproc_darks.rates.stack._LEAST_PIXELS", request.param[1])


@pytest.mark.parametrize("block", BLOCKS, ids=str)
@pytest.mark.parametrize("master", [False, True], ids=["level", "master"])
@pytest.mark.parametrize("number", [1, 2, 12])
@pytest.mark.parametrize("dtype", ["uint16", "int16"])
def test_the_same_as_in_memory(tmp_path, room, dtype, number, master, block):
    values = values_of(number, dtype)
    bias = Bias(level=1500.0)
    if master:
        frame = np.random.default_rng(1).normal(1000, 1, SHAPE)
        frame[::9, ::7] = np.nan
        bias = Bias(MemoryFrame(CCDData(frame, unit="adu"), "bias"), scale=1.5)
    rules = CountingSettings(ElectronReader(1.5, bias, 32000.0), 5.0, 5.0)
    with open_files(parts_of(written(tmp_path, values))) as files:
        in_files = DarkSet(files, 100.0, np.ones(number), [1.0] * number)
        found = quick_mean_counts(in_files, block, rules)
    assert isinstance(found.block, StreamedFrameBlock)
    frames = [MemoryFrame(CCDData(image, unit="adu"), "dark") for image in values]
    expected = quick_mean_counts(DarkSet(frames, 100.0, np.ones(number)), block, rules)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.special, expected.special)
    assert not expected.special.all()
    special = np.flatnonzero(expected.special)
    picked, as_expected = found.set_aside(special), expected.set_aside(special)
    assert picked.samples.dtype == as_expected.samples.dtype
    for name in ("samples", "bad", "bias"):
        np.testing.assert_array_equal(getattr(picked, name), getattr(as_expected, name))


def test_what_is_set_aside_outlives_the_next_block(tmp_path, pixels_per_block):
    """All that is read goes where the next block's will go."""
    values = values_of(12, "uint16")
    paths = written(tmp_path, values)
    images = [CCDData(image, unit="adu", meta=dict(KEYS)) for image in values]
    pixels_per_block(3 * SHAPE[1])
    ours = dark_rate(paths, bias=1000 * u.adu, add_keyword=None)
    of_bias = {"gain": 1.5 * u.electron / u.adu, "check_headers": False, "add_keyword": None}
    bias = master_bias(paths, **of_bias)
    assert_same_image(ours, dark_rate(images, bias=1000 * u.adu, add_keyword=None))
    assert_same_image(bias, master_bias(images, **of_bias))


def test_true_is_any_byte_but_zero(tmp_path):
    """As a mask that is a view of somebody's flags; with special pixels of each exposure time's own."""
    paths = written(tmp_path, values_of(9, "uint16"))
    for path in paths[5:]:
        fits.setval(path, "EXPTIME", value=300.0)
    flags = (np.random.default_rng(3).random(SHAPE) < 0.1).astype("u1") * 4
    bias = CCDData(np.full(SHAPE, 1000.0, "f4"), unit="adu", mask=flags.view(bool), meta={"NCOMBINE": 9})
    for some in (paths, paths[:5]):
        ours = dark_rate(some, bias=bias, add_keyword=None)
        with mock.patch.multiple(loops, **dict.fromkeys(name for name in loops.__all__ if name != "MOST_EXPOSURES")):
            assert_same_image(ours, dark_rate(some, bias=bias, add_keyword=None))
        assert ours.mask[flags > 0].all()
        assert ours.meta["DKLOST"] > 0


@dataclass(frozen=True)
class OfItsOwn(FileReader):
    """Rows that only they know how to read."""


@pytest.mark.parametrize("kind", ["own", "some own", "single", "some single"])
def test_others_are_left_to_themselves(tmp_path, kind):
    (tmp_path / "single").mkdir()
    values = values_of(3, "uint16")
    paths = [*written(tmp_path, values), *written(tmp_path / "single", values.astype("f4"))]
    with open_files(parts_of(paths)) as opened:
        files, single = opened[:3], opened[3:]
        own = [OfItsOwn(part.label, part.image, file=part.file) for part in files]
        others = {
            "own": own,
            "some own": [*files[:2], own[2]],
            "single": single,
            "some single": [*files[:2], single[2]],
        }
        assert isinstance(frame_block(files, slice(0, 9), np.ones(3)), StreamedFrameBlock)
        assert not isinstance(frame_block(files, slice(0, 9), np.array([1.0, 2.0, 1.0])), StreamedFrameBlock)
        assert not isinstance(frame_block(others[kind], slice(0, 9), np.ones(3)), StreamedFrameBlock)


@pytest.mark.parametrize("cut", [2880, 2880 + 1, 2880 + 2 * 50 * 30])
def test_cut_short(tmp_path, room, cut):
    paths = written(tmp_path, values_of(3, "uint16"))
    parts = parts_of(paths)
    rules = CountingSettings(ElectronReader(1.0, Bias(), None), 5.0, 5.0)
    message = rf"1\.fits: its data cannot be read \(it ends after {cut} bytes"
    with open_files(parts) as files:
        os.truncate(paths[1], cut)
        with pytest.raises(OSError, match=message):
            quick_mean_counts(DarkSet(files, 100.0, np.ones(3), [1.0] * 3), slice(0, 60), rules)


def test_what_cannot_be_read_for_once(tmp_path, monkeypatch):
    """As a file server that was away for a moment: all is read in the other way."""
    values = values_of(3, "uint16")
    rules = CountingSettings(ElectronReader(1.0, Bias(), None), 5.0, 5.0)
    with open_files(parts_of(written(tmp_path, values))) as files:
        dark_set = DarkSet(files, 100.0, np.ones(3), [1.0] * 3)
        expected = quick_mean_counts(dark_set, slice(0, 60), rules)
        monkeypatch.setattr(loops, "file_sums", lambda *args: -1)
        found = quick_mean_counts(dark_set, slice(0, 60), rules)
    special = np.flatnonzero(expected.special)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.set_aside(special).samples, expected.set_aside(special).samples)
