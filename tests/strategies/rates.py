"""Dark rates of one sensor, as results of `ccdproc_darks.dark_rate`."""

import numpy as np
from astropy.nddata import CCDData
from hypothesis import strategies as st

from ccdproc_darks import dark_rate

from .frames import masks
from .numbers import read_noises, seeds, shapes

_TIMES = (10.0, 100.0, 1000.0)


@st.composite
def rate_sets(draw, shape=None, max_rates=3, dtype="float32"):
    """A list of rates of different exposure times, the shortest first, with masked pixels and a few hot ones."""
    shape = draw(shapes) if shape is None else shape
    times = sorted(draw(st.lists(st.sampled_from(_TIMES), min_size=1, max_size=max_rates, unique=True)))
    read_noise, rng = draw(read_noises), np.random.default_rng(draw(seeds))
    truth = np.where(rng.random(shape) < 0.1, 20.0, 0.1)
    rates = []
    for time in times:
        number = draw(st.integers(1, 9))
        mean = rng.poisson(truth * time * number, shape) / number + rng.normal(0, read_noise / number**0.5, shape)
        meta = {"EXPTIME": time, "RDNOISE": read_noise, "NCOMBINE": number}
        rates.append(dark_rate(CCDData(mean, unit="electron", mask=draw(masks(shape)), meta=meta), dtype=dtype))
    return rates
