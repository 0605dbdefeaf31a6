"""Tails of rates of pixels that differ from one another, and are noisy."""

import numpy as np
import pytest
from scipy import integrate, stats

from ccdproc_darks.statistics.typical_rates import TypicalRates


def exact_tail(typical, excess, other, exposure):
    """Probability that Poisson and normal noise of a typical pixel is above: a sum over electrons and true rates."""

    def of(rate):
        numbers = np.arange(int(rate * exposure + 12 * np.sqrt(rate * exposure) + 30))
        normal = stats.norm.sf((typical.rate + excess - numbers / exposure) / np.sqrt(other))
        return stats.poisson.pmf(numbers, rate * exposure) @ normal

    if typical.width == 0:
        return of(typical.rate)
    return integrate.quad(
        lambda z: of(max(typical.rate + typical.quantile(z), 0.0)) * stats.norm.pdf(z), -7, 9, limit=300, epsabs=0,
        epsrel=1e-6,
    )[0]  # fmt: skip


class TestDeviate:
    @pytest.mark.parametrize("deviate", [1.0, 2.0, 3.5, 5.0])
    @pytest.mark.parametrize(
        ("typical", "noise"),
        [
            (TypicalRates(3.0), 0.2), (TypicalRates(0.3), 0.1), (TypicalRates(0.3, 0.09, 0.3), 0.1),
            (TypicalRates(3.0, 1.4, 0.47), 0.2), (TypicalRates(20.0, 1.0, 0.05), 0.1), (TypicalRates(3.0, 0.3), 0.3),
        ],
    )  # fmt: skip
    def test_tail(self, typical, noise, deviate):
        """Of 10 s, against the exact probability."""
        variance = noise**2 + typical.rate / 10
        excess = typical.excess_of(deviate, np.array([variance]), np.array([10.0])).item()
        assert stats.norm.isf(exact_tail(typical, excess, noise**2, 10.0)) == pytest.approx(deviate, abs=0.03)

    def test_levels(self):
        """The noise is that of the surroundings."""
        typical = TypicalRates(7.0, 0.05, 0.1)
        one = np.ones(2)
        found = typical.deviate(0.8 * one, 0.2 * one, 10 * one, np.array([1.0, 1.5]))
        for each, level in zip(found, (1.0, 1.5), strict=True):
            assert each == TypicalRates(level, 0.05, 0.1).deviate([0.8], [0.2], [10.0])
        assert found[0] != found[1]

    @pytest.mark.parametrize(
        ("excess", "variance", "exposure", "level", "expected"),
        [
            (4.0, 0.25, 0.0, 1.0, 8.0),  # of no exposure there are no electrons
            (4.0, 0.25, 10.0, 0.0, 8.0),  # nor of no rate
            (-3.0, 0.25, 10.0, -1.0, -6.0),
            (np.nan, 0.25, 10.0, 1.0, np.nan),
        ],
    )
    def test_normal(self, excess, variance, exposure, level, expected):
        found = TypicalRates(1.0).deviate([excess], [variance], [exposure], [level]).item()
        assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)

    def test_width_and_noise(self):
        """Normal ones add in squares."""
        found = TypicalRates(1.0, 0.3).deviate([2.5], [0.16], [0.0]).item()
        assert found == pytest.approx(5, abs=0.01)


class TestExcess:
    @pytest.mark.parametrize("typical", [TypicalRates(0.01), TypicalRates(0.2, 0.06, 0.3), TypicalRates(1e3, 500, 0.5)])
    def test_inverse(self, typical):
        """To a part in 1e10; the chance of four electrons of 0.01 is 4e-10, so that this is beyond 30 sigmas."""
        variance, exposure = np.array([typical.rate + 1e-3, typical.rate + 0.3]), np.ones(2)
        excess = typical.excess_of(5.0, variance, exposure)
        for factor, above in ((1 - 1e-10, False), (1 + 1e-10, True)):
            assert ((typical.deviate(excess * factor, variance, exposure) >= 5) == above).all()

    def test_of_each_alone(self):
        typical = TypicalRates(0.2, 0.06, 0.3)
        variance, exposure = np.geomspace(0.01, 10, 9), np.geomspace(1, 1000, 9)
        found = typical.excess_of(4.0, variance, exposure)
        assert found.tolist() == [
            typical.excess_of(4.0, variance[[i]], exposure[[i]]).item() for i in range(variance.size)
        ]


class TestDistribution:
    def test_quantile(self):
        """A lognormal distribution, where the skewness is the width over the median; else a normal one."""
        assert 2 + TypicalRates(2.0, 0.6, 0.3).quantile(1.5) == pytest.approx(2 * np.exp(0.45))
        assert TypicalRates(2.0, 0.6).quantile(1.5) == pytest.approx(0.9, rel=1e-3)

    @pytest.mark.parametrize("skew", [0.0, 0.3, 0.8])
    def test_cells(self, skew):
        """They hold all of the pixels, and have their mean."""
        mean, log_share, width = TypicalRates(2.0, 0.6, skew).cells()
        assert np.exp(log_share).sum() == pytest.approx(1, abs=1e-8)
        expected = 0.6 * np.expm1(skew**2 / 2) / skew if skew else 0.0
        assert np.exp(log_share) @ mean == pytest.approx(expected, abs=1e-3)
        assert (np.diff(mean) > 0).all()
        assert (width > 0).all()

    def test_without_width(self):
        assert [part.tolist() for part in TypicalRates(2.0).cells()] == [[0.0], [0.0], [0.0]]

    def test_others(self):
        """Two thirds of the weight are those of the distribution itself, a third those of the others."""
        others = TypicalRates(1.0, 0.5, 0.2), TypicalRates(1.4, 0.7, 0.4)
        typical = TypicalRates(1.2, 0.6, 0.3, others=others)
        tails = [
            stats.norm.sf(of.deviate([3.2 - of.rate], [0.01], [0.0])).item()
            for of in (TypicalRates(1.2, 0.6, 0.3), *others)
        ]
        found = stats.norm.sf(typical.deviate([2.0], [0.01], [0.0])).item()
        assert found == pytest.approx(2 / 3 * tails[0] + (tails[1] + tails[2]) / 6, rel=1e-6)
