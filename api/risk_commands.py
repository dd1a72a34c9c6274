"""Commands for the risk check: rules, replay, blocklist. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from api import settings
from api.catalogue import read
from api.commands import AS_JSON, OPERATOR, order_of, run, show
from api.equipment import Equipment, equip
from api.intake.person import ImplausibleError
from api.intake.risk import blocklist
from api.intake.risk.case import cases_of
from api.intake.risk.digests import IBAN, KINDS, MAIL, NETWORK, PHONE
from api.intake.risk.replay import Difference, replay
from api.ruleset import Rule, RuleSet
from api.tables import Order

RULES = click.option(
    "--rules",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of rules that is not in use.",
)
OF_ORDER = {
    MAIL: lambda case: case.who["email"],
    PHONE: lambda case: case.who["phone"],
    IBAN: lambda case: case.iban,
    NETWORK: lambda case: case.client_ip,
}


@click.group("risk")
def risk_group() -> None:
    """The risk check of new orders."""


@risk_group.command("rules")
@RULES
@AS_JSON
def risk_rules(file: Path | None, *, as_json: bool) -> None:
    """List the rules in use, or those of a file; a file that cannot be used is refused with the line's name."""
    rules = _rules(equip(settings.load()), file)
    bands = f"from {rules.bands.contract} points contract, {rules.bands.review} review, {rules.bands.refuse} refuse"
    lines = [f"rules {rules.version} ({rules.digest}): {bands}"]
    lines += [_line(name, rule) for name, rule in rules.rules.items()]
    show({"digest": rules.digest, **msgspec.to_builtins(rules)}, as_json=as_json, line="\n".join(lines))


@risk_group.command("replay")
@RULES
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only orders from that day on (UTC).")
@AS_JSON
def risk_replay(file: Path | None, since: datetime | None, *, as_json: bool) -> None:
    """Try rules on past orders, on the facts that were known then. Nothing is changed and nobody is asked.

    Shows the orders that would have been offered something else.
    """
    equipment = equip(settings.load())
    rules = _rules(equipment, file)
    since = None if since is None else since.replace(tzinfo=UTC)
    found = run(replay(rules, limits_factor=equipment.settings.risk.limits_factor, since=since))
    moves = Counter(f"{one.before} → {one.after}" for one in found.differing)
    lines = [_difference(one) for one in found.differing]
    lines.append(f"{len(found.differing)} of {found.orders} orders would have been offered something else")
    lines += [f"  {number:>6} {move}" for move, number in sorted(moves.items())]
    lines.append(f"{found.other_points} more would have had other points, and be offered the same")
    show(found, as_json=as_json, line="\n".join(lines))


@click.group("blocklist")
def blocklist_group() -> None:
    """What no order is wanted from. Only digests are kept."""


@blocklist_group.command("add")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("value", default="-")
@click.option("--order", "cart_id", help="Take it from this order.")
@click.option("--reason", required=True, help="Why, for colleagues; without personal data.")
@AS_JSON
def blocklist_add(kind: str, value: str, cart_id: str | None, reason: str, *, as_json: bool) -> None:
    """Block VALUE, a network (any address in it), mail address, mail domain, telephone or IBAN.

    Without VALUE it is read from standard input, so that it stands in no list of processes.
    """
    equipment = equip(settings.load())

    async def work() -> int:
        text = value if cart_id is None else await _of_order(equipment, kind, cart_id)
        text = sys.stdin.readline().strip() if text == "-" else text
        return await blocklist.add(equipment.seal, kind, text, reason=reason, actor=OPERATOR)

    try:
        number = run(work())
    except (ImplausibleError, blocklist.BlockedAlreadyError) as error:
        raise click.ClickException(f"{kind}: {error}") from error
    show({"number": number, "kind": kind}, as_json=as_json, line=f"line {number}: a {kind} is blocked")


@blocklist_group.command("list")
@AS_JSON
def blocklist_list(*, as_json: bool) -> None:
    """List who blocked what kind of thing, when and why."""
    rows = run(blocklist.listed())
    lines = [
        f"{row['id']:>5}  {row['kind']:<11} {row['at']:%Y-%m-%d %H:%M}  {row['actor']}  {row['reason']}" for row in rows
    ]
    show(rows, as_json=as_json, line="\n".join(lines) or "nothing is blocked")


@blocklist_group.command("remove")
@click.argument("number", type=int)
@AS_JSON
def blocklist_remove(number: int, *, as_json: bool) -> None:
    """Take line NUMBER off the list."""
    run(blocklist.remove(number, actor=OPERATOR))
    show({"number": number}, as_json=as_json, line=f"line {number} is gone")


def _rules(equipment: Equipment, file: Path | None) -> RuleSet:
    return equipment.catalogue.risk if file is None else read(file, RuleSet)


def _difference(one: Difference) -> str:
    why = " ".join([*(f"+{rule}" for rule in one.gained), *(f"-{rule}" for rule in one.lost)])
    return f"{one.cart_id}  {one.before} → {one.after}  {one.points_before} → {one.points_after} points  {why}"


def _line(name: str, rule: Rule) -> str:
    ((condition, wanted),) = rule.condition.items()
    on = " " if rule.on else "-"
    forced = rule.outcome or ""
    return (
        f"{on} {rule.points:>5} {forced:<9} {name:<24} {rule.fact} {condition} {msgspec.json.encode(wanted).decode()}"
    )


async def _of_order(equipment: Equipment, kind: str, cart_id: str) -> str:
    order_id = await order_of(cart_id)
    cases = await cases_of(equipment, await Order.select().where(Order.id == order_id))
    case: Any = cases.get(order_id)
    text = None if case is None or kind not in OF_ORDER else OF_ORDER[kind](case)
    if not text:
        raise LookupError(f"this order has no {kind}")
    return str(text)
