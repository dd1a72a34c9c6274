"""Open items for staff: in pages, by search, with what all of them come to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from api.answers import wrong
from api.billing.receivables import open_items
from api.billing.receivables.movements import NotOwedError
from api.billing.receivables.open_items import OpenItem, Wanted
from api.console.customers import id_of
from api.customers import numbers


class OpenItems(msgspec.Struct, frozen=True):
    """A page of open items, the longest due first."""

    items: Sequence[OpenItem]
    #: Of all that fit, on whatever page.
    total_cents: int
    #: For the next page; null on the last one.
    next_cursor: str | None


async def find(
    query: str, cursor: str | None, limit: int, *, customer: int | None = None, only_unpaid: bool = False
) -> OpenItems:
    """Return a page of what is open and fits *query*, of all or of one *customer* (number)."""
    if cursor is not None and not (cursor.isascii() and cursor.isalnum()):
        raise wrong("cursor", "is none that was given out")
    theirs = None if customer is None else await numbers.all_of(await id_of(customer))
    wanted = Wanted(theirs, only_unpaid, query)
    try:
        found = await open_items.items(wanted, behind=cursor, most=limit + 1)
    except NotOwedError:
        raise wrong("cursor", "is none that was given out") from None
    last = found[limit - 1].number if len(found) > limit else None
    return OpenItems(found[:limit], await open_items.total(wanted), last)
