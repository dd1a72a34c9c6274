"""The door for mails with contracts: LMTP (RFC 2033) behind the hoster's mail server, as `ankunft receive`.

A mail is acknowledged when its documents are kept, not before; it is looked at by a process that can do nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from api import journal
from api.activation.contracts import arrival
from api.activation.contracts.answers import Unpacked
from api.activation.contracts.arrival import File
from api.activation.contracts.keeping import waiting_bytes
from api.activation.contracts.reader import LookError, unpack
from api.engine import opened
from api.equipment import Equipment
from api.piccolo_conf import DB

COMMAND_S = 300
"""For one command of a conversation, a mail's text and its keeping among them."""
ENDS_WITHIN_S = 5
MOST_RECIPIENTS = 10
WHOLE = "mail.eml"
"""What a mail is called that is kept as it came."""
LATER = "451 4.3.0 try again later"

log = logging.getLogger("ankunft.receive")


class Door(LMTP):
    """A conversation with the mail server; the text of a mail is held once, however short its lines are."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 (aiosmtpd's name)
        """Take a mail's text, then answer once for each recipient (RFC 2033, 4.2)."""
        envelope: Any = self.envelope
        if arg or not envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._text()
        recipients = len(envelope.rcpt_tos)
        if content is None:
            status = "552 5.3.4 the mail is too large"
        else:
            envelope.content = content
            status = await self.event_handler.handle_DATA(self, self.session, envelope)
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own
        for _ in range(recipients):
            await self.push(status)

    async def _text(self) -> bytes | None:
        """Return what comes until the lone dot; None if it is more than allowed, which is read and dropped."""
        text, size, is_begun, most = bytearray(), 0, False, self.data_size_limit or 0
        while True:
            try:
                line = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                line = await self._reader.readexactly(error.consumed)
            if line == b".\r\n" and not is_begun:
                break
            size += len(line)
            if size > most:
                text.clear()
            else:
                text += line[1:] if line.startswith(b".") and not is_begun else line
            is_begun = not line.endswith(b"\r\n")
        return bytes(text) if size <= most else None


class Desk:
    """Who decides what is taken."""

    def __init__(self, equipment: Equipment) -> None:
        returns = equipment.settings.returns
        self._equipment = equipment
        self._channels: dict[str, arrival.Channel] = {}
        if returns.fax_address:
            self._channels[returns.fax_address.casefold()] = "fax"
        if returns.address:
            self._channels[returns.address.casefold()] = "email"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take mail for our own addresses only, and while there is room for what nobody has decided about."""
        if address.casefold() not in self._channels:
            return "550 5.1.1 no such address here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        try:
            is_full = await waiting_bytes() >= self._equipment.settings.returns.most_waiting_mib << 20
        except Exception as error:  # noqa: BLE001 (whatever it is, the mail stays with the server in front of us)
            log.error("nobody can say what waits: %s", type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
            return LATER
        if is_full:
            return "452 4.3.1 too much waits for a person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep what a mail brings; what goes wrong here is tried again by the mail server."""
        channel = self._channels[envelope.rcpt_tos[0].casefold()]
        try:
            await self._keep(channel, envelope.mail_from or "", envelope.content)
        except Exception as error:  # noqa: BLE001 (whatever it is, the mail stays with the server in front of us)
            log.error("a mail could not be kept: %s", type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
            return LATER
        return "250 2.0.0 kept"

    async def _keep(self, channel: arrival.Channel, sender: str, raw: bytes) -> None:
        """Keep the mail's documents, and the mail itself where it could not be taken apart to its end."""
        try:
            found = await unpack(raw)
        except LookError as error:
            found = Unpacked([], [f"a mail could not be taken apart: {error}"], "", "", is_whole=False)
        files = [File(document.name, document.content) for document in found.documents]
        if not found.is_whole:
            files.append(File(WHOLE, raw))
        notes = found.notes or ([] if files else ["a mail without any document"])
        envelope = arrival.Envelope(channel, journal.CUSTOMER, found.sender or sender, found.subject)
        numbers = await arrival.take(self._equipment, envelope, files, notes)
        log.info("took a mail by %s: %s", channel, ", ".join(map(str, numbers)))


def door_for(equipment: Equipment) -> Callable[[], asyncio.Protocol]:
    """Return what makes a conversation of each connection, so many at once and no more."""
    returns, desk, open_doors = equipment.settings.returns, Desk(equipment), set[Any]()

    class Counted(Door):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            if len(open_doors) >= returns.connections:
                transport.write(b"421 4.3.2 too many connections, come back later\r\n")  # type: ignore[attr-defined]
                transport.close()
                return
            open_doors.add(self)
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            if self in open_doors:
                open_doors.discard(self)
                super().connection_lost(error)

    def door() -> asyncio.Protocol:
        made: asyncio.Protocol = Counted(
            desk, data_size_limit=returns.max_mail_mib << 20, enable_SMTPUTF8=True, hostname="ankunft", ident="ankunft",
            timeout=COMMAND_S,
        )  # fmt: skip
        return made

    return door


async def receive(equipment: Equipment) -> None:
    """Take mails until SIGTERM or SIGINT; one that is being kept may end within a few seconds."""
    logging.getLogger("mail").setLevel(logging.CRITICAL)  # aiosmtpd's lines hold addresses
    returns = equipment.settings.returns
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, equipment.closing.set)
    async with opened(DB):
        server = await running.create_server(door_for(equipment), returns.bind, returns.port)
        await equipment.closing.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=ENDS_WITHIN_S)
    equipment.hashing.shutdown(wait=False, cancel_futures=True)
