"""The command line."""

import builtins
import errno
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

import ccdproc_darks
from ccdproc_darks import simulate_dark
from ccdproc_darks._interface.disk.claim import Claim
from ccdproc_darks.cli import main

pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for seconds, count in ((0, 4), (30, 3), (300, 3)):
        for number in range(count):
            frame = simulate_dark(
                (40, 50), exposure=seconds * u.s, read_noise=5 * u.electron, bias=300 * u.adu, rng=rng
            )
            frame.write(folder / f"{seconds}_{number}.fits")
    return folder


def test_report(frames, tmp_path, capsys, real_pictures):
    out = tmp_path / "out"
    assert main(["report", str(frames), "-o", str(out), "--threshold", "3"]) == 0
    printed = capsys.readouterr()
    assert "6 darks (3 x 30 s, 3 x 300 s): typical rate 0.0" in printed.out
    assert "hot (above 3.00 electron/s)" in printed.out
    assert f"report: {out / 'report.html'}" in printed.out
    assert printed.err == ""
    assert (out / "report.html").exists()


def test_light_frames_are_told(frames, tmp_path, capsys):
    for path in frames.glob("30_*"):
        with fits.open(path, mode="update") as hdus:
            for row in range(0, 40, 3):
                column = 8 + row * 7 % 34
                hdus[0].data[row, column - 1 : column + 2] = (900, 3000, 900)
    out = tmp_path / "out"
    main(["report", str(frames), "-o", str(out), "--threshold", "3"])
    assert "doubtful: light: light seems to have fallen on frames of 30 s" in capsys.readouterr().out
    assert "light seems to have fallen on frames of 30 s" in (out / "report.html").read_text(encoding="utf-8").replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_failure_is_one_clear_line(tmp_path, capsys):
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"ccdproc-darks: .*no FITS files.*\n", printed.err)


def test_report_of_several_folders(frames, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    folders = [str(frames), str(tmp_path / "empty"), str(tmp_path / "absent")]
    assert main(["report", *folders, "-o", str(out), "--threshold", "3"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{frames}:"
    assert lines[2].startswith("    6 darks (3 x 30 s, 3 x 300 s): typical rate 0.0")
    assert lines[-3] == f"not measured: {folders[1]}: no FITS files (.fit, .fits, .fts, also compressed)"
    assert lines[-2] == f"not measured: {folders[2]}: no such folder"
    assert lines[-1] == f"report: {out / 'report.html'}"
    assert {path.name for path in out.iterdir()} == {"report.html", "summary.ecsv", "manifest.json", "frames"}


def test_several_folders_of_nothing(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path), str(tmp_path / "empty"), "-o", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"ccdproc-darks: nothing measured; .*no FITS files.*and 1 more.*\n", printed.err)
    assert not (tmp_path / "out").exists()


def test_mem_limit_reaches_the_measurement(frames, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ccdproc_darks.report.run.draw_all", lambda measured: ())
    arguments = ["report", str(frames), "--threshold", "3", "-o"]
    assert main([*arguments, str(tmp_path / "none"), "--mem-limit", "0.001"]) == 1
    assert "mem_limit must be at least" in capsys.readouterr().err
    for name, limit in (("free", []), ("bound", ["--mem-limit", "64"])):
        assert main([*arguments, str(tmp_path / name), *limit]) == 0
    free, bound = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*.fits")} for name in ("free", "bound")
    )
    assert free == bound


def test_a_wrong_scheduler_is_one_clear_line(frames, tmp_path, capsys):
    assert main(["report", str(frames), "-o", str(tmp_path / "out"), "--scheduler", "nowhere"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"ccdproc-darks: --scheduler must be an address, such as tcp://host:8786, .*\n", printed.err)


@pytest.mark.parametrize(
    "option",
    [
        "--gain", "--read-noise", "--saturation", "--threshold", "--false-positives", "--fdr", "--tolerance",
        "--mem-limit",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "much"])
def test_options_are_checked(option, value, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["report", "somewhere", "-o", "out", f"{option}={value}"])
    assert f"argument {option}: expected a positive number, got '{value}'" in capsys.readouterr().err


def test_a_false_discovery_rate_is_a_fraction(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["report", "somewhere", "-o", "out", "--fdr", "1"])
    assert "argument --fdr: expected a number between 0 and 1, got '1'" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["report", "somewhere", "-o", "out", "--fdr", "0.1", "--false-positives", "2"])
    assert "not allowed with argument" in capsys.readouterr().err


def test_options_reach_the_mask(tmp_path, capsys):
    options = ["--fdr", "0.1", "--tolerance", "0.2", "--null", "empirical"]
    assert main(["demo", "-o", str(tmp_path / "out"), "--size", "64", *options]) == 0
    (mask,) = (tmp_path / "out").glob("*/mask.fits")
    meta = CCDData.read(mask).meta
    assert (meta["DKFDR"], meta["DKTOLER"], meta["DKNULL"]) == (0.1, 0.2, "empirical")
    assert "DKFALSE" not in meta
    assert "10 % of the pixels flagged are good ones" in (tmp_path / "out" / "report.html").read_text(
        encoding="utf-8"
    ).replace("\N{NO-BREAK SPACE}", " ")


def test_demo(tmp_path, capsys, real_pictures):
    kept = tmp_path / "frames"
    assert main(["demo", "-o", str(tmp_path / "out"), "--size", "48", "--frames", str(kept)]) == 0
    assert "30 darks" in capsys.readouterr().out
    assert len(list(kept.glob("*.fits"))) == 50
    assert (tmp_path / "out" / "report.html").exists()


def test_demo_refuses_a_size_of_nothing(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "-o", "out", "--size", "0"])
    assert "expected a whole number from 1, got '0'" in capsys.readouterr().err


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ccdproc-darks {ccdproc_darks.__version__}\n"


class TestOfAModule:
    """``python -m ccdproc_darks`` is the command."""

    @staticmethod
    def run(*arguments):
        command = [sys.executable, "-m", "ccdproc_darks", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_version(self):
        done = self.run("--version")
        assert done.returncode == 0
        assert done.stdout == f"ccdproc-darks {ccdproc_darks.__version__}\n"

    def test_it_is_named_as_it_was_called(self):
        assert self.run("report", "--help").stdout.startswith("usage: python -m ccdproc_darks report ")

    def test_status(self, tmp_path):
        done = self.run("check", str(tmp_path / "absent"))
        assert done.returncode == 1
        assert "absent" in done.stderr


def test_no_command_shows_help(capsys):
    assert main([]) == 2
    assert "report" in capsys.readouterr().out


SIMULATE = ["simulate", "OUT", "--preset", "aspen-cg16m", "--exposures", "2x3"]


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        *(
            ("--exposures", value, "NUMBERxSECONDS, such as 10x90")
            for value in ("90", "x90", "0x90", "2x0", "2xnan", "2x-1")
        ),
        *(("--size", value, "ROWS or ROWSxCOLUMNS") for value in ("0", "-3", "3x", "3x4x5", "big")),
        ("--seed", "-1", "a whole number from 0"),
        ("--sensor-seed", "a", "a whole number from 0"),
        ("--bias", "-2", "a whole number from 0"),
    ],
)
def test_simulate_checks_its_options(option, value, expected, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([*SIMULATE, f"{option}={value}"])
    assert f"argument {option}: expected {expected}" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--exposures", "--size", "--seed", "--sensor-seed", "--bias"])
def test_thousands_of_digits(option, capsys):
    value = "9" * 5000 + ("x10" if option == "--exposures" else "")
    with pytest.raises(SystemExit, match="2"):
        main([*SIMULATE, f"{option}={value}"])
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(rf".*argument {option}: expected .*, got '9{{40}}\.\.\. \(\d+ characters\)", error)


def test_simulate_of_more_pixels_than_memory(tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--preset", "aspen-cg16m", "--exposures", "1x1", "--size", "65000x65000"]
    assert main(["simulate", str(out), *options]) == 1
    assert re.search(r"shape must be of 1073741824 pixels at most, got \(65000, 65000\)", capsys.readouterr().err)
    assert not out.exists()


def test_simulate_of_an_unknown_preset(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["simulate", str(out), "--preset", "kodak", "--exposures", "1x1"]) == 1
    assert capsys.readouterr().err.startswith("ccdproc-darks: --preset must be one of aspen-cg16m, ")
    assert not out.exists()


def test_simulate_begins_at_a_date(tmp_path):
    out = tmp_path / "out"
    options = ["--preset", "aspen-cg16m", "--exposures", "1x1", "--size", "4"]
    assert main(["simulate", str(out), *options, "--start", "2026-06-20T22:00:00"]) == 0
    assert fits.getval(next(out.glob("*.fit*")), "DATE-OBS").startswith("2026-06-20T22:00")


def test_simulate_does_not_overwrite(tmp_path, capsys):
    (tmp_path / "mine.txt").touch()
    assert main(["simulate", str(tmp_path), "--preset", "aspen-cg16m", "--exposures", "1x1", "--size", "4"]) == 1
    assert "is there already; choose another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_simulate_at_no_temperature(tmp_path, capsys):
    arguments = ["simulate", str(tmp_path / "out"), "--preset", "aspen-cg16m", "--exposures", "1x1", "--size", "4"]
    assert main([*arguments, "--temperature", "-300"]) == 1
    assert "temperature must be positive" in capsys.readouterr().err


def small(folder, plan=((0, 3), (30, 2), (300, 2)), shape=(8, 10), **changes):
    """Write frames that are quickly measured."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    for seconds, count in plan:
        for number in range(count):
            frame = simulate_dark(shape, exposure=seconds * u.s, read_noise=5 * u.electron, bias=300 * u.adu, rng=rng)
            frame.meta.update(changes)
            frame.write(folder / f"{'_'.join(map(str, shape))}_{seconds}_{number}.fits")
    return folder


@pytest.fixture
def no_pictures(monkeypatch):
    """Pictures take longer than frames that small."""
    monkeypatch.setattr("ccdproc_darks.report.run.draw_all", lambda measured: ())


@pytest.mark.usefixtures("no_pictures")
class TestWhatIsTold:
    def test_a_group_that_was_not_measured(self, tmp_path, capsys):
        folder = small(tmp_path / "frames")
        small(folder, [(300, 2)], (4, 5))
        assert main(["report", str(folder), "-o", str(tmp_path / "out"), "--threshold", "3"]) == 3
        lines = capsys.readouterr().out.splitlines()
        assert re.fullmatch(r"not measured: ccdproc_darks simulation, 5 x 4 pixels: no bias frames, .*", lines[-2])
        assert lines[-1] == f"report: {tmp_path / 'out' / 'report.html'}"

    def test_a_group_in_one_of_several_folders(self, tmp_path, capsys):
        folders = [small(tmp_path / "good"), small(tmp_path / "doubtful")]
        small(folders[1], [(300, 2)], (4, 5))
        assert main(["report", *map(str, folders), "-o", str(tmp_path / "out"), "--threshold", "3"]) == 3
        assert re.search("\n  not measured: .*5 x 4 pixels: no bias", capsys.readouterr().out)

    @pytest.mark.skipif(os.name == "nt", reason="such names are not possible")
    @pytest.mark.parametrize("several", [False, True])
    def test_names_with_control_characters(self, tmp_path, capsys, several):
        try:
            folder = small(tmp_path / "red\x1b[31m\a\nnight\udce9")
        except OSError:
            folder = small(tmp_path / "red\x1b[31m\a\nnight")  # macOS has names in UTF-8 only
        (folder / "bad\x1b[2J\n.fits").write_bytes(b"no FITS")
        folders = [str(folder), str(small(tmp_path / "other"))] if several else [str(folder)]
        out = tmp_path / "out"
        assert main(["report", *folders, "-o", str(out), "--threshold", "3"]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        assert printed.out.isascii()
        assert all(line.isprintable() for line in printed.out.splitlines())
        assert re.search(r"^ *not used: bad\\x1b\[2J\\n\.fits: ", printed.out, re.MULTILINE)
        for path in [*out.rglob("report.html"), *out.rglob("summary.ecsv")]:
            # That space is the page's own, between numbers and units.
            text = path.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
            assert all(line.isprintable() for line in text.splitlines())
            if path.parent.name.startswith("red"):
                assert r"bad\x1b[2J\n.fits" in text.replace("\\\\", "\\")
        assert main(["report", *folders, "-o", str(out), "--overwrite", "--threshold", "3"]) == 0

    def test_errors_are_one_printable_line(self, tmp_path, capsys):
        assert main(["report", str(tmp_path / "a\x1b\nb"), "-o", str(tmp_path / "out")]) == 1
        assert re.fullmatch(r"ccdproc-darks: .*a\\x1b\\nb: no such folder\n", capsys.readouterr().err)
        with pytest.raises(SystemExit, match="2"):
            main(["report", "somewhere", "-o", "out", "--\x1b"])
        assert r"unrecognized arguments: --\x1b" in capsys.readouterr().err

    def test_a_long_name_of_a_camera(self, tmp_path, capsys):
        """Longer than a file's name may be; two cameras that differ in the end only."""
        folder = tmp_path / "frames"
        for number in range(2):
            small(folder, shape=(8, 10 + number), INSTRUME="c" * 300 + str(number))
        assert main(["report", str(folder), "-o", str(tmp_path / "out"), "--threshold", "3"]) == 0
        names = [path.name for path in (tmp_path / "out").iterdir() if path.is_dir()]
        assert len(names) == 2
        assert all(len(name) <= 210 for name in names)
        assert capsys.readouterr().out.count("typical rate") == 2

    def test_nobody_reads_it(self, tmp_path, capsys, monkeypatch):
        """As after ``| head``: the report is there, and that is no error."""

        class Closed(io.StringIO):
            def flush(self):
                raise BrokenPipeError(errno.EPIPE, "Broken pipe")

        monkeypatch.setattr(sys, "stdout", Closed())
        out = tmp_path / "out"
        assert main(["report", str(small(tmp_path / "frames")), "-o", str(out), "--threshold", "3"]) == 0
        told = f"ccdproc-darks: report: {out / 'report.html'} (not all lines could be printed: Broken pipe)\n"
        assert capsys.readouterr().err == told
        assert isinstance(sys.stdout, Closed)  # it is the caller's

    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    def test_no_terminal(self, tmp_path, capsys, monkeypatch, stream):
        """As after ``>&-``: Python has no stream then."""
        monkeypatch.setattr(sys, stream, None)
        report = ["report", str(small(tmp_path / "frames")), "-o", str(tmp_path / "out"), "--threshold", "3"]
        assert main(report) == 0
        assert main(report) == 1
        assert "is there already" not in capsys.readouterr().out

    def test_errors_that_nobody_reads(self, tmp_path, capsys, monkeypatch):
        class Full(io.StringIO):
            def write(self, text):
                raise OSError(errno.ENOSPC, "No space left on device")

        for stream in ("stdout", "stderr"):
            monkeypatch.setattr(sys, stream, Full())
        report = ["report", str(small(tmp_path / "frames")), "-o", str(tmp_path / "out"), "--threshold", "3"]
        assert main(report) == 0
        assert main(report) == 1
        monkeypatch.setattr("ccdproc_darks.report.run.measure_group", lambda *args: signal.raise_signal(signal.SIGTERM))
        assert main([*report, "--overwrite"]) == 143

    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    def test_closed_stream(self, tmp_path, monkeypatch, stream):
        closed = io.StringIO()
        closed.close()
        monkeypatch.setattr(sys, stream, closed)
        report = ["report", str(small(tmp_path / "frames")), "-o", str(tmp_path / "out"), "--threshold", "3"]
        assert main(report) == 0
        assert main(report) == 1

    def test_what_a_killed_run_left(self, tmp_path, capsys):
        hidden = tmp_path / ".out.ccdproc-darks"
        (hidden / "new").mkdir(parents=True)
        Claim(hidden, note={"place": "out", "pid": 12345}).leave()
        assert main(["report", str(small(tmp_path / "frames")), "-o", str(tmp_path / "out"), "--threshold", "3"]) == 0
        found = r"ccdproc-darks: .*out: process 12345 was killed while it wrote this; what it left is removed\n"
        assert re.fullmatch(found, capsys.readouterr().err)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
class TestExitStatus:
    """Of the process, where its streams are closed or full."""

    @staticmethod
    def run(folder, *arguments):
        *arguments, streams = arguments
        command = "import sys; from ccdproc_darks.cli import main; sys.exit(main())"
        line = f"{shlex.join([sys.executable, '-c', command, *arguments])} {streams}"
        where = {**os.environ, "PYTHONPATH": str(Path(ccdproc_darks.__file__).parents[1])}
        return subprocess.run(line, shell=True, cwd=folder, env=where, capture_output=True, text=True, timeout=120)

    @pytest.mark.parametrize(
        "streams",
        [">&-", "2>&-", ">&- 2>&-"] + [">/dev/full", ">/dev/full 2>&1"] * Path("/dev/full").exists(),
    )
    def test_what_was_written_is_no_error(self, tmp_path, streams):
        arguments = [*SIMULATE[:1], "out", *SIMULATE[2:], "--size", "8"]
        done = self.run(tmp_path, *arguments, streams)
        assert (done.returncode, (tmp_path / "out" / "truth").is_dir()) == (0, True)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert self.run(tmp_path, *arguments, streams).returncode == 1

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    def test_version_that_cannot_be_printed(self, tmp_path):
        done = self.run(tmp_path, "--version", ">/dev/full")
        assert (done.returncode, done.stderr) == (1, "ccdproc-darks: [Errno 28] No space left on device\n")


@pytest.mark.usefixtures("no_pictures")
class TestStopped:
    """By a signal in the middle of the measurement, or later."""

    @pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
    @pytest.mark.parametrize("several", [False, True])
    def test_while_it_measures(self, tmp_path, capsys, monkeypatch, name, status, several):
        def stop(*args):
            signal.raise_signal(getattr(signal, name))

        monkeypatch.setattr("ccdproc_darks.report.run.summary_table", stop)
        folders = [str(small(tmp_path / each)) for each in ("one", "other")[: 1 + several]]
        before = sorted(tmp_path.iterdir())
        assert main(["report", *folders, "-o", str(tmp_path / "new" / "out"), "--threshold", "3"]) == status
        assert capsys.readouterr().err == "ccdproc-darks: stopped; nothing was written\n"
        assert sorted(tmp_path.iterdir()) == before

    def test_when_the_report_is_there(self, tmp_path, capsys, monkeypatch):
        def stop(*args):
            signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr("ccdproc_darks.report.terminal.sentences", stop)
        out = tmp_path / "out"
        assert main(["report", str(small(tmp_path / "frames")), "-o", str(out), "--threshold", "3"]) == 130
        assert capsys.readouterr().err == f"ccdproc-darks: stopped; written before: {out}\n"
        assert (out / "manifest.json").exists()

    def test_demo(self, tmp_path, capsys, monkeypatch):
        def stop(*args):
            signal.raise_signal(signal.SIGTERM)

        monkeypatch.setattr("ccdproc_darks.report.run.measure_group", stop)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        for options, left in (([], []), (["--frames", str(tmp_path / "frames")], ["frames"])):
            assert main(["demo", "-o", str(tmp_path / "out"), "--size", "8", *options]) == 143
            assert [path.name for path in tmp_path.iterdir()] == left
        told = capsys.readouterr().err.splitlines()
        assert told == [
            "ccdproc-darks: stopped; nothing was written",
            f"ccdproc-darks: stopped; written before: {tmp_path / 'frames'}",
        ]

    def test_simulate(self, tmp_path, capsys, monkeypatch):
        def stop(*args):
            signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr("ccdproc_darks.DarkSequence._write_truth", stop)
        assert main([*SIMULATE[:1], str(tmp_path / "out"), *SIMULATE[2:], "--size", "8"]) == 130
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_pictures")
class TestFullDisk:
    @pytest.mark.parametrize("several", [False, True])
    @pytest.mark.parametrize("last", [1, 4, 7, 8, 9])
    def test_report(self, tmp_path, capsys, monkeypatch, several, last):
        """At the FITS files, the table, the page, or the manifest."""
        folders = [str(small(tmp_path / each)) for each in ("one", "other")[: 1 + several]]
        out, number, before = tmp_path / "out", [0], sorted(tmp_path.iterdir())
        own_open = builtins.open

        def full(file, mode="r", *args, **kwargs):
            if "w" in str(mode) and "ccdproc-darks" in str(file):
                number[0] += 1
                if number[0] == last:
                    raise OSError(errno.ENOSPC, "No space left on device", str(file))
            return own_open(file, mode, *args, **kwargs)

        monkeypatch.setattr(builtins, "open", full)
        monkeypatch.setattr(io, "open", full)
        assert main(["report", *folders, "-o", str(out), "--threshold", "3"]) == 1
        assert re.fullmatch(r"ccdproc-darks: .*out cannot be written: .*No space left.*\n", capsys.readouterr().err)
        assert sorted(tmp_path.iterdir()) == before

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    def test_simulate(self, tmp_path, capsys, monkeypatch):
        def full(frame, path):
            with open("/dev/full", "wb", buffering=0) as file:
                file.write(b"frame")

        monkeypatch.setattr(CCDData, "write", full)
        assert main([*SIMULATE[:1], str(tmp_path / "out"), *SIMULATE[2:], "--size", "8"]) == 1
        assert re.fullmatch(r"ccdproc-darks: .*out cannot be written: No space left .*\n", capsys.readouterr().err)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_pictures")
class TestPlaces:
    def test_the_place_is_looked_at_before_all_work(self, tmp_path, capsys, monkeypatch):
        """Of the demo, even before its frames are simulated."""
        monkeypatch.setattr("ccdproc_darks.cli.demo.write_demo_frames", lambda *args, **kwargs: pytest.fail("late"))
        monkeypatch.setattr("ccdproc_darks.report.run.measure_folder", lambda *args: pytest.fail("late"))
        (tmp_path / "file").touch()
        out = str(tmp_path / "file" / "out")
        for command in (["demo"], ["report", str(tmp_path)], ["report", str(tmp_path), str(tmp_path / "absent")]):
            assert main([*command, "-o", out]) == 1
            assert re.fullmatch(r"ccdproc-darks: .*out cannot be made: .*file is a file\n", capsys.readouterr().err)

    def test_within_the_frames(self, tmp_path, capsys):
        folder = small(tmp_path / "frames")
        assert main(["report", str(folder), "-o", str(folder / "out"), "--threshold", "3"]) == 0
        assert main(["report", str(folder), "-o", str(folder), "--overwrite"]) == 1
        assert re.search("frames holds the frames of .*frames: not overwritten", capsys.readouterr().err)

    def test_demo_frames_within_the_report(self, tmp_path, capsys):
        out = tmp_path / "out"
        assert main(["demo", "-o", str(out), "--frames", str(out / "frames"), "--size", "8"]) == 1
        wanted = f"ccdproc-darks: --frames {out / 'frames'} must not lie in OUT, {out}\n"
        assert capsys.readouterr().err == wanted
        assert list(tmp_path.iterdir()) == []

    def test_demo_frames_there_already(self, tmp_path, capsys):
        (tmp_path / "mine").touch()
        assert main(["demo", "-o", str(tmp_path / "out"), "--frames", str(tmp_path), "--size", "8"]) == 1
        assert "is there already; choose another folder\n" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["mine"]
