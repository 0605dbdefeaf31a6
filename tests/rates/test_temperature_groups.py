"""Rates of the same sensor temperature."""

import pytest

from ccdproc_darks.rates.temperature_groups import temperature_groups

from ..helpers import rate_image


def rates_at(*celsius):
    """Rates whose values are their places."""
    rates = [rate_image([[float(place)]], 10) for place in range(len(celsius))]
    for rate, degrees in zip(rates, celsius, strict=True):
        if degrees is not None:
            rate.meta["DKTEMP"] = degrees
    return rates


def groups_of(*celsius):
    return [(mean, [rate.data[0, 0] for rate in rates]) for mean, rates in temperature_groups(rates_at(*celsius))]


def test_groups():
    """In the order of the user; a sensor may be 2 deg C off."""
    assert groups_of(-10.0, -20.0, -11.0, -20.5) == [(-20.25, [1, 3]), (-10.5, [0, 2])]
    assert groups_of(-10.0, -12.0) == [(-11.0, [0, 1])]
    assert groups_of(-10.0, -12.1) == [(-12.1, [1]), (-10.0, [0])]


def test_no_chain():
    """Neighbours are near each other, but the ends are not."""
    assert [rates for _, rates in groups_of(0.0, 1.5, 3.0)] == [[0, 1], [2]]


def test_unknown():
    assert groups_of(None, None) == [(None, [0, 1])]
    assert groups_of(None, -10.0) == [(-10.0, [0, 1])]
    with pytest.raises(ValueError, match=r"^rates\[1\] does not tell its temperature .* several, -20.0 to -10.0 deg C"):
        groups_of(-10.0, None, -20.0)
