"""What several test modules need: frames made by hand, and comparisons of images."""

import copy
import re
import warnings
from types import SimpleNamespace

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import NoUsablePixelWarning, dark_rate

ELECTRON_PER_SECOND = u.electron / u.s
# Keys of a FITS file's structure, which writing adds.
STRUCTURAL = {"SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "BSCALE", "BZERO", "PCOUNT",
              "GCOUNT", "EXTNAME", "BUNIT"}  # fmt: skip


def dark(data, seconds=100.0, unit="adu", *, gain=2.0, read_noise=5.0, mask=None, uncertainty=None, **keys):
    """A dark frame of these values; an argument that is None leaves its key out of the header."""
    meta = {"EXPTIME": seconds, "EGAIN": gain, "RDNOISE": read_noise, **keys}
    meta = {key: value for key, value in meta.items() if value is not None}
    return CCDData(np.array(data), unit=unit, mask=mask, uncertainty=uncertainty, meta=meta)


def noisy_darks(rng, rate, seconds, number, read_noise, shape, bias=0.0):
    """Frames in electron, unrounded."""
    return [
        dark(rng.poisson(rate * seconds, shape) + rng.normal(0, read_noise, shape) + bias, seconds, "electron",
             read_noise=read_noise)
        for _ in range(number)
    ]  # fmt: skip


def mean_dark(rng, rate, seconds, number, read_noise, shape):
    """The mean of so many frames in electron, drawn at once."""
    electrons = rng.poisson(np.broadcast_to(rate, shape) * (seconds * number)) / number
    noise = rng.normal(0, read_noise / np.sqrt(number), shape)
    return dark(electrons + noise, seconds, "electron", read_noise=read_noise, NCOMBINE=number)


def master_bias(rng, read_noise, number, shape):
    """Master bias of level zero (electron), as noisy as one of so many frames."""
    values = rng.normal(0, read_noise / np.sqrt(number), shape)
    return CCDData(values, unit="electron", meta={"NCOMBINE": number})


def rate_image(values, seconds, *, number=10, read_noise=5.0, **options):
    """What dark_rate makes of noiseless frames of these rates (electron/s), a saturated or masked pixel included."""
    values = np.atleast_2d(values)
    frame = dark(values * seconds, seconds, "electron", read_noise=read_noise, NCOMBINE=number)
    with warnings.catch_warnings():
        # The one pixel of some of them is saturated.
        warnings.simplefilter("ignore", NoUsablePixelWarning)
        return dark_rate(frame, dtype="float64", **options)


def assert_same_image(first, second, *, rtol=0.0, meta=False):
    """Equal data (NaN equals NaN), mask, unit and uncertainty; with ``meta`` equal keys too."""
    np.testing.assert_allclose(first.data, second.data, rtol=rtol, atol=0)
    assert first.data.dtype.newbyteorder("=") == second.data.dtype.newbyteorder("=")
    np.testing.assert_array_equal(full_mask(first), full_mask(second))
    assert first.unit == second.unit
    assert (first.uncertainty is None) == (second.uncertainty is None)
    if first.uncertainty is not None:
        assert type(first.uncertainty) is type(second.uncertainty)
        np.testing.assert_allclose(first.uncertainty.array, second.uncertainty.array, rtol=rtol, atol=0)
    if meta:
        assert dict(first.meta) == dict(second.meta)


def full_mask(image):
    """The mask as an array, whatever it is."""
    return np.zeros(image.shape, bool) if image.mask is None else np.broadcast_to(image.mask, image.shape)


def snapshot(image):
    """All that must not change in an image, as bytes and copies."""

    def of(array):
        return None if array is None else (np.asarray(array).dtype.str, np.asarray(array).tobytes())

    uncertainty = None if image.uncertainty is None else of(image.uncertainty.array)
    meta = [
        (key, value if isinstance(value, str | int | float) else copy.deepcopy(value))
        for key, value in image.meta.items()
    ]
    return of(image.data), of(image.mask), uncertainty, image.unit, meta


def arrays_of(image):
    """The arrays that make up an image."""
    uncertainty = None if image.uncertainty is None else image.uncertainty.array
    return [np.asarray(array) for array in (image.data, image.mask, uncertainty) if array is not None]


def share_memory(first, second):
    """Whether any array of one image is (part of) one of the other's."""
    return any(np.shares_memory(a, b) for a in arrays_of(first) for b in arrays_of(second))


def whole(text):
    """Pattern of a whole text, for ``match=``."""
    return f"^{re.escape(text)}$"


def headers_alone(*metas, unit=u.adu):
    """What has a header, a label and a unit of a frame, and no pixels."""
    return [
        SimpleNamespace(header=fits.Header(meta), label=f"frame {number}", unit=unit)
        for number, meta in enumerate(metas)
    ]
