"""Trades as the domains' life cycle hands them over."""

from datetime import UTC, datetime
from itertools import count

from msgspec.structs import replace

from api.domains.registrar import Holder, Trade

HOLDER = Holder(
    company="Müller & <Söhne> GmbH",
    name="Jörg O'Brien {Klammer}",
    street='Straße "7"',
    postal_code="50667",
    city="Köln",
    country="DE",
    phone="+4922112345678",
    email="joerg@example.org",
)
NAMESERVERS = ("ns1.hosting.test", "ns2.hosting.test")
NUMBERS = count(1)


def registration(name: str, **other: object) -> Trade:
    """Return an order to register *name*, its intent stored now."""
    number = next(NUMBERS)
    plain = Trade(
        id=number,
        name=name,
        action="register",
        auth_code=None,
        holder=HOLDER,
        nameservers=NAMESERVERS,
        transaction_id=f"ANK-{number}-1",
        since=datetime.now(UTC),
    )
    return replace(plain, **other)


def transfer(name: str, auth_code: str, **other: object) -> Trade:
    """Return an order to transfer *name*."""
    return registration(name, action="transfer", auth_code=auth_code, **other)
