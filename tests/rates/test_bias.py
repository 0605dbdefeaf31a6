"""The bias taken from the darks, and its error."""

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty

from ccdproc_darks import MissingInformationWarning, compare_dark_rates, dark_rate

from ..helpers import dark

SHAPE = (200, 300)
READ_NOISE = 6.0


def combined_bias(number, read_noise=READ_NOISE, gain=2.0, outliers=False):
    """What ccdproc.combine makes of so many bias frames in adu."""
    rng = np.random.default_rng(number)
    frames = [CCDData(rng.normal(1000, read_noise / gain, SHAPE), unit="adu") for _ in range(number)]
    if outliers:
        frames[0].data.flat[rng.choice(frames[0].data.size, 300)] += 1e4
    return ccdproc.combine(frames, method="average")


@pytest.mark.parametrize("number", [2, 3, 10])
def test_error_of_a_combined_bias(number):
    """ccdproc's scatter / sqrt(N) has ddof 0: 0.58 of the error for two frames."""
    master = combined_bias(number)
    master.meta["NCOMBINE"] = number
    rate = dark_rate(dark(np.full(SHAPE, 1000.0)), bias=master)
    assert rate.meta["DKBIASER"] == pytest.approx(READ_NOISE / np.sqrt(number), rel=0.01)


def test_cosmic_rays_in_the_bias():
    master = combined_bias(5, outliers=True)
    master.meta["NCOMBINE"] = 5
    assert dark_rate(dark(np.full(SHAPE, 1000.0)), bias=master).meta["DKBIASER"] == pytest.approx(
        READ_NOISE / np.sqrt(5), rel=0.02
    )


def test_combined_without_a_number():
    """ccdproc.combine leaves no NCOMBINE; where the user says no more than combined (as in the guide), warn."""
    master = combined_bias(4)
    assert "NCOMBINE" not in master.meta
    master.meta["combined"] = True
    with pytest.warns(
        MissingInformationWarning,
        match=r"^bias\[0\] is combined, but nothing tells of how many.*bias.meta\['NCOMBINE'\] =",
    ) as caught:
        dark_rate(dark(np.full(SHAPE, 1000.0)), bias=master)
    assert caught[0].filename == __file__


def test_error_from_read_noise_and_number():
    master = CCDData(np.zeros(SHAPE), unit="electron", meta={"NCOMBINE": 9})
    assert dark_rate(dark(np.ones(SHAPE)), bias=master).meta["DKBIASER"] == pytest.approx(5 / 3)


@pytest.mark.parametrize("kind", [StdDevUncertainty, VarianceUncertainty])
def test_error_from_an_uncertainty(kind):
    """Of one frame: as it is; no ddof to correct."""
    array = np.full(SHAPE, 3.0 if kind is StdDevUncertainty else 9.0)
    master = CCDData(np.zeros(SHAPE), unit="adu", uncertainty=kind(array))
    assert dark_rate(dark(np.ones(SHAPE)), bias=master).meta["DKBIASER"] == pytest.approx(6)


def test_masked_pixels_do_not_tell_the_error():
    array = np.full(SHAPE, 3.0)
    array[:100] = 1e6
    mask = np.zeros(SHAPE, bool)
    mask[:100] = True
    master = CCDData(np.zeros(SHAPE), unit="electron", mask=mask, uncertainty=StdDevUncertainty(array))
    assert dark_rate(dark(np.ones(SHAPE)), bias=master).meta["DKBIASER"] == pytest.approx(3)


def test_a_level_has_no_error():
    rate = dark_rate(dark([[150.0]]), bias=100 * u.adu)
    assert rate.data[0, 0] == 1
    assert rate.meta["DKBIASER"] == 0
    assert rate.meta["DKBIASID"] == ""


def test_unknown_error():
    master = CCDData(np.zeros((2, 2)), unit="electron")
    with (
        pytest.warns(MissingInformationWarning, match="^no read noise"),
        pytest.warns(MissingInformationWarning, match=r"^the error of the bias is unknown .*taken as 0$"),
    ):
        dark_rate(dark(np.ones((2, 2)), read_noise=None), bias=master)


def test_identity():
    """The same bias for two exposure times is known again; another one, or another pixel in it, is not."""
    rng = np.random.default_rng(1)
    first, second = (CCDData(rng.normal(0, 5, SHAPE), unit="electron", meta={"NCOMBINE": 1}) for _ in range(2))
    frame = dark(np.ones(SHAPE))
    names = [dark_rate(frame, bias=bias).meta["DKBIASID"] for bias in (first, first.copy(), second)]
    assert names[0] == names[1] != names[2]


def test_identity_of_a_file_is_that_of_what_is_read_from_it(tmp_path):
    """Wherever the bias is, and in whatever byte order, it is the same one."""
    path, frame = tmp_path / "bias.fits", dark(np.full(SHAPE, 1000.0))
    image = np.random.default_rng(1).normal(1000, 1, SHAPE).astype("f4")
    CCDData(image, unit="adu", meta={"NCOMBINE": 9}).write(path)
    read = CCDData.read(path)
    assert not read.data.dtype.isnative
    native = CCDData(image, unit="adu", meta={"NCOMBINE": 9})
    names = {dark_rate(frame, bias=bias).meta["DKBIASID"] for bias in (path, read, native)}
    assert len(names) == 1


def test_shared_and_own_biases_in_a_comparison():
    """V_1/(N_1 t_1^2) + V_2/(N_2 t_2^2) + s_b^2 (1/t_1 - 1/t_2)^2, or + s_b^2/t_1^2 + s_b^2/t_2^2."""
    rng = np.random.default_rng(2)
    biases = [CCDData(rng.normal(0, 5, (3, 3)), unit="electron", meta={"NCOMBINE": 4}) for _ in range(2)]
    t = np.array([10.0, 40.0])

    def difference(*masters):
        rates = [
            dark_rate(dark(np.full((3, 3), 2.0 * time) + master.data, time, "electron"), bias=master, dtype="float64")
            for time, master in zip(t, masters, strict=True)
        ]
        return compare_dark_rates(*rates, offset=None).uncertainty.array

    own = np.sum((2 * t + 25) / t**2)
    np.testing.assert_allclose(
        difference(biases[0], biases[0]), np.sqrt(own + 25 / 4 * (1 / 10 - 1 / 40) ** 2), rtol=1e-6
    )
    np.testing.assert_allclose(difference(*biases), np.sqrt(own + 25 / 4 * (1 / 100 + 1 / 1600)), rtol=1e-6)


def test_a_level_in_electron_for_darks_in_adu_is_converted_by_the_gain():
    """dark() has a gain of 2 electron/adu."""
    frame = dark(np.full(SHAPE, 1000.0))
    rates = [dark_rate(frame, bias=level).data for level in (500 * u.adu, 1000 * u.electron)]
    np.testing.assert_array_equal(*rates)
    with pytest.raises(TypeError, match=r"a Quantity in adu or electron, or None, got float; write 500\.0"):
        dark_rate(frame, bias=500.0)
