"""The page of an order, for the customer: state, what is on offer, what happened, domains, the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from api.billing import views
from api.billing.statement import Kind
from api.domains.registrar import Reason
from api.domains.trades import reason_of
from api.identity import NotThereError
from api.intake.names import spoken
from api.lifecycle import DomainState, OrderState
from api.provisioning import view
from api.tables import Journal, Order, OrderDomain

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Moment(msgspec.Struct, frozen=True):
    """Something that happened to the order."""

    at: Time
    #: What it is about: order, domain, account.
    subject: str
    event: str
    state: str | None
    #: Which domain, where it is about one.
    name: str | None


class DomainLine(msgspec.Struct, frozen=True):
    """A domain of the order, in both spellings."""

    name: str
    unicode: str
    action: str
    state: DomainState
    changed_at: Time
    #: Why the registry refused it, while it is REFUSED: with a wrong code, a lock and the like another code goes on.
    reason: Reason | None = None


class InvoiceNote(msgspec.Struct, frozen=True):
    """An invoice or credit note that has something of the order on it."""

    number: str
    kind: Kind
    issued_on: date
    due_on: date
    #: Of the whole invoice.
    gross_cents: int


class OrderPage(msgspec.Struct, frozen=True):
    """An order as its customer sees it."""

    cart_id: str
    state: OrderState
    #: Auftragsnummer, from acceptance on.
    number: int | None
    tariff: str
    billing_interval_months: int
    #: Ways of activation on offer now: sms, contract.
    offered: Sequence[str]
    created_at: Time
    #: Until when it waits for activation.
    expires_at: Time | None
    timeline: Sequence[Moment]
    domains: Sequence[DomainLine]
    #: From ACTIVE on.
    account: view.AccountView | None
    invoices: Sequence[InvoiceNote]


async def order_page(settings: Any, order_id: int) -> OrderPage:
    """Return the page of order *order_id*."""
    order = await Order.select().where(Order.id == order_id).first()
    if order is None:
        raise NotThereError("there is no such order")
    state = OrderState(order["state"])
    return OrderPage(
        cart_id=order["cart_id"],
        state=state,
        number=order["number"],
        tariff=order["tariff"],
        billing_interval_months=order["billing_interval_months"],
        offered=msgspec.json.decode(order["offered"]) if state is OrderState.AWAITING_ACTIVATION else [],
        created_at=order["created_at"],
        expires_at=order["expires_at"] if state is OrderState.AWAITING_ACTIVATION else None,
        timeline=await timeline(order_id),
        domains=await domains_of(order_id),
        account=await view.account_of(order_id, settings) if state is OrderState.ACTIVE else None,
        invoices=await invoices_of(order_id) if order["number"] else [],
    )


async def invoices_of(order_id: int) -> list[InvoiceNote]:
    """Return what was issued for the order, the oldest first."""
    return [
        InvoiceNote(row["number"], row["kind"], row["issued_on"], row["due_on"], row["gross_cents"])
        for row in await views.of_order(order_id)
    ]


async def timeline(order_id: int) -> list[Moment]:
    """Return what the customer may know of what happened, in order."""
    rows = await Journal.select().where(Journal.order == order_id, Journal.public.eq(True)).order_by(Journal.id)
    return [
        Moment(
            row["at"], row["subject"], row["event"], row["state_after"],
            row["subject_id"] if row["subject"] == "domain" else None,
        )
        for row in rows
    ]  # fmt: skip


async def domains_of(order_id: int) -> list[DomainLine]:
    """Return the domains of the order, as they were ordered."""
    rows = await OrderDomain.select().where(OrderDomain.order == order_id).order_by(OrderDomain.position)
    return [
        DomainLine(
            row["name"], spoken(row["name"]), row["action"], DomainState(row["state"]), row["changed_at"],
            await reason_of(row["id"]) if row["state"] == DomainState.REFUSED else None,
        )
        for row in rows
    ]  # fmt: skip
