"""What is known of a customer is changed by staff: checked as an order is, journalled by field, without the values."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from lxml import etree

from api.answers import FieldsError
from api.app import build
from api.billing import corrections
from api.billing.receivables import debit_file, debits
from api.billing.run import Task, run
from api.billing.statement import Statement
from api.billing.tables import Invoice
from api.console.search import search
from api.customers import changing, deciding, duplicates
from api.customers.changing import Change
from api.customers.tables import Duplicate
from api.equipment import Equipment
from api.identity import NotThereError
from api.staff import add
from api.tables import Customer, Journal
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, bill, hoster
from tests.unit.api.test_risk_commands import ankunft, told
from tests.unit.api.test_service_commands import config

__all__ = ["config"]

pytestmark = pytest.mark.usefixtures("database")

IBAN = "DE89370400440532013000"
NS = {"p": debit_file.NAMESPACE}


async def changed(here: Equipment, **said: Any) -> changing.Changed:
    """Change customer 100001."""
    return await changing.change(here, 100_001, Change(**said), actor=STAFF)


async def known(number: int = 100_001) -> dict[str, Any]:
    """Return the customer's row."""
    (row,) = await Customer.select().where(Customer.number == number)
    return dict(row)


async def test_only_what_is_given_changes_and_the_journal_names_fields_alone(equipment: Equipment) -> None:
    await accepted(equipment)
    before = await known()
    made = await changed(equipment, street="Nußallee 7", phone="+49 89 1234567", city="München", reason="letter")
    assert made.fields == ["street", "phone"], "the city is the same"
    after = await known()
    assert {name for name in after if after[name] != before[name]} == {"street", "phone"}
    assert (after["street"], after["phone"]) == ("Nußallee 7", "+49891234567")
    (row,) = await Journal.select().where(Journal.event == "CHANGED")
    assert (row["subject"], row["subject_id"], row["actor"]) == ("customer", "100001", STAFF)
    assert json.loads(row["facts"]) == {"fields": ["street", "phone"], "reason": "letter"}
    assert (await changed(equipment, city="München")).fields == []
    assert await Journal.count().where(Journal.event == "CHANGED") == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"country": "AT"}, "customer.postal_code"),
        ({"kind": "business"}, "customer.company"),
        ({"email": "nobody"}, "customer.email"),
        ({"street": "  "}, "customer.street"),
        ({"iban": "DE02120300000000202052"}, "payment.iban"),
    ],
)
async def test_what_an_order_would_not_get_through_with_changes_nothing(
    equipment: Equipment, said: dict[str, Any], field: str
) -> None:
    await accepted(equipment)
    before = await known()
    with pytest.raises(FieldsError) as caught:
        await changed(equipment, city="Köln", **said)
    assert [error.field for error in caught.value.errors] == [field]
    assert await known() == before
    assert not await Journal.exists().where(Journal.event == "CHANGED")


async def test_an_invoice_is_written_again_for_who_the_customer_is_by_now(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await run(Task(FACTS, TODAY, TODAY, is_dry=False))
    await changed(
        here, kind="business", company="Müller & Söhne", country="FR", postal_code="75001", vat_id="FR40303265045"
    )
    await corrections.cancel("R700001", FACTS, TODAY, actor=STAFF, anew=True)
    await run(Task(FACTS, TODAY, TODAY, is_dry=False))
    (row,) = await Invoice.select(Invoice.statement).where(Invoice.number == "R700003")
    said = msgspec.json.decode(row["statement"], type=Statement)
    assert (said.buyer.name, said.buyer.country) == ("Müller & Söhne", "FR")
    assert [(group.category, int(group.percent)) for group in said.vat] == [("AE", 0)]


async def test_another_account_is_another_mandate_by_which_older_invoices_are_collected_too(
    equipment: Equipment,
) -> None:
    here = hoster(equipment)
    await accepted(here)
    await bill(here)
    first = (await known())["mandate_reference"]
    made = await changed(here, iban="DE89 3704 0044 0532 0130 00", account_holder="Erika O'Brien")
    assert made.fields == ["account_holder", "iban"]
    row = await known()
    assert (row["iban_last4"], row["mandate_signed_on"]) == ("3000", datetime.now(UTC).date())
    assert made.mandate_reference == row["mandate_reference"] != first
    assert row["mandate_reference"].startswith("100001-")
    assert IBAN not in json.dumps([found["facts"] for found in await Journal.select()])
    (file,), _ = await debits.run(here, TODAY + timedelta(days=30), TODAY, actor=STAFF)
    (debit,) = etree.fromstring(file.content).iterfind(".//p:DrctDbtTxInf", NS)
    paths = (".//p:MndtId", ".//p:DtOfSgntr", "p:DbtrAcct//p:IBAN", "p:Dbtr/p:Nm")
    assert [debit.findtext(path, namespaces=NS) for path in paths] == [
        made.mandate_reference, f"{row['mandate_signed_on']}", IBAN, "Erika O'Brien",
    ]  # fmt: skip
    assert (await changed(here, iban=IBAN)).fields == [], "the same account keeps its mandate"


async def test_who_pays_by_invoice_has_no_account(equipment: Equipment) -> None:
    await accepted(
        equipment, customer__kind="public_body", customer__company="Stadt Köln",
        payment={"method": "invoice", "iban": None, "account_holder": None},
    )  # fmt: skip
    assert (await changed(equipment, city="Köln")).fields == ["city"]
    with pytest.raises(FieldsError):
        await changed(equipment, iban=IBAN)


async def test_the_customer_is_found_by_the_new_name_and_compared_once_more(equipment: Equipment) -> None:
    await accepted(equipment, customer__email="a@example.org", customer__phone="+4915112345670", customer__city="Ulm")
    await accepted(
        equipment, customer__email="b@example.org", customer__phone="+4915112345671", customer__given_name="Zoë",
        customer__family_name="Quer", customer__street="Weg 1",
    )  # fmt: skip
    assert await duplicates.compare_new(equipment.seal) == 2
    assert not await Duplicate.exists()
    await changed(equipment, family_name="Sørensen", email="b@example.org")
    assert [found.name for found in await search("sørensen")] == ["Jürgen Sørensen"]
    assert await search("a@example.org") == []
    assert await duplicates.compare_new(equipment.seal) == 1
    assert await Duplicate.count() == 1


async def test_a_number_that_was_given_up_leads_to_the_customer_and_none_to_nobody(equipment: Equipment) -> None:
    await accepted(equipment)
    await accepted(equipment)
    await deciding.merge(100_002, 100_001, actor=STAFF)
    assert (await changed(equipment, city="Köln")).number == 100_002
    assert (await known(100_002))["city"] == "Köln"
    with pytest.raises(NotThereError):
        await changing.change(equipment, 7, Change(), actor=STAFF)


async def test_staff_change_a_customer_over_http(equipment: Equipment) -> None:
    await accepted(equipment)
    path, staffed = "/api/v1/customers/100001", {"Authorization": f"Bearer {await add('Anna')}"}
    transport = httpx.ASGITransport(app=build(equipment))  # type: ignore[arg-type]  # Litestar's own type
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=staffed) as client:
        answer = await client.patch(path, json={"company": None, "city": "Köln", "reason": "call"})
        assert (answer.status_code, answer.json()["city"]) == (200, "Köln")
        for wrong in ({"city": "x\u0000"}, {"iban_sealed": "x"}, {"city": None}, {"country": "DEU"}):
            assert (await client.patch(path, json=wrong)).status_code == 422
        assert (await client.patch(path.replace("100001", "7"), json={})).status_code == 404
        assert (await client.patch(path, json={}, headers={"Authorization": "Bearer no"})).status_code == 401
    (row,) = await Journal.select().where(Journal.event == "CHANGED")
    assert row["actor"] == "staff:Anna"


@pytest.mark.slow
async def test_an_operator_changes_a_customer(equipment: Equipment, config: Path) -> None:
    await accepted(equipment, customer__kind="business", customer__company="Alt GmbH")
    change = ("customer", "change", "100001")
    moved = await told(config, *change, "--country", "AT", "--postal-code", "1010", "--city", "Wien")
    assert moved["fields"] == ["postal_code", "city", "country"]
    assert (await told(config, *change, "--vat-id", "ATU13585627"))["fields"] == ["vat_id"]
    assert (await told(config, *change, "--vat-id", ""))["fields"] == ["vat_id"]
    assert (await known())["vat_id"] is None
    assert "customer.email is at a domain that no mail reaches; nothing is changed" in await ankunft(
        config, *change, "--email", "x@y", exit_code=1
    )
    assert "customer.company" in await ankunft(config, *change, "--company", "", exit_code=1)
    shown = await ankunft(config, *change, "--iban", IBAN, "--reason", "letter")
    assert f"have mandate {(await known())['mandate_reference']} signed" in shown
