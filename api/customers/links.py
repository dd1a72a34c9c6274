"""Links for a further order: mailed to the address on file, good for half an hour and one order.

A link's token is HMAC(master key, seed) of a random seed; the seed travels with the mail's row, the table keeps the
token's digest. So a copy of the database alone opens nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import NamedTuple

from api.customers.tables import FurtherOrderLink
from api.seal import Seal

VALID_FOR = timedelta(minutes=30)
PREFIX = "further_"
TOKEN = re.compile(rf"{PREFIX}[0-9a-f]{{32}}\Z")


class SpentLinkError(Exception):
    """A link that let an order in already, or is too old, or belongs to another customer."""


class Link(NamedTuple):
    """A link that somebody holds."""

    id: int
    customer: int


def token_of(seal: Seal, seed: str) -> str:
    """Return the token of the link that was made from *seed*."""
    return PREFIX + seal.derive("further order", seed)[:16].hex()


async def make(seal: Seal, customer: int, now: datetime) -> str:
    """Make a link for *customer*, and those before it worthless; return its seed. In the caller's transaction."""
    seed = token_hex(16)
    unused = (FurtherOrderLink.customer == customer) & FurtherOrderLink.used_at.is_null()
    await FurtherOrderLink.update({FurtherOrderLink.expires_at: now}).where(unused, FurtherOrderLink.expires_at > now)
    link = FurtherOrderLink(
        customer=customer, digest=_digest(token_of(seal, seed)), created_at=now, expires_at=now + VALID_FOR
    )
    await FurtherOrderLink.insert(link)
    return seed


async def find(token: str) -> Link | None:
    """Return the link of *token*, whether it still lets an order in or not."""
    row = await FurtherOrderLink.select().where(FurtherOrderLink.digest == _digest(token)).first()
    return None if row is None else Link(row["id"], row["customer"])


async def require_open(link: Link) -> None:
    """Refuse early what `spend` would refuse.

    Raises:
        SpentLinkError: it was used, or is too old.
    """
    now = datetime.now(UTC)
    row = await FurtherOrderLink.select().where(FurtherOrderLink.id == link.id).first()
    if row is None or row["used_at"] is not None or row["expires_at"] <= now:
        raise SpentLinkError("the link was used or is too old; ask for a new one")


async def spend(link: Link, order_id: int) -> None:
    """Let order *order_id* in by *link*, in the transaction that stores the order.

    Raises:
        SpentLinkError: another order came first, or it is too late.
    """
    now = datetime.now(UTC)
    spent = (
        await FurtherOrderLink.update({FurtherOrderLink.used_at: now, FurtherOrderLink.order: order_id})
        .where(
            FurtherOrderLink.id == link.id, FurtherOrderLink.used_at.is_null(), FurtherOrderLink.expires_at > now
        )
        .returning(FurtherOrderLink.id)
    )  # fmt: skip
    if not spent:
        raise SpentLinkError("the link was used or is too old; ask for a new one")


async def forget_old(now: datetime) -> None:
    """Remove links that were never used and are long past."""
    old = FurtherOrderLink.used_at.is_null() & (FurtherOrderLink.expires_at < now - timedelta(days=30))
    await FurtherOrderLink.delete().where(old)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
