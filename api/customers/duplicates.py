"""Customers who may have been filed twice: suggested by their signs, decided by a person, never by itself.

A customer's signs are committed before they are compared with anybody's, so that of two who are filed at the same time
at least one sees the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from piccolo.columns.combination import WhereRaw
from rapidfuzz import fuzz

from api.customers import numbers, traits
from api.customers.tables import Duplicate, Trait
from api.piccolo_conf import DB
from api.seal import Seal
from api.tables import Customer

BATCH = 50
LIKE_NAME, LIKE_STREET = 88, 85
"""Of 100, how alike names and streets are at least, in the same neighbourhood."""

NAME = "name"
MOST_PAIRS = 10
"""Suggestions for one new customer: a person decides them one by one, and merging brings up the others."""

NEAR = 300
"""Signs of others that one new customer is compared with."""

COMPARED = (Customer.id, Customer.given_name, Customer.family_name, Customer.company, Customer.street)


async def compare_new(seal: Seal) -> int:
    """Look for doubles of the customers who were not compared yet; return how many there were."""
    not_yet = WhereRaw(
        "NOT EXISTS (SELECT 1 FROM trait WHERE trait.customer = customer.id AND trait.kind = {})", traits.COMPARED
    )
    rows = await Customer.select().where(not_yet).order_by(Customer.id).limit(BATCH)
    for row in rows:
        signs = traits.signs(seal, row)
        async with DB.transaction():
            await _sign(row["id"], signs)
        async with DB.transaction():
            for other, reasons in (await _alike(row, signs)).items():
                await suggest(row["id"], other, reasons)
            await _sign(row["id"], {traits.COMPARED: ""})
    return len(rows)


async def suggest(one: int, other: int, reasons: set[str]) -> None:
    """Suggest that two customers are one; a pair that was suggested or decided before stays as it is."""
    pair = Duplicate(
        earlier=min(one, other),
        later=max(one, other),
        reasons=msgspec.json.encode(sorted(reasons)).decode(),
        found_at=datetime.now(UTC),
    )
    await Duplicate.insert(pair).on_conflict(action="DO NOTHING")


async def _sign(customer: int, signs: Mapping[str, str]) -> None:
    rows = [Trait(customer=customer, kind=kind, digest=digest) for kind, digest in signs.items()]
    await Trait.insert(*rows).on_conflict(action="DO NOTHING")


async def _alike(row: Mapping[str, Any], signs: Mapping[str, str]) -> dict[int, set[str]]:
    """Return the customers who share a sign with *row*, or live near and are called alike; the most alike ones.

    The signs of a number that was given up are those of whoever it was merged into.
    """
    found: dict[int, set[str]] = {}
    shared = await _shared(row["id"], signs)
    for other, kind in shared:
        if kind in traits.SAME:
            found.setdefault(other, set()).add(kind)
    near = {other for other, kind in shared if kind == traits.PLACE and traits.ADDRESS not in found.get(other, ())}
    for neighbour in await Customer.select(*COMPARED).where(Customer.id.is_in(sorted(near))) if near else ():
        if _reads_alike(row, neighbour):
            found.setdefault(neighbour["id"], set()).add(NAME)
    there: dict[int, set[str]] = {}
    for other, now in (await numbers.currents(found)).items():
        there.setdefault(now, set()).update(found[other])
    there.pop(row["id"], None)
    likeliest = sorted(there.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return dict(likeliest[:MOST_PAIRS])


async def _shared(customer: int, signs: Mapping[str, str]) -> list[tuple[int, str]]:
    """Return who else has which of *signs*, the nearest signs first; by one question, so that nobody is half seen."""
    same = Trait.kind.is_in(sorted(signs)) & Trait.digest.is_in(sorted(signs.values())) & (Trait.customer != customer)
    # of the kinds the neighbourhood comes last in the alphabet, and it is the one that may be large
    rows = await Trait.select(Trait.customer, Trait.kind).where(same).order_by(Trait.kind, Trait.customer).limit(NEAR)
    return [(row["customer"], row["kind"]) for row in rows]


def _reads_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (
        fuzz.ratio(traits.normal_name(one), traits.normal_name(other)) >= LIKE_NAME
        and fuzz.ratio(traits.normal_street(one["street"]), traits.normal_street(other["street"])) >= LIKE_STREET
    )
