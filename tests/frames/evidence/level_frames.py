"""Frames of a camera whose truth is known: bias of another level, optical black subtracted, drifting levels."""

import numpy as np
from astropy.nddata import CCDData

from ccdproc_darks.frames.evidence.finding import Told
from ccdproc_darks.frames.evidence.frame_group import FrameGroup
from ccdproc_darks.frames.inputs import as_frames

__all__ = ["camera_frames", "group_of", "mean_of"]


def camera_frames(
    plan, *, rate=0.05, gain=1.5, read_noise=8.0, level=1000.0, biases=15, bias_above=0.0, black=0.0, drift=0.0,
    hot=150, shape=(120, 150), seed=1,
):  # fmt: skip
    """Bias frames, and darks of a plan of (exposure time in s, number), in adu.

    The ``rate`` (electron/s) differs by 10 % from pixel to pixel, and ``hot`` pixels have more; the bias lies
    ``bias_above`` adu above the darks at zero exposure; the camera subtracts ``black`` electron/s; from frame to frame
    the level walks by ``drift`` adu.
    """
    rng = np.random.default_rng(seed)
    rates = rate * rng.normal(1, 0.1, shape).clip(0)
    rates.ravel()[rng.choice(rates.size, hot, replace=False)] = rng.uniform(1, 20, hot)
    columns, frames = rng.normal(0, 1, shape[1]), []
    for seconds, number in [(0.0, biases), *plan]:
        for _ in range(number):
            level += drift * rng.normal()
            electrons = rng.poisson(rates * seconds) - black * seconds + rng.normal(0, read_noise, shape)
            counts = level + columns + electrons / gain + (0 if seconds else bias_above)
            meta = {"EXPTIME": float(seconds), "EGAIN": gain, "RDNOISE": float(np.hypot(read_noise, gain / 12**0.5)),
                    "IMAGETYP": "Dark Frame" if seconds else "Bias Frame"}  # fmt: skip
            frames.append(CCDData(np.rint(counts).clip(0, 65535).astype("uint16"), unit="adu", meta=meta))
    return frames[:biases], frames[biases:]


def group_of(biases, darks, **more):
    """`FrameGroup` of these frames, with what the headers tell."""
    meta = darks[0].meta
    told = {"gain": Told(meta["EGAIN"], "EGAIN")}
    if "RDNOISE" in meta:
        told["read_noise"] = Told(meta["RDNOISE"], "RDNOISE")
    seconds = [dark.meta["EXPTIME"] for dark in darks]
    single = as_frames(biases) if biases else []
    return FrameGroup(as_frames(darks), seconds, biases=single, told=told | more.pop("told", {}), **more)


def mean_of(frames, dtype="float64", function=np.mean, **keys):
    """What a combination of frames gives that tells of no number."""
    data = function([frame.data.astype(float) for frame in frames], axis=0).astype(dtype)
    return CCDData(data, unit=frames[0].unit, meta={**frames[0].meta, **keys})
