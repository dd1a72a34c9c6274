"""Every message of a registry becomes the one thing that it means, and leaves the queue only when acknowledged."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec
import pytest

from api.domains.registrar import Done, Message, News, Pending, Reason, RegistrarUnavailableError
from tests.registry import faults, queue
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.test_orders import CODE, play
from tests.unit.api.registrar.trades import registration, transfer

pytestmark = pytest.mark.slow


async def only_message(lab: Lab) -> Message:
    """Return the one message that waits, read twice and acknowledged twice."""
    driver = lab.driver()
    first, second = await driver.poll(), await driver.poll()
    assert first is not None
    assert first == second
    await driver.acknowledge(first.id)
    await driver.acknowledge(first.id)
    assert await driver.poll() is None
    assert timedelta(0) <= datetime.now(UTC) - first.at < timedelta(minutes=1)
    return first


@pytest.mark.parametrize(("options", "kind"), [((), News.REGISTERED), (("--refused",), News.REFUSED)])
async def test_the_end_of_a_pending_create_names_the_order_it_answers(
    lab: Lab, options: tuple[str, ...], kind: News
) -> None:
    play(lab, "rule", "example", "--creates", "pending")
    trade = registration("wartet.example")
    assert isinstance(await lab.driver().order(trade), Pending)
    play(lab, "decide", "wartet.example", *options)
    message = await only_message(lab)
    assert (message.kind, message.name, message.transaction_id) == (kind, trade.name, trade.transaction_id)
    assert message.reason is (Reason.POLICY if options else None)


@pytest.mark.parametrize(
    ("words", "kind", "reason"),
    [
        (("approve", "umzug.example"), News.TRANSFERRED, None),
        (("timeout", "umzug.example", "serverApproved"), News.TRANSFERRED, None),
        (("reject", "umzug.example"), News.REFUSED, Reason.REJECTED),
        (("timeout", "umzug.example"), News.REFUSED, Reason.TIMED_OUT),
    ],
)
async def test_the_end_of_a_transfer_to_us(lab: Lab, words: tuple[str, ...], kind: News, reason: Reason | None) -> None:
    play(lab, "register", "umzug.example", "--code", CODE)
    assert isinstance(await lab.driver().order(transfer("umzug.example", CODE)), Pending)
    play(lab, *words)
    message = await only_message(lab)
    assert (message.kind, message.name, message.reason) == (kind, "umzug.example", reason)
    assert message.expires_at is not None


async def test_a_domain_of_ours_that_somebody_asks_for_is_leaving_then_left_or_stays(lab: Lab) -> None:
    driver = lab.driver()
    assert isinstance(await driver.order(registration("unser.example")), Done)
    play(lab, "request", "unser.example")
    assert (await only_message(lab)).kind is News.LEAVING
    play(lab, "cancel", "unser.example")
    assert (await only_message(lab)).kind is News.STAYED
    play(lab, "request", "unser.example")
    assert (await only_message(lab)).kind is News.LEAVING
    play(lab, "timeout", "unser.example", "serverApproved")
    message = await only_message(lab)
    assert (message.kind, message.name) == (News.LEFT, "unser.example")


@pytest.mark.parametrize(
    ("words", "kind", "name"),
    [
        ("Low account balance: 12.00 EUR left.", News.LOW_BALANCE, None),
        ("Your balance is below the limit", News.LOW_BALANCE, None),
        ("Domain beispiel.com expires on 2027-01-01", News.EXPIRING, "beispiel.com"),
        ("Domain xn--mller-kva.de is on hold", News.ON_HOLD, "xn--mller-kva.de"),
        ("Die Domain Müller.de expires on 2027-01-01", News.EXPIRING, "xn--mller-kva.de"),
        ("Your TLS client certificate expires on 2026-12-01", News.EXPIRING, None),
        ("Your account is on hold", News.ON_HOLD, None),
        ("The hold was removed from beispiel.eu.", News.RELEASED, "beispiel.eu"),
        ("Maintenance on Sunday, see status.registry.example and help.registry.example", News.OTHER, None),
        ("", News.OTHER, None),
    ],
)
async def test_what_is_said_in_words_is_understood_by_the_facts(
    lab: Lab, words: str, kind: News, name: str | None
) -> None:
    play(lab, "tell", words)
    message = await only_message(lab)
    assert (message.kind, message.name, message.text) == (kind, name, words)


async def test_a_balance_that_becomes_low_is_told(lab: Lab) -> None:
    play(lab, "balance", "1234")
    assert (await only_message(lab)).kind is News.LOW_BALANCE


async def test_messages_come_in_their_order(lab: Lab) -> None:
    for number in range(3):
        play(lab, "tell", f"number {number}")
    driver = lab.driver()
    for number in range(3):
        message = await driver.poll()
        assert message is not None
        assert message.text == f"number {number}"
        await driver.acknowledge(message.id)


@pytest.mark.parametrize("fault", [faults.BEFORE, faults.AFTER, "torn"])
async def test_an_acknowledgement_that_is_lost_can_be_repeated(lab: Lab, fault: str) -> None:
    play(lab, "tell", "one")
    play(lab, "tell", "two")
    driver = lab.driver()
    first = await driver.poll()
    assert first is not None
    faults.order(lab.store, "poll", fault)
    with pytest.raises(RegistrarUnavailableError):
        await driver.acknowledge(first.id)
    await driver.acknowledge(first.id)
    second = await driver.poll()
    assert second is not None
    assert second.text == "two"


async def test_words_are_read_by_the_registry_of_the_domain_that_they_name(lab: Lab) -> None:
    com = msgspec.structs.replace(lab.registries["com"], messages={"on_hold": "zu Ende"})
    lab.registries = MappingProxyType(dict(lab.registries) | {"com": com})
    for words, kind in (("beispiel.com ist zu Ende", News.ON_HOLD), ("beispiel.de ist zu Ende", News.OTHER)):
        with lab.store.change():
            queue.tell(lab.store, "ankunft", words)
        driver = lab.driver()
        message = await driver.poll()
        assert message is not None
        assert message.kind is kind
        await driver.acknowledge(message.id)
