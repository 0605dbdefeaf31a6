"""Frames in memory."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import StdDevUncertainty, VarianceUncertainty

from ccdproc_darks import dark_rate

from ..helpers import dark


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", ">i2", "uint16", ">u2", "int32", ">f4", "float32", ">f8", "float64"]
)
def test_types(dtype):
    counts = np.arange(12).reshape(3, 4)
    measured = dark_rate(dark(counts.astype(dtype)), bias=0 * u.adu)
    np.testing.assert_allclose(measured.data, counts * 2 / 100, rtol=1e-6)
    assert measured.data.dtype == np.dtype("float32")
    assert measured.data.dtype.isnative


@pytest.mark.parametrize("dtype", ["float32", "float64", "f8", np.float32, np.dtype("float64"), float])
def test_type_of_the_result(dtype):
    measured = dark_rate(dark(np.ones((3, 4))), dtype=dtype)
    for array in (measured.data, measured.uncertainty.array):
        assert array.dtype == np.dtype(dtype).newbyteorder("=")
        assert array.dtype.isnative


def test_float32_sums_are_float64():
    """2^24 + 1 is no float32."""
    darks = [dark(np.full((2, 2), value), 1.0, "electron") for value in (2.0**24, 1.0, 1.0)]
    assert dark_rate(darks, dtype="float64", clip=None).data[0, 0] == pytest.approx((2**24 + 2) / 3, rel=1e-15)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 11)])
def test_shapes(shape):
    darks = [dark(np.full(shape, 50.0)) for _ in range(3)]
    measured = dark_rate(darks)
    assert measured.shape == shape
    assert measured.data == pytest.approx(1.0)
    assert measured.uncertainty.array == pytest.approx(np.sqrt((100 + 25) / 3) / 100)


@pytest.mark.parametrize(
    "uncertainty", [StdDevUncertainty, VarianceUncertainty, lambda a: StdDevUncertainty(a, unit="adu")]
)
def test_uncertainty_for_the_read_noise(uncertainty):
    """Deviation of 10 adu, 20 electron, of which 10^2 electron^2 are Poisson noise: the fit has both."""
    array = np.full((2, 2), 100.0 if uncertainty is VarianceUncertainty else 10.0)
    frame = dark(np.full((2, 2), 50.0), read_noise=None, uncertainty=uncertainty(array))
    measured = dark_rate(frame)
    assert measured.meta["DKNOISE"] == "uncertainty"
    assert "DKRDNOI" not in measured.meta
    assert measured.uncertainty.array == pytest.approx(0.2)
