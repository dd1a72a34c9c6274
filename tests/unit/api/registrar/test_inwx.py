"""The driver for INWX against a counterpart of the documented form; the reseller's own test system was not reached."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from api.domains.inwx.driver import InwxRegistrar
from api.domains.inwx.robot import Robot
from api.domains.registrar import (
    Availability,
    Done,
    Ds,
    FailedError,
    News,
    Pending,
    Reason,
    Refused,
    RegistrarUnavailableError,
    Unknown,
)
from api.registrar_access import InwxAccess
from tests.unit.api.registrar.reseller import PASSWORD, USER, Book, date, reseller
from tests.unit.api.registrar.trades import registration, transfer

pytestmark = pytest.mark.slow

CODE = "aB&<+/9x"


@pytest.fixture
async def inwx() -> AsyncIterator[tuple[Book, InwxRegistrar]]:
    """The driver and the counterpart's book."""
    with reseller() as (book, url):
        driver = InwxRegistrar(Robot(InwxAccess(url=url, user=USER, password=PASSWORD, answer_within_s=5)))
        yield book, driver
        await driver.close()


async def test_a_free_name_is_registered_with_its_holder_as_handed_in(inwx: tuple[Book, InwxRegistrar]) -> None:
    book, driver = inwx
    assert await driver.check("neu.de") is Availability.AVAILABLE
    trade = registration("neu.de")
    assert await driver.look(trade) is None
    outcome = await driver.order(trade)
    assert isinstance(outcome, Done)
    assert outcome.expires_at is not None
    assert isinstance(await driver.look(trade), Done)
    assert isinstance(await driver.order(trade), Done)
    assert len(book.contacts) == 1
    assert book.contacts[0]["org"] == "Müller & <Söhne> GmbH"
    assert book.contacts[0]["voice"] == "+49.22112345678"
    created = [asked for method, asked in book.calls if method == "domain.create"]
    assert created[0]["clTRID"] == trade.transaction_id
    assert created[0]["period"] == "1Y"
    assert await driver.check("neu.de") is Availability.TAKEN
    assert await driver.check("x.down") is Availability.UNKNOWN


async def test_what_is_pending_ends_as_the_log_says(inwx: tuple[Book, InwxRegistrar]) -> None:
    book, driver = inwx
    book.pending = True
    for status, kind in (("REG SUCCESSFUL", Done), ("REG FAILED", Refused)):
        trade = registration(f"{kind.__name__.lower()}.com")
        assert isinstance(await driver.order(trade), Pending)
        assert isinstance(await driver.look(trade), Pending)
        book.note(trade.name, status)
        assert isinstance(await driver.look(trade), kind)


async def test_an_auth_code_arrives_byte_for_byte_and_is_not_quoted(inwx: tuple[Book, InwxRegistrar]) -> None:
    book, driver = inwx
    book.elsewhere["umzug.com"] = CODE
    refused = await driver.order(transfer("umzug.com", "aB&<+/9X"))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.WRONG_AUTH_CODE
    assert "aB&" not in refused.text
    assert isinstance(await driver.order(transfer("umzug.com", CODE)), Done)
    nobody = await driver.order(transfer("niemand.com", CODE))
    assert isinstance(nobody, Refused)
    assert nobody.reason is Reason.NOT_REGISTERED


@pytest.mark.parametrize("fault", ["before", "after", "garbage", 2400, 2500])
async def test_a_lost_answer_is_looked_for(inwx: tuple[Book, InwxRegistrar], fault: str | int) -> None:
    book, driver = inwx
    await driver.check("warm.de")
    for number in range(5):
        trade = registration(f"n{number}.de")
        book.faults["domain.create"] = fault
        outcome = await driver.order(trade)
        assert isinstance(outcome, Unknown)
        looked = await driver.look(trade)
        if looked is None:
            looked = await driver.order(trade)
        assert isinstance(looked, Done)
    assert len(book.domains) == 5


async def test_a_name_that_was_ours_before_is_taken(inwx: tuple[Book, InwxRegistrar]) -> None:
    _, driver = inwx
    assert isinstance(await driver.order(registration("alt.de")), Done)
    later = registration("alt.de", since=datetime.now(UTC) + timedelta(minutes=5))
    looked = await driver.look(later)
    assert isinstance(looked, Refused)
    assert looked.reason is Reason.TAKEN


async def test_a_log_that_cannot_be_read_is_not_an_empty_one(inwx: tuple[Book, InwxRegistrar]) -> None:
    book, driver = inwx
    trade = registration("neu.de")
    assert isinstance(await driver.order(trade), Done)
    book.faults["domain.log"] = 2400
    with pytest.raises(RegistrarUnavailableError):
        await driver.look(trade)
    book.faults["domain.log"] = 2303
    book.domains["neu.de"]["crDate"] = date(datetime.now(UTC))
    assert isinstance(await driver.look(trade), Done), "the log forgot it; its age says that it is this order's"
    book.faults["domain.log"] = 2303
    book.domains["neu.de"]["crDate"] = date(datetime.now(UTC) - timedelta(days=400))
    assert isinstance(await driver.look(trade), Refused)


async def test_name_servers_and_keys_become_exactly_those_that_are_named(inwx: tuple[Book, InwxRegistrar]) -> None:
    book, driver = inwx
    await driver.order(registration("zone.de"))
    first, second = Ds(1, 13, 2, "ab" * 32), Ds(2, 13, 2, "cd" * 32)
    await driver.delegate("zone.de", ["ns1.x.test"], [first])
    await driver.delegate("zone.de", ["ns1.x.test"], [second])
    calls = len(book.calls)
    await driver.delegate("zone.de", ["NS1.x.test"], [second])
    assert len(book.calls) == calls + 2, "it only asks"
    assert book.domains["zone.de"]["ns"] == ["ns1.x.test"]
    assert [key["digest"] for key in book.keys] == ["CD" * 32]


@pytest.mark.parametrize(
    ("status", "details", "kind", "reason"),
    [
        ("REG SUCCESSFUL", "", News.REGISTERED, None),
        ("REG FAILED", "holder not accepted", News.REFUSED, Reason.POLICY),
        ("TRANSFER SUCCESSFUL", "", News.TRANSFERRED, None),
        ("TRANSFER FAILED", "AUTHINFO invalid", News.REFUSED, Reason.WRONG_AUTH_CODE),
        ("TRANSFER FAILED", "domain is locked", News.REFUSED, Reason.LOCKED),
        ("TRANSFER FAILED", "denied by losing registrar", News.REFUSED, Reason.REJECTED),
        ("TRANSFER-OUT REQUESTED", "", News.LEAVING, None),
        ("TRANSFER-OUT SUCCESSFUL", "", News.LEFT, None),
        ("TRANSFER-OUT NACK", "", News.STAYED, None),
        ("EXPIRE NOTIFICATION", "", News.EXPIRING, None),
        ("WHOIS REMINDER", "", News.OTHER, None),
    ],
)
async def test_a_message_is_the_one_thing_that_it_means(
    inwx: tuple[Book, InwxRegistrar], status: str, details: str, kind: News, reason: Reason | None
) -> None:
    book, driver = inwx
    assert await driver.poll() is None
    book.tell("unser.de", status, details)
    message = await driver.poll()
    assert message is not None
    assert (message.kind, message.name, message.reason) == (kind, "unser.de", reason)
    await driver.acknowledge(message.id)
    await driver.acknowledge(message.id)
    assert await driver.poll() is None


async def test_a_session_that_ran_out_is_begun_again_without_a_loss(inwx: tuple[Book, InwxRegistrar]) -> None:
    book, driver = inwx
    await driver.check("warm.de")
    book.logged_in = False
    assert isinstance(await driver.order(registration("neu.de")), Done)
    assert [method for method, _ in book.calls].count("account.login") == 2


async def test_what_fails_over_one_name_is_told_apart_from_a_reseller_that_is_away(
    inwx: tuple[Book, InwxRegistrar],
) -> None:
    book, driver = inwx
    book.faults["contact.create"] = 2400
    with pytest.raises(FailedError, match=r"contact\.create with 2400"):
        await driver.order(registration("neu.de"))
    book.faults["domain.log"] = 2400
    with pytest.raises(FailedError, match=r"domain\.log with 2400"):
        await driver.look(registration("neu.de"))
    book.faults["domain.info"] = "after"
    with pytest.raises(FailedError):
        await driver.delegate("neu.de", ("ns1.hosting.test",), ())
    assert not book.domains


async def test_without_an_account_nothing_is_ordered() -> None:
    with reseller() as (book, url):
        for access in (
            InwxAccess(url=url, user=USER, password="wrong"),
            InwxAccess(url="http://127.0.0.1:1", user=USER, password=PASSWORD),
        ):
            driver = InwxRegistrar(Robot(access))
            assert await driver.check("neu.de") is Availability.UNKNOWN
            with pytest.raises(RegistrarUnavailableError):
                await driver.order(registration("neu.de"))
            await driver.close()
        assert not book.domains
