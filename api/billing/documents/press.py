"""Documents from statements: written, set, labelled and checked, in processes of their own.

A process makes about twenty-five documents a second; the rules are read once in each. Nothing here knows the database.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, time
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType

import msgspec
from lxml import etree

from api import typesetting
from api.billing.documents import checks, cii, container, sheet
from api.billing.documents.checks import Finding
from api.billing.statement import Statement

DOCUMENTS_PER_PROCESS = 2000
"""Then a fresh process takes over, so that nothing piles up in libraries."""


class Made(msgspec.Struct, frozen=True):
    """The documents of a statement. With findings it must not go out."""

    #: PDF/A-3 with the XML inside; empty where it could not be set.
    pdf: bytes
    xml: bytes
    findings: tuple[Finding, ...]


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


class Press(AbstractAsyncContextManager["Press"]):
    """Processes that make documents; each is woken by the first statement that needs it."""

    def __init__(self, templates: Path, processes: int | None = None) -> None:
        self.processes = processes or os.cpu_count() or 1
        self._templates = templates
        self._pool = ProcessPoolExecutor(
            self.processes,
            mp_context=get_context("spawn"),
            initializer=checks.warm,
            max_tasks_per_child=DOCUMENTS_PER_PROCESS,
        )

    async def make(self, statement: Statement) -> Made:
        """Return the documents of *statement*.

        Raises:
            BrokenProcessPool: a process died; nothing is lost, the run goes on where it stood.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, _make, statement, self._templates)

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End the processes; what was not begun is not made."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _make(statement: Statement, templates: Path) -> Made:
    return asyncio.run(make(statement, templates))
