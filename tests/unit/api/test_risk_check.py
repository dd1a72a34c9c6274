"""From the click to the offer: what is found out in the background, what follows, and that staff see why."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from api.activation.acceptance import accept
from api.console.cart import cart_view
from api.console.search import search
from api.equipment import Equipment
from api.intake import placing
from api.intake.placing import Sender
from api.intake.risk import blocklist, traces
from api.intake.risk.sources import Sources, sources
from api.intake.risk.tables import RiskAssessment, RiskBlock, RiskResult, RiskTrace
from api.intake.screening import screen_waiting
from api.lifecycle import OrderEvent, OrderState
from api.settings import Risk
from api.tables import Customer, Journal, Order
from api.work import keep_on, loops
from tests.unit.api.orderform import BODY, form, further_form, id_of, new_name, offered, placed, row_of
from tests.unit.api.playedsources import country_file, dns_server, vies_server

pytestmark = pytest.mark.usefixtures("database")


def strict(equipment: Equipment, **changes: Any) -> Equipment:
    """Return *equipment* with the limits of production."""
    settings = msgspec.structs.replace(equipment.settings, risk=Risk(**changes))
    return Equipment(settings, equipment.seal, equipment.catalogue, equipment.hashing, equipment.closing)


async def checked(equipment: Equipment, asked: Sources | None = None, ip: str = "198.51.100.7", **said: Any) -> int:
    """Place an order from *ip* and have it checked; return its id."""
    receipt = await placing.place(equipment, form(**said), key=uuid4().hex, sender=Sender("customer", ip))
    await (screen_waiting(equipment) if asked is None else screen_waiting(equipment, asked))
    return await id_of(receipt.cart_id)


async def ways_of(order_id: int) -> list[str]:
    ways: list[str] = json.loads((await row_of(order_id))["offered"])
    return ways


async def rules_of(order_id: int) -> set[str]:
    return set(await RiskResult.select(RiskResult.rule).where(RiskResult.order == order_id).output(as_list=True))


async def test_a_good_customer_is_offered_sms_within_two_seconds_of_the_click(equipment: Equipment) -> None:
    """Played with the worker's own loop; the time that passed is in the rows, by a generous measure."""
    (checks,) = (loop for loop in loops(equipment) if loop.name == "checks")
    working = asyncio.create_task(keep_on(checks, equipment.closing))
    try:
        order_id = await placed(equipment)
        for _ in range(1000):
            if (await row_of(order_id))["state"] != "SUBMITTED":
                break
            await asyncio.sleep(0.02)
    finally:
        equipment.closing.set()
        await working
    assert await ways_of(order_id) == ["sms", "contract"]
    (offer,) = await Journal.select().where(Journal.order == order_id, Journal.event == "OFFERED")
    took = offer["at"] - (await row_of(order_id))["created_at"]
    print(f"offered {took.total_seconds():.2f} s after the click")
    assert took < timedelta(seconds=2)


async def test_a_foreign_number_gets_the_contract_only(equipment: Equipment) -> None:
    for phone in ("+447400123456", "+436641234567"):
        order_id = await checked(equipment, customer__phone=phone)
        assert await ways_of(order_id) == ["contract"]
        assert "phone_abroad" in await rules_of(order_id)


async def test_a_disposable_address_a_full_trap_and_a_fast_form_cost_the_sms(equipment: Equipment) -> None:
    for said, rule in (
        ({"customer__email": "x@mailinator.com"}, "mail_disposable"),
        ({"form": {"filled_in_s": 30, "trap": "cheap pills"}}, "trap_filled"),
    ):
        order_id = await checked(equipment, **said)
        assert await ways_of(order_id) == ["contract"]
        assert await rules_of(order_id) == {rule}
    fast = await checked(equipment, form={"filled_in_s": 0.4, "trap": ""})
    assert await rules_of(fast) == {"filled_in_fast"}
    assert await ways_of(fast) == ["sms", "contract"]


async def test_what_sources_say_counts_and_what_they_do_not_say_is_a_note(equipment: Equipment, tmp_path: Path) -> None:
    file = country_file(tmp_path / "c.mmdb", {"203.0.113.0/24": "BR"})
    zone = {("example.org", "MX"): ("10 mx.example.org.",), ("null.example", "MX"): ("0 .",)}
    taken = {"taken-beispiel.de": "taken", "frei-beispiel.de": "available"}

    async def availability(name: str) -> str:
        return taken[name]

    async with dns_server(zone) as (address, _), vies_server({"DE136695976": False}) as url:
        set_up = strict(equipment, resolvers=(address,), vies_url=url, country_database=file)
        asked = sources(set_up.settings, availability=availability)
        bad = await checked(
            set_up, asked, "203.0.113.9", customer__email="x@null.example", customer__vat_id="DE136695976",
            domains=[
                {"name": "taken-beispiel.de", "action": "register"},
                {"name": "frei-beispiel.de", "action": "transfer", "auth_code": "x7Kp+Q2m9A"},
            ],
        )  # fmt: skip
        assert await rules_of(bad) == {
            "mail_reaches_nobody", "vat_id_not_given_out", "ip_abroad", "domain_taken", "domain_held_by_nobody",
        }  # fmt: skip
        silent = await checked(set_up, asked, customer__email="x@broken.example")
    (row,) = await RiskAssessment.select().where(RiskAssessment.order == silent)
    assert json.loads(row["notes"]) == ["availability: no answer", "mail_domain: no answer"]
    assert await ways_of(silent) == ["sms", "contract"]


async def test_a_network_that_orders_too_often_gets_the_contract_and_another_one_sms(equipment: Equipment) -> None:
    tight = strict(equipment)
    people = [
        {"customer__email": f"p{number}@example.org", "customer__phone": f"+49151123456{number:02d}"}
        for number in range(14)
    ]
    orders = []
    for number, said in enumerate(people):
        account = f"{number:010d}"
        check = 98 - int(f"12030000{account}131400") % 97
        iban = {"payment__iban": f"DE{check:02d}12030000{account}"}
        ip = "203.0.113.9" if number == 13 else f"198.51.100.{number}"
        orders.append(await checked(tight, None, ip, **said, **iban))
    assert [await ways_of(order) for order in orders[:11]] == [["sms", "contract"]] * 11
    assert [await ways_of(order) for order in orders[11:13]] == [["contract"]] * 2
    assert await rules_of(orders[12]) == {"network_hour"}
    assert await ways_of(orders[13]) == ["sms", "contract"]


async def test_the_same_mail_telephone_and_account_too_often_get_the_contract(equipment: Equipment) -> None:
    tight = strict(equipment)
    orders = [await checked(tight, None, f"198.51.{number}.7") for number in range(6)]
    assert await ways_of(orders[4]) == ["sms", "contract"]
    assert await ways_of(orders[5]) == ["contract"]
    assert await rules_of(orders[5]) == {"mail_day", "phone_day", "iban_day"}


async def test_orders_of_one_round_are_counted_as_if_one_came_after_the_other(equipment: Equipment) -> None:
    tight = strict(equipment)
    orders = [await placed(tight) for _ in range(7)]
    await asyncio.gather(screen_waiting(tight), screen_waiting(tight))
    assert [len(await ways_of(order)) for order in orders] == [2] * 5 + [1] * 2
    assert await RiskAssessment.count() == len(orders)


async def test_what_is_blocked_is_refused_and_a_person_can_reopen_it(equipment: Equipment) -> None:
    number = await blocklist.add(equipment.seal, "phone", "+49 151 1234 5678", reason="fraud 17", actor="staff:Anna")
    order_id = await checked(equipment)
    assert (await row_of(order_id))["state"] == "REFUSED"
    assert await ways_of(order_id) == []
    assert await rules_of(order_id) == {"blocked_phone"}
    with pytest.raises(blocklist.BlockedAlreadyError):
        await blocklist.add(equipment.seal, "phone", "+4915112345678", reason="again", actor="staff:Anna")
    await blocklist.remove(number, actor="staff:Anna")
    assert await ways_of(await checked(equipment)) == ["sms", "contract"]
    with pytest.raises(blocklist.NotBlockedError):
        await blocklist.remove(number, actor="staff:Anna")
    kept = json.dumps([await RiskBlock.select(), await Journal.select().where(Journal.subject == "block")], default=str)
    assert "5678" not in kept


async def test_every_kind_can_be_blocked(equipment: Equipment) -> None:
    for kind, text, state in (
        ("mail", "J+shop@example.org", "REFUSED"), ("mail_domain", "example.org", "IN_REVIEW"),
        ("iban", "DE02 1203 0000 0000 2020 51", "REFUSED"), ("network", "198.51.100.200", "AWAITING_ACTIVATION"),
    ):  # fmt: skip
        number = await blocklist.add(equipment.seal, kind, text, reason="trouble", actor="staff:Anna")
        order_id = await checked(equipment)
        assert (await row_of(order_id))["state"] == state
        assert await rules_of(order_id) == {f"blocked_{kind}"}
        await blocklist.remove(number, actor="staff:Anna")


async def test_who_left_an_invoice_unpaid_waits_for_a_person_under_any_name(equipment: Equipment) -> None:
    first = await offered(equipment)
    await accept(equipment, first, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    (customer,) = await Customer.select()

    async def unpaid(customers: Any) -> bool:
        return customer["id"] in customers

    asked = Sources(unpaid=unpaid)
    same_account = await checked(
        equipment, asked, customer__email="n@example.net", customer__phone="+4915187654321", customer__family_name="New"
    )
    assert (await row_of(same_account))["state"] == "IN_REVIEW"
    assert await rules_of(same_account) == {"unpaid_before", "customer_alike"}
    somebody_else = await checked(
        equipment, asked, customer__email="n@example.com", customer__phone="+4915187654322",
        customer__family_name="Else", payment__iban="DE89370400440532013000",
    )  # fmt: skip
    assert await ways_of(somebody_else) == ["sms", "contract"]


async def test_a_further_order_of_a_known_customer_is_no_duplicate_and_counts_for_no_network(
    equipment: Equipment,
) -> None:
    first = await offered(equipment)
    await accept(equipment, first, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    (customer,) = await Customer.select()
    receipt = await placing.place(
        equipment, further_form(customer["number"]), key=uuid4().hex, sender=Sender("staff:Anna", "192.0.2.1")
    )
    await screen_waiting(equipment)
    further = await id_of(receipt.cart_id)
    assert await ways_of(further) == ["sms", "contract"]
    assert await rules_of(further) == set()
    assert await RiskTrace.count().where(RiskTrace.order == further, RiskTrace.kind == "network") == 0


async def test_a_name_that_stands_in_an_earlier_cart_is_told_to_staff(equipment: Equipment) -> None:
    name = new_name()
    await placed(equipment, name)
    later = await placed(equipment, name)
    await screen_waiting(equipment)
    assert await rules_of(later) == {"domain_in_other_cart"}


async def test_what_is_kept_of_a_check_names_nobody_and_never_changes(equipment: Equipment) -> None:
    order_id = await checked(equipment, customer__email="o.brien@mailinator.com")
    kept = json.dumps([await RiskAssessment.select(), await RiskResult.select(), await RiskTrace.select()], default=str)
    for secret in ("brien", "Brien", "5678", "2051", "München", "80331", "198.51.100"):
        assert secret not in kept
    (result,) = await RiskResult.select().where(RiskResult.order == order_id)
    assert (result["rule"], result["ruleset"], result["points"]) == ("mail_disposable", "2026-11-24", 40)
    assert (result["fact"], result["value"], result["text_en"]) == (
        "mail_disposable",
        "true",
        "Disposable mail address",
    )
    for table in (RiskAssessment, RiskResult):
        with pytest.raises(Exception, match="unchangeable"):
            await table.update({table.points: 0}, force=True)
        with pytest.raises(Exception, match="unchangeable"):
            await table.delete(force=True)


async def test_staff_see_why_and_changed_rules_change_no_old_result(equipment: Equipment) -> None:
    order_id = await checked(equipment, customer__phone="+447400123456")
    before = (await cart_view(equipment, order_id)).risk
    assert before is not None
    assert (before.outcome, before.points, before.ruleset) == ("contract", 15, "2026-11-24")
    assert {reason.rule for reason in before.reasons} == {"phone_abroad", "no_sms_to_this_phone"}
    assert next(reason.text.de for reason in before.reasons if reason.rule == "phone_abroad").startswith("Das Telefon")
    assert before.facts["phone_country"] == "GB"
    assert "mail_domain: not set" in before.notes
    rules = msgspec.structs.replace(equipment.catalogue.risk, version="next", rules={})
    catalogue = msgspec.structs.replace(equipment.catalogue, risk=rules)
    other = Equipment(equipment.settings, equipment.seal, catalogue, equipment.hashing, equipment.closing)
    assert (await cart_view(other, order_id)).risk == before
    newer = (await cart_view(other, await checked(other, customer__phone="+447400123456"))).risk
    assert newer is not None
    assert (newer.ruleset, list(newer.reasons)) == ("next", [])


async def test_the_queue_of_reviews_is_the_oldest_first_with_its_reasons(equipment: Equipment) -> None:
    await blocklist.add(equipment.seal, "mail_domain", "example.org", reason="trouble", actor="staff:Anna")
    held = [await checked(equipment) for _ in range(3)]
    await checked(equipment, customer__email="somebody@example.net")
    broken = await placed(equipment)
    await Order.update({Order.applicant: json.dumps(BODY["customer"] | {"email": ""})}).where(Order.id == broken)
    await screen_waiting(equipment)
    queue = await search("", OrderState.IN_REVIEW)
    assert [await id_of(cart.cart_id) for cart in queue] == [*held, broken]
    assert [reason.rule for reason in queue[0].reasons] == ["blocked_mail_domain"]
    assert [reason.rule for reason in queue[3].reasons] == ["check_failed"]
    assert len(await search("example.org", OrderState.IN_REVIEW)) == 4
    assert await search("example.net", OrderState.IN_REVIEW) == []


async def test_one_order_that_cannot_be_unsealed_does_not_hold_the_others_up(equipment: Equipment) -> None:
    bad, good = await placed(equipment), await placed(equipment)
    applicant = json.loads((await row_of(bad))["applicant"]) | {"iban_sealed": "bm90IHNlYWxlZCBieSBhbnlib2R5IGhlcmU="}
    await Order.update({Order.applicant: json.dumps(applicant)}).where(Order.id == bad)
    await screen_waiting(equipment)
    assert (await row_of(bad))["state"] == "IN_REVIEW"
    assert (await row_of(good))["state"] == "AWAITING_ACTIVATION"


async def test_traces_are_forgotten_where_no_contract_came_of_them(equipment: Equipment) -> None:
    kept, gone = await offered(equipment), await offered(equipment)
    await accept(equipment, kept, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    assert await traces.forget(timedelta(days=90)) == 0
    assert await traces.forget(timedelta(days=-1)) == 4
    assert await RiskTrace.count().where(RiskTrace.order == gone) == 0
    assert await RiskTrace.count().where(RiskTrace.order == kept) == 4
