"""Placing an order: once per Idempotency-Key, whatever is repeated, and answered the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from api import allowances, journal
from api.answers import FieldError, FieldsError, wrong
from api.customers import links, numbers
from api.customers.links import Link
from api.engine.conflicts import is_conflict
from api.engine.together import IdOf, Row
from api.equipment import Equipment
from api.identity import order_token
from api.intake.cart import new_cart_id
from api.intake.checks import Checked, check
from api.intake.form import Choice, FurtherOrderForm, Receipt
from api.intake.password import hashed
from api.intake.risk.digests import mailbox
from api.lifecycle import DomainState, OrderState
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import Customer, Order

KEY = re.compile(r"[\x20-\x7e]{1,255}\Z")
COLLISIONS = 5

LOOK = (
    "SELECT cart_id, body_digest, NULL AS held_name FROM orders WHERE idempotency_key = {{}}"
    " UNION ALL SELECT NULL, NULL, held_name FROM order_domain WHERE held_name IN ({names})"
)
"""What is known of a key, and which of the names are hosted."""


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
        TooSoonError: too many from there, or with that mailbox; nothing is stored and nobody gets a mail.
    """
    if key is None or not KEY.match(key):
        raise KeyMissingError("send a header Idempotency-Key with 1 to 255 printable characters, new for each order")
    key_digest = equipment.seal.derive("idempotency key", key).hex()
    body_digest = equipment.seal.derive("order body", msgspec.json.encode(form).decode()).hex()
    try:
        checked = check(form, equipment.catalogue)
    except FieldsError:
        if known := await _look(equipment, key_digest, body_digest):
            return known  # what is on offer changed since
        raise
    if known := await _look(equipment, key_digest, body_digest, [domain.name for domain in checked.domains]):
        return known
    if sender.link is not None:
        await links.require_open(sender.link)
    order = _order(equipment, form, checked, sender) | {"idempotency_key": key_digest, "body_digest": body_digest}
    recipient = await _attach(order, form, checked, sender.link)
    if sender.actor == journal.CUSTOMER and sender.link is None:
        _take_share(equipment, sender.client_ip, recipient)
    order["password_hash"] = await hashed(form.password, equipment.hashing, equipment.settings.orders.hashing_rounds)
    return await _store_once(equipment, order, _rows(equipment, order, checked, sender.actor, recipient), sender.link)


def _take_share(equipment: Equipment, client_ip: str | None, email: str) -> None:
    """Count an order that anybody could have sent, to whatever address was typed.

    Raises:
        TooSoonError: the neighbourhood of the network, or the mailbox, has had its share.
    """
    now, limits = datetime.now(UTC), equipment.settings.orders
    place = allowances.neighbourhood(client_ip)
    if not equipment.shares.take(f"orders from {place}", f"{now:%Y-%m-%dT%H}", limits.per_place_hourly):
        raise allowances.TooSoonError("too many orders came from there", allowances.until_next_hour_s(now))
    if not equipment.shares.take(f"orders of {mailbox(email)}", allowances.today(now), limits.per_mailbox_daily):
        message = "too many orders came with this mail address today"
        raise allowances.TooSoonError(message, allowances.until_tomorrow_s(now))


async def _store_once(equipment: Equipment, order: dict[str, Any], rows: Sequence[Row], link: Link | None) -> Receipt:
    """Write *order*, the first of *rows*, under a free cart ID; what came with its key meanwhile answers instead."""
    for _ in range(COLLISIONS):
        order["cart_id"] = new_cart_id()
        try:
            await _store(rows, link)
        except Exception as error:
            if not is_conflict(error):
                raise
            if known := await _look(equipment, order["idempotency_key"], order["body_digest"]):
                return known
        else:
            return _receipt(equipment, order["cart_id"])
    raise RuntimeError("no free cart ID was found")


async def _look(equipment: Equipment, key_digest: str, body_digest: str, names: Sequence[str] = ()) -> Receipt | None:
    """Return the answer that this key got before, by one question with the one for *names* that are hosted.

    Raises:
        KeyReusedError: the key came with another order.
        FieldsError: the key is new, and acceptance would refuse one of *names*.
    """
    rows = await Order.raw(LOOK.format(names=", ".join(["{}"] * len(names)) or "NULL"), key_digest, *names)
    for row in rows:
        if row["cart_id"] is not None:
            if row["body_digest"] != body_digest:
                raise KeyReusedError("this Idempotency-Key came with another order; take a new key for a new order")
            return _receipt(equipment, row["cart_id"])
    held = {row["held_name"] for row in rows}
    errors = [
        FieldError(f"domains.{position}.name", "is hosted here already")
        for position, name in enumerate(names)
        if name in held
    ]
    if errors:
        raise FieldsError(*errors)
    return None


def _receipt(equipment: Equipment, cart_id: str) -> Receipt:
    url = f"{equipment.settings.http.public_url}/api/v1/orders/{cart_id}"
    return Receipt(cart_id, order_token(equipment, cart_id), OrderState.SUBMITTED.value, url)


def _order(equipment: Equipment, form: Choice, checked: Checked, sender: Sender) -> dict[str, Any]:
    """Return the row of an order, without its cart ID, digests and password."""
    now = datetime.now(UTC)
    return {
        "state": OrderState.SUBMITTED.value,
        "tariff": form.tariff,
        "tariff_version": checked.tariff.version,
        "billing_interval_months": form.billing_interval_months,
        "language": form.language,
        "terms_version": equipment.catalogue.terms_version,
        "terms_accepted_at": now,
        "search_text": "" if checked.applicant is None else search_text(msgspec.structs.asdict(checked.applicant)),
        "applicant": msgspec.json.encode(_applicant(equipment, form, checked)).decode(),
        "offered": "[]",
        "client_ip": sender.client_ip,
        "created_at": now,
    }


async def _attach(order: dict[str, Any], form: Choice, checked: Checked, link: Link | None) -> str:
    """Make *order* one of the customer whom *form* names by number, if it does; return where mails go.

    By a *link* only the link's own customer can be named.
    """
    if not isinstance(form, FurtherOrderForm):
        assert checked.applicant is not None
        return checked.applicant.email
    found = await numbers.customer_of(form.customer.number)
    customer = await Customer.select().where(Customer.id == found).first() if found is not None else None
    if link is not None and found != await numbers.current(link.customer):
        raise links.SpentLinkError("the link is another customer's")
    if customer is None:
        raise wrong("customer.number", "is no customer's number")
    order |= {"customer": customer["id"], "search_text": search_text(customer)}
    return str(customer["email"])


def search_text(who: Mapping[str, Any]) -> str:
    """Return what an order is found by: its customer's names and mail address, in small letters."""
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


async def _store(rows: Sequence[Row], link: Link | None) -> None:
    """Write an order; the *link* by which it came is spent with it."""
    if link is None:
        await DB.insert_together(rows)
        return
    async with DB.transaction():
        order_id, *_ = await DB.insert_together(rows)
        await links.spend(link, order_id)


def _rows(
    equipment: Equipment, order: Mapping[str, Any], checked: Checked, actor: str, recipient: str
) -> Sequence[Row]:
    """Return all that is written of *order*: itself, its journal row, the first mail, its domains."""
    submitted = journal.row(
        subject="order", subject_id=IdOf(0, as_text=True), order=IdOf(0), event="SUBMITTED", actor=actor,
        after=OrderState.SUBMITTED, facts={"tariff": order["tariff"], "terms": order["terms_version"]}, public=True,
    )  # fmt: skip
    domains = [
        Row("order_domain", {
            "order": IdOf(0),
            "position": position,
            "name": domain.name,
            "action": domain.action,
            "auth_code_sealed": domain.auth_code and equipment.seal.seal("auth code", domain.auth_code),
            "state": DomainState.REQUESTED.value,
            "changed_at": order["created_at"],
        })
        for position, domain in enumerate(checked.domains)
    ]  # fmt: skip
    mail = outbox.row("order_received", IdOf(0), IdOf(1), recipient, order["language"])
    return (Row("orders", order), submitted, mail, *domains)
