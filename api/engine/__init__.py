"""The database's engines: Piccolo's, made to keep their promises under load, kills and failed commits.

Nothing here knows a table. `engine_for` chooses by URL; `opened` is how a program uses the database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

from api.engine.postgres import Postgres
from api.engine.sqlite import Sqlite

Engine = Sqlite | Postgres


class DatabaseUrlError(ValueError):
    """The setting [database] url names no database that we can use."""


def engine_for(url: str) -> Engine:
    """Return the engine for *url*: `sqlite:////absolute/path` or `postgresql://…`. Connects to nothing.

    An empty *url* gives an engine that refuses to be opened, so that `--help` and pure tests need no settings.

    Raises:
        DatabaseUrlError: neither of the two.
    """
    parts = urlsplit(url)
    if not url:
        return Sqlite("")
    if parts.scheme == "sqlite" and parts.path.startswith("//"):
        return Sqlite(unquote(parts.path[1:]))
    if parts.scheme in {"postgresql", "postgres"}:
        return Postgres(url)
    raise DatabaseUrlError(
        "[database] url has to begin with sqlite://// and an absolute path, or with postgresql://; correct the setting"
    )


@asynccontextmanager
async def opened(engine: Engine) -> AsyncIterator[None]:
    """Hold the engine's connections open while the block runs; once per process and event loop."""
    await engine.start_connection_pool()
    try:
        yield
    finally:
        await engine.close_connection_pool()
