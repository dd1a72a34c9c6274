"""A client that shares nothing with ours speaks with the same registry: what one wrote, the other reads unchanged."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from api.domains.epp.contacts import contact_id
from api.domains.registrar import Done, Pending, Reason, Refused
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import HOLDER, registration, transfer

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("independent.pl")
CODE = "aB&<+/9x"


async def perl(lab: Lab, account: str, *steps: list[Any]) -> list[dict[str, Any]]:
    """Have Debian's libnet-epp-perl carry out *steps* as a registrar; return what it saw."""
    asked = {
        "host": "127.0.0.1",
        "port": lab.port,
        "user": account,
        "pass": lab.account(account).password,
        "cert": str(lab.folder / f"{account}.pem"),
        "key": str(lab.folder / f"{account}.key"),
        "ca_file": str(lab.folder / "ca.pem"),
        "steps": steps,
    }
    running = await asyncio.create_subprocess_exec(
        "perl",
        str(PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(running.communicate(json.dumps(asked).encode()), 30)
    assert running.returncode == 0, complained.decode()
    seen: list[dict[str, Any]] = json.loads(said)
    return seen


async def test_what_we_registered_is_read_byte_for_byte(lab: Lab) -> None:
    assert isinstance(await lab.driver().order(registration("wort.example")), Done)
    identity = contact_id("ankunft", HOLDER)
    domain, contact = await perl(lab, "ankunft", ["domain_info", "wort.example"], ["contact_info", identity])
    assert domain["code"] == 1000
    assert domain["result"]["registrant"] == identity
    assert domain["result"]["ns"] == ["ns1.hosting.test", "ns2.hosting.test"]
    assert contact["code"] == 1000
    postal = contact["result"]["postalInfo"]["loc"]
    assert postal["org"] == "Müller & <Söhne> GmbH"
    assert postal["name"] == "Jörg O'Brien {Klammer}"
    assert postal["addr"]["street"] == ['Straße "7"']
    assert contact["result"]["voice"] == "+49.22112345678"
    assert contact["result"]["email"] == "joerg@example.org"


async def test_a_code_that_it_wrote_is_the_code_that_we_hand_over(lab: Lab) -> None:
    made = {
        "name": "umzug.example", "period": 1, "registrant": "SELLER1", "authInfo": CODE,
        "contacts": {"admin": "SELLER1"}, "ns": [],
    }  # fmt: skip
    seller = {
        "id": "SELLER1", "voice": "+49.301234567", "fax": "", "email": "x@example.org", "authInfo": "seller-1",
        "postalInfo": {"loc": {"name": "Müller & <Söhne>", "org": "O'Brien", "addr": {
            "street": ["Weg 1"], "city": "Köln", "sp": "", "pc": "50667", "cc": "DE"}}},
    }  # fmt: skip
    contact, domain = await perl(lab, "other", ["create_contact", seller], ["create_domain", made])
    assert (contact["code"], domain["code"]) == (1000, 1000)
    with lab.store.change():
        row = lab.store.row("domain", "name", "umzug.example")
        assert row is not None
        assert row["code"] == CODE
        lab.store.put("domain", **row | {"created_at": "2020-01-01T00:00:00.000Z"})
    driver = lab.driver()
    refused = await driver.order(transfer("umzug.example", "aB&amp;<+/9x"))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_AUTH_CODE
    trade = transfer("umzug.example", CODE)
    assert isinstance(await driver.order(trade), Pending)
    (approved,) = await perl(lab, "other", ["domain_transfer_approve", "umzug.example"])
    assert approved["code"] == 1000
    assert isinstance(await driver.look(trade), Done)


async def test_it_reads_every_form_of_the_registry(lab: Lab) -> None:
    assert isinstance(await lab.driver().order(registration("form.de")), Done)
    seen = await perl(
        lab,
        "ankunft",
        ["check_domain", "form.de"],
        ["check_domain", "frei.de"],
        ["create_host", {"name": "ns9.hosting.test", "addrs": [{"ip": "192.0.2.9", "version": "v4"}]}],
        ["host_info", "ns9.hosting.test"],
        ["renew_domain", {"name": "form.de", "cur_exp_date": _expiry(lab, "form.de"), "period": 1}],
        ["domain_transfer_query", "form.de"],
        ["delete_domain", "form.de"],
        ["check_domain", "form.de"],
    )
    assert [step["code"] for step in seen] == [1000, 1000, 1000, 1000, 1000, 2301, 1000, 1000]
    assert [seen[0]["result"], seen[1]["result"], seen[7]["result"]] == ["0", "1", "1"]
    assert seen[3]["result"]["addrs"] == [{"addr": "192.0.2.9", "version": "v4"}]


def _expiry(lab: Lab, name: str) -> str:
    row = lab.store.row("domain", "name", name)
    assert row is not None
    return str(row["expires_at"])[:10]
