"""An order on a staff member's screen: everything that is known of it, no secret among it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from api.console.arrivals import CartReturn, returns_of
from api.equipment import Equipment
from api.intake.risk import assessments
from api.notices.tables import Outbox
from api.provisioning import view
from api.shop.page import OrderPage, Time, order_page
from api.tables import Customer, Journal, Order

PERSON = (
    "kind", "company", "given_name", "family_name", "street", "postal_code", "city", "country", "email", "phone",
    "vat_id", "payment_method", "iban_last4", "account_holder",
)  # fmt: skip


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Who ordered; of the bank account only the last digits."""

    #: Kundennummer; null before acceptance.
    number: int | None
    kind: str
    company: str | None
    given_name: str
    family_name: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str
    phone: str
    vat_id: str | None
    payment_method: str | None
    iban_last4: str | None
    account_holder: str | None


class Entry(msgspec.Struct, frozen=True):
    """A row of the journal, whole."""

    at: Time
    subject: str
    subject_id: str
    event: str
    state_before: str | None
    state_after: str | None
    actor: str
    facts: Mapping[str, Any]


class MailLine(msgspec.Struct, frozen=True):
    """A mail or short message of the order."""

    kind: str
    channel: str
    state: str
    tries: int
    created_at: Time
    sent_at: Time | None
    problem: str | None


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """All of one order."""

    order: OrderPage
    cart_id: str
    number: int | None
    state: str
    customer: PersonView
    terms_version: str
    terms_accepted_at: Time
    accepted_at: Time | None
    client_ip: str | None
    #: Why the customer is offered what is offered; null until the order was checked.
    risk: assessments.RiskView | None
    journal: Sequence[Entry]
    mails: Sequence[MailLine]
    #: Contracts that came back.
    returns: Sequence[CartReturn]
    draw: view.DrawView | None
    job: view.JobView | None


async def cart_view(equipment: Equipment, order_id: int) -> CartView:
    """Return all of order *order_id*."""
    page = await order_page(equipment.settings, order_id)
    (order,) = await Order.select().where(Order.id == order_id)
    entries = await Journal.select().where(Journal.order == order_id).order_by(Journal.id)
    mails = await Outbox.select().where(Outbox.order == order_id).order_by(Outbox.id)
    return CartView(
        order=page,
        cart_id=page.cart_id,
        number=page.number,
        state=page.state,
        customer=await person_of(order),
        terms_version=order["terms_version"],
        terms_accepted_at=order["terms_accepted_at"],
        accepted_at=order["accepted_at"],
        client_ip=order["client_ip"],
        risk=(await assessments.newest([order_id])).get(order_id),
        journal=[
            Entry(
                row["at"], row["subject"], row["subject_id"], row["event"], row["state_before"], row["state_after"],
                row["actor"], json.loads(row["facts"]),
            )
            for row in entries
        ],
        mails=[
            MailLine(
                row["kind"], row["channel"], row["state"], row["tries"], row["created_at"], row["sent_at"],
                row["problem"],
            )
            for row in mails
        ],
        returns=await returns_of(order_id),
        draw=await view.draw_of(order_id),
        job=await view.job_of(order_id),
    )  # fmt: skip


async def person_of(order: Mapping[str, Any]) -> PersonView:
    """Return who made *order*: the customer, or who wants to become one."""
    if order["customer"] is not None:
        (customer,) = await Customer.select().where(Customer.id == order["customer"])
        return person_view(customer)
    return person_view(json.loads(order["applicant"]))


def person_view(said: Mapping[str, Any]) -> PersonView:
    """Return the view of a customer's row or an applicant."""
    return msgspec.convert({"number": said.get("number")} | {name: said.get(name) for name in PERSON}, PersonView)
