# Licensed under a 3-clause BSD style license - see LICENSE
"""HTML pages, made from the templates in the folder of that name. jinja2 is imported when the first one is made."""

from functools import cache
from pathlib import Path

from .._interface.shown import shown
from .._interface.version import __version__
from .glossary import GLOSSARY, address

__all__ = ["rendered"]

_TEMPLATES = Path(__file__).parent / "templates"


def rendered(template, **values):
    """HTML of a page, from the template of a name and ``values``. All texts among them are `shown`, and escaped."""
    return _environment().get_template(template).render(version=__version__, **values)


@cache
def _environment():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_as_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"glossary": GLOSSARY, "address": address}
    return environment


def _as_shown(value):
    """A text without what cannot be printed; HTML, which templates made, as it is."""
    return value if hasattr(value, "__html__") else shown(value)
