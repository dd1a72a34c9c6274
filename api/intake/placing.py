"""Placing an order: once per Idempotency-Key, whatever is repeated, and answered the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from api import journal
from api.answers import FieldError, FieldsError, wrong
from api.customers import links, numbers
from api.customers.links import Link
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.identity import order_token
from api.intake.cart import new_cart_id
from api.intake.checks import Checked, check
from api.intake.form import Choice, FurtherOrderForm, Receipt
from api.intake.password import hashed
from api.lifecycle import OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Customer, Order, OrderDomain

KEY = re.compile(r"[\x20-\x7e]{1,255}\Z")
COLLISIONS = 5


class KeyMissingError(ValueError):
    """No Idempotency-Key, or one that is none."""


class KeyReusedError(ValueError):
    """An Idempotency-Key that came with another order."""


class Sender(NamedTuple):
    """Who hands an order in."""

    #: "customer" or "staff:<name>".
    actor: str
    client_ip: str | None
    #: What lets in a further order of a customer who sends it without staff.
    link: Link | None = None


async def place(equipment: Equipment, form: Choice, *, key: str | None, sender: Sender) -> Receipt:
    """Take *form* as the order of *key*; the same key and form again are the same order with the same answer.

    Raises:
        KeyMissingError: *key* is none.
        KeyReusedError: it came with another form before.
        FieldsError: the order cannot be meant; nothing is stored.
        SpentLinkError: the link that came with it lets nothing in any more.
    """
    if key is None or not KEY.match(key):
        raise KeyMissingError("send a header Idempotency-Key with 1 to 255 printable characters, new for each order")
    key_digest = equipment.seal.derive("idempotency key", key).hex()
    body_digest = equipment.seal.derive("order body", msgspec.json.encode(form).decode()).hex()
    known = await _known(equipment, key_digest, body_digest)
    if known is not None:
        return known
    if sender.link is not None:
        await links.require_open(sender.link)
    checked = check(form, equipment.catalogue)
    await _ask_database(checked)
    order = _order(equipment, form, checked, sender)
    if isinstance(form, FurtherOrderForm):
        await _attach(order, form.customer.number, sender.link)
    order.idempotency_key, order.body_digest = key_digest, body_digest
    order.password_hash = await hashed(form.password, equipment.hashing, equipment.settings.orders.hashing_rounds)
    for _ in range(COLLISIONS):
        order.cart_id = new_cart_id()
        try:
            await _store(equipment, order, checked, sender)
        except Exception as error:
            if not is_conflict(error):
                raise
            known = await _known(equipment, key_digest, body_digest)
            if known is not None:
                return known
        else:
            return _receipt(equipment, order.cart_id)
    raise RuntimeError("no free cart ID was found")


async def _known(equipment: Equipment, key_digest: str, body_digest: str) -> Receipt | None:
    """Return the answer that this key got before."""
    row = await Order.select(Order.cart_id, Order.body_digest).where(Order.idempotency_key == key_digest).first()
    if row is None:
        return None
    if row["body_digest"] != body_digest:
        raise KeyReusedError("this Idempotency-Key came with another order; take a new key for a new order")
    return _receipt(equipment, row["cart_id"])


def _receipt(equipment: Equipment, cart_id: str) -> Receipt:
    url = f"{equipment.settings.http.public_url}/api/v1/orders/{cart_id}"
    return Receipt(cart_id, order_token(equipment, cart_id), OrderState.SUBMITTED.value, url)


async def _ask_database(checked: Checked) -> None:
    """Refuse early what acceptance would refuse: names that are hosted."""
    names = [domain.name for domain in checked.domains]
    held = (
        await OrderDomain.select(OrderDomain.held_name).where(OrderDomain.held_name.is_in(names)).output(as_list=True)
    )
    errors = [
        FieldError(f"domains.{position}.name", "is hosted here already")
        for position, name in enumerate(names)
        if name in held
    ]
    if errors:
        raise FieldsError(*errors)


def _order(equipment: Equipment, form: Choice, checked: Checked, sender: Sender) -> Order:
    """Return the row of an order, without its cart ID, digests and password."""
    now = datetime.now(UTC)
    return Order(
        state=OrderState.SUBMITTED.value,
        tariff=form.tariff,
        tariff_version=checked.tariff.version,
        billing_interval_months=form.billing_interval_months,
        language=form.language,
        terms_version=equipment.catalogue.terms_version,
        terms_accepted_at=now,
        search_text="" if checked.applicant is None else _search_text(msgspec.structs.asdict(checked.applicant)),
        applicant=msgspec.json.encode(_applicant(equipment, form, checked)).decode(),
        client_ip=sender.client_ip,
        created_at=now,
    )


async def _attach(order: Order, number: int, link: Link | None) -> None:
    """Make *order* one of the customer who has this *number*; by a *link* only that of the link's own customer."""
    found = await numbers.customer_of(number)
    customer = await Customer.select().where(Customer.id == found).first() if found is not None else None
    if link is not None and found != await numbers.current(link.customer):
        raise links.SpentLinkError("the link is another customer's")
    if customer is None:
        raise wrong("customer.number", "is no customer's number")
    order.customer = customer["id"]
    order.search_text = _search_text(customer)


def _search_text(who: Mapping[str, Any]) -> str:
    parts = (who["given_name"], who["family_name"], who["company"] or "", who["email"])
    return " ".join(parts).casefold()


def _applicant(equipment: Equipment, form: Choice, checked: Checked) -> dict[str, Any]:
    """Return what is kept of the form until acceptance files it; the account number sealed."""
    kept: dict[str, Any] = {} if checked.applicant is None else msgspec.structs.asdict(checked.applicant)
    if (payment := checked.payment) is not None:
        kept |= {
            "payment_method": payment.method,
            "iban_sealed": None if payment.iban is None else equipment.seal.seal("iban", payment.iban),
            "iban_last4": None if payment.iban is None else payment.iban[-4:],
            "account_holder": payment.account_holder,
        }
    if form.form is not None:
        kept["form"] = msgspec.structs.asdict(form.form)
    return kept


async def _store(equipment: Equipment, order: Order, checked: Checked, sender: Sender) -> None:
    """Write order, domains, journal row and first mail in one transaction."""
    async with DB.transaction():
        order_id = (await Order.insert(order).returning(Order.id))[0]["id"]
        if sender.link is not None:
            await links.spend(sender.link, order_id)
        await OrderDomain.insert(*(
            OrderDomain(
                order=order_id,
                position=position,
                name=domain.name,
                action=domain.action,
                auth_code_sealed=None
                if domain.auth_code is None
                else equipment.seal.seal("auth code", domain.auth_code),
                state="REQUESTED",
                changed_at=order.created_at,
            )
            for position, domain in enumerate(checked.domains)
        ))  # fmt: skip
        row = await journal.write(
            subject="order", subject_id=order_id, order=order_id, event="SUBMITTED", actor=sender.actor,
            after=OrderState.SUBMITTED, facts={"tariff": order.tariff, "terms": order.terms_version}, public=True,
        )  # fmt: skip
        await outbox.tell("order_received", order_id, row)
