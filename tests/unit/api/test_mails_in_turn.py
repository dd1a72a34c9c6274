"""What is told of one order arrives in the order in which it happened."""

from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from api import journal
from api.domains.drivers import Sandbox
from api.equipment import Equipment
from api.notices import delivery, outbox
from api.notices.facts import Sources
from api.notices.tables import Outbox
from api.shop.page import order_page
from tests.unit.api.domaindesk import active, office
from tests.unit.api.mailserver import mail_server, mailing_to
from tests.unit.api.orderform import new_name, offered, row_of

pytestmark = pytest.mark.usefixtures("database")


async def test_no_state_of_a_domain_is_told_before_the_one_that_led_to_it(equipment: Equipment) -> None:
    names = [new_name() for _ in range(3)]
    for name in names:
        await active(equipment, name)
    await office(equipment, Sandbox()).work()
    with mail_server() as server:
        posting = mailing_to(equipment, server.port)
        await delivery.deliver_due(posting, Sources(partial(order_page, posting.settings)), "mail")
        subjects = [str(mail["Subject"]) for mail in server.taken]
    for name in names:
        told = [subject for subject in subjects if name in subject]
        assert told == [f"{name}: die Registrierung ist beauftragt", f"Ihre Domain {name} ist da"]


async def test_a_mail_that_is_put_off_lets_none_after_it_overtake(equipment: Equipment) -> None:
    order_id, other = await offered(equipment), await offered(equipment)
    row = await journal.write(subject="order", subject_id=order_id, order=order_id, event="TEST", actor=journal.SYSTEM)
    await outbox.tell("staff_alarm", order_id, row, {"what": "no_room"})
    (greylisted,) = await Outbox.select().where(Outbox.order == order_id, Outbox.kind == "order_received")
    with mail_server() as server:
        posting = mailing_to(equipment, server.port)
        sources = Sources(partial(order_page, posting.settings))
        server.say = lambda _: "451 greylisted" if greylisted["message_id"] in server.seen[-1] else "250 OK"
        for _ in range(2):
            await delivery.deliver_due(posting, sources, "mail")
        assert await sent(order_id) == ["staff_alarm"], "staff are other readers"
        assert await sent(other) == ["order_received", "order_offered"]
        server.say = lambda _: "250 OK"
        await Outbox.update({Outbox.not_before: datetime.now(UTC)}).where(Outbox.id == greylisted["id"])
        await delivery.deliver_due(posting, sources, "mail")
        subjects = [str(mail["Subject"]) for mail in server.taken if cart_in(mail, await row_of(order_id))]
    assert await sent(order_id) == ["order_received", "order_offered", "staff_alarm"]
    assert [subject.rpartition(" ")[2] for subject in subjects if "Bestellung" in subject] == ["eingegangen", "werden"]


async def test_what_another_worker_is_about_to_send_is_waited_for(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    first, second = await outbox.due("mail", 9)
    assert await outbox.claim(first, delivery.HELD_FOR) is not None
    assert await outbox.due("mail", 9) == []
    long_ago = datetime.now(UTC) - outbox.HOLDS_BACK_FOR
    for written, due in ((long_ago, [second["id"]]), (first["created_at"], [])):
        await Outbox.update({Outbox.created_at: written}).where(Outbox.id == first["id"])
        assert [row["id"] for row in await outbox.due("mail", 9)] == due
    await Outbox.update({Outbox.state: "PARKED"}).where(Outbox.id == first["id"])
    assert [row["id"] for row in await outbox.due("mail", 9)] == [second["id"]]
    assert {first["order"], second["order"]} == {order_id}


async def sent(order_id: int) -> list[str]:
    rows = Outbox.select(Outbox.kind).where(Outbox.order == order_id, Outbox.state == "SENT")
    return await rows.order_by(Outbox.id).output(as_list=True)


def cart_in(mail: EmailMessage, order: dict[str, Any]) -> bool:
    return str(order["cart_id"]) in str(mail["Subject"])
