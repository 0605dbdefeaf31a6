"""Numbers that no camera has: refused by name, so that no result is infinite, or nothing, without a word."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import (
    DarkSequence,
    Sensor,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    repeatability,
    simulate_dark,
)
from ccdproc_darks._interface.arguments import checked_clip, checked_count, checked_number, checked_quantity
from ccdproc_darks.cli import main
from ccdproc_darks.planning import frames_needed, rate_uncertainty, smallest_rate
from ccdproc_darks.simulation import CosmicRays

from ..helpers import ELECTRON_PER_SECOND, dark, rate_image
from ..report.conftest import write_frames

SHAPE = (6, 10)


def darks(values=None, **keys):
    rng = np.random.default_rng(3)
    return [dark(rng.normal(10, 3, SHAPE) if values is None else np.full(SHAPE, values), **keys) for _ in range(5)]


GAIN = u.electron / u.adu


@pytest.mark.parametrize("function", [dark_rate, dark_scatter, repeatability])
@pytest.mark.parametrize(("argument", "value"), [
    ("exposure", 1e-300 * u.s), ("exposure", 1e300 * u.s), ("exposure", 1e16 * u.s), ("gain", 1e300 * GAIN),
    ("gain", 1e-300 * GAIN), ("read_noise", 1e300 * u.electron), ("bias", 1e300 * u.adu),
    ("saturation", 1e300 * u.adu),
])  # fmt: skip
def test_beyond_all_cameras(function, argument, value):
    with pytest.raises(ValueError, match=rf"^{argument} must be (up to 1e\+15|1e-15) .*, got 1e[-+]\d+ "):
        function(darks(), **{argument: value})


@pytest.mark.parametrize(("key", "argument", "value"), [
    ("EXPTIME", "exposure", 1e300), ("EXPTIME", "exposure", 1e-300), ("EGAIN", "gain", 1e300),
    ("RDNOISE", "read_noise", 1e16),
])  # fmt: skip
def test_header_is_named(key, argument, value):
    frames = darks()
    frames[3].meta[key] = value
    with pytest.raises(ValueError, match=rf"^{argument} \({key} in the header of darks\[3\]\) must be (up to )?1e"):
        dark_rate(frames)


@pytest.mark.parametrize("value", [1e300, -1e300])
def test_result_that_overflows(value):
    with pytest.raises(ValueError, match=r"^the result overflows float32, \d+ of its numbers are infinite: pixel val"):
        dark_rate(darks(value))
    assert np.isfinite(dark_rate(darks(abs(value)), dtype="float64").data).all()


@pytest.mark.parametrize("function", [dark_rate, dark_scatter, repeatability, master_bias])
@pytest.mark.parametrize("clip", [1e-3, 0.5, 1, 1.99])
def test_clip_that_rejects_good_samples(function, clip):
    with pytest.raises(ValueError, match=rf"^clip must be 2 or more, or None to keep all samples, got {clip}: a lower"):
        function(darks(), clip=clip)
    function(darks(), clip=2)


@pytest.mark.parametrize("number", [10**10, 1e300, 10**400])
def test_number_of_combined_frames(number):
    with pytest.raises(ValueError, match=r"^n_combined must be (up to 1e\+09|from 1e-15 to|finite and above 0)"):
        dark_rate(darks(), n_combined=number)
    if number < 1e308:
        with pytest.raises(ValueError, match=r"^darks\[0\]: NCOMBINE must be up to 1e\+09, got"):
            dark_rate(darks(NCOMBINE=float(number)))


@pytest.mark.parametrize(("argument", "value"), [
    ("threshold", 1e300 * ELECTRON_PER_SECOND), ("threshold", 1e-300 * ELECTRON_PER_SECOND),
    ("limit", 1e300 * ELECTRON_PER_SECOND), ("background", 1e300 * ELECTRON_PER_SECOND), ("tolerance", 1e-300),
    ("false_positives", 1e-300), ("fdr", 1e-300), ("mem_limit", 1e300), ("mem_limit", 10**400),
])  # fmt: skip
def test_options_of_a_mask(argument, value):
    with pytest.raises(ValueError, match=rf"^{argument} must be "):
        hot_pixel_mask(*[rate_image(np.ones(SHAPE), seconds) for seconds in (10.0, 100.0)], **{argument: value})


def test_plans():
    plan = {"exposure": 90 * u.s, "read_noise": 10 * u.electron}
    with pytest.raises(ValueError, match=r"^frames must be from 1e-15 to 1e\+15, got"):
        rate_uncertainty(1 * ELECTRON_PER_SECOND, frames=10**16, **plan)
    with pytest.raises(ValueError, match=r"^signal_to_noise must be from 1e-15 to 1e\+15, got 1e\+300"):
        smallest_rate(frames=3, signal_to_noise=1e300, **plan)
    assert frames_needed([] * ELECTRON_PER_SECOND, **plan).shape == (0,)


@pytest.mark.parametrize(("argument", "value"), [
    ("rate", 1e300 * ELECTRON_PER_SECOND), ("gain", 1e300 * GAIN), ("read_noise", 1e300 * u.electron),
    ("bias", 1e300 * u.adu), ("column_pattern", 1e300 * u.adu), ("dsnu", 1e300 * ELECTRON_PER_SECOND),
    ("full_well", 1e300 * u.electron), ("pixel_size", 1e300 * u.um),
])  # fmt: skip
def test_sensors(argument, value):
    with pytest.raises(ValueError, match=rf"^{argument} must be up to 1e\+15 "):
        Sensor(shape=SHAPE, **{argument: value})


@pytest.mark.parametrize("options", [{"readout": 1e300 * u.s}, {"exposures": [1e300 * u.s]}])
def test_sequences(options):
    with pytest.raises(ValueError, match=r"^(readout|exposures) must be up to 1e\+15 s, got"):
        DarkSequence(Sensor(shape=SHAPE), **{"exposures": [1 * u.s], **options})


def test_the_ends_are_allowed():
    for value in (1e-15, 1e15):
        assert checked_quantity("t", value * u.s, u.s) == checked_number("n", value) == value
    assert checked_quantity("t", -1e15 * u.s, u.s, negative=True) == -1e15
    assert checked_quantity("t", 1e-300 * u.s, u.s, zero=True) == 1e-300
    assert checked_count("n", 10**15) == 10**15
    assert (checked_clip(2), checked_clip(None)) == (2.0, None)
    with pytest.raises(TypeError, match=r"^n must be a plain number, got array"):
        checked_number("n", np.ones(1))


def test_more_cosmic_rays_than_fit_into_memory():
    sensor = Sensor(shape=SHAPE, pixel_size=9 * u.um, cosmic_rays=CosmicRays(rate=1e14 / (u.cm**2 * u.s)))
    with pytest.raises(ValueError, match=r"^CosmicRays rate must leave up to 1e\+07 rays in a frame, got 1"):
        simulate_dark(sensor, exposure=1 * u.s)


@pytest.mark.parametrize("start", [{}, [1, 2], 5, np.nan, "yesterday"])
def test_start_of_a_sequence(start):
    with pytest.raises(ValueError, match=r"^start must be a date such as"):
        DarkSequence(Sensor(shape=SHAPE), [1 * u.s], start=start)


@pytest.mark.parametrize("options", [["--gain", "1e300"], ["--gain", "1e-300"], ["--saturation", "1e300"]])
def test_command(options, tmp_path, capsys):
    """Nothing can be measured, and no report says that the rate is infinite."""
    folder = tmp_path / "night"
    folder.mkdir()
    write_frames(folder, [(0, 4), (30, 4), (300, 4)])
    assert main(["report", str(folder), "-o", str(tmp_path / "out"), *options]) != 0
    printed = capsys.readouterr()
    assert f"{options[0][2:]} must be " in printed.err + printed.out
    assert "inf" not in printed.out
