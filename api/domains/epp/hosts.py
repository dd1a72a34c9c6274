"""Name servers as objects of a registry (RFC 5732)."""

from __future__ import annotations

from api.domains.epp.markup import Element, epp, host


def check(name: str) -> Element:
    """Ask whether a host can be created."""
    return epp("check", host("check", host("name", name)))


def info(name: str) -> Element:
    """Ask for a host."""
    return epp("info", host("info", host("name", name)))


def create(name: str, addresses: tuple[str, ...] = ()) -> Element:
    """Create a host; addresses (glue) only where its own domain is the registry's."""
    listed = (host("addr", text, ip="v6" if ":" in text else "v4") for text in addresses)
    return epp("create", host("create", host("name", name), *listed))


def delete(name: str) -> Element:
    """Delete a host."""
    return epp("delete", host("delete", host("name", name)))


def update(name: str, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> Element:
    """Change the addresses of a host."""
    parts = [
        host(part, *(host("addr", text, ip="v6" if ":" in text else "v4") for text in addresses))
        for part, addresses in (("add", add), ("rem", remove))
        if addresses
    ]
    return epp("update", host("update", host("name", name), *parts))
