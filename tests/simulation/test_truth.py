"""The truth about a sensor, pixel by pixel, in closed form."""

import numpy as np
import pytest
from astropy import units as u

from ccdproc_darks import DARK_FLAGS, Sensor
from ccdproc_darks.simulation import NoisyPixels, OffsetPixels, TelegraphReadNoise
from ccdproc_darks.simulation.truth import flags_of, rates_of, read_noises_of

ALL = 40 * u.electron


@pytest.mark.parametrize(
    ("defects", "expected"),
    [
        ([], 9 + 4 + 1),
        ([NoisyPixels(fraction=1, above=ALL, maximum=ALL)], 1600 + 4 + 1),
        ([TelegraphReadNoise(fraction=1, amplitude=ALL, occupancy=0.1)], 9 + 4 + 1 + 2 * 0.1 * 0.9 * 1600),
        # Two traps of a pixel.
        ([TelegraphReadNoise(fraction=1, amplitude=ALL)] * 2, 9 + 4 + 1 + 2 * 0.5 * 1600),
        (
            [TelegraphReadNoise(fraction=1, amplitude=ALL, occupancy=0.1, correlated_double_sampling=False)],
            9 + 4 + 1 + 0.1 * 0.9 * 1600,
        ),
    ],
)
def test_variances_add(defects, expected):
    sensor = Sensor(shape=(3, 4), read_noise=3 * u.electron, row_noise=2 * u.electron, column_noise=1 * u.electron,
                    gain=6 * u.electron / u.adu, defects=defects)  # fmt: skip
    np.testing.assert_allclose(read_noises_of(sensor, 0) ** 2, expected)
    np.testing.assert_allclose(sensor.true_read_noise().data ** 2, expected + 3)


def test_flags_and_rates():
    offset = OffsetPixels(offset=50 * u.electron)
    sensor = Sensor(
        shape=(2, 2), rate=1 * u.electron / u.s, defects=[offset, TelegraphReadNoise(fraction=1, amplitude=ALL)]
    )
    assert (flags_of(sensor, None) == DARK_FLAGS.NONLINEAR | DARK_FLAGS.DO_NOT_USE | DARK_FLAGS.UNRELIABLE_ERROR).all()
    assert (flags_of(sensor, np.array([[True, False]] * 2)) & DARK_FLAGS.HOT > 0).tolist() == [[True, False]] * 2
    np.testing.assert_allclose(rates_of(sensor, 10.0, 2.0), 2 + 5)
    np.testing.assert_allclose(rates_of(sensor, None, 2.0), 2)
