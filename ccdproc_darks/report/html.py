# Licensed under a 3-clause BSD style license - see LICENSE
"""HTML pages, made from the templates in the folder of that name. jinja2 is imported when the first one is made."""

import re
from functools import cache
from pathlib import Path

from .._interface.shown import shown
from .._interface.version import __version__
from .glossary import GLOSSARY, address

__all__ = ["rendered", "verbatim"]

_TEMPLATES = Path(__file__).parent / "templates"
# Ways to write the same that findings, tables and messages have, and the one that pages have.
_ONE_FORM = {
    " +- ": " ± ",
    "deg C": "°C",
    "deg_C": "°C",
    "electron / s": "electron/s",
    "electron / adu": "electron/adu",
}
# Spaces at which no line may end: between a number and its unit, its error, or what it is multiplied by.
_KEPT = re.compile(
    r"(?<=\d) (?=(?:electron(?:/s|/adu)?|adu|s|K|°C|%|[kM]B|sigmas?)(?!\w))|(?<=\d) (?=[±x] \d)|(?<=\d [±x]) (?=\d)"
)


def rendered(template, **values):
    """HTML of a page, from the template of a name and ``values``.

    All texts among them are `shown`, and escaped; numbers in them have one form, and stay on a line with their units.
    """
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
    environment.filters["verbatim"] = verbatim
    return environment


def verbatim(text):
    """HTML of a text that readers copy, as the name of a file or a line of a program: its spaces stay as they are."""
    from markupsafe import escape

    return escape(shown(text))


def _as_shown(value):
    """A text without what cannot be printed, its numbers as pages have them; HTML, which templates made, as it is."""
    if hasattr(value, "__html__"):
        return value
    text = shown(value)
    # Pictures are long texts without a space.
    if " " not in text:
        return text
    for other, form in _ONE_FORM.items():
        text = text.replace(other, form)
    return _KEPT.sub("\N{NO-BREAK SPACE}", text)
