"""The draw: which of the hosts gets an account. Pure; the courier draws, the API and anybody else can draw again.

For each candidate u = SHA-256(seed ‖ service ‖ name) / 2²⁵⁶; the lowest −ln(u) / weight wins, so that every
host is as likely as its weight says and nobody can choose. A host that serves everything is preferred to several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import inf, log
from typing import Annotated, Literal

import msgspec

from agent.jobs import HostName, Service

ALL = "all"
"""The service that is written into the draw when one host serves everything that is needed."""


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the draw has to know of a hosting server."""

    name: HostName
    services: list[Service]
    pools: list[str]
    max_accounts: Annotated[int, msgspec.Meta(ge=0)]
    accepts_new_accounts: bool = True
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class Placement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The placement file: the fleet as far as a draw needs it, derived from the inventory."""

    schema: Literal[1]
    hosts: list[Host]


class Need(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an account asks of the fleet."""

    services: list[Service]
    pool: str


class Verdict(msgspec.Struct, frozen=True):
    """One host in one draw: its lot (lower is better), or why it was left out."""

    host: str
    service: str
    lot: float | None
    excluded: str | None


class Draw(msgspec.Struct, frozen=True):
    """The result of a draw, explained. *placement* is service → host, None when nobody is eligible."""

    placement: dict[str, str] | None
    verdicts: list[Verdict]


def encode(placement: Placement) -> bytes:
    """Return the placement file's bytes; the same fleet gives the same bytes, and so the same digest."""
    hosts = sorted(placement.hosts, key=lambda host: host.name)
    ordered = msgspec.structs.replace(
        placement,
        hosts=[msgspec.structs.replace(h, services=sorted(h.services), pools=sorted(h.pools)) for h in hosts],
    )
    return msgspec.json.format(msgspec.json.encode(ordered, order="sorted"), indent=1) + b"\n"


def digest(file: bytes) -> str:
    """Return the name under which a placement file is approved: SHA-256, hexadecimal."""
    return hashlib.sha256(file).hexdigest()


def decode(file: bytes) -> Placement:
    """Read a placement file strictly.

    Raises:
        msgspec.ValidationError: it is not one.
    """
    return msgspec.json.decode(file, type=Placement)


def lot(seed: bytes, service: str, host: Host) -> float:
    """Return the lot of *host*: −ln(u) / weight with u from SHA-256 of seed, service and name."""
    u = int.from_bytes(hashlib.sha256(seed + service.encode() + host.name.encode()).digest()) / 2**256
    return (inf if u == 0.0 else -log(u)) / host.weight


def draw(placement: Placement, need: Need, seed: bytes, room: Mapping[str, int], alive: AbstractSet[str]) -> Draw:
    """Draw the hosts for *need*.

    *room* is the number of free places per host and *alive* the hosts whose agents answer, both as the API sees them.
    """
    whole = _verdicts(placement.hosts, need.services, ALL, need.pool, seed, room, alive)
    if winner := _winner(whole):
        return Draw(dict.fromkeys(need.services, winner), whole)
    verdicts = list(whole)
    chosen: dict[str, str] = {}
    for service in need.services:
        single = _verdicts(placement.hosts, [service], service, need.pool, seed, room, alive)
        verdicts += single
        if winner := _winner(single):
            chosen[service] = winner
    return Draw(chosen if len(chosen) == len(need.services) else None, verdicts)


def _winner(verdicts: Sequence[Verdict]) -> str | None:
    lots = [(verdict.lot, verdict.host) for verdict in verdicts if verdict.lot is not None]
    return min(lots)[1] if lots else None


def _verdicts(
    hosts: Sequence[Host],
    services: Sequence[Service],
    label: str,
    pool: str,
    seed: bytes,
    room: Mapping[str, int],
    alive: AbstractSet[str],
) -> list[Verdict]:
    verdicts = []
    for host in hosts:
        reason = _exclusion(host, services, pool, room, alive)
        verdicts.append(Verdict(host.name, label, None if reason else lot(seed, label, host), reason))
    return verdicts


def _exclusion(
    host: Host, services: Sequence[Service], pool: str, room: Mapping[str, int], alive: AbstractSet[str]
) -> str | None:
    if any(service not in host.services for service in services):
        return f"does not serve {', '.join(sorted(set(services) - set(host.services)))}"
    if pool not in host.pools:
        return f"is not in the pool {pool}"
    if not host.accepts_new_accounts:
        return "takes no new accounts"
    if host.name not in alive:
        return "its agent is silent"
    if room.get(host.name, 0) <= 0:
        return "is full"
    return None
