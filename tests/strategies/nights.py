"""One night of one camera: darks, biases and a light that belong together, no two of them equal."""

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u
from astropy.nddata import CCDData
from hypothesis import strategies as st

from ccdproc_darks import DarkSequence, Sensor
from ccdproc_darks.simulation.camera_header import digitised_read_noise

from .frames import TOPS, simple_wcs, uncertainties
from .headers import CardStyle, camera_meta, card_styles
from .numbers import seeds
from .sensors import sensors

_TIMES = (10.0, 30.0, 100.0, 300.0, 1000.0)
# The largest have pixels enough for what is asked of typical pixels alone, such as levels of frames.
_SHAPES = ((3, 5), (4, 4), (11, 13), (14, 12))
_LIGHT = 60.0


@dataclass(repr=False)
class Night:
    """Raw frames of one camera, in adu.

    Attributes
    ----------
    sensor : `ccdproc_darks.Sensor`
        The sensor, whose truth is known.
    style : CardStyle
        How its headers are written.
    read_noise : float
        Read noise of a digitised frame (electron), that of RDNOISE.
    biases, darks : list of CCDData
        The frames; the darks of one exposure time or more.
    light : CCDData
        A frame of the sky, of an exposure time of its own.
    """

    sensor: Sensor
    style: CardStyle
    read_noise: float
    biases: list
    darks: list
    light: CCDData

    def _repr_pretty_(self, printer, cycle):
        """Print it short: hypothesis does with this."""
        printer.text(repr(self))

    def __repr__(self):
        times = ", ".join(f"{float(dark.meta[self.style.exposure_keys[0]]):g}" for dark in self.darks)
        kind = f"{self.darks[0].data.dtype} {self.darks[0].shape}"
        return f"<Night: {len(self.biases)} biases, darks of {times} s, {kind}, {self.style}>"


@st.composite
def nights(draw, *, max_times=3, max_frames=5, steady=False):
    """A `Night`: frames of one shape, type and style of header, with masks, NaN, uncertainties and saturated samples.

    ``steady`` is that of `sensors`.
    """
    dtype = np.dtype(draw(st.sampled_from(sorted(TOPS))))
    sensor = draw(sensors(draw(st.sampled_from(_SHAPES)), top=min(65535.0, float(TOPS[dtype.name])), steady=steady))
    style = replace(draw(card_styles()), plain_dict=draw(st.sampled_from([False, False, True])))
    times = draw(st.permutations(_TIMES))[: draw(st.integers(1, max_times))]
    plan = [(draw(st.integers(2, max_frames)), 0 * u.s)]
    plan += [(draw(st.integers(1, max_frames)), time * u.s) for time in times]
    counts = dtype if dtype.kind == "f" else np.dtype("uint16")
    taken = list(DarkSequence(sensor, [*plan, (1, _LIGHT * u.s)], rng=draw(seeds), dtype=counts.name))
    gain, noise = sensor.response.gain, sensor.response.read_noise
    read_noise = digitised_read_noise(noise, gain) if counts.kind == "u" else noise
    rng = np.random.default_rng(draw(seeds))
    faults, deviated, pointed = draw(_faults(dtype)), draw(st.booleans()), draw(st.booleans())
    dead = rng.random(sensor.shape) < 0.05
    frames = []
    for number, given in enumerate(taken):
        order = draw(st.sampled_from("<>")) if faults else "="
        data = given.data.astype(dtype.newbyteorder(order))
        meta = camera_meta(
            style, given.meta["EXPTIME"], gain=gain, read_noise=read_noise,
            saturate=given.meta.get("SATURATE"), celsius=given.meta.get("CCD-TEMP"), number=number,
        )  # fmt: skip
        if "NaN" in faults:
            data[rng.random(data.shape) < 0.05] = np.nan
        frame = CCDData(data, unit="adu", meta=meta)
        if "mask" in faults:
            frame.mask = (rng.random(data.shape) < 0.05) | dead
        if deviated:
            frame.uncertainty = draw(uncertainties(data.shape, read_noise / gain))
        if pointed:
            frame.wcs = simple_wcs()
        frames.append(frame)
    biases, light = plan[0][0], frames[-1]
    light.data[light.data < TOPS[dtype.name] // 4] += 500
    light.meta["IMAGETYP"] = "Light Frame"
    return Night(sensor, style, read_noise, frames[:biases], frames[biases:-1], light)


def _faults(dtype):
    return st.frozensets(st.sampled_from(["mask", "order", *(["NaN"] if dtype.kind == "f" else [])]))
