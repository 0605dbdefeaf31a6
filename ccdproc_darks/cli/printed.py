# Licensed under a 3-clause BSD style license - see LICENSE
"""Lines that the command prints, and errors that it tells."""

import os
import sys
from contextlib import suppress

from .._interface.shown import tell

__all__ = ["drop_what_cannot_be_printed", "print_lines", "tell_error"]


def tell_error(error):
    """Tell an error, or what it is, on stderr."""
    # Where nobody can read it, the exit status stays what it is.
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
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
        for line in lines:
            tell(line, paint=paint)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        tell_error(f"{lines[-1]} (not all lines could be printed: {reason})")
