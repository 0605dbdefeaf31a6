"""
What type checkers make of the public functions: mypy reads this file, nothing runs it.

Each line that ends in ``type: ignore`` has a mistake that must be found: mypy reports where it no longer is.
Where an argument may be CCDData or a Quantity, no mistake is found, as astropy tells no types.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import (
    DARK_FLAGS,
    DarkSequence,
    MeasuredGain,
    ProportionalityLimit,
    Sensor,
    as_dark_rate,
    changed_pixels,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    doubling_temperature,
    hot_pixel_mask,
    master_bias,
    measure_gain,
    planning,
    proportionality_limit,
    read_defects,
    repeatability,
    sensor_preset,
    simulate_dark,
    write_defects,
)
from ccdproc_darks.plotting import plot_frames, plot_pixel_counts, plot_temperature
from ccdproc_darks.simulation import HotPixels
from ccdproc_darks.temperature import ThermalDarkCurrent, band_gap

if TYPE_CHECKING:
    paths = sorted(Path("darks").glob("*.fits"))
    biases: list[CCDData] = [simulate_dark((9, 9), exposure=0 * u.s, rng=seed) for seed in range(3)]
    with ThreadPoolExecutor(2) as pool:
        bias: CCDData = master_bias(biases, clip=None, dtype=np.float64, executor=pool)
        rate: CCDData = dark_rate(
            paths, bias=bias, gain="GAIN", mem_limit=2**28, executor=pool, add_keyword={"RATE": 1}
        )
    slope: CCDData = dark_rate(
        "dark.fits", exposure=90 * u.s, offset="pixel", clip=4, dtype="float64", check_headers=False
    )
    by_hand: CCDData = as_dark_rate(slope, exposure=90 * u.s, frames=10, bias="bias.fits", method="median")
    ratio: CCDData = compare_dark_rates(rate, slope, statistic="ratio", offset=None, null="empirical", add_keyword=None)
    camera: MeasuredGain = measure_gain(biases, bias=biases, saturation="SATURATE")
    gain: u.Quantity = camera.gain
    print(gain, camera.read_noise, camera.pixels + camera.frames)
    scatter: CCDData = dark_scatter(biases, read_noise=10 * u.electron, check_headers=False)
    trimmed: CCDData = dark_rate(paths, bias=bias, unit="electron", overscan="[1:32, :]", trim="TRIMSEC")
    halves: CCDData = repeatability(paths, false_positives=2, bias=bias, check_headers=True)
    found: ProportionalityLimit = proportionality_limit(rate, slope, tolerance=0.05, check_headers=False)
    hot: CCDData = hot_pixel_mask(rate, slope, background="local", scatter=[scatter], limit=found, fdr=0.01)
    all_hot: CCDData = hot_pixel_mask(rate, slope, mask=["HOT", "NONLINEAR"], add_keyword=None)
    bit: int = DARK_FLAGS.HOT
    write_defects(hot, Path("bad.lst"), flags=["HOT", "NONLINEAR"], overwrite=True)
    bad: np.ndarray = read_defects("bad.fits", format="region", shape=(9, 9))

    sensor: Sensor = sensor_preset("low-noise-cmos", shape=(9, 9))
    rows, columns = Sensor(shape=(9, 9), defects=[HotPixels(fraction=0.1, above=1 * u.Hz, maximum=2 * u.Hz)]).shape
    frames: list[CCDData] = list(DarkSequence(sensor, [(3, 90 * u.s), 1000 * u.s], rng=1))
    names: list[Path] = DarkSequence(sensor, [90, 1000] * u.s).write("night")
    truth: tuple[CCDData, CCDData] = sensor.true_rate(exposure=90 * u.s), sensor.true_flags()

    noise = planning.rate_uncertainty(rate, exposure=90 * u.s, frames=10, read_noise=10 * u.electron) * band_gap(
        300 * u.K
    )
    doubling: tuple[u.Quantity, u.Quantity] = doubling_temperature(rate, slope)
    plot_temperature(rate, slope, model=ThermalDarkCurrent(), pixels=[(1, 2)])
    plot_pixel_counts(changed_pixels(rate, slope), rate, slope, mask=hot).set_title("two pixels")
    plot_frames(paths, bias=bias, expected=doubling[0] / u.K * u.adu)
    count: int | np.ndarray = planning.frames_needed(rate, exposure=90 * u.s, read_noise=noise, precision=0.2)

    dark_rate(paths, offset="common")  # type: ignore[arg-type]
    master_bias(biases, check_headers="no")  # type: ignore[arg-type]
    as_dark_rate(slope)  # type: ignore[call-arg]
    as_dark_rate(slope, exposure=90 * u.s, method="mean")  # type: ignore[arg-type]
    dark_rate(paths, executor=2)  # type: ignore[arg-type]
    compare_dark_rates(rate, slope, statistic="sigma")  # type: ignore[arg-type]
    hot_pixel_mask(rate, thresholds=1 * u.Hz)  # type: ignore[call-arg]
    simulate_dark("aspen-cg16m", exposure=90 * u.s)  # type: ignore[arg-type]
    write_defects(hot, "bad.fits", format="fits")  # type: ignore[arg-type]
    sensor_preset("aspen")  # type: ignore[arg-type]
    plot_frames(paths, [(1, 2)], bias)  # type: ignore[call-arg]
    plot_pixel_counts([(1, 2)], rate, flags=hot)  # type: ignore[call-arg]
    planning.frames_needed(rate, 90 * u.s, read_noise=noise)  # type: ignore[call-arg]
