"""What was said to a registry can be read by staff afterwards, without codes, passwords and persons."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from api.domains.epp import contacts, domains
from api.domains.epp.markup import epp
from api.domains.epp.record import KEPT_FOR, forget_old, frames_about, recorder
from api.domains.epp.redaction import redacted
from api.domains.epp.tables import RegistryFrame
from api.domains.registrar import Done, Refused
from tests.registry import faults
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.test_orders import CODE, play
from tests.unit.api.registrar.trades import HOLDER, registration, transfer

pytestmark = pytest.mark.slow

PRIVATE = [CODE, "aB&amp;&lt;+/9x", "Müller", "Jörg", "Straße", "50667", "Köln", "joerg@", "22112345678"]


@pytest.mark.usefixtures("database")
async def test_an_order_leaves_its_frames_without_a_secret(lab: Lab) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    driver = lab.driver(record=recorder("lab"))
    assert isinstance(await driver.order(registration("neu.example")), Done)
    assert isinstance(await driver.order(transfer("umzug.example", CODE + "x")), Refused)
    await driver.order(transfer("umzug.example", CODE))
    password = lab.account().password
    rows = await RegistryFrame.select().order_by(RegistryFrame.id)
    commands = [row["command"] for row in rows]
    assert "create domain" in commands
    assert "transfer domain request" in commands
    assert "login" not in commands
    for row in rows:
        for secret in (*PRIVATE, password):
            assert secret not in row["sent"] + (row["received"] or "")
        etree.fromstring(row["sent"].encode())
    about = await frames_about("umzug.example")
    assert [row["result"] for row in about] == ["2202", "1001"]
    assert about[0]["transaction_id"] != about[1]["transaction_id"]


@pytest.mark.usefixtures("database")
async def test_a_lost_answer_is_recorded_as_lost_and_an_empty_queue_is_not(lab: Lab) -> None:
    driver = lab.driver(record=recorder("lab"))
    faults.order(lab.store, "create domain", faults.AFTER)
    await driver.order(registration("weg.de"))
    assert await driver.poll() is None
    (row,) = [row for row in await frames_about("weg.de") if row["command"] == "create domain"]
    assert (row["result"], row["received"]) == ("lost", None)
    assert not await RegistryFrame.exists().where(RegistryFrame.command == "poll req")
    await forget_old(datetime.now(UTC) + KEPT_FOR - timedelta(minutes=1))
    assert await frames_about("weg.de")
    await forget_old(datetime.now(UTC) + KEPT_FOR + timedelta(minutes=1))
    assert not await frames_about("weg.de")


@pytest.mark.usefixtures("database")
async def test_a_code_that_a_message_quotes_is_struck_out_of_the_record(lab: Lab) -> None:
    async def code_of(name: str) -> str | None:
        return CODE if name == "umzug.example" else None

    play(lab, "tell", f"umzug.example: {CODE} is not its code")
    message = await lab.driver(record=recorder("lab", code_of)).poll()
    assert message is not None
    (row,) = await frames_about("umzug.example")
    assert "umzug.example: … is not its code" in row["received"]


async def test_an_order_goes_on_when_its_record_cannot_be_kept(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    driver = lab.driver(record=recorder("lab"))  # no database is open
    assert isinstance(await driver.order(registration("trotzdem.de")), Done)
    assert "was not kept" in caplog.text
    assert "Müller" not in caplog.text


def test_what_a_registry_quotes_is_struck_out_too() -> None:
    command = epp("epp", epp("command", domains.transfer("request", "x.de", CODE), epp("clTRID", "ANK-1")))
    answer = epp(
        "epp",
        epp(
            "response",
            epp(
                "result",
                epp("msg", f"wrong code {CODE}!"),
                epp("extValue", epp("value", domains.code(CODE)), epp("reason", CODE)),
            ),
        ),
    )
    for text in redacted(command, answer):
        assert text is not None
        assert "9x" not in text
        assert "…" in text
    assert CODE in str(answer.xpath("string()")), "what is judged by is left as it is"
    person = redacted(contacts.create("AK1", HOLDER, "code-1"))[0]
    assert person is not None
    assert not [secret for secret in PRIVATE if secret in person]
    assert "AK1" in person
