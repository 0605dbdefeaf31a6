# Licensed under a 3-clause BSD style license - see LICENSE
"""Rates of the same sensor temperature."""

from ..frames.belonging import Labelled, check_one_sensor
from ..frames.temperatures import TEMPERATURE_SPREAD
from .rate_meta import RateMeta

__all__ = ["TEMPERATURE_SPREAD", "temperature_groups"]


def temperature_groups(rates, check_headers=True):
    """List of groups of rates (CCDData): a mean temperature (deg C; None where none is known), the places of its rates.

    They are sorted by temperature. In a group no two temperatures differ by more than a sensor's may, 2 deg C. A rate
    of unknown temperature is taken for one of the group where there is only one; else it is a ValueError. So are
    several groups of different shapes, or, with ``check_headers``, of different sensors.
    """
    told = [RateMeta.of(rate, f"rates[{number}]").temperature for number, rate in enumerate(rates)]
    known = sorted((temperature, number) for number, temperature in enumerate(told) if temperature is not None)
    groups = []
    for temperature, number in known:
        if not groups or temperature - groups[-1][0][0] > TEMPERATURE_SPREAD:
            groups.append([])
        groups[-1].append((temperature, number))
    if len(groups) < 2:
        mean = sum(temperature for temperature, _ in known) / len(known) if known else None
        return [(mean, list(range(len(rates))))]
    if None in told:
        raise ValueError(
            f"rates[{told.index(None)}] does not tell its temperature (DKTEMP in its meta), and the others are of "
            f"several, {known[0][0]:.1f} to {known[-1][0]:.1f} deg C"
        )
    for number, rate in enumerate(rates):
        if rate.shape != rates[0].shape:
            raise ValueError(
                f"rates must have one shape: rates[0] is {rates[0].shape}, rates[{number}] is {rate.shape}"
            )
    if check_headers:
        check_one_sensor("rates", [Labelled(f"rates[{number}]", rate.meta) for number, rate in enumerate(rates)])
    return [
        (sum(temperature for temperature, _ in group) / len(group), sorted(number for _, number in group))
        for group in groups
    ]
