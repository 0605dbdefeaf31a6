"""How much the memory of a process grows: what the kernel says of a fresh one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import dark_rate

pytestmark = [
    pytest.mark.memory,
    pytest.mark.skipif(
        not Path("/proc/self/clear_refs").exists(), reason="only Linux can be told to forget the peak of the memory"
    ),
]

SIDE, FRAMES = 1100, 30
#: Two blocks (MiB), by `ccdproc_darks.blocks`.
BLOCK = 64.0
#: What is no part of it (MiB): stacks of threads, what the allocators keep, and pieces of modules that come in late.
NOISE = 6.0

# What grows is the peak of the resident memory during the call above what was resident before, and what is returned
# is taken from that. All has been done before with small images, so that nothing is imported while it is measured.
CHILD = """
import ctypes, gc, json, sys, warnings
from pathlib import Path
import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from ccdproc_darks import compare_dark_rates, dark_rate, dark_scatter, hot_pixel_mask, master_bias, read_noise_map

warnings.simplefilter("ignore")
folder, calls = Path(sys.argv[1]), json.loads(sys.argv[2])
FUNCTIONS = {
    f.__name__: f
    for f in (compare_dark_rates, dark_rate, dark_scatter, hot_pixel_mask, master_bias, read_noise_map)
}


def resident(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key + ":")) / 1024


def size(image):
    deviation = None if image.uncertainty is None else image.uncertainty.array
    return sum(part.nbytes for part in (image.data, image.mask, deviation) if part is not None) / 2**20


def given(kind, names, size):
    paths = [folder / f"{size}-{name}.fits" for name in names]
    return [paths] if kind == "files" else [CCDData.read(path, memmap=False) for path in paths]


def measured(name, kind, names, options):
    function = FUNCTIONS[name]
    if name in ("dark_rate", "dark_scatter"):
        options["bias"] = 1000 * u.adu
    function(*given(kind, names, "small"), **{**options, "mem_limit": None})
    arguments = given(kind, names, "large")
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    image = function(*arguments, **options)
    return resident("VmHWM") - before - size(image)


print(json.dumps([measured(*call) for call in calls]))
"""


def frame(side, seconds, number, base, masked=False):
    """A raw frame, no two alike, at little cost."""
    data = np.roll(base, 7919 * number)[: side * side].reshape(side, side).copy()
    data[:: 50 + number, ::40] = 30000
    data[5::60, 7::60] += np.uint16(min(20 * seconds, 30000))
    mask = np.zeros(data.shape, bool)
    mask[number % 7 :: 3] = True
    meta = {"EXPTIME": float(seconds), "EGAIN": 1.5, "RDNOISE": 10.0}
    return CCDData(data, unit="adu", meta=meta, mask=mask if masked else None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Thirty frames of 300 s, of which six more have a mask; and rates of three exposure times."""
    folder = tmp_path_factory.mktemp("frames")
    base = np.rint(np.random.default_rng(0).normal(1000, 7, SIDE * SIDE)).astype(np.uint16)
    for side, size in ((100, "small"), (SIDE, "large")):
        for number in range(FRAMES):
            frame(side, 300, number, base).write(folder / f"{size}-{number}.fits")
        for number in range(6):
            frame(side, 300, number, base, masked=True).write(folder / f"{size}-masked{number}.fits")
        for seconds in (90, 300, 900):
            frames = [frame(side, seconds, number, base) for number in range(4)]
            rate = dark_rate(frames, bias=1000 * u.adu, add_keyword=None)
            rate.write(folder / f"{size}-rate{seconds}.fits")
    return folder


@pytest.fixture(scope="module")
def grown(folder):
    """Growth (MiB) of calls, all in one fresh process: lists of function, kind of frames, frames and options."""

    def measure(*calls):
        command = [sys.executable, "-P", "-c", CHILD, str(folder), json.dumps(calls)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return measure


def darks(number):
    return [str(index) for index in range(number)]


MASKED = [f"masked{number}" for number in range(6)]
RATES = ["rate90", "rate300", "rate900"]
CALLS = {
    "rate": ("dark_rate", "files", darks(FRAMES), {}),
    "rate of masked frames": ("dark_rate", "files", MASKED, {}),
    "rate without overscan": ("dark_rate", "files", darks(FRAMES), {"overscan": "[11:30, :]", "trim": "[41:, :]"}),
    "rate of few columns": ("dark_rate", "files", darks(FRAMES), {"overscan": "[:, 1:9]", "trim": "[21:50, 10:]"}),
    "master bias": ("master_bias", "files", darks(FRAMES), {}),
    "read noise map": ("read_noise_map", "files", darks(FRAMES), {}),
    "scatter": ("dark_scatter", "files", darks(20), {}),
    "difference of two": ("compare_dark_rates", "memory", RATES[::2], {}),
    "significance of two": ("compare_dark_rates", "memory", RATES[::2], {"statistic": "significance"}),
    "offset of two": ("compare_dark_rates", "memory", RATES[::2], {"statistic": "offset"}),
    "difference of three": ("compare_dark_rates", "memory", RATES, {}),
    "mask of one": ("hot_pixel_mask", "memory", RATES[2:], {}),
    "mask of two": ("hot_pixel_mask", "memory", RATES[::2], {}),
    "mask of two, fdr": ("hot_pixel_mask", "memory", RATES[::2], {"fdr": 0.01}),
    "mask of three": ("hot_pixel_mask", "memory", RATES, {}),
}


@pytest.fixture(scope="module")
def limited(grown):
    """Growth of all calls with the least limit that is enough for any, one block at a time."""
    calls = [[*call[:3], {**call[3], "mem_limit": int(BLOCK * 2**20)}] for call in CALLS.values()]
    return dict(zip(CALLS, grown(*calls), strict=True))


@pytest.mark.parametrize("name", CALLS)
def test_a_limit_is_kept(limited, name):
    # A limit that nothing comes near would be no test of it.
    assert 1 < limited[name] <= BLOCK + NOISE


def test_frames_are_never_all_in_memory(grown):
    # Thirty of them take 69 MiB as integers, and 277 MiB as electrons in float64.
    names = [darks(number) for number in (FRAMES // 3, FRAMES)]
    few, many = grown(*(("dark_rate", "files", each, {}) for each in names))
    assert many <= BLOCK * len(os.sched_getaffinity(0)) + NOISE
    few, many = grown(*(("dark_rate", "files", each, {"mem_limit": int(BLOCK * 2**20)}) for each in names))
    assert many <= few + BLOCK / 2
