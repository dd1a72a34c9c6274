"""Whether name servers answer for a zone, asked over DNS as a registry asks them: each one, with authority."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

WITHIN_S = 3.0
PORT = 53


async def is_seen(name: str, servers: Sequence[str]) -> bool:
    """Say whether all of *servers* (host names or addresses, `:port` where it is not 53) have the zone *name*.

    Raises:
        TimeoutError: one of them is silent.
    """
    return all(await asyncio.gather(*(_answers(name, server) for server in servers)))


async def _answers(name: str, server: str) -> bool:
    host, _, port = server.partition(":")
    query = dns.message.make_query(name, dns.rdatatype.SOA, flags=0)
    try:
        async with asyncio.timeout(WITHIN_S):
            addresses = await asyncio.get_running_loop().getaddrinfo(host, int(port or PORT), type=socket.SOCK_DGRAM)
            address, at = addresses[0][4][:2]
            answer = await dns.asyncquery.udp(query, str(address), port=int(at))
    except TimeoutError:
        raise
    except (OSError, dns.exception.DNSException):
        return False
    return answer.rcode() == dns.rcode.NOERROR and bool(answer.answer) and bool(answer.flags & dns.flags.AA)
