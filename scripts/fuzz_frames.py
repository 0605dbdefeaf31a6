"""Fuzz the readers of frames and folders: ``python scripts/fuzz_frames.py --minutes 60 --seed 1``.

Files are damaged at random (tests/frames/fuzz.py) and given to `FileFrame` and `dark_rate`, folders of them to
`find_groups`, each under an alarm of 5 s and a limit of memory, in a process of its own. A file must be read as astropy
reads it, or be refused with an OSError, ValueError, UnitsError or TypeError that names it. All else is a finding: its
recipe is appended to the file of findings, and printed. ``--replay FILE`` tries recipes of such a file again.
"""

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from astropy import log

from tests.frames import fuzz

SECONDS = 5  # for one file
WAITED = 30  # seconds for a file that waits; a busy machine may let it wait, too
KILLED_AFTER = 40  # seconds in code that the alarm does not reach
MEMORY = 2**29  # bytes that a process may grow by
FOLDERS = 0.05  # share of folders


class Hang(BaseException):
    """The alarm rang."""


def _ring(*_):
    """Raise a `Hang`, if this process has worked for 5 s, or waited for 30 s."""
    if time.process_time() - _begun[0] > SECONDS - 1 or time.monotonic() - _begun[1] > WAITED:
        raise Hang


_begun = [0.0, 0.0]


def case(seed, number):
    """The recipe of a case: of a folder (its items are lists), or of a file."""
    rng = np.random.default_rng([seed, number])
    return fuzz.folder_recipe(rng) if rng.random() < FOLDERS else fuzz.recipe(rng)


def outcome(steps, folder):
    """'accepted', 'refused', 'folder', or a text about what was found."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    is_folder = not isinstance(steps[0], str)
    _begun[:] = time.process_time(), time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, SECONDS, 1)
    try:
        if is_folder:
            fuzz.make_folder(folder, steps)
            fuzz.check_folder(folder)
            return "folder"
        path = folder / "tried.fits"
        path.write_bytes(fuzz.content_of(steps))
        return fuzz.check_file(path)
    except Hang:
        return f"HANG: over {SECONDS} s: {traceback.format_exc(limit=-3)}"
    except fuzz.Finding as finding:
        return f"FINDING: {finding}"
    except BaseException as error:
        return f"TRACEBACK: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-6)}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def work(seed, start, step, connection, beat):
    """Try cases one after the other, and send their outcomes."""
    warnings.simplefilter("ignore")
    log.setLevel("ERROR")
    signal.signal(signal.SIGALRM, _ring)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = Path(tempfile.mkdtemp(prefix="fuzz-"))
    tempfile.tempdir = str(own)
    for name in fuzz.SOUND:
        fuzz.sound(name)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    number, counts, sent = start, Counter(), time.monotonic()
    while True:
        beat.value = number
        steps = case(seed, number)
        found = outcome(steps, own / "case")
        if found in ("accepted", "refused", "folder"):
            counts[found] += 1
        else:
            connection.send(("finding", number, found))
            counts["finding"] += 1
        if time.monotonic() - sent > 1:
            connection.send(("counts", number, counts))
            counts, sent = Counter(), time.monotonic()
        number += step


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path("fuzz_findings.jsonl"))
    parser.add_argument("--replay", type=Path, help="try the recipes of this file, one a line")
    given = parser.parse_args()
    if given.replay:
        return replay(given.replay)
    return run(given)


def replay(path):
    """Try the recipes of a file again; 1 if something is found."""
    warnings.simplefilter("ignore")
    log.setLevel("ERROR")
    signal.signal(signal.SIGALRM, _ring)
    found = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for line in path.read_text().splitlines():
            told = outcome(json.loads(line), Path(folder) / "case")
            found[told.split(":")[0]] += 1
            if told not in ("accepted", "refused", "folder"):
                print(line[:300], "->", told, sep="\n  ")
    print(dict(found))
    return int(bool(set(found) - {"accepted", "refused", "folder"}))


def run(given):
    """Run workers for some minutes, restart those that die, and print the counts every minute."""
    context = multiprocessing.get_context("fork")
    total, crashes, begun = Counter(), 0, time.monotonic()
    workers = [_Worker(context, given.seed, index, given.workers) for index in range(given.workers)]
    told = begun
    while time.monotonic() - begun < given.minutes * 60:
        for worker in workers:
            for kind, number, message in worker.messages():
                if kind == "counts":
                    total.update(message)
                else:
                    crashes += kind == "crash"
                    total["finding"] += kind == "crash"
                    _keep(given, number, message)
        if time.monotonic() - told > 60:
            told = time.monotonic()
            print(_line(total, begun), flush=True)
    for worker in workers:
        worker.stop()
    print(f"FINAL {_line(total, begun)}, of the findings {crashes} crashes or hangs of the process; seed {given.seed}")
    return int(total["finding"] > 0)


def _line(total, begun):
    files = total["accepted"] + total["refused"]
    return (
        f"{(time.monotonic() - begun) / 60:.1f} min: {files} files tried, {total['accepted']} accepted and equal to "
        f"astropy's reading, {total['refused']} refused with a clear error, {total['folder']} folders, "
        f"{total['finding']} findings"
    )


def _keep(given, number, message):
    steps = case(given.seed, number)
    with given.findings.open("a") as file:
        file.write(json.dumps(steps) + "\n")
    print(f"case {number}: {message}\n    {json.dumps(steps)[:400]}", flush=True)


class _Worker:
    """A process that works, and is started again after the case that killed it."""

    def __init__(self, context, seed, index, step):
        self._context, self._seed, self._step = context, seed, step
        self._start(index)

    def _start(self, number):
        self._here, there = self._context.Pipe(duplex=False)
        self._beat = self._context.Value("q", number, lock=False)
        self._process = self._context.Process(
            target=work, args=(self._seed, number, self._step, there, self._beat), daemon=True
        )
        self._process.start()
        there.close()
        self._seen, self._since = number, time.monotonic()

    def messages(self):
        """What the process sent in the last moments; 'crash' if it died, or had to be killed."""
        try:
            if self._here.poll(0.2):
                yield self._here.recv()
        except EOFError:
            pass
        if self._beat.value != self._seen:
            self._seen, self._since = self._beat.value, time.monotonic()
        late = time.monotonic() - self._since > KILLED_AFTER
        if late or not self._process.is_alive():
            self.stop()
            reason = "HANG: killed" if late else f"CRASH: exit code {self._process.exitcode}"
            number = self._beat.value
            self._start(number + self._step)
            yield "crash", number, reason

    def stop(self):
        """End the process."""
        self._process.kill()
        self._process.join()


if __name__ == "__main__":
    os.nice(0)
    sys.exit(main())
