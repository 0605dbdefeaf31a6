# Licensed under a 3-clause BSD style license - see LICENSE
"""Bias and dark frames of a folder, in groups of frames that may be measured together."""

from fnmatch import fnmatchcase
from pathlib import Path

from astropy import units as u

from .._interface.progress import current_progress, in_turn
from .._interface.shown import shown
from ..frames.duplicates import SeenFrames
from ..frames.file_frame import FileFrame
from ..frames.frame_types import BIAS, DARK
from ..frames.headers import equal_exposures
from .bias_choice import choose_biases
from .classified import classified
from .cooling import at_group_temperatures
from .costs import COPY, HEADER
from .detectors import DETECTOR, detectors_of
from .frame_files import fits_files, type_of_folder
from .frame_options import AS_FOUND
from .group import Frame, Group, Unusable, unusable_file
from .group_origin import dates_note, origin_of
from .grouping import differing_keys, grouped_by_sensor

__all__ = ["Frame", "Group", "Unusable", "find_groups"]


def find_groups(folder, options=AS_FOUND, left=None):
    """Group the frames of a folder, as `FrameOptions` tell.

    ``left`` is a function of the files' paths, which gives the cost (ms) of what is done with them afterwards, to tell
    of the progress.

    Returns the list of each `Group` that has darks, in the order of camera and temperature, and the list of `Unusable`:
    all that is called as a FITS file and is in none of them.
    """
    folder = Path(folder)
    files = [(path, folder, None) for path in fits_files(folder, options.recursive)]
    if options.bias is not None:
        files += _files_of_bias(options.bias.absolute(), options.recursive)
    frames, unusable, known = [], [], set()
    own, biases = ({path.absolute() for path, _, kind in files if kind == each} for each in (None, BIAS))
    copies, after = COPY * len(files), left([path for path, _, _ in files]) if left else 0.0
    for path, root, kind in in_turn(files, lambda _: "reading headers", lambda _: HEADER, copies + after):
        # Of bias frames from elsewhere the folder is shown, too.
        name = shown(str(path.relative_to(root if kind is None else root.parent)))
        try:
            if options.excluded is not None and fnmatchcase(path.name, options.excluded):
                raise ValueError("left out (--exclude)")
            if path.suffix.lower() == ".fz" and len(path.suffixes) == 1:
                raise ValueError("not looked into: a file packed by fpack is called .fits.fz")
            first = FileFrame(path, options.reading)
            known.update(first.header)
            detectors = detectors_of(first, options.reading)
        except (OSError, ValueError, u.UnitsError) as error:
            unusable.append(unusable_file(path, _with_way_out(error, options), name))
            continue
        for reading, detector in detectors:
            each = f"{name}[{detector}]" if detector else name
            try:
                file = FileFrame(path, reading) if detector else first
                frame = classified(file, each, root, options, kind)
                if path.absolute() in own & biases and (kind is None) == (frame.kind == BIAS):
                    continue  # it is in both places, and one of the two tells what it is for
                if kind is None and frame.kind == BIAS and (options.bias is not None or options.without_bias):
                    raise ValueError(
                        f"a bias frame, and --bias tells of {'none' if options.without_bias else 'others'}"
                    )
                if kind == BIAS and frame.kind == DARK:
                    raise ValueError("a dark frame among the bias frames of --bias")
            except (OSError, ValueError, u.UnitsError) as error:
                unusable.append(unusable_file(path, _with_way_out(error, options), each))
            else:
                frame.settings |= {DETECTOR: detector} if detector else {}
                frames.append(frame)
    if biases and all(frame.kind == DARK for frame in frames):
        lost = {item.name: item.reason for item in unusable}
        name = next((name for name in lost if name.startswith(f"{_bias_root(options.bias).name}/")), None)
        raise ValueError(f"--bias {options.bias}: no bias frames{f'; {name}: {lost[name]}' if name else ''}")
    frames, warm = (frames, []) if options.temperature_tolerance is None else at_group_temperatures(frames)
    frames, processed = _raw_ones(frames)
    current_progress().begin("looking for copies", copies, after)
    frames, copies = _without_copies(frames)
    sensors = grouped_by_sensor(frames, options.temperature_tolerance)
    unusable += warm + processed + copies + choose_biases(sensors)
    groups = [group for groups in sensors for group in groups if group.darks]
    if options.bias is None and not (options.recursive or options.without_bias):
        _tell_folders_of_biases(groups, folder, {path for path, _, _ in files})
    for group in groups:
        group.origin = origin_of(group, folder, options.recursive)
        group.notes += [note for note in [dates_note(group)] if note]
    for note in _without_effect(options, [path.name for path, _, kind in files if kind is None], known):
        for group in groups:
            group.notes.append(note)
    return groups, unusable


def _without_effect(options, names, known):
    """Sentences on options that nothing in the folder fits; ``known`` are the keys of all headers."""
    if options.darks is not None and not any(fnmatchcase(name, options.darks) for name in names):
        yield f"No file has a name like {shown(options.darks)!r} (--dark): headers tell which frames are darks."
    told = {"--type-key": [options.type_key], "--group-by": options.group_by}
    for option, keys in told.items():
        for key in keys:
            if key is not None and key not in known:
                yield f"No header has {shown(key)} ({option}): it changes nothing."


def _tell_folders_of_biases(groups, folder, files):
    """Note for darks without bias frames that a sub-folder, which was not looked into, may have them."""
    lacking = [group for group in groups if not (group.biases or group.master)]
    inner = sorted(path for path in folder.iterdir() if path.is_dir()) if lacking else []
    names = [path.name for path in inner if type_of_folder(path, folder) == BIAS]
    if names and any(path.parent == folder for path in files):
        for group in lacking:
            group.notes.append(f"The sub-folder {shown(names[0])} was not looked into: --recursive does.")


def _files_of_bias(place, recursive):
    """Paths of the bias frames that the user tells of, the folder, and their type."""
    if not place.exists():
        raise FileNotFoundError(f"--bias {place}: no such file or folder")
    paths = fits_files(place, recursive) if place.is_dir() else [place]
    if not paths:
        raise ValueError(f"--bias {place}: no FITS files (.fit, .fits, .fts, also compressed)")
    return [(path, _bias_root(place), BIAS) for path in paths]


def _bias_root(place):
    return place if place.is_dir() else place.parent


def _with_way_out(error, options):
    """An error, with the option that does away with it."""
    is_of_unit = isinstance(error, u.UnitsError) and options.reading.unit is None
    return str(error).replace("; pass unit if", "; tell by --unit if") if is_of_unit else error


def _raw_ones(frames):
    """Frames without those that look processed, and the latter: floats among integer frames, without NCOMBINE."""

    def kind_of(frame):
        return str(frame.file.header.get("INSTRUME")), frame.file.shape, frame.kind

    raw = {kind_of(frame) for frame in frames if frame.file.dtype.kind != "f"}
    reason = "floating-point values among raw integer frames, and no NCOMBINE: not a raw frame?"
    kept, processed = [], []
    for frame in frames:
        is_float = frame.file.dtype.kind == "f" and not frame.is_master
        if is_float and kind_of(frame) in raw and "NCOMBINE" not in frame.file.header:
            processed.append(Unusable(frame.name, reason))
        else:
            kept.append(frame)
    return kept, processed


def _without_copies(frames):
    """Frames without copies, and the latter: files with the same value in every pixel.

    Of copies that tell another exposure time or type, one is wrong, and nobody knows which: none is used.
    """
    seen, by_file, reasons = SeenFrames(), {frame.file: frame for frame in frames}, {}
    for file, frame in by_file.items():
        try:
            earlier = seen.earlier(file)
        except (OSError, ValueError) as error:
            reasons[file] = unusable_file(file.path, error, frame.name).reason
            continue
        if earlier is None:
            continue
        first = by_file[earlier]
        reasons[file] = f"the same pixel values as {first.name}"
        if frame.kind != first.kind or len(equal_exposures([frame.seconds, first.seconds])) > 1:
            told = f"a {first.kind} of {first.seconds:g} s and a {frame.kind} of {frame.seconds:g} s"
            for this, other in ((file, first), (earlier, frame)):
                reasons[this] = f"the same pixel values as {other.name}, but headers tell of {told}: one is wrong"
        elif keys := differing_keys(frame.settings, first.settings):
            key = keys[0]
            for this, one, other in ((file, frame, first), (earlier, first, frame)):
                reasons[this] = (
                    f"the same pixel values as {other.name}, but {key} is {one.settings.get(key)} in one header and "
                    f"{other.settings.get(key)} in the other: one is wrong"
                )
    kept = [frame for frame in frames if frame.file not in reasons]
    return kept, [Unusable(by_file[file].name, reason) for file, reason in reasons.items()]
