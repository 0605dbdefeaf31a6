# Licensed under a 3-clause BSD style license - see LICENSE
"""The command ``simulate``."""

from pathlib import Path

from .argument_types import exposures, size, whole
from .printed import add_quiet, print_lines

__all__ = ["add_simulate"]


def add_simulate(commands):
    """Add the command ``simulate``."""
    simulate = commands.add_parser(
        "simulate",
        help="write the frames of a simulated camera, and the truth about it",
        description="Simulate bias and dark frames into a new folder, and the true rates, read noises and flags into "
        "its sub-folder truth. The same arguments give the same frames on every machine.",
    )
    simulate.add_argument("out", type=Path, metavar="OUT", help="new (or empty) folder to write")
    simulate.add_argument(
        "--preset", required=True, metavar="NAME", help="camera: aspen-cg16m, cryogenic-ccd or low-noise-cmos"
    )
    simulate.add_argument(
        "--exposures", type=exposures, nargs="+", required=True, metavar="NxSECONDS",
        help="darks to take: number x exposure time in s, such as 10x90 20x1000",
    )  # fmt: skip
    simulate.add_argument("--bias", type=whole, default=0, metavar="N", help="bias frames to take first (default: 0)")
    simulate.add_argument("--seed", type=whole, default=1, metavar="N", help="of the noise (default: 1)")
    simulate.add_argument(
        "--sensor-seed", type=whole, metavar="N", help="of the sensor: which pixels are hot (default: that of --seed)"
    )
    simulate.add_argument(
        "--size", type=size, metavar="N", help="rows and columns, such as 1024 or 512x1024; default: the camera's"
    )
    simulate.add_argument("--temperature", type=float, metavar="C", help="in deg C; default: the camera's")
    simulate.add_argument("--start", metavar="DATE", help="DATE-OBS of the first frame (UTC), as 2026-01-10T20:00:00")
    add_quiet(simulate)
    simulate.set_defaults(run=_simulate)


def _simulate(given, command):
    from astropy import units as u

    from ..simulation import PRESETS, DarkSequence, sensor_preset
    from .demo import write_frames

    if given.preset not in PRESETS:
        raise ValueError(f"--preset must be one of {', '.join(PRESETS)}, got {given.preset!r}")
    changes = {} if given.size is None else {"shape": given.size}
    seed = given.seed if given.sensor_seed is None else given.sensor_seed
    sensor = sensor_preset(given.preset, seed=seed, **changes)
    exposures = [(number, seconds * u.s) for number, seconds in given.exposures]
    if given.bias:
        exposures.insert(0, (given.bias, 0 * u.s))
    temperature = None if given.temperature is None else given.temperature * u.deg_C
    start = {} if given.start is None else {"start": given.start}
    darks = DarkSequence(sensor, exposures, rng=given.seed, temperature=temperature, **start)
    write_frames(darks, given.out)
    rows, columns = sensor.shape
    frames = f"{len(darks)} frames of {rows} x {columns} pixels: {given.out}"
    print_lines([frames, f"the truth about it: {given.out / 'truth'}"])
    return 0
