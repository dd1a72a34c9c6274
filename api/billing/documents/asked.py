"""Which document a request names, like R700001.pdf or R700001.xml, and whether it is for the one who asks."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from api.billing.documents import archive
from api.billing.tables import Invoice, InvoiceLine
from api.identity import NotThereError

FILE = re.compile(r"(?P<number>[RG][0-9]{1,15})\.(?P<suffix>pdf|xml)\Z")
MEDIA_TYPES = {"pdf": "application/pdf", "xml": "application/xml"}
EITHER = ", ".join(MEDIA_TYPES.values())


class Named(NamedTuple):
    """A file as it is handed out."""

    name: str
    content: bytes
    media_type: str


async def of_order(file: str, order: int) -> Named:
    """Return *file* of an invoice that bills order *order* (id).

    Raises:
        NotThereError: there is none, or it is about other orders alone.
        NoDocumentError: it did not go out.
    """
    number, suffix = _parted(file)
    bills = (InvoiceLine.invoice.number == number) & (InvoiceLine.entry.order == order)
    if not await InvoiceLine.exists().where(bills):
        raise NotThereError("there is no such invoice")
    return await _named(file, number, suffix)


async def of_customers(file: str, customers: Collection[int]) -> Named:
    """Return *file* of an invoice of one of *customers* (ids of one who was filed more than once); see `of_order`."""
    number, suffix = _parted(file)
    if not await Invoice.exists().where((Invoice.number == number) & Invoice.customer.is_in(list(customers))):
        raise NotThereError("there is no such invoice")
    return await _named(file, number, suffix)


def _parted(file: str) -> tuple[str, str]:
    parts = FILE.match(file)
    if parts is None:
        raise NotThereError("there is no such invoice")
    return parts["number"], parts["suffix"]


async def _named(file: str, number: str, suffix: str) -> Named:
    paper = await archive.fetch(number)
    return Named(file, paper.pdf if suffix == "pdf" else paper.xml, MEDIA_TYPES[suffix])
