"""Acceptance: the one transaction that makes an order a contract.

Customer number (*Kundennummer*), order number (*Auftragsnummer*), the names, the service entries (*Leistungseinträge*),
the account with its draw and job, the mail: all of it, or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api import counters, orders
from api.billing import services
from api.customers import numbers
from api.domains import registration
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.lifecycle import OrderEvent
from api.mandate import mandate_reference
from api.notices import outbox
from api.piccolo_conf import DB
from api.provisioning import handoff
from api.tables import Customer, Order

FILED = (
    "kind", "company", "given_name", "family_name", "street", "postal_code", "city", "country", "email", "phone",
    "vat_id", "payment_method", "iban_sealed", "iban_last4", "account_holder",
)  # fmt: skip
"""What an applicant becomes as a customer."""


class NameTakenError(Exception):
    """Another order was accepted first with one of the names."""


async def accept(
    equipment: Equipment, order_id: int, event: OrderEvent, *, actor: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Make order *order_id* a contract, because of *event*. Joins the caller's transaction if there is one.

    *facts* go into the journal.

    Raises:
        IllegalMoveError: the order is in no state to be accepted.
        NameTakenError: a domain is hosted already. Nothing is changed.
    """
    try:
        async with DB.transaction():
            row = await orders.move(order_id, event, actor=actor, facts=facts)
            (order,) = await Order.select().where(Order.id == order_id)
            customer = await numbers.current(order["customer"]) if order["customer"] else await _file_customer(order)
            await Order.update({
                Order.customer: customer,
                Order.number: await counters.take(counters.ORDER),
                Order.accepted_at: datetime.now(UTC),
            }).where(Order.id == order_id)  # fmt: skip
            await registration.begin(order_id)
            await services.begin(equipment, order_id)
            await handoff.open_account(order_id, equipment.catalogue.tariffs[order["tariff"]])
            await outbox.tell("contract_accepted", order_id, row)
    except Exception as error:
        if is_conflict(error):
            raise NameTakenError("one of the domains is hosted here by now; the order cannot be accepted") from error
        raise


async def _file_customer(order: dict[str, Any]) -> int:
    """File the applicant of *order* as a new customer; return the row's id."""
    said = json.loads(order["applicant"])
    customer = Customer(
        number=await counters.take(counters.CUSTOMER),
        language=order["language"],
        created_at=datetime.now(UTC),
        mandate_reference=mandate_reference(order["cart_id"]),
        **{name: said.get(name) for name in FILED},
    )
    return int((await Customer.insert(customer).returning(Customer.id))[0]["id"])
