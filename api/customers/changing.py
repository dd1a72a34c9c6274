"""Changing what is known of a customer: by staff, by the same checks as an order, with a row in the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from api import journal
from api.answers import wrong
from api.customers import numbers
from api.customers.tables import Trait
from api.equipment import Equipment
from api.identity import NotThereError
from api.intake import checks
from api.intake.form import Applicant, Line, Payment, Short
from api.intake.placing import search_text
from api.piccolo_conf import DB
from api.tables import Customer, Order

DATA = Applicant.__struct_fields__
ACCOUNT = ("iban", "account_holder")


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is different from now on; what is left out stays, `null` empties."""

    kind: Literal["consumer", "business", "public_body"] | UnsetType = UNSET
    company: Line | UnsetType | None = UNSET
    given_name: Line | UnsetType = UNSET
    family_name: Line | UnsetType = UNSET
    street: Line | UnsetType = UNSET
    postal_code: Annotated[str, msgspec.Meta(min_length=1, max_length=16)] | UnsetType = UNSET
    city: Line | UnsetType = UNSET
    #: ISO 3166-1 alpha-2.
    country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")] | UnsetType = UNSET
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)] | UnsetType = UNSET
    #: International, with a plus.
    phone: Annotated[str, msgspec.Meta(min_length=3, max_length=32)] | UnsetType = UNSET
    vat_id: Short | UnsetType | None = UNSET
    #: Another account, of another mandate.
    iban: Annotated[str, msgspec.Meta(max_length=64)] | UnsetType = UNSET
    account_holder: Line | UnsetType = UNSET
    #: Why; stands in the journal, so without personal data.
    reason: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class Changed(msgspec.Struct, frozen=True):
    """Which fields are different now."""

    number: int
    fields: Sequence[str]
    #: Of the mandate by which is debited; another one where the account is another.
    mandate_reference: str | None


async def change(equipment: Equipment, number: int, wanted: Change, *, actor: str) -> Changed:
    """Change the customer who has *number*, or had it before a merger, as *wanted*.

    Raises:
        NotThereError: there is none.
        FieldsError: what would be known then cannot be; nothing is changed.
    """
    async with DB.transaction():
        changed = await _change(equipment, number, wanted, actor)
    return changed  # noqa: RET504 (to mypy a transaction might swallow what is raised)


async def _change(equipment: Equipment, number: int, wanted: Change, actor: str) -> Changed:
    row = await _locked(number)
    given = {name: value for name in (*DATA, *ACCOUNT) if (value := getattr(wanted, name)) is not UNSET}
    known = {name: row[name] for name in DATA} | {name: given[name] for name in DATA if name in given}
    paid = await _payment(equipment, row, given)
    said, payment = checks.known(msgspec.convert(known, Applicant), paid)
    values: dict[Any, Any] = {name: value for name, value in msgspec.structs.asdict(said).items() if value != row[name]}
    if "account_holder" in given and payment.account_holder != row["account_holder"]:
        values["account_holder"] = payment.account_holder
    fields = [*values]
    if "iban" in given and payment.iban is not None and payment.iban != _iban(equipment, row):
        fields.append("iban")
        values |= _mandate(equipment, row["number"], payment.iban)
    if fields:
        await Customer.update(values).where(Customer.id == row["id"])
        await _found_anew(row | values)
        await journal.write(
            subject="customer", subject_id=row["number"], event="CHANGED", actor=actor,
            facts={"fields": fields} | journal.because(wanted.reason),
        )  # fmt: skip
    return Changed(row["number"], fields, values.get("mandate_reference", row["mandate_reference"]))


async def _locked(number: int) -> dict[str, Any]:
    """Return the row of the customer, and keep others from changing or merging it meanwhile."""
    customer = await numbers.customer_of(number)
    if customer is None:
        raise NotThereError(f"there is no customer {number}")
    mine = Customer.update({Customer.language: Customer.language}).where(Customer.id == customer)
    (row,) = await mine.returning(*Customer.all_columns())
    return dict(row)


async def _payment(equipment: Equipment, row: Mapping[str, Any], given: Mapping[str, Any]) -> Payment:
    """Return how the customer pays, with what is *given* of an account."""
    if row["payment_method"] != "sepa_debit" and (wrongly := [name for name in ACCOUNT if name in given]):
        raise wrong(wrongly[0], "is of no use: the customer pays by invoice")
    holder = given.get("account_holder", row["account_holder"])
    return Payment(
        method=row["payment_method"], iban=given.get("iban", _iban(equipment, row)), account_holder=holder
    )  # fmt: skip


def _iban(equipment: Equipment, row: Mapping[str, Any]) -> str | None:
    return None if row["iban_sealed"] is None else equipment.seal.unseal("iban", row["iban_sealed"])


def _mandate(equipment: Equipment, number: int, iban: str) -> dict[str, Any]:
    """Return another account with another mandate, whose reference says whose it is and since when."""
    now = datetime.now(UTC)
    return {
        "iban_sealed": equipment.seal.seal("iban", iban),
        "iban_last4": iban[-4:],
        "mandate_reference": f"{number}-{now:%Y%m%d%H%M%S}",
        "mandate_signed_on": now.date(),
    }


async def _found_anew(row: Mapping[str, Any]) -> None:
    """Let the customer be found by what is known now, and compared with the others once more."""
    await Order.update({Order.search_text: search_text(row)}).where(Order.customer == row["id"])
    await Trait.delete().where(Trait.customer == row["id"])
