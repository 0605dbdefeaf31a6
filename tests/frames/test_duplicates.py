"""Frames given twice: found by their values, however they are stored or called, and never by chance."""

import bz2
import gzip
import itertools
import os
import re

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import CCDData
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import DuplicateFrameWarning
from ccdproc_darks._compute.blocks import sample_blocks
from ccdproc_darks.frames import duplicates
from ccdproc_darks.frames.duplicates import distinct_frames, earlier_copies, same_values
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.inputs import as_frames

from ..helpers import dark

SHAPE = (20, 30)


def noise(number, shape=SHAPE, seed=0):
    """Counts of different exposures."""
    return np.random.default_rng(seed).normal(1000, 10, (number, *shape)).round()


def copies_of(*frames):
    return earlier_copies(as_frames(list(frames)))


def written(path, counts, **keys):
    hdu = fits.PrimaryHDU(counts)
    hdu.header.update({"EXPTIME": 100.0, **keys})
    hdu.writeto(path)
    return path


def squeezed(path, form):
    """The file, compressed as a whole or in tiles."""
    new = path.with_name(f"{path.name}.{form}")
    if form == "fz":
        fits.CompImageHDU(fits.getdata(path), fits.getheader(path)).writeto(new)
    else:
        new.write_bytes({"gz": gzip, "bz2": bz2}[form].compress(path.read_bytes()))
    return new


class TestFound:
    def test_different_exposures(self):
        assert copies_of(*map(dark, noise(6))) == {}

    def test_the_first_is_kept(self):
        first, second, third = map(dark, noise(3))
        assert copies_of(first, second, second, third, first, second) == {2: 1, 4: 0, 5: 1}

    def test_copies_of_arrays(self):
        counts = noise(1)[0]
        assert copies_of(dark(counts), dark(counts)) == {1: 0}

    @pytest.mark.parametrize("kind", ["u2", "i4", "u8", "f4", "f8", ">u2", ">f4", ">f8"])
    def test_another_type(self, kind):
        counts = noise(1)[0]
        assert copies_of(dark(counts), dark(counts.astype(kind))) == {1: 0}
        assert copies_of(dark(counts.astype(kind)), dark(counts.astype("i2"))) == {1: 0}

    def test_single_precision(self):
        """A file of float32 has the rounded values of a frame of float64."""
        counts = noise(1)[0] / 7
        assert copies_of(dark(counts), dark(counts.astype("f4"))) == {1: 0}
        assert copies_of(dark(counts), dark(counts.astype("f4").astype("f8"))) == {}
        assert copies_of(dark(counts * 1e300), dark(counts)) == {}

    def test_single_precision_of_large_integers(self):
        """Float32 does not hold them: a copy has them rounded."""
        counts = np.random.default_rng(5).integers(2**24, 2**26, SHAPE, "i4")
        assert copies_of(dark(counts), dark(counts.astype("f4"))) == {1: 0}
        assert copies_of(dark(counts.astype("f4")), dark(counts)) == {1: 0}
        assert copies_of(dark(counts.astype("f8")), dark(counts)) == {1: 0}
        other = counts.copy()
        other[0, 0] ^= 1
        assert copies_of(dark(counts), dark(other)) == copies_of(dark(counts.astype("f8")), dark(other)) == {}

    def test_nan_and_signed_zero(self):
        counts = noise(1)[0]
        counts[3, 4:8], counts[0, 0] = np.nan, 0.0
        other = counts.copy()
        other[0, 0] = -0.0
        other[3, 5] = np.array([0x7FF8000000000001], "u8").view("f8")[0]
        assert copies_of(dark(counts), dark(other)) == {1: 0}
        other[3, 4] = 1000
        assert copies_of(dark(counts), dark(other)) == {}

    def test_mask_and_header_do_not_matter(self):
        counts = noise(1)[0]
        other = dark(counts, 300.0, gain=7.0, mask=counts > 1010)
        assert copies_of(dark(counts), other) == {1: 0}

    @pytest.mark.parametrize("pixel", [(0, 0), (9, 17), (19, 29)])
    @pytest.mark.parametrize("shape", [SHAPE, (600, 700)])
    def test_one_pixel_is_enough_to_differ(self, shape, pixel):
        """Also in a row that is not among those compared first."""
        counts = noise(1, shape)[0]
        other = counts.copy()
        other[pixel] += 1
        assert copies_of(dark(counts), dark(other)) == {}
        assert copies_of(dark(counts), dark(other), dark(counts)) == {2: 0}

    def test_several_alike_in_the_rows_compared_first(self):
        counts = noise(1, (600, 700))[0]
        others = [counts.copy() for _ in range(3)]
        for number, other in enumerate(others):
            other[1, 1] = number
        assert copies_of(*map(dark, others), *map(dark, others[::-1])) == {3: 2, 4: 1, 5: 0}

    def test_other_shapes(self):
        counts = noise(1)[0]
        frames = [as_frames(dark(each))[0] for each in (counts, counts[:-1], counts.reshape(30, 20), counts)]
        assert earlier_copies(frames) == {3: 0}

    @given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
    def test_any_order(self, numbers, seed):
        counts = noise(5, (10, 10), seed)
        found = copies_of(*(dark(counts[number]) for number in numbers))
        expected = {index: numbers.index(number) for index, number in enumerate(numbers)}
        assert found == {index: first for index, first in expected.items() if index != first}


class TestFiles:
    @pytest.fixture
    def path(self, tmp_path):
        return written(tmp_path / "dark.fits", noise(1)[0].astype("u2"))

    @pytest.mark.parametrize("form", ["gz", "bz2", "fz"])
    def test_compressed(self, path, form):
        assert copies_of(path, squeezed(path, form)) == {1: 0}

    def test_in_memory(self, path):
        assert copies_of(path, CCDData.read(path, unit="adu")) == {1: 0}

    def test_stored_in_another_way(self, path, tmp_path):
        """16 bit with BZERO, 32 bit, with BSCALE, with a BLANK that no pixel has, and as floats."""
        counts = noise(1)[0]
        scaled = fits.PrimaryHDU(counts / 2)
        scaled.scale("int16", bscale=0.5, bzero=10)
        scaled.writeto(tmp_path / "scaled.fits")
        others = [
            written(tmp_path / "long.fits", counts.astype("i4")),
            written(tmp_path / "blank.fits", counts.astype("i4"), BLANK=-1),
            written(tmp_path / "float.fits", counts.astype("f4")),
            written(tmp_path / "double.fits", counts),
        ]
        assert copies_of(path, *others) == {1: 0, 2: 0, 3: 0, 4: 0}
        assert copies_of(tmp_path / "scaled.fits", dark(counts / 2)) == {1: 0}

    @pytest.mark.parametrize(
        "counts", [noise(1)[0], np.ones((2, 2)), np.ones(SHAPE)], ids=["noise", "tiny", "constant"]
    )
    def test_called_otherwise(self, tmp_path, monkeypatch, counts):
        path = written(tmp_path / "dark.fits", counts)
        (tmp_path / "linked.fits").symlink_to(path)
        os.link(path, tmp_path / "hard.fits")
        monkeypatch.chdir(tmp_path)
        frames = [path, str(path), "dark.fits", "./dark.fits", "linked.fits", "hard.fits"]
        assert copies_of(*frames) == dict.fromkeys(range(1, 6), 0)

    def test_removed_after_it_was_opened(self, path):
        """A decompressed frame can still be read."""
        packed = squeezed(path, "gz")
        frames = [FileFrame(packed), FileFrame(packed)]
        packed.unlink()
        assert earlier_copies(frames) == {1: 0}


class TestChance:
    """Frames that may be alike by chance are copies only where they are one object or one file."""

    @pytest.mark.parametrize("counts", [
        noise(1, (9, 11))[0], np.full(SHAPE, 7.0), np.zeros(SHAPE, "u2"), np.full(SHAPE, np.nan),
    ], ids=["99 pixels", "constant", "zero", "NaN"])  # fmt: skip
    def test_not_found(self, tmp_path, counts):
        first, second = dark(counts), dark(counts)
        paths = [written(tmp_path / f"{number}.fits", counts) for number in range(2)]
        assert copies_of(first, second, *paths) == {}
        assert copies_of(first, first, *paths, second, first, paths[1]) == {1: 0, 5: 0, 6: 3}

    def test_a_hundred_pixels(self):
        counts = noise(1, (10, 10))[0]
        assert copies_of(dark(counts), dark(counts)) == {1: 0}

    def test_one_value_but_for_a_pixel(self):
        """It is not among the rows compared first."""
        counts = np.full((600, 700), 5.0)
        counts[-1, -1] = 6
        assert copies_of(dark(counts), dark(counts)) == {}

    @pytest.mark.parametrize("shape", [(64, 64), (3000, 20), (20, 3000)])
    def test_saturated_with_reference_pixels(self, shape):
        """Whole columns, or rows, of one value are those of the electronics."""
        counts = np.full(shape, 65535, "u2")
        counts[:, 0], counts[:, 1], counts[:, -1] = 0, 12, 13
        assert copies_of(dark(counts), dark(counts)) == {}
        counts[1], counts[2] = 7, 8
        assert copies_of(dark(counts), dark(counts)) == {}
        first, *others = as_frames([dark(counts, 300.0), dark(counts, 600.0)])
        assert distinct_frames([first, *others], [300.0, 600.0]) == [0, 1]

    def test_little_noise(self):
        """Pixels of 0 counts, two hot ones, and few of 1 count: some of twenty exposures are equal."""
        rng, frames = np.random.default_rng(2), []
        for _ in range(20):
            counts = (rng.random((64, 64)) < 2e-4).astype("u1")
            counts[5, 6] = counts[40, 41] = 255
            frames.append(dark(counts))
        assert copies_of(*frames) == {}
        assert copies_of(*frames, frames[7]) == {20: 7}
        assert not same_values(*as_frames([frames[0], dark(frames[0].data)]))

    def test_little_noise_in_many_pixels(self):
        """The rows compared first show little; the whole frame tells."""
        hot = np.random.default_rng(9).random((1000, 1000)) < 1e-4
        first, second = (np.where(hot, 255, np.random.default_rng(seed).poisson(0.02, hot.shape)) for seed in (1, 2))
        assert copies_of(dark(first), dark(second), dark(second), dark(first)) == {2: 1, 3: 0}

    def test_hot_pixels_alone(self):
        """A thousand that are saturated, in the same places in every exposure, and nothing else."""
        counts = np.where(np.random.default_rng(9).random((300, 300)) < 1e-2, 4095, 0)
        assert copies_of(dark(counts), dark(counts)) == {}

    def test_many_frames_alike_in_the_rows_compared_first(self, monkeypatch):
        """No frame is compared with all others."""
        compared = []
        equal = duplicates._equal
        monkeypatch.setattr(duplicates, "_equal", lambda *frames: compared.append(frames) or equal(*frames))
        frames = []
        for number in range(30):
            counts = np.zeros((512, 512), "u1")
            rows = [row for block in sample_blocks(counts.shape, duplicates._SAMPLE) for row in range(512)[block]]
            elsewhere = np.setdiff1d(np.arange(512), rows)
            counts[elsewhere] = np.random.default_rng(number).poisson(0.5, (len(elsewhere), 512))
            frames.append(dark(counts))
        assert copies_of(*frames, *frames[:3]) == {30: 0, 31: 1, 32: 2}
        assert len(compared) == 3


class TestMasks:
    """Of copies with different masks, that with the most masked pixels is kept, in whatever order they come."""

    @pytest.fixture
    def copies(self):
        counts = noise(1)[0]
        masks = [None, np.zeros(SHAPE, bool), counts > 1020, counts > 1000, counts <= 1000]
        return [dark(counts, mask=mask) for mask in masks]

    def kept(self, frames):
        frames = as_frames(frames)
        with pytest.warns(DuplicateFrameWarning) as caught:
            (index,) = distinct_frames(frames)
        return frames[index].ccd, str(caught[0].message)

    def test_any_order(self, copies):
        plain, empty, few, many, others = copies
        assert (others.mask.sum() > many.mask.sum()) or many.mask.sum() > others.mask.sum()
        most = max(many, others, key=lambda frame: frame.mask.sum())
        for frames in itertools.permutations(copies):
            assert self.kept(frames)[0] is most
        for frames in ([plain, few], [few, plain], [few, empty], [empty, few, plain]):
            found, text = self.kept(frames)
            assert found is few
            name = f"darks[{[frame is few for frame in frames].index(True)}]"
            assert f"; their masks differ: that of {name}, with the most masked pixels, is used. Give every" in text

    def test_as_many_masked_pixels(self):
        counts = noise(1)[0]
        first, second = (dark(counts, mask=np.arange(600).reshape(SHAPE) % 2 == rest) for rest in (0, 1))
        assert self.kept([first, second])[0] is self.kept([second, first])[0]

    def test_the_same_mask(self, copies):
        plain, empty, few, *_ = copies
        for frames in ([plain, empty], [few, few.copy()], [plain, plain]):
            found, text = self.kept(frames)
            assert found is frames[0]
            assert "masks" not in text

    def test_files(self, tmp_path):
        counts = noise(1)[0]
        paths = [tmp_path / "a.fits", tmp_path / "b.fits"]
        dark(counts).write(paths[0])
        dark(counts, mask=counts > 1010).write(paths[1])
        with pytest.warns(DuplicateFrameWarning, match=r"that of .*b\.fits, with the most masked pixels"):
            assert distinct_frames(as_frames(paths)) == [1]

    def test_others_stay_in_their_places(self, copies):
        frames = [*map(dark, noise(3, seed=7)), copies[0]]
        frames[1:1] = [copies[2]]
        frames.insert(0, copies[0])
        with pytest.warns(DuplicateFrameWarning, match=r"darks\[0\], darks\[2\] and darks\[5\]; their masks differ"):
            assert distinct_frames(as_frames(frames)) == [1, 2, 3, 4]


def test_same_values():
    first, second = as_frames(list(map(dark, noise(2))))
    (again,) = as_frames(dark(noise(1)[0].astype("u2")))
    assert same_values(first, again)
    assert same_values(first, first)
    assert not same_values(first, second)


class TestNamed:
    def test_two_and_three(self):
        first, second, third = map(dark, noise(3))
        frames = as_frames([first, second, first, third, third, first])
        with pytest.warns(DuplicateFrameWarning) as caught:
            assert distinct_frames(frames) == [0, 1, 3]
        assert [str(warning.message) for warning in caught] == [
            "frames given more than once, with the same value in every pixel, are counted once: darks[0], darks[2] and "
            "darks[5]; darks[3] and darks[4]. Give every exposure once"
        ]

    def test_one_path(self, tmp_path):
        path = written(tmp_path / "dark.fits", noise(1)[0])
        with pytest.warns(DuplicateFrameWarning, match=rf"once: {re.escape(str(path))} \(3 times\)\. Give every"):
            assert distinct_frames(as_frames([path] * 3)) == [0]

    def test_no_warning_without_copies(self):
        assert distinct_frames(as_frames(list(map(dark, noise(3)))), [1.0, 2.0, 2.0], [1, 1, 5]) == [0, 1, 2]

    def test_two_exposure_times(self):
        counts = noise(1)[0]
        message = (
            r"^darks\[0\] and darks\[1\] have the same value in every pixel, but exposure times of 100 and 300 s: it "
            "is one exposure, and one of the times is wrong; leave that frame out$"
        )
        with pytest.raises(ValueError, match=message):
            distinct_frames(as_frames([dark(counts), dark(counts)]), [100.0, 300.0])
        with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\] and darks\[1\]\."):
            assert distinct_frames(as_frames([dark(counts), dark(counts)]), [30.0, 30.001]) == [0]

    def test_two_numbers_of_exposures(self):
        counts = noise(1)[0]
        message = r"^darks\[0\] and darks\[1\] have .*, but one is the mean of 1 exposures and the other of 10: one NCO"
        with pytest.raises(ValueError, match=message):
            distinct_frames(as_frames([dark(counts), dark(counts)]), [100.0, 100.0], [1, 10])
