"""Sequences: lazily, in memory, and as a folder."""

import errno
import itertools
import types

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.time import Time
from ccdproc import ImageFileCollection

from ccdproc_darks import DarkSequence, Sensor, sensor_preset, simulate_dark
from ccdproc_darks.simulation import HotPixels, TelegraphPixels

from ..helpers import ELECTRON_PER_SECOND, assert_same_image

PLAN = [(2, 0 * u.s), (3, 10 * u.s), 1 * u.min]
HOT = HotPixels(fraction=0.02, above=1 * ELECTRON_PER_SECOND, maximum=100 * ELECTRON_PER_SECOND)


def sensor(**options):
    common = {"shape": (30, 40), "bias": 500 * u.adu, "read_noise": 5 * u.electron, "defects": [HOT]}
    return Sensor(**{**common, **options})


def test_frames_in_order():
    darks = DarkSequence(sensor(), PLAN, rng=1)
    frames = list(darks)
    assert len(darks) == len(frames) == 6
    assert [frame.meta["EXPTIME"] for frame in frames] == [0, 0, 10, 10, 10, 60]
    assert [frame.meta["IMAGETYP"] for frame in frames] == ["Bias Frame"] * 2 + ["Dark Frame"] * 4
    times = Time([frame.meta["DATE-OBS"] for frame in frames])
    np.testing.assert_allclose((times - times[0]).to_value(u.s), [0, 1, 2, 13, 24, 35])
    np.testing.assert_allclose([frame.meta["MJD-OBS"] for frame in frames], times.mjd, atol=1e-8, rtol=0)


def test_lazy():
    frames = iter(DarkSequence(sensor(), [(10**5, 0 * u.s)], rng=1))
    assert isinstance(frames, types.GeneratorType)
    assert next(frames).shape == (30, 40)


def test_each_pass_is_the_same_and_each_frame_another():
    darks = DarkSequence(sensor(), PLAN, rng=np.random.default_rng(5))
    first, second = list(darks), list(darks)
    for one, other in zip(first, second, strict=True):
        assert_same_image(one, other, meta=True)
    assert (first[2].data != first[3].data).any()
    unseeded = [next(iter(DarkSequence(sensor(), PLAN))).data for _ in range(2)]
    assert (unseeded[0] != unseeded[1]).any()


@pytest.mark.statistics
def test_bias_drifts_as_a_walk():
    camera = Sensor(shape=(1, 1), bias_drift=3 * u.adu)
    frames = DarkSequence(camera, [(4000, 0 * u.s)], rng=1, dtype="float64")
    levels = np.array([frame.data[0, 0] for frame in frames])
    steps = np.diff(levels)
    assert steps.std() == pytest.approx(3, rel=5 / np.sqrt(8000))
    assert abs(np.corrcoef(steps[1:], steps[:-1])[0, 1]) < 5 / np.sqrt(4000)
    assert levels.std() > 30


def test_temperature():
    camera = sensor_preset("aspen-cg16m", shape=(64, 64), seed=1)
    cold, warm = (
        next(iter(DarkSequence(camera, [1000 * u.s], rng=1, temperature=temperature * u.deg_C)))
        for temperature in (-35, -6)
    )
    assert (cold.meta["CCD-TEMP"], warm.meta["CCD-TEMP"]) == (-35, -6)
    # 29 K are five doublings.
    counts = np.median(warm.data - np.median(cold.data)) * 1.5
    assert counts == pytest.approx(0.01 * 31 * 1000, rel=0.02)


def test_telegraph_pixels_go_on_between_frames():
    """Dwell times far longer than the sequence: a pixel stays what it is."""
    telegraph = TelegraphPixels(amplitude=100 * ELECTRON_PER_SECOND, dwell_low=1e7 * u.s, dwell_high=1e7 * u.s)
    frames = [frame.data > 1000 for frame in DarkSequence(sensor(defects=[telegraph]), [(5, 10 * u.s)], rng=1)]
    assert 0.4 < frames[0].mean() < 0.6
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame, frames[0])


def test_folder(tmp_path):
    camera = sensor_preset("low-noise-cmos", shape=(30, 40), seed=2)
    darks = DarkSequence(camera, PLAN, rng=1)
    paths = darks.write(tmp_path / "new" / "night")
    assert [path.name for path in paths] == [
        "bias_0001.fits", "bias_0002.fits", "dark_10s_0001.fits", "dark_10s_0002.fits", "dark_10s_0003.fits",
        "dark_60s_0001.fits",
    ]  # fmt: skip
    for path, frame in zip(paths, darks, strict=True):
        back = CCDData.read(path)
        assert_same_image(back, frame)
        assert {key: back.meta[key] for key in frame.meta} == dict(frame.meta)
    assert not list(tmp_path.glob("new/.*"))
    collection = ImageFileCollection(tmp_path / "new" / "night")
    assert len(collection.files_filtered(imagetyp="Dark Frame")) == 4
    truth = tmp_path / "new" / "night" / "truth"
    np.testing.assert_array_equal(CCDData.read(truth / "rate.fits").data, camera.true_rate().data)
    np.testing.assert_array_equal(CCDData.read(truth / "flags.fits").data, camera.true_flags().data)
    np.testing.assert_array_equal(CCDData.read(truth / "read_noise.fits").data, camera.true_read_noise().data)
    for seconds in (10, 60):
        np.testing.assert_array_equal(
            CCDData.read(truth / f"rate_{seconds}s.fits").data, camera.true_rate(exposure=seconds * u.s).data
        )


def test_an_empty_folder_is_used_and_another_is_not(tmp_path):
    darks = DarkSequence(sensor(), [1 * u.s], rng=1)
    darks.write(tmp_path)
    with pytest.raises(FileExistsError, match=r"is there already; choose another folder"):
        darks.write(tmp_path)


def test_exposure_times_that_are_almost_the_same(tmp_path):
    paths = DarkSequence(sensor(), [(1, 5 * u.s), [1, 5.0000001 * u.s]], rng=1).write(tmp_path / "night")
    assert [path.name for path in paths] == ["dark_5s_0001.fits", "dark_5.0000001s_0001.fits"]


def test_nothing_is_half_written(tmp_path):
    def breaks(frames):
        yield next(frames)
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        DarkSequence(sensor(), PLAN, rng=1).write(tmp_path / "night", progress=breaks)
    assert list(tmp_path.iterdir()) == []


def test_made_by_somebody_else_in_the_meantime(tmp_path):
    """Theirs stays, and the frames get another name."""

    def meanwhile(frames):
        yield from frames
        (tmp_path / "night").mkdir()
        (tmp_path / "night" / "mine").touch()

    with pytest.raises(FileExistsError, match=r"else made it in the meantime\); what is new is in .*night-new$"):
        DarkSequence(sensor(), PLAN, rng=1).write(tmp_path / "night", progress=meanwhile)
    assert [path.name for path in (tmp_path / "night").iterdir()] == ["mine"]
    assert len(list((tmp_path / "night-new").glob("*.fits"))) == 6
    assert len(list(tmp_path.iterdir())) == 2


def test_a_place_that_cannot_be(tmp_path):
    """Told before the first frame is simulated."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name, match in (("file/night", "file is a file"), ("file", "is there already"), ("link", "a link to nowhere")):
        with pytest.raises(OSError, match=match):
            DarkSequence(sensor(), PLAN, rng=1).write(tmp_path / name, progress=lambda frames: pytest.fail("late"))


def test_errors_of_others_are_not_those_of_the_folder(tmp_path):
    def breaks(frames):
        yield next(frames)
        raise OSError("the display is gone")

    with pytest.raises(OSError, match=r"^the display is gone$"):
        DarkSequence(sensor(), PLAN, rng=1).write(tmp_path / "night", progress=breaks)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_names_the_folder(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(CCDData, "write", full)
    with pytest.raises(OSError, match=r"night cannot be written: No space left on device$"):
        DarkSequence(sensor(), PLAN, rng=1).write(tmp_path / "night")
    assert list(tmp_path.iterdir()) == []


def test_exposure_times_as_one_quantity():
    assert [frame.meta["EXPTIME"] for frame in DarkSequence(sensor(), [1, 2] * u.min, rng=1)] == [60, 120]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"exposures": 5}, TypeError, r"^exposures must be exposure times or pairs"),
        ({"exposures": [5]}, TypeError, r"^exposures must be a Quantity in s, got 5 without a unit"),
        ({"exposures": [(0, 5 * u.s)]}, ValueError, r"^exposures must have whole numbers of frames from 1, got 0"),
        ({"exposures": [(2, -5 * u.s)]}, ValueError, r"^exposures must be zero or positive"),
        ({"sensor": "aspen-cg16m"}, TypeError, r"^sensor must be a Sensor, got 'aspen-cg16m'"),
        ({"rng": "now"}, TypeError, r"^rng must be None, a seed that is not negative or a numpy.random.Generator"),
        ({"rng": -1}, ValueError, r"^rng must be None, a seed that is not negative or a numpy.random.Generator"),
        ({"start": "yesterday"}, ValueError, r"^start must be a date such as '2026-01-01T00:00:00' or an astropy Time"),
        ({"exposures": [1e15 * u.s]}, ValueError, r"^exposure must leave the brightest pixel below 1e\+15 electron"),
        ({"readout": 3}, TypeError, r"^readout must be a Quantity in s"),
        ({"dtype": "int8"}, ValueError, r"^dtype must be 'uint16', 'float32' or 'float64', got 'int8'"),
        ({"threads": 0}, ValueError, r"^threads must be None or a whole number from 1, got 0"),
        ({"temperature": 0 * u.deg_C}, ValueError, r"^temperature must be the sensor's own"),
    ],
)
def test_bad_arguments(options, error, message):
    arguments = {"sensor": sensor(), "exposures": PLAN, **options}
    with pytest.raises(error, match=message):
        DarkSequence(arguments.pop("sensor"), arguments.pop("exposures"), **arguments)


@pytest.mark.parametrize("option", ["shape", "rate", "gain", "read_noise", "bias", "hot_fraction", "saturation"])
def test_a_sensor_has_its_own(option):
    values = {
        "shape": (3, 4), "rate": 1 * ELECTRON_PER_SECOND, "gain": 1 * u.electron / u.adu, "bias": 1 * u.adu,
        "read_noise": 1 * u.electron, "hot_fraction": 0.1, "saturation": 9 * u.adu,
    }  # fmt: skip
    with pytest.raises(TypeError, match=rf"^{option} must not be given besides a sensor, which has its own"):
        simulate_dark(sensor(), exposure=1 * u.s, **{option: values[option]})


class TestVeryLong:
    """Told at once, and no frame more in memory than is asked for."""

    sensor = Sensor(shape=(3, 4))

    def test_first_frames(self):
        sequence = DarkSequence(self.sensor, [(10**9 - 1, 10 * u.s), 0 * u.s], rng=1)
        assert len(sequence) == 10**9
        first = next(iter(sequence))
        few = next(iter(DarkSequence(self.sensor, [10 * u.s], rng=1)))
        np.testing.assert_array_equal(first.data, few.data)

    @pytest.mark.parametrize("exposures", [
        [(10**10, 10 * u.s)], [(10**9, 10 * u.s), 10 * u.s], itertools.repeat(10 * u.s), [(10**400, 1 * u.s)],
    ])  # fmt: skip
    def test_without_end(self, exposures):
        with pytest.raises(ValueError, match=r"^exposures must be of 1e\+09 frames at most, in 100000 items at most"):
            DarkSequence(self.sensor, exposures)


@pytest.mark.parametrize("shape", [(10**9, 10**9), (2**16, 2**17)])
def test_sensor_of_an_absurd_size(shape):
    with pytest.raises(ValueError, match=r"^shape must be of 1073741824 pixels at most, got"):
        Sensor(shape=shape)
