"""FITS files that are broken, for the functions and for the report."""

import bz2
import gzip
import os

import numpy as np
from astropy import units as u
from astropy.io import fits

from ..helpers import full_mask
from .given import ADU, BIAS, card, file, file_bytes, folder, frame
from .wanted import Error, Named, NotUsed, Refused, Right, Row, listed

__all__ = ["GROUPS"]

LEVEL = BIAS * ADU
# Cards that cannot be: the name of the row, what is tried, the key, the card, and words of the message.
CARDS = [
    ("exptime-comma", "EXPTIME = 100,0", "EXPTIME", "EXPTIME =                100,0", ("EXPTIME", "100,0")),
    ("instrume-unclosed", "INSTRUME = 'cam", "INSTRUME", "INSTRUME= 'cam", ("INSTRUME",)),
    ("egain-two-points", "EGAIN = 1.5.5", "EGAIN", "EGAIN   =                1.5.5", ("EGAIN", "1.5.5")),
    ("egain-nan", "EGAIN = nan", "EGAIN", "EGAIN   =                  nan", ("EGAIN", "nan")),
    ("exptime-nan-text", "EXPTIME = 'nan'", "EXPTIME", "EXPTIME = 'nan     '", ("EXPTIME", "nan")),
    ("exptime-infinite", "EXPTIME = 1E999", "EXPTIME", "EXPTIME =                1E999", ("EXPTIME",)),
    ("imagetyp-garbage", "IMAGETYP = Dark Frame", "IMAGETYP", "IMAGETYP= Dark Frame", ("IMAGETYP",)),
    ("escape-bytes", "escape and bell characters in a card", "INSTRUME", "INSTRUME= 'cam\x1b[31m\x07'", ("INSTRUME",)),
    ("bitpix-float", "BITPIX = 16.0", "BITPIX", "BITPIX  =                 16.0", ("BITPIX", "16.0")),
    ("bitpix-15", "BITPIX = 15", "BITPIX", "BITPIX  =                   15", ("BITPIX", "15")),
    ("bitpix-text", "BITPIX = '16'", "BITPIX", "BITPIX  = '16      '", ("BITPIX",)),
    ("naxis-999", "NAXIS = 999", "NAXIS   ", "NAXIS   =                  999", ("NAXIS",)),
    ("naxis-huge", "NAXIS = 999999999999", "NAXIS   ", "NAXIS   =         999999999999", ("NAXIS",)),
    ("naxis-negative", "NAXIS = -1", "NAXIS   ", "NAXIS   =                   -1", ("NAXIS",)),
    ("naxis1-negative", "NAXIS1 = -48", "NAXIS1", "NAXIS1  =                  -48", ("NAXIS1", "-48")),
    ("naxis1-float", "NAXIS1 = 24.0", "NAXIS1", "NAXIS1  =                 24.0", ("NAXIS1",)),
    ("naxis1-huge", "NAXIS1 = 2000000000", "NAXIS1", "NAXIS1  =           2000000000",
     ("truncated",)),
    ("bzero-text", "BZERO = 'x'", "BZERO", "BZERO   = 'x       '", ("BZERO", "x")),
    ("bscale-zero", "BSCALE = 0", "BSCALE", "BSCALE  =                    0", ("BSCALE", "0")),
]  # fmt: skip


def of_card(name, tried, key, text, words):
    """Rows for a card of a file: in the report, and in dark_rate."""
    cards = ((key.strip(), text),)
    tried = f"a file has ``{tried}``" if "=" in tried else f"a file has {tried}"
    not_used, error = refused(("bad.fits", *words))
    yield Row(f"folder-{name}", tried, "ccdproc-darks report",
              lambda t: t(with_file(t, "bad.fits", cards=cards), "-o", t.out), not_used)  # fmt: skip
    yield Row(f"file-{name}", tried, "dark_rate",
              lambda t: t([file(t.folder, "good.fits", seed=1), file(t.folder, seed=2, cards=cards)], bias=LEVEL),
              error)  # fmt: skip


def refused(words):
    """What must happen with a file in the report, and in dark_rate: the page says it in one row."""
    then = f"The file is not used. The message says {listed(words)}."
    return NotUsed(*words, then=then, check=eight_darks), Error("OSError|ValueError", *words, then=then)


def with_file(trial, name, content=None, **options):
    """A folder of frames with one file more."""
    path = folder(trial.folder)
    if content is None:
        file(path, name, **options)
    else:
        (path / name).write_bytes(content)
    return path


def eight_darks(ran):
    return "8 darks" in ran.out


def compressed(key, text):
    """A file with a compressed image, and another card in the header of its table."""
    image = fits.CompImageHDU(frame(30.0, seed=9).data, frame(30.0).header)
    content = _bytes(fits.HDUList([fits.PrimaryHDU(), image]))
    return content[:2880] + card(content[2880:], key, text)


def cube():
    return _bytes(fits.PrimaryHDU(np.zeros((3, 4, 5), "uint16")))


def no_image():
    return _bytes(fits.PrimaryHDU())


def _bytes(hdu):
    import io

    buffer = io.BytesIO()
    hdu.writeto(buffer)
    return buffer.getvalue()


def double(first, second):
    """A file with a key twice."""
    return card(file_bytes(cards=(("EXPTIME", f"EXPTIME = {first:20.1f}"),)), "ANOTHER", f"EXPTIME = {second:20.1f}")


# Files that are none, or broken: the name of the row, what is tried, the file's name, its content, words.
CONTENTS = [
    ("empty", "an empty file", "bad.fits", lambda: b"", ("empty",)),
    ("text", "a text with the name of a FITS file", "bad.fits", lambda: b"not a FITS file\n" * 400, ("FITS",)),
    ("zeros", "a file of zeros", "bad.fits", lambda: bytes(5760), ("FITS",)),
    ("truncated", "a file that ends in the middle of its image", "bad.fits",
    lambda: file_bytes()[:3400], ("truncated",)),
    ("header-only", "a file that ends in its header", "bad.fits", lambda: file_bytes()[:400], ("FITS",)),
    ("cube", "a file with a cube of images", "bad.fits", cube, ("no 2-D image", "(3, 4, 5)")),
    ("no-image", "a file without an image", "bad.fits", no_image, ("no 2-D image",)),
    ("gz-broken", "a compressed file with a wrong checksum", "bad.fits.gz",
     lambda: gzip.compress(file_bytes(), 1)[:-8] + bytes(8), ("bad.fits.gz",)),
    ("gz-truncated", "a compressed file that ends too early", "bad.fits.gz",
     lambda: gzip.compress(file_bytes(), 1)[:-200], ("truncated",)),
    ("bz2-truncated", "a file of bzip2 that ends too early", "bad.fits.bz2",
     lambda: bz2.compress(file_bytes())[:-200], ("truncated",)),
    ("tfields-huge", "a compressed image (.fz) with TFIELDS = 2147483648", "bad.fits.fz",
     lambda: compressed("TFIELDS", "TFIELDS =           2147483648"), ("bad.fits.fz",)),
    ("zbitpix-15", "a compressed image (.fz) with ZBITPIX = 15", "bad.fits.fz",
     lambda: compressed("ZBITPIX", "ZBITPIX =                   15"), ("bad.fits.fz",)),
    ("zcmptype", "a compressed image (.fz) of an unknown kind of compression", "bad.fits.fz",
     lambda: compressed("ZCMPTYPE", "ZCMPTYPE= 'UNKNOWN '"), ("bad.fits.fz",)),
    ("naxis1-backwards", "a file with NAXIS1 = -48, which leads a reader back to the header for ever", "bad.fits",
     lambda: file_bytes(shape=(30, 48), cards=(("NAXIS1", "NAXIS1  =                  -48"),)), ("NAXIS1", "-48")),
    ("key-twice", "a file with EXPTIME 100, and EXPTIME 300 further on", "bad.fits", lambda: double(100, 300),
     ("EXPTIME", "100", "300")),
]  # fmt: skip


def of_content(name, tried, file_name, make, words):
    """Rows for the content of a file: in the report, and in dark_rate."""
    not_used, error = refused(words if file_name in words else (file_name, *words))
    yield Row(f"folder-{name}", tried, "ccdproc-darks report",
              lambda t: t(with_file(t, file_name, make()), "-o", t.out), not_used)  # fmt: skip
    yield Row(f"file-{name}", tried, "dark_rate", lambda t: t(written(t, file_name, make()), bias=LEVEL), error)


def written(trial, name, content):
    path = trial.folder / name
    path.write_bytes(content)
    return [file(trial.folder, "good.fits", seed=1), path]


def two_folders(trial):
    """A folder of frames with a bad file, and one without."""
    bad = with_file(trial, "bad.fits", cards=(("EXPTIME", "EXPTIME =                100,0"),))
    good = folder(trial.folder, "good")
    return trial(bad, good, "-o", trial.out)


def replaced(trial):
    """A file that is replaced by another after its header was read."""
    path = folder(trial.folder)
    image = frame(30.0, seed=3)
    image.data = image.data.astype("float32")
    other = _bytes(image.to_hdu()[0])

    def replace():
        (path / "dark_30s_0.fits").write_bytes(other)
        trial.settle()

    with trial.meanwhile(replace):
        return trial(path, "-o", trial.out)


def vanished(trial):
    """A file that is gone after its header was read."""
    path = folder(trial.folder)

    def remove():
        (path / "dark_30s_0.fits").unlink()
        trial.settle()

    with trial.meanwhile(remove):
        return trial(path, "-o", trial.out)


def undecodable(trial):
    """A broken file whose name is not UTF-8."""
    path = folder(trial.folder)
    with open(os.fsencode(path) + b"/d\xe4rk.fits", "wb") as out:
        out.write(file_bytes()[:3400])
    return trial(path, "-o", trial.out)


def full_tmpdir(trial):
    """A compressed frame, and no room for it: files may have 2000 bytes until all headers are read."""
    import resource

    path = with_file(trial, "dark.fits.gz", seed=9)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with trial.meanwhile(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)):
            return trial(path, "-o", trial.out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def dated(trial):
    """A file whose DATE-OBS is no date."""
    cards = (("DATE-OBS", "DATE-OBS= garbage"),)
    return trial(with_file(trial, "dark_30s_0.fits", seed=1030, cards=cards), "-o", trial.out)


def long_name(trial):
    path = folder(trial.folder, INSTRUME="x" * 300)
    return trial(path, "-o", trial.out)


def values_of_astropy(trial):
    """A file of BZERO and BSCALE, read by astropy and by dark_rate."""
    path = trial.folder / "scaled.fits"
    image = np.arange(480, dtype="int16").reshape(20, 24)
    hdu = fits.PrimaryHDU(image)
    hdu.header.update({"EXPTIME": 10.0, "EGAIN": 1.0, "RDNOISE": 5.0, "IMAGETYP": "Dark Frame"})
    hdu.header["BSCALE"], hdu.header["BZERO"], hdu.header["BLANK"] = 0.5, 100.0, 7
    hdu.writeto(path)
    with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
        hdus[0].header["BSCALE"], hdus[0].header["BZERO"], hdus[0].header["BLANK"] = 0.5, 100.0, 7
    return fits.getdata(path) / 10, trial(path, bias=0 * u.adu)


def same_as_astropy(both):
    theirs, ours = both
    return np.allclose(ours.data, theirs, equal_nan=True) and np.array_equal(full_mask(ours), np.isnan(theirs))


FILES = [row for one in CARDS for row in of_card(*one)]
BROKEN = [row for one in CONTENTS for row in of_content(*one)]
OTHERS = [
    Row("file-absent", "a path where there is no file", "dark_rate", lambda t: t(t.folder / "absent.fits", bias=LEVEL),
        Error("FileNotFoundError", "absent.fits", "no such file")),
    Row("file-is-folder", "the path of a folder", "dark_rate", lambda t: t(folder(t.folder), bias=LEVEL),
        Error("IsADirectoryError", "night", "folder", "ImageFileCollection", "ccdproc-darks report")),
    Row("bias-file-absent", "a bias that is not there", "dark_rate",
        lambda t: t([file(t.folder, "good.fits")], bias=t.folder / "absent.fits"),
        Error("FileNotFoundError", "absent.fits")),
    Row("biases-file-broken", "a bias frame that ends in the middle of its image", "master_bias",
        lambda t: t(written(t, "bad.fits", file_bytes(seconds=0.0)[:3400])), Error("OSError", "bad.fits", "truncated")),
    Row("scatter-file-broken", "a dark that ends in the middle of its image", "dark_scatter",
        lambda t: t(written(t, "bad.fits", file_bytes()[:3400]), bias=LEVEL),
        Error("OSError", "bad.fits", "truncated")),
    Row("repeatability-file-broken", "a dark that ends in the middle of its image", "repeatability",
        lambda t: t(written(t, "bad.fits", file_bytes()[:3400]), bias=LEVEL),
        Error("OSError", "bad.fits", "truncated")),
    Row("file-scaled", "a file with BSCALE, BZERO and BLANK", "dark_rate", values_of_astropy,
        Right("The numbers are those of astropy, and blank pixels are masked.", same_as_astropy)),
    Row("folder-two-one-bad", "two folders, one of them with a broken file", "ccdproc-darks report", two_folders,
        NotUsed("bad.fits", "EXPTIME", then="The file is named as not used; both folders are measured.",
                check=lambda ran: ran.out.count("8 darks") == 2)),
    Row("folder-replaced", "a file that is replaced by one of another type while the report measures",
        "ccdproc-darks report", replaced, Named("dark_30s_0.fits", then="The command names the file. It is not read as "
        "what it was before.")),
    Row("folder-vanished", "a file that is removed while the report measures", "ccdproc-darks report", vanished,
        Named("dark_30s_0.fits", then="The command names the file.")),
    Row("folder-undecodable", "a broken file whose name is not UTF-8", "ccdproc-darks report", undecodable,
        NotUsed("rk.fits", "truncated", check=eight_darks), systems=("linux",)),
    Row("folder-full-tmpdir", "compressed frames, and no room for them in TMPDIR", "ccdproc-darks report", full_tmpdir,
        NotUsed("dark.fits.gz", "room", "TMPDIR", check=eight_darks), systems=("linux",)),
    Row("folder-date-garbage", "the first file of a folder has ``DATE-OBS = garbage``", "ccdproc-darks report", dated,
        Right("It is used, without its date.", lambda ran: ran.status == 0 and "8 darks" in ran.out)),
    Row("folder-long-camera", "a name of the camera (INSTRUME) of 300 characters", "ccdproc-darks report", long_name,
        Right("The report is written.", lambda ran: ran.status == 0 and "8 darks" in ran.out)),
    Row("folder-all-bad", "a folder in which all files are broken", "ccdproc-darks report",
        lambda t: t(only_bad(t), "-o", t.out), Refused("only", "bad.fits", "empty")),
]  # fmt: skip


def only_bad(trial):
    path = trial.folder / "only"
    path.mkdir()
    (path / "bad.fits").write_bytes(b"")
    return path


GROUPS = {"Header cards that cannot be read": FILES, "Broken files": BROKEN, "Files, and folders of files": OTHERS}
