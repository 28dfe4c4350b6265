"""What a picture is made of: rectangles, lines and texts, in pixels from the upper left corner."""

from typing import NamedTuple

INK, PALE, GRID, PAPER = "#1a1a1a", "#666666", "#dddddd", "#ffffff"
# Okabe and Ito's colours, which colour-blind people tell apart (jfly.uni-koeln.de/color, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


class Rect(NamedTuple):
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str


class Stroke(NamedTuple):
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.0


class Words(NamedTuple):
    """One line of text; `y` is its middle, `anchor` start, middle or end."""

    x: float
    y: float
    text: str
    size: int = 13
    anchor: str = "start"
    colour: str = INK


Shape = Rect | Stroke | Words


class Picture(NamedTuple):
    """Shapes on white paper. `title` is what a screen reader says."""

    width: int
    height: int
    title: str
    shapes: tuple[Shape, ...]
