"""Log lines for journald: to stderr, one line each, with the level as systemd reads it."""

from __future__ import annotations

import logging
import os
import re

_UNPRINTABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


def printable(text: str) -> str:
    """Escape what would break a line, move a cursor or turn the reading direction."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class _Line(logging.Formatter):
    """One line a record, a traceback included: foreign text can end no line and begin no other."""

    def __init__(self, *, for_journal: bool) -> None:
        super().__init__("%(name)s: %(message)s")
        self.for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        line = printable(super().format(record))
        return f"<{_PRIORITY.get(record.levelno, 6)}>{line}" if self.for_journal else f"{record.levelname} {line}"


def open_journal(*, verbose: bool = False) -> None:
    """Send this program's log to stderr; call once, at the entry of a program."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line(for_journal="JOURNAL_STREAM" in os.environ))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "asyncio", "ansible-runner"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
