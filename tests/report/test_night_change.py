"""The pixels that have changed between two nights."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks import DARK_FLAGS
from ccdproc_darks.masks.changed_pixels import KINDS
from ccdproc_darks.report.finished_report import read_reports
from ccdproc_darks.report.matched_groups import Night
from ccdproc_darks.report.night_change import night_change

from .conftest import BORN, HEALED, WARMER, report_night

pytestmark = pytest.mark.usefixtures("blank_pictures")


@pytest.fixture(scope="module")
def nights(reports):
    return [Night(number, report.groups[0]) for number, report in enumerate(read_reports(reports), start=1)]


@pytest.mark.parametrize("last", [2, 3])
def test_born_and_healed_pixels_are_found(nights, last):
    """Also where the later night is ten degrees warmer."""
    change = night_change(nights[1], nights[last])
    found = {(int(row["y"]), int(row["x"])): str(row["change"]) for row in change.table}
    assert {place: found.get(place) for place in BORN} == dict.fromkeys(BORN, "born")
    assert found[HEALED] == "healed"
    assert change.number == len(found) <= 7
    assert {kind: change.count(kind) for kind in KINDS}["healed"] == 1
    assert change.factor == pytest.approx(WARMER if last == 2 else 1.0, rel=0.05)
    assert str(change.choice) == "6 x 300 s"
    assert "; at most 1 is expected by chance alone), by the rates of 6 x 300 s" in change.sentence()
    assert change.sentence().startswith(f"night 2 to {last + 1}: {change.number} changed pixels (3 born, 1 healed,")


def test_flags_of_both_nights_are_told(nights):
    change = night_change(nights[1], nights[3])
    hot = int(DARK_FLAGS["HOT"])
    for row in change.table:
        if (row["y"], row["x"]) in BORN:
            assert not row["flags_before"] & hot
            assert row["flags_after"] & hot
    expected = (np.asarray(change.table["flags_before"]) | np.asarray(change.table["flags_after"])) & int(
        DARK_FLAGS["NONLINEAR"] | DARK_FLAGS["TELEGRAPH"]
    )
    assert change.unsteady == np.count_nonzero(expected)


def test_nothing_has_changed(nights):
    change = night_change(nights[0], nights[1], false_positives=1e-3)
    assert change.number == 0
    assert change.numbers()["changed"] == 0
    assert change.is_successive
    assert change.file == "changed_1_to_2.ecsv"


def test_limits_are_those_of_the_user(nights):
    assert night_change(nights[1], nights[3], tolerance=100.0).number == 0
    change = night_change(nights[1], nights[3], fdr=0.01)
    assert change.table.meta["DKFDR"] == 0.01
    assert "at most 1 % of them are expected by chance alone" in change.sentence()


def test_one_pixel_is_no_pixels(nights):
    change = night_change(nights[1], nights[3])
    one = replace(change, table=change.table[:1])
    assert ": 1 changed pixel (" in one.sentence()
    assert one.region_file == "changed_2_to_4.reg"
    assert np.argwhere(one.pixels).tolist() == [[one.table["y"][0], one.table["x"][0]]]
    assert replace(change, table=change.table[:0]).region_file is None


def test_what_cannot_be_compared_is_told(nights, tmp_path):
    report = report_night(tmp_path, 1, plan=((5, 30), (5, 100), (5, 300)))
    change = night_change(Night(1, read_reports([report])[0].groups[0]), nights[1])
    assert change.table is change.number is change.factor is change.unsteady is change.count("born") is None
    assert change.numbers() == {"before": 1, "after": 2, "remarks": list(change.remarks)}
    assert "not compared" in change.sentence()
    assert "as its darks have no bias" in change.sentence()


def test_maps_of_read_noise_are_used(tmp_path):
    """Where pixels have a read noise of their own, reports have a map of it, which the comparison needs."""
    from unittest import mock

    from astropy import units as u

    from ccdproc_darks import DarkSequence, sensor_preset
    from ccdproc_darks.report.options import Options
    from ccdproc_darks.report.run import make_report

    sensor, found = sensor_preset("low-noise-cmos", shape=(64, 64), seed=5), []
    for seed in (1, 2):
        frames, out = tmp_path / f"frames{seed}", tmp_path / f"out{seed}"
        DarkSequence(sensor, [(30, 0 * u.s), (20, 120 * u.s)], rng=seed).write(frames)
        with mock.patch("ccdproc_darks.report.run.draw_all", return_value=()):
            make_report(frames, out, Options())
        found.append(Night(seed, read_reports([out])[0].groups[0]))
    assert (found[0].group.folder / "read_noise.fits").exists()
    change = night_change(*found)
    assert change.number < 10


def test_a_damaged_rate_is_an_error(reports, nights, tmp_path):
    folder = shutil.copytree(reports[0], tmp_path / "copy")
    path = next(folder.rglob("rate_300s.fits"))
    group = read_reports([folder])[0].groups[0]
    with fits.open(path) as hdus:
        hdus[0].data = hdus[0].data[:10]
        hdus.writeto(tmp_path / "cut.fits")
    shutil.move(tmp_path / "cut.fits", path)
    with pytest.raises(ValueError, match=r"rate_300s.fits (has \(10, 90\) pixels|cannot be read)"):
        night_change(Night(1, group), nights[1])
