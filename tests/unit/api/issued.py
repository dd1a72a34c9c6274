"""Invoices that went out: contracts accepted for real, billed, their documents made, archived and owed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec

from api.activation.acceptance import accept
from api.billing.documents import keeping, making
from api.billing.periods import today
from api.billing.run import Task, run
from api.billing.statement import Statement
from api.billing.tables import Invoice, Unissued
from api.equipment import Equipment
from api.lifecycle import OrderEvent
from api.piccolo_conf import DB
from api.sections import SellerFacts
from tests.unit.api.orderform import offered

STAFF = "staff:Anna"
FACTS = SellerFacts(
    name="Müller Hosting GmbH", contact="Buchhaltung", street="Laborweg 1", postal_code="10115", city="Berlin",
    email="rechnung@hosting.test", phone="+49301234567", vat_id="DE136695976", iban="DE89370400440532013000",
    bic="COBADEFFXXX", creditor_id="DE98ZZZ09999999999",
)  # fmt: skip
TODAY = today(FACTS.time_zone)


def hoster(equipment: Equipment, **changes: Any) -> Equipment:
    """Return *equipment* of a hoster who may send invoices; *changes* are the seller's."""
    seller = msgspec.structs.replace(FACTS, **changes)
    return replace(equipment, settings=msgspec.structs.replace(equipment.settings, seller=seller))


async def accepted(equipment: Equipment, *names: str, **changes: Any) -> int:
    """Place an order and accept it; return its id."""
    order_id = await offered(equipment, *names, **changes)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor=STAFF)
    return order_id


async def bill(equipment: Equipment, day: date = TODAY) -> list[str]:
    """Bill up to the day after *day* and issue; return the numbers of what went out."""
    await run(Task(equipment.settings.seller, day + timedelta(days=1), day, is_dry=False))
    return await issue(equipment)


async def issue(equipment: Equipment) -> list[str]:
    """Make and keep the documents of all that waits; return the numbers."""
    rows = await Invoice.select().where(Invoice.id.is_in(Unissued.select(Unissued.invoice))).order_by(Invoice.id)
    for row in rows:
        statement = msgspec.json.decode(row["statement"], type=Statement)
        made = await making.make(statement, equipment.settings.templates.folder)
        assert made.findings == ()
        async with DB.transaction():
            await Unissued.delete().where(Unissued.invoice == row["id"])
            await keeping.keep(row, statement, made)
    return [row["number"] for row in rows]
