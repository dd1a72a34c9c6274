"""Whether the API lives, whether it can work, and a few numbers for those who watch it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec
from litestar import Response, get
from piccolo.columns.combination import WhereRaw
from piccolo.query.functions import Count

from api import allowances
from api.activation import budget
from api.activation.contracts.tables import Returned
from api.answers import TYPE, Problem, answer
from api.billing.receivables.tables import Unwritten
from api.billing.run import INVOICE_RUN
from api.billing.tables import Unissued
from api.described import described
from api.domains.tables import RegistryLease
from api.identity import Access
from api.migrations.history import missing
from api.notices.tables import Outbox
from api.provisioning.tables import Job
from api.tables import Journal, Order, OrderDomain

METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Health(msgspec.Struct, frozen=True):
    """All is well."""

    status: Literal["ok"] = "ok"


@get("/health/live", **described(Access.ANYONE, {200: Health}))
async def live() -> Health:
    """Tell that the process answers."""
    return Health()


@get("/health/ready", **described(Access.ANYONE, {200: Health}, problems=(503,)))
async def ready() -> Health | Response[bytes]:
    """Tell that the database is there and its history is complete."""
    if steps := await missing():
        detail = f"{len(steps)} steps of the database's history are missing; run `ankunft migrate`"
        return answer(Problem(f"{TYPE}not-ready", "Not ready", 503, detail=detail))
    return Health()


@get("/metrics", media_type=METRICS, **described(Access.ANYONE, {200: "text/plain"}))
async def metrics() -> str:
    """Count orders, jobs, mails, returned documents and domains by state, as Prometheus reads it."""
    lines = []
    for name, table in (
        ("orders", Order),
        ("jobs", Job),
        ("mails", Outbox),
        ("returns", Returned),
        ("domains", OrderDomain),
    ):
        lines += [f"# HELP ankunft_{name} Rows by state.", f"# TYPE ankunft_{name} gauge"]
        rows = await table.select(table.state, Count()).group_by(table.state)
        lines += [f'ankunft_{name}{{state="{row["state"]}"}} {row["count"]}' for row in rows]
    lines += [*await _registries(), *await _messages(), *await _billing()]
    return "\n".join(lines) + "\n"


async def _registries() -> list[str]:
    """Return when each registry's queue of messages was seen empty last: long ago = customers are not told."""
    name = "ankunft_registry_drained_timestamp_seconds"
    lines = [f"# HELP {name} When the queue of messages was seen empty.", f"# TYPE {name} gauge"]
    rows = await RegistryLease.select().where(RegistryLease.drained_at.is_not_null())
    return lines + [f'{name}{{registry="{row["registry"]}"}} {row["drained_at"].timestamp():.0f}' for row in rows]


async def _messages() -> list[str]:
    """Return how many of today's codes by SMS were sent: near the budget, customers are about to get none."""
    name = "ankunft_sms_today"
    sent = await allowances.taken(budget.ALL, allowances.today(datetime.now(UTC)))
    return [f"# HELP {name} Codes by SMS of this day (UTC).", f"# TYPE {name} gauge", f"{name} {sent}"]


async def _billing() -> list[str]:
    """Return what waits to go out and what is held back, files that lie nowhere, and when a run went through last."""
    waits, run, unwritten = "ankunft_invoices", "ankunft_invoice_run_timestamp_seconds", "ankunft_debit_files_unwritten"
    held = await Unissued.count().where(WhereRaw("CAST(findings AS TEXT) <> '[]'"))
    ran = (
        await Journal.select(Journal.at)
        .where(Journal.subject == INVOICE_RUN)
        .order_by(Journal.id, ascending=False)
        .first()
    )
    return [
        f"# HELP {waits} Invoices that did not go out yet.",
        f"# TYPE {waits} gauge",
        f'{waits}{{state="held"}} {held}',
        f'{waits}{{state="waiting"}} {await Unissued.count() - held}',
        f"# HELP {unwritten} Files for the bank that are booked and not written.",
        f"# TYPE {unwritten} gauge",
        f"{unwritten} {await Unwritten.count()}",
        f"# HELP {run} When an invoice run went through last.",
        f"# TYPE {run} gauge",
        *([f"{run} {ran['at'].timestamp():.0f}"] if ran else []),
    ]
