"""On which pixels all nights agree."""

import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.report.agreement import agreement_of

HOT, NONLINEAR, TELEGRAPH = (int(DARK_FLAGS[name]) for name in ("HOT", "NONLINEAR", "TELEGRAPH"))
BAD = int(DARK_FLAGS["DO_NOT_USE"])


def night(*flags, dtype=np.uint32):
    data = np.array([flags], dtype=dtype)
    mask = CCDData(data, unit=u.dimensionless_unscaled, mask=(data.astype(int) & BAD) > 0)
    return SimpleNamespace(folder=Path("night"), header={"INSTRUME": "a", "XBINNING": 1}, image=lambda name: mask)


@pytest.fixture
def agreement():
    return agreement_of(
        [
            night(0, HOT, HOT | NONLINEAR | BAD, NONLINEAR | BAD, HOT),
            night(0, HOT, HOT | NONLINEAR | BAD, TELEGRAPH | BAD, 0),
            night(0, HOT, HOT | BAD, NONLINEAR | BAD, HOT | NONLINEAR | BAD),
        ]
    )


def test_numbers_of_nights(agreement):
    assert agreement.masked.tolist() == [[0, 0, 3, 3, 1]]
    assert agreement.hot.tolist() == [[0, 3, 3, 0, 2]]
    assert agreement.counts("masked").tolist() == [2, 1, 0, 2]
    assert agreement.counts("hot").tolist() == [2, 0, 1, 2]


def test_images(agreement, tmp_path):
    images = agreement.images()
    assert set(images) == {"mask", "nights_masked", "nights_hot"}
    # Flags that a pixel has in every night; it is masked in every night whatever the reasons were.
    assert images["mask"].data.tolist() == [[0, HOT, HOT | BAD, BAD, 0]]
    assert images["mask"].mask.tolist() == [[False, False, True, True, False]]
    for name, image in images.items():
        assert image.meta["DKNIGHTS"] == 3
        assert image.meta["INSTRUME"] == "a"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image.write(tmp_path / f"{name}.fits")
            back = CCDData.read(tmp_path / f"{name}.fits")
        assert np.array_equal(back.data, image.data)
        assert back.unit == image.unit
    assert (images["mask"].meta["NHOT"], images["mask"].meta["NMASKED"]) == (2, 2)
    assert np.array_equal(CCDData.read(tmp_path / "mask.fits").mask, images["mask"].mask)


def test_inputs_are_not_changed():
    first = night(HOT, HOT)
    agreement_of([first, night(0, HOT)])
    assert first.image("").data.tolist() == [[HOT, HOT]]


def test_mask_without_flags():
    with pytest.raises(ValueError, match=r"mask.fits has no flags: float64 in place of whole numbers"):
        agreement_of([night(0.0, 1.0, dtype=float)])
