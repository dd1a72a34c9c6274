"""PostgreSQL: Piccolo's engine with transactions that give their connection back whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Any

from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

from api.engine.ended import ENDED
from api.engine.together import Row, parameters, shape, statement

CHANNEL = "ankunft"
"""What the database notifies of (LISTEN); the notice says nothing but "look"."""


async def _as_it_is(_: object) -> None:
    """Leave a connection that comes back as it is: nobody here changes a session, and a RESET costs a trip."""


class PostgresPoolTransaction(PostgresTransaction):
    """A transaction on a pooled connection, which a failed BEGIN, COMMIT or a cancellation cannot keep."""

    engine: Postgres
    connection: Any

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()
        try:
            self.transaction = self.connection.transaction()
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
                elif not self._committed and not self._rolled_back:
                    await self.rollback()
            finally:
                self.engine.current_transaction.reset(self.context)
                await self._give_back()
        return kind is None

    async def _give_back(self) -> None:
        """Release the connection, shielded from cancellation; the pool rolls back what is still open."""
        connection, self.connection = self.connection, ENDED
        if self.engine.pool:
            await self.engine.pool.release(connection)
        else:
            await connection.close()


class Postgres(PostgresEngine):
    """Piccolo's PostgreSQL engine; connects when it is opened, not when it is imported."""

    def __init__(self, url: str) -> None:
        super().__init__(config={"dsn": url})

    async def check_version(self) -> None:
        """Leave the version alone: asking for it would connect at import."""

    async def check_integrity(self) -> None:
        """Leave it to PostgreSQL."""

    async def prep_database(self) -> None:
        """Need no extension."""

    async def start_connection_pool(self, **options: Any) -> None:
        """Open the pool."""
        await super().start_connection_pool(**{"min_size": 1, "max_size": 20, "reset": _as_it_is} | options)

    async def insert_together(self, rows: Sequence[Row]) -> list[int]:
        """Write *rows*, all or none, by one statement; return their ids. Joins an open transaction."""
        text, values = statement(shape(rows)), parameters(rows)
        if (current := self.current_transaction.get()) is not None:
            return list(await current.connection.fetchrow(text, *values))
        assert self.pool is not None
        return list(await self.pool.fetchrow(text, *values))

    async def commits(self) -> AsyncGenerator[None, None]:
        """Yield at once, and then after commits that changed a table which tells of it (`rules.told`).

        Raises:
            ConnectionError: the connection was lost; what was told meanwhile is unknown.
        """
        connection, told = await self.get_new_connection(), asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: told.set())
            await connection.add_listener(CHANNEL, lambda *_: told.set())
            while not connection.is_closed():
                yield
                await told.wait()
                told.clear()
            raise ConnectionError("the connection that listens to the database was lost")
        finally:
            connection.terminate()

    def transaction(self, allow_nested: bool = True) -> PostgresPoolTransaction:  # noqa: FBT001, FBT002 (Piccolo's signature)
        """Return a transaction on a connection of the pool."""
        return PostgresPoolTransaction(engine=self, allow_nested=allow_nested)
