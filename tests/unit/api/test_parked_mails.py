"""What did not go out: it is listed with its order, tried again by a person, and staff are told once a day."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api import journal, piccolo_conf
from api.equipment import Equipment
from api.lifecycle import MailEvent
from api.notices import delivery, outbox
from api.notices.facts import Sources
from api.notices.parked import tell_parked
from api.notices.tables import Outbox
from api.shop.page import order_page
from tests.unit.api.mailserver import mail_server, mailing_to
from tests.unit.api.orderform import placed, row_of
from tests.unit.api.test_commands import ankunft, config

pytestmark = pytest.mark.slow

__all__ = ["config"]


async def park(*order_ids: int, since: timedelta = timedelta(0)) -> None:
    parked = {Outbox.state: "PARKED", Outbox.problem: "550", Outbox.not_before: datetime.now(UTC) - since}
    await Outbox.update(parked).where(Outbox.order.is_in(list(order_ids)))  # type: ignore[arg-type]


async def alarms() -> list[dict[str, Any]]:
    rows = await Outbox.select().where(Outbox.kind == "staff_alarm").order_by(Outbox.id)
    return [msgspec.json.decode(row["context"]) for row in rows]


@pytest.mark.usefixtures("database")
async def test_an_old_mail_that_a_person_has_tried_again_has_its_days_anew(equipment: Equipment) -> None:
    for _ in range(2):
        await placed(equipment)
    with mail_server() as server:
        posting = mailing_to(equipment, server.port)
        server.say = lambda _: "451 not now"
        sources = Sources(partial(order_page, posting.settings))
        await Outbox.update({Outbox.created_at: datetime.now(UTC) - timedelta(days=6)}, force=True)
        await delivery.deliver_due(posting, sources, "mail")
        first, second = await Outbox.select().order_by(Outbox.id)
        assert (first["state"], second["state"]) == ("PARKED", "PARKED")
        async with piccolo_conf.DB.transaction():
            await outbox.move(first, MailEvent.RETRIED)
        await delivery.deliver_due(posting, sources, "mail")
    assert Counter(row["state"] for row in await Outbox.select()) == {"QUEUED": 1, "PARKED": 1}


@pytest.mark.usefixtures("database")
async def test_staff_hear_once_a_day_of_mails_to_customers_that_were_parked(equipment: Equipment) -> None:
    now = datetime.now(UTC)
    assert await tell_parked(now) == 0
    orders = [await placed(equipment) for _ in range(3)]
    written = await journal.write(
        subject="order", subject_id=orders[2], order=orders[2], event="TEST", actor=journal.SYSTEM
    )
    await Outbox.delete().where(Outbox.order == orders[2])
    await outbox.tell("staff_alarm", orders[2], written, {"what": "no_room"})
    await park(*orders)
    for _ in range(2):
        assert await tell_parked(now) == 2
    carts = [(await row_of(order_id))["cart_id"] for order_id in orders[:2]]
    assert (await alarms())[1:] == [{"what": "mails_parked", "waiting": 2, "carts": sorted(carts)}]
    await park(orders[0], orders[1], since=timedelta(hours=25))
    assert await tell_parked(now + timedelta(days=1)) == 0, "nothing new was parked"


def test_parked_mails_are_listed_with_their_order_and_tried_again_one_or_all(config: Path) -> None:
    ankunft(config, "init")

    def mail(*command: str, exit_code: int = 0) -> str:
        return ankunft(config, "mail", *command, exit_code=exit_code)

    assert mail("list").strip() == "everything has gone out"
    assert mail("retry", "--all").strip() == "no mail is parked"
    assert "--all" in mail("retry", exit_code=2)
    assert "--all" in mail("retry", "1", "--all", exit_code=2)
    assert "there is no mail 7" in mail("retry", "7", exit_code=1)
    with closing(sqlite3.connect(config.with_name("ankunft.sqlite"))) as database, database:
        at = "2026-11-24 10:00:00+00:00"
        for number, state in enumerate(("PARKED", "PARKED", "QUEUED")):
            database.execute(
                "INSERT INTO outbox (channel, kind, recipient, language, message_id, context, state, tries, not_before,"
                " created_at, problem) VALUES ('mail', 'staff_return', 'staff', 'en', ?, '{}', ?, 1, ?, ?, '550')",
                (f"m{number}", state, at, at),
            )
    listed = mail("list").splitlines()
    assert len(listed) == 3
    assert "24.11. 10:00" in listed[0]
    assert "no order" in listed[0]
    assert json.loads(mail("retry", "1", "--json")) == {"id": 1, "state": "QUEUED"}
    assert json.loads(mail("retry", "--all", "--json")) == [{"id": 2, "state": "QUEUED"}]
    assert {row["state"] for row in json.loads(mail("list", "--json"))} == {"QUEUED"}
