# Licensed under a 3-clause BSD style license - see LICENSE
"""The frames that the tasks measure: simulated once, and kept in the data folder for the next task."""

import shutil

import numpy as np
from astropy.io import fits

from ccdproc_darks.cli import main as ccdproc_darks_command

__all__ = ["BIAS", "GAIN", "READ_NOISE", "combined_darks", "like_frames", "ramp", "raw_frames"]

# Of the camera, and of the frames that are drawn here: adu, electron/adu, electron, electron/s.
BIAS, GAIN, READ_NOISE, _RATE = 1000.0, 1.5, 10.0, 0.01


def raw_frames(data, size):
    """
    A night of raw frames by ``ccdproc-darks simulate``: 20 bias frames, 10 darks of 90 s and 20 of 1000 s (uint16).

    With hot pixels, pixels that are not proportional, cosmic rays and a pattern of columns; and a master bias.
    """
    folder = data / f"raw_{size}"
    options = ["--preset", "aspen-cg16m", "--exposures", "10x90", "20x1000", "--bias", "20", "--seed", "1"]
    if len(list(folder.glob("*_[0-9]*.fits"))) != 50:
        shutil.rmtree(folder, ignore_errors=True)
        if ccdproc_darks_command(["simulate", str(folder), "--size", str(size), *options]):
            raise RuntimeError(f"no frames of {size} x {size} pixels could be simulated")
    master = folder / "master_bias.fits"
    if not master.exists():
        total = np.zeros((size, size))
        for path in sorted(folder.glob("bias_*.fits")):
            total += fits.getdata(path)
        header = _header(0, IMAGETYP="Bias Frame", NCOMBINE=20)
        fits.writeto(master, (total / 20).astype("float32"), header, overwrite=True)
    return sorted(folder.glob("*.fits"))


def combined_darks(data, size):
    """Two combined darks (float32, bias taken off): 10 frames of 90 s and 20 of 1000 s, with NCOMBINE in the header."""
    folder = data / f"combined_{size}"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    paths = []
    for seconds, number in ((90, 10), (1000, 20)):
        path = folder / f"dark_{seconds}s.fits"
        if not path.exists():
            electrons = rng.poisson(_RATE * seconds * number, (size, size)).astype("float32") / number
            electrons += rng.standard_normal((size, size), dtype="float32") * np.float32(READ_NOISE / np.sqrt(number))
            where, rates = _hot_pixels(size)
            electrons.flat[where] += rng.poisson(rates * seconds * number) / number
            fits.writeto(path, electrons / np.float32(GAIN), _header(seconds, NCOMBINE=number))
        paths.append(path)
    return paths


def like_frames(data, size, number, seconds=1000, folder="like"):
    """
    Raw darks of one exposure time on an exact bias level (uint16), quickly drawn.

    The noise of one pool of draws in another order in each frame, a thousand rows of 4096 pixels at a time; hot pixels
    that stay, and cosmic rays that do not.
    """
    folder = data / f"{folder}_{size}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"dark_{seconds}s_{index:04d}.fits" for index in range(number)]
    absent = [path for path in paths if not path.exists()]
    if absent:
        rng = np.random.default_rng([seconds, number])
        pool = (rng.poisson(_RATE * seconds, 2**22) + rng.normal(0, READ_NOISE, 2**22)) / GAIN + BIAS
        pool = np.rint(pool).astype("uint16")
        for path in absent:
            fits.writeto(path, _quick_frame(rng, pool, size, seconds), _header(seconds))
    return paths


def ramp(data, size):
    """Twenty raw darks at four exposure times, five each, on an exact bias level (uint16)."""
    return [path for seconds in (90, 300, 600, 1000) for path in like_frames(data, size, 5, seconds, "ramp")]


def _quick_frame(rng, pool, size, seconds):
    frame = np.empty(size * size, dtype="uint16")
    for start in range(0, frame.size, pool.size):
        part = frame[start : start + pool.size]
        first = int(rng.integers(pool.size))
        ahead = pool[first : first + part.size]
        part[: ahead.size] = ahead
        part[ahead.size :] = pool[: part.size - ahead.size]
    where, rates = _hot_pixels(size)
    frame[where] += np.minimum(rng.poisson(rates * seconds) / GAIN, 50_000).astype("uint16")
    struck = rng.integers(frame.size, size=round(frame.size * 2e-8 * seconds))
    frame[struck] += rng.integers(300, 3000, struck.size, dtype="uint16")
    return frame.reshape(size, size)


def _hot_pixels(size):
    """Where they are (indices of the flat image), and their rates (electron/s): one in 500, with a heavy tail."""
    rng = np.random.default_rng(size)
    where = np.unique(rng.integers(size * size, size=size * size // 500))
    return where, np.minimum(0.1 * (1 + rng.pareto(1.2, where.size)), 30.0)


def _header(seconds, **more):
    header = fits.Header({"IMAGETYP": "Dark Frame", "EXPTIME": float(seconds), "EGAIN": GAIN, "RDNOISE": READ_NOISE})
    header.update({"CCD-TEMP": -35.0, "XBINNING": 1, "YBINNING": 1, "INSTRUME": "simulated", "BUNIT": "adu", **more})
    return header
