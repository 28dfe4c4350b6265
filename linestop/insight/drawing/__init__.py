"""Pictures of answers: a chart is chosen (chart.py), laid out as shapes once (layout.py), written as SVG or PNG."""

from linestop.insight.drawing.chart import Bar, Bars, Chart, Lines, chart_of
from linestop.insight.drawing.files import FORMATS, write_picture

__all__ = ["FORMATS", "Bar", "Bars", "Chart", "Lines", "chart_of", "write_picture"]
