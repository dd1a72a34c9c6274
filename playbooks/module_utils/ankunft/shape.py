"""Read JSON strictly: exact keys, exact types, patterns over the whole text, no key twice.

The job is checked by msgspec in the agent already; a server that is reached over SSH has no msgspec, and a job
file given by hand was checked by nobody. A message names the field, never its value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .errors import RefusedError

MAX_BYTES = 64 * 1024

T = TypeVar("T")


def read_object(text: bytes, what: str) -> Fields:
    """Parse *text* as one JSON object, called *what* in messages.

    Raises:
        RefusedError: too large, not UTF-8, not JSON, no object, or a key stands in it twice.
    """
    if len(text) > MAX_BYTES:
        raise RefusedError(f"{what} is larger than {MAX_BYTES} bytes")
    try:
        value = json.loads(text.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{what} is not JSON: {_place(error)}") from None
    return Fields(value, what)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _place(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


class Fields:
    """The fields of one JSON object, each taken once; `done` refuses what nobody took."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise RefusedError(f"{where} is not a JSON object")
        self._left = dict(value)
        self._where = where

    def _take(self, key: str, kind: type) -> Any:
        if key not in self._left:
            raise RefusedError(f"{self._where}: {key} is missing")
        value = self._left.pop(key)
        if type(value) is not kind:
            raise RefusedError(f"{self._where}: {key} is not {_KINDS[kind]}")
        return value

    def text(self, key: str, pattern: re.Pattern[str], *, longest: int = 1024) -> str:
        """Take a string that *pattern* matches from its first to its last character."""
        value: str = self._take(key, str)
        if len(value) > longest or not pattern.fullmatch(value):
            raise RefusedError(f"{self._where}: {key} has not the form that it must have")
        return value

    def choice(self, key: str, allowed: Iterable[str]) -> str:
        """Take a string that is one of *allowed*."""
        names = list(allowed)
        value: str = self._take(key, str)
        if value not in names:
            raise RefusedError(f"{self._where}: {key} is none of {', '.join(names)}")
        return value

    def number(self, key: str, least: int, most: int) -> int:
        """Take a whole number from *least* to *most*."""
        value: int = self._take(key, int)
        if not least <= value <= most:
            raise RefusedError(f"{self._where}: {key} is not from {least} to {most}")
        return value

    def flag(self, key: str) -> bool:
        """Take true or false."""
        value: bool = self._take(key, bool)
        return value

    def items(self, key: str, longest: int, read: Callable[[object, str], T]) -> tuple[T, ...]:
        """Take a list of at most *longest* items, each made by *read* from its value and its place."""
        value: list[object] = self._take(key, list)
        if len(value) > longest:
            raise RefusedError(f"{self._where}: {key} has more than {longest} items")
        return tuple(read(item, f"{self._where}: {key}[{index}]") for index, item in enumerate(value))

    def fields(self, key: str) -> Fields:
        """Take an object."""
        return Fields(self._take(key, dict), f"{self._where}: {key}")

    def done(self) -> None:
        """Refuse the object if it holds a field that nobody took."""
        if self._left:
            raise RefusedError(f"{self._where}: holds {len(self._left)} unknown field(s)")


_KINDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}
