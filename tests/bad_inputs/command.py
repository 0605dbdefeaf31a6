"""The command line: its options, folders and outputs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from .given import file, folder
from .trial import Ran
from .wanted import POSIX, Refused, Right, Row, Told

__all__ = ["GROUPS"]

REPORT, DEMO, SIMULATE = "ccdproc-darks report", "ccdproc-darks demo", "ccdproc-darks simulate"
COMPARE = "ccdproc-darks compare"


def option(name, tried, *options, words, status=2):
    """Row for options of the report."""
    return Row(
        name, tried, REPORT, lambda t: t(folder(t.folder), "-o", t.out, *options), Refused(*words, status=status)
    )


def simulate(name, tried, *options, words, status=1, preset="low-noise-cmos"):
    """Row for options of a simulation."""
    return Row(name, tried, SIMULATE, lambda t: t(t.out, "--preset", preset, "--size", "8", *options),
               Refused(*words, status=status))  # fmt: skip


OPTIONS = [
    option("option-gain-text", "``--gain high``", "--gain", "high", words=("--gain", "high")),
    option("option-gain-zero", "``--gain 0``", "--gain", "0", words=("--gain", "0")),
    option("option-gain-huge", "``--gain 1e300``", "--gain", "1e300", words=("gain", "1e+300"), status=1),
    option("option-noise-negative", "``--read-noise -5``", "--read-noise=-5", words=("--read-noise", "-5")),
    option("option-noise-nan", "``--read-noise nan``", "--read-noise", "nan", words=("--read-noise", "nan")),
    option("option-noise-file", "``--read-noise noise.fits``, which is not there", "--read-noise", "noise.fits",
           words=("--read-noise", "noise.fits", "no such file")),
    option("option-saturation", "``--saturation full``", "--saturation", "full", words=("--saturation", "full")),
    option("option-threshold", "``--threshold -1``", "--threshold=-1", words=("--threshold", "-1")),
    option("option-tolerance", "``--tolerance 0``", "--tolerance", "0", words=("--tolerance", "0")),
    option("option-false-positives", "``--false-positives 0``", "--false-positives", "0",
           words=("--false-positives", "0")),
    option("option-false-positives-all", "``--false-positives 1e9``, more than there are pixels", "--false-positives",
           "1e9", words=("false_positives", "1000000000.0"), status=1),
    option("option-fdr", "``--fdr 2``", "--fdr", "2", words=("--fdr", "2")),
    option("option-both", "both ``--fdr`` and ``--false-positives``", "--fdr", "0.1", "--false-positives", "1",
           words=("--fdr", "--false-positives")),
    option("option-null", "``--null normal``", "--null", "normal", words=("--null", "normal")),
    option("option-mem-limit", "``--mem-limit 0``", "--mem-limit", "0", words=("--mem-limit", "0")),
    option("option-scheduler", "``--scheduler here``", "--scheduler", "here", words=("--scheduler", "here"), status=1),
    option("option-exposure", "``--exposure 0``", "--exposure", "0", words=("--exposure", "0")),
    option("option-exposure-both", "both ``--exposure`` and ``--exposure-key``", "--exposure", "300", "--exposure-key",
           "LTIME", words=("--exposure", "--exposure-key")),
    option("option-exposure-key", "``--exposure-key LTIME``, which no header has", "--exposure-key", "LTIME",
           words=("no LTIME in its header", "--exposure"), status=1),
    option("option-unit", "``--unit counts``", "--unit", "counts", words=("--unit", "counts")),
    option("option-type-key", "``--type-key 'KIND ='``", "--type-key", "KIND =", words=("--type-key", "KIND =")),
    Row("option-dark-zero", "``--dark '*'`` though bias frames are among them", REPORT,
        lambda t: t(folder(t.folder), "-o", t.out, "--dark", "*"),
        Told("bias_0.fits: EXPTIME is 0 s: a dark needs an exposure")),
    option("option-temperature-tolerance", "``--temperature-tolerance -1``", "--temperature-tolerance=-1",
           words=("--temperature-tolerance", "-1")),
    option("option-group-by", "``--group-by`` without a key", "--group-by", words=("--group-by",)),
    option("option-bias-absent", "``--bias`` with a folder that is not there", "--bias", "absent",
           words=("--bias", "absent", "no such file"), status=1),
    Row("option-bias-empty", "``--bias`` with an empty folder", REPORT,
        lambda t: t(folder(t.folder), "-o", t.out, "--bias", empty(t)), Refused("--bias", "empty", "no FITS files")),
    Row("option-bias-text", "``--bias`` with a file that is no FITS file", REPORT,
        lambda t: t(folder(t.folder), "-o", t.out, "--bias", note(t)), Refused("note.txt", "not a readable FITS file")),
    option("option-unknown", "an unknown option, ``--gian 2``", "--gian", "2", words=("--gian",)),
    Row("option-out-missing", "no ``-o``", REPORT, lambda t: t(folder(t.folder)), Refused("-o", status=2)),
    Row("option-folder-missing", "no folder", REPORT, lambda t: t("-o", t.out), Refused("FOLDER", status=2)),
    Row("demo-size-zero", "``--size 0``", DEMO, lambda t: t("-o", t.out, "--size", "0"),
        Refused("--size", "0", status=2)),
    Row("demo-seed", "``--seed one``", DEMO, lambda t: t("-o", t.out, "--seed", "one"),
        Refused("--seed", "one", status=2)),
    Row("demo-frames-there", "``--frames`` with a folder that holds files", DEMO, lambda t: demo_frames(t),
        Refused("kept")),
    Row("demo-out-there", "an OUT that holds files", DEMO, lambda t: t("-o", full(t), "--size", "64"), Refused("full")),
    simulate("simulate-preset", "``--preset kodak``", "--exposures", "2x10", preset="kodak",
             words=("--preset", "kodak", "low-noise-cmos")),
    simulate("simulate-exposures", "``--exposures ten``", "--exposures", "ten", words=("--exposures", "ten"), status=2),
    simulate("simulate-exposures-zero", "``--exposures 0x10``", "--exposures", "0x10", words=("--exposures", "0x10"),
             status=2),
    simulate("simulate-temperature", "``--temperature -300``, below absolute zero", "--exposures", "2x10",
             "--temperature=-300", words=("temperature", "-300")),
    simulate("simulate-temperature-nan", "``--temperature nan``", "--exposures", "2x10", "--temperature", "nan",
             words=("temperature", "nan")),
    simulate("simulate-bias", "``--bias -1``", "--exposures", "2x10", "--bias=-1", words=("--bias", "-1"), status=2),
    simulate("simulate-start", "``--start yesterday``", "--exposures", "2x10", "--start", "yesterday",
             words=("start", "yesterday")),
    Row("simulate-size", "``--size 8x8x8``", SIMULATE,
        lambda t: t(t.out, "--preset", "low-noise-cmos", "--exposures", "2x10", "--size", "8x8x8"),
        Refused("--size", "8x8x8", status=2)),
    Row("simulate-into-full", "an OUT that holds files", SIMULATE,
        lambda t: t(full(t), "--preset", "low-noise-cmos", "--exposures", "2x10", "--size", "8"), Refused("full")),
    Row("simulate-into-file", "an OUT that is a file", SIMULATE,
        lambda t: t(note(t), "--preset", "low-noise-cmos", "--exposures", "2x10", "--size", "8"), Refused("note.txt")),
]  # fmt: skip


def demo_frames(trial):
    (trial.folder / "kept").mkdir()
    (trial.folder / "kept" / "note.txt").write_text("mine")
    return trial("-o", trial.out, "--size", "64", "--frames", trial.folder / "kept")


def full(trial):
    """A folder of the user's, with a file."""
    path = trial.folder / "full"
    path.mkdir()
    (path / "note.txt").write_text("mine")
    return path


def note(trial):
    path = trial.folder / "note.txt"
    path.write_text("mine")
    return path


def empty(trial, name="empty"):
    path = trial.folder / name
    path.mkdir()
    return path


def inner(trial):
    """A folder whose frames are in a folder inside."""
    folder(empty(trial), "inner")
    return trial.folder / "empty"


def bias_of_another_mode(trial):
    """Bias frames and darks that were read out in different ways."""
    path = folder(trial.folder, bias_frames=0, READOUTM="Normal")
    for index in range(3):
        file(path, f"bias_{index}.fits", seconds=0.0, seed=index, READOUTM="Fast")
    return trial(path, "-o", trial.out)


def two_of_a_name(trial):
    """Frames in two sub-folders."""
    folder(empty(trial), "first")
    (trial.folder / "empty" / "second").mkdir()
    (trial.folder / "empty" / "second" / "dark_30s_0.fits").touch()
    return trial(trial.folder / "empty", "-r", "-o", trial.out)


def earlier(trial, *more):
    """An earlier report at OUT, and the frames."""
    frames = folder(trial.folder)
    ran = trial(frames, "-o", trial.out, *more)
    assert ran.status == 0, ran
    return frames


def meanwhile_out(trial):
    """Somebody makes OUT, with a file in it, while the report measures."""
    frames = folder(trial.folder)

    def make():
        trial.out.mkdir()
        (trial.out / "note.txt").write_text("mine")
        trial.settle()

    trial.beside = "out-new"
    with trial.meanwhile(make):
        return trial(frames, "-o", trial.out)


def two_at_once(trial):
    """Another report on the same OUT, from its beginning to its end while the first measures."""
    frames, others = folder(trial.folder), []
    once = [True]

    def other():
        if once.pop() if once else False:
            others.append(trial._run([frames, "-o", trial.out], {}))
            trial.settle()

    with trial.meanwhile(other):
        first = trial(frames, "-o", trial.out)
    return first, others[0]


def one_of_two(both):
    """One of the two has written its report, and the other says that it has not."""
    done = [ran for ran in both if ran.status == 0]
    failed = [ran for ran in both if ran.status == 1]
    return len(done) == len(failed) == 1 and failed[0].err.strip().splitlines()[-1].startswith("ccdproc-darks: ")


def overwritten_with(trial, name):
    """--overwrite of a report into which the user has put a file; afterwards, whether it is anywhere."""
    frames = earlier(trial)
    inside = next(path for path in trial.out.iterdir() if path.is_dir()) if name.endswith(".fits") else trial.out
    (inside / name).write_text("mine")
    ran = trial(frames, "-o", trial.out, "--overwrite")
    kept = [path for path in trial.folder.rglob(name) if path.read_text() == "mine"]
    return ran, kept


def is_kept(found):
    ran, kept = found
    return bool(kept) and (ran.status == 0 or ran.err.startswith("ccdproc-darks: "))


def interrupted_swap(trial, error):
    """--overwrite, and an error as soon as something is renamed to OUT, or OUT to something."""
    frames = earlier(trial)
    old = {path: path.read_bytes() for path in trial.out.rglob("*") if path.is_file()}

    def fails(*_, **__):
        raise error

    rename = Path.rename
    calls = []

    def second_fails(self, target):
        calls.append(self)
        if len(calls) > 1:
            raise error
        return rename(self, target)

    with mock.patch("shutil.move", fails), mock.patch.object(Path, "rename", second_fails):
        try:
            ran = trial(frames, "-o", trial.out, "--overwrite")
        except KeyboardInterrupt:
            ran = None
    new = {path: path.read_bytes() for path in trial.out.rglob("*") if path.is_file()}
    hidden = [path.name for path in trial.folder.iterdir() if path.name.startswith(".")]
    return ran, set(old) <= set(new), hidden


def whole(found):
    _, complete, hidden = found
    return complete and not hidden


def killed(trial, how):
    """A process that is killed while it writes; then the same again. How the two ended, and what they left behind."""
    frames = folder(trial.folder)
    file(frames, "dark.fits.gz", seed=9)  # it is decompressed into TMPDIR
    code = (
        "import os, signal, sys\n"
        "import ccdproc_darks.report.run as run\n"
        "run.draw_all = lambda *_: ()\n"
        "written = run.write_report\n"
        "def write(*args, **options):\n"
        "    written(*args, **options)\n"
        f"    os.kill(os.getpid(), signal.{how})\n"
        "    import time; time.sleep(3)\n"
        "run.write_report = write\n"
        "from ccdproc_darks.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    scratch = trial.folder / "tmp"
    scratch.mkdir()
    import ccdproc_darks

    path = [str(Path(ccdproc_darks.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    where = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": os.pathsep.join(path)}
    first = subprocess.run(
        [sys.executable, "-c", code, "report", str(frames), "-o", str(trial.out)],
        env=where, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    left = sorted(p.name for p in trial.folder.iterdir() if p.name not in ("night", "tmp"))
    left += sorted(p.name for p in scratch.iterdir())
    again = trial(frames, "-o", trial.out)
    after = sorted(p.name for p in trial.folder.iterdir() if p.name not in ("night", "tmp", "out"))
    return Ran(first.returncode, first.stdout, first.stderr), left, again, after


def stopped(found, status):
    first, left, again, after = found
    return first.status == status and not left and again.status == 0 and not after


def recovered(found):
    first, left, again, after = found
    return first.status == -9 and again.status == 0 and not after and (not left or "killed" in again.err)


def interrupt(trial):
    """Ctrl-C while the report measures."""
    frames = folder(trial.folder)

    def press():
        raise KeyboardInterrupt

    with trial.meanwhile(press):
        return trial(frames, "-o", trial.out)


def unwritable(trial):
    """An OUT that cannot be made; how often frames were read before that was said."""
    frames, read = folder(trial.folder), []
    with trial.meanwhile(lambda: read.append(1)):
        return trial(frames, "-o", "/proc/there/out"), read


def at_once(found):
    ran, read = found
    return ran.status == 1 and ran.err.startswith("ccdproc-darks: ") and "/proc/there" in ran.err and not read


def with_special(trial, make):
    path = folder(trial.folder)
    make(path)
    return trial(path, "-o", trial.out)


def no_darks_of_b(path):
    """Another camera's darks, whose gain nobody knows."""
    for index in range(3):
        file(path, f"b_{index}.fits", seed=20 + index, INSTRUME="camera B", EGAIN=None)


def plain(ran, *names):
    """The output has no escape or bell character, and each name is on one line."""
    text = ran.out + ran.err
    return not any(ord(char) < 32 and char not in "\n\r\t" for char in text) and all(name in text for name in names)


def second_folder_empty(trial):
    return trial(folder(trial.folder), empty(trial), "-o", trial.out)


def over_own_frames(trial):
    """A folder of frames inside the report to be overwritten."""
    frames = earlier(trial)
    inside = trial.out / "night"
    frames.rename(inside)
    trial.settle()
    return trial(inside, "-o", trial.out, "--overwrite")


FOLDERS = [
    Row("folder-absent", "a folder that is not there", REPORT, lambda t: t(t.folder / "absent", "-o", t.out),
        Refused("absent", "no such folder")),
    Row("folder-is-file", "a file in place of a folder", REPORT, lambda t: t(note(t), "-o", t.out),
        Refused("note.txt", "not a folder")),
    Row("folder-no-files", "an empty folder", REPORT, lambda t: t(empty(t), "-o", t.out),
        Refused("empty", "no FITS files")),
    Row("folder-inner", "a folder whose frames are in a folder inside", REPORT, lambda t: t(inner(t), "-o", t.out),
        Refused("empty", "no FITS files", "sub-folders")),
    Row("folder-bias-unlike", "bias frames of another read-out mode", REPORT, bias_of_another_mode,
        Told("bias_0.fits: READOUTM is 'Fast' here, 'Normal' in the 8 darks", "--ignore-key READOUTM")),
    Row("folder-two-of-a-name", "files of one name in two sub-folders, one of them empty", REPORT, two_of_a_name,
        Told("second/dark_30s_0.fits: the file is empty")),
    Row("folder-only-bias", "a folder with bias frames only", REPORT,
        lambda t: t(folder(t.folder, times=()), "-o", t.out), Refused("night", "no usable dark frames", "bias_0.fits")),
    Row("folders-one-empty", "two folders, one of them empty", REPORT, second_folder_empty,
        Told("not measured", "empty", status=3)),
    Row("folder-camera-lost", "a folder with a second camera that cannot be measured", REPORT,
        lambda t: with_special(t, no_darks_of_b), Told("not measured", "camera B", "gain", status=3)),
    Row("folder-fifo", "a named pipe called x.fits in the folder", REPORT,
        lambda t: with_special(t, lambda path: os.mkfifo(path / "pipe.fits")), Told("pipe.fits"), systems=POSIX),
    Row("folder-loop", "a symbolic link to itself, called x.fits", REPORT,
        lambda t: with_special(t, lambda path: (path / "loop.fits").symlink_to("loop.fits")),
        Told("loop.fits"), systems=POSIX),
    Row("folder-named-fits", "a folder called x.fits in the folder", REPORT,
        lambda t: with_special(t, lambda path: (path / "inner.fits").mkdir()), Told("inner.fits")),
    Row("folder-bare-fz", "a file called x.fz", REPORT,
        lambda t: with_special(t, lambda path: (path / "bare.fz").write_bytes(b"x")), Told("bare.fz")),
    Row("folder-link-dangling", "a symbolic link to nowhere, called x.fits", REPORT,
        lambda t: with_special(t, lambda path: (path / "gone.fits").symlink_to("nowhere")),
        Told("gone.fits"), systems=POSIX),
    Row("name-escape", "escape and bell characters in the name of a file", REPORT,
        lambda t: with_special(t, lambda path: (path / "a\x1b[31m\x07b.fits").write_bytes(b"")),
        Right("They do not reach the terminal; the name is shown readably.",
              lambda ran: plain(ran, "b.fits")), systems=POSIX),
    Row("name-newline", "a line break in the name of a file", REPORT,
        lambda t: with_special(t, lambda path: (path / "a\nnot used b.fits").write_bytes(b"")),
        Right("The name stays on one line.",
              lambda ran: not any(line.startswith("not used b.fits") for line in ran.out.splitlines())), systems=POSIX),
    Row("name-escape-absent", "escape characters in the name of a folder that is not there", REPORT,
        lambda t: t(t.folder / "a\x1b[31mb", "-o", t.out),
        Right("They do not reach the terminal.", lambda ran: ran.status == 1 and plain(ran)), systems=POSIX),
]  # fmt: skip

OUTPUTS = [
    Row("out-file", "an OUT that is a file", REPORT, lambda t: t(folder(t.folder), "-o", note(t)), Refused("note.txt")),
    Row("out-full", "an OUT that holds files", REPORT, lambda t: t(folder(t.folder), "-o", full(t)), Refused("full")),
    Row("out-full-overwrite", "``--overwrite`` of a folder that is no report", REPORT,
        lambda t: t(folder(t.folder), "-o", full(t), "--overwrite"), Refused("full")),
    Row("out-report", "an OUT that is an earlier report, without ``--overwrite``", REPORT,
        lambda t: t(earlier(t), "-o", t.out), Refused("out", "--overwrite")),
    Row("out-below-file", "an OUT below a file", REPORT, lambda t: t(folder(t.folder), "-o", note(t) / "out"),
        Refused("note.txt", "file")),
    Row("out-unwritable", "an OUT that cannot be written", REPORT, unwritable,
        Right("The command says so before it reads a frame, and ends with status 1.", at_once), systems=("linux",)),
    Row("out-holds-frames", "``--overwrite`` of a report that holds the frames", REPORT, over_own_frames,
        Refused("out", "frames")),
    Row("out-appears", "a file that somebody puts into OUT while the report measures", REPORT, meanwhile_out,
        Refused("out-new",
                then="The file stays. The report is beside it, in OUT-new; the command ends with status 1.")),
    Row("out-twice-at-once", "two reports into one new OUT at the same time", REPORT, two_at_once,
        Right("One is written; the other says that it is not, and ends with status 1.", one_of_two)),
    Row("overwrite-note", "``--overwrite`` of a report with a note of the user's in it", REPORT,
        lambda t: overwritten_with(t, "note.txt"), Right("The note is kept.", is_kept)),
    Row("overwrite-fits", "``--overwrite`` of a report with a FITS file of the user's among its images", REPORT,
        lambda t: overwritten_with(t, "mine.fits"), Right("The file is kept.", is_kept)),
    Row("swap-fails", "an error of the disk while the new report takes the place of the old one", REPORT,
        lambda t: interrupted_swap(t, OSError(5, "Input/output error")), Right("A whole report is at OUT.", whole)),
    Row("swap-interrupted", "Ctrl-C while the new report takes the place of the old one", REPORT,
        lambda t: interrupted_swap(t, KeyboardInterrupt()), Right("A whole report is at OUT.", whole)),
    Row("interrupted", "Ctrl-C while the report measures", REPORT, interrupt,
        Refused("nothing was written", status=130)),
    Row("killed", "the process is killed (SIGKILL) while it writes", REPORT, lambda t: killed(t, "SIGKILL"),
        Right("The next run says what it found, cleans it up, and writes the report.", recovered), seconds=20,
        systems=POSIX),
    Row("terminated", "the process is terminated (SIGTERM) while it writes", REPORT, lambda t: killed(t, "SIGTERM"),
        Right("Nothing is left behind; the command ends with status 143.", lambda found: stopped(found, 143)),
        seconds=20, systems=POSIX),
]  # fmt: skip


def reports(trial, *nights, **keys):
    """Finished reports on these nights (numbers), whose frames differ in their noise and dates."""
    made = []
    for number in nights:
        inside = empty(trial, f"frames{number}")
        night = {"DATE-OBS": f"2026-01-{number:02}T20:00:00", **keys}
        for index in range(4):
            file(inside, f"bias_{index}.fits", seconds=0.0, seed=100 * number + index, **night)
            file(inside, f"dark_{index}.fits", seconds=30.0, seed=100 * number + index, **night)
        with mock.patch("ccdproc_darks.report.run.draw_all", return_value=()):
            make_report(inside, trial.folder / f"night{number}", Options())
        made.append(trial.folder / f"night{number}")
    return made


def damaged(trial, change):
    """Two reports, of which the second is damaged, and the files of its images."""
    made = reports(trial, 1, 2)
    change(made[1], next(path for path in made[1].iterdir() if path.is_dir()))
    return trial(*made, "-o", trial.out)


def other_camera(trial):
    """Reports on two cameras."""
    return trial(*reports(trial, 1), *reports(trial, 2, INSTRUME="camera B"), "-o", trial.out)


def copied(trial):
    """A report, and a copy of it."""
    (made,) = reports(trial, 1)
    shutil.copytree(made, trial.folder / "copy")
    return trial(made, trial.folder / "copy", "-o", trial.out)


def into_report(trial):
    """OUT is one of the reports."""
    made = reports(trial, 1, 2)
    return trial(*made, "-o", made[0], "--overwrite")


def undated(trial):
    """Reports whose frames have no DATE-OBS."""
    return trial(*reports(trial, 2, 1, **{"DATE-OBS": None}), "-o", trial.out)


def compare(name, tried, call, *words, status=1):
    return Row(name, tried, COMPARE, call, Refused(*words, status=status), seconds=20)


COMPARISONS = [
    compare("compare-one", "one report", lambda t: t(*reports(t, 1), "-o", t.out), "two reports or more", "night1"),
    compare("compare-twice", "a report given twice", lambda t: t(*reports(t, 1) * 2, "-o", t.out), "night1",
            "given twice"),
    compare("compare-copy", "a report and a copy of it", copied, "night1", "copy", "the same report"),
    compare("compare-cameras", "reports on two cameras", other_camera, "no sensor in common", "camera A", "camera B"),
    compare("compare-absent", "a report that is not there",
            lambda t: t(*reports(t, 1), t.folder / "absent", "-o", t.out), "absent", "no such folder"),
    compare("compare-file", "a file in place of a report", lambda t: t(*reports(t, 1), note(t), "-o", t.out),
            "note.txt", "not a folder"),
    compare("compare-frames", "a folder of frames in place of a report",
            lambda t: t(*reports(t, 1), t.folder / "frames1", "-o", t.out), "frames1", "no report"),
    compare("compare-mask-gone", "a report whose mask is gone",
            lambda t: damaged(t, lambda _, images: (images / "mask.fits").unlink()), "mask.fits", "not whole"),
    compare("compare-mask-cut", "a report whose mask is cut off",
            lambda t: damaged(t, lambda _, images: os.truncate(images / "mask.fits", 1000)), "mask.fits",
            "cannot be read"),
    compare("compare-table-text", "a report whose summary.ecsv is no table",
            lambda t: damaged(t, lambda path, _: (path / "summary.ecsv").write_text("mine")), "summary.ecsv",
            "cannot be read"),
    compare("compare-into-report", "``--overwrite`` of one of the reports", into_report, "night1",
            "one of the reports"),
    compare("compare-tolerance", "``--tolerance 0``",
            lambda t: t(t.folder, t.folder, "-o", t.out, "--tolerance", "0"), "--tolerance", "0", status=2),
    compare("compare-both", "both ``--fdr`` and ``--false-positives``",
            lambda t: t(t.folder, t.folder, "-o", t.out, "--fdr", "0.1", "--false-positives", "1"), "--fdr",
            "--false-positives", status=2),
    compare("compare-false-positives", "``--false-positives 1e9``, more than there are pixels",
            lambda t: t(*reports(t, 1, 2), "-o", t.out, "--false-positives", "1e9"), "false_positives"),
    Row("compare-undated", "reports whose frames have no DATE-OBS", COMPARE, undated,
        Told("No DATE-OBS", "in the order in which they were given", status=0), seconds=20),
]  # fmt: skip

GROUPS = {
    "Options of the command": OPTIONS,
    "Folders of frames": FOLDERS,
    "Reports that are there": OUTPUTS,
    "Comparison of reports": COMPARISONS,
}
