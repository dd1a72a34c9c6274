"""Services begin with the acceptance and the registration, end to the day, and their entries tile time."""

import asyncio
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import msgspec
import pytest
from piccolo.table import Table

from api.activation.acceptance import accept
from api.activation.changed import domains_changed
from api.billing import pricelist, services
from api.billing.periods import today
from api.billing.reconcile import reconcile
from api.billing.tables import OpenEntry, Service, ServiceEntry, TariffVersion
from api.catalogue import Addon
from api.domains import decisions
from api.engine.conflicts import is_conflict
from api.equipment import Equipment
from api.lifecycle import OrderEvent
from api.piccolo_conf import DB
from api.tables import Customer
from tests.unit.api.orderform import new_name, offered

pytestmark = pytest.mark.usefixtures("database")

SYSTEM = "system"


async def accepted(equipment: Equipment, *names: str, **changes: Any) -> int:
    """Place an order and accept it; return its id."""
    order_id = await offered(equipment, *names, **changes)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    return order_id


async def entries_of(order_id: int) -> list[dict[str, Any]]:
    """Return the ledger of an order."""
    return list(await ServiceEntry.select().where(ServiceEntry.order == order_id).order_by(ServiceEntry.id))


async def test_the_acceptance_writes_the_first_entries_and_all_of_them_are_open(equipment: Equipment) -> None:
    order_id = await accepted(equipment, billing_interval_months=3)
    entries = await entries_of(order_id)
    assert [(entry["addon"], entry["gross_cents"]) for entry in entries] == [
        ("webspace", 747), ("mailboxes", 300), ("database", 150),
    ]  # fmt: skip
    assert {entry["quantity_e4"] for entry in entries} == {30_000}
    assert {(entry["tax_category"], entry["tax_percent"], entry["unit_code"]) for entry in entries} == {
        ("S", 19, "MON")
    }
    assert {entry["period_start"] for entry in entries} == {today("Europe/Berlin")}
    assert await OpenEntry.count() == 3


async def test_an_acceptance_that_fails_after_the_entries_were_written_leaves_none(equipment: Equipment) -> None:
    await pricelist.keep(equipment.catalogue)
    order_id = await offered(equipment)
    off_sale = replace(equipment, catalogue=msgspec.structs.replace(equipment.catalogue, tariffs={}))
    with pytest.raises(KeyError):
        await accept(off_sale, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert await ServiceEntry.count() == await OpenEntry.count() == await Service.count() == 0
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert await ServiceEntry.count() == 3


async def test_of_ten_acceptances_at_once_one_writes_entries(equipment: Equipment) -> None:
    order_id = await offered(equipment)
    await asyncio.gather(
        *(accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna") for _ in range(10)),
        return_exceptions=True,
    )
    assert await ServiceEntry.count() == await OpenEntry.count() == 3


async def test_a_domain_is_served_from_its_registration_on_and_once(equipment: Equipment) -> None:
    first, second = new_name(), new_name()
    order_id = await accepted(equipment, first, second)
    assert not [entry for entry in await entries_of(order_id) if entry["addon"] == "domain"]
    await decisions.vouch(first, partial(domains_changed, equipment), actor="staff:Anna")
    assert [entry["item"] for entry in await entries_of(order_id) if entry["addon"] == "domain"] == [first]
    await decisions.vouch(second, partial(domains_changed, equipment), actor="staff:Anna")
    assert [entry["item"] for entry in await entries_of(order_id) if entry["addon"] == "domain"] == [first, second]
    await decisions.resolve(first, "left", partial(domains_changed, equipment), actor="staff:Anna")
    ended = await Service.select(Service.item, Service.ends_on).where(Service.ends_on.is_not_null())
    assert ended == [{"item": first, "ends_on": today("Europe/Berlin")}]


async def test_what_ends_in_the_middle_of_a_period_is_taken_back_by_days(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    async with DB.transaction():
        await services.end(order_id, date(2027, 1, 1), actor=SYSTEM)  # far away: nothing to take back yet
    assert len(await entries_of(order_id)) == 3
    start = (await entries_of(order_id))[0]["period_start"]
    whole = (await entries_of(order_id))[0]["period_end"]
    last = date.fromordinal(start.toordinal() + 10)
    for _ in range(2):
        async with DB.transaction():
            await services.end(order_id, last, actor=SYSTEM)
    back = [entry for entry in await entries_of(order_id) if entry["reverses"] is not None]
    days = (whole - start).days
    assert [entry["gross_cents"] for entry in back] == [-round(price * (days - 10) / days) for price in (249, 100, 50)]
    assert {(entry["period_start"], entry["period_end"]) for entry in back} == {(last, whole)}
    async with DB.transaction():
        await services.end(order_id, start, actor=SYSTEM)
    assert sum(entry["gross_cents"] for entry in await entries_of(order_id)) == 0
    assert not await Service.count().where(Service.next_on.is_not_null())


async def test_a_suspended_contract_goes_on_at_its_price_from_the_day_it_is_resumed(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    start = (await entries_of(order_id))[0]["period_start"]
    for _ in range(2):  # twice on the very day it began
        async with DB.transaction():
            await services.end(order_id, start, actor=SYSTEM)
            await services.resume(equipment, order_id, start, actor=SYSTEM)
    entries = await entries_of(order_id)
    assert sum(entry["gross_cents"] for entry in entries) == 399
    assert await Service.count().where(Service.ends_on.is_null()) == 3
    later = date.fromordinal(start.toordinal() + 100)
    async with DB.transaction():
        await services.end(order_id, later, actor=SYSTEM)
        await services.resume(equipment, order_id, start, actor=SYSTEM)  # before it ended: the end is as if not said
    begun = await Service.select().where(Service.ends_on.is_null())
    assert {service["begins_on"] for service in begun} == {service["next_on"] for service in begun} == {later}


async def test_what_was_to_be_resumed_later_ends_before_it_begins(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    start = (await entries_of(order_id))[0]["period_start"]
    later = date.fromordinal(start.toordinal() + 100)
    async with DB.transaction():
        await services.end(order_id, start, actor=SYSTEM)
        await services.resume(equipment, order_id, later, actor=SYSTEM)
    assert sum(entry["gross_cents"] for entry in await entries_of(order_id)) == 0, "a later day has its entries then"
    async with DB.transaction():
        await services.end(order_id, start, actor=SYSTEM)
    assert sum(entry["gross_cents"] for entry in await entries_of(order_id)) == 0
    assert await reconcile(later) == []


async def test_a_changed_tariff_is_charged_from_its_day_on(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    start = (await entries_of(order_id))[0]["period_start"]
    await Customer.raw("UPDATE orders SET tariff = 'plus'")
    async with DB.transaction():
        await services.change(equipment, order_id, start, actor=SYSTEM)
    assert sum(entry["gross_cents"] for entry in await entries_of(order_id)) == 799


async def test_an_order_keeps_the_price_it_was_made_with_whatever_is_on_sale_when_it_is_accepted(
    equipment: Equipment,
) -> None:
    assert await pricelist.keep(equipment.catalogue) == len(equipment.catalogue.tariffs)
    assert await pricelist.keep(equipment.catalogue) == 0
    order_id = await offered(equipment)
    start = equipment.catalogue.tariffs["start"]
    dearer = msgspec.structs.replace(start, version=2, price_cents=999, addons=())
    later = replace(equipment, catalogue=msgspec.structs.replace(equipment.catalogue, tariffs={"start": dearer}))
    await accept(later, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert sum(entry["gross_cents"] for entry in await entries_of(order_id)) == 399
    newer = await offered(later)
    await accept(later, newer, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert [(entry["addon"], entry["gross_cents"]) for entry in await entries_of(newer)] == [("tariff", 999)]
    assert await TariffVersion.count() == len(equipment.catalogue.tariffs) + 1


async def test_a_fee_is_charged_once_and_stays(equipment: Equipment) -> None:
    start = equipment.catalogue.tariffs["start"]
    fee = Addon(key="setup", name={"de": "Einrichtung", "en": "Set-up"}, unit="once", price_cents=990)
    sold = msgspec.structs.replace(start, addons=(*start.addons, fee))
    assert sold.fees_cents(date(2026, 12, 1)) == 990
    with_fee = replace(equipment, catalogue=msgspec.structs.replace(equipment.catalogue, tariffs={"start": sold}))
    order_id = await accepted(with_fee)
    day = (await entries_of(order_id))[0]["period_start"]
    async with DB.transaction():
        await services.end(order_id, day, actor=SYSTEM)
    (kept,) = [entry for entry in await entries_of(order_id) if entry["addon"] == "setup"]
    assert (kept["gross_cents"], kept["unit_code"], kept["quantity_e4"]) == (990, "C62", 10_000)
    assert sum(entry["gross_cents"] for entry in await entries_of(order_id)) == 990
    assert await reconcile(day) == []


@pytest.mark.parametrize("table", [ServiceEntry, TariffVersion])
async def test_the_ledger_and_the_price_list_cannot_be_changed(equipment: Equipment, table: type[Table]) -> None:
    await accepted(equipment)
    with pytest.raises(Exception, match="unchangeable"):
        await table.update({"id": 7}, force=True)
    with pytest.raises(Exception, match="unchangeable"):
        await table.delete(force=True)


async def test_the_database_refuses_a_second_entry_for_a_period_and_a_second_service(equipment: Equipment) -> None:
    order_id = await accepted(equipment)
    (entry, *_), (service, *_) = await entries_of(order_id), await Service.select().order_by(Service.id)
    table: Any
    for table, row in ((ServiceEntry, entry), (Service, service)):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the drivers' errors differ; is_conflict knows both)
            await table.insert(table(**{name: value for name, value in row.items() if name != "id"}))
        assert is_conflict(caught.value)
