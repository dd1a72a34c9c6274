"""Contracts to bill: accepted for real, or many at once written straight into the tables; and a seller."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from api.activation.acceptance import accept
from api.billing.run import Task
from api.billing.tables import Service, TariffVersion
from api.equipment import Equipment
from api.lifecycle import OrderEvent
from api.sections import SellerFacts
from api.tables import Customer, Order
from tests.unit.api.orderform import offered

SELLER = SellerFacts(
    name="Ankunft Hosting GmbH", contact="Buchhaltung", street="Laborweg 1", postal_code="10115", city="Berlin",
    email="rechnung@hosting.test", phone="+49301234567", vat_id="DE136695976", iban="DE02120300000000202051",
    bic="BYLADEM1001", creditor_id="DE98ZZZ09999999999",
)  # fmt: skip

BEGUN = date(2026, 1, 31)
ROWS = 500


def task(until: date, *, is_dry: bool = False, **changes: Any) -> Task:
    """Return the task of billing up to *until*; *changes* are the seller's."""
    return Task(msgspec.structs.replace(SELLER, **changes), until, date(2026, 12, 1), is_dry)


async def accepted(equipment: Equipment, *names: str, **changes: Any) -> int:
    """Place an order and accept it; return its id."""
    order_id = await offered(equipment, *names, **changes)
    await accept(equipment, order_id, OrderEvent.STAFF_ACCEPTED, actor="staff:Anna")
    return order_id


async def many(customers: int, services: int, *, first: int = 100_001) -> None:
    """Write *customers* with a contract each of so many *services*, monthly from BEGUN on; none has an entry yet."""
    filed = await _filed()
    for at in range(0, customers, ROWS):
        numbers = range(first + at, first + min(at + ROWS, customers))
        people = await Customer.insert(*(_customer(number) for number in numbers)).returning(Customer.id)
        orders = await Order.insert(
            *(_order(number, row["id"]) for number, row in zip(numbers, people, strict=True))
        ).returning(Order.id, Order.customer)
        for row in _slices([(row, index) for row in orders for index in range(services)]):
            await Service.insert(*(_service(order, index, filed) for order, index in row))


def _slices(rows: list[Any]) -> list[list[Any]]:
    return [rows[at : at + ROWS] for at in range(0, len(rows), ROWS)]


async def _filed() -> int:
    known = await TariffVersion.select(TariffVersion.id).where(TariffVersion.tariff == "bulk").first()
    if known is None:
        row = TariffVersion(tariff="bulk", version=1, content="{}", filed_at=datetime.now(UTC))
        (known,) = await TariffVersion.insert(row).returning(TariffVersion.id)
    return int(known["id"])


def _customer(number: int) -> Customer:
    return Customer(
        number=number, kind="consumer", given_name="Jürgen", family_name=f"O'Brien {number}", street="Am Markt 3",
        postal_code="80331", city="München", country="DE", email=f"j{number}@example.org", phone="+4915112345678",
        payment_method="sepa_debit", iban_last4="2051", language="de", created_at=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip


def _order(number: int, customer: int) -> Order:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    return Order(
        cart_id=f"B{number}", number=number + 400_000, idempotency_key=f"bulk-{number}", body_digest="", state="ACTIVE",
        customer=customer, tariff="bulk", tariff_version=1, billing_interval_months=1, language="de", terms_version="1",
        terms_accepted_at=now, password_hash="", created_at=now, accepted_at=now,
    )  # fmt: skip


def _service(order: dict[str, Any], index: int, filed: int) -> Service:
    return Service(
        customer=order["customer"], order=order["id"], addon=f"part-{index}", tariff=filed,
        name='{"de": "Leistung", "en": "Service"}', price_cents=price(index), vat_percent=19, interval_months=1,
        begins_on=BEGUN, next_on=BEGUN,
    )  # fmt: skip


def price(index: int) -> int:
    """Return the gross price of service number *index*; no two sums of them are alike by chance."""
    return 99 + 37 * index
