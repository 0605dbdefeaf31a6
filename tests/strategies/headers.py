"""Headers as cameras write them: the keys that this package reads, in their many spellings, and all the others."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.time import Time, TimeDelta
from hypothesis import strategies as st

from .numbers import gains, read_noises, seconds

_EXPOSURE_KEYS = [("EXPTIME",), ("EXPOSURE",), ("EXPTIME", "EXPOSURE"), ("EXPOSURE", "EXPTIME")]
_DARK_WORDS = ("Dark Frame", "DARK", "dark", "Dark", "Dark Frame  ")
_BIAS_WORDS = ("Bias Frame", "BIAS", "bias", "Bias")
_SPELLINGS = ("float", "numpy", "int", "text")
_START = Time("2026-01-01T20:00:00", scale="utc")

# Cards that say nothing of the dark current: value and comment.
_OTHER_CARDS = {
    "OBJECT": ("", ""),
    "OBSERVER": ("O'Brien & Daughters", "who's there"),
    "READOUTM": ("High Quality", "readout mode"),
    "GAIN": (120, "gain setting, in steps of 0.1 dB"),
    "OFFSET": (30, ""),
    "FLIPSTAT": ("", "flip"),
    "SITELAT": ("+50 12 33", "latitude"),
    "FOCALLEN": (2563.0, "[mm]"),
    "SWOWNER": ("a name so long that it goes on over one card, " * 3, ""),
    "COOLER": (True, "whether the cooler is on"),
    "AIRMASS": (None, "not known of a dark"),
    "JD": (2461042.3333333335, "Julian date"),
    "SERIALNO": (12345678901234, ""),
    "HIERARCH CAMERA SENSOR NUMBER": (7, "longer than eight characters"),
    "HIERARCH ESO DET READ CLOCK": ("fast", ""),
}
_texts = st.sampled_from(["", "dome closed", "a = b", "x" * 90])
# Values of a dict that FITS has no form for.
_UNWRITABLE = {
    "NIGHTS": [1, 2],
    "AREA": 3 * u.um**2,
    "SEEING": np.nan,
    "PLACE": "Zürich",
    "a nested one": {"key": 1},
}


@dataclass(frozen=True)
class CardStyle:
    """How one camera writes its headers: the same in all of its frames.

    ``unknown`` are the keys that the camera does not write; ``others`` those cards that say nothing of dark current;
    a ``plain_dict`` as meta may hold what FITS cannot, where ``unwritable``.
    """

    exposure_keys: tuple = ("EXPTIME",)
    spelling: str = "float"
    dark_word: str = "Dark Frame"
    bias_word: str = "Bias Frame"
    binning: int = 1
    unknown: frozenset = frozenset()
    others: tuple = ()
    comments: bool = True
    dates: bool = True
    counts_frames: bool = False
    remarks: tuple = ()
    plain_dict: bool = False
    unwritable: bool = False


def card_styles():
    """Strategy of `CardStyle`."""
    return st.builds(
        CardStyle,
        exposure_keys=st.sampled_from(_EXPOSURE_KEYS),
        spelling=st.sampled_from(_SPELLINGS),
        dark_word=st.sampled_from(_DARK_WORDS),
        bias_word=st.sampled_from(_BIAS_WORDS),
        binning=st.integers(1, 2),
        unknown=st.frozensets(st.sampled_from(["RDNOISE", "SATURATE", "CCD-TEMP", "SET-TEMP", "IMAGETYP", "INSTRUME"])),
        others=st.lists(st.sampled_from(sorted(_OTHER_CARDS)), unique=True).map(tuple),
        comments=st.booleans(),
        dates=st.booleans(),
        counts_frames=st.booleans(),
        remarks=st.lists(st.tuples(st.sampled_from(["HISTORY", "COMMENT", ""]), _texts), max_size=4).map(tuple),
        plain_dict=st.booleans(),
        unwritable=st.booleans(),
    )


def camera_meta(style, seconds, *, gain, read_noise, saturate=None, celsius=None, number=0):
    """Meta (`astropy.io.fits.Header`, or a dict) of one frame of a camera, its ``number`` in the night."""
    style_of = style.spelling
    cards = {"IMAGETYP": (style.dark_word if seconds > 0 else style.bias_word, "type of image")}
    for key in style.exposure_keys:
        cards[key] = (spelled(seconds, style_of), "[s] exposure time")
    cards["EGAIN"] = (spelled(gain, style_of), "[electron/adu] gain")
    cards["RDNOISE"] = (spelled(read_noise, style_of), "[electron] read noise")
    if saturate is not None:
        cards["SATURATE"] = (spelled(saturate, style_of), "[adu] level of saturation")
    if celsius is not None:
        cards["CCD-TEMP"] = cards["SET-TEMP"] = (spelled(celsius, style_of), "[deg C] temperature")
    cards["INSTRUME"] = ("Camera 1", "camera")
    cards["XBINNING"] = cards["YBINNING"] = (style.binning, "binning")
    if style.dates:
        cards["DATE-OBS"] = ((_START + TimeDelta(1000.0 * number, format="sec")).isot, "start of the exposure (UTC)")
    if style.counts_frames:
        cards["NCOMBINE"] = (1, "number of frames")
    cards |= {key: _OTHER_CARDS[key] for key in style.others}
    cards = {key: card for key, card in cards.items() if key not in style.unknown}
    if style.plain_dict:
        # A dict has neither comments nor long keys of FITS's own.
        plain = {key.removeprefix("HIERARCH "): value for key, (value, _) in cards.items()}
        return plain | (_UNWRITABLE if style.unwritable else {})
    header = fits.Header()
    for key, (value, comment) in cards.items():
        header[key] = (value, comment if style.comments and len(str(value)) < 40 else "")
    for key, text in style.remarks:
        header.add_history(text) if key == "HISTORY" else header.add_comment(text) if key else header.add_blank(text)
    return header


def spelled(number, spelling):
    """A number as one of the types that headers hold; the same number whatever the type."""
    if spelling == "text":
        return repr(float(number))
    if spelling == "int" and float(number).is_integer():
        return int(number)
    return np.float64(number) if spelling == "numpy" else float(number)


def is_storable(frame):
    """Whether astropy writes the meta of a frame (CCDData) to FITS, and reads the same back."""
    return isinstance(frame, CCDData) and isinstance(frame.meta, fits.Header)


@st.composite
def headers(draw, style=None):
    """Meta of one frame: `camera_meta` with numbers of all sizes."""
    return camera_meta(
        draw(card_styles()) if style is None else style,
        draw(seconds | st.sampled_from([0.0, 100.0])),
        gain=draw(gains),
        read_noise=draw(read_noises),
        saturate=draw(st.none() | st.just(60000.0)),
        celsius=draw(st.none() | st.integers(-40, 20) | st.floats(-40, 20)),
    )
