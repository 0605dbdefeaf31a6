"""Simulated sensors in which nothing is wrong, of every kind: what is said against them are false alarms."""

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from ccdproc_darks import DarkSequence, check_frames, dark_rate, master_bias, sensor_preset
from ccdproc_darks.report.options import Options
from ccdproc_darks.report.run import measure_folder
from ccdproc_darks.simulation import PRESETS, TelegraphReadNoise

__all__ = ["HealthySensor", "alarms", "tally"]

_TIMES = (1, 5, 10, 30, 60, 90, 120, 300, 600, 900, 1200, 1800)
# Degrees above or below the preset's temperature.
_WARMER = (-5, 0, 0, 5, 10)
# Notes of a report on what few frames cannot tell: no doubt of the frames.
_OF_FEW_FRAMES = (
    "There is only one bias frame", "There are only two bias frames", "There are no bias frames",
    "Proportionality was not tested",
    "There is a single frame of",
)  # fmt: skip


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
        # That read noise differs from pixel to pixel is told, and rightly so.
        one_noise = {
            "read_noise_spread": 0,
            "defects": [one for one in preset.defects if not isinstance(one, TelegraphReadNoise)],
        }
        self.sensor = sensor_preset(
            self.preset, shape=self.shape, seed=self.seed, bias_drift=drift * u.adu,
            gain=preset.gain * rng.uniform(0.7, 1.4), read_noise=preset.read_noise * rng.uniform(0.7, 2), **one_noise,
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

    def rate_alarms(self, folder):
        """What `dark_rate` warns of, or its error; tuples as those of `alarms`, with the kind of warning as the check.

        The bias is a master of the bias frames, the level, or none where there are two exposure times.
        """
        biases, darks = self.frames()
        if self.in_files:
            darks = _written(darks, folder, "dark")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                if len(biases) > 1:
                    # One frame of each alone tells no read noise.
                    noise = None if self.tells or len(biases) > 2 else self.digitised_noise
                    dark_rate(darks, bias=master_bias(biases, read_noise=noise), read_noise=self._needed_noise())
                elif len(self.plan) > 1 and self.seed % 2:
                    dark_rate(darks, offset="pixel", read_noise=self._needed_noise())
                else:
                    dark_rate(darks, bias=self.sensor.bias, read_noise=self._needed_noise())
            except (ValueError, u.UnitsError) as error:
                return [("dark_rate", "wrong", str(error))]
        return [(one.category.__name__, "doubtful", str(one.message)) for one in caught]

    def report_alarms(self, folder):
        """What the report notes, refuses or doubts of the frames in a folder; the same as those of `alarms`.

        Headers tell gain, read noise and saturation, or the gain is an option and the others are not told.
        """
        biases, darks = self.frames()
        for frame in () if self.tells else biases + darks:
            frame.meta.remove("EGAIN")
        _written(biases, folder, "bias")
        _written(darks, folder, "dark")
        options = Options() if self.tells else Options(gain=self.sensor.gain)
        try:
            results, failures, unusable = measure_folder(folder, options)
        except ValueError as error:
            return [("measure_folder", "wrong", str(error))]
        found = [("failure", "wrong", f"{title}: {reason}") for title, reason in failures]
        found += [("unusable", "wrong", f"{item.name}: {item.reason}") for item in unusable]
        for _, measured in results:
            found += [("note", "doubtful", note) for note in measured.notes if not note.startswith(_OF_FEW_FRAMES)]
            found += [
                (one.check, one.verdict, one.sentence)
                for one in measured.findings
                if one.verdict in ("doubtful", "wrong")
            ]
        return found

    @property
    def digitised_noise(self):
        """Read noise as measured on the frames."""
        step = self.sensor.gain.value**2 / 12
        return np.sqrt(self.sensor.read_noise.value**2 + step) * u.electron

    def _needed_noise(self):
        """The read noise where neither headers nor frames tell it, else None."""
        most = max(count for count, _ in self.plan)
        return None if self.tells or most > 2 else self.digitised_noise


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
