"""What the demo looks like: chapters, moments, proofs; in a terminal with colour, in a log as plain text."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 128
"""Columns of a log, which has no width of its own."""

SENTENCE_WIDTH = 70


class Screen:
    """Where the story is told. Times in the margin count from the last `begin`."""

    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        self.console = Console(highlight=False, width=None if terminal or "COLUMNS" in os.environ else PLAIN_WIDTH)
        self._began = time.monotonic()

    def begin(self) -> None:
        """Start the clock in the margin."""
        self._began = time.monotonic()

    def title(self, title: str, subtitle: str) -> None:
        """Open the show."""
        body = Text.assemble((title, "bold"), "\n", (subtitle, "dim"), justify="center")
        self.console.print(Panel(body, border_style="cyan", padding=(1, 4)))

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.rule(Text(f" {title} ", style="bold cyan"), align="left", style="cyan")

    def say(self, text: str) -> None:
        """Tell something that has no moment of its own."""
        self.console.print(Padding(Text(text, style="dim"), (0, 0, 0, 2)))

    def moment(self, sign: str, text: str, detail: str = "", *, style: str = "") -> None:
        """Tell what just happened, with the time since the click in the margin."""
        row = Table.grid(padding=(0, 1))
        row.add_column(width=9, justify="right", style="dim")
        row.add_column(width=2)
        row.add_column(ratio=1)
        elapsed = f"{time.monotonic() - self._began:.1f} s"
        row.add_row(
            elapsed, Text(sign, style=style), Text.assemble((text, style), "  " * bool(detail), (detail, "dim"))
        )
        self.console.print(row)

    def table(self, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, winner: int | None = None) -> None:
        """Show *rows* under *columns*; the *winner* stands out."""
        table = Table(box=None, header_style="dim", padding=(0, 2))
        for column in columns:
            table.add_column(column)
        for number, row in enumerate(rows):
            table.add_row(*map(Text, row), style="bold green" if number == winner else "")
        self.console.print(Padding(table, (0, 0, 0, 11)))

    @contextmanager
    def waiting(self, what: str, *, quietly: bool = False) -> Iterator[None]:
        """Turn a wheel beside *what* as long as it takes, in a terminal; say it once in a log, unless *quietly*."""
        if not self.console.is_terminal:
            if not quietly:
                self.console.print(Text(f"  … {what}", style="dim"))
            yield
            return
        with self.console.status(Text(what, style="dim")):
            yield

    def proof(self, number: int, sentence: str, took_s: float, detail: str, *, holds: bool) -> None:
        """Print one proof on one line; why it does not hold goes below, whole."""
        mark = Text("✔", style="bold green") if holds else Text("✘", style="bold red")
        row = Table.grid(padding=(0, 1))
        row.add_column(width=4, justify="right")
        row.add_column(width=2, justify="right", style="dim")
        row.add_column(max_width=SENTENCE_WIDTH, min_width=SENTENCE_WIDTH, style="" if holds else "red")
        row.add_column(width=8, justify="right", style="dim")
        row.add_column(ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
        row.add_row(mark, str(number), Text(sentence), f"{took_s:.2f} s", Text(detail if holds else ""))
        self.console.print(row)
        if not holds:
            self.console.print(Padding(Text(detail, style="red"), (0, 0, 0, 9)))

    def verdict(self, held: int, total: int) -> None:
        """Close with how many of the proofs hold."""
        style = "bold green" if held == total else "bold red"
        self.console.print()
        self.console.print(Text(f"  {held} of {total} proofs", style=style))
