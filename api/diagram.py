"""The states of orders, jobs, domains, mails and returned documents as a diagram, printed from the tables of moves."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import click

from api.lifecycle import DOMAIN_MOVES, JOB_MOVES, MAIL_MOVES, ORDER_MOVES, RETURN_MOVES, final

TABLES: Mapping[str, Mapping[tuple[Any, Any], Any]] = MappingProxyType(
    {"order": ORDER_MOVES, "job": JOB_MOVES, "domain": DOMAIN_MOVES, "mail": MAIL_MOVES, "return": RETURN_MOVES}
)


def draw(moves: Mapping[tuple[StrEnum, StrEnum], StrEnum]) -> str:
    """Return *moves* as a Mermaid state diagram."""
    first = next(iter(moves))[0]
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {before} --> {after}: {event}" for (before, event), after in moves.items()]
    lines += [f"    {state} --> [*]" for state in sorted(final(moves))]
    return "\n".join(lines)


@click.command()
@click.argument("thing", type=click.Choice(sorted(TABLES)), default="order")
def lifecycle(thing: str) -> None:
    """Print the states of a THING as a Mermaid diagram."""
    click.echo(draw(TABLES[thing]))
