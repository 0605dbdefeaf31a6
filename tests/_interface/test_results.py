"""Results on their way to FITS and back, and the entry that says how they were made."""

import math
import warnings

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.wcs import WCS

import ccdproc_darks
from ccdproc_darks import (
    as_dark_rate,
    compare_dark_rates,
    dark_rate,
    dark_scatter,
    hot_pixel_mask,
    master_bias,
    read_noise_map,
    repeatability,
    simulate_dark,
)
from ccdproc_darks._interface.results import safe_header

from ..helpers import STRUCTURAL, assert_same_image, dark, full_mask, rate_image

AWKWARD = {
    "nan": math.nan,
    "infinite": math.inf,
    "numpynan": np.float32("nan"),
    "list": [1, 2, 3],
    "tuple": (1, 2),
    "logged": ("subtract_bias", "Shortened name for ccdproc command"),
    "quantity": 3 * u.m,
    "dict": {"a": 1},
    "array": np.arange(3),
    "none": None,
    "yes": True,
    "numpyyes": np.bool_(False),
    "whole": np.int64(7),
    "float32": np.float32(1.1),
    "tiny": 1e-300,
    "digits": 0.00083333333333333339,
    "complex": 1 + 2j,
    "a_key_longer_than_eight": 5,
    "two words": "in the key",
    "lower": "case",
    "spaces": "trailing   ",
    "quote": "it's 'quoted'",
    "utf8": "Müller",
    "schlüssel": 1,
    "newline": "a\nb",
    "long": "x" * 300,
    "a_long_key_with_a_long_text": "y" * 300,
    "longquotes": "'" * 100,
    "ampersand": "ends with &",
    "slash": "a / b",
    "empty": "",
    "": "a key of nothing",
    "BITPIX": 8,
    "NAXIS": 7,
    "BZERO": 32768,
    "BSCALE": 2.0,
    "BUNIT": "furlong",
    "CHECKSUM": "abc",
    "COMMENT": "a comment",
    "HISTORY": "of it",
    "EXTNAME": "PRIMARY",
    "MASK": "a mask",
    "key=value": 1,
    "END": 1,
    "CONTINUE": "x",
    "HIERARCH": "x",
    1: "a number for a key",
}


def awkward_darks():
    darks = [
        dark(np.arange(12.0).reshape(3, 4) + 100, seconds, "adu", SATURATE=5000.0) for seconds in (10.0, 30.0, 100.0)
    ]
    for frame in darks:
        frame.meta.update(AWKWARD)
    return darks


def header_with_everything():
    header = fits.Header()
    header["EXPTIME"] = (10.0, "s, of a camera with a very long comment " + "c" * 60)
    header["EGAIN"], header["RDNOISE"] = 2.0, 5.0
    header["HIERARCH flat_correct"] = ("flatcor", "Shortened name for ccdproc command")
    header["flatcor"] = "ccd=<CCDData>, flat=<CCDData>"
    header["UNDEF"] = None
    header["LONGSTR"] = "z" * 200
    header["BOOL"] = True
    header.add_comment("one")
    header.add_comment("two, and " + "long " * 30)
    header.add_history("was made")
    header[""] = "blank"
    header["SIMPLE"], header["BITPIX"], header["NAXIS"], header["BSCALE"], header["BZERO"] = True, 16, 2, 1, 32768
    return header


def fits_header_darks():
    darks = []
    for seconds in (10.0, 30.0, 100.0):
        frame = dark(np.arange(12.0).reshape(3, 4) + 100, seconds)
        frame.meta = header_with_everything()
        frame.meta["EXPTIME"] = seconds
        darks.append(frame)
    return darks


def wcs_darks():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = [10, 20], [1, 1], [-0.1, 0.1]
    darks = awkward_darks()
    for frame in darks:
        frame.wcs = wcs
    return darks


def poor_darks():
    """A pixel saturated everywhere, one in the longest only, one masked, one NaN."""
    darks = fits_header_darks()
    for frame in darks:
        frame.meta["SATURATE"] = 60000.0
        frame.data[0, 0] = 65000
        frame.mask = np.zeros(frame.shape, bool)
        frame.mask[1, 1] = True
        frame.data[2, 2] = np.nan
    darks[-1].data[0, 1] = 65000
    return darks


def rates_of(darks, **options):
    return [dark_rate([frame], bias=10 * u.adu, **options) for frame in darks]


def equal_frames(darks):
    """Five frames of the shortest exposure time."""
    frames = [darks[0].copy() for _ in range(5)]
    for number, frame in enumerate(frames):
        frame.data = frame.data + number
        frame.meta = darks[0].meta.copy()
    return frames


def scatter_of(darks):
    return dark_scatter(equal_frames(darks), bias=10 * u.adu)


def mask_with_everything(darks):
    rate = 3 * u.electron / u.h
    return hot_pixel_mask(
        *rates_of(darks), threshold=rate, background=np.ones(darks[0].shape) * rate, scatter=[scatter_of(darks)] * 2,
        fdr=0.1, null="empirical",
    )  # fmt: skip


RESULTS = {
    "rate": lambda darks: rates_of(darks)[0],
    "rate float64": lambda darks: rates_of(darks, dtype="float64")[0],
    "rate of all": lambda darks: dark_rate(darks, bias=10 * u.adu),
    "slope": lambda darks: dark_rate(darks, offset="pixel"),
    "difference": lambda darks: compare_dark_rates(*rates_of(darks)),
    "significance": lambda darks: compare_dark_rates(*rates_of(darks), statistic="significance"),
    "ratio": lambda darks: compare_dark_rates(*rates_of(darks)[:2], statistic="ratio", offset=None),
    "mask of one": lambda darks: hot_pixel_mask(rates_of(darks)[0]),
    "mask of three": lambda darks: hot_pixel_mask(*rates_of(darks), threshold=3 * u.electron / u.h),
    "offset": lambda darks: compare_dark_rates(*rates_of(darks), statistic="offset"),
    "empirical": lambda darks: compare_dark_rates(*rates_of(darks), statistic="significance", null="empirical"),
    "scatter": scatter_of,
    "halves": lambda darks: repeatability(equal_frames(darks), bias=10 * u.adu),
    "mask with everything": mask_with_everything,
    "mask, free offset": lambda darks: hot_pixel_mask(*rates_of(darks), offset="pixel"),
}


def round_trip(result, tmp_path):
    path = tmp_path / "result.fits"
    # astropy swallows a warning that the settings of pytest make an error: record them.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result.write(path)
        back = CCDData.read(path)
    assert [str(warning.message) for warning in caught] == []
    assert_same_image(result, back)
    for key in result.meta:
        # BUNIT of a result without unit: astropy writes none, and reads no image that has none.
        assert key not in STRUCTURAL - {"EXTNAME", "BUNIT"}
        if key in ("COMMENT", "HISTORY", ""):
            assert list(back.meta[key]) == list(result.meta[key])
        else:
            assert back.meta[key] == result.meta[key], key
    assert set(back.meta) - set(result.meta) <= STRUCTURAL | {"WCSAXES", "LONPOLE", "LATPOLE", "MJDREF", "RADESYS",
                                                              "CRPIX1", "CRPIX2", "CDELT1", "CDELT2", "CUNIT1",
                                                              "CUNIT2", "CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2",
                                                              "LONGSTRN"}  # fmt: skip
    assert (back.wcs is None) == (result.wcs is None)
    return back


@pytest.mark.parametrize("make", [awkward_darks, fits_header_darks, wcs_darks, poor_darks])
@pytest.mark.parametrize("name", RESULTS)
def test_round_trip(name, make, tmp_path):
    round_trip(RESULTS[name](make()), tmp_path)


@pytest.mark.parametrize("date", ["2019-09-06T19:45:51.883", "2019-09-06", "06/09/19"])
@pytest.mark.parametrize("name", ["rate", "difference", "mask of three", "scatter", "halves"])
def test_round_trip_with_the_date_of_a_camera(name, date, tmp_path):
    """Cameras write DATE-OBS without MJD-OBS, of which astropy's WCS warns when it reads."""
    darks = fits_header_darks()
    for frame in darks:
        frame.meta["DATE-OBS"] = date
    round_trip(RESULTS[name](darks), tmp_path)


def test_each_header_has_its_own_dates():
    """Whatever others had before."""
    dates = ["2019-09-06T19:45:51", "2019-09-07T19:45:51", "06/09/19", "2019-09-06T19:45:51"]
    headers = [safe_header({"DATE-OBS": date}) for date in dates]
    assert [header.get("DATE-OBS") for header in headers] == [dates[0], dates[1], None, dates[0]]
    assert [header.get("MJD-OBS") for header in headers[:2]] == pytest.approx([58732.8235069, 58733.8235069])
    assert headers[3] == headers[0]
    known = safe_header({"DATE-OBS": dates[0], "MJD-OBS": 12345.0})
    assert known["MJD-OBS"] == 12345.0


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
def test_round_trip_of_a_simulated_frame(dtype, tmp_path):
    frame = simulate_dark(
        (5, 7), exposure=10 * u.s, read_noise=5 * u.electron, bias=100 * u.adu, dtype=dtype, rng=1,
        hot_fraction=0.1, saturation=2000 * u.adu, temperature=-15 * u.deg_C,
    )  # fmt: skip
    back = round_trip(frame, tmp_path)
    assert back.data.dtype.newbyteorder("=") == dtype


def test_a_written_rate_compares_like_the_one_in_memory(tmp_path):
    rates = rates_of(poor_darks())
    read = []
    for number, rate in enumerate(rates):
        rate.write(tmp_path / f"{number}.fits")
        read.append(CCDData.read(tmp_path / f"{number}.fits"))
    for function in (compare_dark_rates, hot_pixel_mask):
        assert_same_image(function(*rates), function(*read), meta=False)
    scatter = scatter_of(poor_darks())
    scatter.write(tmp_path / "scatter.fits")
    back = CCDData.read(tmp_path / "scatter.fits")
    assert_same_image(hot_pixel_mask(*rates, scatter=scatter), hot_pixel_mask(*read, scatter=back))


def test_awkward_meta_that_fits_can_hold_is_kept():
    rate = rates_of(awkward_darks())[0]
    for key in ("yes", "whole", "tiny", "a_key_longer_than_eight", "two words", "lower", "quote", "long", "logged",
                "slash"):  # fmt: skip
        value = AWKWARD[key][0] if key == "logged" else AWKWARD[key]
        assert rate.meta[key] == value, key
    for key in ("nan", "infinite", "list", "quantity", "array", "dict", "BUNIT", "BZERO", "utf8", "newline"):
        assert key not in rate.meta, key


def test_safe_header_is_new():
    header = header_with_everything()
    before = [tuple(card) for card in header.cards]
    safe = safe_header(header)
    safe["EXPTIME"] = 99.0
    assert [tuple(card) for card in header.cards] == before


def test_remarks_come_last():
    header = fits.Header([("A", 1), ("HISTORY", "first"), ("B", 2), ("COMMENT", "second"), ("", ""), ("", "")])
    safe = safe_header(header, {"C": (3, "three"), "A": (4, "four"), "B": (None, "")})
    assert [tuple(card) for card in safe.cards] == [
        ("A", 4, "four"), ("C", 3, "three"), ("HISTORY", "first", ""), ("COMMENT", "second", ""),
    ]  # fmt: skip


def test_meta_says_how_the_rate_was_made():
    darks = [dark(np.full((3, 4), 200.0), seconds, SATURATE=5000.0, **{"CCD-TEMP": temperature})
             for seconds, temperature in ((10.0, -10.0), (10.0, -11.0), (40.0, -12.0))]  # fmt: skip
    master = CCDData(np.full((3, 4), 100.0), unit="adu", meta={"NCOMBINE": 4})
    meta = dark_rate(darks, bias=master).meta
    expected = {
        "DKEXPMIN": 10.0, "DKEXPMAX": 40.0, "DKNEXP": 2, "DKTOTAL": 60.0, "NCOMBINE": 3, "DKGAIN": 2.0,
        "DKRDNOI": 5.0, "DKNOISE": "header", "DKBIASER": 2.5, "DKSATUR": 5000.0, "DKTEMP": -11.0,
        "DKVERS": ccdproc_darks.__version__, "DKOFFSET": "none",
    }  # fmt: skip
    assert {key: meta[key] for key in expected} == expected
    assert "EXPTIME" not in meta
    assert len(meta["DKBIASID"]) == 8
    single = dark_rate(darks[:2], bias=master).meta
    assert single["EXPTIME"] == single["EXPOSURE"] == 10.0


class TestAddKeyword:
    """As ccdproc's functions do it."""

    @pytest.fixture(params=["DKRATE", "DKBIAS", "DKCOMPAR", "DKMASK", "DKSCATTR", "DKREPEAT", "DKRNMAP", "DKASRATE"])
    def call(self, request):
        frames, biases = ([dark(np.ones((2, 2)), time, "electron") for _ in range(4)] for time in (100.0, 0.0))
        rates = [rate_image(np.ones((2, 2)), seconds) for seconds in (10.0, 100.0)]
        many = [dark(np.full((2, 2), level), 0.0, "electron") for level in range(1, 21)]
        by_hand = dark(np.ones((2, 2)), 9.0, "electron/s")
        calls = {
            "DKRATE": lambda **options: dark_rate(frames[0], **options),
            "DKASRATE": lambda **options: as_dark_rate(by_hand, exposure=9 * u.s, frames=1, **options),
            "DKBIAS": lambda **options: master_bias(biases, **options),
            "DKRNMAP": lambda **options: read_noise_map(many, **options),
            "DKCOMPAR": lambda **options: compare_dark_rates(*rates, **options),
            "DKMASK": lambda **options: hot_pixel_mask(*rates, threshold=3 * u.electron / u.s, **options),
            "DKSCATTR": lambda **options: dark_scatter(frames, **options),
            "DKREPEAT": lambda **options: repeatability(frames, clip=3.0, **options),
        }
        # The rates were logged themselves.
        for rate in rates:
            del rate.meta["DKRATE"]
        return request.param, calls[request.param]

    def test_true(self, call):
        key, function = call
        name = {"DKRATE": "dark_rate: darks=<CCDData>", "DKASRATE": "as_dark_rate: ccd=<CCDData>, exposure=9.0 s",
                "DKBIAS": "master_bias: biases=<4 CCDData>",
                "DKRNMAP": "read_noise_map: biases=<20 CCDData>, gain=None, bias=None",
                "DKCOMPAR": "compare_dark_rates: rates=<2 CCDData>",
                "DKMASK": "hot_pixel_mask: rates=<2 CCDData>, threshold=3.0 electron / s",
                "DKSCATTR": "dark_scatter: darks=<4 CCDData>, gain=None",
                "DKREPEAT": "repeatability: darks=<4 CCDData>, false_positives=1.0, offset=common, exposure=None, "
                            "clip=3.0"}[key]  # fmt: skip
        assert function().meta[key].startswith(name)
        assert function(add_keyword=True).meta[key].startswith(name)

    def test_auto_logging_off(self, call):
        key, function = call
        with ccdproc.conf.set_temp("auto_logging", False):
            assert key not in function().meta
            assert function(add_keyword="MYKEY").meta["MYKEY"] is None

    @pytest.mark.parametrize("nothing", [None, False])
    def test_none(self, call, nothing):
        key, function = call
        assert key not in function(add_keyword=nothing).meta

    def test_str(self, call):
        key, function = call
        meta = function(add_keyword="MYKEY").meta
        assert "MYKEY" in meta
        assert meta["MYKEY"] is None
        assert key not in meta

    def test_keyword(self, call):
        assert call[1](add_keyword=ccdproc.Keyword("MYKEY", value="done")).meta["MYKEY"] == "done"
        number = ccdproc.Keyword("MYKEY", unit=u.s, value=3 * u.s)
        assert call[1](add_keyword=number).meta["MYKEY"] == 3

    def test_dict(self, call):
        meta = call[1](add_keyword={"MYKEY": 1, "A long key, of words": "b"}).meta
        assert meta["MYKEY"] == 1
        assert meta["A long key, of words"] == "b"

    def test_what_cannot_be_written(self, call):
        with pytest.raises(ValueError, match=r"add_keyword: 'MYKEY' = \[1, 2\] cannot be written to a FITS header"):
            call[1](add_keyword={"MYKEY": [1, 2]})
        with pytest.raises(TypeError, match=r"add_keyword must be True, False, None, a str, .* got 3"):
            call[1](add_keyword=3)
        with pytest.raises(TypeError, match=r"add_keyword: keys must be str, got 3"):
            call[1](add_keyword={3: 1})

    @pytest.mark.parametrize("key", [
        "DKEXPMAX", "dkexpmax", "HIERARCH DKEXPMAX", "hierarch dkexpmax", "DKWIDTH", "DKOFF1", "DKVERS", "DKANYTHING",
        "NCOMBINE", "EXPTIME", "EXPOSURE", "BUNIT", "BITPIX", "NAXIS", "NAXIS1", "BZERO", "END", "NMASKED",
    ])  # fmt: skip
    @pytest.mark.parametrize("form", [
        lambda key: {key: 1.0}, lambda key: {"MINE": 1, key: 1.0}, lambda key: ccdproc.Keyword(key, value="1"), str,
    ])  # fmt: skip
    def test_a_key_that_is_needed_is_not_overwritten(self, call, form, key):
        with pytest.raises(
            ValueError, match=rf"^add_keyword: '{key}' is a key that ccdproc_darks or FITS itself needs"
        ):
            call[1](add_keyword=form(key))

    @pytest.mark.parametrize("key", [
        "CTYPE1", "CRVAL1", "crval1", "WCSAXES", "PV1_1", "A_ORDER", "A_0_2", "CD1_1", "PC1_2", "EQUINOX", "EPOCH",
        "RADECSYS", "DATE-OBS", "MJD-OBS", "OBSGEO-X", "VELREF", "XPOSURE", "TIMESYS",
    ])  # fmt: skip
    def test_a_key_of_world_coordinates_would_be_lost(self, call, key):
        with pytest.raises(ValueError, match=rf"^add_keyword: '{key}' is a key of world coordinates"):
            call[1](add_keyword={key: 1.0})

    @pytest.mark.parametrize(("key", "value"), [
        ("EXTNAME", "RATE"), ("EXTVER", 2), ("EXTLEVEL", 1), ("INHERIT", True), ("DATE", "2020-01-01"),
        ("DATE-RED", "2020-01-01"),
    ])  # fmt: skip
    def test_a_harmless_key(self, call, key, value, tmp_path):
        assert round_trip(call[1](add_keyword={key: value}), tmp_path).meta[key] == value

    @pytest.mark.parametrize("value", ["MASK", "uncert", "PSFIMAGE", 5])
    def test_the_name_of_another_image(self, call, value):
        """By its name astropy would take the image for its own mask."""
        with pytest.raises(ValueError, match=rf"^add_keyword: 'EXTNAME' = {value!r} cannot be written"):
            call[1](add_keyword={"EXTNAME": value})

    def test_ours_are_told(self, call):
        with pytest.raises(ValueError, match=r"needs \(all that begin with DK are those of ccdproc_darks\); take"):
            call[1](add_keyword={"DKNOTE": "x"})

    @pytest.mark.parametrize("key", ["DKRATE", "DKBIAS", "DKCOMPAR", "DKMASK", "DKSCATTR", "DKREPEAT", "dkrate"])
    def test_log_of_another_step(self, call, key):
        assert call[1](add_keyword={key: "by hand"}).meta[key] == "by hand"

    def test_told_before_the_work(self, call, monkeypatch):
        monkeypatch.setattr("ccdproc_darks._interface.results.result_image", None)
        monkeypatch.setattr("ccdproc_darks._compute.workers._compute_blocks", None)
        with pytest.raises(ValueError, match=r"^add_keyword: 'NCOMBINE' is a key"):
            call[1](add_keyword={"NCOMBINE": 1})


def test_log_of_every_kind_of_argument(tmp_path):
    frames = [dark(np.ones((2, 2)), GAINKEY=3.0) for _ in range(2)]
    log = dark_rate(
        frames, bias=1 * u.adu, gain=ccdproc.Keyword("GAINKEY", unit=u.electron / u.adu), read_noise="RDNOISE",
        exposure=[10, 10] * u.s,
    ).meta["DKRATE"]  # fmt: skip
    assert log == (
        "dark_rate: darks=<2 CCDData>, gain=Keyword(GAINKEY), read_noise=RDNOISE, bias=1.0 adu, exposure=<Quantity>, "
        "saturation=None, n_combined=None, clip=5.0, offset=None, optical_black=None, hdu=None, unit=None, "
        "overscan=None, trim=None, amplifiers=None, check_headers=True, dtype=float32"
    )
    path = tmp_path / "dünkel.fits"
    frames[0].write(path)
    log = dark_rate(str(path)).meta["DKRATE"]
    assert "d?nkel.fits" in log


def test_mask_of_a_result_is_an_array():
    for name, make in RESULTS.items():
        result = make(poor_darks())
        assert result.mask.shape == result.shape, name
        assert result.mask.dtype == bool
        assert full_mask(result).any()


@pytest.mark.parametrize(
    "card", ["DATE-OBS= garbage", "OBSERVER= 'me", "OBJECT  = \x1b[31m", "HISTORY \x1b[31m", "COMMENT \x07",
             "EXTNAME = 5", "EXTNAME = 'MASK'",
             "TFIELDS = 2147483648", "TFIELDS = 'x'", "NAXIS   = 'x'", "NAXIS3  = 7", "FOCUS   = 1.5.5"]
)  # fmt: skip
def test_cards_that_cannot_be_read_or_written_are_left_out(card, tmp_path):
    header = fits.Header.fromstring("EXPTIME = 100.0".ljust(80) + card.ljust(80) + "OBSERVAT= 'here'".ljust(80))
    safe = safe_header(header)
    assert list(safe) == ["EXPTIME", "OBSERVAT"]
    fits.PrimaryHDU(np.ones((2, 2)), safe).writeto(tmp_path / "x.fits")
