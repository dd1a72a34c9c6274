"""The door of an account: the socket nginx connects to, and the two moves that make ending safe.

A closed door is a renamed socket. Whoever was in, stays in; whoever comes now finds nothing, so that
nginx turns to the waker. Opening renames it back: the socket itself was listening all the time.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

OPEN, CLOSED = ".sock", ".closed"

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Doors:
    """All doors of a folder that only root can write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, account: str, suffix: str) -> Path:
        return self.folder / f"{account}{suffix}"

    async def enter(self, account: str) -> Stream | None:
        """Connect to the account's PHP, or return None if nobody listens."""
        try:
            return await asyncio.open_unix_connection(self._path(account, OPEN))
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def close(self, account: str) -> None:
        """Let nobody in any more. A door that is not there is closed."""
        with suppress(FileNotFoundError):
            self._path(account, OPEN).rename(self._path(account, CLOSED))

    def open(self, account: str) -> None:
        """Undo `close`. A door that is not there stays away."""
        with suppress(FileNotFoundError):
            self._path(account, CLOSED).rename(self._path(account, OPEN))

    def forget(self, account: str) -> None:
        """Take away what is left of a closed door."""
        self._path(account, CLOSED).unlink(missing_ok=True)

    def closed(self) -> list[str]:
        """Return the accounts whose doors are closed."""
        return [path.name.removesuffix(CLOSED) for path in self.folder.glob(f"*{CLOSED}")]
