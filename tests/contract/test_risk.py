"""The risk check through the public interface: who is offered what, how soon, and that staff see why."""

from datetime import datetime
from statistics import median
from typing import Any
from uuid import uuid4

import httpx

from tests.contract.numbers import new_domain, new_person
from tests.contract.process import Api
from tests.customer.form import order_form
from tests.customer.shop import Receipt, Shop


def placed(shop: Shop, **changes: Any) -> tuple[Receipt, dict[str, Any]]:
    """Order something, with other words about the customer or the form; return it and its page once it is on offer."""
    form = order_form(new_person(), new_domain())
    form["form"] = changes.pop("form", {"filled_in_s": 42.5, "trap": ""})
    form["customer"] |= changes
    order = shop.place(form, key=uuid4().hex)
    return order, shop.wait_until(order, "AWAITING_ACTIVATION", every_s=0.02)


def test_a_good_customer_is_offered_sms_within_two_seconds_of_the_click(shop: Shop) -> None:
    took = []
    for _ in range(5):
        _, page = placed(shop)
        assert page["offered"] == ["sms", "contract"]
        (offer,) = (moment for moment in page["timeline"] if moment["event"] == "OFFERED")
        took.append((datetime.fromisoformat(offer["at"]) - datetime.fromisoformat(page["created_at"])).total_seconds())
    print("seconds from the click to the offer:", took)
    assert median(took) < 2


def test_a_foreign_number_and_a_full_trap_get_the_contract_and_staff_see_why(shop: Shop) -> None:
    for changes, rule in (
        ({"phone": "+447400123456"}, "phone_abroad"),
        ({"form": {"filled_in_s": 30, "trap": "cheap watches"}}, "trap_filled"),
        ({"email": "somebody@mailinator.com"}, "mail_disposable"),
    ):
        order, page = placed(shop, **changes)
        assert page["offered"] == ["contract"]
        assert "risk" not in page
        risk = shop.cart(order.cart_id)["risk"]
        assert risk["outcome"] == "contract"
        (reason,) = (reason for reason in risk["reasons"] if reason["rule"] == rule)
        assert set(reason["text"]) == {"de", "en"}
        assert "cheap" not in str(risk)
        assert "mailinator" not in str(risk)


def test_the_queue_of_a_state_is_for_staff(api: Api, shop: Shop) -> None:
    order, _ = placed(shop)
    url = f"{api.url}/api/v1/staff/carts?state=AWAITING_ACTIVATION"
    assert httpx.get(url, trust_env=False).status_code == 401
    assert httpx.get(url, headers={"Authorization": f"Bearer {order.token}"}, trust_env=False).status_code == 401
