"""EPP over TLS: one registrar a connection, greeted, logged in, heard one command at a time, spoilt where ordered."""

from __future__ import annotations

import asyncio
import ssl
import struct
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from api.domains.epp.markup import RGP, SECDNS, Element, UnreadableError, find_all, read, text, written
from tests.registry import faults
from tests.registry.answers import Answer, greeting, response
from tests.registry.counter import Counter
from tests.registry.desk import Asked, asked, carry_out
from tests.registry.schemas import Judge
from tests.registry.store import Store
from tests.registry.zonecheck import Zones

#: No command of a registrar is longer.
LARGEST_COMMAND = 1024 * 1024
SLOW_PAUSE_S = 0.05


class Registry(NamedTuple):
    """What all connections share."""

    store: Store
    judge: Judge
    zones: Zones
    #: What it speaks besides.
    extensions: tuple[str, ...] = (SECDNS, RGP)


class DroppedError(Exception):
    """The connection is dropped on purpose."""


class Visit:
    """One connection."""

    def __init__(self, registry: Registry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._registry = registry
        self._reader = reader
        self._writer = writer
        self._account = ""
        self._last = False

    async def run(self) -> None:
        """Greet and serve until somebody hangs up."""
        try:
            await self._say(greeting(self._registry.extensions), faults.next_fault(self._registry.store, "greeting"))
            while not self._last:
                (length,) = struct.unpack(">I", await self._reader.readexactly(4))
                if not 4 < length <= LARGEST_COMMAND:
                    return
                await self._serve(await self._reader.readexactly(length - 4))
        except (asyncio.IncompleteReadError, DroppedError, OSError):
            return
        finally:
            if not self._writer.is_closing():
                self._writer.transport.abort()

    async def _serve(self, frame: bytes) -> None:
        try:
            root = read(frame)
        except UnreadableError as error:
            self._blame("in", str(error))
            return await self._say(response(Answer(2001), "", self._server_id()))
        number = text(root, "epp:command/epp:clTRID")
        if complaint := self._registry.judge.complaint(root):
            self._blame("in", complaint)
            return await self._say(response(Answer(2001, complaint[:200]), number, self._server_id()))
        order = asked(root)
        fault = faults.next_fault(self._registry.store, order.name)
        if fault == faults.BEFORE:
            raise DroppedError
        if order.name == "hello":
            return await self._say(greeting(self._registry.extensions), fault)
        answer = Answer(int(fault)) if fault in faults.CODES else await self._answer(root, order, number)
        if fault == faults.FAILED_AFTER:
            answer = Answer(2400)
        self._last = answer.code >= 2500 or answer.code == 1500
        return await self._say(response(answer, number, self._server_id()), fault)

    async def _answer(self, root: Element, order: Asked, number: str) -> Answer:
        match order.name:
            case "login":
                return self._log_in(order.verb)
            case "logout":
                return Answer(1500)
        if not self._account:
            return Answer(2002, "log in first")
        said = [etree.QName(one).namespace for one in find_all(root, "epp:command/epp:extension/*")]
        if not set(said) <= set(self._registry.extensions):
            return Answer(2103)
        counter = Counter(self._registry.store, self._account, number, root[0])
        return await carry_out(counter, order, self._registry.zones)

    def _log_in(self, verb: Element) -> Answer:
        """Take whom the certificate names, with the password."""
        name = text(verb, "epp:clID")
        account = self._registry.store.row("account", "id", name)
        certificate = self._writer.get_extra_info("peercert") or {}
        common = {value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"}
        if account is None or account["password"] != text(verb, "epp:pw") or name not in common:
            return Answer(2501)
        self._account = name
        return Answer()

    async def _say(self, root: Element, fault: str = "") -> None:
        """Send a frame, or what a fault makes of it."""
        frame = written(root)
        if complaint := self._registry.judge.complaint(root):
            self._blame("out", complaint)
        if fault == faults.AFTER:
            raise DroppedError
        if fault == faults.SLOW:
            await self._trickle(faults.framed(frame))
        self._writer.write(faults.SPOILT[fault](frame) if fault in faults.SPOILT else faults.framed(frame))
        await self._writer.drain()
        if fault in faults.SPOILT or fault == faults.HANG_UP:
            await self._leave()

    async def _trickle(self, frame: bytes) -> None:
        for byte in frame:
            self._writer.write(bytes((byte,)))
            await self._writer.drain()
            await asyncio.sleep(SLOW_PAUSE_S)

    async def _leave(self) -> None:
        """Hang up after what was said has left."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                await self._writer.wait_closed()
        raise DroppedError

    def _blame(self, direction: str, complaint: str) -> None:
        with self._registry.store.change():
            self._registry.store.put("violation", direction=direction, complaint=complaint)

    def _server_id(self) -> str:
        return f"LAB-{self._registry.store.number()}"


def identity(folder: Path) -> ssl.SSLContext:
    """Return the registry's certificate, and that it wants one of its registrars'."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def listen(folder: Path, registry: Registry, host: str, port: int) -> asyncio.Server:
    """Serve registrars at *host* and *port*; 0 = a free one."""

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await Visit(registry, reader, writer).run()

    return await asyncio.start_server(visit, host, port, ssl=identity(folder))
