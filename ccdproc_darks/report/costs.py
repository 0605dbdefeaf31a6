# Licensed under a 3-clause BSD style license - see LICENSE
"""What the parts of a report cost, for the progress that is told of it: about ms of one core, as measured once."""

import math
from contextlib import suppress
from dataclasses import dataclass

from .._interface.progress import current_progress
from .frame_files import fits_files

__all__ = [
    "COPY",
    "HEADER",
    "Steps",
    "cost_of_checks",
    "cost_of_files",
    "cost_of_folder",
    "cost_of_measuring",
    "cost_of_page",
    "cost_of_truth",
    "cost_of_writing",
]

#: Of reading the header of a file; of looking whether it is a copy of another.
HEADER, COPY = 4.0, 2.0
# Of all that is done with a megabyte of frames; of a step with the smallest images.
_MEGABYTE, _STEP = 12.0, 10.0
# Part of it that the checks cost.
_CHECKS = 0.05
# Of a megapixel: of comparing an image with the truth, of writing one, of a page and the table.
_TRUTH, _IMAGE, _PAGE = 160.0, 20.0, 280.0


def cost_of_files(paths):
    """Of a report on files, when their headers were read."""
    size = 0
    for path in paths:
        with suppress(OSError):
            size += path.stat().st_size
    return _STEP * len(paths) + _MEGABYTE * size / 1e6


def cost_of_checks(paths):
    """Of the checks of files, when their headers were read."""
    return _CHECKS * cost_of_files(paths)


def cost_of_folder(folder, options):
    """Of a report on the frames of a folder, which may be missing; ``options`` are `FrameOptions`."""
    paths = fits_files(folder, options.recursive) if folder.is_dir() else []
    return _STEP + (HEADER + COPY) * len(paths) + cost_of_files(paths)


def cost_of_measuring(group):
    """Of all steps of `ccdproc_darks.report.measure.measure_group`."""
    return sum(_costs_of_steps(group).values())


def cost_of_truth(group):
    """Of the comparison of a group with the truth about it."""
    return _STEP + _TRUTH * _megapixels(group)


def cost_of_writing(group):
    """Of the images of a group, and of their checksums."""
    return _STEP + _IMAGE * (4 + len(group.exposures)) * _megapixels(group)


def cost_of_page(group):
    """Of the part of the page about a group."""
    return 50 * _STEP + _PAGE * _megapixels(group)


@dataclass
class Steps:
    """Tells, when called with the text of each step of a group's measurement, that it begins."""

    group: object  # `Group`

    def __post_init__(self):
        self._costs = _costs_of_steps(self.group)

    def __call__(self, text):
        """Tell that the step begins; some may be left out, and all may be done again."""
        left = list(self._costs)[list(self._costs).index(text) + 1 :]
        current_progress().begin(text, self._costs[text], sum(self._costs[name] for name in left))


def _costs_of_steps(group):
    """Dict from the steps, in their order, to what they cost."""
    image = _megapixels(group)
    times = [(f"{seconds:g} s", len(frames) * image) for seconds, frames in group.exposures]
    darks, pairs = sum(pixels for _, pixels in times), (len(times) - 1) * image
    costs = {
        "camera": 1.0 * darks,
        "checks": 0.7 * darks,
        "bias": 3.0 * len(group.biases) * image,
        "levels": 0.1 * darks,
        "all exposure times": 3.0 * darks,
        **{name: 2.5 * pixels for name, pixels in times},
        **{f"scatter of {name}": 7.5 * pixels for name, pixels in times},
        "comparison": 20 * pairs,
        "mask": 100 * image,
        "pairs": 2 * pairs,
        "limit": 200 * pairs,
    }
    return {name: _STEP + cost for name, cost in costs.items()}


def _megapixels(group):
    return math.prod(group.shape) / 1e6
