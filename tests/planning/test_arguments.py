"""Arguments that make no sense, of all plans."""

import inspect

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks.planning import (
    departure_power,
    exposure_needed,
    frames_needed,
    frames_to_test,
    rate_uncertainty,
    smallest_departure,
    smallest_rate,
    smallest_testable_rate,
)

from ..helpers import ELECTRON_PER_SECOND
from .cameras import GUIDE, PAIR

ONE = {"rate": 1 * ELECTRON_PER_SECOND, **GUIDE}
TWO = {"rate": 1 * ELECTRON_PER_SECOND, **PAIR}


def without(arguments, *names):
    return {name: value for name, value in arguments.items() if name not in names}


FUNCTIONS = {
    rate_uncertainty: ONE,
    smallest_rate: without(ONE, "rate"),
    frames_needed: without(ONE, "frames"),
    exposure_needed: without(ONE, "exposure"),
    departure_power: {**TWO, "departure": 0.1},
    smallest_departure: TWO,
    frames_to_test: without(TWO, "frames"),
    smallest_testable_rate: without(TWO, "rate"),
}
WRONG = [
    ("rate", 1.0, TypeError, r"^rate must be a Quantity in electron / s, got 1.0 without a unit"),
    ("rate", 1 * u.s, u.UnitsError, r"^rate must be a Quantity in electron / s, got 1.0 s"),
    ("rate", -1 * ELECTRON_PER_SECOND, ValueError, r"^rate must be (zero or )?positive"),
    ("rate", [1, np.nan] * ELECTRON_PER_SECOND, ValueError, r"^rate must be finite"),
    ("exposure", 90, TypeError, r"^exposure must be a Quantity in s, got 90 without a unit"),
    ("exposure", 0 * u.s, ValueError, r"^exposure must be positive"),
    ("exposures", 90 * u.s, ValueError, r"^exposures must be two, got the shape \(\)"),
    ("exposures", [1, 2, 3] * u.s, ValueError, r"^exposures must be two, got the shape \(3,\)"),
    ("exposures", [[1, 2]] * u.s, ValueError, r"^exposures must be two, got the shape \(1, 2\)"),
    ("exposures", [90, 90.01] * u.s, ValueError, r"^exposures must be different, got 90 s and 90.01 s"),
    ("exposures", [90, 0] * u.s, ValueError, r"^exposures must be positive"),
    ("exposures", [90 * u.s, 1000], TypeError, r"^exposures\[1\] must be a Quantity in s, got 1000 without a unit"),
    ("exposures", (90 * u.m, 9 * u.s), u.UnitsError, r"^exposures\[0\] must be a Quantity in s, got 90.0 m"),
    ("exposures", np.array([90, 1000]), TypeError, r"^exposures must be a Quantity in s"),
    ("frames", 0, ValueError, r"^frames must be finite and above 0, got 0"),
    ("frames", 2.5, ValueError, r"^frames must be a whole number from 1, got 2.5"),
    ("frames", 0.5, ValueError, r"^frames must be a whole number from 1, got 0.5"),
    ("frames", "ten", TypeError, r"^frames must be a plain number, got 'ten'"),
    ("read_noise", 10, TypeError, r"^read_noise must be a Quantity in electron, got 10 without a unit"),
    ("read_noise", 10 * u.adu, u.UnitsError, r"^read_noise must be a Quantity in electron, got 10.0 adu"),
    ("read_noise", -1 * u.electron, ValueError, r"^read_noise must be zero or positive"),
    ("bias_frames", 0, ValueError, r"^bias_frames must be finite and above 0"),
    ("bias_frames", 1.5, ValueError, r"^bias_frames must be a whole number from 1, got 1.5"),
    ("bias_frames", 2 * u.electron, TypeError, r"^bias_frames must be a plain number, got 2.0 electron"),
    ("bias_error", 2, TypeError, r"^bias_error must be a Quantity in electron, got 2 without a unit"),
    ("bias_error", np.inf * u.electron, ValueError, r"^bias_error must be finite"),
    ("bias_error", -2 * u.electron, ValueError, r"^bias_error must be zero or positive"),
    ("signal_to_noise", 0, ValueError, r"^signal_to_noise must be finite and above 0"),
    ("precision", -0.1, ValueError, r"^precision must be finite and above 0, got -0.1"),
    ("precision", 1 * u.s, TypeError, r"^precision must be a plain number, got 1.0 s"),
    ("departure", 0, ValueError, r"^departure must be finite and above 0"),
    ("tolerance", np.nan, ValueError, r"^tolerance must be finite and above 0, got nan"),
    ("power", 1.0, ValueError, r"^power must be between 0 and 1, got 1.0"),
    ("power", 1e-9, ValueError, r"^power must be above 2.98023e-08, which a proportional pixel has, got 1e-09"),
    ("pixels", 0.5, ValueError, r"^pixels must be a whole number from 1, got 0.5"),
    ("false_positives", 0, ValueError, r"^false_positives must be between 0 and 1.67772e\+07, got 0"),
    ("false_positives", 4096**2, ValueError, r"^false_positives must be between 0 and"),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wrong_arguments(function):
    tried = 0
    for argument, value, error, message in WRONG:
        if argument in inspect.signature(function).parameters:
            tried += 1
            with pytest.raises(error, match=message):
                function(**{**FUNCTIONS[function], argument: value})
    assert tried >= 12
    with pytest.raises(ValueError, match=r"^bias_frames and bias_error both tell the error of the bias"):
        function(**FUNCTIONS[function], bias_frames=20, bias_error=2 * u.electron)


@pytest.mark.parametrize(
    "function", [frames_needed, exposure_needed, departure_power, smallest_departure, frames_to_test]
)
def test_a_rate_of_nothing_cannot_be_measured(function):
    with pytest.raises(ValueError, match=r"^rate must be positive"):
        function(**{**FUNCTIONS[function], "rate": 0 * ELECTRON_PER_SECOND})


def test_everything_else_is_by_name():
    with pytest.raises(TypeError, match="positional"):
        rate_uncertainty(1 * ELECTRON_PER_SECOND, 90 * u.s, 10, 10 * u.electron)
