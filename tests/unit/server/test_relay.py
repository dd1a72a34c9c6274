"""What nginx hands over is judged, passed on byte by byte, and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from ankunft_waker.relay import answer

from tests.unit.server.sleeping_host import Server
from tests.unit.server.test_fastcgi import STDIN, record, request

Play = Callable[[Callable[[], Awaitable[None]]], None]


async def hand_over(server: Server, data: bytes) -> bytes:
    """Send *data* as nginx would and return what comes back."""
    listener = await asyncio.start_unix_server(
        lambda reader, writer: answer(server.waker, reader, writer), server.folder / "waker.sock"
    )
    async with listener:
        reader, writer = await asyncio.open_unix_connection(server.folder / "waker.sock")
        writer.write(data)
        writer.write_eof()
        back = await reader.read()
        writer.close()
        return back


def head(**params: str) -> bytes:
    return request({"ANKUNFT_ACCOUNT": "a1001", "ANKUNFT_CONNECT_TIME": "-"} | params)


def test_a_request_reaches_php_unchanged_and_its_answer_comes_back(server: Server, play: Play) -> None:
    data = head() + b"".join(record(STDIN, bytes([n]) * 50_000) for n in range(12)) + record(STDIN, b"")

    async def scenario() -> None:
        server.whole = len(data)
        assert await hand_over(server, data) == b"answer of a1001"

    play(scenario)
    assert b"".join(server.received) == data


@pytest.mark.parametrize("time", ["0.000", "1.204", "", "-, -", "- "])
def test_a_request_that_php_may_have_seen_is_not_run_again(server: Server, play: Play, time: str) -> None:
    async def scenario() -> None:
        assert b"Status: 502" in await hand_over(server, head(ANKUNFT_CONNECT_TIME=time))

    play(scenario)
    assert not server.calls


@pytest.mark.parametrize("account", ["", "root", "a1001;reboot", "../a1001", "a1001\n"])
def test_a_name_that_is_no_account_starts_nothing(server: Server, play: Play, account: str) -> None:
    async def scenario() -> None:
        assert b"Status: 502" in await hand_over(server, head(ANKUNFT_ACCOUNT=account))

    play(scenario)
    assert not server.calls


def test_a_request_without_the_wakers_parameters_starts_nothing(server: Server, play: Play) -> None:
    async def scenario() -> None:
        assert b"Status: 502" in await hand_over(server, request({"REQUEST_METHOD": "GET"}))

    play(scenario)
    assert not server.calls


def test_a_broken_pool_is_answered_with_the_time_to_come_back(server: Server, play: Play) -> None:
    async def scenario() -> None:
        server.broken.add("a1001")
        back = await hand_over(server, head())
        assert b"Status: 503" in back
        assert b"Retry-After: 1\r\n" in back

    play(scenario)


def test_bytes_that_are_no_request_are_dropped(server: Server, play: Play) -> None:
    async def scenario() -> None:
        assert await hand_over(server, b"GET / HTTP/1.1\r\n\r\n") == b""

    play(scenario)
    assert not server.calls
