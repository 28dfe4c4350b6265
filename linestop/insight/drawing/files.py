"""Writes a picture as SVG or PNG. Texts of strangers are escaped in the one and only pixels in the other."""

from html import escape
from io import BytesIO
from pathlib import Path

from linestop.errors import InfraError, UsageError
from linestop.files import write_whole
from linestop.insight.drawing.chart import Chart
from linestop.insight.drawing.layout import laid_out
from linestop.insight.drawing.shapes import PAPER, Picture, Rect, Shape, Stroke, Words

FORMATS = (".svg", ".png")
_SCALE = 2  # pixels of a PNG a unit, for sharp letters on today's screens
_FONT = "system-ui, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
_ANCHORS = {"start": "lm", "middle": "mm", "end": "rm"}


def write_picture(chart: Chart, path: Path) -> Path:
    """Write a chart as its file's ending says, whole or not at all, and return the path.

    Raises:
        UsageError: the ending is none of FORMATS.
        InfraError: the file can't be written.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise UsageError(
            f"no picture can be called {path.name}", found=ending or "no ending", todo="name it .svg or .png"
        )
    drawn = as_svg(laid_out(chart)).encode() if ending == ".svg" else as_png(laid_out(chart))
    try:
        write_whole(path, drawn, durable=False)
    except OSError as error:
        raise InfraError(
            f"can't write {path}", found=str(error), todo="name a file in a folder that you own"
        ) from error
    return path


def as_svg(picture: Picture) -> str:
    """Return a picture as an SVG document: no script, no link, nothing loaded."""
    width, height = picture.width, picture.height
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{escape(_FONT)}">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *map(_element, picture.shapes),
        "</svg>\n",
    )
    return "\n".join(lines)


def as_png(picture: Picture) -> bytes:
    """Return a picture as PNG. Pillow's own font has Latin letters; others are boxes."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415  # only where one is drawn

    image = Image.new("RGB", (picture.width * _SCALE, picture.height * _SCALE), PAPER)
    draw = ImageDraw.Draw(image)
    for shape in picture.shapes:
        if isinstance(shape, Rect):
            x, y = shape.x * _SCALE, shape.y * _SCALE
            draw.rectangle((x, y, x + shape.width * _SCALE - 1, y + shape.height * _SCALE - 1), fill=shape.fill)
        elif isinstance(shape, Stroke):
            points = [(x * _SCALE, y * _SCALE) for x, y in shape.points]
            draw.line(points, fill=shape.colour, width=round(shape.width * _SCALE), joint="curve")
        else:
            font = ImageFont.load_default(size=shape.size * _SCALE)
            at, anchor = (shape.x * _SCALE, shape.y * _SCALE), _ANCHORS[shape.anchor]
            draw.text(at, shape.text, fill=shape.colour, font=font, anchor=anchor)
    with BytesIO() as file:
        image.save(file, format="PNG", optimize=True)
        return file.getvalue()


def _element(shape: Shape) -> str:
    if isinstance(shape, Rect):
        size = f'width="{shape.width:.1f}" height="{shape.height:.1f}"'
        return f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" {size} fill="{shape.fill}"/>'
    if isinstance(shape, Stroke):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        return f'<polyline points="{points}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width}"/>'
    return _text(shape)


def _text(words: Words) -> str:
    place = f'x="{words.x:.1f}" y="{words.y:.1f}" dominant-baseline="central" text-anchor="{words.anchor}"'
    return f'<text {place} font-size="{words.size}" fill="{words.colour}">{escape(words.text)}</text>'
