"""Files of several images, cubes, and amplifiers that cannot be."""

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData

from ccdproc_darks import Amplifier

from .given import ADU, BIAS, GAIN, E, biases, darks, frame, master, rate, rates
from .wanted import Error, Refused, Right, Row, Warned

__all__ = ["GROUPS"]

LEVEL = BIAS * ADU
LEFT, RIGHT = "[1:12, :]", "[13:24, :]"


def several(trial, names=("CHIP1", "CHIP2"), seconds=100.0):
    """A file with an image of each of these names."""
    images = [fits.ImageHDU(frame(seconds, seed=seed).data, frame(seconds).header, name)
              for seed, name in enumerate(names)]  # fmt: skip
    path = trial.folder / f"several_{seconds:g}.fits"
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(path)
    return path


def of_file(name, tried, wanted, **options):
    """Row for a file of two images."""
    return Row(name, tried, "dark_rate", lambda t: t(several(t), bias=LEVEL, **options), wanted)


def night(trial):
    """A folder of files of two images each."""
    folder = trial.folder / "night"
    folder.mkdir()
    for seconds in (0.0, 30.0, 100.0):
        for index in range(4):
            images = [fits.ImageHDU(frame(seconds, seed=int(10 * seconds + 4 * index + chip)).data,
                                    frame(seconds).header, f"CHIP{chip + 1}") for chip in range(2)]  # fmt: skip
            fits.HDUList([fits.PrimaryHDU(), *images]).writeto(folder / f"{seconds:g}_{index}.fits")
    return folder


def cube(planes):
    return CCDData(np.stack([frame(100.0, seed=seed).data for seed in range(planes)]), unit="adu",
                   meta=frame(100.0).meta)  # fmt: skip


DETECTORS = [
    of_file("hdu-none", "files of two detectors, and no ``hdu``",
            Warned("MissingInformationWarning", "2 images", "CHIP1", "CHIP2", "hdu")),
    of_file("hdu-absent", "``hdu='CHIP3'``, a name that is not there",
            Error("OSError", "several_100.fits", "'CHIP3'", "1 CHIP1, 2 CHIP2"), hdu="CHIP3"),
    of_file("hdu-beyond", "``hdu=5`` of a file with three HDUs", Error("OSError", "hdu=5", "0 to 2"), hdu=5),
    of_file("hdu-no-image", "``hdu=0``, which has no image", Error("OSError", "hdu=0", "no 2-D image"), hdu=0),
    of_file("hdu-negative", "``hdu=-1``", Error("ValueError", "hdu", "-1"), hdu=-1),
    of_file("hdu-float", "``hdu=1.0``", Error("TypeError", "hdu", "1.0", "EXTNAME"), hdu=1.0),
    of_file("hdu-version", "``hdu=('CHIP1', 2)``, a version that is not there",
            Error("OSError", "('CHIP1', 2)"), hdu=("CHIP1", 2)),
    Row("biases-hdu-none", "files of two detectors, and no ``hdu``", "master_bias",
        lambda t: t([several(t, seconds=0.0)]), Warned("MissingInformationWarning", "2 images", "hdu")),
    Row("cube-of-planes", "CCDData with a cube of three planes", "dark_rate", lambda t: t(cube(3), bias=LEVEL),
        Error("ValueError", "darks[0]", "(3, 20, 24)", "a cube of 3 planes", "CCDData(cube[number]")),
    Row("cube-of-one", "CCDData with a cube of one plane", "dark_rate", lambda t: t(cube(1), bias=LEVEL),
        Right("The plane is measured.", lambda found: found.shape == (20, 24))),
    Row("report-detectors", "files of two detectors", "ccdproc-darks report",
        lambda t: t(night(t), "-o", t.out),
        Right("Each is measured by itself.", lambda ran: "CHIP1, 24 x 20" in ran.out and "CHIP2, 24 x 20" in ran.out)),
    Row("report-hdu-absent", "``--hdu CHIP3``, a name that is not there", "ccdproc-darks report",
        lambda t: t(night(t), "-o", t.out, "--hdu", "CHIP3"), Refused("'CHIP3'", "CHIP1")),
]  # fmt: skip


def amplified(name, tried, kind, *words, amplifiers, function="dark_rate", **options):
    """Row for amplifiers of darks."""
    return Row(name, tried, function, lambda t: t(darks(), amplifiers=amplifiers, **{"bias": LEVEL, **options}),
               Error(kind, *words))  # fmt: skip


def one_of_each():
    """A rate of amplifiers, and one without."""
    from ccdproc_darks import dark_rate

    return rates()[0], dark_rate(darks(seconds=300.0), bias=LEVEL, amplifiers=[LEFT, RIGHT])


AMPLIFIERS = [
    amplified("amplifiers-text", "a section that is not in a list", "TypeError", "amplifiers", "list", LEFT,
              amplifiers=LEFT),
    amplified("amplifiers-none", "an empty list", "ValueError", "amplifiers", "got 0", amplifiers=[]),
    amplified("amplifiers-dict", "a dict in place of an Amplifier", "TypeError", "amplifiers", "dict",
              amplifiers=[{"section": LEFT}]),
    amplified("amplifiers-many", "twenty-seven amplifiers", "ValueError", "amplifiers", "26", "27",
              amplifiers=[f"[{number}:{number}, 1:1]" for number in range(1, 28)]),
    amplified("amplifiers-overlap", "sections that overlap", "ValueError", "amplifiers[1]", "[12:24", "overlaps",
              amplifiers=[LEFT, "[12:24, :]"]),
    amplified("amplifiers-outside", "a section outside the image", "ValueError", "amplifiers[1]", "[13:25,:]",
              amplifiers=[LEFT, "[13:25, :]"]),
    amplified("amplifiers-steps", "a section of every second column", "ValueError", "amplifiers[0]", "[1:12:2",
              amplifiers=["[1:12:2, :]"]),
    amplified("amplifiers-key", "a header key that is not there", "ValueError", "amplifiers[0]", "AMPSEC1", "darks[0]",
              amplifiers=["AMPSEC1"]),
    amplified("amplifiers-gain", "a gain without a unit", "TypeError", "amplifier A", "gain", "1.5",
              amplifiers=[Amplifier(LEFT, gain=1.5)]),
    amplified("amplifiers-gain-negative", "a gain below zero", "ValueError", "amplifier B", "gain", "-1.0",
              amplifiers=[LEFT, Amplifier(RIGHT, gain=-1 * GAIN)]),
    amplified("amplifiers-noise-unit", "a read noise in m", "UnitsError", "amplifier A", "read_noise", "3.0 m",
              amplifiers=[Amplifier(LEFT, read_noise=3 * u.m)]),
    amplified("amplifiers-overscan", "an overscan that overlaps the section", "ValueError", "overscan", "overlap",
              amplifiers=[Amplifier(LEFT, overscan="[12:14, :]")]),
    amplified("amplifiers-and-trim", "``amplifiers`` and ``trim``", "ValueError", "amplifiers", "trim",
              amplifiers=[LEFT], trim="[1:20, :]"),
    amplified("amplifiers-bias-shape", "a master bias of another shape", "ValueError", "bias", "(20, 22)", "(20, 24)",
              amplifiers=[LEFT], bias=master(shape=(20, 22))),
    amplified("scatter-amplifiers-overlap", "sections that overlap", "ValueError", "amplifiers[1]", "overlaps",
              amplifiers=[LEFT, LEFT], function="dark_scatter"),
    amplified("halves-amplifiers-overlap", "sections that overlap", "ValueError", "amplifiers[1]", "overlaps",
              amplifiers=[LEFT, LEFT], function="repeatability"),
    Row("biases-amplifiers-overlap", "sections that overlap", "master_bias",
        lambda t: t(biases(), amplifiers=[LEFT, LEFT]), Error("ValueError", "amplifiers[1]", "overlaps")),
    Row("amplifiers-outside-all", "an amplifier that reads half of the image", "dark_rate",
        lambda t: t(darks(), bias=LEVEL, amplifiers=[Amplifier(LEFT, 2 * GAIN, 5 * E)]),
        Right("The other half is masked.", lambda found: found.mask[:, 12:].all() and not found.mask[:, :12].any())),
    Row("rates-amplifiers-differ", "a rate of amplifiers, and one without", "compare_dark_rates",
        lambda t: t(*one_of_each()), Error("ValueError", "rates", "same amplifiers", "DKAMPS")),
    Row("rates-amplifiers-cut", "DKAMPS in the meta of a rate without sections", "hot_pixel_mask",
        lambda t: t(with_amplifiers(rate())), Error("ValueError", "rates[0]", "DKAMPS", "DKASECA")),
]  # fmt: skip


def with_amplifiers(image):
    image.meta["DKAMPS"] = 2
    return image


GROUPS = {"Several detectors in a file, and cubes": DETECTORS, "Amplifiers": AMPLIFIERS}
