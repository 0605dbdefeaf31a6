"""Pixels that changed between two epochs."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from ccdproc_darks import changed_pixels, dark_rate

from ..epochs import SHAPE, epoch_of, hot_sensor
from ..helpers import ELECTRON_PER_SECOND, dark, mean_dark

COLUMNS = ["x", "y", "before", "before_error", "after", "after_error", "significance", "change"]


def two_epochs(factor=1.0, spread=0.0, seed=2, **options):
    """Rates of two epochs: pixel (y, x) = (7, 9) is born, (8, 9) healed, (9, 9) higher, (10, 9) lower."""
    rng, before = np.random.default_rng(seed), hot_sensor()
    before[7:11, 9] = 0.2, 20.0, 20.0, 40.0
    own = np.where(before > 1, rng.normal(1, spread, SHAPE), 1.0)
    own[7:11, 9] = 1.0
    after = before * own
    after[7:11, 9] = 20.0, 0.2, 40.0, 20.0
    return epoch_of(rng, before), epoch_of(rng, factor * after, **options)


def places(table):
    return dict(zip(zip(table["y"].tolist(), table["x"].tolist(), strict=True), table["change"].tolist(), strict=True))


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seconds", [30.0, 100.0])
def test_kinds_of_change(factor, seconds):
    table = changed_pixels(*two_epochs(factor, seconds=seconds), false_positives=0.01)
    assert places(table) == {(7, 9): "born", (8, 9): "healed", (9, 9): "higher", (10, 9): "lower"}
    assert table.colnames == COLUMNS
    row = table[(table["y"] == 9) & (table["x"] == 9)][0]
    for name, rate in (("before", 20), ("after", 40)):
        assert abs(row[name].value - rate) < 5 * row[f"{name}_error"].value + 0.01 * rate
    assert (np.diff(np.abs(table["significance"])) <= 0).all()
    counts = {"NCHANGED": 4, "NBORN": 1, "NHEALED": 1, "NHIGHER": 1, "NLOWER": 1, "DKNCOMP": SHAPE[0] * SHAPE[1]}
    assert {key: table.meta[key] for key in counts} == counts
    assert table.meta["DKSCALE"] == pytest.approx(factor, rel=0.02)


@pytest.mark.parametrize("number", [1, 100])
def test_as_many_false_ones_as_asked_for(number):
    rng, rates = np.random.default_rng(9), np.tile(hot_sensor(), (2, 2))
    table = changed_pixels(epoch_of(rng, rates), epoch_of(rng, rates), false_positives=number, tolerance=1e-9)
    assert abs(len(table) - number) <= 3 * np.sqrt(number) + 1


def test_the_tolerance():
    pair = two_epochs()
    assert set(places(changed_pixels(*pair, tolerance=0.8, false_positives=0.01))) == {(7, 9), (8, 9)}
    assert len(changed_pixels(*pair, tolerance=3.0)) == 0


def test_activation_energies_that_spread_are_no_change():
    """The factor of each hot pixel is its own, with a standard deviation of 4 %."""
    table = changed_pixels(*two_epochs(2.0, spread=0.04, number=50), false_positives=0.01)
    assert set(places(table)) == {(7, 9), (8, 9), (9, 9), (10, 9)}
    assert table.meta["DKSCLSPR"] == pytest.approx(0.04, rel=0.25)


def test_the_threshold_tells_the_kind():
    pair = two_epochs()
    table = changed_pixels(*pair, threshold=30 * ELECTRON_PER_SECOND, false_positives=0.01)
    assert places(table) == {(7, 9): "higher", (8, 9): "lower", (9, 9): "born", (10, 9): "healed"}
    assert table.meta["DKTHRESH"] == 30.0


def test_false_discovery_rate():
    table = changed_pixels(*two_epochs(), fdr=0.1)
    assert {(7, 9), (8, 9), (9, 9), (10, 9)} <= set(places(table))
    assert table.meta["DKFDR"] == 0.1
    assert "DKFALSE" not in table.meta


@pytest.mark.parametrize("number", [0, 4])
def test_files(number, tmp_path):
    """Also of no pixel: columns, units and descriptions stay."""
    table = changed_pixels(*two_epochs(), tolerance=3.0 if number == 0 else 0.1, false_positives=0.01)
    assert len(table) == number
    assert table["x"].info.description == "column, from 0 (FITS and ds9: from 1)"
    assert table["before"].unit == ELECTRON_PER_SECOND
    for name, kind in (("table.ecsv", "ascii.ecsv"), ("table.fits", "fits")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table.write(tmp_path / name, format=kind)
            back = QTable.read(tmp_path / name, format=kind)
        assert back.colnames == COLUMNS
        assert back.meta == table.meta
        assert [back[column].info.description for column in COLUMNS[:2]] == [
            table[column].info.description for column in COLUMNS[:2]
        ]
        assert back["after"].unit == ELECTRON_PER_SECOND
        np.testing.assert_array_equal(back["after"].value, table["after"].value)
        assert back["change"].tolist() == table["change"].tolist()


def saturated_epochs():
    rng, before = np.random.default_rng(4), hot_sensor()
    before[3, 5], before[4, 5] = 0.2, 500.0
    after = before.copy()
    after[3, 5], after[4, 5] = 500.0, 0.2
    after[5, 5] = before[5, 5] = 500.0
    return [
        dark_rate(
            [dark(np.minimum(rng.poisson(rates * 100) + rng.normal(0, 5, SHAPE), 30000), 100.0, "electron", gain=1.0)
             for _ in range(4)],
            saturation=30000 * u.electron,
        )
        for rates in (before, after)
    ]  # fmt: skip


def test_saturated_in_one_epoch():
    """The lower limit is compared."""
    table = changed_pixels(*saturated_epochs(), false_positives=0.01)
    assert places(table) == {(3, 5): "born", (4, 5): "healed"}
    assert table.meta["NSATUR"] == 2
    born = table[table["change"] == "born"][0]
    assert born["after"].value == pytest.approx(300, abs=3)
    assert np.isnan(born["after_error"].value)
    assert np.isfinite(born["before_error"].value)


def test_pixels_without_data_are_not_compared():
    before, after = two_epochs()
    after.mask[7, 9] = True
    before.mask[8, 9], before.data[8, 9] = True, np.nan
    table = changed_pixels(before, after, false_positives=0.01)
    assert set(places(table)) == {(9, 9), (10, 9)}
    assert table.meta["DKNCOMP"] == SHAPE[0] * SHAPE[1] - 2


def test_amplifiers():
    rng, before = np.random.default_rng(4), hot_sensor()
    after = before * np.where(np.arange(SHAPE[1]) < 125, 2.0, 3.0)
    after[20, 30], after[21, 200] = 40.0, 60.0
    before[20, 30] = before[21, 200] = 0.2
    pair = [
        dark_rate(
            [dark(rng.poisson(rates * 100) + rng.normal(0, 5, SHAPE), 100.0, "electron", gain=1.0) for _ in range(5)],
            amplifiers=["[1:125, :]", "[126:250, :]"],
        )
        for rates in (before, after)
    ]
    table = changed_pixels(*pair, false_positives=0.01)
    assert places(table) == {(20, 30): "born", (21, 200): "born"}
    assert table["after"].value == pytest.approx(20, rel=0.1)
    assert table.meta["DKSCALEA"] == pytest.approx(2, abs=0.03)
    assert table.meta["DKSCALEB"] == pytest.approx(3, abs=0.05)
    assert table.meta["DKFALSE"] == pytest.approx(0.01)
    assert table.meta["NBORN"] == 2


def test_inputs_are_not_modified():
    pair = two_epochs(2.0)
    kept = [(one.data.copy(), one.mask.copy(), one.uncertainty.array.copy(), dict(one.meta)) for one in pair]
    changed_pixels(*pair)
    for one, (data, mask, deviation, meta) in zip(pair, kept, strict=True):
        np.testing.assert_array_equal(one.data, data)
        np.testing.assert_array_equal(one.mask, mask)
        np.testing.assert_array_equal(one.uncertainty.array, deviation)
        assert dict(one.meta) == meta


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"tolerance": -1}, ValueError, "tolerance"),
        ({"threshold": 3.0}, TypeError, "threshold"),
        ({"fdr": 2.0}, ValueError, "fdr"),
        ({"false_positives": 1e9}, ValueError, "false_positives must be below"),
        ({"scale": "hot"}, ValueError, "scale must be"),
    ],
)
def test_options_out_of_range(options, kind, words):
    rng = np.random.default_rng(1)
    before, after = (epoch_of(rng, np.full((20, 20), 0.2)) for _ in range(2))
    with pytest.raises(kind, match=words):
        changed_pixels(before, after, **options)


@pytest.mark.parametrize(("factor", "read_noise", "rate"), [(1.0, 5.0, 0.3), (2.0, 5.0, 0.3), (2.0, 0.5, 0.01)])
def test_as_many_false_ones_as_are_asked_for(factor, read_noise, rate):
    """Of sensors with hot pixels, the later epoch warmer or not: 120 of 120 within three standard deviations."""
    rng, shape, number, listed = np.random.default_rng(12), (300, 300), 6, 0
    for _ in range(number):
        rates = np.where(rng.random(shape) < 5e-3, 2 * 50 ** rng.random(shape), rate)
        pair = [mean_dark(rng, true, 100.0, 5, read_noise, shape) for true in (rates, factor * rates)]
        listed += len(changed_pixels(*map(dark_rate, pair), tolerance=1e-6, false_positives=20))
    assert listed == pytest.approx(20 * number, abs=33)
