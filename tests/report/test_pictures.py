"""The pictures of a report: of what tells something, with words that say what to see in them."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.pictures import as_png, draw_all

from .conftest import write_frames


@pytest.fixture(scope="module")
def result(night):
    (group,), _ = find_groups(night)
    return measure_group(group, Options())


@pytest.fixture(scope="module")
def drawn(result):
    return {picture.name: picture for picture in draw_all(result)}


def test_every_picture_has_its_words(drawn, result):
    assert list(drawn) == [
        "rate_map", "mask", "histogram", "scatter", "pixel_counts", "frames", "hot_frames",
    ]  # fmt: skip
    for picture in drawn.values():
        assert picture.title
        assert picture.sentence.endswith(".")
        # Who cannot see it is told numbers.
        assert any(letter.isdigit() for letter in picture.alt)
        assert picture.figure.axes
    assert f"{result.mask.meta['NHOT']} pixels above it" in drawn["histogram"].alt
    assert f"{result.mask.meta['NNONLIN']} pixels are off the line" in drawn["scatter"].sentence


def test_pictures_show_the_pair_and_the_frames(drawn, result):
    assert result.pair == (30, 300)
    assert "30 s" in drawn["scatter"].figure.axes[0].get_xlabel()
    assert "300 s" in drawn["scatter"].figure.axes[0].get_ylabel()
    lines = drawn["frames"].figure.axes[0].lines
    assert all(line.get_xdata().size == 4 for line in lines)
    # The mean of usual pixels, and what is expected of them.
    expected = result.typical_rates["all"][0] * 300 / 1.5
    assert any(line.get_ydata() == pytest.approx(expected) for line in lines)


def test_hot_pixels_are_the_hottest(drawn, result):
    rate = np.where(result.rate.mask, -np.inf, result.rate.data)
    row, column = np.unravel_index(np.argmax(rate), rate.shape)
    assert f"({column}, {row})" in drawn["hot_frames"].alt


def test_nothing_is_drawn_of_pixels_that_are_not_there(result):
    faint = replace(result, mask=result.mask.copy(), rates={time: rate.copy() for time, rate in result.rates.items()})
    faint.mask.data[:] = 0
    # Ten pixels are worth a closer look: there were none.
    faint.rates[300].data[5, 5:15] = 2.0
    names = [picture.name for picture in draw_all(faint)]
    assert "scatter_closer" in names
    assert "hot_frames" not in names


def test_same_pixels_every_time(result, drawn):
    assert as_png(drawn["pixel_counts"].figure).startswith(b"\x89PNG")
    again = {picture.name: picture for picture in draw_all(result)}
    assert again["pixel_counts"].alt == drawn["pixel_counts"].alt
    assert as_png(again["hot_frames"].figure) == as_png(drawn["hot_frames"].figure)


def test_single_frames_and_no_bias_draw(tmp_path):
    write_frames(tmp_path, [(30, 1), (100, 1), (300, 1)])
    (group,), _ = find_groups(tmp_path)
    pictures = draw_all(measure_group(group, Options(read_noise=None)))
    assert [picture.name for picture in pictures] == ["rate_map", "mask", "histogram"]


def _of_a_folder(folder, plan, options=None, **changes):
    write_frames(folder, plan, **changes)
    (group,), _ = find_groups(folder)
    return measure_group(group, options or Options())


def _png_of_each(measured):
    pngs = {picture.name: as_png(picture.figure) for picture in draw_all(measured)}
    assert all(png.startswith(b"\x89PNG") for png in pngs.values())
    return list(pngs)


PAIR = ["scatter", "pixel_counts"]
THROUGH = ["frames", "hot_frames"]


@pytest.mark.parametrize(
    ("plan", "changes", "names"),
    [
        ([(0, 3), (300, 2)], {}, THROUGH),
        ([(0, 3), (300, 1)], {}, []),
        ([(30, 3), (300, 3)], {}, THROUGH),
        ([(0, 3), (30, 2), (300, 2)], {"shape": (40, 50), "rate": 0 * u.electron / u.s}, [*PAIR, *THROUGH]),
        ([(0, 5), (30, 4), (300, 4)], {"bias": 504, "dtype": "float32"}, [*PAIR, *THROUGH]),
    ],
    ids=["one exposure time", "a single dark", "no bias", "few pixels without dark current", "numbers with fractions"],
)
def test_frames_of_every_kind_are_drawn(tmp_path, plan, changes, names):
    assert _png_of_each(_of_a_folder(tmp_path, plan, **changes)) == ["rate_map", "mask", "histogram", *names]


def test_names_that_matplotlib_or_html_would_read_are_drawn(tmp_path):
    for path in write_frames(tmp_path, [(0, 3), (30, 2), (300, 2)]):
        fits.setval(path, "INSTRUME", value="<b>$\\frac{1}$ & 100 %_^</b>")
    (group,), _ = find_groups(tmp_path)
    assert "rate_map" in _png_of_each(measure_group(group, Options()))


def test_all_pixels_masked_are_drawn(result):
    rates = {time: rate.copy() for time, rate in result.rates.items()}
    masked = replace(result, rate=result.rate.copy(), mask=result.mask.copy(), rates=rates)
    masked.mask.data[:] |= np.uint32(DARK_FLAGS.DO_NOT_USE)
    for image in (masked.rate, masked.mask, *rates.values()):
        image.mask = np.ones(image.shape, bool)
    assert "mask" in _png_of_each(masked)
