"""What the registry has written down: one SQLite file, read anew at every command, so that others may play too."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, password TEXT NOT NULL, balance_cents INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS contact (
  id TEXT PRIMARY KEY, roid INTEGER NOT NULL, sponsor TEXT NOT NULL, code TEXT NOT NULL, body TEXT NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS host (
  name TEXT PRIMARY KEY, roid INTEGER NOT NULL, sponsor TEXT NOT NULL, addresses TEXT NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS domain (
  name TEXT PRIMARY KEY, roid INTEGER NOT NULL, sponsor TEXT NOT NULL, code TEXT NOT NULL, registrant TEXT NOT NULL,
  contacts TEXT NOT NULL, nameservers TEXT NOT NULL, as_attributes INTEGER NOT NULL, statuses TEXT NOT NULL,
  ds TEXT NOT NULL, ordered_as TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT NOT NULL, transferred_at TEXT);
CREATE TABLE IF NOT EXISTS transfer (
  name TEXT PRIMARY KEY, status TEXT NOT NULL, gaining TEXT NOT NULL, asked_at TEXT NOT NULL, losing TEXT NOT NULL,
  acts_at TEXT NOT NULL, years INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, at TEXT NOT NULL, words TEXT NOT NULL, data BLOB);
CREATE TABLE IF NOT EXISTS rule (tld TEXT PRIMARY KEY, creates TEXT NOT NULL, transfers TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fault (id INTEGER PRIMARY KEY AUTOINCREMENT, command TEXT NOT NULL, kind TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS past (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, account TEXT NOT NULL, command TEXT NOT NULL,
  name TEXT NOT NULL, transaction_id TEXT NOT NULL, code INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS violation (
  id INTEGER PRIMARY KEY AUTOINCREMENT, direction TEXT NOT NULL, complaint TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS number (last INTEGER NOT NULL);
"""
#: No loss of power is played on the registry itself; its writes need not wait for the disk.
PRAGMAS = ("journal_mode=WAL", "synchronous=OFF", "busy_timeout=10000")
LISTS = frozenset({"contacts", "nameservers", "statuses", "ds", "addresses"})


class Refusal(Exception):  # noqa: N818 (RFC 5730 calls it so)
    """A command is not carried out."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Store:
    """The registry's book."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(SCHEMA)
        self._db.execute("INSERT INTO number SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM number)")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Carry out the block wholly or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return what *statement* finds, lists as lists."""
        with closing(self._db.execute(statement, values)) as found:
            return [{key: _read(key, row[key]) for key in row.keys()} for row in found]  # noqa: SIM118 (a Row is none)

    def row(self, table: str, key: str, value: str) -> dict[str, Any] | None:
        """Return the row of *table* whose *key* has the *value*."""
        found = self.rows(f"SELECT * FROM {table} WHERE {key} = ?", value)  # noqa: S608 (names are our own)
        return found[0] if found else None

    def put(self, table: str, **values: Any) -> None:
        """Insert a row, or replace the one with the same key."""
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        stored = [json.dumps(value) if key in LISTS else value for key, value in values.items()]
        self._db.execute(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", stored)  # noqa: S608

    def drop(self, table: str, key: str, value: Any) -> None:
        """Delete rows."""
        self._db.execute(f"DELETE FROM {table} WHERE {key} = ?", (value,))  # noqa: S608

    def number(self) -> int:
        """Return a number that nothing else has."""
        found = self.rows("UPDATE number SET last = last + 1 RETURNING last")
        return int(found[0]["last"])


def now() -> str:
    """Return the time as EPP writes it."""
    return stamp(datetime.now(UTC))


def stamp(at: datetime) -> str:
    """Return a time as EPP writes it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read(key: str, value: Any) -> Any:
    return json.loads(value) if key in LISTS and value is not None else value
