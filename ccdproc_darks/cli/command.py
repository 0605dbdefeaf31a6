# Licensed under a 3-clause BSD style license - see LICENSE
"""From the arguments of the command to its exit status."""

import argparse
import logging
import shlex
import sys
from contextlib import contextmanager

from .._interface.disk.new_folder import WRITTEN
from .._interface.disk.signals import stopped_by_signals
from .._interface.shown import shown
from .check import add_check
from .compare import add_compare
from .mask import add_mask
from .printed import drop_what_cannot_be_printed, tell_error
from .report import add_demo, add_report
from .shown_progress import shown_progress
from .simulate import add_simulate

__all__ = ["main"]


def main(arguments=None, *, prog="ccdproc-darks"):
    """Run the command ``ccdproc-darks`` with a list of arguments; default: those of the command line.

    ``prog`` is how the command was called, for its help and for the lines of a report that repeat it.

    Returns the exit status: 0; 1 after an error, with nothing written to OUT; 2 without a command; 3 if a group of
    frames or a folder could not be measured, and the report has the rest; 128 and the signal's number if a signal
    stopped it, as 130 after Ctrl-C.
    """
    try:
        return _run(arguments, prog)
    finally:
        if arguments is None:
            drop_what_cannot_be_printed()


def _run(arguments, prog):
    given = _parser(prog).parse_args(arguments)
    arguments = sys.argv[1:] if arguments is None else arguments
    command = f"{prog} " + shlex.join(str(argument) for argument in arguments)
    before = len(WRITTEN)
    with _told_on_stderr(), stopped_by_signals():
        try:
            with shown_progress(quiet=getattr(given, "quiet", True)):
                return given.run(given, command)
        except KeyboardInterrupt as stopped:
            written = ", ".join(str(path) for path in WRITTEN[before:] if path.exists())
            tell_error(f"stopped; {f'written before: {written}' if written else 'nothing was written'}")
            return getattr(stopped, "status", 130)
        except (OSError, ValueError) as error:
            tell_error(error)
            return 1


@contextmanager
def _told_on_stderr():
    """Have what is found on the disk told as errors are."""

    class Handler(logging.Handler):
        def emit(self, record):
            tell_error(record.getMessage())

    log, handler = logging.getLogger(__package__.partition(".")[0]), Handler()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        super().error(shown(message))


def _parser(prog):
    parser = _Parser(
        prog=prog,
        description="Measure dark current, hot pixels and pixels that are not proportional to exposure time.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.set_defaults(run=lambda given, command: _version(parser, given))
    commands = parser.add_subparsers(title="commands", metavar="{report,check,compare,mask,demo,simulate}")

    add_report(commands)
    add_check(commands)
    add_compare(commands)
    add_mask(commands)
    add_demo(commands)
    add_simulate(commands)
    return parser


def _version(parser, given):
    if given.version:
        from .._interface.version import __version__

        print(f"ccdproc-darks {__version__}", flush=True)
        return 0
    parser.print_help()
    return 2
