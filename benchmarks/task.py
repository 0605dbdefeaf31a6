# Licensed under a 3-clause BSD style license - see LICENSE
"""What a task is: ways to do one thing, what they must agree on, and what the best of them must reach."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .pairs import ratios

__all__ = ["Bar", "Task", "Way", "faster", "smaller"]


@dataclass(frozen=True)
class Way:
    """
    One way to do it.

    Attributes
    ----------
    call : callable
        Does it: takes what ``ready`` returns, returns the results. This is what is measured.
    ready : callable
        Of the data folder and the number of rows: what is in memory, or known, before the clock starts.
    """

    call: Callable
    ready: Callable


@dataclass(frozen=True)
class Bar:
    """
    What must be reached.

    Attributes
    ----------
    asked : str
        In words.
    values : callable
        Of what was found (rows of each way): one number a round, or one for all of them.
    least, most : float or None
        What their median must be.
    kind : {"faster", "smaller", ""}
        What the values are: ratios of wall time, of the growth of memory, or something else.
    """

    asked: str
    values: Callable
    least: float | None = None
    most: float | None = None
    kind: str = ""

    def met(self, value):
        """Whether a median meets it."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True)
class Task:
    """
    One task.

    Attributes
    ----------
    title : str
        What is done.
    prepare : callable
        Of the data folder and the number of rows: writes the frames if they are absent, returns their paths.
    ways : dict of Way
        By name. The first one is what the others are held against.
    numbers : callable
        Of the results of a way: numbers that all ways must agree on, by name (a way may lack some).
    agree : float
        How far, as a fraction, they may differ from those of the first way that has them.
    bars : tuple of Bar
        What must be reached.
    compared : bool
        Whether the ways do the same, so that their ratios say something.
    size, quick_size : int
        Rows (and columns) of the frames.
    """

    title: str
    prepare: Callable
    ways: dict
    numbers: Callable = lambda results: {}
    agree: float = 0.0
    bars: tuple = field(default=())
    compared: bool = True
    size: int = 4096
    quick_size: int = 256


def faster(way, than, least):
    """Bar: a way takes so many times less wall time than another one."""
    asked = f"{least:g} times as fast as {than}"
    return Bar(asked, lambda found: ratios(found, "wall", than, way), least=least, kind="faster")


def smaller(way, than, times):
    """Bar: the peak memory grows so many times less than that of another way."""
    asked = f"memory grows {times:g} times less than with {than}"
    return Bar(asked, lambda found: ratios(found, "memory", than, way), least=times, kind="smaller")
