# Licensed under a 3-clause BSD style license - see LICENSE
"""The commands ``report`` and ``demo``."""

import os
from functools import partial
from pathlib import Path

from .._interface.disk.new_folder import check_place
from .._interface.disk.signals import uninterrupted
from .._interface.disk.temporary import discard, temporary_folder
from .._interface.progress import current_progress
from .argument_types import fraction, positive, whole
from .options import add_frame_options, frame_options
from .printed import add_quiet, print_lines
from .settings import add_settings, settings_of

__all__ = ["add_demo", "add_report"]

# Part of the time of a demo that the frames take.
_SIMULATION = 0.3


def add_report(commands):
    """Add the command ``report``."""
    report = commands.add_parser(
        "report",
        help="measure the bias and dark frames in a folder, or in several",
        description="Measure the bias and dark frames in a folder: FITS images of the rates, the comparison of "
        "exposure times and the mask, a page with pictures (report.html) and a table (summary.ecsv). Of several "
        "folders, as many such reports, and a page and a table of all.",
    )
    report.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER",
        help="folder with the frames; several: a night, or a detector, each",
    )  # fmt: skip
    _common(report)
    add_settings(report)
    report.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="let the workers of a dask cluster work, which must see the frames: tcp://host:8786, or the scheduler's "
        "file, as scheduler.json",
    )  # fmt: skip
    report.add_argument(
        "--mem-limit", type=positive, metavar="MIB",
        help="how much the memory may grow (MiB) beyond the results while they are worked out; default: a few for "
        "each core",
    )  # fmt: skip
    add_frame_options(report)
    report.set_defaults(run=_report)


def add_demo(commands):
    """Add the command ``demo``."""
    demo = commands.add_parser(
        "demo",
        help="the same on simulated frames; needs no data",
        description="Simulate the frames of a cooled camera (ten 90 s and twenty 1000 s darks, twenty bias frames) and "
        "report on them.",
    )
    _common(demo)
    demo.add_argument(
        "--size", type=partial(whole, least=1), default=1024, metavar="N",
        help="rows and columns of the sensor (default: 1024)",
    )  # fmt: skip
    demo.add_argument("--seed", type=whole, default=1, metavar="N", help="of the random numbers (default: 1)")
    demo.add_argument("--frames", type=Path, metavar="DIR", help="keep the simulated frames in this new folder")
    demo.set_defaults(run=_demo)


def _common(parser):
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help="folder to write; must not be there yet"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT where it is an earlier report")
    add_quiet(parser)
    parser.add_argument(
        "--threshold", type=positive, metavar="D",
        help="dark rate (electron/s) above which a pixel is hot; default: from the scatter of typical pixels",
    )  # fmt: skip
    number = parser.add_mutually_exclusive_group()
    number.add_argument(
        "--false-positives", type=positive, default=1.0, metavar="N",
        help="good pixels that each test may flag in an image (default: 1)",
    )  # fmt: skip
    number.add_argument(
        "--fdr", type=fraction, metavar="Q", help="instead: the fraction of the flagged pixels that may be good ones"
    )
    parser.add_argument(
        "--tolerance", type=positive, default=0.1, metavar="F",
        help="smallest departure from proportionality worth flagging, as a fraction of the rate (default: 0.1)",
    )  # fmt: skip
    parser.add_argument(
        "--null", choices=("theoretical", "empirical"), default="theoretical",
        help="hold departures against the noise model (default), or against the width that most pixels show",
    )  # fmt: skip


def _report(given, command):
    from ..report.cluster import workers_of
    from ..report.many import make_reports
    from ..report.run import make_report

    how = {"overwrite": given.overwrite, "command": command}
    with workers_of(given.scheduler) as executor:
        options = _options(given, executor, frames=frame_options(given))
        if len(given.folders) > 1:
            return _print_reports(given.out, make_reports(given.folders, given.out, options, **how))
        (folder,) = given.folders
        return _print_report(given.out, *make_report(folder, given.out, options, **how))


def _demo(given, command):
    from ..report.run import make_report
    from .demo import INTRODUCTION, write_demo_frames

    if given.frames is not None and Path(os.path.realpath(given.frames)).is_relative_to(os.path.realpath(given.out)):
        raise ValueError(f"--frames {given.frames} must not lie in OUT, {given.out}")
    check_place(given.out, given.overwrite)
    scratch = temporary_folder() if given.frames is None else None
    try:
        frames = given.frames or scratch
        progress = current_progress()
        progress.begin("", _SIMULATION, after=1 - _SIMULATION)
        with progress.within():
            write_demo_frames(frames, size=given.size, seed=given.seed)
        found = make_report(
            frames, given.out, _options(given), overwrite=given.overwrite, command=command,
            title="A simulated camera (demo)", intro=INTRODUCTION,
        )  # fmt: skip
    finally:
        if scratch is not None:
            with uninterrupted():
                discard(scratch)
    return _print_report(given.out, *found)


def _options(given, executor=None, **more):
    from astropy import units as u

    from ..report.options import Options

    def quantity(name, unit):
        value = getattr(given, name, None)
        return None if value is None else value * unit

    return Options(
        **settings_of(given),
        threshold=quantity("threshold", u.electron / u.s),
        false_positives=given.false_positives,
        fdr=given.fdr,
        tolerance=given.tolerance,
        null=given.null,
        executor=executor,
        mem_limit=quantity("mem_limit", 2**20 * u.byte),
        **more,
    )


def _print_report(out, results, failures, unusable):
    from ..report.terminal import sentences

    print_lines([*sentences(results, failures, unusable), f"report: {out / 'report.html'}"])
    return 3 if failures else 0


def _print_reports(out, reports):
    lines = []
    for report in reports:
        if not report.reason:
            lines.append(f"{report.folder}:")
        lines += [f"  {sentence}" for sentence in report.sentences]
    lines += [f"not measured: {report.folder}: {report.reason}" for report in reports if report.reason]
    print_lines([*lines, f"report: {out / 'report.html'}"])
    return 3 if any(report.reason or report.failures for report in reports) else 0
