"""Constraints in words, for both databases: what is unique, what is allowed, what never changes."""

from __future__ import annotations

from collections.abc import Iterable

from piccolo.engine import engine_finder

from api.engine.postgres import CHANNEL
from api.tables import Counter


async def unique(table: str, *columns: str, where: str = "") -> None:
    """Let no two rows of *table*, of those *where* a condition holds, hold the same *columns*; NULL is nothing."""
    some = f" WHERE {where}" if where else ""
    await _execute(f'CREATE UNIQUE INDEX "{_name(table, columns)}_unique" ON "{table}" ({_list(columns)}){some}')


async def index(table: str, *columns: str) -> None:
    """Make rows of *table* quick to find by *columns*."""
    await _execute(f'CREATE INDEX "{_name(table, columns)}" ON "{table}" ({_list(columns)})')


async def one_of(table: str, column: str, values: Iterable[str]) -> None:
    """Let *column* hold only one of *values*."""
    await always(table, column, f"IN ({', '.join(repr(str(value)) for value in values)})")


async def always(table: str, column: str, condition: str) -> None:
    """Let *column* hold only what fits the SQL *condition*."""
    rule = f"{table}_{column}_check"
    if _on_sqlite():
        for verb in ("INSERT", "UPDATE"):
            await _execute(
                f'CREATE TRIGGER "{rule}_{verb.lower()}" BEFORE {verb} ON "{table}"'
                f" WHEN NOT (NEW.\"{column}\" {condition}) BEGIN SELECT RAISE(ABORT, '{rule}'); END"
            )
    else:
        await _execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{rule}" CHECK ("{column}" {condition})')


async def unchangeable(table: str) -> None:
    """Refuse to change or delete rows of *table*."""
    rule = f"{table}_unchangeable"
    if _on_sqlite():
        for verb in ("UPDATE", "DELETE"):
            await _execute(
                f'CREATE TRIGGER "{rule}_{verb.lower()}" BEFORE {verb} ON "{table}"'
                f" BEGIN SELECT RAISE(ABORT, '{rule}'); END"
            )
    else:
        await _execute(
            f'CREATE FUNCTION "{rule}"() RETURNS trigger LANGUAGE plpgsql'
            f" AS $$ BEGIN RAISE EXCEPTION '{rule}'; END $$"
        )
        await _execute(f'CREATE TRIGGER "{rule}" BEFORE UPDATE OR DELETE ON "{table}" EXECUTE FUNCTION "{rule}"()')


async def told(table: str) -> None:
    """Tell those who listen of every commit that wrote to *table*. SQLite has nobody to tell; there a watcher looks."""
    if _on_sqlite():
        return
    rule = f"{table}_told"
    await _execute(
        f'CREATE FUNCTION "{rule}"() RETURNS trigger LANGUAGE plpgsql'
        f" AS $$ BEGIN PERFORM pg_notify('{CHANNEL}', ''); RETURN NULL; END $$"
    )
    await _execute(
        f'CREATE TRIGGER "{rule}" AFTER INSERT OR UPDATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION "{rule}"()'
    )


async def numbers_from(counter: str, first: int) -> None:
    """Make the counter that gives *first* first."""
    await Counter.insert(Counter(name=counter, last=first - 1))


def _on_sqlite() -> bool:
    engine = engine_finder()
    return engine is not None and engine.engine_type == "sqlite"


async def _execute(statement: str) -> None:
    """Run DDL. Names and values are this project's own, no text from outside comes here."""
    await Counter.raw(statement)


def _name(table: str, columns: Iterable[str]) -> str:
    return "_".join((table, *columns))


def _list(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
