"""The command ``check``: what it prints, and its exit status."""

import io
import re

import pytest
from astropy.io import fits

from ccdproc_darks.cli import main

from ..report.conftest import write_frames


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    write_frames(folder, [(0, 5), (30, 4), (300, 4)])
    return folder


@pytest.fixture
def bad(tmp_path):
    """Headers tell a read noise that the frames refute."""
    folder = tmp_path / "bad"
    folder.mkdir()
    for path in write_frames(folder, [(0, 5), (30, 4), (300, 4)]):
        fits.setval(path, "RDNOISE", value=80.0)
    return folder


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def on_a_terminal(monkeypatch, *arguments, **environment):
    """What the command prints where standard output is a terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    main(["check", *map(str, arguments)])
    return stream.getvalue()


def test_nothing_is_wrong(good, capsys):
    assert main(["check", str(good)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    assert lines[0].startswith("ccdproc_darks simulation, 90 x 60 pixels, -20 C: 8 darks, 5 bias frames")
    assert lines[1].startswith("Nothing is wrong.")
    assert "  ok        duplicates     no frame is a copy of another one" in lines


def test_gain_and_read_noise_are_told(bad, capsys):
    main(["check", str(bad)])
    lines = capsys.readouterr().out.splitlines()
    numbers = [line.split() for line in lines if re.match(r" {27}(found|told) ", line)]
    assert ["told", "80", "electron"] in numbers
    found = [float(words[1]) for words in numbers if (words[0], words[-1]) == ("found", "electron")]
    assert found == [pytest.approx(8, rel=0.1)]
    assert any(words[0] == "told" and words[2:] == ["electron", "/", "adu"] for words in numbers)


def test_what_is_wrong_sets_the_exit_status(bad, capsys):
    assert main(["check", str(bad)]) == 1
    printed = capsys.readouterr().out
    assert "One thing is wrong: read noise." in printed
    assert re.search(r"^  wrong     read noise     the read noise by RDNOISE is 80", printed, re.MULTILINE)
    assert main(["check", str(bad), "--gain", "1.5", "--read-noise", "8"]) == 0


def test_what_is_doubtful_does_not(good, tmp_path, capsys):
    folder = tmp_path / "doubtful"
    folder.mkdir()
    for path in good.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
        fits.setval(folder / path.name, "CCD-TEMP", value=5.0 if path.name == "dark_30_0.fit" else -20.0)
    assert main(["check", str(folder), "--temperature-tolerance", "none"]) == 0
    assert "  doubtful  temperature    the darks were taken at -20.0 to 5.0 deg C" in capsys.readouterr().out


def test_lines_are_as_long_as_the_terminal(good, capsys, monkeypatch):
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        main(["check", str(good)])
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= columns
        assert max(map(len, lines)) > columns - 20


def test_colours_on_a_terminal_only(good, bad, monkeypatch):
    shown = on_a_terminal(monkeypatch, good, bad)
    assert "  \x1b[32mok\x1b[0m        duplicates" in shown
    assert "  \x1b[1;31mwrong\x1b[0m     read noise" in shown
    plain = on_a_terminal(monkeypatch, good, bad, NO_COLOR="1")
    # The words are the same.
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == plain
    assert "\x1b" not in on_a_terminal(monkeypatch, good, TERM="dumb")


def test_headers_cannot_colour_the_terminal(good, tmp_path, monkeypatch):
    folder = tmp_path / "tricky"
    folder.mkdir()
    for path in good.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "zz\x1b[31m.fit").write_bytes((good / "bias_0_0.fit").read_bytes())
    shown = on_a_terminal(monkeypatch, folder)
    assert "\x1b[31m" not in shown
    assert "\\x1b[31m" in shown


def test_files_that_are_not_used_are_named_with_the_reason(good, tmp_path, capsys):
    folder = tmp_path / "some"
    folder.mkdir()
    for path in good.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "broken.fit").write_bytes(b"nothing")
    assert main(["check", str(folder)]) == 0
    assert "not used: broken.fit: " in capsys.readouterr().out


def test_several_folders(good, bad, tmp_path, capsys):
    absent = tmp_path / "absent"
    assert main(["check", str(good), str(absent)]) == 3
    printed = capsys.readouterr().out
    assert printed.splitlines()[0] == f"{good}:"
    assert "no such folder" in " ".join(printed.split())
    assert main(["check", str(bad), str(absent)]) == 1


def test_nothing_to_check(tmp_path, capsys):
    assert main(["check", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"ccdproc-darks: .*no FITS files.*\n", printed.err)
    assert main(["check", str(tmp_path / "absent"), str(tmp_path)]) == 1
    assert "nothing could be checked" in capsys.readouterr().err
