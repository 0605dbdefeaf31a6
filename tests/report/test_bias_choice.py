"""Which bias frames serve which darks, and what is said of the others."""

import re

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

from ccdproc_darks import master_bias
from ccdproc_darks.report.folder import find_groups
from ccdproc_darks.report.measure import measure_group
from ccdproc_darks.report.options import Options

from .conftest import CAMERA, SHAPE, write_frames
from .test_folder import set_header


def set_all(paths, **entries):
    for path in paths:
        set_header(path, **entries)


def of_kind(paths):
    return [path for path in paths if "bias" in path.name], [path for path in paths if "dark" in path.name]


@pytest.mark.parametrize(
    ("key", "here", "there", "shown", "shown_there"),
    [
        ("READOUTM", "Fast", "Normal", "'Fast'", "'Normal'"),
        ("READMODE", "1 MHz", "4 MHz", "'1 MHz'", "'4 MHz'"),
        ("OFFSET", "30", 10, "30", "10"),
        ("OFFSET", 50, "10.0", "50", "10"),
        ("EGAIN", 3.0, 1.5, "3", "1.5"),
        ("GAIN", 0, 120, "0", "120"),
        ("XBINNING", 2, 1, "2", "1"),
        ("XBINNING", 2, None, "2", "1"),
        ("XORGSUBF", None, 512, "0", "512"),
    ],
)
def test_left_out_biases_name_the_key_and_what_they_nearly_fit(tmp_path, key, here, there, shown, shown_there):
    biases, darks = of_kind(write_frames(tmp_path, [(0, 2), (30, 3), (300, 3)]))
    set_all(biases, INSTRUME="TestCam", **{key: here})
    set_all(darks, INSTRUME="TestCam", **{key: there})
    (group,), unusable = find_groups(tmp_path)
    assert {item.reason for item in unusable} == {
        f"{key} is {shown} here, {shown_there} in the 6 darks of {group.sensor}; there are no darks like it. "
        f"--ignore-key {key} takes them together"
    }
    assert group.notes == []
    assert group.doubts == [
        f"Bias frames that nearly fit are not used: {key} is {shown} in the header of bias_0_0.fit (and 1 more), "
        f"{shown_there} in those of the darks. --ignore-key {key} takes them together"
    ]


def test_several_keys_and_the_nearest_of_several_groups(tmp_path):
    biases, darks = of_kind(write_frames(tmp_path, [(0, 1), (30, 4)]))
    set_all(biases, READOUTM="Fast", OFFSET=30)
    set_all(darks[:3], READOUTM="Normal", OFFSET=10)
    set_all(darks[3:], READOUTM="Normal", OFFSET=30)
    _, (unusable,) = find_groups(tmp_path)
    assert unusable.reason.startswith("READOUTM is 'Fast' here, 'Normal' in the 1 dark of ")
    set_all(biases, READOUTM="Fast", OFFSET=50)
    _, (unusable,) = find_groups(tmp_path)
    assert "OFFSET is 50 here, 10 in the 3 darks" in unusable.reason
    assert "; READOUTM is 'Fast' and 'Normal'; there are no darks like it" in unusable.reason
    assert unusable.reason.endswith("--ignore-key OFFSET READOUTM takes them together")


def test_biases_of_another_size(tmp_path):
    write_frames(tmp_path, [(30, 2)])
    write_frames(tmp_path, [(0, 1)], prefix="small_", shape=(30, 40))
    (group,), (unusable,) = find_groups(tmp_path)
    assert unusable.reason == (
        f"40 x 30 pixels here, 90 x 60 pixels in the 2 darks of {group.sensor}; there are no darks like it"
    )
    assert group.notes == []


def test_a_bias_that_may_belong_to_either_of_two_groups(tmp_path):
    biases, darks = of_kind(write_frames(tmp_path, [(0, 1), (30, 2)]))
    set_all(biases, EGAIN=None)
    set_header(darks[0], EGAIN=0.3)
    groups, (unusable,) = find_groups(tmp_path)
    assert [group.biases for group in groups] == [[], []]
    assert re.match("its header does not tell EGAIN, by which darks of .* are in 2 groups", unusable.reason)


class TestTemperatures:
    def test_own_biases_are_kept(self, tmp_path):
        """However few, as before; those of no darks' temperature are named."""
        for celsius, plan in ((-20, [(0, 2), (30, 2)]), (0, [(0, 1), (30, 2)]), (10, [(0, 4)])):
            write_frames(tmp_path, plan, prefix=f"at{celsius}_", temperature=celsius * u.deg_C, seed=celsius + 50)
        groups, unusable = find_groups(tmp_path)
        assert [(group.temperature, len(group.biases), group.notes) for group in groups] == [(-20, 2, []), (0, 1, [])]
        assert len(unusable) == 4
        assert re.match(r"taken at 10.0 C; the darks of .* are at -20.0, 0.0 C, and there are bias", unusable[0].reason)

    def test_one_or_two_own_biases_are_joined_by_those_of_nearly_their_temperature(self, tmp_path):
        for index, (celsius, plan) in enumerate(((20.0, [(0, 1), (30, 2)]), (21.4, [(0, 1)]), (18.3, [(0, 2)]),
                                                 (30.0, [(0, 5)]))):  # fmt: skip
            for path in write_frames(tmp_path, plan, prefix=f"n{index}_", seed=index):
                set_header(path, SET_TEMP=None, CCD_TEMP=celsius)
        (group,), unusable = find_groups(tmp_path)
        assert sorted(bias.temperature for bias in group.biases) == [18.3, 18.3, 20.0, 21.4]
        assert group.notes == [
            "There is only 1 bias frame at the temperature of the darks, 20.0 C: 4 bias frames at 18.3 to 21.4 C are "
            "used. A bias level that changes with the temperature shifts all rates."
        ]
        assert len(unusable) == 5

    def test_the_nearest_serve(self, tmp_path):
        write_frames(tmp_path, [(30, 2)], temperature=-20 * u.deg_C)
        for index, celsius in enumerate((-10, -12, -12, -13, 5)):
            write_frames(tmp_path, [(0, 1)], prefix=f"b{index}_", temperature=celsius * u.deg_C, seed=index + 1)
        (group,), unusable = find_groups(tmp_path)
        assert sorted(bias.temperature for bias in group.biases) == [-13, -12, -12]
        assert group.notes == [
            "There are no bias frames at the temperature of the darks, -20.0 C: 3 bias frames at -13.0 to -12.0 C are "
            "used. A bias level that changes with the temperature shifts all rates."
        ]
        assert len(unusable) == 2

    def test_an_uncooled_camera_over_a_night(self, tmp_path):
        """Eight bias frames serve six groups of darks at temperatures from 18 to 30 C; rates are right."""
        for index, celsius in enumerate(np.linspace(18.0, 29.0, 6)):
            paths = write_frames(tmp_path, [(30, 2), (120, 2)], prefix=f"n{index}_", seed=index)
            set_all(paths, SET_TEMP=None, CCD_TEMP=round(celsius, 1))
        for index, celsius in enumerate(np.linspace(19.1, 30.5, 8)):
            paths = write_frames(tmp_path, [(0, 1)], prefix=f"b{index}_", seed=index + 100)
            set_all(paths, SET_TEMP=None, CCD_TEMP=round(celsius, 1))
        groups, unusable = find_groups(tmp_path)
        assert len(groups) == 6
        assert all(group.biases for group in groups)
        assert all("bias" in item.name for item in unusable)
        for group in groups:
            rate = measure_group(group, Options()).rate
            # The simulated rate doubles every so many degrees; here all were simulated at -20 C.
            error = 8 / np.sqrt(len(group.biases)) / 75
            assert np.nanmedian(rate.data) == pytest.approx(0.2, abs=error)

    @pytest.mark.parametrize(("celsius", "warned"), [((-10, -10, -10), True), ((-24, -20.9, -18), False)])
    def test_what_is_said_of_a_measurement(self, tmp_path, celsius, warned):
        """Once, and of the mean temperature of the bias frames."""
        write_frames(tmp_path, [(30, 2), (300, 2)], temperature=-22.4 * u.deg_C)
        for index, each in enumerate(celsius):
            write_frames(tmp_path, [(0, 1)], prefix=f"b{index}_", temperature=each * u.deg_C, seed=index + 1)
        (group,), _ = find_groups(tmp_path)
        measured = measure_group(group, Options())
        sentences = [*measured.notes, *(one.sentence for one in measured.findings)]
        told = [text for text in sentences if "the bias was taken at" in text]
        assert len(told) == warned
        assert all("at -10.0 deg C (" in text and "the darks at -22.4" in text for text in told)

    @pytest.mark.parametrize(("biases", "darks"), [(None, -20.0), (-20.0, None), (None, None)])
    def test_unknown_ones(self, tmp_path, biases, darks):
        paths = of_kind(write_frames(tmp_path, [(0, 2), (30, 2)]))
        for same, celsius in zip(paths, (biases, darks), strict=True):
            set_all(same, SET_TEMP=None, CCD_TEMP=celsius)
        (group,), unusable = find_groups(tmp_path)
        assert (len(group.biases), unusable) == (2, [])
        assert len(group.notes) == (biases is not darks)
        assert all("unknown temperature" in note for note in group.notes)


class TestMasterBias:
    @pytest.fixture
    def folder(self, tmp_path):
        """Darks, and the master bias of twenty frames that are elsewhere."""
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "night").mkdir()
        write_frames(tmp_path / "night", [(30, 3), (300, 3)])
        master = master_bias(write_frames(tmp_path / "elsewhere", [(0, 20)], seed=5))
        master.write(tmp_path / "night" / "master.fit")
        return tmp_path / "night"

    @pytest.mark.parametrize("kind", ["Master Bias", "MASTER BIAS FRAME", "Bias Frame", "SUPERBIAS", "superbias"])
    def test_it_is_used(self, folder, kind):
        set_header(folder / "master.fit", IMAGETYP=kind)
        (group,), unusable = find_groups(folder)
        assert (group.biases, group.master.name, unusable) == ([], "master.fit", [])
        found = measure_group(group, Options())
        assert found.has_bias
        assert found.bias.meta["NCOMBINE"] == 20
        assert found.notes[0] == "There are no single bias frames: the master bias master.fit (of 20 frames) is used."
        assert np.nanmedian(found.rate.data) == pytest.approx(0.2, abs=0.02)

    def test_without_a_number(self, folder):
        set_header(folder / "master.fit", IMAGETYP="Master Bias", NCOMBINE=None, COMBINED=None)
        (group,), unusable = find_groups(folder)
        assert unusable == []
        assert group.notes == [
            "There are no single bias frames: the master bias master.fit (of how many frames is not told) is used."
        ]
        assert np.nanmedian(measure_group(group, Options()).rate.data) == pytest.approx(0.2, abs=0.02)

    def test_single_bias_frames_come_first(self, folder):
        write_frames(folder, [(0, 3)], seed=7)
        (group,), (unusable,) = find_groups(folder)
        assert (len(group.biases), group.master) == (3, None)
        assert (unusable.name, unusable.reason) == ("master.fit", "a master bias, and single bias frames serve")

    def test_the_one_of_most_frames(self, folder):
        data, header = fits.getdata(folder / "master.fit"), fits.getheader(folder / "master.fit")
        header["NCOMBINE"] = 50
        fits.writeto(folder / "a.fit", data + 0.5, header)
        (group,), (unusable,) = find_groups(folder)
        assert group.master.name == "a.fit"
        assert (unusable.name, unusable.reason) == ("master.fit", "a master bias, and a.fit serves")

    def test_one_that_is_lost_meanwhile(self, folder):
        (group,), _ = find_groups(folder)
        (folder / "master.fit").unlink()
        found = measure_group(group, Options())
        assert [item.name for item in found.unusable] == ["master.fit"]
        assert not found.has_bias

    def test_it_is_no_raw_frame(self, folder):
        """A float frame among raw ones, which is none of them."""
        assert fits.getdata(folder / "master.fit").dtype.kind == "f"
        assert fits.getdata(folder / "master.fit").shape == SHAPE == CAMERA["shape"]
