"""What orders come to at a registry: done, pending, or refused for a reason that decides what the customer can do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.domains.epp.contacts import contact_id
from api.domains.registrar import (
    Availability,
    Done,
    Ds,
    NotTakenError,
    Pending,
    Reason,
    Refused,
    RegistrarUnavailableError,
)
from tests.registry import faults
from tests.registry.other import other
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import NAMESERVERS, registration, transfer

pytestmark = pytest.mark.slow

CODE = "aB&<+/9x"


def play(lab: Lab, *words: str) -> None:
    """Have the other registrar, or the registry, do something."""
    result = CliRunner().invoke(other, [str(lab.folder), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", ["neu.de", "neu.com", "neu.eu", "neu.example", "xn--mller-kva.at"])
async def test_a_name_that_is_free_is_registered_and_expires_in_a_year(lab: Lab, name: str) -> None:
    driver = lab.driver()
    assert await driver.check(name) is Availability.AVAILABLE
    trade = registration(name)
    assert await driver.look(trade) is None
    outcome = await driver.order(trade)
    assert isinstance(outcome, Done)
    assert outcome.expires_at is not None
    assert timedelta(days=364) < outcome.expires_at - datetime.now(UTC) < timedelta(days=366)
    assert await driver.check(name) is Availability.TAKEN
    looked = await driver.look(trade)
    assert isinstance(looked, Done)
    assert looked.registry_id
    row = lab.store.row("domain", "name", name)
    assert row is not None
    assert tuple(row["nameservers"]) == NAMESERVERS


async def test_the_same_holder_is_one_contact_and_the_same_host_one_object(lab: Lab) -> None:
    driver = lab.driver()
    for name in ("eins.example", "zwei.example"):
        assert isinstance(await driver.order(registration(name)), Done)
    assert isinstance(await lab.driver().order(registration("drei.example")), Done)
    assert len(lab.store.rows("SELECT * FROM contact")) == 1
    assert len(lab.store.rows("SELECT * FROM host")) == 2


async def test_a_contact_of_somebody_else_is_not_taken_for_ours(lab: Lab) -> None:
    identity = contact_id("ankunft", registration("x.de").holder)
    with lab.store.change():
        lab.store.put("contact", id=identity, roid=1, sponsor="other", code="x", body="<x/>", created_at="2020")
    outcome = await lab.driver().order(registration("neu.de"))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.POLICY
    assert lab.creates("neu.de") == 0


async def test_the_same_trade_again_is_found_and_not_made_again(lab: Lab) -> None:
    driver, trade = lab.driver(), registration("einmal.de")
    assert isinstance(await driver.order(trade), Done)
    assert isinstance(await driver.order(trade), Done)
    assert lab.creates("einmal.de") == 1


async def test_a_name_of_somebody_else_is_taken(lab: Lab) -> None:
    play(lab, "register", "fremd.de", "--code", CODE)
    driver, trade = lab.driver(), registration("fremd.de")
    assert await driver.look(trade) == Refused(Reason.TAKEN)
    outcome = await driver.order(trade)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.TAKEN


async def test_a_name_that_was_ours_before_the_order_is_taken(lab: Lab) -> None:
    driver = lab.driver()
    assert isinstance(await driver.order(registration("alt.de")), Done)
    later = registration("alt.de", since=datetime.now(UTC) + timedelta(minutes=10))
    outcome = await driver.look(later)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.TAKEN


async def test_a_pending_create_is_pending_until_the_registry_decides(lab: Lab) -> None:
    play(lab, "rule", "example", "--creates", "pending")
    driver, trade = lab.driver(), registration("wartet.example")
    assert isinstance(await driver.order(trade), Pending)
    assert isinstance(await driver.look(trade), Pending)
    play(lab, "decide", "wartet.example")
    assert isinstance(await driver.look(trade), Done)


async def test_an_empty_account_is_a_matter_of_balance(lab: Lab) -> None:
    play(lab, "balance", "999")
    outcome = await lab.driver().order(registration("teuer.de"))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.BALANCE


async def test_a_transfer_that_is_immediate_is_done_with_the_code_byte_for_byte(lab: Lab) -> None:
    play(lab, "register", "umzug.de", "--code", "aB2+/9x*-")
    driver, trade = lab.driver(), transfer("umzug.de", "aB2+/9x*-")
    assert await driver.look(trade) is None
    assert isinstance(await driver.order(trade), Done)
    assert isinstance(await driver.look(trade), Done)
    # Again, as after a crash: found, not a second transfer.
    assert isinstance(await driver.order(trade), Done)


async def test_a_transfer_waits_for_the_other_registrar(lab: Lab) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    driver, trade = lab.driver(), transfer("umzug.example", CODE)
    assert isinstance(await driver.order(trade), Pending)
    assert isinstance(await driver.look(trade), Pending)
    assert isinstance(await driver.order(trade), Pending)
    play(lab, "approve", "umzug.example")
    assert isinstance(await driver.look(trade), Done)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("reject", "umzug.example"), Reason.REJECTED),
        (("timeout", "umzug.example"), Reason.TIMED_OUT),
    ],
)
async def test_a_transfer_can_end_badly_and_be_ordered_again(lab: Lab, words: tuple[str, ...], reason: Reason) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    driver, trade = lab.driver(), transfer("umzug.example", CODE)
    assert isinstance(await driver.order(trade), Pending)
    play(lab, *words)
    looked = await driver.look(trade)
    assert isinstance(looked, Refused)
    assert looked.reason is reason
    again = transfer("umzug.example", CODE, since=datetime.now(UTC) + timedelta(seconds=5))
    assert await driver.look(again) is None
    assert isinstance(await driver.order(again), Pending)


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        ((), "aB&<+/9X", Reason.WRONG_AUTH_CODE),
        (("--locked",), CODE, Reason.LOCKED),
        (("--days-ago", "30"), CODE, Reason.TOO_YOUNG),
    ],
)
async def test_why_a_transfer_is_refused_is_told_apart(
    lab: Lab, options: tuple[str, ...], code: str, reason: Reason
) -> None:
    play(lab, "register", "umzug.com", "--code", CODE, *options)
    outcome = await lab.driver().order(transfer("umzug.com", code))
    assert isinstance(outcome, Refused)
    assert outcome.reason is reason
    assert code not in outcome.text


async def test_nobodys_domain_cannot_be_transferred(lab: Lab) -> None:
    driver, trade = lab.driver(), transfer("niemand.com", CODE)
    for outcome in (await driver.order(trade), await driver.look(trade)):
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.NOT_REGISTERED


async def test_a_transfer_that_waits_can_be_taken_back(lab: Lab) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    driver, trade = lab.driver(), transfer("umzug.example", CODE)
    assert isinstance(await driver.order(trade), Pending)
    outcome = await driver.cancel(trade)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.REJECTED
    assert (lab.store.row("transfer", "name", "umzug.example") or {})["status"] == "clientCancelled"


async def test_name_servers_and_keys_become_exactly_those_that_are_named(lab: Lab) -> None:
    driver = lab.driver()
    keys = [Ds(12345, 13, 2, "ab" * 32), Ds(54321, 13, 4, "CD" * 48)]
    for name in ("zone.de", "zone.example"):
        assert isinstance(await driver.order(registration(name)), Done)
        await driver.delegate(name, ["ns3.hosting.test", "ns1.hosting.test"], keys)
        row = lab.store.row("domain", "name", name)
        assert row is not None
        assert set(row["nameservers"]) == {"ns1.hosting.test", "ns3.hosting.test"}
        assert {one[3] for one in row["ds"]} == {"AB" * 32, "CD" * 48}
        asked = len(lab.store.rows("SELECT * FROM past"))
        await driver.delegate(name, ["ns1.hosting.test", "NS3.hosting.test."], keys)
        # One info, no update.
        assert len(lab.store.rows("SELECT * FROM past")) == asked + 1
        await driver.delegate(name, ["ns1.hosting.test"], keys[:1])
        row = lab.store.row("domain", "name", name)
        assert row is not None
        assert row["nameservers"] == ["ns1.hosting.test"]
        assert len(row["ds"]) == 1


async def test_what_expires_soon_is_renewed_once(lab: Lab) -> None:
    driver = lab.driver()
    assert isinstance(await driver.order(registration("neu.de")), Done)
    soon, late = datetime.now(UTC) + timedelta(days=60), datetime.now(UTC) + timedelta(days=400)
    first = await driver.renew("neu.de", soon)
    assert first < late, "a year is left: nothing is renewed"
    faults.order(lab.store, "renew domain", faults.AFTER)
    with pytest.raises(RegistrarUnavailableError):
        await driver.renew("neu.de", late)
    assert await driver.renew("neu.de", late) - first < timedelta(days=367), "the one whose answer was lost"


async def test_a_transfer_away_is_rejected_while_it_waits(lab: Lab) -> None:
    driver = lab.driver()
    assert isinstance(await driver.order(registration("unser.example")), Done)
    with pytest.raises(NotTakenError, match="2301"):
        await driver.answer("unser.example", agree=False)
    play(lab, "request", "unser.example")
    await driver.answer("unser.example", agree=False)
    assert (lab.store.row("transfer", "name", "unser.example") or {})["status"] == "clientRejected"


async def test_a_value_that_xml_cannot_carry_is_refused_before_anything_is_sent(lab: Lab) -> None:
    outcome = await lab.driver().order(transfer("umzug.com", "aB\x00<+/9x"))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.POLICY
    assert not lab.store.rows("SELECT * FROM past")


async def test_a_registry_that_is_not_there_costs_nothing(lab: Lab, tmp_path: Path) -> None:
    del tmp_path
    driver = lab.driver(lab.account(port=1))
    assert await driver.check("neu.de") is Availability.UNKNOWN
    with pytest.raises(RegistrarUnavailableError):
        await driver.order(registration("neu.de"))
