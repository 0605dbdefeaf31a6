"""Whether tests of proportionality and of hotness are wrong as often as asked, on simulated rates."""

import numpy as np
import pytest
from astropy.nddata import StdDevUncertainty
from scipy.stats import norm

from ccdproc_darks import NoiseWarning, compare_dark_rates, dark_rate, hot_pixel_mask

from ..helpers import master_bias, mean_dark, noisy_darks

pytestmark = pytest.mark.statistics

SHAPE = (1000, 1000)
PIXELS = SHAPE[0] * SHAPE[1]
ASKED = 200


def simulated_rates(seed, rate, read_noise, sets=((90.0, 10), (1000.0, 20)), bias_frames=20, shape=SHAPE):
    """Rates of one sensor, all with the same noisy master bias; ``sets`` are (seconds, frames)."""
    rng = np.random.default_rng(seed)
    bias = master_bias(rng, read_noise, bias_frames, shape)
    return [dark_rate(mean_dark(rng, rate, seconds, number, read_noise, shape), bias=bias) for seconds, number in sets]


@pytest.mark.parametrize(("rate", "read_noise"), [(0.01, 0.5), (0.1, 0.5), (0.1, 3.0), (0.1, 10.0), (10.0, 10.0)])
def test_significance_and_false_positives(rate, read_noise):
    """The cells of science.md section 4: tails at 1e-3 on both sides, and as many false NONLINEAR as asked for."""
    rates = simulated_rates(11, rate, read_noise)
    significance = compare_dark_rates(*rates, statistic="significance", offset=None).data.astype(float)
    counting = 4 * np.sqrt(1 / (PIXELS * 1e-3))
    for tail in (significance, -significance):
        actual = np.mean(tail > norm.isf(1e-3)) / 1e-3
        assert 0.95 - counting < actual < 1.15 + counting
    assert significance.std() == pytest.approx(1, abs=0.01)
    assert significance.mean() == pytest.approx(0, abs=0.01)

    flagged = hot_pixel_mask(*rates, false_positives=ASKED, tolerance=1e-9)
    for number in ("NNONLIN", "NHOT"):
        assert abs(flagged.meta[number] - ASKED) < 4 * np.sqrt(ASKED), number


@pytest.mark.parametrize("rate", [0.01, 1.0])
@pytest.mark.parametrize("read_noise", [0.5, 3.0, 10.0])
def test_false_hot_pixels_of_one_rate(rate, read_noise):
    (measured,) = simulated_rates(12, rate, read_noise, sets=((90.0, 10),))
    flagged = hot_pixel_mask(measured, false_positives=ASKED)
    assert abs(flagged.meta["NHOT"] - ASKED) < 4 * np.sqrt(ASKED)
    assert flagged.meta["DKTYPIC"] == pytest.approx(rate, rel=0.03)
    assert abs(flagged.meta["DKTYPIC"] - rate) < 4 * flagged.meta["DKTYPERR"]
    assert flagged.meta["DKHOTWID"] == pytest.approx(1, abs=0.01)


def test_worst_corner_of_the_saddlepoint():
    """R = 0.6, 0.006 electron/s, 18 electrons in all, 12 bias frames: generalised least squares gave 1.12 | 1.03."""
    rates = simulated_rates(13, 0.006, 0.6, sets=((45.0, 7), (600.0, 5)), bias_frames=12)
    significance = compare_dark_rates(*rates, statistic="significance", offset=None).data
    assert 0.85 < np.mean(significance > norm.isf(1e-3)) / 1e-3 < 1.25
    assert 0.85 < np.mean(significance < -norm.isf(1e-3)) / 1e-3 < 1.25


@pytest.mark.parametrize("offset", [None, "common", "pixel"])
def test_four_exposure_times(offset):
    """A chi-square of three degrees of freedom (two with a free offset), where counts are not few."""
    sets = ((30.0, 10), (100.0, 5), (300.0, 5), (1000.0, 5))
    rates = simulated_rates(14, 1.0, 5.0, sets, shape=(500, 600))
    compared = compare_dark_rates(*rates, statistic="significance", offset=offset)
    assert compared.meta["DKWIDTH"] == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(compared.data) > norm.isf(0.5e-3)) / 1e-3 == pytest.approx(1, abs=0.25)
    flagged = hot_pixel_mask(*rates, false_positives=ASKED, tolerance=1e-9, offset=offset)
    assert abs(flagged.meta["NNONLIN"] - ASKED) < 4 * np.sqrt(ASKED)


@pytest.mark.parametrize("statistic", ["difference", "ratio"])
def test_uncertainties_of_difference_and_ratio(statistic):
    rates = simulated_rates(15, 5.0, 5.0, shape=(400, 500))
    compared = compare_dark_rates(*rates, statistic=statistic, offset=None)
    expected = {"difference": 0.0, "ratio": 1.0}[statistic]
    pull = (compared.data - expected) / compared.uncertainty.array
    assert pull.mean() == pytest.approx(0, abs=0.01)
    assert pull.std() == pytest.approx(1, abs=0.01)


def test_a_bias_of_its_own_adds_its_error():
    """The same frames with one bias for both, and with one each: the second difference is the wider one, as said."""
    rng = np.random.default_rng(16)
    shape, read_noise = (400, 500), 10.0
    widths = []
    for shared in (True, False):
        biases = [master_bias(rng, read_noise, 4, shape)] * 2 if shared else [master_bias(rng, read_noise, 4, shape)
                                                                             for _ in range(2)]  # fmt: skip
        rates = [
            dark_rate(mean_dark(rng, 0.1, seconds, 10, read_noise, shape), bias=bias)
            for seconds, bias in zip((90.0, 100.0), biases, strict=True)
        ]
        compared = compare_dark_rates(*rates, offset=None)
        assert compared.data.std() == pytest.approx(compared.uncertainty.array.mean(), rel=0.01)
        widths.append(compared.data.std())
    # Bias errors of 5 electron against frame errors of 3.3: shared they almost cancel.
    assert widths[1] > 1.5 * widths[0]


def test_common_offset_is_found_and_removed():
    rates = simulated_rates(17, 0.1, 5.0, shape=(400, 500))
    rates[0].data += 6.0 / 90
    with pytest.warns(
        NoiseWarning, match=r"^the rates of good pixels differ by 3\.\d+ times what their noise explains:"
    ):
        kept = compare_dark_rates(*rates, statistic="significance", offset=None)
    removed = compare_dark_rates(*rates, statistic="significance")
    assert kept.data.mean() > 2
    assert removed.data.mean() == pytest.approx(0, abs=0.01)
    assert removed.meta["DKOFF1"] == pytest.approx(6.0, abs=0.02)
    assert removed.meta["DKOFF2"] == 0


@pytest.mark.parametrize("rate", [0.1, 2.0])
def test_frames_that_bring_their_own_uncertainty(rate):
    """As of ccdproc.create_deviation, from each pixel's own counts: the read noise in it has to be found again."""
    rng = np.random.default_rng(18)
    shape, read_noise = (400, 500), 5.0
    rates = []
    for seconds in (90.0, 1000.0):
        frames = noisy_darks(rng, rate, seconds, 4, read_noise, shape)
        for frame in frames:
            del frame.meta["RDNOISE"]
            frame.uncertainty = StdDevUncertainty(np.sqrt(np.maximum(frame.data, 0) + read_noise**2))
        rates.append(dark_rate(frames))
        assert rates[-1].meta["DKNOISE"] == "uncertainty"
    compared = compare_dark_rates(*rates, statistic="significance", offset=None)
    assert compared.meta["DKWIDTH"] == pytest.approx(1, abs=0.02)
    flagged = hot_pixel_mask(*rates, false_positives=ASKED, tolerance=1e-9, offset=None)
    assert abs(flagged.meta["NNONLIN"] - ASKED) < 4 * np.sqrt(ASKED)
