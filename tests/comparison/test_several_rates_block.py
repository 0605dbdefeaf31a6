"""Which pixels of a block are far in a tail, and which beyond a limit."""

from types import SimpleNamespace

import numpy as np
import pytest

from ccdproc_darks.comparison.several_rates_block import SeveralRatesBlock


def block_of(
    deviate, *, skewness=0.0, kurtosis=0.0, complete=True, normal=False, known=True, ratio=1.0, averaged=False
):
    """A block of pixels of such deviates; averaging over read noises multiplies them by ``ratio``."""
    deviate = np.asarray(deviate, dtype="f4")
    several = SimpleNamespace(
        normal=normal, known=known, kurtosis=lambda rate, variance: np.full(rate.shape, kurtosis),
        averaged=lambda block, pixels, size: size * ratio,
        limits=lambda block, pixels, low, high: (low * ratio, high * ratio),
    )  # fmt: skip
    one = np.ones_like(deviate)
    return SeveralRatesBlock(
        several, np.broadcast_to(complete, deviate.shape).copy(), one, one, one, one, deviate,
        skewness=one * np.float32(skewness), share=one if averaged else None,
    )  # fmt: skip


def test_normal_tails_decide():
    block = block_of([-6, 6, 4.9, np.nan, 0])
    assert not block.inexact_mask().any()
    beyond, undecided = block.beyond(5.0)
    assert (beyond.tolist(), undecided.tolist()) == ([0, 1], [])


def test_at_the_limit():
    """Single precision cannot tell on which side it is."""
    _, undecided = block_of([5.0, 5.001, 4.999]).beyond(5.0)
    assert undecided.tolist() == [0]


def test_skew_ones_near_the_limit_are_undecided():
    sizes = np.array([1.1, 3.0, 4.0, 5.0, 6.0, 30.0])
    block = block_of(sizes, skewness=0.1)
    assert block.inexact_pixels().tolist() == [1, 2, 3, 4, 5]
    beyond, undecided = block.beyond(5.0)
    assert beyond.tolist() == [5]
    assert 3 in undecided
    assert 1 not in undecided


@pytest.mark.parametrize("complete", [True, False])
def test_incomplete_pixels(complete):
    """They are inexact, and neither beyond nor undecided."""
    block = block_of([9.0, 0.0], complete=complete)
    assert block.inexact_mask().tolist() == [not complete] * 2
    assert block.beyond(5.0)[0].tolist() == [0] * complete


def test_all_normal():
    """Where the noise told is wrong, no tail is exact."""
    block = block_of([9.0, 4.0], skewness=0.5, known=False, normal=True)
    assert not block.inexact_mask().any()
    assert [part.tolist() for part in block.beyond(5.0)] == [[0], []]


def test_averaged_over_read_noises():
    """What may be noise is not beyond."""
    block = block_of([9.0, -7.0, 0.5], ratio=0.6, averaged=True)
    assert block.beyond(5.0)[0].tolist() == [0]
    np.testing.assert_allclose(block.significance(), [5.4, -4.2, 0.5], rtol=1e-6)
    assert block_of([9.0], ratio=0.6).significance() == 9


def test_no_such_statistic():
    with pytest.raises(ValueError, match="no statistic 'offset' in the fast pass"):
        block_of([1.0]).statistic("offset")
