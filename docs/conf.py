"""Sphinx configuration; the facts come from pyproject.toml and the installed package's metadata."""

import builtins
import os
import tomllib
from importlib.metadata import version as installed_version
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml

with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
    _project = tomllib.load(file)["project"]

project = _project["name"]
author = _project["authors"][0]["name"]
copyright = f"2026, {author}"
release = installed_version(project)
version = ".".join(release.split(".")[:2])

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates"]
html_static_path = ["_static"]
html_css_files = ["custom.css", "cards.css"]  # cards.css: the front page and the gallery
html_sidebars = {"gallery": []}
default_role = "py:obj"

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_theme_options = {"secondary_sidebar_items": ["page-toc"], "show_prev_next": False}
html_context = {"default_mode": "auto"}  # without it the theme warns in the browser's console

plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 120)]
plot_rcparams = {"savefig.bbox": "tight"}  # no empty ground around a picture
plot_apply_rcparams = True

# One page a name: docs/api.rst lists them, autosummary writes docs/api/*.rst.
autosummary_generate = True
autosummary_imported_members = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # docstrings say it in words
# What the reference shows must be complete; pyproject.toml has what is asked of all docstrings.
numpydoc_validation_checks = {
    "all",  # but these, which would say again what another function's docstring or the first line has said
    *("ES01", "EX01", "SA01", "PR03", "PR04", "GL01"),
}
numpydoc_validation_exclude = {
    r"\.(ProportionalityLimit|MeasuredGain|DarkScale)$",  # results: they have attributes, and nobody makes one
    r"NONLINEAR_KINDS$",  # options of Python's enums
    r"DarkCurrent$",  # astropy's own options of a model
}

# Names of other packages become links on Read the Docs alone: elsewhere the build needs no network.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(argparse|astropy|ccdproc|collections|matplotlib|np|numpy|os|pathlib|photutils|scipy|tqdm|u)(\..*)?"),
    (r"py:.*", r"(concurrent|dask|distributed|functools|mpi4py)(\..*)?"),
    (r"py:.*", rf"(python:)?({'|'.join(name for name in dir(builtins) if not name.startswith('_'))})"),
    (r"std:(ref|term)", r"(numpy|python):.*"),  # numpydoc's links of words such as array_like
]
if os.environ.get("READTHEDOCS") == "True":
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "astropy": ("https://docs.astropy.org/en/stable/", None),
        "ccdproc": ("https://ccdproc.readthedocs.io/en/stable/", None),
        "matplotlib": ("https://matplotlib.org/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "python": ("https://docs.python.org/3/", None),
        "scipy": ("https://docs.scipy.org/doc/scipy/", None),
    }


# Formulas are MathML, which browsers draw themselves: MathJax would be loaded from the network.
html_math_renderer = "mathml"


def setup(app):
    """Add the renderer of formulas."""

    def inline(writer, node):
        writer.body.append(tex2mathml(node.astext()))
        raise SkipNode

    def block(writer, node):
        writer.body.append(tex2mathml(node.astext()).replace("<math ", '<math display="block" ', 1))
        raise SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))
