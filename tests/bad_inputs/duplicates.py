"""Frames given twice, and frames that do not belong together."""

import numpy as np
from astropy.nddata import CCDData
from ccdproc import ImageFileCollection

from .given import ADU, BIAS, SHAPE, S, biases, darks, file, folder, frame, master, rate, rates, scatter
from .wanted import KNOW, POSIX, Error, NotUsed, Refused, Right, Row, Told, Warned

__all__ = ["GROUPS"]

LEVEL = BIAS * ADU
ONCE = "Each frame counts once."


def sigma_of(*frames):
    """A check that a rate has the uncertainty of these frames, each given once."""
    from ccdproc_darks import dark_rate

    wanted = dark_rate(list(frames), bias=LEVEL).uncertainty.array
    return lambda found: np.allclose(found.uncertainty.array, wanted)


def used(number):
    return lambda found: found.meta["NCOMBINE"] == number


def two_files(trial, copies=1, name="copy.fits"):
    """Paths of three darks, and of copies of the first."""
    paths = [file(trial.folder, f"dark_{index}.fits", seconds=100.0, seed=index) for index in range(3)]
    more = [trial.folder / f"{index}{name}" for index in range(copies)]
    for path in more:
        path.write_bytes(paths[0].read_bytes())
    return [*paths, *more]


def linked(trial):
    paths = two_files(trial, 0)
    link = trial.folder / "link.fits"
    link.symlink_to(paths[0])
    return [*paths, link]


def same_values():
    """The same frame twice, as two objects with another date."""
    first, *others = darks(4)
    again = first.copy()
    again.meta["DATE-OBS"] = "2026-01-02T00:00:00"
    return [first, *others, again]


def with_copies(trial):
    """A folder of frames, and a compressed copy of each dark."""
    path = folder(trial.folder)
    for index in range(4):
        file(path, f"dark_30s_{index}.fits.gz", seconds=30.0, seed=1030 + index)
    return path


DUPLICATES = [
    Row("dark-five-times", "the same dark five times, as a list of one object", "dark_rate",
        lambda t: t([darks(1)[0]] * 5, bias=LEVEL),
        Warned("DuplicateFrameWarning", "darks[0]", "darks[1]", then=f"{ONCE} The error is that of one dark.",
               check=sigma_of(darks(1)[0]))),
    Row("three-darks-twice", "three darks, each given twice", "dark_rate", lambda t: t(darks(3) * 2, bias=LEVEL),
        Warned("DuplicateFrameWarning", "darks[0]", "darks[3]", then=ONCE, check=sigma_of(*darks(3)))),
    Row("dark-copied", "a copy of a dark with another date in its header", "dark_rate",
        lambda t: t(same_values(), bias=LEVEL),
        Warned("DuplicateFrameWarning", "darks[0]", "darks[4]", then=ONCE, check=used(4))),
    Row("file-twice", "the path of a file twice", "dark_rate",
        lambda t: t([*two_files(t, 0), t.folder / "dark_1.fits"], bias=LEVEL),
        Warned("DuplicateFrameWarning", "dark_1.fits", then=ONCE, check=used(3))),
    Row("file-copied", "a file and a copy of it under another name", "dark_rate",
        lambda t: t(two_files(t), bias=LEVEL),
        Warned("DuplicateFrameWarning", "dark_0.fits", "0copy.fits", then=ONCE, check=used(3))),
    Row("file-linked", "a file and a symbolic link to it", "dark_rate", lambda t: t(linked(t), bias=LEVEL),
        Warned("DuplicateFrameWarning", "dark_0.fits", "link.fits", then=ONCE, check=used(3)), systems=POSIX),
    Row("file-and-object", "a file, and the CCDData read from it", "dark_rate",
        lambda t: t([*two_files(t, 0), CCDData.read(t.folder / "dark_2.fits")], bias=LEVEL),
        Warned("DuplicateFrameWarning", "dark_2.fits", "darks[3]", then=ONCE, check=used(3))),
    Row("collection-with-copy", "an ImageFileCollection of a folder with a copy of a frame", "dark_rate",
        lambda t: (two_files(t), t(ImageFileCollection(t.folder), bias=LEVEL))[1],
        Warned("DuplicateFrameWarning", "dark_0.fits", "0copy.fits", then=ONCE, check=used(3))),
    Row("constant-frames", "two frames that both have one single value in all pixels", "dark_rate",
        lambda t: t([frame(100, data=np.full(SHAPE, 510.0)), frame(100, data=np.full(SHAPE, 510.0))], bias=LEVEL),
        Right("Both count: they need not be copies.", used(2))),
    Row("tiny-frames", "two equal frames of 4 x 4 pixels", "dark_rate",
        lambda t: t([frame(100, data=np.arange(500.0, 516).reshape(4, 4)) for _ in range(2)], bias=LEVEL),
        Right("Both count: so few pixels may be equal by chance.", used(2))),
    Row("bias-five-times", "the same bias frame five times", "master_bias", lambda t: t([biases(1)[0]] * 5),
        Warned("DuplicateFrameWarning", "biases[0]", "biases[1]", then=ONCE, check=used(1))),
    Row("biases-twice", "five bias frames, each given twice", "master_bias", lambda t: t(biases() * 2),
        Warned("DuplicateFrameWarning", "biases[0]", "biases[5]", then=ONCE,
               check=lambda found: found.meta["NCOMBINE"] == 5 and 4 < found.meta["DKRDNOI"] < 6)),
    Row("scatter-of-one", "the same dark six times", "dark_scatter", lambda t: t([darks(1)[0]] * 6, bias=LEVEL),
        Error("ValueError", "at least 4", "got 1", then="Error: at least four different frames are needed, and there "
              "is one.")),
    Row("scatter-with-copy", "five darks, and one of them again", "dark_scatter",
        lambda t: t([*darks(), darks(1)[0]], bias=LEVEL),
        Warned("DuplicateFrameWarning", "darks[0]", "darks[5]", then=ONCE)),
    Row("repeatability-of-one", "the same dark in both halves", "repeatability",
        lambda t: t([darks(1)[0]] * 2, bias=LEVEL),
        Error("ValueError", "two", "got 1", then="Error: two different frames are needed, and there is one.")),
    Row("repeatability-with-copy", "four darks, and one of them again", "repeatability",
        lambda t: t([*darks(4), darks(1)[0]], bias=LEVEL),
        Warned("DuplicateFrameWarning", "darks[0]", "darks[4]", then=ONCE)),
    Row("rate-twice", "the same rate twice", "compare_dark_rates", lambda t: t(*[rate()] * 2),
        Error("ValueError", "different exposure times", "100 s")),
    Row("mask-rate-twice", "the same rate twice", "hot_pixel_mask", lambda t: t(*[rate()] * 2),
        Error("ValueError", "different exposure times", "100 s")),
    Row("folder-with-gz", "a folder with frames and their compressed copies", "ccdproc-darks report",
        lambda t: t(with_copies(t), "-o", t.out),
        NotUsed("dark_30s_0.fits.gz", "dark_30s_0.fits",
                then="The copies are not used, and named; each dark counts once.",
                check=lambda ran: "8 darks" in ran.out)),
    Row("folder-with-copy", "a folder with a copy of a bias frame under another name", "ccdproc-darks report",
        lambda t: t(with_extra(t, "copy of bias.fits", seconds=0.0, seed=1), "-o", t.out),
        NotUsed("copy of bias.fits", "bias_1.fits")),
    Row("folder-twice", "the same folder twice", "ccdproc-darks report",
        lambda t: t(folder(t.folder), t.folder / "night", "-o", t.out), Refused("night", "twice")),
]  # fmt: skip


def with_extra(trial, name, **options):
    """A folder of frames with one more."""
    path = folder(trial.folder)
    file(path, name, **options)
    return path


OTHER = {"INSTRUME": "camera B"}


def starry(seconds=100.0):
    """Frames with the same stars, each over three columns."""
    frames = [frame(seconds, seed=index, shape=(40, 64)) for index in range(4)]
    for one in frames:
        for row in range(0, 40, 3):
            one.data[row, 10 + row : 13 + row] += np.array([2000, 5000, 2000], "uint16")
    return frames


def flats():
    """Frames of a light that falls off by a fifth from one side to the other."""
    light = np.broadcast_to(np.linspace(20000, 16000, 64), (40, 64))
    return [
        frame(100.0, data=(np.random.default_rng(seed).poisson(light) / 2 + BIAS).astype("uint16")) for seed in range(4)
    ]


def no_warning(found):
    return found is not None


TOGETHER = [
    Row("bias-is-dark", "as bias, a dark of 100 s", "dark_rate", lambda t: t(darks(), bias=darks(1, seed=3)[0]),
        Error("ValueError", "bias", "EXPTIME", "100", KNOW)),
    Row("bias-is-one-of-the-darks", "as bias, one of the darks themselves", "dark_rate",
        lambda t: (lambda frames: t(frames, bias=frames[0]))(darks()),
        Error("ValueError", "bias is one of the darks", "bias[0]", "darks[0]",
              then="Error (``ValueError``) that says which dark it is.")),
    Row("bias-of-another-camera", "a master bias of another camera", "dark_rate",
        lambda t: t(darks(), bias=master(**OTHER)),
        Error("ValueError", "bias", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("bias-of-another-binning", "a master bias of another binning", "dark_rate",
        lambda t: t(darks(), bias=master(XBINNING=2, YBINNING=2)), Error("ValueError", "bias", "XBINNING", "2", KNOW)),
    Row("bias-of-another-temperature", "a master bias of another temperature", "dark_rate",
        lambda t: t(darks(), bias=master(CCD_TEMP=5.0)), Warned("TemperatureWarning", "bias", "-20", "5")),
    Row("bias-of-another-gain", "a master bias of another gain", "dark_rate",
        lambda t: t(darks(), bias=master(EGAIN=0.5)), Error("ValueError", "bias", "EGAIN", "0.5", KNOW)),
    Row("bias-with-an-exposure", "a master bias with an exposure time in its header", "dark_rate",
        lambda t: t(darks(), bias=master(EXPTIME=30.0)), Error("ValueError", "bias", "EXPTIME", "30", KNOW)),
    Row("bias-of-another-region", "a master bias of another region of the sensor, of the same size", "dark_rate",
        lambda t: t(darks(XORGSUBF=0, YORGSUBF=0), bias=master(XORGSUBF=100, YORGSUBF=0)),
        Error("ValueError", "bias", "XORGSUBF", "100", KNOW)),
    Row("bias-i-know", "a master bias of another camera, with check_headers=False", "dark_rate",
        lambda t: t(darks(), bias=master(**OTHER), check_headers=False), Right("Measured as asked.", no_warning)),
    Row("rate-as-bias", "as bias, a result of dark_rate", "dark_rate", lambda t: t(darks(), bias=rate()),
        Error("UnitsError", "bias", "electron / s")),
    Row("scatter-bias-of-another-camera", "a master bias of another camera", "dark_scatter",
        lambda t: t(darks(), bias=master(**OTHER)), Error("ValueError", "bias", "INSTRUME", "camera B", KNOW)),
    Row("scatter-bias-is-dark", "as bias, a dark of 100 s", "dark_scatter",
        lambda t: t(darks(), bias=darks(1, seed=3)[0]), Error("ValueError", "bias", "EXPTIME", "100", KNOW)),
    Row("repeatability-bias-of-another-camera", "a master bias of another camera", "repeatability",
        lambda t: t(darks(), bias=master(**OTHER)), Error("ValueError", "bias", "INSTRUME", "camera B", KNOW)),
    Row("master-bias-of-darks", "darks of 100 s", "master_bias", lambda t: t(darks()),
        Error("ValueError", "biases[0]", "Dark Frame", KNOW)),
    Row("master-bias-of-exposures", "frames of 100 s that do not say of what kind they are", "master_bias",
        lambda t: t(darks(IMAGETYP=None)), Warned("HeaderWarning", "EXPTIME", "100", "biases[0]")),
    Row("master-bias-of-flats", "flats", "master_bias", lambda t: t(darks(IMAGETYP="Flat Field")),
        Error("ValueError", "biases[0]", "Flat Field", KNOW)),
    Row("master-bias-one-dark", "bias frames, and one dark among them", "master_bias",
        lambda t: t([*biases(4), *darks(1)]), Error("ValueError", "biases[4]", "Dark Frame", KNOW)),
    Row("master-bias-two-cameras", "bias frames of two cameras", "master_bias",
        lambda t: t([*biases(3), *biases(3, seed=9, **OTHER)]),
        Error("ValueError", "biases[0]", "biases[3]", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("master-bias-two-binnings", "bias frames of two binnings and one size", "master_bias",
        lambda t: t([*biases(3), *biases(3, seed=9, XBINNING=2, YBINNING=2)]),
        Error("ValueError", "biases[3]", "XBINNING", KNOW)),
    Row("master-bias-i-know", "bias frames of two cameras, with check_headers=False", "master_bias",
        lambda t: t([*biases(3), *biases(3, seed=9, **OTHER)], check_headers=False),
        Right("Measured as asked.", used(6))),
    Row("darks-of-two-cameras", "darks of two cameras", "dark_rate",
        lambda t: t([*darks(3), *darks(3, seed=9, **OTHER)], bias=LEVEL),
        Error("ValueError", "darks[0]", "darks[3]", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("darks-of-two-binnings", "darks of two binnings and one size", "dark_rate",
        lambda t: t([*darks(3), *darks(3, seed=9, XBINNING=2, YBINNING=2)], bias=LEVEL),
        Error("ValueError", "darks[3]", "XBINNING", KNOW)),
    Row("darks-of-two-gains", "darks of two gains", "dark_rate",
        lambda t: t([*darks(3), *darks(3, seed=9, EGAIN=1.0)], bias=LEVEL),
        Error("ValueError", "gain", "darks[0]", "darks[3]")),
    Row("darks-of-two-regions", "darks of two regions of the sensor, of one size", "dark_rate",
        lambda t: t([*darks(3, XORGSUBF=0), *darks(3, seed=9, XORGSUBF=200)], bias=LEVEL),
        Error("ValueError", "darks[0]", "darks[3]", "XORGSUBF", "200", KNOW)),
    Row("darks-of-two-temperatures", "darks of two temperatures", "dark_rate",
        lambda t: t([*darks(3), *darks(3, seed=9, CCD_TEMP=0.0)], bias=LEVEL),
        Warned("TemperatureWarning", "-20.0 to 0.0 deg C")),
    Row("all-flats", "flats only", "dark_rate", lambda t: t(darks(IMAGETYP="Flat Field"), bias=LEVEL),
        Error("ValueError", "darks[0]", "Flat Field", KNOW)),
    Row("one-light", "a light among darks, as its IMAGETYP says", "dark_rate",
        lambda t: t([*darks(4), *darks(1, seed=9, IMAGETYP="Light Frame")], bias=LEVEL),
        Error("ValueError", "darks[4]", "Light Frame", KNOW)),
    Row("biases-with-exposure", "bias frames, with exposure=", "dark_rate",
        lambda t: t(biases(), bias=LEVEL, exposure=100 * S), Error("ValueError", "darks[0]", "Bias Frame", KNOW)),
    Row("biases-as-darks", "bias frames, without an exposure time", "dark_rate", lambda t: t(biases(), bias=LEVEL),
        Error("ValueError", "exposure", "EXPTIME", "darks[0]", "0")),
    Row("darks-i-know", "darks of two cameras, with check_headers=False", "dark_rate",
        lambda t: t([*darks(3), *darks(3, seed=9, **OTHER)], bias=LEVEL, check_headers=False),
        Right("Measured as asked.", used(6))),
    Row("scatter-of-two-cameras", "darks of two cameras", "dark_scatter",
        lambda t: t([*darks(3), *darks(3, seed=9, **OTHER)], bias=LEVEL),
        Error("ValueError", "darks[3]", "INSTRUME", "camera B", KNOW)),
    Row("repeatability-of-two-cameras", "darks of two cameras", "repeatability",
        lambda t: t([*darks(3), *darks(3, seed=9, **OTHER)], bias=LEVEL),
        Error("ValueError", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("compare-two-cameras", "rates of two cameras", "compare_dark_rates", lambda t: t(*rates(**OTHER)),
        Error("ValueError", "rates[0]", "rates[1]", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("compare-two-binnings", "rates of two binnings", "compare_dark_rates", lambda t: t(*rates(XBINNING=2)),
        Error("ValueError", "rates[0]", "rates[1]", "XBINNING", KNOW)),
    Row("compare-two-regions", "rates of two regions of the sensor", "compare_dark_rates",
        lambda t: t(*rates(frames={"XORGSUBF": 0}, XORGSUBF=100)),
        Error("ValueError", "rates[1]", "XORGSUBF", "100", KNOW)),
    Row("compare-two-gains", "rates of two gains", "compare_dark_rates", lambda t: t(*rates(EGAIN=1.0, DKGAIN=1.0)),
        Right("Compared: both are in electron/s.", no_warning)),
    Row("compare-two-temperatures", "rates of two temperatures", "compare_dark_rates",
        lambda t: t(*rates(DKTEMP=5.0, **{"CCD-TEMP": 5.0})), Warned("TemperatureWarning", "-20.0 to 5.0 deg C")),
    Row("compare-i-know", "rates of two cameras, with check_headers=False", "compare_dark_rates",
        lambda t: t(*rates(**OTHER), check_headers=False), Right("Compared as asked.", no_warning)),
    Row("mask-two-cameras", "rates of two cameras", "hot_pixel_mask", lambda t: t(*rates(**OTHER)),
        Error("ValueError", "rates[0]", "rates[1]", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("limit-two-cameras", "rates of two cameras", "proportionality_limit", lambda t: t(*rates(**OTHER)),
        Error("ValueError", "rates[0]", "rates[1]", "INSTRUME", "camera A", "camera B", KNOW)),
    Row("mask-scatter-of-another-camera", "a scatter image of another camera", "hot_pixel_mask",
        lambda t: t(*rates(), scatter=scatter(**OTHER)), Error("ValueError", "scatter", "INSTRUME", "camera B", KNOW)),
    Row("exptime-against-exposure", "EXPTIME 100 beside EXPOSURE 300 in a header", "dark_rate",
        lambda t: t(darks(EXPOSURE=300.0), bias=LEVEL), Error("ValueError", "EXPTIME", "100", "EXPOSURE", "300")),
    Row("light-by-its-pixels", "a light called a dark by its header", "dark_rate",
        lambda t: t([*darks(4), darks(1, seed=9, per_second=200.0)[0]], bias=LEVEL),
        Warned("FrameLevelWarning", "darks[4]")),
    Row("stars-in-darks", "lights with stars, called darks by their headers", "dark_rate",
        lambda t: t(starry(), bias=LEVEL), Warned("LightWarning", "light", "stars")),
    Row("stars-in-biases", "lights with stars, called bias frames by their headers", "master_bias",
        lambda t: t(starry(0.0)), Warned("LightWarning", "light", "stars")),
    Row("flats-by-their-pixels", "flats called darks by their headers", "dark_rate",
        lambda t: t(flats(), bias=LEVEL), Warned("LightWarning", "light", "flat")),
    Row("folder-light-by-its-pixels", "a folder with a light called a dark by its header", "ccdproc-darks report",
        lambda t: t(with_extra(t, "light.fits", seconds=30.0, seed=5, per_second=200.0), "-o", t.out),
        Told("light.fits")),
    Row("folder-light", "a folder with a light", "ccdproc-darks report",
        lambda t: t(with_extra(t, "light.fits", seconds=30.0, IMAGETYP="Light Frame"), "-o", t.out),
        NotUsed("light.fits", "Light Frame")),
    Row("gain-of-another-unit", "a bias in adu for darks in electron, without a gain", "dark_rate",
        lambda t: t(darks(unit="electron", EGAIN=None), bias=master(EGAIN=None)),
        Error("ValueError", "gain", "electron")),
    Row("shapes-differ", "darks of two shapes", "dark_rate",
        lambda t: t([*darks(2), *darks(1, shape=(10, 12))], bias=LEVEL),
        Error("ValueError", "darks[0]", "darks[2]", "(20, 24)", "(10, 12)")),
    Row("units-differ", "darks in adu and in electron", "dark_rate",
        lambda t: t([*darks(2), *darks(2, seed=5, unit="electron")], bias=LEVEL),
        Error("UnitsError", "darks[0]", "darks[2]", "adu", "electron")),
    Row("bias-shape", "a master bias of another shape", "dark_rate", lambda t: t(darks(), bias=master(shape=(10, 12))),
        Error("ValueError", "bias", "(10, 12)", "(20, 24)")),
    Row("compare-shapes", "rates of two shapes", "compare_dark_rates",
        lambda t: t(rate(50), rate(500, shape=(10, 12))), Error("ValueError", "rates[1]", "(20, 24)", "(10, 12)")),
    Row("compare-one-exposure", "two rates of one exposure time", "compare_dark_rates",
        lambda t: t(rate(100), rate(100, seed=3)), Error("ValueError", "different exposure times", "100 s")),
    Row("mask-scatter-shape", "a scatter image of another shape", "hot_pixel_mask",
        lambda t: t(rate(50, shape=(30, 30)), rate(500, shape=(30, 30)), scatter=scatter()),
        Error("ValueError", "scatter", "(30, 30)", "(20, 24)")),
    Row("scatter-two-exposures", "darks of two exposure times", "dark_scatter",
        lambda t: t([*darks(), *darks(5, 200.0)], bias=LEVEL), Error("ValueError", "one exposure time", "100, 200 s")),
    Row("repeatability-two-exposures", "darks of two exposure times", "repeatability",
        lambda t: t([*darks(), *darks(5, 200.0)], bias=LEVEL), Error("ValueError", "one exposure time", "100, 200 s")),
]  # fmt: skip

GROUPS = {"Frames given twice": DUPLICATES, "Frames that do not belong together": TOGETHER}
