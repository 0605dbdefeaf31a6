"""Frames in files, good and bad."""

import bz2
import gc
import gzip
import tempfile
import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from astropy.wcs import WCS

from ccdproc_darks import dark_rate
from ccdproc_darks.frames.file_frame import FileFrame
from ccdproc_darks.frames.inputs import as_frames

from ..helpers import assert_same_image, dark

SHAPE = (6, 5)


def frames_of(raw):
    return [dark(counts) for counts in raw]


BIAS = 10 * u.adu


class TestFiles:
    def test_camera_files(self, raw, camera_files):
        expected = dark_rate(frames_of(raw), bias=BIAS)
        assert_same_image(dark_rate(camera_files, bias=BIAS), expected)
        assert_same_image(dark_rate([str(path) for path in camera_files], bias=BIAS), expected)
        assert fits.getheader(camera_files[0])["BZERO"] == 32768

    def test_gzip(self, raw, camera_files):
        packed = []
        for path in camera_files:
            packed.append(path.with_suffix(".fits.gz"))
            packed[-1].write_bytes(gzip.compress(path.read_bytes()))
        assert_same_image(dark_rate(packed, bias=BIAS), dark_rate(frames_of(raw), bias=BIAS))

    def test_master_bias_file(self, raw, tmp_path):
        master = CCDData(np.full(SHAPE, 12.5), unit="adu", meta={"NCOMBINE": 4})
        master.write(tmp_path / "bias.fits")
        expected = dark_rate(frames_of(raw), bias=master)
        for path in (tmp_path / "bias.fits", str(tmp_path / "bias.fits")):
            assert_same_image(dark_rate(frames_of(raw), bias=path), expected, meta=False)

    def test_mask_and_uncertainty(self, tmp_path, raw):
        frames = frames_of(raw.astype(float))
        for number, frame in enumerate(frames):
            frame.mask = np.zeros(SHAPE, bool)
            frame.mask[number, 0] = True
            frame.mask[5, 4] = True
            frame.uncertainty = StdDevUncertainty(np.full(SHAPE, 2e4 + number))
            del frame.meta["RDNOISE"]
            frame.write(tmp_path / f"{number}.fits")
        expected = dark_rate(frames)
        measured = dark_rate([tmp_path / f"{number}.fits" for number in range(3)])
        assert_same_image(measured, expected)
        assert expected.mask.sum() == 1
        assert measured.meta["DKNOISE"] == "uncertainty"

    def test_extension(self, tmp_path, raw):
        header = fits.Header({"EXPTIME": 100.0, "EGAIN": 2.0})
        image = fits.ImageHDU(raw[0], name="SCI")
        image.header["RDNOISE"] = 5.0
        fits.HDUList([fits.PrimaryHDU(header=header), image]).writeto(tmp_path / "x.fits")
        assert_same_image(dark_rate(tmp_path / "x.fits", bias=BIAS), dark_rate(dark(raw[0]), bias=BIAS))

    def test_electron_unit(self, tmp_path, raw):
        frame = dark(raw[0].astype(float), unit="electron")
        frame.write(tmp_path / "e.fits")
        assert as_frames(tmp_path / "e.fits")[0].unit == u.electron
        assert_same_image(dark_rate(tmp_path / "e.fits"), dark_rate(frame))

    @pytest.mark.parametrize("text", ["adu", "ADU", "  adu  ", ""])
    def test_units_that_cameras_write(self, camera_files, text):
        fits.setval(camera_files[0], "BUNIT", value=text)
        assert as_frames(camera_files[0])[0].unit == u.adu

    @pytest.mark.parametrize("text", ["furlong", "m", "electron/s"])
    def test_wrong_unit(self, camera_files, text):
        fits.setval(camera_files[0], "BUNIT", value=text)
        with pytest.raises(u.UnitsError, match=rf"dark0\.fits: BUNIT in the header is '{text}', .* adu or electron"):
            dark_rate(camera_files[0])

    @pytest.mark.parametrize("matrix", ["PC", "CD"])
    def test_wcs(self, tmp_path, raw, matrix):
        frame = dark(raw[0].astype(float))
        frame.wcs = WCS(naxis=2)
        frame.wcs.wcs.ctype, frame.wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [10, 20]
        frame.write(tmp_path / "w.fits")
        if matrix == "CD":
            for key, value in {"CD1_1": 0.0, "CD1_2": -1e-4, "CD2_1": 1e-4, "CD2_2": 0.0}.items():
                fits.setval(tmp_path / "w.fits", key, value=value)
            for key in ("CDELT1", "CDELT2"):
                fits.delval(tmp_path / "w.fits", key)
        measured = dark_rate(tmp_path / "w.fits")
        assert measured.wcs.wcs.compare(CCDData.read(tmp_path / "w.fits").wcs.wcs)
        measured.write(tmp_path / "rate.fits")
        back = CCDData.read(tmp_path / "rate.fits")
        assert back.wcs.wcs.compare(measured.wcs.wcs)
        # What belongs to the WCS is not in meta as well, as in astropy's own reader: it comes back equal.
        for key in measured.meta:
            assert back.meta[key] == measured.meta[key]

    @pytest.mark.parametrize("ctype", ["", "NONSENSE---"])
    def test_no_wcs(self, camera_files, ctype):
        fits.setval(camera_files[0], "CTYPE1", value=ctype)
        assert dark_rate(camera_files[0], bias=BIAS).wcs is None or ctype

    def test_meta_of_a_file_is_that_of_the_frame_in_memory(self, camera_files):
        """But for the log."""
        memory = [CCDData.read(path, unit="adu", format="fits") for path in self.dateless(camera_files)]
        first = dark_rate(camera_files, bias=BIAS, add_keyword=False).meta
        assert dict(first) == dict(dark_rate(memory, bias=BIAS, add_keyword=False).meta)

    @staticmethod
    def dateless(paths):
        for path in paths:
            fits.delval(path, "DATE-OBS")
        return paths


@pytest.mark.parametrize("kind", [StdDevUncertainty, VarianceUncertainty, InverseVariance])
def test_every_kind_of_uncertainty_in_a_file(kind, tmp_path):
    frame = dark(np.full((3, 4), 10.0), read_noise=None)
    frame.uncertainty = StdDevUncertainty(np.full((3, 4), 4.0)).represent_as(kind)
    frame.write(tmp_path / "dark.fits")
    samples = FileFrame(tmp_path / "dark.fits").rows(slice(1, 3))
    np.testing.assert_allclose(samples.deviation, np.full((2, 4), 4.0))


def test_an_uncertainty_of_unknown_kind(tmp_path):
    frame = dark(np.full((3, 4), 10.0), uncertainty=StdDevUncertainty(np.full((3, 4), 4.0)))
    frame.write(tmp_path / "dark.fits")
    fits.setval(tmp_path / "dark.fits", "UTYPE", value="MAD", extname="UNCERT")
    with pytest.raises(OSError, match=r"dark\.fits: UTYPE in its UNCERT extension must be one of Std.*, got 'MAD'"):
        FileFrame(tmp_path / "dark.fits")


class TestBadFiles:
    """The message names the file."""

    @pytest.fixture(params=["darks", "bias"])
    def use(self, request, raw):
        if request.param == "darks":
            return dark_rate
        return lambda path: dark_rate(frames_of(raw), bias=path)

    def test_absent(self, use, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"nowhere\.fits: no such file"):
            use(tmp_path / "nowhere.fits")

    def test_folder(self, use, tmp_path):
        with pytest.raises(OSError, match=f"{tmp_path.name}: a folder, not a FITS file"):
            use(tmp_path)

    def test_empty(self, use, tmp_path):
        (tmp_path / "nought.fits").touch()
        with pytest.raises(OSError, match=r"nought\.fits: the file is empty"):
            use(tmp_path / "nought.fits")

    @pytest.mark.parametrize(
        "content",
        [b"hello", b"x" * 5000, b"SIMPLE  =", b"\x1f\x8b rubbish", np.random.default_rng(0).bytes(3000)],
        ids=["short", "long", "cut", "gzip", "noise"],
    )
    def test_not_fits(self, use, tmp_path, content):
        (tmp_path / "text.fits").write_bytes(content)
        with pytest.raises(OSError, match=r"text\.fits: .*not a readable FITS file"):
            use(tmp_path / "text.fits")

    @pytest.mark.parametrize("kept", [500, 1000, 2880, 2890, -2870])
    def test_truncated(self, use, camera_files, kept):
        # 6 x 5 x 2 bytes of data: the padding may be lacking, the data not.
        content = camera_files[0].read_bytes()
        camera_files[0].write_bytes(content[:kept])
        with pytest.raises(OSError, match=r"dark0\.fits: .*(truncated|not a readable FITS file)"):
            use(camera_files[0])

    @pytest.mark.parametrize("kept", [20, 150, -30])
    def test_truncated_gzip(self, use, camera_files, kept):
        path = camera_files[0].with_suffix(".fits.gz")
        path.write_bytes(gzip.compress(camera_files[0].read_bytes())[:kept])
        with pytest.raises(OSError, match=r"dark0\.fits\.gz: .*(truncated|not a readable FITS file)"):
            use(path)

    @pytest.mark.parametrize("shape", [None, (7,), (2, 3, 4)])
    def test_no_image(self, use, tmp_path, shape):
        fits.PrimaryHDU(None if shape is None else np.ones(shape)).writeto(tmp_path / "cube.fits")
        with pytest.raises(OSError, match=r"cube\.fits: no 2-D image in it \(shapes: "):
            use(tmp_path / "cube.fits")

    def test_table(self, use, tmp_path):
        fits.BinTableHDU.from_columns([fits.Column("a", "E", array=np.ones(3))]).writeto(tmp_path / "t.fits")
        with pytest.raises(OSError, match=r"t\.fits: no 2-D image in it"):
            use(tmp_path / "t.fits")

    def test_second_of_two(self, camera_files):
        camera_files[1].write_bytes(b"junk")
        with pytest.raises(OSError, match=r"dark1\.fits: .*not a readable FITS file"):
            dark_rate(camera_files)

    def test_shapes(self, camera_files, tmp_path):
        fits.PrimaryHDU(np.ones((2, 2))).writeto(tmp_path / "small.fits")
        with pytest.raises(
            ValueError, match=r"darks must have one shape: .*dark0\.fits is \(6, 5\), .*small\.fits is \(2, 2\)"
        ):
            dark_rate([camera_files[0], tmp_path / "small.fits"])

    def test_header(self, camera_files):
        fits.setval(camera_files[0], "EXPTIME", value="long")
        with pytest.raises(ValueError, match=r"dark0\.fits: EXPTIME in the header must be a finite number, got 'long'"):
            dark_rate(camera_files[0])

    def test_vanished_between_reading(self, camera_files):
        frame = FileFrame(camera_files[0])
        camera_files[0].unlink()
        with pytest.raises(OSError, match=r"dark0\.fits: cannot be read any more"):
            frame.rows(slice(0, 1))

    def test_closed(self, camera_files, recwarn):
        dark_rate(camera_files, bias=BIAS)
        for path in camera_files:
            path.unlink()
        assert not recwarn.list


def squeezed(path, form):
    """A file compressed, in its own folder: as a whole, or image by image in tiles."""
    content = path.read_bytes()
    new = path.with_name(f"{path.name}.{form}")
    if form == "fz":
        with fits.open(path) as hdus:
            images = [fits.ImageHDU(hdu.data, hdu.header, hdu.name or "IMAGE") for hdu in hdus]
            tiles = [fits.CompImageHDU(image.data, image.header, compression_type="GZIP_1", quantize_level=0)
                     for image in images]  # fmt: skip
            fits.HDUList([fits.PrimaryHDU(), *tiles]).writeto(new)
    else:
        new.write_bytes({"gz": gzip, "bz2": bz2}[form].compress(content))
    return new


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


class TestAsAstropy:
    """Header and values are those of astropy, which makes no HDU of an image that is not compressed in tiles."""

    @pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
    @pytest.mark.parametrize("keys", [{}, {"BSCALE": 2.5, "BZERO": 7}, {"BLANK": 3}, {"BUNIT": "electron"}], ids=str)
    def test_same_header_and_values(self, tmp_path, dtype, keys):
        if "BLANK" in keys and dtype != "i2":
            keys = {}
        path = tmp_path / "dark.fits"
        fits.PrimaryHDU(np.arange(30).reshape(SHAPE).astype(dtype)).writeto(path)
        with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
            hdus[0].header.update({"EXPTIME": 100.0, "OBSERVER": "A", "HISTORY": "taken", **keys})
        path.write_bytes(path.read_bytes().replace(b"'A       '", b"'\xc5\xe9      '"))
        frame = FileFrame(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the bytes that are not ASCII
            with fits.open(path, do_not_scale_image_data=True) as hdus:
                assert frame.header.tostring() == hdus[0].header.tostring()
            with fits.open(path) as hdus:
                assert frame.dtype == hdus[0].data.dtype.newbyteorder("=")
                np.testing.assert_array_equal(frame.rows(slice(0, 6)).values, hdus[0].data)

    def test_no_hdu_is_made(self, camera_files, monkeypatch):
        monkeypatch.setattr(fits, "open", None)
        assert all(frame.shape == SHAPE for frame in as_frames(camera_files))

    @pytest.mark.parametrize("kind", ["mask", "table", "bytes", "name", "cube"])
    def test_what_stands_beside_the_image(self, tmp_path, kind):
        path, image = tmp_path / "dark.fits", np.ones((3, *SHAPE) if kind == "cube" else SHAPE)
        hdu = fits.PrimaryHDU(image, fits.Header({"EXTNAME": "DARK"} if kind == "name" else {}))
        more = {
            "mask": [fits.ImageHDU(np.eye(*SHAPE, dtype="u1"), name="MASK")],
            "table": [fits.BinTableHDU.from_columns([fits.Column("x", "E", array=[1.0])])],
            "cube": [fits.ImageHDU(np.ones(SHAPE))],
        }
        fits.HDUList([hdu, *more.get(kind, [])]).writeto(path)
        if kind == "bytes":
            path.write_bytes(path.read_bytes() + b"\0" * 2880)
        frame = FileFrame(path)
        assert frame.has_mask == (kind == "mask")
        assert frame.shape == SHAPE


@pytest.mark.parametrize("form", ["gz", "bz2", "fz"])
class TestCompressed:
    @pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"])
    def test_same_rates(self, tmp_path, form, dtype):
        """Bit by bit, of every type."""
        rng, paths = np.random.default_rng(20), []
        for number in range(4):
            values = (rng.poisson(60.0, SHAPE) + (rng.random(SHAPE) if "float" in dtype else 0)).astype(dtype)
            values[number, 0] = 250
            header = fits.Header({"EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0})
            paths.append(tmp_path / f"{number}.fits")
            fits.PrimaryHDU(values, header).writeto(paths[-1])
        expected = dark_rate(paths, bias=BIAS)
        packed = [squeezed(path, form) for path in paths]
        assert {FileFrame(path).dtype for path in packed} == {np.dtype(dtype)}
        assert_same_image(dark_rate(packed, bias=BIAS), expected)
        assert expected.meta["DKLOST"] > 0

    @pytest.mark.parametrize("kind", [StdDevUncertainty, VarianceUncertainty])
    def test_mask_and_uncertainty(self, tmp_path, form, kind):
        rng, paths = np.random.default_rng(21), []
        for number in range(3):
            frame = dark(rng.normal(100, 5, SHAPE), read_noise=None, mask=rng.random(SHAPE) < 0.2)
            frame.uncertainty = StdDevUncertainty(rng.uniform(12, 15, SHAPE)).represent_as(kind)
            paths.append(tmp_path / f"{number}.fits")
            frame.write(paths[-1])
        expected = dark_rate(paths)
        assert expected.meta["DKNOISE"] == "uncertainty"
        packed = [squeezed(path, form) for path in paths]
        frame = FileFrame(packed[0])
        assert (frame.has_mask, frame.has_deviation) == (True, True)
        assert_same_image(dark_rate(packed), expected)

    def test_decompressed_once(self, camera_files, form, temporary):
        """Into a file each; what was compressed is not needed any more."""
        frames = [FileFrame(squeezed(path, form)) for path in camera_files]
        assert len(list(temporary.rglob("*.fits"))) == len(frames)
        for frame in frames:
            frame.path.unlink()
            with frame.for_rows(slice(0, 6)).open_files() as part:
                for row in range(6):
                    part.rows(slice(row, row + 1))
        assert_same_image(dark_rate(as_frames(frames), bias=BIAS), dark_rate(camera_files, bias=BIAS))
        assert len(list(temporary.rglob("*.fits"))) == len(frames)

    def test_no_file_is_left(self, camera_files, form, temporary):
        path = squeezed(camera_files[0], form)
        frame = FileFrame(path)
        part = frame.for_rows(slice(0, 6))
        expected = FileFrame(camera_files[0]).rows(slice(0, 6)).values
        np.testing.assert_array_equal(frame.rows(slice(0, 6)).values, expected)
        assert len(list(temporary.rglob("*.fits"))) == 1
        del frame
        gc.collect()
        assert not list(temporary.iterdir())
        with pytest.raises(OSError, match=r"dark0\.fits\..*: cannot be read any more"):
            part.rows(slice(0, 6))
        dark_rate([path, squeezed(camera_files[1], form)], bias=BIAS)
        gc.collect()
        assert not list(temporary.iterdir())

    @pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.95])
    def test_truncated(self, tmp_path, form, part, temporary):
        header = fits.Header({"EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0})
        values = np.random.default_rng(23).integers(100, 60000, (60, 50)).astype("uint16")
        fits.PrimaryHDU(values, header).writeto(tmp_path / "dark.fits")
        path = squeezed(tmp_path / "dark.fits", form)
        content = path.read_bytes()
        # The padding of the last 2880 bytes may be lacking.
        path.write_bytes(content[: int(part * (len(content) - 2880 * (form == "fz")))])
        with pytest.raises(OSError, match=r"dark\.fits\..*: .*(truncated|not a readable FITS file|no 2-D image)"):
            dark_rate(path, bias=BIAS)
        gc.collect()
        assert not list(temporary.iterdir())


@pytest.mark.parametrize("form", ["gz", "bz2"])
@pytest.mark.parametrize("keys", [{"BLANK": 99}, {"BLANK": 0}, {"BLANK": 99, "BZERO": 32768}, {"BSCALE": 0.5}], ids=str)
def test_blank_and_scaled_integers(tmp_path, form, keys):
    """What stands for no value does so in a compressed file, too."""
    numbers = np.random.default_rng(22).integers(0, 200, SHAPE).astype("int16")
    numbers[2, :3] = 99, 0, 99
    fits.PrimaryHDU(numbers, fits.Header({"EXPTIME": 100.0, "EGAIN": 2.0, "RDNOISE": 5.0})).writeto(tmp_path / "x")
    with fits.open(tmp_path / "x", mode="update", do_not_scale_image_data=True) as hdus:
        hdus[0].header.update(keys)
    expected = dark_rate(tmp_path / "x", bias=BIAS)
    assert expected.mask.any() == ("BLANK" in keys)
    assert_same_image(dark_rate(squeezed(tmp_path / "x", form), bias=BIAS), expected)


@pytest.mark.parametrize("form", ["gz", "bz2", "fz"])
def test_damaged(tmp_path, form, temporary):
    """As long as it should be, with other bytes in the middle."""
    values = np.random.default_rng(24).integers(100, 60000, (60, 50)).astype("uint16")
    fits.PrimaryHDU(values, fits.Header({"EXPTIME": 100.0, "EGAIN": 2.0})).writeto(tmp_path / "dark.fits")
    path = squeezed(tmp_path / "dark.fits", form)
    content = bytearray(path.read_bytes())
    middle = len(content) - 3500 if form == "fz" else len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(OSError, match=r"dark\.fits\..*: (its data cannot be read|not a readable FITS file)"):
        dark_rate(path, bias=BIAS)
    gc.collect()
    assert not list(temporary.iterdir())
