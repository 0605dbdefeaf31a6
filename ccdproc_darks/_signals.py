# Licensed under a 3-clause BSD style license - see LICENSE
"""Signals that ask to stop: told to the command as an exception, and put off where half of a step would do harm."""

import signal
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


@contextmanager
def stopped_by_signals():
    """Have Ctrl-C, SIGTERM and the end of the terminal raise `Stopped` in the main thread.

    A second signal within two seconds is ignored: people press Ctrl-C twice. Signals that are ignored stay so.
    """
    last = -_QUIET

    def stop(number, frame):
        nonlocal last
        now = time.monotonic()
        if now - last >= _QUIET:
            last = now
            raise Stopped(number)

    with _handled(stop, lambda former: former is not signal.SIG_IGN):
        last = time.monotonic() - _QUIET
        yield


@contextmanager
def uninterrupted():
    """Put off the signals that Python handles until the end of the block; there the first of them is handled."""
    pending = []
    with _handled(lambda number, frame: pending.append((number, frame)), callable) as former:
        yield
    if pending:
        number, frame = pending[0]
        former[number](number, frame)


@contextmanager
def _handled(handler, wanted):
    """Handle those signals by ``handler`` whose handler so far is ``wanted``; gives a dict of the handlers so far."""
    former = {}
    try:
        # Only the main thread may set handlers, and only it is interrupted.
        if threading.current_thread() is threading.main_thread():
            for number in _NUMBERS:
                known = signal.getsignal(number)
                if known is not None and wanted(known):
                    former[number] = known
                    signal.signal(number, handler)
        yield former
    finally:
        for number, known in former.items():
            signal.signal(number, known)
