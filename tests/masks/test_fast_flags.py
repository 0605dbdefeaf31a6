"""The fast pass over pixels that lost no frame: what it decides is what the exact way says."""

import numpy as np
import pytest

from ccdproc_darks.masks import fast_flags


class TestFirst:
    """The rate at which something begins, on a grid that becomes closer thrice."""

    @pytest.mark.parametrize("edge", [3e-10, 2e-9, 0.01, 7.0, 9e8])
    def test_to_a_part_in_a_million(self, edge):
        found = fast_flags._first(lambda rates: rates > edge)
        assert edge < found <= edge * (1 + 3e-7) + 1e-15

    def test_nowhere_and_everywhere(self):
        assert fast_flags._first(lambda rates: rates > 1e9) == np.inf
        assert fast_flags._first(lambda rates: rates >= 0) is None

    def test_how_often_it_is_asked(self):
        asked = []
        fast_flags._first(lambda rates: asked.append(rates.size) or rates > 1)
        assert asked == [401, 1001, 1001]


class TestAbove:
    def test_nothing_is_above_infinity(self):
        inexact = np.zeros(9, bool)
        for dtype in ("f4", "f8"):
            found = fast_flags._above(np.array([0.0, 1e-30, 1.0, 1e30, np.nan], dtype), np.inf, np.arange(5), inexact)
            assert not found.any()
            assert not inexact.any()

    def test_close_to_it(self):
        inexact = np.zeros(9, bool)
        rates = np.array([2 - 2.1e-4, 2 - 1.9e-4, 2, 2 + 1.9e-4, 2 + 2.1e-4], "f4")
        found = fast_flags._above(rates, 2.0, np.array([1, 3, 5, 7, 8]), inexact)
        assert found.tolist() == [False] * 4 + [True]
        assert np.flatnonzero(inexact).tolist() == [3, 5, 7]
