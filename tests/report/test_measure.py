"""The measurement of a group of frames."""

import ast
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import QTable

import ccdproc_darks
from ccdproc_darks import report
from ccdproc_darks.report.costs import _costs_of_steps
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.measured import Measured
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import make_report

from ..frames.evidence.cameras import Camera
from .conftest import CAMERA, SHAPE, write_frames

pytestmark = pytest.mark.usefixtures("blank_pictures")


def measured(folder, options=None, step=lambda text: None):
    (group,), _ = find_groups(folder)
    return measure_group(group, options or Options(), step)


def test_all_of_it(night):
    announced = []
    result = measured(night, step=announced.append)
    assert announced == list(_costs_of_steps(result.group))
    assert np.median(result.rate.data) == pytest.approx(0.2, abs=0.005)
    assert set(result.rates) == {30, 300}
    hot = round(0.01 * SHAPE[0] * SHAPE[1])
    assert abs(result.mask.meta["NHOT"] - hot) <= 4
    assert result.mask.meta["NNONLIN"] <= 4
    assert result.significance.meta["DKWIDTH"] == pytest.approx(1, abs=0.05)
    assert result.pair == (30, 300)
    (pair,) = result.pairs
    assert pair.ratio == pytest.approx(1, abs=0.02)
    assert pair.offset == pytest.approx(0, abs=0.5)


def test_a_drift_of_the_bias_between_sets_is_told(tmp_path):
    write_frames(tmp_path, [(0, 5), (300, 4)])
    write_frames(tmp_path, [(30, 4)], bias=504, seed=1)
    (pair,) = measured(tmp_path).pairs
    assert pair.offset == pytest.approx(4 * 1.5, abs=0.5)


def test_without_bias_the_rate_is_a_slope(tmp_path):
    write_frames(tmp_path, [(30, 4), (100, 4), (300, 4)])
    result = measured(tmp_path)
    assert not result.has_bias
    assert result.rate.meta["DKOFFSET"] == "pixel"
    assert np.median(result.rate.data) == pytest.approx(0.2, abs=0.01)
    assert result.significance.meta["DKOFFSET"] == "pixel"
    assert any("no bias frames" in note for note in result.notes)
    assert result.pairs == []


def test_without_bias_one_exposure_time_is_refused(tmp_path):
    write_frames(tmp_path, [(30, 4)])
    with pytest.raises(ValueError, match="no bias frames, and darks of one exposure time only"):
        measured(tmp_path)


def test_without_bias_two_exposure_times_are_not_compared(tmp_path):
    write_frames(tmp_path, [(30, 4), (300, 4)])
    result = measured(tmp_path)
    assert result.significance is None
    assert any("three exposure times" in note for note in result.notes)
    assert result.mask.meta["NNONLIN"] == 0


def test_one_exposure_time_is_not_compared(tmp_path):
    write_frames(tmp_path, [(0, 4), (300, 4)])
    result = measured(tmp_path)
    assert result.significance is None
    assert result.pair is None
    assert any("two exposure times" in note for note in result.notes)


def test_no_gain(tmp_path):
    from astropy.io import fits

    paths = write_frames(tmp_path, [(0, 3), (300, 3)])
    for path in paths:
        fits.delval(path, "EGAIN")
    with pytest.raises(ValueError, match=r"no gain: .*EGAIN.*--gain"):
        measured(tmp_path)
    result = measured(tmp_path, Options(gain=CAMERA["gain"]))
    assert np.median(result.rate.data) == pytest.approx(0.2, abs=0.01)


class TestWhatFramesTellOfTheCamera:
    """Gain and read noise, where no header tells them, or tells wrong."""

    @staticmethod
    def labelled(folder, **keys):
        from astropy.io import fits

        for path in write_frames(folder, [(0, 5), (300, 6)], shape=(150, 200)):
            for key, value in keys.items():
                fits.setval(path, key, value=value) if value else fits.delval(path, key)

    def test_a_camera_without_headers(self, tmp_path):
        self.labelled(tmp_path, EGAIN=None, RDNOISE=None)
        result = measured(tmp_path, Options(gain="measured"))
        camera = result.camera
        assert abs(camera.gain.value - 1.5) < 3 * camera.gain_error.value < 0.6
        assert camera.gain_source == "measured from the darks"
        assert result.rate.meta["DKGAIN"] == camera.gain.value
        assert result.rate.meta["DKRDNOI"] / camera.gain.value == pytest.approx(8 / 1.5, rel=0.03)
        (note,) = [note for note in result.notes if "gain" in note]
        assert note.startswith(f"The gain is measured: {camera.gain.value:.3g} +- ")

    def test_a_gain_that_the_frames_refute(self, tmp_path):
        self.labelled(tmp_path, EGAIN=24.0)
        result = measured(tmp_path)
        assert result.rate.meta["DKGAIN"] == pytest.approx(1.5, rel=0.2)
        assert np.median(result.rate.data) == pytest.approx(0.2, rel=0.2)
        (note,) = [note for note in result.notes if "gain" in note]
        assert note.startswith("The gain by EGAIN is 24 electron/adu, but the variance between equal frames grows by")
        assert note.endswith("What the frames show is used; --gain tells another one.")

    @pytest.mark.parametrize("told", [80.0, 2.0])
    def test_a_read_noise_that_the_frames_refute(self, tmp_path, told):
        self.labelled(tmp_path, RDNOISE=told)
        result = measured(tmp_path)
        assert result.rate.meta["DKRDNOI"] == pytest.approx(8, rel=0.02)
        assert result.noise_source == "the scatter of the bias frames"
        (note,) = [note for note in result.notes if "read noise" in note]
        assert note.startswith(f"The read noise by RDNOISE is {told:g} electron, but bias frames show 8.0")
        assert note.endswith("What the frames show is used; --read-noise tells another one.")

    def test_what_the_user_tells_is_used(self, tmp_path):
        self.labelled(tmp_path)
        result = measured(tmp_path, Options(read_noise=80 * u.electron))
        assert result.rate.meta["DKRDNOI"] == 80
        (note,) = [note for note in result.notes if "read noise" in note]
        assert note.startswith("the read noise is given as 80 electron, but equal frames show")


def test_read_noise_from_the_bias_frames_where_no_header_tells(tmp_path):
    from astropy.io import fits

    for path in write_frames(tmp_path, [(0, 5), (300, 1)]):
        fits.delval(path, "RDNOISE")
    result = measured(tmp_path)
    assert result.rate.meta["DKRDNOI"] == pytest.approx(8, rel=0.05)


def test_options_reach_the_measurement(night):
    options = Options(
        read_noise=9 * u.electron,
        saturation=3000 * u.adu,
        threshold=5 * u.electron / u.s,
        false_positives=3.0,
    )
    result = measured(night, options)
    assert result.rate.meta["DKRDNOI"] == 9
    # 20 electron/s reach 3000 adu within 300 s, not within 30 s.
    hot = round(0.01 * SHAPE[0] * SHAPE[1])
    assert result.mask.meta["NSATUR"] == hot
    assert result.mask.meta["DKTHRESH"] == 5
    assert result.mask.meta["DKFALSE"] == 3


def test_frames_of_another_level_are_left_out(tmp_path):
    write_frames(tmp_path, [(0, 5), (30, 4), (300, 4)])
    write_frames(tmp_path, [(300, 1)], bias=520, prefix="drifted_")
    result = measured(tmp_path)
    (item,) = result.unusable
    assert item.name == "drifted_dark_300_0.fit"
    assert re.search(r"level \+(19.[5-9]|20.[0-5]) adu", item.reason)
    assert result.rate.meta["NCOMBINE"] == 8


def test_everything_saturated(night):
    with pytest.raises(
        ValueError,
        match=r"^all pixels of the result are masked, .* at the saturation level, 100 with the bias, or above",
    ):
        measured(night, Options(saturation=100 * u.adu))


def test_saturation_level_that_all_frames_show(tmp_path):
    """A full well of 40 000 electron: shorter exposures alone do not show it, and have the same level all the same."""
    camera = Camera(top=65535, full_well=40_000, read_noise=4.0, shape=(80, 120), hot=200, hottest=2000.0)
    for kind, seconds, number in (("bias", 0, 5), ("dark", 60, 4), ("dark", 300, 2)):
        for index, frame in enumerate(camera.frames(seconds, number, IMAGETYP=kind)):
            frame.write(tmp_path / f"{kind}_{seconds}_{index}.fits")
    result = measured(tmp_path)
    metas = [result.rate.meta, *[rate.meta for rate in result.rates.values()]]
    assert {meta["DKSATSRC"] for meta in metas} == {"found"}
    (level,) = {meta["DKSATUR"] for meta in metas}
    assert 39_500 < level < 40_200
    truth = np.all([frame.data > 40_050 for frame in camera.frames(300, 2)], axis=0).sum()
    assert truth > 20
    assert abs(result.mask.meta["NSATUR"] - truth) <= 2
    assert not any("cut off" in note or "saturate" in note for note in result.notes)
    make_report(tmp_path, tmp_path / "out", Options())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8").replace("\xa0", " ")
    assert f">from {level:.5g} adu (found:" in page
    (group,) = QTable.read(tmp_path / "out" / "summary.ecsv").meta["groups"].values()
    assert (group["saturation_adu"], group["saturation_from"]) == (level, "found")
    told = measured(tmp_path, Options(saturation=60_000 * u.adu))
    assert told.rate.meta["DKSATUR"] == level
    assert sum("saturation is 60000 adu, which no pixel would reach" in note for note in told.notes) == 1


def test_no_finite_sample(tmp_path):
    from astropy.io import fits

    for path in write_frames(tmp_path, [(0, 3), (300, 3)], dtype="float32"):
        if "dark" in path.name:
            fits.update(path, np.full(SHAPE, np.nan, np.float32), fits.getheader(path), 0)
    with pytest.raises(ValueError, match=r"^all pixels of the result are masked, as no pixel has .* are not finite"):
        measured(tmp_path)


def test_where_the_read_noise_is_from(night, tmp_path):
    from astropy.io import fits

    assert measured(night).noise_source == "from the headers"
    assert measured(night, Options(read_noise=9 * u.electron)).noise_source == "as given"
    for path in write_frames(tmp_path, [(0, 5), (300, 1)]):
        fits.delval(path, "RDNOISE")
    assert measured(tmp_path).noise_source == "the scatter of the bias frames"


def test_read_noise_of_the_same_camera(tmp_path):
    from astropy.io import fits

    for path in write_frames(tmp_path, [(0, 1), (300, 1)]):
        fits.delval(path, "RDNOISE")
    with pytest.raises(ValueError, match=r"no read noise .* give --read-noise"):
        measured(tmp_path)
    (group,), _ = find_groups(tmp_path)
    result = measure_group(group, Options(), known_noise=8 * u.electron)
    assert result.rate.meta["DKRDNOI"] == 8
    assert "the same camera" in result.noise_source


def test_the_pair_shown_has_the_most_exposure():
    exposures = [(10.0, [1]), (30.0, [1] * 10), (150.0, [1]), (300.0, [1])]
    assert Measured(None, exposures).pair == (30.0, 300.0)
    assert Measured(None, [(200.0, [1]), (300.0, [1])]).pair == (200.0, 300.0)
    assert Measured(None, exposures[:1]).pair is None


def test_frames_of_another_level_are_used_where_few_remain(tmp_path):
    """And their note is the only word about them, though every rate of them warns."""
    write_frames(tmp_path, [(0, 2), (30, 2), (300, 4)])
    write_frames(tmp_path, [(0, 1), (30, 1)], bias=520, prefix="drifted_")
    result = measured(tmp_path)
    assert result.unusable == []
    assert result.rate.meta["NCOMBINE"] == 7
    assert result.bias.meta["NCOMBINE"] == 3
    told = [note for note in result.notes if "level" in note]
    assert [re.sub(r"\+(19\.[5-9]|20\.[0-5])", "+20", note) for note in told] == [
        f"drifted_{name}_0.fit has a level +20 adu from the other {equals}; it is used all the same."
        for name, equals in (("bias_0", "bias frames"), ("dark_30", "30 s darks"))
    ]


def test_headers_that_are_in_doubt_are_told_once(tmp_path):
    for path in write_frames(tmp_path, [(0, 3), (30, 3), (300, 4)]):
        if "bias" not in path.name:
            seconds = fits.getval(path, "EXPTIME")
            for key in ("EXPTIME", "EXPOSURE"):
                fits.setval(path, key, value=1000 * seconds)
    notes = [note for note in measured(tmp_path).notes if "EXPTIME" in note]
    text = r"EXPTIME is 300000 in the header of dark_300_\d.fit, and as s that is more than a day.*"
    assert [bool(re.fullmatch(text, note)) for note in notes] == [True]


def test_light_frames_that_are_called_darks_are_told(tmp_path):
    paths = write_frames(tmp_path, [(0, 5), (30, 3), (300, 4)])
    for path in paths[5:8]:
        with fits.open(path, mode="update") as hdus:
            for row in range(0, SHAPE[0], 3):
                column = 8 + row * 7 % (SHAPE[1] - 16)
                hdus[0].data[row, column - 1 : column + 2] = (900, 3000, 900)
    notes = [note for note in measured(tmp_path).notes if "light" in note]
    assert [bool(re.match("light seems to have fallen on frames of 30 s: .* spread over", note)) for note in notes] == [
        True
    ]


def test_a_bias_frame_that_is_one_of_the_darks(tmp_path):
    """Of copies with different types one is wrong: none is used."""
    dark, *_ = write_frames(tmp_path, [(30, 3), (300, 3)])
    shutil.copy(dark, tmp_path / "bias.fit")
    fits.setval(tmp_path / "bias.fit", "IMAGETYP", value="Bias Frame")
    (group,), unusable = find_groups(tmp_path)
    assert group.biases == []
    assert {item.name for item in unusable} == {"bias.fit", dark.name}


def test_of_the_rates_it_knows_public_functions_and_the_choice_of_bias_and_frames():
    folder = Path(report.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    imported = {
        (node.module, alias.name)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rates")
        for alias in node.names
    }
    assert {module for module, name in imported if name not in ccdproc_darks.__all__} == {
        "rates.bias", "rates.frame_selection", "rates.typical_rate", "rates.variance_rate",
    }  # fmt: skip
    assert {module for module, _ in imported} == {
        "rates.bias", "rates.dark_rate", "rates.doubling_temperature", "rates.frame_selection", "rates.master_bias",
        "rates.measure_gain", "rates.read_noise_map", "rates.typical_rate", "rates.variance_rate",
    }  # fmt: skip


class TestFilesThatChange:
    """A file that is lost while a group is measured is named, and the group is measured without it."""

    @staticmethod
    def copied(night, tmp_path):
        for path in night.iterdir():
            shutil.copy2(path, tmp_path)
        (group,), _ = find_groups(tmp_path)
        return group

    @staticmethod
    def after(step_of_change, change):
        """A function of steps that calls ``change`` once, at that step."""
        seen = []

        def step(text):
            seen.append(text)
            if seen.count(text) == 1 and text == step_of_change:
                change()

        return step

    @pytest.mark.parametrize(
        ("at", "change"),
        [("bias", "truncated"), ("all exposure times", "other"), ("300 s", "vanished"), ("mask", "truncated")],
    )
    def test_measured_again(self, night, tmp_path, at, change):
        group = self.copied(night, tmp_path)
        path = group.darks[0].file.path

        def damage():
            if change == "vanished":
                path.unlink()
            elif change == "truncated":
                os.truncate(path, 4000)
            else:
                shutil.copy(tmp_path / "dark_30_0.fit", path)

        result = measure_group(group, Options(), self.after(at, damage))
        assert [len(frames) for _, frames in result.exposures] == [4, 3]
        (lost,) = result.unusable
        assert lost.name == path.name
        assert re.match("changed while it was read|cannot be read any more", lost.reason)
        path.unlink(missing_ok=True)
        (without,), _ = find_groups(tmp_path)
        np.testing.assert_array_equal(result.rate.data, measure_group(without, Options()).rate.data)

    def test_all_biases(self, night, tmp_path):
        group = self.copied(night, tmp_path)
        change = [frame.file.path.unlink for frame in group.biases]
        result = measure_group(group, Options(), self.after("bias", lambda: [each() for each in change]))
        assert not result.has_bias
        assert len(result.unusable) == 5

    def test_all_darks(self, night, tmp_path):
        group = self.copied(night, tmp_path)
        change = [frame.file.path.unlink for frame in group.darks]
        with pytest.raises(ValueError, match=r"dark_300_0\.fit: cannot be read any more .*; .*dark_30_3\.fit"):
            measure_group(group, Options(), self.after("bias", lambda: [each() for each in change]))

    def test_again_and_again(self, night, tmp_path):
        group = self.copied(night, tmp_path)
        names = iter(["dark_30_0.fit", "dark_30_1.fit", "dark_300_0.fit", "dark_300_1.fit"])

        def step(text):
            if text == "mask":
                (tmp_path / next(names)).unlink()

        with pytest.raises(OSError, match=r"dark_30_0\.fit: .*; dark_30_1\.fit: .*; dark_300_0\.fit: "):
            measure_group(group, Options(), step)

    def test_an_error_that_is_of_no_file(self, night, tmp_path, monkeypatch):
        def fail(*_, **__):
            raise OSError("the network is down")

        monkeypatch.setattr("ccdproc_darks.report.group_rates.dark_rate", fail)
        with pytest.raises(OSError, match=r"^the network is down$"):
            measure_group(self.copied(night, tmp_path), Options())

    def test_a_value_of_one_header_that_is_no_number(self, tmp_path):
        paths = write_frames(tmp_path, [(0, 3), (30, 3)])
        for path in paths:
            fits.setval(path, "RDNOISE", value="x" if path == paths[4] else 8.0)
        (group,), _ = find_groups(tmp_path)
        (lost,) = measure_group(group, Options()).unusable
        assert lost.name == "dark_30_1.fit"
        assert lost.reason == "RDNOISE in the header must be a finite number, got 'x'"
        # It is not asked for where the user tells.
        (group,), _ = find_groups(tmp_path)
        assert measure_group(group, Options(read_noise=8 * u.electron)).unusable == []
