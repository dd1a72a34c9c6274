"""The records kept apart as the source asks: customer, order and domain; the journal; the counters; the staff.

A customer has any number of orders, an order any number of domains. Money is in integer cents, times are UTC and
computed in Python, ids that leave the house are text. Unique indexes and checks stand in the migrations.
"""

from __future__ import annotations

from piccolo.columns import (
    JSON,
    BigInt,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Serial,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from api.piccolo_conf import DB


class Customer(Table, db=DB):
    """Who holds contracts (*Stammdaten*). Comes into being with the first acceptance."""

    id: Serial
    #: Kundennummer, from the counter; what staff and invoices name.
    number = BigInt()
    kind = Varchar(16)
    company = Text(null=True, default=None)
    given_name = Text()
    family_name = Text()
    street = Text()
    postal_code = Varchar(16)
    city = Text()
    country = Varchar(2)
    email = Text()
    phone = Varchar(20)
    vat_id = Varchar(20, null=True, default=None)
    payment_method = Varchar(16)
    #: Encrypted at rest with the master key; the last four digits are kept beside it for people.
    iban_sealed = Text(null=True, default=None)
    iban_last4 = Varchar(4, null=True, default=None)
    account_holder = Text(null=True, default=None)
    #: Of the mandate that came with the first order, as its contract says it; see `api.mandate`.
    mandate_reference = Varchar(35, null=True, default=None)
    #: When another mandate took its place; NULL = with the first order.
    mandate_signed_on = Date(null=True, default=None)
    language = Varchar(2)
    created_at = Timestamptz(default=None)


class Order(Table, db=DB, tablename="orders"):
    """An order from the click on (*Bestellung*), before and after it became a contract."""

    id: Serial
    #: Warenkorb-ID: spoken on the phone, with a check character, no secret.
    cart_id = Varchar(16)
    #: Auftragsnummer; given at acceptance.
    number = BigInt(null=True, default=None)
    #: HMAC of the Idempotency-Key, whoever sends it; unique, so that a repetition finds the first answer.
    idempotency_key = Varchar(64)
    #: HMAC of the body that came with the key; another body with the same key is refused.
    body_digest = Varchar(64)
    state = Varchar(32)
    #: Set at acceptance, or from the beginning for a further order of a known customer.
    customer = ForeignKey(Customer, on_delete=OnDelete.restrict, null=True, default=None)
    tariff = Varchar(32)
    tariff_version = Integer()
    billing_interval_months = Integer()
    language = Varchar(2)
    terms_version = Varchar(32)
    terms_accepted_at = Timestamptz(default=None)
    #: The customer's data as they were handed in (the body's `customer`), until acceptance files them; IBAN sealed.
    applicant = JSON(default="{}")
    #: Names and mail address of whoever ordered, in small letters: what staff search while the customer calls.
    search_text = Text(default="")
    #: SHA-512-crypt of the account's first password; the password itself is kept nowhere.
    password_hash = Varchar(160)
    #: Ways of activation on offer: a list out of "sms", "contract".
    offered = JSON(default="[]")
    client_ip = Varchar(45, null=True, default=None)
    created_at = Timestamptz(default=None)
    accepted_at = Timestamptz(null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)


class OrderDomain(Table, db=DB, tablename="order_domain"):
    """A domain of an order (*Neuregistrierung*, *Umzug*)."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    position = Integer()
    #: A-label, IDNA 2008.
    name = Varchar(253)
    action = Varchar(16)
    #: Encrypted at rest, gone after the transfer, never shown.
    auth_code_sealed = Text(null=True, default=None)
    state = Varchar(16)
    #: The name itself from acceptance on, else NULL: unique, so that one order holds a name and a cart none.
    held_name = Varchar(253, null=True, default=None)
    changed_at = Timestamptz(default=None)


class Journal(Table, db=DB):
    """What happened, in order; never changed. Mails and timelines are made from these rows."""

    id: Serial
    at = Timestamptz(default=None)
    order = ForeignKey(Order, on_delete=OnDelete.restrict, null=True, default=None)
    #: What it is about: order, domain, job, draw, host, mail, sms, staff.
    subject = Varchar(16)
    #: The subject's own id, name or number.
    subject_id = Varchar(253)
    event = Varchar(48)
    state_before = Varchar(32, null=True, default=None)
    state_after = Varchar(32, null=True, default=None)
    #: "customer", "system", "host:<name>", "staff:<name>", or "unknown" where nobody proved who it was.
    actor = Varchar(80)
    #: Small, typed, without personal data and secrets.
    facts = JSON(default="{}")
    #: Whether the customer sees the row in the order's timeline.
    public = Boolean(default=False)


class Counter(Table, db=DB):
    """Numbers that are unique, rising and accounted for; taken in the transaction that uses them."""

    name = Varchar(32, primary_key=True)
    last = BigInt()


class Allowance(Table, db=DB):
    """How often something happened in a period, for what may happen only so often; see `api.allowances`."""

    id: Serial
    #: What is counted: `sms`, `sms to <digest>`, `sms from <digest>`, …
    scope = Varchar(100)
    #: A day (UTC), or a finer one.
    period = Varchar(20)
    taken = Integer(default=0)
    first_at = Timestamptz(default=None)


class Staff(Table, db=DB):
    """A person who may use the staff routes."""

    id: Serial
    name = Varchar(80)
    #: SHA-256 of the token (256 random bits), hexadecimal.
    token_digest = Varchar(64)
    active = Boolean(default=True)
    created_at = Timestamptz(default=None)
