"""Sources outside our own records, each asked within a time limit. One that is not set or does not answer is a note."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import maxminddb

from api.intake.risk import maildomains, vies
from api.settings import Settings, SettingsError

T = TypeVar("T")

NOT_SET = "not set"
NO_ANSWER = "no answer"
AT_ONCE = 4

log = logging.getLogger("ankunft.risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who can be asked; None where the operator set nobody."""

    #: Domain → takes_mail, takes_none, absent.
    mail_domain: Callable[[str], Awaitable[str]] | None = None
    #: VAT number → whether it was given out.
    vat_id: Callable[[str], Awaitable[bool]] | None = None
    #: IP address → ISO 3166-1, None if it is nobody's.
    ip_country: Callable[[str], str | None] | None = None
    #: Domain → available, taken, unknown; the room of domains hands it in.
    availability: Callable[[str], Awaitable[str]] | None = None
    #: Rows of customers → whether one of them left an invoice unpaid; billing hands it in.
    unpaid: Callable[[Collection[int]], Awaitable[bool]] | None = None
    #: How long one answer is waited for.
    timeout_s: float = 1.0


NOBODY = Sources()


def sources(
    settings: Settings,
    *,
    availability: Callable[[str], Awaitable[str]] | None = None,
    unpaid: Callable[[Collection[int]], Awaitable[bool]] | None = None,
) -> Sources:
    """Return the sources that the operator set, and those that other rooms hand in.

    Raises:
        SettingsError: the file with the countries of addresses, or the name of a resolver, cannot be used.
    """
    risk = settings.risk
    return Sources(
        mail_domain=partial(maildomains.asked, maildomains.resolver(risk.resolvers)) if risk.resolvers else None,
        vat_id=partial(vies.asked, risk.vies_url) if risk.vies_url else None,
        ip_country=None if risk.country_database is None else _countries(str(risk.country_database)),
        availability=None if availability is None else few_at_once(availability),
        unpaid=unpaid,
        timeout_s=risk.source_timeout_s,
    )


def few_at_once(source: Callable[[str], Awaitable[str]]) -> Callable[[str], Awaitable[str]]:
    """Return *source* asked a few questions at once, each to its end, also when nobody waits for the answer any more.

    A registry's session serves real orders too: a flood must not fill it, nor a time limit tear it down.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def asked(question: str) -> str:
        await gate.acquire()
        running = asyncio.ensure_future(source(question))
        running.add_done_callback(ended)
        return await asyncio.shield(running)

    def ended(done: asyncio.Future[str]) -> None:
        gate.release()
        if not done.cancelled():
            done.exception()  # looked at, where nobody waits any more

    return asked


class Asking:
    """The questions of one check, and the notes on those that nobody answered."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.notes: list[str] = []

    async def ask(self, about: str, source: Callable[[Any], Awaitable[T]] | None, question: Any) -> T | None:
        """Return the answer of *source*, or note why there is none. No question, no note."""
        if question is None:
            return None
        if source is None:
            self.note(about, NOT_SET)
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await source(question)
        except Exception as error:  # noqa: BLE001 (a source that fails must not hold an order up)
            log.info("%s: no answer, %s", about, type(error).__name__)
            self.note(about, NO_ANSWER)
            return None

    def note(self, about: str, why: str) -> None:
        """Write down that nothing is known *about* something; once."""
        if (line := f"{about}: {why}") not in self.notes:
            self.notes.append(line)


def _countries(path: str) -> Callable[[str], str | None]:
    """Return the look-up in a MaxMind file, whose records differ by vendor."""
    try:
        database = maxminddb.open_database(path, maxminddb.MODE_AUTO)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise SettingsError(f"[risk] country_database: {path} is no MaxMind database that can be read") from error

    def country(address: str) -> str | None:
        record: Any = database.get(address) or {}
        code = record.get("country_code") or (record.get("country") or {}).get("iso_code")
        return str(code) if code else None

    return country
