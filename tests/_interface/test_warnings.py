"""Classes of warnings: each is raised where it should be, and blamed on the line that called the package."""

import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.utils.exceptions import AstropyUserWarning

import ccdproc_darks
from ccdproc_darks import (
    BiasWarning,
    ClippingWarning,
    DarkWarning,
    DuplicateFrameWarning,
    FrameLevelWarning,
    HeaderWarning,
    LightWarning,
    MissingInformationWarning,
    NoiseWarning,
    NoUsablePixelWarning,
    TemperatureWarning,
    as_dark_rate,
    changed_pixels,
    compare_dark_rates,
    dark_rate,
    dark_rate_change,
    dark_scatter,
    dark_summary,
    hot_pixel_mask,
    master_bias,
    master_dark,
    measure_gain,
    nonlinear_kind,
    proportionality_limit,
    read_noise_map,
    repeatability,
)
from ccdproc_darks._interface.warnings import collected, warn
from ccdproc_darks.cli import main
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder

from ..helpers import dark
from ..report.conftest import write_frames

SHAPE = (30, 40)
CLASSES = {
    BiasWarning, ClippingWarning, DuplicateFrameWarning, FrameLevelWarning, HeaderWarning, LightWarning,
    MissingInformationWarning, NoUsablePixelWarning, NoiseWarning, TemperatureWarning,
}  # fmt: skip
FOLDERS = []


def darks(number=5, seconds=100.0, *, noise=5.0, level=1.0, odd=0.0, read_noise=10.0, **keys):
    """Frames of normal noise about a level, of which the last sits ``odd`` higher."""
    images = np.random.default_rng(int(seconds)).normal(level, noise, (number, *SHAPE))
    images[-1] += odd
    return [dark(image, seconds, read_noise=read_noise, **keys) for image in images]


def warm_darks(copies=0, **keys):
    """Frames in adu of which a part of the pixels has dark electrons; the first ones are given twice."""
    rng, electrons = np.random.default_rng(3), np.zeros(SHAPE)
    electrons[:5] = np.linspace(100, 2000, 5 * SHAPE[1]).reshape(5, -1)
    images = [rng.poisson(electrons) / 2 + rng.normal(0, 5, SHAPE) for _ in range(5)]
    return [dark(image.round(), **keys) for image in [*images, *images[:copies]]]


def raw_darks():
    return [dark(image) for image in np.ones((4, *SHAPE), "u2")]


def floored(frames):
    """Negative values are put to zero."""
    for frame in frames:
        frame.data = np.maximum(frame.data, 0)
    return frames


def clipped_darks(number=4, **keys):
    """Pixels that read 4095 again and again."""
    frames = darks(number, **keys)
    for frame in frames:
        frame.data[3, ::4] = 4095
    return frames


def shifted_darks():
    """12 bits in steps of 16."""
    return [dark(np.rint(frame.data + 100).astype("u2") * 16, read_noise=100.0) for frame in darks(1, noise=20.0)]


def given_twice():
    frames = darks(6)
    return [*frames, frames[0]]


def combined_darks():
    return darks(combined=True)


def uncertain_darks():
    """Their uncertainties are too small."""
    deviation = StdDevUncertainty(np.full(SHAPE, 1.0))
    return [dark(frame.data, read_noise=None, uncertainty=deviation) for frame in darks()]


def impossible_darks(number=4):
    return darks(number, EXPTIME=1e5)


def two_detectors():
    """The path of a file of two images; it is removed at the end of the tests."""
    folder = tempfile.TemporaryDirectory()
    FOLDERS.append(folder)
    header = fits.Header({"EXPTIME": 0.0, "EGAIN": 2.0, "RDNOISE": 5.0})
    images = [fits.ImageHDU(image.data, header) for image in darks(2)]
    path = Path(folder.name, "two.fits")
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    return path


def starry_darks(number=4):
    """A star in every third row."""
    frames = darks(number)
    for frame in frames:
        for row in range(0, SHAPE[0], 3):
            column = 8 + row % 24
            frame.data[row, column - 1 : column + 2] += (2000, 5000, 2000)
    return frames


def bias_of(seconds, **keys):
    return dark(np.random.default_rng(9).normal(0, 5, SHAPE), seconds, **keys)


def darks_of_two_temperatures():
    return darks(4, **{"CCD-TEMP": -20.0}) + darks(5, **{"CCD-TEMP": 0.0})[4:]


def rates_of_two_temperatures():
    return [dark_rate(darks(seconds=time, **{"CCD-TEMP": degrees})) for time, degrees in ((10.0, -20.0), (100.0, 0.0))]


def rates_of_optical_black():
    """It is added to one of them."""
    longest = dark_rate(darks(), optical_black=0.1 * u.electron / u.s)
    return [dark_rate(darks(seconds=10.0)), longest]


def noisy_rates():
    """The read noise that they tell is too low."""
    return [dark_rate(darks(seconds=time, noise=15.0), check_headers=False) for time in (10.0, 100.0)]


def empty_darks(value=np.nan):
    return [dark(np.full(SHAPE, value)) for _ in range(5)]


def with_another(rates):
    """Rates of two exposure times, and one of a third."""
    return [*rates, dark_rate(darks(seconds=1000.0))]


def empty_rates():
    """Two of which each pixel is masked in one."""
    rates = [dark_rate(darks(seconds=time)) for time in (10.0, 100.0)]
    rates[0].mask[:15], rates[1].mask[15:] = True, True
    return rates


def rate_by_hand(*, noise=0.05, **options):
    """Of darks of 100 s, made a result."""
    values = np.random.default_rng(4).normal(1.0, noise, SHAPE)
    return as_dark_rate(CCDData(values, unit="electron/s"), exposure=100 * u.s, **options)


# What is called; the class of the warning, and how it begins.
CASES = [
    (dark_rate, lambda: dark_rate(raw_darks()), BiasWarning, "no bias given"),
    (dark_rate, lambda: dark_rate(darks(level=900.0, read_noise=None)), BiasWarning, "equal frames have"),
    (dark_rate, lambda: dark_rate(darks(level=-900.0)), BiasWarning, "the median rate is -18"),
    (dark_rate, lambda: dark_rate(floored(darks(read_noise=None))), ClippingWarning,
     "41 % of the pixels of 100 s darks read 0 adu"),
    (dark_rate, lambda: dark_rate(clipped_darks(), saturation=5000 * u.adu), ClippingWarning,
     "values are cut off at 4095 adu: 10 pixels read it, and none reads more. saturation is 5000 adu"),
    (dark_rate, lambda: dark_rate(clipped_darks(SATURATE=5000.0)), HeaderWarning,
     "values are cut off at 4095 adu: 10 pixels read it, and none reads more. SATURATE is 5000 adu"),
    (dark_rate, lambda: dark_rate(shifted_darks()), HeaderWarning, "the frames have 12 bits in steps of 16"),
    (dark_rate, lambda: dark_rate(given_twice()), DuplicateFrameWarning, "frames given more than once"),
    (dark_rate, lambda: dark_rate(darks(odd=30.0)), FrameLevelWarning, "darks[4] sits +"),
    (dark_rate, lambda: dark_rate(darks(1, read_noise=None)), MissingInformationWarning, "no read noise"),
    (dark_rate, lambda: dark_rate(impossible_darks()), HeaderWarning, "EXPTIME is 100000 in the header"),
    (dark_rate, lambda: dark_rate(darks(), bias=bias_of(5.0)), HeaderWarning, "bias takes 5 % of the dark current"),
    (dark_rate, lambda: dark_rate(starry_darks()), LightWarning, "light seems to have fallen on frames of 100 s"),
    (dark_rate, lambda: dark_rate(combined_darks()), MissingInformationWarning, "darks[0] is combined"),
    (dark_rate, lambda: dark_rate(darks(1), bias=CCDData(np.ones(SHAPE), unit="adu", meta={"combined": True})),
     MissingInformationWarning, "bias[0] is combined"),
    (dark_rate, lambda: dark_rate(darks(1, read_noise=None), bias=CCDData(np.ones(SHAPE), unit="adu")),
     MissingInformationWarning, "the error of the bias is unknown"),
    (dark_rate, lambda: dark_rate(uncertain_darks()), NoiseWarning, "equal frames scatter by"),
    (dark_rate, lambda: dark_rate(darks(), read_noise=3 * u.electron), NoiseWarning, "the read noise is given as 3"),
    (dark_rate, lambda: dark_rate(darks(read_noise=7.5)), HeaderWarning, "the read noise by RDNOISE is 7.5 electron"),
    (measure_gain, lambda: measure_gain(warm_darks(CALSTAT="B"), bias=1 * u.adu), BiasWarning, "the header of"),
    (measure_gain, lambda: measure_gain(warm_darks(copies=1)), DuplicateFrameWarning, "frames given more than once"),
    (measure_gain, lambda: measure_gain(warm_darks(), bias=darks(3)), HeaderWarning, "EXPTIME is 100 in the header of"),
    (measure_gain, lambda: measure_gain(warm_darks(combined=True)), MissingInformationWarning, "darks[0] is combined"),
    (dark_rate, lambda: dark_rate(darks_of_two_temperatures()), TemperatureWarning, "the darks were taken at"),
    (dark_rate, lambda: dark_rate(darks(**{"CCD-TEMP": -20.0}), bias=bias_of(0.0, **{"CCD-TEMP": 0.0})),
     TemperatureWarning, "the bias was taken at 0.0 deg C"),
    (dark_rate, lambda: dark_rate(two_detectors(), bias=0 * u.adu, exposure=9 * u.s),
     MissingInformationWarning, ""),
    (as_dark_rate, lambda: rate_by_hand(noise=0.2, read_noise=5 * u.electron), MissingInformationWarning,
     "the number of frames of ccd is unknown"),
    (as_dark_rate, lambda: rate_by_hand(frames=1, read_noise=50 * u.electron), NoiseWarning, "typical pixels differ"),
    (as_dark_rate, lambda: rate_by_hand(noise=np.inf, frames=1), NoUsablePixelWarning, "all pixels of the result are"),
    (master_bias, lambda: master_bias(two_detectors()), MissingInformationWarning, ""),
    (master_bias, lambda: master_bias(darks()), HeaderWarning, "EXPTIME is 100"),
    (master_bias, lambda: master_bias(starry_darks()), LightWarning, "light seems to have fallen on bias frames"),
    (master_bias, lambda: master_bias(floored(darks(EXPTIME=0.0))), ClippingWarning,
     "41 % of the pixels of bias frames read 0 adu"),
    (master_bias, lambda: master_bias(darks(EXPTIME=0.0), read_noise=3 * u.electron), NoiseWarning,
     "the read noise is given as 3 electron, but bias frames show"),
    (master_bias, lambda: master_bias(darks(EXPTIME=0.0, read_noise=7.5)), HeaderWarning,
     "the read noise by RDNOISE is 7.5 electron, but bias frames show"),
    (master_bias, lambda: master_bias(given_twice()), DuplicateFrameWarning, "frames given more than once"),
    (dark_rate, lambda: dark_rate(empty_darks()), NoUsablePixelWarning,
     "all pixels of the result are masked, as no pixel has a sample that can be used: of 6000 samples, 6000 are not f"),
    (dark_rate, lambda: dark_rate(darks(level=500.0), saturation=100 * u.adu), NoUsablePixelWarning,
     "all pixels of the result are masked, as no pixel has a sample that can be used: of 6000 samples, 6000 are at the "
     "saturation level, 100 with the bias, or above"),
    (master_bias, lambda: master_bias(empty_darks()), NoUsablePixelWarning, "all pixels of the result are masked"),
    (dark_scatter, lambda: dark_scatter(empty_darks()), NoUsablePixelWarning,
     "all pixels of the result are masked, as no pixel has 4 samples that can be used: of 6000 samples, 6000 are"),
    (repeatability, lambda: repeatability(empty_darks()), NoUsablePixelWarning, "all pixels of the result are masked"),
    (compare_dark_rates, lambda: compare_dark_rates(*empty_rates()), NoUsablePixelWarning,
     "no pixel can be compared, all are masked: 600 of 1200 pixels of the rate of 10 s can be used, 600 of 1200 pix"),
    (hot_pixel_mask, lambda: hot_pixel_mask(*empty_rates()), NoUsablePixelWarning,
     "all pixels are masked: 0 are NONLINEAR, 0 are TELEGRAPH, 0 are SATURATED, 0 are HOT; 600 of 1200 pixels of"),
    (master_bias, lambda: master_bias(darks(odd=30.0)), FrameLevelWarning, "biases[4] sits +"),
    (read_noise_map, lambda: read_noise_map(darks()), MissingInformationWarning, "5 frames tell the read noise"),
    (read_noise_map, lambda: read_noise_map(darks()), HeaderWarning, "EXPTIME is 100"),
    (read_noise_map, lambda: read_noise_map(starry_darks()), LightWarning, "light seems to have fallen on bias frames"),
    (read_noise_map, lambda: read_noise_map(floored(darks(EXPTIME=0.0))), ClippingWarning, "41 % of the pixels"),
    (read_noise_map, lambda: read_noise_map(given_twice()), DuplicateFrameWarning, "frames given more than once"),
    (read_noise_map, lambda: read_noise_map(empty_darks()), NoUsablePixelWarning, "all pixels of the result"),
    (read_noise_map, lambda: read_noise_map(darks(odd=30.0)), FrameLevelWarning, "biases[4] sits +"),
    (read_noise_map, lambda: read_noise_map(darks(CALSTAT="B"), bias=1 * u.adu), BiasWarning, "the header of"),
    (read_noise_map, lambda: read_noise_map(uncertain_darks(), bias=1 * u.adu), NoiseWarning, "equal frames scatter"),
    (read_noise_map, lambda: read_noise_map(darks_of_two_temperatures(), bias=1 * u.adu), TemperatureWarning,
     "the darks were taken at"),
    (dark_scatter, lambda: dark_scatter(raw_darks()), BiasWarning, "no bias given"),
    (dark_scatter, lambda: dark_scatter(floored(darks())), ClippingWarning, "41 % of the pixels"),
    (dark_scatter, lambda: dark_scatter(given_twice()), DuplicateFrameWarning, "frames given more than once"),
    (dark_scatter, lambda: dark_scatter(darks(odd=30.0)), FrameLevelWarning, "darks[4] sits +"),
    (dark_scatter, lambda: dark_scatter(impossible_darks()), HeaderWarning, "EXPTIME is 100000 in the header"),
    (dark_scatter, lambda: dark_scatter(starry_darks()), LightWarning, "light seems to have fallen on"),
    (dark_scatter, lambda: dark_scatter(combined_darks()), MissingInformationWarning, "darks[0] is combined"),
    (dark_scatter, lambda: dark_scatter(uncertain_darks()), NoiseWarning, "equal frames scatter by"),
    (dark_scatter, lambda: dark_scatter(darks_of_two_temperatures()), TemperatureWarning, "the darks were taken at"),
    (repeatability, lambda: repeatability(given_twice()), DuplicateFrameWarning, "frames given more than once"),
    # By dark_rate, which it calls; frames are those of a half.
    (repeatability, lambda: repeatability(floored(darks())), ClippingWarning, "42 % of the pixels"),
    (repeatability, lambda: repeatability(raw_darks()), BiasWarning, "no bias given"),
    (repeatability, lambda: repeatability(darks(6, odd=30.0)), FrameLevelWarning, "darks[5] sits +"),
    (repeatability, lambda: repeatability(impossible_darks()), HeaderWarning, "EXPTIME is 100000 in the header"),
    (repeatability, lambda: repeatability(starry_darks()), LightWarning, "light seems to have fallen on"),
    (repeatability, lambda: repeatability(combined_darks()), MissingInformationWarning, "darks[0] is combined"),
    (repeatability, lambda: repeatability(uncertain_darks()), NoiseWarning, "equal frames scatter by"),
    (repeatability, lambda: repeatability(darks_of_two_temperatures()), TemperatureWarning, "the darks were taken at"),
    # By the comparison.
    (repeatability, lambda: repeatability(darks(noise=15.0), check_headers=False), NoiseWarning,
     "the rates of good pixels differ"),
    (compare_dark_rates, lambda: compare_dark_rates(*noisy_rates()), NoiseWarning, "the rates of good pixels differ"),
    (compare_dark_rates, lambda: compare_dark_rates(*rates_of_optical_black()), BiasWarning,
     "rates[1] has the 0.1 electron/s of the optical black that the camera subtracts (DKBLACK in its meta), and "
     "rates[0] has not: typical pixels differ by that. Pass optical_black=0.1 * u.electron / u.s"),
    (hot_pixel_mask, lambda: hot_pixel_mask(*rates_of_optical_black()), BiasWarning, "rates[1] has the 0.1"),
    (proportionality_limit, lambda: proportionality_limit(*rates_of_optical_black()), BiasWarning, "rates[1] has"),
    (compare_dark_rates, lambda: compare_dark_rates(*rates_of_two_temperatures()), TemperatureWarning,
     "the rates were measured at"),
    (hot_pixel_mask, lambda: hot_pixel_mask(*noisy_rates()), NoiseWarning, "the rates of good pixels differ"),
    (hot_pixel_mask, lambda: hot_pixel_mask(*rates_of_two_temperatures()), TemperatureWarning,
     "the rates were measured at"),
    (proportionality_limit, lambda: proportionality_limit(*rates_of_two_temperatures()), TemperatureWarning,
     "the rates were measured at"),
    (nonlinear_kind, lambda: nonlinear_kind(*with_another(noisy_rates())), NoiseWarning,
     "the rates of good pixels differ"),
    (nonlinear_kind, lambda: nonlinear_kind(*with_another(rates_of_optical_black())), BiasWarning, "rates[1] has"),
    (nonlinear_kind, lambda: nonlinear_kind(*with_another(rates_of_two_temperatures())), TemperatureWarning,
     "the rates were measured at"),
    (nonlinear_kind, lambda: nonlinear_kind(*with_another(empty_rates())), NoUsablePixelWarning,
     "all pixels are masked"),
    (dark_summary, lambda: dark_summary(*noisy_rates()), NoiseWarning, "the rates of good pixels differ"),
    (dark_summary, lambda: dark_summary(*rates_of_optical_black()), BiasWarning, "rates[1] has"),
    (dark_summary, lambda: dark_summary(*rates_of_two_temperatures()), TemperatureWarning,
     "the rates were measured at"),
    (dark_summary, lambda: dark_summary(*with_another(empty_rates())), NoUsablePixelWarning, "all pixels are masked"),
    (master_dark, lambda: master_dark(*noisy_rates(), exposure=50 * u.s), NoiseWarning, "the rates of good pixels"),
    (master_dark, lambda: master_dark(*rates_of_optical_black(), exposure=50 * u.s), BiasWarning, "rates[1] has the"),
    (master_dark, lambda: master_dark(dark_rate(darks(seconds=100.0)), exposure=600 * u.s), MissingInformationWarning,
     "exposure is 600 s, 6 times the longest one of the rates, 100 s: which pixels bend or are full beyond it cannot"),
    (master_dark, lambda: master_dark(*empty_rates(), exposure=50 * u.s), NoUsablePixelWarning,
     "no pixel has a dark at 50 s, all are masked: 600 of 1200 pixels of the rate of 10 s can be used"),
    *((function, lambda function=function, given=given: function(*given(), scale=None), category, text)
      for function in (dark_rate_change, changed_pixels)
      for given, category, text in (
          (rates_of_optical_black, BiasWarning, "after has the 0.1 electron/s of the optical black"),
          (empty_rates, NoUsablePixelWarning, "no pixel can be compared, all are masked"),
          (noisy_rates, NoiseWarning, "the rates of good pixels differ"),
          (rates_of_two_temperatures, TemperatureWarning, "the rates were measured at"),
      )),
]  # fmt: skip


@pytest.mark.parametrize(("call", "category", "text"), [case[1:] for case in CASES])
def test_class_and_caller(call, category, text):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    found = [warning for warning in caught if str(warning.message).startswith(text)]
    assert {warning.category for warning in found} == {category}
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("function", [
    getattr(ccdproc_darks, name) for name in ccdproc_darks.__all__ if name.islower() and name != "simulate_dark"
])  # fmt: skip
def test_docstrings_name_the_classes(function):
    """All that the function gives, and no others."""
    _, _, section = function.__doc__.partition("    Warns\n    -----\n")
    named = set(re.findall(r"\w+Warning", section.partition("\n\n")[0]))
    assert named == {category.__name__ for called, _, category, _ in CASES if called is function}


def test_classes():
    assert {category for _, _, category, _ in CASES} == CLASSES
    assert issubclass(DarkWarning, AstropyUserWarning)
    for category in CLASSES:
        assert category.__base__ is DarkWarning
        assert getattr(ccdproc_darks, category.__name__) is category


def test_one_class_can_be_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", FrameLevelWarning)
        with pytest.raises(FrameLevelWarning, match=r"^darks\[4\] sits"):
            dark_rate(darks(odd=30.0))


def test_the_caller_is_the_first_outside_the_package():
    """However deep inside it was called; a package whose name begins alike is another one."""
    inside = Path(ccdproc_darks.__file__).parent
    code = "def inner():\n    warn('here', NoiseWarning)\n\ndef outer():\n    return (lambda: [inner() for _ in '1'])()"
    for path, line in ((inside / "rates" / "bias.py", None), (Path(f"{inside}_more") / "bias.py", 2)):
        names = {"warn": warn, "NoiseWarning": NoiseWarning}
        exec(compile(code, path, "exec"), names)
        with pytest.warns(NoiseWarning, match="^here$") as caught:
            names["outer"]()
        assert caught[0].filename == (__file__ if line is None else os.fspath(path))
        assert line in (None, caught[0].lineno)


@pytest.mark.parametrize("report", [
    lambda folder: measure_folder(folder, Options()),
    lambda folder: main(["report", str(folder), "-o", str(folder.parent / "out")]),
])  # fmt: skip
def test_report(report, tmp_path):
    """It says itself what it can, in its notes, and the rest is blamed on its caller."""
    folder = tmp_path / "night"
    folder.mkdir()
    paths = write_frames(folder, [(0, 4), (30, 4)], temperature=-21.5 * u.deg_C)
    paths += write_frames(folder, [(300, 4)], temperature=-18.5 * u.deg_C, seed=1)
    paths += write_frames(folder, [(300, 1)], temperature=-18.5 * u.deg_C, seed=2, bias=530, prefix="drifted_")
    for path in paths:
        fits.setval(path, "SET-TEMP", value=-20.0)
    with pytest.warns(TemperatureWarning, match="^the rates were measured at") as caught:
        report(folder)
    # Old versions of matplotlib warn of themselves.
    ours = [warning for warning in caught if not issubclass(warning.category, DeprecationWarning)]
    assert {warning.filename for warning in ours} == {__file__}
    assert {warning.category for warning in ours} == {TemperatureWarning}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_that_is_forked_while_a_thread_has_warnings_filtered():
    """It has its own lock, and not the filters of that thread."""
    code = """
import os, threading, time, warnings
from ccdproc_darks._interface.warnings import DarkWarning, filtered, warn

warnings.simplefilter("error", DarkWarning)
held, before = threading.Event(), list(warnings.filters)

def hold():
    with filtered("ignore"):
        held.set()
        time.sleep(0.5)

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    try:
        with filtered("ignore"):
            pass
        warn("told", DarkWarning)
    except DarkWarning:
        os._exit(0 if warnings.filters == before else 8)
    os._exit(9)
thread.join()
print(os.waitpid(child, 0)[1])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "0\n", done.stderr


def test_warnings_can_be_collected_in_place_of_being_shown():
    with collected() as found:
        warn("one", BiasWarning)
        with collected() as inner:
            warn("two", HeaderWarning)
        warn("three", BiasWarning)
    assert found == [("one", BiasWarning), ("three", BiasWarning)]
    assert inner == [("two", HeaderWarning)]
    with pytest.warns(BiasWarning, match="four"):
        warn("four", BiasWarning)
    assert len(found) == 2
