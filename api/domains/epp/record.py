"""The record of what is said between us and registries."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from api.domains.epp.exchange import Exchange, Record
from api.domains.epp.markup import Element, find, text
from api.domains.epp.messages import named
from api.domains.epp.redaction import redacted
from api.domains.epp.reply import Code
from api.domains.epp.tables import RegistryFrame

KEPT_FOR = timedelta(days=90)
UNREMARKABLE = frozenset({"check domain", "login", "logout"})
"""Commands of which only the failures are kept."""
MOST_SHOWN = 200

log = logging.getLogger("ankunft.registry")


CodeOf = Callable[[str], Awaitable[str | None]]
"""Says which auth code a domain waits with: a registry may quote it where we did not send it."""


async def none(_: str) -> str | None:
    """Know no code."""
    return None


def recorder(registry: str, code_of: CodeOf = none) -> Record:
    """Return what keeps the exchanges with *registry*; a failure of it ends in the log, never in an order."""

    async def keep(exchange: Exchange) -> None:
        try:
            row = await _row(registry, exchange, code_of)
            if row is not None:
                await RegistryFrame.insert(row)
        except Exception as error:  # noqa: BLE001 (the order goes on, whatever becomes of its record)
            log.error("an exchange with %s was not kept: %s", registry, type(error).__name__)  # noqa: TRY400 (one line)

    return keep


async def frames_about(subject: str) -> Sequence[Mapping[str, Any]]:
    """Return what was said about a domain, contact or host, the newest last."""
    found = (
        await RegistryFrame.select()
        .where(RegistryFrame.subject == subject)
        .order_by(RegistryFrame.id, ascending=False)
        .limit(MOST_SHOWN)
    )
    return found[::-1]


async def forget_old(now: datetime) -> None:
    """Delete what is older than anybody asks for."""
    await RegistryFrame.delete().where(RegistryFrame.at < now - KEPT_FOR)


async def _row(registry: str, exchange: Exchange, code_of: CodeOf) -> RegistryFrame | None:
    command = find(exchange.command, "epp:command")
    assert command is not None
    verb = command[0]
    subject = verb[0] if len(verb) and verb[0].prefix else None
    kind = "" if subject is None else subject.prefix
    name = " ".join(filter(None, (_local(verb), kind, verb.get("op"))))
    good = isinstance(exchange.result, int) and exchange.result < 2000  # noqa: PLR2004 (RFC 5730 §3)
    if exchange.result == Code.EMPTY_QUEUE or (name in UNREMARKABLE and good):
        return None
    about = _subject(subject, exchange.answer)
    code = await code_of(about) if about else None
    sent, received = redacted(exchange.command, exchange.answer, secrets={code} if code else ())
    return RegistryFrame(
        at=exchange.at,
        registry=registry,
        command=name,
        subject=about,
        transaction_id=text(command, "epp:clTRID"),
        result=str(exchange.result),
        sent=sent,
        received=received,
    )


def _subject(subject: Element | None, answer: Element | None) -> str | None:
    """Return what a command is about; a message says so in its answer, or in its words."""
    if subject is not None and len(subject):
        return text(subject[0], ".").lower()[:253] or None
    name = named(answer, text(answer, "epp:response/epp:msgQ/epp:msg"))
    return name and name[:253]


def _local(element: Element) -> str:
    return str(etree.QName(element).localname)
