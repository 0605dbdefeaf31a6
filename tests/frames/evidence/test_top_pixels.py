"""The pixels with the highest values."""

import numpy as np

from ccdproc_darks.frames.evidence.top_pixels import top_pixels

from ...helpers import dark
from .cameras import Camera, group_of


def test_what_is_read():
    camera = Camera(top=65535, shape=(300, 1000))
    short, long = camera.frames(60, 2), camera.frames(300, 2)
    pixels = top_pixels(group_of(long, short))
    assert pixels.seconds == [60.0, 300.0]
    assert pixels.highest == long[0].data.max()
    assert pixels.number == np.count_nonzero(long[0].data == 65535)
    assert 50 < pixels.values.shape[1] <= 128
    assert abs(pixels.level - 100) < 5
    assert len(pixels.equals) == 1
    assert len(pixels.others) == 2
    # The pixels in the other long frame are the same ones.
    assert np.median(np.abs(pixels.equals[0] - pixels.values[-1])) < 300


def test_files_and_memory_alike(tmp_path):
    frames = Camera(top=4095).frames(300, 2)
    paths = []
    for number, frame in enumerate(frames):
        paths.append(tmp_path / f"{number}.fits")
        frame.write(paths[-1])
    group = group_of(frames)
    from_memory = top_pixels(group)
    group = group_of(frames)
    from ccdproc_darks.frames.inputs import as_frames

    group.darks = as_frames(paths)
    from_files = top_pixels(group)
    np.testing.assert_array_equal(from_files.values, from_memory.values)
    assert from_files.number == from_memory.number


def test_none_above_the_noise():
    rng = np.random.default_rng(1)
    assert top_pixels(group_of([dark(rng.normal(100, 5, (100, 150)))])) is None
    assert top_pixels(group_of([dark(np.full((10, 15), np.nan))])) is None
    assert top_pixels(group_of([dark(np.full((10, 15), 3, np.uint16))])) is None


def test_masked_and_infinite_pixels():
    image = np.random.default_rng(1).normal(100, 5, (100, 150))
    image[3, 4], image[5, 6], image[7, 8], image[9, 9] = np.inf, 9000, 500, np.nan
    mask = image == 9000
    pixels = top_pixels(group_of([dark(image, mask=mask)]))
    assert (pixels.highest, pixels.number) == (500, 1)
