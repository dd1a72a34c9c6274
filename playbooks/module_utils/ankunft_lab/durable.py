"""Write files that are complete or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(file: Path, value: Any, mode: int = 0o600) -> None:
    """Replace *file* by *value* as JSON, at once for every reader."""
    write_text(file, json.dumps(value, indent=2, sort_keys=True) + "\n", mode)


def write_text(file: Path, text: str, mode: int = 0o600) -> None:
    """Replace *file* by *text*, at once for every reader."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.touch(mode)
    fresh.chmod(mode)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
