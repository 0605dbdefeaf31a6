"""Gain and read noise that frames show against what is told: simulated cameras of which one thing is wrong."""

import re

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import DarkSequence, Sensor, sensor_preset
from ccdproc_darks.frames.evidence.finding import Told
from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.evidence.photon_transfer import photon_transfer, transfer_findings
from ccdproc_darks.frames.inputs import as_frames
from ccdproc_darks.frames.reading import checked_reading
from ccdproc_darks.simulation import HotPixels

PER_SECOND = u.electron / u.s


def sequence(plan, *, gain=1.5, read_noise=8.0, bias=1000, rate=0.05, shape=(200, 200), seed=0, hot=0.01):
    """Frames of a plan of pairs (number, seconds), in memory."""
    sensor = Sensor(
        shape=shape, rate=rate * PER_SECOND, gain=gain * u.electron / u.adu, read_noise=read_noise * u.electron,
        bias=bias * u.adu, seed=5,
        defects=[HotPixels(fraction=hot, above=0.2 * PER_SECOND, maximum=60 * PER_SECOND)],
    )  # fmt: skip
    return list(DarkSequence(sensor, [(number, seconds * u.s) for number, seconds in plan], rng=seed))


def group_of(darks, biases=(), *, level=None, is_argument=False, combined=(), **told):
    frames = as_frames(darks)
    keys = {"gain": "EGAIN", "read_noise": "RDNOISE"}
    told = {name: Told(value, "argument" if is_argument else keys[name]) for name, value in told.items()}
    return FrameGroup(
        frames, [frame.header["EXPTIME"] for frame in frames], as_frames(list(biases)) if biases else [],
        level=level, told=told, combined=list(combined),
    )  # fmt: skip


def changed(frames, change):
    for frame in frames:
        frame.data = change(frame.data.astype(float)).astype(np.uint16)
    return frames


def verdicts(findings):
    return [(finding.check, finding.verdict) for finding in findings]


@pytest.mark.parametrize(("gain", "read_noise"), [(1.5, 8.0), (0.4, 3.0)])
def test_right_headers(gain, read_noise):
    darks = sequence([(5, 60), (10, 600)], gain=gain, read_noise=read_noise)
    for level in (1000.0, None):
        found = transfer_findings(group_of(darks, level=level, gain=gain, read_noise=read_noise))
        assert verdicts(found) == [("gain", "ok"), ("read noise", "ok")]
        assert found[0].found.value == pytest.approx(gain, rel=0.2)
        assert found[1].found.value == pytest.approx(read_noise, rel=0.03)
        assert "as told" in found[0].sentence


@pytest.mark.parametrize(("gain", "shift"), [(0.8, 16), (1.2, 4)])
def test_digits_shifted_and_gain_of_an_adc_step(gain, shift):
    darks = changed(sequence([(10, 600)], gain=gain, bias=60), lambda values: values * shift)
    gain_found, noise = transfer_findings(group_of(darks, level=60.0 * shift, gain=gain, read_noise=8.0))
    assert gain_found.verdict == "wrong"
    assert gain_found.found.value == pytest.approx(gain / shift, rel=0.15)
    assert gain_found.told == gain * u.electron / u.adu
    assert f"shifted is {shift} times too high" in gain_found.sentence
    assert "EGAIN is" in gain_found.sentence
    assert "Pass gain=0" in gain_found.sentence
    # In electrons of the gain that was found, the read noise is right.
    assert noise.verdict == "ok"


@pytest.mark.parametrize(("told", "truth"), [(80.0, 8.0), (2.0, 8.0), (1.0, 3.0), (12.0, 3.0)])
def test_read_noise_refuted(told, truth):
    darks = sequence([(5, 600)], read_noise=truth, rate=0.005)
    biases = sequence([(5, 0)], read_noise=truth, seed=3)
    for more in ({"level": 1000.0}, {"biases": biases}):
        _, noise = transfer_findings(group_of(darks, gain=1.5, read_noise=told, **more))
        assert noise.verdict == "wrong"
        assert noise.found.value == pytest.approx(truth, rel=0.06)
        assert f"RDNOISE is {told:g} electron, but {'bias' if 'biases' in more else 'equal'} frames" in noise.sentence


@pytest.mark.parametrize(("told", "verdict"), [(8.0, "ok"), (None, "ok"), (80.0, "wrong"), (2.0, "wrong")])
def test_bias_frames_tell_the_read_noise_where_each_dark_is_alone_of_its_time(told, verdict):
    frames = sequence([(6, 0), (1, 60), (1, 600)])
    settings = {"gain": 1.5} | ({} if told is None else {"read_noise": told})
    gain, noise = transfer_findings(group_of(frames[6:], frames[:6], **settings))
    assert (gain.verdict, noise.verdict) == ("unknown", verdict)
    assert noise.found.value == pytest.approx(8, rel=0.03)
    assert "bias frames show" in noise.sentence


def test_read_noise_above_all_scatter_is_refuted_without_a_level():
    darks = sequence([(5, 600)])
    assert transfer_findings(group_of(darks, gain=1.5, read_noise=80.0))[1].verdict == "wrong"
    assert transfer_findings(group_of(darks, gain=1.5, read_noise=2.0))[1].verdict == "ok"


def test_arguments_are_named_so():
    found = transfer_findings(group_of(sequence([(10, 600)]), level=1000.0, is_argument=True, gain=9.0, read_noise=8.0))
    assert found[0].sentence.startswith("the gain is given as 9 electron/adu, but the variance")
    assert "correct the header" not in found[0].sentence


@pytest.mark.parametrize(("numbers", "factor"), [((5, 5), 4.0), ((3, 4), 8.0), ((4, 1), 2.0), ((1, 1), 4.0)])
def test_frames_of_two_gains(numbers, factor):
    darks = sequence([(numbers[0], 600)]) + sequence([(numbers[1], 600)], gain=1.5 / factor, seed=9)
    gain, noise = transfer_findings(group_of(darks, level=1000.0, gain=1.5, read_noise=8.0))
    assert verdicts([gain, noise]) == [("gain", "wrong"), ("read noise", "unknown")]
    assert f"in darks[{numbers[0]}]" in gain.sentence
    assert "two gains. Measure each kind alone" in gain.sentence


def test_exposure_times_of_two_gains():
    darks = sequence([(5, 600)]) + sequence([(5, 300)], gain=0.3, seed=9)
    (gain, _) = transfer_findings(group_of(darks, level=1000.0, gain=1.5, read_noise=8.0))
    assert gain.verdict == "wrong"
    assert "the frames of 300 s have a gain" in gain.sentence


def test_brighter_frames_of_equal_noise_may_be_warmer():
    darks = sequence([(5, 600)], rate=0.01) + [
        dark for dark in sequence([(5, 1200)], rate=0.01, seed=9) if not dark.meta.set("EXPTIME", 600.0)
    ]
    gain, _ = transfer_findings(group_of(darks, level=1000.0, gain=1.5, read_noise=8.0))
    assert gain.verdict == "doubtful"
    assert "two gains, temperatures or exposure times" in gain.sentence


@pytest.mark.parametrize("numbers", [(5, 5), (1, 1), (10, 1)])
@pytest.mark.parametrize("is_told", [True, False])
def test_warmer_frames_are_noisier_by_their_dark_current(numbers, is_told):
    """As frames of 0 and 10 deg C of an STL-1001 are: they do not have two gains."""
    colder, warmer = sequence([(numbers[0], 300)], rate=2), sequence([(numbers[1], 900)], rate=2, seed=9)
    for dark in warmer:
        dark.meta["EXPTIME"] = 300.0
    if is_told:
        for dark in colder + warmer:
            dark.meta["CCD-TEMP"] = 0.2
        for dark in warmer:
            dark.meta["CCD-TEMP"] = 9.8
    gain, noise = transfer_findings(group_of(colder + warmer, level=1000.0, gain=1.5, read_noise=8.0))
    assert verdicts([gain, noise]) == [("gain", "doubtful"), ("read noise", "unknown")]
    assert ("were taken at 9.8 deg C, and the others at 0.2 deg C" in gain.sentence) == is_told
    assert "Measure each kind alone" in gain.sentence


def test_averages_of_an_unknown_number_refute_nothing():
    frames = sequence([(32, 600)], rate=0.005)
    darks = []
    for first in range(0, 32, 4):
        mean = frames[first].copy()
        mean.data = np.mean([frame.data for frame in frames[first : first + 4]], axis=0)
        darks.append(mean)
    found = transfer_findings(group_of(darks, level=1000.0, gain=1.5, read_noise=8.0))
    assert verdicts(found) == [("gain", "unknown"), ("read noise", "unknown")]
    # A little fewer, as the scatter has some dark electrons in it.
    assert 3.5 < float(re.search(r"averages of about (\S+) times", found[1].sentence)[1]) < 4.2
    known = transfer_findings(group_of(darks, level=1000.0, gain=1.5, read_noise=8.0, combined=[4] * 8))
    assert verdicts(known) == [("gain", "ok"), ("read noise", "ok")]


def test_what_frames_cannot_tell():
    single = transfer_findings(group_of(sequence([(1, 600), (1, 60)]), gain=1.5, read_noise=8.0))
    assert verdicts(single) == [("gain", "unknown"), ("read noise", "unknown")]
    assert "two frames or more of one exposure time" in single[0].sentence
    dark = transfer_findings(group_of(sequence([(5, 1)], hot=0), level=1000.0, gain=1.5, read_noise=8.0))
    assert verdicts(dark) == [("gain", "unknown"), ("read noise", "ok")]
    assert "too few pixels with enough dark electrons" in dark[0].sentence


def test_masked_pixels_take_no_part():
    darks = sequence([(6, 600)])
    for index, frame in enumerate(darks):
        frame.mask = np.zeros(frame.shape, bool)
        frame.mask[:100] = True
        frame.data[:100] = 1000 + 500 * index
    assert photon_transfer(group_of(darks, level=1000.0)).gain == pytest.approx(1.5, rel=0.25)


@pytest.mark.parametrize("preset", ["aspen-cg16m", "cryogenic-ccd", "low-noise-cmos"])
@pytest.mark.parametrize(("number", "seconds"), [(2, 300), (5, 60), (12, 900)])
def test_no_false_alarm(preset, number, seconds):
    sensor = sensor_preset(preset, shape=(250, 300), seed=number, bias_drift=1 * u.adu)
    darks = list(DarkSequence(sensor, [(number, seconds * u.s), (number, 3 * seconds * u.s)], rng=seconds))
    noise = np.hypot(sensor.read_noise.value, sensor.gain.value / np.sqrt(12))
    for level in (None, sensor.bias.value):
        found = transfer_findings(group_of(darks, level=level, gain=sensor.gain.value, read_noise=noise))
        assert not any(finding.is_doubt for finding in found), found


def without_a_bias_of_fractions(darks):
    for frame in darks:
        frame.data = (frame.data - (1000 + np.arange(200) / 7)).astype("float32")
    return darks


def without_overscan(darks):
    """Frames whose overscan is taken off row by row."""
    for frame in darks:
        frame.data[:, :20] = 1000 + np.random.default_rng(0).integers(0, 9, (200, 20))
    return as_frames(darks, reading=checked_reading(overscan="[1:20, :]", trim="[21:200, :]"))


@pytest.mark.parametrize("subtracted", [without_a_bias_of_fractions, without_overscan])
@pytest.mark.parametrize(("told", "wrong"), [({"gain": 0.4}, 0), ({"gain": 6.0}, 0), ({"read_noise": 80.0}, 1)])
def test_subtraction_of_fractions_makes_no_averages(subtracted, told, wrong):
    darks = subtracted(sequence([(8, 600)], seed=4))
    found = transfer_findings(group_of(darks, level=0.0, **{"gain": 1.5, "read_noise": 8.0} | told))
    assert found[wrong].verdict == "wrong", found


def test_averages_that_are_rounded_may_be_meant():
    frames = sequence([(32, 600)], rate=0.005)
    darks = []
    for first in range(0, 32, 4):
        mean = frames[first].copy()
        mean.data = np.rint(np.mean([frame.data for frame in frames[first : first + 4]], axis=0)).astype(np.uint16)
        darks.append(mean)
    gain, _ = transfer_findings(group_of(darks, level=1000.0, gain=1.5, read_noise=8.0))
    assert gain.verdict == "wrong"
    number = float(re.search(r"; or n_combined, if the frames are averages of about (\S+) times", gain.sentence)[1])
    assert number == pytest.approx(4, rel=0.25)
