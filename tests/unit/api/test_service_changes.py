"""Domains, ends, resumptions, changes of tariff and mergers meet: what is charged stays what was used."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from api.activation.changed import domains_changed
from api.billing import corrections, services
from api.billing.documents import making
from api.billing.reconcile import reconcile
from api.billing.run import Task, run
from api.billing.statement import Statement
from api.billing.tables import Invoice, Service, ServiceEntry
from api.catalogue import Addon, Language
from api.customers import deciding
from api.domains import decisions
from api.equipment import Equipment
from api.piccolo_conf import DB
from api.tables import Customer, Order
from tests.unit.api.issued import FACTS, STAFF, TODAY, accepted, hoster
from tests.unit.api.orderform import new_name

pytestmark = pytest.mark.usefixtures("database")


def later(days: int) -> date:
    """Return the day so many *days* from now."""
    return TODAY + timedelta(days=days)


def selling(equipment: Equipment, *more: Addon, domain_cents: int = 100) -> Equipment:
    """Return a hoster whose tariff Start has priced domains, and *more* add-ons."""
    start = equipment.catalogue.tariffs["start"]
    addons = [
        msgspec.structs.replace(part, price_cents=domain_cents) if part.per == "domain" else part
        for part in start.addons
    ]
    tariffs = {**equipment.catalogue.tariffs, "start": msgspec.structs.replace(start, addons=(*addons, *more))}
    return replace(hoster(equipment), catalogue=msgspec.structs.replace(equipment.catalogue, tariffs=tariffs))


async def billed(until: date, day: date = TODAY) -> list[Statement]:
    """Bill up to *until*; return all statements so far."""
    await run(Task(FACTS, until, day, is_dry=False))
    rows = await Invoice.select(Invoice.statement).order_by(Invoice.serial)
    return [msgspec.json.decode(row["statement"], type=Statement) for row in rows]


async def moved(here: Equipment, name: str, *, left: bool = False) -> None:
    """Have domain *name* come to the customer, or leave."""
    after = partial(domains_changed, here)
    await (decisions.resolve(name, "left", after, actor=STAFF) if left else decisions.vouch(name, after, actor=STAFF))


async def ended(order_id: int, day: date) -> None:
    """End what order *order_id* has."""
    async with DB.transaction():
        await services.end(order_id, day, actor=STAFF)


async def resumed(here: Equipment, order_id: int, day: date) -> int:
    """Resume it; return how many services began."""
    async with DB.transaction():
        begun = await services.resume(here, order_id, day, actor=STAFF)
    return begun  # noqa: RET504 (to mypy a transaction might swallow what is raised)


async def ends_of(name: str) -> list[Any]:
    """Return the ends of the services of a domain."""
    return list(await Service.select(Service.ends_on).where(Service.item == name).output(as_list=True))


async def test_a_domain_that_left_does_not_come_back_with_the_contract(equipment: Equipment) -> None:
    here, gone, late = selling(equipment), new_name(), new_name()
    order_id = await accepted(here, gone, late)
    await moved(here, gone)
    await moved(here, gone, left=True)
    await ended(order_id, TODAY)
    await moved(here, late)
    assert await ends_of(late) == [], "a contract that ended has no new services"
    assert await resumed(here, order_id, TODAY) == 4
    assert await ends_of(gone) == [TODAY]
    assert await ends_of(late) == [None], "what came meanwhile begins"
    assert await reconcile(TODAY) == []


async def test_a_domain_ends_with_its_contract_or_when_it_leaves_before(equipment: Equipment) -> None:
    here, stays, leaves = selling(equipment), new_name(), new_name()
    order_id = await accepted(here, stays, leaves)
    await ended(order_id, later(10))
    for name in (stays, leaves):
        await moved(here, name)
    assert await ends_of(stays) == await ends_of(leaves) == [later(10)]
    await moved(here, leaves, left=True)
    assert await ends_of(leaves) == [TODAY]
    net = await ServiceEntry.select(ServiceEntry.gross_cents).where(ServiceEntry.item == leaves).output(as_list=True)
    assert sum(net) == 0
    assert await reconcile(TODAY) == []


async def test_what_is_resumed_later_and_ends_before_is_on_no_paper(equipment: Equipment) -> None:
    order_id = await accepted(hoster(equipment))
    await billed(TODAY)
    await ended(order_id, TODAY)
    assert len(await billed(TODAY)) == 2
    await resumed(equipment, order_id, later(30))
    await ended(order_id, later(10))
    assert len(await billed(later(30))) == 2
    assert await resumed(equipment, order_id, later(12)) == 3, "it never began later"
    assert {row["begins_on"] for row in await Service.select().where(Service.ends_on.is_null())} == {later(12)}


async def test_only_the_tariff_that_a_contract_has_now_is_resumed(equipment: Equipment) -> None:
    here = hoster(equipment)
    order_id = await accepted(here)
    await Order.update({Order.tariff: "plus"}).where(Order.id == order_id)
    async with DB.transaction():
        change = await services.change(here, order_id, TODAY, actor=STAFF)
    assert (change.services, change.back_cents, change.charged_cents) == (3, 399, 799)
    await ended(order_id, TODAY)
    await resumed(here, order_id, TODAY)
    (filed,) = {row["tariff"] for row in await Service.select().where(Service.ends_on.is_null())}
    assert filed == (await Service.select(Service.tariff).order_by(Service.id, ascending=False).first() or {})["tariff"]


async def test_a_changed_tariff_ends_when_the_contract_was_to_end(equipment: Equipment) -> None:
    here = hoster(equipment)
    order_id = await accepted(here)
    await ended(order_id, later(400))
    await Order.update({Order.tariff: "plus"}).where(Order.id == order_id)
    async with DB.transaction():
        await services.change(here, order_id, TODAY, actor=STAFF)
    assert {row["ends_on"] for row in await Service.select()} == {TODAY, later(400)}
    await ended(order_id, TODAY)
    async with DB.transaction():
        assert await services.change(here, order_id, TODAY, actor=STAFF) == services.Ended(0, 0)
    assert not await Service.exists().where(Service.ends_on.is_null())


async def test_what_is_given_back_and_charged_anew_goes_to_the_customer_who_was_kept(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    order_id = await accepted(here)
    await billed(TODAY)
    await deciding.merge(100_001, 100_002, actor=STAFF)
    await ended(order_id, later(3))
    assert [said.buyer.number for said in await billed(later(3))] == [100_001, 100_002, 100_001]


async def test_a_cancelled_invoice_is_charged_anew_to_who_was_kept_taxed_as_known_now(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here)
    await billed(TODAY)
    await deciding.merge(100_001, 100_002, actor=STAFF)
    french: dict[Any, Any] = {"country": "FR", "kind": "business", "company": "SARL", "vat_id": "FR40303265045"}
    await Customer.update(french).where(Customer.number == 100_001)
    await corrections.cancel("R700002", FACTS, TODAY, actor=STAFF, anew=True)
    *_, note, anew = await billed(TODAY)
    assert (note.buyer.number, [(group.category, int(group.percent)) for group in note.vat]) == (100_001, [("S", 19)])
    assert (anew.buyer.number, [(group.category, int(group.percent)) for group in anew.vat]) == (100_001, [("AE", 0)])
    assert anew.gross_cents == note.net_cents


async def test_what_is_outside_the_scope_of_vat_stands_on_a_paper_of_its_own(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    await accepted(here, customer__country="CH", customer__postal_code="8001")
    await deciding.merge(100_001, 100_002, actor=STAFF)
    papers = await billed(TODAY)
    assert [[group.category for group in said.vat] for said in papers] == [["S"], ["O"]]
    assert {said.buyer.number for said in papers} == {100_001}
    for said in papers:
        assert (await making.make(said, here.settings.templates.folder)).findings == ()


async def test_an_add_on_has_its_own_interval_rate_and_time(equipment: Equipment) -> None:
    name: dict[Language, str] = {"de": "Zertifikat", "en": "Certificate"}
    own = Addon(key="certificate", name=name, price_cents=200, interval_months=12, vat_percent=7)
    soon = Addon(key="soon", name=name, price_cents=0, valid_from=later(1))
    over = Addon(key="over", name=name, price_cents=0, valid_until=TODAY)
    now = Addon(key="now", name=name, price_cents=0, valid_from=TODAY, valid_until=later(1))
    await accepted(selling(equipment, own, soon, over, now))
    found = {row["addon"]: row for row in await ServiceEntry.select()}
    assert {"certificate", "now"} <= set(found)
    assert not {"soon", "over"} & set(found)
    entry = found["certificate"]
    assert (entry["gross_cents"], entry["tax_percent"], entry["quantity_e4"]) == (2400, 7, 120_000)
    assert (entry["period_end"] - entry["period_start"]).days >= 365
    (said,) = await billed(TODAY)
    assert [int(group.percent) for group in said.vat] == [7, 19]
    assert said.gross_cents == 2799


async def test_a_priced_domain_is_charged_from_its_registration_on(equipment: Equipment) -> None:
    here, name = selling(equipment, domain_cents=99), new_name()
    await accepted(here, name, billing_interval_months=3)
    await moved(here, name)
    (entry,) = await ServiceEntry.select().where(ServiceEntry.item == name)
    assert (entry["gross_cents"], entry["period_start"]) == (297, TODAY)


async def test_a_domain_that_comes_later_has_what_was_on_offer_when_its_contract_began(equipment: Equipment) -> None:
    title: dict[Language, str] = {"de": "Schutz", "en": "Guard"}
    over = Addon(key="over", name=title, price_cents=0, per="domain", valid_until=TODAY)
    soon = Addon(key="soon", name=title, price_cents=0, per="domain", valid_from=TODAY)
    here, name = selling(equipment, over, soon), new_name()
    await accepted(here, name)
    await Service.update({Service.begins_on: later(-10)}, force=True)
    await moved(here, name)
    had = await Service.select(Service.addon).where(Service.item == name).output(as_list=True)
    assert set(had) == {"domain", "over"}
