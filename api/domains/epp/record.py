"""The record of what is said between us and registries."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from api.domains.epp.exchange import Exchange, Record
from api.domains.epp.markup import DOMAIN, Element, find, text
from api.domains.epp.redaction import redacted
from api.domains.epp.reply import Code
from api.domains.epp.tables import RegistryFrame

KEPT_FOR = timedelta(days=90)
UNREMARKABLE = frozenset({"check domain", "login", "logout"})
"""Commands of which only the failures are kept."""
MOST_SHOWN = 200

log = logging.getLogger("ankunft.registry")


def recorder(registry: str) -> Record:
    """Return what keeps the exchanges with *registry*; a failure of it ends in the log, never in an order."""

    async def keep(exchange: Exchange) -> None:
        try:
            row = _row(registry, exchange)
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


def _row(registry: str, exchange: Exchange) -> RegistryFrame | None:
    command = find(exchange.command, "epp:command")
    assert command is not None
    verb = command[0]
    subject = verb[0] if len(verb) and verb[0].prefix else None
    kind = "" if subject is None else subject.prefix
    name = " ".join(filter(None, (_local(verb), kind, verb.get("op"))))
    good = isinstance(exchange.result, int) and exchange.result < 2000  # noqa: PLR2004 (RFC 5730 §3)
    if exchange.result == Code.EMPTY_QUEUE or (name in UNREMARKABLE and good):
        return None
    sent, received = redacted(exchange.command, exchange.answer)
    return RegistryFrame(
        at=exchange.at,
        registry=registry,
        command=name,
        subject=_subject(subject, exchange.answer),
        transaction_id=text(command, "epp:clTRID"),
        result=str(exchange.result),
        sent=sent,
        received=received,
    )


def _subject(subject: Element | None, answer: Element | None) -> str | None:
    """Return what a command is about; a message says so in its answer."""
    found = subject[0] if subject is not None and len(subject) else None
    if found is None and answer is not None:
        found = answer.find(f".//{{{DOMAIN}}}name")
    return None if found is None else text(found, ".").lower()[:253] or None


def _local(element: Element) -> str:
    return str(etree.QName(element).localname)
