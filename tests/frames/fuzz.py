"""Damaged FITS files and folders, made from recipes, and what must hold of each of them.

A recipe is a list that JSON can hold: the name of a sound file, and what is done to it. `recipe` draws one.
"""

import bz2
import gzip
import io
import lzma
import os
import re
import socket
import zipfile
from functools import cache

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.io.fits.verify import VerifyError
from astropy.nddata import CCDData, StdDevUncertainty

from ccdproc_darks import dark_rate
from ccdproc_darks._interface.shown import shown
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.hdus import find_hdus
from ccdproc_darks.frames.header_keys import USED_KEYS
from ccdproc_darks.report.folder import find_groups

SHAPE = (12, 10)
BLOCK, CARD = 2880, 80
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
KINDS = ("file", "link", "lost link", "loop", "fifo", "socket", "folder")
NAMES = ("a.fits", "b.FIT", "c.fts", "d.fits.gz", "e.fit.bz2", "f.fits.fz", "g.fz", ".h.fits", "i\n\x1b[31m.fits",
         "j\udce9.fits", "k .fits", "l.fits.txt", "m.gz", "n" * 200 + ".fits", "-o.fits", "p*?.fits")  # fmt: skip


class Finding(Exception):
    """What must not happen, happened."""


# --- sound files


def _camera(**keys):
    return fits.Header(
        {"EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0, "IMAGETYP": "Dark Frame", "INSTRUME": "Camera", "GAIN": 30,
         "CCD-TEMP": -19.9, "SET-TEMP": -20.0, "XBINNING": 1, "YBINNING": 1, "DATE-OBS": "2019-09-06T19:45:51.883",
         "OBSERVER": "somebody", **keys}
    )  # fmt: skip


def _counts(dtype):
    rng = np.random.default_rng(3)
    counts = rng.poisson(100, SHAPE) + 100
    return (counts + (rng.random(SHAPE) if dtype[0] == "f" else 0)).astype(dtype)


def _file(*hdus):
    out = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(out)
    return out.getvalue()


def _simple(dtype, **keys):
    return lambda: _file(fits.PrimaryHDU(_counts(dtype), _camera(**keys)))


def _masked():
    frame = CCDData(
        _counts("f4"), unit="adu", mask=np.eye(*SHAPE, dtype=bool), meta=dict(_camera()),
        uncertainty=StdDevUncertainty(np.full(SHAPE, 9.0)),
    )  # fmt: skip
    out = io.BytesIO()
    frame.to_hdu().writeto(out)
    return out.getvalue()


def _extension():
    table = fits.BinTableHDU.from_columns([fits.Column("x", "PE()", array=np.array([[1.0, 2], [3]], object))])
    return _file(fits.PrimaryHDU(header=_camera()), table, fits.ImageHDU(_counts("u2"), name="SCI"))


def _tiled(dtype, compression, **options):
    return lambda: _file(
        fits.PrimaryHDU(),
        fits.CompImageHDU(_counts(dtype), _camera(), compression_type=compression, **options),
    )


SOUND = {
    "u2": _simple("u2"), "i2": _simple("i2"), "u1": _simple("u1"), "i4": _simple("i4"), "i8": _simple("i8"),
    "f4": _simple("f4"), "f8": _simple("f8"), "electron": _simple("f4", BUNIT="electron"),
    "scaled": _simple("i2", BSCALE=0.5, BZERO=7.5, BLANK=201),
    "long": _simple("u2", COMMENT="x" * 60, LONGTEXT="y" * 150),
    "wcs": _simple("u2", CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP", CRVAL1=1.0, CRVAL2=2.0, CRPIX1=3.0, CRPIX2=4.0,
                   CDELT1=1e-4, CDELT2=1e-4, A_ORDER=2, B_ORDER=2, A_2_0=1e-6, B_0_2=1e-6),
    "masked": _masked, "extension": _extension,
    "rice": _tiled("u2", "RICE_1"), "gzip1": _tiled("i4", "GZIP_1"), "gzip2": _tiled("i2", "GZIP_2"),
    "hcompress": _tiled("i2", "HCOMPRESS_1", tile_shape=SHAPE), "plio": _tiled("i2", "PLIO_1"),
    "quantized": _tiled("f4", "RICE_1", quantize_level=16, quantize_method=1),
    "lossless": _tiled("f4", "GZIP_2", quantize_level=0),
}  # fmt: skip


@cache
def sound(name):
    """Content of a sound file."""
    return SOUND[name]()


# --- drawing recipes

_STRUCTURE = ["SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "PCOUNT", "GCOUNT", "GROUPS",
              "EXTEND", "TFIELDS", "THEAP", "TFORM1", "TTYPE1", "ZIMAGE", "ZBITPIX", "ZNAXIS", "ZNAXIS1", "ZNAXIS2",
              "ZTILE1", "ZTILE2", "ZCMPTYPE", "ZNAME1", "ZVAL1", "ZNAME2", "ZVAL2", "ZQUANTIZ", "ZDITHER0", "ZSCALE",
              "ZZERO", "ZBLANK", "ZSIMPLE", "ZTENSION", "ZPCOUNT", "EXTNAME", "EXTVER", "UTYPE", "BZERO", "BSCALE",
              "BLANK", "BUNIT", "END", "CONTINUE", "HIERARCH EXPTIME", "INHERIT", "CHECKSUM"]  # fmt: skip
_OTHERS = ["DATE-OBS", "MJD-OBS", "CTYPE1", "CTYPE2", "CRVAL1", "CRPIX1", "CDELT1", "CD1_1", "PC1_2", "WCSAXES",
           "A_ORDER", "B_ORDER", "AP_ORDER", "A_2_0", "PV1_1", "CUNIT1", "RADESYS", "EQUINOX", "CPDIS1", "DP1",
           "D2IMDIS1",
           "HISTORY", "COMMENT", "", "OBSERVER", "LONPOLE", "TIMESYS", "MJDREF", "exptime", "EXPTIME.1",
           "K\u00e9Y"]  # fmt: skip
_VALUES = ["0", "1", "-1", "2", "8", "15", "16", "16.0", "-32", "-48", "64", "999", "65535", "2147483648", "1000000",
           "999999999999", "-9999999999999", "9" * 30, "1e12", "1E400", "-1e-400", "1.5.5", "100,0", "1_5", "'1_5'",
           "nan", "NaN", "inf", "'nan'", "T", "F", "TRUE", "", "''", "'", "'cam", "'cam''s'", "garbage", "'garbage'",
           "'\x1b[31m'", "\x1b", "'\xe9\xff'", "\xe9", "(1.0, 2.0)", "1D2", "+5", "007", "0x10", "' 100 '", "'100.0'",
           "100", "300.0", "1 2", "1/2", "'a&'", "'a / b", "'adu'", "'electron'", "'electron/s'", "'m**999999'",
           "'Bias Frame'", "'Light'", "'MASK'", "'UNCERT'", "'IMAGE'", "'BINTABLE'", "'RICE_1'", "'GZIP_1'",
           "'HCOMPRESS_1'", "'PLIO_1'", "'NOCOMPRESS'", "'1PB(999999)'", "'1QB'", "'1PI(3)'", "'1J'", "'RA---TAN'",
           "'SUBTRACTIVE_DITHER_1'", "'VarianceUncertainty'", "32768", "-128", "32768.0", "1e308", "99", "-32768",
           "3.14159265358979323846", "'2019-13-45T99:99'", "'19/09/06'", "9999999999.5", "\0", "\t5",
           "5\0"]  # fmt: skip


def _pick(rng, items):
    return items[int(rng.integers(len(items)))]


def _card(rng):
    key = _pick(rng, _pick(rng, [_STRUCTURE, sorted(USED_KEYS), _OTHERS]))
    value = _pick(rng, _VALUES) if rng.random() < 0.9 else str(int(rng.integers(-200, 2000)))
    style = rng.choice(["fixed", "free", "tight", "bare", "comment"], p=[0.5, 0.25, 0.08, 0.07, 0.1])
    text = {
        "fixed": f"{key:8}= {value:>20}", "free": f"{key:8}= {value}", "tight": f"{key:8}={value}",
        "bare": f"{key:8}  {value}", "comment": f"{key:8}= {value} / remark",
    }[style]  # fmt: skip
    return text[:CARD]


def recipe(rng):
    """A drawn recipe of one file: the name of a sound file, and up to a few changes."""
    steps = [_pick(rng, list(SOUND))]
    for _ in range(int(rng.choice([0, 1, 2, 3, 6], p=[0.03, 0.5, 0.27, 0.15, 0.05]))):
        steps.append(_step(rng))
    if rng.random() < 0.12:
        steps.append(["pack", _pick(rng, [*PACKERS, "zip"])])
        if rng.random() < 0.5:
            steps.append(_step(rng, packed=True))
    return steps


def _step(rng, packed=False):
    hdu, index = int(rng.integers(0, 3)), int(rng.integers(0, 40))
    kind = str(rng.choice(
        ["card", "insert", "value", "delete", "move", "double", "bytes", "data", "zeros", "truncate", "append",
         "no end"],
        p=[0.12, 0.2, 0.2, 0.06, 0.05, 0.05, 0.06, 0.1, 0.04, 0.05, 0.04, 0.03],
    ))  # fmt: skip
    if packed:
        kind = _pick(rng, ["bytes", "zeros", "truncate", "append"])
    where = float(rng.random())
    match kind:
        case "card" | "insert":
            return [kind, hdu, index, _card(rng)]
        case "value":
            return [kind, hdu, index, _pick(rng, _VALUES)]
        case "delete" | "no end":
            return [kind, hdu, index]
        case "move" | "double":
            return [kind, hdu, index, int(rng.integers(0, 40))]
        case "bytes":
            return [kind, where, rng.bytes(int(rng.choice([1, 1, 2, 8, 100]))).hex()]
        case "data":
            # Descriptors of tiles are pairs of 4 bytes: size, and place in the heap.
            number = _pick(rng, [0, 1, 2, 7, 1000, 2**16, 2**31 - 1, 2**31, 2**32 - 1, int(rng.integers(2**32))])
            return [kind, hdu, int(rng.integers(0, 60)), number]
        case "zeros":
            return [kind, where, int(rng.choice([1, 8, 80, 2880]))]
        case "truncate":
            return [kind, where]
        case _:
            text = _pick(rng, ["XTENSION= 'IMAGE   '", "\0", " ", "junk", "XTENSION", "SIMPLE  =                    T"])
            return [kind, text, int(rng.choice([1, 80, 2880, 2881, 40000]))]


# --- making files from recipes


def content_of(steps):
    """Content of the file of a recipe."""
    content = sound(steps[0])
    for kind, *given in steps[1:]:
        content = _CHANGES[kind](content, *given)
    return content


def _change_cards(content, hdu, change):
    """Content with the cards of one header, a list of bytes without END, changed."""
    starts = [
        start for start in range(0, len(content), BLOCK) if content.startswith((b"SIMPLE  =", b"XTENSION"), start)
    ]
    if not starts:
        return content
    start = starts[hdu % len(starts)]
    end = start
    while end < len(content) and content[end : end + CARD].rstrip() != b"END":
        end += CARD
    cards = [content[position : position + CARD] for position in range(start, end, CARD)]
    after = start + -(-(end + CARD - start) // BLOCK) * BLOCK
    change(cards)
    header = b"".join(card.ljust(CARD)[:CARD] for card in cards) + b"END".ljust(CARD)
    return content[:start] + header.ljust(-(-len(header) // BLOCK) * BLOCK) + content[after:]


def _set_card(content, hdu, index, text):
    def change(cards):
        cards[index % len(cards)] = text.encode("latin-1")

    return _change_cards(content, hdu, change)


def _insert_card(content, hdu, index, text):
    def change(cards):
        card = text.encode("latin-1")
        same = [number for number, other in enumerate(cards) if other[:8] == card[:8].ljust(8)]
        if same and index % 2:
            cards[same[0]] = card
        else:
            cards.insert(index % (len(cards) + 1), card)

    return _change_cards(content, hdu, change)


def _set_value(content, hdu, index, value):
    def change(cards):
        number = index % len(cards)
        cards[number] = cards[number][:10] + value.encode("latin-1")

    return _change_cards(content, hdu, change)


def _delete_card(content, hdu, index):
    return _change_cards(content, hdu, lambda cards: cards.pop(index % len(cards)))


def _move_card(content, hdu, index, to):
    return _change_cards(content, hdu, lambda cards: cards.insert(to, cards.pop(index % len(cards))))


def _double_card(content, hdu, index, to):
    return _change_cards(content, hdu, lambda cards: cards.insert(to, cards[index % len(cards)]))


def _without_end(content, hdu, index):
    return content.replace(b"END".ljust(CARD), b" " * CARD, 1 + index % 2)


def _set_bytes(content, where, data):
    data, start = bytes.fromhex(data), int(where * len(content))
    return content[:start] + data + content[start + len(data) :]


def _set_data(content, hdu, place, number):
    """Content with four bytes of the data of one HDU overwritten."""
    ends = [end for end in range(0, len(content), CARD) if content[end : end + CARD] == b"END".ljust(CARD)]
    if not ends:
        return content
    start = (ends[hdu % len(ends)] // BLOCK + 1) * BLOCK + 4 * place
    return content[:start] + number.to_bytes(4, "big") + content[start + 4 :] if start < len(content) else content


def _pack(content, form):
    if form != "zip":
        return PACKERS[form](content)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("x.fits"), content)
    return out.getvalue()


_CHANGES = {
    "card": _set_card, "insert": _insert_card, "value": _set_value, "delete": _delete_card, "move": _move_card,
    "double": _double_card, "no end": _without_end, "bytes": _set_bytes, "data": _set_data, "pack": _pack,
    "zeros": lambda content, where, number: _set_bytes(content, where, "00" * number),
    "truncate": lambda content, where: content[: int(where * len(content))],
    "append": lambda content, text, size: content + (text.encode("latin-1") * size)[:size],
}  # fmt: skip


# --- what must hold of a file

_CLEAR = (OSError, ValueError, u.UnitsError, TypeError)


def check_file(path):
    """'accepted' or 'refused', by `FileFrame` or `dark_rate`; a `Finding` where the file is neither."""
    try:
        frame = FileFrame(path)
    except _CLEAR as error:
        return _refused(path, error)
    try:
        frame.rows(slice(None))
    except _CLEAR as error:
        return _refused(path, error)
    _compare(frame, path)
    try:
        rate = dark_rate(path, bias=10 * u.adu if frame.unit == u.adu else 10 * u.electron)
    except _CLEAR as error:
        if str(error).startswith("the result overflows"):  # not the fault of one file of many
            return "refused"
        return _refused(path, error)
    _compare_rate(rate, frame)
    back = io.BytesIO()
    rate.to_hdu().writeto(back)
    return "accepted"


def _refused(path, error):
    text = str(error)
    if shown(path.name) not in text:
        raise Finding(f"no name of the file in: {type(error).__name__}: {text}") from error
    if not text.isprintable():
        raise Finding(f"not printable: {text!r}") from error
    if "too much memory" in text or "Unable to allocate" in text or "MemoryError" in text:
        raise Finding(f"it took too much memory: {text}") from error
    return "refused"


def _compare(frame, path):
    """A `Finding` where a frame is not what astropy reads."""
    try:
        content = _used_part(path)
        with (
            fits.open(io.BytesIO(content), memmap=False, do_not_scale_image_data=True) as stored,
            fits.open(io.BytesIO(content), memmap=False) as hdus,
        ):
            index = next(
                index for index, hdu in enumerate(hdus)
                if hdu.is_image and len(hdu.shape) == 2 and hdu.name.strip().upper() not in ("MASK", "UNCERT")
            )  # fmt: skip
            header = hdus[index].header.copy()
            if index > 0:
                header.extend(hdus[0].header, unique=True)
            values, raw = _data_of(hdus[index]), _data_of(stored[index])
            mask, uncertainty = (_data_of(hdus[name]) if name in hdus else None for name in ("MASK", "UNCERT"))
    except Exception as error:
        raise Finding(f"astropy does not read what is accepted: {type(error).__name__}: {error}") from error
    found = frame.rows(slice(None))
    blank = frame.header.get("BLANK")
    if type(blank) is int and raw.dtype.kind in "iu":
        # astropy forgets a BLANK of 0, and any BLANK where BZERO makes integers unsigned; and it makes floats of
        # integers also where no pixel can have the value BLANK.
        values = np.where(raw == blank, np.nan, values).astype("f8")
        found.values = found.values.astype("f8")
    _same(found.values, values, "values")
    if (found.mask is None) != (mask is None) or (mask is not None and (found.mask != mask.astype(bool)).any()):
        raise Finding("another mask than astropy's")
    if (found.deviation is None) != (uncertainty is None):
        raise Finding("an uncertainty, or none, unlike astropy")
    if uncertainty is not None and str(header.get("UTYPE", "Std")).startswith("Std"):
        _same(found.deviation, uncertainty, "uncertainty")
    for key in sorted(USED_KEYS):
        try:
            told = header.get(key)
        except VerifyError:
            raise Finding(f"{key} is broken, and the file is accepted") from None
        own = frame.header.get(key)
        if (key in header) != (key in frame.header) or (type(own), own) != (type(told), told):
            raise Finding(f"{key} is {own!r}, astropy has {told!r}")


def _used_part(path):
    """Content of an accepted file, up to the last HDU that is used, as astropy reads it: SIMPLE is T.

    astropy makes no image of SIMPLE = F, and may search for minutes in what follows.
    """
    content = path.read_bytes()
    for magic, opened in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress)):
        if content.startswith(magic):
            content = opened(content)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    hdus = find_hdus(_Source(content))
    images = [hdu for hdu in hdus if hdu.is_image]
    planes = [hdu for hdu in images if hdu.name in ("MASK", "UNCERT")]
    frame = next(hdu for hdu in images if len(hdu.shape) == 2 and hdu not in planes)
    last = max((frame, *planes), key=lambda hdu: hdu.offset)
    end = last.offset + -(-last.size // BLOCK) * BLOCK
    return re.sub(rb"\ASIMPLE  =( +)F", rb"SIMPLE  =\1T", content)[:end]


class _Source:
    """Content as `find_hdus` reads it."""

    def __init__(self, content):
        self._file = io.BytesIO(content)
        self.read = self._file.read

    def skip(self, size, offset):
        self._file.seek(offset + -(-size // BLOCK) * BLOCK)


def _data_of(hdu):
    """Data of an HDU; those of HCOMPRESS_1 are decompressed in a process of its own, which astropy may crash."""
    if getattr(hdu, "compression_type", "") != "HCOMPRESS_1":
        return hdu.data
    there, here = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            saved = io.BytesIO()
            np.save(saved, hdu.data)
            with open(here, "wb") as out:
                out.write(saved.getbuffer())
        finally:
            os._exit(0)
    os.close(here)
    with open(there, "rb") as found:
        content = found.read()
    status = os.waitpid(pid, 0)[1]
    if status:
        raise ChildProcessError(f"exit status {status}")
    return np.load(io.BytesIO(content))


def _same(found, expected, what):
    expected = np.asarray(expected)
    if found.dtype != expected.dtype.newbyteorder("=") or not np.array_equal(
        found, expected, equal_nan=found.dtype.kind == "f"
    ):
        raise Finding(f"other {what} than astropy's ({found.dtype}, {expected.dtype})")


def _compare_rate(rate, frame):
    """A `Finding` where a rate of one frame is not that of its values and header."""
    header = frame.header
    seconds = float(header["EXPTIME" if "EXPTIME" in header else "EXPOSURE"])
    gain = float(header["EGAIN"]) if frame.unit == u.adu else 1.0
    values = frame.rows(slice(None)).values.astype(float)
    with np.errstate(all="ignore"):
        expected = (values - 10) * gain / seconds
        good = ~rate.mask & (np.abs(expected) < 1e30) & (np.abs(expected) > 1e-30)
    if not np.allclose(rate.data[good], expected[good], rtol=1e-5, atol=0):
        raise Finding("another rate than that of values and header")


# --- folders


def folder_recipe(rng):
    """A drawn recipe of a folder: a list of (kind, name, recipe of a file)."""
    names = [str(name) for name in rng.permutation(NAMES)[: int(rng.integers(2, 8))]]
    return [[str(rng.choice(KINDS, p=[0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05])), name, recipe(rng)] for name in names]


def make_folder(folder, entries):
    """Make the files of the recipe of a folder."""
    (folder / "good.fits").write_bytes(sound("u2"))
    for kind, name, steps in entries:
        path = folder / name
        if kind == "file":
            path.write_bytes(content_of(steps))
        elif kind == "link":
            path.symlink_to("good.fits")
        elif kind == "lost link":
            path.symlink_to("nowhere")
        elif kind == "loop":
            path.symlink_to(name)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            _make_socket(folder, name)


def _make_socket(folder, name):
    # The path of a socket must be short.
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("s")
        os.rename("s", name)
    finally:
        os.fchdir(before)
        os.close(before)


def check_folder(folder):
    """'accepted', or a `Finding` where `find_groups` does not tell of each file whether it is used."""
    groups, unusable = find_groups(folder)
    told = sorted(
        [frame.name for group in groups for frame in (*group.darks, *group.biases)] + [item.name for item in unusable]
    )
    expected = sorted(shown(name) for name in os.listdir(folder) if _is_called_fits(name))
    if told != expected:
        raise Finding(f"told of {told}, there are {expected}")
    for item in unusable:
        if not (item.name + item.reason).isprintable() or not item.reason:
            raise Finding(f"not printable, or no reason: {item}")
    return "accepted"


def _is_called_fits(name):
    name = name.lower()
    for packed in (".gz", ".bz2", ".fz"):
        if name.endswith(packed) and name.removesuffix(packed).endswith((".fits", ".fit", ".fts")):
            name = name.removesuffix(packed)
    return not name.startswith(".") and name.endswith((".fits", ".fit", ".fts", ".fz"))
