"""Tries a bad input, and sees what it does: result, error, warnings, output; and what must not change."""

import contextlib
import importlib
import inspect
import io
import os
import signal
import sys
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
from astropy.nddata import CCDData

from ..helpers import snapshot
from .wanted import HANG, HARM, Verdict

__all__ = ["Ran", "Seen", "Trial", "tried"]


class TookTooLongError(BaseException):
    """A row hangs. Not an Exception, which the package might catch."""


@dataclass
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str


@dataclass
class Seen:
    """What was seen of a row."""

    result: object = None
    error: BaseException | None = None
    warnings: list = field(default_factory=list)  # pairs: names of the class and its bases, text
    harm: list = field(default_factory=list)  # what has changed and must not
    hung: bool = False


class Trial:
    """Stands for the function of a row: it is called as the function, and watches what the call does.

    Parameters
    ----------
    function : str
        Name of the function, or ``"ccdproc-darks"`` and the command.
    folder : `pathlib.Path`
        Folder for the files of the row.
    """

    def __init__(self, function, folder):
        self.function, self.folder, self.out, self.harm = function, folder, folder / "out", []
        self.before = None
        self.beside = None  # name of a folder that an error may leave

    def __call__(self, *args, **options):
        """Call the function."""
        images = list(_images([args, options]))
        kept = [snapshot(image) for image in images]
        self.settle()
        filters, failed = list(warnings.filters), True
        try:
            result = self._run(args, options)
            failed = isinstance(result, Ran) and result.status not in (0, 3)
            return result
        finally:
            if [snapshot(image) for image in images] != kept:
                self.harm.append("an input has changed")
            if warnings.filters != filters:
                self.harm.append(f"warnings.filters has changed: {warnings.filters[:2]}")
            self._compare_files(failed)

    def settle(self):
        """Take the files as they are now for those that must not change; but none that the package works with."""
        self.before = {path: content for path, content in tree(self.folder).items() if not path.startswith(".")}

    def meanwhile(self, action, where="ccdproc_darks.report.run.find_groups"):
        """Context in which an action is done as soon as the function ``where`` has been called by the package."""
        module, _, name = where.rpartition(".")
        original = getattr(importlib.import_module(module), name)

        def wrapped(*args, **options):
            result = original(*args, **options)
            action()
            return result

        return mock.patch(where, wrapped)

    def _run(self, args, options):
        if self.function.startswith("ccdproc-darks"):
            return self._command([os.fspath(part) for part in args])
        function = _named(self.function)
        if "check_headers" in options and "check_headers" not in inspect.signature(function).parameters:
            options.pop("check_headers")  # versions that did not have it
        return function(*args, **options)

    def _command(self, args):
        from ccdproc_darks.cli import main

        words = self.function.split()[1:]
        out, err = io.StringIO(), io.StringIO()
        # Pictures are drawn in tests of the report; here they would take most of the time.
        with (
            mock.patch("ccdproc_darks.report.run.draw_all", return_value=()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                status = main([*words, *args])
            except SystemExit as end:  # of argparse
                status = end.code
        return Ran(status, out.getvalue(), err.getvalue())

    def _compare_files(self, failed):
        after = tree(self.folder)
        if not failed:
            after = {path: content for path, content in after.items() if not _is_in(path, self.out.name)}
            self.before = {path: content for path, content in self.before.items() if not _is_in(path, self.out.name)}
        for path in sorted(set(after) | set(self.before)):
            if self.beside and _is_in(path, self.beside):
                continue
            if after.get(path) != self.before.get(path):
                what = "is new" if path not in self.before else "is gone" if path not in after else "has changed"
                self.harm.append(f"{path!r} {what}")


def tried(row, folder):
    """What a row came to, as a Verdict."""
    seen = _seen(row, Path(folder))
    if seen.hung:
        return Verdict(HANG, f"more than {row.seconds:g} s")
    verdict = row.wanted.judged(seen)
    if seen.harm and verdict.kind == "as wanted":
        return Verdict(HARM, "; ".join(seen.harm[:3]))
    return verdict


def _seen(row, folder):
    trial, seen = Trial(row.function, folder), Seen()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with _at_most(row.seconds):
                seen.result = row.call(trial)
        except TookTooLongError:
            seen.hung = True
        except (Exception, KeyboardInterrupt) as error:
            seen.error = error
    seen.harm = trial.harm
    seen.warnings = [([cls.__name__ for cls in one.category.__mro__], str(one.message)) for one in caught]
    seen.warnings = [(names, text) for names, text in seen.warnings if "DeprecationWarning" not in names]
    return seen


@contextlib.contextmanager
def _at_most(seconds):
    """Raise TookTooLongError in this thread after so many seconds; where signals are not to be had, do nothing."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_):
        raise TookTooLongError

    former = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


@contextlib.contextmanager
def little_memory(more=2**30):
    """Context in which the process may take so many bytes more; what takes them all is a MemoryError."""
    if sys.platform != "linux":
        yield
        return
    import resource

    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def tree(folder):
    """Content of all files in a folder by their path, as bytes; folders and other things too."""
    found = {}
    for parent, folders, files in os.walk(os.fsencode(folder)):
        for name in (*folders, *files):
            path = os.path.join(parent, name)
            key = os.fsdecode(os.path.relpath(path, os.fsencode(folder)))
            found[key] = Path(os.fsdecode(path)).read_bytes() if os.path.isfile(path) else None
    return found


def _is_in(path, folder):
    return path == folder or path.startswith(f"{folder}{os.sep}")


def _named(function):
    """Public function by its name, such as "dark_rate" or "planning.rate_uncertainty"."""
    module, _, name = f"ccdproc_darks.{function}".rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:  # a method, such as "DarkSequence.write"
        owner, _, method = function.partition(".")
        return getattr(getattr(importlib.import_module("ccdproc_darks"), owner), method)


def _images(value):
    """All images in a list, or lists of lists, whose arrays are numpy's."""
    if isinstance(value, CCDData):
        if isinstance(value.data, np.ndarray):
            yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _images(item)
    elif isinstance(value, dict):
        yield from _images(list(value.values()))
