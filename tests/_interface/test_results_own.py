"""What is given is never changed, and a result shares neither memory nor objects with it."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty
from astropy.wcs import WCS

from ccdproc_darks import (
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    proportionality_limit,
    read_noise_map,
    repeatability,
    simulate_dark,
)

from ..helpers import ELECTRON_PER_SECOND, arrays_of, dark, share_memory, snapshot

SHAPE = (20, 30)


def image(seed, seconds=100.0, kind=None, dtype=float, mask=bool):
    values = np.random.default_rng(seed).normal(1010, 3, SHAPE)
    hidden = np.zeros(SHAPE, mask)
    hidden[2, 3] = 1
    uncertainty = None if kind is None else kind(np.full(SHAPE, 9.0))
    frame = dark(values.astype(dtype), seconds, uncertainty=uncertainty)
    frame._mask, frame.wcs = hidden, WCS(naxis=2)
    frame.meta["LIST"] = [1, 2]
    return frame


def frames(seconds=100.0, **options):
    return [image(seed, seconds, **options) for seed in range(4)]


def rate(seconds):
    return dark_rate(frames(seconds), bias=1000 * u.adu)


def noise_map():
    noise = np.random.default_rng(1).normal(5.0, 0.5, SHAPE)
    return CCDData(noise, unit="electron", uncertainty=StdDevUncertainty(noise / 5))


def glow():
    return CCDData(np.full(SHAPE, 0.1), unit=ELECTRON_PER_SECOND)


# What is given (all images of it), and the call.
CALLS = {
    "dark_rate": lambda: (frames(), dark_rate, {"bias": image(9, 0.0)}),
    "dark_rate, integers": lambda: (frames(dtype="u2", mask="u1"), dark_rate, {"bias": image(9, 0.0)}),
    "dark_rate, of own noise": lambda: (
        [frame for frame in frames(kind=VarianceUncertainty) if frame.meta.pop("RDNOISE")], dark_rate,
        {"bias": image(9, 0.0, kind=StdDevUncertainty)},
    ),
    "master_bias": lambda: (frames(0.0), master_bias, {}),
    "read_noise_map": lambda: ([image(seed, 0.0) for seed in range(20)], read_noise_map, {}),
    "dark_rate, by a map": lambda: (frames(), dark_rate, {"bias": image(9, 0.0), "read_noise": noise_map()}),
    "dark_scatter": lambda: (frames(), dark_scatter, {"bias": image(9, 0.0)}),
    "repeatability": lambda: (frames(), repeatability, {"bias": image(9, 0.0)}),
    "compare_dark_rates": lambda: ([rate(10.0), rate(100.0)], lambda rates: compare_dark_rates(*rates), {}),
    "significance": lambda: (
        [rate(10.0), rate(100.0)], lambda rates: compare_dark_rates(*rates, statistic="significance"), {}
    ),
    "hot_pixel_mask": lambda: (
        [rate(10.0), rate(100.0)], lambda rates, **others: hot_pixel_mask(*rates, **others),
        {"background": glow(), "scatter": dark_scatter(frames(), bias=1000 * u.adu)},
    ),
    "of one rate": lambda: ([rate(10.0)], lambda rates, **others: hot_pixel_mask(*rates, **others), {}),
    "proportionality_limit": lambda: ([rate(10.0), rate(100.0)], lambda rates: proportionality_limit(*rates), {}),
    "simulate_dark": lambda: ([], lambda _, **others: simulate_dark(exposure=9 * u.s, **others), {"rate": glow()}),
}  # fmt: skip


@pytest.mark.parametrize("make", CALLS.values(), ids=CALLS)
def test_input_is_left_alone(make):
    given, function, others = make()
    images = [*given, *others.values()]
    before = [snapshot(one) for one in images]
    metas = [dict(one.meta) for one in images]
    for one in images:
        for array in arrays_of(one):
            array.flags.writeable = False
    result = function(given, **others)
    assert [snapshot(one) for one in images] == before
    for one, meta in zip(images, metas, strict=True):
        assert all(one.meta[key] is value for key, value in meta.items() if isinstance(value, list))
    if not isinstance(result, CCDData):
        return
    for one in images:
        assert not share_memory(result, one)
        assert result.wcs is None or result.wcs is not one.wcs
        assert result.meta is not one.meta
    assert all(array.flags.writeable for array in arrays_of(result))
