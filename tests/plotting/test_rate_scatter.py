"""Two rates of the same pixels against each other: none is lost, whether they crowd or not."""

import io

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from matplotlib.figure import Figure

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.plotting import plot_rate_scatter

from ..helpers import ELECTRON_PER_SECOND, rate_image

SATURATION = {"saturation": 60000 * u.electron}


def axes():
    return Figure(layout="constrained").subplots()


def both(short, long, **options):
    short, long = np.broadcast_arrays(np.atleast_2d(short), np.atleast_2d(long))
    return [rate_image(values, seconds, **options) for values, seconds in ((short, 90.0), (long, 1000.0))]


def mask_of(bits, **meta):
    return CCDData(np.array(bits, dtype=np.uint32), unit="", meta={"NMASKED": 0, **meta})


def density(ax):
    """Pixels in the cells that are drawn as a density."""
    found = [mesh.get_array() for mesh in ax.collections if hasattr(mesh, "get_coordinates")]
    return np.ma.concatenate([cells.ravel() for cells in found]).compressed() if found else np.empty(0)


def points(ax, name):
    """Rates that are drawn as points, by the beginning of their name."""
    found = [line.get_xydata() for line in ax.lines if name in line.get_label()]
    return found[0] if found else np.empty((0, 2))


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.fixture(scope="module")
def crowd():
    """Hot and typical pixels of proportional rates with noise."""
    rng = np.random.default_rng(1)
    truth = np.full((100, 120), 0.01)
    truth[::10, ::10] = np.geomspace(0.2, 40, 120).reshape(10, 12)
    return both(*(truth + rng.normal(0, noise, truth.shape) for noise in (0.02, 0.002)))


def test_every_pixel_is_in_a_cell_or_a_point(crowd):
    ax = plot_rate_scatter(*crowd, ax=axes())
    cells, alone = density(ax), points(ax, "in the picture")
    assert (cells >= 4).all()
    assert cells.size > 100
    assert cells.sum() + len(alone) == 12000
    assert "12 000 pixels in the picture" in names(ax)
    pairs = set(zip(*(rate.data.astype("f4").ravel().tolist() for rate in crowd), strict=True))
    assert set(map(tuple, alone.tolist())) <= pairs
    # Negative rates have their place.
    low = min(rate.data.min() for rate in crowd)
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlim()[0] <= low < 0 < max(rate.data.max() for rate in crowd) < ax.get_xlim()[1]
    assert ax.get_xscale() == ax.get_yscale() == "symlog"


def test_few_pixels_are_points():
    values = np.geomspace(0.5, 50, 10)
    ax = plot_rate_scatter(*both(values, values * 0.9), ax=axes())
    assert density(ax).size == 0
    np.testing.assert_allclose(points(ax, "in the picture"), np.column_stack([values, values * 0.9]), rtol=1e-6)
    assert ax.child_axes == []  # no scale of cells


def test_part_of_it(crowd):
    ax = plot_rate_scatter(*crowd, limits=(0.5 * ELECTRON_PER_SECOND, 10 * ELECTRON_PER_SECOND), ax=axes())
    assert ax.get_xlim() == ax.get_ylim() == (0.5, 10)
    assert ax.get_xscale() == ax.get_yscale() == "linear"
    inside = np.logical_and.reduce([(rate.data > 0.5) & (rate.data < 10) for rate in crowd])
    assert density(ax).sum() + len(points(ax, "in the picture")) == inside.sum() > 30


def test_limits_are_one_quantity_or_two_of_any_unit(crowd):
    for limits in ([1800, 36000] * u.electron / u.hour, (0.5 * ELECTRON_PER_SECOND, 36000 * u.electron / u.hour)):
        assert plot_rate_scatter(*crowd, limits=limits, ax=axes()).get_xlim() == pytest.approx((0.5, 10))


def test_line_and_band():
    rates = both([[0.5, 20.0]], [[0.5, 20.0]])
    mask = mask_of([[0, 0]], DKTOLER=0.2)
    for options, tolerance in (({}, 0.1), ({"mask": mask}, 0.2), ({"mask": mask, "tolerance": 0.05}, 0.05)):
        ax = plot_rate_scatter(*rates, ax=axes(), **options)
        line = points(ax, "equal rates")
        np.testing.assert_array_equal(line[:, 0], line[:, 1])
        (band,) = [each for each in ax.collections if each.get_label() == f"equal within {100 * tolerance:g} %"]
        x, y = band.get_paths()[0].vertices.T
        far = x > 1
        assert (y[far] / x[far]).min() == pytest.approx(1 - tolerance)
        assert (y[far] / x[far]).max() == pytest.approx(1 + tolerance)


def test_saturated_pixels_form_a_ceiling():
    rates = both([[1.0, 100.0, 200.0, 2000.0, 5.0]], [[1.0, 100.0, 200.0, 2000.0, 5.0]], **SATURATION)
    rates[1].mask[0, 4] = True
    ax = plot_rate_scatter(*rates, ax=axes())
    np.testing.assert_allclose(points(ax, "saturated"), [[100, 60], [200, 60], [60000 / 90, 60]], rtol=1e-6)
    assert points(ax, "1000 s x 10 saturate at 60")[:, 1].tolist() == [60, 60]
    assert points(ax, "90 s x 10 saturate at 667")[:, 0] == pytest.approx([60000 / 90] * 2)
    # A pixel that is masked for another reason is left out.
    np.testing.assert_allclose(points(ax, "in the picture"), [[1, 1]])
    assert "4 pixels in the picture" in names(ax)


def test_flags_have_markers_of_their_own(crowd):
    bits = np.zeros((100, 120), dtype=np.uint32)
    bits[0, 0] = DARK_FLAGS.HOT | DARK_FLAGS.NONLINEAR
    bits[5, 5], bits[6, 6] = DARK_FLAGS.TELEGRAPH, DARK_FLAGS.OTHER_BAD_PIXEL
    bits[50:, 3:] = DARK_FLAGS.HOT
    ax = plot_rate_scatter(*crowd, mask=mask_of(bits), ax=axes())
    flagged = [line for line in ax.lines if ": " in line.get_label()]
    assert [line.get_label() for line in flagged] == [
        "hot: 5 851", "not proportional: 1", "jumping: 1", "in a bad line: 1",
    ]  # fmt: skip
    assert len({line.get_marker() for line in flagged}) == len({line.get_color() for line in flagged}) == 4
    np.testing.assert_allclose(points(ax, "not proportional"), [[rate.data[0, 0] for rate in crowd]], rtol=1e-6)
    # Of many, one where several crowd: some at every rate.
    hot = points(ax, "hot")
    assert 50 < len(hot) < 1500
    for rate in np.geomspace(4, 39, 5):
        assert np.abs(hot[:, 1] / rate - 1).min() < 0.3


def test_steps_of_an_adc_leave_no_stripes():
    rng = np.random.default_rng(1)
    step = 1.5 / 900
    values = [np.rint(rng.normal(0.01, 0.03, (300, 300)) / step) * step for _ in range(2)]
    rates = both(*values)
    for rate in rates:
        rate.meta["DKGAIN"] = 1.5
    rates[0].meta["DKGAIN"] = rates[1].meta["DKGAIN"] = 1.5
    ax = plot_rate_scatter(*rates, limits=[-0.05, 0.07] * ELECTRON_PER_SECOND, ax=axes())
    (mesh,) = [each for each in ax.collections if hasattr(each, "get_coordinates")]
    columns = mesh.get_array().filled(0).sum(axis=0)
    middle = columns[60:100]
    assert middle.std() < 0.1 * middle.mean()


@pytest.mark.parametrize("values", [[[0.0]], [[-1.0, -2.0]], [[np.nan, np.nan]], [[3.0, 3.0]]])
def test_hardly_anything_to_draw(values):
    ax = plot_rate_scatter(*both(values, values), ax=axes())
    ax.figure.savefig(io.BytesIO())


def test_its_own_figure(crowd):
    import matplotlib.pyplot as plt

    ax = plot_rate_scatter(*crowd)
    try:
        assert ax.figure.number in plt.get_fignums()
    finally:
        plt.close(ax.figure)
