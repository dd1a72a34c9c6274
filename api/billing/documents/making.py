"""Documents from a statement: written, set, labelled and checked. Loads much, which `press` keeps in its processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time
from pathlib import Path

from lxml import etree

from api import typesetting
from api.billing.documents import checks, cii, container, sheet
from api.billing.documents.made import Finding, Made
from api.billing.statement import Statement


async def make(statement: Statement, templates: Path) -> Made:
    """Return the documents of *statement*, the same bytes for the same statement.

    Saxon stays with the first thread that checks: call it from one thread of a process.
    """
    try:
        xml = cii.write(statement)
    except etree.XMLSyntaxError as error:
        return Made(b"", b"", (Finding("XML", str(error)),))
    content = container.PUBLIC_BODY if cii.is_xrechnung(statement) else container.PLAIN
    try:
        pdf = await typesetting.typeset(
            templates / "invoice" / "invoice.typ",
            sheet.facts(statement),
            created_at=datetime.combine(statement.issued_on, time(), UTC),
            standard="a-3b",
            enclosures=[typesetting.Enclosure(content.file_name, xml.decode(), description=statement.number)],
        )
    except typesetting.TypesettingError as error:
        return Made(b"", xml, (*checks.check(xml), Finding("PDF", str(error))))
    return Made(container.label(pdf, content), xml, checks.check(xml))


def made(statement: Statement, templates: Path) -> Made:
    """Return the documents of *statement*; for a process that does nothing else.

    Whatever goes wrong is a finding: the document is held back and shown, and keeps no other waiting.
    """
    try:
        return asyncio.run(make(statement, templates))
    except Exception as error:  # noqa: BLE001 (as said)
        return Made(b"", b"", (Finding("MAKING", f"{type(error).__name__}: {error}"),))
