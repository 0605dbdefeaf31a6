# Licensed under a 3-clause BSD style license - see LICENSE
"""Groups of frames that may be measured together, by their headers: whatever the order of the files."""

from ..frames.belonging import difference
from ..frames.frame_types import DARK
from .detectors import DETECTOR
from .group import Group, number_text

__all__ = ["differing_keys", "grouped_by_sensor", "header_text"]


def grouped_by_sensor(frames, tolerance):
    """For each camera, shape and setting, the list of its `Group` in the order of temperature.

    A group spans at most ``tolerance`` (deg C; None: any range). A header key that is missing tells nothing: such a
    frame goes with those that have it, if these agree on its value.
    """
    sensors = []
    for settings, members in _by_settings(frames):
        first = members[0].file
        told = next((frame.file.header for frame in members if "INSTRUME" in frame.file.header), first.header)
        camera = str(told.get("INSTRUME", "")).strip() or "unknown camera"
        binning = "x".join(number_text(settings.get(key, told.get(key, 1))) for key in ("XBINNING", "YBINNING"))
        groups = []
        for temperature, same in _by_temperature(members, tolerance):
            group = Group(camera, first.shape, binning, settings, temperature)
            for frame in same:
                (group.darks if frame.kind == DARK else group.biases).append(frame)
            groups.append(group)
        sensors.append(groups)
    sensors.sort(key=lambda groups: _order(groups[0].camera, groups[0].shape, groups[0].binning, groups[0].settings))
    _name_details(sensors)
    return sensors


def differing_keys(first, second):
    """Keys of which two results of `header_settings` have different values; what is missing in one tells nothing."""
    shared = (key for key in first if key in second and first[key] != second[key])
    return [key for key in shared if difference({key: first[key]}, {key: second[key]})]


def header_text(frames, key):
    """Value of a header key as the first frame has it that tells it, for people."""
    told = (frame.file.header.get(key, frame.settings[key]) for frame in frames if key in frame.settings)
    return number_text(next(told, ""))


def _by_settings(frames):
    """Settings and frames of each group, in a settled order: those whose headers tell most come first."""
    known = {}
    for frame in sorted(frames, key=lambda frame: frame.name):
        known.setdefault((frame.file.shape, tuple(sorted(frame.settings.items(), key=str))), []).append(frame)
    groups = []
    for shape, told in sorted(known, key=lambda same: (-len(same[1]), -len(str(same[1])), str(same))):
        own = known[shape, told][0].settings
        fitting = [
            group
            for group in groups
            if group[0] == shape and not any(differing_keys(own, settings) for settings in group[1])
        ]
        # What would fit several groups fits none of them: the frames of it are a group of their own.
        if len(fitting) == 1:
            fitting[0][1].append(own)
            fitting[0][2].extend(known[shape, told])
        else:
            groups.append((shape, [own], list(known[shape, told])))
    for _, settings, members in groups:
        merged = dict(settings[0])
        for each in settings[1:]:
            merged = each | merged
        yield merged, sorted(members, key=lambda frame: frame.name)


def _by_temperature(frames, tolerance):
    """Mean temperature and frames of each group, in the order of temperature; unknown ones come last.

    Darks are parted by their own temperatures. A bias goes with the darks that it is nearest to, if it is within the
    tolerance of each of them; else with other bias frames.
    """
    if tolerance is None:
        yield None, frames
        return
    known = sorted((frame for frame in frames if frame.temperature is not None), key=lambda frame: frame.temperature)
    runs = _runs([frame for frame in known if frame.kind == DARK], tolerance)
    ends = [(run[0].temperature, run[-1].temperature) for run in runs]
    left = []
    for bias in (frame for frame in known if frame.kind != DARK):
        celsius = bias.temperature
        near = [
            (abs(celsius - (low + high) / 2), index)
            for index, (low, high) in enumerate(ends)
            if max(high, celsius) - min(low, celsius) <= tolerance
        ]
        (runs[min(near)[1]] if near else left).append(bias)
    groups = [(_mean_temperature(run), run) for run in (*runs, *_runs(left, tolerance))]
    for celsius, run in sorted(groups, key=lambda group: group[0]):
        yield celsius, sorted(run, key=lambda frame: frame.name)
    unknown = [frame for frame in frames if frame.temperature is None]
    if unknown:
        yield None, unknown


def _runs(frames, tolerance):
    """Frames that are in the order of temperature, in runs that span at most the tolerance."""
    runs = []
    for frame in frames:
        if runs and frame.temperature - runs[-1][0].temperature <= tolerance:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return runs


def _mean_temperature(frames):
    return sum(frame.temperature for frame in sorted(frames, key=lambda frame: frame.temperature)) / len(frames)


def _name_details(sensors):
    """Have titles that would be the same tell what parts their groups."""
    by_name = {}
    for groups in (groups for groups in sensors if any(group.darks for group in groups)):
        by_name.setdefault(groups[0].sensor, []).append(groups)
    for same in by_name.values():
        settings = [groups[0].settings for groups in same]
        keys = {key for one in settings for other in settings for key in differing_keys(one, other)}
        for groups, told in zip(same, settings, strict=True):
            frames = [frame for group in groups for frame in (*group.darks, *group.biases)]
            texts = [
                f"{key} {header_text(frames, key)}"
                for key in sorted(keys)
                if key in told and key not in ("INSTRUME", DETECTOR)
            ]
            for group in groups:
                group.details = ", ".join(texts)


def _order(camera, shape, binning, settings):
    return str((camera, shape, binning, list(settings.items())))
