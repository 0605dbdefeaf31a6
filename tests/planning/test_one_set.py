"""What darks of one exposure time will measure, against what they measure."""

import numpy as np
import pytest
from astropy import units as u
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import dark_rate, simulate_dark
from ccdproc_darks.planning import exposure_needed, frames_needed, rate_uncertainty, smallest_rate

from ..helpers import ELECTRON_PER_SECOND, master_bias, mean_dark, noisy_darks
from ..strategies import read_noises, seconds
from .cameras import GUIDE, numbers, rates, shares

SHAPE = (400, 500)
precisions = st.floats(0.01, 1)


@pytest.mark.statistics
@pytest.mark.parametrize("bias_frames", [None, 4])
@pytest.mark.parametrize(
    ("rate", "time", "number", "read_noise"), [(0.0, 90, 10, 10), (0.1, 90, 10, 10), (2.0, 300, 5, 3)]
)
def test_uncertainty_is_the_scatter_of_measured_rates(rate, time, number, read_noise, bias_frames):
    rng = np.random.default_rng(1)
    darks = noisy_darks(rng, rate, time, number, read_noise, SHAPE)
    bias = 0 * u.electron if bias_frames is None else master_bias(rng, read_noise, bias_frames, SHAPE)
    measured = dark_rate(darks, bias=bias, clip=None, dtype="float64")
    camera = {"exposure": time * u.s, "frames": number, "read_noise": read_noise * u.electron}
    planned = rate_uncertainty(rate * ELECTRON_PER_SECOND, bias_frames=bias_frames, **camera)
    # 200 000 pixels know their scatter to 0.16 %.
    assert measured.data.std() == pytest.approx(planned.to_value(ELECTRON_PER_SECOND), rel=0.006)


def test_of_digitised_frames():
    """Rounding to steps of 6 electron is in the read noise that the header tells."""
    camera = dict(gain=6 * u.electron / u.adu, read_noise=3 * u.electron, bias=500 * u.adu)
    rate = 0.5 * ELECTRON_PER_SECOND
    darks = [simulate_dark(SHAPE, exposure=100 * u.s, rate=rate, rng=seed, **camera) for seed in range(3)]
    measured = dark_rate(darks, bias=500 * u.adu, clip=None, dtype="float64")
    read_noise = darks[0].meta["RDNOISE"] * u.electron
    planned = rate_uncertainty(rate, exposure=100 * u.s, frames=3, read_noise=read_noise)
    assert measured.data.std() == pytest.approx(planned.value, rel=0.006)


@pytest.mark.statistics
@pytest.mark.parametrize(("read_noise", "time"), [(10.0, 90.0), (0.5, 300.0)])
def test_smallest_rate_has_its_signal_to_noise(read_noise, time):
    rng = np.random.default_rng(2)
    camera = {"exposure": time * u.s, "frames": 10, "read_noise": read_noise * u.electron, "bias_frames": 20}
    rate = smallest_rate(**camera, signal_to_noise=5).to_value(ELECTRON_PER_SECOND)
    bias = master_bias(rng, read_noise, 20, SHAPE)
    measured = dark_rate(mean_dark(rng, rate, time, 10, read_noise, SHAPE), bias=bias, dtype="float64").data
    assert measured.mean() / measured.std() == pytest.approx(5, rel=0.006)


def test_figures_of_the_guide():
    noise = rate_uncertainty(0 * ELECTRON_PER_SECOND, **GUIDE)
    assert noise.unit == ELECTRON_PER_SECOND
    assert noise.value == pytest.approx(0.035, abs=5e-4)
    # Its 0.01 electron/s are a third of that noise: not measured in 90 s, nor in ten frames of 1000 s to 10 %.
    assert smallest_rate(**GUIDE) > 0.1 * ELECTRON_PER_SECOND
    needed = frames_needed(0.01 * ELECTRON_PER_SECOND, exposure=1000 * u.s, read_noise=10 * u.electron)
    assert needed == (10 + 100) / 1**2


def test_photon_noise_alone():
    """Signal to noise k takes k^2 electrons."""
    camera = {"read_noise": 0 * u.electron, "frames": 4}
    assert smallest_rate(exposure=100 * u.s, **camera) * 400 * u.s == 9 * u.electron
    assert frames_needed(1 * ELECTRON_PER_SECOND, exposure=10 * u.s, read_noise=0 * u.electron) == 10
    assert exposure_needed(1 * ELECTRON_PER_SECOND, **camera).to_value(u.s) == pytest.approx(25)


@given(seconds, numbers, read_noises, st.floats(0, 30), st.floats(0.1, 100))
def test_smallest_rate_over_its_uncertainty(time, number, read_noise, bias_error, wanted):
    camera = {"exposure": time * u.s, "frames": number, "read_noise": read_noise * u.electron}
    camera["bias_error"] = bias_error * u.electron
    rate = smallest_rate(**camera, signal_to_noise=wanted)
    assert float(rate / rate_uncertainty(rate, **camera)) == pytest.approx(wanted, rel=1e-9)


@given(rates, seconds, read_noises, precisions, shares)
def test_frames_needed_are_enough_and_one_fewer_is_not(rate, time, read_noise, precision, share):
    camera = {"exposure": time * u.s, "read_noise": read_noise * u.electron}
    camera["bias_error"] = share * precision * rate * time * u.electron
    rate = rate * ELECTRON_PER_SECOND
    number = frames_needed(rate, precision=precision, **camera)
    assert isinstance(number, int)
    assert rate_uncertainty(rate, frames=number, **camera) <= precision * rate * (1 + 1e-8)
    if number > 1:
        assert rate_uncertainty(rate, frames=number - 1, **camera) > precision * rate * (1 - 1e-8)


@given(rates, numbers, read_noises, precisions, st.integers(1, 100))
def test_exposure_needed_has_the_precision(rate, number, read_noise, precision, bias_frames):
    camera = {"frames": number, "read_noise": read_noise * u.electron, "bias_frames": bias_frames}
    rate = rate * ELECTRON_PER_SECOND
    time = exposure_needed(rate, precision=precision, **camera)
    assert time.unit == u.s
    assert float(rate_uncertainty(rate, exposure=time, **camera) / rate) == pytest.approx(precision, rel=1e-9)


@given(rates, seconds, numbers, read_noises, st.integers(1, 100), st.floats(0.1, 10))
def test_laws(rate, time, number, read_noise, bias_frames, factor):
    rate, time = rate * ELECTRON_PER_SECOND, time * u.s

    def uncertainty(rate=rate, exposure=time, frames=number, **options):
        return rate_uncertainty(rate, exposure=exposure, frames=frames, read_noise=read_noise * u.electron, **options)

    # Averaging; and only electrons matter.
    assert float(uncertainty() / uncertainty(frames=4 * number)) == pytest.approx(2)
    slower = uncertainty(rate / factor, time * factor, bias_frames=bias_frames)
    assert float(slower * factor / uncertainty(bias_frames=bias_frames)) == pytest.approx(1)
    # More never hurts.
    assert uncertainty(bias_frames=bias_frames) > uncertainty(frames=number + 1, bias_frames=bias_frames)
    assert uncertainty(bias_frames=bias_frames) > uncertainty(bias_frames=bias_frames + 1) > uncertainty()
    assert uncertainty(bias_frames=bias_frames) > uncertainty(exposure=1.01 * time, bias_frames=bias_frames)
    # As many bias frames as darks of no exposure at all: twice the variance of read noise.
    dark = uncertainty(0 * rate)
    assert float(uncertainty(0 * rate, bias_frames=number) / dark) == pytest.approx(np.sqrt(2))


def test_arrays():
    rate = [0.1, 1.0, 10.0] * ELECTRON_PER_SECOND
    exposure = [[1.5], [3.0]] * u.min
    camera = {"read_noise": 5 * u.electron, "bias_frames": 10}
    uncertainty = rate_uncertainty(rate, exposure=exposure, frames=4, **camera)
    number = frames_needed(rate, exposure=exposure, precision=0.5, **camera)
    time = exposure_needed(rate, frames=4, **camera)
    smallest = smallest_rate(exposure=exposure, frames=4, **camera)
    assert uncertainty.shape == number.shape == (2, 3)
    assert number.dtype.kind == "i"
    assert (time.shape, smallest.shape) == ((3,), (2, 1))
    one = {"exposure": 180 * u.s, **camera}
    assert uncertainty[1, 0] == rate_uncertainty(rate[0], frames=4, **one)
    assert number[1, 0] == frames_needed(rate[0], precision=0.5, **one)
    assert time[2] == exposure_needed(10 * ELECTRON_PER_SECOND, frames=4, **camera)
    assert smallest[1, 0] == smallest_rate(frames=4, **one)
    assert uncertainty[0, 0].isscalar


def test_master_bias_by_its_frames_or_its_error():
    rate = 0.1 * ELECTRON_PER_SECOND
    assert rate_uncertainty(rate, **GUIDE, bias_frames=25) == rate_uncertainty(rate, **GUIDE, bias_error=2 * u.electron)
