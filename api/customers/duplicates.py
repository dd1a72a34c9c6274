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

from api.customers import traits
from api.customers.tables import Duplicate, Merger, Trait
from api.piccolo_conf import DB
from api.seal import Seal
from api.tables import Customer

BATCH = 50
LIKE_NAME, LIKE_STREET = 88, 85
"""Of 100, how alike names and streets are at least, in the same neighbourhood."""

NAME = "name"


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
    """Return the customers who share a sign with *row*, or live near and are called alike; with the reasons."""
    found: dict[int, set[str]] = {}
    neighbours: set[int] = set()
    for kind in (*traits.SAME, traits.PLACE):
        same = (Trait.kind == kind) & (Trait.digest == signs[kind]) & (Trait.customer != row["id"])
        others = await Trait.select(Trait.customer).where(same).output(as_list=True)
        if kind == traits.PLACE:
            neighbours = set(others)
        for other in others if kind != traits.PLACE else ():
            found.setdefault(other, set()).add(kind)
    for other in await Customer.select().where(Customer.id.is_in(sorted(neighbours))) if neighbours else ():
        if _reads_alike(row, other):
            found.setdefault(other["id"], set()).add(NAME)
    gone = (
        set(await Merger.select(Merger.given_up).where(Merger.given_up.is_in(sorted(found))).output(as_list=True))
        if found
        else set()
    )
    return {other: reasons for other, reasons in found.items() if other not in gone}


def _reads_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (
        fuzz.ratio(traits.normal_name(one), traits.normal_name(other)) >= LIKE_NAME
        and fuzz.ratio(traits.normal_street(one["street"]), traits.normal_street(other["street"])) >= LIKE_STREET
    )
