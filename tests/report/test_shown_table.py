"""A table that is shown whole."""

import pickle

import pytest
from astropy import conf
from astropy import units as u
from astropy.table import QTable

from ccdproc_darks.report.shown_table import ShownTable

LONG = "what is so, how the frames show it, and what to do about it, in a sentence that is longer than a terminal"


@pytest.fixture
def table():
    rows = {"check": [f"check {n}" for n in range(40)], "verdict": ["ok"] * 40, "found": ["1.5 electron / adu"] * 40,
            "told": ["1.6 electron / adu"] * 40, "sentence": [LONG] * 40}  # fmt: skip
    return ShownTable(rows)


def test_a_notebook_has_all_rows_and_whole_sentences(table):
    html = table._repr_html_()
    assert html.count(LONG) == 40
    assert "..." not in html
    assert "str" not in html


@pytest.mark.parametrize("width", [80, 100, 200, 400])
def test_a_terminal_has_all_rows_and_whole_sentences(table, width):
    with conf.set_temp("max_width", width):
        assert repr(table) == str(table)
        lines = str(table).splitlines()
    assert max(map(len, lines)) <= width
    assert {"check 0", "check 39"} <= {line[:8].strip() for line in lines}
    assert ("found" in lines[0]) == (width > 80)
    assert LONG.split()[-1] in lines[-1]
    start = lines[1].rindex(" ") + 1
    per_row = (len(lines) - 2) // 40
    assert " ".join(line[start:].strip() for line in lines[2 : 2 + per_row]) == LONG


def test_columns_after_a_wrapped_one_stay_in_line():
    table = ShownTable({"name": ["a", "b"], "text": [LONG, "short"], "pixels": [1, 22]})
    with conf.set_temp("max_width", 60):
        lines = str(table).splitlines()
    assert lines[0].endswith("pixels")
    assert [line[-6:].strip() for line in (lines[2], lines[-1])] == ["1", "22"]
    assert len(lines[2]) == len(lines[-1]) == 60


def test_units_and_empty_tables():
    assert str(ShownTable({"rate": [1, 2] * u.electron / u.s})).splitlines()[1].strip() == "electron / s"
    assert str(ShownTable()) == ""
    assert "length=0" not in str(ShownTable({"a": []}))


def test_it_is_a_table_as_others(table, tmp_path):
    table.write(tmp_path / "table.ecsv")
    assert type(pickle.loads(pickle.dumps(table))) is ShownTable
    read = QTable.read(tmp_path / "table.ecsv")
    assert list(read["sentence"]) == [LONG] * 40
    assert isinstance(table[:2], QTable)
