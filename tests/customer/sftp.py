"""An SFTP program, opened with the account's name and the password chosen at the order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncssh

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sftp:
    """Where an account's files are, and who may open them. Each call is a session of its own."""

    host: str
    port: int
    user: str
    password: str

    def upload(self, path: str, content: str) -> None:
        """Write *content* to *path*."""

        async def write(session: asyncssh.SFTPClient) -> None:
            async with session.open(path, "w") as file:
                await file.write(content)

        self._run(write)

    def read(self, path: str) -> str:
        """Return the file at *path*."""

        async def read(session: asyncssh.SFTPClient) -> str:
            async with session.open(path, "r") as file:
                return str(await file.read())

        return self._run(read)

    def names(self, path: str = ".") -> set[str]:
        """Return what lies in the folder *path*."""

        async def list_names(session: asyncssh.SFTPClient) -> set[str]:
            return {str(name) for name in await session.listdir(path)} - {".", ".."}

        return self._run(list_names)

    def link(self, target: str, path: str) -> None:
        """Make *path* a symbolic link to *target*."""
        self._run(lambda session: session.symlink(target, path))

    def remove(self, path: str) -> None:
        """Delete the file at *path*."""
        self._run(lambda session: session.remove(path))

    def _run(self, act: Callable[[asyncssh.SFTPClient], Awaitable[T]]) -> T:
        async def session() -> T:
            async with self._session() as client:
                return await act(client)

        return asyncio.run(session())

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[asyncssh.SFTPClient]:
        """Log in. The server was made a minute ago: its key is not known yet."""
        async with (
            asyncssh.connect(
                self.host,
                self.port,
                username=self.user,
                password=self.password,
                known_hosts=None,
                client_keys=None,
                agent_path=None,
                config=None,
                connect_timeout=20,
                preferred_auth="password",
            ) as connection,
            connection.start_sftp_client() as client,
        ):
            yield client
