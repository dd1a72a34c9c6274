"""Commands for customers who may have been filed twice. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import click

from api.commands import AS_JSON, OPERATOR, run, show
from api.customers import deciding


@click.group("customer")
def customer_group() -> None:
    """Customers, by their number."""


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
