# Licensed under a 3-clause BSD style license - see LICENSE
"""Lines that the command prints, errors that it tells, and the option that leaves its progress out."""

import os
import sys
from contextlib import suppress

from .._interface.shown import tell
from .shown_progress import aside

__all__ = ["add_quiet", "drop_what_cannot_be_printed", "print_lines", "tell_error"]


def add_quiet(parser):
    """Add the option to show no progress."""
    parser.add_argument(
        "-q", "--quiet", action="store_true",
        help="do not tell on stderr how far this is: neither a line on a terminal, nor lines in a log",
    )  # fmt: skip


def tell_error(error):
    """Tell an error, or what it is, on stderr."""
    # Where nobody can read it, the exit status stays what it is.
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            with aside():
                tell(f"ccdproc-darks: {error}", sys.stderr)


def drop_what_cannot_be_printed():
    """Python would try again at the end of the process, and set another exit status."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except OSError:
                with open(os.devnull, "wb") as nowhere:
                    os.dup2(nowhere.fileno(), stream.fileno())


def print_lines(lines, paint=str):
    """Print lines; where nobody reads them, as after ``| head``, what was written stays written and is no error.

    ``paint`` is a function that gives a line its colours.
    """
    try:
        with aside():
            for line in lines:
                tell(line, paint=paint)
            if sys.stdout is not None:
                sys.stdout.flush()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        tell_error(f"{lines[-1]} (not all lines could be printed: {reason})")
