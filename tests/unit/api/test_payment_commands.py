"""What is open and what was paid, as an operator types it: pages and search, bookings, their opposites, set-offs."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from api.billing import corrections
from api.billing.receivables import movements
from api.billing.receivables.movements import Booking
from api.billing.receivables.tables import Movement, Receivable
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.tables import Journal
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, bill, hoster, issue
from tests.unit.api.test_debits import BY_TRANSFER, open_of
from tests.unit.api.test_risk_commands import ankunft, told
from tests.unit.api.test_service_commands import config

__all__ = ["config"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

BOOK = ("--on", f"{TODAY}", "--reference")


async def paid_and_cancelled(here: Equipment, config: Path) -> tuple[str, str]:
    """Return a credit note that is open, and another invoice that is."""
    await accepted(here, **BY_TRANSFER)
    (paid,) = await bill(here)
    assert "0,00" in await ankunft(config, "payment", "book", paid, "3,99", *BOOK, "statement 1")
    note = await corrections.cancel(paid, FACTS, TODAY, actor=STAFF, anew=False)
    await issue(here)
    await accepted(here, **BY_TRANSFER)
    (invoice,) = await bill(here)
    assert [await open_of(note), await open_of(invoice)] == [-399, 399]
    return note, invoice


async def test_a_wrong_booking_is_undone_once_by_its_opposite(equipment: Equipment, config: Path) -> None:
    note, invoice = await paid_and_cancelled(hoster(equipment), config)
    book, undo = ("payment", "book"), ("payment", "undo")
    for number, amount, kind in ((invoice, "3,99", "--write-off"), (invoice, "1.50", "--transfer")):
        await ankunft(config, *book, number, amount, kind, *BOOK, f"wrong {kind}")
        assert (await told(config, *undo, number, "--reference", f"wrong {kind}"))["open_cents"] == 399
    assert (await told(config, *book, note, "3,99", "--refund", *BOOK, "back"))["open_cents"] == 0
    assert (await told(config, *undo, note, "--reference", "back"))["open_cents"] == -399
    assert "booked already" in await ankunft(config, *undo, note, "--reference", "back", exit_code=1)
    for reference in ("back to front", "undo back"):
        assert "nothing that can be undone" in await ankunft(config, *undo, note, "--reference", reference, exit_code=1)
    rows = await Movement.select(Movement.kind, Movement.amount_cents).where(Movement.reference == "undo back")
    assert rows == [{"kind": "refund", "amount_cents": 399}]
    events = await Journal.select(Journal.event).where(Journal.subject_id == invoice).order_by(Journal.id)
    said = [row["event"] for row in events]
    assert said[-4:] == ["WRITE_OFF", "WRITE_OFF_UNDONE", "TRANSFER", "TRANSFER_UNDONE"]


async def test_a_debit_is_undone_by_the_bank_alone(equipment: Equipment, config: Path) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    (row,) = await Receivable.select()
    async with DB.transaction():
        await movements.book(Booking(row["id"], "debit", 399, TODAY, f"{number}-1", STAFF))
    undo = ("payment", "undo", number, "--reference", f"{number}-1")
    assert "nothing that can be undone" in await ankunft(config, *undo, exit_code=1)


async def test_a_set_off_is_done_in_parts_and_undone_on_both_sides(equipment: Equipment, config: Path) -> None:
    note, invoice = await paid_and_cancelled(hoster(equipment), config)
    set_off = ("payment", "set-off", note, invoice)
    assert "are set off" in await ankunft(config, *set_off, "1,00")
    assert "booked already" in await ankunft(config, *set_off, "1,00", exit_code=1), "the same again is a mistake"
    await ankunft(config, *set_off, "0.50", "--reference", "part 2")
    assert [await open_of(note), await open_of(invoice)] == [-249, 249]
    await ankunft(config, "payment", "undo", invoice, "--reference", f"{note} {invoice} part 2")
    assert [await open_of(note), await open_of(invoice)] == [-299, 299]
    assert "less than that" in await ankunft(config, *set_off, "3,00", "--reference", "rest", exit_code=1)
    assert "24 characters" in await ankunft(config, *set_off, "1,00", "--reference", "x" * 25, exit_code=2)
    assert "59 characters" in await ankunft(config, "payment", "book", note, "1", *BOOK, "x" * 60, exit_code=2)


async def test_what_is_open_comes_in_pages_by_search_with_the_sum_of_all(equipment: Equipment, config: Path) -> None:
    here = hoster(equipment)
    for name in ("Quer", "Längs", "Quer_100%"):
        await accepted(here, customer__family_name=name)
    first, second, third = await bill(here)
    page = await told(config, "payment", "open", "--limit", "2")
    assert [item["number"] for item in page["items"]] == [first, second]
    assert (page["total_cents"], page["next_cursor"]) == (1197, second)
    rest = await told(config, "payment", "open", "--limit", "2", "--cursor", second)
    assert ([item["number"] for item in rest["items"]], rest["next_cursor"]) == ([third], None)
    for text, numbers, cents in (
        ("quer", [first, third], 798), ("quer_", [third], 399), (second.lower(), [second], 399),
        ("100002", [second], 399), ("500003", [third], 399), ("niemand", [], 0),
    ):  # fmt: skip
        found = await told(config, "payment", "open", text)
        assert ([item["number"] for item in found["items"]], found["total_cents"]) == (numbers, cents), text
    shown = await ankunft(config, "payment", "open", "--limit", "1", "--customer", "100001")
    assert [first in shown, second in shown, "3,99" in shown.splitlines()[-1]] == [True, False, True]
    assert "more: --cursor" in await ankunft(config, "payment", "open", "--limit", "1")
    assert "--cursor" in await ankunft(config, "payment", "open", "--cursor", "R1", exit_code=2)
    assert await told(config, "payment", "open", "--unpaid") == {"items": [], "total_cents": 0, "next_cursor": None}
    await Receivable.update({Receivable.returned_on: TODAY - timedelta(days=1)}).where(Receivable.id > 1)
    assert json.loads(await ankunft(config, "payment", "open", "--unpaid", "--json"))["total_cents"] == 798
