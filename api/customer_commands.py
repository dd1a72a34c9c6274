"""Commands for customers: change their data, decide who was filed twice. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import msgspec

from api import edge, settings
from api.answers import FieldsError
from api.commands import AS_JSON, OPERATOR, run, show
from api.customers import changing, deciding
from api.equipment import equip

EMPTIED = ("company", "vat_id")
"""Of these an empty text takes away what was known."""


@click.group("customer")
def customer_group() -> None:
    """Customers, by their number."""


def _fields(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each field of a change."""
    for name in reversed(changing.Change.__struct_fields__):
        told = "Why, for the journal." if name == "reason" else None
        command = click.option(f"--{name.replace('_', '-')}", name, help=told)(command)
    return command


@customer_group.command("change")
@click.argument("number", type=int)
@_fields
@AS_JSON
def customer_change(number: int, *, as_json: bool, **given: str | None) -> None:
    """Change what is known of customer NUMBER: only what is given; another IBAN is another mandate.

    An empty --company or --vat-id takes it away.
    """
    said: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    said |= {name: None for name in EMPTIED if said.get(name) == ""}
    try:
        wanted = edge.decode(msgspec.json.encode(said), changing.Change)
        changed = run(changing.change(equip(settings.load()), number, wanted, actor=OPERATOR))
    except FieldsError as error:
        wrong = "; ".join(f"{item.field} {item.message}" for item in error.errors)
        raise click.ClickException(f"{wrong}; nothing is changed") from error
    line = f"customer {changed.number}: {', '.join(changed.fields) or 'nothing'} changed"
    if "iban" in changed.fields:
        line += f"; have mandate {changed.mandate_reference} signed"
    show(changed, as_json=as_json, line=line)


@customer_group.command("duplicates")
@AS_JSON
def customer_duplicates(*, as_json: bool) -> None:
    """List customers who may be the same person, with the reasons; `merge` or `distinct` decides."""
    pairs = run(deciding.undecided())
    lines = [f"{pair.earlier}  {pair.later}  {', '.join(pair.reasons)}" for pair in pairs]
    show(pairs, as_json=as_json, line="\n".join(lines) or "nobody seems to have been filed twice")


@customer_group.command("merge")
@click.argument("keep", type=int)
@click.argument("give_up", type=int)
@AS_JSON
def customer_merge(keep: int, give_up: int, *, as_json: bool) -> None:
    """Make customer GIVE_UP one with customer KEEP: orders move, the number given up leads to the other one."""
    try:
        orders = run(deciding.merge(keep, give_up, actor=OPERATOR))
    except deciding.NotMergeableError as error:
        raise click.ClickException(str(error)) from error
    line = f"{give_up} is {keep} from now on, {orders} orders moved"
    show({"number": keep, "given_up": give_up, "orders": orders}, as_json=as_json, line=line)


@customer_group.command("distinct")
@click.argument("one", type=int)
@click.argument("other", type=int)
@AS_JSON
def customer_distinct(one: int, other: int, *, as_json: bool) -> None:
    """Decide that customers ONE and OTHER are two; they are not suggested again."""
    try:
        run(deciding.part(one, other, actor=OPERATOR))
    except deciding.NotMergeableError as error:
        raise click.ClickException(str(error)) from error
    show({"one": one, "other": other, "decision": "distinct"}, as_json=as_json, line=f"{one} and {other} are two")
