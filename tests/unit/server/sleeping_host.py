"""A host with accounts that sleep: systemd and PHP are played by small servers, the waker is the real one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ankunft_waker.doors import Doors
from ankunft_waker.units import SLICE, Units
from ankunft_waker.waker import Waker

#: Passes its arguments to the test and ends as the test says. (systemctl gets no environment.)
SYSTEMCTL = """#!/usr/bin/python3 -IS
import socket, sys
with socket.socket(socket.AF_UNIX) as control:
    control.connect({control!r})
    control.sendall(" ".join(sys.argv[1:]).encode() + b"\\n")
    answer = control.recv(100).decode()
if answer:
    sys.exit(answer)
"""


@dataclass
class Server:
    """What the waker sees of a host, and what it did to it."""

    folder: Path
    calls: list[str] = field(default_factory=list)
    #: Accounts whose units do not start.
    broken: set[str] = field(default_factory=set)
    received: list[bytes] = field(default_factory=list)
    #: PHP answers when it has read so many bytes.
    whole: int = 1
    _php: dict[str, asyncio.Server] = field(default_factory=dict)
    #: A unit's stop has begun.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    sockets: Path = field(init=False)
    cgroups: Path = field(init=False)
    waker: Waker = field(init=False)

    def __post_init__(self) -> None:
        self.sockets = self.folder / "php"
        self.sockets.mkdir()
        self.cgroups = self.folder / "cgroup"
        program = self.folder / "systemctl"
        program.write_text(SYSTEMCTL.format(control=str(self.folder / "control")))
        program.chmod(0o755)
        self.waker = Waker(Doors(self.sockets), Units(str(program), (self.cgroups,)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        control = await asyncio.start_unix_server(self._systemctl, self.folder / "control")
        try:
            yield
        finally:
            control.close()
            for php in self._php.values():
                php.close()

    async def _systemctl(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = (await reader.readline()).decode().strip()
        self.calls.append(call)
        account = call.partition("@")[2].partition(".")[0]
        if call.startswith("stop"):
            self.stopping.set()
            await self.fall_asleep(account)
        elif account in self.broken:
            writer.write(b"Job failed, see its journal")
        else:
            await self.wake_up(account)
        writer.close()

    async def wake_up(self, account: str) -> None:
        async def php(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            read = b""
            while len(read) < self.whole:
                read += await reader.read(1 << 16)
            self.received.append(read)
            writer.write(b"answer of " + account.encode())
            writer.close()

        self._php[account] = await asyncio.start_unix_server(php, self.sockets / f"{account}.sock")
        self.have_processes(account, 1)

    async def fall_asleep(self, account: str) -> None:
        self._php.pop(account).close()
        with suppress(FileNotFoundError):
            (self.sockets / f"{account}.sock").unlink()
        (self.cgroups / SLICE / f"php-account@{account}.service/cgroup.procs").unlink()

    def have_processes(self, account: str, count: int) -> None:
        unit = self.cgroups / SLICE / f"php-account@{account}.service"
        unit.mkdir(parents=True, exist_ok=True)
        (unit / "cgroup.procs").write_text("".join(f"{100 + n}\n" for n in range(count)))
