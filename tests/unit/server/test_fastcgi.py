"""The waker reads what nginx sends, however it arrives, and nothing else."""

from __future__ import annotations

import asyncio
import struct

import pytest
from ankunft_waker.fastcgi import HEAD_LIMIT, BadRequestError, Head, read_head, refusal

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind: int, content: bytes, *, request_id: int = 1, version: int = 1, padding: int = 0) -> bytes:
    return struct.pack(">BBHHBx", version, kind, request_id, len(content), padding) + content + bytes(padding)


def length(value: bytes) -> bytes:
    return bytes([len(value)]) if len(value) < 128 else struct.pack(">I", len(value) | 1 << 31)


def pairs(params: dict[str, str]) -> bytes:
    encoded = [(name.encode(), value.encode()) for name, value in params.items()]
    return b"".join(length(name) + length(value) + name + value for name, value in encoded)


def request(params: dict[str, str]) -> bytes:
    begin = record(BEGIN, struct.pack(">HB5x", 1, 0))
    return begin + record(PARAMS, pairs(params), padding=3) + record(PARAMS, b"")


def read(*pieces: bytes) -> Head:
    async def reading() -> Head:
        reader = asyncio.StreamReader()

        async def feed() -> None:
            for piece in pieces:
                reader.feed_data(piece)
                await asyncio.sleep(0)
            reader.feed_eof()

        feeding = asyncio.create_task(feed())
        try:
            return await read_head(reader)
        finally:
            await feeding

    return asyncio.run(reading())


PARAMETERS = {"ANKUNFT_ACCOUNT": "a1001", "ANKUNFT_CONNECT_TIME": "-", "EMPTY": "", "LONG": "x" * 40_000}


@pytest.mark.parametrize("size", [1, 7, 8, 9, 1000, 1 << 20])
def test_the_parameters_are_read_however_the_bytes_arrive(size: int) -> None:
    whole = request(PARAMETERS)
    head = read(*(whole[start : start + size] for start in range(0, len(whole), size)))
    assert head.params == PARAMETERS
    assert head.raw == whole


def test_parameters_may_come_in_many_records() -> None:
    data = pairs(PARAMETERS)
    cut = [record(PARAMS, data[start : start + 1000]) for start in range(0, len(data), 1000)]
    head = read(record(BEGIN, bytes(8)), *cut, record(PARAMS, b""))
    assert head.params == PARAMETERS


def test_what_follows_the_parameters_stays_in_the_stream() -> None:
    whole = request({"A": "b"})
    assert read(whole + record(STDIN, b"body")).raw == whole


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        request({"A": "b"})[:-1],
        record(PARAMS, b""),
        record(BEGIN, bytes(8), request_id=0),
        record(BEGIN, bytes(8), version=2),
        record(BEGIN, bytes(8)) + record(STDIN, b"x"),
        record(BEGIN, bytes(8)) + record(PARAMS, pairs({"A": "b"}), request_id=2) + record(PARAMS, b""),
        record(BEGIN, bytes(8)) + record(PARAMS, b"\x05\x05abc") + record(PARAMS, b""),
        record(BEGIN, bytes(8)) + record(PARAMS, b"\xff\xff") + record(PARAMS, b""),
        record(BEGIN, bytes(8)) + record(PARAMS, b"\x01") + record(PARAMS, b""),
        record(BEGIN, bytes(8)) + record(PARAMS, bytes(60_000)) * (HEAD_LIMIT // 60_000 + 1),
    ],
)
def test_anything_else_is_no_request(data: bytes) -> None:
    with pytest.raises(BadRequestError):
        read(data)


def test_a_refusal_is_a_whole_answer_to_its_request() -> None:
    answer = refusal(7, "503 Service Unavailable", retry_after_s=2)
    kinds, content, position = [], b"", 0
    while position < len(answer):
        _, kind, request_id, size, padding = struct.unpack(">BBHHBx", answer[position : position + 8])
        assert request_id == 7
        kinds.append(kind)
        content += answer[position + 8 : position + 8 + size] if kind == STDOUT else b""
        position += 8 + size + padding
    assert kinds == [STDOUT, STDOUT, END]
    assert content.startswith(b"Status: 503 Service Unavailable\r\nRetry-After: 2\r\n")
