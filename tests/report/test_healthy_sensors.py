"""No false alarm of simulated sensors in which nothing is wrong; ``python scripts/false_alarms.py`` tries 200."""

import pytest

from .healthy_sensors import HealthySensor, alarms


@pytest.mark.statistics
@pytest.mark.filterwarnings("ignore::ccdproc_darks.DarkWarning")
@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_wrong(seed, tmp_path):
    sensor = HealthySensor(seed, largest=300)
    assert alarms(sensor.checks(tmp_path)) == [], str(sensor)


@pytest.mark.statistics
@pytest.mark.parametrize("seed", [91000, 91009, 91090])
def test_functions_warn_of_nothing(seed, tmp_path):
    """Seeds whose cosmic rays, and whose pairs of frames with little noise, were once told as saturation and noise."""
    assert HealthySensor(seed, largest=500).rate_alarms(tmp_path) == []
