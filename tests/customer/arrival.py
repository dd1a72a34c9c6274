"""The whole way of a customer, from the click to a usable account, in one call."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.customer.account import Account, account_of
from tests.customer.form import Person, order_form
from tests.customer.phone import code_in, wait_for_message
from tests.customer.shop import Receipt, Shop


@dataclass(frozen=True, slots=True)
class Arrival:
    """A customer who has arrived."""

    who: Person
    order: Receipt
    page: dict[str, Any]
    account: Account


def order_and_confirm(shop: Shop, sms_sink: Path, who: Person, *domains: str) -> Receipt:
    """Order *domains*, ask for the code, read it from the telephone and type it in."""
    order = shop.place(order_form(who, *domains), key=uuid4().hex)
    shop.wait_until(order, "AWAITING_ACTIVATION")
    shop.request_code(order)
    shop.confirm(order, code_in(wait_for_message(sms_sink, who.phone)))
    return order


def arrive(shop: Shop, sms_sink: Path, who: Person, *domains: str, timeout_s: float = 90) -> Arrival:
    """Order *domains* and wait until the account can be used."""
    order = order_and_confirm(shop, sms_sink, who, *domains)
    page = shop.wait_until(order, "ACTIVE", timeout_s=timeout_s)
    return Arrival(who, order, page, account_of(page, who))
