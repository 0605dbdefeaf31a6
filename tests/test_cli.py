"""The command line."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

import ccdproc_darks
from ccdproc_darks import simulate_dark
from ccdproc_darks.cli import main


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


def test_report(frames, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["report", str(frames), "-o", str(out), "--threshold", "3"]) == 0
    printed = capsys.readouterr()
    assert "6 darks: median rate 0.0" in printed.out
    assert "hot (above 3)" in printed.out
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
    assert "note: light seems to have fallen on frames of 30 s" in capsys.readouterr().out
    assert "light seems to have fallen on frames of 30 s" in (out / "report.html").read_text(encoding="utf-8")


def test_failure_is_one_clear_line(tmp_path, capsys):
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"ccdproc-darks: .*no FITS files.*\n", printed.err)


def test_report_of_several_folders(frames, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    folders = [str(frames), str(tmp_path / "empty"), str(tmp_path / "absent")]
    assert main(["report", *folders, "-o", str(out), "--threshold", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{frames}:"
    assert lines[2].startswith("    6 darks: median rate 0.0")
    assert lines[-3] == f"not measured: {folders[1]}: no FITS files (.fit, .fits, .fts, also compressed)"
    assert lines[-2] == f"not measured: {folders[2]}: no such folder"
    assert lines[-1] == f"report: {out / 'report.html'}"
    assert {path.name for path in out.iterdir()} == {"report.html", "summary.ecsv", "frames"}


def test_several_folders_of_nothing(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path), str(tmp_path / "empty"), "-o", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"ccdproc-darks: nothing measured; .*no FITS files.*and 1 more.*\n", printed.err)
    assert not (tmp_path / "out").exists()


def test_mem_limit_reaches_the_measurement(frames, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ccdproc_darks.report.page.draw_all", lambda measured: ())
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
    assert "10 % of the pixels flagged are good ones" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_demo(tmp_path, capsys):
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


def test_simulate_of_an_unknown_preset(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["simulate", str(out), "--preset", "kodak", "--exposures", "1x1"]) == 1
    assert capsys.readouterr().err.startswith("ccdproc-darks: --preset must be one of aspen-cg16m, ")
    assert not out.exists()


def test_simulate_does_not_overwrite(tmp_path, capsys):
    (tmp_path / "mine.txt").touch()
    assert main(["simulate", str(tmp_path), "--preset", "aspen-cg16m", "--exposures", "1x1", "--size", "4"]) == 1
    assert "is there already; choose another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_simulate_at_no_temperature(tmp_path, capsys):
    arguments = ["simulate", str(tmp_path / "out"), "--preset", "aspen-cg16m", "--exposures", "1x1", "--size", "4"]
    assert main([*arguments, "--temperature", "-300"]) == 1
    assert "temperature must be positive" in capsys.readouterr().err
