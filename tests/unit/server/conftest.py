"""A host whose accounts sleep, for the tests of what a server is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.server.sleeping_host import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.fixture
def play(server: Server) -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Run a scenario while the host's systemd answers."""

    async def run(scenario: Callable[[], Awaitable[None]]) -> None:
        async with server.running():
            await scenario()

    return lambda scenario: asyncio.run(run(scenario))
