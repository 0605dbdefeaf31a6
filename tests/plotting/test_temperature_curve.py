"""The picture of dark current against temperature."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy import units as u
from astropy.modeling.models import Linear1D
from matplotlib.figure import Figure

from ccdproc_darks import doubling_temperature
from ccdproc_darks.plotting import plot_temperature
from ccdproc_darks.temperature import DoublingDarkCurrent, ThermalDarkCurrent

from ..helpers import rate_image, whole

CELSIUS, SHAPE = (-20.0, 10.0, 0.0), (12, 16)
PER_SECOND = u.electron / u.s


@pytest.fixture
def rates():
    """Rates of a sensor that doubles every 6 K, with one pixel ten times as hot."""
    found = []
    for number, celsius in enumerate(CELSIUS):
        noise = np.random.default_rng(number).normal(0, 0.005, SHAPE)
        values = (1 + noise) * 2 ** (celsius / 6)
        values[5, 3] *= 10
        found.append(rate_image(values, 100.0, read_noise=1.0))
        found[-1].meta["DKTEMP"] = celsius
    return found


def drawn(*rates, **options):
    before = plt.get_fignums()
    ax = Figure(layout="constrained").subplots()
    assert plot_temperature(*rates, ax=ax, **options) is ax
    assert plt.get_fignums() == before
    return ax


def container(ax, label):
    (found,) = (each for each in ax.containers if each.get_label() == label)
    return found.lines[0]


def test_typical_rates_and_the_doubling_temperature(rates):
    ax = drawn(*rates)
    points = container(ax, "typical pixel")
    assert points.get_xdata().tolist() == list(CELSIUS)
    np.testing.assert_allclose(points.get_ydata(), [2 ** (celsius / 6) for celsius in CELSIUS], rtol=0.01)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[0] == "typical pixel"
    doubling, error = doubling_temperature(*rates)
    _, _, value, _, told, unit = texts[1].split()
    assert (float(value), float(told)) == pytest.approx((doubling.value, error.value), rel=0.05)
    assert unit == "K"
    (line,) = (line for line in ax.lines if line.get_label().startswith("doubles"))
    steps = np.diff(np.log2(line.get_ydata())) / np.diff(line.get_xdata())
    np.testing.assert_allclose(steps, 1 / doubling.value)
    assert line.get_xdata()[0] < -20
    assert line.get_xdata()[-1] > 10
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "sensor temperature (deg C)")


@pytest.mark.parametrize("with_units", [False, True])
def test_a_model(rates, with_units):
    units = (PER_SECOND, u.K) if with_units else (1, 1)
    model = DoublingDarkCurrent(2 * units[0], 6 * units[1], 273.15 * units[1])
    ax = drawn(*rates, model=model)
    (line,) = (line for line in ax.lines if line.get_label() == "model: DoublingDarkCurrent")
    np.testing.assert_allclose(line.get_ydata(), 2 * 2 ** (line.get_xdata() / 6))
    assert line.get_linestyle() == "--"


def test_pixels(rates):
    rates[1].mask = np.zeros(SHAPE, bool)
    rates[1].mask[5, 3] = True
    rates[0].data[6, 4] = -0.1
    ax = drawn(*rates, pixels=[(3, 5), (4, 6)])
    hot, cold = container(ax, "pixel (3, 5)"), container(ax, "pixel (4, 6)")
    # Sorted by temperature; masked at 10 deg C, negative at -20 deg C.
    assert hot.get_xdata().tolist() == [-20, 0, 10]
    np.testing.assert_allclose(hot.get_ydata(), [rates[0].data[5, 3], rates[2].data[5, 3], np.nan])
    np.testing.assert_allclose(cold.get_ydata(), [np.nan, rates[2].data[6, 4], rates[1].data[6, 4]])
    assert hot.get_marker() != cold.get_marker()


def test_a_new_figure(rates):
    ax = plot_temperature(*rates)
    assert plt.gcf() is ax.figure
    plt.close(ax.figure)


def test_wrong_arguments(rates):
    with pytest.raises(ValueError, match=r"^rates of two temperatures or more are needed"):
        plot_temperature(rates[0])
    with pytest.raises(TypeError, match=r"^model must be a model of astropy\.modeling, .*, got function$"):
        plot_temperature(*rates, model=lambda kelvin: kelvin)
    current = ThermalDarkCurrent(1 * u.nA / u.cm**2, 0 * u.nA / u.cm**2, 273.15 * u.K)
    with pytest.raises(u.UnitsError, match=whole("model must give electron / s, ThermalDarkCurrent gives nA / cm2")):
        plot_temperature(*rates, model=current)
    with pytest.raises(ValueError, match=r"^pixels: \(16, 0\) is outside of the image"):
        plot_temperature(*rates, pixels=[(16, 0)])


def test_any_model_of_kelvin(rates):
    ax = drawn(*rates, model=Linear1D(slope=0.01, intercept=-2.0))
    (line,) = (line for line in ax.lines if line.get_label() == "model: Linear1D")
    np.testing.assert_allclose(line.get_ydata(), 0.01 * (line.get_xdata() + 273.15) - 2)
