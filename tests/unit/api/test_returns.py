"""What comes back on paper files itself by its mark, or waits for a person; only a person approves."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import segno
from PIL import Image

from api.activation.contracts import arrival, decisions, filing, keeping
from api.activation.contracts.arrival import Envelope, File
from api.activation.contracts.document import contract_pdf
from api.activation.contracts.mark import mark_of
from api.activation.contracts.returns import content_of, row_of
from api.activation.contracts.tables import Original, Returned
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError
from api.notices.tables import Outbox
from api.seal import Seal
from api.tables import Journal, Order
from tests.customer.paper import faxed, illegible, pdf_of, printed, returned
from tests.unit.api import orderform
from tests.unit.api.orderform import offered

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

MAILED = Envelope("email", "customer", "Jürgen O'Brien <j@example.org>", "Vertrag")
ANNA = "staff:Anna"


async def handed_in(equipment: Equipment, content: bytes, envelope: Envelope = MAILED) -> dict[str, Any]:
    """Hand a document in, have it looked at, and return its row."""
    (number,) = await arrival.take(equipment, envelope, [File("scan.tif", content)])
    await filing.file_received(equipment)
    return await row_of(number)


async def mails_of(order: int) -> list[str]:
    """Return the kinds of mails of an order, in order."""
    rows = await Outbox.select(Outbox.kind).where(Outbox.order == order).order_by(Outbox.id)
    return [row["kind"] for row in rows]


async def test_a_contract_that_was_scanned_askew_and_dirty_files_itself_and_one_approval_accepts_the_order(
    equipment: Equipment,
) -> None:
    order = await offered(equipment)
    row = await handed_in(equipment, returned(await contract_pdf(equipment, order), turn=3, noise=0.02))
    assert (row["state"], row["order"], row["pages"], row["note"]) == ("FILED", order, "[0, 1]", "")
    assert (await orderform.row_of(order))["state"] == "AWAITING_ACTIVATION"
    await decisions.approve(equipment, row["id"], actor=ANNA)
    after = await orderform.row_of(order)
    assert (after["state"], after["number"]) == ("ACCEPTED", 500_001)
    decided = await row_of(row["id"])
    assert (decided["state"], decided["decided_by"]) == ("APPROVED", ANNA)
    assert {"contract_returned", "staff_alarm", "contract_accepted"} <= set(await mails_of(order))
    (accepted,) = await Journal.select().where(Journal.event == "CONTRACT_APPROVED")
    assert (accepted["actor"], accepted["order"]) == (ANNA, order)
    with pytest.raises(IllegalMoveError):
        await decisions.approve(equipment, row["id"], actor=ANNA)


async def test_a_standard_fax_upside_down_files_itself(equipment: Equipment) -> None:
    order = await offered(equipment)
    row = await handed_in(equipment, faxed(await contract_pdf(equipment, order), turn=181), Envelope("fax", "customer"))
    assert (row["state"], row["order"]) == ("FILED", order)


async def test_what_cannot_be_read_waits_for_a_person_who_files_and_approves_it(equipment: Equipment) -> None:
    order = await offered(equipment)
    cart_id = (await orderform.row_of(order))["cart_id"]
    row = await handed_in(equipment, illegible(), MAILED._replace(subject=f"Vertrag {cart_id.lower()}"))
    assert (row["state"], row["order"], row["suggested"]) == ("INBOX", None, order)
    assert row["note"] == "no mark of ours can be read on it"
    with pytest.raises(IllegalMoveError):
        await decisions.approve(equipment, row["id"], actor=ANNA)
    await decisions.assign(equipment, row["id"], order, actor=ANNA)
    await decisions.approve(equipment, row["id"], actor=ANNA)
    assert (await orderform.row_of(order))["state"] == "ACCEPTED"


async def test_a_mark_of_somebody_else_files_nothing(equipment: Equipment) -> None:
    cart_id = (await orderform.row_of(await offered(equipment)))["cart_id"]
    for seal, state in ((Seal(b"x" * 32), "INBOX"), (equipment.seal, "FILED")):
        code, page = io.BytesIO(), Image.new("L", (1240, 1754), 255)
        segno.make(mark_of(seal, cart_id), error="q").save(code, kind="png", scale=8)
        page.paste(Image.open(code).convert("L"), (800, 60))
        row = await handed_in(equipment, pdf_of([page]))
        assert row["state"] == state


async def test_the_same_document_is_known_again_by_its_bytes_and_by_its_pages(equipment: Equipment) -> None:
    order = await offered(equipment)
    pdf = await contract_pdf(equipment, order)
    first = await handed_in(equipment, pdf)
    again = await handed_in(equipment, pdf)
    other_bytes = await handed_in(equipment, pdf + b"\n% printed again\n")
    for copy in (again, other_bytes):
        assert (copy["state"], copy["same_as"], copy["order"]) == ("DUPLICATE", first["id"], None)
    assert await Original.count() == 2
    assert (await mails_of(order)).count("contract_returned") == 1
    unread, unread_again = await handed_in(equipment, illegible(5)), await handed_in(equipment, illegible(5))
    assert (unread["state"], unread_again["state"]) == ("INBOX", "DUPLICATE")


async def test_six_copies_at_once_are_filed_once(equipment: Equipment) -> None:
    order = await offered(equipment)
    pdf = await contract_pdf(equipment, order)
    await asyncio.gather(*(arrival.take(equipment, MAILED, [File("v.pdf", pdf)]) for _ in range(6)))
    await asyncio.gather(*(filing.file_received(equipment) for _ in range(3)))
    states = sorted(await Returned.select(Returned.state).output(as_list=True))
    assert states == ["DUPLICATE"] * 5 + ["FILED"]
    assert (await mails_of(order)).count("contract_returned") == 1


async def test_a_stack_of_contracts_is_divided(equipment: Equipment) -> None:
    first, second = await offered(equipment), await offered(equipment)
    sheets = [sheet for order in (first, second) for sheet in printed(await contract_pdf(equipment, order), 150)]
    await handed_in(equipment, pdf_of(sheets, 150), Envelope("post", ANNA))
    rows = await Returned.select().order_by(Returned.id)
    assert [(row["order"], row["pages"], row["state"]) for row in rows] == [
        (first, "[0, 1]", "FILED"),
        (second, "[2, 3]", "FILED"),
    ]
    assert await Original.count() == 1


async def test_what_staff_hand_in_for_an_order_is_filed_there_unless_its_mark_says_otherwise(
    equipment: Equipment,
) -> None:
    order, other = await offered(equipment), await offered(equipment)
    named = Envelope("post", ANNA, order=order)
    assert (await handed_in(equipment, illegible(2), named))["order"] == order
    astray = await handed_in(equipment, await contract_pdf(equipment, other), named)
    assert (astray["state"], astray["order"], astray["suggested"]) == ("INBOX", None, other)
    assert "another order" in astray["note"]


async def test_a_copy_that_staff_hand_in_for_an_order_files_the_one_that_waited(equipment: Equipment) -> None:
    order = await offered(equipment)
    first = await handed_in(equipment, illegible())
    copy = await handed_in(equipment, illegible(), Envelope("post", ANNA, ANNA, order=order))
    assert (copy["state"], copy["same_as"]) == ("DUPLICATE", first["id"])
    filed = await row_of(first["id"])
    assert (filed["state"], filed["order"]) == ("FILED", order)
    (entry,) = await Journal.select().where(Journal.subject == "return", Journal.event == "ASSIGNED")
    assert entry["actor"] == ANNA


async def test_who_was_killed_with_a_document_loses_it_to_the_next_and_three_are_enough(equipment: Equipment) -> None:
    order = await offered(equipment)
    (number,) = await arrival.take(equipment, MAILED, [File("v.pdf", await contract_pdf(equipment, order))])
    now = datetime.now(UTC)
    await Returned.update({Returned.tries: 1, Returned.not_before: now + timedelta(minutes=1)}).where(
        Returned.id == number
    )
    assert await filing.file_received(equipment) == 0
    await Returned.update({Returned.not_before: now}).where(Returned.id == number)
    await filing.file_received(equipment)
    assert (await row_of(number))["state"] == "FILED"
    (cursed,) = await arrival.take(equipment, MAILED, [File("w.pdf", illegible(9))])
    await Returned.update({Returned.tries: 3}).where(Returned.id == cursed)
    await filing.file_received(equipment)
    row = await row_of(cursed)
    assert (row["state"], row["note"]) == ("INBOX", "three workers did not come to an end with it")


async def test_a_contract_of_an_order_that_waits_for_nothing_waits_for_a_person(equipment: Equipment) -> None:
    order = await offered(equipment)
    pdf = await contract_pdf(equipment, order)
    await Order.update({Order.state: "EXPIRED"}).where(Order.id == order)
    row = await handed_in(equipment, pdf)
    assert (row["state"], row["suggested"], row["note"]) == ("INBOX", order, "its order is EXPIRED")


async def test_an_order_does_not_lapse_while_its_contract_waits_for_a_look(equipment: Equipment) -> None:
    order = await offered(equipment)
    soon = datetime.now(UTC) + timedelta(hours=1)
    await Order.update({Order.expires_at: soon}).where(Order.id == order)
    await handed_in(equipment, await contract_pdf(equipment, order))
    assert (await orderform.row_of(order))["expires_at"] > soon + timedelta(days=10)


async def test_of_ten_who_decide_at_once_one_does(equipment: Equipment) -> None:
    order = await offered(equipment)
    row = await handed_in(equipment, await contract_pdf(equipment, order))
    answers = await asyncio.gather(
        *(decisions.approve(equipment, row["id"], actor=ANNA) for _ in range(5)),
        *(decisions.reject(equipment, row["id"], "nein", actor="staff:Ole") for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert all(isinstance(answer, IllegalMoveError) for answer in answers if isinstance(answer, BaseException))


async def test_a_rejection_tells_the_customer_why_and_a_second_try_is_not_taken_for_a_copy(
    equipment: Equipment,
) -> None:
    order = await offered(equipment)
    pdf = await contract_pdf(equipment, order)
    row = await handed_in(equipment, pdf)
    await decisions.reject(equipment, row["id"], "die Unterschrift fehlt", actor=ANNA)
    assert (await orderform.row_of(order))["state"] == "AWAITING_ACTIVATION"
    (mail,) = await Outbox.select().where(Outbox.kind == "contract_rejected")
    assert "die Unterschrift fehlt" in mail["context"]
    again = await handed_in(equipment, pdf)
    assert (again["state"], again["same_as"]) == ("INBOX", row["id"])
    signed = await handed_in(equipment, returned(pdf))
    assert (signed["state"], signed["order"]) == ("FILED", order)


async def test_originals_are_sealed_and_rejected_ones_are_not_kept_for_ever(equipment: Equipment) -> None:
    order = await offered(equipment)
    pdf = await contract_pdf(equipment, order)
    approved = await handed_in(equipment, returned(pdf))
    rejected = await handed_in(equipment, pdf)
    (original,) = await Original.select().where(Original.id == rejected["original"])
    assert b"%PDF" not in bytes(original["content"])
    assert await content_of(equipment, rejected) == pdf
    await decisions.approve(equipment, approved["id"], actor=ANNA)
    await decisions.reject(equipment, rejected["id"], "doppelt", actor=ANNA, is_told=False)
    assert await keeping.forget_rejected(equipment) == 0
    long_ago = datetime.now(UTC) - timedelta(days=91)
    await Original.update({Original.received_at: long_ago}, force=True)
    await Returned.update({Returned.decided_at: long_ago}, force=True)
    assert await keeping.forget_rejected(equipment) == 1
    assert await content_of(equipment, await row_of(rejected["id"])) is None
    assert await content_of(equipment, await row_of(approved["id"])) is not None
