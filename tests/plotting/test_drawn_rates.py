"""Rates as they are drawn: their noise, their saturated pixels, their names."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import dark_rate
from ccdproc_darks.plotting.drawn_rates import drawn_rates

from ..helpers import mean_dark, rate_image


def rate(seconds=90.0, number=10, temperature=None, night=None, values=((1.0, 2.0),), **options):
    image = rate_image(np.array(values), seconds, number=number, read_noise=10.0, **options)
    if temperature is not None:
        image.meta["DKTEMP"] = temperature
    if night is not None:
        image.meta["DATE-OBS"] = night
    return image


def test_read_noise_as_a_rate():
    """That of the CCD guide: ten frames of 90 s."""
    (drawn,) = drawn_rates([rate()])
    assert drawn.noise_limit == pytest.approx(0.0351, abs=1e-4)


def test_noise_is_that_of_frames():
    rng = np.random.default_rng(1)
    for typical, seconds, number in ((0.003, 100, 4), (2.0, 30, 9), (3000.0, 30, 9)):
        image = dark_rate(mean_dark(rng, typical, seconds, number, 2.0, (150, 150)), saturation=1e9 * u.electron)
        (drawn,) = drawn_rates([image])
        at = np.quantile(image.data, [0.01, 0.1, 0.5, 0.9, 0.99])
        np.testing.assert_allclose(drawn.noise_below(at, typical), [0.01, 0.1, 0.5, 0.9, 0.99], atol=0.012)


def test_saturated_pixels_are_told_from_masked_ones():
    image = rate(seconds=100.0, values=[[1.0, 2.0, 7.0, 8.0, 9.0]], saturation=650 * u.electron)
    image.mask[0, 0] = True
    (drawn,) = drawn_rates([image])
    np.testing.assert_array_equal(drawn.saturated, [[False, False, True, True, True]])
    assert drawn.ceiling == (6.5, 3)
    assert drawn.counts().total == 1
    assert drawn.counts(saturated=True).total == 4


def test_without_a_mask_nothing_saturates():
    (drawn,) = drawn_rates([rate()])
    assert drawn.ceiling is drawn.saturated is drawn.mask is None


def test_other_units():
    image = rate()
    (drawn,) = drawn_rates([image.convert_unit_to(u.electron / u.hour)])
    np.testing.assert_allclose(drawn.data, image.data)
    assert drawn.image.unit == u.electron / u.s


@pytest.mark.parametrize(("given", "names"), [
    ([{}, {"seconds": 1000.0, "number": 20}], ["90 s x 10", "1000 s x 20"]),
    ([{"temperature": -10.0}, {"temperature": -10.3}], ["1: 90 s x 10", "2: 90 s x 10"]),
    ([{"temperature": -10.0}, {"temperature": 0.04}], ["-10 °C", "0 °C"]),
    ([{"night": "2024-03-01T22:00:00"}, {"night": "2024-04-05T01:00:00"}], ["2024-03-01", "2024-04-05"]),
    ([{"night": "2024-03-01T22:00:00"}, {"night": "2024-04-05T01:00:00", "seconds": 30.0}],
     ["2024-03-01, 90 s x 10", "2024-04-05, 30 s x 10"]),
    ([{"night": "2024-03-01"}, {}], ["2024-03-01", "90 s x 10"]),
    ([{}], ["90 s x 10"]),
])  # fmt: skip
def test_names_say_what_differs(given, names):
    assert [drawn.label for drawn in drawn_rates([rate(**each) for each in given])] == names


def test_name_of_a_rate_of_several_exposure_times():
    rng = np.random.default_rng(1)
    darks = [mean_dark(rng, 2.0, seconds, 2, 5.0, (20, 20)) for seconds in (30.0, 90.0)]
    (drawn,) = drawn_rates([dark_rate(darks, bias=0 * u.electron)])
    assert drawn.label == "30 to 90 s, 4 frames"


def test_the_header_of_a_file(tmp_path):
    image = rate(temperature=-5.0, night="2024-03-01T22:00:00")
    image.meta = fits.Header(dict(image.meta))
    assert drawn_rates([image])[0].label == "90 s x 10"


@pytest.mark.parametrize(("labels", "error", "text"), [
    ("ab", TypeError, "labels must be a sequence of texts, one for each rate, got 'ab'"),
    ([1, 2], TypeError, "labels must be a sequence of texts"),
    (["a"], ValueError, "labels must be as many as the rates, 2, got 1"),
])  # fmt: skip
def test_labels_that_are_none(labels, error, text):
    with pytest.raises(error, match=text):
        drawn_rates([rate(), rate()], labels)


def test_no_rate():
    with pytest.raises(ValueError, match="at least one rate is needed"):
        drawn_rates([])
