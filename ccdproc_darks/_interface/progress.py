# Licensed under a 3-clause BSD style license - see LICENSE
"""How far a job has come, and what of it is being done."""

import threading
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Progress", "current_progress", "in_turn", "watching"]

_WATCHED = ContextVar("progress", default=None)


class Progress:
    """Share of a job that is done (0 to 1), which never falls, and words on what is being done.

    A job is a sequence of pieces, each of which may be a sequence of smaller ones. A piece is told with its cost and
    with the cost of all that comes after it in the same sequence, in any unit; so the share grows as what is left
    becomes less, also where pieces are left out, or done once more.

    Examples
    --------
    >>> from ccdproc_darks._interface.progress import Progress
    >>> progress = Progress()
    >>> progress.begin("headers", 1, after=3)
    >>> progress.begin("rates", 3)
    >>> with progress.within():
    ...     progress.begin("30 s", 1, after=1)
    ...     progress.tell(0.5)
    ...     print(progress.share, progress.text)
    0.4375 rates: 30 s
    """

    def __init__(self):
        self.share = 0.0
        self._lock = threading.Lock()  # workers tell from their threads
        self._ends = [1.0]  # of the sequences, from the outermost: the share when each is done
        self._texts = [""]  # of the present pieces, likewise
        self._first = self._last = 0.0  # shares at the ends of the present piece

    @property
    def text(self):
        """What is being done, from the outermost piece to the innermost."""
        return ": ".join(text for text in tuple(self._texts) if text)

    def begin(self, text, cost=1.0, after=0.0):
        """End the present piece of the sequence and begin the next, with its cost and that of all pieces after it."""
        with self._lock:
            self._texts[-1] = text
            self.share = self._first = max(self.share, self._last)
            left = max(self._ends[-1] - self._first, 0.0)
            self._last = self._first + (left * cost / (cost + after) if cost > 0 else 0.0)

    @contextmanager
    def within(self):
        """Have the pieces that begin in the block be parts of the present one, which is done in the end."""
        with self._lock:
            end = self._last
            self._ends.append(end)
            self._texts.append("")
            self._last = self._first
        try:
            yield self
        finally:
            with self._lock:
                self._ends.pop()
                self._texts.pop()
                self.share = self._first = self._last = max(self.share, end)

    def tell(self, part):
        """Tell the part (0 to 1) of the present piece that is done; any thread may."""
        with self._lock:
            self.share = max(self.share, self._first + (self._last - self._first) * part)

    def end(self):
        """Tell that all is done."""
        self.begin("")
        self.share = 1.0


@contextmanager
def watching(progress):
    """Have the jobs of the block tell a `Progress`: of blocks of pixels, only those worked on in this process."""
    token = _WATCHED.set(progress)
    try:
        yield progress
    finally:
        _WATCHED.reset(token)


def current_progress():
    """The `Progress` that is watched; where none is, one that nobody sees."""
    return _WATCHED.get() or Progress()


def in_turn(items, text, cost=lambda item: 1.0, after=0.0):
    """Yield items, and tell that the piece ``text(item)`` begins; ``after`` is the cost of what comes after all."""
    items, progress = list(items), current_progress()
    left = sum(map(cost, items)) + after
    for number, item in enumerate(items, 1):
        left -= cost(item)
        place = f" ({number} of {len(items)})" if len(items) > 1 else ""
        progress.begin(f"{text(item)}{place}", cost(item), max(left, 0.0))
        yield item
