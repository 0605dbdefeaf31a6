"""Rates that were made by hand, and what is told of them."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from .given import ADU, PER_SECOND, SHAPE, E, S, master, rate, rates
from .wanted import Error, Row, Warned

__all__ = ["GROUPS"]


def by_hand(unit="electron/s", *, shape=SHAPE, deviation=None, **meta):
    """A rate of 0.5 unit, from the mean of five darks of 100 s."""
    values = np.random.default_rng(5).normal(0.5, 0.04, shape)
    return CCDData(values, unit=unit, uncertainty=deviation, meta=meta)


def made(name, tried, wanted, given=by_hand, **options):
    """Row for a rate and the options of as_dark_rate."""
    given_options = {"exposure": 100 * S, "frames": 5, "read_noise": 5 * E, **options}
    return Row(f"by-hand-{name}", tried, "as_dark_rate", lambda t: t(given(), **given_options), wanted)


RATES = [
    made("path", "a path in place of a rate", Error("TypeError", "ccd", "str", "CCDData.read"), lambda: "rate.fits"),
    made("adu", "a combined dark in adu", Error("UnitsError", "ccd", "adu", "dark_rate", "n_combined"),
         lambda: by_hand("adu")),
    made("meter", "a rate in m", Error("UnitsError", "ccd", "m", "electron / s"), lambda: by_hand("m")),
    made("ours", "a result of dark_rate", Error("ValueError", "ccd", "DKEXPMIN", "already"), rate),
    made("cube", "a cube", Error("ValueError", "ccd", "2-D", "(2, 20, 24)"), lambda: by_hand(shape=(2, *SHAPE))),
    made("combined-meta", "NCOMBINE 0 in its meta", Error("ValueError", "ccd", "NCOMBINE", "0"),
         lambda: by_hand(NCOMBINE=0), frames=None),
    made("nan", "NaN in all pixels", Warned("NoUsablePixelWarning", "all pixels"), lambda: by_hand().multiply(np.nan)),
]  # fmt: skip
TOLD = [
    made("exposure-bare", "``exposure=100``", Error("TypeError", "exposure", "100"), exposure=100),
    made("exposure-none", "``exposure=None``, and none in the meta", Error("ValueError", "exposure", "ccd", "EXPTIME"),
         exposure=None),
    made("exposure-negative", "an exposure below zero", Error("ValueError", "exposure", "-1.0"), exposure=-1 * S),
    made("exposure-no-key", "a header key that is not there", Error("ValueError", "exposure", "NOKEY"),
         exposure="NOKEY"),
    made("frames-zero", "``frames=0``", Error("ValueError", "frames", "0"), frames=0),
    made("frames-half", "``frames=2.5``", Error("ValueError", "frames", "2.5"), frames=2.5),
    made("frames-text", "``frames='ten'``", Error("TypeError", "frames", "ten"), frames="ten"),
    made("frames-unknown", "no ``frames``, and no NCOMBINE in the meta",
         Warned("MissingInformationWarning", "number of frames", "frames"), frames=None),
    made("frames-too-few", "``frames=1`` for the mean of many", Warned("NoiseWarning", "typical pixels", "frames"),
         lambda: by_hand(shape=(50, 50)), frames=1, read_noise=20 * E),
    made("gain-none", "a rate in adu/s without a gain", Error("ValueError", "gain", "adu / s"),
         lambda: by_hand("adu/s")),
    made("noise-unit", "a read noise in adu", Error("UnitsError", "read_noise", "adu"), read_noise=5 * ADU),
    made("noise-none", "no read noise, and no uncertainty", Warned("MissingInformationWarning", "read noise"),
         read_noise=None),
    made("bias-level", "a level as bias: it is subtracted already", Error("TypeError", "bias", "bias_error"),
         bias=500 * ADU),
    made("bias-shape", "a bias of another shape", Error("ValueError", "bias", "(5, 6)"), gain=2 * u.electron / u.adu,
         bias=master(shape=(5, 6))),
    made("bias-error-unit", "``bias_error`` in electron/s", Error("UnitsError", "bias_error"),
         bias_error=1 * PER_SECOND),
    made("bias-error-negative", "``bias_error`` below zero", Error("ValueError", "bias_error", "-1.0"),
         bias_error=-1 * E),
    made("saturation-adu", "a saturation level in adu, and no gain", Error("UnitsError", "saturation", "adu"),
         saturation=6e4 * ADU),
    made("method", "``method='mean'``", Error("ValueError", "method", "mean", "average"), method="mean"),
    made("uncertainty", "``uncertainty='mine'``", Error("ValueError", "uncertainty", "mine", "own"),
         uncertainty="mine"),
    made("own", "its own uncertainty, where there is none", Error("ValueError", "uncertainty"), read_noise=None,
         uncertainty="own"),
]  # fmt: skip

MASKED = [
    Row(f"mask-of-{name}", tried, "hot_pixel_mask", lambda t, given=given: t(*rates(), mask=given),
        Error(kind, "mask", *words))
    for name, tried, given, kind, words in (
        ("unknown", "``mask='COLD'``", "COLD", "ValueError", ("COLD", "HOT")),
        ("do-not-use", "``mask=['HOT', 'DO_NOT_USE']``", ["HOT", "DO_NOT_USE"], "ValueError", ("DO_NOT_USE",)),
        ("bits", "bits in place of names", 2048, "TypeError", ("2048", "name")),
        ("image", "an image of bool in place of names", np.zeros(SHAPE, bool), "TypeError", ("name",)),
    )
]  # fmt: skip

GROUPS = {"Rates made by hand": RATES, "What is told of a rate made by hand": TOLD, "Flags that make the mask": MASKED}
