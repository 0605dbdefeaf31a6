"""Frames of a camera, in files."""

import numpy as np
import pytest
from astropy.io import fits

SHAPE = (6, 5)


@pytest.fixture
def raw():
    """Raw counts of three frames."""
    return np.random.default_rng(1).integers(100, 60000, (3, *SHAPE)).astype("uint16")


@pytest.fixture
def camera_files(tmp_path, raw):
    """The same frames as a camera writes them: 16 bit with BZERO, without BUNIT."""
    paths = []
    for number, counts in enumerate(raw):
        hdu = fits.PrimaryHDU(counts)
        hdu.header.update({"EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0, "DATE-OBS": "2019-09-06T19:45:51.883"})
        paths.append(tmp_path / f"dark{number}.fits")
        hdu.writeto(paths[-1])
    return paths
