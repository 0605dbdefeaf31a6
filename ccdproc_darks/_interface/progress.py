# Licensed under a 3-clause BSD style license - see LICENSE
"""Who is told how far a job has come."""

from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["TELL", "telling"]

# What is told of a job under way, see `telling`.
TELL = ContextVar("tell", default=None)


@contextmanager
def telling(tell):
    """Within it, ``tell`` is called with the part (0 to 1) of a job's blocks that workers took so far, from any thread.

    Only of blocks that are worked on in this process.
    """
    token = TELL.set(tell)
    try:
        yield
    finally:
        TELL.reset(token)
