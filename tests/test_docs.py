"""Pages of the documentation that name files of the source."""

import re
from pathlib import Path

import pytest

import ccdproc_darks

PACKAGE = Path(ccdproc_darks.__file__).parent
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", ["docs/architecture.rst", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(page):
    named = set(re.findall(r"`([\w./]+\.(?:py|pyx|rst|toml))`", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    assert {name for name in named if not any((folder / name).is_file() for folder in (PACKAGE, ROOT))} == set()
