"""The door for mails: what is acknowledged is kept; what is too much, for nobody, or too many, is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage

import msgspec
import pytest

from api.activation.contracts import filing
from api.activation.contracts.document import contract_pdf
from api.activation.contracts.lmtp import door_for
from api.activation.contracts.tables import Original, Returned
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.settings import Returns
from tests.customer.paper import faxed, returned
from tests.unit.api.orderform import offered

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

ADDRESS, FAX = "vertrag@hosting.test", "fax@hosting.test"


@pytest.fixture
def open_to_mail(equipment: Equipment) -> Equipment:
    """A hoster with an address for contracts."""
    returns = Returns(address=ADDRESS, fax_address=FAX, connections=3, max_mail_mib=1)
    return replace(equipment, settings=msgspec.structs.replace(equipment.settings, returns=returns))


class Line:
    """A mail server's side of a conversation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> str:
        """Return the last line of an answer."""
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 20)).decode()
            if line[3:4] != "-":
                return line.strip()

    async def say(self, command: str) -> str:
        """Say one command and return the answer."""
        self.writer.write(command.encode() + b"\r\n")
        await self.writer.drain()
        return await self.answer()

    async def mail(self, content: bytes, *recipients: str) -> list[str]:
        """Hand a mail over and return the answer for each recipient."""
        await self.say("MAIL FROM:<j@example.org>")
        for recipient in recipients:
            await self.say(f"RCPT TO:<{recipient}>")
        assert (await self.say("DATA")).startswith("354")
        lines = content.replace(b"\r\n", b"\n").split(b"\n")
        self.writer.write(b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines))
        first = await self.say("\r\n.")
        return [first, *[await self.answer() for _ in recipients[1:]]]


@asynccontextmanager
async def door(equipment: Equipment) -> AsyncIterator[int]:
    """Open the door; yield its port."""
    server = await asyncio.get_running_loop().create_server(door_for(equipment), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """Call the door and greet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = Line(reader, writer)
    try:
        assert (await line.answer()).startswith("220")
        assert (await line.say("LHLO mx.hosting.test")).startswith("250")
        yield line
    finally:
        writer.close()


def letter(*documents: tuple[str, bytes], subject: str = "Vertrag") -> bytes:
    """Return a mail with *documents*."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Jürgen O'Brien <j@example.org>", ADDRESS, subject
    made.set_content("anbei der Vertrag\n.\nGruß\n")
    for name, content in documents:
        made.add_attachment(content, "application", "octet-stream", filename=name)
    return made.as_bytes()


async def test_a_mail_with_a_scan_is_kept_and_files_itself(open_to_mail: Equipment) -> None:
    order = await offered(open_to_mail)
    mail = letter(("scan.tif", returned(await contract_pdf(open_to_mail, order))))
    async with door(open_to_mail) as port, line_to(port) as line:
        assert await line.mail(mail, ADDRESS.upper()) == ["250 2.0.0 kept"]
    await filing.file_received(open_to_mail)
    (row,) = await Returned.select()
    assert (row["state"], row["order"], row["channel"], row["name"]) == ("FILED", order, "email", "scan.tif")
    assert row["sender"] == "Jürgen O'Brien <j@example.org>"


async def test_a_fax_gateways_mail_is_a_fax(open_to_mail: Equipment) -> None:
    order = await offered(open_to_mail)
    mail = letter(("fax.tif", faxed(await contract_pdf(open_to_mail, order))), subject="Fax from +49 89 123")
    async with door(open_to_mail) as port, line_to(port) as line:
        await line.mail(mail, FAX)
    await filing.file_received(open_to_mail)
    (row,) = await Returned.select()
    assert (row["state"], row["order"], row["channel"]) == ("FILED", order, "fax")


async def test_every_recipient_is_answered_and_unknown_ones_are_refused(open_to_mail: Equipment) -> None:
    async with door(open_to_mail) as port, line_to(port) as line:
        await line.say("MAIL FROM:<>")
        assert (await line.say("RCPT TO:<anna@hosting.test>")).startswith("550 5.1.1")
        assert (await line.say("DATA")).startswith("503")
        await line.say("RSET")
        assert await line.mail(letter(("v.zip", b"PK\3\4" * 99)), ADDRESS, FAX) == ["250 2.0.0 kept"] * 2
        assert (await line.say("EHLO x")).startswith("500")
    (note,) = await Returned.select()
    assert (note["state"], note["original"]) == ("INBOX", None)
    assert note["note"] == "v.zip: refused, it is no PDF, TIFF, JPEG or PNG"
    assert await Original.count() == 0


async def test_a_mail_that_is_too_large_is_refused_and_the_next_one_is_taken(open_to_mail: Equipment) -> None:
    async with door(open_to_mail) as port, line_to(port) as line:
        assert (await line.say("MAIL FROM:<j@example.org> SIZE=1048577")).startswith("552")
        for large in (b"x" * (2 << 20), b"\n" * (1 << 20), b"y" * 900 + b"\n" * 700_000):
            assert await line.mail(large, ADDRESS) == ["552 5.3.4 the mail is too large"]
        assert await Returned.count() == 0
        assert await line.mail(letter(), ADDRESS) == ["250 2.0.0 kept"]
    (note,) = await Returned.select()
    assert note["note"] == "a mail without any document"


async def test_a_mail_that_says_a_dot_in_other_words_is_one_mail(open_to_mail: Equipment) -> None:
    async with door(open_to_mail) as port, line_to(port) as line:
        await line.say("MAIL FROM:<j@example.org>")
        await line.say(f"RCPT TO:<{ADDRESS}>")
        await line.say("DATA")
        line.writer.write(b"Subject: a\n.\nMAIL FROM:<x@y>\r\n" + b"z" * 3000 + b".\r\n..\r\n")
        assert await line.say("\r\n.") == "250 2.0.0 kept"
        assert await line.say("NOOP") == "250 OK"
    assert await Returned.count() == 1


async def test_so_many_conversations_and_no_more(open_to_mail: Equipment) -> None:
    async with door(open_to_mail) as port:
        async with line_to(port), line_to(port), line_to(port) as last:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert (await reader.readline()).startswith(b"421")
            assert await reader.read() == b""
            writer.close()
            assert (await last.say("NOOP")).startswith("250")
        await asyncio.sleep(0.1)
        async with line_to(port) as line:
            assert (await line.say("NOOP")).startswith("250")


async def test_what_cannot_be_kept_stays_with_the_mail_server(open_to_mail: Equipment) -> None:
    mail = letter(("v.pdf", b"%PDF-1.7"))
    async with door(open_to_mail) as port, line_to(port) as line:
        await line.say("MAIL FROM:<j@example.org>")
        await Returned.raw("ALTER TABLE returned_document RENAME TO gone")
        assert (await line.say(f"RCPT TO:<{ADDRESS}>")).startswith("451")
        await Returned.raw("ALTER TABLE gone RENAME TO returned_document")
        await line.say("RSET")
        await Returned.raw("ALTER TABLE journal RENAME TO gone")
        assert await line.mail(mail, ADDRESS) == ["451 4.3.0 try again later"]
        await Returned.raw("ALTER TABLE gone RENAME TO journal")
        assert await line.mail(mail, ADDRESS) == ["250 2.0.0 kept"]
    assert await Returned.count() == await Original.count() == 1


async def test_mails_stay_with_the_mail_server_while_too_much_waits_for_a_person(open_to_mail: Equipment) -> None:
    returns = msgspec.structs.replace(open_to_mail.settings.returns, most_waiting_mib=1)
    small = replace(open_to_mail, settings=msgspec.structs.replace(open_to_mail.settings, returns=returns))
    async with door(small) as port, line_to(port) as line:
        await line.mail(letter(("v.pdf", b"%PDF-" + b"x" * 600_000)), ADDRESS)
        await line.mail(letter(("v.pdf", b"%PDF-" + b"y" * 600_000)), ADDRESS)
        await line.say("MAIL FROM:<>")
        assert (await line.say(f"RCPT TO:<{ADDRESS}>")).startswith("452 4.3.1")


async def test_staff_hear_of_the_inbox_once_an_hour_however_much_rubbish_comes(open_to_mail: Equipment) -> None:
    async with door(open_to_mail) as port, line_to(port) as line:
        for number in range(5):
            await line.mail(letter(("v.pdf", b"%PDF-" + bytes([number]))), ADDRESS)
    await filing.file_received(open_to_mail)
    assert await Returned.select(Returned.state).output(as_list=True) == ["INBOX"] * 5
    assert await Outbox.count().where(Outbox.kind == "staff_return") <= 2
