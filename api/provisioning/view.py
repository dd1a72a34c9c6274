"""Account, draw and job as customers and staff see them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from api.lifecycle import JobState
from api.provisioning import draws, fleet
from api.provisioning.tables import Account, Draw, Host, Job, JobProgress
from api.settings import Settings
from api.tables import OrderDomain

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Address(msgspec.Struct, frozen=True):
    """Where a service is reached."""

    host: str
    port: int


class Sftp(msgspec.Struct, frozen=True):
    """Where files are put, and as whom; the password is the one of the order."""

    host: str
    port: int
    user: str


class Database(msgspec.Struct, frozen=True):
    """The database, as PHP on the web host reaches it; its password stands in the account's ~/.my.cnf."""

    host: str
    name: str
    user: str


class Mail(msgspec.Struct, frozen=True):
    """The mailbox; the password is the one of the order."""

    imap: Address
    smtp: Address
    address: str


class AccountView(msgspec.Struct, frozen=True):
    """What a customer needs to use the account; no secret."""

    name: str
    #: Service → address of its host.
    hosts: Mapping[str, str]
    sftp: Sftp
    database: Database
    mail: Mail
    web: Sequence[str]


class Candidate(msgspec.Struct, frozen=True):
    """One host in the draw: its lot, or why it was left out."""

    host: str
    service: str
    weight: float
    lot: float | None
    excluded: str | None


class DrawView(msgspec.Struct, frozen=True):
    """The draw with all it takes to repeat it."""

    id: str
    state: str
    seed: str
    digest: str | None
    room: Mapping[str, int]
    alive: Sequence[str]
    candidates: Sequence[Candidate]
    placement: Mapping[str, str] | None
    #: What the draw repeated just now gives.
    repeated: Mapping[str, str] | None
    drawn_by: str | None
    pinned_at: Time | None


class Step(msgspec.Struct, frozen=True):
    """A step of the playbook."""

    at: Time
    task: str
    status: str


class JobView(msgspec.Struct, frozen=True):
    """The newest job of the order's account."""

    id: str
    state: JobState
    host: str | None
    attempt: int
    tries: int
    changed: int | None
    problem: str | None
    log: str
    #: The steps of this job and of those before it.
    progress: Sequence[Step]

    @property
    def finished(self) -> bool:
        """Whether it waits for nobody, or for a person."""
        return self.state in {JobState.SUCCEEDED, JobState.PARKED}


async def account_of(order_id: int, settings: Settings) -> AccountView | None:
    """Return the account of an order once it is ready."""
    row = await Account.select().where(Account.order == order_id).first()
    if row is None or row["ready_at"] is None:
        return None
    hosts = {service: await _address(row[f"{service}_host"]) for service in ("web", "database", "mail")}
    domains = await OrderDomain.select().where(OrderDomain.order == order_id).order_by(OrderDomain.position)
    technical = f"{row['name']}.{settings.hosting.zone}"
    first = domains[0]["name"] if domains else technical
    box = first if first in json.loads(row["mail_domains"]) else technical
    facts = json.loads(row["facts"])
    return AccountView(
        name=row["name"],
        hosts=hosts,
        sftp=Sftp(hosts["web"], settings.hosting.sftp_port, row["name"]),
        database=Database(facts.get("database_host", "localhost"), row["name"], row["name"]),
        mail=Mail(Address(hosts["mail"], 143), Address(hosts["mail"], 587), f"postmaster@{box}"),
        web=[f"http://{name}" for name in [*(domain["name"] for domain in domains), technical]],
    )


async def draw_of(order_id: int) -> DrawView | None:
    """Return the draw of an order, repeated just now; None before acceptance."""
    account = await Account.select(Account.id).where(Account.order == order_id).first()
    row = await Draw.select().where(Draw.account == account["id"]).first() if account else None
    if row is None:
        return None
    known = await fleet.approved()
    again = await draws.repeat(row) if known is not None and row["digest"] else None
    weights = {host.name: host.weight for host in known.placement.hosts} if known else {}
    return DrawView(
        id=row["id"],
        state=row["state"],
        seed=row["seed"],
        digest=row["digest"],
        room=json.loads(row["room"]),
        alive=json.loads(row["alive"]),
        candidates=[
            Candidate(verdict.host, verdict.service, weights.get(verdict.host, 0.0), verdict.lot, verdict.excluded)
            for verdict in (again.verdicts if again else ())
        ],
        placement=json.loads(row["placement"]) if row["placement"] else None,
        repeated=again.placement if again else None,
        drawn_by=row["drawn_by"],
        pinned_at=row["pinned_at"],
    )


async def job_of(order_id: int) -> JobView | None:
    """Return the newest job of an order with the steps of all its playbooks; None before acceptance."""
    account = await Account.select(Account.id).where(Account.order == order_id).first()
    if account is None:
        return None
    rows = await Job.select().where(Job.account == account["id"]).order_by(Job.sequence)
    if not rows:
        return None
    row = rows[-1]
    steps = (
        await JobProgress.select().where(JobProgress.job.is_in([job["id"] for job in rows])).order_by(JobProgress.id)
    )
    return JobView(
        id=row["id"],
        state=JobState(row["state"]),
        host=row["host"],
        attempt=row["attempt"],
        tries=row["tries"],
        changed=row["changed"],
        problem=row["problem"],
        log=row["log"],
        progress=[Step(step["at"], step["task"], step["status"]) for step in steps],
    )


async def _address(host: str) -> str:
    row: dict[str, Any] | None = await Host.select(Host.address).where(Host.name == host).first()
    return (row["address"] if row else None) or host
