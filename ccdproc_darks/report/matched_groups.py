# Licensed under a 3-clause BSD style license - see LICENSE
"""Groups of different reports that are of one sensor, and so can be compared: whatever their temperatures."""

import re
from dataclasses import dataclass

import numpy as np

from ..frames.belonging import difference

__all__ = ["Night", "Series", "matched_groups"]

# Difference of temperature (deg C) that stands for an unknown one.
_UNKNOWN = 1000.0


@dataclass(frozen=True)
class Night:
    """A group of one report, with the number of that report."""

    number: int  # from 1, in the order of the nights
    group: object  # `FinishedGroup`


@dataclass(frozen=True)
class Series:
    """The nights of one sensor: groups of different reports, of the same camera, size, binning, region and setting."""

    title: str
    nights: list  # of `Night`


def matched_groups(reports):
    """List of `Series` of two nights or more, and list of `Night` of groups that are in one report only.

    ``reports`` are a list of `FinishedReport`. Header keys that one of two headers lacks tell nothing. Where a report
    has several groups of a sensor (of several temperatures), each goes with the group of the other report whose title
    is the same, or else with the one of the nearest temperature.
    """
    series, alone = [], []
    for sensor in _sensors(reports):
        for nights in _parted(sensor):
            if len(nights) > 1:
                series.append(nights)
            else:
                alone += nights
    return [Series(title, nights) for title, nights in zip(_titles(series), series, strict=True)], alone


def _sensors(reports):
    """Lists of the `Night` of each sensor."""
    sensors = []
    for number, report in enumerate(reports, start=1):
        for group in report.groups:
            night, settings = Night(number, group), group.settings
            known = next(
                (
                    nights
                    for shape, told, nights in sensors
                    if shape == group.shape and not any(difference(each, settings) for each in told)
                ),
                None,
            )
            if known is None:
                sensors.append((group.shape, [settings], [night]))
            else:
                known.append(night)
    return [nights for _, _, nights in sensors]


def _parted(nights):
    """The nights of a sensor, in lists that have one group of a report at most."""
    by_number = {}
    for night in nights:
        by_number.setdefault(night.number, []).append(night)
    most = max(by_number.values(), key=len)
    series = [[night] for night in most]
    for others in by_number.values():
        if others is most:
            continue
        pairs = sorted(
            (_distance(each[0], other), i, j) for i, each in enumerate(series) for j, other in enumerate(others)
        )
        taken, placed = set(), set()
        for _, i, j in pairs:
            if i not in taken and j not in placed:
                taken.add(i)
                placed.add(j)
                series[i].append(others[j])
    return [sorted(each, key=lambda night: night.number) for each in series]


def _distance(first, second):
    """How unlike two groups of a sensor are: whether their titles differ, and their temperatures."""
    apart = abs(first.group.temperature - second.group.temperature)
    return first.group.title != second.group.title, apart if np.isfinite(apart) else _UNKNOWN


def _titles(series):
    """Title of each of several lists of nights: that of the sensor, with the temperatures where it occurs twice."""
    sensors = [re.sub(r", -?\d+ C$", "", nights[0].group.title) for nights in series]
    titles = []
    for sensor, nights in zip(sensors, series, strict=True):
        celsius = [night.group.temperature for night in nights if np.isfinite(night.group.temperature)]
        more = ""
        if sensors.count(sensor) > 1 and celsius:
            low, high = round(min(celsius)), round(max(celsius))
            more = f", {low} C" if low == high else f", {low} to {high} C"
        titles.append(f"{sensor}{more}")
    return titles
