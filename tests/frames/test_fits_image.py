"""Rows of FITS images, read where they lie, against astropy.io.fits."""

import itertools
import os
import pickle

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import CCDData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.fits_image import FitsImage, rows_alike
from ccdproc_darks.frames.inputs import MemoryFrame, open_files

from ..strategies import seeds

SHAPE = (7, 5)
STORED = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
UNSIGNED = {8: -128, 16: 2**15, 32: 2**31, 64: 2**63}
INTEGERS = [8, 16, 32, 64]

slices = st.builds(slice, *[st.none() | st.integers(-9, 9)] * 2)


def stored_numbers(rng, bitpix, shape=SHAPE):
    """Anything that a file of this BITPIX may hold, its extremes and where it has them NaN and infinity included."""
    dtype = np.dtype(STORED[bitpix])
    if dtype.kind == "f":
        numbers = rng.normal(0, 1e4, shape).astype(dtype)
        numbers.flat[:4] = np.nan, np.inf, -np.inf, np.finfo(dtype).max
        return numbers
    limits = np.iinfo(dtype)
    numbers = rng.integers(limits.min, limits.max, shape, dtype.newbyteorder("="), endpoint=True).astype(dtype)
    numbers.flat[:4] = limits.min, limits.max, 0, 1
    return numbers


def padded(content):
    return content + b"\0" * (-len(content) % 2880)


def write(path, numbers, bitpix, *, extension=False, **keys):
    """A file byte by byte, so that its numbers are those given, and no library has a say in BZERO."""
    structure = {"BITPIX": bitpix, "NAXIS": 2, "NAXIS1": numbers.shape[1], "NAXIS2": numbers.shape[0]}
    if extension:
        empty = fits.Header({"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True})
        header = fits.Header({"XTENSION": "IMAGE", **structure, "PCOUNT": 0, "GCOUNT": 1, **keys})
        start = empty.tostring() + header.tostring()
    else:
        start = fits.Header({"SIMPLE": True, **structure, **keys}).tostring()
    path.write_bytes(start.encode("ascii") + padded(numbers.tobytes()))


def ours(path, rows, extension=False):
    with fits.open(path, memmap=False, do_not_scale_image_data=True) as hdus:
        hdu = hdus[int(extension)]
        place = hdu.fileinfo()["datLoc"]
        found = FitsImage.from_header(path, place, hdu.shape, hdu.header["BITPIX"], hdu.header)
    return values_of(found, rows), found


def values_of(found, rows):
    file = os.open(found.path, os.O_RDONLY)
    try:
        return found.values(rows, file)
    finally:
        os.close(file)


def astropys(path, rows, extension=False):
    with fits.open(path, memmap=False) as hdus:
        section = hdus[int(extension)].section
        start, stop, _ = rows.indices(section.shape[0])
        # Of no rows a section is an error.
        return section[rows, :] if stop > start else section[:, :][:0]


def assert_same(values, expected):
    assert values.dtype == expected.dtype.newbyteorder("=")
    assert values.dtype.isnative
    np.testing.assert_array_equal(values, expected)


def check(path, rows, extension=False):
    values, found = ours(path, rows, extension)
    assert found.dtype == values.dtype
    assert_same(values, astropys(path, rows, extension))


SCALINGS = {
    "as it is": lambda bitpix: {},
    "told": lambda bitpix: {"BZERO": 0, "BSCALE": 1},
    "unsigned": lambda bitpix: {"BZERO": UNSIGNED.get(bitpix, 0)},
    # Signed bytes are more than astropy can do with a BZERO of -128.0.
    "unsigned, of floats": lambda bitpix: {"BZERO": float(UNSIGNED[bitpix]) if bitpix > 8 else 0.0, "BSCALE": 1.0},
    "another's zero": lambda bitpix: {"BZERO": UNSIGNED[16] if bitpix != 16 else UNSIGNED[32]},
    "zero": lambda bitpix: {"BZERO": 32.7},
    "scale": lambda bitpix: {"BSCALE": 0.1},
    "negative scale": lambda bitpix: {"BSCALE": -1},
    "both": lambda bitpix: {"BSCALE": 1.7, "BZERO": -100},
    "unsigned and scaled": lambda bitpix: {"BSCALE": 2, "BZERO": UNSIGNED.get(bitpix, 5)},
}


@pytest.mark.parametrize("extension", [False, True], ids=["primary", "extension"])
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("bitpix", STORED)
def test_values_and_type(tmp_path, bitpix, scaling, extension):
    path = tmp_path / "x.fits"
    numbers = stored_numbers(np.random.default_rng(abs(bitpix)), bitpix)
    with np.errstate(over="ignore"):
        write(path, numbers, bitpix, extension=extension, **SCALINGS[scaling](bitpix))
        for rows in (slice(None), slice(2, 5), slice(6, 7)):
            check(path, rows, extension)


def test_unsigned_is_unsigned(tmp_path):
    """The numbers themselves, not only that astropy reads the same."""
    for bitpix, dtype in {8: "int8", 16: "uint16", 32: "uint32", 64: "uint64"}.items():
        numbers = np.array([[np.iinfo(STORED[bitpix]).min, np.iinfo(STORED[bitpix]).max]], STORED[bitpix])
        write(tmp_path / "x.fits", numbers, bitpix, BZERO=UNSIGNED[bitpix])
        values, _ = ours(tmp_path / "x.fits", slice(None))
        assert values.dtype == np.dtype(dtype)
        assert values.tolist() == [[np.iinfo(dtype).min, np.iinfo(dtype).max]]


@given(seeds, st.sampled_from(list(STORED)), st.sampled_from(list(SCALINGS)), slices,
       st.tuples(st.integers(1, 9), st.integers(1, 9)))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows(tmp_path, seed, bitpix, scaling, rows, shape):
    numbers = stored_numbers(np.random.default_rng(seed), bitpix, (max(shape[0], 2), max(shape[1], 2)))
    with np.errstate(over="ignore"):
        write(tmp_path / "x.fits", numbers, bitpix, **SCALINGS[scaling](bitpix))
        check(tmp_path / "x.fits", rows)


@pytest.mark.parametrize("scaling", [{}, {"BSCALE": 0.5, "BZERO": 3}, {"BZERO": 3}])
@pytest.mark.parametrize("blank", [0, 17, 120])
@pytest.mark.parametrize("bitpix", INTEGERS)
def test_blank(tmp_path, bitpix, blank, scaling):
    numbers = stored_numbers(np.random.default_rng(1), bitpix)
    numbers[2, 1:3] = blank
    write(tmp_path / "x.fits", numbers, bitpix, BLANK=blank, **scaling)
    if blank != 0:  # which astropy takes for none at all
        check(tmp_path / "x.fits", slice(None))
    values, _ = ours(tmp_path / "x.fits", slice(2, 3))
    np.testing.assert_array_equal(np.isnan(values), numbers[2:3] == blank)


@pytest.mark.parametrize("bitpix", INTEGERS)
def test_blank_of_unsigned(tmp_path, bitpix):
    """Unlike astropy, which takes it for a number: no value is no value."""
    numbers = stored_numbers(np.random.default_rng(2), bitpix)
    numbers[3] = 99
    write(tmp_path / "x.fits", numbers, bitpix, BLANK=99, BZERO=UNSIGNED[bitpix])
    values, _ = ours(tmp_path / "x.fits", slice(None))
    assert values.dtype.kind == "f"
    np.testing.assert_array_equal(np.isnan(values), numbers == 99)
    rest = numbers != 99
    np.testing.assert_array_equal(values[rest], numbers[rest].astype(values.dtype) + UNSIGNED[bitpix])


@pytest.mark.parametrize(
    ("bitpix", "blank"), [(-32, 1), (-64, 1), (16, 32768), (16, 1.0), (16, ""), (8, -1), (32, 2**31)]
)
@pytest.mark.filterwarnings("ignore::astropy.utils.exceptions.AstropyWarning")
def test_blank_that_means_nothing(tmp_path, bitpix, blank):
    """Of floats, no integer, or none that the image can hold: values stay what they are, in value and type."""
    numbers = stored_numbers(np.random.default_rng(4), bitpix)
    numbers[3] = 1
    write(tmp_path / "x.fits", numbers, bitpix, BLANK=blank)
    values, _ = ours(tmp_path / "x.fits", slice(None))
    assert_same(values, numbers)


class TestReading:
    @pytest.fixture
    def path(self, tmp_path):
        numbers = stored_numbers(np.random.default_rng(3), 16, (40, 30))
        write(tmp_path / "x.fits", numbers, 16, BZERO=2**15, EXPTIME=10.0)
        return tmp_path / "x.fits"

    @staticmethod
    def count(monkeypatch, most=None):
        """Places and numbers of the bytes that are read; at most so many at once, as a network's file may give."""
        preadv, calls = os.preadv, []

        def counted(file, buffers, place):
            if most is not None:
                buffers = [buffer[:most] for buffer in buffers]
            calls.append((place, preadv(file, buffers, place)))
            return calls[-1][1]

        monkeypatch.setattr(os, "preadv", counted)
        return calls

    def test_each_byte_once(self, path, monkeypatch):
        calls = self.count(monkeypatch)
        frame = FileFrame(path)
        assert not calls
        with frame.for_rows(slice(0, 40)).open_files() as part:
            for start in range(0, 40, 7):
                part.rows(slice(start, min(start + 7, 40)))
        assert sum(number for _, number in calls) == 40 * 30 * 2
        places = [(place, place + number) for place, number in calls]
        assert all(end == start for (_, end), (start, _) in itertools.pairwise(places))

    def test_in_small_pieces(self, path, monkeypatch):
        expected, found = ours(path, slice(3, 30))
        calls = self.count(monkeypatch, most=101)
        np.testing.assert_array_equal(values_of(found, slice(3, 30)), expected)
        assert len(calls) == -(-27 * 60 // 101)
        assert sum(number for _, number in calls) == 27 * 60

    def test_no_rows(self, path, monkeypatch):
        _, found = ours(path, slice(None))
        calls = self.count(monkeypatch)
        assert values_of(found, slice(5, 5)).shape == values_of(found, slice(6, 2)).shape == (0, 30)
        assert not calls

    @pytest.mark.parametrize("lost", [1, 60, 61, 1000])
    def test_cut_short_after_opening(self, path, lost):
        frame = FileFrame(path)
        _, found = ours(path, slice(None))
        kept = found.end - lost
        with frame.for_rows(slice(None)).open_files() as opened:
            os.truncate(path, kept)
            with pytest.raises(OSError, match=f"ends after {kept} bytes, where {found.end} are promised"):
                values_of(found, slice(None))
            with pytest.raises(OSError, match=r"x\.fits: its data cannot be read \(it ends after"):
                opened.rows(slice(0, 40))
        with pytest.raises(OSError, match=r"x\.fits: changed while it was read"):
            frame.rows(slice(0, 1))

    def test_padding_may_be_lacking(self, path):
        expected, found = ours(path, slice(None))
        os.truncate(path, found.end)
        np.testing.assert_array_equal(values_of(found, slice(None)), expected)

    def test_the_file_is_not_changed(self, path):
        before = path.read_bytes()
        ours(path, slice(None))[0][...] = 7
        assert path.read_bytes() == before

    def test_pickled(self, path):
        expected, found = ours(path, slice(None))
        copied = pickle.loads(pickle.dumps(found))
        assert copied == found
        np.testing.assert_array_equal(values_of(copied, slice(None)), expected)
        part = pickle.loads(pickle.dumps(FileFrame(path).for_rows(slice(4, 9))))
        np.testing.assert_array_equal(part.rows(slice(4, 9)).values, expected[4:9])
        # It is small: a worker gets no pixels.
        assert len(pickle.dumps(part)) < 1000


class TestAlike:
    """Rows of several files at one go."""

    @staticmethod
    def files(folder, keys, number=3):
        rng = np.random.default_rng(8)
        paths = [folder / f"{index}.fits" for index in range(number)]
        for path, each in zip(paths, keys if isinstance(keys, list) else [keys] * number, strict=True):
            each = {"bitpix": 16, **each}
            write(path, stored_numbers(rng, each["bitpix"], each.pop("shape", (40, 30))), each.pop("bitpix"), **each)
        return [FileFrame(path) for path in paths]

    @staticmethod
    def both(frames, block):
        """At one go, and one by one."""
        with open_files([frame.for_rows(slice(None)) for frame in frames]) as parts:
            return rows_alike(parts, block), [part.rows(block).values for part in parts]

    @pytest.mark.parametrize("block", [slice(0, 40), slice(3, 4), slice(17, 40)])
    @pytest.mark.parametrize(
        ("bitpix", "keys"),
        [*((bitpix, {}) for bitpix in STORED), *((bitpix, {"BZERO": zero}) for bitpix, zero in UNSIGNED.items())],
    )
    def test_each_kind(self, tmp_path, bitpix, keys, block):
        found, expected = self.both(self.files(tmp_path, {"bitpix": bitpix, **keys}), block)
        assert found.dtype == expected[0].dtype
        assert found.dtype.isnative
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize(
        "keys",
        [
            [{}, {}, {"BZERO": 2**15}],
            [{}, {"bitpix": 32}, {}],
            [{"BSCALE": 2.0}] * 3,
            [{"BZERO": 100}] * 3,
            [{"BLANK": 7}] * 3,
            [{}, {"BLANK": 7}, {}],
        ],
        ids=str,
    )
    def test_others_are_left_to_themselves(self, tmp_path, keys):
        assert self.both(self.files(tmp_path, keys), slice(0, 40))[0] is None

    def test_frames_in_memory_and_files_not_opened(self, tmp_path):
        frames = self.files(tmp_path, {})
        assert rows_alike([frame.for_rows(slice(None)) for frame in frames], slice(0, 40)) is None
        memory = MemoryFrame(CCDData(np.zeros((40, 30)), unit="adu"), "dark")
        assert self.both([memory, *frames], slice(0, 40))[0] is None
        assert self.both([*frames, memory], slice(0, 40))[0] is None

    def test_a_mask(self, tmp_path):
        frames = self.files(tmp_path, {"bitpix": -64})
        CCDData(np.zeros((40, 30)), unit="adu", mask=np.eye(40, 30, dtype=bool)).write(tmp_path / "masked.fits")
        assert self.both([*frames, FileFrame(tmp_path / "masked.fits")], slice(0, 40))[0] is None

    def test_cut_short(self, tmp_path):
        frames = self.files(tmp_path, {})
        with open_files([frame.for_rows(slice(None)) for frame in frames]) as files:
            os.truncate(frames[1].path, 2880 + 1000)
            with pytest.raises(OSError, match=r"1\.fits: its data cannot be read \(it ends after 3880 bytes"):
                rows_alike(files, slice(0, 40))
