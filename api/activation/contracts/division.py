"""Which pages belong together: a stack of contracts that was scanned at once is divided by its marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """Pages that belong to one order, or to nobody knows whom."""

    cart_id: str | None
    pages: tuple[int, ...]


def divide(marked: Sequence[frozenset[str]]) -> list[Part]:
    """Return the parts of a document whose pages are *marked* with these cart IDs, in their order.

    A page without a mark, or with several, belongs to the one before; the first ones to the first that has one.
    """
    sure = [next(iter(marks)) if len(marks) == 1 else None for marks in marked]
    found = [cart_id for cart_id in sure if cart_id is not None]
    current = found[0] if found else None
    pages_of: dict[str | None, list[int]] = {}
    for page, cart_id in enumerate(sure):
        current = cart_id or current
        pages_of.setdefault(current, []).append(page)
    return [Part(cart_id, tuple(pages)) for cart_id, pages in pages_of.items()]
