"""Types of the public functions: complete, found by name, and the same choices as the functions check."""

import dataclasses
import inspect
from importlib.resources import files
from types import UnionType
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from astropy import units as u

import ccdproc_darks
from ccdproc_darks import planning, simulation, temperature

PUBLIC = [getattr(ccdproc_darks, name) for name in ccdproc_darks.__all__]
PUBLIC += [getattr(module, name) for module in (planning, simulation, temperature) for name in module.__all__]
FUNCTIONS = [found for found in PUBLIC if inspect.isfunction(found)]
METHODS = [ccdproc_darks.DarkSequence.__init__, ccdproc_darks.DarkSequence.write]
METHODS += [ccdproc_darks.Sensor.true_flags, ccdproc_darks.Sensor.true_rate]
CLASSES = [found for found in PUBLIC if dataclasses.is_dataclass(found)]


def choices(hint):
    """Values that an argument may have, where it is one of a few."""
    parts = get_args(hint) if isinstance(hint, UnionType) or get_origin(hint) is not Literal else (hint,)
    return {choice for part in parts if get_origin(part) is Literal for choice in get_args(part)}


def test_type_checkers_are_told_that_there_are_types():
    assert files("ccdproc_darks").joinpath("py.typed").is_file()


@pytest.mark.parametrize("function", [*FUNCTIONS, *METHODS])
def test_all_arguments_and_results_have_a_type(function):
    parameters = set(inspect.signature(function).parameters) - {"self"}
    assert set(get_type_hints(function)) == parameters | {"return"}


@pytest.mark.parametrize("kind", CLASSES)
def test_all_fields_have_a_type(kind):
    fields = {field.name for field in dataclasses.fields(kind)}
    assert fields <= set(get_type_hints(kind))


@pytest.mark.parametrize(
    ("function", "argument"),
    [
        (ccdproc_darks.compare_dark_rates, "statistic"),
        (ccdproc_darks.compare_dark_rates, "offset"),
        (ccdproc_darks.compare_dark_rates, "null"),
        (ccdproc_darks.hot_pixel_mask, "offset"),
        (ccdproc_darks.hot_pixel_mask, "null"),
        (ccdproc_darks.nonlinear_kind, "offset"),
        (ccdproc_darks.proportionality_limit, "offset"),
    ],
)
def test_the_choices_of_types_are_those_that_are_checked(function, argument):
    rates = [ccdproc_darks.simulate_dark((3, 3), exposure=t * u.s, rng=1) for t in (1, 2)]
    rates = [ccdproc_darks.dark_rate(rate, bias=0 * u.adu, read_noise=1 * u.electron) for rate in rates]
    with pytest.raises(ValueError, match=f"^{argument} must be one of ") as error:
        function(*rates, **{argument: "nothing"})
    named = str(error.value).removeprefix(f"{argument} must be one of ").partition(", got")[0]
    hinted = choices(get_type_hints(function)[argument])
    assert set(named.replace("'", "").split(", ")) - {"None"} == hinted


def test_presets_are_the_choices_of_their_type():
    assert choices(get_type_hints(ccdproc_darks.sensor_preset)["name"]) == set(simulation.PRESETS)
