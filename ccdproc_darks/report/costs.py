# Licensed under a 3-clause BSD style license - see LICENSE
"""What the parts of a report cost, for the progress that is told of it: about ms of one core, as measured once."""

import math
from contextlib import suppress

from .._interface.progress import current_progress
from .frame_files import fits_files

__all__ = [
    "COPY",
    "HEADER",
    "Steps",
    "cost_of_checks",
    "cost_of_checksums",
    "cost_of_files",
    "cost_of_folder",
    "cost_of_measuring",
    "cost_of_pictures",
    "cost_of_table",
    "cost_of_truth",
    "cost_of_writing",
]

#: Of reading the header of a file; of looking whether it is a copy of another.
HEADER, COPY = 1.0, 0.3
# Of all that is done with a megabyte of frames, and with frames that are small; the part of it that checks cost.
_MEGABYTE, _SMALL, _CHECKS = 8.0, 2500.0, 0.15


def cost_of_files(paths):
    """Of a report on files, when their headers were read."""
    size = 0
    for path in paths:
        with suppress(OSError):
            size += path.stat().st_size
    return _SMALL + _MEGABYTE * size / 1e6


def cost_of_checks(paths):
    """Of the checks of files, when their headers were read."""
    return _CHECKS * cost_of_files(paths)


def cost_of_folder(folder, options):
    """Of a report on the frames of a folder, which may be missing; ``options`` are `FrameOptions`."""
    paths = fits_files(folder, options.recursive) if folder.is_dir() else []
    return (HEADER + COPY) * len(paths) + (cost_of_files(paths) if paths else 0.0)


def cost_of_measuring(group):
    """Of all steps of `ccdproc_darks.report.measure.measure_group`."""
    return sum(_costs_of_steps(group).values())


def cost_of_truth(group):
    """Of the comparison of a group with the truth about it."""
    return 10 + 90 * _megapixels(group)


def cost_of_writing(group):
    """Of the images of a group."""
    return 30 + 10 * (4 + len(group.exposures)) * _megapixels(group)


def cost_of_checksums(group):
    """Of the checksums of its files."""
    return 10 + 6 * (4 + len(group.exposures)) * _megapixels(group)


def cost_of_table(group):
    """Of its rows of the table."""
    return 20 + 2 * _megapixels(group)


def cost_of_pictures(group):
    """Of the pictures of a group."""
    return 2000 + 200 * _megapixels(group)


class Steps:
    """Tells, when called with the text of each step of a `Group`'s measurement, that it begins."""

    def __init__(self, group):
        self._costs, self._place = _costs_of_steps(group), 0

    def __call__(self, text):
        """Tell that the step begins; some may be left out, and all may be done again."""
        # Without a file that was lost, an exposure time may have another name.
        if text in self._costs:
            self._place = list(self._costs).index(text)
        after = sum(list(self._costs.values())[self._place + 1 :])
        current_progress().begin(text, self._costs.get(text, 10.0), after)


def _costs_of_steps(group):
    """Dict from the steps, in their order, to what they cost."""
    image = _megapixels(group)
    times = [(f"{seconds:g} s", len(frames) * image) for seconds, frames in group.exposures]
    darks, biases, pairs = sum(pixels for _, pixels in times), len(group.biases) * image, (len(times) - 1) * image
    # Of small images, of the samples of large ones, and of each megapixel.
    costs = {
        "camera": (30, 150, 0.3 * darks),
        "checks": (60, 170, 0.1 * darks),
        "bias": (30, 170, 2.3 * biases) if biases else (5, 0, 0),
        "levels": (10, 20, 0),
        "all exposure times": (60, 130, 2.4 * darks),
        **{name: (20, 50, 2.3 * pixels) for name, pixels in times},
        **{f"scatter of {name}": (30, 130, 7 * pixels) for name, pixels in times},
        "comparison": (10, 30, 18 * pairs),
        "mask": (40, 165, 65 * image),
        "pairs": (1, 0, 2 * pairs),
        "limit": (40, 100, 55 * pairs),
    }
    return {name: fixed + sample * min(1.0, image) + pixels for name, (fixed, sample, pixels) in costs.items()}


def _megapixels(group):
    return math.prod(group.shape) / 1e6
