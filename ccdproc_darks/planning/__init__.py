# Licensed under a 3-clause BSD style license - see LICENSE
"""How many darks, and how long: what a set of darks will measure, before it is taken.

All plans follow from the variance of one dark and the error of the bias, which is the same in all darks and does not
average out. Saturation is not considered: a pixel of rate d collects ``d t`` electrons in an exposure of time t.
"""

from .one_set import exposure_needed, frames_needed, rate_uncertainty, smallest_rate
from .two_sets import departure_power, frames_to_test, smallest_departure, smallest_testable_rate

__all__ = [
    "departure_power",
    "exposure_needed",
    "frames_needed",
    "frames_to_test",
    "rate_uncertainty",
    "smallest_departure",
    "smallest_rate",
    "smallest_testable_rate",
]


def __dir__():
    return sorted(__all__)
