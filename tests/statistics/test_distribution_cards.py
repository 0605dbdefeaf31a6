"""A distribution of read noise written to a FITS header and read back."""

import numpy as np
import pytest
from astropy.io import fits

from ccdproc_darks.statistics.read_noise_distribution import ReadNoiseDistribution


def distribution(noises=70):
    grid = np.exp(-1.2345 + 0.0712 * np.arange(noises))
    shares = np.exp(-(np.log(grid / grid[noises // 2]) ** 2) / 0.08)
    return ReadNoiseDistribution(
        grid, shares / shares.sum(), np.array([0.0, 2.0, 29.9]), np.array([0.0, 0.5, 0.013]),
        np.array([0.95, 0.0499, 0.0001]), 19.123,
    )  # fmt: skip


@pytest.mark.parametrize("noises", [1, 2, 70, 600])
def test_round_trip(noises, tmp_path):
    """Through a file, to a relative 1e-4; cards are short and ASCII."""
    before = distribution(noises)
    cards = before.cards()
    assert all(len(key) <= 8 and len(value) <= 68 and value.isascii() for key, value in cards.items())
    assert len(cards) <= 2 + (noises + 9) / 20
    header = fits.Header()
    header.update(cards)
    fits.PrimaryHDU(header=header).writeto(tmp_path / "map.fits")
    after = ReadNoiseDistribution.from_cards(fits.getheader(tmp_path / "map.fits"))
    assert after.degrees == before.degrees
    assert after.noises == pytest.approx(before.noises, rel=1e-6)
    seen = before.shares > 1e-10
    assert after.shares[seen] == pytest.approx(before.shares[seen], rel=1e-4)
    for name in ("jumps", "often", "jump_shares"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-4)


def test_again_the_same():
    """What was read and is written again does not change."""
    once = ReadNoiseDistribution.from_cards(distribution().cards())
    assert once.cards() == ReadNoiseDistribution.from_cards(once.cards()).cards()


def test_no_cards():
    assert ReadNoiseDistribution.from_cards(fits.Header()) is None


@pytest.mark.parametrize("change", [{"DKRND00": "19"}, {"DKRND00": "19 a b 3 1"}, {"DKRND01": "AB"}, {"DKRND01": None}])
def test_changed_cards(change):
    cards = {**distribution().cards(), **change}
    with pytest.raises(ValueError, match="DKRND00 and following do not hold a distribution of read noise"):
        ReadNoiseDistribution.from_cards({key: value for key, value in cards.items() if value is not None})
