"""Cases: folders of frames with known truth, and what must come of them: the right numbers, or the sentence."""

from dataclasses import dataclass

import numpy as np
from astropy.io import fits

from .camera import Camera

__all__ = ["CASES", "Case"]

CCD = Camera()
CMOS = Camera(rate=0.02, hot=300, hot_rates=(0.5, 20.0), gain=0.25, read_noise=1.5, level=120.0, seed=5)
SLOW = Camera(rate=0.4, hot=250, hot_rates=(5.0, 60.0), gain=2.3, read_noise=14.0, level=1000.0, seed=9)


@dataclass(frozen=True)
class Case:
    """One folder of frames.

    Attributes
    ----------
    name : str
        What is odd about it.
    camera : Camera
        The truth.
    write : callable
        Writes the folder; returns the paths of the biases and of the darks.
    report : str
        Regular expression of a sentence of the report, '' where it need not say anything, since all is right.
    number : bool
        Whether the report's rate must be right.
    function : str
        Regular expression of the error or the warning of `dark_rate` for the same files, '' where it must be right
        without a word, '-' where it is not tried.
    top : float
        Level (adu) from which pixels are saturated, where the frames show it; 0 where that does not matter.
    options : dict
        Options of the report.
    """

    name: str
    camera: Camera
    write: object
    report: str = ""
    number: bool = True
    function: str = ""
    top: float = 0.0
    options: tuple = ()


def plain(camera, **how):
    return lambda folder: camera.write(folder, **how)


def shifted(bits):
    """Digits of so many bits, shifted into 16; the gain is per step of the ADC."""
    step = 2 ** (16 - bits)

    def digits(counts):
        return (np.clip(np.round(counts), 0, 2**bits - 1) * step).astype(np.uint16)

    return digits


def clipped(top, dtype):
    def digits(counts):
        return np.clip(np.round(counts), 0, top).astype(dtype)

    return digits


def headers(camera, dark=None, bias=None, both=None, comments=None, **how):
    """Write frames with other cards: a value, None to take a key away, or a function of number and exposure time."""

    def change(kind, number, data, cards):
        seconds = cards["EXPTIME"]
        for key, value in {**(both or {}), **((dark if kind == "dark" else bias) or {})}.items():
            value = value(number, seconds) if callable(value) else value
            if value is None:
                cards.remove(key, ignore_missing=True)
            else:
                cards[key] = value
        for key, comment in (comments or {}).items():
            if key in cards:
                cards.comments[key] = comment
        return data, cards

    return plain(camera, change=change, **how)


def clamped(camera, slope=0.0, **how):
    """The camera subtracts its optical black, and more than that by ``slope`` (electron/s)."""

    def write(folder):
        rng, paths = np.random.default_rng(3), ([], [])
        folder.mkdir(parents=True, exist_ok=True)
        for count, seconds in ((10, 0), *how.get("exposures", ((10, 60), (10, 600)))):
            for number in range(count):
                data, cards = camera.frame(seconds, rng, shift=-(camera.rate + slope) * seconds / camera.gain)
                path = folder / f"frame_{seconds}_{number:02d}.fits"
                fits.PrimaryHDU(data, cards).writeto(path)
                paths[seconds > 0].append(path)
        return paths

    return write


def off_bias(camera, shift, **how):
    """Bias frames at another level than the darks at zero exposure."""

    def change(kind, number, data, cards):
        return (data + np.int64(shift) * (kind == "bias")).astype(np.uint16), cards

    return plain(camera, change=change, **how)


def two_gains(camera, factor, cards=None):
    """Every second dark was taken with another gain; the level of the bias is the same."""
    other = camera.but(gain=camera.gain / factor)

    def write(folder):
        biases, darks = camera.write(folder)
        rng = np.random.default_rng(11)
        for path in darks[1::2]:
            with fits.open(path) as hdus:
                seconds = hdus[0].header["EXPTIME"]
            data, header = other.frame(seconds, rng)
            header.update(EGAIN=camera.gain, **(cards or {}))
            fits.PrimaryHDU(data, header).writeto(path, overwrite=True)
        return biases, darks

    return write


def two_detectors(camera):
    """Two chips as extensions of one file, the second twice as warm."""
    second = camera.but(rate=2 * camera.rate, seed=camera.seed + 1)
    rng = np.random.default_rng(8)

    def change(kind, number, data, cards):
        other, _ = second.frame(cards["EXPTIME"] if kind == "dark" else 0, rng)
        hdus = [fits.ImageHDU(image, name=name) for image, name in ((data, "CHIP1"), (other, "CHIP2"))]
        return fits.HDUList([fits.PrimaryHDU(header=cards), *hdus]), cards

    return plain(camera, change=change)


def overscanned(camera, columns=32, drift=3.0, side="left"):
    """Columns of overscan whose level drifts from frame to frame, and keys that say where they are."""
    rng = np.random.default_rng(4)
    rows, width = camera.shape

    def change(kind, number, data, cards):
        shift = rng.normal(0, drift)
        data = np.clip(np.round(data + shift), 0, 65535).astype(np.uint16)
        black = np.round(camera.level + shift + rng.normal(0, camera.read_noise / camera.gain, (rows, columns)))
        first, last = (1, columns) if side == "left" else (width + 1, width + columns)
        begin, end = (columns + 1, columns + width) if side == "left" else (1, width)
        cards["BIASSEC"], cards["TRIMSEC"] = f"[{first}:{last},1:{rows}]", f"[{begin}:{end},1:{rows}]"
        parts = (black, data) if side == "left" else (data, black)
        return np.hstack(parts).astype(np.uint16), cards

    return plain(camera, change=change)


def in_folders(camera, names=("Bias", "Darks"), **how):
    """Biases and darks in sub-folders, without a key of the type."""
    write = headers(camera, both={"IMAGETYP": None}, **how)

    def write_in_folders(folder):
        paths = write(folder)
        moved = []
        for name, group in zip(names, paths, strict=True):
            (folder / name).mkdir()
            moved.append([path.rename(folder / name / path.name) for path in group])
        return moved

    return write_in_folders


def scaled(camera, factor):
    """Floating-point values between 0 and 1."""

    def digits(counts):
        return (np.clip(np.round(counts), 0, 65535) / factor).astype(np.float32)

    return plain(camera.but(digits=digits))


def wrapped(camera, level):
    """The bias was subtracted by a program of unsigned integers."""

    def digits(counts):
        return (np.round(counts - camera.level + level).astype(np.int64) % 65536).astype(np.uint16)

    return plain(camera.but(digits=digits))


def a_light(camera, key="IMAGETYP", text="Light (dark subtracted)"):
    """One frame among the darks is a light."""

    def change(kind, number, data, cards):
        if kind == "dark" and number == 3:
            cards[key] = text
            data = np.clip(data + 900.0, 0, 65535).astype(np.uint16)
        return data, cards

    return plain(camera, change=change)


def as_cubes(camera):
    def change(kind, number, data, cards):
        return data[None], cards

    return plain(camera, change=change)


def kinds(key, dark, bias):
    """Types of frames by another key, or in other words."""
    other = {"IMAGETYP": None} if key != "IMAGETYP" else {}
    return {"dark": {**other, key: dark}, "bias": {**other, key: bias}}


HOT_CCD = CCD.but(hot_rates=(1.0, 90.0))  # up to 18 000 adu in 300 s
VERY_HOT = CCD.but(hot_rates=(5.0, 500.0))  # past 65 535 adu in 300 s

CCD_12 = HOT_CCD.but(digits=shifted(12), step=16)
SLOW_14 = SLOW.but(digits=shifted(14), step=4, hot_rates=(5.0, 300.0))
_MS = {"EXPTIME": lambda number, seconds: seconds * 1000}

CASES = [
    *[Case(f"nothing odd, {name}", camera, plain(camera), function="")
      for name, camera in (("CCD", CCD), ("CMOS", CMOS), ("slow", SLOW))],
    # 12 and 14 bits, shifted
    Case("12 bits times 16, EGAIN per step", CCD_12, plain(CCD_12),
         r"steps of 16.*gain", function=r"gain", top=65520),
    Case("14 bits times 4, EGAIN per step", SLOW_14, plain(SLOW_14),
         r"steps of 4.*gain", function=r"gain", top=65532),
    # optical black
    Case("optical black subtracted", CMOS, clamped(CMOS), r"optical black", function=r"optical black"),
    Case("optical black over-subtracted", CMOS, clamped(CMOS, slope=0.01), r"optical black", function=r"optical black"),
    Case("optical black subtracted, CCD", SLOW, clamped(SLOW), r"optical black", function=r"optical black"),
    # the level of the bias
    Case("bias 5 adu too low", CCD, off_bias(CCD, -5), r"bias.*(level|adu)", function=r"bias.*(level|adu)",
         number=False),
    Case("bias 8 adu too high, CMOS", CMOS, off_bias(CMOS, 8, exposures=((10, 30), (10, 120))), r"bias.*(level|adu)",
         function=r"bias.*(level|adu)", number=False),
    # clipping above
    *[Case(f"ADC of {name} ends at {top}, {np.dtype(dtype).name}", camera.but(digits=clipped(top, dtype)),
           plain(camera.but(digits=clipped(top, dtype))), top=top)
      for top, dtype, name, camera in (
          (4095, np.uint16, "CCD", HOT_CCD), (16383, np.uint16, "CCD", VERY_HOT), (16383, np.int16, "CCD", VERY_HOT),
          (4095, np.float32, "CCD", HOT_CCD), (32767, np.int16, "CCD", VERY_HOT),
          (4095, np.uint16, "CMOS", CMOS.but(hot_rates=(0.5, 9.0))),
      )],
    # clipping below
    Case("bias clipped at 0", CCD.but(level=-0.5), plain(CCD.but(level=-0.5)), r"(cut off|clipped|lowest value)",
         function=r"(cut off|clipped|lowest value)", number=False),
    Case("bias clipped at 0, CMOS", CMOS.but(level=2.0), plain(CMOS.but(level=2.0)), r"(cut off|clipped|lowest value)",
         function=r"(cut off|clipped|lowest value)", number=False),
    # scale and wrapped integers
    Case("floats within 0 and 1", CCD, scaled(CCD, 65535.0), r"between 0 and 1", number=False,
         function=r"between 0 and 1"),
    Case("floats within 0 and 1, CMOS", CMOS, scaled(CMOS, 4095.0 * 16), r"between 0 and 1", number=False,
         function=r"between 0 and 1"),
    Case("uint16 wrapped below the bias", CCD, wrapped(CCD, 0.0), r"wrapped|below zero", number=False,
         function=r"wrapped|below zero"),
    Case("uint16 wrapped below the bias, CMOS", CMOS, wrapped(CMOS, 3.0), r"wrapped|below zero", number=False,
         function=r"wrapped|below zero"),
    # two gains
    Case("two gains that no header tells", CCD, two_gains(CCD, 4.0), r"gain", number=False, function=r"gain"),
    Case("two gains that no header tells, CMOS", CMOS, two_gains(CMOS, 2.5), r"gain", number=False, function=r"gain"),
    Case("GAIN 0 and 200 in one call", CCD.but(header={"GAIN": 0}),
         two_gains(CCD.but(header={"GAIN": 0}), 4.0, {"GAIN": 200}), function=r"GAIN"),
    Case("GAIN 100 and 300 in one call", CMOS.but(header={"GAIN": 100}),
         two_gains(CMOS.but(header={"GAIN": 100}), 2.5, {"GAIN": 300}), function=r"GAIN"),
    # exposure time
    Case("EXPTIME in ms by its comment", CCD, headers(CCD, dark=_MS, comments={"EXPTIME": "[ms] exposure time"})),
    Case("EXPTIME in us by its comment", SLOW, headers(
        SLOW, dark={"EXPTIME": lambda number, seconds: seconds * 1e6}, comments={"EXPTIME": "exposure time in us"})),
    Case("EXPOSURE in us", CCD, headers(
        CCD, dark={"EXPOSURE": lambda number, seconds: seconds * 1e6, "EXPTIME": None},
        comments={"EXPOSURE": "[us] exposure"})),
    Case("EXPOSURE in ms, CMOS", CMOS, headers(
        CMOS, dark={"EXPOSURE": lambda number, seconds: seconds * 1e3, "EXPTIME": None},
        comments={"EXPOSURE": "exposure (ms)"})),
    Case("EXPTIME ten times EXPOSURE", CCD, headers(
        CCD, dark={"EXPOSURE": lambda number, seconds: seconds, "EXPTIME": lambda number, seconds: seconds * 10}),
        r"EXPTIME.*EXPOSURE", number=False, function=r"EXPTIME.*EXPOSURE"),
    Case("EXPTIME half of EXPOSURE", SLOW, headers(
        SLOW, dark={"EXPOSURE": lambda number, seconds: seconds, "EXPTIME": lambda number, seconds: seconds / 2}),
        r"EXPTIME.*EXPOSURE", number=False, function=r"EXPTIME.*EXPOSURE"),
    # read noise
    Case("RDNOISE 80 for 8", CCD, headers(CCD, both={"RDNOISE": 80.0}), r"RDNOISE", function=r"RDNOISE.*80"),
    Case("RDNOISE 2 for 8", CCD, headers(CCD, both={"RDNOISE": 2.0}), r"RDNOISE", function=r"RDNOISE.*2"),
    Case("RDNOISE 5 for 1.5, CMOS", CMOS, headers(CMOS, both={"RDNOISE": 5.0}), r"RDNOISE", function=r"RDNOISE.*5"),
    # several detectors in a file
    Case("two detectors as extensions", CCD, two_detectors(CCD), r"CHIP2", function=r"CHIP2"),
    Case("two detectors as extensions, CMOS", CMOS, two_detectors(CMOS), r"CHIP2", function=r"CHIP2"),
    # overscan
    Case("32 columns of overscan", CCD, overscanned(CCD), r"overscan", function=r"BIASSEC|overscan"),
    Case("10 columns of overscan on the right, CMOS", CMOS, overscanned(CMOS, 10, 6.0, "right"), r"overscan",
         function=r"BIASSEC|overscan"),
    # temperatures
    *[Case(f"CCD-TEMP {text}", camera, headers(camera, both={"CCD-TEMP": value, "SET-TEMP": None}))
      for value, text, camera in (
          ("N/A", "N/A", CCD), ("   ", "of blanks", CMOS), (fits.card.Undefined(), "undefined", CCD),
          (-273.15, "-273.15", SLOW), (-999.0, "-999", CCD),
      )],
    *[Case(f"SET-TEMP {value} of an uncooled camera", camera,
           headers(camera, both={"CCD-TEMP": 21.5, "SET-TEMP": value}))
      for value, camera in ((0.0, CCD), (999.0, SLOW))],
    Case("18 to 30 C over a night", CCD, headers(
        CCD, bias={"CCD-TEMP": lambda number, seconds: 18.0 + number, "SET-TEMP": None},
        dark={"CCD-TEMP": lambda number, seconds: 18.0 + 1.3 * number, "SET-TEMP": None}),
        r"temperature|deg C| C\b", number=False, function=r"temperature|deg C"),
    # settings between bias and darks
    Case("READOUTM of the bias frames is another", CCD, headers(
        CCD, bias={"READOUTM": "Fast"}, dark={"READOUTM": "Normal"}), r"READOUTM.*(Fast|Normal)", number=False,
        function="-"),
    Case("OFFSET '30' and 30", CCD, headers(CCD, bias={"OFFSET": "30"}, dark={"OFFSET": 30})),
    Case("OFFSET 8 and ' 8.0'", CMOS, headers(CMOS, bias={"OFFSET": 8}, dark={"OFFSET": " 8.0"})),
    Case("EGAIN 1.5 and 1.5001", CCD, headers(CCD, bias={"EGAIN": 1.5}, dark={"EGAIN": 1.5001})),
    Case("no EGAIN in the bias frames", SLOW, headers(SLOW, bias={"EGAIN": None}), function="-"),
    # spellings
    *[Case(f"BUNIT {unit!r}", CCD, headers(CCD, both={"BUNIT": unit}))
      for unit in ("counts", "DN", "ADUs", "COUNT", "count")],
    *[Case(f"BUNIT {unit!r}", CCD.but(gain=1.0), headers(CCD.but(gain=1.0), both={"BUNIT": unit}))
      for unit in ("e-", "Electrons", "electrons", "e")],
    *[Case(f"types {key} {bias!r}, {dark!r}", camera, headers(camera, **kinds(key, dark, bias)))
      for key, dark, bias, camera in (
          ("IMAGETYP", "DARK", "OFFSET", CCD), ("FRAMETYP", "dark", "bias", CMOS), ("IMTYPE", "DARK", "ZERO", SLOW),
          ("OBSTYPE", "Dark", "Bias", CCD), ("IMAGETYP", "dark frame", "Offset Frame", CMOS),
      )],
    *[Case(f"exposure time in {key}, {make(300)!r}", camera, headers(
        camera, dark={"EXPTIME": None, key: lambda number, seconds, make=make: make(seconds)}, bias={"EXPTIME": 0.0}))
      for key, make, camera in (
          ("EXP", float, CCD), ("IMG_EXP", float, SLOW), ("EXPTIME", lambda s: f"{s:g},0", CCD),
          ("EXPOSURE", lambda s: f"{s:g},0", CMOS),
      )],
    Case("sub-folders Bias and Darks without a type", CCD, in_folders(CCD), function=""),
    Case("sub-folders offsets and dark without a type", CMOS, in_folders(CMOS, ("offsets", "dark")), function=""),
    Case("cubes of one plane", CCD, as_cubes(CCD)),
    Case("a light among darks", CCD, a_light(CCD), r"dark_60_03.*Light", function=r"light"),
    Case("a light of a reduced kind", SLOW, a_light(SLOW, text="LIGHT - dark corrected"), r"dark_60_03.*LIGHT",
         function=r"light"),
    Case("CALSTAT says that the bias is subtracted", CCD, headers(CCD, dark={"CALSTAT": "B"}), r"CALSTAT",
         number=False, function=r"CALSTAT"),
    Case("CALSTAT says that a dark is subtracted", SLOW, headers(SLOW, dark={"CALSTAT": "BD"}), r"CALSTAT",
         number=False, function=r"CALSTAT"),
]  # fmt: skip
