"""The command ``compare``: what it prints, and its exit status."""

import pytest

from ccdproc_darks.cli import main

from ..report.conftest import report_night


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nights")
    return [str(report_night(folder, number)) for number in (2, 3)]


def test_compare(reports, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["compare", *reports, "-o", str(out)]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "camera A, 90 x 60 pixels: 2 nights"
    assert lines[1].startswith("  1: night2 (2026-02-10, -20.0 C): typical rate 0.")
    assert lines[3].startswith("  night 1 to 2: ")
    assert "(3 born, 1 healed" in lines[3]
    assert lines[3].endswith("by the rates of 6 x 300 s")
    assert lines[4].startswith("  in every night: ")
    assert lines[-1] == f"report: {out / 'report.html'}"
    assert printed.err == ""


def test_options(reports, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["compare", *reports, "-o", out, "--tolerance", "1000"]) == 0
    assert "0 changed pixels" in capsys.readouterr().out
    assert main(["compare", *reports, "-o", out]) == 1
    assert "out is there already" in capsys.readouterr().err
    assert main(["compare", *reports, "-o", out, "--overwrite", "--fdr", "0.01"]) == 0
    assert "3 born" in capsys.readouterr().out


def test_errors_are_one_line(reports, tmp_path, capsys):
    out = str(tmp_path / "out")
    for given, message in (
        ([reports[0]], "two reports or more are needed"),
        ([reports[0], reports[0]], "is given twice"),
        ([reports[0], str(tmp_path)], "is no report"),
        ([reports[0], str(tmp_path / "absent")], "no such folder"),
    ):
        assert main(["compare", *given, "-o", out]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert message in printed.err
        assert printed.err.count("\n") == 1
    with pytest.raises(SystemExit):
        main(["compare", *reports, "-o", out, "--fdr", "0.1", "--false-positives", "2"])


def test_a_change_of_limits_is_told_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "--false-positives" in printed
    assert "default: 1" in printed
    assert "may not have changed" in printed
