"""Mails by a real SMTP server: at least once, never before their commit, under the same Message-ID; one bad alone."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from aiosmtpd.smtp import Envelope

from api import piccolo_conf
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, MailEvent
from api.notices import delivery, mail, outbox
from api.notices.facts import Sources
from api.notices.tables import Outbox
from api.shop.page import order_page
from api.tables import Journal
from tests.contract.process import free_port
from tests.unit.api.mailserver import HANG_UP, MailServer, mail_server, mailing_to
from tests.unit.api.orderform import placed
from tests.unit.api.playedhosts import living, pinned, take_one, tell

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server."""
    with mail_server() as running:
        yield running


@pytest.fixture
def posting(equipment: Equipment, server: MailServer) -> Equipment:
    """A program whose mail goes to the server."""
    return mailing_to(equipment, server.port)


async def deliver(equipment: Equipment) -> int:
    sources = Sources(partial(order_page, equipment.settings))
    return sum([await delivery.deliver_due(equipment, sources, channel) for channel in ("sms", "mail")])


async def again(equipment: Equipment) -> int:
    """Deliver as if the pause were over."""
    await Outbox.update({Outbox.not_before: datetime.now(UTC)}).where(Outbox.state == "QUEUED")
    return await deliver(equipment)


async def states() -> Counter[str]:
    return Counter(row["state"] for row in await Outbox.select(Outbox.state))


async def journal_row(order_id: int) -> int:
    (row, *_) = await Journal.select(Journal.id).where(Journal.order == order_id)
    return int(row["id"])


async def test_an_order_is_confirmed_with_the_terms_that_were_accepted(posting: Equipment, server: MailServer) -> None:
    await placed(posting, "straße-42.de", customer__given_name="Müller & Söhne <b>", customer__email="k@example.org")
    await deliver(posting)
    (mail,) = server.taken
    assert str(mail["To"]) == "k@example.org"
    assert str(mail["Auto-Submitted"]) == "auto-generated"
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "Müller & Söhne <b>" in text.get_content()
    assert "Müller &amp; Söhne &lt;b&gt;" in page.get_content()
    assert "straße-42.de" in text.get_content()
    (terms,) = mail.iter_attachments()
    assert terms.get_filename() == "AGB-2026-11-01.txt"
    assert "Widerruf" in terms.get_content()
    assert await states() == {"SENT": 1}


async def test_the_mail_of_a_ready_account_names_what_is_needed_and_no_secret(
    posting: Equipment, server: MailServer
) -> None:
    order_id = await pinned(posting, await living("h1"))
    await tell(await take_one(posting, order_id))
    await deliver(posting)
    mail = next(mail for mail in server.taken if "a1001" in str(mail["Subject"]))
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    for needed in ("h1", "Port 22", "a1001", "postmaster@a1001.hosting.test", "143", "587", "993", ".my.cnf", "public"):
        assert needed in text
    whole = mail.as_string()
    assert not [secret for secret in ("Kirschbaum", "$6$", "DE02", "202051") if secret in whole]


async def test_nothing_is_sent_of_a_change_that_was_not_committed(posting: Equipment, server: MailServer) -> None:
    order_id = await placed(posting)
    await deliver(posting)
    row = await journal_row(order_id)

    async def fail_after_telling() -> None:
        async with piccolo_conf.DB.transaction():
            await outbox.tell("account_delayed", order_id, row)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_telling()
    await deliver(posting)
    assert len(server.taken) == 1


async def test_a_change_is_told_once(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await outbox.tell("order_received", order_id, await journal_row(order_id))


@pytest.mark.parametrize("said", ["451 not now", HANG_UP])
async def test_what_is_put_off_comes_later_under_the_same_message_id(
    posting: Equipment, server: MailServer, said: str
) -> None:
    await placed(posting)
    server.say = lambda _: said
    await deliver(posting)
    assert await deliver(posting) == 0, "it waits before it is tried again"
    assert await states() == {"QUEUED": 1}
    server.say = lambda _: "250 OK"
    await again(posting)
    assert await states() == {"SENT": 1}
    assert len(server.taken) == 1
    assert len(set(server.seen)) == 1


async def test_a_server_that_is_down_delays_and_loses_nothing(equipment: Equipment) -> None:
    away = mailing_to(equipment, free_port())
    for _ in range(3):
        await placed(away)
    for _ in range(4):
        await again(away)
    assert await states() == {"QUEUED": 3}
    with mail_server() as server:
        await again(mailing_to(equipment, server.port))
        assert len({str(made["Message-ID"]) for made in server.taken}) == 3
    assert await states() == {"SENT": 3}


@pytest.mark.parametrize("is_recipient", [True, False])
async def test_a_mail_that_is_refused_for_good_is_parked_alone(
    posting: Equipment, server: MailServer, *, is_recipient: bool
) -> None:
    await placed(posting, customer__email="gone@example.org")
    await placed(posting)

    answers = iter(["550 no such mailbox: gone@example.org"])

    def refuse(_: Envelope) -> str:
        return next(answers, "250 OK")

    setattr(server, "say_to_recipient" if is_recipient else "say", refuse)
    await deliver(posting)
    assert await states() == {"PARKED": 1, "SENT": 1}
    (parked,) = await Outbox.select().where(Outbox.state == "PARKED")
    assert "550" in parked["problem"]
    assert "@" not in parked["problem"]
    async with piccolo_conf.DB.transaction():
        await outbox.move(parked, MailEvent.RETRIED)
    await again(posting)
    assert await states() == {"SENT": 2}


async def test_a_server_that_does_not_know_us_is_no_fault_of_the_mail(posting: Equipment, server: MailServer) -> None:
    await placed(posting)
    server.say_to_sender = lambda _: "530 authentication required"
    await deliver(posting)
    assert await states() == {"QUEUED": 1}
    server.say_to_sender = lambda _: "250 OK"
    await again(posting)
    assert await states() == {"SENT": 1}


async def test_a_mail_about_what_is_not_there_any_more_does_not_come_again_and_again(posting: Equipment) -> None:
    order_id = await placed(posting)
    await outbox.tell("domain_status", order_id, await journal_row(order_id), {"domain": "gone.de", "status": "FAILED"})
    await deliver(posting)
    assert await states() == {"PARKED": 1, "SENT": 1}


async def test_what_nobody_foresaw_puts_one_row_off_and_ends_after_days(
    posting: Equipment, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await placed(posting)
    monkeypatch.setattr(mail, "message", None)
    await deliver(posting)
    assert await states() == {"QUEUED": 1}
    monkeypatch.setattr(delivery, "GIVE_UP_AFTER", timedelta(0))
    await again(posting)
    assert await states() == {"PARKED": 1}
    assert not server.taken


async def test_a_letter_that_cannot_be_written_is_parked_and_others_go_on(
    posting: Equipment, server: MailServer
) -> None:
    order_id = await placed(posting)
    await outbox.tell("no_such_letter", order_id, await journal_row(order_id))
    await deliver(posting)
    assert await states() == {"PARKED": 1, "SENT": 1}
    assert len(server.taken) == 1


async def test_several_workers_send_each_mail_once(posting: Equipment, server: MailServer) -> None:
    for _ in range(6):
        await placed(posting)
    await asyncio.gather(*(deliver(posting) for _ in range(8)))
    assert Counter(server.seen) == dict.fromkeys(server.seen, 1)
    assert len(server.taken) == 6


async def test_what_a_killed_worker_held_is_sent_by_the_next(posting: Equipment, server: MailServer) -> None:
    await placed(posting)
    (row,) = await outbox.due("mail", 9)
    assert await outbox.claim(row, delivery.HELD_FOR) is not None
    assert await outbox.claim(row, delivery.HELD_FOR) is None
    assert await deliver(posting) == 0
    await again(posting)
    assert len(server.taken) == 1


async def test_a_worker_that_was_taken_for_dead_marks_nothing(equipment: Equipment) -> None:
    await placed(equipment)
    (row,) = await outbox.due("mail", 9)
    slow = await outbox.claim(row, timedelta(0))
    (newer,) = await outbox.due("mail", 9)
    assert await outbox.claim(newer, delivery.HELD_FOR) is not None
    assert slow is not None
    with pytest.raises(IllegalMoveError):
        await outbox.move(slow, MailEvent.DELIVERED)


async def test_staff_are_told_at_their_own_address(posting: Equipment, server: MailServer) -> None:
    order_id = await placed(posting)
    await outbox.tell("staff_alarm", order_id, await journal_row(order_id), {"what": "job_parked", "host": "web1"})
    await deliver(posting)
    alarm = next(mail for mail in server.taken if str(mail["To"]) == "staff@hosting.test")
    assert "web1" in str(alarm["Subject"])
    assert "O'Brien" not in alarm.as_string()
