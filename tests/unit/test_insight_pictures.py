"""Pictures of answers: well-formed, safe whatever a label holds, and true to the numbers."""

from datetime import datetime
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from linestop.errors import InfraError, UsageError
from linestop.insight import Query, Table
from linestop.insight.drawing import Bars, Chart, Lines, chart_of, write_picture
from linestop.insight.drawing.chart import Bar
from linestop.insight.drawing.files import as_png, as_svg
from linestop.insight.drawing.layout import cut, laid_out, text_width, ticks
from linestop.insight.drawing.shapes import COLOURS, Rect, Stroke, Words

HOSTILE = "</text><script>alert(1)</script>&\"'\x1b[31m\u202e\x00\ufffe\udce9]]>"
SVG = "{http://www.w3.org/2000/svg}"


def chart(rows: list[tuple[Any, ...]], columns: tuple[str, ...] = ("file", "cautions"), picture: str = "") -> Chart:
    query = Query(name="hot-files", purpose="What is hot.", sql="", picture=picture)
    return chart_of(query, Table(columns=columns, rows=tuple(rows)))


CHARTS: dict[str, Chart] = {
    "bars": chart([("a.py", 3), ("b.py", 1)]),
    "hostile words": chart([(HOSTILE, 3), (HOSTILE * 50, 2)], (HOSTILE, f"n{HOSTILE}")),
    "one bar of nothing": chart([("a.py", 0)]),
    "bars below zero with intervals": chart(
        [("l", -3.5, -9.0, 2.0), ("m", 4.0, 1.0, 7.5), ("n", 1.0, None, None)],
        ("lesson", "d", "low", "high"), "bars lesson | d low high",
    ),
    "huge and tiny": chart([("a", 10**15), ("b", 1e-9)]),
    "no label": chart([(7,), (8,)], ("n",)),
    "wide letters": chart([("カート/合計.py", 3)]),
    "lines": chart([("2026-11-16", 3, 0), ("2026-11-23", None, 2)], ("week", "firings", "checks")),
    "one point": chart([(datetime(2026, 11, 16), 3)], ("at", "n")),  # noqa: DTZ001  # as DuckDB gives it
    "many points": chart([(f"{number:05}", number % 7) for number in range(900)], ("week", "n")),
}  # fmt: skip


@pytest.mark.parametrize("one", CHARTS.values(), ids=CHARTS.keys())
def test_a_picture_is_well_formed_and_holds_no_script(one: Chart) -> None:
    root = ET.fromstring(as_svg(laid_out(one)))  # noqa: S314  # our own
    assert {element.tag for element in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "rect", "polyline", "text")
    }
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    with Image.open(BytesIO(as_png(laid_out(one)))) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width == 2 * 960
        assert len(image.getcolors(maxcolors=100_000) or ()) > 2, "it shows something"


@pytest.mark.parametrize("one", CHARTS.values(), ids=CHARTS.keys())
def test_nothing_stands_outside_of_the_paper(one: Chart) -> None:
    picture = laid_out(one)
    for shape in picture.shapes:
        if isinstance(shape, Rect):
            assert shape.x >= 0
            assert shape.x + shape.width <= picture.width
            assert 0 <= shape.y <= picture.height
        elif isinstance(shape, Stroke):
            assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in shape.points)
        else:
            width = text_width(shape.text, shape.size)
            start = {"start": shape.x, "middle": shape.x - width / 2, "end": shape.x - width}[shape.anchor]
            assert start >= -2
            assert start + width <= picture.width + 2


def test_words_of_strangers_are_words() -> None:
    root = ET.fromstring(as_svg(laid_out(CHARTS["hostile words"])))  # noqa: S314  # our own
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    assert any("<script>" in text for text in texts), "shown, not run"
    assert not [char for text in texts for char in text if not char.isprintable()]


def test_bars_are_as_long_as_their_numbers() -> None:
    shapes = laid_out(chart([("a", 4), ("b", 1)])).shapes
    lengths = [shape.width for shape in shapes if isinstance(shape, Rect) and shape.fill == COLOURS[0]]
    assert lengths[0] == pytest.approx(4 * lengths[1])


def test_an_interval_is_drawn_where_it_lies() -> None:
    one = CHARTS["bars below zero with intervals"]
    assert isinstance(one, Bars)
    shapes = laid_out(one).shapes
    marks = {shape.text: shape.x for shape in shapes if isinstance(shape, Words) and shape.anchor == "middle"}
    unit = (marks["10"] - marks["0"]) / 10
    whiskers = [
        shape.points for shape in shapes if isinstance(shape, Stroke) and shape.points[0][1] == shape.points[1][1]
    ]
    ends = [((start[0] - marks["0"]) / unit, (end[0] - marks["0"]) / unit) for start, end in whiskers]
    assert ends == [pytest.approx((-9.0, 2.0)), pytest.approx((1.0, 7.5))]


def test_a_missing_value_is_a_gap() -> None:
    one = chart([("1", 1), ("2", 2), ("3", None), ("4", 4), ("5", 5)], ("week", "n"))
    assert isinstance(one, Lines)
    drawn = [shape for shape in laid_out(one).shapes if isinstance(shape, Stroke) and shape.colour == COLOURS[0]]
    assert [len(shape.points) for shape in drawn] == [2, 2]


def test_time_runs_to_the_right_whatever_the_order_of_the_rows() -> None:
    one = chart([("2026-11-23", 2), ("2026-11-16", 1)], ("week", "n"))
    assert isinstance(one, Lines)
    assert one.points == ("2026-11-16", "2026-11-23")
    assert one.lines == {"n": (1, 2)}


def test_what_is_left_out_is_said() -> None:
    assert chart([(f"f{number}", 1) for number in range(31)]).note == "the first 30 of 31"
    assert CHARTS["many points"].note == "the last 400 of 900"


NOTHING = {
    "no row": ([], ("a", "b"), ""),
    "no number": ([("a", "b"), ("c", None)], ("a", "b"), ""),
    "no number where one is drawn": ([("a", None)], ("a", "usd"), "bars a | usd"),
    "no finite number": ([("a", float("inf"))], ("a", "n"), "bars a | n"),
    "numbers that no scale has": ([("a", 1e308), ("b", -1e308)], ("a", "n"), "bars a | n"),
}


@pytest.mark.parametrize(("rows", "columns", "picture"), NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_drawn_of_nothing(rows: list[tuple[Any, ...]], columns: tuple[str, ...], picture: str) -> None:
    with pytest.raises(UsageError, match="nothing to draw"):
        chart(rows, columns, picture)


@pytest.mark.parametrize("name", ["a.gif", "a", ".svg/x.txt"])
def test_a_picture_is_svg_or_png(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no picture can be called"):
        write_picture(CHARTS["bars"], tmp_path / name)


def test_a_picture_that_can_not_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InfraError):
        write_picture(CHARTS["bars"], tmp_path / "nowhere" / "a.svg")
    (tmp_path / "taken.svg").mkdir()
    with pytest.raises(InfraError):
        write_picture(CHARTS["bars"], tmp_path / "taken.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.svg"]


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0, 4, (0, 1, 2, 3, 4)),
        (0, 0, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (-9, 7.5, (-10, -5, 0, 5, 10)),
        (0, 97, (0, 20, 40, 60, 80, 100)),
    ],
)
def test_marks_are_round_and_enclose(low: float, high: float, marks: tuple[float, ...]) -> None:
    found = ticks(low, high)
    assert found[0] <= low <= high <= found[-1]
    if high:
        assert found == marks


def test_what_is_counted_has_no_halves() -> None:
    assert ticks(0, 2, whole=True) == (0, 1, 2)
    assert ticks(0, 2) == (0, 0.5, 1, 1.5, 2)
    drawn = laid_out(Bars(title="t", unit="n", bars=(Bar(label="a", value=2), Bar(label="b", value=1))))
    assert "0.5" not in {shape.text for shape in drawn.shapes if isinstance(shape, Words)}


@pytest.mark.parametrize("value", [5e-324, 3e-101, 2e-15, 1e-12, 9e99, -4e-20])
def test_the_smallest_and_the_largest_number_are_drawn(value: float) -> None:
    drawn = laid_out(Bars(title="t", unit="n", bars=(Bar(label="a", value=value),)))
    assert all(isfinite(shape.width) for shape in drawn.shapes if isinstance(shape, Rect))


def test_a_long_label_keeps_both_ends() -> None:
    short = cut("src/" + "x" * 200 + "/cart.py · repeat", 200, 13)
    assert text_width(short, 13) <= 200
    assert short.startswith("src/")
    assert short.endswith("cart.py · repeat")
