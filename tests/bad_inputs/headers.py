"""Values in the headers of frames and rates that cannot be."""

import numpy as np
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty

from .given import ADU, BIAS, SHAPE, biases, darks, master, rate, rates, scatter, with_meta
from .wanted import Error, Right, Row, Warned

__all__ = ["GROUPS"]

LEVEL = BIAS * ADU


def frames(**keys):
    """Three darks, of which the last has other values in its header."""
    return [*darks(2), with_meta(darks(1, seed=4)[0], **keys)]


def of_frame(name, tried, key, value, *words, kind="ValueError", function="dark_rate", **options):
    """Row for one value in a frame's header."""
    given = {"bias": LEVEL, **options}
    if function == "master_bias":
        given = options
    return Row(name, tried, function, lambda t: t(frames(**{key: value}), **given), Error(kind, *words))


FRAMES = [
    of_frame("exptime-zero", "EXPTIME 0", "EXPTIME", 0.0, "darks[2]", "EXPTIME", "0"),
    of_frame("exptime-negative", "EXPTIME below zero", "EXPTIME", -100.0, "darks[2]", "EXPTIME", "-100"),
    of_frame("exptime-text", "EXPTIME that is a text", "EXPTIME", "long", "darks[2]", "EXPTIME", "'long'"),
    of_frame("exptime-absent", "no exposure time in one header", "EXPTIME", None, "darks[2]", "EXPTIME", "exposure"),
    of_frame("exptime-true", "EXPTIME that is T, a logical value", "EXPTIME", True, "darks[2]", "EXPTIME", "True"),
    of_frame("exptime-huge", "EXPTIME of 1e300 s", "EXPTIME", 1e300, "EXPTIME", "darks[2]", "1e+300"),
    of_frame("egain-zero", "EGAIN 0", "EGAIN", 0.0, "darks[2]", "EGAIN", "0"),
    of_frame("egain-negative", "EGAIN below zero", "EGAIN", -2.0, "darks[2]", "EGAIN", "-2"),
    of_frame("egain-text", "EGAIN '1_5', which Python reads as 15", "EGAIN", "1_5", "darks[2]", "EGAIN", "1_5"),
    of_frame("egain-comma", "EGAIN '1,5'", "EGAIN", "1,5", "darks[2]", "EGAIN", "1,5"),
    of_frame("egain-nan-text", "EGAIN 'nan'", "EGAIN", "nan", "darks[2]", "EGAIN", "nan"),
    Row("egain-absent", "no EGAIN in any header", "dark_rate", lambda t: t(darks(EGAIN=None), bias=LEVEL),
        Error("ValueError", "gain", "EGAIN", "darks[0]")),
    of_frame("rdnoise-negative", "RDNOISE below zero", "RDNOISE", -5.0, "darks[2]", "RDNOISE", "-5"),
    of_frame("rdnoise-text", "RDNOISE that is a text", "RDNOISE", "low", "darks[2]", "RDNOISE", "low"),
    Row("rdnoise-infinite", "RDNOISE 'inf'", "dark_rate", lambda t: t(darks(RDNOISE="inf"), bias=LEVEL),
        Error("ValueError", "RDNOISE", "inf", "darks[0]")),
    Row("saturate-zero", "SATURATE 0", "dark_rate", lambda t: t(darks(SATURATE=0.0), bias=LEVEL),
        Error("ValueError", "darks[0]", "SATURATE", "0")),
    Row("saturate-below-bias", "SATURATE below the bias, so that all is saturated", "dark_rate",
        lambda t: t(darks(SATURATE=100.0), bias=LEVEL), Warned("NoUsablePixelWarning", "saturat")),
    of_frame("ncombine-zero", "NCOMBINE 0", "NCOMBINE", 0, "darks[2]", "NCOMBINE", "0"),
    of_frame("ncombine-half", "NCOMBINE 2.5", "NCOMBINE", 2.5, "darks[2]", "NCOMBINE", "2.5"),
    of_frame("ncombine-negative", "NCOMBINE below zero", "NCOMBINE", -3, "darks[2]", "NCOMBINE", "-3"),
    Row("ccd-temp-text", "CCD-TEMP that is a text, in one header", "dark_rate",
        lambda t: t(frames(**{"CCD-TEMP": "cold"}), bias=LEVEL),
        Right("The temperature of that frame is unknown.", lambda found: found.meta["DKTEMP"] == -20)),
    Row("ccd-temp-impossible", "CCD-TEMP and SET-TEMP 999, of a camera without a cooler", "dark_rate",
        lambda t: t(darks(**{"CCD-TEMP": 999.0, "SET-TEMP": 999.0}), bias=LEVEL),
        Right("The temperature is unknown.", lambda found: "DKTEMP" not in found.meta)),
    of_frame("exptime-thousands", "EXPTIME '1,500': 1.5, or 1500", "EXPTIME", "1,500", "darks[2]", "EXPTIME",
             "1,500"),
    Row("exptime-decimal-comma", "EXPTIME '100,5'", "dark_rate", lambda t: t(darks(EXPTIME="100,5"), bias=LEVEL),
        Right("It is read as 100.5 s.", lambda found: found.meta["EXPTIME"] == 100.5)),
    Row("exposure-in-us", "EXPOSURE 1e8 without EXPTIME", "dark_rate",
        lambda t: t(darks(EXPTIME=None, EXPOSURE=1e8), bias=LEVEL),
        Error("ValueError", "EXPOSURE is 1e+08", "darks[0]", "more than a day", "exposure=ccdproc.Keyword")),
    Row("dark-subtracted", "CALSTAT 'BD' in a dark", "dark_rate", lambda t: t(frames(CALSTAT="BD"), bias=LEVEL),
        Error("ValueError", "darks[2]", "CALSTAT = 'BD'", "check_headers=False")),
    Row("bias-subtracted", "CALSTAT 'B' in darks, and a bias", "dark_rate", lambda t: t(darks(CALSTAT="B"), bias=LEVEL),
        Warned("BiasWarning", "darks[0]", "CALSTAT = 'B'")),
    of_frame("master-bias-egain-text", "EGAIN '1_5' of a bias frame", "EGAIN", "1_5", "biases[2]", "EGAIN", "1_5",
             function="master_bias"),
    Row("bias-ncombine-zero", "a master bias with NCOMBINE 0", "dark_rate",
        lambda t: t(darks(), bias=master(NCOMBINE=0)), Error("ValueError", "bias", "NCOMBINE", "0")),
    Row("bias-combined", "a master bias of ccdproc.combine, which does not say of how many frames", "dark_rate",
        lambda t: t(darks(), bias=master(NCOMBINE=None, combined=True)),
        Warned("MissingInformationWarning", "bias", "NCOMBINE")),
    Row("combined-dark", "combined darks that do not say of how many frames", "dark_rate",
        lambda t: t(darks(combined=True), bias=LEVEL), Warned("MissingInformationWarning", "darks[0]", "NCOMBINE")),
    Row("no-read-noise", "two darks without a read noise", "dark_rate",
        lambda t: t(darks(2, RDNOISE=None), bias=LEVEL), Warned("MissingInformationWarning", "read noise")),
    Row("scatter-no-read-noise", "combined darks", "dark_scatter", lambda t: t(darks(NCOMBINE=3), bias=LEVEL),
        Error("ValueError", "darks", "single frames")),
    Row("exptime-as-integer-text", "EXPTIME '100', a text that is a number", "dark_rate",
        lambda t: t(darks(EXPTIME="100"), bias=LEVEL),
        Right("It is read as 100 s.", lambda found: found.meta["EXPTIME"] == 100)),
    Row("unit-count", "a frame in counts (ct)", "dark_rate", lambda t: t(darks(unit="count"), bias=LEVEL),
        Error("UnitsError", "darks[0]", "ct", "adu or electron")),
    Row("biases-in-seconds", "a bias frame in s", "master_bias", lambda t: t(biases(unit="s")),
        Error("UnitsError", "biases[0]", "s", "adu or electron")),
]  # fmt: skip


def of_rate(name, tried, changes, *words, function="compare_dark_rates", kind="ValueError"):
    """Row for values in a rate's own header."""
    return Row(name, tried, function, lambda t: t(*rates(**changes)), Error(kind, "rates[0]", *words))


def deviation(value, kind=StdDevUncertainty):
    """A rate whose uncertainty is a value in all pixels."""
    image = rate()
    image.uncertainty = kind(np.full(SHAPE, value))
    return image


RATES = [
    of_rate("rate-ncombine-negative", "NCOMBINE -3 in a rate", {"NCOMBINE": -3}, "NCOMBINE", "-3"),
    of_rate("rate-ncombine-zero", "NCOMBINE 0 in a rate", {"NCOMBINE": 0}, "NCOMBINE", "0"),
    of_rate("rate-ncombine-half", "NCOMBINE 2.7 in a rate", {"NCOMBINE": 2.7}, "NCOMBINE", "2.7"),
    of_rate("rate-ncombine-text", "NCOMBINE that is a text, in a rate", {"NCOMBINE": "five"}, "NCOMBINE", "five"),
    of_rate("rate-expmax-zero", "DKEXPMAX 0", {"DKEXPMAX": 0}, "DKEXPMAX", "0"),
    of_rate("rate-expmax-negative", "DKEXPMAX below zero", {"DKEXPMAX": -90.0}, "DKEXPMAX", "-90"),
    of_rate("rate-expmin-above", "DKEXPMIN above DKEXPMAX", {"DKEXPMIN": 1000.0}, "DKEXPMIN", "1000", "DKEXPMAX"),
    of_rate("rate-expmin-negative", "DKEXPMIN below zero", {"DKEXPMIN": -1.0}, "DKEXPMIN", "-1"),
    of_rate("rate-nexp-zero", "DKNEXP 0", {"DKNEXP": 0}, "DKNEXP", "0"),
    of_rate("rate-nexp-half", "DKNEXP 1.5", {"DKNEXP": 1.5}, "DKNEXP", "1.5"),
    of_rate("rate-noise-negative", "DKRDNOI below zero", {"DKRDNOI": -10.0}, "DKRDNOI", "-10"),
    of_rate("rate-bias-error-negative", "DKBIASER below zero", {"DKBIASER": -1.0}, "DKBIASER", "-1"),
    of_rate("rate-total-negative", "DKTOTAL below zero", {"DKTOTAL": -1.0}, "DKTOTAL", "-1"),
    of_rate("rate-gain-negative", "DKGAIN below zero", {"DKGAIN": -1.0}, "DKGAIN", "-1"),
    of_rate("rate-gain-text", "DKGAIN that is a text", {"DKGAIN": "high"}, "DKGAIN", "high"),
    of_rate("rate-offset-unknown", "DKOFFSET 'foo'", {"DKOFFSET": "foo"}, "DKOFFSET", "foo"),
    of_rate("rate-temperature-text", "DKTEMP that is a text", {"DKTEMP": "cold"}, "DKTEMP", "cold"),
    of_rate("rate-temperature-impossible", "DKTEMP of -400 deg C, below absolute zero", {"DKTEMP": -400.0}, "DKTEMP",
            "-400"),
    of_rate("rate-saturation-negative", "DKSATUR below zero", {"DKSATUR": -5.0}, "DKSATUR", "-5"),
    of_rate("rate-key-absent", "a rate without DKEXPMAX", {"DKEXPMAX": None}, "DKEXPMAX", "dark_rate"),
    of_rate("mask-ncombine-negative", "NCOMBINE -3 in a rate", {"NCOMBINE": -3}, "NCOMBINE", "-3",
            function="hot_pixel_mask"),
    of_rate("mask-expmax-zero", "DKEXPMAX 0", {"DKEXPMAX": 0}, "DKEXPMAX", "0", function="hot_pixel_mask"),
    of_rate("limit-noise-negative", "DKRDNOI below zero", {"DKRDNOI": -10.0}, "DKRDNOI", "-10",
            function="proportionality_limit"),
    of_rate("limit-ncombine-zero", "NCOMBINE 0 in a rate", {"NCOMBINE": 0}, "NCOMBINE", "0",
            function="proportionality_limit"),
    Row("rate-deviation-negative", "a rate with negative uncertainties", "compare_dark_rates",
        lambda t: t(deviation(-1.0), rate(500)), Error("ValueError", "rates[0]", "uncertainty", "480", "negative")),
    Row("rate-deviation-zero", "a rate with uncertainties of zero", "compare_dark_rates",
        lambda t: t(deviation(0.0), rate(500)), Error("ValueError", "rates[0]", "uncertainty", "0")),
    Row("mask-deviation-negative", "a rate with negative uncertainties", "hot_pixel_mask",
        lambda t: t(deviation(-1.0)), Error("ValueError", "rates[0]", "uncertainty", "480", "negative")),
    Row("rate-variance-negative", "a rate with negative variances", "compare_dark_rates",
        lambda t: t(deviation(-1.0, VarianceUncertainty), rate(500)),
        Error("ValueError", "rates[0]", "uncertainty", "480", "negative")),
    Row("rate-without-deviation", "a rate without an uncertainty", "compare_dark_rates",
        lambda t: t(with_deviation_none(), rate(500)), Error("ValueError", "rates[0]", "uncertainty")),
    Row("not-a-rate", "a dark in place of a rate", "compare_dark_rates", lambda t: t(darks(1)[0], rate(500)),
        Error("ValueError", "rates[0]", "dark_rate")),
    Row("rate-in-adu", "a rate in adu", "compare_dark_rates", lambda t: t(in_adu(), rate(500)),
        Error("UnitsError", "rates[0]", "adu", "electron / s")),
    Row("rate-of-two-exposures", "a rate that was fitted to two exposure times", "compare_dark_rates",
        lambda t: t(fitted(), rate(500)), Error("ValueError", "rates[0]", "2 exposure times")),
    Row("rates-in-a-list", "the rates in a list", "compare_dark_rates", lambda t: t(rates()),
        Error("TypeError", "rates[0]", "*rates")),
    Row("rate-path", "the path of a rate", "compare_dark_rates", lambda t: t("rate.fits", rate()),
        Error("TypeError", "rates[0]", "CCDData.read")),
    Row("one-rate", "one rate alone", "compare_dark_rates", lambda t: t(rate()), Error("ValueError", "two")),
    Row("no-rate", "no rate at all", "hot_pixel_mask", lambda t: t(), Error("ValueError", "rate")),
    Row("limit-one-rate", "one rate alone", "proportionality_limit", lambda t: t(rate()), Error("ValueError", "two")),
    Row("mask-scatter-is-rate", "a rate in place of a scatter image", "hot_pixel_mask",
        lambda t: t(*rates(), scatter=rate()), Error("ValueError", "scatter", "dark_scatter", "DKSTAT")),
    Row("mask-scatter-array", "an array in place of a scatter image", "hot_pixel_mask",
        lambda t: t(*rates(), scatter=np.zeros(SHAPE)), Error("TypeError", "scatter", "CCDData")),
    Row("mask-scatter-text", "a scatter image in electron", "hot_pixel_mask",
        lambda t: t(*rates(), scatter=in_electron()), Error("UnitsError", "scatter", "electron")),
    Row("keyword-of-ours", "add_keyword={'DKEXPMAX': 1.0}, a key that a later step reads", "dark_rate",
        lambda t: t(darks(), bias=LEVEL, add_keyword={"DKEXPMAX": 1.0}),
        Error("ValueError", "add_keyword", "DKEXPMAX")),
    Row("keyword-ncombine", "add_keyword='NCOMBINE'", "dark_rate",
        lambda t: t(darks(), bias=LEVEL, add_keyword="NCOMBINE"), Error("ValueError", "add_keyword", "NCOMBINE")),
    Row("keyword-structure", "add_keyword={'NAXIS1': 5}, a key of the file's structure", "dark_rate",
        lambda t: t(darks(), bias=LEVEL, add_keyword={"NAXIS1": 5}), Error("ValueError", "add_keyword", "NAXIS1")),
    Row("keyword-list", "add_keyword={'NIGHT': [1, 2]}, which FITS cannot hold", "dark_rate",
        lambda t: t(darks(), bias=LEVEL, add_keyword={"NIGHT": [1, 2]}), Error("ValueError", "add_keyword", "NIGHT")),
    Row("keyword-number", "add_keyword=5", "dark_rate", lambda t: t(darks(), bias=LEVEL, add_keyword=5),
        Error("TypeError", "add_keyword", "5")),
    Row("compare-keyword-of-ours", "add_keyword={'DKWIDTH': 1.0}", "compare_dark_rates",
        lambda t: t(*rates(), add_keyword={"DKWIDTH": 1.0}), Error("ValueError", "add_keyword", "DKWIDTH")),
    Row("master-bias-keyword-of-ours", "add_keyword={'NCOMBINE': 100}", "master_bias",
        lambda t: t(biases(), add_keyword={"NCOMBINE": 100}), Error("ValueError", "add_keyword", "NCOMBINE")),
]  # fmt: skip


def with_deviation_none():
    image = rate()
    image.uncertainty = None
    return image


def in_adu():
    deviation = StdDevUncertainty(rate().uncertainty.array)
    return CCDData(rate().data, unit="adu", meta=rate().meta, uncertainty=deviation)


def in_electron():
    image = scatter()
    return CCDData(image.data, unit="electron", mask=image.mask, meta=image.meta)


def fitted():
    from ccdproc_darks import dark_rate

    return dark_rate([*darks(3), *darks(3, 300.0)], bias=LEVEL)


GROUPS = {"Headers of frames": FRAMES, "Rates, and their own headers": RATES}
