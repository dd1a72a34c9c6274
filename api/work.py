"""The worker: loops beside the API that check, send, watch and register. Each goes on whatever happens to one step."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from api import allowances
from api.activation.changed import domains_changed
from api.activation.contracts import document as contract
from api.activation.contracts.filing import file_received
from api.activation.contracts.keeping import end_old_notes, forget_rejected, tell_nearly_full
from api.activation.correction import send_wanted
from api.activation.endings import lapse_due
from api.activation.reminders import remind_due
from api.activation.reviews import tell_overdue
from api.billing import issuing, pricelist
from api.billing.documents import mailing
from api.billing.receivables import movements
from api.customers import asking, duplicates, links
from api.domains.availability import Availabilities
from api.domains.desk import Desk
from api.domains.drivers import DRIVERS
from api.domains.epp import record
from api.domains.office import Office
from api.domains.registrar import Registrar
from api.domains.zones.nameservers import name_servers
from api.engine import opened
from api.equipment import Equipment, equip
from api.intake.risk import traces
from api.intake.risk.sources import sources as risk_sources
from api.intake.screening import screen_waiting
from api.notices.delivery import deliver_due
from api.notices.facts import Papers, Sources
from api.notices.parked import tell_parked
from api.piccolo_conf import DB
from api.provisioning import draws, jobs, signer
from api.provisioning.whereabouts import whereabouts
from api.settings import Settings
from api.shop.page import order_page

ENDS_WITHIN_S = 3.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0

PAPERS: Mapping[str, Papers] = MappingProxyType({
    "order_offered": contract.papers,
    "order_reminder": contract.papers,
    "invoice_issued": mailing.papers,
    "credit_note_issued": mailing.papers,
})  # fmt: skip
"""Kind of mail → the documents that go with it; the room that makes them adds its line."""

log = logging.getLogger("ankunft.work")


class Loop(NamedTuple):
    """Something that is done again and again."""

    name: str
    step: Callable[[], Awaitable[object]]
    every_s: float
    #: Done once at the end.
    end: Callable[[], Awaitable[object]] | None = None


def office_of(equipment: Equipment, registrar: Registrar) -> Office:
    """Return who orders domains, keeps their zones and reads the registry's messages."""
    desk = Desk(registrar, equipment, partial(domains_changed, equipment))
    return Office(desk, name_servers(equipment.settings.dns), whereabouts)


def loops(equipment: Equipment) -> Sequence[Loop]:
    """Return all that a worker does. Any number of workers may do it at once: each row is claimed."""
    sources = Sources(page=partial(order_page, equipment.settings), papers=PAPERS)
    registrar = DRIVERS[equipment.settings.hosting.registrar](equipment)
    office = office_of(equipment, registrar)
    names = Availabilities(equipment, registrar)
    asked = risk_sources(equipment.settings, availability=names.of, unpaid=movements.left_unpaid)
    keep_traces = timedelta(days=equipment.settings.risk.traces_days)
    return (
        Loop("checks", lambda: screen_waiting(equipment, asked), 0.25, names.close),
        Loop("codes", lambda: deliver_due(equipment, sources, "sms"), 0.25),
        Loop("corrections", lambda: send_wanted(equipment), 0.5),
        Loop("mails", lambda: deliver_due(equipment, sources, "mail"), 0.25),
        Loop("parked mails", lambda: tell_parked(datetime.now(UTC)), 60),
        Loop("leases", lambda: jobs.end_leases(datetime.now(UTC)), 0.5),
        Loop("room", draws.look_for_room, 0.5),
        Loop("domains", office.work, 0.5, office.close),
        Loop("documents", lambda: issuing.issue_left_over(equipment.settings.templates.folder), 5),
        Loop("price list", lambda: pricelist.keep(equipment.catalogue), 3600),
        Loop("returns", lambda: file_received(equipment), 0.25),
        Loop("kept returns", lambda: forget_rejected(equipment), 3600),
        Loop(
            "room for returns",
            lambda: tell_nearly_full(equipment.settings.returns.most_waiting_mib, datetime.now(UTC)),
            300,
        ),
        Loop("old notes", end_old_notes, 60),
        Loop("offers", lapse_due, 30),
        Loop("reminders", lambda: remind_due(equipment.settings.orders), 60),
        Loop(
            "reviews", lambda: tell_overdue(equipment.settings.orders.review_alarm_after_hours, datetime.now(UTC)), 60
        ),
        Loop("traces", lambda: traces.forget(keep_traces), 60),
        Loop("links", lambda: asking.answer_waiting(equipment), 0.5),
        Loop("old links", lambda: links.forget_old(datetime.now(UTC)), 3600),
        Loop("doubles", lambda: duplicates.compare_new(equipment.seal), 5),
        Loop("frames", lambda: record.forget_old(datetime.now(UTC)), 3600),
        Loop("nonces", signer.forget_old, 30),
        Loop("allowances", lambda: allowances.forget_old(datetime.now(UTC)), 3600),
    )


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; a step that is under way may end within a few seconds."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines may hold the gateway's URL with its secrets
    equipment = equip(settings)
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, equipment.closing.set)
    async with opened(DB):
        tasks = [asyncio.create_task(keep_on(loop, equipment.closing), name=loop.name) for loop in loops(equipment)]
        await equipment.closing.wait()
        _, late = await asyncio.wait(tasks, timeout=ENDS_WITHIN_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    equipment.hashing.shutdown(wait=False, cancel_futures=True)


async def keep_on(loop: Loop, closing: asyncio.Event) -> None:
    """Run the steps of *loop* until *closing*; after a failure wait longer and longer, and go on."""
    failures = 0
    while not closing.is_set():
        try:
            await loop.step()
            failures = 0
        except Exception as error:  # noqa: BLE001 (the one broad catch: a loop survives any single failure)
            failures += 1
            log.error("%s failed, %d in a row: %s", loop.name, failures, type(error).__name__)  # noqa: TRY400 (its text may hold personal data)
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), pause_s(failures) if failures else loop.every_s)
    if loop.end is not None:
        with suppress(Exception):
            await loop.end()


def pause_s(failures: int) -> float:
    """Return the seconds to wait after so many *failures* in a row: doubling, capped, with jitter."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
