"""Formats, and which of them the name of a file tells."""

import pytest
from astropy.table import Table

from ccdproc_darks.cli import mask as command
from ccdproc_darks.masks.defects.formats import _ENDS, FORMATS, checked_format, format_of_file


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.ecsv", "lsst"),
        ("a.REG", "ds9"),
        ("a.dat", "iraf"),
        ("a.b.lst", "siril"),
        (".badpixels", "dcraw"),
        ("a.badpixels", "dcraw"),
    ],
)
def test_told_by_the_name(name, format):
    assert checked_format(None, name) == format
    assert format_of_file(None, name) == format


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.fits", "may be that of 3 formats: pass format=, one of 'lsst', 'region', 'roman'"),
        ("a.txt", "may be that of 3 formats: pass format=, one of 'lsst', 'iraf', 'dcraw'"),
        (
            "a",
            "tells no format: pass .*one of 'lsst', 'region', 'ds9', 'iraf', 'siril', 'dcraw', 'roman'",
        ),
        ("a.pl", "tells no format"),
    ],
)
def test_not_told_by_the_name(name, words):
    with pytest.raises(ValueError, match=words):
        checked_format(None, name)


def test_names_in_letters_of_any_case():
    assert checked_format("IRAF", "a.lst") == "iraf"


def test_unknown():
    with pytest.raises(ValueError, match=r"format must be one of 'lsst', .*'roman', got 'pixinsight'"):
        checked_format("pixinsight", "a.lst")


def test_what_is_in_a_fits_file_tells_nothing(tmp_path):
    Table({"a": [1]}).write(tmp_path / "a.fits")
    with pytest.raises(ValueError, match="may be that of 3 formats"):
        format_of_file(None, tmp_path / "a.fits")


def test_the_command_knows_them():
    assert list(command.FORMATS) == list(FORMATS)
    for name, (ends, _) in command.FORMATS.items():
        for end in ends.split(", "):
            assert name in _ENDS[end]
