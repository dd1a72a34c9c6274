"""Debits: each invoice is collected once, in its customer's name, and owed again when the bank sends it back."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest
from lxml import etree

from api import counters
from api.billing import corrections
from api.billing.receivables import debit_file, debits, movements, open_items, returns
from api.billing.receivables.bank_statement import Returned
from api.billing.receivables.debits import File, NoCreditorError
from api.billing.receivables.movements import BookedBeforeError, Booking, NotOwedError
from api.billing.receivables.tables import Collection, DebitRun, Movement, Receivable
from api.equipment import Equipment
from api.notices.tables import Outbox
from api.tables import Customer, Journal
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, bill, hoster, issue
from tests.unit.api.orderform import row_of

pytestmark = pytest.mark.usefixtures("database")

LATER = TODAY + timedelta(days=30)
NS = {"p": debit_file.NAMESPACE}
BY_TRANSFER = {
    "customer__kind": "public_body", "customer__company": "Stadt Köln",
    "payment": {"method": "invoice", "iban": None, "account_holder": None},
}  # fmt: skip


async def collect(here: Equipment) -> list[File]:
    return (await debits.run(here, LATER, TODAY, actor=STAFF)).files


async def open_of(number: str) -> int:
    row: Any = Receivable.invoice
    (found,) = await Receivable.select(Receivable.open_cents).where(row.number == number)
    return int(found["open_cents"])


async def customer_of(order_id: int) -> int:
    return int((await row_of(order_id))["customer"])


def back(number: str, cents: int = 699) -> Returned:
    return Returned(f"{number}-1", cents, TODAY, "AC04")


async def test_two_customers_are_in_one_file_with_their_accounts_and_mandates(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here, tariff="plus", payment__account_holder="Müller & Söhne")
    numbers = await bill(here)
    (file,) = await collect(here)
    root = etree.fromstring(file.content)
    paths = ("p:PmtId/p:EndToEndId", "p:InstdAmt", ".//p:MndtId", "p:Dbtr/p:Nm", "p:DbtrAcct//p:IBAN", ".//p:Ustrd")
    found = [
        [element.findtext(path, namespaces=NS) for path in paths] for element in root.iterfind(".//p:DrctDbtTxInf", NS)
    ]
    iban, purpose = "DE02120300000000202051", "Rechnung {} Mueller Hosting GmbH"
    mandates = await Customer.select(Customer.mandate_reference).order_by(Customer.id).output(as_list=True)
    assert all(len(reference) == 9 for reference in mandates)
    assert found == [
        [f"{numbers[0]}-1", "3.99", mandates[0], "Juergen O'Brien", iban, purpose.format(numbers[0])],
        [f"{numbers[1]}-1", "7.98", mandates[1], "Mueller + Soehne", iban, purpose.format(numbers[1])],
    ]
    assert (file.debits, file.sum_cents) == (2, 1197)
    assert await open_of(numbers[0]) == 0


async def test_again_makes_nothing(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    assert len(await collect(here)) == 1
    assert await collect(here) == []
    assert await DebitRun.count() == await Collection.count() == await Movement.count() == 1


async def test_of_two_runs_at_once_each_debit_is_in_one_file(equipment: Equipment) -> None:
    here = hoster(equipment)
    for _ in range(4):
        await accepted(here)
    await bill(here)
    found = await asyncio.gather(*(collect(here) for _ in range(4)))
    assert sum(file.debits for some in found for file in some) == 4
    assert await Collection.count() == 4
    assert await counters.last(counters.DEBIT_RUN) == await DebitRun.count()


async def test_what_is_paid_by_transfer_or_not_yet_due_is_not_collected(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here, **BY_TRANSFER)
    await accepted(here)
    await bill(here)
    assert (await debits.run(here, TODAY, TODAY, actor=STAFF)).files == []
    (file,) = await collect(here)
    assert file.debits == 1


@pytest.mark.parametrize(
    ("use", "account", "said"),
    [("iban", "none", "IBAN"), ("auth code", "DE02120300000000202051", "master.key"), ("", "", "no account")],
)
async def test_a_debit_that_no_bank_takes_is_left_out_and_named_and_the_others_are_collected(
    equipment: Equipment, use: str, account: str, said: str
) -> None:
    here = hoster(equipment)
    order_id = await accepted(here)
    await accepted(here)
    bad, good = await bill(here)
    sealed = here.seal.seal(use, account) if use else None
    await Customer.update({Customer.iban_sealed: sealed}).where(Customer.id == await customer_of(order_id))
    collected = await debits.run(here, LATER, TODAY, actor=STAFF)
    assert [file.debits for file in collected.files] == [1]
    assert list(collected.refused) == [bad]
    assert said in collected.refused[bad]
    assert (await open_of(bad), await open_of(good)) == (399, 0)
    (row,) = await Receivable.select().where(Receivable.open_cents > 0)
    assert row["attempts"] == 0
    again = await debits.run(here, LATER, TODAY, actor=STAFF)
    assert (again.files, list(again.refused)) == ([], [bad]), "it is said until it is mended"


async def test_an_invoice_that_was_taken_back_is_not_collected(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    note = await corrections.cancel(number, FACTS, TODAY, actor=STAFF, anew=False)
    assert await debits.due(LATER, TODAY) == []
    assert await collect(here) == []
    assert await issue(here) == [note]
    assert await open_items.items() == []


async def test_without_a_creditor_identifier_nothing_is_collected(equipment: Equipment) -> None:
    with pytest.raises(NoCreditorError, match="creditor_id"):
        await collect(hoster(equipment, creditor_id=""))


async def test_a_returned_debit_is_owed_again_told_to_the_customer_and_known_to_the_risk_check(
    equipment: Equipment,
) -> None:
    here = hoster(equipment)
    order_id = await accepted(here)
    (number,) = await bill(here)
    await collect(here)
    customer = await customer_of(order_id)
    assert not await movements.left_unpaid([customer])
    taken = await returns.take([back(number), back("R1")], actor=STAFF)
    assert (taken.returned, taken.known, taken.foreign) == ((number,), 0, ("R1-1",))
    assert await open_of(number) == 399
    assert await movements.left_unpaid([customer])
    (mail,) = await Outbox.select().where(Outbox.kind == "debit_returned")
    assert json.loads(mail["context"])["iban"] == "DE89 3704 0044 0532 0130 00"
    assert await collect(here) == [], "it is not collected again by itself"


async def test_the_same_file_of_the_bank_twice_books_once(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    await collect(here)
    first, second = await asyncio.gather(*(returns.take([back(number)], actor=STAFF) for _ in range(2)))
    assert sorted([len(first.returned), len(second.returned)]) == [0, 1]
    assert await open_of(number) == 399
    assert await Outbox.count().where(Outbox.kind == "debit_returned") == 1


async def test_a_debit_comes_back_by_hand_once(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    with pytest.raises(returns.NotCollectedError):
        await returns.by_hand(number, TODAY, actor=STAFF)
    await collect(here)
    await returns.by_hand(number, TODAY, actor=STAFF)
    with pytest.raises(returns.NotCollectedError):
        await returns.by_hand(number, TODAY, actor=STAFF)
    assert [row.kind for row in await open_items.moved(number)] == ["debit", "return"]


async def test_a_transfer_settles_what_came_back(equipment: Equipment) -> None:
    here = hoster(equipment)
    order_id = await accepted(here)
    (number,) = await bill(here)
    await collect(here)
    await returns.by_hand(number, TODAY, actor=STAFF)
    (row,) = await Receivable.select(Receivable.id)
    paid = Booking(row["id"], "transfer", 399, TODAY, "account statement 12", STAFF)
    assert await movements.book(paid) == 0
    assert not await movements.left_unpaid([await customer_of(order_id)])
    with pytest.raises(BookedBeforeError):
        await movements.book(paid)


async def test_an_overdue_transfer_is_left_unpaid_and_a_waiting_one_is_not(equipment: Equipment) -> None:
    here = hoster(equipment)
    order_id = await accepted(here, **BY_TRANSFER)
    await bill(here)
    customer = await customer_of(order_id)
    assert not await movements.left_unpaid([customer])
    await Receivable.update({Receivable.due_on: date(2026, 1, 1)}, force=True)
    assert await movements.left_unpaid([customer])
    assert not await movements.left_unpaid([customer + 1])
    assert not await movements.left_unpaid([])


async def test_more_than_is_open_is_neither_written_off_nor_set_off_nor_refunded(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    (row,) = await Receivable.select(Receivable.id)
    too_much: tuple[tuple[movements.Kind, int], ...] = (("write_off", 400), ("set_off", 400), ("refund", -1))
    for kind, cents in too_much:
        with pytest.raises(NotOwedError):
            await movements.book(Booking(row["id"], kind, cents, TODAY, "x", STAFF))
    with pytest.raises(NotOwedError):
        await movements.collect([Booking(row["id"] + 1, "debit", 399, TODAY, "x", STAFF)])
    assert await open_of(number) == 399


@pytest.mark.parametrize("table", ["movement", "debit_run", "collection"])
async def test_what_was_booked_stays(equipment: Equipment, table: str) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    await collect(here)
    for verb in (f'UPDATE "{table}" SET "id" = 9', f'DELETE FROM "{table}"'):  # noqa: S608 (names of this test)
        with pytest.raises(Exception, match=f"{table}_unchangeable"):
            await Movement.raw(verb)


async def test_the_journal_tells_of_each_movement_without_the_account(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    await collect(here)
    await returns.by_hand(number, TODAY, actor=STAFF)
    rows = await Journal.select().where(Journal.subject == "invoice").order_by(Journal.id)
    assert [row["event"] for row in rows] == ["ISSUED", "RETURN", "DEBIT_RETURNED"]
    (run,) = await Journal.select().where(Journal.subject == "debit_run")
    assert (run["subject_id"], json.loads(run["facts"])["cents"]) == ("1", 399)
    assert "DE02" not in json.dumps([row["facts"] for row in [*rows, run]])
