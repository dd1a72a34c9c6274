"""Commands for the operator: keys, database, services, staff, orders. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

import click
import msgspec

from api import counters, journal, keys, orders, settings, staff
from api.activation.acceptance import NameTakenError, accept
from api.activation.contracts.document import contract_pdf
from api.console.cart import cart_view
from api.console.search import search
from api.engine import opened
from api.engine.sqlite import NotOpenError
from api.equipment import equip
from api.identity import NotThereError
from api.intake.cart import heard
from api.intake.risk.assessments import Reason
from api.lifecycle import OrderEvent, OrderState
from api.migrations.history import migrate as run_history
from api.piccolo_conf import DB
from api.provisioning import jobs
from api.tables import Order

T = TypeVar("T")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
REASON = click.option("--reason", help="Why, for colleagues and the journal; without personal data.")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,31}\Z")
REFUSALS = (NameTakenError, NotOpenError, staff.StaffExistsError)


def operator(environment: Mapping[str, str] = os.environ) -> str:
    """Return who types, for the journal: whoever called sudo, if somebody did."""
    person = environment.get("SUDO_USER", "")
    return journal.staff(f"console {person}" if NAME.match(person) else "console")


OPERATOR = operator()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* with the database open; what it refuses is told to the operator, with exit code 1."""

    async def inside() -> T:
        async with opened(DB):
            return await work

    try:
        return asyncio.run(inside())
    except REFUSALS as error:
        raise click.ClickException(str(error)) from error


def show(value: Any, *, as_json: bool, line: str) -> None:
    """Print *value* as JSON, or *line* for a person."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() if as_json else line)


@click.command()
def init() -> None:
    """Make the keys and bring the database up to date; harmless when repeated."""
    made = keys.make_missing(settings.load().keys)
    for path in made:
        click.echo(f"made {path}; keep a copy away from the database's backup")
    click.echo(f"{len(run(run_history()))} steps of the database's history were run")


@click.command()
def migrate() -> None:
    """Bring the database up to date."""
    click.echo(f"{len(run(run_history()))} steps of the database's history were run")


@click.command("check-config")
@AS_JSON
def check_config(*, as_json: bool) -> None:
    """Read settings, keys and catalogue as the services do, and say what is wrong."""
    equipment = equip(settings.load())
    keys.job_signing_key(equipment.settings.keys.job_signing)
    catalogue = equipment.catalogue
    found = {"tariffs": sorted(catalogue.tariffs), "terms": catalogue.terms_version, "risk": catalogue.risk.version}
    line = f"in order: tariffs {', '.join(found['tariffs'])}, terms {found['terms']}, rules of risk {found['risk']}"
    show(found, as_json=as_json, line=line)


@click.group("staff")
def staff_group() -> None:
    """Persons who may use the staff routes."""


@staff_group.command("add")
@click.argument("name")
@AS_JSON
def staff_add(name: str, *, as_json: bool) -> None:
    """Give the person NAME a token; it is shown this once."""
    token = run(staff.add(name))
    show({"name": name, "token": token}, as_json=as_json, line=token)


@staff_group.command("revoke")
@click.argument("name")
def staff_revoke(name: str) -> None:
    """Make the token of NAME worthless."""
    if not run(staff.revoke(name)):
        raise click.ClickException(f"{name} has no token")
    click.echo(f"{name} has no token any more")


@click.group("epoch")
def epoch_group() -> None:
    """What a restore from a backup has to raise."""


@epoch_group.command("raise")
@click.option(
    "--gap", default=1000, show_default=True, help="Numbers to leave out: more than were given since the backup."
)
def epoch_raise(gap: int) -> None:
    """Make every attempt and number from now on newer than all before the restore; run it before the services start."""

    async def work() -> None:
        async with DB.transaction():
            epoch = await counters.take(counters.EPOCH)
            last = {name: await counters.skip(name, gap) for name in counters.SEEN_OUTSIDE}
            await journal.write(
                subject="epoch", subject_id=epoch, event="EPOCH_RAISED", actor=OPERATOR, facts=last | {"gap": gap}
            )
        click.echo(f"the epoch is {epoch}; numbers go on above {', '.join(f'{n} ({c})' for c, n in last.items())}")

    run(work())


@click.group("order")
def order_group() -> None:
    """Orders, by their cart ID."""


@order_group.command("list")
@click.argument("query", default="")
@click.option(
    "--state", type=click.Choice(list(OrderState)), help="Only those, the oldest first: IN_REVIEW is a queue."
)
@AS_JSON
def order_list(query: str, state: str | None, *, as_json: bool) -> None:
    """List the newest orders, or those that fit QUERY (cart ID, number, name, domain, mail address)."""
    found = run(search(query, None if state is None else OrderState(state)))
    lines = []
    for cart in found:
        lines.append(f"{cart.cart_id}  {cart.state:<20} {cart.name}  {', '.join(cart.domains)}")
        if state is not None:
            lines += [reason_line(reason) for reason in cart.reasons]
    show(found, as_json=as_json, line="\n".join(lines))


@order_group.command("show")
@click.argument("cart_id")
@AS_JSON
def order_show(cart_id: str, *, as_json: bool) -> None:
    """Show all of an order."""
    equipment = equip(settings.load())

    async def work() -> Any:
        return await cart_view(equipment, await order_of(cart_id))

    cart = run(work())
    lines = [f"{cart.cart_id}  {cart.state}  order {cart.number}  customer {cart.customer.number}"]
    if cart.risk is not None:
        lines.append(f"risk: {cart.risk.outcome} by {cart.risk.points} points, rules {cart.risk.ruleset}")
        lines += [*map(reason_line, cart.risk.reasons), *(f"  not known  {note}" for note in cart.risk.notes)]
    lines += [f"{entry.at:%d.%m. %H:%M:%S}  {entry.subject} {entry.event}  {entry.actor}" for entry in cart.journal]
    show(cart, as_json=as_json, line="\n".join(lines))


def reason_line(reason: Reason) -> str:
    """Return a rule that fitted as a line for a person."""
    forced = f", {reason.outcome} at most" if reason.outcome else ""
    return f"  {reason.points:>4} {reason.rule} ({reason.fact}: {reason.value}{forced}): {reason.text.en}"


@order_group.command("accept")
@click.argument("cart_id")
@REASON
@AS_JSON
def order_accept(cart_id: str, reason: str | None, *, as_json: bool) -> None:
    """Accept an order, as when the signed contract lies before you."""
    equipment = equip(settings.load())

    async def work() -> str:
        order_id = await order_of(cart_id)
        facts = journal.because(reason)
        await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=OPERATOR, facts=facts)
        return await orders.state_of(order_id)

    state = run(work())
    show({"cart_id": cart_id, "state": state}, as_json=as_json, line=f"{cart_id} is {state}")


@order_group.command("contract")
@click.argument("cart_id")
@click.option("-o", "--output", type=click.Path(dir_okay=False), required=True, help="The PDF to write; - prints it.")
@AS_JSON
def order_contract(cart_id: str, output: str, *, as_json: bool) -> None:
    """Write an order's contract as a PDF, the same one that the customer gets."""
    equipment = equip(settings.load())

    async def work() -> bytes:
        return await contract_pdf(equipment, await order_of(cart_id))

    made = run(work())
    with click.open_file(output, "wb") as file:
        file.write(made)
    if output != "-":
        show({"cart_id": cart_id, "file": output, "bytes": len(made)}, as_json=as_json, line=f"wrote {output}")


@order_group.command("retry")
@click.argument("cart_id")
@AS_JSON
def order_retry(cart_id: str, *, as_json: bool) -> None:
    """Hand a parked account out again."""

    async def work() -> str:
        order_id = await order_of(cart_id)
        async with DB.transaction():
            await jobs.retry(order_id, actor=OPERATOR)
        return await orders.state_of(order_id)

    state = run(work())
    show({"cart_id": cart_id, "state": state}, as_json=as_json, line=f"{cart_id} is {state}")


async def order_of(cart_id: str) -> int:
    """Return the id of the order that *cart_id* names, however it was spoken.

    Raises:
        NotThereError: there is none.
    """
    row = await Order.select(Order.id).where(Order.cart_id == (heard(cart_id) or "")).first()
    if row is None:
        raise NotThereError("there is no such order; is the cart ID right?")
    return int(row["id"])
