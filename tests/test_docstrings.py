"""Docstrings of all that is public: each has an example that runs, and stands in the package's own list."""

import importlib
import inspect
import pydoc
import re

import pytest

import ccdproc_darks

MODULES = {name: importlib.import_module(f"ccdproc_darks.{name}") for name in ccdproc_darks._PUBLIC_MODULES}
OBJECTS = {name: getattr(ccdproc_darks, name) for name in ccdproc_darks.__all__} | {
    f"{module}.{name}": getattr(found, name) for module, found in MODULES.items() for name in found.__all__
}
# Their values say what they are.
WITHOUT = {"simulation.PRESETS"}
# Of a sensor that this package reads itself.
OF_THE_PACKAGE = {"Sensor.expected", "Sensor.rate_factor"}


def has_example(docstring):
    """Whether a docstring has a section of examples with a statement that uses the package."""
    section = re.search(r"^Examples\n-+\n(.*)", inspect.cleandoc(docstring or ""), re.DOTALL | re.MULTILINE)
    return section is not None and ">>> " in section[1] and "ccdproc_darks" in section[1]


@pytest.mark.parametrize("name", sorted(set(OBJECTS) - WITHOUT))
def test_each_public_name_has_an_example(name):
    assert has_example(OBJECTS[name].__doc__)


@pytest.mark.parametrize("cls", [ccdproc_darks.Sensor, ccdproc_darks.DarkSequence])
def test_each_public_method_has_an_example(cls):
    methods = {name: method for name, method in vars(cls).items() if not name.startswith("_") and callable(method)}
    assert methods
    lacking = {f"{cls.__name__}.{name}" for name, method in methods.items() if not has_example(method.__doc__)}
    assert lacking - OF_THE_PACKAGE == set()


@pytest.mark.parametrize(
    "docstring",
    [None, "What it does.", "What it does.\n\nExamples\n--------\nIn words, of ccdproc_darks.",
     ">>> from ccdproc_darks import Sensor", "Examples\n--------\n>>> 1 + 1\n2"],
)  # fmt: skip
def test_what_is_no_example_is_found(docstring):
    assert not has_example(docstring)


def test_examples_are_found():
    assert has_example("What.\n\n    Examples\n    --------\n    >>> import ccdproc_darks\n    ")


LISTED = dict(re.findall(r"^    (\w+)  +(\S.*)$", ccdproc_darks.__doc__, re.MULTILINE))


def test_help_lists_what_is_public_with_one_line_each():
    """At its beginning, before thousands of lines on each."""
    assert set(LISTED) == {*ccdproc_darks.__all__, *MODULES}
    shown = pydoc.render_doc(ccdproc_darks, renderer=pydoc.plaintext).split("PACKAGE CONTENTS")[0]
    assert all(line in shown for line in LISTED.values())
    assert max(map(len, ccdproc_darks.__doc__.splitlines())) <= 100


@pytest.mark.parametrize("name", MODULES)
def test_dir_of_a_public_module_lists_what_is_public(name):
    assert dir(MODULES[name]) == sorted(MODULES[name].__all__)
