"""Lists that are read: their format, and the size of the image."""

import time

import numpy as np
import pytest

from ccdproc_darks import read_defects, write_defects

from .images import FILES, SHAPE, everything


@pytest.mark.parametrize("format", FILES)
def test_another_size(tmp_path, format):
    path = tmp_path / FILES[format]
    write_defects(everything(), path, format=format)
    with pytest.raises(ValueError, match=r"shape is \(61, 40\), and .* is of an image of 40 rows and 61 columns"):
        read_defects(path, format=format, shape=(61, 40))


def test_the_size_is_not_known(tmp_path):
    (tmp_path / "bad.lst").write_text("P 1 1 H\n")
    with pytest.raises(ValueError, match=r"bad\.lst does not tell the size of the image: pass shape=\(rows, columns\)"):
        read_defects(tmp_path / "bad.lst")
    assert read_defects(tmp_path / "bad.lst", shape=[5, 8]).shape == SHAPE


@pytest.mark.parametrize("shape", [5, (5,), (5, 8, 1), "58", (0, 8), (5, -1), (5.5, 8), (2**40, 8)])
def test_no_shape(tmp_path, shape):
    (tmp_path / "bad.lst").write_text("P 1 1 H\n")
    with pytest.raises((ValueError, TypeError), match="shape must be"):
        read_defects(tmp_path / "bad.lst", shape=shape)


@pytest.mark.parametrize("format", ["lsst", "region", "roman"])
def test_what_is_in_a_fits_file_tells_the_format(tmp_path, format):
    write_defects(everything(), tmp_path / "bad.fits", format=format)
    assert (read_defects(tmp_path / "bad.fits") == everything()).all()


def test_the_name_tells_no_format(tmp_path):
    (tmp_path / "bad.txt").write_text("1 1\n")
    with pytest.raises(ValueError, match=r"bad\.txt: the end of the name may be that of 3 formats"):
        read_defects(tmp_path / "bad.txt", shape=SHAPE)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"flags": "HOT"}, "flags are in the format 'roman' alone"),
        ({"first_row": "top"}, "first_row is for the format 'dcraw' alone"),
        ({"first_row": "left"}, "first_row must be one of"),
        ({"format": "fits"}, "format must be one of"),
    ],
)
def test_options_of_other_formats(tmp_path, options, words):
    (tmp_path / "bad.lst").write_text("P 1 1 H\n")
    with pytest.raises(ValueError, match=words):
        read_defects(tmp_path / "bad.lst", shape=SHAPE, **options)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"bad\.lst: there is no such file"):
        read_defects(tmp_path / "bad.lst")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_defects(tmp_path)


@pytest.mark.parametrize("format", ["lsst", "region", "roman"])
@pytest.mark.parametrize("keep", [9, 2880, 3000, 6000])
def test_fits_files_cut_short(tmp_path, format, keep):
    path = tmp_path / "bad.fits"
    write_defects(everything((200, 300)), path, format=format)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"bad\.fits"):
        read_defects(path, format=format, shape=(200, 300))


@pytest.mark.parametrize("format", FILES)
def test_a_list_of_100_000_pixels_takes_less_than_two_seconds(tmp_path, format):
    """Of the processor's time, which does not depend on what else the machine does; half a second is usual."""
    mask = np.zeros((700, 600), bool)
    mask[::2, ::2] = True
    assert mask.sum() > 100_000
    begin = time.process_time()
    write_defects(mask, tmp_path / FILES[format], format=format)
    written = time.process_time()
    assert (read_defects(tmp_path / FILES[format], format=format) == mask).all()
    assert written - begin < 2
    assert time.process_time() - written < 2
