"""Zones follow the accounts: made before a domain is ordered, changed when the account moves, removed with it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
from piccolo.columns.combination import WhereRaw

from api import journal
from api.domains import alarms, ordering, registration
from api.domains.desk import Desk
from api.domains.registrar import Ds, FailedError, NotTakenError, RegistrarUnavailableError
from api.domains.tables import Zone
from api.domains.zones.content import Whereabouts, digest, zone_of
from api.domains.zones.nameservers import NameServers
from api.domains.zones.powerdns import NameServersAwayError, NameServersError
from api.lifecycle import HELD_DOMAINS, DomainEvent, DomainState, IllegalMoveError
from api.piccolo_conf import DB
from api.registries import registry_of
from api.tables import OrderDomain

BATCH = 100
LOOK_EVERY = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)
ALARM_AFTER = 5
KEPT_AFTER_LEAVING = timedelta(days=7)
"""Whoever has the old name servers in a cache still finds the domain."""

WITHOUT_ZONE = WhereRaw("NOT EXISTS (SELECT 1 FROM zone WHERE zone.domain = order_domain.id)")

Where = Callable[[int], Awaitable[Whereabouts | None]]
"""Says where the account of an order is; None = there is none (yet, or any more)."""

log = logging.getLogger("ankunft.zones")


class NoAddressError(Exception):
    """A host's address is not known, so that no zone can name it."""


SAYABLE = (NameServersError, NoAddressError, NotTakenError, FailedError)
"""Whose text is fit for staff; of other errors only the kind is told."""


async def keep(desk: Desk, names: NameServers, where: Where) -> int:
    """Bring every zone that is due to what it should be; return how many were touched.

    When the name servers cannot be reached, the others are not tried: messages and orders must not wait for each.
    """
    await _begin(desk, names)
    touched, now = 0, datetime.now(UTC)
    for row in await Zone.select().where(Zone.look_at <= now).order_by(Zone.look_at, Zone.id).limit(BATCH):
        try:
            await _bring(desk, names, where, row)
        except IllegalMoveError:
            continue  # staff moved the domain
        except NameServersAwayError as error:
            await _put_off(row, error)
            return touched + 1
        except Exception as error:  # noqa: BLE001 (one bad zone must not keep the others waiting)
            await _put_off(row, error)
        touched += 1
    return touched


async def touch(order_id: int) -> None:
    """Have the zones of an order looked at now: its account may have moved. In the caller's transaction."""
    ids = await OrderDomain.select(OrderDomain.id).where(OrderDomain.order == order_id).output(as_list=True)
    if ids:
        await Zone.update({Zone.look_at: datetime.now(UTC)}).where(Zone.domain.is_in(ids))


async def rewrite(name: str) -> bool:
    """Have the zone *name* written and delegated again, whatever it holds; False = we keep no such zone.

    Keys that wait for caches (`_hand_over`) wait on.
    """
    now = datetime.now(UTC)
    at_once = (Zone.failures > 0) | Zone.delegate_at.is_null()
    await Zone.update({Zone.delegate_at: now}).where(Zone.name == name, at_once)
    values: dict[Any, Any] = {Zone.look_at: now, Zone.digest: None, Zone.failures: 0}
    return bool(await Zone.update(values).where(Zone.name == name).returning(Zone.id))


async def delegate(desk: Desk) -> int:
    """Hand name servers and DS of zones over to the registry, once the domain is ours; return how many.

    Raises:
        RegistrarUnavailableError: the registry is away: all wait.
    """
    ours = [DomainState.REGISTERED.value, DomainState.TRANSFERRED.value]
    is_due = Zone.domain.state.is_in(ours) & Zone.digest.is_not_null() & (Zone.delegate_at <= datetime.now(UTC))
    due = Zone.select(*Zone.all_columns(), Zone.domain.action).where(is_due)
    rows = await due.order_by(Zone.delegate_at, Zone.id).limit(BATCH)
    for row in rows:
        try:
            await _hand_over(desk, row)
        except FailedError as error:
            await _put_off(row, error, column=Zone.delegate_at)
            raise
        except RegistrarUnavailableError:
            await Zone.update({Zone.delegate_at: datetime.now(UTC) + FIRST_PAUSE}).where(Zone.id == row["id"])
            raise
        except Exception as error:  # noqa: BLE001 (one bad zone must not keep the others waiting)
            await _put_off(row, error, column=Zone.delegate_at)
    return len(rows)


async def _hand_over(desk: Desk, row: Mapping[str, Any]) -> None:
    """Hand one zone over; after a transfer first the name servers without keys, the keys when caches know these.

    A resolver with the former provider's name servers and our DS would take their answers for forged.
    """
    dns, ds = desk.equipment.settings.dns, _ds_of(row)
    moves = row["domain.action"] == "transfer" and row["delegated"] is None and ds and dns.ds_after_s
    handed = () if moves else ds
    await desk.registrar.delegate(row["name"], dns.nameservers, handed)
    later = datetime.now(UTC) + timedelta(seconds=dns.ds_after_s) if moves else None
    values: dict[Any, Any] = {Zone.delegate_at: later, Zone.delegated: _delegation(dns.nameservers, handed)}
    await Zone.update(values | {Zone.failures: 0, Zone.problem: None}).where(Zone.id == row["id"])


async def _begin(desk: Desk, names: NameServers) -> None:
    """Take up the domains whose turn it is; without name servers of ours there is no zone to wait for."""
    last = 0
    while rows := await _begun(desk, last, names):
        last = rows[-1]["id"]
        for row in rows:
            try:
                async with DB.transaction():
                    if names.keeps_zones:
                        await _own(row)
                    else:
                        await _made(desk, row)
            except IllegalMoveError:
                continue


async def _begun(desk: Desk, after: int, names: NameServers) -> list[dict[str, Any]]:
    """Return domains that were requested, and those with us that have no zone: staff vouched for them before it was."""
    states = [DomainState.REQUESTED, *HELD_DOMAINS] if names.keeps_zones else [DomainState.REQUESTED]
    begun = OrderDomain.held_name.is_not_null() & OrderDomain.state.is_in([state.value for state in states])
    accepted = OrderDomain.order.state.is_in(ordering.ordered_in(desk))
    rows = OrderDomain.select().where(begun, accepted, WITHOUT_ZONE, OrderDomain.id > after)
    return list(await rows.order_by(OrderDomain.id).limit(BATCH))


async def _own(domain: Mapping[str, Any]) -> None:
    """Have a row for the zone of *domain*, whoever held the name before."""
    now = datetime.now(UTC)
    values: dict[Any, Any] = {Zone.domain: domain["id"], Zone.look_at: now, Zone.digest: None, Zone.failures: 0}
    if await Zone.update(values).where(Zone.name == domain["name"]).returning(Zone.id):
        return
    await Zone.insert(Zone(name=domain["name"], domain=domain["id"], look_at=now, changed_at=now))


async def _bring(desk: Desk, names: NameServers, where: Where, row: Mapping[str, Any]) -> None:
    domain = await OrderDomain.select().where(OrderDomain.id == row["domain"]).first()
    assert domain is not None
    state, place = DomainState(domain["state"]), await where(domain["order"])
    if state in registration.RELEASED or (place is None and row["digest"] is not None):
        if state is DomainState.TRANSFERRED_AWAY and datetime.now(UTC) - domain["changed_at"] < KEPT_AFTER_LEAVING:
            await _seen(row, {})
            return
        await names.remove(row["name"])
        await Zone.delete().where(Zone.id == row["id"])
    elif place is None:
        pause = FIRST_PAUSE if state is DomainState.REQUESTED else LOOK_EVERY
        await Zone.update({Zone.look_at: datetime.now(UTC) + pause}).where(Zone.id == row["id"])
    else:
        await _write(desk, names, row, place)
        if state is DomainState.REQUESTED:
            registry = registry_of(row["name"], desk.equipment.catalogue.registries)
            if registry.zone_before_order and not await names.answer(row["name"]):
                raise NameServersError("not all of the name servers answer for it over DNS")
            async with DB.transaction():
                await _made(desk, domain)


async def _made(desk: Desk, domain: Mapping[str, Any]) -> None:
    """Let a domain be ordered, by whoever does that here."""
    moved = await registration.move(domain, DomainEvent.ZONE_MADE, actor=journal.SYSTEM)
    if desk.registrar.by_hand:
        await alarms.by_hand(moved)


async def _write(desk: Desk, names: NameServers, row: Mapping[str, Any], place: Whereabouts) -> None:
    dns = desk.equipment.settings.dns
    records = zone_of(row["name"], place, dns.nameservers, dns.hostmaster)
    wanted = digest(records)
    if wanted == row["digest"]:
        await _seen(row, {})
        return
    ds = await names.put(row["name"], records)
    values: dict[Any, Any] = {
        Zone.digest: wanted,
        Zone.ds: msgspec.json.encode(ds).decode(),
        Zone.changed_at: datetime.now(UTC),
    }
    if _delegation(dns.nameservers, ds) != row["delegated"]:
        values[Zone.delegate_at] = row["delegate_at"] or datetime.now(UTC)
    await _seen(row, {Zone.failures: 0, Zone.problem: None} | values)


async def _seen(row: Mapping[str, Any], values: dict[Any, Any]) -> None:
    """Look again in a while. Failures of a delegation that waits are counted on: staff are told of them once."""
    seen: dict[Any, Any] = {Zone.look_at: datetime.now(UTC) + LOOK_EVERY}
    if row["delegate_at"] is None:
        seen |= {Zone.failures: 0, Zone.problem: None}
    await Zone.update(seen | values).where(Zone.id == row["id"])


async def _put_off(row: Mapping[str, Any], error: Exception, column: Any = Zone.look_at) -> None:
    """Look at a zone again later, and tell staff when it failed for the fifth time."""
    failures = row["failures"] + 1
    wait = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))
    problem = str(error)[:200] if isinstance(error, SAYABLE) else type(error).__name__
    log.error("the zone %s cannot be kept: %s", row["name"], problem)
    values: dict[Any, Any] = {column: datetime.now(UTC) + wait, Zone.failures: failures, Zone.problem: problem}
    async with DB.transaction():
        await Zone.update(values).where(Zone.id == row["id"])
        if failures == ALARM_AFTER:
            await _alarm(row, problem)


async def _alarm(row: Mapping[str, Any], problem: str) -> None:
    domain = await OrderDomain.select().where(OrderDomain.id == row["domain"]).first()
    assert domain is not None
    written = await journal.write(
        subject="domain", subject_id=row["name"], order=domain["order"], event="ZONE_FAILED", actor=journal.SYSTEM,
        facts={"problem": problem},
    )  # fmt: skip
    await alarms.zone_failed(dict(domain) | {"journal": written}, problem)


def _ds_of(row: Mapping[str, Any]) -> tuple[Ds, ...]:
    return msgspec.json.decode(row["ds"], type=tuple[Ds, ...])


def _delegation(nameservers: tuple[str, ...], ds: tuple[Ds, ...]) -> str:
    return sha256(msgspec.json.encode([nameservers, ds])).hexdigest()
