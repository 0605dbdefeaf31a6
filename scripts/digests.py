"""Digests of all that the package gives, to prove that a change of its insides changes nothing that a user sees.

Write them before and after the change, and compare::

    python scripts/digests.py --data FOLDER --output before.txt
    python scripts/digests.py --data FOLDER --output after.txt
    python scripts/digests.py --compare before.txt after.txt

FOLDER holds the real frames. A line of the output is a name, two spaces and a sha256; ``--texts FILE`` also writes the
texts (headers, warnings, printed output...) that were digested, to see what differs. Only public names are used. What
may differ from run to run is replaced: the package's version, the folders read and written, a scheduler's address.
"""

import argparse
import base64
import dataclasses
import hashlib
import inspect
import io
import json
import os
import re
import shlex
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import ccdproc
import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.modeling import Model, fitting
from astropy.nddata import CCDData, InverseVariance, NDUncertainty, StdDevUncertainty, VarianceUncertainty
from astropy.table import QTable
from astropy.wcs import WCS
from distributed import LocalCluster
from matplotlib.image import imread

import ccdproc_darks as cd
from ccdproc_darks import planning, simulation, temperature
from ccdproc_darks.cli import main as command

ADU, E, RATE, GAIN, S = u.adu, u.electron, u.electron / u.s, u.electron / u.adu, u.s
SHAPE, LEVEL = (90, 120), {"bias": 1000 * ADU}
CAMERA = {"shape": SHAPE, "gain": 1.5 * GAIN, "read_noise": 10 * E, "bias": 1000 * ADU, "hot_fraction": 0.02}
MASKS = {
    "default": {}, "fdr": {"fdr": 0.1, "null": "empirical"}, "local background": {"background": "local"},
    "threshold": {"threshold": 3 * RATE, "tolerance": 0.3}, "limit": {"limit": 5 * RATE, "add_keyword": None},
    "20 false positives": {"false_positives": 20, "offset": None}, "background": {"background": 0.1 * RATE},
    "threshold over background": {"background": CCDData(np.full(SHAPE, 0.1), unit=RATE), "threshold": 3 * RATE},
    "local background and fdr": {"background": "local", "fdr": 0.05},
}  # fmt: skip
# What errors may be told apart by: a class of one's own counts as those of these that it is.
ERRORS = (TypeError, ValueError, OSError, u.UnitsError, AttributeError, ImportError)


def of_fields(value, *names):
    """The kind of an object, and some of its attributes."""
    return {"kind": type(value).__name__, **{name: getattr(value, name) for name in names}}


def of_array(array):
    """Type, shape and values of an array."""
    values = repr(array.tolist()).encode() if array.dtype.hasobject else np.asarray(array).tobytes()
    return f"{array.dtype.str} {array.shape} ".encode() + values


def of_header(header):
    """All cards of a header, one a line; what astropy has for no value has no text of its own."""
    cards = (
        (key, None if isinstance(value, fits.card.Undefined) else value, text) for key, value, text in header.cards
    )
    return "\n".join(map(str, cards))


def of_path(path):
    """What a file says, or all files of a folder; of a FITS file headers and values, of a picture its pixels."""
    if path.is_dir():
        return {str(file.relative_to(path)): file for file in sorted(path.rglob("*")) if file.is_file()}
    if path.suffix == ".ecsv":
        return QTable.read(path)
    if path.suffix == ".json":  # the names in it; its sizes and checksums change with the version that is written
        return [file["path"] for file in json.loads(path.read_text(encoding="utf-8"))["files"]]
    if path.suffix == ".html":
        coded, text = 'data:image/png;base64,([^"]*)', path.read_text(encoding="utf-8")
        pictures = [imread(io.BytesIO(base64.b64decode(picture))) for picture in re.findall(coded, text)]
        return {"text": re.sub(coded, "PICTURE", text), "pictures": pictures}
    with fits.open(path) as hdus:
        headers = [hdu.header.copy() for hdu in hdus]  # reading data changes them
        return [of_fields(hdu, "data") | {"header": header} for hdu, header in zip(hdus, headers, strict=True)]


# What values are made of: text, bytes, or a dict or list of other values.
MADE_OF = (
    (np.ma.MaskedArray, lambda array: {"data": array.data, "mask": np.ma.getmaskarray(array)}),
    (u.Quantity, lambda quantity: {"unit": str(quantity.unit), "value": np.asarray(quantity.value)}),
    (np.ndarray, of_array),
    (CCDData, lambda image: of_fields(image, "unit", "data", "mask", "flags", "psf", "wcs", "uncertainty", "meta")),
    (NDUncertainty, lambda uncertainty: of_fields(uncertainty, "unit", "array")),
    (fits.Header, of_header),
    (QTable, lambda table: {"columns": table.colnames, "meta": repr(dict(table.meta)), **dict(table.items())}),
    (WCS, lambda wcs: wcs.to_header_string(relax=True)),
    (Model, lambda model: of_fields(model, *model.param_names)),
    (Path, of_path),
    (object, repr),
)


def parts(value, name):
    """Yield (name, text or bytes) of all that a value is made of."""
    if dataclasses.is_dataclass(value):
        value = {"text": str(value)} | of_fields(value, *(field.name for field in dataclasses.fields(value)))
    while not isinstance(value, str | bytes | dict | list | tuple):
        value = next(made for kind, made in MADE_OF if isinstance(value, kind))(value)
    if isinstance(value, str | bytes):
        yield name, value
    elif isinstance(value, dict) or not all(isinstance(one, str) for one in value):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from parts(one, f"{name}, {key}")
    else:
        yield name, "\n".join(value)


class Digests:
    """Digests by name, of what was called; and the folders and workers of the calls."""

    def __init__(self, data, scratch, **workers):
        self.data, self.scratch, self.workers = data, scratch, workers
        self.found, self.texts, self.raised = {}, {}, []
        self.replaced = {str(scratch): "SCRATCH", str(data): "DATA"}
        for text in ("ccdproc_darks %s", "ccdproc-darks %s", "('DKVERS', '%s'"):
            self.replaced[text % cd.__version__] = text % "VERSION"

    def plain(self, text):
        """A text without what may differ from run to run."""
        for old, new in self.replaced.items():
            text = text.replace(old, new)
        return text

    def add(self, name, value):
        """Digest a value."""
        for full, content in parts(value, name):
            if full in self.found:
                raise KeyError(f"two items of one name: {full}")
            if isinstance(content, str):
                self.texts[full] = self.plain(content)
                content = self.texts[full].encode()
            self.found[full] = hashlib.sha256(content).hexdigest()

    def call(self, name, function, /, *arguments, **options):
        """Call a function, digest its result (or its error) and its warnings, and return the result."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            here = __file__, inspect.currentframe().f_lineno + 2
            try:
                result = value = function(*arguments, **options)
            except Exception as error:
                result, kinds = None, [kind.__name__ for kind in ERRORS if isinstance(error, kind)]
                value = {"error": str(error), "kind of error": kinds}
                self.raised.append(f"{name}: {type(error).__name__}: {error}")
        if caught:
            self.add(f"{name}, warnings", [str(warning.message) for warning in caught])
            self.add(f"{name}, warned here", [str((warning.filename, warning.lineno) == here) for warning in caught])
        self.add(name, value)
        return result

    def wrong(self, function, *arguments, **options):
        """Call a function with wrong values of each of its options in turn."""
        takes = enumerate(inspect.signature(function).parameters.values())
        free = [one.name for n, one in takes if one.kind == one.KEYWORD_ONLY or (one.kind == 1 and n >= len(arguments))]
        for option, value in product(free, (-3, "nonsense", -1 * u.m)):
            name = f"{function.__name__}({option}={value})"
            self.call(name, function, *arguments, **(options | {option: value}))

    def command(self, line):
        """Run the command; digest its exit code, what it prints, and the files that it leaves in the last folder."""

        def run():
            words = shlex.split(line)
            with redirect_stdout(io.StringIO()) as printed, redirect_stderr(io.StringIO()) as errors:
                try:
                    code = command(words)
                except SystemExit as stopped:
                    code = stopped.code
            files = {"files": Path(words[-1])} if code == 0 and words[-1].startswith("/") else {}
            return {"exit code": code, "printed": printed.getvalue(), "errors": errors.getvalue(), **files}

        self.call(f"command {self.plain(line)}", run)

    def written(self, name, frames):
        """Write frames into a new folder; their paths."""
        (self.scratch / name).mkdir()
        paths = [self.scratch / name / f"{number}.fits" for number in range(len(frames))]
        for frame, path in zip(frames, paths, strict=True):
            frame.write(path)
        return paths

    def real(self, *patterns):
        """Paths of real frames, a list for each pattern."""
        return [sorted(self.data.glob(pattern)) for pattern in patterns]


def taken(seconds, number, seed=0, **changes):
    """Frames of a simple camera."""
    return [cd.simulate_dark(exposure=seconds * S, rng=seed + n, **(CAMERA | changes)) for n in range(number)]


def edited(frames, each=None, drop=(), **same):
    """Frames with other data, masks, header keys...; in ``each`` there is one for each of them."""
    result = []
    for number, frame in enumerate(frames):
        keys = same | {key: values[number] for key, values in (each or {}).items()}
        own = {name: keys.pop(name, None) for name in ("mask", "uncertainty", "wcs")}
        data, unit = keys.pop("data", frame.data), keys.pop("unit", frame.unit)
        meta = {key: value for key, value in {**frame.meta, **keys}.items() if key not in drop}
        result.append(CCDData(data, unit=unit, meta=meta, **own))
    return result


def for_function(function, options):
    """Those of some options that a function takes."""
    return {name: value for name, value in options.items() if name in inspect.signature(function).parameters}


def names(d):
    """The public names, and how they are called."""
    for module in (cd, planning, simulation, temperature):
        d.add(f"names of {module.__name__}", sorted(module.__all__))
        for name in sorted(set(module.__all__) - {"DARK_FLAGS", "PRESETS"}):
            if name.endswith("Warning"):
                continue
            takes = inspect.signature(getattr(module, name)).parameters.values()
            options = [f"{one.name}, {one.kind.name}, {one.default}" for one in takes]
            d.add(f"arguments of {module.__name__}.{name}", options)
    d.add("dir(ccdproc_darks)", dir(cd))
    d.add("flags", [f"{name} {getattr(cd.DARK_FLAGS, name)}" for name in dir(cd.DARK_FLAGS) if name.isupper()])


def plans(d):
    """All of ccdproc_darks.planning and ccdproc_darks.temperature."""
    many, times = [0.5, 4, 30] * RATE, [90, 1000] * S
    biases = {}, {"bias_frames": 9999}, {"bias_error": 0.1 * E}, {"bias_frames": 4, "frames": (10, 20)}
    common = {"pixels": 2**20, "departure": 0.2, "precision": 0.3, "signal_to_noise": 4, "power": 0.8, "frames": 9}
    for name in planning.__all__:
        function = getattr(planning, name)
        for bias, noise, rate in product(biases, (0.5, 10), (2 * RATE, many[:, None])):
            options = {**common, "rate": rate, "read_noise": noise * E, **bias}
            options = for_function(function, options | {"exposure": times if rate.ndim else 90 * S, "exposures": times})
            d.call(f"{name} of {rate.size}, read noise {noise}, {[*bias]}", function, **options)
        d.wrong(function, **options)
    degrees, kelvin = np.linspace(-110, 30, 15) * u.deg_C, np.linspace(230, 290, 20)
    d.call("band_gap", temperature.band_gap, degrees)
    d.wrong(temperature.band_gap)
    for name, units in {"DoublingDarkCurrent": (RATE, u.K), "ThermalDarkCurrent": (RATE, RATE)}.items():
        kind = getattr(temperature, name)
        plain, model = kind(0.02, 6, 260), kind(0.02 * units[0], 6 * units[1], 260 * u.K)
        for number, (made, value) in enumerate(((plain, kelvin), (model, degrees), (model, kelvin * u.K))):
            d.call(f"{name} {number}", made, value)
            d.call(f"{name} {number}, fit", fitting.TRFLSQFitter(), made, value, 1.3 * made(value))


def sensors():
    """Sensors of all kinds, by name."""
    common = {"shape": (60, 70), "seed": 3, "gain": 0.7 * GAIN, "read_noise": 4 * E, "bias": 300 * ADU}
    rows = np.linspace(0.01, 2, 60)[:, None] * np.ones(70)
    full = {"full_well": 9000 * E, "linearity_limit": 6000 * ADU, "saturation": 9500 * ADU, "rate": 30 * RATE}
    hot, dwell = {"above": 0.5 * RATE, "maximum": 300 * RATE}, {"dwell_low": 300 * S, "dwell_high": [9, 50] * S}
    defects = [
        simulation.HotPixels(fraction=0.3, **hot), simulation.HotPixels(fraction=0.05, slope=0, **hot),
        simulation.DepletionEdgePixels(charge=[1e3, 2e4] * E, share=(0.4, 0.9), above=5 * RATE, fraction=0.5),
        simulation.OffsetPixels(offset=[5, 100] * E, fraction=0.01),
        simulation.LowFullWellPixels(full_well=900 * E, fraction=0.01),
        simulation.TelegraphPixels(amplitude=[0.5, 9] * RATE, fraction=0.01, **dwell),
    ]  # fmt: skip
    rays = simulation.CosmicRays(rate=900 / (u.cm**2 * u.min), depth=50 * u.um)
    glows = [
        simulation.AmplifierGlow(rate=3 * RATE, scale=20, corner=f"{row} {side}")
        for row, side in product(("lower", "upper"), ("left", "right"))
    ]
    kinds = {
        "defects": {"defects": defects, "dsnu": 4e-3 * RATE, "read_noise_spread": 0.3, "name": "any", "glow": glows[0]},
        "full wells": {**full, "dsnu": 20 * RATE, "bias_drift": 3 * ADU, "glow": glows[1]},
        "clipped": {"rate": 12 * RATE, "full_well": 4000 * E, "glow": glows[2]},
        "images": {"rate": CCDData(rows, unit=RATE), "bias": 200 * (1 + rows) * ADU, "column_pattern": 2 * ADU},
        "rays": {"cosmic_rays": rays, "pixel_size": 9 * u.um, "temperature": -10 * u.deg_C, "glow": glows[3]},
    }  # fmt: skip
    presets = {name: cd.sensor_preset(name, shape=(130, 160), seed=5) for name in simulation.PRESETS}
    return presets | {name: cd.Sensor(**(common | options)) for name, options in kinds.items()}


def simulations(d):
    """All of ccdproc_darks.simulation."""
    plan, taking = [(2, 0 * S), (2, 30 * S), 200 * S], {"rng": 7, "readout": 5 * S, "start": "2024-02-29T23:59:50"}
    for name, sensor in sensors().items():
        warm = {} if sensor.temperature_model is None else {"temperature": 268 * u.K}
        d.add(f"sensor {name}", sensor)
        d.call(f"sensor {name}, true_rate", sensor.true_rate)
        d.call(f"sensor {name}, true_rate of an exposure", sensor.true_rate, exposure=300 * S, **warm)
        d.call(f"sensor {name}, true_flags", sensor.true_flags)
        d.call(f"sensor {name}, true_flags above a rate", sensor.true_flags, threshold=1 * RATE, **warm)
        for dtype, threads in (("uint16", None), ("float32", 1), ("float64", 3)):
            options = {"exposure": 400 * S, "rng": 4, "dtype": dtype, "threads": threads}
            d.call(f"sensor {name}, frame of {dtype}", cd.simulate_dark, sensor, **options, **warm)
        d.call(f"sensor {name}, sequence", list, cd.DarkSequence(sensor, plan, **taking, **warm))
    sequence = cd.DarkSequence(sensor, [9, 30] * S, rng=1, dtype="float32", threads=2)
    d.call("sequence, written", sequence.write, d.scratch / "sequence")
    d.add("sequence, files", d.scratch / "sequence")
    rows = np.linspace(0, 3, SHAPE[0])[:, None] * np.ones(SHAPE[1]) * RATE
    for name, changes in {
        "default": {"bias": None, "gain": None, "read_noise": None, "hot_fraction": 0}, "bias": {"exposure": 0 * S},
        "hot pixels": {"sensor_seed": 8, "hot_rate": [1, 90] * RATE, "temperature": -20 * u.deg_C},
        "saturated": {"hot_rate": 400 * RATE, "saturation": 20000 * ADU, "dtype": "float64"},
        "image": {"rate": rows, "shape": None}, "large": {"shape": (900, 1100), "rng": np.random.default_rng(5)},
    }.items():  # fmt: skip
        d.call(f"simulate_dark, {name}", cd.simulate_dark, **{"exposure": 200 * S, "rng": 2, **CAMERA, **changes})
    d.wrong(cd.simulate_dark, SHAPE, exposure=3 * S)
    d.wrong(cd.DarkSequence, sensor, plan)
    d.wrong(cd.Sensor, shape=SHAPE)
    d.wrong(cd.sensor_preset)


def rates(d):
    """Rates of a simple camera, with all options; from memory and from files."""
    biases, darks = taken(0, 6, 20), taken(60, 4) + taken(600, 5, 10)
    paths, master = d.written("darks", darks), cd.master_bias(biases)
    combined = ccdproc.combine(biases, method="average")
    told, unsure = (edited([combined], uncertainty=one, NCOMBINE=6)[0] for one in (combined.uncertainty, None))
    holes = np.where(np.arange(master.size).reshape(SHAPE) % 97, master.data, np.nan)
    (masked,), (file,) = edited([master], data=holes, mask=master.data > 1012), d.written("master", [master])
    minutes, slope, words = (np.arange(1, 10) // 4 + 1) * u.min, {"offset": "pixel", "bias": None}, ccdproc.Keyword
    options = {
        "level": {}, "no bias": {"bias": None}, "level in electron": {"bias": 1500 * E}, "master": {"bias": master},
        "master file": {"bias": file}, "masked master": {"bias": masked}, "combined master": {"bias": combined},
        "master of six": {"bias": told}, "unsure master": {"bias": unsure}, "clip 3": {"clip": 3}, "slope": slope,
        "slope, master": {"offset": "pixel", "bias": master}, "slope, float64": {**slope, "dtype": "float64"},
        "saturated slope": {"saturation": 1700 * E, **slope}, "float64": {"dtype": "float64", "bias": master},
        "given": {"gain": 2 * GAIN, "read_noise": 14 * E}, "no noise": {"read_noise": 0 * E}, "no clip": {"clip": None},
        "keywords": {"gain": words("EGAIN", GAIN), "read_noise": "RDNOISE", "exposure": "EXPOSURE"},
        "one exposure time": {"exposure": 90 * S}, "exposure times": {"exposure": minutes}, "means": {"n_combined": 3},
        "saturation": {"saturation": 1100 * ADU, "bias": master}, "memory": {"mem_limit": 32 * 2**20},
        "no log": {"add_keyword": False}, "dict log": {"add_keyword": {"MINE": 3}}, "log": {"add_keyword": "MYRATE"},
        "keyword log": {"add_keyword": words("MINE", S, 4)}, "small bias": {"bias": taken(0, 1, shape=(9, 9))[0]},
    }  # fmt: skip
    few = edited(darks[:2], drop=("RDNOISE",))
    for name, changes in options.items():
        changes = LEVEL | changes
        for where, frames in (("memory", darks), ("files", paths), ("unknown noise", few)):
            d.call(f"dark_rate, {name}, {where}", cd.dark_rate, frames, **changes)
        d.call(f"repeatability, {name}", cd.repeatability, darks[4:], **changes)
        d.call(f"dark_scatter, {name}", cd.dark_scatter, paths[:4], **for_function(cd.dark_scatter, changes))
        d.call(f"master_bias, {name}", cd.master_bias, biases, **for_function(cd.master_bias, changes))
    with ccdproc.conf.set_temp("auto_logging", False):
        d.call("dark_rate, no automatic log", cd.dark_rate, darks, **LEVEL)
    collection = ccdproc.ImageFileCollection(d.scratch / "darks")
    rate = d.call("dark_rate, collection", cd.dark_rate, collection, **LEVEL)
    short = d.call("dark_rate, part of a collection", cd.dark_rate, collection.filter(exptime=60), **LEVEL)
    long = d.call("dark_rate, electron a minute", cd.dark_rate, darks[4:], **LEVEL)
    long = CCDData(long.data * 60, unit=E / u.min, mask=long.data > 9, meta=long.meta,
                   uncertainty=VarianceUncertainty(3600 * long.uncertainty.array**2))  # fmt: skip
    unsure = cd.dark_rate(few, **LEVEL)
    d.call("mask of a rate without uncertainty", cd.hot_pixel_mask, unsure, threshold=3 * RATE)
    for function in (cd.dark_rate, cd.dark_scatter, cd.repeatability, cd.master_bias):
        d.wrong(function, darks[:4])
        for number, wrong in enumerate((3, [], darks[0].data, [darks], [darks[0], 3], few + taken(9, 1, shape=(9, 9)))):
            d.call(f"{function.__name__} of wrong frames {number}", function, wrong)
    for function in (cd.compare_dark_rates, cd.hot_pixel_mask, cd.proportionality_limit):
        d.wrong(function, short, long)
        for number, wrong in enumerate(([], [short], [rate, long], [short] * 2, few, [unsure, long], [3, 3], [few])):
            d.call(f"{function.__name__} of wrong rates {number}", function, *wrong)


def inputs(d):
    """Rates of all kinds of frames and files."""
    frames, rng = taken(100, 5), np.random.default_rng(1)
    floats, masks = [frame.data + rng.random(SHAPE) for frame in frames], rng.random((5, *SHAPE)) < 0.03
    holes = [np.where(rng.random(SHAPE) < 0.02, np.nan, data) for data in floats]
    full = [np.where(masks[n // 4], 65535, frame.data).astype("u2") for n, frame in enumerate(frames)]
    noise, sky, quiet = np.full(SHAPE, 10 / 1.5), WCS(naxis=2), ("RDNOISE",)
    sky.wcs.ctype, sky.wcs.crval = ["RA---TAN", "DEC--TAN"], [10, 20]
    odd = {"LONG": "x" * 150, "SMALL": 1e-7 / 3, "a longer key": "5", "DATE-OBS": "2019-09-06T19:45:51.883"}
    kinds = {
        "with NaN": {"data": holes}, "infinite": {"data": np.nan_to_num(holes, nan=np.inf)}, "full": {"data": full},
        "masked": {"mask": masks}, "masked floats": {"data": holes, "mask": masks}, "with a WCS": {"wcs": [sky] * 5},
        "means": {"data": floats, "NCOMBINE": (1, 3, 3, 9, 2)}, "equal means": {"data": floats, "NCOMBINE": [4] * 5},
        "combined": {"data": floats, "COMBINED": [True] * 5}, "in electron": {"data": floats, "unit": [E] * 5},
        "drifted": {"data": [data + 40 * (n == 2) for n, data in enumerate(floats)]}, "of no gain": {"EGAIN": [0] * 5},
        "odd": {key: [value] * 5 for key, value in odd.items()}, "lost": {"mask": np.ones((5, *SHAPE), bool)},
        "warm": {"CCD-TEMP": range(0, 10, 2)}, "of several times": {"EXPTIME": (60, 60, 60, 600, 600.1)},
    }  # fmt: skip
    kinds = {name: edited(frames, each) for name, each in kinds.items()}
    for kind in ("int16", "int32", "uint32", "int64", "uint8", "float32", "float64", ">f4", ">u2", ">i2"):
        small = [(frame.data.clip(900, 1100) - 900).astype(kind) for frame in frames]
        kinds[f"small, {kind}"] = edited(frames, {"data": small})
    for uncertainty in (StdDevUncertainty(noise), VarianceUncertainty(noise**2), InverseVariance(noise**-2.0)):
        name = f"with {type(uncertainty).__name__}"
        kinds[name] = edited(frames, {"data": floats}, drop=quiet, uncertainty=uncertainty)
    kinds["too sure"] = edited(frames, drop=quiet, uncertainty=StdDevUncertainty(noise / 3))
    kinds |= {"of unknown noise": edited(frames, drop=quiet), "few": edited(frames[:2], drop=quiet), "one": frames[:1]}
    kinds |= {f"of {shape}": taken(60, 4, shape=shape) for shape in ((1, 1), (3, 200), (200, 1))}
    kinds |= {"biases": taken(0, 4), "in s": edited(frames, unit=S), "of unknown gain": edited(frames, drop=("EGAIN",))}
    kinds["of unknown times"] = edited(frames, drop=("EXPTIME", "EXPOSURE"))
    for kind, some in kinds.items():
        bias, files = {"bias": 100 * ADU} if kind.startswith("small,") else LEVEL, d.written(f"frames {kind}", some)
        d.call(f"frames {kind}, rate", cd.dark_rate, some, **bias)
        d.call(f"frames {kind}, rate of files", cd.dark_rate, files, **bias)
        d.call(f"frames {kind}, scatter", cd.dark_scatter, some, **bias)
        d.call(f"frames {kind}, halves", cd.repeatability, files, **bias)
        d.call(f"frames {kind}, master_bias", cd.master_bias, some)
    images = {
        "extension": fits.ImageHDU(full[0]),
        "cube": fits.ImageHDU(masks * 1),
        "tiles": fits.CompImageHDU(full[0]),
    }
    for key, value in (("BLANK", 7), ("BSCALE", 0.5)):
        images[key] = fits.ImageHDU(np.arange(90, dtype="i2").reshape(9, 10), fits.Header({key: value}))
    for kind, image in images.items():
        fits.HDUList([fits.PrimaryHDU(header=frames[0].header), image]).writeto(d.scratch / f"{kind}.fits")
    for kind in ("gz", "bz2"):
        frames[0].write(d.scratch / f"packed.fits.{kind}", format="fits")
    for file in [*(f"{kind}.fits" for kind in images), "packed.fits.gz", "packed.fits.bz2", "absent.fits", ""]:
        d.call(f"file {file}", cd.dark_rate, d.scratch / file, bias=0 * ADU)


def compared(d, name, rates, thorough=True, scatter=None, **work):
    """Compare rates in several ways, and flag their pixels."""
    offsets, statistics = ("common", None, "pixel")[: len(rates)], ("significance", "difference", "ratio", "offset")
    for statistic, offset, null in product(statistics[: 4 if thorough else 2], offsets, ("theoretical", "empirical")):
        how = {"statistic": statistic, "offset": offset, "null": null, **work}
        d.call(f"{name}, {statistic}, offset {offset}, {null}", cd.compare_dark_rates, *rates, **how)
    for offset in offsets:
        limit = d.call(f"{name}, limit, offset {offset}", cd.proportionality_limit, *rates, offset=offset)
        d.call(f"{name}, mask, offset {offset}", cd.hot_pixel_mask, *rates, offset=offset, limit=limit, **work)
    for kind in list(MASKS)[: None if thorough else 3]:
        how = {"scatter": scatter, **MASKS[kind], **work}
        d.call(f"{name}, mask, {kind}", cd.hot_pixel_mask, *rates, **how)
        d.call(f"{name}, mask of one, {kind}", cd.hot_pixel_mask, rates[-1], **how)


def camera(d, name, biases, *sets, thorough=False, **options):
    """Measure frames of several exposure times, with a master bias or else a level."""
    measured, scatter, options = [], [], {**LEVEL, **options}
    if biases:
        given = for_function(cd.master_bias, options)
        options["bias"] = d.call(f"{name}, master bias", cd.master_bias, biases, **given)
    for number, frames in enumerate(sets):
        measured.append(d.call(f"{name}, rate {number}", cd.dark_rate, frames, **options))
        if len(frames) > 3:
            found = d.call(f"{name}, scatter {number}", cd.dark_scatter, frames, **options)
            scatter += [] if found is None else [found]
            d.call(f"{name}, halves {number}", cd.repeatability, frames, **options)
    everything = [frame for frames in sets for frame in frames]
    d.call(f"{name}, rate of all", cd.dark_rate, everything, **options)
    d.call(f"{name}, slope of all", cd.dark_rate, everything, **(options | {"offset": "pixel", "bias": None}))
    work = for_function(cd.compare_dark_rates, options)
    for some in (measured, measured[::2])[: len(measured)]:
        compared(d, f"{name}, {len(some)} rates", some, thorough, scatter, **work)
    return measured


def cameras(d):
    """All measurements of several cameras, simulated and real: with a master bias, or a level, or several biases."""
    rng, preset = np.random.default_rng(2), cd.sensor_preset("low-noise-cmos", shape=SHAPE, seed=2)
    counts = {seconds: {"data": rng.poisson(0.02 * seconds, (4, *SHAPE))} for seconds in (1, 9, 90, 500)}
    ccd = [taken(0, 6, 60), taken(60, 5), taken(300, 4, 20), taken(900, 6, 40)]
    measured = camera(d, "ccd", *ccd, thorough=True)
    cmos = [list(cd.DarkSequence(preset, [(6, seconds * S)], rng=seconds)) for seconds in (0, 30, 300, 1000)]
    camera(d, "cmos, float64", *cmos, dtype="float64", thorough=True)
    camera(d, "electrons", *(edited(taken(t, 4), each, unit=E, RDNOISE=1e-3) for t, each in counts.items()))
    camera(d, "level", None, *ccd[1:])
    camera(d, "lost", None, *(edited(some, data=np.full(SHAPE, np.nan)) for some in ccd[1:]))
    own = {"drop": ("RDNOISE",), "uncertainty": StdDevUncertainty(np.full(SHAPE, 7.0))}
    camera(d, "own noise", None, *(edited(some, **own) for some in ccd[1:]))
    for name, executor in d.workers.items():
        paths = [d.written(f"{name} {number}", some) for number, some in enumerate(ccd)]
        camera(d, name, *paths, executor=executor, mem_limit=128 * u.Mibyte)
    measured[0] = d.call("another bias", cd.dark_rate, ccd[1], bias=cd.master_bias(ccd[0][1:]))
    compared(d, "two biases", measured)
    stl = ("bias_series_0c*", "dark_10series*", "dark_series_0c_1m30s*", "dark_series_0c_5m*")
    stl = d.real(*(f"stl1001*/{name}" for name in stl))
    camera(d, "stl", *stl, read_noise=14.5 * E, saturation=60000 * ADU)
    (warm_bias,), warm, every = d.real("stl1001*/bias_1series*", "stl1001*/dark_1series*", "stl1001*/dark_*series_0c*")
    d.call("stl, warm frame", cd.dark_rate, warm, bias=warm_bias, read_noise=14.5 * E)
    d.call("stl, eleven exposure times", cd.dark_rate, every, bias=warm_bias, dtype="float64")
    memory = [CCDData(fits.getdata(path), unit=ADU, meta=fits.getheader(path)) for path in stl[1]]
    d.call("stl, from memory", cd.dark_rate, memory, bias=warm_bias, mem_limit=128 * u.Mibyte)
    camera(d, "arcsat", *d.real("arcsat*/Bias*", "arcsat*/Dark*"), gain=1.5 * GAIN)
    st402 = d.real(*(f"st402*/*-{seconds}.*" for seconds in (240, 360, 1200)))
    d.call("st402, no bias", cd.dark_rate, st402[0])
    camera(d, "st402", None, *st402, read_noise=17 * E)
    for path in d.real("cosmos*/*_001.fits")[0]:
        cube = fits.getdata(path)[:, [*range(7), *range(24, 31)]]
        windows = [CCDData(plane, unit=ADU, meta={"EXPTIME": 0.1, "EGAIN": 0.24}) for plane in cube]
        camera(d, path.stem, None, windows, bias=float(np.median(cube) - 2) * ADU, read_noise=1.5 * E)


# OUT is the last word.
COMMANDS = """
--version
--help
report --help
demo --help
simulate --help
report
report x -o y --gain 0
demo -o x --fdr 1
simulate x --preset kodak --exposures 1x1
simulate x --preset cryogenic-ccd --exposures 1
simulate --preset low-noise-cmos --bias 5 --exposures 5x30 4x300 1x900 --size 64x96 --temperature -5 --seed 3 {s}/night
simulate --preset low-noise-cmos --bias 5 --exposures 5x30 --size 64x96 {s}/night
simulate --preset aspen-cg16m --bias 3 --exposures 2x30 2x300 --sensor-seed 4 --size 64 {s}/other
report {s}/night -o {s}/1
report {s}/night --threshold 3 -o {s}/1
report {s}/other --overwrite -o {s}/1
report {s}/night --fdr 0.1 --null empirical --tolerance 0.2 --threshold 2 -o {s}/2
report {s}/night --gain 0.3 --read-noise 1.6 --saturation 30000 --mem-limit 64 --false-positives 9 -o {s}/3
report {s}/night --saturation 100 -o {s}/4
report {s}/night --overwrite -o {s}/odd
report {s}/night --scheduler nowhere -o {s}/4
report {s}/night {s}/odd {s}/other {s}/empty {s}/absent -o {s}/5
report {s}/empty -o {s}/6
report {s}/absent {s}/empty -o {s}/6
report {d}/arcsat_2025_m25C -o {s}/7
report {d}/arcsat_2025_m25C --gain 1.5 -o {s}/7
report {d}/st402_2017_m15C -o {s}/8
report {d}/stl1001_2019_0C --saturation 60000 -o {s}/9
demo --size 96 --seed 3 --frames {s}/frames -o {s}/10
"""


def commands(d):
    """The command, on simulated and real frames."""
    cold, high, tiny = {"temperature": -20 * u.deg_C}, taken(60, 1, 9)[0].data + 30, {"shape": (30, 30)}
    odd = {
        "cold": [*taken(60, 4, **cold), *taken(0, 4, **cold), *edited(taken(60, 1, **cold), data=high)],
        "wide": taken(60, 3, shape=(40, 90)), "flat": edited(taken(60, 1), IMAGETYP="Flat"),
        "processed": edited(taken(60, 1), data=high * 1.5), "warm": taken(60, 2) + taken(0, 2) + taken(300, 1),
        "slopes": [one for seconds in (60, 200, 600) for one in taken(seconds, 3, shape=(50, 60))],
        "noiseless": edited(taken(60, 1, **tiny) + taken(0, 1, **tiny), drop=("RDNOISE",)),
    }  # fmt: skip
    for folder in ("odd", "empty"):
        (d.scratch / folder).mkdir()
    (d.scratch / "odd" / "broken.fits").write_text("nothing")
    for path in [path for name, frames in odd.items() for path in d.written(name, frames)]:
        path.rename(d.scratch / "odd" / f"{path.parent.name}_{path.name}")
    for line in COMMANDS.strip().splitlines():
        d.command(line.format(s=d.scratch, d=d.data))
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        d.replaced[cluster.scheduler_address] = "SCHEDULER"
        d.command(f"report {d.scratch}/night --scheduler {cluster.scheduler_address} -o {d.scratch}/11")


SECTIONS = {part.__name__: part for part in (names, plans, simulations, rates, inputs, cameras, commands)}


def differences(before, after):
    """What is not the same in two files of digests, or in one of them only."""
    lines = (path.read_text(encoding="utf-8").splitlines() for path in (before, after))
    old, new = (dict(line.rsplit("  ", 1) for line in some) for some in lines)
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            yield f"{'new' if name not in old else 'missing' if name not in new else 'differs'}: {name}"


def main():
    """Write digests, or compare those of two files: 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of the real frames")
    parser.add_argument("--output", type=Path, help="file to write")
    parser.add_argument("--texts", type=Path, help="file for the texts that were digested, and for all errors")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="parts to run; default: all")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"), help="files to compare")
    given = parser.parse_args()
    if given.compare:
        found = list(differences(*given.compare))
        print(*found, f"{len(found)} differences", sep="\n")
        return int(bool(found))
    if not (given.data and given.output):
        parser.error("--data and --output are needed, or --compare")
    warnings.simplefilter("ignore")
    os.environ["COLUMNS"] = "100"  # to which argparse fits its help
    scratch, spawned = tempfile.TemporaryDirectory(prefix="digests-"), get_context("spawn")
    with scratch as folder, ThreadPoolExecutor(3) as threads, ProcessPoolExecutor(2, mp_context=spawned) as processes:
        digests = Digests(given.data.resolve(), Path(folder).resolve(), threads=threads, processes=processes)
        for section in given.only:
            start = time.perf_counter()
            SECTIONS[section](digests)
            print(f"{section}: {time.perf_counter() - start:.1f} s, {len(digests.found)} items so far", file=sys.stderr)
    given.output.write_text("".join(f"{name}  {digest}\n" for name, digest in digests.found.items()), encoding="utf-8")
    if given.texts:
        texts = {**digests.texts, "calls that raised": digests.plain("\n".join(digests.raised))}
        given.texts.write_text("".join(f"=== {name}\n{text}\n" for name, text in texts.items()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
