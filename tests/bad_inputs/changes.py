"""Rates of two epochs that do not belong together, and options out of range."""

from astropy import units as u

from ccdproc_darks import dark_rate

from .given import BIAS, darks, rate, rates
from .wanted import KNOW, Error, Right, Row, Warned

__all__ = ["GROUPS"]

OTHER = {"INSTRUME": "camera B"}
FUNCTIONS = ("dark_rate_change", "changed_pixels")


def epochs(seconds=100.0, **changes):
    """Rates of an earlier epoch and of a later one, whose meta is then changed."""
    return [rate(100.0), rate(seconds, seed=3, **changes)]


def of_two_exposures():
    """One rate of two exposure times."""
    return dark_rate([*darks(5, 50.0), *darks(5, 500.0, seed=2)], bias=BIAS * u.adu)


def no_warning(found):
    return found is not None


EPOCHS = [
    row
    for function in FUNCTIONS
    for row in (
        Row(f"{function}-two-cameras", "rates of two cameras", function, lambda t: t(*epochs(**OTHER)),
            Error("ValueError", "before", "after", "INSTRUME", "camera A", "camera B", KNOW)),
        Row(f"{function}-shapes", "rates of two shapes", function,
            lambda t: t(rate(100), rate(100, shape=(10, 12))), Error("ValueError", "after", "(20, 24)", "(10, 12)")),
        Row(f"{function}-same", "the same rate twice", function, lambda t: t(rate(100), rate(100)),
            Error("ValueError", "before", "after", "same value in every pixel")),
        Row(f"{function}-two-exposures", "a rate of two exposure times", function,
            lambda t: t(rate(100), of_two_exposures()), Error("ValueError", "after", "2 exposure times", "50", "500")),
        Row(f"{function}-list", "both rates in a list", function, lambda t: t(epochs(), rate(100)),
            Error("TypeError", "before", "list")),
        Row(f"{function}-temperatures", "rates of two temperatures, of a sensor without hot pixels, with scale=None",
            function, lambda t: t(*epochs(**{"CCD-TEMP": 5.0, "DKTEMP": 5.0}), scale=None),
            Warned("TemperatureWarning", "-20.0 to 5.0 deg C")),
        Row(f"{function}-scale", "a scale that there is not", function, lambda t: t(*epochs(), scale="hot"),
            Error("ValueError", "scale", "'hot'", "common")),
        Row(f"{function}-offset", "an offset of each pixel", function, lambda t: t(*epochs(), offset="pixel"),
            Error("ValueError", "offset", "'pixel'", "common")),
        Row(f"{function}-meta", "a comparison in place of a rate", function,
            lambda t: t(rate(100), rates(DKSTAT="difference")[0]), Error("ValueError", "after", "DKSTAT")),
    )
] + [
    Row("dark_rate_change-statistic", "a statistic that there is not", "dark_rate_change",
        lambda t: t(*epochs(), statistic="offset"), Error("ValueError", "statistic", "'offset'", "ratio")),
    Row("changed_pixels-threshold", "a threshold without a unit", "changed_pixels",
        lambda t: t(*epochs(), threshold=3), Error("TypeError", "threshold", "electron / s")),
    Row("changed_pixels-tolerance", "a tolerance below zero", "changed_pixels", lambda t: t(*epochs(), tolerance=-0.1),
        Error("ValueError", "tolerance", "-0.1")),
    Row("changed_pixels-exposures", "rates of two exposure times", "changed_pixels", lambda t: t(*epochs(300.0)),
        Right("Compared: exposure times may differ.", no_warning)),
]  # fmt: skip

GROUPS = {"Two epochs": EPOCHS}
