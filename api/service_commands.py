"""Commands for what contracts are charged for: end, resume, change of tariff. Exit 0 done, 1 refused, 2 wrong usage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import click
import idna

from api import settings
from api.activation import tariffs
from api.billing import services
from api.billing.services import Ended
from api.billing_commands import DAY, money
from api.commands import AS_JSON, OPERATOR, run, show
from api.equipment import equip
from api.ledger_commands import billing_group
from api.piccolo_conf import DB
from api.tables import Order

ORDER = click.argument("order_number", type=int)
YES = click.option("--yes", is_flag=True, help="Do not ask.")


def _label(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the A-label of a domain in either spelling."""
    try:
        return value and idna.encode(value, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise click.BadParameter("this is no domain name") from error


@billing_group.command("end")
@ORDER
@click.option("--on", "day", type=DAY, required=True, help="The first day that is not charged.")
@click.option("--domain", callback=_label, help="Only what belongs to this domain.")
@YES
@AS_JSON
def billing_end(order_number: int, *, day: datetime, domain: str | None, yes: bool, as_json: bool) -> None:
    """End the services of an order on a day, after showing what is given back of what was charged beyond."""

    async def end() -> Ended:
        return _some(await services.end(await _order(order_number), day.date(), actor=OPERATOR, item=domain), day)

    _after_a_look(end, yes=yes, as_json=as_json)
    line = f"order {order_number} is not charged any more from {day:%Y-%m-%d} on"
    show({"order": order_number, "ends_on": day.date(), "domain": domain}, as_json=as_json, line=line)


@billing_group.command("resume")
@ORDER
@click.option("--on", "day", type=DAY, required=True, help="The first day that is charged again.")
def billing_resume(order_number: int, *, day: datetime) -> None:
    """Charge an order's services again, from a day on, at their old price."""
    equipment = equip(settings.load())

    async def work() -> None:
        async with DB.transaction():
            if not await services.resume(equipment, await _order(order_number), day.date(), actor=OPERATOR):
                raise click.ClickException("nothing of it was ended; nothing is changed")

    run(work())
    click.echo(f"order {order_number} is charged again from {day:%Y-%m-%d} on")


@billing_group.command("change-tariff")
@ORDER
@click.argument("tariff")
@click.option("--on", "day", type=DAY, required=True, help="The first day that the new tariff is charged.")
@YES
@AS_JSON
def billing_change_tariff(order_number: int, tariff: str, *, day: datetime, yes: bool, as_json: bool) -> None:
    """Have an order go over to TARIFF as it is on sale, after showing what changes; its account follows at once."""
    equipment = equip(settings.load())

    async def change() -> Ended:
        order = await _order(order_number)
        return _some(await tariffs.change(equipment, order, tariff, day.date(), actor=OPERATOR), day)

    try:
        changes = run(_differences(order_number, tariff))
        _after_a_look(change, changes, yes=yes, as_json=as_json)
    except tariffs.TariffRefusedError as error:
        raise click.ClickException(str(error)) from error
    line = f"order {order_number} is charged as {tariff} from {day:%Y-%m-%d} on"
    show({"order": order_number, "tariff": tariff, "begins_on": day.date()}, as_json=as_json, line=line)


def _after_a_look(
    change: Callable[[], Awaitable[Ended]], changes: Sequence[str] = (), *, yes: bool, as_json: bool
) -> None:
    """Do *change* after saying what it comes to: it is done once to be undone, and once for good."""
    if not yes:
        seen = run(_transacted(change, is_dry=True))
        for line in changes:
            click.echo(line, err=as_json)
        click.echo(f"{seen.services} services end: {money(seen.back_cents).strip()} are given back", err=as_json)
        if seen.charged_cents:
            click.echo(f"{money(seen.charged_cents).strip()} are charged at once", err=as_json)
        click.confirm("Do so?", abort=True, err=as_json)
    run(_transacted(change))


async def _transacted(change: Callable[[], Awaitable[Ended]], *, is_dry: bool = False) -> Ended:
    async with DB.transaction() as transaction:
        done = await change()
        if is_dry:
            await transaction.rollback()  # type: ignore[no-untyped-call]
    return done


async def _differences(order_number: int, tariff: str) -> Sequence[str]:
    return await tariffs.differences(equip(settings.load()), await _order(order_number), tariff)


def _some(done: Ended, day: datetime) -> Ended:
    if not done.services:
        raise click.ClickException(f"nothing of that is charged on {day:%Y-%m-%d} or later; nothing is changed")
    return done


async def _order(number: int) -> int:
    row = await Order.select(Order.id).where(Order.number == number).first()
    if row is None:
        raise click.ClickException(f"there is no order {number}; is it the order's number (Auftragsnummer)?")
    return int(row["id"])
