"""As much of FastCGI 1.0 as the waker needs: the beginning of a request, and a refusal.

Source: FastCGI Specification 1.0, sections 3.3 (records), 3.4 (name-value pairs), 5.1, 5.2, 5.5.
"""

import asyncio
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BEGIN_REQUEST, END_REQUEST, PARAMS, STDOUT = 1, 3, 4, 6
HEADER = struct.Struct(">BBHHBx")
#: nginx accepts request headers of 32 KiB at most; what is larger comes from elsewhere.
HEAD_LIMIT = 256 * 1024
LONG_LENGTH = 0x80


class BadRequestError(Exception):
    """The bytes are no FastCGI request that nginx would send."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a request: its parameters, and every byte read so far, to be passed on unchanged."""

    request_id: int
    params: Mapping[str, str]
    raw: bytes


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Read records up to the empty PARAMS record that ends the parameters.

    Raises:
        BadRequestError: the stream ends early, is too long, or is not FastCGI.
    """
    raw = bytearray()
    params = bytearray()
    request_id = 0
    while True:
        header, content = await _read_record(reader, raw)
        kind, record_id = header
        if kind == BEGIN_REQUEST and not request_id:
            request_id = record_id
        elif kind != PARAMS or record_id != request_id:
            raise BadRequestError("expected the parameters of one request")
        elif content:
            params += content
        else:
            return Head(request_id, dict(_pairs(bytes(params))), bytes(raw))


async def _read_record(reader: asyncio.StreamReader, raw: bytearray) -> tuple[tuple[int, int], bytes]:
    """Return ((type, request id), content) of the next record and append its bytes to *raw*."""
    try:
        header = await reader.readexactly(HEADER.size)
        version, kind, request_id, length, padding = HEADER.unpack(header)
        if version != 1 or not request_id or len(raw) + length > HEAD_LIMIT:
            raise BadRequestError("not FastCGI, or too long")
        body = await reader.readexactly(length + padding)
    except asyncio.IncompleteReadError as error:
        raise BadRequestError("the request ended early") from error
    raw += header + body
    return (kind, request_id), body[:length]


def _pairs(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the name-value pairs of a PARAMS stream, as latin-1 text, in which every byte is a letter."""
    position = 0
    while position < len(data):
        name_length, position = _length(data, position)
        value_length, position = _length(data, position)
        middle, end = position + name_length, position + name_length + value_length
        if end > len(data):
            raise BadRequestError("a parameter is cut off")
        yield data[position:middle].decode("latin-1"), data[middle:end].decode("latin-1")
        position = end


def _length(data: bytes, position: int) -> tuple[int, int]:
    """Read a length of one byte, or of four if its highest bit is set; return it and the next position."""
    if position >= len(data):
        raise BadRequestError("a parameter is cut off")
    if data[position] < LONG_LENGTH:
        return data[position], position + 1
    if position + 4 > len(data):
        raise BadRequestError("a parameter is cut off")
    return int.from_bytes(data[position : position + 4], "big") & 0x7FFFFFFF, position + 4


def refusal(request_id: int, status: str, *, retry_after_s: int | None = None) -> bytes:
    """Return a whole answer with the HTTP *status* line and a short page."""
    retry = f"Retry-After: {retry_after_s}\r\n" if retry_after_s else ""
    page = f"<!doctype html><title>{status}</title><h1>{status}</h1>\n"
    content = f"Status: {status}\r\n{retry}Cache-Control: no-store\r\nContent-Type: text/html\r\n\r\n{page}".encode()
    return (
        HEADER.pack(1, STDOUT, request_id, len(content), 0)
        + content
        + HEADER.pack(1, STDOUT, request_id, 0, 0)
        + HEADER.pack(1, END_REQUEST, request_id, 8, 0)
        + bytes(8)
    )
