# Licensed under a 3-clause BSD style license - see LICENSE
"""Bias and dark frames of a folder, in groups of frames that may be measured together."""

from dataclasses import dataclass, field
from pathlib import Path

from astropy import units as u

from .._interface.shown import shown
from ..frames.belonging import BIAS, DARK, TYPE_KEYS, are_alike, frame_type, header_settings
from ..frames.duplicates import SeenFrames
from ..frames.file_frame import FileFrame
from ..frames.headers import EXPOSURE_KEYS, TEMPERATURE_SPREAD, check_unambiguous, equal_exposures, header_number
from .frame_options import AS_FOUND

__all__ = ["Frame", "Group", "Unusable", "find_groups", "unusable_file", "without_lost"]

_SUFFIXES = (".fit", ".fits", ".fts")
_COMPRESSED = (".gz", ".bz2", ".fz")
_SAME_TEMPERATURE = 1.0


@dataclass
class Frame:
    """A usable frame."""

    file: FileFrame
    kind: str  # 'dark' or 'bias'
    seconds: float  # exposure time (s)
    temperature: float | None  # set temperature (deg C); that of the sensor where none is in the header
    settings: dict  # values of the header keys by which frames are grouped, see `header_settings`

    @property
    def name(self):
        """File name, as people may see it."""
        return shown(self.file.path.name)


@dataclass
class Unusable:
    """A file that cannot be used, and why."""

    name: str
    reason: str


@dataclass
class Group:
    """Frames of one camera, shape, binning, region of the sensor, setting and temperature."""

    camera: str  # INSTRUME, or 'unknown camera'
    shape: tuple  # rows and columns
    binning: str  # in columns and rows, such as '1x1'
    settings: dict  # values of the header keys by which frames are grouped, see `header_settings`
    temperature: float | None  # mean of the frames (deg C)
    biases: list = field(default_factory=list)
    darks: list = field(default_factory=list)

    @property
    def title(self):
        """Name of the group for people: camera, size, binning and temperature."""
        parts = [self.camera, f"{self.shape[1]} x {self.shape[0]} pixels"]
        if self.binning != "1x1":
            parts.append(f"binned {self.binning}")
        corner = [self.settings.get(key, 0.0) for key in ("XORGSUBF", "YORGSUBF")]
        if any(corner):
            parts.append("from {} {}".format(*map(_number_text, corner)))
        if self.temperature is not None:
            parts.append(f"{round(self.temperature)} C")
        return ", ".join(parts)

    @property
    def exposures(self):
        """Darks by exposure time, the shortest first: a list of (seconds, frames)."""
        darks = sorted(self.darks, key=lambda frame: frame.name)
        groups = [[darks[index] for index in group] for group in equal_exposures([dark.seconds for dark in darks])]
        return [(group[0].seconds, group) for group in groups]


def find_groups(folder, progress=iter, options=AS_FOUND):
    """Group the frames of a folder, as `FrameOptions` tell; ``progress`` wraps the list of files, as `tqdm.tqdm` does.

    Returns the list of each `Group` that has darks, in the order of camera and temperature, and the list of `Unusable`:
    all that is called as a FITS file and is in none of them.
    """
    frames, unusable = [], []
    for path in progress(_fits_files(Path(folder))):
        try:
            if path.suffix.lower() == ".fz" and len(path.suffixes) == 1:
                raise ValueError("not looked into: a file packed by fpack is called .fits.fz")
            frames.append(_classified(FileFrame(path, options.reading)))
        except (OSError, ValueError, u.UnitsError) as error:
            unusable.append(unusable_file(path, error))
    frames, processed = _raw_ones(frames)
    unusable += processed
    frames, copies = _without_copies(frames)
    unusable += copies
    groups = _grouped(frames)
    for group in groups:
        for frame in () if group.darks else group.biases:
            unusable.append(Unusable(frame.name, f"no dark frames to go with it ({group.title})"))
    return [group for group in groups if group.darks], unusable


def without_lost(frames, read=False):
    """Frames whose files are still those whose headers were read, and the list of `Unusable` of all others.

    With ``read``, all pixels are read: that finds files of which a part cannot be read.
    """
    kept, lost = [], []
    for frame in frames:
        try:
            frame.file.check_unchanged()
            if read:
                frame.file.rows(slice(None))
        except OSError as error:
            lost.append(unusable_file(frame.file.path, error))
        else:
            kept.append(frame)
    return kept, lost


def unusable_file(path, error):
    """`Unusable` of a file for an error of it."""
    label, name = shown(str(path)), shown(path.name)
    return Unusable(name, shown(str(error)).replace(f"{label}: ", "").replace(label, name))


def _fits_files(folder):
    """Everything in a folder that bears the name of a FITS file, whatever it is."""

    def is_fits(path):
        suffixes = [suffix.lower() for suffix in path.suffixes]
        if suffixes and suffixes[-1] in _COMPRESSED and suffixes != [".fz"]:
            suffixes.pop()
        return bool(suffixes) and suffixes[-1] in (*_SUFFIXES, ".fz") and not path.name.startswith(".")

    return sorted(path for path in folder.iterdir() if is_fits(path))


def _classified(file):
    header = file.header
    check_unambiguous(header, file.label)
    key = next((key for key in TYPE_KEYS if key in header), None)
    if key is None:
        raise ValueError(f"its header has none of {', '.join(TYPE_KEYS)}: neither bias nor dark")
    text, kind = str(header[key]).strip(), frame_type(header)
    # A master bias is not one of the frames that a new one is made of.
    if kind not in (DARK, BIAS) or (kind == BIAS and not text.lower().startswith((BIAS, "zero"))):
        raise ValueError(f"{key} is {text!r}: neither bias nor dark")
    key = next((key for key in EXPOSURE_KEYS if key in header), None)
    if key is None and kind == DARK:
        raise ValueError("no exposure time: neither EXPTIME nor EXPOSURE in its header")
    seconds = 0.0 if key is None else header_number(file, key)
    if kind == DARK and seconds <= 0:
        raise ValueError(f"{key} is {seconds:g} s: a dark needs an exposure")
    is_set = "SET-TEMP" in header
    key = "SET-TEMP" if is_set else "CCD-TEMP"
    temperature = header_number(file, key) if key in header else None
    if is_set and "CCD-TEMP" in header and kind == DARK:
        sensor = header_number(file, "CCD-TEMP")
        if abs(sensor - temperature) > TEMPERATURE_SPREAD:
            raise ValueError(f"the sensor was at {sensor:.1f} C, not at the {temperature:g} C that were set")
    return Frame(file, kind, seconds, temperature, header_settings(header))


def _raw_ones(frames):
    """Frames without those that look processed, and the latter: floats among integer frames, without NCOMBINE."""

    def kind_of(frame):
        return str(frame.file.header.get("INSTRUME")), frame.file.shape, frame.kind

    raw = {kind_of(frame) for frame in frames if frame.file.dtype.kind != "f"}
    reason = "floating-point values among raw integer frames, and no NCOMBINE: not a raw frame?"
    kept, processed = [], []
    for frame in frames:
        if frame.file.dtype.kind == "f" and kind_of(frame) in raw and "NCOMBINE" not in frame.file.header:
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
            reasons[file] = unusable_file(file.path, error).reason
            continue
        if earlier is None:
            continue
        first = by_file[earlier]
        reasons[file] = f"the same pixel values as {first.name}"
        if frame.kind != first.kind or len(equal_exposures([frame.seconds, first.seconds])) > 1:
            told = f"a {first.kind} of {first.seconds:g} s and a {frame.kind} of {frame.seconds:g} s"
            for this, other in ((file, first), (earlier, frame)):
                reasons[this] = f"the same pixel values as {other.name}, but headers tell of {told}: one is wrong"
        elif not are_alike(frame.settings, first.settings):
            key = next(key for key in [*frame.settings, *first.settings] if not _is_told_alike(key, frame, first))
            for this, one, other in ((file, frame, first), (earlier, first, frame)):
                reasons[this] = (
                    f"the same pixel values as {other.name}, but {key} is {one.settings.get(key)} in one header and "
                    f"{other.settings.get(key)} in the other: one is wrong"
                )
    kept = [frame for frame in frames if frame.file not in reasons]
    return kept, [Unusable(by_file[file].name, reason) for file, reason in reasons.items()]


def _is_told_alike(key, frame, first):
    return are_alike(*({key: one.settings[key]} if key in one.settings else {} for one in (frame, first)))


def _grouped(frames):
    cameras = []
    for frame in frames:
        shape, settings = frame.file.shape, frame.settings
        same = (members for own, known, members in cameras if own == shape and are_alike(known, settings))
        members = next(same, None)
        if members is None:
            members = []
            cameras.append((shape, settings, members))
        members.append(frame)
    groups = []
    for shape, settings, members in cameras:
        header = members[0].file.header
        camera = str(header.get("INSTRUME", "")).strip() or "unknown camera"
        binning = f"{_number_text(header.get('XBINNING', 1))}x{_number_text(header.get('YBINNING', 1))}"
        for temperature, same in _by_temperature(members):
            group = Group(camera, shape, binning, settings, temperature)
            for frame in same:
                (group.darks if frame.kind == DARK else group.biases).append(frame)
            groups.append(group)
    # Groups of one camera are already in the order of temperature.
    return sorted(
        groups, key=lambda group: str((group.camera, group.shape, group.binning, list(group.settings.items())))
    )


def _by_temperature(frames):
    """Mean temperature and frames of each group: in the order of temperature, a group spans at most 1 deg C."""
    known = sorted((frame for frame in frames if frame.temperature is not None), key=lambda frame: frame.temperature)
    runs = []
    for frame in known:
        if runs and frame.temperature - runs[-1][0].temperature <= _SAME_TEMPERATURE:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    for run in runs:
        yield sum(frame.temperature for frame in run) / len(run), sorted(run, key=lambda frame: frame.name)
    unknown = [frame for frame in frames if frame.temperature is None]
    if unknown:
        yield None, unknown


def _number_text(value):
    return f"{value:g}" if isinstance(value, int | float) else str(value).strip()
