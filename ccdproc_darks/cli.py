# Licensed under a 3-clause BSD style license - see LICENSE
"""The command ``ccdproc-darks``."""

import argparse
import logging
import math
import os
import shlex
import sys
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from ._interface.shown import shown, tell
from ._new_folder import WRITTEN, check_place
from ._signals import stopped_by_signals, uninterrupted
from ._temporary import discard, temporary_folder

__all__ = ["main"]


def main(arguments=None):
    """Run the command ``ccdproc-darks`` with a list of arguments; default: those of the command line.

    Returns the exit status: 0; 1 after an error, with nothing written to OUT; 2 without a command; 3 if a group of
    frames or a folder could not be measured, and the report has the rest; 128 and the signal's number if a signal
    stopped it, as 130 after Ctrl-C.
    """
    try:
        return _run(arguments)
    finally:
        if arguments is None:
            _drop_what_cannot_be_printed()


def _run(arguments):
    given = _parser().parse_args(arguments)
    arguments = sys.argv[1:] if arguments is None else arguments
    command = "ccdproc-darks " + shlex.join(str(argument) for argument in arguments)
    before = len(WRITTEN)
    with _told_on_stderr(), stopped_by_signals():
        try:
            return given.run(given, command)
        except KeyboardInterrupt as stopped:
            written = ", ".join(str(path) for path in WRITTEN[before:] if path.exists())
            _tell_error(f"stopped; {f'written before: {written}' if written else 'nothing was written'}")
            return getattr(stopped, "status", 130)
        except (OSError, ValueError) as error:
            _tell_error(error)
            return 1


def _tell_error(error):
    # Where nobody can read it, the exit status stays what it is.
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            tell(f"ccdproc-darks: {error}", sys.stderr)


def _drop_what_cannot_be_printed():
    """Python would try again at the end of the process, and set another exit status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except OSError:
                with open(os.devnull, "wb") as nowhere:
                    os.dup2(nowhere.fileno(), stream.fileno())


@contextmanager
def _told_on_stderr():
    """Have what is found on the disk told as errors are."""

    class Handler(logging.Handler):
        def emit(self, record):
            _tell_error(record.getMessage())

    log, handler = logging.getLogger(__package__), Handler()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        super().error(shown(message))


def _parser():
    parser = _Parser(
        prog="ccdproc-darks",
        description="Measure dark current, hot pixels and pixels that are not proportional to exposure time.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.set_defaults(run=lambda given, command: _version(parser, given))
    commands = parser.add_subparsers(title="commands", metavar="{report,demo,simulate}")

    report = commands.add_parser(
        "report",
        help="measure the bias and dark frames in a folder, or in several",
        description="Measure the bias and dark frames in a folder: FITS images of the rates, the comparison of "
        "exposure times and the mask, a page with pictures (report.html) and a table (summary.ecsv). Of several "
        "folders, as many such reports, and a page and a table of all.",
    )
    report.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER",
        help="folder with the frames (sub-folders are not looked into); several: a night, or a detector, each",
    )  # fmt: skip
    _common(report)
    report.add_argument(
        "--gain", type=_positive, metavar="G", help="gain (electron/adu); default: EGAIN in the headers"
    )
    report.add_argument(
        "--read-noise", type=_positive, metavar="R",
        help="read noise (electron); default: RDNOISE in the headers, else from the scatter of equal frames",
    )  # fmt: skip
    report.add_argument(
        "--saturation", type=_positive, metavar="S",
        help="level (adu, with the bias) from which a pixel is saturated; default: SATURATE in the headers, else the "
        "top of the ADC",
    )  # fmt: skip
    report.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="let the workers of a dask cluster work, which must see the frames: tcp://host:8786, or the scheduler's "
        "file, as scheduler.json",
    )  # fmt: skip
    report.add_argument(
        "--mem-limit", type=_positive, metavar="MIB",
        help="how much the memory may grow (MiB) beyond the results while they are worked out; default: a few for "
        "each core",
    )  # fmt: skip
    report.set_defaults(run=_report)

    demo = commands.add_parser(
        "demo",
        help="the same on simulated frames; needs no data",
        description="Simulate the frames of a cooled camera (ten 90 s and twenty 1000 s darks, twenty bias frames) and "
        "report on them.",
    )
    _common(demo)
    demo.add_argument(
        "--size", type=partial(_whole, least=1), default=1024, metavar="N",
        help="rows and columns of the sensor (default: 1024)",
    )  # fmt: skip
    demo.add_argument("--seed", type=_whole, default=1, metavar="N", help="of the random numbers (default: 1)")
    demo.add_argument("--frames", type=Path, metavar="DIR", help="keep the simulated frames in this new folder")
    demo.set_defaults(run=_demo)
    _add_simulate(commands)
    return parser


def _add_simulate(commands):
    simulate = commands.add_parser(
        "simulate",
        help="write the frames of a simulated camera, and the truth about it",
        description="Simulate bias and dark frames into a new folder, and the true rates and flags into its sub-folder "
        "truth. The same arguments give the same frames on every machine.",
    )
    simulate.add_argument("out", type=Path, metavar="OUT", help="new (or empty) folder to write")
    simulate.add_argument(
        "--preset", required=True, metavar="NAME", help="camera: aspen-cg16m, cryogenic-ccd or low-noise-cmos"
    )
    simulate.add_argument(
        "--exposures", type=_exposures, nargs="+", required=True, metavar="NxSECONDS",
        help="darks to take: number x exposure time in s, such as 10x90 20x1000",
    )  # fmt: skip
    simulate.add_argument("--bias", type=_whole, default=0, metavar="N", help="bias frames to take first (default: 0)")
    simulate.add_argument("--seed", type=_whole, default=1, metavar="N", help="of the noise (default: 1)")
    simulate.add_argument(
        "--sensor-seed", type=_whole, metavar="N", help="of the sensor: which pixels are hot (default: that of --seed)"
    )
    simulate.add_argument(
        "--size", type=_size, metavar="N", help="rows and columns, such as 1024 or 512x1024; default: the camera's"
    )
    simulate.add_argument("--temperature", type=float, metavar="C", help="in deg C; default: the camera's")
    simulate.set_defaults(run=_simulate)


def _common(parser):
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help="folder to write; must not be there yet"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT where it is an earlier report")
    parser.add_argument(
        "--threshold", type=_positive, metavar="D",
        help="dark rate (electron/s) above which a pixel is hot; default: from the scatter of typical pixels",
    )  # fmt: skip
    number = parser.add_mutually_exclusive_group()
    number.add_argument(
        "--false-positives", type=_positive, default=1.0, metavar="N",
        help="good pixels that each test may flag in an image (default: 1)",
    )  # fmt: skip
    number.add_argument(
        "--fdr", type=_fraction, metavar="Q", help="instead: the fraction of the flagged pixels that may be good ones"
    )
    parser.add_argument(
        "--tolerance", type=_positive, default=0.1, metavar="F",
        help="smallest departure from proportionality worth flagging, as a fraction of the rate (default: 0.1)",
    )  # fmt: skip
    parser.add_argument(
        "--null", choices=("theoretical", "empirical"), default="theoretical",
        help="hold departures against the noise model (default), or against the width that most pixels show",
    )  # fmt: skip


def _version(parser, given):
    if given.version:
        from ._interface.version import __version__

        print(f"ccdproc-darks {__version__}", flush=True)
        return 0
    parser.print_help()
    return 2


def _report(given, command):
    from .report.cluster import workers_of
    from .report.many import make_reports
    from .report.run import make_report

    how = {"overwrite": given.overwrite, "command": command}
    with workers_of(given.scheduler) as executor:
        options = _options(given, executor)
        if len(given.folders) > 1:
            return _print_reports(given.out, make_reports(given.folders, given.out, options, **how))
        (folder,) = given.folders
        return _print_report(given.out, *make_report(folder, given.out, options, **how))


def _demo(given, command):
    from .report.demo import INTRODUCTION, write_demo_frames
    from .report.run import make_report

    if given.frames is not None and Path(os.path.realpath(given.frames)).is_relative_to(os.path.realpath(given.out)):
        raise ValueError(f"--frames {given.frames} must not lie in OUT, {given.out}")
    check_place(given.out, given.overwrite)
    scratch = temporary_folder() if given.frames is None else None
    try:
        frames = given.frames or scratch
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


def _simulate(given, command):
    from astropy import units as u

    from .report.demo import write_frames
    from .simulation import PRESETS, DarkSequence, sensor_preset

    if given.preset not in PRESETS:
        raise ValueError(f"--preset must be one of {', '.join(PRESETS)}, got {given.preset!r}")
    changes = {} if given.size is None else {"shape": given.size}
    seed = given.seed if given.sensor_seed is None else given.sensor_seed
    sensor = sensor_preset(given.preset, seed=seed, **changes)
    exposures = [(number, seconds * u.s) for number, seconds in given.exposures]
    if given.bias:
        exposures.insert(0, (given.bias, 0 * u.s))
    temperature = None if given.temperature is None else given.temperature * u.deg_C
    darks = DarkSequence(sensor, exposures, rng=given.seed, temperature=temperature)
    write_frames(darks, given.out)
    rows, columns = sensor.shape
    frames = f"{len(darks)} frames of {rows} x {columns} pixels: {given.out}"
    _print([frames, f"true rates and flags: {given.out / 'truth'}"])
    return 0


def _options(given, executor=None):
    from astropy import units as u

    from .report.measure import Options

    def quantity(name, unit):
        value = getattr(given, name, None)
        return None if value is None else value * unit

    return Options(
        gain=quantity("gain", u.electron / u.adu),
        read_noise=quantity("read_noise", u.electron),
        saturation=quantity("saturation", u.adu),
        threshold=quantity("threshold", u.electron / u.s),
        false_positives=given.false_positives,
        fdr=given.fdr,
        tolerance=given.tolerance,
        null=given.null,
        executor=executor,
        mem_limit=quantity("mem_limit", 2**20 * u.byte),
    )


def _print_report(out, results, failures, unusable):
    from .report.terminal import sentences

    _print([*sentences(results, failures, unusable), f"report: {out / 'report.html'}"])
    return 3 if failures else 0


def _print_reports(out, reports):
    lines = []
    for report in reports:
        if not report.reason:
            lines.append(f"{report.folder}:")
        lines += [f"  {sentence}" for sentence in report.sentences]
    lines += [f"not measured: {report.folder}: {report.reason}" for report in reports if report.reason]
    _print([*lines, f"report: {out / 'report.html'}"])
    return 3 if any(report.reason or report.failures for report in reports) else 0


def _print(lines):
    """Print lines; where nobody reads them, as after ``| head``, what was written stays written and is no error."""
    try:
        for line in lines:
            tell(line)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        _tell_error(f"{lines[-1]} (not all lines could be printed: {reason})")


def _positive(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
    return value


def _fraction(text):
    value = _positive(text)
    if value >= 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return value


def _exposures(text):
    number, times, seconds = text.partition("x")
    try:
        count, value = int(number) if number.isdecimal() else 0, float(seconds) if times else math.nan
    except ValueError:  # also of thousands of digits
        count, value = 0, math.nan
    if not (math.isfinite(value) and value > 0 and count > 0):
        raise argparse.ArgumentTypeError(f"expected NUMBERxSECONDS, such as 10x90, got {_short(text)}")
    return count, value


def _size(text):
    try:
        sides = [int(side) if side.isdecimal() else 0 for side in text.split("x")]
    except ValueError:
        sides = [0]
    if len(sides) > 2 or min(sides) < 1:
        raise argparse.ArgumentTypeError(f"expected ROWS or ROWSxCOLUMNS, such as 1024 or 512x1024, got {_short(text)}")
    return sides[0], sides[-1]


def _whole(text, least=0):
    try:
        value = int(text) if text.isdecimal() else -1
    except ValueError:
        value = -1
    if value < least:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least}, got {_short(text)}")
    return value


def _short(text):
    return repr(text) if len(text) <= 200 else f"'{text[:40]}... ({len(text)} characters)"
