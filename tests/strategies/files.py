"""Frames in FITS files: scaled, compressed, with mask and uncertainty, in the primary HDU or in an extension."""

import bz2
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from hypothesis import strategies as st

from .frames import frames
from .headers import card_styles

# How a frame may be written; the last two for whole numbers alone.
FORMS = ("plain", "gz", "bz2", "extension", "fz", "scaled", "blank")
_BLANK = -32768


@dataclass(repr=False)
class StoredFrame:
    """A FITS file and what it holds: ``values`` (float, NaN where there is none) and the frame that was written."""

    path: Path
    values: np.ndarray
    frame: CCDData
    form: str


@st.composite
def stored_frames(draw, folder, form=None):
    """A frame in a new file of the ``folder``."""
    style = draw(card_styles())
    frame = draw(frames(style=type(style)(**{**vars(style), "plain_dict": False})))
    form = draw(st.sampled_from([name for name in FORMS if fits_form(frame, name)])) if form is None else form
    number = sum(1 for _ in Path(folder).iterdir())
    return write_frame(frame, Path(folder) / f"frame_{number:04d}", form)


def fits_form(frame, form):
    """Whether a frame can be written so."""
    if form == "blank":
        return frame.data.dtype.name == "int16" and not (frame.data == _BLANK).any()
    return form != "scaled" or frame.data.dtype.name in ("int16", "uint16")


def write_frame(frame, stem, form="plain"):
    """Write a frame (CCDData) into a file whose path begins with ``stem``; a `StoredFrame`."""
    hdus, values = frame.to_hdu(), frame.data.astype(float)
    if form == "blank":
        hdus[0].header["BLANK"] = _BLANK
        data = frame.data.astype(np.int16)
        data.flat[0] = _BLANK
        hdus[0].data, values.flat[0] = data, np.nan
    elif form == "scaled":
        # Half steps, about a zero point: exact in binary.
        values = values // 2 / 2 + 100
        stored = np.round((values - 100) * 2).astype(np.int16)
        primary = fits.PrimaryHDU(stored, hdus[0].header)
        primary.header["EXTEND"] = True
        hdus = fits.HDUList([primary, *hdus[1:]])
        return _written(stem, ".fits", hdus, values, frame, form, raw_scale=(0.5, 100.0))
    elif form == "extension":
        first, *rest = hdus
        hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(first.data, first.header), *rest])
    elif form == "fz":
        first, *rest = hdus
        lossless = {} if first.data.dtype.kind in "iu" else {"compression_type": "GZIP_1", "quantize_level": 0}
        packed = fits.CompImageHDU(first.data, first.header, **lossless)
        hdus = fits.HDUList([fits.PrimaryHDU(), packed, *rest])
    return _written(stem, ".fits" + {"gz": ".gz", "bz2": ".bz2", "fz": ".fz"}.get(form, ""), hdus, values, frame, form)


def _written(stem, suffix, hdus, values, frame, form, raw_scale=None):
    path = Path(f"{stem}{suffix}")
    plain = Path(f"{stem}.fits")
    hdus.writeto(plain if form in ("gz", "bz2") else path)
    if raw_scale is not None:
        # astropy takes the scale of numbers that it was given as theirs, and drops it.
        with fits.open(path, mode="update", do_not_scale_image_data=True) as opened:
            opened[0].header["BSCALE"], opened[0].header["BZERO"] = raw_scale
    if form in ("gz", "bz2"):
        packer = gzip.compress if form == "gz" else bz2.compress
        path.write_bytes(packer(plain.read_bytes()))
        plain.unlink()
    return StoredFrame(path, values, frame, form)
