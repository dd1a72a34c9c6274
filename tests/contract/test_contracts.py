"""The contract's way on paper by command line alone, against running programs."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from tests.contract.numbers import new_domain, new_person
from tests.contract.process import Api, free_port
from tests.customer.form import order_form
from tests.customer.paper import illegible, returned
from tests.customer.patience import wait_for
from tests.customer.shop import Shop


def test_a_contract_is_written_handed_in_looked_at_and_approved(api: Api, shop: Shop) -> None:
    order = shop.place(order_form(new_person(), new_domain()), key=uuid4().hex)
    shop.wait_until(order, "AWAITING_ACTIVATION")
    pdf, scan = api.folder / "contract.pdf", api.folder / "scan.tif"
    api.run("order", "contract", order.cart_id, "-o", str(pdf))
    assert pdf.read_bytes() == shop.contract(order)
    scan.write_bytes(returned(pdf.read_bytes()))
    (number,) = json.loads(api.run("return", "upload", str(scan), "--json"))["numbers"]
    wait_for("the scan files itself", lambda: f"{order.cart_id}" in api.run("return", "list"), timeout_s=20)
    shown = api.run("return", "show", str(number))
    assert "Am Markt 3, 80331 München, DE" in shown
    picture = api.folder / "page.png"
    api.run("return", "show", str(number), "--page", "2", "-o", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "ACCEPTED" in api.run("return", "approve", str(number))
    assert shop.cart(order.cart_id)["returns"][0]["state"] == "APPROVED"


def test_what_nobody_can_read_is_filed_or_rejected_by_hand(api: Api, shop: Shop) -> None:
    order = shop.place(order_form(new_person(), new_domain()), key=uuid4().hex)
    shop.wait_until(order, "AWAITING_ACTIVATION")
    scan = api.folder / "illegible.pdf"
    scan.write_bytes(illegible())
    (number,) = json.loads(api.run("return", "upload", str(scan), "--json"))["numbers"]
    wait_for("it waits", lambda: "no mark of ours" in api.run("return", "list"), timeout_s=20)
    api.run("return", "file", str(number), order.cart_id.lower())
    assert f"{order.cart_id}" in api.run("return", "list")
    assert "REJECTED" in api.run("return", "reject", str(number), "--reason", "Die Unterschrift fehlt.")
    assert (
        json.loads(api.run("return", "show", str(number), "--json"))["document"]["reason"] == "Die Unterschrift fehlt."
    )
    assert shop.status(order)["state"] == "AWAITING_ACTIVATION"


def test_the_door_for_mails_says_what_it_lacks_and_closes_within_seconds(api: Api) -> None:
    program = str(Path(sys.executable).with_name("ankunft"))
    environment = os.environ | {"ANKUNFT_CONFIG": str(api.config)}
    refused = subprocess.run([program, "receive"], env=environment, capture_output=True, text=True, check=False)
    assert (refused.returncode, "[returns] address" in refused.stderr) == (1, True)
    environment |= {"ANKUNFT_RETURNS_ADDRESS": "vertrag@hosting.test", "ANKUNFT_RETURNS_PORT": "0"}
    wrong = subprocess.run([program, "receive"], env=environment, capture_output=True, text=True, check=False)
    assert (wrong.returncode, "returns.port" in wrong.stderr) == (1, True)
    port = free_port()
    environment |= {"ANKUNFT_RETURNS_PORT": str(port)}
    door = subprocess.Popen([program, "receive"], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for("the door is open", lambda: is_open(port), timeout_s=20)
        door.send_signal(signal.SIGTERM)
        assert door.wait(10) == 0
    finally:
        door.kill()


def is_open(port: int) -> bool:
    """Return whether somebody answers on loopback."""
    done = subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"], capture_output=True, check=False)
    return done.returncode == 0
