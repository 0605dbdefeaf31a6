"""Which groups of different reports are of one sensor."""

from types import SimpleNamespace

import pytest

from ccdproc_darks.report.matched_groups import matched_groups


def group(title, celsius=-20.0, shape=(60, 90), **settings):
    return SimpleNamespace(
        title=f"{title}, {celsius:.0f} C", temperature=celsius, shape=shape, settings={"INSTRUME": title, **settings}
    )


def matched(*reports):
    """Titles of the series with the numbers and temperatures of their nights, and titles of groups left alone."""
    series, alone = matched_groups([SimpleNamespace(groups=groups) for groups in reports])
    return (
        {one.title: [(night.number, night.group.temperature) for night in one.nights] for one in series},
        [(night.number, night.group.title) for night in alone],
    )


def test_one_sensor_at_several_temperatures():
    found, alone = matched([group("a", -20.0)], [group("a", 0.0)], [group("a", -19.8)])
    assert found == {"a": [(1, -20.0), (2, 0.0), (3, -19.8)]}
    assert alone == []


def test_several_groups_of_a_report_go_with_those_nearest_in_temperature():
    found, alone = matched(
        [group("a", -20.3), group("a", 0.0)], [group("a", 0.4), group("a", -19.9)], [group("a", -2.0)]
    )
    assert found == {"a, -20 C": [(1, -20.3), (2, -19.9)], "a, -2 to 0 C": [(1, 0.0), (2, 0.4), (3, -2.0)]}
    assert alone == []


def test_the_same_title_goes_before_the_nearest_temperature():
    first = [group("a", -20.0, SETUP=1.0), group("a", -20.0)]
    first[0].title, first[1].title = "a, SETUP 1", "a, SETUP 2"
    second = [group("a", -20.0), group("a", -20.0)]
    second[0].title, second[1].title = "a, SETUP 2", "a, SETUP 1"
    series, _ = matched_groups([SimpleNamespace(groups=first), SimpleNamespace(groups=second)])
    assert [[night.group.title for night in one.nights] for one in series] == [
        ["a, SETUP 1", "a, SETUP 1"],
        ["a, SETUP 2", "a, SETUP 2"],
    ]


@pytest.mark.parametrize(
    "other",
    [
        group("b"),
        group("a", shape=(60, 91)),
        group("a", XBINNING=2.0),
        group("a", EGAIN=2.0),
        group("a", XORGSUBF=10.0),
    ],
)
def test_other_sensors_and_settings_are_left_alone(other):
    own = group("a", XBINNING=1.0, EGAIN=1.0, XORGSUBF=0.0)
    found, alone = matched([own, other], [own])
    assert list(found) == ["a"]
    assert alone == [(1, other.title)]
    assert matched([own], [other]) == ({}, [(1, own.title), (2, other.title)])


def test_a_key_that_is_missing_tells_nothing():
    found, alone = matched([group("a", EGAIN=1.5)], [group("a")], [group("a", EGAIN=1.5)])
    assert list(found.values()) == [[(1, -20.0), (2, -20.0), (3, -20.0)]]
    assert alone == []


def test_unknown_temperatures():
    nan = float("nan")
    series, alone = matched_groups([SimpleNamespace(groups=[group("a", nan)]), SimpleNamespace(groups=[group("a")])])
    assert [night.number for night in series[0].nights] == [1, 2]
    assert alone == []


def test_detectors_that_one_report_lacks_are_left_alone():
    chips = [group("a", detector=f"CHIP{number}") for number in (1, 2, 3)]
    found, alone = matched(chips[:2], chips[::2])
    assert found == {"a": [(1, -20.0), (2, -20.0)]}
    assert [number for number, _ in alone] == [1, 2]
