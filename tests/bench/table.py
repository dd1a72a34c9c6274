"""The table that `make bench` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.results import is_met

_MARKS = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}


def show(results: Mapping[str, Mapping[str, Any]], console: Console | None = None) -> None:
    """Print *results*, one line for each figure."""
    table = Table(title="Ankunft, measured", title_justify="left")
    table.add_column("goal", no_wrap=True)
    for name in ("value", "min – max", "CPU", "ratio", "bound"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    table.add_column("against", overflow="fold")
    for name, figure in sorted(results.items()):
        table.add_row(
            name,
            f"{_number(figure['value'])} {figure['unit']}",
            f"{_number(figure['minimum'])} – {_number(figure['maximum'])}" if "minimum" in figure else "",
            f"{_number(figure['cpu_s'] * 1000)} ms" if "cpu_s" in figure else "",
            "" if figure["ratio"] is None else _number(figure["ratio"]),
            figure.get("goal", ""),
            _MARKS[is_met(figure)],
            figure["against"] + (f" ({figure['note']})" if "note" in figure else ""),
        )
    (console or Console()).print(table)


def _number(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.3g}"
