"""Frames whose arrays are not numpy's: converted with a warning, or refused; never another result."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import StdDevUncertainty
from astropy.utils.exceptions import AstropyUserWarning
from astropy.utils.masked import Masked
from astropy.wcs import WCS

from ccdproc_darks import dark_rate, dark_scatter, master_bias, repeatability

from ..array_types import Convertible, Device, Elsewhere, Opaque, holding
from ..helpers import assert_same_image, dark

SHAPE = (20, 30)
BIAS = 1000 * u.adu
# Name of the argument, and the call.
CALLS = {
    "dark_rate": ("darks", lambda frames: dark_rate(frames, bias=BIAS)),
    "one frame": ("darks", lambda frames: dark_rate(frames[0], bias=BIAS)),
    "bias": ("bias", lambda frames: dark_rate(plain()[1:], bias=frames[0], check_headers=False)),
    "master_bias": ("biases", lambda frames: master_bias(frames, check_headers=False)),
    "dark_scatter": ("darks", lambda frames: dark_scatter(frames, bias=BIAS)),
    "repeatability": ("darks", lambda frames: repeatability(frames, bias=BIAS)),
}
calls = pytest.mark.parametrize(("argument", "call"), CALLS.values(), ids=CALLS)
parts = pytest.mark.parametrize("part", ["data", "mask", "uncertainty"])


def strict(values):
    return pytest.importorskip("array_api_strict").asarray(values)


def lazy(values):
    return pytest.importorskip("dask.array").from_array(values, chunks=7)


def plain(**options):
    """Six frames, with a mask and an uncertainty."""
    rng = np.random.default_rng(1)
    counts = rng.normal(1010, 3, (6, *SHAPE))
    # What the mask hides would be seen.
    counts[:, 4, 5] = 60000
    mask = np.zeros(SHAPE, bool)
    mask[4, 5] = True
    return [dark(image, mask=mask, uncertainty=StdDevUncertainty(np.full(SHAPE, 3.0)), **options) for image in counts]


@calls
@parts
@pytest.mark.parametrize("make", [Convertible, strict, lazy])
def test_converted_with_a_warning(argument, call, make, part):
    frames = [holding(frame, make, part) for frame in plain()]
    kind = type(make(np.ones(1)))
    name = re.escape(f"{kind.__module__}.{kind.__qualname__}")
    message = rf"^{argument}\[0\]( \(and 5 more\))?: an array of the type {name} is converted to a numpy array"
    with pytest.warns(AstropyUserWarning, match=message) as caught:
        result = call(frames)
    assert len(caught) == 1
    assert_same_image(result, call(plain()), meta=True)
    held = {"data": frames[0].data, "mask": frames[0].mask, "uncertainty": frames[0].uncertainty.array}
    assert isinstance(held[part], kind)


@calls
@parts
@pytest.mark.parametrize("make", [Device, Opaque])
def test_refused_by_name(argument, call, make, part):
    message = (
        rf"^{argument}\[0\]\.{part} must be a numpy array or one that numpy.asarray converts, got .*{make.__name__}: "
    )
    with pytest.raises(TypeError, match=message):
        call([holding(frame, make, part) for frame in plain()])


def test_all_else_is_kept():
    frame = plain()[0]
    del frame.meta["RDNOISE"]
    frame.wcs = WCS(naxis=2)
    frame.wcs.wcs.ctype, frame.wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [10, 20]
    frame.uncertainty = StdDevUncertainty(np.full(SHAPE, 0.003), unit=1000 * u.adu)
    expected = dark_rate(frame, bias=BIAS)
    with pytest.warns(AstropyUserWarning, match=r"^darks\[0\]: an array of the type .*Convertible is converted"):
        result = dark_rate(holding(frame, Convertible), bias=BIAS)
    assert_same_image(result, expected, meta=True)
    assert result.uncertainty.array[0, 0] == pytest.approx(3 * 2 / 100)
    assert list(result.wcs.wcs.crval) == [10, 20]


def test_one_among_others_is_named():
    frames = plain()
    frames[2] = holding(frames[2], Convertible)
    with pytest.warns(AstropyUserWarning, match=r"^darks\[2\]: an array of the type .*Convertible is converted"):
        assert_same_image(dark_rate(frames, bias=BIAS), dark_rate(plain(), bias=BIAS))
    frames[2] = holding(plain()[2], Device)
    with pytest.raises(TypeError, match=r"^darks\[2\]\.data must be .*Implicit conversion to a NumPy array is not"):
        dark_rate(frames, bias=BIAS)


def test_a_class_of_one_s_own():
    with pytest.warns(AstropyUserWarning, match=r"^darks\[0\] \(and 5 more\): an array of the type .*Convertible"):
        result = dark_rate([Elsewhere(frame) for frame in plain()], bias=BIAS)
    assert_same_image(result, dark_rate(plain(), bias=BIAS))


def test_complex_numbers_of_another_library():
    with pytest.raises(TypeError, match=r"^darks\[0\]\.data must be .*Convertible: numpy makes an array of complex128"):
        dark_rate(holding(plain()[0], lambda values: Convertible(values + 0j)), bias=BIAS)


@calls
@pytest.mark.parametrize("make", [np.ma.MaskedArray, Masked])
@pytest.mark.parametrize("part", ["data", "uncertainty"])
def test_an_array_s_own_mask_counts(argument, call, make, part):
    """Where it was put there after the CCDData was made, which would else have taken it out."""

    def masked(values):
        return make(values, mask=np.arange(values.size).reshape(values.shape) % 11 == 0)

    expected = plain()
    for frame in expected:
        frame.mask = frame.mask | masked(frame.data).mask
    result = call([holding(frame, masked, part) for frame in plain()])
    assert_same_image(result, call(expected))
    without = [holding(frame, masked, part) for frame in plain()]
    for frame in without:
        frame.mask = None
    assert_same_image(call(without), call([holding(frame, lambda values: masked(values), part) for frame in without]))


def test_a_mask_in_lazy_data_counts():
    array = pytest.importorskip("dask.array")
    frames = plain()
    for frame in frames:
        frame._data = array.from_array(np.ma.array(frame.data, mask=frame.mask), chunks=7)
        frame.mask = None
    with pytest.warns(AstropyUserWarning, match=r"^darks\[0\] \(and 5 more\): an array of the type dask"):
        result = dark_rate(frames, bias=BIAS)
    assert_same_image(result, dark_rate(plain(), bias=BIAS))
    assert result.mask.sum() == 1


def test_quantities_are_refused():
    frame = holding(plain()[0], lambda values: values * u.electron)
    with pytest.raises(
        TypeError, match=r"^darks\[0\]\.data must be a plain array, its unit in darks\[0\]\.unit, got a Q"
    ):
        dark_rate(frame, bias=BIAS)


def test_memory_maps_are_numpy_arrays(tmp_path):
    frames = plain()
    for number, frame in enumerate(frames):
        np.save(tmp_path / f"{number}.npy", frame.data)
        frame._data = np.load(tmp_path / f"{number}.npy", mmap_mode="r")
    assert isinstance(frames[0].data, np.memmap)
    assert_same_image(dark_rate(frames, bias=BIAS), dark_rate(plain(), bias=BIAS), meta=True)
