"""Why: kept for good, naming nobody, shown to staff."""

import json
import re

import msgspec
import pytest

from api.activation import review
from api.console.cart import cart_view
from api.console.search import search
from api.equipment import Equipment
from api.intake.risk import blocklist
from api.intake.risk.tables import RiskAssessment, RiskResult, RiskTrace
from api.intake.screening import screen_waiting
from api.lifecycle import IllegalMoveError, OrderState
from api.orders import NoOrderError
from api.tables import Order
from tests.unit.api.orderform import BODY, id_of, placed, row_of
from tests.unit.api.riskcases import checked, ways_of

pytestmark = pytest.mark.usefixtures("database")


async def test_a_person_lets_a_held_order_go_on_with_sms_where_one_may_go(equipment: Equipment) -> None:
    await blocklist.add(equipment.seal, "mail_domain", "example.org", reason="trouble", actor="staff:Anna")
    held, abroad = await checked(equipment), await checked(equipment, customer__phone="+447400123456")
    assert await review.offer(equipment, held, actor="staff:Anna") == ["sms", "contract"] == await ways_of(held)
    assert await review.offer(equipment, abroad, actor="staff:Anna") == ["contract"] == await ways_of(abroad)
    row = await row_of(held)
    assert row["state"] == "AWAITING_ACTIVATION"
    assert row["expires_at"] is not None
    with pytest.raises(IllegalMoveError):
        await review.offer(equipment, held, actor="staff:Anna")
    with pytest.raises(NoOrderError):
        await review.offer(equipment, 999_999, actor="staff:Anna")


async def test_what_is_kept_of_a_check_names_nobody_and_never_changes(equipment: Equipment) -> None:
    order_id = await checked(equipment, customer__email="o.brien@mailinator.com")
    rows = json.dumps([await RiskAssessment.select(), await RiskResult.select(), await RiskTrace.select()], default=str)
    kept = re.sub(r"\b[0-9a-f]{64}\b|\d\d\.\d+\+00:00", "", rows)  # keyed hashes and seconds hold any digits by chance
    assert len(kept) < len(rows)
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
