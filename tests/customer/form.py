"""A person who orders, and the order form that this person fills in."""

from dataclasses import dataclass
from typing import Any

Form = dict[str, Any]

NAMES = (
    ("Jürgen", "O'Brien"), ("Nguyễn", "Thị Minh"), ("Anna", "Müller & Söhne"), ("Zoë", "{Klammer}"), ("Ole", "Null"),
    ("Chloë", "=3+4 Beispiel"), ("Łukasz", "Wójcik-Østergård"), ("Mariam", "100% Bio"),
)  # fmt: skip
"""Honest names that software has broken on."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who orders: own telephone, own address in the network, own password."""

    given_name: str
    family_name: str
    email: str
    phone: str
    password: str
    #: What the reverse proxy would report as the visitor's address.
    visitor: str


def person(number: int) -> Person:
    """Return person *number* (0 … 9,999,999), always the same one, with a telephone of their own."""
    given_name, family_name = NAMES[number % len(NAMES)]
    return Person(
        given_name=given_name,
        family_name=family_name,
        email=f"customer{number}@customers.example",
        phone=f"+491511{number:07d}",
        password=f"Kirschbaum-{number:07d}-Tür",
        visitor=f"100.{64 + number // 65_536 % 64}.{number // 256 % 256}.{number % 256}",
    )


def order_form(who: Person, *domains: str, tariff: str = "start") -> Form:
    """Return the order of *who* for new *domains*, as `POST /api/v1/orders` takes it."""
    return {
        "tariff": tariff,
        "billing_interval_months": 1,
        "language": "de",
        "accept_terms": True,
        "password": who.password,
        "customer": {
            "kind": "consumer",
            "company": None,
            "given_name": who.given_name,
            "family_name": who.family_name,
            "street": "Am Markt 3",
            "postal_code": "80331",
            "city": "München",
            "country": "DE",
            "email": who.email,
            "phone": who.phone,
            "vat_id": None,
        },
        "payment": {
            "method": "sepa_debit",
            "iban": "DE02120300000000202051",
            "account_holder": f"{who.given_name} {who.family_name}",
        },
        "domains": [{"name": name, "action": "register"} for name in domains],
    }


def further_order_form(who: Person, customer_number: int, *domains: str) -> Form:
    """Return one more order of a known customer; only staff may hand it in."""
    form = order_form(who, *domains) | {"customer": {"number": customer_number}}
    del form["payment"]
    return form
