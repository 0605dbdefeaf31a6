# Licensed under a 3-clause BSD style license - see LICENSE
"""Finished reports, read back: what their tables and headers tell at once, their images when they are asked for."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import QTable
from astropy.time import Time

from .._interface.disk.new_folder import PAGE, SUMMARY
from .._interface.shown import shown
from .._interface.warnings import filtered
from ..frames.belonging import header_settings
from ..frames.disk_file import FileState

__all__ = ["FinishedGroup", "FinishedReport", "read_reports"]

_HINT = "give a folder that 'ccdproc-darks report' wrote"
# Key of the images that are read for their headers alone.
_COUNTS = {"hot": "NHOT", "nonlinear": "NNONLIN", "telegraph": "NTELEGR", "saturated": "NSATUR", "masked": "NMASKED"}


@dataclass(frozen=True)
class FinishedGroup:
    """One group of frames in a finished report."""

    folder: Path  # of its images
    title: str  # camera, size, binning and temperature, for people
    header: fits.Header  # of the rate from all exposure times
    mask_header: fits.Header
    shape: tuple  # rows and columns
    exposures: dict  # headers of the rates of each exposure time, by the name of their file
    typical: float  # rate of a typical pixel (electron/s)
    typical_error: float  # its standard error; NaN where it is not known
    temperature: float  # deg C; NaN where it is not known
    detector: str = ""  # its name, where files hold several

    @property
    def settings(self):
        """Values of the header keys by which frames are grouped; and its name, where it is one of several detectors."""
        return header_settings(self.header) | ({"detector": self.detector} if self.detector else {})

    @property
    def date(self):
        """DATE-OBS of the first dark (`~astropy.time.Time`), or None."""
        dates = [_date(header) for header in (self.header, *self.exposures.values())]
        return min((date for date in dates if date is not None), default=None)

    @property
    def read_noise(self):
        """Read noise of a typical pixel (electron); NaN where it is not known."""
        return float(self.header.get("DKRDNOI", np.nan))

    @property
    def threshold(self):
        """Rate (electron/s) above which a pixel is hot."""
        return float(self.mask_header["DKTHRESH"])

    @property
    def is_tested(self):
        """Whether proportionality was tested; where it was not, all hot pixels are masked."""
        return "DKSIGMA" in self.mask_header

    def count(self, name):
        """Number of pixels that are hot, nonlinear, telegraph, saturated or masked; None where that was not tested."""
        is_tested = name in ("hot", "masked", "telegraph") or self.is_tested
        return int(self.mask_header[_COUNTS[name]]) if is_tested and _COUNTS[name] in self.mask_header else None

    def image(self, name):
        """One of its images (CCDData), by the name of the file."""
        path = self.folder / name
        FileState.of_path(path, shown(str(path)))
        try:
            with filtered("ignore"):
                image = CCDData.read(path, format="fits")
        except Exception as error:  # astropy may fail in any way where a file is damaged
            raise ValueError(f"{path} cannot be read: {_reason(error)}") from None
        if image.shape != self.shape:
            raise ValueError(f"{path} has {image.shape} pixels, the other images of the report {self.shape}")
        if image.mask is None:
            image.mask = np.zeros(image.shape, dtype=bool)
        return image


@dataclass(frozen=True)
class FinishedReport:
    """A finished report on one folder of frames."""

    folder: Path  # as the user gave it
    groups: list = field(default_factory=list)  # of `FinishedGroup`

    @property
    def checksum(self):
        """Checksum of its table, which two reports share only if they are copies, or of the same frames."""
        return hashlib.sha256((self.folder / SUMMARY).read_bytes()).hexdigest()

    @property
    def date(self):
        """DATE-OBS of the first dark of all groups (`~astropy.time.Time`), or None."""
        return min((group.date for group in self.groups if group.date is not None), default=None)


def read_reports(folders):
    """`FinishedReport` of each folder, in their order; a folder of reports on several folders stands for all of them.

    Raises ValueError or OSError where a folder holds no finished report, or a file of it cannot be read.
    """
    reports = []
    for folder in map(Path, folders):
        meta, rows = _summary(folder)
        if "groups" in meta:
            reports.append(_report(folder, meta, rows))
        elif isinstance(meta.get("folders"), dict):
            inner = [folder / str(name) for name in meta["folders"]]
            reports += [_report(each, *_summary(each)) for each in inner]
        elif "series" in meta:
            raise ValueError(f"{folder} is a comparison of reports, not a report: {_HINT}")
        else:
            raise ValueError(f"{folder} is no report: its {SUMMARY} tells of no groups of frames; {_HINT}")
    return reports


def _summary(folder):
    """``meta`` of the table of a report, and its rows by the folder of their group."""
    if not folder.is_dir():
        raise NotADirectoryError(
            f"{folder}: {'a file, not a folder' if folder.exists() else 'no such folder'}; {_HINT}"
        )
    path = folder / SUMMARY
    if not path.exists():
        more = "" if (folder / PAGE).exists() else f" and no {PAGE}"
        raise FileNotFoundError(f"{folder} is no report: it has no {SUMMARY}{more}; {_HINT}")
    FileState.of_path(path, shown(str(path)))
    try:
        with filtered("ignore"):
            table = QTable.read(path, format="ascii.ecsv")
        rows = {}
        if "group" in table.colnames:
            rows = {str(row["group"]): row for row in table if row["exposure"] == "all"}
    except Exception as error:  # of YAML, of numbers, of units
        raise ValueError(f"{path} cannot be read: {_reason(error)}") from None
    return table.meta, rows


def _report(folder, meta, rows):
    groups = meta.get("groups")
    if not isinstance(groups, dict) or not groups:
        raise ValueError(f"{folder} is no report: its {SUMMARY} tells of no groups of frames; {_HINT}")
    return FinishedReport(folder, [_group(folder, str(name), entry, rows) for name, entry in groups.items()])


def _group(report, name, entry, rows):
    folder = report / name
    try:
        row, title = rows[name], entry["title"]
        typical, error = (float(row[key].value) for key in ("typical_rate", "typical_error"))
        told = float(row["temperature"].value)
        # Titles begin with the camera, the detector where there are several, and the size.
        detector = re.split(r", \d+ x \d+ pixels", title)[0].removeprefix(str(row["camera"])).strip(", ")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError(
            f"{report / SUMMARY} is not whole: it lacks numbers of {name}; make the report again"
        ) from None
    header, shape = _header(folder / "rate_all.fits")
    mask_header, mask_shape = _header(folder / "mask.fits")
    if mask_shape != shape or "DKTHRESH" not in mask_header or "DKEXPMIN" not in header:
        raise ValueError(f"{folder}: rate_all.fits and mask.fits are not those of one report; make the report again")
    names = sorted(path.name for path in folder.glob("rate_*s.fits"))
    return FinishedGroup(
        folder, str(title), header, mask_header, shape, {each: _header(folder / each)[0] for each in names},
        typical, error, round(float(header.get("DKTEMP", told)), 2) + 0.0, detector,
    )  # fmt: skip


def _header(path):
    """Header and shape of an image of a report."""
    label = shown(str(path))
    try:
        FileState.of_path(path, label)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{error}: the report is not whole; make it again") from None
    try:
        with filtered("ignore"):
            header = fits.getheader(path)
            shape = tuple(int(header[f"NAXIS{axis}"]) for axis in (2, 1))
    except Exception as error:  # astropy may fail in any way where a file is damaged
        raise ValueError(f"{label} cannot be read: {_reason(error)}") from None
    return header, shape


def _date(header):
    try:
        with filtered("ignore"):
            return Time(str(header["DATE-OBS"]), format="fits", scale="utc")
    except (KeyError, ValueError):
        return None


def _reason(error):
    return " ".join((str(error) or type(error).__name__).split())
