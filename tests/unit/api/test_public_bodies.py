"""A public body with a Leitweg-ID pays by transfer and gets XRechnungen."""

import msgspec
import pytest

from api.billing import public_bodies
from api.billing.documents import archive, cii
from api.billing.public_bodies import BuyerReferenceError
from api.billing.statement import Statement
from api.billing.tables import Invoice
from api.equipment import Equipment
from api.identity import NotThereError
from tests.unit.api.issued import STAFF, accepted, bill, hoster

pytestmark = pytest.mark.slow

LEITWEG = "04011000-1234512345-06"


@pytest.mark.parametrize("reference", [LEITWEG, "991-33333TEST-33", "992-90009-96"])
def test_real_references_are_taken(reference: str) -> None:
    public_bodies.check(reference)


@pytest.mark.parametrize(
    "reference", ["04011000-12345-34", "04011000-1234512345-07", "", "x", f"{LEITWEG}\n", f" {LEITWEG}", "0401-ä-06"]
)
def test_a_reference_with_a_slip_is_refused(reference: str) -> None:
    with pytest.raises(BuyerReferenceError):
        public_bodies.check(reference)


@pytest.mark.usefixtures("database")
async def test_its_invoices_are_xrechnungen_from_then_on_and_ordinary_without_it(equipment: Equipment) -> None:
    here = hoster(equipment)
    body = {
        "customer__kind": "public_body", "customer__company": "Stadt Köln",
        "payment": {"method": "invoice", "iban": None, "account_holder": None},
    }  # fmt: skip
    await accepted(here, **body)
    await accepted(here, **body)
    await public_bodies.refer(100_001, LEITWEG, actor=STAFF)
    await public_bodies.refer(100_002, LEITWEG, actor=STAFF)
    await public_bodies.refer(100_002, None, actor=STAFF)
    numbers = await bill(here)
    first, second = [(await archive.fetch(number)).xml.decode() for number in numbers]
    assert (cii.XRECHNUNG in first, f"<ram:BuyerReference>{LEITWEG}<" in first) == (True, True)
    assert (cii.XRECHNUNG in second, LEITWEG in second) == (False, False)
    row = await Invoice.select(Invoice.statement).order_by(Invoice.id).first()
    assert row is not None
    said = msgspec.json.decode(row["statement"], type=Statement)
    assert (said.payment, said.mandate, said.buyer.name) == ("transfer", None, "Stadt Köln")


@pytest.mark.usefixtures("database")
async def test_nobody_has_no_reference(equipment: Equipment) -> None:
    assert equipment
    with pytest.raises(NotThereError):
        await public_bodies.refer(1, LEITWEG, actor=STAFF)
