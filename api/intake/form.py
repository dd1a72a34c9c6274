"""The order as it is handed in: shapes alone. What is plausible is asked in `checks`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from api.catalogue import Language

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Months = Literal[1, 3, 6, 12]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of an order form; unknown fields are refused."""


class Applicant(Form, frozen=True, kw_only=True):
    """Who orders (*Stammdaten*)."""

    kind: Literal["consumer", "business", "public_body"]
    company: Line | None = None
    given_name: Line
    family_name: Line
    street: Line
    postal_code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
    city: Line
    #: ISO 3166-1 alpha-2.
    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    #: International, with a plus.
    phone: Annotated[str, msgspec.Meta(min_length=3, max_length=32)]
    vat_id: Short | None = None


class KnownCustomer(Form, frozen=True, kw_only=True):
    """A customer who has a number."""

    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class Payment(Form, frozen=True, kw_only=True):
    """How invoices are paid. On invoice: public bodies only."""

    method: Literal["sepa_debit", "invoice"]
    iban: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    account_holder: Line | None = None


class OrderedDomain(Form, frozen=True, kw_only=True):
    """A domain to register (*Neuregistrierung*) or to transfer (*Umzug*)."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    action: Literal["register", "transfer"]
    #: For a transfer: the code that the present registrar gave out, to the letter.
    auth_code: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Behaviour(Form, frozen=True, kw_only=True):
    """What a page can tell of how its form was filled in."""

    filled_in_s: Annotated[float, msgspec.Meta(ge=0, le=10**7)] | None = None
    #: A field that no person sees.
    trap: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Choice(Form, frozen=True, kw_only=True):
    """What is ordered, by whomever."""

    tariff: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    billing_interval_months: Months
    language: Language
    accept_terms: bool
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    domains: Annotated[list[OrderedDomain], msgspec.Meta(min_length=1, max_length=100)]
    form: Behaviour | None = None
    #: The terms, and the tariff's version, that the customer saw: an order of others than today's is refused.
    terms_version: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    tariff_version: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None


class OrderForm(Choice, frozen=True, kw_only=True):
    """The order of somebody who is no customer yet."""

    customer: Applicant
    payment: Payment


class FurtherOrderForm(Choice, frozen=True, kw_only=True):
    """A further order of a known customer. It is paid as the customer pays: a mandate is not changed by an order."""

    customer: KnownCustomer


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an order: what the customer needs to come back to it."""

    #: Warenkorb-ID: spoken on the phone, no secret.
    cart_id: str
    #: The customer's secret: the only key to the order's page.
    token: str
    state: Literal["SUBMITTED"]
    status_url: str
