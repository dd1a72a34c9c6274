"""What people decide about a domain: staff vouch, retry, resolve, give up; the customer corrects an auth code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from api import journal
from api.allowances import TooSoonError, until_tomorrow_s
from api.domains import alarms, polling, registration, settling, trades
from api.domains.desk import Refresh
from api.domains.drivers import Nobody
from api.domains.registrar import Done, Reason, Refused
from api.domains.tables import RegistryMessage
from api.equipment import Equipment
from api.identity import NotThereError
from api.lifecycle import DomainEvent, DomainState, IllegalMoveError
from api.piccolo_conf import DB
from api.tables import Journal

MOST_CORRECTIONS = 10
"""A day, per domain: each one asks the registry, and a code must not be guessed."""

RESOLUTIONS: Mapping[str, DomainEvent] = MappingProxyType({
    "retry": DomainEvent.RETRIED,
    "refused": DomainEvent.REFUSED,
    "give-up": DomainEvent.GIVEN_UP,
    "cancel": DomainEvent.CANCELLED,
    "released": DomainEvent.RELEASED,
    "kept": DomainEvent.KEPT,
    "left": DomainEvent.LEFT,
})  # fmt: skip
"""What staff may say of a domain, beside vouching for it."""


async def vouch(name: str, refresh: Refresh, *, actor: str) -> DomainState:
    """Confirm the domain *name* (A-label) in place of the registrar; return its new state.

    Raises:
        NoDomainError: no accepted order holds it.
        IllegalMoveError: it was confirmed before, or given up.
    """
    row = await registration.held(name)
    async with DB.transaction():
        done = await settling.confirm(row, refresh, Done(), actor=actor)
    return DomainState(done["state"])


async def resolve(name: str, how: str, refresh: Refresh, *, actor: str) -> DomainState:
    """Say for the registry what became of the domain *name*, or have it tried again; see `RESOLUTIONS`.

    Raises:
        NoDomainError: no accepted order holds it.
        IllegalMoveError: that does not fit the state it is in.
    """
    row, event = await registration.held(name), RESOLUTIONS[how]
    async with DB.transaction():
        if event is DomainEvent.REFUSED:
            done = await settling.refuse(row, Refused(Reason.POLICY), actor=actor)
        elif event in {DomainEvent.GIVEN_UP, DomainEvent.CANCELLED, DomainEvent.LEFT}:
            done = await settling.release(row, event, refresh, actor=actor)
        else:
            done = await registration.move(row, event, actor=actor)
    return DomainState(done["state"])


async def note(message_id: str, *, actor: str) -> None:
    """Take an unclear message of a registry off the list of those that need a person.

    Raises:
        NotThereError: there is none of that id.
    """
    unclear = (RegistryMessage.message_id == message_id) & (RegistryMessage.result == polling.FOR_STAFF)
    async with DB.transaction():
        noted = await RegistryMessage.update({RegistryMessage.result: polling.NOTED}).where(unclear).returning(
            RegistryMessage.registry
        )  # fmt: skip
        if not noted:
            raise NotThereError("no message of that id waits for a person")
        for row in noted:
            await journal.write(
                subject="registry", subject_id=row["registry"], event="MESSAGE_NOTED", actor=actor,
                facts={"message": message_id},
            )  # fmt: skip


async def correct(equipment: Equipment, order_id: int, name: str, auth_code: str, *, actor: str) -> DomainState:
    """Take another auth code for the refused transfer of *name*, and have it ordered again.

    Raises:
        NoDomainError: order *order_id* holds no such domain.
        IllegalMoveError: it is no transfer that was refused.
        TooSoonError: ten today are enough.
    """
    row = await registration.held(name)
    if row["order"] != order_id:
        raise registration.NoDomainError("this order holds no such domain")
    if row["action"] != "transfer":
        raise IllegalMoveError("a registration has no auth code")
    since = datetime.now(UTC) - timedelta(days=1)
    corrections = (Journal.subject == "domain") & (Journal.subject_id == name) & (Journal.at > since)
    if await Journal.count().where(corrections, Journal.event == DomainEvent.CORRECTED.value) >= MOST_CORRECTIONS:
        raise TooSoonError(
            "the code was changed often enough today; please call us", until_tomorrow_s(datetime.now(UTC))
        )
    sealed = equipment.seal.seal(trades.AUTH_CODE, auth_code)
    async with DB.transaction():
        done = await registration.move(row, DomainEvent.CORRECTED, actor=actor, auth_code_sealed=sealed)
        if equipment.settings.hosting.registrar == Nobody.name:
            await alarms.by_hand(done)
    return DomainState(done["state"])
