"""Sections of an image, as FITS writes them and headers tell them."""

import re

import ccdproc
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from ccdproc import Keyword
from hypothesis import given
from hypothesis import strategies as st

from ccdproc_darks import HeaderWarning, dark_rate, master_bias
from ccdproc_darks.frames.sections import check_section, header_sections, section_of

from ..helpers import dark

SHAPE = (20, 30)


def section(text, header=(), shape=SHAPE):
    return section_of(text, "trim", fits.Header(header), "darks[0]", shape)


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("[1:30, 1:20]", range(20), range(30)),
        ("[:, :]", range(20), range(30)),
        ("[*,*]", range(20), range(30)),
        ("[5:8, 2:2]", range(1, 2), range(4, 8)),
        (" [ 5 : 8 , : ] ", range(20), range(4, 8)),
        ("[8:5, :]", range(20), range(7, 3, -1)),
        ("[4:1, 20:1]", range(19, -1, -1), range(3, -1, -1)),
        ("[-*, *]", range(20), range(29, -1, -1)),
        ("[1:30:2, 20:1:3]", range(19, -1, -3), range(0, 30, 2)),
    ],
)
def test_section(text, rows, columns):
    found = section(text)
    assert list(found.rows) == list(rows)
    assert list(found.columns) == list(columns)
    image = np.arange(600).reshape(SHAPE)
    np.testing.assert_array_equal(image[found.slices], image[np.ix_(rows, columns)])
    assert found.shape == (len(rows), len(columns))


@given(st.tuples(*[st.integers(1, n) for n in (30, 30, 20, 20)]))
def test_section_of_any_ends(ends):
    """The numbers of pixels that FITS means, on both axes and in both directions."""
    first, last, low, high = ends
    found = section(f"[{first}:{last},{low}:{high}]")
    assert [found.columns[0] + 1, found.columns[-1] + 1] == [first, last]
    assert [found.rows[0] + 1, found.rows[-1] + 1] == [low, high]
    assert found.shape == (abs(high - low) + 1, abs(last - first) + 1)


def test_of_a_key():
    header = [("TRIMSEC", "[3:4, 5:6]"), ("OTHER", 3)]
    for value in ("TRIMSEC", "trimsec", Keyword("TRIMSEC"), Keyword("TRIMSEC", value="[1:2,1:2]")):
        assert section(value, header).text == "[3:4, 5:6]"
    assert section(Keyword("NONE", value="[1:2,1:2]"), header).text == "[1:2, 1:2]"
    with pytest.raises(ValueError, match=r"trim: darks\[0\] has no key 'DATASEC' in its header; pass the section"):
        section("DATASEC", header)
    with pytest.raises(ValueError, match=r"trim: OTHER in the header of darks\[0\] must be a FITS section .* got 3"):
        section("OTHER", header)
    with pytest.raises(ValueError, match=r"darks\[0\]: TRIMSEC is in the header twice"):
        section("TRIMSEC", [*header, ("TRIMSEC", "[1:2,1:2]")])


@pytest.mark.parametrize("text", ["[1:31, :]", "[:, 1:21]", "[31:40, 1:2]", "[:, 21:1]", "[40:31, :]"])
def test_outside_the_image(text):
    with pytest.raises(ValueError, match=r"trim is \[.*outside the image: its (rows are 1 to 20|columns are 1 to 30)"):
        section(text)


@pytest.mark.parametrize(
    "text",
    [
        "[1:5]",
        "1:5, 1:5",
        "[]",
        "[a:b, 1:2]",
        "[1:2, 1:2",
        "[1:2, 1:2, 1:2]",
        "[5, 1:2]",
        "[1:2;1:2]",
        "[1:5:0, :]",
        "[0:5, :]",
    ],
)
def test_no_section(text):
    with pytest.raises(ValueError, match="FITS section"):
        check_section("trim", text)


def test_check_of_an_argument():
    for value in (None, "[1:2, 1:2]", "BIASSEC", Keyword("BIASSEC")):
        check_section("overscan", value)
    with pytest.raises(TypeError, match=r"overscan must be a FITS section such as .* got 32"):
        check_section("overscan", 32)
    with pytest.raises(ValueError, match="overscan is an empty text"):
        check_section("overscan", " ")


class TestHeaderSections:
    def test_used(self):
        header = {"BIASSEC": "[1:4,1:20]", "TRIMSEC": "[5:30,1:20]"}
        found = header_sections(header, SHAPE)
        assert (found.overscan, found.trim, found.doubt) == ("[1:4, 1:20]", "[5:30, 1:20]", "")
        assert found.told == "BIASSEC [1:4, 1:20], TRIMSEC [5:30, 1:20]"

    def test_datasec_without_trimsec(self):
        assert header_sections({"DATASEC": "[5:30,1:20]"}, SHAPE).trim == "[5:30, 1:20]"
        both = {"DATASEC": "[5:30,1:20]", "TRIMSEC": "[6:30,1:20]"}
        assert header_sections(both, SHAPE).trim == "[6:30, 1:20]"

    @pytest.mark.parametrize(
        "header",
        [
            {},
            {"TRIMSEC": "[1:30,1:20]"},
            {"TRIMSEC": "[1:30,1:20]", "BIASSEC": "[31:40,1:20]"},  # trimmed, the overscan was on the right
            {"TRIMSEC": "", "BIASSEC": " "},
            {"TRIMSEC": 5},
            {"TRIMSEC": "[0:0,0:0]", "BIASSEC": "N/A"},
            {"TRIMSEC": "[*,*]", "BIASSEC": "none"},
        ],
    )
    def test_nothing_to_cut_off(self, header):
        found = header_sections(fits.Header(header), SHAPE)
        assert (found.overscan, found.trim, found.doubt) == (None, None, "")

    @pytest.mark.parametrize("kind", [dict, fits.Header])
    def test_trimmed_by_ccdproc(self, kind):
        image = CCDData(np.zeros((20, 40)), unit="adu", meta=kind({"BIASSEC": "[1:4,1:20]", "TRIMSEC": "[5:30,1:20]"}))
        assert header_sections(image.header, image.shape).trim == "[5:30, 1:20]"
        image = ccdproc.trim_image(image, fits_section="[5:34,1:20]")
        assert header_sections(image.header, image.shape).trim is None

    @pytest.mark.parametrize(
        ("header", "doubt", "is_old"),
        [
            ({"TRIMSEC": "[5:34,1:20]", "BIASSEC": "[1:4,1:20]"}, r"TRIMSEC is \[5:34,1:20\], outside", True),
            ({"BIASSEC": "[31:34,1:20]"}, "BIASSEC is .* outside", True),
            ({"TRIMSEC": "[5:30,1:20]", "BIASSEC": "[31:34,1:20]"}, "BIASSEC is .* outside", False),
            ({"TRIMSEC": "[5:30,1:20]", "BIASSEC": "[1:5,1:20]"}, "overlap", False),
            ({"BIASSEC": "[1:4,1:20]"}, "neither TRIMSEC nor DATASEC", False),
            ({"TRIMSEC": "5:30,1:20"}, "TRIMSEC must be a FITS section", False),
        ],
    )
    def test_doubt(self, header, doubt, is_old):
        found = header_sections(header, SHAPE)
        assert (found.overscan, found.trim, found.is_old) == (None, None, is_old)
        assert re.search(doubt, found.doubt)


SECTIONS = {"BIASSEC": "[1:4,1:20]", "TRIMSEC": "[5:30,1:20]"}


class TestWarning:
    """Frames that are measured as a whole, though headers tell of overscan."""

    @pytest.fixture
    def frames(self):
        rng = np.random.default_rng(5)
        return lambda **keys: [dark(rng.normal(500, 2, SHAPE), **keys) for _ in range(2)]

    def test_names_the_arguments(self, frames):
        expected = r"darks\[0\] tells that part of .*BIASSEC \[1:4, 1:20\].*pass overscan='BIASSEC', trim='TRIMSEC'"
        with pytest.warns(HeaderWarning, match=expected):
            dark_rate(frames(**SECTIONS), bias=500 * u.adu)
        with pytest.warns(HeaderWarning, match=expected.replace("darks", "biases")):
            master_bias(frames(seconds=0.0, **SECTIONS))
        with pytest.warns(HeaderWarning, match=r"TRIMSEC \[5:30, 1:20\].*pass trim='TRIMSEC'"):
            dark_rate(frames(TRIMSEC="[5:30,1:20]"), bias=500 * u.adu)

    def test_sections_that_contradict(self, frames):
        with pytest.warns(HeaderWarning, match="overlap.*pass overscan and trim, as FITS sections"):
            dark_rate(frames(BIASSEC="[1:5,1:20]", TRIMSEC="[5:30,1:20]"), bias=500 * u.adu)

    @pytest.mark.parametrize(
        "options",
        [{"trim": "[:, :]"}, {"trim": "TRIMSEC"}, {"overscan": "BIASSEC", "trim": "TRIMSEC"}, {"check_headers": False}],
    )
    def test_no_warning_where_told(self, frames, options):
        level = 0 if "overscan" in options else 500
        dark_rate(frames(**SECTIONS), bias=level * u.adu, **options)

    def test_no_warning_of_trimmed_images(self, frames):
        """The sections of the image that it was cut from."""
        dark_rate(frames(BIASSEC="[1:4,1:20]", TRIMSEC="[5:34,1:20]"), bias=500 * u.adu)
        dark_rate(frames(BIASSEC="[31:34,1:20]", TRIMSEC="[1:30,1:20]"), bias=500 * u.adu)
