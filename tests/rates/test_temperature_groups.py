"""Rates of the same sensor temperature."""

import pytest

from ccdproc_darks.rates.temperature_groups import temperature_groups

from ..helpers import rate_image


def rates_at(*celsius):
    rates = [rate_image([[1.0]], 10) for _ in celsius]
    for rate, degrees in zip(rates, celsius, strict=True):
        if degrees is not None:
            rate.meta["DKTEMP"] = degrees
    return rates


def groups_of(*celsius):
    return temperature_groups(rates_at(*celsius))


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


def test_one_sensor():
    """Rates of several temperatures become one dark: they must be of one camera and shape."""
    rates = rates_at(-20.0, -10.0)
    for rate, camera in zip(rates, ("one", "two"), strict=True):
        rate.meta["INSTRUME"] = camera
    with pytest.raises(ValueError, match=r"^rates must be of one camera: INSTRUME is 'one' in rates\[0\], 'two' in"):
        temperature_groups(rates)
    assert len(temperature_groups(rates, check_headers=False)) == 2
    other = rate_image([[1.0, 2.0]], 10)
    other.meta["DKTEMP"] = 0.0
    with pytest.raises(ValueError, match=r"^rates must have one shape: rates\[0\] is \(1, 1\), rates\[2\] is \(1, 2\)"):
        temperature_groups([*rates, other], check_headers=False)
