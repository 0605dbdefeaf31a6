"""Pictures of a comparison of reports."""

import numpy as np
import pytest

from ccdproc_darks.report.compare_reports import ComparedSeries
from ccdproc_darks.report.comparison_pictures import draw_changed_pixels, draw_nights
from ccdproc_darks.report.finished_report import read_reports
from ccdproc_darks.report.matched_groups import Night
from ccdproc_darks.report.night_change import night_change
from ccdproc_darks.report.pictures import as_png


@pytest.fixture(scope="module")
def series(reports):
    nights = [Night(number, report.groups[0]) for number, report in enumerate(read_reports(reports), start=1)]
    return ComparedSeries("camera A", "camera_A", nights, [night_change(*nights[1:3])])


def test_numbers_against_date(series):
    _, figure = draw_nights(series)
    counts, rates, noises, temperatures = figure.axes
    lines = {container.get_label(): container.lines[0].get_ydata() for container in counts.containers}
    assert list(lines["hot"]) == [night.group.count("hot") for night in series.nights]
    assert np.array_equal(
        lines["changed since the night before"], [np.nan, np.nan, series.changes[0].number, np.nan], equal_nan=True
    )
    (rate,) = rates.containers
    assert rate.has_yerr
    assert list(rate.lines[0].get_ydata()) == [night.group.typical for night in series.nights]
    assert list(temperatures.containers[0].lines[0].get_ydata()) == [-20, -20, -10, -20]
    # What is the same is not drawn as if it were not.
    low, high = noises.get_ylim()
    assert high - low >= 1
    assert len(as_png(figure)) > 1000


def test_without_dates_nights_are_numbered(series, monkeypatch):
    monkeypatch.setattr(type(series.nights[0].group), "date", None)
    _, figure = draw_nights(series)
    assert list(figure.axes[0].containers[0].lines[0].get_xdata()) == [1, 2, 3, 4]
    assert figure.axes[-1].get_xlabel() == "night"


def test_nights_of_one_date_are_drawn_by_number(series):
    """An axis of dates would span years around the one point."""
    first = series.nights[0]
    same = ComparedSeries("camera", "camera", [Night(number, first.group) for number in (1, 2)])
    _, figure = draw_nights(same)
    assert figure.axes[-1].get_xlabel() == "night"


def test_map_of_changed_pixels(series):
    change = series.changes[0]
    text, figure = draw_changed_pixels(change)
    place, rates = figure.axes
    assert "night 2 to 3" in text
    drawn = sum(len(line.get_xdata()) for line in place.lines)
    assert drawn == change.number
    assert any("born: 3" in line.get_label() for line in rates.lines)
    assert len(as_png(figure)) > 1000
