"""The driver `epp`: a registry that speaks EPP, behind the calls of every registrar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from api.domains.epp import domains, messages, verdicts
from api.domains.epp.access import Account
from api.domains.epp.asking import Asking
from api.domains.epp.delegation import change
from api.domains.epp.exchange import Record, forget
from api.domains.epp.markup import SECDNS, Element, UnsendableError, time
from api.domains.epp.preparation import HostRefusedError, Preparation, RefusedError, fresh_code
from api.domains.epp.reply import Code, Reply
from api.domains.epp.session import LostError, Session, UnreachableError
from api.domains.registrar import (
    Availability,
    Ds,
    FailedError,
    Message,
    NotTakenError,
    Outcome,
    Reason,
    Refused,
    RegistrarUnavailableError,
    Trade,
    Unknown,
)
from api.registries import Registries, Registry, registry_of

UNCERTAIN = frozenset({Code.EXISTS, Code.PENDING_TRANSFER, Code.NOT_TRANSFERABLE, Code.STATUS_PROHIBITS})
"""Refusals that may say only that the same trade was carried out before, or whose reason stands in the domain."""


class EppRegistrar:
    """One session with one registry, or with a gateway to many."""

    by_hand = False

    def __init__(self, name: str, account: Account, registries: Registries, record: Record = forget) -> None:
        self.name = name
        self._client_id = account.sponsor
        self._registries = registries
        self._session = Session(account, record)
        self._asking = Asking(name, self._session, account.sponsor)
        self._preparation = Preparation(self._asking, account.sponsor)

    async def check(self, name: str) -> Availability:
        """Ask whether a name is free; who cannot answer is not taken to say yes."""
        try:
            answer = await self._asking.ask(domains.check(name))
        except (RegistrarUnavailableError, UnsendableError):
            return Availability.UNKNOWN
        free = domains.available(answer.data, name)
        if free is None:
            return Availability.UNKNOWN
        return Availability.AVAILABLE if free else Availability.TAKEN

    async def order(self, trade: Trade) -> Outcome:
        """Have contact and hosts, then send the one command that costs."""
        registry = registry_of(trade.name, self._registries)
        try:
            verb = await self._command(trade, registry)
        except HostRefusedError as error:
            return Refused(Reason.NAME_SERVERS, str(error))
        except (UnsendableError, RefusedError) as error:
            return Refused(Reason.POLICY, str(error))
        try:
            answer = await self._session.ask(verb, transaction_id=trade.transaction_id)
        except UnreachableError as error:
            raise RegistrarUnavailableError(f"{self.name}: {error}") from error
        except LostError as error:
            return Unknown(str(error))
        return _without(trade.auth_code, await self._judge(trade, answer, registry))

    async def look(self, trade: Trade) -> Outcome | None:
        """Ask for the domain, and for its latest transfer where that decides."""
        return await self._asking.look(trade)

    async def cancel(self, trade: Trade) -> Outcome:
        """Take a pending transfer back; a create cannot be."""
        if trade.action == "transfer":
            answer = await self._asking.ask(domains.transfer("cancel", trade.name))
            if answer.good:
                return Refused(Reason.REJECTED, answer.words)
        return await self._asking.look(trade) or Refused(Reason.REJECTED, "the registry has no such order")

    async def answer(self, name: str, *, agree: bool) -> None:
        """Approve or reject the transfer of a domain of ours."""
        await self._taken(domains.transfer("approve" if agree else "reject", name))

    async def renew(self, name: str, before: datetime) -> datetime:
        """Ask when it expires, and prolong it from that day on."""
        known = await self._taken(domains.info(name))
        expires = domains.state(known.data, known.extension).expires_at
        if expires is None:
            raise NotTakenError(f"{self.name} does not say when {name} expires")
        if expires >= before:
            return expires
        years = registry_of(name, self._registries).periods_years[0]
        renewed = await self._taken(domains.renew(name, expires.date(), years))
        return time(renewed.data, "domain:renData/domain:exDate") or expires

    async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
        """Compare with what the registry has, and change what differs."""
        registry = registry_of(name, self._registries)
        answer = await self._taken(domains.info(name))
        speakable = ds if SECDNS in self._session.services else ()
        needed = change(domains.state(answer.data, answer.extension), nameservers, speakable, registry)
        if needed is None:
            return
        if registry.hosts == "objects":
            try:
                await self._preparation.have_hosts(nameservers)
            except HostRefusedError as error:
                raise NotTakenError(f"{self.name} refused a name server: {error}") from error
        await self._taken(*needed)

    async def poll(self) -> Message | None:
        """Read the head of the queue and leave it there."""
        answer = await self._asking.good(messages.request())
        if answer.code == Code.EMPTY_QUEUE:
            return None
        if answer.queued is None:
            raise RegistrarUnavailableError(f"{self.name} answered poll with {answer.code} and no message")
        return messages.message(answer.queued, answer, self._client_id, self._registries)

    async def acknowledge(self, message_id: str) -> None:
        """Take a message off the queue; what is gone already is gone."""
        answer = await self._asking.ask(messages.acknowledgement(message_id))
        if not answer.good and answer.code != Code.DOES_NOT_EXIST:
            raise RegistrarUnavailableError(f"{self.name} answered poll with {answer.code}")

    async def close(self) -> None:
        """Log out."""
        await self._session.close()

    async def _taken(self, verb: Element, extension: Element | None = None) -> Reply:
        """Return the answer to a command about a domain that is ours."""
        answer = await self._asking.ask(verb, extension)
        if answer.closing:
            raise FailedError(f"{self.name} answered {answer.code}")
        if not answer.good:
            self._preparation.forget()
            raise NotTakenError(f"{self.name} answered {answer.code}: {answer.words}")
        return answer

    async def _command(self, trade: Trade, registry: Registry) -> Element:
        if trade.action == "transfer":
            return domains.transfer("request", trade.name, trade.auth_code, 1 if registry.transfer_adds_year else None)
        contacts, nameservers = await self._preparation.prepare(trade, registry)
        return domains.create(trade.name, trade.years, nameservers, contacts, fresh_code())

    async def _judge(self, trade: Trade, answer: Reply, registry: Registry) -> Outcome:
        """Say what the answer to an order means."""
        if answer.good:
            return verdicts.requested(answer) if trade.action == "transfer" else verdicts.created(answer)
        verdict = verdicts.refusal(answer, trade.action, registry)
        if answer.code == Code.DOES_NOT_EXIST:
            self._preparation.forget()
        if isinstance(verdict, Refused) and answer.code in UNCERTAIN:
            try:
                return await self._asking.look_again(trade, verdict)
            except RegistrarUnavailableError as error:
                return Unknown(str(error))
        return verdict


def _without(secret: str | None, outcome: Outcome) -> Outcome:
    """Return *outcome* without the auth code, which a registry may quote in its words."""
    if secret and isinstance(outcome, Refused) and secret in outcome.text:
        return msgspec.structs.replace(outcome, text=outcome.text.replace(secret, "…"))
    return outcome
