"""The connection is dropped at every point of an order, again and again: a domain is ordered once, never twice."""

from typing import NamedTuple

import pytest
from msgspec.structs import replace

from api.domains.epp.driver import EppRegistrar
from api.domains.registrar import Done, Outcome, Pending, Refused, RegistrarUnavailableError, Trade, Unknown
from tests.registry import domains, faults
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import HOLDER, registration, transfer

pytestmark = pytest.mark.slow

POINTS = [
    ("greeting", faults.AFTER),
    ("greeting", "torn"),
    ("login", faults.BEFORE),
    ("login", faults.AFTER),
    ("create contact", faults.BEFORE),
    ("create contact", "torn"),
    ("create domain", faults.BEFORE),
    ("create domain", faults.AFTER),
    ("create domain", "torn-header"),
    ("create domain", "torn"),
    ("create domain", faults.HANG_UP),
    ("info domain", faults.AFTER),
]
"""Before the session, within its making, before the order, around the order, and when it is looked for."""
TIMES = 20
MOST_LOOKS = 2


class Settled(NamedTuple):
    """How an order ended, and how often the registry had to be asked what became of it."""

    outcome: Outcome
    looks: int


async def settle(driver: EppRegistrar, trade: Trade) -> Settled:
    """Do what the domains' life cycle does: order once, after a lost answer look, order again only what is unknown."""
    looks, ordered = 0, False
    for _ in range(10):
        try:
            if ordered:
                looks += 1
                found = await driver.look(trade)
                if found is not None and not isinstance(found, Unknown):
                    return Settled(found, looks)
            ordered = True
            outcome = await driver.order(trade)
        except RegistrarUnavailableError:
            continue
        if not isinstance(outcome, Unknown):
            return Settled(outcome, looks)
    raise AssertionError("it was not settled")


@pytest.mark.parametrize(("command", "fault"), POINTS)
async def test_wherever_the_connection_drops_a_domain_is_ordered_once(lab: Lab, command: str, fault: str) -> None:
    for number in range(TIMES):
        driver, name = lab.driver(), f"n{number}.de"
        if command == "info domain":
            faults.order(lab.store, "create domain", faults.AFTER)
        faults.order(lab.store, command, fault)
        # Another holder each time, so that the contact is made each time.
        trade = registration(name, holder=replace(HOLDER, street=f"Straße {number}"))
        settled = await settle(driver, trade)
        assert isinstance(settled.outcome, Done)
        assert settled.looks <= MOST_LOOKS
        assert lab.creates(name) == 1
        await driver.close()
    assert not lab.store.rows("SELECT * FROM fault"), "every fault happened"
    assert lab.store.rows("SELECT count(*) AS n FROM domain")[0]["n"] == TIMES


@pytest.mark.parametrize("fault", [faults.BEFORE, faults.AFTER, "torn-header", "torn", faults.HANG_UP])
async def test_wherever_the_connection_drops_a_domain_is_transferred_once(lab: Lab, fault: str) -> None:
    driver = lab.driver()
    for number in range(TIMES):
        name = f"n{number}.example"
        theirs(lab, name)
        faults.order(lab.store, "transfer domain", fault)
        settled = await settle(driver, transfer(name, "aB&<+/9x"))
        assert isinstance(settled.outcome, Pending)
        assert settled.looks <= MOST_LOOKS
        asked = "SELECT id FROM past WHERE command = 'transfer domain request' AND name = ? AND code < 2000"
        assert len(lab.store.rows(asked, name)) == 1


@pytest.mark.parametrize("fault", ["2400", "2500", faults.FAILED_AFTER])
async def test_a_failure_of_the_registry_leaves_open_whether_it_was_ordered(lab: Lab, fault: str) -> None:
    driver, trade = lab.driver(), registration("offen.de")
    faults.order(lab.store, "create domain", fault)
    assert isinstance(await driver.order(trade), Unknown)
    settled = await settle(driver, trade)
    assert isinstance(settled.outcome, Done)
    assert lab.creates("offen.de") == 1


async def test_object_exists_is_not_taken_for_a_success_when_it_is_somebody_elses(lab: Lab) -> None:
    faults.order(lab.store, "create domain", "2302")
    assert isinstance(await lab.driver().order(registration("frei.de")), Refused)
    assert lab.creates("frei.de") == 0


async def test_a_session_that_the_registry_ended_is_built_anew_without_a_loss(lab: Lab) -> None:
    driver = lab.driver()
    faults.order(lab.store, "check domain", faults.HANG_UP)
    await driver.check("eins.de")
    assert isinstance(await driver.order(registration("eins.de")), Done)


def theirs(lab: Lab, name: str) -> None:
    """Have the other registrar hold *name* for long."""
    asked = {
        "name": name, "years": 1, "registrant": "", "contacts": [], "nameservers": [], "as_attributes": True,
        "code": "aB&<+/9x", "transaction_id": "OTHER",
    }  # fmt: skip
    with lab.store.change():
        domains.create(lab.store, "other", asked)
        lab.store.put("domain", **domains.held(lab.store, name) | {"created_at": "2020-01-01T00:00:00.000Z"})
