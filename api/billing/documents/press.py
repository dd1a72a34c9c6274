"""Processes that make documents: what is heavy is loaded there, and the rules are read once in each.

A process makes 15 to 30 documents a second. Nothing here knows the database.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from types import TracebackType

from api.billing.documents.made import Finding, Made
from api.billing.statement import Statement

MAKING = "api.billing.documents.making"

DOCUMENTS_PER_PROCESS = 2000
"""Then a fresh process takes over, so that nothing piles up in libraries."""


class Press(AbstractAsyncContextManager["Press"]):
    """Processes that make documents; each is woken by the first statement that needs it."""

    def __init__(self, templates: Path, processes: int | None = None) -> None:
        self.processes = processes or os.cpu_count() or 1
        self._templates = templates
        self._pool = _pool(self.processes)
        self._alone = asyncio.Lock()

    async def make(self, statement: Statement) -> Made:
        """Return the documents of *statement*; where its process dies of it, that is a finding.

        With a process all documents on their way are lost. Each is made once more, alone, to see whose fault it was.
        """
        pool = self._pool
        try:
            return await self._in(pool, statement)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = _pool(self.processes)
        async with self._alone:
            with _pool(1) as own:
                try:
                    return await self._in(own, statement)
                except BrokenProcessPool:
                    return Made(b"", b"", (Finding("MAKING", "the process that made it died of it"),))

    async def _in(self, pool: ProcessPoolExecutor, statement: Statement) -> Made:
        return await asyncio.get_running_loop().run_in_executor(pool, _made, statement, self._templates)

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End the processes; what was not begun is not made."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=_end_with_the_run,
        max_tasks_per_child=DOCUMENTS_PER_PROCESS,
    )


def _end_with_the_run() -> None:
    """Let this process end when the one that wants its documents is gone, even by kill -9: nobody else would end it."""
    run = parent_process()
    assert run is not None, "the pool starts it"

    def wait() -> None:
        run.join()
        os._exit(1)

    Thread(target=wait, name="end with the run", daemon=True).start()


def _made(statement: Statement, templates: Path) -> Made:
    """Make the documents in this process, which alone loads what it takes."""
    made: Made = import_module(MAKING).made(statement, templates)
    return made
