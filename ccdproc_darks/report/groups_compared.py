# Licensed under a 3-clause BSD style license - see LICENSE
"""Groups of one camera beside each other: exposure times, temperatures, and dark current of a typical pixel."""

from dataclasses import dataclass, field

from .._interface.number_text import share_text, with_error
from ..plotting import plot_temperature
from ..rates.doubling_temperature import doubling_temperature
from .numbers_on_page import times_text
from .pictures import Picture, new_axes

__all__ = ["ComparedCamera", "compared_cameras"]


@dataclass
class ComparedCamera:
    """Several groups of one camera."""

    sensor: str  # its name, size and binning
    groups: list  # pairs of the name of a group's folder and its `Measured`
    doubling: tuple | None = None  # doubling temperature and its error (K), as two Quantities
    pictures: list = field(default_factory=list)  # pairs of a `Picture` and its PNG (bytes)

    @property
    def sentence(self):
        """How the dark current grows with temperature; empty where nothing tells."""
        if self.doubling is None:
            return ""
        value, error = (one.to_value("K") for one in self.doubling)
        doubling = with_error(value, error, "K")
        return (
            f"The dark current of a typical pixel doubles every {doubling}, if the headers tell the temperatures right."
        )

    @staticmethod
    def row(measured):
        """Cells of the table, of one group: its temperature, darks, typical dark current, hot and masked pixels."""
        celsius, mask = measured.group.temperature, measured.mask
        return (
            measured.group.title if celsius is None else f"{round(celsius, 1) + 0.0:.1f} °C",
            times_text(measured),
            with_error(*measured.typical_rates["all"]),
            share_text(mask.meta["NHOT"], mask.data.size),
            share_text(mask.meta["NMASKED"], mask.data.size),
        )

    def draw(self, number):
        """Yield each `Picture`, of the camera of a number."""
        if self.doubling is None:
            return
        axes = plot_temperature(*(measured.rate for _, measured in self.groups), ax=new_axes(4.6))
        yield Picture(
            f"temperature_{number}",
            "The dark current against temperature",
            f"{self.sentence} Cooling by as much halves it.",
            f"Dark current of a typical pixel at {len(self.groups)} temperatures. {self.sentence}",
            axes.figure,
        )


def compared_cameras(results):
    """List of `ComparedCamera`, one of each camera with several groups among ``results``."""
    sensors = {}
    for name, measured in results:
        sensors.setdefault(measured.group.sensor, []).append((name, measured))
    return [ComparedCamera(sensor, own, _doubling(own)) for sensor, own in sensors.items() if len(own) > 1]


def _doubling(groups):
    try:
        return doubling_temperature(*(measured.rate for _, measured in groups))
    except ValueError:
        # Of one temperature, or not higher where it is warmer.
        return None
