"""What importing the package costs, and that every public name is found whatever was imported before."""

import ast
import importlib
import pickle
import pkgutil
import pydoc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

import ccdproc_darks

HEAVY = {"astropy", "ccdproc", "matplotlib", "numpy", "scipy", "tqdm"}
PUBLIC_MODULES = {"planning", "plotting", "simulation", "temperature"}


def fresh(code, *, check=True):
    """Run code in an interpreter that has imported nothing yet, and finds no checkout in its folder (-P)."""
    return subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=check)


def module_names():
    return sorted(module.name for module in pkgutil.walk_packages(ccdproc_darks.__path__, "ccdproc_darks."))


LIGHT = [
    "import ccdproc_darks",
    "import ccdproc_darks; dir(ccdproc_darks); ccdproc_darks.__all__; hasattr(ccdproc_darks, 'nothing')",
    "from ccdproc_darks import __version__",
    "from ccdproc_darks.cli import main; main(['--version'])",
    "from ccdproc_darks.cli import main; main([])",
]
COMMANDS = [
    ["--help"],
    ["report", "--help"],
    ["demo", "--help"],
    ["simulate", "--help"],
    ["mask", "--help"],
    ["report", "here", "--gain", "0"],
]


def of_command(arguments):
    return f"from ccdproc_darks.cli import main\ntry:\n    main({arguments})\nexcept SystemExit:\n    pass"


@pytest.fixture(scope="module")
def loaded_after():
    """Top-level packages that are loaded after each code, by code: all in one interpreter, so none is hidden."""
    codes = [*LIGHT, *map(of_command, COMMANDS)]
    each = "exec(code, {}); loaded.append({name.partition('.')[0] for name in sys.modules})"
    lines = fresh(f"import sys; loaded = []\nfor code in {codes}: {each}\nprint(); print(loaded)").stdout.splitlines()
    return dict(zip(codes, ast.literal_eval(lines[-1]), strict=True))


@pytest.mark.parametrize("code", LIGHT)
def test_nothing_heavy_is_imported_before_it_is_used(loaded_after, code):
    assert "ccdproc_darks" in loaded_after[code]
    assert not HEAVY & loaded_after[code]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_the_command_explains_itself_without_heavy_imports(loaded_after, arguments):
    assert not HEAVY & loaded_after[of_command(arguments)]


def test_a_measurement_imports_little_more_than_ccdproc():
    seldom = "[name for name in ('matplotlib', 'photutils', 'regions', 'scipy.optimize', 'scipy.stats', 'tqdm')"
    listing = f"print({seldom} if name in sys.modules])"
    found = fresh(f"import sys, ccdproc; {listing}\nfrom ccdproc_darks import *; {listing}").stdout.splitlines()
    assert found[0] == found[1]


def test_all_names_are_public_and_found():
    assert set(ccdproc_darks.__all__) == {
        "Amplifier",
        "BiasWarning",
        "ClippingWarning",
        "DARK_FLAGS",
        "DarkScale",
        "DarkSequence",
        "DarkWarning",
        "DuplicateFrameWarning",
        "FrameLevelWarning",
        "HeaderWarning",
        "LightWarning",
        "MeasuredGain",
        "MissingInformationWarning",
        "NONLINEAR_KINDS",
        "NoUsablePixelWarning",
        "NoiseWarning",
        "ProportionalityLimit",
        "Sensor",
        "TemperatureWarning",
        "as_dark_rate",
        "changed_pixels",
        "check_frames",
        "compare_dark_rates",
        "dark_rate",
        "dark_rate_change",
        "dark_scale",
        "dark_scatter",
        "dark_summary",
        "doubling_temperature",
        "hot_pixel_mask",
        "master_bias",
        "master_dark",
        "measure_gain",
        "nonlinear_kind",
        "proportionality_limit",
        "read_defects",
        "read_noise_map",
        "repeatability",
        "sensor_preset",
        "simulate_dark",
        "write_defects",
    }
    for name in ccdproc_darks.__all__:
        found = getattr(ccdproc_darks, name)
        assert found.__name__ == name
        assert found.__doc__
        assert vars(ccdproc_darks)[name] is found
    assert set(dir(ccdproc_darks)) == {*ccdproc_darks.__all__, *PUBLIC_MODULES, "__version__"}


def test_star_import_brings_all_public_names():
    brought = {}
    exec("from ccdproc_darks import *", brought)
    assert set(brought) - {"__builtins__"} == set(ccdproc_darks.__all__)
    assert brought["dark_rate"] is ccdproc_darks.dark_rate


@pytest.fixture(scope="module")
def plain_import():
    """An interpreter that looks up the modules after a plain import, and then a misspelled name."""
    names = ", ".join(f"ccdproc_darks.{name}.__name__" for name in sorted(PUBLIC_MODULES))
    return fresh(f"import ccdproc_darks; print({names})\nccdproc_darks.dark_rat", check=False)


def test_modules_are_found_after_a_plain_import(plain_import):
    assert plain_import.stdout.split() == [f"ccdproc_darks.{name}" for name in sorted(PUBLIC_MODULES)]


def test_editors_read_the_same_names():
    tree = ast.parse(Path(ccdproc_darks.__file__).read_text(encoding="utf-8"))
    (for_editors,) = (node for node in tree.body if isinstance(node, ast.If))
    for statement in for_editors.body:
        for name in statement.names:
            assert name.asname == name.name  # a re-export, by PEP 484
            module = "ccdproc_darks" if statement.module is None else f"ccdproc_darks.{statement.module}"
            assert getattr(importlib.import_module(module), name.name) is getattr(ccdproc_darks, name.name)
    assert {name.name for statement in for_editors.body for name in statement.names} == set(dir(ccdproc_darks))


def test_no_module_has_the_name_of_a_public_object():
    modules = {module.name for module in pkgutil.iter_modules(ccdproc_darks.__path__)}
    assert modules > PUBLIC_MODULES
    assert modules.isdisjoint(ccdproc_darks.__all__)


ORDERS = [
    "import ccdproc_darks\nfor module in modules: importlib.import_module(module)",
    "for module in modules: importlib.import_module(module)\nimport ccdproc_darks",
    "for module in reversed(modules): importlib.import_module(module)\nimport ccdproc_darks",
    "from ccdproc_darks import *\nimport ccdproc_darks\nfor module in modules: importlib.import_module(module)",
]
IN_EACH_ORDER = """
import importlib, sys
found = []
for code in {orders}:
    # All of the package is imported anew, but for what was compiled.
    for name in list(sys.modules):
        if name.startswith("ccdproc_darks") and not name.endswith("._loops"):
            del sys.modules[name]
    names = {{"importlib": importlib, "modules": {modules}}}
    exec(code, names)
    package = names["ccdproc_darks"]
    found.append({{name: type(getattr(package, name)).__name__ for name in package.__all__}})
print(found)
"""


@pytest.fixture(scope="module")
def kinds_by_order():
    """Types of the public objects after imports in each order, by order."""
    done = fresh(IN_EACH_ORDER.format(orders=ORDERS, modules=module_names()))
    return dict(zip(ORDERS, ast.literal_eval(done.stdout), strict=True))


@pytest.mark.parametrize("code", ORDERS)
def test_no_import_puts_a_module_in_the_place_of_a_public_object(kinds_by_order, code):
    found = kinds_by_order[code]
    assert found == {name: type(getattr(ccdproc_darks, name)).__name__ for name in ccdproc_darks.__all__}
    assert "module" not in found.values()


def test_misspelled_names_are_told(plain_import):
    with pytest.raises(AttributeError, match=r"^module 'ccdproc_darks' has no attribute 'dark_rat'$"):
        ccdproc_darks.dark_rat  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'dark_rat' from 'ccdproc_darks'"):
        exec("from ccdproc_darks import dark_rat")
    assert "Did you mean: 'dark_rate'?" in plain_import.stderr


def test_a_broken_dependency_is_not_taken_for_a_misspelled_name(tmp_path):
    (tmp_path / "ccdproc.py").write_text("import math\nmath.no_such_function\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from ccdproc_darks import dark_rate"
    error = fresh(code, check=False).stderr
    assert (
        "ImportError: cannot import ccdproc_darks.rates.dark_rate: module 'math' has no attribute 'no_such_function'"
        in error
    )
    assert "ccdproc.py" in error


def test_help_shows_the_public_functions():
    shown = pydoc.render_doc(ccdproc_darks, renderer=pydoc.plaintext)
    for name in ccdproc_darks.__all__:
        assert f"\n    {name}(" in shown or f"\n    class {name}(" in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_public_objects_can_be_pickled(protocol):
    for name in ccdproc_darks.__all__:
        value = getattr(ccdproc_darks, name)
        assert pickle.loads(pickle.dumps(value, protocol)) is value


def test_pickles_are_read_where_nothing_is_imported_yet(tmp_path):
    sensor = ccdproc_darks.Sensor(shape=(4, 5), seed=3, dsnu=0.002 * u.electron / u.s)
    pickled = tmp_path / "sensor.pickle"
    pickled.write_bytes(pickle.dumps((sensor, ccdproc_darks.DARK_FLAGS)))
    read = f"import pathlib, pickle; sensor, flags = pickle.loads(pathlib.Path({str(pickled)!r}).read_bytes())"
    check = "import ccdproc_darks; assert flags is ccdproc_darks.DARK_FLAGS"
    rates = ast.literal_eval(fresh(f"{read}\n{check}\nprint(sensor.true_rate().data.tolist())").stdout)
    np.testing.assert_array_equal(rates, sensor.true_rate().data)
