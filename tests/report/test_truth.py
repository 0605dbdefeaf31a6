"""Reports on simulated folders, held against the truth."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS, DarkSequence, sensor_preset
from ccdproc_darks.cli import main
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report
from ccdproc_darks.report.truth import FlagScore, against_truth
from ccdproc_darks.simulation import TelegraphReadNoise

pytestmark = pytest.mark.usefixtures("blank_pictures")

PLAN = [(12, 0 * u.s), (6, 90 * u.s), (8, 1000 * u.s)]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    folder = tmp_path_factory.mktemp("truth") / "night"
    DarkSequence(sensor_preset("aspen-cg16m", shape=(600, 640), seed=1), PLAN, rng=2).write(folder)
    return folder


@pytest.fixture(scope="module")
def report(night, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "report"
    ((_, measured),), failures, unusable = make_report(night, out, Options())
    assert failures == unusable == []
    return out, measured


def test_the_report_gives_back_the_truth(report):
    truth = report[1].truth
    assert truth.median == pytest.approx(0.01, rel=0.02)
    # Of a bias frame's error and drift, which all pixels share.
    assert abs(truth.bias) < 0.3
    assert truth.width == pytest.approx(1, abs=0.01)
    hot, nonlinear, telegraph = truth.scores
    assert (telegraph.name, telegraph.planted) == ("TELEGRAPH", 0)
    # One good pixel of each exposure time is expected, and pixels that cosmic rays have struck twice.
    assert telegraph.found <= 8
    assert hot.name == "HOT"
    assert hot.planted == round(0.0104 * 600 * 640)
    assert hot.precision > 0.998
    assert hot.recall > 0.99
    assert hot.clear_recall == 1
    assert nonlinear.name == "NONLINEAR"
    assert nonlinear.planted > 70
    # One good pixel is expected among them.
    assert nonlinear.found - nonlinear.right <= 4
    assert nonlinear.clear > 20
    assert nonlinear.clear_recall > 0.95
    assert 0.2 < nonlinear.recall < nonlinear.clear_recall


def test_scores_are_those_of_the_masks(report, night):
    """Counted anew from the files."""
    out, measured = report
    mask = CCDData.read(next(out.glob("*/mask.fits")))
    truth = CCDData.read(night / "truth" / "flags.fits")
    for score, bit in zip(measured.truth.scores, (2**11, 2**16, 2**15), strict=True):
        planted, found = ((flags.data & bit) > 0 for flags in (truth, mask))
        assert (score.planted, score.found, score.both) == (planted.sum(), found.sum(), (planted & found).sum())
        assert not planted.any() or score.recall == (planted & found).sum() / planted.sum()


def test_what_stands_out(report, night):
    """Counted anew from the files: more than the tolerance of 10 % and 8 sigma between the exposure times."""
    out, measured = report
    group = next(path for path in out.iterdir() if path.is_dir())
    truth = {name: CCDData.read(night / "truth" / f"{name}.fits").data for name in ("rate", "rate_90s", "rate_1000s")}
    departure = np.abs(truth["rate_90s"] - truth["rate_1000s"])
    sigmas = [CCDData.read(group / f"rate_{name}.fits").uncertainty.array for name in ("90s", "1000s")]
    planted = (CCDData.read(night / "truth" / "flags.fits").data & 2**16) > 0
    clear = planted & (departure > 8 * np.hypot(*sigmas)) & (departure > 0.1 * truth["rate"])
    mask = CCDData.read(group / "mask.fits")
    score = measured.truth.scores[1]
    assert (score.clear, score.clear_found) == (clear.sum(), (clear & ((mask.data & 2**16) > 0)).sum())
    errors = (measured.rate.data - truth["rate"]) / measured.rate.uncertainty.array
    quartiles = np.percentile(errors[~planted & ~measured.rate.mask], (25, 50, 75))
    assert measured.truth.bias == pytest.approx(quartiles[1])
    # The quartiles of a normal distribution.
    assert measured.truth.width == pytest.approx((quartiles[2] - quartiles[0]) / (2 * 0.67449), rel=1e-3)


def test_telegraph_pixels_are_rightly_found(tmp_path):
    # One read noise for all pixels, as the measurement takes it.
    defects = [one for one in sensor_preset("low-noise-cmos").defects if not isinstance(one, TelegraphReadNoise)]
    sensor = sensor_preset("low-noise-cmos", shape=(200, 220), seed=1, read_noise_spread=0, defects=defects)
    DarkSequence(sensor, [(8, 0 * u.s), (6, 60 * u.s), (6, 600 * u.s)], rng=2).write(tmp_path / "night")
    ((_, measured),), _, _ = make_report(tmp_path / "night", tmp_path / "out", Options())
    hot, nonlinear, unsteady = measured.truth.scores
    assert unsteady.recall > 0.3
    assert unsteady.precision > 0.9
    flags = sensor.true_flags().data
    found = (measured.mask.data & DARK_FLAGS.NONLINEAR) > 0
    telegraph = found & ((flags & DARK_FLAGS.TELEGRAPH) > 0)
    assert telegraph.sum() > 10
    assert nonlinear.right == nonlinear.both + telegraph.sum()
    assert f"{telegraph.sum()} of them rightly though not planted (telegraph pixels)" in nonlinear.sentence()
    assert nonlinear.found - nonlinear.right <= 4
    limit = measured.mask.meta["DKTHRESH"]
    above = (sensor.true_rate().data > limit) | ((flags & (DARK_FLAGS.TELEGRAPH | DARK_FLAGS.HOT)) > 0)
    assert hot.right == (above & ((measured.mask.data & DARK_FLAGS.HOT) > 0)).sum()


def test_page_and_table_show_it(report):
    out, measured = report
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Against the truth" in page
    assert f"{measured.truth.scores[1].precision:.4f}" in page
    assert "NONLINEAR: " in (out / "summary.ecsv").read_text(encoding="utf-8")


def test_precision_and_recall():
    score = FlagScore("HOT", planted=10, found=8, both=6, right=7, clear=4, clear_found=3, others="glow")
    assert (score.precision, score.recall, score.clear_recall) == (7 / 8, 0.6, 0.75)
    assert score.sentence() == (
        "HOT: 10 planted, 8 found, 1 of them rightly though not planted (glow); precision 0.8750, recall 0.6000 "
        "(0.7500 of the 4 that stand out)"
    )
    assert FlagScore("HOT", 10, 8, 6, 7, 0, 0, "glow").sentence() == (
        "HOT: 10 planted, 8 found, 1 of them rightly though not planted (glow); precision 0.8750, recall 0.6000"
    )
    none = FlagScore("HOT", 0, 0, 0, 0, 0, 0)
    assert all(np.isnan(value) for value in (none.precision, none.recall, none.clear_recall))
    assert none.sentence() == "HOT: 0 planted, 0 found"


def test_another_cameras_truth_is_not_taken(report, night, tmp_path):
    _, measured = report
    assert against_truth(tmp_path, measured) is None
    (tmp_path / "truth").mkdir()
    for name in ("rate", "flags"):
        image = CCDData.read(night / "truth" / f"{name}.fits")
        image.meta["INSTRUME"] = "another"
        image.write(tmp_path / "truth" / f"{name}.fits")
    assert against_truth(tmp_path, measured) is None


def test_command(tmp_path, capsys):
    night, out = tmp_path / "night", tmp_path / "out"
    arguments = ["--preset", "low-noise-cmos", "--exposures", "4x30", "5x300", "--bias", "6", "--size", "120x160"]
    assert main(["simulate", str(night), *arguments, "--seed", "3"]) == 0
    assert capsys.readouterr().out == (
        f"15 frames of 120 x 160 pixels: {night}\nthe truth about it: {night / 'truth'}\n"
    )
    assert main(["report", str(night), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "truth: median rate 0.0" in printed
    assert "truth: NONLINEAR: " in printed
    assert "precision" in printed

    # The same again is the same; another seed is another sensor, or other noise alone.
    def rate_and_frame(name, *options):
        assert main(["simulate", str(tmp_path / name), *arguments, *options]) == 0
        return [CCDData.read(tmp_path / name / file).data for file in ("truth/rate.fits", "dark_30s_0001.fits")]

    first = rate_and_frame("first", "--seed", "3")
    np.testing.assert_array_equal(first[1], CCDData.read(night / "dark_30s_0001.fits").data)
    noise = rate_and_frame("noise", "--seed", "4", "--sensor-seed", "3")
    np.testing.assert_array_equal(first[0], noise[0])
    assert (first[1] != noise[1]).any()
    warm = rate_and_frame("warm", "--seed", "3", "--temperature", "0")
    assert np.median(warm[0] / first[0]) > 2
