"""A mail that cannot be taken apart, or brings nothing to look at, is not lost; who ordered does not wait in vain."""

from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest

from api.activation.contracts import filing, reader
from api.activation.contracts.lmtp import WHOLE
from api.activation.contracts.reader import Bounds
from api.activation.contracts.returns import content_of
from api.activation.contracts.tables import Returned
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.settings import Returns
from api.tables import Allowance, Order
from tests.customer.paper import illegible
from tests.unit.api.orderform import offered, row_of
from tests.unit.api.test_lmtp import ADDRESS, door, line_to

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

PDF = b"%PDF-1.7 broken, but a document"


@pytest.fixture
def hoster(equipment: Equipment) -> Equipment:
    """A hoster with an address for contracts."""
    returns = Returns(address=ADDRESS)
    return replace(equipment, settings=msgspec.structs.replace(equipment.settings, returns=returns))


def letter(subject: str, *documents: tuple[str, bytes]) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "j@example.org", subject
    made.set_content("anbei\n")
    for name, content in documents:
        made.add_attachment(content, "application", "octet-stream", filename=name)
    return made.as_bytes()


def part(name: str) -> bytes:
    return b"--b\nContent-Type: application/pdf\nContent-Disposition: attachment; %s\n\n%%PDF-1.7 x\n" % name.encode()


def broken(charset: str) -> bytes:
    """Return a mail whose first part has a name in *charset*."""
    head = b"Subject: Vertrag\nContent-Type: multipart/mixed; boundary=b\n\n"
    return head + part(f"filename*={charset}''v%20.pdf") + part("filename=good.pdf") + b"--b--\n"


async def sent(hoster: Equipment, *mails: bytes) -> None:
    async with door(hoster) as port, line_to(port) as line:
        for mail in mails:
            assert await line.mail(mail, ADDRESS) == ["250 2.0.0 kept"]
    await filing.file_received(hoster)


async def kept(hoster: Equipment, row: dict[str, Any]) -> bytes:
    """Return the original of a row, with the ends of lines that it was written with."""
    return (await content_of(hoster, row) or b"").replace(b"\r\n", b"\n").removesuffix(b"\n")


async def told(order: int) -> int:
    return int(await Outbox.count().where(Outbox.order == order, Outbox.kind == "contract_unusable"))


@pytest.mark.parametrize("charset", ["a\0b", "mac_cyrillic", "undefined"])
async def test_a_broken_part_costs_no_other_and_the_mail_itself_is_kept_for_a_person(
    hoster: Equipment, charset: str
) -> None:
    mail = broken(charset)
    unpacked = await reader.unpack(mail)
    assert "good.pdf" in [document.name for document in unpacked.documents]
    await sent(hoster, mail)
    rows = {row["name"]: row for row in await Returned.select()}
    assert "good.pdf" in rows
    assert "a part of the mail cannot be taken apart" in rows[WHOLE]["note"]
    assert await kept(hoster, rows[WHOLE]) == mail


async def test_a_type_that_no_database_takes_is_noted_in_printable_words_and_the_document_is_kept(
    hoster: Equipment,
) -> None:
    head = b"Subject: Ver\0\x1b[2Jtrag\nContent-Type: multipart/mixed; boundary=b\n\n"
    foreign = b"--b\nContent-Type: application/x\0\x1by\n\nPK\3\4 an archive\n"
    await sent(hoster, head + foreign + part("filename=good.pdf") + b"--b--\n")
    (row,) = await Returned.select()
    assert (row["name"], row["original"] is not None) == ("good.pdf", True)
    assert "refused, it is no PDF, TIFF, JPEG or PNG" in row["note"]
    assert (row["note"] + row["subject"]).isprintable()


async def test_a_mail_at_which_the_reader_ended_is_kept_as_it_came(
    hoster: Equipment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAILED", Bounds(pages=30, cpu_s=0, wall_s=30))
    mail = letter("Vertrag", ("v.pdf", PDF))
    await sent(hoster, mail)
    (row,) = await Returned.select()
    assert (row["state"], row["name"]) == ("INBOX", WHOLE)
    assert "could not be taken apart" in row["note"]
    assert await kept(hoster, row) == mail


async def test_of_more_documents_than_are_looked_at_the_mail_is_kept(hoster: Equipment) -> None:
    await sent(hoster, letter("Vertrag", *[(f"{number}.pdf", PDF + bytes([65 + number])) for number in range(7)]))
    names = {row["name"] for row in await Returned.select()}
    assert names == {*[f"{number}.pdf" for number in range(5)], WHOLE}


async def test_who_ordered_hears_that_a_mail_brought_nothing_to_look_at_once_an_hour(hoster: Equipment) -> None:
    order, lapsed = await offered(hoster), await offered(hoster)
    await Order.update({Order.state: "EXPIRED"}).where(Order.id == lapsed)
    subjects = [f"Vertrag {(await row_of(number))['cart_id']}" for number in (order, lapsed)]
    photo = ("IMG_1.HEIC", b"\0\0\0\x18ftypheic" + b"x" * 99)
    await sent(hoster, *[letter(subject, photo) for subject in subjects], letter(subjects[0]), letter("Vertrag", photo))
    assert (await told(order), await told(lapsed)) == (1, 0)
    await Allowance.delete(force=True)
    await sent(hoster, letter(subjects[0], ("v.pdf", PDF)))
    assert await told(order) == 2, "a document that cannot be opened is none"
    await Allowance.delete(force=True)
    await sent(hoster, letter(subjects[0], ("v.pdf", illegible())))
    assert await told(order) == 2, "a person can look at this one"
