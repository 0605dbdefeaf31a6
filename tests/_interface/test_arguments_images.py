"""Images of a wrong type, shape or unit: refused by name, whichever part of them it is, and wherever they are given."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, UnknownUncertainty, VarianceUncertainty

from ccdproc_darks import (
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    read_noise_map,
    repeatability,
    simulate_dark,
)

from ..helpers import ELECTRON_PER_SECOND, assert_same_image, dark, rate_image, snapshot

SHAPE = (5, 50)


def frame(seconds=100.0, number=0, **options):
    """The exposure of that number."""
    rng = np.random.default_rng([int(seconds), number])
    return dark(rng.normal(10, 3, SHAPE), seconds, uncertainty=StdDevUncertainty(np.full(SHAPE, 3.0)), **options)


def equal_frames(count):
    """Others than `frame` gives."""
    return [frame(number=number) for number in range(1, count + 1)]


def bias_frame(number=0):
    return frame(0.0, number)


def rate(seconds=10.0):
    return rate_image(np.ones(SHAPE), seconds)


def scatter():
    return dark_scatter(equal_frames(4))


def glow():
    return CCDData(np.zeros(SHAPE), unit=ELECTRON_PER_SECOND)


# Label of the image, an image that is right, and a call with another in its place.
CALLS = {
    "dark_rate": ("darks[1]", frame, lambda image: dark_rate([frame(number=1), image])),
    "one frame": ("darks[0]", frame, lambda image: dark_rate(image)),
    "bias": ("bias[0]", bias_frame, lambda image: dark_rate(frame(), bias=image)),
    "master_bias": ("biases[1]", bias_frame, lambda image: master_bias([bias_frame(1), image])),
    "read_noise_map": ("biases[20]", bias_frame, lambda image: read_noise_map([*map(bias_frame, range(1, 21)), image])),
    "dark_scatter": ("darks[3]", frame, lambda image: dark_scatter([*equal_frames(3), image])),
    "repeatability": ("darks[1]", frame, lambda image: repeatability([frame(number=1), image])),
    "compare_dark_rates": ("rates[1]", rate, lambda image: compare_dark_rates(rate(100.0), image)),
    "hot_pixel_mask": ("rates[0]", rate, lambda image: hot_pixel_mask(image)),
    "scatter": ("scatter[0]", scatter, lambda image: hot_pixel_mask(rate(), scatter=image)),
    "background": ("background", glow, lambda image: hot_pixel_mask(rate(), background=image)),
    "simulation": ("rate", glow, lambda image: simulate_dark(exposure=1 * u.s, rate=image)),
}  # fmt: skip
calls = pytest.mark.parametrize(("label", "make", "call"), CALLS.values(), ids=CALLS)
with_uncertainty = pytest.mark.parametrize(
    ("label", "make", "call"), [case for case in CALLS.values() if case[1] in (frame, bias_frame, rate)]
)


def named(label, text):
    return "^" + label.replace("[", r"\[").replace("]", r"\]") + text


@calls
@pytest.mark.parametrize("kind", [complex, object, "U3", "S3", bool, "M8[s]"])
def test_data_that_are_no_numbers(label, make, call, kind):
    image = make()
    image._data = np.ones(SHAPE).astype("i8").astype(kind)
    with pytest.raises(TypeError, match=named(label, r"\.data must be an array of numbers, got one of ")):
        call(image)


@calls
@pytest.mark.parametrize("kind", [complex, object, "U3", float, "M8[s]"])
def test_mask_that_is_no_mask(label, make, call, kind):
    image = make()
    image._mask = np.zeros(SHAPE, int).astype(kind)
    with pytest.raises(TypeError, match=named(label, r"\.mask must be an array of bool, .* got one of ")):
        call(image)


@calls
@pytest.mark.parametrize("shape", [(50,), (5, 1), (1, 50), (50, 5), (1,), (2, 5, 50)])
def test_mask_of_another_shape(label, make, call, shape):
    image = make()
    image._mask = np.zeros(shape, bool)
    with pytest.raises(ValueError, match=named(label, r"\.mask must have the shape of the data, \(5, 50\), got \(")):
        call(image)


@pytest.mark.parametrize("kind", ["u1", "i2", "i8"])
def test_integers_that_are_not_zero_are_bad(kind):
    """As in a file, and in ccdproc's functions, which make booleans of them."""
    where = np.zeros(SHAPE, kind)
    where[2, 3:6] = [1, 2, 128 if kind == "u1" else -1]
    image, expected = frame(), frame()
    image._mask, expected.mask = where, where != 0
    before = snapshot(image)
    result = dark_rate(image)
    assert_same_image(result, dark_rate(expected))
    assert result.mask.sum() == 3
    assert snapshot(image) == before


@pytest.mark.parametrize("value", [False, np.False_, np.zeros((), bool)])
def test_one_mask_for_all_pixels(value):
    image = frame()
    image._mask = value
    assert_same_image(dark_rate(image), dark_rate(frame()))


@with_uncertainty
def test_uncertainty_of_an_unknown_kind(label, make, call):
    image = make()
    image.uncertainty = UnknownUncertainty(np.ones(SHAPE))
    with pytest.raises(TypeError, match=named(label, r"\.uncertainty must be one of StdDevUncertainty, .* Unknown")):
        call(image)


@with_uncertainty
@pytest.mark.parametrize("kind", [complex, object, "U3", bool])
def test_uncertainty_that_is_no_number(label, make, call, kind):
    image = make()
    image.uncertainty._array = np.ones(SHAPE).astype(kind)
    with pytest.raises(TypeError, match=named(label, r"\.uncertainty must be an array of numbers, got one of ")):
        call(image)


@with_uncertainty
def test_uncertainty_of_another_shape(label, make, call):
    image = make()
    image.uncertainty._array = np.ones(50)
    with pytest.raises(
        ValueError, match=named(label, r"\.uncertainty must have the shape of the data, \(5, 50\), got")
    ):
        call(image)


@with_uncertainty
def test_uncertainty_in_another_unit(label, make, call):
    image = make()
    image.uncertainty._unit = u.m
    with pytest.raises(u.UnitsError, match=named(label, r"\.uncertainty is in m, expected ")):
        call(image)


@pytest.mark.parametrize(("kind", "power"), [(StdDevUncertainty, 1), (VarianceUncertainty, 2), (InverseVariance, -2)])
def test_uncertainty_in_a_multiple_of_the_unit(kind, power):
    """Of a frame and of a rate; 1000 times the unit with a 1000th of the number is the same."""
    for image, call in ((frame(read_noise=None), dark_rate), (rate(), hot_pixel_mask)):
        deviation = np.asarray(image.uncertainty.array, dtype=float)
        image.uncertainty = kind((deviation / 1000) ** power, unit=(1000 * image.unit) ** power)
        other = image.copy()
        other.uncertainty = kind(deviation**power)
        first, second = call(image), call(other)
        assert_same_image(first, second, rtol=1e-6)


@pytest.mark.parametrize("shape", [(0, 50), (5, 0), (0, 0)])
@calls
def test_no_pixel(label, make, call, shape):
    image = make()
    image._data, image._mask, image._uncertainty = np.ones(shape), None, None
    with pytest.raises(ValueError, match=named(label, r" must be an image with one pixel or more, got the shape \(")):
        call(image)


@calls
@pytest.mark.parametrize("shape", [(), (50,), (1, 5, 50), (2, 5, 50)])
def test_dimensions(label, make, call, shape):
    if shape == () and make is glow:
        return  # one number for all pixels
    if shape == (1, 5, 50) and make in (frame, bias_frame):
        return  # a cube of one plane is that plane: frames/test_images_of_file.py
    image = make()
    image._data, image._mask, image._uncertainty = np.ones(shape), None, None
    with pytest.raises(ValueError, match=r" must (be (one number or )?a 2-D image|have the shape of the rates)|shapes"):
        call(image)


@with_uncertainty
@pytest.mark.parametrize("kind", [StdDevUncertainty, VarianceUncertainty, InverseVariance])
def test_negative_uncertainty(label, make, call, kind):
    """Where the pixel is not masked: what is under a mask does not count."""
    image = make()
    deviation = np.array(image.uncertainty.array)
    deviation[2, 3:6] = -1.0
    image.uncertainty = kind(deviation)
    with pytest.raises(ValueError, match=named(label, r"\.uncertainty must be zero or positive, got 3 pixels that")):
        call(image)
    image.mask = deviation < 0
    call(image)


@pytest.mark.parametrize("kind", [StdDevUncertainty, VarianceUncertainty, InverseVariance])
@pytest.mark.parametrize("call", [lambda image: compare_dark_rates(rate(100.0), image), hot_pixel_mask])
def test_rate_without_noise(call, kind):
    image = rate()
    deviation = np.array(image.uncertainty.array)
    deviation[2, 3:6] = 0.0
    with np.errstate(divide="ignore"):
        power = {StdDevUncertainty: 1.0, VarianceUncertainty: 2.0, InverseVariance: -2.0}[kind]
        image.uncertainty = kind(deviation**power)
    with pytest.raises(ValueError, match=r"^rates\[.\]\.uncertainty must be above zero, .* got 3 pixels of no"):
        call(image)
    image.mask = deviation == 0
    call(image)


def test_rate_of_a_camera_without_noise():
    """What dark_rate itself gives where no electron came."""
    image = dark_rate(dark(np.eye(5, 50), 10.0, "electron"), read_noise=0 * u.electron)
    assert (image.uncertainty.array == 0).any()
    hot_pixel_mask(image)


def test_negative_uncertainty_in_a_file(tmp_path):
    """Its name is told."""
    paths = []
    for number in range(3):
        image = frame(number=number, read_noise=None)
        if number == 1:
            image.uncertainty.array[2, 3] = -1.0
        paths.append(tmp_path / f"{number}.fits")
        image.write(paths[-1])
    with pytest.raises(ValueError, match=r"1\.fits: its uncertainty \(extension UNCERT\) is negative in a good"):
        dark_rate(paths)
    with pytest.raises(ValueError, match=r"1\.fits: its uncertainty \(extension UNCERT\) is negative in a good"):
        dark_rate(paths[0], bias=paths[1], read_noise=5 * u.electron)
