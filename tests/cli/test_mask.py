"""The command ``mask``: what it writes and prints, and its exit status."""

import numpy as np
import pytest
from astropy.nddata import CCDData

from ccdproc_darks import hot_pixel_mask, read_defects
from ccdproc_darks.cli import main
from ccdproc_darks.masks.defects.formats import FORMATS

from ..helpers import rate_image


@pytest.fixture
def mask(tmp_path):
    rates = np.random.default_rng(3).normal(1.0, 0.02, (30, 40))
    rates[3, 5] = rates[20, 39] = 50.0
    mask = hot_pixel_mask(rate_image(rates, 100.0))
    mask.write(tmp_path / "mask.fits")
    return mask


@pytest.mark.parametrize("format", FORMATS)
def test_each_format(mask, tmp_path, capsys, format):
    out = tmp_path / "out.txt"
    assert main(["mask", str(tmp_path / "mask.fits"), "-o", str(out), "--format", format]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{mask.mask.sum()} of 30 x 40 pixels (those of its mask): {out}\n"
    assert printed.err == ""
    assert (read_defects(out, format=format) == mask.mask).all()


def test_a_folder_and_the_format_of_the_name(mask, tmp_path, capsys):
    assert main(["mask", str(tmp_path), "-o", str(tmp_path / "out.lst"), "--flags", "hot,warm"]) == 0
    assert "(HOT or WARM): " in capsys.readouterr().out
    assert (read_defects(tmp_path / "out.lst") == mask.mask).all()


def test_the_first_row_for_dcraw(mask, tmp_path):
    out = tmp_path / ".badpixels"
    assert main(["mask", str(tmp_path), "-o", str(out), "--first-row", "bottom"]) == 0
    assert (read_defects(out, first_row="top") == mask.mask[::-1]).all()


def test_overwrite(mask, tmp_path, capsys):
    out = tmp_path / "out.lst"
    out.write_text("mine")
    assert main(["mask", str(tmp_path), "-o", str(out)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"ccdproc-darks: {out} is there already: name another file, or have it overwritten (")
    assert told.endswith("--overwrite)\n")
    assert out.read_text() == "mine"
    assert main(["mask", str(tmp_path), "-o", str(out), "--overwrite"]) == 0
    assert (read_defects(out) == mask.mask).all()


def test_one_clear_line_where_the_name_tells_no_format(mask, tmp_path, capsys):
    assert main(["mask", str(tmp_path), "-o", str(tmp_path / "out.txt")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "may be that of 3 formats" in printed.err
    assert "formats: pass --format, one of 'lsst', 'iraf', 'dcraw'" in printed.err
    assert not (tmp_path / "out.txt").exists()


def test_formats_in_letters_of_any_case(mask, tmp_path):
    out = tmp_path / "out.txt"
    assert main(["mask", str(tmp_path), "-o", str(out), "--format", "IRAF"]) == 0
    assert (read_defects(out, format="Iraf") == mask.mask).all()


def test_what_is_no_mask_is_refused(mask, tmp_path, capsys):
    rate = rate_image(np.ones((30, 40)), 100.0)
    rate.write(tmp_path / "rate_all.fits")
    CCDData(np.ones((30, 40)), unit="adu", mask=np.ones((30, 40), bool)).write(tmp_path / "science.fits")
    for name, what in (("rate_all", "is a dark rate (electron / s), not a mask"), ("science", "is in adu, and a mask")):
        assert main(["mask", str(tmp_path / f"{name}.fits"), "-o", str(tmp_path / "out.reg")]) == 1
        told = capsys.readouterr().err
        assert told.startswith(f"ccdproc-darks: {tmp_path / name}.fits {what}")
        assert told.endswith(f": give {tmp_path / 'mask.fits'}\n")
        assert not (tmp_path / "out.reg").exists()


def test_help_names_each_program(capsys):
    with pytest.raises(SystemExit) as end:
        main(["mask", "--help"])
    assert end.value.code == 0
    printed = capsys.readouterr().out
    for program in ("LSST Science Pipelines", "CIAO", "SAOImageDS9", "IRAF", "Siril", "dcraw", "LibRaw", "astropy"):
        assert program in printed
    assert all(f"\n  {name} " in printed for name in FORMATS)


@pytest.mark.parametrize("options", [["--format", "fits"], ["--flags", "HOT,"], ["--first-row", "left"]])
def test_wrong_options(mask, tmp_path, capsys, options):
    with pytest.raises(SystemExit) as end:
        main(["mask", str(tmp_path), "-o", str(tmp_path / "out.lst"), *options])
    assert end.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_an_unknown_flag(mask, tmp_path, capsys):
    assert main(["mask", str(tmp_path), "-o", str(tmp_path / "out.lst"), "--flags", "COLD"]) == 1
    assert "flags must be names in DARK_FLAGS" in capsys.readouterr().err
