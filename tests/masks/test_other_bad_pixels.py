"""OTHER_BAD_PIXEL in the result of hot_pixel_mask: lines, clusters, amplifiers, meta."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData

from ccdproc_darks import DARK_FLAGS, Amplifier, dark_rate, hot_pixel_mask
from ccdproc_darks.comparison.false_positives import FalsePositiveControl
from ccdproc_darks.masks.other_bad_pixels import OtherBadPixels, sentence_of_lines

from ..helpers import assert_same_image, dark

SHAPE = (256, 320)
OTHER = np.uint32(DARK_FLAGS.OTHER_BAD_PIXEL)


def frame(seed=0, columns=(), rows=()):
    rng = np.random.default_rng(seed)
    electrons = rng.normal(100, 10, SHAPE)
    electrons[rng.random(SHAPE) < 0.01] += 3000
    for number in columns:
        electrons[:, number] += 30
    for number in rows:
        electrons[number, 100:] -= 30
    return electrons


def rates_of(*frames, **options):
    """One for each, of exposure times that grow, and rates that agree."""
    images = [dark(electrons * 3**index, 100.0 * 3**index, "electron") for index, electrons in enumerate(frames)]
    return [
        dark_rate(image, bias=None, read_noise=10 * 3**index * u.electron, **options)
        for index, image in enumerate(images)
    ]


@pytest.fixture(scope="module")
def found():
    return hot_pixel_mask(*rates_of(frame(columns=(40, 200), rows=(77,))))


def test_lines_are_masked(found):
    meta = found.meta
    assert (meta["NCOLUMN"], meta["NROW"], meta["DKCOLS"]) == (2, 1, "40, 200")
    assert meta["DKROWS"].startswith("77 (from ")
    assert found.mask[:, [40, 200]].all()
    assert found.mask[77, 105:].all()
    other = (found.data & OTHER) > 0
    assert meta["NOTHER"] == other.sum() > 600
    assert meta["NMASKED"] == found.mask.sum()
    np.testing.assert_array_equal(found.mask, (found.data & DARK_FLAGS.DO_NOT_USE) > 0)


def test_pixels_that_were_bad_by_themselves_keep_their_flags(found):
    without = hot_pixel_mask(*rates_of(frame(columns=(40, 200), rows=(77,))), lines=False)
    other = (found.data & OTHER) > 0
    np.testing.assert_array_equal(found.data[~other], without.data[~other])
    assert not without.mask[other].any()
    assert not set(without.meta) & {"NCOLUMN", "NROW", "NOTHER", "DKCOLS", "DKROWS"}


def test_a_healthy_sensor():
    mask = hot_pixel_mask(*rates_of(frame(1)))
    assert (mask.meta["NCOLUMN"], mask.meta["NROW"], mask.meta["NOTHER"]) == (0, 0, 0)
    assert "DKCOLS" not in mask.meta
    assert_same_image(mask, hot_pixel_mask(*rates_of(frame(1)), lines=False))


def test_hot_pixels_of_a_bad_line_that_are_proportional_are_masked_with_it():
    short, long = rates_of(frame(2), frame(2))
    long.data[:, 40] += 0.3
    mask = hot_pixel_mask(short, long)
    assert mask.meta["DKCOLS"] == "40"
    assert mask.mask[:, 40].all()
    hot = (mask.data & DARK_FLAGS.HOT) > 0
    assert hot[:, 40].any()
    assert not mask.mask[:, :40][hot[:, :40]].any()


def test_clusters_grow():
    electrons = frame(3)
    electrons[100:102, 100:102] += 3000
    before = hot_pixel_mask(*rates_of(electrons), lines=False)
    mask = hot_pixel_mask(*rates_of(electrons), lines=False, grow=4)
    assert ((mask.data & OTHER) > 0)[99:103, 99:103].sum() == 12
    assert mask.meta["DKGROW"] == 4
    assert mask.meta["NOTHER"] == mask.meta["NMASKED"] - before.meta["NMASKED"]
    assert mask.meta["NHOT"] == before.meta["NHOT"]
    assert hot_pixel_mask(*rates_of(electrons), lines=False, grow=1).mask.sum() > mask.mask.sum()


def test_each_amplifier_has_its_own_lines():
    """A column that is bad in the upper half alone is bad as a whole there, with its place in the image."""
    electrons = frame(4)
    electrons[128:, 41] += 30
    electrons[:, 160:] += 500
    sections = ["[1:160, 1:128]", "[1:160, 129:256]", "[161:320, 1:256]"]
    (rate,) = rates_of(electrons, amplifiers=[Amplifier(section) for section in sections])
    mask = hot_pixel_mask(rate)
    assert mask.meta["DKCOLS"] == "41 (from 128)"
    assert (mask.meta["NCOLUMN"], mask.meta["NROW"]) == (1, 0)
    assert mask.mask[128:, 41].all()
    assert mask.mask[:128, 41].sum() < 10
    assert mask.meta["NMASKED"] == mask.mask.sum()
    assert not set(hot_pixel_mask(rate, lines=False).meta) & {"NCOLUMN", "NOTHER"}


def test_meta_is_read_back(found, tmp_path):
    found.write(tmp_path / "mask.fits")
    back = CCDData.read(tmp_path / "mask.fits")
    for key in ("DKCOLS", "DKROWS", "NCOLUMN", "NROW", "NOTHER"):
        assert back.meta[key] == found.meta[key]
    np.testing.assert_array_equal(back.data, found.data)


def test_sentence(found):
    assert sentence_of_lines({}) is None
    text = sentence_of_lines(found.meta)
    assert text.startswith("Bad columns, from 0: 40, 200; bad rows, from 0: 77 (from ")
    assert f"{found.meta['NOTHER']} of them" in text


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"lines": 1}, (TypeError, "lines must be True or False, got 1")),
        ({"grow": 0}, (ValueError, "grow must be")),
        ({"grow": 2.5}, (ValueError, "grow must be a whole number from 1, got 2.5")),
        ({"grow": "4"}, (TypeError, "grow must be")),
    ],
)
def test_wrong_options(options, error):
    with pytest.raises(error[0], match=error[1]):
        hot_pixel_mask(*rates_of(frame()), **options)


def test_flagged_and_not_masked():
    """Where the user chose other flags for the mask, the same pixels are flagged, and none is masked for it."""
    found = []
    for masks in (True, False):
        flags, mask = np.zeros((20, 30), np.uint32), np.zeros((20, 30), bool)
        flags[5, 5:9], mask[5, 5:9] = DARK_FLAGS.NONLINEAR | DARK_FLAGS.DO_NOT_USE, True
        others = OtherBadPixels(False, 3, FalsePositiveControl(1.0, None), masks=masks)
        entries = others.flag(flags, mask, ())
        np.testing.assert_array_equal(mask, flags & 1 == 1)
        found.append((flags >> 1, entries["NOTHER"][0], entries["NMASKED"][0]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1] > 0
    assert (found[0][2], found[1][2]) == (4 + found[0][1], 4)
