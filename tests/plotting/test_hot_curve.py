"""Number of pixels above a rate."""

import io

import numpy as np
import pytest
from astropy import units as u
from matplotlib.figure import Figure

from ccdproc_darks.plotting import plot_hot_curve

from ..helpers import rate_image


def axes():
    return Figure(layout="constrained").subplots()


def curve(ax, label):
    """Rates and numbers of pixels, the part in the noise included."""
    faint, strong = [line.get_xydata() for line in ax.lines if line.get_label().endswith(label)][:2]
    return faint, strong


@pytest.fixture(scope="module")
def rates():
    rng = np.random.default_rng(1)
    return [rate_image(rng.lognormal(mean, 1.5, (80, 90)), 100.0) for mean in (-4, -3)]


def test_number_of_pixels_above_a_rate(rates):
    ax = plot_hot_curve(*rates, labels=["cold", "warm"], ax=axes())
    assert ax.get_xscale() == ax.get_yscale() == "log"
    for rate, label in zip(rates, ("cold", "warm"), strict=True):
        _, strong = curve(ax, label)
        for at in (0.1, 0.3, 1.0):
            found = 10 ** np.interp(np.log10(at), *np.log10(strong).T)
            assert found == pytest.approx(np.count_nonzero(rate.data > at), rel=0.03, abs=1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cold", "warm", "below twice the read noise"]


def test_faint_where_there_is_noise(rates):
    ax = plot_hot_curve(rates[0], ax=axes())
    faint, strong = curve(ax, "100 s x 10")
    limit = 2 * 5 / np.sqrt(10) / 100
    assert faint[-1, 0] == strong[0, 0] == pytest.approx(limit, rel=0.03)
    alphas = [line.get_alpha() for line in ax.lines[:2]]
    assert alphas[0] < 0.5
    assert alphas[1] is None


def test_share_of_all_pixels(rates):
    ax = plot_hot_curve(*rates, ax=axes())
    ax.figure.savefig(io.BytesIO())
    (share,) = ax.child_axes
    assert share.get_ylabel() == "share of all pixels (%)"
    np.testing.assert_allclose(share.get_ylim(), np.array(ax.get_ylim()) / 7200 * 100, rtol=1e-6)


def test_sensors_of_different_size_have_no_common_share(rates):
    assert plot_hot_curve(rates[0], rate_image(np.ones((4, 4)), 30.0), ax=axes()).child_axes == []


def test_saturated_pixels_count_up_to_their_limit():
    values = np.geomspace(0.1, 1000, 50)
    rate = rate_image(values, 100.0, saturation=1000 * u.electron)
    number = np.count_nonzero(values >= 10)
    ax = plot_hot_curve(rate, ax=axes())
    _, strong = curve(ax, "100 s x 10")
    assert strong[strong[:, 0] < 9.9][-1, 1] == pytest.approx(number, abs=0.1)
    (marker,) = [line.get_xydata() for line in ax.lines if line.get_marker() == "^"]
    np.testing.assert_allclose(marker, [[10, number]], rtol=0.01)
    # One that is masked is not counted.
    rate.mask[0, :5] = True
    (faint, _) = curve(plot_hot_curve(rate, ax=axes()), "100 s x 10")
    assert faint[0, 1] == pytest.approx(45)


@pytest.mark.parametrize("values", [[[0.0]], [[-1.0, -2.0]], [[np.nan, 1.0]], [[3.0, 3.0]]])
def test_hardly_anything_to_draw(values):
    plot_hot_curve(rate_image(np.array(values), 100.0), ax=axes()).figure.savefig(io.BytesIO())


def test_its_own_figure(rates):
    import matplotlib.pyplot as plt

    ax = plot_hot_curve(rates[0])
    try:
        assert ax.figure.number in plt.get_fignums()
    finally:
        plt.close(ax.figure)
