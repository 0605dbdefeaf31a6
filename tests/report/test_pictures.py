"""The pictures of a report: drawn from the measurement, and all of them there."""

import numpy as np
import pytest

from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.pictures import as_png, draw_all

from .conftest import write_frames


@pytest.fixture(scope="module")
def result(night):
    (group,), _ = find_groups(night)
    return measure_group(group, Options())


def test_every_picture(result):
    captions = [picture.sentence for picture in draw_all(result)]
    assert len(captions) == len(set(captions)) == 6


def test_png(result):
    figure = next(draw_all(result)).figure
    assert as_png(figure).startswith(b"\x89PNG")


def test_histogram_has_the_limits_of_the_short_exposure(result):
    figure = list(draw_all(result))[1].figure
    (axes,) = figure.axes
    limit = result.rate.meta["DKRDNOI"] / np.sqrt(4) / 30
    lines = [line.get_xdata()[0] for line in axes.lines]
    assert lines[:2] == pytest.approx([limit, 2 * limit])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    # Every positive rate of both exposures is counted but the lowest half per cent.
    shown = sum(patch.get_xy()[:, 1].size > 0 for patch in axes.patches)
    assert shown == 4


def test_short_against_long_shows_the_rates(result):
    figure = list(draw_all(result))[2].figure
    (axes,) = figure.axes
    good, bad = axes.lines[:2]
    long = result.rates[300].data
    assert good.get_xdata().size + bad.get_xdata().size == np.count_nonzero(long > 1)
    assert set(good.get_ydata()) <= set(long[long > 1])


def test_zoom(result):
    figure = list(draw_all(result))[3].figure
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim() == (0.5, 10)


def test_same_pixels_every_time(result):
    first, second = ([as_png(picture.figure) for picture in draw_all(result)] for _ in range(2))
    assert first == second


def test_single_frames_and_no_bias_draw(tmp_path):
    write_frames(tmp_path, [(30, 1), (100, 1), (300, 1)])
    (group,), _ = find_groups(tmp_path)
    pictures = list(draw_all(measure_group(group, Options(read_noise=None))))
    assert len(pictures) == 2
