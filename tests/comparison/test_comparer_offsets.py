"""The offset that all pixels of an exposure time share."""

import numpy as np
import pytest

from ccdproc_darks import compare_dark_rates

from ..helpers import mean_dark, rate_image


@pytest.mark.filterwarnings("ignore::ccdproc_darks.BiasWarning")
@pytest.mark.parametrize("level", [-12.0, -1.0, 2.0, 100.0])
def test_common_offset(level):
    """Of an image with hot pixels, some of them not proportional."""
    from ccdproc_darks import dark_rate

    rng = np.random.default_rng(4)
    rates = np.full((200, 200), 0.5)
    rates.flat[:400] = rng.uniform(5, 500, 400)
    short = mean_dark(rng, rates, 30.0, 10, 5.0, rates.shape)
    rates.flat[:200] *= 0.5
    long = mean_dark(rng, rates, 300.0, 4, 5.0, rates.shape)
    short.data += level
    compared = compare_dark_rates(dark_rate(short), dark_rate(long))
    assert compared.meta["DKOFF1"] == pytest.approx(level, abs=0.06)
    assert np.median(compared.data.flat[400:]) == pytest.approx(0, abs=0.003)


def test_an_offset_that_grows_with_exposure_is_a_dark_rate():
    rates = [rate_image(np.full((5, 5), 3.0), time) for time in (10.0, 20.0, 40.0)]
    meta = compare_dark_rates(*rates).meta
    assert [meta[f"DKOFF{number}"] for number in (1, 2, 3)] == pytest.approx([0, 0, 0])
