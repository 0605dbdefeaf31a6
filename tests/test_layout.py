"""How the package is laid out: imports run one way between its rooms, modules are short, and tests mirror them."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ccdproc_darks

PACKAGE = Path(ccdproc_darks.__file__).parent
TESTS = Path(__file__).parent

# The rooms, from the lowest. A room imports from the lines before its own, and from its own line as long as that makes
# no circle. A room is a folder or a module of that name; other modules of the package's own folder would be in "root".
ORDER = [
    ["root", "_interface", "_compute"],
    ["frames", "statistics"],
    ["rates", "simulation", "planning", "temperature"],
    ["comparison"],
    ["masks"],
    ["reduction", "plotting"],
    ["report"],
    ["cli"],
    ["__init__"],
]
LEVELS = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
MOST_ARROWS, MOST_LINES = 50, 400

# Modules without a test file of their own, and where they are tested.
TESTED_ELSEWHERE = {
    "__main__": "by the command that it is: cli/test_command.py",
    "masks.defects.fits_tables": "by the formats in FITS: masks/defects/test_lsst.py, test_fits_region.py",
    "masks.defects.listed": "by the lists that are written and read: masks/defects/test_read_defects.py",
    "masks.defects.text_lines": "by the formats that are text: masks/defects/test_iraf.py, test_siril.py",
    "masks.pixel_rates": "by the flags made from them: masks/test_hot_pixels.py, test_flagging_proportionality.py",
    "masks.sensor_rates": "by the numbers made of it, against known sensors: report/test_dark_summary.py",
    "rates.variance_rate": "by the number, against known sensors: report/test_dark_summary.py",
    "comparison.dark_factor": "by the factor that it finds: reduction/test_dark_scale.py",
    "comparison.science_and_dark": "by what is refused: reduction/test_dark_scale.py",
    "cli.argument_types": "by the command that has them: cli/test_command.py",
    "cli.printed": "by what the command prints: cli/test_command.py",
    "cli.report": "by the command: cli/test_command.py, report/test_run.py",
    "cli.settings": "by the commands that have them: cli/test_check.py, test_command.py",
    "cli.simulate": "by the command: cli/test_command.py",
    "rates.rate_job": "by its results: rates/test_dark_rate.py, test_counts.py, _compute/test_workers.py",
    "rates.pixel_scatter": "by the map made of it: rates/test_read_noise_map.py",
    "rates.mean_counts": "by what makes and reads them: rates/test_counts.py, test_rate_images.py",
    "report.comparison_table": "by the table that is written: report/test_compare_reports.py",
    "report.frame_options": "by the options that fill it: cli/test_options.py, report/test_grouping.py",
    "report.group_bias": "by what is measured with it: report/test_measure.py, test_bias_choice.py",
    "report.group_comparison": "by what is measured: report/test_measure.py, test_run_real_frames.py",
    "report.group_rates": "by what is measured: report/test_measure.py, test_run_real_frames.py",
    "report.measured": "by what fills it: report/test_measure.py",
    "report.options": "by what they change: report/test_measure.py, cli/test_command.py",
    "report.camera": "by what is measured with it: report/test_measure.py",
    "report.lost_files": "by files that are lost meanwhile: report/test_measure.py, test_bias_choice.py",
    "report.check_group": "by what is done with groups: report/test_check_folder.py, test_measure.py",
    "report.frame_checks": "by the table that they fill: report/test_check_frames.py",
    "report.sampled_result": "by the check of it: report/test_check_frames.py",
    "report.gain_told": "by the checks: report/test_check_frames.py, test_check_folder.py",
    "report.settings": "by the checks that they change: report/test_check_folder.py, test_check_frames.py",
    "report.terminal": "by the lines that the command prints: cli/test_command.py, test_compare.py",
    "simulation.frame": "by all that simulates frames: simulation/test_dark.py, test_sequence.py",
    "plotting.map_frame": "by the maps drawn in it: plotting/test_rate_map.py, test_mask_map.py",
    "plotting.style": "by the pictures drawn with it: plotting/test_*.py",
    "simulation.pixels": "by the sensor that has them: simulation/test_sensor.py",
    "_interface.version": "by the command's --version: cli/test_command.py",
}


def modules_of(package):
    """Paths of modules by their names within the package: ``rates.counts``; ``rates`` is that folder's __init__."""
    found = {}
    for path in package.rglob("*.py"):
        *folders, stem = path.relative_to(package).with_suffix("").parts
        found[".".join(folders if folders and stem == "__init__" else [*folders, stem])] = path
    return found


def imports_of(package):
    """Names of the modules that each module imports from the package: anywhere in it, and for type hints too."""
    modules = modules_of(package)
    found = {}
    for name, path in modules.items():
        folders = path.relative_to(package).parent.parts
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                paths = [alias.name.split(".") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = (node.module or "").split(".") if node.module else []
                if node.level:
                    base = [package.name, *folders[: len(folders) + 1 - node.level], *base]
                # What is imported from a folder may be a module in it.
                paths = [[*base, alias.name] for alias in node.names]
            else:
                continue
            for top, *rest in paths:
                if top != package.name:
                    continue
                imported = ".".join(rest)
                if isinstance(node, ast.ImportFrom) and imported not in modules:
                    imported = ".".join(rest[:-1])
                found[name].add(imported or "__init__")
    return found


def room_of(module):
    if module == "__main__":  # the command, at the place where Python looks for it
        return "cli"
    first, _, rest = module.partition(".")
    return first if rest or first in LEVELS else "root"


def arrows_of(imports):
    """Pairs of different rooms of which the first imports from the second."""
    pairs = {(room_of(module), room_of(other)) for module, others in imports.items() for other in others}
    return {(room, other) for room, other in pairs if room != other}


def upwards(imports):
    """Sentences about imports from a higher room."""
    return [
        f"{module} imports {other}: {room_of(module)} is below {room_of(other)}"
        for module, others in sorted(imports.items())
        for other in sorted(others)
        if LEVELS[room_of(module)] < LEVELS[room_of(other)]
    ]


def circle(graph):
    """Names along one circle of a graph, or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def rooms_of(imports):
    """The graph of the rooms."""
    graph = {}
    for room, other in arrows_of(imports):
        graph.setdefault(room, set()).add(other)
    return graph


def untested(modules, test_files):
    """
    Modules without a test file.

    ``tests/rates/test_bias.py`` and ``test_bias_of_files.py`` are those of ``rates.bias``, unless there is a module of
    the longer name. The leading underscore of a module is left out.
    """
    names = {module: module.rpartition(".")[2].removeprefix("_") for module in modules}
    left = set(modules)
    for path in test_files:
        folder, topic = ".".join(path.parent.parts), path.stem.removeprefix("test_")
        own = [
            module
            for module, name in names.items()
            if module.rpartition(".")[0] == folder and (topic == name or topic.startswith(f"{name}_"))
        ]
        left.discard(max(own, key=len, default=None))
    return left


def test_imports_run_downwards():
    imports = imports_of(PACKAGE)
    assert {room_of(module) for module in imports} == set(LEVELS) - {"root"}
    assert upwards(imports) == []
    assert circle(rooms_of(imports)) == []
    assert circle(imports) == []
    assert len(arrows_of(imports)) <= MOST_ARROWS


def test_modules_are_short():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules_of(PACKAGE).items()}
    assert {name: number for name, number in lines.items() if number > MOST_LINES} == {}


def test_tests_mirror_the_package():
    modules = {name for name, path in modules_of(PACKAGE).items() if path.name != "__init__.py"}
    assert untested(modules, [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]) == set(TESTED_ELSEWHERE)


class TestOfMadeUpPackages:
    """That the checks above see what they look for."""

    @pytest.fixture
    def imports(self, tmp_path):
        """Imports of a package of these modules, by their paths."""

        def write(modules):
            for name, text in modules.items():
                path = tmp_path / "made_up" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return imports_of(tmp_path / "made_up")

        return write

    @pytest.mark.parametrize(
        "text",
        [
            "from ..masks import flags",
            "from ..masks.flags import HOT",
            "from made_up.masks.flags import HOT",
            "import made_up.masks.flags",
            "import os, made_up.masks.flags as flags",
            "def late():\n    if True:\n        from ..masks import flags",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..masks.flags import HOT",
            "try:\n    from ..masks.flags import HOT\nexcept ImportError:\n    pass",
        ],
    )
    def test_upwards(self, imports, text):
        found = imports({"masks/__init__.py": "", "masks/flags.py": "", "rates/__init__.py": "", "rates/fit.py": text})
        assert upwards(found) == ["rates.fit imports masks.flags: rates is below masks"]
        assert circle(found) == circle(rooms_of(found)) == []

    @pytest.mark.parametrize(
        ("text", "other"),
        [
            ("from .. import HOT", "__init__"),
            ("import made_up", "__init__"),
            ("from ..masks import HOT", "masks"),
            ("from ..cli import main", "cli"),
        ],
    )
    def test_upwards_to_what_is_no_module_of_a_folder(self, imports, text, other):
        found = imports({"__init__.py": "", "cli.py": "", "masks/__init__.py": "", "rates/fit.py": text})
        assert upwards(found) == [f"rates.fit imports {other}: rates is below {other}"]

    def test_downwards(self, imports):
        found = imports({
            "__init__.py": "from .masks import flags",
            "words.py": "",
            "masks/flags.py": "import numpy\nimport ast.made_up\nfrom .. import words\nfrom ..rates import fit",
            "rates/fit.py": "from ..words import many\nfrom made_up_too.cli import main\nfrom .noise import sigma",
            "rates/noise.py": "from .._compute._loops import fast",
        })  # fmt: skip
        assert found["rates.fit"] == {"words", "rates.noise"}
        assert upwards(found) == circle(found) == circle(rooms_of(found)) == []
        assert arrows_of(found) == {
            ("__init__", "masks"), ("masks", "root"), ("masks", "rates"), ("rates", "root"), ("rates", "_compute"),
        }  # fmt: skip

    def test_circle_in_a_room(self, imports):
        found = imports({
            "rates/fit.py": "from . import bias",
            "rates/bias.py": "from .noise import sigma",
            "rates/noise.py": "def late():\n    from .fit import line",
        })  # fmt: skip
        assert upwards(found) == circle(rooms_of(found)) == []
        assert set(circle(found)) == {"rates.fit", "rates.bias", "rates.noise"}

    def test_circle_of_rooms(self, imports):
        """No module is in a circle, but rooms beside each other are."""
        found = imports({
            "frames/rows.py": "from ..statistics import noise",
            "frames/header.py": "",
            "statistics/noise.py": "",
            "statistics/fit.py": "from ..frames import header",
        })  # fmt: skip
        assert upwards(found) == circle(found) == []
        assert set(circle(rooms_of(found))) == {"frames", "statistics"}

    def test_mirrors(self):
        modules = {"rates.bias", "rates.bias_error", "rates.fit", "_words", "masks.fit"}
        files = ["rates/test_bias_error.py", "test_words.py", "test_anything.py", "masks/test_fits.py"]
        assert untested(modules, map(Path, files)) == {"rates.bias", "rates.fit", "masks.fit"}
        assert untested({"rates.bias"}, [Path("rates/test_bias_of_files.py")]) == set()
