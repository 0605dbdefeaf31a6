"""Simulated sensors in which nothing is wrong, of every kind: what `check_frames` says of them are false alarms."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, check_frames, master_bias, sensor_preset
from ccdproc_darks.simulation import PRESETS

__all__ = ["HealthySensor", "alarms", "tally"]

_TIMES = (1, 5, 10, 30, 60, 90, 120, 300, 600, 900, 1200, 1800)
# Degrees above or below the preset's temperature.
_WARMER = (-5, 0, 0, 5, 10)


@dataclass
class HealthySensor:
    """A sensor, its frames, and what is told of them; all drawn from a seed.

    Presets take turns; sizes are 128 to 1024, times 1 to 3 of 1 to 20 frames, bias frames 0 to 20, and the bias drifts
    by up to 1 adu. Headers tell the truth, or do not tell the read noise and the saturation level.
    """

    seed: int
    largest: int = 1024

    def __post_init__(self):
        rng = np.random.default_rng([16, self.seed])
        self.preset = PRESETS[self.seed % len(PRESETS)]
        preset = sensor_preset(self.preset, shape=(8, 8))
        self.shape = tuple(int(2 ** rng.uniform(7, np.log2(self.largest))) for _ in range(2))
        number = int(rng.integers(1, 4))
        times = sorted(rng.choice(_TIMES, number, replace=False).tolist())
        self.plan = [(int(rng.integers(1, 21)), seconds * u.s) for seconds in times]
        self.biases = int(rng.integers(0, 21))
        steps = self.biases + sum(count for count, _ in self.plan)
        drift = rng.uniform(0, 1) / np.sqrt(steps)
        self.sensor = sensor_preset(
            self.preset, shape=self.shape, seed=self.seed, bias_drift=drift * u.adu,
            gain=preset.gain * rng.uniform(0.7, 1.4), read_noise=preset.read_noise * rng.uniform(0.7, 2),
        )  # fmt: skip
        self.temperature = preset.temperature + rng.choice(_WARMER) * u.deg_C
        # Single bias frames, a master bias of them, or the level alone.
        self.bias_as = str(rng.choice(["frames", "frames", "master"])) if self.biases else "none"
        self.tells = bool(rng.integers(0, 2))
        self.in_files = bool(rng.integers(0, 2))

    def __str__(self):
        darks = ", ".join(f"{count} x {seconds:g}" for count, seconds in self.plan)
        return (
            f"seed {self.seed}: {self.preset}, {self.shape[0]} x {self.shape[1]}, {self.biases} bias frames as "
            f"{self.bias_as}, {darks}, {self.sensor.gain:.3g}, read noise {self.sensor.read_noise:.3g}, "
            f"{'in files' if self.in_files else 'in memory'}{'' if self.tells else ', no RDNOISE and SATURATE'}"
        )

    def frames(self):
        """Bias frames and darks, in memory."""
        plan = ([(self.biases, 0 * u.s)] if self.biases else []) + self.plan
        temperature = self.temperature.value * u.deg_C
        frames = list(DarkSequence(self.sensor, plan, rng=self.seed, temperature=temperature))
        for frame in frames:
            for key in () if self.tells else ("RDNOISE", "SATURATE"):
                frame.meta.remove(key, ignore_missing=True)
        return frames[: self.biases], frames[self.biases :]

    def checks(self, folder):
        """The table of `check_frames`; files are written into ``folder``, which is new or empty."""
        biases, darks = self.frames()
        bias = {"none": None, "frames": biases}.get(self.bias_as)
        if self.bias_as == "master":
            bias = master_bias(biases)
        if self.in_files:
            bias = _written(bias, folder, "bias") if self.bias_as == "frames" else bias
            darks = _written(darks, folder, "dark")
        return check_frames(darks, bias=bias)


def _written(frames, folder, name):
    paths = [folder / f"{name}_{number:03d}.fits" for number in range(len(frames))]
    for frame, path in zip(frames, paths, strict=True):
        frame.write(path)
    return paths


def alarms(table):
    """The doubtful and wrong rows: tuples of check, verdict and sentence."""
    return [
        (str(row["check"]), str(row["verdict"]), str(row["sentence"]))
        for row in table
        if row["verdict"] in ("doubtful", "wrong")
    ]


def tally(found):
    """Number of alarms of each check and verdict, from the `alarms` of many tables."""
    return Counter((check, verdict) for each in found for check, verdict, _ in each)
