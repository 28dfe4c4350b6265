"""Lays a chart out as shapes. Widths of texts are estimates: no font is asked, so that SVG and PNG look the same."""

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from unicodedata import east_asian_width

from linestop.insight.drawing.chart import Bar, Bars, Chart, Lines
from linestop.insight.drawing.shapes import COLOURS, GRID, INK, PALE, Picture, Rect, Shape, Stroke, Words

WIDTH = 960
MARGIN = 24
_ROW = 28
_BAR = 16
_TOP = 100  # below title, purpose and unit
_PLOT = 320  # height of lines
_VALUE_ROOM = 70
_LABEL_ROOM = 380
_TICKS = 5
_SMALLEST = 1e-100  # less is nothing: a step of it may be none


def laid_out(chart: Chart) -> Picture:
    """Return a chart as shapes."""
    return _bars(chart) if isinstance(chart, Bars) else _lines(chart)


def text_width(text: str, size: int) -> float:
    """Return about how wide a text is, in pixels: a Chinese character is as wide as it is high, a Latin one half."""
    return sum(1.0 if east_asian_width(char) in "WF" else 0.56 for char in text) * size


def cut(text: str, room: float, size: int) -> str:
    """Return a text that fits, with an ellipsis in its middle where it doesn't: both ends of a path tell something."""
    if text_width(text, size) <= room:
        return text
    keep = len(text)
    while keep > 1 and text_width(text[:keep], size) > room - size:
        keep -= 1
    head = keep // 3
    return f"{text[:head]}…{text[len(text) - (keep - head) :]}"


def ticks(low: float, high: float, *, whole: bool = False) -> tuple[float, ...]:
    """Return some round numbers that enclose an interval, 1, 2 or 5 times a power of ten apart.

    `whole`: what is shown is counted, and there is no half of it.
    """
    span = (high - low) or abs(high)
    span = span if span > _SMALLEST else 1.0
    step = 10 ** floor(log10(span / _TICKS))
    step = next((one for one in (step, 2 * step, 5 * step, 10 * step) if span / one <= _TICKS), 10 * step)
    step = max(step, 1) if whole else step
    first, last = floor(low / step), ceil(high / step)
    last = max(last, first + 1)
    return tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))


def _are_whole(values: Sequence[float]) -> bool:
    return all(value == int(value) for value in values)


def _bars(chart: Bars) -> Picture:
    labels = max(text_width(bar.label, 13) for bar in chart.bars)
    left = MARGIN + min(labels, _LABEL_ROOM) + 12
    ends = [0.0, *(end for bar in chart.bars for end in (bar.value, bar.low, bar.high) if end is not None)]
    marks = ticks(min(ends), max(ends), whole=_are_whole(ends))
    right = WIDTH - MARGIN - _VALUE_ROOM
    height = _TOP + _ROW * len(chart.bars) + 44

    def at(value: float) -> float:
        return left + (right - left) * (value - marks[0]) / (marks[-1] - marks[0])

    shapes: list[Shape] = [*_heading(chart, chart.unit)]
    bottom = height - 36
    for mark in marks:
        shapes.append(Stroke(((at(mark), _TOP - 6), (at(mark), bottom)), PALE if mark == 0 else GRID))
        shapes.append(Words(at(mark), bottom + 14, shown(mark), 12, "middle", PALE))
    for number, bar in enumerate(chart.bars):
        middle = _TOP + _ROW * number + _ROW / 2 - 4
        shapes += _bar(bar, middle, label_right=left - 12, start=at(0), end=at(bar.value))
        ends_at = max(at(bar.value), at(0))
        if bar.low is not None and bar.high is not None:
            shapes += _whisker(at(bar.low), at(bar.high), middle)
            ends_at = max(ends_at, at(bar.high))
        shapes.append(Words(ends_at + 8, middle, shown(bar.value), 13))
    return Picture(WIDTH, height, chart.title, tuple(shapes))


def _bar(bar: Bar, middle: float, *, label_right: float, start: float, end: float) -> Iterator[Shape]:
    yield Words(label_right, middle, cut(bar.label, _LABEL_ROOM, 13), 13, "end")
    yield Rect(
        min(start, end), middle - _BAR / 2, max(abs(end - start), 1.0), _BAR, COLOURS[0 if bar.value >= 0 else 1]
    )


def _whisker(low: float, high: float, middle: float) -> Iterator[Shape]:
    yield Stroke(((low, middle), (high, middle)), INK, 1.5)
    for end in (low, high):
        yield Stroke(((end, middle - 5), (end, middle + 5)), INK, 1.5)


def _lines(chart: Lines) -> Picture:
    known = [value for line in chart.lines.values() for value in line if value is not None]
    marks = ticks(min([0.0, *known]), max([0.0, *known]), whole=_are_whole(known))
    left = MARGIN + max(text_width(shown(mark), 12) for mark in marks) + 10
    right, bottom = WIDTH - MARGIN - 20, _TOP + _PLOT

    def across(number: int) -> float:
        return left + (right - left) * (number / (len(chart.points) - 1) if len(chart.points) > 1 else 0.5)

    def up(value: float) -> float:
        return bottom - (bottom - _TOP) * (value - marks[0]) / (marks[-1] - marks[0])

    shapes: list[Shape] = [*_heading(chart), *_legend(list(chart.lines))]
    for mark in marks:
        shapes.append(Stroke(((left, up(mark)), (right, up(mark))), PALE if mark == 0 else GRID))
        shapes.append(Words(left - 8, up(mark), shown(mark), 12, "end", PALE))
    for number in _chosen(len(chart.points), right - left, max(text_width(point, 12) for point in chart.points)):
        shapes += [Words(across(number), bottom + 18, chart.points[number], 12, "middle", PALE)]
    for line, colour in zip(chart.lines.values(), COLOURS, strict=False):
        for piece in _pieces(line):
            points = tuple((across(number), up(value)) for number, value in piece)
            shapes.append(Stroke(points, colour, 2.5))
            if len(line) <= 60:  # noqa: PLR2004  # beyond, the dots are the line
                shapes += [Rect(x - 3, y - 3, 6, 6, colour) for x, y in points]
    return Picture(WIDTH, bottom + 44, chart.title, tuple(shapes))


def _pieces(line: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Yield the stretches of a line that have values: where one is missing there is a gap."""
    piece: list[tuple[int, float]] = []
    for number, value in enumerate([*line, None]):
        if value is not None:
            piece.append((number, value))
        elif piece:
            yield piece
            piece = []


def _chosen(count: int, room: float, width: float) -> range:
    """Return which points are named below, so that their names don't touch."""
    most = max(1, int(room // (width + 24)))
    return range(0, count, max(1, ceil(count / most)))


def _heading(chart: Chart, unit: str = "") -> Iterator[Shape]:
    room = WIDTH - 2 * MARGIN
    yield Words(MARGIN, 26, cut(chart.title, room, 18), 18)
    yield Words(MARGIN, 50, cut(chart.purpose, room, 13), 13, "start", PALE)
    below = " · ".join(part for part in (unit, chart.note) if part)
    if below:
        anchor, x = ("start", MARGIN) if unit else ("end", WIDTH - MARGIN)
        yield Words(x, 74, cut(below, room, 13), 13, anchor, PALE)


def _legend(names: Sequence[str]) -> Iterator[Shape]:
    x = float(MARGIN)
    for name, colour in zip(names, COLOURS, strict=False):
        yield Rect(x, 69, 10, 10, colour)
        yield Words(x + 16, 74, name, 13, "start", PALE)
        x += 16 + text_width(name, 13) + 24


def shown(value: float) -> str:
    """Return a number as people read it: 12, 0.25, 12,000, 1.2e+09."""
    if abs(value) >= 1e9:  # noqa: PLR2004
        return f"{value:.2g}"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:,.3g}"  # noqa: PLR2004
