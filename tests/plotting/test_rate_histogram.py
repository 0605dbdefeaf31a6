"""The histogram of rates: what is drawn, and that nothing is lost without a word."""

import io

import numpy as np
import pytest
from astropy import units as u
from matplotlib.figure import Figure

from ccdproc_darks import dark_rate, hot_pixel_mask
from ccdproc_darks.plotting import plot_rate_histogram
from ccdproc_darks.rates.typical_rate import typical_rate

from ..helpers import mean_dark, rate_image

SHAPE = (100, 120)


@pytest.fixture(scope="module")
def rates():
    """As in the CCD guide, ten frames of 90 s and twenty of 1000 s, of 0.01 electron/s, a pixel in a hundred hot."""
    rng = np.random.default_rng(1)
    truth = np.full(SHAPE, 0.01)
    truth[::10, ::10] = np.geomspace(0.2, 200, 120).reshape(10, 12)
    darks = [mean_dark(rng, truth, seconds, number, 10.0, SHAPE) for seconds, number in ((90.0, 10), (1000.0, 20))]
    # Of the long one alone, noise takes none below zero.
    darks[1].data[0, 1:6] = -1.0
    return [dark_rate(frame, saturation=60000 * u.electron) for frame in darks]


def axes():
    return Figure(layout="constrained").subplots()


def steps(ax):
    """Heights and edges of the histograms, and of the noise."""
    from matplotlib.patches import StepPatch

    found = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    return [patch.get_data() for patch in found if not patch.get_fill()], [
        patch.get_data() for patch in found if patch.get_fill()
    ]


def lines(ax):
    return {line.get_label().strip("_"): line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_every_pixel_that_logarithmic_axes_can_show(rates):
    ax = plot_rate_histogram(*rates, ax=axes())
    assert ax.get_xscale() == ax.get_yscale() == "log"
    for rate, (heights, edges, _) in zip(rates, steps(ax)[0], strict=True):
        bins = np.log(edges[1:] / edges[:-1]) / np.log(1.05)
        np.testing.assert_allclose(bins, bins.round(), rtol=1e-6)
        usable = rate.data[~rate.mask]
        assert (heights * bins).sum() == pytest.approx(np.count_nonzero(usable > edges[0]), rel=0.002)
        for low in (0.05, 1.0, 10.0):
            first = np.searchsorted(edges, low)
            above = np.count_nonzero(usable > edges[first])
            assert (heights * bins)[first:].sum() == pytest.approx(above, rel=0.01, abs=1)


def test_what_they_cannot_show_is_told(rates):
    short, long = legend(plot_rate_histogram(*rates, ax=axes()))[:2]
    share = 100 * np.mean(rates[0].data <= 0)
    assert short == f"90 s x 10 ({share:.2g} % at or below 0)"
    assert 35 < share < 43
    number = np.count_nonzero(rates[1].data <= 0)
    assert number == 5
    assert long == f"1000 s x 20 ({number} pixels at or below 0)"


def test_noise_is_drawn_as_noise(rates):
    """Typical pixels are equal: their histogram is that of the noise; hot ones are beyond it."""
    ax = plot_rate_histogram(*rates, ax=axes())
    for (heights, edges, _), (noise, fine, _), peak in zip(*steps(ax), (0.045, 0.01), strict=True):
        expected = np.add.reduceat(noise, np.searchsorted(fine, edges[:-1] * 1.0001) - 1)
        bins = np.log(edges[1:] / edges[:-1]) / np.log(1.05)
        near = (edges[1:] > peak / 2) & (edges[:-1] < peak * 1.3)
        scatter = np.sqrt(expected[near])
        assert (np.abs(heights * bins - expected)[near] < 5 * scatter + 2).all()
        beyond = edges[:-1] > 20 * peak
        assert heights[beyond].sum() > 10
        assert noise[fine[:-1] > 20 * peak].sum() < 1e-6
    assert legend(ax)[2] == "noise alone, if all pixels had the median rate"


def test_lines_of_the_mask(rates):
    mask = hot_pixel_mask(*rates)
    ax = plot_rate_histogram(*rates, mask=mask, ax=axes())
    assert lines(ax) == pytest.approx({
        "read noise": 0.03514, "twice the read noise": 0.07028, "typical rate": mask.meta["DKTYPIC"],
        "threshold": mask.meta["DKTHRESH"],
    }, rel=1e-3)  # fmt: skip
    texts = [text.get_text() for text in ax.texts]
    assert sorted(texts) == sorted(f"{name} {value:.2g}" for name, value in lines(ax).items())
    heights = [text.get_position()[1] if not hasattr(text, "xy") else text.xy[1] for text in ax.texts]
    assert len(set(heights)) == 4


def test_without_a_mask_the_typical_rate_is_measured(rates):
    found = lines(plot_rate_histogram(*rates, ax=axes()))
    assert found.keys() == {"read noise", "twice the read noise", "typical rate"}
    assert found["typical rate"] == pytest.approx(typical_rate(rates[1])[0])


def test_saturated_pixels_are_a_marker(rates):
    ax = plot_rate_histogram(rates[1], ax=axes())
    (marker,) = [line for line in ax.lines if line.get_marker() == "^"]
    number = np.count_nonzero(rates[1].mask)
    assert 10 < number < 50
    np.testing.assert_allclose(marker.get_xydata(), [[60.0, number]])
    assert legend(ax)[-1] == "number of saturated pixels, at their lower limit"


def test_saturated_pixels_above_all_others():
    values = np.full((20, 20), 0.1)
    values[3, 4] = 50.0
    ax = plot_rate_histogram(rate_image(values, 1000.0, saturation=20000 * u.electron), ax=axes())
    (marker,) = [line for line in ax.lines if line.get_marker() == "^"]
    assert marker.get_xdata() == pytest.approx(20.0)
    assert ax.get_xlim()[1] > 20


def test_no_comb_of_the_steps_of_an_adc():
    """Whole numbers of adu, one frame: neighbouring bins would hold none or thousands."""
    rng = np.random.default_rng(2)
    frames = mean_dark(rng, 0.05, 60.0, 1, 4.0, (150, 150))
    frames.data = np.rint(frames.data)
    frames.unit = u.adu
    ax = plot_rate_histogram(dark_rate(frames, gain=1 * u.electron / u.adu), ax=axes())
    ((heights, edges, _),), ((noise, fine, _),) = steps(ax)
    bins = np.log(edges[1:] / edges[:-1]) / np.log(1.05)
    near = (edges[1:] > 0.01) & (edges[:-1] < 0.12)
    expected = np.add.reduceat(noise, np.searchsorted(fine, edges[:-1] * 1.0001) - 1)
    np.testing.assert_allclose((heights * bins)[near], expected[near], rtol=0.25)


def test_seven_rates_differ_in_more_than_colour(rates):
    ax = plot_rate_histogram(*(7 * rates[:1]), labels=list("abcdefg"), ax=axes())
    outlines = [patch for patch in ax.patches if not patch.get_fill()]
    assert len({str(patch.get_linestyle()) for patch in outlines}) == 7
    assert [text[:1] for text in legend(ax)[:7]] == list("abcdefg")


@pytest.mark.parametrize("values", [[[0.0, 0.0]], [[-1.0, -2.0]], [[3.0, 3.0]], [[np.nan, 1.0]]])
def test_few_pixels(values):
    ax = plot_rate_histogram(rate_image(np.array(values), 100.0), ax=axes())
    ax.figure.savefig(io.BytesIO())


def test_rates_without_noise(rates):
    for noise in (None, 0.0):
        rate = rates[0].copy()
        rate.meta["DKRDNOI"] = noise
        if noise is None:
            del rate.meta["DKRDNOI"]
        ax = plot_rate_histogram(rate, ax=axes())
        assert lines(ax).keys() == {"typical rate"}
        assert len(steps(ax)[1]) == 0


def test_its_own_figure(rates):
    import matplotlib.pyplot as plt

    ax = plot_rate_histogram(rates[0])
    try:
        assert ax.figure.number in plt.get_fignums()
    finally:
        plt.close(ax.figure)
