# Licensed under a 3-clause BSD style license - see LICENSE
"""Which bias frames serve which darks of a folder, and why others are left out."""

import math

from ..frames.temperatures import TEMPERATURE_SPREAD
from .group import Unusable, size_text
from .grouping import differing_keys, header_text

__all__ = ["choose_biases"]

# Fewest bias frames that are taken from other temperatures, where there are so many: a scatter can be had of three.
_LEAST_BIASES = 3
# Range of temperatures (deg C) beyond the nearest bias frame within which others serve as well.
_AS_NEAR = 1.0
_MOST_KEYS = 3


def choose_biases(sensors):
    """Set the bias frames or the master bias of each group; returns the list of `Unusable` of all others.

    ``sensors`` is what `grouped_by_sensor` returns. A group with single bias frames of its own keeps these, and where
    they are one or two, takes those of nearly its temperature as well. Else it gets, of the same sensor and setting,
    the first that there is of: a master bias of its temperature, the single bias frames that are nearest in temperature
    (a bias depends on it weakly), the master bias that is nearest.
    """
    unusable, measured = [], [groups for groups in sensors if any(group.darks for group in groups)]
    for groups in sensors:
        found = [[bias for bias in group.biases] for group in groups]
        if groups in measured:
            _choose(groups)
        used = {id(bias) for group in groups for bias in (*group.biases, group.master) if bias and group.darks}
        for bias in (bias for biases in found for bias in biases):
            if id(bias) not in used:
                reason = _other_reason(bias, groups) if groups in measured else _why_left_out(bias, measured)
                unusable.append(Unusable(bias.name, reason))
    for groups in measured:
        _tell_near_biases(groups, [others for others in sensors if others not in measured])
    return unusable


def _choose(groups):
    own = [([], []) for _ in groups]
    for group, (singles, masters) in zip(groups, own, strict=True):
        for bias in group.biases:
            (masters if bias.is_master else singles).append(bias)
    all_singles, all_masters = (sorted_by_name(each[index] for each in own) for index in (0, 1))
    for group, (singles, masters) in zip(groups, own, strict=True):
        if not group.darks:
            continue
        if len(singles) < _LEAST_BIASES and group.temperature is not None and singles:
            near = [bias for bias in all_singles if _away(bias, group.temperature) <= TEMPERATURE_SPREAD]
            group.biases = _nearest(near, group.temperature) or singles
        else:
            group.biases = singles or ([] if masters else _nearest(all_singles, group.temperature))
        if group.biases:
            if len(group.biases) > len(singles):
                _tell_temperature(group, group.biases, len(singles))
        elif all_masters:
            near = masters or _nearest(all_masters, group.temperature, least=1)
            group.master = max(near, key=lambda bias: bias.combined)
            number = f"of {group.master.combined} frames" if group.master.combined else "of how many frames is not told"
            group.notes.append(
                f"There are no single bias frames: the master bias {group.master.name} ({number}) is used."
            )
            if not masters:
                _tell_temperature(group, [group.master])


def sorted_by_name(lists):
    """All frames of some lists, in the order of names."""
    return sorted((frame for frames in lists for frame in frames), key=lambda frame: frame.name)


def _nearest(biases, celsius, least=_LEAST_BIASES):
    """Those biases that are nearest in temperature to ``celsius``; all of them where nothing tells."""
    known = [bias for bias in biases if bias.temperature is not None]
    if celsius is None or not known:
        return list(biases)
    away = sorted(_away(bias, celsius) for bias in known)
    limit = max(away[0] + _AS_NEAR, away[min(least, len(away)) - 1])
    return [bias for bias in known if _away(bias, celsius) <= limit]


def _away(bias, celsius):
    """How far the temperature of a bias is from another one (deg C)."""
    return math.inf if bias.temperature is None else abs(bias.temperature - celsius)


def _tell_temperature(group, biases, own=0):
    """Note on biases of other temperatures; ``own`` of them are at that of the group."""
    known = [bias.temperature for bias in biases if bias.temperature is not None]
    if not known and group.temperature is None:
        return
    at = "an unknown temperature"
    if known:
        low, high = (f"{limit(known):.1f}" for limit in (min, max))
        at = f"{low} C" if low == high else f"{low} to {high} C"
    darks = "an unknown temperature" if group.temperature is None else f"{group.temperature:.1f} C"
    what = "the master bias" if biases[0].is_master else _counted(len(biases), "bias frame")
    there = (
        f"There {'is' if own == 1 else 'are'} only {_counted(own, 'bias frame')}" if own else "There are no bias frames"
    )
    group.notes.append(
        f"{there} at the temperature of the darks, {darks}: {what} at {at} "
        f"{'is' if len(biases) == 1 else 'are'} used. A bias level that changes with the temperature shifts all rates."
    )


def _other_reason(bias, groups):
    """Why a bias of the right sensor is not used."""
    measured = [group for group in groups if group.darks]
    master = next((group.master for group in measured if group.master), None)
    if bias.is_master:
        return f"a master bias, and {master.name if master else 'single bias frames'} serve{'s' if master else ''}"
    at = ", ".join("unknown" if group.temperature is None else f"{group.temperature:.1f}" for group in measured)
    own = "an unknown temperature" if bias.temperature is None else f"{bias.temperature:.1f} C"
    return (
        f"taken at {own}; the darks of {measured[0].sensor} are at {at} C, and there are bias frames nearer to that. "
        "--temperature-tolerance takes a wider range together"
    )


def _why_left_out(bias, measured):
    """Why a bias goes with no darks: what parts it from those that it nearly fits."""
    if not measured:
        return "there are no darks to go with it"
    near = _nearly(bias.file.shape, bias.settings, measured)
    darks = [dark for group in near for dark in group.darks]
    those = f"the {_counted(len(darks), 'dark')} of {near[0].sensor}"
    clauses, hint = _difference([bias], darks, "here", f"in {those}")
    if clauses:
        return f"{clauses}; there are no darks like it{hint}"
    others = [groups for groups in measured if groups is not near]
    keys = sorted({key for groups in others for key in differing_keys(near[0].settings, groups[0].settings)})
    listed = ", ".join(keys[:_MOST_KEYS])
    return (
        f"its header does not tell {listed}, by which darks of {near[0].camera}, {size_text(bias.file.shape)} are in "
        f"{len(measured)} groups: nobody knows to which it belongs. Give it as --bias for one of them"
    )


def _nearly(shape, settings, candidates):
    """Those groups of a sensor that frames of a shape and settings nearly fit."""

    def distance(groups):
        number = len(differing_keys(settings, groups[0].settings))
        frames = sum(len(group.darks) or len(group.biases) for group in groups)
        return groups[0].shape != shape, number, -frames

    return min(candidates, key=distance)


def _difference(ones, others, here, there):
    """What parts frames from others, in words, and which option does away with it; empty where nothing does."""
    first, second = ones[0], others[0]
    if first.file.shape != second.file.shape:
        return f"{size_text(first.file.shape)} {here}, {size_text(second.file.shape)} {there}", ""
    # All frames of a group agree, but not each tells all.
    told = [{key: value for frame in frames for key, value in frame.settings.items()} for frames in (ones, others)]
    keys = differing_keys(*told)
    clauses = []
    for key in keys[:_MOST_KEYS]:
        one, other = (_quoted(header_text(frames, key)) for frames in (ones, others))
        clauses.append(f"{key} is {one} and {other}" if clauses else f"{key} is {one} {here}, {other} {there}")
    if len(keys) > _MOST_KEYS:
        clauses.append(f"and {len(keys) - _MOST_KEYS} keys more differ")
    hint = f". --ignore-key {' '.join(keys)} takes them together" if len(keys) <= _MOST_KEYS else ""
    return "; ".join(clauses), hint if keys else ""


def _quoted(text):
    try:
        return f"{float(text):g}"
    except ValueError:
        return repr(text)


def _tell_near_biases(groups, others):
    """Note for darks without bias frames which bias frames nearly fit."""
    if any(group.biases or group.master for group in groups):
        return
    others = [other for other in others if other[0].shape == groups[0].shape]
    if not others:
        return
    near = _nearly(groups[0].shape, groups[0].settings, others)
    biases = [bias for group in near for bias in group.biases]
    darks = [dark for group in groups for dark in group.darks]
    more = f" (and {len(biases) - 1} more)" if len(biases) > 1 else ""
    clauses, hint = _difference(biases, darks, f"in the header of {biases[0].name}{more}", "in those of the darks")
    if clauses:
        for group in groups:
            if group.darks:
                group.doubts.append(f"Bias frames that nearly fit are not used: {clauses}{hint}")


def _counted(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"
