"""An account is woken by its first request, once, and ended only when nobody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from ankunft_waker.doors import Doors
from ankunft_waker.idle import end_idle
from ankunft_waker.waker import AsleepError

from tests.unit.server.sleeping_host import Server

Play = Callable[[Callable[[], Awaitable[None]]], None]
START = "start php-account@a1001.socket php-account@a1001.service"
STOP = "stop php-account@a1001.service"


async def ask(server: Server, account: str = "a1001") -> bytes:
    """Do as a request does that nginx hands over."""
    reader, writer = await server.waker.wake(account)
    writer.write(b"question")
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def test_a_sleeping_account_is_started_for_the_first_request_alone(server: Server, play: Play) -> None:
    async def scenario() -> None:
        assert await ask(server) == b"answer of a1001"
        assert await ask(server) == b"answer of a1001"

    play(scenario)
    assert server.calls == [START]


def test_a_crowd_before_a_sleeping_account_starts_it_once(server: Server, play: Play) -> None:
    async def scenario() -> None:
        answers = await asyncio.gather(*(ask(server) for _ in range(50)))
        assert answers == [b"answer of a1001"] * 50

    play(scenario)
    assert server.calls == [START]


def test_an_account_that_sleeps_long_does_not_hold_up_another(server: Server, play: Play) -> None:
    async def scenario() -> None:
        async with server.waker._lock("a1002"):
            async with asyncio.timeout(5):
                assert await ask(server, "a1001") == b"answer of a1001"

    play(scenario)


def test_a_crowd_before_a_broken_pool_tries_it_once_and_is_told_when_to_come_back(server: Server, play: Play) -> None:
    async def scenario() -> None:
        server.broken.add("a1001")
        outcomes = await asyncio.gather(*(ask(server) for _ in range(50)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {AsleepError}
        assert all(isinstance(outcome, AsleepError) and outcome.retry_after_s > 0 for outcome in outcomes)

    play(scenario)
    assert server.calls == [START]


def test_a_socket_that_nobody_listens_on_any_more_is_no_door(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await server.wake_up("a1001")
        server._php["a1001"].close()
        assert await ask(server) == b"answer of a1001"

    play(scenario)
    assert server.calls == [START]


def test_an_idle_account_is_ended(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await ask(server)
        assert await server.waker.end("a1001")
        assert not list(server.sockets.iterdir())
        assert await ask(server) == b"answer of a1001"

    play(scenario)
    assert server.calls == [START, STOP, START]


def test_a_request_that_comes_while_the_door_is_closed_opens_it_again(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await ask(server)
        ending = asyncio.create_task(server.waker.end("a1001"))
        await asyncio.sleep(0.1)
        assert server.waker.doors.closed() == ["a1001"]
        async with asyncio.timeout(0.5):
            assert await ask(server) == b"answer of a1001"
        assert await ending is False

    play(scenario)
    assert server.calls == [START]


def test_an_account_is_not_ended_while_somebody_is_inside(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await ask(server)
        server.have_processes("a1001", 2)
        assert not await server.waker.end("a1001")
        assert await ask(server) == b"answer of a1001"

    play(scenario)
    assert server.calls == [START]


def test_a_request_during_the_stop_waits_and_is_answered(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await ask(server)
        ending = asyncio.create_task(server.waker.end("a1001"))
        await server.stopping.wait()
        assert await ask(server) == b"answer of a1001"
        assert await ending is True

    play(scenario)
    assert server.calls == [START, STOP, START]


def test_only_who_is_idle_at_two_looks_is_ended(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await ask(server, "a1001")
        await ask(server, "a1002")
        looking = asyncio.create_task(end_idle(server.waker, idle_s=1.0))
        await asyncio.sleep(0.25)
        server.have_processes("a1002", 2)
        await asyncio.sleep(2)
        server.have_processes("a1002", 1)
        await asyncio.sleep(0.4)
        looking.cancel()

    play(scenario)
    assert [call for call in server.calls if call.startswith("stop")] == [STOP]


def test_doors_that_an_earlier_waker_left_closed_are_opened_or_forgotten(server: Server, play: Play) -> None:
    async def scenario() -> None:
        await server.wake_up("a1001")
        Doors(server.sockets).close("a1001")
        (server.sockets / "a1002.closed").touch()
        server.waker.recover()
        assert await ask(server) == b"answer of a1001"
        assert not server.waker.doors.closed()

    play(scenario)
    assert not server.calls


@pytest.mark.parametrize("move", ["close", "open", "forget"])
def test_doors_that_are_not_there_can_be_moved(server: Server, move: str) -> None:
    getattr(server.waker.doors, move)("a1001")
    assert not list(server.sockets.iterdir())
