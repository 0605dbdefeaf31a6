"""Bad inputs: each ends in a clear error, a warning, or a right result. The table is in tests/bad_inputs."""

import pytest

from .bad_inputs.table import ROWS
from .bad_inputs.trial import tried


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(row, tmp_path):
    verdict = tried(row, tmp_path)
    assert verdict.kind == "as wanted", f"{row.tried}: {verdict.text}"


def test_names_are_different():
    assert len({row.name for row in ROWS}) == len(ROWS)
