"""Sensors, simulated frames and sequences of them."""

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DarkSequence, Sensor
from ccdproc_darks.simulation import CosmicRays
from ccdproc_darks.temperature import DoublingDarkCurrent

from .given import ADU, GAIN, PER_SECOND, SHAPE, E, S
from .trial import little_memory
from .wanted import Error, Right, Row

__all__ = ["GROUPS"]


def sensor(name, tried, wanted, /, **options):
    """Row for parameters of a Sensor."""
    return Row(name, tried, "Sensor", lambda t: t(**{"shape": SHAPE, **options}), wanted)


def simulated(name, tried, wanted, /, **options):
    """Row for arguments of simulate_dark."""
    return Row(name, tried, "simulate_dark", lambda t: t(**{"shape": SHAPE, "exposure": 10 * S, **options}), wanted)


def sequence(name, tried, wanted, exposures=((2, 10 * S),), /, **options):
    """Row for arguments of a DarkSequence."""
    return Row(name, tried, "DarkSequence", lambda t: t(Sensor(shape=SHAPE), exposures, **options), wanted)


def masked_image(unit):
    mask = np.zeros(SHAPE, bool)
    mask[0, 0] = True
    return CCDData(np.ones(SHAPE), unit=unit, mask=mask)


SENSORS = [
    sensor("sensor-no-shape", "no shape, and no image", Error("TypeError", "shape"), shape=None),
    sensor("sensor-shape-zero", "a shape of (0, 5)", Error("ValueError", "shape", "(0, 5)"), shape=(0, 5)),
    sensor("sensor-shape-half", "a shape of (2.5, 5)", Error("ValueError", "shape", "(2.5, 5)"), shape=(2.5, 5)),
    sensor("sensor-shape-three", "a shape of three sides", Error("ValueError", "shape", "(2, 3, 4)"), shape=(2, 3, 4)),
    sensor("sensor-shape-number", "a shape that is one number", Error("TypeError", "shape", "5"), shape=5),
    sensor("sensor-rate-bare", "a rate without a unit", Error("TypeError", "rate", "0.1"), rate=0.1),
    sensor("sensor-rate-unit", "a rate in adu", Error("UnitsError", "rate", "adu"), rate=1 * ADU),
    sensor("sensor-rate-negative", "a rate below zero", Error("ValueError", "rate", "-1"), rate=-1 * PER_SECOND),
    sensor("sensor-rate-huge", "a rate of 1e300 electron/s", Error("ValueError", "rate", "1e+15"),
           rate=1e300 * PER_SECOND),
    sensor("sensor-rate-masked", "an image of rates with a masked pixel", Error("ValueError", "rate", "masked"),
           rate=masked_image("electron / s")),
    sensor("sensor-rate-nan", "an image of rates that are NaN", Error("ValueError", "rate", "finite", "nan"),
           rate=np.full(SHAPE, np.nan) * PER_SECOND),
    sensor("sensor-images-differ", "images of rates and bias of two shapes", Error("ValueError", "shape", "(2, 3)"),
           bias=np.ones((2, 3)) * ADU),
    sensor("sensor-gain-zero", "a gain of zero", Error("ValueError", "gain", "0"), gain=0 * GAIN),
    sensor("sensor-gain-huge", "a gain of 1e300 electron/adu",
           Error("ValueError", "gain", "1e+300"), gain=1e300 * GAIN),
    sensor("sensor-noise-negative", "a read noise below zero", Error("ValueError", "read_noise", "-5"),
           read_noise=-5 * E),
    sensor("sensor-noise-huge", "a read noise of 1e300 electron", Error("ValueError", "read_noise", "1e+300"),
           read_noise=1e300 * E),
    sensor("sensor-spread", "a spread of the read noise of 50", Error("ValueError", "read_noise_spread", "50"),
           read_noise_spread=50),
    sensor("sensor-row-noise", "a row noise without a unit", Error("TypeError", "row_noise", "2"), row_noise=2),
    sensor("sensor-column-noise", "a column noise below zero", Error("ValueError", "column_noise", "-2"),
           column_noise=-2 * E),
    sensor("sensor-dsnu", "a scatter of rates, where the rate is zero", Error("ValueError", "dsnu"),
           rate=0 * PER_SECOND, dsnu=1 * PER_SECOND),
    sensor("sensor-full-well", "a full well below the bias", Error("ValueError", "saturation", "bias"),
           bias=1000 * ADU, saturation=500 * ADU),
    sensor("sensor-linearity", "a linearity limit above the full well",
           Error("ValueError", "linearity_limit", "full well", "2000"), full_well=1000 * E, linearity_limit=2000 * E),
    sensor("sensor-cosmics", "cosmic rays without a size of pixels", Error("TypeError", "pixel_size"),
           cosmic_rays=CosmicRays()),
    sensor("sensor-model", "a model of temperature without a temperature", Error("TypeError", "temperature"),
           temperature_model=DoublingDarkCurrent()),
    sensor("sensor-temperature-bare", "a temperature without a unit", Error("TypeError", "temperature", "-20"),
           temperature=-20),
    sensor("sensor-temperature-impossible", "a temperature of -300 deg C, below absolute zero",
           Error("ValueError", "temperature", "-300"), temperature=-300 * u.deg_C),
    sensor("sensor-seed-negative", "a seed below zero", Error("ValueError", "seed", "-1"), seed=-1),
    sensor("sensor-seed-text", "a seed that is a text", Error("TypeError", "seed", "'one'"), seed="one"),
    sensor("sensor-defects", "defects that are no defects", Error("TypeError", "defects"), defects=["hot"]),
    sensor("sensor-glow", "a glow that is a number", Error("TypeError", "glow", "AmplifierGlow", "5"), glow=5),
    sensor("sensor-name", "a name with a line break", Error("ValueError", "name"), name="my\ncamera"),
    Row("hot-pixels-fraction", "a fraction of hot pixels of 1.5", "simulation.HotPixels",
        lambda t: t(fraction=1.5, above=1 * PER_SECOND, maximum=2 * PER_SECOND),
        Error("ValueError", "fraction", "1.5")),
    Row("hot-pixels-order", "hot pixels whose highest rate is below the lowest", "simulation.HotPixels",
        lambda t: t(fraction=0.1, above=5 * PER_SECOND, maximum=2 * PER_SECOND), Error("ValueError", "maximum", "2")),
    Row("telegraph-dwell", "telegraph pixels that stay in a state for zero seconds", "simulation.TelegraphPixels",
        lambda t: t(fraction=0.1, amplitude=1 * PER_SECOND, dwell_low=0 * S, dwell_high=1 * S),
        Error("ValueError", "dwell_low", "0")),
    Row("noisy-pixels-order", "noisy pixels whose highest read noise is below the lowest", "simulation.NoisyPixels",
        lambda t: t(fraction=0.1, above=9 * E, maximum=3 * E), Error("ValueError", "maximum", "3", "9")),
    Row("telegraph-noise-amplitude", "telegraph read noise whose amplitude has no unit",
        "simulation.TelegraphReadNoise", lambda t: t(fraction=0.1, amplitude=5), Error("TypeError", "amplitude", "5")),
    Row("telegraph-noise-occupancy", "telegraph read noise with an occupancy of 1.5", "simulation.TelegraphReadNoise",
        lambda t: t(fraction=0.1, amplitude=5 * E, occupancy=1.5), Error("ValueError", "occupancy", "1.5")),
    Row("telegraph-noise-sampling", "correlated double sampling that is neither True nor False",
        "simulation.TelegraphReadNoise",
        lambda t: t(fraction=0.1, amplitude=5 * E, correlated_double_sampling="no"),
        Error("TypeError", "correlated_double_sampling", "'no'")),
    Row("glow-corner", "a glow in the corner 'top'", "simulation.AmplifierGlow",
        lambda t: t(rate=1 * PER_SECOND, scale=0.1, corner="top"), Error("ValueError", "corner", "top", "upper left")),
    Row("preset-unknown", "a preset of an unknown camera", "sensor_preset", lambda t: t("kodak"),
        Error("ValueError", "kodak", "low-noise-cmos")),
    Row("preset-number", "a number in place of the name of a preset", "sensor_preset", lambda t: t(5),
        Error("ValueError", "5", "low-noise-cmos")),
    Row("preset-parameter", "a parameter that a sensor does not have", "sensor_preset",
        lambda t: t("low-noise-cmos", gian=2 * GAIN), Error("TypeError", "gian")),
    Row("preset-gain", "a gain without a unit", "sensor_preset", lambda t: t("low-noise-cmos", shape=SHAPE, gain=2),
        Error("TypeError", "gain", "2")),
]  # fmt: skip

FRAMES = [
    simulated("frame-exposure-bare", "an exposure without a unit", Error("TypeError", "exposure", "10"), exposure=10),
    simulated("frame-exposure-negative", "an exposure below zero", Error("ValueError", "exposure", "-10"),
              exposure=-10 * S),
    simulated("frame-exposure-huge", "an exposure of 1e300 s", Error("ValueError", "exposure", "1e+300"),
              exposure=1e300 * S),
    simulated("frame-dtype", "dtype='int8'", Error("ValueError", "dtype", "int8"), dtype="int8"),
    simulated("frame-rng", "rng='seed'", Error("TypeError", "rng", "seed"), rng="seed"),
    simulated("frame-rng-negative", "rng=-1", Error("ValueError", "rng", "-1"), rng=-1),
    simulated("frame-hot-fraction", "a fraction of hot pixels of 2", Error("ValueError", "hot_fraction", "2"),
              hot_fraction=2),
    simulated("frame-hot-rate", "a rate of hot pixels without a unit", Error("TypeError", "hot_rate", "5"),
              hot_fraction=0.1, hot_rate=5),
    simulated("frame-saturation", "a saturation below the bias", Error("ValueError", "saturation", "bias"),
              bias=1000 * ADU, saturation=500 * ADU),
    simulated("frame-bias-too-high", "a bias above the top of the ADC", Error("ValueError", "bias", "70000"),
              bias=70000 * ADU),
    simulated("frame-executor", "executor=4", Error("TypeError", "executor"), executor=4),
    Row("frame-sensor-name", "the name of a camera in place of a sensor", "simulate_dark",
        lambda t: t("low-noise-cmos", exposure=10 * S), Error("TypeError", "sensor", "sensor_preset")),
    Row("frame-sensor-and-gain", "a sensor, and a gain beside it", "simulate_dark",
        lambda t: t(Sensor(shape=SHAPE), exposure=10 * S, gain=2 * GAIN), Error("TypeError", "gain", "sensor")),
    Row("frame-temperature", "another temperature, without a model of it", "simulate_dark",
        lambda t: t(Sensor(shape=SHAPE, temperature=250 * u.K), exposure=10 * S, temperature=260 * u.K),
        Error("ValueError", "temperature", "temperature_model", "260")),
    sequence("sequence-of-numbers", "exposure times without a unit", Error("TypeError", "exposures", "10"), [10, 20]),
    sequence("sequence-one-number", "a number in place of exposure times", Error("TypeError", "exposures", "10"), 10),
    sequence("sequence-zero-frames", "zero frames of 10 s", Error("ValueError", "exposures", "0"), [(0, 10 * S)]),
    sequence("sequence-half-a-frame", "2.5 frames of 10 s", Error("ValueError", "exposures", "2.5"), [(2.5, 10 * S)]),
    sequence("sequence-unit", "an exposure time in m", Error("UnitsError", "exposures", "m"), [(2, 10 * u.m)]),
    sequence("sequence-start", "a start that is no date", Error("ValueError", "start", "tomorrow"), start="tomorrow"),
    sequence("sequence-readout", "a readout below zero", Error("ValueError", "readout", "-1"), readout=-1 * S),
    Row("sequence-sensor", "a tuple in place of a sensor", "DarkSequence", lambda t: t((10, 10), [10 * S]),
        Error("TypeError", "sensor", "(10, 10)")),
    Row("sequence-endless", "1 000 000 000 darks of 10 s", "DarkSequence", lambda t: first_of_many(t),
        Right("The first frame comes at once: a sequence holds no frame in memory.",
              lambda found: found[0] == 10**9 and found[1].meta["EXPTIME"] == 10)),
    Row("write-into-full-folder", "a folder that holds files", "DarkSequence.write", lambda t: into_full(t),
        Error("FileExistsError", "full")),
    Row("write-into-file", "a file in place of a folder", "DarkSequence.write", lambda t: into_file(t),
        Error("OSError", "file.txt")),
    Row("true-rate-exposure", "the true rate over an exposure of zero", "Sensor.true_rate",
        lambda t: t(Sensor(shape=SHAPE), exposure=0 * S), Error("ValueError", "exposure", "0")),
    Row("true-noise-dtype", "the true read noise of frames of int8", "Sensor.true_read_noise",
        lambda t: t(Sensor(shape=SHAPE), dtype="int8"), Error("ValueError", "dtype", "int8")),
    Row("true-flags-threshold", "the true flags above a rate without a unit", "Sensor.true_flags",
        lambda t: t(Sensor(shape=SHAPE), threshold=1), Error("TypeError", "threshold", "1")),
]  # fmt: skip


def first_of_many(trial):
    """Length of a sequence, and its first frame; within a gigabyte."""
    with little_memory():
        frames = trial(Sensor(shape=SHAPE), [(10**9, 10 * S)])
        return len(frames), next(iter(frames))


def into_full(trial):
    full = trial.folder / "full"
    full.mkdir()
    (full / "note.txt").write_text("mine")
    return trial(DarkSequence(Sensor(shape=SHAPE), [(2, 10 * S)]), full)


def into_file(trial):
    path = trial.folder / "file.txt"
    path.write_text("mine")
    return trial(DarkSequence(Sensor(shape=SHAPE), [(2, 10 * S)]), path)


GROUPS = {"Simulated sensors": SENSORS, "Simulated frames": FRAMES}
