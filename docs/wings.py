"""The picture of the wings in architecture.rst, drawn from the imports and the docstrings of the source."""

import ast
import textwrap
from graphlib import TopologicalSorter
from pathlib import Path

import matplotlib.pyplot as plt

import ccdproc_darks

PACKAGE = Path(ccdproc_darks.__file__).parent
OWN_BOX = {"temperature"}  # a module beside the wings
# Columns of boxes; the others are in the middle.
COLUMNS = {
    "masks": -1, "plotting": 1, "frames": -1, "planning": -1, "simulation": 1, "_compute": 1, "_interface": 1,
    "temperature": 2,
}  # fmt: skip
WIDTH, HEIGHT, LETTERS = 2.3, 0.85, 31


def wing_of(parts):
    """The box of a module, from the parts of its name within the package; None of a module without one."""
    return parts[0] if (PACKAGE / parts[0]).is_dir() or parts[0] in OWN_BOX else None


def read_wings():
    """Wings that each wing imports from, anywhere in its source; and the first sentence of each one's docstring."""
    imports, sentences = {}, {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        wing, tree = wing_of(parts), ast.parse(path.read_text(encoding="utf-8"))
        if wing is None:
            continue
        if parts[1:] == ("__init__",) or parts[0] in OWN_BOX:
            sentences[wing] = " ".join(ast.get_docstring(tree).partition("\n\n")[0].split())
        imported = imports.setdefault(wing, set())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                above = parts[: len(parts) - node.level]
                names = [node.module] if node.module else [alias.name for alias in node.names]
                imported.update(wing_of((*above, *name.split("."))) for name in names)
        imported -= {wing, None}
    return imports, sentences


def levels_of(imports):
    """How high each wing stands: one above the highest of those that it imports from."""
    levels = {}
    for wing in TopologicalSorter(imports).static_order():
        levels[wing] = 1 + max((levels[below] for below in imports[wing]), default=-1)
    return levels


def draw():
    """Boxes by level, and an arrow to each wing that is imported from and not reached by way of another one."""
    imports, sentences = read_wings()
    levels = levels_of(imports)
    reached = {}
    for wing in sorted(levels, key=levels.get):
        reached[wing] = imports[wing].union(*(reached[below] for below in imports[wing]))
    places = {wing: (COLUMNS.get(wing, 0) * (WIDTH + 0.3), level * (HEIGHT + 0.45)) for wing, level in levels.items()}
    _, axis = plt.subplots(figsize=(9.4, 9.2), layout="constrained")
    for wing, below in imports.items():
        for other in below.difference(*(reached[other] for other in below)):
            (x, y), (x_below, y_below) = places[wing], places[other]
            arrow = {"arrowstyle": "-|>", "color": "0.45", "shrinkA": 0, "shrinkB": 0}
            start = (x, y - HEIGHT / 2)
            if x != x_below and levels[wing] - levels[other] > 1:  # around what lies between
                start, arrow["connectionstyle"] = (x + WIDTH / 2, y), "angle,angleA=0,angleB=90"
            axis.annotate("", (x_below, y_below + HEIGHT / 2), start, arrowprops=arrow)
    for wing, (x, y) in places.items():
        private = wing.startswith("_")
        box = plt.Rectangle(
            (x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, facecolor="0.93" if private else "#dbe9f6", edgecolor="0.3",
            zorder=3,
        )  # fmt: skip
        axis.add_patch(box)
        name = wing + ("/" if (PACKAGE / wing).is_dir() else ".py")
        axis.text(x, y + 0.37, name, ha="center", va="top", weight="bold", size=9, zorder=4)
        text = textwrap.fill(sentences[wing].rstrip(".").replace("`", ""), LETTERS)
        axis.text(x, y - 0.12, text, ha="center", va="center", size=7.5, zorder=4)
    axis.margins(0.01)
    axis.autoscale_view()
    axis.set_aspect("equal")
    axis.axis("off")


if __name__ == "__main__":
    draw()
