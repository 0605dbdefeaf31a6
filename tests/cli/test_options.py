"""Options about frames, through the command and on files."""

import argparse
import re
import shutil

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

from ccdproc_darks import master_bias, simulate_dark
from ccdproc_darks.cli import main
from ccdproc_darks.cli.options import add_frame_options, frame_options
from ccdproc_darks.frames.reading import Reading
from ccdproc_darks.report.frame_options import FrameOptions

SHAPE = (30, 40)
RATE = 0.5


def write(
    folder, plan, *, name="{kind}_{seconds}_{number}.fits", seed=1, bias=300, dtype="uint16", change=None, **changes
):
    """Write frames of 0.5 electron/s; a header key that is None is taken out, and ``change`` changes the data."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for seconds, count in plan:
        for number in range(count):
            frame = simulate_dark(
                SHAPE, exposure=seconds * u.s, read_noise=5 * u.electron, bias=bias * u.adu, rng=rng,
                rate=RATE * u.electron / u.s, dtype=dtype,
            )  # fmt: skip
            for key, value in changes.items():
                frame.meta.pop(key, None)
                if value is not None:
                    frame.meta[key] = value
            path = folder / name.format(kind="dark" if seconds else "bias", seconds=seconds, number=number)
            frame.write(path)
            if change is not None:
                with fits.open(path, mode="update") as hdus:
                    change(hdus[0].header)
    return folder


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    """Pictures take longer than frames that small."""
    monkeypatch.setattr("ccdproc_darks.report.run.draw_all", lambda measured: ())


@pytest.fixture
def report(tmp_path, capsys):
    """Run a report on a folder: its status, output, and the table."""

    def run(folder, *options):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        status = main(["report", str(folder), "-o", str(out), "--threshold", "3", *map(str, options)])
        printed = capsys.readouterr()
        table = QTable.read(out / "summary.ecsv") if out.exists() else None
        return status, printed.out + printed.err, table

    return run


def is_right(table, groups=1, frames=4):
    """Whether all groups of a table have the simulated rate, from so many darks."""
    rows = table[table["exposure"] == "all"]
    near = np.abs(rows["typical_rate"].value - RATE) < 0.03
    return len(rows) == groups and near.all() and set(rows["frames"]) == {frames}


PLAN = [(0, 4), (30, 2), (300, 2)]
DARKS, BIASES = PLAN[1:], PLAN[:1]


class TestExposure:
    def test_of_all_darks(self, tmp_path, report):
        folder = write(tmp_path / "in", [(0, 4), (300, 4)], EXPTIME=None, EXPOSURE=None)
        status, told, _ = report(folder)
        assert status == 1
        assert re.search(r"no exposure time: .*EXPTIME.*tell by --exposure or --exposure-key", told)
        status, told, table = report(folder, "--exposure", "300")
        assert (status, is_right(table)) == (0, True), told

    def test_by_another_key(self, tmp_path, report):

        def change(header):
            header["LIVETIME"] = header.pop("EXPTIME")
            header.remove("EXPOSURE")

        folder = write(tmp_path / "in", PLAN, change=change)
        assert report(folder)[0] == 1
        status, told, table = report(folder, "--exposure-key", "livetime")
        assert (status, is_right(table)) == (0, True), told
        status, told, _ = report(folder, "--exposure-key", "LTIME")
        assert status == 1
        assert "no exposure time: no LTIME in its header" in told

    @pytest.mark.parametrize("key", ["IMG_EXP", "EXP", "XPOSURE"])
    def test_keys_that_are_known(self, tmp_path, report, key):
        def change(header):
            header[key] = header.pop("EXPTIME")
            header.remove("EXPOSURE")

        status, told, table = report(write(tmp_path / "in", PLAN, change=change))
        assert (status, is_right(table)) == (0, True), told

    def test_a_wrong_key_is_overridden(self, tmp_path, report):
        """EXPTIME is in ms, as its comment may say or not."""

        def change(header):
            header["SECONDS"] = header["EXPTIME"]
            header["EXPTIME"] *= 1000

        folder = write(tmp_path / "in", PLAN, change=change)
        status, told, table = report(folder, "--exposure-key", "SECONDS")
        assert (status, is_right(table)) == (0, True), told


class TestUnits:
    @pytest.mark.parametrize("unit", ["counts", "DN", "ADU"])
    def test_spellings_of_headers(self, tmp_path, report, unit):
        folder = write(tmp_path / "in", PLAN, change=lambda header: header.set("BUNIT", unit))
        status, told, table = report(folder)
        assert (status, is_right(table)) == (0, True), told

    def test_one_that_nobody_knows(self, tmp_path, report):
        folder = write(tmp_path / "in", PLAN, change=lambda header: header.set("BUNIT", "bananas"))
        status, told, _ = report(folder)
        assert status == 1
        assert "BUNIT in the header is 'bananas', expected adu or electron; tell by --unit if the header is" in told


class TestTypes:
    @pytest.mark.parametrize(("dark", "bias"), [("300s", "none"), ("D", "B"), ("", "")])
    def test_dark(self, tmp_path, report, dark, bias):
        """Types that nobody knows, or empty ones."""
        folder = write(tmp_path / "in", DARKS, IMAGETYP=dark)
        write(folder, BIASES, IMAGETYP=bias)
        status, told, _ = report(folder)
        assert status == 1
        assert "--dark" in told
        status, told, table = report(folder, "--dark", "dark_*", "--bias", write(tmp_path / "b", BIASES))
        assert (status, is_right(table)) == (0, True), told

    def test_exclude(self, tmp_path, report):
        """Files that are left out are named, and nothing of them is used."""
        folder = write(tmp_path / "in", PLAN)
        write(folder, [(300, 2)], name="other_{number}.fits", seed=7, bias=900)
        status, told, table = report(folder, "--exclude", "other_*")
        assert (status, is_right(table)) == (0, True), told
        assert "not used: other_0.fits: left out (--exclude)" in told

    def test_dark_of_light_frames(self, tmp_path, report):
        """What the user says is so, and the header of the result says it too."""
        folder = write(tmp_path / "in", DARKS, IMAGETYP="Light Frame")
        bias = write(tmp_path / "bias", BIASES)
        status, told, table = report(folder, "--dark", "*", "--bias", bias)
        assert (status, is_right(table)) == (0, True), told
        (mask,) = (tmp_path / "out").glob("*/rate_all.fits")
        assert "light" not in fits.getheader(mask)["IMAGETYP"].lower()

    @pytest.mark.parametrize("key", ["OBSMODE", "frametyp"])
    def test_type_key(self, tmp_path, report, key):
        folder = write(tmp_path / "in", DARKS, IMAGETYP=None, **{key: "Dark"})
        write(folder, BIASES, IMAGETYP="Light", **{key: "Bias"})
        status, told, table = report(folder, "--type-key", key)
        assert (status, is_right(table)) == (0, True), told

    def test_a_frame_without_exposure_is_a_bias_frame(self, tmp_path, report):
        folder = write(tmp_path / "in", DARKS)
        write(folder, BIASES, IMAGETYP=None)
        status, told, table = report(folder)
        assert (status, is_right(table)) == (0, True), told
        assert "not used" not in told


class TestFolders:
    @pytest.mark.parametrize(("bias", "dark"), [("Bias", "Darks"), ("offsets", "Darks 300s"), ("BIAS_1x1", "dark")])
    @pytest.mark.parametrize("kind", [None, "as headers tell"])
    def test_found_without_an_option(self, tmp_path, report, bias, dark, kind):
        """By their names, which tell the type of frames whose headers do not."""
        changes = {} if kind else {"IMAGETYP": None}
        write(tmp_path / "in" / bias, BIASES, **changes)
        write(tmp_path / "in" / dark, DARKS, **changes)
        status, told, table = report(tmp_path / "in")
        assert (status, is_right(table)) == (0, True), told
        assert "not used" not in told

    @pytest.mark.parametrize("option", ["-r", "--recursive"])
    def test_recursive(self, tmp_path, report, option):
        write(tmp_path / "in" / "first", BIASES)
        write(tmp_path / "in" / "second" / "third", DARKS)
        status, told, _ = report(tmp_path / "in")
        assert status == 1
        assert "its sub-folders are not looked into without --recursive" in told
        status, told, table = report(tmp_path / "in", option)
        assert (status, is_right(table)) == (0, True), told

    def test_what_is_not_looked_into_is_told(self, tmp_path, report):
        """Where darks have no bias frames, and where there are no darks."""
        folder = write(tmp_path / "in", DARKS)
        write(folder / "Bias", BIASES)
        status, told, _ = report(folder)
        assert status == 0
        assert "note: The sub-folder Bias was not looked into: --recursive does." in told
        status, told, table = report(folder, "-r")
        assert (status, is_right(table)) == (0, True), told
        assert "looked into" not in told
        folder = write(tmp_path / "other", [(30, 1)], IMAGETYP="Light")
        write(folder / "Darks", DARKS)
        status, told, _ = report(folder)
        assert status == 1
        assert "its sub-folders are not looked into without --recursive" in told

    def test_files_of_one_name_are_named_with_their_folder(self, tmp_path, report):
        for number, folder in enumerate(("Darks/one", "Darks/two")):
            write(tmp_path / "in" / folder, [(300, 2)], name="{number}.fits", seed=number, IMAGETYP=None)
        write(tmp_path / "in" / "Bias", BIASES, name="{number}.fits", seed=9)
        write(tmp_path / "in" / "lights", [(30, 1)], name="1.fits", IMAGETYP="Light")
        (tmp_path / "in" / "Darks" / "two" / "3.fits").touch()
        shutil.copy(tmp_path / "in" / "Darks" / "one" / "0.fits", tmp_path / "in" / "Bias" / "4.fits")
        status, told, table = report(tmp_path / "in", "-r")
        assert status == 0
        assert is_right(table, frames=3)
        assert "not used: Darks/two/3.fits: the file is empty" in told
        assert "not used: lights/1.fits: IMAGETYP is 'Light'" in told
        assert "not used: Darks/one/0.fits: the same pixel values as Bias/4.fits" in told

    def test_an_earlier_report_is_not_looked_into(self, tmp_path, report):
        folder = write(tmp_path / "in", PLAN)
        assert main(["report", str(folder), "-o", str(folder / "out"), "--threshold", "3"]) == 0
        status, told, table = report(folder, "-r")
        assert (status, is_right(table)) == (0, True)
        assert "not used" not in told


class TestBias:
    def test_of_another_folder(self, tmp_path, report):
        darks, bias = write(tmp_path / "darks", DARKS), write(tmp_path / "bias", BIASES)
        status, told, table = report(darks, "--bias", bias)
        assert (status, is_right(table)) == (0, True), told
        assert table.meta["groups"].popitem()[1]["bias_frames"] == 4

    def test_in_place_of_those_in_the_folder(self, tmp_path, report):
        folder, bias = write(tmp_path / "in", PLAN), write(tmp_path / "bias", [(0, 7)], seed=5)
        status, told, table = report(folder, "--bias", bias)
        assert (status, is_right(table)) == (0, True), told
        assert table.meta["groups"].popitem()[1]["bias_frames"] == 7
        assert told.count("a bias frame, and --bias tells of others") == 4

    def test_a_master_bias(self, tmp_path, report):
        darks, bias = write(tmp_path / "darks", DARKS), write(tmp_path / "bias", [(0, 10)])
        master_bias(sorted(bias.iterdir())).write(tmp_path / "master.fits")
        status, told, table = report(darks, "--bias", tmp_path / "master.fits")
        assert (status, is_right(table)) == (0, True), told
        assert "the master bias" in told
        assert "master.fits (of 10 frames) is used" in told
        assert table.meta["groups"].popitem()[1]["bias_frames"] == 10

    def test_frames_without_a_type_are_what_the_option_says(self, tmp_path, report):
        darks = write(tmp_path / "darks", DARKS)
        bias = write(tmp_path / "b", BIASES, IMAGETYP=None, EXPTIME=None)
        status, told, table = report(darks, "--bias", bias)
        assert (status, is_right(table)) == (0, True), told

    def test_darks_among_them(self, tmp_path, report):
        darks, bias = write(tmp_path / "darks", DARKS), write(tmp_path / "b", [(0, 3), (60, 1)], seed=3)
        status, told, table = report(darks, "--bias", bias)
        assert (status, is_right(table)) == (0, True), told
        assert "not used: b/dark_60_0.fits: a dark frame among the bias frames of --bias" in told

    def test_what_does_not_fit_is_named(self, tmp_path, report):
        darks = write(tmp_path / "darks", DARKS, READOUTM="Normal")
        bias = write(tmp_path / "b", BIASES, READOUTM="Fast")
        _, told, _ = report(darks, "--bias", bias)
        assert "not used: b/bias_0_0.fits: READOUTM is 'Fast' here, 'Normal' in the 4 darks" in told
        status, told, table = report(darks, "--bias", bias, "--ignore-key", "READOUTM")
        assert (status, is_right(table)) == (0, True), told

    @pytest.mark.parametrize("plan", [DARKS, [(300, 4)], PLAN])
    def test_none(self, tmp_path, report, plan):
        """The bias was subtracted from the darks already, as the header may say."""
        folder = write(tmp_path / "in", plan, bias=0, dtype="float32", CALSTAT="B")
        status, told, _ = report(folder)
        assert status == 1
        assert "CALSTAT = 'B': a bias is subtracted from it already" in told
        status, told, table = report(folder, "--bias", "none")
        assert (status, is_right(table)) == (0, True), told
        assert "note: The bias was subtracted from the darks already (--bias none)" in told
        assert table.meta["groups"].popitem()[1]["bias_frames"] == 0
        assert not list((tmp_path / "out").glob("*/master_bias.fits"))

    @pytest.mark.parametrize("name", ["absent", "empty"])
    def test_nothing_there(self, tmp_path, report, name):
        (tmp_path / "empty").mkdir()
        status, told, _ = report(write(tmp_path / "darks", DARKS), "--bias", tmp_path / name)
        assert status == 1
        assert re.search(f"--bias .*{name}: no ", told)

    def test_out_may_not_hold_it(self, tmp_path, report, capsys):
        folder = write(tmp_path / "in", PLAN)
        assert main(["report", str(folder), "-o", str(tmp_path / "out"), "--threshold", "3"]) == 0
        bias = write(tmp_path / "out" / "bias", BIASES)
        capsys.readouterr()
        assert main(["report", str(folder), "-o", str(tmp_path / "out"), "--overwrite", "--bias", str(bias)]) == 1
        assert "holds the frames of" in capsys.readouterr().err


class TestBelonging:
    @pytest.mark.parametrize(
        ("biases", "darks"),
        [
            ({"READOUTM": "Fast"}, {"READOUTM": "Normal"}),
            ({"OFFSET": "31"}, {"OFFSET": 30}),
            ({"GAIN": 0}, {"GAIN": 200}),
        ],
    )
    def test_keys_that_part(self, tmp_path, report, biases, darks):
        folder = write(tmp_path / "in", BIASES, **biases)
        write(folder, DARKS, **darks)
        (key,) = biases
        _, told, _ = report(folder)
        assert f"bias_0_0.fits: {key} is " in told
        assert f"--ignore-key {key} takes them together" in told
        for options in (("--ignore-key", key), ("--no-check-headers",)):
            status, told, table = report(folder, *options)
            assert (status, is_right(table)) == (0, True), told
            assert "not used" not in told
            assert table.meta["groups"].popitem()[1]["bias_frames"] == 4

    def test_group_by(self, tmp_path, report):
        folder = write(tmp_path / "in", PLAN, FILTER="R")
        write(folder, PLAN, FILTER="V", name="v_{kind}_{seconds}_{number}.fits", seed=3)
        status, told, table = report(folder)
        assert (status, is_right(table, frames=8)) == (0, True), told
        status, told, table = report(folder, "--group-by", "filter", "OBSERVER")
        assert (status, is_right(table, groups=2)) == (0, True), told
        assert "FILTER R" in told
        assert "FILTER V" in told

    @pytest.mark.parametrize("celsius", [("N/A", None), ("", "N/A"), (-273.15, "unknown")])
    def test_temperatures_that_are_not_known(self, tmp_path, report, celsius):
        folder = write(tmp_path / "in", BIASES, **{"CCD-TEMP": celsius[0]})
        write(folder, DARKS, **{"CCD-TEMP": celsius[1]})
        status, told, table = report(folder)
        assert (status, is_right(table)) == (0, True), told
        assert "not used" not in told

    @pytest.mark.parametrize(("tolerance", "groups", "frames"), [(None, 2, 4), ("none", 1, 8), ("20", 1, 8)])
    def test_temperature_tolerance(self, tmp_path, report, tolerance, groups, frames):
        folder = write(tmp_path / "in", PLAN, **{"CCD-TEMP": 18.0})
        write(folder, PLAN, name="w_{kind}_{seconds}_{number}.fits", seed=3, **{"CCD-TEMP": 25.0})
        options = () if tolerance is None else ("--temperature-tolerance", tolerance)
        status, told, table = report(folder, *options)
        assert (status, is_right(table, groups, frames)) == (0, True), told
        assert ("the darks were taken at 18.0 to 25.0 deg C" in told) == (groups == 1)


def test_of_several_folders(tmp_path, capsys):
    """All options hold for each of them."""
    folders = [write(tmp_path / name, DARKS, IMAGETYP="Light") for name in ("one", "two")]
    bias = write(tmp_path / "bias", BIASES)
    command = ["report", *map(str, folders), "-o", str(tmp_path / "out"), "--threshold", "3", "--dark", "*"]
    assert main([*command, "--bias", str(bias)]) == 0
    assert "not used" not in capsys.readouterr().out
    assert is_right(QTable.read(tmp_path / "out" / "summary.ecsv"), groups=2)


@pytest.mark.parametrize(
    "options",
    [
        ("--exposure", "0"),
        ("--exposure", "long"),
        ("--exposure", "3", "--exposure-key", "TIME"),
        ("--exposure-key", "my key="),
        ("--unit", "counts"),
        ("--temperature-tolerance", "-1"),
        ("--temperature-tolerance", "any"),
        ("--type-key", ""),
        ("--group-by", "bad\nkey"),
    ],
)
def test_options_are_checked(options, capsys):
    with pytest.raises(SystemExit):
        main(["report", "in", "-o", "out", *options])
    assert options[-2] in capsys.readouterr().err


def test_what_functions_get():
    parser = argparse.ArgumentParser()
    add_frame_options(parser)
    assert frame_options(parser.parse_args([])) == FrameOptions()
    given = ["--hdu", "2", "--unit", "ADU", "--group-by", "a", "b", "--group-by", "c", "--no-check-headers"]
    options = frame_options(parser.parse_args(given))
    assert options.reading == Reading(hdu=2, unit=u.adu)
    assert options.group_by == ("A", "B", "C")
    assert not options.check_headers
    assert frame_options(parser.parse_args(["--hdu", "CCD2"])).reading.hdu == "CCD2"
    assert frame_options(parser.parse_args(["--temperature-tolerance", "None"])).temperature_tolerance is None
