"""Frames that are checked: what is wrong is a row of the table, and only what no table can be made of is an error."""

import numpy as np

from .given import ADU, BIAS, GAIN, SHAPE, E, biases, darks, folder, frame
from .wanted import Error, Refused, Right, Row

__all__ = ["GROUPS"]

LEVEL = BIAS * ADU
CHECK = "ccdproc-darks check"


def row_of(check, *words, verdict="wrong"):
    """A check that the row has this verdict, and its sentence these words."""

    def right(found):
        row = found[found["check"] == check][0]
        return row["verdict"] == verdict and all(word in row["sentence"] for word in words)

    return right


def told(name, tried, check, given, *words, verdict="wrong", **options):
    """Row for frames that are checked."""
    then = f'The row "{check}" of the table is {verdict}, and says {", ".join(f"``{word}``" for word in words)}.'
    return Row(f"check-{name}", tried, "check_frames", lambda t: t(given(), bias=LEVEL, **options),
               Right(then, row_of(check, *words, verdict=verdict)))  # fmt: skip


def another(number, **keys):
    """Darks, of which one has other keys."""
    given = darks()
    given[number] = frame(100.0, seed=number, **keys)
    return given


FRAMES = [
    told("camera", "a frame of another camera", "frames", lambda: another(2, INSTRUME="camera B"), "INSTRUME",
         "darks[2]"),
    told("light", "a light among the darks", "frames", lambda: another(2, IMAGETYP="Light"), "IMAGETYP", "darks[2]"),
    told("bias", "a bias frame among the darks", "exposure", lambda: [*darks(), frame(0.0)], "EXPTIME", "darks[5]"),
    told("twice", "a frame twice", "duplicates", lambda: [*darks(), darks(1)[0]], "darks[0]", "darks[5]"),
    told("exptime-absent", "a frame without an exposure time", "exposure", lambda: another(2, EXPTIME=None), "EXPTIME",
         "darks[2]"),
    told("exptime-text", "EXPTIME that is a text", "exposure", lambda: another(2, EXPTIME="long"), "EXPTIME", "long",
         "darks[2]"),
    told("exposure-other", "EXPTIME against EXPOSURE", "exposure", lambda: another(2, EXPOSURE=7.0), "EXPTIME",
         "EXPOSURE"),
    told("egain-absent", "no EGAIN in any header", "gain", lambda: darks(EGAIN=None), "EGAIN"),
    told("egain-zero", "EGAIN 0", "gain", lambda: another(2, EGAIN=0.0), "EGAIN", "darks[2]"),
    told("egain-other", "EGAIN that differs between frames", "gain", lambda: another(2, EGAIN=4.0), "gain", "darks[2]"),
    told("rdnoise-text", "RDNOISE that is a text", "read noise", lambda: darks(RDNOISE="low"), "RDNOISE", "low"),
    told("gain-no-key", "a header key that is not there", "gain", darks, "NOKEY", "darks[0]", gain="NOKEY"),
]  # fmt: skip
ERRORS = [
    Row("check-empty", "no frame", "check_frames", lambda t: t([]), Error("ValueError", "darks", "empty")),
    Row("check-number", "a number in place of frames", "check_frames", lambda t: t(3), Error("TypeError", "darks")),
    Row("check-array", "an array in place of frames", "check_frames", lambda t: t(np.zeros(SHAPE)),
        Error("TypeError", "darks", "CCDData")),
    Row("check-shapes", "frames of two shapes", "check_frames", lambda t: t([*darks(2), frame(100.0, shape=(5, 6))]),
        Error("ValueError", "darks[2]", "(5, 6)")),
    Row("check-bias-shape", "bias frames of another shape", "check_frames",
        lambda t: t(darks(), bias=biases(2, shape=(5, 6))), Error("ValueError", "bias", "(5, 6)")),
    Row("check-bias-number", "``bias=500``", "check_frames", lambda t: t(darks(), bias=500),
        Error("TypeError", "bias")),
    Row("check-gain-bare", "``gain=2``", "check_frames", lambda t: t(darks(), gain=2), Error("TypeError", "gain")),
    Row("check-gain-negative", "a gain below zero", "check_frames", lambda t: t(darks(), gain=-2 * GAIN),
        Error("ValueError", "gain", "-2.0")),
    Row("check-noise-unit", "a read noise in adu", "check_frames", lambda t: t(darks(), read_noise=5 * ADU),
        Error("UnitsError", "read_noise", "adu")),
    Row("check-saturation-unit", "a saturation level in electron, of frames in adu", "check_frames",
        lambda t: t(darks(), saturation=1e5 * E), Right("It is converted by the gain.", lambda found: len(found) > 0)),
    Row("check-combined", "``n_combined=0``", "check_frames", lambda t: t(darks(), n_combined=0),
        Error("ValueError", "n_combined", "0")),
    Row("check-absent", "a path that is not there", "check_frames", lambda t: t(t.folder / "absent.fits"),
        Error("OSError", "absent.fits")),
]  # fmt: skip
COMMAND = [
    Row("command-check-absent", "a folder that is not there", CHECK, lambda t: t(t.folder / "absent"),
        Refused("absent", "no such folder")),
    Row("command-check-gain", "``--gain 0``", CHECK, lambda t: t(folder(t.folder), "--gain", "0"),
        Refused("--gain", "0", status=2)),
    Row("command-check-nothing", "no folder", CHECK, lambda t: t(), Refused("FOLDER", status=2)),
]  # fmt: skip

GROUPS = {
    "Frames that are checked": FRAMES,
    "What no table of checks can be made of": ERRORS,
    "The command that checks": COMMAND,
}
