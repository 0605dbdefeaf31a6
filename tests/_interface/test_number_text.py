"""Numbers as people read them."""

import math

import pytest

from ccdproc_darks._interface.number_text import percent_text, plain_number, share_text, with_error


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.00998, 0.00031, "0.0100 ± 0.0003"),
        (0.104, 0.0172, "0.104 ± 0.017"),
        (1.4251697, 0.00095867, "1.425 ± 0.001"),
        # Rounding makes another first digit of it.
        (5.0, 0.0299, "5.00 ± 0.03"),
        (5.0, 0.996, "5.0 ± 1.0"),
        (-0.0001, 0.03, "0.00 ± 0.03"),
        (12346, 120, "12350 ± 120"),
        (12345, 0.0, "12345"),
        (2.5, None, "2.50"),
        (2.5, math.nan, "2.50"),
        (math.nan, 0.1, "not known"),
    ],
)
def test_value_and_error_have_the_same_decimals(value, error, text):
    assert with_error(value, error) == text
    assert with_error(value, error, "electron/s") == (text if math.isnan(value) else f"{text} electron/s")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0242455, "0.0242"), (0.9996, "1.00"), (2.4e-7, "0.000000240"), (59983.4, "59983"), (-1.5, "-1.50"), (0, "0")],
)
def test_without_an_error_it_has_three_digits_and_no_exponent(value, text):
    assert plain_number(value) == text


def test_shares():
    assert share_text(0, 100) == "0"
    assert share_text(1, 100) == "1 (1.0 %)"
    assert share_text(100, 100) == "100 (100 %)"
    assert share_text(1, 10**7) == "1 (less than 0.001 %)"
    assert percent_text(1, 3) == "33 %"
