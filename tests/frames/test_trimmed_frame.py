"""Frames without their overscan: the numbers of ccdproc.subtract_overscan and ccdproc.trim_image."""

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, StdDevUncertainty, VarianceUncertainty
from astropy.wcs import WCS
from ccdproc import Keyword
from ccdproc.utils.slices import slice_from_string
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import dark_rate, dark_scatter, hot_pixel_mask, master_bias, repeatability
from ccdproc_darks.frames import trimmed_frame
from ccdproc_darks.frames.duplicates import same_values
from ccdproc_darks.frames.inputs import as_frames, sample
from ccdproc_darks.frames.reading import Reading
from ccdproc_darks.frames.trimmed_frame import SATURATED, TrimmedFrame

from ..helpers import assert_same_image, dark, snapshot

SHAPE = (24, 30)
COLUMNS = ("[1:4, :]", "[5:30, 1:24]")
#: Overscan and part of the image that is measured, at all sides and in either order.
SECTIONS = {
    "left": COLUMNS,
    "right": ("[27:30, :]", "[1:26, :]"),
    "left, part of the rows": ("[1:4, 3:24]", "[5:30, 5:22]"),
    "between others": ("[5:8, *]", "[12:25, 3:20]"),
    "bottom": ("[:, 1:3]", "[:, 4:24]"),
    "top": ("[1:30, 23:24]", "[1:30, 1:22]"),
    "top, part of the columns": ("[3:30, 22:24]", "[5:28, 1:20]"),
    "one column": ("[30:30, :]", "[1:29, :]"),
    "backwards": ("[4:1, 24:1]", "[5:30, 1:24]"),
    "turned round": ("[1:4, :]", "[30:5, 24:1]"),
    "steps": ("[1:4:2, :]", "[5:30:3, 2:24:2]"),
    "turned steps": ("[:, 24:23]", "[30:5:3, 20:2:2]"),
}

#: Those of all rows or columns, not backwards: ccdproc takes the rows of another one for the first rows.
TAKEN_BY_CCDPROC = {
    overscan for overscan, _ in SECTIONS.values() if overscan not in ("[1:4, 3:24]", "[3:30, 22:24]", "[4:1, 24:1]")
}


def raw(seed=0, dtype="uint16", *, shape=SHAPE, seconds=100.0, electrons=100.0, mask=None, uncertainty=None, **keys):
    """A raw frame whose level changes from frame to frame, from row to row and from column to column."""
    fixed, rng = np.random.default_rng(0), np.random.default_rng(seed)
    level = rng.normal(1000, 5) + fixed.normal(0, 5, (shape[0], 1)) + fixed.normal(0, 5, shape[1])
    values = level + (rng.poisson(electrons, shape) + rng.normal(0, 5, shape)) / 2
    values = np.rint(values) if np.dtype(dtype).kind in "iu" else values
    return dark(values.astype(dtype), seconds, mask=mask, uncertainty=uncertainty, **keys)


def by_ccdproc(image, overscan, trim):
    """The frame as ccdproc makes it; with an overscan that it does not take, by the same steps."""
    if overscan is None:
        return ccdproc.trim_image(image, fits_section=trim)
    if overscan in TAKEN_BY_CCDPROC:
        subtracted = ccdproc.subtract_overscan(image, fits_section=overscan, overscan_axis=None)
    else:
        section = slice_from_string(overscan, fits_convention=True)
        here, subtracted = image.data[section], image.copy()
        by_rows = here.shape[0] >= here.shape[1]
        level = np.full((image.shape[0], 1) if by_rows else (1, image.shape[1]), np.nan)
        level[(section[0], slice(None)) if by_rows else (slice(None), section[1])] = here.mean(
            int(by_rows), keepdims=True
        )
        subtracted.data = image.data - level
    return ccdproc.trim_image(subtracted, fits_section=trim)


def frame_of(image, overscan, trim):
    (found,) = as_frames(image, reading=Reading(overscan=overscan, trim=trim))
    return found


@pytest.mark.parametrize("sections", SECTIONS.values(), ids=SECTIONS)
@pytest.mark.parametrize("dtype", ["uint16", ">u2", "int32", "float32", "float64"])
def test_equals_ccdproc(sections, dtype):
    image = raw(dtype=dtype)
    expected, found = by_ccdproc(image, *sections), frame_of(image, *sections)
    assert found.shape == expected.shape
    assert found.dtype == np.dtype(float)
    rtol = 1e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(found.rows(slice(None)).values, expected.data, rtol=rtol, atol=1e3 * rtol)


@given(st.data())
def test_equals_ccdproc_for_any_section(data):
    """Shapes, sections, directions and steps; rows in blocks of any size."""
    shape = tuple(data.draw(st.integers(2, 12)) for _ in range(2))
    across = data.draw(st.booleans())
    edge = data.draw(st.integers(1, shape[across] - 1))
    ends = [[1, size] for size in shape]
    ends[across] = [edge + 1, shape[across]]
    texts = []
    for low, high in ends:
        first, last = (data.draw(st.integers(low, high)) for _ in range(2))
        texts.append(f"{first}:{last}:{data.draw(st.integers(1, 3))}")
    trim = f"[{texts[1]}, {texts[0]}]"
    overscan = f"[1:{edge}, :]" if across else f"[:, 1:{edge}]"
    image = raw(data.draw(st.integers(0, 99)), shape=shape)
    level = image.data[:, :edge].mean(axis=1, keepdims=True) if across else image.data[:edge].mean(axis=0)
    subtracted = CCDData(image.data - level, unit="adu")
    expected = ccdproc.trim_image(subtracted, fits_section=trim).data
    frame = frame_of(image, overscan, trim)
    np.testing.assert_allclose(frame.rows(slice(None)).values, expected, rtol=1e-12, atol=1e-9)
    start = data.draw(st.integers(0, frame.shape[0] - 1))
    block = slice(start, data.draw(st.integers(start + 1, frame.shape[0])))
    np.testing.assert_array_equal(frame.rows(block).values, frame.rows(slice(None)).values[block])
    reader = pickle.loads(pickle.dumps(frame.for_rows(block)))
    np.testing.assert_array_equal(reader.rows(block).values, frame.rows(block).values)
    blocks = [slice(0, 1), block]
    np.testing.assert_array_equal(
        sample(frame, blocks).data, np.concatenate([frame.rows(some).values for some in blocks])
    )


@pytest.mark.parametrize("sections", [(None, "[5:30, 1:24]"), COLUMNS, ("[:, 24:23]", "[30:5:3, 20:2:2]")])
@pytest.mark.parametrize("kind", [None, StdDevUncertainty, VarianceUncertainty])
def test_masks_and_uncertainties(sections, kind):
    rng = np.random.default_rng(4)
    mask = rng.random(SHAPE) < 0.1
    image = raw(mask=mask, uncertainty=None if kind is None else kind(rng.random(SHAPE) + 1))
    expected, found = by_ccdproc(image, *sections), frame_of(image, *sections).rows(slice(None))
    np.testing.assert_array_equal(found.mask, expected.mask)
    if kind is None:
        assert found.deviation is None
    else:
        np.testing.assert_allclose(found.deviation, expected.uncertainty.represent_as(StdDevUncertainty).array)


def test_trim_alone_keeps_the_type():
    for dtype in ("uint16", "int32", "float32"):
        frame = frame_of(raw(dtype=dtype), None, "[5:30, 1:24]")
        assert frame.dtype == frame.rows(slice(None)).values.dtype == np.dtype(dtype)


def test_all_of_an_image_is_no_part_of_it():
    assert not isinstance(frame_of(raw(), None, "[:, :]"), TrimmedFrame)
    assert not isinstance(frame_of(raw(TRIMSEC="[1:30,1:24]"), None, "TRIMSEC"), TrimmedFrame)


def test_by_header_keys():
    image = raw(BIASSEC="[1:4, :]", TRIMSEC="[5:30,1:24]")
    expected = frame_of(image, *COLUMNS).rows(slice(None)).values
    for overscan, trim in (("BIASSEC", "TRIMSEC"), (Keyword("BIASSEC"), Keyword("TRIMSEC"))):
        np.testing.assert_array_equal(frame_of(image, overscan, trim).rows(slice(None)).values, expected)


def test_header_without_sections():
    image = raw(BIASSEC="[1:4, :]", TRIMSEC="[5:30,1:24]", DATASEC="[5:30,1:24]", CCDSEC="[5:30,1:24]")
    image.meta = fits.Header(image.meta)
    before = snapshot(image)
    frame = frame_of(image, *COLUMNS)
    assert not {"BIASSEC", "TRIMSEC", "DATASEC"} & set(frame.header)
    assert frame.header["CCDSEC"] == "[5:30,1:24]"
    assert frame.header["EGAIN"] == 2
    assert snapshot(image) == before


def test_world_coordinates():
    wcs = WCS(naxis=2)
    wcs.wcs.crpix, wcs.wcs.cdelt, wcs.wcs.crval, wcs.wcs.ctype = (15, 12), (0.1, 0.1), (5, 5), ("RA---TAN", "DEC--TAN")
    image = raw()
    image.wcs = wcs
    trimmed = frame_of(image, "[1:4, :]", "[5:30, 3:20]")
    assert list(trimmed.wcs.wcs.crpix) == [11, 10]
    assert list(image.wcs.wcs.crpix) == [15, 12]
    measured = dark_rate(image, bias=0 * u.adu, overscan="[1:4, :]", trim="[5:30, 3:20]")
    expected = by_ccdproc(image, "[1:4, :]", "[5:30, 3:20]")
    assert measured.wcs.pixel_to_world(3, 4).separation(expected.wcs.pixel_to_world(3, 4)).deg < 1e-10
    assert frame_of(image, "[1:4, :]", "[30:5, 3:20]").wcs is None


class TestRefused:
    @pytest.mark.parametrize(
        ("overscan", "trim", "message"),
        [
            ("[1:4, :]", None, r"darks\[0\]: overscan \[1:4, :\] and trim \[:, :\] overlap.*pass trim"),
            ("[1:5, :]", "[5:30, :]", "overlap"),
            ("[1:4, 1:10]", "[5:30, :]", "neither all rows nor all columns"),
            ("[1:4, 1:10]", "[5:30, 11:24]", "neither all rows nor all columns"),
            ("[1:34, :]", "[5:30, :]", "overscan is .* outside the image: its columns are 1 to 30"),
            ("[1:4, :]", "[5:31, :]", "trim is .* outside the image"),
            ("BIASSEC", "[5:30, :]", r"overscan: darks\[0\] has no key 'BIASSEC'"),
            ("4 columns", "[5:30, :]", r"overscan: darks\[0\] has no key '4 columns'"),
            ("[1:4; :]", "[5:30, :]", "overscan must be a FITS section"),
        ],
    )  # fmt: skip
    def test_sections(self, overscan, trim, message):
        with pytest.raises(ValueError, match=message):
            dark_rate(raw(), bias=0 * u.adu, overscan=overscan, trim=trim)

    def test_different_parts(self):
        darks = [raw(TRIMSEC="[5:30,1:24]"), raw(1, TRIMSEC="[4:29,1:24]")]
        with pytest.raises(ValueError, match=r"same part of the image: \[5:30, 1:24\] of darks\[0\], \[4:29, 1:24\]"):
            dark_rate(darks, bias=0 * u.adu, trim="TRIMSEC")
        darks = [raw(TRIMSEC="[1:30,1:24]"), raw(1, TRIMSEC="[4:29,1:24]")]
        with pytest.raises(ValueError, match="one shape"):
            dark_rate(darks, bias=0 * u.adu, trim="TRIMSEC")


@pytest.fixture
def images():
    rng = np.random.default_rng(8)
    rate = np.where(rng.random(SHAPE) < 0.1, 40.0, 1.0)
    rate[:, :4] = rate[22:] = 0  # the overscan
    return (
        [raw(seed, electrons=rate * seconds, seconds=seconds) for seed, seconds in enumerate((50.0, 100.0) * 4)],
        [raw(100 + seed, seconds=0.0, electrons=0) for seed in range(5)],
    )


@pytest.fixture
def files(images, tmp_path):
    found = []
    for kind, frames in zip(("dark", "bias"), images, strict=True):
        found.append([])
        for number, image in enumerate(frames):
            found[-1].append(tmp_path / f"{kind}_{number}.fits")
            image.write(found[-1][-1])
    return found


@pytest.mark.parametrize("sections", [COLUMNS, ("[:, 24:23]", "[30:5:3, 20:2:2]"), (None, "[5:30, 3:20]")])
def test_rates_equal_those_of_ccdproc(images, files, sections):
    """Of frames in memory and in files, with a master bias of them."""
    overscan, trim = sections
    options = {"overscan": overscan, "trim": trim}
    darks, biases = ([by_ccdproc(image, *sections) for image in frames] for frames in images)
    bias = master_bias(biases, read_noise=5 * u.electron)
    # ccdproc's frames are floats, whose highest values are no saturated samples.
    expected = dark_rate(darks, bias=bias, saturation=None, dtype="float64")
    for given_darks, given_biases in (images, files):
        own = master_bias(given_biases, read_noise=5 * u.electron, **options)
        np.testing.assert_allclose(own.data, bias.data, rtol=1e-6, atol=1e-4)
        found = dark_rate(given_darks, bias=own, dtype="float64", **options)
        np.testing.assert_allclose(found.data, expected.data, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(found.mask, expected.mask)
        np.testing.assert_allclose(found.uncertainty.array, expected.uncertainty.array, rtol=1e-6)
    assert repeatability(files[0][::2], bias=own, **options).shape == expected.shape
    assert dark_scatter(files[0][::2], bias=own, **options).shape == expected.shape


@pytest.mark.parametrize("sections", [COLUMNS, ("[:, 24:23]", "[30:5:3, 20:2:2]"), (None, "[5:30, 3:20]")])
def test_same_by_all_executors(images, files, sections):
    options = dict(zip(("overscan", "trim"), sections, strict=True)) | {"bias": 0 * u.adu}
    expected = dark_rate(files[0], **options)
    assert_same_image(dark_rate(images[0], **options), expected)
    for pool in (ThreadPoolExecutor, ProcessPoolExecutor):
        with pool(2) as executor:
            for darks in (files[0], images[0]):
                assert_same_image(dark_rate(darks, executor=executor, **options), expected)
    assert_same_image(dark_rate(files[0], mem_limit=2**22, **options), expected)


def test_same_in_small_pieces(images, monkeypatch):
    """Few columns of a wide image: it is read some rows at a time."""
    for sections in (COLUMNS, ("[:, 24:23]", "[30:5:3, 20:2:2]"), ("[:, 20:24]", "[7:8, 1:19]")):
        frame = frame_of(images[0][0], *sections)
        whole = frame.rows(slice(None)).values
        monkeypatch.setattr(trimmed_frame, "_PIXELS", 100)
        pieces = frame_of(images[0][0], *sections).rows(slice(None)).values
        np.testing.assert_array_equal(pieces, whole)
        monkeypatch.undo()


class TestSaturation:
    """Judged on the raw values, before the level of the overscan is taken off."""

    def darks(self, dtype="uint16"):
        frames = [raw(seed, electrons=200.0) for seed in range(4)]
        for index, image in enumerate(frames):
            image.data[3, 10] = 60000  # in all frames: saturated from 60 000 adu
            image.data[4, 10] = 59999  # in none
            image.data[5, 10] = 60000 + 5000 * (index == 0)  # as saturated as the first
            if index == 0:
                image.data[6, 10] = 65000  # in one frame
            image.data = image.data.astype(dtype)
            image.meta["RDNOISE"] = 17.0
        return frames

    @pytest.mark.parametrize("dtype", ["uint16", "float32"])
    @pytest.mark.parametrize("own_noise", [False, True])
    def test_level(self, dtype, own_noise):
        darks = self.darks(dtype)
        if own_noise:
            for image in darks:
                image.uncertainty = StdDevUncertainty(np.full(SHAPE, 10.0))
                del image.meta["RDNOISE"]
        options = {"overscan": COLUMNS[0], "trim": COLUMNS[1], "saturation": 60000 * u.adu, "bias": 0 * u.adu}
        found = dark_rate(darks, **options)
        assert np.argwhere(found.mask).tolist() == [[3, 6], [5, 6]]
        # A lower limit, without the highest level of the overscan: with the gain 2 in 100 s.
        levels = np.concatenate([image.data[:, :4].mean(axis=1) for image in darks])
        assert found.data[3, 6] == found.data[5, 6] == pytest.approx((60000 - levels.max()) * 2 / 100, rel=1e-6)
        expected = np.mean([59999 - image.data[4, :4].mean() for image in darks])
        assert found.data[4, 6] == pytest.approx(expected * 2 / 100, rel=1e-6)
        others = [by_ccdproc(image, *COLUMNS).data[6, 6] for image in darks[1:]]
        assert found.data[6, 6] == pytest.approx(np.mean(others) * 2 / 100, rel=1e-6)
        assert found.meta["DKSATUR"] == 60000

    def test_top_of_unsigned_integers(self):
        darks = self.darks()
        for image in darks:
            image.data[7, 20] = 65535
        found = dark_rate(darks, overscan=COLUMNS[0], trim=COLUMNS[1], bias=0 * u.adu)
        assert np.argwhere(found.mask).tolist() == [[7, 16]]
        assert found.meta["DKSATUR"] == 65535

    def test_flag(self):
        options = {"overscan": COLUMNS[0], "trim": COLUMNS[1], "saturation": 60000 * u.adu, "bias": 0 * u.adu}
        mask = hot_pixel_mask(dark_rate(self.darks(), **options), threshold=50 * u.electron / u.s)
        assert mask.mask[3, 6]
        assert mask.mask[5, 6]

    def test_marked_and_raw(self):
        image = self.darks()[0]
        frame = frame_of(image, *COLUMNS)
        assert frame.rows(slice(None)).values.max() < 65535
        assert frame.marked(60000.0).rows(slice(None)).values[3, 6] == SATURATED
        np.testing.assert_array_equal(frame.raw.rows(slice(None)).values, image.data[:, 4:])
        assert frame.raw.dtype == frame.raw_dtype == np.uint16


class TestBias:
    OPTIONS = {"overscan": COLUMNS[0], "trim": COLUMNS[1]}  # noqa: RUF012

    def test_raw_or_trimmed(self, images, tmp_path):
        """A master bias as large as the raw frames loses its overscan as the darks do."""
        darks, biases = images
        trimmed = master_bias(biases, **self.OPTIONS)
        # A mean of frames as they are; its overscan then is the mean of theirs.
        whole = ccdproc.combine(biases, method="average", dtype="float64")
        whole.meta["NCOMBINE"], whole.uncertainty, trimmed.uncertainty = len(biases), None, None
        expected = dark_rate(darks, bias=trimmed, **self.OPTIONS)
        whole.write(tmp_path / "whole.fits")
        for bias in (whole, tmp_path / "whole.fits"):
            found = dark_rate(darks, bias=bias, **self.OPTIONS)
            assert found.shape == expected.shape
            np.testing.assert_allclose(found.data, expected.data, atol=1e-6)

    def test_other_shape(self, images):
        with pytest.raises(ValueError, match=r"bias has the shape \(24, 27\), the darks have \(24, 26\)"):
            dark_rate(images[0], bias=ccdproc.trim_image(raw(9, seconds=0.0), "[4:30, :]"), **self.OPTIONS)

    def test_none_is_right_with_an_overscan(self, images):
        """No warning that the bias is still in unsigned integers: its level is taken off."""
        found = dark_rate(images[0], **self.OPTIONS)
        assert np.median(found.data) == pytest.approx(1, abs=0.15)


def test_copies_are_known(images):
    first, second = (frame_of(image, *COLUMNS) for image in images[0][:2])
    assert same_values(first, frame_of(images[0][0].copy(), *COLUMNS))
    assert not same_values(first, second)
