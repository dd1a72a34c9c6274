"""A registry's messages (RFC 5730 §2.9.2.3), each told as the one thing that it means for a domain of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import idna
from msgspec.structs import replace

from api.domains.epp import transfers
from api.domains.epp.domains import state
from api.domains.epp.markup import DOMAIN, Element, epp, text
from api.domains.epp.reply import Queued, Reply
from api.domains.epp.transfers import Transfer
from api.domains.epp.verdicts import ENDINGS
from api.domains.registrar import Message, News, Reason
from api.registries import ELSE, Registries, registry_of

LOW_BALANCE = "http://www.verisign.com/epp/lowbalance-poll-1.0"
"""Verisign's own form, which others took over."""

WORDED: Mapping[str, News] = MappingProxyType({
    "low_balance": News.LOW_BALANCE,
    "expiring": News.EXPIRING,
    "on_hold": News.ON_HOLD,
    "released": News.RELEASED,
})  # fmt: skip
"""Key of `messages` in the registries' facts → what it is about."""

HOLDS = frozenset({"serverHold", "clientHold", "pendingDelete"})
NAME = re.compile(r"(?<![\w.@-])(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:[^\W\d_]{2,}|xn--[a-z0-9-]+)(?![\w-])", re.IGNORECASE)
"""In either spelling."""


def request() -> Element:
    """Ask for the head of the queue."""
    return epp("poll", op="req")


def acknowledgement(message_id: str) -> Element:
    """Take the head off the queue."""
    return epp("poll", op="ack", msgID=message_id)


def message(queued: Queued, answer: Reply, client_id: str, registries: Registries) -> Message:
    """Return what the head of the queue says; what is not understood is kept in its words."""
    plain = Message(id=queued.id, kind=News.OTHER, at=queued.at or datetime.now(UTC), text=queued.words)
    if decided := transfers.decision(answer.data):
        return replace(
            plain,
            kind=News.REGISTERED if decided.granted else News.REFUSED,
            reason=None if decided.granted else Reason.POLICY,
            name=decided.name,
            transaction_id=decided.transaction_id or None,
        )
    if moving := transfers.transfer(answer.data):
        kind, reason = _transfer(moving, client_id)
        return replace(plain, kind=kind, name=moving.name, reason=reason, expires_at=moving.expires_at)
    return _told(plain, answer, registries)


def _transfer(moving: Transfer, client_id: str) -> tuple[News, Reason | None]:
    if moving.gaining == client_id:
        if moving.approved:
            return News.TRANSFERRED, None
        reason = ENDINGS.get(moving.status)
        return (News.REFUSED, reason) if reason else (News.OTHER, None)
    if moving.losing != client_id:
        return News.OTHER, None
    if moving.approved:
        return News.LEFT, None
    return (News.LEAVING if moving.status == "pending" else News.STAYED), None


def _told(plain: Message, answer: Reply, registries: Registries) -> Message:
    """Return what is said in words, or by the state of a domain."""
    known = state(answer.data, answer.extension)
    if answer.data is not None and answer.data.find(f".//{{{LOW_BALANCE}}}pollData") is not None:
        kind = News.LOW_BALANCE
    elif known.statuses & HOLDS or known.grace & {"redemptionPeriod", "pendingDelete"}:
        kind = News.ON_HOLD
    else:
        kind = _worded(plain.text, named(answer.data, plain.text), registries)
    return replace(plain, kind=kind, name=named(answer.data, plain.text), expires_at=known.expires_at)


def _worded(said: str, name: str | None, registries: Registries) -> News:
    """Read *said* by the patterns of the registry of *name* and of no other; what names no domain, by all of them."""
    read_by = registries.values() if name is None else (registry_of(name, registries), registries[ELSE])
    for kind, news in WORDED.items():
        patterns = {pattern for registry in read_by for key, pattern in registry.messages.items() if key == kind}
        if any(re.search(pattern, said, re.IGNORECASE) for pattern in patterns):
            return news
    return News.OTHER


def named(data: Element | None, said: str) -> str | None:
    """Return the domain (A-label) that a message is about: out of its data, else the only one in its words."""
    found = None if data is None else data.find(f".//{{{DOMAIN}}}name")
    if found is not None:
        return _label(text(found, ".")) or text(found, ".").lower() or None
    names = {_label(match[0]) for match in NAME.finditer(said)} - {None}
    return names.pop() if len(names) == 1 else None


def _label(name: str) -> str | None:
    """Return *name* in the spelling of registries, None where it is no domain's."""
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None
