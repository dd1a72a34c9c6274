"""From the click to the offer: what is found out in the background, and what follows from it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from api.activation import review
from api.activation.acceptance import accept
from api.activation.correction import correct
from api.billing.receivables import debits, returns
from api.billing.receivables.movements import left_unpaid
from api.console.cart import cart_view
from api.customers.deciding import merge
from api.equipment import Equipment
from api.intake import placing, screening
from api.intake.placing import Sender
from api.intake.risk import blocklist
from api.intake.risk.sources import Sources, sources
from api.intake.risk.tables import RiskAssessment, RiskTrace
from api.intake.risk.verdict import Gathered, Verdict
from api.intake.screening import screen_waiting
from api.lifecycle import IllegalMoveError, OrderEvent
from api.riskfacts import Facts
from api.ruleset import Outcome
from api.tables import Customer, Journal, Order
from api.work import keep_on, loops
from tests.unit.api.changed import with_settings
from tests.unit.api.issued import TODAY, accepted, bill, hoster
from tests.unit.api.orderform import further_form, id_of, new_name, offered, placed, row_of
from tests.unit.api.playedsources import country_file, dns_server, vies_server
from tests.unit.api.riskcases import checked, rules_of, strict, ways_of

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("email", ["j@example.org", "j@silent.example"])
async def test_a_good_customer_is_offered_sms_within_two_seconds_of_the_click(equipment: Equipment, email: str) -> None:
    """Played with the worker's own loop, and with a source that never answers; the time that passed is in the rows."""
    async with dns_server({("example.org", "MX"): ("10 mx.example.org.",)}) as (address, asked):
        here = with_settings(equipment, "risk", resolvers=(address,))
        (checks,) = (loop for loop in loops(here) if loop.name == "checks")
        working = asyncio.create_task(keep_on(checks, here.closing))
        try:
            order_id = await placed(here, customer__email=email)
            for _ in range(1000):
                if (await row_of(order_id))["state"] != "SUBMITTED":
                    break
                await asyncio.sleep(0.02)
        finally:
            here.closing.set()
            await working
    assert asked[0] == (email.rpartition("@")[2], "MX")
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


async def test_who_left_an_invoice_unpaid_waits_for_a_person_under_any_name(equipment: Equipment) -> None:
    here = hoster(equipment)
    await accepted(here)
    (number,) = await bill(here)
    await debits.run(here, TODAY + timedelta(days=30), TODAY, actor="staff:Anna")
    asked = Sources(unpaid=left_unpaid)
    other_name = {
        "customer__email": "n@example.net", "customer__phone": "+4915187654321", "customer__family_name": "New",
    }  # fmt: skip
    paid_so_far = await checked(here, asked, **other_name)
    assert await rules_of(paid_so_far) == {"customer_alike"}
    await returns.by_hand(number, TODAY, actor="staff:Anna")
    same_account = await checked(here, asked, **other_name)
    assert (await row_of(same_account))["state"] == "IN_REVIEW"
    assert await rules_of(same_account) == {"unpaid_before", "customer_alike"}
    somebody_else = await checked(
        here, asked, customer__email="n@example.com", customer__phone="+4915187654322", customer__family_name="Else",
        payment__iban="DE89370400440532013000",
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


async def test_one_order_that_cannot_be_unsealed_does_not_hold_the_others_up(equipment: Equipment) -> None:
    bad, good = await placed(equipment), await placed(equipment)
    applicant = json.loads((await row_of(bad))["applicant"]) | {"iban_sealed": "bm90IHNlYWxlZCBieSBhbnlib2R5IGhlcmU="}
    await Order.update({Order.applicant: json.dumps(applicant)}).where(Order.id == bad)
    await screen_waiting(equipment)
    assert (await row_of(bad))["state"] == "IN_REVIEW"
    assert (await row_of(good))["state"] == "AWAITING_ACTIVATION"


async def test_a_corrected_number_is_checked_anew_and_leaves_its_own_trace(equipment: Equipment) -> None:
    await blocklist.add(equipment.seal, "phone", "+4915187654321", reason="fraud", actor="staff:Anna")
    order_id = await checked(equipment)
    assert await ways_of(order_id) == ["sms", "contract"]
    await correct(order_id, "+49 151 87654321", actor="customer")
    await screen_waiting(equipment)
    row = await row_of(order_id)
    assert (row["state"], row["offered"], row["expires_at"]) == ("REFUSED", "[]", None)
    assert [row["outcome"] for row in await RiskAssessment.select().order_by(RiskAssessment.id)] == ["sms", "refuse"]
    assert await RiskTrace.count().where(RiskTrace.order == order_id, RiskTrace.kind == "phone") == 2
    shown = (await cart_view(equipment, order_id)).risk
    assert shown is not None
    assert [reason.rule for reason in shown.reasons] == ["blocked_phone"]


async def test_of_several_verdicts_at_once_one_counts_and_a_review_is_not_offered_away(equipment: Equipment) -> None:
    for round_ in range(6):
        order_id = await placed(equipment)
        outcomes = (Outcome.REVIEW, Outcome.SMS, Outcome.REFUSE) if round_ % 2 else (Outcome.SMS, Outcome.REVIEW)
        gathered = Gathered(Facts(sms_possible=True), [])
        verdicts = [Verdict(0, outcome, []) for outcome in outcomes * 3]
        order = await row_of(order_id)
        await asyncio.gather(*(screening.settle(equipment, order, gathered, verdict) for verdict in verdicts))
        (check,) = await RiskAssessment.select().where(RiskAssessment.order == order_id)
        state = {"review": "IN_REVIEW", "sms": "AWAITING_ACTIVATION", "refuse": "REFUSED"}[check["outcome"]]
        assert (await row_of(order_id))["state"] == state
        assert await Journal.count().where(Journal.order == order_id) == 2


async def test_a_verdict_about_a_number_that_was_corrected_meanwhile_counts_for_nothing(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    as_read = await row_of(order_id)
    await screen_waiting(equipment)
    await correct(order_id, "+881623456789", actor="customer")
    late = Verdict(0, Outcome.SMS, [])
    await screening.settle(equipment, as_read, Gathered(Facts(sms_possible=True), []), late)
    assert (await row_of(order_id))["state"] == "SUBMITTED"
    await screen_waiting(equipment)
    assert await ways_of(order_id) == ["contract"]


async def test_a_person_offers_what_is_in_review_and_nothing_that_was_not_checked(equipment: Equipment) -> None:
    order_id = await placed(equipment)
    with pytest.raises(IllegalMoveError):
        await review.offer(equipment, order_id, actor="staff:Anna")
    assert (await row_of(order_id))["state"] == "SUBMITTED"
    await screen_waiting(equipment)
    assert await RiskAssessment.count().where(RiskAssessment.order == order_id) == 1


async def test_a_number_that_was_given_up_for_this_customers_is_nobody_alike(equipment: Equipment) -> None:
    for _ in range(2):
        await accept(equipment, await offered(equipment), OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    await merge(100_001, 100_002, actor="staff:Anna")
    receipt = await placing.place(
        equipment, further_form(100_001), key=uuid4().hex, sender=Sender("staff:Anna", "192.0.2.1")
    )
    await screen_waiting(equipment)
    further = await id_of(receipt.cart_id)
    assert await rules_of(further) == set()
    stranger = await offered(equipment)
    (check,) = await RiskAssessment.select().where(RiskAssessment.order == stranger)
    assert json.loads(check["facts"])["customers_alike"] == 1
