"""What is said where no sample of any frame can be used: each is counted once, for the first reason."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import NoUsablePixelWarning, dark_rate, dark_scatter, master_bias

from ..helpers import dark

SHAPE = (4, 10)
ALL = r"^all pixels of the result are masked, as no pixel has a sample that can be used: of 120 samples, "


def frames(values=10.0, **options):
    return [dark(np.full(SHAPE, values) + number, **options) for number in range(3)]


def test_each_reason_is_counted():
    darks = frames(mask=np.arange(40).reshape(SHAPE) < 15)
    for frame in darks:
        frame.data[0, :4] = np.nan
        frame.data[3] = 500.0
    bias = CCDData(np.zeros(SHAPE), unit="adu", meta={"NCOMBINE": 3})
    bias.data[1:3] = np.nan
    with pytest.warns(NoUsablePixelWarning, match=(
        ALL + r"12 are not finite, 33 are masked, 45 are without a bias, which is masked or not finite there, "
        "30 are at the saturation level, 400 with the bias, or above$"
    )):  # fmt: skip
        result = dark_rate(darks, bias=bias, saturation=400 * u.adu)
    assert result.mask.all()


def test_frames_with_noise_of_their_own():
    darks = frames(read_noise=None, uncertainty=StdDevUncertainty(np.full(SHAPE, np.nan)))
    with pytest.warns(NoUsablePixelWarning, match=ALL + r"120 are without an uncertainty that is finite$"):
        dark_rate(darks)


def test_frames_in_files(tmp_path):
    for function, seconds in ((dark_rate, 100.0), (master_bias, 0.0)):
        paths = [tmp_path / f"{seconds:g}s_{number}.fits" for number in range(3)]
        for frame, path in zip(frames(np.inf, seconds=seconds), paths, strict=True):
            frame.write(path)
        with pytest.warns(NoUsablePixelWarning, match=ALL + r"120 are not finite$"):
            assert function(paths).mask.all()


def test_too_few_frames_in_each_pixel():
    darks = [*frames(), dark(np.full(SHAPE, np.nan))]
    with pytest.warns(NoUsablePixelWarning, match=r"no pixel has 4 samples .* of 160 samples, 40 are not finite$"):
        assert dark_scatter(darks).mask.all()


def test_a_pixel_that_can_be_used_is_enough(recwarn):
    darks = frames(np.nan)
    for number, frame in enumerate(darks):
        frame.data[1, 1] = 10.0 + number
    assert not dark_rate(darks).mask.all()
    assert not recwarn.list
