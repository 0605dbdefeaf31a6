"""The table of checks: what is wrong is a row, and no error."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import check_frames, dark_rate, master_bias, simulate_dark
from ccdproc_darks.frames.evidence.finding import Finding
from ccdproc_darks.report.frame_checks import CHECKS

from ..helpers import dark
from .conftest import CAMERA, write_frames

GAIN, NOISE = CAMERA["gain"], CAMERA["read_noise"]


def frames(number, seconds, *, seed=0, bias=500, **changes):
    rng = np.random.default_rng([seed, seconds])
    options = {**CAMERA, **changes}
    return [simulate_dark(exposure=seconds * u.s, bias=bias * u.adu, rng=rng, **options) for _ in range(number)]


@pytest.fixture
def darks():
    return frames(4, 30) + frames(4, 300)


@pytest.fixture
def biases():
    return frames(5, 0)


def row(table, check):
    (found,) = (row for row in table if row["check"] == check)
    return found


def said(table, check, verdict):
    found = row(table, check)
    assert found["verdict"] == verdict, found["sentence"]
    return found["sentence"]


@pytest.mark.parametrize("kind", ["frames", "master", "level", "none"])
def test_nothing_is_wrong(darks, biases, kind):
    bias = {"frames": biases, "master": master_bias(biases), "level": 500 * u.adu, "none": None}[kind]
    table = check_frames(darks, bias=bias)
    assert table.colnames == ["check", "verdict", "found", "told", "sentence"]
    assert tuple(table["check"]) == CHECKS
    assert set(table["verdict"]) <= {"ok", "unknown"}
    assert table.meta["verdict"].startswith("Nothing is wrong.")
    assert table.meta["darks"] == 8
    assert table.meta["bias_frames"] == (5 if kind == "frames" else 0)
    assert row(table, "result")["verdict"] == "ok"


def test_quantities_can_be_read(darks, biases):
    table = check_frames(darks, bias=biases)
    assert u.Quantity(row(table, "temperature")["told"]) == -20 * u.deg_C
    assert table.meta["temperature_told_deg_C"] == -20.0
    assert u.Quantity(row(table, "result")["found"]).unit == u.percent
    assert table.meta["result_found_percent"] == pytest.approx(0, abs=2)
    assert all(isinstance(value, float | int | str) for value in table.meta.values())


def test_a_table_can_be_written(darks, tmp_path):
    table = check_frames(darks)
    table.write(tmp_path / "checks.ecsv")
    again = type(table).read(tmp_path / "checks.ecsv")
    assert again["sentence"].tolist() == table["sentence"].tolist()
    assert again.meta["verdict"] == table.meta["verdict"]


def test_frames_of_another_camera_are_named_and_left_out(darks, biases):
    for frame in darks[1], darks[6]:
        frame.meta["INSTRUME"] = "another"
    table = check_frames(darks, bias=biases)
    sentence = said(table, "frames", "wrong")
    assert "darks must be of one camera: INSTRUME is" in sentence
    assert "darks[1]" in sentence
    assert "darks[6]" in sentence
    assert table.meta["darks"] == 6
    # The other checks go on without them.
    said(table, "result", "ok")
    with pytest.raises(ValueError, match="darks must be of one camera"):
        dark_rate(darks, bias=500 * u.adu)


def test_the_odd_one_is_named_though_it_comes_first(darks):
    darks[0].meta["XBINNING"] = 2
    table = check_frames(darks)
    assert "2 in darks[0]" in said(table, "frames", "wrong")
    assert table.meta["darks"] == 7


def test_a_light_among_darks(darks):
    darks[2].meta["IMAGETYP"] = "Light Frame"
    assert "darks[2] is a light frame" in said(check_frames(darks), "frames", "wrong")


def test_a_bias_of_another_camera(darks, biases):
    for bias in biases:
        bias.meta["INSTRUME"] = "another"
    table = check_frames(darks, bias=biases)
    assert "bias and darks must be of one camera" in said(table, "frames", "wrong")
    assert table.meta["bias_frames"] == 0


def test_a_frame_of_another_level(darks, biases):
    darks[3].data += 7
    table = check_frames(darks, bias=biases)
    assert "darks[3] sits +" in said(table, "frames", "doubtful")
    assert "the other frames of 30 s" in said(table, "frames", "doubtful")


def test_copies(darks, biases):
    table = check_frames([*darks, darks[2]], bias=[*biases, biases[0]])
    sentence = said(table, "duplicates", "wrong")
    assert "darks[2] and darks[8]" in sentence
    assert "biases[0] and biases[5]" in sentence.replace("Frames", "frames")
    assert (table.meta["darks"], table.meta["bias_frames"]) == (8, 5)


def test_a_copy_of_another_exposure_time(darks):
    copy = darks[2].copy()
    copy.meta["EXPTIME"] = copy.meta["EXPOSURE"] = 300.0
    assert "one of the times is wrong" in said(check_frames([*darks, copy]), "duplicates", "wrong")


def test_the_bias_is_one_of_the_darks(darks):
    assert "bias is one of the darks" in said(check_frames(darks, bias=darks[0].copy()), "duplicates", "wrong")


def test_exposure_times(darks):
    for frame in darks[:2]:
        del frame.meta["EXPTIME"], frame.meta["EXPOSURE"]
    table = check_frames(darks)
    sentence = said(table, "exposure", "wrong")
    assert "darks[0] has neither EXPTIME nor EXPOSURE" in sentence
    assert "(and 1 more like it)" in sentence
    assert table.meta["darks"] == 6


def test_no_exposure_time_at_all(darks):
    for frame in darks:
        del frame.meta["EXPTIME"], frame.meta["EXPOSURE"]
    table = check_frames(darks)
    said(table, "exposure", "wrong")
    assert said(table, "result", "unknown") == "not looked at: exposure times are not known"
    said(check_frames(darks, exposure=np.repeat([30, 300], 4) * u.s), "exposure", "ok")


def test_keys_that_disagree(darks):
    for frame in darks:
        frame.meta["EXPOSURE"] = 7.0
    with pytest.raises(ValueError, match="EXPTIME is 30 and EXPOSURE is 7") as caught:
        dark_rate(darks, bias=500 * u.adu)
    assert said(check_frames(darks), "exposure", "wrong").startswith(str(caught.value).removesuffix("."))


def test_temperatures(darks):
    darks[0].meta["CCD-TEMP"] = 5.0
    assert "taken at -20.0 to 5.0 deg C" in said(check_frames(darks), "temperature", "doubtful")
    for frame in darks:
        del frame.meta["CCD-TEMP"]
    assert "-20.0 deg C" in said(check_frames(darks), "temperature", "ok")  # SET-TEMP
    for frame in darks:
        del frame.meta["SET-TEMP"]
    said(check_frames(darks), "temperature", "unknown")


def test_no_gain(darks, biases):
    for frame in darks:
        del frame.meta["EGAIN"]
    table = check_frames(darks, bias=biases)
    assert said(table, "gain", "doubtful").startswith("no header tells the gain; the variance")
    assert check_frames(darks, bias=biases, gain=GAIN).meta["verdict"].startswith("Nothing is wrong.")


def test_stars(darks, biases):
    for frame in darks[4:]:
        for line in range(0, 60, 3):
            column = 8 + line * 7 % 70
            frame.data[line, column - 1 : column + 2] += np.array([900, 3000, 900], "u2")
    assert "light seems to have fallen on frames of 300 s" in said(
        check_frames(darks, bias=biases), "light", "doubtful"
    )


def test_result_as_a_whole(darks, biases):
    # Told once: by the check of the bias.
    table = check_frames(darks, bias=505 * u.adu)
    assert "the bias lies 4.9 +- 1.5 adu above" in said(table, "bias", "doubtful")
    said(table, "result", "ok")
    bad = np.random.default_rng(3).random(darks[0].shape) < 0.7
    for frame in darks:
        frame.mask = bad
    table = check_frames(darks, bias=biases)
    assert "of the pixels are masked, most of them" in said(table, "result", "wrong")


def test_of_files(tmp_path):
    paths = write_frames(tmp_path, [(0, 5), (30, 4), (300, 4)])
    table = check_frames(paths[5:], bias=paths[:5])
    assert table.meta["verdict"].startswith("Nothing is wrong.")
    (tmp_path / "copy.fit").write_bytes(paths[6].read_bytes())
    assert "copy.fit" in said(check_frames([*paths[5:], tmp_path / "copy.fit"]), "duplicates", "wrong")


def test_a_single_frame(darks):
    table = check_frames(darks[0])
    said(table, "light", "unknown")
    assert "a bias cannot be told from dark current" in said(table, "result", "unknown")


def test_frames_without_a_bias_in_electrons(darks):
    electrons = [
        CCDData((frame.data - 500.0) * GAIN.value, unit="electron", meta=frame.meta, mask=frame.data > 60000)
        for frame in darks
    ]
    said(check_frames(electrons), "result", "ok")


def test_bad_arguments(darks):
    with pytest.raises(ValueError, match="darks must have one shape"):
        check_frames([*darks, darks[0][:10]])
    with pytest.raises(ValueError, match="bias has the shape"):
        check_frames(darks, bias=darks[0][:10])
    with pytest.raises(ValueError, match="gain must be"):
        check_frames(darks, gain=-1 * GAIN)
    with pytest.raises(TypeError, match="darks must be CCDData"):
        check_frames(3)
    with pytest.raises(ValueError, match="n_combined"):
        check_frames(darks, n_combined=0)


class TestEvidence:
    """What is done with findings about the pixels."""

    @pytest.fixture
    def evidence(self, monkeypatch):
        def give(*findings):
            monkeypatch.setattr("ccdproc_darks.report.frame_checks.pixel_findings", lambda group: list(findings))

        return give

    def test_nothing_is_said_of_values_that_are_no_counts(self, darks, biases, evidence):
        evidence(Finding("scale", "wrong", "the values lie within 0 and 1"))
        table = check_frames(darks, bias=biases)
        said(table, "scale", "wrong")
        for check in "light", "result", "gain":
            assert said(table, check, "unknown") == "not looked at: the values are no counts (scale)"

    def test_what_the_frames_show_is_used_where_it_is_told_wrong(self, darks, biases, evidence):
        evidence(Finding("read noise", "wrong", "it is told as 1", NOISE, 1 * u.electron))
        table = check_frames(darks, bias=biases, read_noise=1 * u.electron)
        said(table, "read noise", "wrong")
        assert "rates and mask are made with the read noise that the frames show" in said(table, "result", "ok")

    def test_what_the_frames_show_is_used_where_nobody_tells(self, darks, biases, evidence):
        for frame in darks:
            del frame.meta["EGAIN"]
        evidence(Finding("gain", "ok", "no header tells the gain: it is 1.5 electron/adu", "1.5 electron / adu"))
        table = check_frames(darks, bias=biases)
        text = "no header tells the gain: it is 1.5 electron/adu. Pass it as gain, or another one"
        assert said(table, "gain", "doubtful") == text
        assert table.meta["gain_found_electron_per_adu"] == 1.5
        said(table, "result", "ok")


@pytest.mark.parametrize("number", [8, 7])
def test_result_where_each_pixel_has_its_own_noise(number):
    """The rows of the sample have a map as the report makes it; of fewer bias frames, the flags are doubtful."""
    rng = np.random.default_rng(8)
    sigma = 6 * np.exp(rng.normal(0, 0.25, (120, 160)))

    def frame(seconds):
        electrons = rng.poisson(0.05 * seconds, sigma.shape) + sigma * rng.normal(size=sigma.shape)
        return dark(np.rint(800 + electrons).astype(np.uint16), seconds, gain=1.0, read_noise=None)

    darks = [frame(seconds) for seconds in (20.0, 200.0) for _ in range(5)]
    table = check_frames(darks, bias=[frame(0.0) for _ in range(number)])
    result = row(table, "result")
    if number == 8:
        assert result["verdict"] == "ok"
        assert float(result["found"].split()[0]) < 0.1
    else:
        assert result["verdict"] == "doubtful"
        assert "NONLINEAR and TELEGRAPH are not to be believed" in result["sentence"]
