"""Serve one of the peers, or ourselves with the password left unhashed: `python -m tests.bench.twins KIND PORT URL`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn

from api import serve, settings
from api.intake import placing
from tests.bench.twins import known, raw

CUT = "$6$rounds=100000$left-out-on-all-sides$"
"""In place of the hash: hashing takes a hundred times as long as all else, here and there."""


async def _unhashed(*_: Any) -> str:
    return CUT


def main() -> None:
    """Serve until SIGTERM."""
    kind, port, url = sys.argv[1:]
    if kind == "ours":
        placing.hashed = _unhashed  # type: ignore[attr-defined, assignment]
        asyncio.run(serve.serve(settings.load()))
        return
    app = {"raw": raw.app, "fastapi": known.app}[kind](url)
    config = uvicorn.Config(app, port=int(port), log_config=None, access_log=False, server_header=False)
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
