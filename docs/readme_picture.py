"""The picture of the README, of two scripts of the gallery: ``python docs/readme_picture.py`` writes it."""

import io
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

HEIGHT = 470  # pixels


def panel(name):
    """The figure that a script of the gallery draws, as an image."""
    runpy.run_path(str(Path(__file__).parent / "gallery" / f"{name}.py"))
    file = io.BytesIO()
    plt.gcf().savefig(file, dpi=HEIGHT / plt.gcf().get_figheight())
    return Image.open(file)


if __name__ == "__main__":
    left, right = panel("rate_histogram"), panel("rate_scatter")
    picture = Image.new("RGB", (left.width + right.width, HEIGHT), "white")
    picture.paste(left, (0, 0))
    picture.paste(right, (left.width, 0))
    picture.save(Path(__file__).parent / "_static" / "result.png", optimize=True)
