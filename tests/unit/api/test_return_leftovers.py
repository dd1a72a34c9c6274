"""A contract that waits for a look keeps its order open; one whose order went on another way confuses nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.activation import endings, reminders
from api.activation.acceptance import accept
from api.activation.contracts import arrival, decisions, filing
from api.activation.contracts.arrival import Envelope, File
from api.activation.contracts.document import contract_pdf
from api.activation.contracts.returns import row_of
from api.equipment import Equipment
from api.lifecycle import IllegalMoveError, OrderEvent
from api.notices.tables import Outbox
from api.tables import Order
from tests.customer.paper import illegible
from tests.unit.api import orderform
from tests.unit.api.orderform import offered

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

MAILED = Envelope("email", "customer", "j@example.org", "Vertrag")
ANNA = "staff:Anna"


async def handed_in(equipment: Equipment, content: bytes, subject: str = "Vertrag") -> dict[str, Any]:
    (number,) = await arrival.take(equipment, MAILED._replace(subject=subject), [File("scan.tif", content)])
    await filing.file_received(equipment)
    return await row_of(number)


async def ends_in(order: int, span: timedelta) -> datetime:
    end = datetime.now(UTC) + span
    await Order.update({Order.expires_at: end}).where(Order.id == order)
    return end


async def state_of(order: int) -> str:
    return str((await orderform.row_of(order))["state"])


async def mails_of(order: int) -> list[str]:
    rows = await Outbox.select(Outbox.kind).where(Outbox.order == order).order_by(Outbox.id)
    return [row["kind"] for row in rows]


@pytest.mark.parametrize("is_legible", [True, False])
async def test_an_order_whose_contract_waits_neither_lapses_nor_is_reminded_of(
    equipment: Equipment, *, is_legible: bool
) -> None:
    order, other = await offered(equipment), await offered(equipment)
    cart_id = (await orderform.row_of(order))["cart_id"]
    paper = await contract_pdf(equipment, order) if is_legible else illegible()
    row = await handed_in(equipment, paper, f"Vertrag {cart_id}")
    assert row["state"] == ("FILED" if is_legible else "INBOX")
    for waiting in (order, other):
        await ends_in(waiting, timedelta(hours=1))
    assert await reminders.remind_due(equipment.settings.orders) == 1
    assert "order_reminder" not in await mails_of(order)
    for waiting in (order, other):
        await ends_in(waiting, timedelta(seconds=-1))
    await endings.lapse_due()
    assert [await state_of(order), await state_of(other)] == ["AWAITING_ACTIVATION", "EXPIRED"]
    await decisions.reject(equipment, row["id"], "Die Unterschrift fehlt.", actor=ANNA)
    if is_legible:
        assert (await orderform.row_of(order))["expires_at"] > datetime.now(UTC) + timedelta(days=10)
    await ends_in(order, timedelta(seconds=-1))
    await endings.lapse_due()
    assert await state_of(order) == "EXPIRED"


async def test_a_paper_whose_order_was_accepted_another_way_is_kept_as_proof_or_put_aside_in_silence(
    equipment: Equipment,
) -> None:
    for is_proof in (True, False):
        order = await offered(equipment)
        row = await handed_in(equipment, await contract_pdf(equipment, order))
        await accept(equipment, order, OrderEvent.STAFF_ACCEPTED, actor=ANNA)
        number, told = (await orderform.row_of(order))["number"], await mails_of(order)
        if is_proof:
            await decisions.approve(equipment, row["id"], actor=ANNA)
        else:
            await decisions.reject(equipment, row["id"], "nicht nötig", actor=ANNA)
        assert (await row_of(row["id"]))["state"] == ("APPROVED" if is_proof else "REJECTED")
        assert (await state_of(order), (await orderform.row_of(order))["number"]) == ("ACCEPTED", number)
        assert await mails_of(order) == told


async def test_a_paper_filed_to_an_order_that_lapsed_promises_its_customer_nothing(equipment: Equipment) -> None:
    order = await offered(equipment)
    row = await handed_in(equipment, illegible())
    await Order.update({Order.state: "EXPIRED"}).where(Order.id == order)
    told = await mails_of(order)
    await decisions.assign(equipment, row["id"], order, actor=ANNA)
    with pytest.raises(IllegalMoveError):
        await decisions.approve(equipment, row["id"], actor=ANNA)
    await decisions.reject(equipment, row["id"], "zu spät", actor=ANNA)
    assert await mails_of(order) == told
