"""What became of an order is asked of the registry; clocks that differ and questions that fail change nothing of it."""

from datetime import UTC, datetime, timedelta

import pytest

from api.domains.registrar import Done, FailedError, Pending, Reason, Refused, Unknown
from tests.registry import faults
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.test_orders import CODE, play
from tests.unit.api.registrar.trades import registration, transfer

pytestmark = pytest.mark.slow


async def test_clocks_that_differ_make_no_refusal_of_what_was_registered_just_now(lab: Lab) -> None:
    driver, trade = lab.driver(), registration("schief.de", since=datetime.now(UTC) + timedelta(seconds=90))
    faults.order(lab.store, "create domain", faults.AFTER)
    assert isinstance(await driver.order(trade), Unknown)
    assert isinstance(await driver.look(trade), Done)


async def test_clocks_that_differ_make_no_second_request_of_a_transfer_that_waits(lab: Lab) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    driver, trade = lab.driver(), transfer("umzug.example", CODE, since=datetime.now(UTC) + timedelta(seconds=90))
    faults.order(lab.store, "transfer domain", faults.AFTER)
    assert isinstance(await driver.order(trade), Unknown)
    assert isinstance(await driver.look(trade), Pending)
    play(lab, "approve", "umzug.example")
    assert isinstance(await driver.look(trade), Done)


@pytest.mark.parametrize("fault", ["2400", faults.AFTER])
async def test_a_question_for_a_transfer_that_fails_does_not_say_that_there_is_none(lab: Lab, fault: str) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    driver, trade = lab.driver(), transfer("umzug.example", CODE)
    assert isinstance(await driver.order(trade), Pending)
    faults.order(lab.store, "transfer domain", fault)
    with pytest.raises(FailedError):
        await driver.look(trade)
    assert isinstance(await driver.look(trade), Pending)


async def test_who_logs_in_and_whose_the_domains_are_can_be_two(lab: Lab) -> None:
    driver = lab.driver(lab.account(registrar_id="ankunft-handle"))
    trade = registration("zwei.de")
    assert isinstance(await driver.order(trade), Done)
    assert await driver.look(trade) == Refused(Reason.TAKEN), "here the registry calls us by our login"
    assert isinstance(await lab.driver().look(trade), Done)
