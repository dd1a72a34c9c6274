"""The driver `inwx`: the reseller behind the calls of every registrar. Its log says what became of an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api.domains.epp.contacts import voice
from api.domains.epp.reply import Code
from api.domains.epp.verdicts import REASONS
from api.domains.inwx import statuses
from api.domains.inwx.keys import change_keys
from api.domains.inwx.robot import LostError, Robot, Said, UnreachableError, time, words
from api.domains.registrar import (
    Availability,
    Done,
    Ds,
    FailedError,
    Holder,
    Message,
    News,
    NotTakenError,
    Outcome,
    Pending,
    Reason,
    Refused,
    RegistrarUnavailableError,
    Trade,
    Unknown,
)

#: Its clock is not told; so much may be between it and ours.
TOLERANCE = timedelta(minutes=1)
REFUSED_NEWS = frozenset({News.REFUSED})


class InwxRegistrar:
    """INWX, for all top-level domains it sells."""

    name = "inwx"
    by_hand = False

    def __init__(self, robot: Robot) -> None:
        self._robot = robot

    async def check(self, name: str) -> Availability:
        """Ask whether a name is free; -1 is INWX's word for not knowing."""
        try:
            answer = await self._ask("domain.check", domain=name)
        except RegistrarUnavailableError:
            return Availability.UNKNOWN
        found = answer.data.get("domain")
        first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
        known = {1: Availability.AVAILABLE, 0: Availability.TAKEN}
        return known.get(first.get("avail", -1), Availability.UNKNOWN) if answer.good else Availability.UNKNOWN

    async def order(self, trade: Trade) -> Outcome:
        """Have a contact, then send the one call that costs."""
        contact = await self._ask("contact.create", **_contact(trade.holder))
        if contact.code >= Code.FAILED:
            raise FailedError(f"inwx answered contact.create with {contact.code}")
        identity = contact.data.get("id")
        if not contact.good or not isinstance(identity, int | str):
            return Refused(Reason.POLICY, contact.words)
        roles = dict.fromkeys(("registrant", "admin", "tech", "billing"), int(identity))
        values: dict[str, Any] = {"domain": trade.name, "ns": list(trade.nameservers), **roles}
        if trade.action == "transfer":
            values["authCode"] = trade.auth_code
        else:
            values["period"] = f"{trade.years}Y"
        try:
            method = "domain.transfer" if trade.action == "transfer" else "domain.create"
            answer = await self._robot.call(method, trade.transaction_id, **values)
        except UnreachableError as error:
            raise RegistrarUnavailableError(f"inwx: {error}") from error
        except LostError as error:
            return Unknown(str(error))
        return await self._judge(trade, answer)

    async def look(self, trade: Trade) -> Outcome | None:
        """Read INWX's log since the trade began, then whether the name is there at all."""
        log = await self._ask("domain.log", domain=trade.name)
        if not log.good and log.code != Code.DOES_NOT_EXIST:
            raise FailedError(f"inwx answered domain.log with {log.code}")
        for entry in log.data.get("domain") or ():
            status, at = words(entry.get("status")), time(entry.get("date"))
            if status.startswith(statuses.ORDERS[trade.action]) and at and at >= trade.since - TOLERANCE:
                return await self._ended(trade, status, words(entry.get("userText")))
        known = await self._ask("domain.info", domain=trade.name)
        if known.good:
            return self._held(trade, known)
        match await self.check(trade.name):
            case Availability.UNKNOWN:
                raise FailedError("inwx: it does not know the name now")
            case Availability.TAKEN if trade.action == "register":
                return Refused(Reason.TAKEN)
            case Availability.AVAILABLE if trade.action == "transfer":
                return Refused(Reason.NOT_REGISTERED)
        return None

    async def cancel(self, trade: Trade) -> Outcome:
        """Take a transfer back."""
        if trade.action == "transfer" and (await self._ask("domain.transfercancel", domain=trade.name)).good:
            return Refused(Reason.REJECTED, "cancelled")
        return await self.look(trade) or Refused(Reason.REJECTED, "INWX has no such order")

    async def answer(self, name: str, *, agree: bool) -> None:
        """Leave it to INWX's own pages."""
        del agree
        raise NotTakenError(f"INWX wants the answer for {name} on its own pages; then say kept or left")

    async def renew(self, name: str, before: datetime) -> datetime:
        """Leave it to INWX, which renews by itself unless it was told not to."""
        answer = await self._taken("domain.info", domain=name)
        expires = time(answer.data.get("exDate"))
        if expires is None or expires < before:
            raise NotTakenError(f"INWX has not renewed {name} yet; its pages say whether it will")
        return expires

    async def delegate(self, name: str, nameservers: Sequence[str], ds: Sequence[Ds]) -> None:
        """Compare with what INWX has, and change what differs."""
        answer = await self._taken("domain.info", domain=name)
        if {str(one).lower() for one in answer.data.get("ns") or ()} != {one.lower() for one in nameservers}:
            await self._taken("domain.update", domain=name, ns=list(nameservers))
        await change_keys(self._taken, name, ds)

    async def poll(self) -> Message | None:
        """Read the head of the queue and leave it there."""
        answer = await self._good("message.poll")
        told = answer.data.get("msg")
        told = told[0] if isinstance(told, list) and told else told
        if answer.code == Code.EMPTY_QUEUE or not isinstance(told, dict) or not told.get("id"):
            return None
        status, details = words(told.get("status")), words(told.get("statusDetails"))
        kind = statuses.NEWS.get(status, News.OTHER)
        return Message(
            id=str(told["id"]),
            kind=kind,
            at=time(told.get("date")) or datetime.now(UTC),
            name=words(told.get("object")).lower() or None,
            reason=statuses.reason(status, details) if kind in REFUSED_NEWS else None,
            text=": ".join(filter(None, (status, details))),
        )

    async def acknowledge(self, message_id: str) -> None:
        """Take a message off the queue; what is gone already is gone."""
        answer = await self._ask("message.ack", id=int(message_id))
        if not answer.good and answer.code != Code.DOES_NOT_EXIST:
            raise RegistrarUnavailableError(f"inwx answered message.ack with {answer.code}")

    async def close(self) -> None:
        """End the session."""
        await self._robot.close()

    async def _judge(self, trade: Trade, answer: Said) -> Outcome:
        if answer.code == Code.PENDING:
            return Pending(answer.reference)
        if answer.good:
            return await self._done(trade.name)
        if answer.code >= Code.FAILED:
            return Unknown(f"INWX answered {answer.code}")
        text = answer.words.replace(trade.auth_code, "…") if trade.auth_code else answer.words
        refused = Refused(REASONS[trade.action].get(answer.code, Reason.POLICY), text)
        if answer.code in {Code.EXISTS, Code.PENDING_TRANSFER}:
            try:
                return await self.look(trade) or refused
            except RegistrarUnavailableError as error:
                return Unknown(str(error))
        return refused

    async def _ended(self, trade: Trade, status: str, details: str) -> Outcome:
        match statuses.NEWS.get(status):
            case News.REGISTERED | News.TRANSFERRED:
                return await self._done(trade.name)
            case News.REFUSED:
                return Refused(statuses.reason(status, details), f"{status}: {details}")
        return Pending()

    def _held(self, trade: Trade, known: Said) -> Outcome:
        """Return what an order came to that the log does not know, when the name is ours: its age decides."""
        made_at = time(known.data.get("crDate"))
        if trade.action == "register" and made_at and made_at >= trade.since - TOLERANCE:
            return Done(time(known.data.get("exDate")), words(known.data.get("roId")) or None)
        return Refused(Reason.TAKEN, "it was ours before")

    async def _done(self, name: str) -> Done:
        """Return a domain that is ours; when it expires is asked for, and may stay unknown."""
        try:
            known = (await self._ask("domain.info", domain=name)).data
        except RegistrarUnavailableError:
            return Done()
        return Done(time(known.get("exDate")), words(known.get("roId")) or None)

    async def _ask(self, method: str, **values: Any) -> Said:
        try:
            return await self._robot.call(method, **values)
        except UnreachableError as error:
            raise RegistrarUnavailableError(f"inwx: {error}") from error
        except LostError as error:
            raise FailedError(f"inwx: {error}") from error

    async def _good(self, method: str, **values: Any) -> Said:
        answer = await self._ask(method, **values)
        if not answer.good:
            raise FailedError(f"inwx answered {method} with {answer.code}")
        return answer

    async def _taken(self, method: str, **values: Any) -> Said:
        """Return the answer to a call about a domain that is ours."""
        answer = await self._ask(method, **values)
        if answer.code >= Code.FAILED:
            raise FailedError(f"inwx answered {method} with {answer.code}")
        if not answer.good:
            raise NotTakenError(f"inwx answered {method} with {answer.code}: {answer.words}")
        return answer


def _contact(holder: Holder) -> dict[str, Any]:
    """Return a contact as INWX wants it; the same again gives the same id."""
    values = {
        "type": "ORG" if holder.company else "PERSON",
        "name": holder.name,
        "org": holder.company,
        "street": holder.street,
        "city": holder.city,
        "pc": holder.postal_code,
        "cc": holder.country,
        "voice": voice(holder.phone),
        "email": holder.email,
    }
    return {name: value for name, value in values.items() if value is not None}
