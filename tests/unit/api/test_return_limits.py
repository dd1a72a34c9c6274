"""What outsiders can make us keep, tell and print by sending documents again and again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.activation.contracts import arrival, decisions, filing, keeping
from api.activation.contracts.arrival import Envelope, File
from api.activation.contracts.document import contract_pdf
from api.activation.contracts.returns import row_of
from api.activation.contracts.tables import Original, Returned
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.tables import Allowance
from tests.customer.paper import illegible, returned
from tests.unit.api.orderform import offered

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

MAILED = Envelope("email", "customer", "x@example.org", "Vertrag")
ANNA = "staff:Anna"


async def handed_in(equipment: Equipment, content: bytes) -> dict[str, Any]:
    (number,) = await arrival.take(equipment, MAILED, [File("scan.pdf", content)])
    await filing.file_received(equipment)
    return await row_of(number)


async def told(kind: str) -> int:
    return int(await Outbox.count().where(Outbox.kind == kind))


async def an_hour_passes() -> None:
    await Allowance.delete(force=True)


async def test_of_a_second_copy_nothing_is_kept_and_what_is_kept_counts_until_it_is_approved(
    equipment: Equipment,
) -> None:
    pdf = await contract_pdf(equipment, await offered(equipment))
    junk = [pdf + b"\n%" + b"x" * 300_000 + bytes([65 + number]) for number in range(3)]
    rows = [await handed_in(equipment, content) for content in junk]
    assert [row["state"] for row in rows] == ["FILED", "DUPLICATE", "DUPLICATE"]
    kept = await Original.select(Original.content).order_by(Original.id).output(as_list=True)
    assert [content is not None for content in kept] == [True, False, False]
    assert await keeping.waiting_bytes() == len(junk[0])
    await decisions.approve(equipment, rows[0]["id"], actor=ANNA)
    assert await keeping.waiting_bytes() == 0
    unread = await handed_in(equipment, illegible(1))
    await decisions.reject(equipment, unread["id"], "Werbung", actor=ANNA)
    assert await keeping.waiting_bytes() > 0, "a rejected one is kept for a while"


async def test_a_copy_of_one_of_two_contracts_in_a_file_leaves_the_file_to_the_other(equipment: Equipment) -> None:
    row = await handed_in(equipment, await contract_pdf(equipment, await offered(equipment)))
    at = {"received_at": row["received_at"], "not_before": row["not_before"]}
    copy = Returned({Returned.state: "DUPLICATE"}, original=row["original"], channel="email", **at)
    await Returned.insert(copy)
    await keeping.forget_copies(row["original"])
    assert await keeping.waiting_bytes() > 0


async def test_one_contract_sent_in_many_looks_is_told_once_an_hour_and_after_a_rejection(
    equipment: Equipment,
) -> None:
    pdf = await contract_pdf(equipment, await offered(equipment))
    rows = [await handed_in(equipment, returned(pdf, seed=seed)) for seed in (5, 15, 25)]
    assert [row["state"] for row in rows] == ["FILED"] * 3
    assert (await told("contract_returned"), await told("staff_alarm")) == (1, 1)
    await decisions.reject(equipment, rows[0]["id"], "Die Unterschrift fehlt.", actor=ANNA)
    await handed_in(equipment, returned(pdf, seed=35))
    assert (await told("contract_returned"), await told("staff_alarm")) == (2, 2)
    await an_hour_passes()
    await handed_in(equipment, returned(pdf, seed=45))
    assert (await told("contract_returned"), await told("staff_alarm")) == (3, 3)


async def test_rubbish_all_day_long_is_told_each_hour_and_not_only_once(equipment: Equipment) -> None:
    for hour in (1, 2, 3):
        for number in range(4):
            await arrival.take(equipment, MAILED, [], [f"rubbish {hour} {number}"])
        assert await told("staff_return") == hour
        await an_hour_passes()


async def test_staff_hear_once_a_day_before_mails_are_turned_away(equipment: Equipment) -> None:
    now = datetime.now(UTC)
    await arrival.take(equipment, MAILED, [File("v.pdf", b"%PDF-" + b"x" * 900_000)])
    assert not await keeping.tell_nearly_full(2, now)
    for _ in range(2):
        assert await keeping.tell_nearly_full(1, now)
    assert await told("staff_returns_full") == 1
    await keeping.tell_nearly_full(1, now + timedelta(days=1))
    assert await told("staff_returns_full") == 2


async def test_what_outsiders_write_is_kept_and_shown_as_one_printable_line(equipment: Equipment) -> None:
    envelope = Envelope("email", "customer", "a\0\x1b[2J@example.org", "Ver\x1b]0;x\atrag")
    numbers = await arrival.take(
        equipment, envelope, [File("v\0\x1b.pdf", b"%PDF-")], ["application/x\0\x1by: refused"]
    )
    numbers += await arrival.take(equipment, envelope, [], ["application/x\0\x1b\udcffy: refused"])
    for number in numbers:
        row = await row_of(number)
        for text in (row["sender"], row["subject"], row["name"], row["note"]):
            assert text.isprintable()
        assert row["note"] == "application/x y: refused"
