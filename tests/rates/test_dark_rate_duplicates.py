"""Darks given twice: the result is that of the distinct frames, whatever else is given."""

import gzip
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy import units as u
from ccdproc import ImageFileCollection

from ccdproc_darks import DuplicateFrameWarning, MissingInformationWarning, dark_rate
from ccdproc_darks._interface.arguments import GAIN_UNIT

from ..helpers import assert_same_image, dark, mean_dark, noisy_darks

SHAPE = (40, 50)


@pytest.fixture
def darks():
    """Three, whose read noise nobody tells."""
    frames = noisy_darks(np.random.default_rng(1), 0.5, 100.0, 3, 5.0, SHAPE)
    for frame in frames:
        del frame.meta["RDNOISE"]
    return frames


def test_one_frame_five_times(darks):
    """As one frame, whose noise nobody tells."""
    with (
        pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\], darks\[1\], .* and darks\[4\]\. Give"),
        pytest.warns(MissingInformationWarning, match="^no read noise"),
    ):
        assert dark_rate([darks[0]] * 5).uncertainty is None
    darks[0].meta["RDNOISE"] = 5.0
    with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\], darks\[1\], .* and darks\[4\]\. Give"):
        result = dark_rate([darks[0]] * 5)
    assert_same_image(result, dark_rate([darks[0]]))
    assert (result.meta["NCOMBINE"], result.meta["DKTOTAL"]) == (1, 100.0)


@pytest.mark.parametrize("order", [[0, 1, 2, 0, 1, 2], [0, 0, 0, 1, 1, 2], [0, 1, 2, 2]])
def test_all_as_if_given_once(darks, order):
    expected = dark_rate(darks)
    with pytest.warns(DuplicateFrameWarning, match=r"^frames given more than once, .* counted once: darks"):
        result = dark_rate([darks[index] for index in order])
    del expected.meta["DKRATE"], result.meta["DKRATE"]
    assert_same_image(result, expected, meta=True)
    assert (result.meta["NCOMBINE"], result.meta["DKTOTAL"]) == (3, 300.0)


def test_several_exposure_times():
    rng = np.random.default_rng(2)
    short, long = (noisy_darks(rng, 0.5, seconds, 3, 5.0, SHAPE) for seconds in (10.0, 100.0))
    expected = dark_rate([*short, *long])
    with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[2\] and darks\[6\]"):
        result = dark_rate([*short, *long, short[2]])
    del expected.meta["DKRATE"], result.meta["DKRATE"]
    assert_same_image(result, expected, meta=True)


def test_settings_of_each_frame(darks):
    """One value a frame: those of copies are left out with them."""
    darks[2].data += 450  # ten times as much as in a tenth of the time
    frames = [dark(frame.data, None, gain=None, read_noise=None) for frame in darks]
    settings = {"gain": 2.0 * GAIN_UNIT, "read_noise": 14.0 * u.electron, "saturation": 9e4 * u.adu}
    times = [10.0, 10.0, 100.0] * u.s
    expected = dark_rate(frames, exposure=times, **settings)
    settings = {name: np.full(5, value.value) * value.unit for name, value in settings.items()}
    with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\] and darks\[1\]"):
        result = dark_rate(
            [frames[index] for index in (0, 0, 1, 1, 2)], exposure=[10.0, 10.0, 10.0, 10.0, 100.0] * u.s, **settings
        )
    assert_same_image(result, expected)
    assert (result.meta["NCOMBINE"], result.meta["DKTOTAL"]) == (3, 120.0)


def test_two_exposure_times_of_one_exposure(darks):
    message = r"^darks\[0\] and darks\[3\] have the same value in every pixel, but exposure times of 100 and 300 s: "
    with pytest.raises(ValueError, match=message):
        dark_rate([*darks, dark(darks[0].data, 300.0, "electron")])
    message = r"^darks\[0\] and darks\[1\] have the same value in every pixel, but exposure times of 10 and 20 s: "
    with pytest.raises(ValueError, match=message):
        dark_rate([darks[0]] * 2, exposure=[10, 20] * u.s)


def test_combined_frames():
    """Counted as the number of exposures that each is the mean of, once."""
    rng = np.random.default_rng(3)
    frames = [mean_dark(rng, 0.5, 100.0, number, 5.0, SHAPE) for number in (10, 4)]
    with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\] and darks\[2\]"):
        result = dark_rate([*frames, frames[0]])
    assert_same_image(result, dark_rate(frames))
    assert (result.meta["NCOMBINE"], result.meta["DKTOTAL"]) == (14, 1400.0)
    wrong = frames[0].copy()
    del wrong.meta["NCOMBINE"]
    with pytest.raises(ValueError, match=r"^darks\[0\] and darks\[2\] have .* the mean of 10 exposures and the other "):
        dark_rate([*frames, wrong])
    with pytest.warns(DuplicateFrameWarning, match=r"once: darks\[0\] and darks\[2\]"):
        assert dark_rate([*frames, wrong], n_combined=3).meta["NCOMBINE"] == 6


def test_another_mask_is_no_other_exposure(darks):
    """The copy with the most masked pixels counts, in any order."""
    masked = [frame.copy() for frame in darks]
    for frame in masked:
        frame.mask = frame.data > 60
    expected = dark_rate(masked)
    for frames, name in (([*darks, *masked], 3), ([*masked, *darks], 0)):
        text = rf"once: darks\[0\] and darks\[3\]; their masks differ: that of darks\[{name}\], with the most masked"
        with pytest.warns(DuplicateFrameWarning, match=text):
            assert_same_image(dark_rate(frames), expected)


class TestFiles:
    @pytest.fixture
    def paths(self, darks, tmp_path):
        paths = [tmp_path / f"dark{number}.fits" for number in range(3)]
        for path, frame in zip(paths, darks, strict=True):
            frame.write(path)
        return paths

    def test_compressed_copies(self, paths, darks):
        copies = [path.with_name(f"{path.name}.gz") for path in paths]
        for path, copy in zip(paths, copies, strict=True):
            copy.write_bytes(gzip.compress(path.read_bytes()))
        with pytest.warns(DuplicateFrameWarning, match=r"dark0\.fits and .*dark0\.fits\.gz"):
            result = dark_rate([*paths, *copies])
        assert_same_image(result, dark_rate(darks))

    def test_a_collection_twice(self, paths, darks):
        files = ImageFileCollection(paths[0].parent, glob_include="dark*.fits").files_filtered(include_path=True)
        with pytest.warns(DuplicateFrameWarning, match=r"dark0\.fits \(2 times\)"):
            assert_same_image(dark_rate(files * 2), dark_rate(darks))

    def test_a_file_and_its_frame(self, paths, darks):
        with pytest.warns(DuplicateFrameWarning, match=r"dark0\.fits and darks\[3\]"):
            assert_same_image(dark_rate([*paths, *darks]), dark_rate(darks))

    def test_whoever_works(self, paths, darks):
        expected = dark_rate(darks)
        with (
            ThreadPoolExecutor(2) as executor,
            pytest.warns(DuplicateFrameWarning, match=r"dark0\.fits \(2 times\)"),
        ):
            assert_same_image(dark_rate(paths * 2, executor=executor, mem_limit=100 * u.MB), expected)
