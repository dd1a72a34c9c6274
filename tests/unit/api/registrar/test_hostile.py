"""What a registry, or whoever sits on the wire, may send: a clear error, the session built anew, nothing lost."""

import asyncio
import tracemalloc
from datetime import timedelta

import pytest
from click.testing import CliRunner

from api.domains.epp import domains
from api.domains.epp.markup import UnreadableError, UnsendableError, epp, read, time
from api.domains.epp.session import LostError, Session, UnreachableError
from api.domains.epp.wire import LARGEST_FRAME
from api.domains.inwx import robot
from api.domains.registrar import Done, News, RegistrarUnavailableError, Unknown
from tests.registry import faults, queue
from tests.registry.other import other
from tests.registry.schemas import Judge
from tests.registry.server import Registry, listen
from tests.registry.zonecheck import Zones
from tests.unit.api.registrar.conftest import Lab
from tests.unit.api.registrar.trades import registration

pytestmark = pytest.mark.slow

XXE = b'<?xml version="1.0"?><!DOCTYPE epp [<!ENTITY x SYSTEM "file:///etc/passwd">]><epp>&x;</epp>'


@pytest.mark.parametrize("kind", sorted(faults.SPOILT))
async def test_an_answer_that_cannot_be_believed_is_no_answer(lab: Lab, kind: str) -> None:
    driver, trade = lab.driver(), registration("feind.de")
    faults.order(lab.store, "create domain", kind)
    outcome = await driver.order(trade)
    assert isinstance(outcome, Unknown)
    assert "passwd" not in outcome.why
    assert "ha" * 20 not in outcome.why
    assert kind not in {"huge", "negative", "short", "zero", "plain-text"} or "announced" in outcome.why
    assert isinstance(await driver.look(trade), Done)
    assert lab.creates("feind.de") == 1


@pytest.mark.parametrize("kind", sorted(faults.SPOILT))
async def test_a_message_stays_in_the_queue_when_its_answer_is_spoilt(lab: Lab, kind: str) -> None:
    with lab.store.change():
        queue.tell(lab.store, "ankunft", "Low account balance: 1.00 EUR left.")
    driver = lab.driver()
    faults.order(lab.store, "poll", kind)
    with pytest.raises(RegistrarUnavailableError):
        await driver.poll()
    message = await driver.poll()
    assert message is not None
    assert message.kind is News.LOW_BALANCE
    await driver.acknowledge(message.id)
    assert await driver.poll() is None


async def test_four_gigabytes_that_are_announced_are_not_waited_for(lab: Lab) -> None:
    driver = lab.driver()
    await driver.check("warm.de")
    tracemalloc.start()
    try:
        before = asyncio.get_running_loop().time()
        for _ in range(5):
            faults.order(lab.store, "check domain", "negative")
            await driver.check("gross.de")
        assert tracemalloc.get_traced_memory()[1] < 8 * LARGEST_FRAME
        assert asyncio.get_running_loop().time() - before < 4
    finally:
        tracemalloc.stop()


async def test_a_slow_answer_is_given_up(lab: Lab) -> None:
    driver, trade = lab.driver(lab.account(within_s=0.5)), registration("langsam.de")
    await driver.check("langsam.de")
    faults.order(lab.store, "create domain", faults.SLOW)
    before = asyncio.get_running_loop().time()
    outcome = await driver.order(trade)
    assert asyncio.get_running_loop().time() - before < 3
    assert isinstance(outcome, Unknown)
    assert isinstance(await driver.look(trade), Done)


async def test_a_caller_who_gives_up_leaves_no_answer_for_the_next(lab: Lab) -> None:
    driver, trade = lab.driver(), registration("abbruch.de")
    await driver.check("abbruch.de")
    faults.order(lab.store, "create domain", faults.SLOW)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await driver.order(trade)
    assert isinstance(await driver.look(trade), Done)


@pytest.mark.parametrize(
    "frame", [faults.DOCTYPE, faults.LAUGHS, XXE, b"", b"<epp/>", b"\xff\xfe<\x00e\x00", b"<a>" * 9]
)
def test_frames_that_are_none_are_refused_before_they_are_expanded(frame: bytes) -> None:
    with pytest.raises(UnreadableError) as caught:
        read(frame)
    assert "passwd" not in str(caught.value)


def test_a_document_type_in_another_encoding_is_refused_too() -> None:
    with pytest.raises(UnreadableError):
        read(XXE.decode().encode("utf-16"))
    with pytest.raises(UnreadableError):
        read(b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE epp><epp/>')


@pytest.mark.parametrize("text", ["a\x00b", "a\x0bb", "a\ud800b", "a\ufffeb", "two\nlines", "a\tb"])
def test_text_that_would_not_arrive_as_it_is_does_not_leave(text: str) -> None:
    with pytest.raises(UnsendableError) as caught:
        domains.transfer("request", "x.de", text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["aB&<+/9x", "]]>", "&amp;", "<!--", "Müller & <Söhne> GmbH", "O'Brien {Klammer}", "“ζ”"]
)
def test_text_that_xml_can_carry_leaves_as_it_is(text: str) -> None:
    made = domains.transfer("request", "x.de", text)
    assert str(made.xpath("string()")).endswith(text)


async def test_a_registry_with_a_certificate_of_somebody_else_is_not_spoken_to(lab: Lab) -> None:
    session = Session(lab.account(ca_file=None))
    with pytest.raises(UnreachableError, match="SSLCertVerificationError"):
        await session.ask(domains.check("neu.de"))
    assert not lab.store.rows("SELECT * FROM past")


async def test_a_certificate_that_names_another_host_is_not_enough(lab: Lab, judge: Judge) -> None:
    server = await listen(lab.folder, Registry(lab.store, judge, Zones()), "127.0.0.2", 0)
    session = Session(lab.account(host="127.0.0.2", port=server.sockets[0].getsockname()[1]))
    with pytest.raises(UnreachableError, match="SSLCertVerificationError"):
        await session.ask(domains.check("neu.de"))
    server.close()


async def test_without_our_certificate_the_registry_does_not_let_us_in(lab: Lab) -> None:
    for account in (
        lab.account(certificate=None, key=None),
        lab.account(certificate=lab.folder / "other.pem", key=lab.folder / "other.key"),
    ):
        with pytest.raises(UnreachableError):
            await Session(account).ask(domains.check("neu.de"))


async def test_a_refused_login_is_not_tried_again_and_again(lab: Lab) -> None:
    session = Session(lab.account(password="wrong-password"))
    with pytest.raises(UnreachableError, match="2501"):
        await session.ask(domains.check("neu.de"))
    for _ in range(5):
        with pytest.raises(UnreachableError, match="tried again in"):
            await session.ask(domains.check("neu.de"))


async def test_silence_is_broken_by_a_hello_so_that_the_session_lasts(lab: Lab) -> None:
    session = Session(lab.account(silence_s=0.2))
    await session.ask(domains.check("neu.de"))
    faults.order(lab.store, "hello", faults.BEFORE)
    await asyncio.sleep(0.5)
    assert not lab.store.rows("SELECT * FROM fault"), "a hello was said"
    # It found the session broken; the next command has another.
    await session.ask(domains.check("neu.de"))
    await session.close()


async def test_commands_of_many_callers_are_asked_one_after_the_other(lab: Lab) -> None:
    session = Session(lab.account())
    answers = await asyncio.gather(*(session.ask(domains.check(f"n{number}.de")) for number in range(50)))
    for number, answer in enumerate(answers):
        assert domains.available(answer.data, f"n{number}.de") is True
    await session.close()


async def test_each_greeting_compares_the_clocks(lab: Lab) -> None:
    session = Session(lab.account(silence_s=60))
    await session.begin()
    session.ahead = timedelta(minutes=7)
    await session.hello()
    assert abs(session.ahead) < timedelta(seconds=5)
    await session.close()


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-13-01", "", "soon"])
def test_a_time_that_is_none_is_not_read(said: str) -> None:
    assert time(epp("qDate", said), ".") is None


@pytest.mark.parametrize(
    "said", [1e30, -(10**30), float("nan"), {"timestamp": 10**30}, "0001-01-01T00:00:00+01:00", "", None]
)
def test_a_time_of_the_reseller_that_is_none_is_not_read(said: object) -> None:
    assert robot.time(said) is None


async def test_what_the_registry_says_in_words_is_fit_to_be_shown(lab: Lab) -> None:
    told = "Low account\u202e balance \x85of nobody" + "!" * 5000
    with lab.store.change():
        queue.tell(lab.store, "ankunft", told)
    message = await lab.driver().poll()
    assert message is not None
    assert message.text.startswith("Low account  balance  of nobody!")
    assert len(message.text) == 2000


async def test_an_answer_lost_within_the_session_raises_the_session_alone(lab: Lab) -> None:
    session = Session(lab.account())
    faults.order(lab.store, "check domain", "foreign")
    with pytest.raises(LostError, match="another command's"):
        await session.ask(domains.check("neu.de"))
    assert (await session.ask(domains.check("neu.de"))).good
    await session.close()


def test_the_other_registrar_is_told_what_the_registry_refuses(tmp_path: object) -> None:
    result = CliRunner().invoke(other, ["/nowhere", "violations"])
    assert result.exit_code == 2
    del tmp_path
