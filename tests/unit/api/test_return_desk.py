"""What staff see and do with contracts that came back, over HTTP."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from PIL import Image

from api import staff
from api.activation.contracts import arrival, filing, keeping
from api.activation.contracts.document import contract_pdf
from api.activation.contracts.tables import Returned
from api.app import build
from api.equipment import Equipment
from api.notices.tables import Outbox
from tests.customer.paper import pdf_of, returned, scanned
from tests.unit.api.orderform import offered, row_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

PDF = {"Content-Type": "application/pdf"}


@pytest.fixture
async def desk(equipment: Equipment) -> AsyncIterator[AsyncClient]:
    """Anna's program."""
    app: Any = build(equipment)
    headers = {"Authorization": f"Bearer {await staff.add('Anna')}"}
    base = "http://api.test/api/v1/staff/"
    async with AsyncClient(transport=ASGITransport(app), base_url=base, headers=headers) as client:
        yield client


async def cart_of(order: int) -> str:
    """Return the cart ID of an order."""
    return str((await row_of(order))["cart_id"])


def blank(seed: int = 1) -> bytes:
    """Return a page without any mark."""
    return pdf_of([scanned(Image.new("L", (1000, 1400), 255), noise=0.01, seed=seed)])


async def test_many_scans_are_handed_in_at_once_and_approved_one_by_one(
    equipment: Equipment, desk: AsyncClient
) -> None:
    orders = [await offered(equipment), await offered(equipment)]
    scans = [returned(await contract_pdf(equipment, order)) for order in orders]
    files = [("file", (f"scan {number}.tif", scan, "image/tiff")) for number, scan in enumerate(scans)]
    answer = await desk.post("returns", files=files)
    assert (answer.status_code, len(answer.json()["numbers"])) == (202, 2)
    await filing.file_received(equipment)
    waiting = (await desk.get("returns")).json()["returns"]
    assert [(line["cart_id"], line["state"], line["channel"]) for line in waiting] == [
        (await cart_of(order), "FILED", "post") for order in orders
    ]
    approved = await desk.post(f"returns/{waiting[0]['id']}/approve")
    assert (approved.status_code, approved.json()) == (200, {"state": "ACCEPTED"})
    assert (await desk.post(f"returns/{waiting[0]['id']}/approve")).status_code == 409
    cart = (await desk.get(f"carts/{await cart_of(orders[0])}")).json()
    assert cart["state"] == "ACCEPTED"
    (shown,) = cart["returns"]
    assert (shown["id"], shown["channel"], shown["state"]) == (waiting[0]["id"], "post", "APPROVED")
    (entry,) = [entry for entry in cart["journal"] if entry["event"] == "CONTRACT_APPROVED"]
    assert entry["actor"] == "staff:Anna"


async def test_what_nobody_can_read_is_looked_at_filed_and_approved_in_one_step(
    equipment: Equipment, desk: AsyncClient
) -> None:
    order = await offered(equipment, customer__family_name="Müller & Söhne")
    (number,) = (await desk.post("returns", content=blank(), headers=PDF)).json()["numbers"]
    await filing.file_received(equipment)
    view = (await desk.get(f"returns/{number}")).json()
    assert (view["document"]["state"], view["document"]["pages"], view["order"]) == ("INBOX", 1, None)
    assert view["document"]["note"] == "no mark of ours can be read on it"
    page = await desk.get(f"returns/{number}/pages/1")
    assert page.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(page.content)) as picture:
        assert picture.size == (1000, 1400)
    for absent in ("returns/999", f"returns/{number}/pages/2", f"returns/{number}/pages/0", "returns/x"):
        assert (await desk.get(absent)).status_code == 404
    wrong = await desk.post(f"returns/{number}/file", json={"cart_id": "2222-2222-3"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cart_id")
    filed = await desk.post(f"returns/{number}/file", json={"cart_id": await cart_of(order), "approve": True})
    assert filed.json() == {"state": "ACCEPTED"}
    view = (await desk.get(f"returns/{number}")).json()
    assert view["order"]["customer"]["family_name"] == "Müller & Söhne"
    assert view["document"]["decided_by"] == "staff:Anna"
    assert not await Outbox.exists().where(Outbox.kind == "contract_returned")


async def test_a_scan_for_one_order_is_filed_there_and_rejected_with_a_word(
    equipment: Equipment, desk: AsyncClient
) -> None:
    order = await offered(equipment)
    answer = await desk.post(f"carts/{await cart_of(order)}/returns", content=blank(2), headers=PDF)
    assert answer.status_code == 202
    await filing.file_received(equipment)
    (line,) = (await desk.get("returns")).json()["returns"]
    assert (line["cart_id"], line["state"]) == (await cart_of(order), "FILED")
    path = f"returns/{line['id']}/reject"
    assert (await desk.post(path, json={"reason": "a\nb"})).status_code == 422
    rejected = await desk.post(path, json={"reason": "Die Unterschrift fehlt."})
    assert rejected.json()["document"]["state"] == "REJECTED"
    assert (await desk.get("returns")).json()["returns"] == []
    assert len((await desk.get("returns?all=yes")).json()["returns"]) == 1
    assert (await row_of(order))["state"] == "AWAITING_ACTIVATION"


async def test_what_waits_comes_in_pages_documents_before_notes(equipment: Equipment, desk: AsyncClient) -> None:
    envelope = arrival.Envelope("email", "customer")
    notes = [(await arrival.take(equipment, envelope, [], [f"rubbish {number}"]))[0] for number in range(3)]
    documents = (await desk.post("returns", files=[("file", (f"{n}", blank(n))) for n in (4, 5)])).json()["numbers"]
    notes += await arrival.take(equipment, envelope, [], ["more rubbish"])
    for query, wanted in (("", documents + notes), ("all=yes&", [*notes[3:], *documents[::-1], *notes[2::-1]])):
        pages = [(await desk.get(f"returns?{query}limit=2")).json()]
        while cursor := pages[-1]["next_cursor"]:
            pages.append((await desk.get(f"returns?{query}limit=2&cursor={cursor}")).json())
        assert [[line["id"] for line in page["returns"]] for page in pages] == [wanted[:2], wanted[2:4], wanted[4:]]
    assert (await desk.get("returns?cursor=x")).status_code == 422


async def test_a_note_that_nobody_looked_at_for_long_is_put_aside(equipment: Equipment, desk: AsyncClient) -> None:
    (note,) = await arrival.take(equipment, arrival.Envelope("email", "customer"), [], ["rubbish"])
    (document,) = (await desk.post("returns", content=blank(6), headers=PDF)).json()["numbers"]
    await filing.file_received(equipment)
    assert await keeping.end_old_notes() == 0
    await Returned.update({Returned.received_at: datetime.now(UTC) - timedelta(days=15)}, force=True)
    assert await keeping.end_old_notes() == 1
    assert [line["id"] for line in (await desk.get("returns")).json()["returns"]] == [document]
    view = (await desk.get(f"returns/{note}")).json()["document"]
    assert (view["state"], view["decided_by"]) == ("REJECTED", "system")


async def test_bodies_that_are_no_documents_are_refused(equipment: Equipment, desk: AsyncClient) -> None:
    order = await cart_of(await offered(equipment))
    for path in ("returns", f"carts/{order}/returns"):
        assert (await desk.post(path, json={})).status_code == 415
        assert (await desk.post(path, content=b"", headers=PDF)).status_code == 422
        assert (await desk.post(path, files={"file": ("a", b"")}, data={"x": "y"})).status_code == 422
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        for broken in (b"--b\r\n", b"x", b"--b--", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"):
            assert (await desk.post(path, content=broken, headers=form)).status_code in {400, 422}
        assert (await desk.post(path, content=b"x" * (65 << 20), headers=PDF)).status_code == 413
    assert (await desk.post("carts/2222-2222-3/returns", content=blank(), headers=PDF)).status_code == 404
    assert (await desk.get("returns?all=perhaps")).status_code == 422


async def test_of_files_among_which_one_is_no_document_none_is_taken(desk: AsyncClient) -> None:
    files = [("file", ("a.pdf", blank())), ("file", ("contract.pdf", b"MZ\x90\0"))]
    answer = await desk.post("returns", files=files)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file.1")
    assert (await desk.get("returns?all=yes")).json()["returns"] == []


async def test_nobody_but_staff_sees_any_of_it(desk: AsyncClient) -> None:
    desk.headers.pop("Authorization")
    for path in ("returns", "returns/1", "returns/1/pages/1"):
        assert (await desk.get(path)).status_code == 401
    for path in ("returns", "returns/1/approve", "returns/1/file", "returns/1/reject", "carts/2222-2222-2/returns"):
        assert (await desk.post(path, json={})).status_code == 401
