# Licensed under a 3-clause BSD style license - see LICENSE
"""Signals that ask to stop: told to the command as an exception, and put off where half of a step would do harm."""

import signal
import sys
import threading
import time
from contextlib import contextmanager

__all__ = ["Stopped", "stopped_by_signals", "uninterrupted"]

_NUMBERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
# After a signal, others are ignored for so many seconds: until what is cleaned up is safe in `uninterrupted`.
_QUIET = 2.0


class Stopped(KeyboardInterrupt):
    """A signal asked the command to stop."""

    def __init__(self, number):
        super().__init__(number)
        self.status = 128 + number  # exit status, as of a process that the signal ended


# Number of the last signal whose exception was lost, as one raised in a finalizer is: Python goes on after it.
_lost: list[int] = []


@contextmanager
def stopped_by_signals():
    """Have Ctrl-C, SIGTERM and the end of the terminal raise `Stopped` in the main thread.

    A second signal within two seconds is ignored: people press Ctrl-C twice. Signals that are ignored stay so. Where
    the exception is lost in a finalizer, the next block of `uninterrupted` raises it again at its end.
    """
    last = -_QUIET
    hook = sys.unraisablehook

    def stop(number, frame):
        nonlocal last
        now = time.monotonic()
        if now - last >= _QUIET:
            last = now
            raise Stopped(number)

    def keep(unraisable):
        if isinstance(unraisable.exc_value, Stopped):
            _lost[:] = unraisable.exc_value.args
        else:
            hook(unraisable)

    with _handled({}, stop, lambda former: former is not signal.SIG_IGN):
        last = time.monotonic() - _QUIET
        sys.unraisablehook = keep
        try:
            yield
        finally:
            sys.unraisablehook = hook
            _lost.clear()


@contextmanager
def uninterrupted():
    """Put off the signals that Python handles until the end of the block; there the first of them is handled.

    This is so after an error, too: an exception that the handler raises goes before it.
    """
    former, pending = {}, []
    try:
        with _handled(former, lambda number, frame: pending.append((number, frame)), callable):
            yield
    finally:
        if pending:
            number, frame = pending[0]
            former[number](number, frame)
        if _lost and threading.current_thread() is threading.main_thread():
            raise Stopped(_lost.pop())


@contextmanager
def _handled(former, handler, wanted):
    """Handle those signals by ``handler`` whose handler so far is ``wanted``; the dict ``former`` gets those so far."""
    try:
        # Only the main thread may set handlers, and only it is interrupted.
        if threading.current_thread() is threading.main_thread():
            for number in _NUMBERS:
                known = signal.getsignal(number)
                if known is not None and wanted(known):
                    former[number] = known
                    signal.signal(number, handler)
        yield
    finally:
        for number, known in former.items():
            signal.signal(number, known)
