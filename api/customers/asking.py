"""Asking for a link for a further order: the same answer for everybody, the mail only to the address on file.

What was typed is kept sealed for a moment and looked at in the background. So neither the answer nor the time that it
takes says whether somebody is a customer.
"""

from __future__ import annotations

from datetime import UTC, datetime

from api import allowances, journal
from api.customers import links, numbers, traits
from api.customers.tables import LinkRequest, Trait
from api.equipment import Equipment
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Customer, Order

BATCH = 50
MOST_OF_A_MAILBOX = 3
"""How many customers of one mail address are written to: several may share one."""

USE = "link request"
NUMBER, EMAIL = "number", "email"
LINK_SENT = "LINK_SENT"


async def ask(equipment: Equipment, kind: str, text: str, *, client_ip: str | None) -> None:
    """Keep the question of whoever calls, by customer number or mail address.

    Raises:
        TooSoonError: too many questions from the same neighbourhood of the network within an hour.
    """
    now = datetime.now(UTC)
    place = equipment.seal.derive("link neighbourhood", allowances.neighbourhood(client_ip))[:16].hex()
    async with DB.transaction():
        most = equipment.settings.orders.links_per_place_hourly
        if await allowances.take(f"links from {place}", f"{now:%Y-%m-%dT%H}", most) is None:
            raise allowances.TooSoonError("too many links were asked for", allowances.until_next_hour_s(now))
        await LinkRequest.insert(LinkRequest(asked_sealed=equipment.seal.seal(USE, f"{kind} {text}"), created_at=now))


async def answer_waiting(equipment: Equipment) -> int:
    """Look at the questions, the oldest first, and have links mailed; return how many there were."""
    waiting = await LinkRequest.select().order_by(LinkRequest.id).limit(BATCH)
    for row in waiting:
        async with DB.transaction():
            if not await LinkRequest.delete().where(LinkRequest.id == row["id"]).returning(LinkRequest.id):
                continue
            if datetime.now(UTC) - row["created_at"] < links.VALID_FOR:
                kind, _, text = equipment.seal.unseal(USE, row["asked_sealed"]).partition(" ")
                for customer in await _customers(equipment, kind, text):
                    await _mail(equipment, customer)
    return len(waiting)


async def _customers(equipment: Equipment, kind: str, text: str) -> list[int]:
    """Return the ids of the customers who are meant."""
    if kind == NUMBER:
        customer = await numbers.customer_of(int(text))
        return [] if customer is None else [customer]
    digest = traits.digest(equipment.seal, traits.MAIL, traits.normal_mail(text))
    same = (Trait.kind == traits.MAIL) & (Trait.digest == digest)
    found = await Trait.select(Trait.customer).where(same).order_by(Trait.customer).output(as_list=True)
    there: dict[int, None] = dict.fromkeys([await numbers.current(customer) for customer in found])
    return list(there)[:MOST_OF_A_MAILBOX]


async def _mail(equipment: Equipment, customer: int) -> None:
    """Have a link mailed to the address on file, unless there were enough of them today."""
    now = datetime.now(UTC)
    most = equipment.settings.orders.links_per_customer_daily
    if await allowances.take(f"links to {customer}", allowances.today(now), most) is None:
        return
    row = await Customer.select(Customer.number).where(Customer.id == customer).first()
    order = await Order.select(Order.id).where(Order.customer == customer).order_by(Order.id, ascending=False).first()
    if row is None or order is None:
        return
    seed = await links.make(equipment.seal, customer, now)
    written = await journal.write(subject="customer", subject_id=row["number"], event=LINK_SENT, actor="unknown")
    await outbox.tell("further_order", order["id"], written, context={"link": seed})
