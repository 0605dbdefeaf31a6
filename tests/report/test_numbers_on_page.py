"""Numbers of a group on a page."""

from types import SimpleNamespace

from astropy import units as u

from ccdproc_darks import DarkSequence, sensor_preset
from ccdproc_darks._interface.number_text import share_text, with_error
from ccdproc_darks.report.numbers_on_page import facts, flag_rows, rate_table, threshold_text, times_text
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder
from ccdproc_darks.report.sensor_words import problems
from ccdproc_darks.report.verdict import doubts


def test_rates_with_errors(report):
    _, ((_, measured),) = report
    rows = rate_table(measured)
    assert [row[:2] for row in rows] == [("30 s", "4"), ("300 s", "4"), ("all", "8")]
    assert rows[-1][2] == with_error(*measured.typical_rates["all"])


def test_flags_have_plain_words_numbers_and_shares(report):
    _, ((_, measured),) = report
    mask = measured.mask
    rows = {row["name"]: row for row in flag_rows(mask)}
    assert rows["HOT"]["pixels"] == share_text(mask.meta["NHOT"], mask.data.size)
    assert rows["HOT"]["masked"].startswith("no")
    assert rows["UNRELIABLE_DARK"]["words"] == "hot, but too faint to be tested (normal)"
    assert "10 % of its dark current" in rows["NONLINEAR"]["meaning"]


def test_one_exposure_time_masks_what_is_hot(report):
    _, ((_, measured),) = report
    meta = {key: value for key, value in measured.mask.meta.items() if key != "DKSIGMA"}
    rows = {row["name"]: row for row in flag_rows(SimpleNamespace(data=measured.mask.data, meta=meta))}
    assert rows["HOT"]["masked"] == "yes: nothing shows that they are proportional"
    assert rows["NONLINEAR"]["pixels"] is None


def test_what_is_known_of_the_camera(report):
    _, ((_, measured),) = report
    known = dict(facts(measured))
    assert known["darks used"] == "8 darks: 4 x 30 s, 4 x 300 s"
    assert known["bias used"] == "5 bias frames"
    assert known["gain"] == "1.50 electron/adu (from the headers)"
    assert known["temperature"] == "-20.0 °C"
    many = SimpleNamespace(exposures=[(seconds, [None]) for seconds in (1, 2, 3, 4, 5, 6)])
    assert times_text(many) == "6 exposure times from 1 to 6 s"
    assert "1 good pixel is expected above the threshold" in threshold_text(measured.mask)


def test_values_that_are_cut_off_tell_of_no_noise(tmp_path):
    """No map of the read noise is made of them, and what headers tell is said not to be confirmed."""
    sensor = sensor_preset("aspen-cg16m", shape=(150, 150), seed=8)
    frames = list(DarkSequence(sensor, [(10, 0 * u.s), (10, 90 * u.s), (10, 1000 * u.s)], rng=4))
    for number, frame in enumerate(frames):
        frame.data = (frame.data.astype(int) - 995).clip(0).astype("uint16")
        frame.meta["EGAIN"] = 0.4
        frame.write(tmp_path / f"{number}.fits")
    ((_, measured),), _, _ = measure_folder(tmp_path, Options())
    assert measured.noise_map is None
    told = dict(facts(measured))
    assert told["gain"] == "0.400 electron/adu (from the headers; these frames cannot confirm it)"
    assert "(from the headers; these frames cannot confirm it)" in told["read noise"]
    problem, *_ = problems(measured)
    assert problem.advice.startswith("Take all frames again, bias and darks")
    assert "read noise" not in measured.settled
    assert [one.check for one in doubts(measured.findings)] == ["clipping"]
