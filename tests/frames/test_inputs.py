"""The ways to name frames."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from ccdproc import ImageFileCollection

from ccdproc_darks import check_frames, dark_rate, master_bias
from ccdproc_darks.frames.inputs import as_frames

from ..helpers import assert_same_image, dark

BIAS = 10 * u.adu


def frames_of(raw):
    return [dark(counts) for counts in raw]


def test_one_path(raw, camera_files):
    expected = dark_rate(frames_of(raw)[0], bias=BIAS)
    assert_same_image(dark_rate(camera_files[0], bias=BIAS), expected)
    assert_same_image(dark_rate(str(camera_files[0]), bias=BIAS), expected)


def test_mixed_with_memory(raw, camera_files):
    mixed = [camera_files[0], *frames_of(raw)[1:]]
    assert_same_image(dark_rate(mixed, bias=BIAS), dark_rate(frames_of(raw), bias=BIAS))


def test_collection(raw, camera_files, tmp_path):
    collection = ImageFileCollection(tmp_path, glob_include="dark*.fits")
    assert_same_image(dark_rate(collection, bias=BIAS), dark_rate(frames_of(raw), bias=BIAS))


def test_filtered_collection(raw, camera_files, tmp_path):
    fits.setval(camera_files[2], "EXPTIME", value=300.0)
    collection = ImageFileCollection(tmp_path, glob_include="dark*.fits").filter(exptime=100.0)
    assert_same_image(dark_rate(collection, bias=BIAS), dark_rate(frames_of(raw[:2]), bias=BIAS))


def test_empty_collection(tmp_path, camera_files):
    collection = ImageFileCollection(tmp_path, glob_include="dark*.fits")
    with pytest.warns(AstropyUserWarning, match="no FITS files in the collection"):
        collection = collection.filter(exptime=1.0)
    with pytest.raises(ValueError, match=r"^darks is empty: at least one frame is needed"):
        dark_rate(collection)


def test_label():
    assert [frame.label for frame in as_frames([dark(np.ones((2, 2)))] * 2, "bias")] == ["bias[0]", "bias[1]"]


@pytest.mark.parametrize(("function", "hint"), [
    (dark_rate, r" to have the frames in it, or measure it by the command `ccdproc-darks report`$"),
    (check_frames, r" to have the frames in it, or measure it by the command `ccdproc-darks report`$"),
    (master_bias, r" to have the frames in it$"),
])  # fmt: skip
@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_is_told_what_to_do_with(function, hint, kind, tmp_path):
    told = rf"^.*{tmp_path.name}: a folder, not a FITS file: pass ccdproc\.ImageFileCollection\('.*{tmp_path.name}'\)"
    with pytest.raises(IsADirectoryError, match=told + hint):
        function(kind(tmp_path))
