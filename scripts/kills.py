#!/usr/bin/env python
# Licensed under a 3-clause BSD style license - see LICENSE
"""
Kill the command ``ccdproc-darks report`` at random moments, and look what is left.

Each kill is of a process of its own, by SIGKILL, SIGTERM or SIGINT, and of one of three reports: into a new folder,
over an earlier report (``--overwrite``), and over one with a file of the user's inside, which the command refuses. Of
four kills, one comes after a random time from the start of the command, and three at a random operation on files, as
many of which belong to the short time in which the report is put in its place. For these three, the process is
forked from one that has imported all, to save time. Checked after each kill:

* the frames, the user's own files beside the report, and the one inside it are as they were;
* where the report is to be, there is none, all of the earlier one, or all of the new one;
* after SIGTERM and SIGINT nothing else is left, in the folder of temporary files neither;
* after SIGKILL the next run tells what it found if anything was left, and removes it;
* the next run succeeds.

Usage: ``python scripts/kills.py [--kills 100] [--seed 1] [--folder DIR]``; exit status 1 where a check fails.
"""

import argparse
import atexit
import gzip
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from astropy import units as u

from ccdproc_darks import cli, simulate_dark
from ccdproc_darks._interface.disk import new_folder as _new_folder
from ccdproc_darks.report import cluster, many, run  # noqa: F401  (so that forked processes need not import them)

FRAMES = [(0, 3), (30, 2), (300, 2)]
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
SITUATIONS = ["new", "overwrite", "user's file inside"]
# Before Python handles signals, one ends the process at once: nothing is under way then.
STATUSES = {number: {-number, 128 + number} for number in SIGNALS}

OPERATIONS = ("os.", "open", "shutil.", "ctypes.", "tempfile.")


class Place:
    """A folder with frames, an earlier report, and files of the user's."""

    threshold = "3"

    def __init__(self, folder, template, situation, rename):
        self.folder, self.situation, self.rename = folder, situation, rename
        shutil.copytree(template, folder)
        (folder / "tmp").mkdir()
        (folder / "mine.txt").write_text("mine", encoding="utf-8")
        if situation == "new":
            shutil.rmtree(folder / "out")
        elif situation != "overwrite":
            (folder / "out" / "note.txt").write_text("mine", encoding="utf-8")
        self.before = contents(folder)

    def arguments(self, overwrite=None):
        """Of the command."""
        overwrite = self.situation != "new" if overwrite is None else overwrite
        return ["report", "frames", "-o", "out", "--threshold", self.threshold, *(["--overwrite"] if overwrite else [])]

    def started(self, overwrite=None):
        """A new process with the command."""
        code = "import sys; from ccdproc_darks import cli; from ccdproc_darks._interface.disk import new_folder; "
        if self.rename:
            code += "new_folder.exchange = lambda one, other: False; "
        return subprocess.Popen(
            [sys.executable, "-c", f"{code} sys.exit(cli.main())", *self.arguments(overwrite)],
            cwd=self.folder, env={**os.environ, "TMPDIR": str(self.folder / "tmp")}, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def forked(self, last=0, number=0, overwrite=None):
        """Exit status of the command, what it wrote to stderr, and how many file operations it had.

        It runs in a forked process, which sends itself the signal ``number`` at its file operation ``last``.
        """
        told = self.folder.with_name(f"{self.folder.name}.told")
        pid = os.fork()
        if pid == 0:
            self._run(told, last, number, overwrite)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        errors, _, operations = told.read_text(encoding="utf-8").partition("operations:")
        told.unlink()
        return status, errors, int(operations or 0)

    def _run(self, told, last, number, overwrite):
        os.chdir(self.folder)
        tempfile.tempdir = str(self.folder / "tmp")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(told, os.O_WRONLY | os.O_CREAT), 2)
        if self.rename:
            _new_folder.exchange = lambda one, other: False
        counted, done = itertools.count(1), 0

        def hook(event, arguments):
            nonlocal done
            if event.startswith(OPERATIONS):
                done = next(counted)
                if done == last:
                    os.kill(os.getpid(), number)

        sys.addaudithook(hook)
        status = 1
        try:
            status = cli.main(self.arguments(overwrite))
        except KeyboardInterrupt:
            status = 130
        finally:
            atexit._run_exitfuncs()
            os.write(2, f"operations:{done}".encode("ascii"))
            os._exit(status)

    def report(self):
        """'none', 'earlier' or 'new'; anything else is an error."""
        now = {name: content for name, content in contents(self.folder).items() if name.startswith("out/")}
        if not now and not (self.folder / "out").exists():
            return "none"
        if now == {name: content for name, content in self.before.items() if name.startswith("out/")}:
            return "earlier"
        manifest = self.folder / "out" / "manifest.json"
        if not manifest.exists():
            return "half"
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        listed = {f"out/{file['path']}": file["sha256"] for file in files}
        now.pop("out/manifest.json")
        return "new" if now == listed else "half"

    def kept(self):
        """Whether all that is the user's is as it was."""
        now = contents(self.folder)
        return all(
            now.get(name) == content
            for name, content in self.before.items()
            if not name.startswith("out/") or name.endswith("note.txt")
        )

    def left(self):
        """Paths of what should not be there."""
        expected = {"frames", "mine.txt", "tmp", "out"}
        return [path for path in [*self.folder.iterdir(), *(self.folder / "tmp").iterdir()]
                if path.name not in expected]  # fmt: skip


def contents(folder):
    """Checksum of each file, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_frames(folder):
    """Small frames, of which half are compressed, so that temporary files are needed."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    for seconds, count in FRAMES:
        for number in range(count):
            path = folder / f"{seconds}_{number}.fits"
            bias, noise = 300 * u.adu, 5 * u.electron
            simulate_dark((8, 10), exposure=seconds * u.s, read_noise=noise, bias=bias, rng=rng).write(path)
            if number:
                (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
                path.unlink()


def one_kill(place, number, last, seconds):
    """Problems found, and what was found, after one kill."""
    situation, rename = place.situation, place.rename
    if seconds is None:
        status, errors, _ = place.forked(last, number)
    else:
        with place.started() as process:
            time.sleep(seconds)
            process.send_signal(number)
            _, errors = process.communicate(timeout=300)
            status = process.returncode
    refused = situation == "user's file inside"
    problems, report, left = [], place.report(), place.left()
    ended = status in (0, 1 if refused else 0)
    if not ended and status not in STATUSES[number]:
        problems.append(f"exit status {status}: {errors[-500:]}")
    if not place.kept():
        problems.append("a file of the user's is gone or changed")
    # Where folders cannot be exchanged in one step, the next run puts the earlier report back.
    missing = report == "none" and situation != "new" and not (rename and number == signal.SIGKILL)
    if report == "half" or missing or (refused and report != "earlier"):
        problems.append(f"the report is {report}")
    if left and number != signal.SIGKILL:
        problems.append(f"left: {left}")
    says_nothing = "nothing was written" in errors
    if says_nothing and report == "new":
        problems.append("says that nothing was written, and something was")
    again, told, _ = place.forked(overwrite=report != "none" or situation != "new")
    expected = 1 if refused else 0
    if again != expected or (place.report() != "new" and not refused):
        problems.append(f"the next run has exit status {again}, report {place.report()}: {told[-500:]}")
    if left and "was killed" not in told:
        problems.append(f"the next run does not tell what it found: {told}")
    if place.left():
        problems.append(f"left after the next run: {place.left()}")
    if not place.kept():
        problems.append("a file of the user's is gone or changed by the next run")
    return problems, ("finished before" if ended else report, bool(left))


def main():
    """Run the study, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rename", action="store_true", help="as on a system that cannot exchange folders in one step")
    parser.add_argument("--folder", type=Path, help="new folder to work in; default: a temporary one")
    names = [number.name for number in SIGNALS]
    parser.add_argument("--signals", nargs="+", choices=names, help="default: all three")
    given = parser.parse_args()
    # A shell has its background jobs ignore Ctrl-C, and so would all processes that are started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="kills-"))
    template = folder / "template"
    write_frames(template / "frames")
    first = Place.__new__(Place)
    first.folder, first.situation, first.rename = template, "new", given.rename
    first.threshold = "4"  # so that the earlier report is another one
    (template / "tmp").mkdir()
    began = time.monotonic()
    with first.started() as process:
        _, errors = process.communicate(timeout=300)
    whole = time.monotonic() - began
    if process.returncode != 0:
        raise SystemExit(f"the first report failed: {errors}")
    operations = first.forked(overwrite=True)[2]
    shutil.rmtree(template / "tmp")
    print(f"a report takes {whole:.1f} s and {operations} operations on files", flush=True)
    rng, found, failed = random.Random(given.seed), Counter(), 0
    plan = itertools.product([signal.Signals[name] for name in given.signals or names], SITUATIONS)
    for index, (number, situation) in enumerate(itertools.islice(itertools.cycle(plan), given.kills)):
        at_random_time = rng.random() < 0.25
        last = 0 if at_random_time else rng.randint(1, operations)
        if situation == "user's file inside" and not at_random_time:
            last = rng.randint(1, 40)
        seconds = rng.uniform(0, whole) if at_random_time else None
        place = Place(folder / str(index), template, situation, given.rename)
        problems, (report, left) = one_kill(place, number, last, seconds)
        found[number.name, situation, report, "something left" if left else "nothing left"] += 1
        when = f"after {seconds:.2f} s" if at_random_time else f"at operation {last}"
        for problem in problems:
            print(f"{index}: {number.name} {when}, {situation}: {problem}", flush=True)
        failed += bool(problems)
        if not problems:
            shutil.rmtree(place.folder)
    for key, count in sorted(found.items()):
        print(f"{count:4d}  {key[0]}, {key[1]}: report {key[2]}, {key[3]}")
    print(f"{given.kills} kills, {failed} with a problem")
    if not failed:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
