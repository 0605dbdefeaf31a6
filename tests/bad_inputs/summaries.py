"""What a summary of rates cannot be made of."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import hot_pixel_mask

from .given import BIAS, PER_SECOND, SHAPE, darks, rate, rates
from .wanted import KNOW, Error, Right, Row

__all__ = ["GROUPS"]


def summary(name, tried, wanted, **options):
    """Row for options of dark_summary, with rates of two exposure times."""
    return Row(f"summary-{name}", tried, "dark_summary", lambda t: t(*rates(), **options), wanted)


def has_no_variance(found):
    (row,) = np.flatnonzero(found["quantity"] == "rate from the variance")
    return found["rate"].mask[row] and found["meaning"][row] != ""


SUMMARIES = [
    Row("summary-nothing", "no rate", "dark_summary", lambda t: t(), Error("ValueError", "rate", "0")),
    Row("summary-list", "the rates in a list", "dark_summary", lambda t: t(rates()),
        Error("TypeError", "rates[0]", "*rates")),
    Row("summary-two-cameras", "rates of two cameras", "dark_summary", lambda t: t(*rates(INSTRUME="camera B")),
        Error("ValueError", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("summary-shapes", "rates of two shapes", "dark_summary", lambda t: t(rate(50), rate(500, shape=(10, 12))),
        Error("ValueError", "(20, 24)", "(10, 12)")),
    summary("mask-array", "an array in place of the mask", Error("TypeError", "mask", "ndarray"),
            mask=np.zeros(SHAPE, dtype=bool)),
    summary("mask-rate", "a rate in place of the mask", Error("ValueError", "mask", "dark rate"), mask=rate(50)),
    Row("summary-mask-shape", "a mask of another shape", "dark_summary",
        lambda t: t(rate(50), mask=hot_pixel_mask(rate(50, shape=(10, 12)))),
        Error("ValueError", "mask", "(20, 24)", "(10, 12)")),
    summary("kinds", "a mask in place of the kinds", Error("ValueError", "kinds", "nonlinear_kind"),
            kinds=CCDData(np.zeros(SHAPE, "uint8"), unit="", meta={"NMASKED": 0})),
    summary("limit", "a limit that is a rate", Error("TypeError", "limit", "Quantity"), limit=3 * PER_SECOND),
    summary("bias", "a bias without frames", Error("ValueError", "bias", "frames"), bias=BIAS * u.adu),
    summary("frames-shape", "frames of another shape than the rates",
            Error("ValueError", "frames", "(20, 24)", "(5, 6)"), frames=darks(shape=(5, 6)), bias=BIAS * u.adu),
    summary("frames-camera", "frames of another camera than the rates",
            Error("ValueError", "INSTRUME", "camera A", "camera B", KNOW), frames=darks(INSTRUME="camera B")),
    summary("frames-number", "a number in place of the frames", Error("TypeError", "frames"), frames=3),
    summary("frames-one-time", "frames of one exposure time, which do not tell how their variance grows",
            Right("Their rate is masked, and the row says why.", has_no_variance),
            frames=darks(), bias=BIAS * u.adu),
]  # fmt: skip

GROUPS = {"Summaries": SUMMARIES}
