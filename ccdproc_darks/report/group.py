# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames of a folder, groups of them that may be measured together, and files that cannot be used."""

from dataclasses import dataclass, field
from pathlib import Path

from .._interface.shown import shown
from ..frames.file_frame import FileFrame
from ..frames.headers import equal_exposures
from .detectors import DETECTOR

__all__ = ["Frame", "Group", "Unusable", "number_text", "size_text", "unusable_file"]


@dataclass
class Frame:
    """A usable frame."""

    file: FileFrame
    name: str  # of the file, with its sub-folder, as people may see it
    kind: str  # 'dark' or 'bias'
    seconds: float  # exposure time (s)
    temperature: float | None  # set temperature (deg C); that of the sensor where none is in the header
    settings: dict  # values of the header keys by which frames are grouped, see `header_settings`
    combined: int = 1  # number of exposures of a master bias, 0 where nobody tells; 1 of a single frame

    @property
    def is_master(self):
        """Whether it is a master bias."""
        return self.combined != 1


@dataclass
class Unusable:
    """A file that cannot be used, and why."""

    name: str
    reason: str


def unusable_file(path, error, name=None):
    """`Unusable` of a file for an error of it; ``name`` is that of the file with its sub-folder, where it has one."""
    label, name = shown(str(path)), name or shown(Path(path).name)
    return Unusable(name, shown(str(error)).replace(f"{label}: ", "").replace(label, name))


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
    master: Frame | None = None  # the master bias, where there are no single bias frames
    details: str = ""  # what parts it from groups of the same title otherwise
    origin: str = ""  # sentences on the sub-folders that its frames are from, where they are in some
    notes: list = field(default_factory=list)  # sentences about the choice of the frames
    doubts: list = field(default_factory=list)  # sentences on frames that are left out and nearly fit

    @property
    def title(self):
        """Name of the group for people: camera, size, binning and temperature."""
        parts = [self.sensor]
        if self.temperature is not None:
            parts.append(f"{round(self.temperature)} C")
        return ", ".join(parts)

    @property
    def sensor(self):
        """Name of its camera, size, binning and region, without the temperature."""
        parts = [self.camera, *([self.settings[DETECTOR]] if DETECTOR in self.settings else []), size_text(self.shape)]
        if self.binning != "1x1":
            parts.append(f"binned {self.binning}")
        corner = [self.settings.get(key, 0.0) for key in ("XORGSUBF", "YORGSUBF")]
        if any(corner):
            parts.append("from {} {}".format(*map(number_text, corner)))
        if self.details:
            parts.append(self.details)
        return ", ".join(parts)

    @property
    def exposures(self):
        """Darks by exposure time, the shortest first: a list of (seconds, frames)."""
        darks = sorted(self.darks, key=lambda frame: frame.name)
        groups = [[darks[index] for index in group] for group in equal_exposures([dark.seconds for dark in darks])]
        return [(group[0].seconds, group) for group in groups]


def size_text(shape):
    """Columns and rows, for people."""
    return f"{shape[1]} x {shape[0]} pixels"


def number_text(value):
    """A number of a header without needless digits; a text as it is."""
    return f"{value:g}" if isinstance(value, int | float) else str(value).strip()
