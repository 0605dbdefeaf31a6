"""The picture of counts against exposure time: what is drawn of sensors whose pixels are known."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.table import Table
from matplotlib.figure import Figure

from ccdproc_darks import (
    DARK_FLAGS,
    NONLINEAR_KINDS,
    DarkSequence,
    Sensor,
    dark_rate,
    hot_pixel_mask,
    nonlinear_kind,
)
from ccdproc_darks.plotting import plot_pixel_counts
from ccdproc_darks.rates.pixel_counts import pixel_counts
from ccdproc_darks.simulation import HotPixels, LowFullWellPixels, OffsetPixels

from ..helpers import whole

SECONDS = (20, 60, 120, 180, 300)
PER_SECOND = u.electron / u.s


@pytest.fixture(scope="module")
def sensor():
    return Sensor(
        shape=(64, 80), rate=0.5 * PER_SECOND, read_noise=5 * u.electron, bias=1000 * u.adu, seed=1,
        saturation=9000 * u.adu,
        defects=[
            HotPixels(fraction=0.02, above=1 * PER_SECOND, maximum=200 * PER_SECOND),
            OffsetPixels(fraction=0.002, offset=300 * u.electron),
            LowFullWellPixels(fraction=0.01, full_well=200 * u.electron, above=1 * PER_SECOND),
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def rates(sensor):
    return [dark_rate(list(DarkSequence(sensor, [(4, t * u.s)], rng=t)), bias=1000 * u.adu) for t in SECONDS]


@pytest.fixture(scope="module")
def mask(rates):
    return hot_pixel_mask(*rates)


@pytest.fixture(scope="module")
def kinds(rates, mask):
    return nonlinear_kind(*rates, mask=mask)


def first(where):
    y, x = np.nonzero(where)
    return int(x[0]), int(y[0])


def panels(*args, **options):
    """The two panels of the picture on a figure that pyplot does not know."""
    before = plt.get_fignums()
    ax = Figure(layout="constrained").subplots()
    assert plot_pixel_counts(*args, ax=ax, **options) is ax
    assert plt.get_fignums() == before
    upper, lower = ax.figure.axes
    assert upper is ax
    return upper, lower


def points(axes, word):
    """Heights of the points of a label."""
    (found,) = (each for each in axes.containers if each.get_label().startswith(word))
    return found.lines[0]


def test_counts_with_error_bars_the_fit_and_residuals(rates):
    upper, lower = panels([(10, 20)], *rates)
    found = pixel_counts(rates, [(10, 20)], 1)
    drawn = points(upper, "(10, 20): ")
    np.testing.assert_allclose(drawn.get_xdata(), SECONDS)
    np.testing.assert_allclose(drawn.get_ydata(), found.counts[:, 0])
    (bars,) = upper.containers[0].lines[2]
    np.testing.assert_allclose([np.ptp(bar[:, 1]) / 2 for bar in bars.get_segments()], found.errors[:, 0])
    fit = next(line for line in upper.lines if line.get_label() == "_fit")
    np.testing.assert_allclose(fit.get_ydata(), found.rate[0] * fit.get_xdata())
    residuals = next(line for line in lower.lines if line.get_label().startswith("(10, 20)"))
    np.testing.assert_allclose(residuals.get_ydata(), found.residuals[:, 0])
    assert lower.get_ylim()[0] < -3
    assert lower.get_ylim()[1] > 3
    assert upper.get_xlim() == lower.get_xlim()
    assert (upper.get_ylabel(), lower.get_xlabel(), lower.get_ylabel()) == (
        "electrons", "exposure time (s)", "residual (σ)",
    )  # fmt: skip


def test_the_axis_says_that_a_common_offset_was_taken_off(rates):
    shifted = [rates[0].copy(), *rates[1:]]
    shifted[0].data = shifted[0].data + 100 / SECONDS[0]
    upper, lower = panels([(10, 20)], *shifted)
    assert upper.get_ylabel() == "electrons, less what all pixels share"
    residuals = next(line for line in lower.lines if line.get_label().startswith("(10, 20)"))
    assert np.abs(residuals.get_ydata()).max() < 3.5


def test_the_legend_tells_rate_flags_and_kind(sensor, rates, mask, kinds):
    offset = first(kinds.data == NONLINEAR_KINDS.OFFSET)
    hot = first(mask.data == DARK_FLAGS.HOT)
    upper, _ = panels([offset, hot, (10, 20)], *rates, mask=mask, kinds=kinds)
    texts = [" ".join(text.get_text().split()) for text in upper.get_legend().get_texts()]
    assert texts[0].startswith(f"({offset[0]}, {offset[1]}): ")
    assert texts[0].endswith("not proportional (offset)")
    assert texts[1].startswith(f"({hot[0]}, {hot[1]}): ")
    assert texts[1].endswith(", hot")
    assert texts[2].endswith(", no flag")
    rate = float(texts[2].split()[2])
    assert rate == pytest.approx(sensor.true_rate().data[20, 10], rel=0.2)


def test_kinds_without_a_mask(rates, kinds):
    offset = first(kinds.data == NONLINEAR_KINDS.OFFSET)
    upper, _ = panels([offset, (10, 20)], *rates, kinds=kinds)
    texts = [text.get_text() for text in upper.get_legend().get_texts()]
    assert texts[0].endswith(", offset")
    assert texts[1].endswith(", proportional")


def test_a_saturated_count_is_an_arrow_and_not_in_the_fit(rates, mask):
    saturated = first((mask.data & DARK_FLAGS.SATURATED) > 0)
    upper, lower = panels([saturated], *rates)
    found = pixel_counts(rates, [saturated], 1)
    arrows = next(line for line in upper.lines if line.get_label() == "_saturated")
    known = np.isfinite(found.lower_limits[:, 0])
    assert known.any()
    np.testing.assert_array_equal(np.isfinite(arrows.get_ydata()), known)
    assert arrows.get_marker() != points(upper, "(").get_marker()
    residuals = next(line for line in lower.lines if line.get_label().startswith("("))
    assert not np.isfinite(residuals.get_ydata()[known]).any()


def test_pixels_of_very_different_rates_are_on_logarithmic_axes(rates, mask):
    saturated = first((mask.data & DARK_FLAGS.SATURATED) > 0)
    upper, _ = panels([saturated, (10, 20)], *rates)
    assert (upper.get_xscale(), upper.get_yscale()) == ("log", "log")
    upper, _ = panels([(10, 20), (11, 20)], *rates)
    assert (upper.get_xscale(), upper.get_yscale()) == ("linear", "linear")


def test_residuals_far_off_leave_the_usual_ones_visible(rates, kinds):
    offset = first(kinds.data == NONLINEAR_KINDS.OFFSET)
    _, lower = panels([offset, (10, 20)], *rates)
    assert lower.get_yscale() == "symlog"
    low, high = (lower.transAxes.inverted().transform(lower.transData.transform((100, y)))[1] for y in (-3, 3))
    assert high - low > 0.15


def test_pixels_differ_by_more_than_colour(rates):
    upper, _ = panels([(x, 20) for x in range(10)], *rates)
    drawn = [container.lines[0] for container in upper.containers]
    assert len({line.get_marker() for line in drawn}) == 10


def test_a_table_of_pixels(rates):
    upper, _ = panels(Table({"x": [10, 11], "y": [20, 21], "change": ["born", "healed"]}), *rates)
    assert [text.get_text()[:8] for text in upper.get_legend().get_texts()] == ["(10, 20)", "(11, 21)"]


def test_one_rate(rates):
    upper, lower = panels([(10, 20)], rates[0])
    assert points(upper, "(10").get_ydata().size == 1
    assert np.isfinite(lower.get_ylim()).all()


def test_a_pixel_without_a_rate(rates):
    masked = [rate.copy() for rate in rates]
    for rate in masked:
        rate.mask = rate.mask.copy()
        rate.mask[20, 10] = True
    upper, _ = panels([(10, 20)], *masked)
    assert upper.get_legend().get_texts()[0].get_text() == "(10, 20): no rate"


def test_a_new_figure(rates):
    ax = plot_pixel_counts([(10, 20)], *rates)
    assert plt.gcf() is ax.figure
    # The texts of both panels are within it.
    ax.figure.canvas.draw()
    box = ax.figure.get_tightbbox()
    width, height = ax.figure.get_size_inches()
    assert box.x0 > -0.01
    assert box.y0 > -0.01
    assert box.x1 < width + 0.01
    assert box.y1 < height + 0.01
    plt.close(ax.figure)


def test_axes_without_a_grid(rates):
    ax = Figure().add_axes([0.1, 0.1, 0.8, 0.8])
    plot_pixel_counts([(10, 20)], *rates, ax=ax)
    upper, lower = (axes.get_position() for axes in ax.figure.axes)
    assert lower.y0 == pytest.approx(0.1)
    assert upper.y1 == pytest.approx(0.9)
    assert lower.y1 < upper.y0


def test_what_is_no_mask_and_no_kinds(rates, mask, kinds):
    with pytest.raises(TypeError, match=r"^kinds must be CCDData, a result of nonlinear_kind, got ndarray$"):
        plot_pixel_counts([(10, 20)], *rates, kinds=kinds.data)
    with pytest.raises(ValueError, match=r"^kinds must be a result of nonlinear_kind, got a mask"):
        plot_pixel_counts([(10, 20)], *rates, kinds=mask)
    with pytest.raises(ValueError, match=r"^mask is a result of nonlinear_kind, not a mask"):
        plot_pixel_counts([(10, 20)], *rates, mask=kinds)
    with pytest.raises(ValueError, match=whole("kinds must have the shape of the rates, (64, 80), got (64, 79)")):
        plot_pixel_counts([(10, 20)], *rates, kinds=kinds[:, :79])
