"""Which part of a bad line is bad."""

import numpy as np
import pytest

from ccdproc_darks.masks.line_start import range_of_runs, range_of_scores


class TestRuns:
    def test_whole_line(self):
        assert range_of_runs(np.arange(10, 1000, 25), 1000, 2.0) == (0, 1000)

    def test_from_the_first_bad_pixel_on(self):
        assert range_of_runs(np.arange(515, 1024, 15), 1024, 2.0) == (515, 1024)

    def test_up_to_the_last(self):
        assert range_of_runs(np.arange(3, 300, 15), 1024, 2.0) == (0, 289)

    def test_scattered_ones_before_it(self):
        assert range_of_runs(np.array([20, 330, *range(515, 1024, 15)]), 1024, 2.0) == (515, 1024)


class TestScores:
    @pytest.mark.parametrize(("start", "stop"), [(0, 1000), (400, 1000), (0, 700)])
    @pytest.mark.parametrize("level", [1.0, -1.0])
    def test_part(self, start, stop, level):
        errors = []
        for seed in range(20):
            scores = np.random.default_rng(seed).normal(size=1000)
            scores[start:stop] += level
            found = range_of_scores(np.clip(scores, -1.5, 1.5))
            errors.append(abs(found[0] - start) + abs(found[1] - stop))
        assert np.median(errors) <= 5
        assert max(errors) <= 60

    def test_nothing_but_noise_is_a_whole_line(self):
        found = [range_of_scores(np.random.default_rng(seed).normal(size=1000)) for seed in range(100)]
        assert found.count((0, 1000)) >= 99
