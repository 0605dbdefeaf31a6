# Licensed under a 3-clause BSD style license - see LICENSE
"""Presets: simulated sensors like those that observers have."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from astropy import units as u

from .._interface.arguments import ELECTRON_PER_SECOND, GAIN_UNIT, checked_choice
from ..temperature import DoublingDarkCurrent, ThermalDarkCurrent
from .cosmic_rays import CosmicRays
from .defects import AmplifierGlow, DepletionEdgePixels, HotPixels, LowFullWellPixels, OffsetPixels, TelegraphPixels
from .noisy_pixels import TelegraphReadNoise
from .sensor import Sensor

__all__ = ["PRESETS", "sensor_preset"]


def _aspen_cg16m():
    """Andor Aspen CG16M, thermoelectrically cooled: the camera of the CCD guide, from its "Identifying hot pixels".

    0.026 % of the pixels are above 4 electron/s; there the short exposure reads higher. Linear to 55 000 adu.
    https://www.astropy.org/ccd-reduction-and-photometry-guide
    """
    return {
        "shape": (4096, 4096),
        "rate": 0.01 * ELECTRON_PER_SECOND,
        "dsnu": 0.001 * ELECTRON_PER_SECOND,
        "defects": (
            HotPixels(fraction=0.0104, above=0.1 * ELECTRON_PER_SECOND, maximum=3000 * ELECTRON_PER_SECOND),
            DepletionEdgePixels(charge=[1e4, 6e4] * u.electron, share=(0.5, 1.0), above=4 * ELECTRON_PER_SECOND),
        ),
        "gain": 1.5 * GAIN_UNIT,
        "read_noise": 10 * u.electron,
        "bias": 1000 * u.adu,
        "column_pattern": 1 * u.adu,
        "bias_drift": 0.02 * u.adu,
        "linearity_limit": 55000 * u.adu,
        "full_well": 68000 * u.adu,
        "cosmic_rays": CosmicRays(),
        "pixel_size": 9 * u.um,
        "temperature": -35 * u.deg_C,
        "temperature_model": DoublingDarkCurrent(
            amplitude=0.01 * ELECTRON_PER_SECOND, doubling=5.8 * u.K, reference_temperature=238.15 * u.K
        ),
    }


def _cryogenic_ccd():
    """Deep-depletion CCD in a dewar at -110 deg C.

    1.4 electron per hour, amplifier glow in a corner, and thick silicon in which cosmic rays leave long tracks.
    """
    rate = 4e-4 * ELECTRON_PER_SECOND
    return {
        "shape": (4096, 2048),
        "rate": rate,
        "dsnu": 0.2 * rate,
        "defects": (
            HotPixels(fraction=1e-4, above=0.02 * ELECTRON_PER_SECOND, maximum=50 * ELECTRON_PER_SECOND),
            DepletionEdgePixels(charge=[1e3, 2e4] * u.electron, above=1 * ELECTRON_PER_SECOND, fraction=0.5),
        ),
        "glow": AmplifierGlow(rate=0.02 * ELECTRON_PER_SECOND, scale=150),
        "gain": 1.6 * GAIN_UNIT,
        "read_noise": 3 * u.electron,
        "bias": 1500 * u.adu,
        "column_pattern": 0.5 * u.adu,
        "bias_drift": 0.01 * u.adu,
        "full_well": 150e3 * u.electron,
        "cosmic_rays": CosmicRays(rate=1.5 / (u.cm**2 * u.min), depth=100 * u.um),
        "pixel_size": 15 * u.um,
        "temperature": -110 * u.deg_C,
        "temperature_model": ThermalDarkCurrent(
            depletion=rate, diffusion=0 * ELECTRON_PER_SECOND, reference_temperature=163.15 * u.K
        ),
    }


def _low_noise_cmos():
    """Back-illuminated CMOS camera, cooled to -10 deg C.

    A read noise of 1 electron that differs by 15 % between pixels, 8 % of the pixels with telegraph read noise of up to
    20 electron, as Las Cumbres Observatory found on a QHY411 (7.8 to 12 %, https://github.com/LCOGT/cmos-noise-map),
    telegraph pixels, and non-proportional pixels of every kind.
    """
    rate = 0.02 * ELECTRON_PER_SECOND
    return {
        "shape": (2048, 3072),
        "rate": rate,
        "dsnu": 0.25 * rate,
        "defects": (
            HotPixels(fraction=0.005, above=0.2 * ELECTRON_PER_SECOND, maximum=500 * ELECTRON_PER_SECOND, slope=1.5),
            DepletionEdgePixels(charge=[2e3, 2e4] * u.electron, above=10 * ELECTRON_PER_SECOND),
            LowFullWellPixels(full_well=[100, 2000] * u.electron, above=2 * ELECTRON_PER_SECOND, fraction=0.1),
            OffsetPixels(offset=[5, 100] * u.electron, fraction=2e-4),
            TelegraphPixels(
                amplitude=[0.1, 5] * ELECTRON_PER_SECOND, dwell_low=[3, 3000] * u.s, dwell_high=[3, 3000] * u.s,
                fraction=0.002,
            ),
            TelegraphReadNoise(amplitude=[1, 20] * u.electron, occupancy=(0.1, 0.5), fraction=0.08),
        ),
        "gain": 0.25 * GAIN_UNIT,
        "read_noise": 1 * u.electron,
        "read_noise_spread": 0.15,
        "bias": 400 * u.adu,
        "column_pattern": 0.6 * u.adu,
        "bias_drift": 0.02 * u.adu,
        "full_well": 15e3 * u.electron,
        "cosmic_rays": CosmicRays(depth=5 * u.um),
        "pixel_size": 3.76 * u.um,
        "temperature": -10 * u.deg_C,
        "temperature_model": ThermalDarkCurrent(
            depletion=0.8 * rate, diffusion=0.2 * rate, reference_temperature=263.15 * u.K
        ),
    }  # fmt: skip


_MAKERS = {"aspen-cg16m": _aspen_cg16m, "cryogenic-ccd": _cryogenic_ccd, "low-noise-cmos": _low_noise_cmos}

#: Names of the presets.
PRESETS = tuple(_MAKERS)


def sensor_preset(name: Literal["aspen-cg16m", "cryogenic-ccd", "low-noise-cmos"], **changes: Any) -> Sensor:
    """A simulated sensor like one that observers have.

    Parameters
    ----------
    name : {"aspen-cg16m", "cryogenic-ccd", "low-noise-cmos"}
        ``"aspen-cg16m"``: the thermoelectrically cooled camera of the CCD guide, with 4096 x 4096 pixels of 0.01
        electron/s and pixels that are not proportional above 4 electron/s. ``"cryogenic-ccd"``: a CCD in a dewar, with
        amplifier glow in a corner. ``"low-noise-cmos"``: a cooled CMOS camera with a read noise of 1 electron that
        differs between pixels, telegraph read noise in 8 % of them, telegraph pixels, and non-proportional pixels of
        every kind.
    **changes
        Parameters of `Sensor` that shall differ from the preset, such as ``shape`` and ``seed``. For frames at another
        temperature, give ``temperature`` to `simulate_dark` or `DarkSequence`: here it is the temperature at which the
        preset's rates hold, and does not change them.

    Returns
    -------
    Sensor
        The sensor.

    Raises
    ------
    ValueError
        If there is no preset of this name, or a change is out of range.
    TypeError
        If a change is not a parameter of `Sensor`.

    Examples
    --------
    >>> from ccdproc_darks import sensor_preset
    >>> sensor = sensor_preset("aspen-cg16m", shape=(256, 256), seed=1)
    >>> sensor.gain
    <Quantity 1.5 electron / adu>
    """
    checked_choice("name", name, PRESETS)
    unknown = set(changes) - {field.name for field in dataclasses.fields(Sensor)}
    if unknown:
        raise TypeError(f"Sensor has no parameter {', '.join(sorted(unknown))}")
    return Sensor(**{"name": f"{name} (simulated)", **_MAKERS[name](), **changes})
