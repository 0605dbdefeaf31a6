# Licensed under a 3-clause BSD style license - see LICENSE
"""What the command shows of its progress: a line that changes on a terminal, lines in a log."""

import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from unicodedata import east_asian_width

from .._interface.progress import Progress, watching
from .._interface.shown import in_characters_of, shown

__all__ = ["Line", "Log", "aside", "shown_progress"]

# Seconds between two looks at the progress.
_OFTEN = 0.25
# Seconds before the first line of a log, and between the lines of two stages; longest time without a line.
_BRIEF, _LONG = 5.0, 30.0
# Characters of the bar, and columns of a terminal that does not tell.
_BAR, _COLUMNS = 10, 80

_display = None  # what is shown at the moment


@contextmanager
def shown_progress(stream=None, quiet=False):
    """Show the `Progress` of the jobs of the block on a stream (default: stderr) until its end.

    On a terminal and in a notebook this is a line that changes, and is gone in the end; elsewhere a line for each
    stage, at least every 30 s, and none for what takes less than 5 s. With ``quiet`` there is nothing.
    """
    global _display
    stream = sys.stderr if stream is None else stream
    if quiet or not _is_open(stream) or _display is not None:
        yield
        return
    progress = Progress()
    _display = display = (Line if _changes(stream) else Log)(progress, stream)
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(display, ended), name="progress", daemon=True)
    thread.start()
    try:
        with watching(progress):
            yield
        progress.end()
        display.end()
    finally:
        ended.set()
        thread.join()
        display.clear()
        _display = None


@contextmanager
def aside():
    """Print something else in the block, without a line of progress in the way."""
    display = _display
    if display is None:
        yield
        return
    with display.lock:
        display.clear()
        yield


def _follow(display, ended):
    while not ended.wait(_OFTEN):
        with display.lock:
            if not ended.is_set():
                display.look()


class _Display:
    """Shows a `Progress` on a stream, whenever `look` is called."""

    def __init__(self, progress, stream, clock=time.monotonic):
        self.lock = threading.RLock()
        self._progress, self._stream, self._clock, self._start = progress, stream, clock, clock()

    def look(self):
        """Show what has changed."""

    def end(self):
        """Show that all is done."""

    def clear(self):
        """Remove what should not stay."""

    def _elapsed(self):
        return self._clock() - self._start

    def _percent(self):
        # Rounded down: 100 % is the end, and nothing else.
        return f"{int(100 * self._progress.share + 1e-9)} %"

    def _write(self, text):
        # What nobody can read is no error.
        with suppress(OSError, ValueError, AttributeError):
            self._stream.write(in_characters_of(self._stream, text))
            self._stream.flush()


class Line(_Display):
    """A line of a terminal, or of the output of a notebook's cell, that is written again and again."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._width = 0  # columns that are in use

    def look(self):
        """Write the line."""
        share = self._progress.share
        bar = ("#" * int(_BAR * share + 1e-9)).ljust(_BAR, "-")
        text = f"[{bar}] {self._percent():>5} {_clock_text(self._elapsed())} "
        columns = _columns(self._stream) - 1
        text, width = _cut(text + _within(shown(self._progress.text) or "starting", columns - len(text)), columns)
        self._write("\r" + text + " " * (self._width - width))
        self._width = width

    def clear(self):
        """Remove it."""
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0


class Log(_Display):
    """Lines of a log."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._text, self._last = None, self._elapsed()

    def look(self):
        """Write a line, if something else is being done now, or nothing was told for long."""
        text, now = self._progress.text, self._elapsed()
        if text and now - self._last >= (_BRIEF if text != self._text else _LONG):
            self._line(text, now)

    def end(self):
        """Write the last line, where there is one before it."""
        if self._text is not None:
            self._line("done", self._elapsed())

    def _line(self, text, now):
        self._text, self._last = text, now
        self._write(f"ccdproc-darks: {_clock_text(now)}, {self._percent()}: {shown(text)}\n")


def _is_open(stream):
    return stream is not None and not getattr(stream, "closed", False)


def _changes(stream):
    """Whether a line of a stream can be written again: on a terminal, and in a notebook."""
    if type(stream).__module__.partition(".")[0] == "ipykernel":
        return True
    with suppress(AttributeError, ValueError, OSError):
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    return False


def _columns(stream):
    with suppress(AttributeError, ValueError, OSError):
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    return _COLUMNS


def _within(text, columns):
    """A text without the end of what its last part is a part of, as far as that makes it short enough."""
    outer, _, inner = text.rpartition(": ")
    if outer and sum(map(_width, text)) > columns:
        outer, _ = _cut(outer, max(columns - sum(map(_width, inner)) - 5, 0))
        return f"{outer}...: {inner}"
    return text


def _width(character):
    """Columns of a terminal that a character takes."""
    return 2 if east_asian_width(character) in "WF" else 1


def _cut(text, columns):
    """A text that is no wider than so many columns of a terminal, and its width."""
    used = 0
    for place, character in enumerate(text):
        width = _width(character)
        if used + width > columns:
            return text[:place], used
        used += width
    return text, used


def _clock_text(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
