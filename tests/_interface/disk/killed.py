"""Kill a run at each of its file operations, one after the other, and look what is left; run by test_new_folder.py.

Arguments: a folder, a signal's name, "new" or "overwrite", and "exchange" or "rename" (a system without exchange).
"""

import itertools
import os
import signal
import sys
import tempfile
from pathlib import Path

from ccdproc_darks._interface.disk import new_folder as _new_folder
from ccdproc_darks._interface.disk.manifest import Manifest, write_manifest
from ccdproc_darks._interface.disk.signals import Stopped, stopped_by_signals

NAMES = ["group/mask.fits", "report.html", "summary.ecsv"]
FAILED, OPERATIONS = 7, ("os.", "open", "shutil.", "ctypes.")


def report(out, text, overwrite, fail=False):
    with _new_folder.new_folder(out, overwrite=overwrite) as new:
        for name in NAMES:
            (new / name).parent.mkdir(exist_ok=True)
            (new / name).write_text(text, encoding="utf-8")
        write_manifest(new)
        if fail:
            raise RuntimeError("as wanted")


def status_of(function):
    """Exit status of a function in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            with stopped_by_signals():
                function()
            os._exit(0)
        except Stopped as stopped:
            os._exit(stopped.status)
        except RuntimeError:
            os._exit(FAILED)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_at(last, number):
    """Send this process the signal ``number`` at its file operation ``last``, and Ctrl-C again at the next three."""
    counted = itertools.count(1)
    times = range(last, last + (4 if number == signal.SIGINT else 1))

    def hook(event, arguments):
        if event.startswith(OPERATIONS) and next(counted) in times:
            os.kill(os.getpid(), number)

    sys.addaudithook(hook)


def text_of(out):
    """Text of the report: all files have the same, and no others are there."""
    if not out.exists():
        return None
    assert Manifest(out).strangers(out) == []
    (text,) = {(out / name).read_text(encoding="utf-8") for name in NAMES}
    return text


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def main(folder, number, overwrite, exchange):
    tempfile.tempdir = str(folder / "tmp")
    (folder / "tmp").mkdir()
    if not exchange:
        _new_folder.exchange = lambda one, other: False
    for last in itertools.count(1):
        place = folder / str(last)
        place.mkdir()
        out = place / "out"
        (place / "mine.txt").write_text("mine", encoding="utf-8")
        if overwrite:
            report(out, "old", False)

        def killed(out=out, last=last):
            kill_at(last, number)
            report(out, "new", overwrite)

        status = status_of(killed)
        if status == 0:
            assert text_of(out) == "new"
            return last - 1
        assert status in (-number, 128 + number), status
        before = "old" if overwrite else None
        if number == signal.SIGKILL:
            if exchange:
                assert text_of(out) in (before, "new")
            found = text_of(out)
            # The next run cleans up, also one that fails, and puts the earlier report back.
            assert status_of(lambda out=out: report(out, "next", True, fail=True)) == FAILED
            assert text_of(out) == (found or before)
        else:
            assert text_of(out) in (before, "new")
        assert names_in(folder / "tmp") == []
        assert names_in(place) == ["mine.txt", "out"] if out.exists() else ["mine.txt"]
        assert status_of(lambda out=out: report(out, "next", True)) == 0
        assert text_of(out) == "next"
        assert names_in(place) == ["mine.txt", "out"]
    return None


if __name__ == "__main__":
    where, name, overwrite, exchange = sys.argv[1:]
    print(main(Path(where), getattr(signal, name), overwrite == "overwrite", exchange == "exchange"))
