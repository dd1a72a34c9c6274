"""Public bodies: the Leitweg-ID that their invoices name, which makes them XRechnungen."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from stdnum.iso7064 import mod_97_10

from api import journal
from api.billing.documents.tables import BuyerReference
from api.customers import numbers
from api.identity import NotThereError
from api.piccolo_conf import DB

FORM = re.compile(r"[0-9]{2,12}(-[A-Z0-9]{1,30})?-[0-9]{2}\Z")


class BuyerReferenceError(ValueError):
    """A text that is no Leitweg-ID."""


async def refer(number: int, reference: str | None, *, actor: str) -> None:
    """Have invoices to customer *number* name *reference* from now on, or none.

    Raises:
        BuyerReferenceError: it is no Leitweg-ID.
        NotThereError: there is no such customer.
    """
    if reference is not None:
        check(reference)
    customer = await numbers.customer_of(number)
    if customer is None:
        raise NotThereError(f"there is no customer {number}")
    async with DB.transaction():
        await BuyerReference.delete().where(BuyerReference.customer == customer)
        if reference is not None:
            row = BuyerReference(customer=customer, reference=reference, set_at=datetime.now(UTC))
            await BuyerReference.insert(row)
        await journal.write(
            subject="customer", subject_id=number, event="BUYER_REFERENCE", actor=actor,
            facts={"reference": reference},
        )  # fmt: skip


async def references(customers: Collection[int]) -> Mapping[int, str]:
    """Return the references of those *customers* (ids) that have one."""
    rows = await BuyerReference.select().where(BuyerReference.customer.is_in(list(customers))) if customers else []
    return {row["customer"]: row["reference"] for row in rows}


def check(reference: str) -> None:
    """Refuse what is no Leitweg-ID: its form and its check digits (KoSIT, format specification 2.0.2).

    Raises:
        BuyerReferenceError: says what is wrong.
    """
    if not FORM.match(reference):
        raise BuyerReferenceError("a Leitweg-ID is written like 04011000-1234512345-06")
    if not mod_97_10.is_valid(reference.replace("-", "")):
        raise BuyerReferenceError("the Leitweg-ID's last two digits do not fit the others; ask the public body again")
