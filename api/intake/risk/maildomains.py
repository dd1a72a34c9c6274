"""Whether a domain takes mail, as the operator's resolver says it (RFC 5321 §5.1, null MX: RFC 7505)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import dns.resolver
from dns.asyncresolver import Resolver
from dns.nameserver import Do53Nameserver

from api.settings import SettingsError

TAKES_MAIL, TAKES_NONE, ABSENT = "takes_mail", "takes_none", "absent"
DNS_PORT = 53
REMEMBERED = 10_000


def resolver(addresses: Sequence[str]) -> Resolver:
    """Return a resolver that asks *addresses* (`address` or `address:port`) and remembers for as long as DNS says."""
    made = Resolver(configure=False)
    try:
        made.nameservers = [Do53Nameserver(*split(address)) for address in addresses]
    except ValueError as error:
        raise SettingsError("[risk] resolvers are IP addresses, with or without a port") from error
    made.cache = dns.resolver.LRUCache(REMEMBERED)
    return made


async def asked(by: Resolver, domain: str) -> str:
    """Return takes_mail, takes_none or absent.

    Raises:
        DNSException: the resolver cannot say. That is not the same as absent.
    """
    try:
        answer = await by.resolve(f"{domain}.", "MX")
    except dns.resolver.NXDOMAIN:
        return ABSENT
    except dns.resolver.NoAnswer:
        return TAKES_MAIL if await _has_address(by, domain) else TAKES_NONE
    servers = [record.exchange.to_text() for record in answer]
    return TAKES_NONE if servers == ["."] else TAKES_MAIL


async def _has_address(by: Resolver, domain: str) -> bool:
    for kind in ("A", "AAAA"):
        try:
            await by.resolve(f"{domain}.", kind)
        except dns.resolver.NoAnswer:
            continue
        return True
    return False


def split(address: str) -> tuple[str, int]:
    """Return IP address and port of `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`."""
    host, port = address, ""
    if address.startswith("["):
        host, _, port = address[1:].partition("]")
    elif address.count(":") == 1:
        host, _, port = address.partition(":")
    return str(ip_address(host)), int(port.removeprefix(":") or DNS_PORT)
