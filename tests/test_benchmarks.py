# Licensed under a 3-clause BSD style license - see LICENSE
"""The benchmarks, which lie beside the tests, measure what they say, and notice when ways do not agree."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, StdDevUncertainty

ROOT = Path(__file__).absolute().parents[1]

pytestmark = [
    pytest.mark.benchmarks,
    pytest.mark.skipif(not (ROOT / "benchmarks").is_dir(), reason="no benchmarks beside the tests"),
]


@pytest.fixture(autouse=True)
def _benchmarks_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))


def rows(*walls, memory=100.0):
    return [
        {"wall": wall, "user": wall, "system": 0.0, "memory": memory, "peak": memory, "outputs": 10.0} for wall in walls
    ]


def test_ratios_are_those_of_pairs():
    """Not of the medians: 4 and 1 here, 2.5 against 1.5 for these."""
    from benchmarks.pairs import ratios, summary

    found = {"slow": rows(4.0, 1.0, memory=300), "fast": rows(1.0, 1.0)}
    assert ratios(found, "wall", "slow", "fast") == [4.0, 1.0]
    first, second = summary(found)
    assert first["times faster"] == "1.00 (1.00 to 1.00)"
    assert second["times faster"] == "2.50 (1.00 to 4.00)"
    assert second["times smaller"] == "3.00 (3.00 to 3.00)"
    assert second["wall (s)"] == "1.000 (1.000 to 1.000)"
    assert second["of it results"] == "10"


def test_ratio_to_nothing_is_nan():
    from benchmarks.pairs import ratios

    assert np.isnan(ratios({"a": rows(1.0), "b": rows(0.0)}, "wall", "a", "b")).all()


@pytest.mark.parametrize(("walls", "met"), [((8.0, 9.0, 7.0), "yes"), ((8.0, 7.9, 7.0), "no")])
def test_bar_is_put_to_the_median(walls, met):
    from benchmarks.tables import bars_table
    from benchmarks.task import Task, faster

    task = Task("a task", None, {}, bars=(faster("ours", "theirs", 8),))
    table = bars_table({"name": task}, {"name": ({"theirs": rows(*walls), "ours": rows(1.0, 1.0, 1.0)}, 64)})
    assert list(table["met"]) == [met]


def test_departure_from_a_straight_line():
    """Any line passes; a call that costs twice as much as it should at one point does not."""
    from benchmarks.scaling import SERIES, TASK, point_name

    (bar,) = (bar for bar in TASK.bars if bar.asked.startswith("time (%) against frames"))
    found = {point_name(*point): rows(3.0 + 0.5 * point[1]) for point in SERIES["frames"]}
    assert bar.values(found) == pytest.approx([0], abs=1e-9)
    found[point_name(*SERIES["frames"][1])] = rows(16.0)
    assert bar.values(found)[0] > bar.most


def test_size_of_results():
    from benchmarks.one_way import size_of

    image = CCDData(np.zeros((1024, 1024), "float32"), unit=u.adu, mask=np.zeros((1024, 1024), bool))
    assert size_of(image) == 5
    image.uncertainty = StdDevUncertainty(np.zeros((1024, 1024)))
    assert size_of((image, [image.data], None)) == 17


def test_memory_is_growth_and_earlier_peaks_are_forgotten():
    from benchmarks.pairs import measured

    held = np.ones(2**24)
    np.ones(2**25)
    row, result = measured(lambda: np.ones(2**23).sum())
    assert result == 2**23
    assert row["memory"] == pytest.approx(64, abs=4)
    assert row["peak"] > held.nbytes / 2**20


@pytest.fixture
def answers(monkeypatch):
    """What processes answer, by way, in place of theirs; and the ways asked."""
    from benchmarks import pairs

    answers, asked = {}, []

    def process(command, **options):
        way = command[4]
        asked.append(way)
        row = {**rows(1.0)[0], "numbers": {"median rate": answers.get(way, 1.0)}}
        return subprocess.CompletedProcess(command, 0, "a message\n" + json.dumps(row), "")

    monkeypatch.setattr(pairs.subprocess, "run", process)
    return answers, asked


def test_ways_take_turns(answers):
    from benchmarks.pairs import run

    found = run("fit", ["a", "b"], "data", 64, 3)
    assert answers[1] == ["a", "b", "b", "a", "a", "b"]
    assert found == {"a": rows(1.0, 1.0, 1.0), "b": rows(1.0, 1.0, 1.0)}


@pytest.mark.parametrize("value", [1.03, 0.97, np.nan])
def test_ways_must_agree(answers, value):
    from benchmarks.pairs import run

    answers[0]["b"] = value
    with pytest.raises(RuntimeError, match=r"fit: median rate is .* with 'b', and 1 with the first way"):
        run("fit", ["a", "b"], "data", 64, 1, agree=0.02)


def test_a_way_in_a_fresh_process(tmp_path):
    """The fit of `dark_rate` finds the rate that the frames have."""
    from benchmarks.fit import TASK
    from benchmarks.pairs import run

    files = TASK.prepare(tmp_path, 64)
    assert len(files) == 20
    (row,) = run("fit", ["dark_rate, files"], tmp_path, 64, 1, files=files)["dark_rate, files"]
    assert row["wall"] > 0
    assert row["outputs"] == pytest.approx(64 * 64 * 9 / 2**20)


def test_a_failure_is_told(monkeypatch):
    from benchmarks import pairs

    failed = subprocess.CompletedProcess([], 1, "", "KeyError: 'no such way'")
    monkeypatch.setattr(pairs.subprocess, "run", lambda command, **options: failed)
    with pytest.raises(RuntimeError, match=r"fit, no such way: exit status 1\nKeyError: 'no such way'"):
        pairs.run("fit", ["no such way"], "data", 64, 1)
