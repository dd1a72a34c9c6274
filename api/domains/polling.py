"""A registry's messages: kept and acted on in one transaction, then acknowledged. None stops those behind it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from api import journal
from api.domains import alarms, registration, settling, trades
from api.domains.desk import Desk
from api.domains.registrar import Done, Message, News, Reason, Refused
from api.domains.tables import RegistryLease, RegistryMessage
from api.engine.conflicts import is_conflict, is_unavailable
from api.lifecycle import HELD_DOMAINS, DomainEvent, DomainState, IllegalMoveError
from api.notices import outbox
from api.piccolo_conf import DB
from api.tables import OrderDomain

MOST = 200
LONGEST_NAME = 253
"""RFC 1035; what is longer is no name, and has no room."""
APPLIED, NOTED, FOR_STAFF = "APPLIED", "NOTED", "UNCLEAR"

LATER: Mapping[News, DomainEvent] = MappingProxyType({
    News.LEAVING: DomainEvent.LEAVE_ASKED,
    News.LEFT: DomainEvent.LEFT,
    News.STAYED: DomainEvent.KEPT,
    News.EXPIRING: DomainEvent.EXPIRY_NEAR,
    News.ON_HOLD: DomainEvent.HELD,
    News.RELEASED: DomainEvent.RELEASED,
})  # fmt: skip
"""What happens to domains that are with us."""

ANSWERS = frozenset({News.REGISTERED, News.TRANSFERRED, News.REFUSED})
"""What answers a trade of ours."""

log = logging.getLogger("ankunft.domains")


async def poll(desk: Desk) -> int:
    """Take the messages that wait; return how many there were.

    Raises:
        RegistrarUnavailableError: the registry is away; what was taken and not acknowledged comes again.
    """
    taken = 0
    while taken < MOST:
        message = await desk.registrar.poll()
        if message is None:
            lease = RegistryLease.registry == desk.registrar.name
            await RegistryLease.update({RegistryLease.drained_at: datetime.now(UTC)}).where(lease)
            return taken
        await take(desk, message)
        await desk.registrar.acknowledge(message.id)
        taken += 1
    return taken


async def take(desk: Desk, message: Message) -> None:
    """Keep *message* and do what it says, once; what cannot be done is kept for staff."""
    message = await _fit(desk, message)
    try:
        async with DB.transaction():
            kept = await _keep(desk, message)
            domain, result = await _apply(desk, message)
            if result == FOR_STAFF:
                await _tell(desk, message, domain)
            values: dict[Any, Any] = {RegistryMessage.domain: domain and domain["id"], RegistryMessage.result: result}
            await RegistryMessage.update(values).where(RegistryMessage.id == kept)
    except Exception as error:
        if is_unavailable(error):
            raise
        if is_conflict(error) and (before := await _kept(desk, message)):
            if not _is_another(message, before):
                return  # it came again: taken before, its acknowledgement was lost
            await _set_aside(before)
            await take(desk, message)
            return
        log.error("message %s of %s: %s", message.id, desk.registrar.name, type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
        async with DB.transaction():
            await _keep(desk, message)
            await _tell(desk, message, None)


async def _fit(desk: Desk, message: Message) -> Message:
    """Return *message* as it may be kept: its words without the domain's auth code, which a registry may quote."""
    name = message.name and message.name[:LONGEST_NAME]
    code = trades.code_of(await _held(name) or {}, desk.equipment)
    return replace(message, name=name, text=message.text.replace(code, "…") if code else message.text)


async def _held(name: str | None) -> dict[str, Any] | None:
    domain = await OrderDomain.select().where(OrderDomain.held_name == name).first() if name else None
    return None if domain is None else dict(domain)


async def _kept(desk: Desk, message: Message) -> dict[str, Any] | None:
    known = (RegistryMessage.registry == desk.registrar.name) & (RegistryMessage.message_id == message.id[:64])
    row = await RegistryMessage.select().where(known).first()
    return None if row is None else dict(row)


def _is_another(message: Message, before: Mapping[str, Any]) -> bool:
    """Return whether the registry gave the number of a message *before* to this one, which says something else."""
    said = (message.kind.value, message.name, message.text[: trades.MOST_WORDS])
    return bool(message.at != before["queued_at"] and said != (before["kind"], before["name"], before["words"]))


async def _set_aside(row: Mapping[str, Any]) -> None:
    """Let the registry have the number of a kept message again."""
    number = f"{row['message_id'][:40]}@{row['queued_at']:%Y%m%dT%H%M%S%f}"
    await RegistryMessage.update({RegistryMessage.message_id: number}).where(RegistryMessage.id == row["id"])


async def _keep(desk: Desk, message: Message) -> int:
    row = RegistryMessage(
        registry=desk.registrar.name, message_id=message.id[:64], kind=message.kind.value, name=message.name,
        result=FOR_STAFF, words=message.text[: trades.MOST_WORDS], queued_at=message.at, taken_at=datetime.now(UTC),
    )  # fmt: skip
    return int((await RegistryMessage.insert(row).returning(RegistryMessage.id))[0]["id"])


async def _apply(desk: Desk, message: Message) -> tuple[dict[str, Any] | None, str]:
    if message.kind is News.LOW_BALANCE:
        await alarms.tell_of_registry(desk.registrar.name, "low_balance")
        return None, NOTED
    domain = await _held(message.name)
    if domain is None:
        return None, FOR_STAFF  # our account there, a name that staff gave up, one from before: only a person knows
    if await _is_foreign(domain, message):
        return domain, FOR_STAFF
    try:
        return domain, await _move(desk, domain, message)
    except IllegalMoveError:
        return domain, FOR_STAFF


async def _is_foreign(domain: Mapping[str, Any], message: Message) -> bool:
    """Return whether *message* answers a transaction that is none of the domain's."""
    if message.transaction_id is None or message.kind not in ANSWERS:
        return False
    trade = await trades.last(domain["id"])
    return trade is None or trade["transaction_id"] != message.transaction_id


async def _is_of_another_try(domain: Mapping[str, Any], message: Message) -> bool:
    """Return whether a refusal was queued before the present try began: that one is asked about in any case."""
    trade = await trades.last(domain["id"])
    return message.transaction_id is None and trade is not None and message.at < trade["created_at"]


async def _move(desk: Desk, domain: dict[str, Any], message: Message) -> str:
    state, system = DomainState(domain["state"]), journal.SYSTEM
    match message.kind:
        case News.REGISTERED | News.TRANSFERRED:
            if state in HELD_DOMAINS:
                return NOTED  # it was looked up before
            if message.kind.value != registration.confirmation(domain["action"]).value:
                return FOR_STAFF
            await settling.confirm(domain, desk.refresh, Done(message.expires_at), actor=system)
        case News.REFUSED:
            if state is DomainState.REFUSED or await _is_of_another_try(domain, message):
                return NOTED
            await settling.refuse(domain, Refused(message.reason or Reason.POLICY, message.text), actor=system)
        case News.LEFT:
            await settling.release(domain, DomainEvent.LEFT, desk.refresh, actor=system)
        case News.OTHER:
            return FOR_STAFF
        case _:
            until = None if message.expires_at is None else message.expires_at.date().isoformat()
            await registration.move(domain, LATER[message.kind], actor=system, said={"until": until})
    return APPLIED


async def _tell(desk: Desk, message: Message, domain: Mapping[str, Any] | None) -> None:
    written = await journal.write(
        subject="registry", subject_id=desk.registrar.name, order=None if domain is None else domain["order"],
        event="MESSAGE_UNCLEAR", actor=journal.SYSTEM,
        facts={"message": message.id[:64], "kind": message.kind, "name": message.name},
    )  # fmt: skip
    said = {"what": "message", "registry": desk.registrar.name, "message": message.id[:64], "name": message.name or ""}
    await outbox.tell("staff_registry", None, written, said)
