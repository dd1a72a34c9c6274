"""The driver's log: what it sent, what it was answered, what it killed. A JSON object per line, never rewritten."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Log:
    """The log in *file*."""

    file: Path

    def write(self, event: str, **facts: object) -> None:
        """Append one line and see it on the disk: what is logged has happened."""
        line = json.dumps({"at": round(time.time(), 3), "event": event} | facts, ensure_ascii=False)
        with self.file.open("a", encoding="utf-8") as log:
            log.write(line + "\n")
            log.flush()
            os.fsync(log.fileno())

    def entries(self, event: str | None = None) -> list[Entry]:
        """Return the lines (about *event*), oldest first."""
        lines = map(json.loads, self.file.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if event in {None, line["event"]}]
