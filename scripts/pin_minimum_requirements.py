"""Write the lowest versions pyproject.toml allows as pip constraints: ``name>=x`` becomes ``name==x``."""

import argparse
import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def minimum_requirements(pyproject=PYPROJECT):
    """Return ``name==floor`` for every run-time dependency, in the order of the file."""
    dependencies = tomllib.loads(Path(pyproject).read_text(encoding="utf-8"))["project"]["dependencies"]
    pins = []
    for dependency in dependencies:
        floor = re.match(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9][A-Za-z0-9.]*)", dependency)
        if floor is None:
            raise ValueError(f"dependency without a floor, write it as 'name>=version': {dependency!r}")
        pins.append("{}=={}".format(*floor.groups()))
    return pins


def main(argv=None):
    """Print the constraints, or write them to ``--output``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="file to write (default: standard output)")
    output = parser.parse_args(argv).output
    text = "\n".join(minimum_requirements()) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
