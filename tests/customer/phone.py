"""A telephone: the messages that the SMS gateway delivered to a number."""

import json
import re
from pathlib import Path

from tests.customer.patience import wait_for

CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])", re.ASCII)


def messages(sink: Path, number: str) -> list[str]:
    """Return the texts that reached *number*, oldest first."""
    if not sink.exists():
        return []
    lines = sink.read_text(encoding="utf-8").splitlines(keepends=True)
    arrived = (json.loads(line) for line in lines if line.endswith("\n"))
    return [message["text"] for message in arrived if message["to"].lstrip("+") == number.lstrip("+")]


def wait_for_message(sink: Path, number: str, *, after: int = 0, timeout_s: float = 20) -> str:
    """Return the first text to *number* that came after the first *after* ones."""

    def look() -> str | None:
        return next(iter(messages(sink, number)[after:]), None)

    return wait_for(f"a message to {number}", look, timeout_s=timeout_s)


def code_in(text: str) -> str:
    """Return the six digits in *text*, which must be there exactly once."""
    (code,) = CODE.findall(text)
    return str(code)
