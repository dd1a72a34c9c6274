"""Pictures of a bench run, as SVG in `.lab/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pygal
from pygal.style import CleanStyle

from tests.bench.results import FOLDER


def growth(name: str, title: str, unit: str, at: Sequence[object], lines: Mapping[str, Sequence[float]]) -> Path:
    """Draw *lines* over *at*; return the file."""
    chart = pygal.Line(title=title, y_title=unit, x_title="accounts on the host", style=CleanStyle, width=900)
    chart.x_labels = [f"{value}" for value in at]
    for label, values in lines.items():
        chart.add(label, [round(value, 2) for value in values])
    return _write(name, chart)


def way(name: str, title: str, unit: str, hops: Mapping[str, float]) -> Path:
    """Draw *hops* one after the other as parts of a bar; return the file."""
    chart = pygal.HorizontalStackedBar(title=title, x_title=unit, style=CleanStyle, width=900, height=320)
    for label, value in hops.items():
        chart.add(label, [round(value, 2)])
    return _write(name, chart)


def _write(name: str, chart: pygal.graph.graph.Graph) -> Path:
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{name}.svg"
    file.write_bytes(chart.render())
    return file
