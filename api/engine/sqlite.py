"""SQLite: one writer and a few readers per process, WAL, BEGIN IMMEDIATE, and an orderly end whatever happens.

Several processes share the file (API, worker, command line): the busy timeout makes them queue.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Coroutine, Sequence
from types import TracebackType
from typing import Any, ClassVar, TypeVar

import aiosqlite
from piccolo.engine.sqlite import SQLiteEngine, SQLiteTransaction, TransactionType, dict_factory

from api.engine.ended import ENDED
from api.engine.together import Row, insert_all

T = TypeVar("T")

BUSY_TIMEOUT_S = 10
LOOK_S = 0.02
"""How often a watcher asks whether somebody committed: SQLite has nobody who would say so."""
READERS = 4
PRAGMAS = (
    f"busy_timeout = {BUSY_TIMEOUT_S * 1000}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = 1",
    "temp_store = MEMORY",
)


class DamagedError(RuntimeError):
    """The database file is not what SQLite wrote."""


class NotOpenError(RuntimeError):
    """The database is used outside of `opened`, or none is set."""


class SqliteTransaction(SQLiteTransaction):
    """A transaction on the one writer. Nested ones join the outer one, as Piccolo has it."""

    engine: Sqlite
    connection: Any

    async def __aenter__(self) -> SQLiteTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.engine.take_writer()
        try:
            await self.begin()
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> bool:
        if self._parent is None:
            try:
                if kind is None and not self._committed and not self._rolled_back:
                    await self.commit()
            finally:
                self.engine.current_transaction.reset(self.context)
                await self._give_back()
        return kind is None

    async def _give_back(self) -> None:
        """Undo what was not committed and free the writer, even while being cancelled."""
        connection, self.connection = self.connection, ENDED
        await asyncio.shield(self.engine.in_background(self.engine.give_writer_back(connection)))


class Sqlite(SQLiteEngine):
    """Piccolo's SQLite engine with connections that last."""

    #: DDL and everything that may write goes to the writer; these may go to a reader.
    READING: ClassVar = ("SELECT", "PRAGMA TABLE_INFO", "PRAGMA QUICK_CHECK")

    def __init__(self, path: str) -> None:
        super().__init__(path, timeout=BUSY_TIMEOUT_S, cached_statements=512)
        self._writer: aiosqlite.Connection | None = None
        self._writing = asyncio.Lock()
        self._readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._background: set[asyncio.Task[Any]] = set()

    async def start_connection_pool(self, **_: Any) -> None:
        """Open the writer and the readers."""
        if not self.path:
            raise NotOpenError("no database is set; name the settings file with --config or ANKUNFT_CONFIG")
        # Customers' data: for the service's user alone. The log beside it takes its mode from the file.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._writing = asyncio.Lock()
        self._readers = asyncio.LifoQueue()
        self._writer = await self._connect()
        for _number in range(READERS):
            reader = await self._connect()
            await reader.execute_fetchall("PRAGMA query_only = 1")
            self._readers.put_nowait(reader)

    async def check_integrity(self) -> None:
        """Read the whole file and compare it with itself.

        Raises:
            DamagedError: it is not consistent.
        """
        (row,) = await self._run_in_new_connection("PRAGMA quick_check(1)")
        if row["quick_check"] != "ok":
            raise DamagedError(f"{self.path} is damaged; stop the services and restore the backup")

    async def close_connection_pool(self) -> None:
        """Close all connections, after the transactions that are being undone."""
        while self._background:
            await asyncio.gather(*self._background, return_exceptions=True)
        writer, self._writer = self._writer, None
        if writer is not None:
            for _ in range(READERS):
                await (await self._readers.get()).close()
            await writer.close()

    def transaction(
        self,
        transaction_type: TransactionType = TransactionType.immediate,
        allow_nested: bool = True,  # noqa: FBT001, FBT002 (Piccolo's signature)
    ) -> SqliteTransaction:
        """Return a transaction that has the write lock from its first statement on."""
        return SqliteTransaction(engine=self, transaction_type=transaction_type, allow_nested=allow_nested)

    async def commits(self) -> AsyncGenerator[None, None]:
        """Yield at once, and then soon after any process committed; several commits may be told as one."""
        watcher, seen = await self._connect(), None
        try:
            while True:
                (row,) = await watcher.execute_fetchall("PRAGMA data_version")
                if row["data_version"] != seen:
                    seen = row["data_version"]
                    yield
                await asyncio.sleep(LOOK_S)
        finally:
            await watcher.close()

    async def insert_together(self, rows: Sequence[Row]) -> list[int]:
        """Write *rows*, all or none, in one hop to the writer's thread; return their ids. Joins an open transaction."""
        if (current := self.current_transaction.get()) is not None:
            ids: list[int] = await current.connection._execute(insert_all, current.connection._conn, rows)  # noqa: SLF001 (several statements in one hop are not to be had otherwise)
            return ids
        writer = await self.take_writer()
        # A caller that is cancelled leaves the rows to be written or not, and the writer free for the next one.
        return await asyncio.shield(self.in_background(self._insert(writer, rows)))

    async def _insert(self, writer: aiosqlite.Connection, rows: Sequence[Row]) -> list[int]:
        try:
            ids: list[int] = await writer._execute(insert_all, writer._conn, rows)  # noqa: SLF001 (as above)
            return ids
        finally:
            self._writing.release()

    async def take_writer(self) -> aiosqlite.Connection:
        """Wait for the writer and keep the others of this process from it."""
        if self._writer is None:
            raise NotOpenError("the database is not open; use it inside of `opened(DB)`")
        await self._writing.acquire()
        return self._writer

    async def give_writer_back(self, connection: aiosqlite.Connection) -> None:
        """Roll back what is open on *connection* and let the next one write."""
        try:
            # The connection's thread works in order: a BEGIN or COMMIT still under way has ended before this.
            await connection.rollback()
        finally:
            self._writing.release()

    def in_background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run *work* in a task of its own that outlives its caller's cancellation."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(**self.connection_kwargs)
        connection.row_factory = dict_factory  # type: ignore[assignment]  # rows as Piccolo expects them
        try:
            for pragma in PRAGMAS:
                await connection.execute_fetchall(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _run_in_existing_connection(
        self, connection: Any, query: str, args: list[Any] | None = None, query_type: str = "generic", table: Any = None
    ) -> Any:
        del query_type, table  # RETURNING is there: SQLite 3.35 is older than Debian 12
        return await connection.execute_fetchall(query, args or [])

    async def _run_in_new_connection(
        self, query: str, args: list[Any] | None = None, query_type: str = "generic", table: Any = None
    ) -> Any:
        del query_type, table
        if query.lstrip().upper().startswith(self.READING) and self._writer is not None:
            reader = await self._readers.get()
            try:
                return await reader.execute_fetchall(query, args or [])
            finally:
                self._readers.put_nowait(reader)
        writer = await self.take_writer()
        try:
            return await writer.execute_fetchall(query, args or [])
        finally:
            self._writing.release()
