"""Plans, and dark current against temperature."""

import numpy as np
from astropy import units as u

from .given import ADU, PER_SECOND, E, S
from .wanted import Error, Right, Row

__all__ = ["GROUPS"]

ONE = {"exposure": 100 * S, "read_noise": 10 * E}
PAIR = {"exposures": [90, 1000] * S, "read_noise": 10 * E, "pixels": 10**6}
# Arguments of each function that are right.
RIGHT = {
    "rate_uncertainty": ((1 * PER_SECOND,), {**ONE, "frames": 10}),
    "smallest_rate": ((), {**ONE, "frames": 10}),
    "frames_needed": ((1 * PER_SECOND,), ONE),
    "exposure_needed": ((1 * PER_SECOND,), {"read_noise": 10 * E, "frames": 10}),
    "departure_power": ((1 * PER_SECOND, 0.1), {**PAIR, "frames": 10}),
    "smallest_departure": ((1 * PER_SECOND,), {**PAIR, "frames": 10}),
    "frames_to_test": ((1 * PER_SECOND,), PAIR),
    "smallest_testable_rate": ((), {**PAIR, "frames": 10}),
}


def plan(name, tried, function, wanted, **options):
    """Row for one wrong argument of a function of plans; ``rate`` and ``departure`` are by position."""
    places, right = RIGHT[function]
    places = [options.pop(key, value) for key, value in zip(("rate", "departure"), places, strict=False)]
    return Row(name, tried, f"planning.{function}", lambda t: t(*places, **{**right, **options}), wanted)


PLANS = [
    plan("plan-rate-bare", "a rate without a unit", "rate_uncertainty", Error("TypeError", "rate", "1"), rate=1),
    plan("plan-rate-unit", "a rate in adu", "rate_uncertainty", Error("UnitsError", "rate", "adu"), rate=1 * ADU),
    plan("plan-rate-negative", "a rate below zero", "rate_uncertainty", Error("ValueError", "rate", "-1"),
         rate=-1 * PER_SECOND),
    plan("plan-exposure-zero", "an exposure of zero", "rate_uncertainty", Error("ValueError", "exposure", "0"),
         exposure=0 * S),
    plan("plan-exposure-tiny", "an exposure of 1e-300 s", "rate_uncertainty", Error("ValueError", "exposure", "1e-300"),
         exposure=1e-300 * S),
    plan("plan-frames-half", "2.5 frames", "rate_uncertainty", Error("ValueError", "frames", "2.5"), frames=2.5),
    plan("plan-frames-zero", "no frames", "smallest_rate", Error("ValueError", "frames", "0"), frames=0),
    plan("plan-frames-text", "frames='ten'", "smallest_rate", Error("TypeError", "frames", "ten"), frames="ten"),
    plan("plan-noise-negative", "a read noise below zero", "smallest_rate", Error("ValueError", "read_noise", "-1"),
         read_noise=-1 * E),
    plan("plan-snr-zero", "a signal to noise of zero", "smallest_rate", Error("ValueError", "signal_to_noise", "0"),
         signal_to_noise=0),
    plan("plan-two-bias-errors", "both bias_frames and bias_error", "frames_needed",
         Error("ValueError", "bias_frames", "bias_error"), bias_frames=5, bias_error=1 * E),
    plan("plan-not-enough", "a precision that the error of the bias does not allow", "frames_needed",
         Error("ValueError", "no number of frames", "100 s"), rate=0.001 * PER_SECOND, bias_frames=5),
    plan("plan-precision-negative", "a precision below zero", "frames_needed", Error("ValueError", "precision", "-0.1"),
         precision=-0.1),
    plan("plan-rate-zero", "a rate of zero, to a relative precision", "exposure_needed",
         Error("ValueError", "rate", "0"), rate=0 * PER_SECOND),
    plan("plan-bias-frames-negative", "bias_frames=-5", "exposure_needed", Error("ValueError", "bias_frames", "-5"),
         bias_frames=-5),
    plan("plan-one-exposure", "one exposure time", "departure_power", Error("ValueError", "exposures", "two"),
         exposures=[90] * S),
    plan("plan-equal-exposures", "two exposure times that are the same", "departure_power",
         Error("ValueError", "exposures", "90 s"), exposures=[90, 90] * S),
    plan("plan-departure-negative", "a departure below zero", "departure_power",
         Error("ValueError", "departure", "-0.1"), departure=-0.1),
    plan("plan-three-numbers", "numbers of frames for three exposure times", "smallest_departure",
         Error("ValueError", "frames", "3"), frames=(1, 2, 3)),
    plan("plan-power-one", "a power of 1", "smallest_departure", Error("ValueError", "power", "1"), power=1.0),
    plan("plan-pixels-zero", "no pixels", "smallest_departure", Error("ValueError", "pixels", "0"), pixels=0),
    plan("plan-false-positives", "false_positives=0", "frames_to_test", Error("ValueError", "false_positives", "0"),
         false_positives=0),
    plan("plan-false-positives-all", "more false positives than pixels", "frames_to_test",
         Error("ValueError", "false_positives", "1e+06", "1000000000"), false_positives=1e9),
    plan("plan-tolerance-zero", "a tolerance of zero", "frames_to_test", Error("ValueError", "tolerance", "0"),
         tolerance=0),
    plan("plan-noise-bare", "a read noise without a unit", "smallest_testable_rate",
         Error("TypeError", "read_noise", "10"), read_noise=10),
    plan("plan-exposures-bare", "exposure times without a unit", "smallest_testable_rate",
         Error("TypeError", "exposures[0]"), exposures=[90, 1000]),
    plan("plan-tolerance-percent", "a tolerance that is a text", "smallest_testable_rate",
         Error("TypeError", "tolerance", "10%"), tolerance="10%"),
]  # fmt: skip


def gap(name, tried, temperature, wanted):
    return Row(name, tried, "temperature.band_gap", lambda t: t(temperature), wanted)


CURRENT = {"amplitude": 0.01 * PER_SECOND, "doubling": 6 * u.K, "reference_temperature": 250 * u.K}
THERMAL = {"depletion": 1 * PER_SECOND, "diffusion": 0 * PER_SECOND, "reference_temperature": 250 * u.K}


def model(name, tried, function, temperature, wanted, **options):
    """Row for a model of the dark current at a temperature."""
    right = CURRENT if function == "DoublingDarkCurrent" else THERMAL
    return Row(name, tried, f"temperature.{function}", lambda t: t(**{**right, **options})(temperature), wanted)


TEMPERATURES = [
    gap("gap-hot", "the band gap at 1e9 K, where silicon is no more", 1e9 * u.K,
        Error("ValueError", "temperature", "1e+09 K")),
    gap("gap-zero", "the band gap at absolute zero", 0 * u.K, Error("ValueError", "temperature", "0")),
    gap("gap-negative", "the band gap at -5 K", -5 * u.K, Error("ValueError", "temperature", "-5")),
    gap("gap-below-zero", "the band gap at -300 deg C, below absolute zero", -300 * u.deg_C,
        Error("ValueError", "temperature", "-300")),
    gap("gap-bare", "a temperature without a unit", 300, Error("TypeError", "temperature", "300")),
    gap("gap-unit", "a temperature in eV", 1 * u.eV, Error("UnitsError", "temperature", "eV")),
    gap("gap-nan", "a temperature that is NaN", np.nan * u.K, Error("ValueError", "temperature", "nan")),
    gap("gap-celsius", "a temperature in deg C", 26.85 * u.deg_C,
        Right("It is converted to K.", lambda found: abs(found.value - 1.11082) < 1e-5)),
    model("doubling-unit", "a temperature in m", "DoublingDarkCurrent", 5 * u.m, Error("UnitsError", "K", "m")),
    model("doubling-negative", "a temperature of -5 K", "DoublingDarkCurrent", -5 * u.K,
          Error("ValueError", "temperature", "-5")),
    model("doubling-zero", "a dark current that doubles with each 0 K", "DoublingDarkCurrent", 260 * u.K,
          Error("ValueError", "doubling", "0"), doubling=0 * u.K),
    model("thermal-negative", "a temperature of -5 K", "ThermalDarkCurrent", -5 * u.K,
          Error("ValueError", "temperature", "-5")),
    model("thermal-hot", "a temperature of 1e9 K", "ThermalDarkCurrent", 1e9 * u.K,
          Error("ValueError", "temperature", "1e+09 K")),
    model("thermal-reference-zero", "a reference temperature of 0 K", "ThermalDarkCurrent", 260 * u.K,
          Error("ValueError", "reference_temperature", "0"), reference_temperature=0 * u.K),
]  # fmt: skip

GROUPS = {"Plans": PLANS, "Temperature": TEMPERATURES}
