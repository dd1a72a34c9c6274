"""Orders that can be meant, and the ways to have one placed, offered and accepted without HTTP."""

import copy
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec

from api.equipment import Equipment
from api.identity import order_token
from api.intake import placing
from api.intake.form import FurtherOrderForm, OrderForm
from api.intake.screening import screen_waiting
from api.tables import Order

CUSTOMER = placing.Sender("customer", "198.51.100.7")
_numbers = count(1)

BODY: dict[str, Any] = {
    "tariff": "start",
    "billing_interval_months": 1,
    "language": "de",
    "accept_terms": True,
    "password": "Kirschbaum-Tür-Regen",
    "customer": {
        "kind": "consumer", "company": None, "given_name": "Jürgen", "family_name": "O'Brien", "street": "Am Markt 3",
        "postal_code": "80331", "city": "München", "country": "DE", "email": "j@example.org",
        "phone": "+4915112345678", "vat_id": None,
    },
    "payment": {"method": "sepa_debit", "iban": "DE02120300000000202051", "account_holder": "Jürgen O'Brien"},
}  # fmt: skip


def new_name() -> str:
    """Return a domain that no other test orders."""
    return f"beispiel-{next(_numbers)}.de"


def body(*names: str, **changes: Any) -> dict[str, Any]:
    """Return the body of an order of new names, or of *names*; dotted *changes* as `customer__phone=…`."""
    made = copy.deepcopy(BODY)
    made["domains"] = [{"name": name, "action": "register"} for name in names or (new_name(),)]
    for path, value in changes.items():
        *way, last = path.split("__")
        place = made
        for step in way:
            place = place[step]
        place[last] = value
    return made


def form(*names: str, **changes: Any) -> OrderForm:
    """Return an order form; see `body`."""
    return msgspec.convert(body(*names, **changes), OrderForm)


def further_body(number: int, *names: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a further order of the customer who has this *number*."""
    made = body(*names, **changes) | {"customer": {"number": number}}
    del made["payment"]
    return made


def further_form(number: int, *names: str) -> FurtherOrderForm:
    """Return a further order of the customer who has this *number*."""
    return msgspec.convert(further_body(number, *names), FurtherOrderForm)


async def placed(equipment: Equipment, *names: str, **changes: Any) -> int:
    """Place an order; return its id."""
    receipt = await placing.place(equipment, form(*names, **changes), key=uuid4().hex, sender=CUSTOMER)
    return await id_of(receipt.cart_id)


async def offered(equipment: Equipment, *names: str, **changes: Any) -> int:
    """Place an order and have it checked; return its id."""
    order_id = await placed(equipment, *names, **changes)
    await screen_waiting(equipment)
    return order_id


async def id_of(cart_id: str) -> int:
    """Return the id of the order with this cart ID."""
    (row,) = await Order.select(Order.id).where(Order.cart_id == cart_id)
    return int(row["id"])


async def row_of(order_id: int) -> dict[str, Any]:
    """Return the order's row."""
    (row,) = await Order.select().where(Order.id == order_id)
    return dict(row)


async def token_of(equipment: Equipment, order_id: int) -> str:
    """Return the customer's token."""
    return order_token(equipment, (await row_of(order_id))["cart_id"])
