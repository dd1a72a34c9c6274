"""Sources outside our records, played: a DNS server, a VIES, a file with the countries of networks."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], tuple[str, ...]]


class _Server(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name.startswith("silent."):
            return
        if name.startswith("broken."):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.zone:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *self.zone[name, kind]))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        assert self.transport is not None
        self.transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def dns_server(zone: Zone) -> AsyncIterator[tuple[str, list[tuple[str, str]]]]:
    """Answer for *zone*; yield where, and the list of what is asked. `silent.` says nothing, `broken.` SERVFAIL."""
    running = asyncio.get_running_loop()
    transport, server = await running.create_datagram_endpoint(lambda: _Server(zone), local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        yield f"127.0.0.1:{port}", server.asked
    finally:
        transport.close()


@asynccontextmanager
async def vies_server(given_out: Mapping[str, object]) -> AsyncIterator[str]:
    """Answer for VAT numbers as VIES does; yield the URL. What is not listed is a 500."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        number = "".join(head.split()[1].split("/")[-3::2])
        known = number in given_out
        body = json.dumps({"isValid": given_out.get(number)}).encode()
        status = "200 OK" if known else "500 Internal Server Error"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/ms/{{country}}/vat/{{number}}"


def country_file(path: Path, countries: Mapping[str, str]) -> Path:
    """Write a MaxMind database (format 2.0, IPv4) that knows the country of each network."""
    codes = sorted(set(countries.values()))
    data, offsets = b"", {}
    for code in codes:
        offsets[code] = len(data)
        data += b"\xe1" + _text("country") + b"\xe1" + _text("iso_code") + _text(code)
    nodes: list[list[int | str | None]] = [[None, None]]
    for network, code in countries.items():
        _plant(nodes, network, code)
    tree = b"".join(_record(side, len(nodes), offsets).to_bytes(4) for node in nodes for side in node)
    meta = {
        "node_count": b"\xc4" + len(nodes).to_bytes(4), "record_size": _short(32), "ip_version": _short(4),
        "binary_format_major_version": _short(2), "binary_format_minor_version": _short(0),
        "build_epoch": b"\x04\x02" + (1_700_000_000).to_bytes(4), "database_type": _text("Played"),
        "languages": b"\x00\x04", "description": b"\xe0",
    }  # fmt: skip
    head = bytes([0xE0 | len(meta)]) + b"".join(_text(name) + value for name, value in meta.items())
    path.write_bytes(tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + head)
    return path


def _plant(nodes: list[list[int | str | None]], network: str, code: str) -> None:
    net = ip_network(network)
    bits = f"{int(net.network_address):032b}"[: net.prefixlen]
    at = 0
    for bit in bits[:-1]:
        below = nodes[at][int(bit)]
        if not isinstance(below, int):
            nodes.append([None, None])
            below = nodes[at][int(bit)] = len(nodes) - 1
        at = below
    nodes[at][int(bits[-1])] = code


def _record(side: int | str | None, node_count: int, offsets: Mapping[str, int]) -> int:
    if side is None:
        return node_count
    return side if isinstance(side, int) else node_count + 16 + offsets[side]


def _text(text: str) -> bytes:
    return bytes([0x40 | len(text)]) + text.encode()


def _short(value: int) -> bytes:
    return b"\xa2" + value.to_bytes(2)
