"""Small frames, rates, files and folders that are right, or wrong in one thing."""

import gzip
import io
from functools import lru_cache

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import dark_rate, dark_scatter

from ..helpers import ELECTRON_PER_SECOND

__all__ = [
    "ADU",
    "BIAS",
    "GAIN",
    "PER_SECOND",
    "SHAPE",
    "E",
    "S",
    "biases",
    "card",
    "darks",
    "file",
    "folder",
    "frame",
    "master",
    "rate",
    "rates",
    "scatter",
    "with_meta",
]

SHAPE = (20, 24)
BIAS, NOISE, GAIN_VALUE = 500, 5.0, 2.0
ADU, E, S = u.adu, u.electron, u.s
GAIN, PER_SECOND = u.electron / u.adu, ELECTRON_PER_SECOND
#: Read noise of a digitised frame (electron).
MEASURED_NOISE = 5.033


@lru_cache
def _pixels(seed, electrons, shape):
    rng = np.random.default_rng([seed, int(electrons)])
    counts = (rng.poisson(electrons, shape) + rng.normal(0, NOISE, shape)) / GAIN_VALUE + BIAS
    return np.rint(counts).astype("uint16")


def frame(seconds, *, seed=0, per_second=0.5, shape=SHAPE, unit="adu", data=None, mask=None, **keys):
    """One frame as a camera gives it: a dark of a rate (electron/s), or a bias frame. A key that is None is absent."""
    meta = {
        "IMAGETYP": "Dark Frame" if seconds else "Bias Frame",
        "EXPTIME": float(seconds),
        "EGAIN": GAIN_VALUE,
        "RDNOISE": MEASURED_NOISE,
        "INSTRUME": "camera A",
        "XBINNING": 1,
        "YBINNING": 1,
        "CCD-TEMP": -20.0,
    }
    meta |= {key.replace("_", "-"): value for key, value in keys.items()}
    meta = {key: value for key, value in meta.items() if value is not None}
    if data is None:
        data = _pixels(seed, per_second * seconds, shape).copy()
    return CCDData(data, unit=unit, mask=mask, meta=fits.Header(meta))


def darks(number=5, seconds=100.0, *, seed=0, **options):
    """Darks of one exposure time; each has noise of its own."""
    return [frame(seconds, seed=100 * seed + index, **options) for index in range(number)]


def biases(number=5, *, seed=7, **options):
    """Bias frames; each has noise of its own."""
    return [frame(0.0, seed=100 * seed + index, **options) for index in range(number)]


def master(number=20, *, shape=SHAPE, electrons=0.0, **keys):
    """A master bias of so many frames."""
    noise = np.random.default_rng(3).normal(0, NOISE / GAIN_VALUE / np.sqrt(number), shape)
    meta = {"IMAGETYP": "Bias Frame", "EXPTIME": 0.0, "NCOMBINE": number, "INSTRUME": "camera A", "EGAIN": GAIN_VALUE}
    meta |= {"XBINNING": 1, "YBINNING": 1, "CCD-TEMP": -20.0}
    meta |= {key.replace("_", "-"): value for key, value in keys.items()}
    meta = {key: value for key, value in meta.items() if value is not None}
    return CCDData(BIAS + electrons / GAIN_VALUE + noise, unit="adu", meta=fits.Header(meta))


def rate(seconds=100.0, *, number=5, seed=0, shape=SHAPE, frames=None, **changes):
    """A result of dark_rate, whose meta is then changed: None takes a key out."""
    options = {"seed": seed + int(seconds), "shape": shape, **(frames or {})}
    return with_meta(dark_rate(darks(number, seconds, **options), bias=BIAS * u.adu), **changes)


def rates(*times, frames=None, **changes):
    """Rates of several exposure times, of which the first has its meta changed."""
    return [
        rate(seconds, frames=frames, **(changes if index == 0 else {}))
        for index, seconds in enumerate(times or (50, 500))
    ]


def scatter(**changes):
    """A result of dark_scatter, whose meta is then changed."""
    return with_meta(dark_scatter(darks(), bias=BIAS * u.adu), **changes)


def with_meta(image, **changes):
    """An image after a change of its meta; None takes a key out."""
    for key, value in changes.items():
        if value is None:
            image.meta.pop(key, None)
        else:
            image.meta[key] = value
    return image


def with_deviation(image, deviation):
    """An image with another uncertainty in all pixels."""
    image.uncertainty = StdDevUncertainty(np.full(image.shape, deviation))
    return image


@lru_cache
def _written(seconds, seed, shape, keys):
    buffer = io.BytesIO()
    image = frame(seconds, seed=seed, shape=shape, **dict(keys))
    hdus = image.to_hdu()
    hdus.writeto(buffer)
    return buffer.getvalue()


def file_bytes(seconds=30.0, *, seed=0, shape=SHAPE, cards=(), **keys):
    """Bytes of a FITS file of one frame. ``cards`` are pairs of a key and the text of the card in its place."""
    content = _written(seconds, seed, shape, tuple(keys.items()))
    for key, text in cards:
        content = card(content, key, text)
    return content


def file(folder, name="bad.fits", **options):
    """Path of a new FITS file of one frame, see `file_bytes`."""
    path = folder / name
    content = file_bytes(**options)
    path.write_bytes(gzip.compress(content, 1, mtime=0) if name.endswith(".gz") else content)
    return path


def card(content, key, text):
    """Bytes of a FITS file with another card in place of the first one of a key, or with one more."""
    cards = [content[start : start + 80] for start in range(0, len(content), 80)]
    raw = text.encode("latin-1").ljust(80)
    assert len(raw) == 80, text
    end = cards.index(b"END".ljust(80))
    for index, old in enumerate(cards[:end]):
        if old.startswith(key.encode().ljust(8)):
            cards[index] = raw
            return b"".join(cards)
    cards[end] = raw
    assert cards[end + 1].strip() == b"", "the header's block is full"
    cards[end + 1] = b"END".ljust(80)
    return b"".join(cards)


def folder(parent, name="night", *, times=(30.0, 300.0), number=4, bias_frames=3, **keys):
    """Path of a new folder with bias frames and darks."""
    path = parent / name
    path.mkdir()
    for index in range(bias_frames):
        file(path, f"bias_{index}.fits", seconds=0.0, seed=index, **keys)
    for seconds in times:
        for index in range(number):
            file(path, f"dark_{seconds:g}s_{index}.fits", seconds=seconds, seed=1000 + int(seconds) + index, **keys)
    return path
