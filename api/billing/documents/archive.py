"""The archive: documents go in once and come out as they went in.

Triggers refuse to change or delete a row; a chain of digests shows what somebody with the database's own rights
changed, took out or slipped in. Its newest seal, kept elsewhere, binds all that came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from api import counters
from api.billing.documents.tables import InvoiceDocument
from api.billing.tables import Invoice

GENESIS = "0" * 64
AT_ONCE = 100


class NoDocumentError(LookupError):
    """There is no such document, or not yet."""


class TamperedError(Exception):
    """A document is not what was archived."""


class Paper(NamedTuple):
    """What goes in."""

    invoice: int
    number: str
    pdf: bytes
    xml: bytes


class Verdict(NamedTuple):
    """What a look through the whole archive found."""

    documents: int
    #: The newest seal: written down elsewhere, it binds all documents up to now.
    seal: str
    #: Number of the first invoice that is not as it was archived, or place of a gap.
    broken: str | None


async def file(papers: Sequence[Paper]) -> None:
    """Archive *papers* in the caller's transaction. The counter keeps a second archivist waiting until its end."""
    if not papers:
        return
    places = await counters.take_many(counters.ARCHIVE, len(papers))
    former = await InvoiceDocument.select(InvoiceDocument.seal).where(InvoiceDocument.place == places[0] - 1).first()
    seal = str(former["seal"]) if former else GENESIS
    rows = []
    for place, paper in zip(places, papers, strict=True):
        pdf, xml = sha256(paper.pdf).hexdigest(), sha256(paper.xml).hexdigest()
        seal = sealed(seal, place, paper.number, pdf, xml)
        rows.append(
            InvoiceDocument(
                invoice=paper.invoice, place=place, pdf=paper.pdf, xml=paper.xml, pdf_digest=pdf, xml_digest=xml,
                seal=seal, archived_at=datetime.now(UTC),
            )
        )  # fmt: skip
    await InvoiceDocument.insert(*rows)


async def fetch(number: str) -> Paper:
    """Return the documents of invoice *number*.

    Raises:
        NoDocumentError: there are none; a document that breaks a rule is held back.
        TamperedError: they are not what was archived.
    """
    row = (
        await InvoiceDocument.select(*InvoiceDocument.all_columns())
        .where(InvoiceDocument.invoice.number == number)
        .first()
    )
    if row is None:
        raise NoDocumentError(
            f"there is no document of {number}: it is not issued yet, or breaks a rule and is held back"
        )
    if (sha256(row["pdf"]).hexdigest(), sha256(row["xml"]).hexdigest()) != (row["pdf_digest"], row["xml_digest"]):
        raise TamperedError(f"the document of {number} is not what was archived; restore it from a backup")
    return Paper(row["invoice"], number, bytes(row["pdf"]), bytes(row["xml"]))


async def verify() -> Verdict:
    """Look through the archive, from the first document to the last; what is archived meanwhile may be among them."""
    seal, place = GENESIS, 0
    last = await counters.last(counters.ARCHIVE)
    while True:
        rows = (
            await InvoiceDocument.select(*InvoiceDocument.all_columns(), InvoiceDocument.invoice.number)
            .where(InvoiceDocument.place > place)
            .order_by(InvoiceDocument.place)
            .limit(AT_ONCE)
        )
        if not rows:
            return Verdict(place, seal, f"place {place + 1}" if place < last else None)
        for row in rows:
            place += 1
            seal = sealed(
                seal, place, row["invoice.number"], sha256(row["pdf"]).hexdigest(), sha256(row["xml"]).hexdigest()
            )
            if row["place"] != place:
                return Verdict(place - 1, seal, f"place {place}")
            if row["seal"] != seal:
                return Verdict(place - 1, seal, str(row["invoice.number"]))


async def is_there(invoice: int) -> bool:
    """Return whether the documents of *invoice* (id) are archived."""
    return bool(await InvoiceDocument.exists().where(InvoiceDocument.invoice == invoice))


async def invoice(number: str) -> dict[str, Any]:
    """Return the row of invoice *number*.

    Raises:
        NoDocumentError: there is no such invoice.
    """
    row = await Invoice.select().where(Invoice.number == number).first()
    if row is None:
        raise NoDocumentError(f"there is no invoice {number}")
    return dict(row)


def sealed(former: str, place: int, number: str, pdf: str, xml: str) -> str:
    """Return the seal of a row that follows the one with the seal *former*."""
    return sha256("\n".join((former, str(place), number, pdf, xml)).encode()).hexdigest()
